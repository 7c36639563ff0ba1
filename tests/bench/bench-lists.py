# SPDX-License-Identifier: ISC
"""The first look at apt's lists and the next, for a list as large as Debian's main, beside wc(1),
which does no more than read it."""
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile

PARAGRAPHS = 63000
INSTALLED = 700
RUNS = 5
BUDGET_MS = 60
BUDGET_AGAIN_MS = 10
BUDGET_MIB = 24


def write(root, path, text):
    full = root + path
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w") as f:
        f.write(text)


def paragraph(i):
    return (f"Package: package-{i}\nSource: source-{i // 3}\nVersion: 1.{i % 50}-2+b1\nInstalled-Size: 4711\n"
            f"Maintainer: Debian Maintainers <team+package-{i}@tracker.debian.org>\nArchitecture: amd64\n"
            + "Depends: " + ", ".join(f"libpackage-{(i * k) % 977}-0 (>= 1.{k})" for k in range(1, 12)) +
            f"\nDescription: a package as others are\nMultiarch: foreign\nHomepage: https://example.org/package-{i}\n"
            f"Section: libs\nPriority: optional\nFilename: pool/main/p/package-{i}/package-{i}_1_amd64.deb\n"
            f"Size: 123456\nMD5sum: {'0' * 32}\nSHA256: {'0' * 64}\n\n")


def make_root():
    root = tempfile.mkdtemp(prefix="hardend-lists-")
    lists = "/var/lib/apt/lists/d.example_debian_dists_bookworm_"
    write(root, "/etc/apt/sources.list", "deb http://d.example/debian bookworm main\n")
    write(root, lists + "Release", "Origin: Debian\nSuite: stable\nCodename: bookworm\n")
    write(root, lists + "main_binary-amd64_Packages", "".join(map(paragraph, range(PARAGRAPHS))))
    step = PARAGRAPHS // INSTALLED
    write(root, "/var/lib/dpkg/status", "".join(
        f"Package: package-{i * step}\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: amd64\n\n"
        for i in range(INSTALLED)))
    return root, root + lists + "main_binary-amd64_Packages"


def floor(path):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["wc", "-l", path], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def main():
    root, path = make_root()
    rows, floors = [], []
    for _ in range(RUNS):
        out = subprocess.run([sys.argv[1], "-t", root], capture_output=True, text=True, check=True).stdout
        rows.append({m[1]: (float(m[2]), float(m[3]))
                     for m in re.finditer(r"^cost\t(\w+)\t([\d.]+) ms\t([\d.]+) MiB", out, re.M)})
        floors.append(floor(path))
    size = os.path.getsize(path) / 1e6
    shutil.rmtree(root)
    median = lambda v: sorted(v)[len(v) // 2]
    first, again = median([r["first"][0] for r in rows]), median([r["again"][0] for r in rows])
    peak, wc = max(r["again"][1] for r in rows), median(floors)
    print(f"list of {size:.1f} MB, {INSTALLED} packages: first look {first:.1f} ms CPU ({first / max(wc, 0.1):.1f} x "
          f"wc -l), the next {again:.1f} ms, peak {peak:.1f} MiB")
    assert first < BUDGET_MS and again < BUDGET_AGAIN_MS and peak < BUDGET_MIB, "over the budget"


main()
