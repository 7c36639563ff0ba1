#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What is read of chrony and ntpsec beside the daemons themselves.

    ntp-diff.py TIME-SHOW

Generated configurations run, without the right to set a clock, and are asked from trusted and
untrusted addresses: for the time (mode 3), and about themselves (mode 6, chronyc's protocol).
Whether any untrusted source gets an answer must be what the reader says. SEED and ROUNDS choose
other configurations.
"""
import os
import struct
import subprocess
import sys
import time

from daemonlab import NETS4, NETS6, SERVER, TRUSTED, Daemon, Generator, ask, drain, is_trusted, lab

ROUNDS = int(os.environ.get("ROUNDS", "60"))
SEED = int(os.environ.get("SEED", "1"))
PACKAGES = ["chrony", "ntpsec", "libedit2", "libnettle8", "libcap2", "libseccomp2"]
NO_CLOCK = ["setpriv", "--bounding-set=-sys_time", "--inh-caps=-sys_time"]
MODE3 = b"\x23" + b"\0" * 39 + b"\1" * 8
MODE6 = b"\x26\x02\0\1" + b"\0" * 8
# chronyc's question for the number of sources: version 6, command 14, padded to the reply's size.
CHRONYC = struct.pack(">BBBBHHIII", 6, 1, 0, 0, 14, 0, 7, 0, 0) + b"\0" * 84


class Chrony(Generator):
    program, ready, control, port = "chrony", b"chronyd version", CHRONYC, 323
    argv = NO_CLOCK + ["/usr/sbin/chronyd", "-d", "-x", "-u", "root", "-f", "/etc/chrony/chrony.conf"]

    def rules(self, words):
        out = []
        for _ in range(self.rnd.randint(0, 4)):
            net = self.pick("", "", *NETS4, *NETS6, "10/8", "203.0.113", "198.51")
            out.append("%s%s%s" % (self.pick(*words), self.pick("", "", " all"), net and " " + net))
        return out

    def make(self):
        rules = self.rules(["allow", "allow", "deny", "Allow"]) + self.rules(["cmdallow", "cmddeny"])
        for rule, p in (("port 0", 0.05), ("cmdport 0", 0.05), ("bindaddress 127.0.0.1", 0.1),
                        ("bindaddress ::1", 0.1), ("bindaddress 10.0.0.1", 0.1),
                        ("bindcmdaddress 0.0.0.0", 0.4), ("bindcmdaddress ::", 0.3),
                        ("bindcmdaddress 10.0.0.1", 0.1), ("bindcmdaddress /run/x/y.sock", 0.1),
                        ("# allow", 0.2), ("! allow all", 0.2), ("local stratum 10", 0.5)):
            if self.chance(p):
                rules.append(rule)
        self.rnd.shuffle(rules)
        k = self.rnd.randint(0, len(rules)) if self.chance(0.5) else len(rules)
        self.write("/etc/chrony/conf.d/a.conf", "\n".join(rules[k:]) + "\n")
        self.write("/etc/chrony/other.d/a.conf", "allow all\n")
        rules[k:] = [self.pick("confdir /etc/chrony/conf.d", "include /etc/chrony/conf.d/*.conf",
                               "confdir /etc/chrony/conf.d /etc/chrony/other.d")]
        self.write("/etc/chrony/chrony.conf", "\n".join(rules) + "\n")


class Ntpsec(Generator):
    program, ready, control, port = "ntpsec", b"NTSc: ", MODE6, 123
    argv = NO_CLOCK + ["/usr/sbin/ntpd", "-n", "-c", "/etc/ntpsec/ntp.conf"]

    def restrict(self):
        net = self.pick("default", "default", "-4 default", "-6 default", *NETS4, *NETS6)
        if "default" not in net and ":" not in net and "/" in net and self.chance(0.5):
            bits = int(net.split("/")[1])
            mask = (0xffffffff << (32 - bits)) & 0xffffffff
            net = "%s mask %s" % (net.split("/")[0], ".".join(str(b) for b in struct.pack(">I", mask)))
        flags = self.rnd.sample(["kod", "limited", "nomodify", "nopeer", "noquery", "noquery", "noserve",
                                 "ignore", "notrust"], self.rnd.randint(0, 4))
        # Without "limited" each question is answered, however soon after the one before.
        return "%s %s %s" % (self.pick("restrict", "restrict", "restrict", "restrict", "unrestrict"), net,
                             " ".join(f for f in flags if f != "limited"))

    def make(self):
        rules = [self.restrict() for _ in range(self.rnd.randint(0, 5))]
        rules.insert(0, "unrestrict default limited" + self.pick("", " noquery"))
        for rule, p in (("restrict source nomodify", 0.3), ("restrict 127.0.0.1", 0.5),
                        ("# restrict default", 0.3), ("disable monitor", 0.3),
                        ("interface ignore all", 0.12), ("interface listen 10.0.0.1", 0.15),
                        ("interface ignore ipv6", 0.15), ("interface drop 198.51.100.1", 0.15),
                        ("interface ignore wildcard", 0.2), ("interface listen lo", 0.1)):
            if self.chance(p):
                rules.insert(self.rnd.randint(1, len(rules)), rule)
        if self.chance(0.3):
            k = self.rnd.randint(0, len(rules))
            self.write("/etc/ntpsec/more.conf", "\n".join(rules[k:]) + "\n")
            rules[k:] = ["includefile /etc/ntpsec/more.conf"]
        self.write("/etc/ntpsec/ntp.conf", "\n".join(rules) + "\n")


def answered(clients, data, port):
    mine = [(c, s, k) for c, s, k in clients if not is_trusted(c)]
    replies = ask([(k, (s, port), data) for _, s, k in mine], 0.15)
    return [f"{c} asks {s}" for (c, s, _), r in zip(mine, replies) if r]


def play(kind, time_show, it):
    began, wrong, seen = time.monotonic(), 0, {}
    clients = it.clients()
    for n in range(ROUNDS):
        g = kind(f"{kind.program} {SEED} {n}")
        g.make()
        shown = subprocess.run([time_show, kind.program, ",".join(TRUSTED)], capture_output=True, text=True)
        serve, control, fault = (shown.stdout.rstrip("\n").split(" ", 2) if shown.returncode == 0
                                 else ["-", "-", shown.stderr])
        with Daemon(g.argv, g.ready) as d:
            if not d.ready or not d.settle():
                print(f"{kind.program} {n}: does not start: {d.said[-600:].decode()}")
                print("\n".join(f"--- {path}\n{text}" for path, text in g.files.items()))
                wrong += 1
                continue
            for _ in range(3): # it may be about to open its sockets
                drain(clients)
                time_, about = (answered(clients, data, port)
                                for data, port in ((MODE3, 123), (g.control, g.port)))
                got = (2 if time_ else 0, 2 if about else 0)
                if (serve, control) == (str(got[0]), str(got[1])):
                    break
        seen[got] = seen.get(got, 0) + 1
        if (serve, control, fault) != (str(got[0]), str(got[1]), ""):
            wrong += 1
            print(f"{kind.program} {n}: the daemon gives {got} ({time_[:1]} {about[:1]}), read was {serve} "
                  f"{control} {fault}", flush=True)
            if wrong <= 3:
                print("\n".join(f"--- {path}\n{text}" for path, text in g.files.items()))
    for _, _, s in clients:
        s.close()
    print(f"{kind.program}: {ROUNDS} configurations, {wrong} wrong, {time.monotonic() - began:.1f} s, {seen}",
          flush=True)
    assert ROUNDS < 40 or len(seen) >= 3, seen
    return wrong


def main():
    it = lab(os.path.abspath(__file__), PACKAGES)
    only = os.environ.get("ONLY", "")
    wrong = sum(play(k, sys.argv[1], it) for k in (Chrony, Ntpsec) if only in k.program)
    sys.exit(wrong != 0)


main()
