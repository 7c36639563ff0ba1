#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""remedies.py HARDENCTL: the commands that metadata-reachable gives as its remedy, typed word for
word in a network of the test's own, end its finding; root still gets through, and so does what is
not asked of the metadata service. Once with nftables, once with iptables."""
import ctypes
import json
import os
import re
import shutil
import socket
import subprocess
import sys

HARDENCTL = sys.argv[1]
CHECK = "metadata-reachable"
SERVICES = (("169.254.169.254", socket.AF_INET), ("fd00:ec2::254", socket.AF_INET6))
# Who filters on the machine decides whose commands are given.
BEFORE = {
    "iptables": "iptables -A INPUT -p tcp --dport 9 -j DROP",
    "nftables": "nft add table inet f; nft add chain inet f i '{ type filter hook input priority 0; policy drop; }'",
    "none": "true",
}


def sh(script, **kwargs):
    return subprocess.run(["sh", "-ec", script], check=True, stdin=subprocess.DEVNULL, **kwargs)


def prepare():
    if os.geteuid() != 0 or not all(shutil.which(x) for x in ("nft", "ip", "iptables", "ip6tables")):
        print("SKIP: needs root, nft, iptables and ip")
        sys.exit(77)
    if ctypes.CDLL(None, use_errno=True).unshare(0x40000000) != 0:
        print("SKIP: needs a network namespace")
        sys.exit(77)
    sh("ip link set lo up; ip link add eth7 type veth peer name far7; ip link set eth7 up; "
       "ip link set far7 up; ip addr add 192.0.2.9/24 dev eth7; "
       "ip addr add 2001:db8::9/64 dev eth7 nodad; ip route add default via 192.0.2.1; "
       "ip -6 route add default via 2001:db8::1; "
       "ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev eth7; "
       "ip neigh add 2001:db8::1 lladdr 02:00:00:00:00:01 dev eth7")


def judge():
    # EXIT STATUS 1: something fails.
    done = subprocess.run([HARDENCTL, "scan", "--format", "json", CHECK],
                          check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return next(f for f in json.loads(done.stdout)["findings"] if f["check"] == CHECK)


def leaves(wire, address, family, port, uid):
    """Whether a user's connection gets past the filter, and is to be seen on the wire."""
    pid = os.fork()
    if pid == 0:
        os.setresuid(uid, uid, uid)  # the filter looks at who made the socket
        s = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        s.connect_ex((address, port))
        os._exit(0)
    os.waitpid(pid, 0)
    # A datagram that nothing stops ends the wait.
    end = socket.socket(family, socket.SOCK_DGRAM)
    end.sendto(b"the end", (address, 9))
    target, seen = socket.inet_pton(family, address), False
    while True:
        frame = wire.recv(2048)
        if frame.endswith(b"the end"):
            return seen
        seen = seen or (target in frame and frame[36 if family == socket.AF_INET else 56:][:2] == port.to_bytes(2, "big"))


def main():
    prepare()
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    wire.bind(("far7", 0))
    wire.settimeout(10)
    for maker, before in BEFORE.items():
        sh("nft flush ruleset; " + before)
        found = judge()
        assert found["result"] == "fail", found
        command = re.match("`([^`]+)`", found["remedy"]).group(1)
        assert command.startswith("iptables " if maker == "iptables" else "nft "), found["remedy"]
        sh(command)
        found = judge()
        assert found["result"] == "pass", found
        for address, family in SERVICES:
            got = [leaves(wire, address, family, *x) for x in ((80, 65534), (80, 0), (53, 65534))]
            assert got == [False, True, True], (maker, address, got)
        print(f"{maker}: {found['summary']}")


main()
