# SPDX-License-Identifier: ISC
"""On a booted machine a service listens and stops, by itself or by systemctl, an address comes and
goes, forwarding is switched on and off: each gives the alert that it should, once, with the delay
printed. What is accepted is expected from then on."""
import json
import time

from machine import Machine, expect

ETC = "/etc/systemd/system"
LISTEN = "/usr/bin/systemd-socket-activate"
WHO = "systemd-socket- (/usr/bin/systemd-socket-activate)"


def prepare(m):
    m.write("/etc/hardend/hardend.conf",
            "[hardend]\nflap_max = 1000\nheartbeat = 0\n[policy]\nlisteners = tcp/22\n")
    for name, addr in (("probe", "0.0.0.0:7777"), ("local", "127.0.0.1:7778")):
        m.write(f"{ETC}/{name}.service", f"[Service]\nExecStart={LISTEN} -l {addr} /bin/true\n")
    # What the kernel has by default fails ip-forwarding from the start.
    m.sh("for f in /proc/sys/net/ipv[46]/conf/*/accept_redirects; do echo 0 > $f; done")
    m.run("systemctl", "daemon-reload")
    m.start_hardend()
    events = m.batch(first=30)
    checks = [e.get("HARDEND_CHECK") for e in events]
    assert "listener-allowlist" not in checks and "ip-forwarding" not in checks, checks
    status = json.loads(m.try_run("hardenctl", "status", "--format", "json")[1])
    states = {s["source"]: s["state"] for s in status["coverage"]}
    assert states.get("sock_diag") == "ok" and states.get("rtnetlink") == "ok", states


def told(m, what, *argv, **want):
    begin = time.monotonic()
    m.run(*argv)
    [e] = expect(m.batch(first=20), want)
    print(f"{what}: told after {(e['_received'] - begin) * 1000:.0f} ms")
    return e


def services(m):
    opened = dict(event="opened", check="listener-allowlist", subject="listener tcp 0.0.0.0:7777",
                  observed=WHO + " of probe.service, package systemd")
    told(m, "a service listens", "systemctl", "start", "probe", **opened)
    told(m, "it is stopped", "systemctl", "stop", "probe",
         event="resolved", check="listener-allowlist")
    told(m, "a service listens on the loopback", "systemctl", "start", "local", event="drift",
         fact="listeners", subject="listener tcp 127.0.0.1:7778", observed=WHO)
    told(m, "it is killed", "systemctl", "kill", "-s", "KILL", "local",
         event="resolved", fact="listeners")
    # No unit of its own, and nothing tells that it opened a socket.
    told(m, "a program listens", "bash", "-c",
         f"setsid {LISTEN} -l 0.0.0.0:7777 /bin/true > /dev/null 2>&1 & echo $! > /run/probe.pid",
         event="opened", check="listener-allowlist", subject="listener tcp 0.0.0.0:7777")
    told(m, "it ends", "bash", "-c", "kill $(cat /run/probe.pid)",
         event="resolved", check="listener-allowlist")
    # Accepted: expected from now on, and still told when another program has the port.
    told(m, "it listens again", "systemctl", "start", "probe", **opened)
    m.run("hardenctl", "accept", "--subject", "listener tcp 0.0.0.0:7777", "--reason", "test")
    expect(m.batch(), dict(event="accepted"), dict(event="resolved", check="listener-allowlist"))
    m.run("systemctl", "restart", "probe")
    m.nothing()


def addresses(m):
    told(m, "an address is added", "ip", "address", "add", "192.0.2.5/24", "dev", "lo",
         event="drift", fact="addresses", subject="address 192.0.2.5/24", observed="lo")
    told(m, "it is removed", "ip", "address", "del", "192.0.2.5/24", "dev", "lo",
         event="resolved", fact="addresses")
    told(m, "packets are forwarded", "bash", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward",
         event="opened", check="ip-forwarding", subject="sysctl net.ipv4.ip_forward")
    # A host follows redirects again by this alone: the kernel switches that as well.
    told(m, "no longer", "bash", "-c", "cd /proc/sys/net/ipv4; echo 0 > ip_forward; "
         "echo 0 > conf/all/accept_redirects",
         event="resolved", check="ip-forwarding")


with Machine("network") as machine:
    machine.install()
    machine.boot()
    prepare(machine)
    services(machine)
    addresses(machine)
