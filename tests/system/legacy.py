# SPDX-License-Identifier: ISC
"""On a booted machine with rules of iptables-legacy the daemon, whose unit has no network sockets,
judges the firewall as a scan does: hardend-legacy@.service, started by its socket, lists the rules.
Each change is told once, with the delay printed; the same rules loaded anew are not told. Without the
socket, or when the unit cannot list all, the checks are errors that say what to do."""
import json
import re

import firewall
from machine import Machine

CHECKS = ("firewall-active", "firewall-default-deny", "firewall-egress", "firewall-icmp",
          "firewall-open-to-world", "firewall-orphan-opening", "firewall-port-ranges",
          "listener-private-service", "ssh-exposure")
RULES4 = """*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p ospf -j ACCEPT
-A INPUT -s 10.0.0.0/8 -p tcp -m multiport --dports 22 -m comment --comment "from inside" -j ACCEPT
COMMIT
"""
RULES6 = RULES4.split("*filter", maxsplit=1)[1].replace("10.0.0.0/8", "2001:db8::/32")
RULES6 = "*filter" + RULES6.replace("-p ospf", "-p ipv6-icmp")
EXPOSURE_MAX = 2.5


def verdicts(m, *command):
    out = m.try_run("hardenctl", *command, "--format", "json")[1]
    return {f["check"]: (f["result"], f["summary"], f["evidence"])
            for f in json.loads(out)["findings"] if f["check"] in CHECKS}


def same_verdicts(m):
    """Of the daemon, whose status lists what is open, and of a scan, which runs the programs itself."""
    told, scanned = verdicts(m, "status"), verdicts(m, "scan")
    assert set(scanned) == set(CHECKS), set(CHECKS) - set(scanned)
    found = {check: v for check, v in scanned.items() if v[0] not in ("pass", "not-applicable")}
    assert told == found, (told, found)
    return {check: v[0] for check, v in scanned.items()}


def load(m):
    m.run("iptables-legacy-restore", stdin=RULES4)
    m.run("ip6tables-legacy-restore", stdin=RULES6)


def prepare(m):
    m.write("/etc/hardend/hardend.conf", "[hardend]\nflap_max = 1000\nheartbeat = 0\n"
            "[policy]\nlisteners = tcp/22 tcp/6379 udp/any\n")
    m.sh("ip link add eth7 type veth peer name far7; ip link set eth7 up; ip link set far7 up; "
         "ip address add 192.0.2.9/24 dev eth7")
    load(m)
    m.start_hardend()
    m.batch(first=30, quiet=4)
    results = same_verdicts(m)
    assert results["firewall-active"] == results["firewall-default-deny"] == "pass", results
    print("the daemon's verdicts are the scan's:", results, flush=True)


def confined(m):
    families = m.run("systemctl", "show", "-P", "RestrictAddressFamilies", "hardend").split()
    assert sorted(families) == ["AF_NETLINK", "AF_UNIX"], families
    caps = m.run("systemctl", "show", "-P", "CapabilityBoundingSet", "hardend").split()
    assert "cap_net_admin" in caps and "cap_net_raw" not in caps, caps
    text = m.try_run("systemd-analyze", "security", "--no-pager", "hardend-legacy@x.service")[1]
    [exposure] = re.findall(r"Overall exposure level for .*: ([0-9.]+)", text)
    print(text.strip().rsplit("\n", 1)[-1], flush=True)
    assert float(exposure) <= EXPOSURE_MAX, exposure
    # Nobody but root is answered, and nothing stays.
    code, _, err = m.try_run("setpriv", "--reuid=nobody", "--clear-groups", "--regid=hardend", "perl", "-e",
                             "use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0);"
                             "connect(S, pack_sockaddr_un('/run/hardend/legacy')) or die $!")
    assert code != 0 and "Permission denied" in err, (code, err)
    assert m.try_run("systemctl", "is-failed", "hardend-legacy@*")[1].strip() in ("", "inactive")
    assert "iptables-legacy" not in m.run("ps", "-e", "-o", "args"), "it stays"


def told(m):
    firewall.told(m, "iptables-legacy -A INPUT -p tcp --dport 8080 -j ACCEPT",
                  "iptables-legacy -A INPUT -p tcp --dport 8080 -j ACCEPT",
                  dict(event="opened", check="firewall-open-to-world", subject="opening tcp 8080",
                       also=["firewall-orphan-opening"]))
    same_verdicts(m)
    firewall.told(m, "and taken back", "iptables-legacy -D INPUT -p tcp --dport 8080 -j ACCEPT",
                  dict(event="resolved", check="firewall-open-to-world",
                       also=["firewall-orphan-opening"]))
    for _ in range(20):
        load(m)
    m.nothing()
    print("the same rules 20 times: not told", flush=True)
    journal = m.try_run("journalctl", "-b", "--no-pager", "-o", "cat", "-u", "hardend-legacy@*")[1]
    assert journal.strip() in ("", "-- No entries --"), journal


def broken(m):
    """An error each time, never a pass nor a failed check; and well again by the next reading."""
    def to(what, script, *words):
        m.sh(script)
        m.sh("iptables-legacy -A INPUT -p tcp --dport 7 -j DROP")  # heard; changes no verdict
        m.batch(first=30, quiet=4)
        found = verdicts(m, "status")
        for check in ("firewall-active", "firewall-default-deny", "firewall-open-to-world"):
            assert found[check][0] == "error", (what, check, found[check])
            assert any(w in json.dumps(found[check]) for w in words), (what, found[check], words)
        print(f"{what}: {found['firewall-active'][1]}", flush=True)

    def well():
        m.sh("iptables-legacy -A INPUT -p tcp --dport 7 -j DROP")
        m.batch(first=30, quiet=4)
        assert same_verdicts(m)["firewall-active"] == "pass"

    to("without the socket", "systemctl stop hardend-legacy.socket",
       "systemctl start hardend-legacy.socket")
    m.sh("systemctl start hardend-legacy.socket")
    well()
    drop = "/etc/systemd/system/hardend-legacy@.service.d/x.conf"
    m.write(drop, "[Service]\nCapabilityBoundingSet=\n")
    to("without its capability", "systemctl daemon-reload", "journalctl -u 'hardend-legacy@*'")
    assert "iptables-save" in m.run("journalctl", "-b", "--no-pager", "-u", "hardend-legacy@*")
    m.sh(f"rm {drop}; systemctl daemon-reload")
    well()
    m.sh("systemctl kill -s KILL hardend; until systemctl -q is-active hardend; do :; done")
    m.batch(first=30, quiet=5)
    well()
    assert m.try_run("systemctl", "is-system-running")[1].strip() == "running"
    m.sh("systemctl stop hardend; ! systemctl -q is-active hardend-legacy.socket")


if __name__ == "__main__":
    with Machine("legacy", firewall.packed) as machine:
        machine.install()
        machine.boot()
        prepare(machine)
        confined(machine)
        told(machine)
        broken(machine)
