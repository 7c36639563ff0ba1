#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""exposure.py HARDENCTL: `hardenctl exposure` in a network of the test's own, with real sockets and
real rules: who reaches what, by which rule, and what becomes of a single source."""
import ctypes
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile

HARDENCTL = sys.argv[1]
CLONE_NEWNET = 0x40000000
RULES = """table inet f {
  chain inp { type filter hook input priority 0; policy drop;
    ct state established,related accept
    ip saddr 10.0.0.0/8 tcp dport 7000 accept
    tcp dport 8080 accept
    tcp dport 9000-9100 limit rate 3/minute accept
  }
  chain pre { type nat hook prerouting priority -100; tcp dport 80 redirect to :8080
    tcp dport 81 dnat ip to 198.51.100.2:80; }
}
"""


def run(*argv, **kwargs):
    return subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, **kwargs)


def exposure(*argv, check=True):
    done = subprocess.run([HARDENCTL, "exposure", *argv], check=check, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True)
    return done


def expect(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}: {got!r}, not {wanted!r}")


def prepare():
    if os.geteuid() != 0 or not shutil.which("nft") or not shutil.which("ip"):
        print("SKIP: needs root, nft and ip")
        sys.exit(77)
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        print("SKIP: needs a network namespace")
        sys.exit(77)
    for line in ("link set lo up", "link add eth7 type veth peer name far7", "link set eth7 up",
                 "link set far7 up", "addr add 192.0.2.9/24 dev eth7",
                 "route add 198.51.100.0/24 via 192.0.2.1", "addr add 2001:db8::9/64 dev eth7 nodad"):
        run("ip", *line.split())
    with open("/proc/sys/net/ipv4/ip_forward", "w", encoding="ascii") as f:
        f.write("1")
    subprocess.run(["nft", "-f", "-"], check=True, text=True, input=RULES)


def listen(address, port):
    s = socket.socket()
    s.bind((address, port))
    s.listen()
    return s


def try_groups():
    """Side by side with what the cloud lets in, as far as an export tells."""
    rules = [{"ID": f"r{i}", "IP Protocol": "tcp", "Ethertype": "IPv4", "IP Range": net, "Port Range": ports,
              "Direction": "ingress", "Remote Security Group": remote, "Remote Address Group": None}
             for i, (net, ports, remote) in enumerate((("10.2.0.0/16", "7000:7000", None),
                                                       ("0.0.0.0/0", "80:80", None),
                                                       ("0.0.0.0/0", "9001:9001", "x")))]
    with tempfile.TemporaryDirectory() as d:
        with open(f"{d}/web.json", "w", encoding="ascii") as f:
            json.dump(rules, f)
        with open(f"{d}/c.conf", "w", encoding="ascii") as f:
            f.write(f"[security-group]\nfiles = {d}/*.json\n")
        argv = ("--config", f"{d}/c.conf")
        found = json.loads(exposure(*argv, "--format", "json").stdout)
        ways = {(x["listener"], w.get("asked", "")): [(g["from"], g["certain"]) for g in w["groups"]]
                for x in found["listeners"] for w in x["ways"]}
        expect("through both", ways, {
            ("tcp 0.0.0.0:7000", ""): [("10.2.0.0/16", True)], ("tcp 0.0.0.0:8080", ""): [],
            ("tcp 0.0.0.0:8080", "tcp 80"): [("anywhere", True)],
            ("tcp 0.0.0.0:9001", ""): [("anywhere", False)]})
        for source, wanted in (("10.2.1.1", ["group web rule r0"]), ("10.3.1.1", [])):
            one = json.loads(exposure(*argv, "--from", source, "--format", "json").stdout)
            by = [g["by"].split(":")[0] for x in one["listeners"] if x["port"] == 7000
                  for w in x["ways"] for g in w["groups"]]
            expect(f"groups from {source}", by, wanted)
        text = exposure(*argv).stdout
        if "the security groups let in 10.2.0.0/16: group web rule r0" not in text:
            sys.exit(text)
        with open(f"{d}/other.json", "w", encoding="ascii") as f:
            f.write("[")
        found = json.loads(exposure(*argv, "--format", "json").stdout)
        expect("half an export", [w for x in found["listeners"] for w in x["ways"] if "groups" in w], [])
        if "could not be read" not in found["note"]:
            sys.exit(found["note"])


def paragraph(text, first):
    """The lines of one socket or port, as one."""
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith(first))
    end = next(i for i in range(at + 1, len(lines) + 1) if i == len(lines) or not lines[i].startswith(" "))
    return " ".join(line.strip() for line in lines[at:end])


def try_from():
    """What is sent on to others is told to be stopped where it is, and by all addresses at once."""
    for line in ("addr add 192.0.2.10/24 dev eth7", "addr add 192.0.2.11/24 dev eth7"):
        run("ip", *line.split())
    run("nft", "table inet g { chain thru { type filter hook forward priority 0; policy accept; "
        "ip saddr 203.0.113.0/24 tcp dport 80 drop; }; chain inp { type filter hook input priority -1; "
        "ip saddr 203.0.113.7 tcp dport 8080 drop; ip daddr 192.0.2.11 tcp dport 7000 drop; }; }")
    v6 = socket.socket(socket.AF_INET6)
    v6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    v6.bind(("::", 7006))
    v6.listen()
    one = json.loads(exposure("--from", "203.0.113.7", "--format", "json").stdout)
    expect("stopped on the way", {(x["connection"], x["to"], x["to_port"]) for x in one["forwards"]},
           {("is stopped", "198.51.100.2", 80)})
    if not all("203.0.113.0/24" in x["by"] and not x["by"].startswith("no rule") for x in one["forwards"]):
        sys.exit("the rule that stops it is not named")
    led = [w for x in one["listeners"] if x["port"] == 8080 for w in x["ways"] if "asked" in w]
    expect("stopped behind a redirect", {(w["connection"], w["asked"]) for w in led}, {("is stopped", "tcp 80")})
    text = exposure("--from", "203.0.113.7").stdout
    sent = paragraph(text[text.index("sent on by the packet filter:"):], "tcp 81 on eth7 IPv4")
    if "from 203.0.113.7 is stopped" not in sent:
        sys.exit(sent)
    if "at 192.0.2.9, 192.0.2.10, 192.0.2.11 " not in sent:
        sys.exit(sent)
    text = exposure("--from", "10.1.1.1").stdout
    waits = paragraph(text, "tcp 0.0.0.0:7000")
    for part in ("arrives by eth7 IPv4 to 192.0.2.9, 192.0.2.10: inet f inp",
                 "is stopped by eth7 IPv4 to 192.0.2.11: inet g inp"):
        if waits.count(part) != 1:
            sys.exit(waits)
    one = json.loads(exposure("--from", "10.1.1.1", "--format", "json").stdout)
    expect("all of them", sorted(w["address"] for x in one["listeners"] if x["port"] == 7000 for w in x["ways"]),
           ["192.0.2.10", "192.0.2.11", "192.0.2.9"])
    if "no connection: the socket takes no IPv4" not in paragraph(text, "tcp [::]:7006"):
        sys.exit(text)
    text = exposure("--from", "2001:db8::1").stdout
    if "no connection: the socket takes no IPv6" not in paragraph(text, "tcp 0.0.0.0:7000"):
        sys.exit(text)
    for source, word in (("127.0.0.1", "this machine itself"), ("192.0.2.10", "this machine itself"),
                         ("::1", "this machine itself"), ("224.0.0.1", "another machine")):
        done = exposure("--from", source, check=False)
        expect(f"from {source}", (done.returncode, done.stdout, word in done.stderr), (2, "", True))
    v6.close()


def try_devices():
    """nft 1.0.6 tells the interface of an ingress chain in its own language alone."""
    run("nft", "add table netdev n")
    run("nft", 'add chain netdev n c { type filter hook ingress device "far7" priority 0; policy drop; }')
    for device, wanted in (("far7", {"arrives"}), ("eth7", {"is stopped"})):
        one = json.loads(exposure("--from", "10.1.1.1", "--format", "json").stdout)
        fate = {w["connection"] for x in one["listeners"] if x["port"] == 7000 for w in x["ways"]
                if w["address"] == "192.0.2.9"}
        expect(f"ingress of {device}", fate, wanted)
        if device == "far7":
            run("nft", 'add chain netdev n d { type filter hook ingress device "eth7" priority 0; policy drop; }')
    run("nft", "delete table netdev n")


def main():
    prepare()
    sockets = [listen("0.0.0.0", 7000), listen("0.0.0.0", 8080), listen("127.0.0.1", 443),
               listen("0.0.0.0", 9001), listen("192.0.2.9", 22)]
    found = json.loads(exposure("--format", "json").stdout)
    reach = {x["listener"]: x["reach"] for x in found["listeners"]}
    expect("who reaches what", reach, {
        "tcp 0.0.0.0:7000": "trusted", "tcp 0.0.0.0:8080": "public", "tcp 0.0.0.0:9001": "public",
        "tcp 192.0.2.9:22": "nobody"})
    by = {x["listener"]: x for x in found["listeners"]}
    expect("the ports it is asked for", sorted(w.get("asked", "") for w in by["tcp 0.0.0.0:8080"]["ways"]),
           ["", "tcp 80"])
    expect("from", [w["from"] for w in by["tcp 0.0.0.0:7000"]["ways"]], ["10.0.0.0/8"])
    if "tcp dport 7000" not in by["tcp 0.0.0.0:7000"]["ways"][0]["by"]:
        sys.exit("the rule that decides is not named")
    if "listener-allowlist" not in [p["check"] for p in by["tcp 0.0.0.0:7000"]["policy"]]:
        sys.exit("what the policy says is missing")
    expect("sent on", [(x["asked"], x["to"], x["to_port"]) for x in found["forwards"]],
           [("tcp 81", "198.51.100.2", 80)])
    for source, wanted in (("10.1.1.1", "arrives"), ("203.0.113.5", "is stopped")):
        one = json.loads(exposure("--from", source, "--format", "json").stdout)
        fate = {x["listener"]: [w["connection"] for w in x["ways"]] for x in one["listeners"]}
        expect(f"from {source}", fate["tcp 0.0.0.0:7000"], [wanted])
        expect(f"from {source}", fate["tcp 192.0.2.9:22"], ["is stopped"])
        expect(f"sent on from {source}", [(x["from"], x["connection"]) for x in one["forwards"]],
               [(source, "is sent on")])
        expect(f"led on from {source}", [w["connection"] for x in one["listeners"] if x["port"] == 8080
                                         for w in x["ways"] if w.get("asked") == "tcp 80"], ["arrives"])
    text = exposure().stdout
    for line in text.splitlines():
        if len(line) > 100 or line != line.rstrip():
            sys.exit(f"not for a terminal: {line!r}")
    if "10.0.0.0/8 by eth7 IPv4: inet f inp" not in text:
        sys.exit(text)
    try_groups()
    try_from()
    try_devices()
    for argv in (("--from", "10.0.0.0/8"), ("--from", "nobody"), ("--root", "/mnt")):
        done = exposure(*argv, check=False)
        expect(f"{argv}", (done.returncode, bool(done.stderr)), (2, True))
    done = subprocess.run([HARDENCTL, "exposure"], check=False, user=65534, text=True, capture_output=True)
    expect("without root", (done.returncode, "needs root" in done.stderr), (2, True))
    print(f"ok: {len(sockets)} sockets, {len(found['forwards'])} port sent on")


main()
