# SPDX-License-Identifier: ISC
"""A unit is enabled, masked, started, stopped or ends by itself on a running machine, or a
job of cron is added: each gives the alert that it should, once; units that come and go give
none. The bus and systemd itself are restarted, and the next change is told all the same.
What systemctl says of every unit of the booted machine is what the monitor says."""
import json
import os
import shutil
import time

import machine as machines
from machine import Machine, expect

ETC = "/etc/systemd/system"
WANTS = {"probe.service": "multi-user.target", "probe.timer": "timers.target"}
INSTALL = "[Install]\nWantedBy=multi-user.target\n"


def prepare(m):
    m.write("/etc/hardend/hardend.conf", "[hardend]\nflap_max = 1000\n")
    m.write(f"{ETC}/probe.service", "[Service]\nExecStart=/bin/sleep inf\n" + INSTALL)
    m.write(f"{ETC}/probe.timer", "[Timer]\nOnCalendar=2000-01-01\n[Install]\nWantedBy=timers.target\n")
    m.write(f"{ETC}/tftpd.service", "[Service]\nExecStart=/bin/sleep inf\n" + INSTALL)
    m.write(f"{ETC}/tick.service", "[Service]\nType=oneshot\nExecStart=/bin/true\n")
    m.run("systemctl", "daemon-reload")
    m.start_hardend()
    events = m.batch(first=30)
    assert "service-unneeded" not in [e.get("HARDEND_CHECK") for e in events], events
    status = json.loads(m.try_run("hardenctl", "status", "--format", "json")[1])
    [source] = [s for s in status["coverage"] if s["source"] == "systemd"]
    assert source["state"] == "ok", source


def enablement(m):
    for unit, file in (("probe.service", f"{ETC}/probe.service"), ("probe.timer", f"{ETC}/probe.timer")):
        m.run("systemctl", "enable", unit)
        [e] = expect(m.batch(), dict(event="drift", check="service-drift", fact="units",
                                     subject=f"unit {unit}", observed="enabled, " + file,
                                     path=f"{ETC}/{WANTS[unit]}.wants/{unit}",
                                     old=lambda v: v == ""))
        assert unit in e["MESSAGE"] and "enabled" in e["MESSAGE"], e["MESSAGE"]
        m.run("systemctl", "disable", unit)
        expect(m.batch(), dict(event="resolved", check="service-drift", subject=f"unit {unit}"))
    m.sh(f"rm {ETC}/probe.timer; systemctl daemon-reload")
    m.nothing()
    m.run("systemctl", "mask", "fstrim.timer")
    expect(m.batch(), dict(event="drift", subject="unit fstrim.timer", observed="masked",
                           path=f"{ETC}/fstrim.timer", old="enabled, "))
    m.run("systemctl", "unmask", "fstrim.timer")
    expect(m.batch(), dict(event="resolved", subject="unit fstrim.timer"))
    # By hand, without systemctl.
    m.sh(f"ln -s {ETC}/probe.service {ETC}/multi-user.target.wants/probe.service")
    expect(m.batch(), dict(event="drift", subject="unit probe.service", observed="enabled"))
    m.sh(f"rm {ETC}/multi-user.target.wants/probe.service")
    expect(m.batch(), dict(event="resolved", subject="unit probe.service"))
    print("enable, disable, mask, unmask, by systemctl and by hand: one alert each")


def cron(m):
    m.sh("echo '*/5 * * * * root /usr/local/bin/sync --token=geheim' > /etc/cron.d/site")
    [e] = expect(m.batch(), dict(event="drift", check="service-drift", fact="cron", line="1",
                                 path="/etc/cron.d/site", observed="root, */5 * * * *",
                                 subject="/etc/cron.d/site: /usr/local/bin/sync"))
    assert "geheim" not in json.dumps(e), e
    m.sh("rm /etc/cron.d/site")
    expect(m.batch(), dict(event="resolved", fact="cron"))
    # crontab -e tells a change by the second.
    m.write("/root/editor", "#!/bin/sh\necho @reboot /root/up >> $1\ntouch -d @1 $1\n", 0o755)
    m.sh("EDITOR=/root/editor crontab -e")
    expect(m.batch(), dict(event="drift", check="service-drift", fact="cron",
                           path="/var/spool/cron/crontabs/root", observed="root, @reboot",
                           subject="/root/up"))
    m.sh("crontab -r")
    expect(m.batch(), dict(event="resolved", fact="cron"))
    m.sh("printf '#!/bin/sh\n' > /etc/cron.daily/extra")
    m.nothing()  # not executable: nothing runs it
    m.sh("chmod +x /etc/cron.daily/extra")
    expect(m.batch(), dict(event="drift", fact="cron", subject="cron job /etc/cron.daily/extra",
                           observed="root, daily"))
    m.sh("rm /etc/cron.daily/extra")
    expect(m.batch(), dict(event="resolved", fact="cron"))
    print("cron.d, crontab -e, cron.daily: one alert each")


