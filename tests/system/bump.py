# SPDX-License-Identifier: ISC
"""A repository in ROOT/root/repo with the next version of each package that is installed in ROOT:
the same files, so that the upgrade is a real one of real packages.

    bump.py ROOT
"""
import os
import re
import shutil
import subprocess
import sys

SUFFIX = "+next1"


def bump(control):
    """The next version, and of what it demands in exactly this version."""
    control = re.sub(r"(?m)^(Version: .*)$", r"\1" + SUFFIX, control)
    return re.sub(r"\(= ([^)]*)\)", rf"(= \1{SUFFIX})", control)


def repack(deb, dir):
    tree = os.path.join(dir, "tree")
    subprocess.run(["dpkg-deb", "-R", deb, tree], check=True)
    path = os.path.join(tree, "DEBIAN/control")
    with open(path) as f:
        control = f.read()
    with open(path, "w") as f:
        f.write(bump(control))
    subprocess.run(["dpkg-deb", "-Znone", "-b", tree, dir], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    os.unlink(deb)


def main():
    root = sys.argv[1]
    repo = os.path.join(root, "root/repo")
    os.makedirs(repo)
    names = subprocess.run(
        ["chroot", root, "dpkg-query", "-f", "${db:Status-Abbrev} ${Package}=${Version}\n", "-W"],
        check=True, capture_output=True, text=True).stdout.split("\n")
    names = [n.split()[1] for n in names if n.startswith("ii ")]
    subprocess.run(["chroot", root, "bash", "-euc", "chmod 777 /root/repo; cd /root/repo; "
                    "apt-get -q download \"$@\"", "bash", *names],
                   check=True, stdout=subprocess.DEVNULL)
    for deb in [d for d in os.listdir(repo) if d.endswith(".deb")]:
        repack(os.path.join(repo, deb), repo)
    subprocess.run(["chroot", root, "bash", "-euc",
                    "cd /root/repo; apt-ftparchive packages . > Packages; apt-ftparchive release . > Release; "
                    "echo 'deb [trusted=yes] file:/root/repo ./' > /etc/apt/sources.list"],
                   check=True)


main()
