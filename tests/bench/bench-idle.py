# SPDX-License-Identifier: ISC
"""A minute of idleness and the memory after many changes, against a process that has the same
libraries initialised and does nothing."""
import os
import shutil
import threading

from machine import Machine

CHANGES = int(os.environ.get("BENCH_CHANGES", "360"))
IDLE = int(os.environ.get("BENCH_IDLE", "60"))
FILE = "/etc/ssh/sshd_config.d/50-site.conf"


def host_pid(m, pid):
    """The number on this machine of a process that has number pid in the other."""
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            if os.readlink(f"/proc/{entry}/ns/pid") != os.readlink(f"/proc/{m.leader}/ns/pid"):
                continue
            for line in open(f"/proc/{entry}/status"):
                if line.startswith("NSpid:") and line.split()[-1] == pid:
                    return entry
        except OSError:
            pass
    raise AssertionError(f"no process {pid}")


def fields(path):
    return {k.strip(): int(v.split()[0]) for k, _, v in
            (line.partition(":") for line in open(path)) if v.strip().split(" ")[0].isdigit()}


def pss(pid):
    return fields(f"/proc/{pid}/smaps_rollup")["Pss"]


def usage(pid):
    stat = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    status = fields(f"/proc/{pid}/status")
    return (int(stat[11]) + int(stat[12]),
            status["voluntary_ctxt_switches"] + status["nonvoluntary_ctxt_switches"])


def at_rest(pid):
    """Its usage once what the changes set going has come to an end."""
    for _ in range(12):
        before = usage(pid)
        threading.Event().wait(10)
        if usage(pid) == before:
            return before
    raise AssertionError("it does not come to rest")


def main():
    with Machine("idle") as m:
        m.install()
        m.write(FILE, "PermitRootLogin no\n")
        m.write("/etc/hardend/hardend.conf", "[hardend]\nflap_max = 1000\nheartbeat = 0\n")
        m.write("/etc/systemd/system/hardend.service.d/bench.conf", "[Service]\nWatchdogSec=0\n")
        shutil.copy(os.environ["BENCH_LIBS"], m.path("/usr/local/bin/libs"))
        m.boot()
        m.start_hardend()
        m.batch(first=30)
        pid = host_pid(m, m.run("systemctl", "show", "-P", "MainPID", "hardend").strip())
        first = pss(pid)
        m.sh(f"for i in $(seq {CHANGES // 6}); do"
             f" sed -i 's/ no/ yes/' {FILE}; useradd u$i; echo '#' >> /etc/ssh/sshd_config;"
             f" sed -i 's/ yes/ no/' {FILE}; usermod -aG sudo u$i; userdel u$i; done")
        while m.take(5.0):
            pass
        m.sh("systemd-run --quiet --unit=libs /usr/local/bin/libs /var/lib/libs.db")
        m.sh("until journalctl -u libs | grep -q ready; do :; done")
        floor_pid = host_pid(m, m.run("systemctl", "show", "-P", "MainPID", "libs").strip())
        ours, floor = pss(pid), pss(floor_pid)
        before = at_rest(pid)
        threading.Event().wait(IDLE)  # this is what is measured
        after = usage(pid)
        ticks, wakeups = (b - a for a, b in zip(before, after))
        print(f"memory: PSS {first} kB after the start, {ours} kB after {CHANGES} changes; floor {floor} kB; "
              f"ratio {ours / floor:.2f} (budget 2 and 5000 kB)")
        print(f"idle for {IDLE} s without watchdog and heartbeat: {ticks} ticks, {wakeups} wakeups")
        assert ours < 5000 and ours <= 2 * floor, "too much memory"
        assert ticks == 0 and wakeups == 0, "not idle"


main()
