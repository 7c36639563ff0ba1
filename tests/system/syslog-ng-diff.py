#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The reader of syslog-ng's configuration beside syslog-ng itself.

As rsyslog-diff: generated configurations run, one message of every facility and
severity is sent, and what arrives where must lie between "sure" and "maybe".
syslog-ng cannot be installed beside rsyslog on Debian, so its packages are
unpacked into a directory of the test's own. Exits 77 where they cannot be had.
"""

import atexit
import os
import random
import shutil
import subprocess
import sys
import tempfile

import syslogs

ROUNDS = int(os.environ.get("ROUNDS", "200"))
PACKAGES = ["syslog-ng-core", "libivykis0", "libnet1", "libwrap0", "libpcre3", "libjson-c5"]
UNPACKED = tempfile.mkdtemp(prefix="hardend-syslog-ng-")
atexit.register(shutil.rmtree, UNPACKED, ignore_errors=True)
PROGRAM = UNPACKED + "/usr/sbin/syslog-ng"
NAMED = [f for f in syslogs.FACILITIES if f not in ("bsd_security", "console", "clock", "ntp")]
SEVERITIES = syslogs.SEVERITIES


class Generator:
    def __init__(self, seed, ports, last):
        self.rnd = random.Random(seed)
        self.left = list(ports)
        self.last = last
        self.filters = []
        self.destinations = []

    def pick(self, *what):
        return self.rnd.choice(what)

    def names(self, names, most):
        return self.pick(", ", ",", " ").join(self.rnd.sample(names, self.rnd.randint(1, most)))

    def filter(self, depth=0):
        r = self.rnd.random()
        if depth < 3 and r < 0.3:
            return "%s %s %s" % (self.filter(depth + 1), self.pick("and", "or"), self.filter(depth + 1))
        if depth < 3 and r < 0.42:
            return "not " + self.filter(3)
        if depth < 3 and r < 0.55:
            return self.pick("(%s)", "not (%s)") % self.filter(depth + 1)
        if r < 0.62 and self.filters:
            return "filter(%s)" % self.pick(*self.filters)
        return self.pick(
            lambda: "facility(%s)" % self.names(NAMED, 4),
            lambda: "level(%s)" % self.names(SEVERITIES, 3),
            lambda: "%s(%s%s%s)" % (self.pick("level", "priority", "severity"),
                                    self.pick(*SEVERITIES), self.pick("..", " .. "),
                                    self.pick(*SEVERITIES)),
            lambda: 'program("probe")',
            lambda: 'message("no such text")',
            lambda: '"${PROGRAM}" eq "probe"',
            lambda: 'match("mark" value("MESSAGE"))',
        )()

    def driver(self):
        if not self.left or self.rnd.random() < 0.15:
            return 'file("/dev/null");'
        return self.pick('udp("127.0.0.1" port(%d));', 'network("127.0.0.1" port(%d) transport("udp"));',
                         "udp('127.0.0.1' port(%d)); # a comment }") % self.left.pop() + "\n"

    def destination(self):
        if self.destinations and self.rnd.random() < 0.6:
            return "destination(%s);" % self.pick(*self.destinations)
        return "destination { %s };" % self.driver()

    def inner(self, depth):
        out = []
        for _ in range(self.rnd.randint(0, 2)):
            out.append("filter(%s);" % self.pick(*self.filters) if self.filters and self.rnd.random() < 0.5
                       else "filter { %s; };" % self.filter())
        if depth < 2 and self.rnd.random() < 0.2:
            out.append("junction { %s };" % " ".join(
                "channel { %s %s };" % (self.inner(2), self.pick("", "flags(final);"))
                for _ in range(self.rnd.randint(1, 3))))
        for _ in range(self.rnd.randint(0 if depth else 1, 2)):
            out.append(self.destination())
        if depth < 2 and self.rnd.random() < 0.2:
            out.append("log { %s %s };" % (self.inner(depth + 1), self.pick("", "flags(final);")))
        return "\n  ".join(out)

    def text(self, sock):
        out = ["@version: 3.38", "options { keep-hostname(yes); use-dns(no); stats-freq(0); };",
               'source s { unix-dgram("%s"); };' % sock,
               'source other { file("/dev/null"); };',
               'log { source(s); filter { facility(15) and level(debug); };'
               ' destination { udp("127.0.0.1" port(%d)); }; flags(final); };' % self.last]
        for i in range(self.rnd.randint(0, 4)):
            text = self.filter()
            out.append("filter f%d { %s; };" % (i, text))
            self.filters.append("f%d" % i)
        for i in range(self.rnd.randint(1, 4)):
            out.append("destination d%d { %s };" % (i, self.driver()))
            self.destinations.append("d%d" % i)
        for _ in range(self.rnd.randint(1, 4)):
            flags = self.pick("", "", "", " flags(final);", " flags(fallback);", " flags(flow-control);")
            out.append("log { source(s);\n  %s%s };" % (self.inner(0), flags))
        return "\n".join(out) + "\n"


def unpack():
    """Whether syslog-ng and the libraries that it needs are there now."""
    if not shutil.which("apt-get") or subprocess.run(
            ["apt-get", "-q", "download", *PACKAGES], cwd=UNPACKED, capture_output=True).returncode != 0:
        return False
    for deb in os.listdir(UNPACKED):
        if deb.endswith(".deb"):
            subprocess.run(["dpkg-deb", "-x", os.path.join(UNPACKED, deb), UNPACKED], check=True)
    return True


def environment():
    lib = UNPACKED + "/usr/lib"
    dirs = [lib, UNPACKED + "/lib"] + [os.path.join(lib, d) for d in os.listdir(lib)]
    return dict(os.environ, LD_LIBRARY_PATH=":".join(dirs))


def arguments(root, conf):
    args = [PROGRAM, "-f", conf, "-R", root + "/persist", "-c", root + "/ctl", "-p", root + "/pid"]
    for top, _, names in os.walk(UNPACKED + "/usr/lib"):
        if "libafsocket.so" in names:
            args.append("--module-path=" + top)
    return args


def main():
    if not unpack():
        print("SKIP: the packages of syslog-ng cannot be had (no apt-get, or no network)")
        return 77
    show, env = sys.argv[1], environment()
    top = tempfile.mkdtemp(prefix="hardend-syslog-ng-")
    root = top + "/root"
    socks = syslogs.open_ports()
    last = socks.pop(next(iter(socks)))
    tally = syslogs.Tally()
    ran = refused = 0
    first = int(os.environ.get("SEED", "1"))
    for seed in range(first, first + ROUNDS):
        shutil.rmtree(root, ignore_errors=True)
        os.makedirs(root + "/etc/syslog-ng")
        conf = root + "/etc/syslog-ng/syslog-ng.conf"
        with open(conf, "w") as f:
            f.write(Generator(seed, list(socks), last.getsockname()[1]).text(root + "/log.sock"))
        check = subprocess.run(arguments(root, conf) + ["-s"], env=env, capture_output=True, text=True)
        ports, malformed = syslogs.ours(show, root)
        if check.returncode != 0:
            refused += 1
            if os.environ.get("VERBOSE"):
                print(seed, check.stderr)
            continue
        if malformed:
            tally.wrong += 1
            print("seed %d: syslog-ng reads it, we do not" % seed)
            continue
        if not syslogs.run_daemon(arguments(root, conf) + ["-F", "--no-caps"],
                                  root + "/log.sock", last, env):
            continue
        ran += 1
        tally.compare(seed, syslogs.drain(socks), ports)
        if tally.wrong > 5:
            break
    if not (tally.wrong and os.environ.get("KEEP")):
        shutil.rmtree(top)
    print("%d configurations run, %d refused; %d messages seen, %d of them sure; %d wrong"
          % (ran, refused, tally.seen, tally.sure, tally.wrong))
    return 1 if tally.wrong or ran < ROUNDS / 2 else 0


if __name__ == "__main__":
    sys.exit(main())
