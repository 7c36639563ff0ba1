#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What is read of logrotate's and journald's configuration, beside the programs.

Generated configurations of logrotate with includes, defaults, tabooext and
errors: `logrotate -d` says what it makes of each entry. Generated journald.conf
with drop-ins in all directories: `systemd-analyze cat-config` says in which
order systemd reads them. Exits 77 when neither program is there.
"""

import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROUNDS = int(os.environ.get("ROUNDS", "300"))
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
LOGROTATE = shutil.which("logrotate", path=PATH)
ANALYZE = shutil.which("systemd-analyze", path=PATH)


class Generator:
    def __init__(self, seed, base):
        self.rnd = random.Random(seed)
        self.base = base
        self.n = 0

    def pick(self, *what):
        return self.rnd.choice(what)

    def directive(self, inside):
        return self.pick(
            lambda: self.pick("daily", "weekly", "weekly 3", "monthly", "yearly", "hourly"),
            lambda: self.pick("daily", "weekly", "monthly"),
            lambda: "rotate" + self.pick(" ", "\t", " = ", "=") + str(self.rnd.randint(-1, 30)),
            lambda: "rotate %d" % self.rnd.randint(0, 60),
            lambda: "size " + self.pick("100", "10k", "5M", "1G", "=3K"),
            lambda: "maxsize " + self.pick("100", "10k", "5M"),
            lambda: "minsize " + self.pick("1", "2k"),
            lambda: "maxage %d" % self.rnd.randint(0, 400),
            lambda: self.pick("compress", "delaycompress", "notifempty", "sharedscripts",
                              "create 0640 root root", "nocreate", "dateext", "create",
                              "su root root", "extension .log", "start 1", "minage 2"),
            lambda: "# a comment { } daily",
            lambda: "nosuchkeyword with values" if self.rnd.random() < 0.3 else "missingok",
            lambda: ("postrotate\n  if x; then { echo daily; } fi\n\tendscript"
                     if inside else "dateformat -%s"),
        )()

    def fault(self):
        return self.pick("rotate x", "size 10X", "rotate", "weekly 9", "maxage -1z", "=", "rotate 4 # no")

    def name(self):
        self.n += 1
        path = "%s/log/%s%d.log" % (self.base, self.pick("a", "b-", "x_"), self.rnd.randint(0, 10 ** 6))
        open(path, "w").close()
        return self.pick(path, '"%s"' % path, "'%s'" % path, path.replace("/log/", "/l*g/"))

    def entry(self):
        names = self.pick(" ", "\n", "  ").join(self.name() for _ in range(self.rnd.randint(1, 3)))
        body = [self.directive(True) for _ in range(self.rnd.randint(0, 5))]
        if self.rnd.random() < 0.04:
            body.insert(self.rnd.randint(0, len(body)), self.fault())
        body.append("missingok")
        return "%s%s{\n%s\n%s}\n" % (names, self.pick(" ", "\n", ""),
                                     "\n".join(self.pick("", "\t", "  ") + d for d in body),
                                     self.pick("", "  "))

    def part(self):
        out = []
        for _ in range(self.rnd.randint(0, 3)):
            out.append(self.directive(False) if self.rnd.random() < 0.4 else self.entry())
        if self.rnd.random() < 0.03:
            out.insert(self.rnd.randint(0, len(out)), self.fault())
        return "\n".join(out) + "\n"

    def write(self, path, text):
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, 0o666 if self.rnd.random() < 0.03 else 0o644)

    def main(self, conf):
        directory = self.base + "/d"
        for _ in range(self.rnd.randint(0, 5)):
            name = self.pick("a", "b", "c", "Z", "d.conf", "e.bak", "f~", "g.dpkg-old", "h.taboo", ".i", "1x")
            self.write(directory + "/" + name, self.part())
        self.write(self.base + "/single", self.part())
        text = self.part()
        if self.rnd.random() < 0.3:
            text += self.pick("tabooext + .taboo", "tabooext .bak,.taboo", "taboopat *Z", "tabooext +~") + "\n"
        text += "include %s\n" % self.pick(directory, self.base + "/single", directory)
        text += self.part()
        with open(conf, "w") as f:
            f.write(text)
        os.chmod(conf, 0o644)


def theirs(conf, state):
    p = subprocess.run([LOGROTATE, "-d", "-s", state, conf], capture_output=True, text=True)
    out = p.stderr
    entries = []
    pattern = re.compile(r"^rotating pattern: (.*?) (?:(hourly|weekly|monthly|yearly)|after (1) days|"
                         r"(\d+) bytes) (?:\((\d+) rotations\)|(\(no old logs will be kept\)))?\s*"
                         r"(.*?)$", re.S | re.M)
    for m in pattern.finditer(out):
        when = m.group(2) or ("daily" if m.group(3) else "size")
        rotate = int(m.group(5)) if m.group(5) else 0 if m.group(6) else -1
        low = re.search(r"only log files >= (\d+) bytes", m.group(7))
        high = re.search(r"log files >= (\d+) are rotated earlier", m.group(7))
        entries.append((when, rotate, int(m.group(4) or 0), int(low.group(1)) if low else 0,
                        int(high.group(1)) if high else 0, tuple(shlex.split(m.group(1)))))
    # A keyword that it does not know is all that it goes on from as if nothing were.
    error = any("error:" in line and "unknown option" not in line for line in out.splitlines())
    return entries, error, out


def ours(show, root):
    out = subprocess.run([show, root, "kept"], capture_output=True, text=True, check=True).stdout
    entries, problem, journal = [], False, None
    for line in out.splitlines():
        w = line.split("\t")
        head = w[0].split()
        if head[0] == "entry":
            entries.append((head[1], int(head[2]), int(head[4]), int(head[5]), int(head[6]),
                            tuple(w[1:])))
        elif head[0] == "problem":
            problem = True
        else:
            journal = head[1:4]
    return entries, problem, journal


def fresh(root):
    shutil.rmtree(root, ignore_errors=True)
    for d in ("/etc", "/log", "/d"):
        os.makedirs(root + d)
    os.makedirs(root + os.path.dirname(root))
    os.symlink("/", root + root)


def rotate(show, root, seed):
    fresh(root)
    conf = root + "/etc/logrotate.conf"
    Generator(seed, root).main(conf)
    want, error, text = theirs(conf, root + "/state")
    have, problem, _ = ours(show, root)
    if want == have and error == problem:
        return len(want), error
    print("seed %d: logrotate (%s)\n%s\nhere (%s)\n%s\n%s" % (
        seed, error, "\n".join(map(str, want)), problem, "\n".join(map(str, have)), text[:1500]))
    return None, error


def journal(show, root, seed):
    fresh(root)
    rnd = random.Random(seed)
    dirs = ("/etc/systemd", "/run/systemd", "/usr/lib/systemd")
    for d in dirs:
        os.makedirs(root + d + "/journald.conf.d")
    values = {"Storage": ("none", "volatile", "persistent", "bad", ""),
              "ForwardToSyslog": ("yes", "no", "0", "on", "maybe", ""),
              "MaxRetentionSec": ("1d", "3month", "0", "1week 2d", "1h 30", "x", "", "1y", "2M", "5min")}
    names = ["/etc/systemd/journald.conf"]
    names += [rnd.choice(dirs) + "/journald.conf.d/%s" % rnd.choice(
        ("10-a.conf", "20-b.conf", "5.conf", "Z.conf", "a.conf", "no.txt")) for _ in range(4)]
    for name in names:
        lines = ["[Journal]" if rnd.random() < 0.9 else "[Other]"]
        for _ in range(rnd.randint(0, 3)):
            key = rnd.choice(list(values))
            lines.append(rnd.choice(("", "#", ";", "  ")) + key + rnd.choice(("=", " = ")) +
                         rnd.choice(values[key]))
        with open(root + name, "w") as f:
            f.write("\n".join(lines) + "\n")
    text = subprocess.run([ANALYZE, "--root=" + root, "cat-config", "systemd/journald.conf"],
                          capture_output=True, text=True, check=True).stdout
    return text, ours(show, root)[2]


SPANS = {"1d": 86400, "3month": 3 * 2629800, "0": 0, "1week 2d": 9 * 86400, "1h 30": 3630,
         "1y": 31557600, "2M": 2 * 2629800, "5min": 300}


def expected(text):
    """What journald makes of the text that cat-config shows."""
    section, storage, forward, age = None, 1, 1, 0
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("# /"):
            section = None
        if not line or line[0] in "#;":
            continue
        if line[0] == "[":
            section = line
            continue
        key, value = (x.strip() for x in line.split("=", 1))
        if section != "[Journal]":
            continue
        if key == "Storage" and value in ("none", "volatile", "persistent", ""):
            # There is no /var/log/journal, so "auto" is volatile.
            storage = {"none": 0, "volatile": 1, "persistent": 2, "": 1}[value]
        if key == "ForwardToSyslog" and value != "maybe":
            forward = int(value in ("yes", "on", ""))
        if key == "MaxRetentionSec" and value != "x":
            age = SPANS.get(value, 0)
    return ["%d" % storage, "%d" % forward, "%d" % (age * 10 ** 6)]


def main():
    show = sys.argv[1]
    base = tempfile.mkdtemp(prefix="hardend-kept-")
    root = base + "/root"
    first = int(os.environ.get("SEED", "1"))
    wrong = entries = errors = journals = 0
    if not (LOGROTATE and os.geteuid() == 0) and not ANALYZE:
        print("neither logrotate (as root) nor systemd-analyze")
        return 77
    os.umask(0o022)
    for seed in range(first, first + ROUNDS):
        if LOGROTATE and os.geteuid() == 0:
            n, error = rotate(show, root, seed)
            wrong += n is None
            entries += n or 0
            errors += error
        if ANALYZE:
            text, have = journal(show, root, seed)
            journals += 1
            if expected(text) != have:
                wrong += 1
                print("seed %d: journald %s, here %s\n%s" % (seed, expected(text), have, text))
        if wrong > 3:
            break
    if not (wrong and os.environ.get("KEEP")):
        shutil.rmtree(base)
    print("%d entries of logrotate in %d configurations, %d with errors; %d of journald; %d wrong"
          % (entries, ROUNDS, errors, journals, wrong))
    return 1 if wrong else 0


sys.exit(main())
