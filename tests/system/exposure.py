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
                 "route add 198.51.100.0/24 via 192.0.2.1"):
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
        expect(f"sent on from {source}", [x["from"] for x in one["forwards"]], [source])
    text = exposure().stdout
    for line in text.splitlines():
        if len(line) > 100 or line != line.rstrip():
            sys.exit(f"not for a terminal: {line!r}")
    if "10.0.0.0/8 by eth7 IPv4: inet f inp" not in text:
        sys.exit(text)
    try_groups()
    for argv in (("--from", "10.0.0.0/8"), ("--from", "nobody"), ("--root", "/mnt")):
        done = exposure(*argv, check=False)
        expect(f"{argv}", (done.returncode, bool(done.stderr)), (2, True))
    done = subprocess.run([HARDENCTL, "exposure"], check=False, user=65534, text=True, capture_output=True)
    expect("without root", (done.returncode, "needs root" in done.stderr), (2, True))
    print(f"ok: {len(sockets)} sockets, {len(found['forwards'])} port sent on")


main()
