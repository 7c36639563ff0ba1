# SPDX-License-Identifier: ISC
"""On a booted machine rules of nftables are added and removed, ufw opens a port, a service listens:
each changes the verdicts that it should and is one alert, with the delay printed. Rules that are
loaded anew as they were are not told at all."""
import json
import sys
import time

from machine import PACKAGES, Machine, expect, image, show

RULES = """flush ruleset
table inet f {
  chain inp { type filter hook input priority 0; policy drop;
    ct state established,related accept
    iifname lo accept
    meta l4proto ipv6-icmp accept
    ip saddr 10.0.0.0/8 tcp dport 22 accept
  }
}
"""
OF_SSH = ["ssh-exposure", "ssh-port", "listener-private-service"]
NEEDS = ("firewall-active", "firewall-default-deny", "firewall-open-to-world", "ssh-exposure",
         "listener-private-service", "firewall-orphan-opening", "firewall-port-ranges")


def packed():
    return image("firewall", PACKAGES + ",nftables,ufw,redis-server")


def results(m):
    out = m.try_run("hardenctl", "scan", "--format", "json", *NEEDS)[1]
    return {f["check"]: f["result"] for f in json.loads(out)["findings"] if f["check"] in NEEDS}


def prepare(m):
    m.write("/etc/hardend/hardend.conf", "[hardend]\nflap_max = 1000\nheartbeat = 0\n"
            "[policy]\nlisteners = tcp/22 udp/any\n")
    m.write("/etc/nftables.conf", RULES)
    m.sh("systemctl stop redis-server; sed -i 's/^bind .*/bind 0.0.0.0/; s/^protected-mode .*/protected-mode no/'"
         " /etc/redis/redis.conf; echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6")
    m.sh("ip link add eth7 type veth peer name far7; ip link set eth7 up; ip link set far7 up; "
         "ip address add 192.0.2.9/24 dev eth7; nft -f /etc/nftables.conf")
    m.start_hardend()
    m.batch(first=30, quiet=4)
    status = json.loads(m.try_run("hardenctl", "status", "--format", "json")[1])
    states = {s["source"]: s["state"] for s in status["coverage"]}
    assert states.get("nf_tables") == "ok", states
    found = results(m)
    assert found["firewall-active"] == found["firewall-default-deny"] == "pass", found
    assert found["ssh-exposure"] == found["firewall-open-to-world"] == "pass", found


def told(m, what, script, *wants):
    begin = time.monotonic()
    m.sh(script)
    events = expect(m.batch(first=20), *wants)
    last = max(e["_received"] for e in events)
    print(f"{what}: told after {(last - begin) * 1000:.0f} ms: "
          + "; ".join(e["MESSAGE"] for e in events)[:300], flush=True)


def rules(m):
    told(m, "nft add rule", "nft add rule inet f inp tcp dport 22 accept",
         dict(event="opened", check="firewall-open-to-world", subject="opening tcp 22 on eth7 IPv4",
              old="10.0.0.0/8", message="(listener tcp 0.0.0.0:22)", also=OF_SSH))
    told(m, "loaded anew", "nft -f /etc/nftables.conf",
         dict(event="resolved", check="firewall-open-to-world", also=OF_SSH))
    m.sh("for i in $(seq 20); do nft -f /etc/nftables.conf; done")
    m.nothing()


def services(m):
    told(m, "systemctl start redis-server", "systemctl start redis-server",
         dict(event="opened", check="listener-allowlist", subject="listener tcp 0.0.0.0:6379"))
    told(m, "redis opened to all", "nft add rule inet f inp tcp dport 6379 accept",
         dict(event="opened", check="firewall-open-to-world", subject="opening tcp 6379",
              also=["listener-private-service"]))
    told(m, "and closed", "nft -f /etc/nftables.conf",
         dict(event="resolved", check="firewall-open-to-world", also=["listener-private-service"]))


def ufw(m):
    """The same by ufw: its chains and iptables' expressions, and port 25 with nobody behind it."""
    m.sh("nft flush ruleset; ufw allow from 10.0.0.0/8 to any port 22 proto tcp; ufw --force enable")
    m.batch(first=30, quiet=4)
    found = results(m)
    assert found["firewall-active"] == found["firewall-default-deny"] == "pass", found
    told(m, "ufw allow 25/tcp", "ufw allow 25/tcp",
         dict(event="opened", check="firewall-open-to-world", subject="opening tcp 25",
              also=["firewall-orphan-opening"]))
    told(m, "ufw delete allow 25/tcp", "ufw delete allow 25/tcp",
         dict(event="resolved", check="firewall-open-to-world", also=["firewall-orphan-opening"]))
    # On the way to the same rules its chains are empty and the policies accept.
    for _ in range(3):
        m.sh("ufw reload")
    m.nothing()


if __name__ == "__main__":
    with Machine("firewall", packed) as machine:
        machine.install()
        machine.boot()
        prepare(machine)
        rules(machine)
        services(machine)
        ufw(machine)
