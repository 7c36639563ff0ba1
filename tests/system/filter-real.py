#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The kernel as referee over the rules that ufw, firewalld and Docker write.

    filter-real.py FLOW-QUERY [NAME...]

The real ufw and firewalld (Debian's packages) are driven step by step in a namespace that has its
own /etc, /run and message bus; Docker's rules are loaded as it writes them for a published port.
After each step packets and connections are sent, and where they arrive is compared with what
FLOW-QUERY says of the rules in force.
"""
import ctypes
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

from netlab import BEHIND, HOST4, HOST6, PEER4, PEER6, TCP_PORTS, UDP_PORTS, Lab, Probe
from referee import Referee, tool

CLONE_NEWNS = 0x00020000
PROBES, REAL = 400, 120
OWN = ["/etc", "/run", "/var/log"]
SOURCES = PEER4 + PEER6 + [
    "198.51.100.63", "198.51.100.64", "198.51.100.127", "198.51.100.0", "198.51.100.255",
    "198.51.101.0", "203.0.113.8", "203.0.113.10", "203.0.113.127", "10.0.0.1", "172.16.0.9",
    "2001:db8:1::64", "2001:db8:1:ffff:ffff:ffff:ffff:ffff", "2001:db8:2::", "fd00::6", "2001:db8::1"]
TOOLS = {"ufw": ["ufw"], "firewalld": ["firewalld", "firewall-cmd", "dbus-daemon"], "docker": []}

UFW = [
    "default deny incoming", "allow 22/tcp", "--force enable", "allow 53", "deny 123/udp",
    "allow 8000:8100/tcp", "limit 2222/tcp", "reject 25/tcp",
    "allow from 198.51.100.64/26 to any port 3306 proto tcp",
    "insert 1 deny from 203.0.113.9", "allow in on h1 to any port 443 proto tcp",
    "allow from 2001:db8:1::/48 to any port 1023", "prepend reject from fd00::7",
    "allow proto udp to 192.0.2.2 port 161", "allow 1024,8080/tcp",
    "route allow in on h0 out on br0 to 172.17.0.2 port 80 proto tcp",
    "default allow incoming", "default reject incoming", "logging full", "default deny routed",
    "delete allow 22/tcp", "--force disable"]

FIREWALLD = [
    "--zone=public --change-interface=h0", "--zone=internal --change-interface=h1",
    "--zone=public --add-service=https", "--zone=public --add-port=8080/tcp",
    "--zone=public --add-port=1000-1023/udp", "--zone=public --remove-service=ssh",
    "--zone=trusted --add-source=198.51.100.64/26", "--zone=drop --add-source=2001:db8:1::/64",
    "--zone=block --add-source=203.0.113.9",
    "--zone=public --add-rich-rule=rule family=ipv4 source address=198.51.100.0/24 "
    "service name=mysql accept",
    "--zone=public --add-rich-rule=rule family=ipv6 source address=fd00::7 reject",
    "--zone=public --add-rich-rule=rule priority=-5 family=ipv4 source not address=8.0.0.0/8 "
    "port port=25 protocol=tcp drop",
    "--zone=public --add-forward-port=port=2222:proto=tcp:toport=22",
    "--zone=public --add-forward-port=port=8443:proto=tcp:toport=80:toaddr=172.17.0.2",
    "--zone=public --add-masquerade", "--zone=public --add-icmp-block=echo-request",
    "--zone=public --add-icmp-block-inversion", "--runtime-to-permanent",
    "--permanent --zone=public --set-target=DROP", "--reload", "--zone=internal --add-interface=br0", "--set-log-denied=all", "--panic-on",
    "--panic-off"]

DOCKER4 = """*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d {loop} -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s {net} ! -o br0 -j MASQUERADE
-A POSTROUTING -s {box} -d {box} -p tcp -m tcp --dport 80 -j MASQUERADE
-A DOCKER -i br0 -j RETURN
-A DOCKER ! -i br0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination {to}:80
-A DOCKER -d {one} ! -i br0 -p udp -m udp --dport 5353 -j DNAT --to-destination {to}:53
COMMIT
{raw}*filter
:INPUT {policy} [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o br0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o br0 -j DOCKER
-A FORWARD -i br0 ! -o br0 -j ACCEPT
-A FORWARD -i br0 -o br0 -j ACCEPT
-A DOCKER -d {box} ! -i br0 -o br0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER -d {box} ! -i br0 -o br0 -p udp -m udp --dport 53 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i br0 ! -o br0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o br0 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
{user}-A DOCKER-USER -j RETURN
COMMIT
"""


def isolate(base):
    """A mount namespace with an /etc, /run and /var/log of its own: programs write there."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["cp", "-a", "/etc", base + "/etc"], check=True)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    for name in OWN:
        os.makedirs(base + name, exist_ok=True)
        subprocess.run(["mount", "--bind", base + name, name], check=True)


class Real:
    """A lab whose rules a real program writes."""

    def __init__(self, flow_query, directory):
        self.referee = Referee(flow_query, directory)
        self.lab = Lab()
        self.steps = 0
        self.failed = False

    def probes(self, ports):
        """Packets to these ports and to all that have listeners, from sources of all kinds."""
        self.steps += 1
        r = random.Random(self.steps)
        out, used = [], set()
        while len(out) < PROBES:
            n, real = len(out), len(out) < REAL
            six, iface = r.random() < 0.5, "h0" if r.random() < 0.7 else "h1"
            saddr = r.choice([a for a in (PEER4 + PEER6 if real else SOURCES)
                              if (":" in a) == six])
            daddr = r.choice((HOST6 if six else HOST4)[iface] * 2 + [BEHIND[six]])
            iface = "h0" if daddr == BEHIND[six] else iface
            proto = r.choice(["tcp", "udp"] if real else ["tcp"] * 5 + ["udp"] * 4 +
                             ["icmpv6" if six else "icmp"])
            listened = TCP_PORTS if proto == "tcp" else UDP_PORTS
            dport = r.choice(listened if real else listened + ports)
            sport = 20000 + (self.steps * PROBES + n) % 40000
            if proto not in ("tcp", "udp"):
                sport, dport = 128 if six else 8, 0
            if (proto, saddr, sport, daddr) in used:
                continue
            used.add((proto, saddr, sport, daddr))
            out.append(Probe(n, "in", iface, proto, saddr, sport, daddr, dport, real))
        return out

    def judge(self, what, variants, ports, chosen=()):
        """chosen: ports at which a limit decides."""
        count = dict(self.referee.count)
        probes = self.probes(ports)
        bad = self.referee.judge(self.lab, variants, probes,
                                 decidable=lambda p: p.dport not in chosen, replies=False)
        new = {k: n - count[k] for k, n in self.referee.count.items()}
        print(f"{what}: {new['arrived']} arrived, {new['refused']} refused, "
              f"{new['chosen']} chosen, {new['mays']} mays, {new['wrong']} wrong", flush=True)
        if bad:
            self.failed = True
            print("\n".join(bad))

    def run(self, *args):
        return self.lab.host.run(*args)


def docker(real):
    places = {
        4: {"loop": "127.0.0.0/8", "net": "172.17.0.0/16", "box": "172.17.0.2/32",
            "to": "172.17.0.2", "one": "192.0.2.2/32"},
        6: {"loop": "::1/128", "net": "2001:db8:0:17::/64", "box": "2001:db8:0:17::2/128",
            "to": "[2001:db8:0:17::2]", "one": "2001:db8:0:1::2/128"}}
    for variant in ("nft", "legacy"):
        for policy in ("ACCEPT", "DROP"):
            for newer in (False, True):
                for family, place in places.items():
                    raw = ":PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n" + (
                        f"-A PREROUTING -d {place['box']} ! -i br0 -j DROP\n" if newer else "")
                    user = f"-A DOCKER-USER -i h0 -s {PEER4[3] if family == 4 else PEER6[3]} " \
                        "-j DROP\n" if newer else ""
                    text = DOCKER4.format(raw=f"*raw\n{raw}COMMIT\n", policy=policy, user=user,
                                          **place)
                    real.lab.host.run(tool(family, variant, "restore"), stdin=text)
                real.judge(f"docker {variant} input {policy}{' with raw' if newer else ''}",
                           [variant], [79, 80, 81, 53, 5353, 8079, 8080, 8081, 22])
        real.lab.host.run("nft", "flush", "ruleset")


def ufw(real):
    ports = [22, 25, 53, 80, 123, 161, 443, 1023, 1024, 2222, 3306, 7999, 8000, 8080, 8100, 8101]
    for variant in ("nft", "legacy"):
        for name in ("iptables", "ip6tables"):
            for suffix in ("", "-save", "-restore"):
                link = f"/etc/alternatives/{name}{suffix}"
                if os.path.lexists(link):
                    os.unlink(link)
                    os.symlink(f"/usr/sbin/{name}-{variant}{suffix}", link)
        for ipv6 in ("yes", "no"):
            with open("/etc/default/ufw", encoding="utf-8") as f:
                lines = [line for line in f if not line.startswith("IPV6=")]
            with open("/etc/default/ufw", "w", encoding="utf-8") as f:
                f.writelines(lines + [f"IPV6={ipv6}\n"])
            real.run("ufw", "--force", "reset")
            for i, step in enumerate(UFW):
                if ipv6 == "no" and (":db8:" in step or "fd00:" in step):
                    continue
                real.run("ufw", *step.split())
                if i >= 2 and (ipv6 == "yes" or i % 5 == 0):
                    real.judge(f"ufw {variant} IPV6={ipv6} {step}", [variant], ports, (2222,))
        real.lab.host.run("nft", "flush", "ruleset")


def firewalld(real):
    ports = [22, 25, 53, 80, 123, 161, 443, 546, 999, 1000, 1010, 1023, 1024, 2222, 3306, 8079,
             8080, 8081, 8443, 9090]
    os.makedirs("/run/dbus")
    real.lab.host.enter()
    bus = subprocess.Popen(["dbus-daemon", "--system", "--nofork", "--nopidfile"])
    log = tempfile.TemporaryFile("w+")
    while not os.path.exists("/run/dbus/system_bus_socket") and bus.poll() is None:
        time.sleep(0.01)
    daemon = subprocess.Popen(["firewalld", "--nofork", "--nopid"], stdout=log, stderr=log)
    try:
        end = time.monotonic() + 60
        while real.lab.host.run("firewall-cmd", "--state", check=False).returncode != 0:
            if daemon.poll() is not None or time.monotonic() > end:
                log.seek(0)
                raise RuntimeError("firewalld does not start: " + log.read())
        real.judge("firewalld, nothing set", [], ports)
        for step in FIREWALLD:
            words = step.split(" ", 1 if "rule " in step else -1)  # a rich rule is one word
            real.run("firewall-cmd", *words)
            real.judge("firewalld " + step, [], ports)
    finally:
        for p in (daemon, bus):
            p.terminate()
            p.wait()


def main():
    names = sys.argv[2:] or list(TOOLS)
    missing = [t for n in names for t in TOOLS[n] if not shutil.which(t)]
    missing += [t for t in ("nft", "ip", "iptables-nft", "iptables-legacy") if not shutil.which(t)]
    if os.geteuid() != 0 or missing:
        print(f"SKIP: needs root and {' '.join(missing) or 'nothing else'}")
        return 77
    failed = False
    with tempfile.TemporaryDirectory(prefix="hardend-filter-") as base:
        isolate(base)
        for name in names:
            real = Real(os.path.abspath(sys.argv[1]), base)
            globals()[name](real)
            failed |= real.failed
            print(f"{name}: " + ", ".join(f"{n} {k}" for k, n in real.referee.count.items()))
        subprocess.run(["umount", "-l", *OWN], check=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
