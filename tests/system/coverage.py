#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""coverage.py HARDENCTL COVERAGE.MD CATALOGUE: the page of what answers which recommendation, against the
registry and the profiles: every check stands in it, it names no other, and what it says of an item
is what the profile says."""
import json
import re
import subprocess
import sys

HARDENCTL, PAGE, CATALOGUE = sys.argv[1:]
failed = False


def wrong(text):
    global failed
    failed = True
    print(text)


def listed(*args):
    out = subprocess.run([HARDENCTL, "list", "--format", "json", *args], capture_output=True,
                         check=True, timeout=60)
    return json.loads(out.stdout)


def compare(what, page, program):
    for name in sorted(page - program):
        wrong(f"{what}: {name} is only in the page")
    for name in sorted(program - page):
        wrong(f"{what}: {name} is not in the page")


def main():
    registry = {c["check"] for c in listed()["checks"]}
    with open(CATALOGUE, encoding="utf-8") as f:
        coming = {line.split()[0] for line in f if line[0] != "#"} - registry
    id_like = re.compile(r"`([a-z]+(?:-[a-z]+)+|announcements)`")
    with open(PAGE, encoding="utf-8") as f:
        chapters = re.split(r"(?m)^## (.+)\n", f.read())[1:]
    everything = set()
    for name, text in zip(chapters[::2], chapters[1::2]):
        rows = [[cell.strip() for cell in line.strip("|").split("|")]
                for line in text.splitlines() if line.startswith("| ")][1:]
        if not rows:
            wrong(f"{name}: no rows")
        everything |= {i for row in rows for i in id_like.findall(row[-1])}
        if name == "Beyond the guides":
            continue
        answered = {}
        for item, words, answer in rows:
            if len(words.split()) > 8 or not re.fullmatch(r'".+"', words):
                wrong(f"{name}: {words} is no quotation of a few words")
            if item == "-" and not answer.endswith("."):
                wrong(f"{name}: {words} is answered by nothing, and no sentence says why")
            if item != "-":
                if not id_like.findall(answer):
                    wrong(f"{name}: {words} names no check")
                answered.setdefault(item, set()).update(id_like.findall(answer))
        profile = {i["item"]: set(i["checks"]) for i in listed("--profile", name)["profile"]["items"]}
        compare(name, set(answered), set(profile))
        for item in answered.keys() & profile.keys():
            compare(f"{name} {item}", answered[item] - coming, profile[item])
    compare("checks", everything - coming, registry)
    return failed


sys.exit(main())
