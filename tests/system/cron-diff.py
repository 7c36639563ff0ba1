#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Which tables Debian's own crontab takes and which names its run-parts runs, against ours:
lines of every form, and a thousand made at random of their parts."""
import os
import random
import shutil
import subprocess
import sys
import tempfile

SHOW = sys.argv[1]
LINES = [
    "* * * * * x", "*/5 * * * * x", "*/0 * * * * x", "1/2 * * * * x", "5-1 * * * * x",
    "5-64/30 * * * * x", "60 * * * * x", "0,59 * * * * x", "0, * * * * x", ",0 * * * * x",
    "* 24 * * * x", "* * 0 * * x", "* * 31 * * x", "* * 32 * * x", "* * * 0 * x", "* * * jan x",
    "* * * JAN-dec * x", "* * * january * x", "* * * * 7 x", "* * * * 8 x", "* * * * sun x",
    "* * * * mon-fri x", "* * * * fri-mon x", "*5 * * * * x", "5; * * * * x", "-5 * * * * x",
    "5- * * * * x", "5-6-7 * * * * x", "5x * * * * x", "@daily x", "@midnight\tx", "@reboot", "@reboot ",
    "@never x", "@ x", "* * * * * * x", "* * * * *", "* * * * * ", "A=b", "A = b", "A=", "=b",
    "'A'=b", "'A=b", "A='b", "A='b' c", "A='b' ", "\"A B\" = c", "A B=c", "  # x", " A=b", "x",
    "*\t*\t*\t*\t*\tx", "007 * * * * x", "1,2,3-4/2 * * * * x", "* * * * * x%y", "\t* * * * * x",
    "~ * * * * x", "1~5 * * * * x", "\x0c* * * * * x", "* * * * * " + "x" * 997,
    "* * * * * " + "x" * 998, "* * * * * " + "x" * 999, "* * * * * " + "x" * 1000,
]
NAMES = ["a", "a.sh", ".a", "a~", "A-b_c", "a.dpkg-old", "a b", "0", "-", "_", "a,b", "\xe4", "a+"]


def ours(path):
    return subprocess.run([SHOW, path], check=True, capture_output=True, text=True).stdout.strip()


def random_line(pick):
    part = lambda: "".join(pick.choice(["*", "1", "5", "12", "59", "60", "-", ",", "/", "mon", "jan", "0"])
                           for _ in range(pick.randint(1, 3)))
    field = lambda: pick.choice(["*", "*", "*", "1", part()])
    return " ".join([field() for _ in range(5)] + ["x"] * pick.randint(0, 2))


def tables(top):
    pick = random.Random(20261122)
    texts = [line + "\n" for line in LINES] + [line for line in LINES[:8]]
    texts += [a + "\n" + b + "\n" for a, b in zip(LINES, LINES[7:])]
    texts += [random_line(pick) + "\n" for _ in range(1000)]
    wrong, taken = [], 0
    for text in texts:
        path = os.path.join(top, "table")
        with open(path, "w") as f:
            f.write(text)
        r = subprocess.run(["crontab", "-u", "root", path], capture_output=True, text=True,
                           stdin=subprocess.DEVNULL)
        have = ours(path)
        taken += r.returncode == 0
        if (r.returncode == 0) != (have == "taken"):
            wrong.append(f"{text[:60]!r}: crontab {r.returncode} {r.stderr.strip()!r}, we: {have}")
    assert not wrong, "\n".join(wrong)
    print(f"{len(texts)} tables, {taken} taken and {len(texts) - taken} refused by both")


def names(top):
    scripts = os.path.join(top, "scripts")
    os.mkdir(scripts)
    for name in NAMES:
        path = os.path.join(scripts, name)
        with open(path, "w") as f:
            f.write("#!/bin/sh\n")
        os.chmod(path, 0o755)
    out = subprocess.run(["run-parts", "--test", scripts], check=True, capture_output=True,
                         text=True).stdout
    theirs = {os.path.basename(line) for line in out.splitlines()}
    mine = {n for n in NAMES if subprocess.run([SHOW, "-n", n], check=True, capture_output=True,
                                               text=True).stdout.strip() == "run"}
    assert mine == theirs, (mine ^ theirs)
    print(f"{len(NAMES)} names, {len(mine)} run by run-parts and by our rule")


def main():
    if os.geteuid() != 0 or not all(map(shutil.which, ("crontab", "run-parts", "unshare"))):
        print("SKIP: needs root, crontab, run-parts and unshare")
        sys.exit(77)
    if os.environ.get("CRON_DIFF") != "inside":
        # The spool of this machine stays as it is.
        os.execvpe("unshare", ["unshare", "--mount", sys.executable, *sys.argv],
                   dict(os.environ, CRON_DIFF="inside"))
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/var/spool/cron"], check=True)
    os.mkdir("/var/spool/cron/crontabs", 0o1730)
    with tempfile.TemporaryDirectory(prefix="hardend-cron-") as top:
        tables(top)
        names(top)


main()