def running(m):
    fail = dict(event="opened", check="service-unneeded", subject="unit tftpd.service",
                observed="runs now")
    resolved = dict(event="resolved", check="service-unneeded")
    begin = time.monotonic()
    m.run("systemctl", "start", "tftpd")
    [e] = expect(m.batch(), fail)
    print(f"started: told after {(e['_received'] - begin) * 1000:.0f} ms")
    m.run("systemctl", "stop", "tftpd")
    expect(m.batch(), resolved)
    m.run("systemctl", "start", "tftpd")
    expect(m.batch(), fail)
    m.run("systemctl", "kill", "-s", "TERM", "tftpd")  # by itself: no job tells of it
    expect(m.batch(), resolved)
    # Enabled and started: one after the other, and each is told.
    m.run("systemctl", "enable", "tftpd")
    expect(m.batch(), dict(event="opened", check="service-unneeded", subject="unit tftpd.service",
                           observed="enabled, boot starts it"))
    m.run("systemctl", "start", "tftpd")
    expect(m.batch(), dict(event="changed", check="service-unneeded", observed="runs now"))
    m.run("systemctl", "stop", "tftpd")
    expect(m.batch(), dict(event="changed", check="service-unneeded"))
    m.run("systemctl", "disable", "tftpd")
    expect(m.batch(), resolved)
    print("start, stop, end by itself, enable, disable of an unneeded service: one alert each")


def cpu_ms(m):
    pid = m.run("systemctl", "show", "-P", "MainPID", "hardend").strip()
    fields = m.sh(f"cat /proc/{pid}/schedstat").split()
    return int(fields[0]) / 1e6


def noise(m):
    m.sh("systemctl start tick.service; systemd-run --quiet --wait --collect /bin/true")
    m.nothing()
    before = cpu_ms(m)
    m.sh("for i in $(seq 40); do systemctl start tick.service; done")
    m.nothing()
    print(f"40 runs of a unit that ends as it began: {cpu_ms(m) - before:.1f} ms of CPU in all, no alert")
    m.run("systemctl", "daemon-reload")
    m.nothing()


def every_unit(m):
    """State and activity of each unit of the running machine, as systemctl says them."""
    shutil.copy(os.path.join(machines.BUILD, "tests/system/units-show"), m.path("/root/units-show"))
    m.run("systemctl", "start", "tftpd")
    m.batch()
    rows = [line.split("\t") for line in m.run("/root/units-show", "/").splitlines()]
    ours = {r[0]: r for r in rows}
    files = [line.split() for line in m.run(
        "systemctl", "list-unit-files", "--no-legend", "--no-pager", "--plain").splitlines()]
    wrong = [f"{f[0]}: systemctl {f[1]}, we {ours.get(f[0], ['', 'nothing'])[1]}" for f in files
             if ours.get(f[0], ["", ""])[1] != f[1]]
    active = {line.split()[0] for line in m.run(
        "systemctl", "list-units", "--state=active", "--no-legend", "--no-pager", "--plain",
        "--type=service,socket,timer,path").splitlines()}
    running = {r[0] for r in rows if r[4] == "2" and r[3] == "-" and
               r[0].rsplit(".", 1)[1] in ("service", "socket", "timer", "path")}
    known = {name for name in active if name in ours}
    wrong += [f"{name}: active to one of us only" for name in running ^ known]
    assert not wrong, "\n".join(wrong)
    assert "tftpd.service" in running and len(files) > 150, (len(files), running)
    print(f"{len(files)} units: states as systemctl says; {len(running)} active, as it says")
    # What starts at boot: whatever a boot has started is reached by our reading.
    late = [name for name in sorted(running) if ours[name][2] != "starts" and name != "tftpd.service"]
    print("active, and not by our reading of what boot starts:", *late)
    m.run("systemctl", "stop", "tftpd")
    m.batch()


def restarts(m):
    for what in (["restart", "dbus"], ["daemon-reexec"]):
        m.run("systemctl", *what)
        m.nothing()
        m.run("systemctl", "start", "tftpd")
        expect(m.batch(), dict(event="opened", check="service-unneeded"))
        m.run("systemctl", "stop", "tftpd")
        expect(m.batch(), dict(event="resolved", check="service-unneeded"))
        print(f"after systemctl {' '.join(what)}: told as before, no alert of its own")


with Machine("services", base=lambda: machines.image(
        "services", machines.PACKAGES + ",cron")) as machine:
    machine.install()
    machine.boot()
    prepare(machine)
    enablement(machine)
    cron(machine)
    running(machine)
    every_unit(machine)
    noise(machine)
    restarts(machine)
