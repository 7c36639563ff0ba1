# SPDX-License-Identifier: ISC
"""The verdicts of `hardenctl --root` on Debian roots made with the real packages, as installed and
after the changes that harden or spoil them: one table.

    roots.py HARDENCTL [WORD]    only the rows with that word in their name
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

import machine
from rows import IMAGES, ROWS


class Root:
    """An image unpacked once; each row gets an overlay of its own over it."""

    def __init__(self, name, dir):
        self.lower = os.path.join(dir, name)
        os.mkdir(self.lower)
        subprocess.run(["tar", "-xf", machine.image(name, IMAGES[name], lists=True), "-C", self.lower],
                       check=True)

    def overlay(self, dir):
        upper, work, merged = (os.path.join(dir, d) for d in ("upper", "work", "merged"))
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", dir], check=True)
        for d in (upper, work, merged):
            os.mkdir(d)
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                        f"lowerdir={self.lower},upperdir={upper},workdir={work}", merged], check=True)
        return merged


def change(root, files, script):
    for path, text in files.items():
        full = root + path
        if text is None:
            os.unlink(full)
            continue
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w") as f:
            f.write(text)
    if script:
        subprocess.run(["chroot", root, "bash", "-euc", script], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def scan(hardenctl, root, config):
    conf = root + "/etc/hardend/hardend.conf"
    os.makedirs(os.path.dirname(conf), exist_ok=True)
    with open(conf, "w") as f:
        f.write(config)
    p = subprocess.run([hardenctl, "--root", root, "--format", "json", "scan"],
                       capture_output=True, text=True)
    assert p.returncode in (0, 1), f"exit {p.returncode}: {p.stderr}"
    return {f["check"]: f for f in json.loads(p.stdout)["findings"]}


def describe(f):
    lines = [f"{f['check']}: {f['result']} {f['severity']}: {f['summary']}"]
    lines += [f"    {e['subject']}: {e['observed']} (should be {e['expected']}) at {e['path']}:{e['line']}"
              for e in f["evidence"]]
    return "\n".join(lines)


def judge(row, findings):
    """What differs from the row: check: "result words that the finding must hold"."""
    wrong = []
    for check, want in row["expect"].items():
        result, _, words = want.partition(" ")
        f = findings.get(check)
        if not f:
            wrong.append(f"{check} is not in the scan")
            continue
        text = describe(f)
        if f["result"] != result or not all(w in text for w in words.split(" | ") if w):
            wrong.append(f"expected {want!r}, got {text}")
    return wrong


def run_row(hardenctl, root, row):
    dir = tempfile.mkdtemp(prefix="hardend-row-")
    try:
        merged = root.overlay(dir)
        change(merged, row.get("files", {}), row.get("script"))
        findings = scan(hardenctl, merged, row.get("config", ""))
    finally:
        subprocess.run(["umount", "-R", "-l", dir], check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(dir, ignore_errors=True)
    wrong = judge(row, findings)
    print(f"{'not ok' if wrong else 'ok'} {row['image']}: {row['name']} ({len(row['expect'])} verdicts)",
          flush=True)
    for w in wrong:
        print("  " + w.replace("\n", "\n  "), flush=True)
    if os.environ.get("ROOTS_SHOW"):
        print("\n".join(describe(f) for f in findings.values()))
    return len(wrong)


def main():
    machine.require()
    hardenctl, word = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    rows = [r for r in ROWS if word in r["name"]]
    assert rows, f"no row with {word!r} in its name"
    dir = tempfile.mkdtemp(prefix="hardend-roots-")
    wrong = verdicts = 0
    try:
        for name in IMAGES:
            mine = [r for r in rows if r["image"] == name]
            if not mine:
                continue
            root = Root(name, dir)
            for row in mine:
                wrong += run_row(hardenctl, root, row)
                verdicts += len(row["expect"])
            shutil.rmtree(root.lower)
    finally:
        shutil.rmtree(dir, ignore_errors=True)
    print(f"{len(rows)} roots, {verdicts} verdicts, {wrong} wrong")
    sys.exit(1 if wrong else 0)


main()
