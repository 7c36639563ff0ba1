# SPDX-License-Identifier: ISC
"""A full scan of a Debian, children included, beside Lynis' ssh and authentication groups on the
same root in the same run."""
import os
import resource
import shutil
import subprocess

from machine import Machine, skip

RUNS = 10


def cpu(argv, m, runs):
    """CPU seconds of the process tree, one run (median), and its peak memory in kB."""
    times = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        p = subprocess.run(["chroot", m.root, *argv], stdin=subprocess.DEVNULL, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert p.returncode in (0, 1), p.stderr
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return sorted(times)[len(times) // 2]


def main():
    if not shutil.which("lynis"):
        skip("needs lynis")
    with Machine("scan") as m:
        m.install()
        for path in ("/usr/sbin/lynis", "/usr/share/lynis", "/etc/lynis"):
            dest = m.path(path)
            (shutil.copytree if os.path.isdir(path) else shutil.copy)(path, dest)
        for name, options in (("proc", ["-t", "proc"]), ("sys", ["--bind"]), ("dev", ["--bind"])):
            subprocess.run(["mount", *options, f"/{name}" if "--bind" in options else name,
                            m.path(f"/{name}")], check=True)
        try:
            os.makedirs(m.path("/run/sshd"), exist_ok=True)
            ours = cpu(["/usr/bin/hardenctl", "scan"], m, RUNS)
            peer = cpu(["/usr/sbin/lynis", "audit", "system", "-Q", "--tests-from-group",
                        "ssh authentication"], m, 1)
        finally:
            for name in ("proc", "sys", "dev"):
                subprocess.run(["umount", m.path(f"/{name}")], check=True)
        print(f"full scan: {ours * 1000:.1f} ms CPU, children included (budget 50); lynis, ssh and "
              f"authentication only: {peer * 1000:.0f} ms; ratio 1/{peer / ours:.0f}")
        assert ours < 0.050, "more than 50 ms"


main()
