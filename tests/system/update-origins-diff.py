#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Our reading of Origins-Pattern and Allowed-Origins against unattended-upgrade's own
functions, taken from the installed program, on generated patterns."""
import ast
import os
import random
import subprocess
import sys
from types import SimpleNamespace

PROGRAM = "/usr/bin/unattended-upgrade"
WANTED = {"substitute", "get_distro_codename", "get_distro_id", "get_allowed_origins_legacy",
          "match_whitelist_string", "UnknownMatcherError"}
CASES = 4000

if not os.path.exists(PROGRAM):
    print("skipped: needs unattended-upgrades")
    sys.exit(77)


class Config:
    """apt_pkg.config with one list in it."""
    entry = ""

    def value_list(self, _key):
        return [self.entry]


def load():
    """The functions that are compared, without what the program imports."""
    tree = ast.parse(open(PROGRAM, encoding="utf-8").read())
    tree.body = [n for n in tree.body if getattr(n, "name", None) in WANTED]
    assert {n.name for n in tree.body} == WANTED, "the program has changed"
    silent = SimpleNamespace(error=lambda *a: None, warning=lambda *a: None)
    space = {"config": Config(), "logging": silent, "_": lambda s: s, "DISTRO_ID": "Debian",
             "DISTRO_CODENAME": "bookworm"}
    for name in ("fnmatch", "re", "string"):
        space[name] = __import__(name)
    space["apt_pkg"] = SimpleNamespace(config=space["config"])
    exec(compile(tree, PROGRAM, "exec"), space)  # the program's own text
    return space


def token(rnd):
    key = rnd.choice(["o", "origin", "l", "label", "a", "suite", "archive", "c", "component", "site",
                      "n", "codename", "n", "a", "o", " o ", "O", "vendor", ""])
    value = rnd.choice(["Debian", "${distro_id}", "Debian-Security", "*", "De*", "stable", "bookworm",
                        "${distro_codename}-security", "$distro_codename", "[a-d]ookworm", "[!x]*",
                        "Google\\, Inc.", "?ebian", " Debian ", "debian", "main", "", "${x}", "a=b",
                        "$", "$$", "deb.debian.org", "*.debian.org", "\\*", "%2C", "[", "a\\b"])
    weights = "=" if rnd.random() < .97 else ""
    return key + weights + value


def pattern(rnd):
    return ",".join(token(rnd) for _ in range(rnd.choice([0, 1, 1, 2, 2, 3, 4])))


def allowed(rnd):
    part = ["Debian", "${distro_id}", "stable", "${distro_codename}", "bookworm-security", "x\\:y",
            "Google, Inc.", "a b", "", "*", "$", "a\\,b", "Google\\, Inc."]
    return rnd.choice(part) + rnd.choice([":", ":", ":", " ", "", "::", "\\:"]) + rnd.choice(part)


def main():
    rnd = random.Random(20261122)
    space = load()
    archives = [("Debian", "Debian", "stable", "bookworm", "main", "deb.debian.org"),
                ("Debian", "Debian-Security", "stable-security", "bookworm-security", "main",
                 "security.debian.org"), ("Google, Inc.", "", "stable", "", "main", "x"),
                ("", "", "", "", "", "")]
    lines, want = [], []
    for _ in range(CASES):
        kind = rnd.choice(["allowed", "pattern", "pattern"])
        text = allowed(rnd) if kind == "allowed" else pattern(rnd)
        archive = rnd.choice(archives)
        origin = SimpleNamespace(**dict(zip(
            ("origin", "label", "archive", "codename", "component", "site"), archive)))
        try:
            if kind == "allowed":
                space["config"].entry = text
                whole = space["get_allowed_origins_legacy"]()[0]
            else:
                whole = space["substitute"](text)
            want.append("yes" if space["match_whitelist_string"](whole, origin) else "no")
        except Exception:  # whatever it is, the program ends with it
            want.append("error")
        lines.append("\t".join((kind, text) + archive))
    got = subprocess.run([sys.argv[1]], input="\n".join(lines) + "\n", capture_output=True, text=True,
                         check=True).stdout.split()
    assert len(got) == len(want)
    differ = [(line, w, g) for line, w, g in zip(lines, want, got) if w != g]
    for line, w, g in differ[:10]:
        print(f"{line!r}: unattended-upgrade says {w}, we say {g}", file=sys.stderr)
    print(f"{len(want)} patterns: {want.count('yes')} match, {want.count('no')} do not, "
          f"{want.count('error')} are errors; {len(differ)} differ")
    return 1 if differ else 0


sys.exit(main())
