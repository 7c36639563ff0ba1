#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""firewall-live.py HARDEND: the daemon in a network and a mount namespace of the test's own. Rules of
nftables are added and removed, a program listens, an address is added: each changes the verdict that
it should and is told once, in the local syslog, with the delay printed. The same rules loaded anew,
twenty times, are not told at all. The same of iptables-legacy, which tells of itself by its lock
(/run is one of the test's own)."""
import ctypes
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HARDEND = sys.argv[1]
CLONE_NEWNS, CLONE_NEWNET, MS_REC, MS_PRIVATE = 0x20000, 0x40000000, 0x4000, 0x40000
LIBC = ctypes.CDLL(None, use_errno=True)
RULES = """flush ruleset
table inet f {
  chain inp { type filter hook input priority 0; policy drop;
    ct state established,related accept
    ip saddr 10.0.0.0/8 tcp dport 6379 accept
  }
}
"""
LEGACY = """*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
"""
QUIET = 2.5  # longer than the scheduler's settle limit


def skip(why):
    print(f"SKIP: {why}")
    sys.exit(77)


def run(line, **kwargs):
    return subprocess.run(line.split(), check=True, text=True, **kwargs)


def enter():
    if os.geteuid() != 0 or not all(map(shutil.which, ("nft", "ip", "iptables-legacy"))):
        skip("needs root, nft, ip and iptables-legacy")
    if LIBC.unshare(CLONE_NEWNS | CLONE_NEWNET) != 0 or \
            LIBC.mount(None, b"/", None, MS_REC | MS_PRIVATE, None) != 0:
        skip("needs namespaces")


def legacy_restore():
    subprocess.run(["iptables-legacy-restore"], check=True, text=True, input=LEGACY)


def private_log(directory):
    """A /dev with little in it, and a log that is ours."""
    fresh = os.path.join(directory, "dev")
    os.mkdir(fresh)
    run(f"mount -t tmpfs none {fresh}")
    for name in ("null", "zero", "urandom", "random"):
        open(os.path.join(fresh, name), "w").close()
        run(f"mount --bind /dev/{name} {fresh}/{name}")
    log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    log.bind(os.path.join(fresh, "log"))
    run(f"mount --move {fresh} /dev")
    return log


def messages(log, first, quiet=QUIET):
    """All that is told: waits for the first, then until it has been quiet; each with its moment."""
    found = []
    log.settimeout(first)
    try:
        while True:
            text = log.recv(65536).decode().split("]: ", 1)[1]
            found.append((time.monotonic(), text))
            log.settimeout(quiet)
    except TimeoutError:
        return found


def expect(log, what, action, *wants):
    begin = time.monotonic()
    action()
    found = messages(log, 20)
    texts = [text for _, text in found]
    left = list(texts)
    for want in wants:
        hit = [text for text in left if all(word in text for word in want.split(" | "))]
        if len(hit) != 1:
            sys.exit(f"{what}: {len(hit)} messages with {want!r} in {texts}")
        left.remove(hit[0])
    if left:
        sys.exit(f"{what}: not expected: {left}")
    print(f"{what}: told after {(found[-1][0] - begin) * 1000:.0f} ms", flush=True)


def nft(rules):
    subprocess.run(["nft", "-f", "-"], check=True, text=True, input=rules)


def changes(log):
    expect(log, "nft add rule", lambda: run("nft add rule inet f inp tcp dport 6380 accept"),
           "firewall-open-to-world FAIL | tcp 6380 | so also firewall-orphan-opening FAIL low changed")
    expect(log, "loaded anew", lambda: nft(RULES),
           "resolved firewall-open-to-world | so also firewall-orphan-opening FAIL low changed")
    for _ in range(20):
        nft(RULES)
    if found := messages(log, QUIET):
        sys.exit(f"rules as they were: {found}")
    print("the same rules 20 times: not told", flush=True)
    # Another handle, a port more that a rule names: the same openings.
    nft(RULES.replace("    ct state", "    tcp dport 1 drop\n    ct state"))
    if found := [text for _, text in messages(log, QUIET)]:
        sys.exit(f"the same rule under another handle: {found}")
    expect(log, "an address is added", lambda: run("ip addr add 192.0.2.10/24 dev eth7"),
           "drift addresses | 192.0.2.10/24")
    expect(log, "all rules gone", lambda: run("nft flush ruleset"),
           "firewall-active FAIL | input of IPv4", "firewall-default-deny FAIL | unnamed tcp on eth7 IPv4",
           "firewall-open-to-world FAIL | all of tcp on eth7 IPv4 | all of udp on eth7 IPv4",
           "resolved firewall-orphan-opening", "drift firewall: policy inet f inp removed")


def legacy(log):
    expect(log, "iptables-legacy-restore, and the kernel's first table", legacy_restore,
           "resolved firewall-active", "resolved firewall-default-deny",
           "resolved firewall-open-to-world",
           "drift firewall: 3 changed | policy ip filter INPUT (legacy) added")
    begin = time.monotonic()
    expect(log, "iptables-legacy -A", lambda: run("iptables-legacy -A INPUT -p tcp --dport 8080 -j ACCEPT"),
           "firewall-open-to-world | tcp 8080 | so also firewall-orphan-opening")
    assert time.monotonic() - begin < QUIET + 1, "told later than after a second"
    expect(log, "loaded anew", legacy_restore,
           "resolved firewall-open-to-world | so also firewall-orphan-opening")
    for _ in range(20):
        legacy_restore()
    if found := messages(log, QUIET):
        sys.exit(f"rules of iptables-legacy as they were: {found}")
    print("the same rules of iptables-legacy 20 times: not told", flush=True)


def routes(log):
    """Output is let out by one interface: whether updates get out is the default route's matter."""
    for line in ("link add eth8 type veth peer name far8", "link set eth8 up", "link set far8 up",
                 "addr add 198.51.100.9/24 dev eth8", "route add default dev eth7"):
        run("ip " + line)
    nft("table inet o {\n chain out {\n  type filter hook output priority 0; policy drop;\n"
        "  oifname eth8 accept\n }\n}\n")
    messages(log, 20)
    for dev, word in ("eth8", "no longer: name lookups"), ("eth7", "name lookups"), ("eth8", "no longer"):
        begin = time.monotonic()
        run(f"ip route replace default dev {dev}")
        found = messages(log, 20)
        if not any("firewall-egress FAIL" in text and word in text for _, text in found):
            sys.exit(f"a default route by {dev}: {found}")
        print(f"a default route by {dev}: told after {(found[-1][0] - begin) * 1000:.0f} ms", flush=True)
    run("ip route add default dev eth8 table 70")
    if found := messages(log, QUIET):
        sys.exit(f"a route of another table: {found}")


def main():
    enter()
    with tempfile.TemporaryDirectory() as directory:
        run("mount -t tmpfs none /run")
        log = private_log(directory)
        for line in ("link set lo up", "link add eth7 type veth peer name far7", "link set eth7 up",
                     "link set far7 up", "addr add 192.0.2.9/24 dev eth7"):
            run("ip " + line)
        with open("/proc/sys/net/ipv6/conf/all/disable_ipv6", "w", encoding="ascii") as f:
            f.write("1")
        nft(RULES)
        conf = os.path.join(directory, "hardend.conf")
        with open(conf, "w", encoding="ascii") as f:
            f.write("[hardend]\nheartbeat = 0\njournal = no\nsyslog = yes\nflap_max = 1000\n")
        daemon = subprocess.Popen([HARDEND, "--config", conf, "--state-dir", directory, "--runtime-dir",
                                   directory], stdin=subprocess.DEVNULL)
        try:
            if not messages(log, 60, 5):
                sys.exit("the daemon told nothing at its start")
            changes(log)
            legacy(log)
            routes(log)
        finally:
            daemon.terminate()
            daemon.wait()


main()
