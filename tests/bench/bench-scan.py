# SPDX-License-Identifier: ISC
"""A full scan of a Debian, children included, beside the peers on the same root in the same run:
Lynis (all of it, and the groups ssh and authentication) and OpenSCAP's standard profile."""
import os
import resource
import subprocess

import machine
from machine import Machine

RUNS = 10
PROFILE = "xccdf_org.ssgproject.content_profile_standard"
CONTENT = "/usr/share/xml/scap/ssg/content/ssg-debian11-ds.xml"


def image():
    return machine.image("scan", machine.PACKAGES + ",lynis,openscap-scanner,ssg-debian,time",
                         lists=True)


def cost(argv, m, runs, codes=(0,)):
    """CPU seconds of the process tree (median), and the peak memory of its largest process in MiB."""
    times, peak = [], 0
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        # Memory by time(1), since a child of this process begins with this one's peak.
        p = subprocess.run(["chroot", m.root, "/usr/bin/time", "-q", "-f", "%M", "-o", "/run/cost",
                            *argv], stdin=subprocess.DEVNULL, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert p.returncode in codes, f"{argv[0]}: exit {p.returncode}: {p.stderr}"
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        with open(m.path("/run/cost")) as f:
            peak = max(peak, int(f.read()) / 1024)
    return sorted(times)[len(times) // 2], peak


def measure(m):
    ours = cost(["/usr/bin/hardenctl", "scan"], m, RUNS, (0, 1))
    lynis = ["/usr/sbin/lynis", "audit", "system", "-Q"]
    groups = cost([*lynis, "--tests-from-group", "ssh authentication"], m, 1)
    full = cost(lynis, m, 1)
    oscap = cost(["/usr/bin/oscap", "xccdf", "eval", "--profile", PROFILE, CONTENT], m, 3, (0, 2))
    return ours, groups, full, oscap


def main():
    with Machine("scan", base=image) as m:
        m.install()
        m.write("/etc/debian_version", "11.7\n")  # what its newest content applies to
        for name, options in (("proc", ["-t", "proc"]), ("sys", ["--bind"]), ("dev", ["--bind"])):
            subprocess.run(["mount", *options, f"/{name}" if "--bind" in options else name,
                            m.path(f"/{name}")], check=True)
        try:
            os.makedirs(m.path("/run/sshd"), exist_ok=True)
            ours, groups, full, oscap = measure(m)
        finally:
            for name in ("proc", "sys", "dev"):
                subprocess.run(["umount", m.path(f"/{name}")], check=True)
    print(f"hardenctl scan, every check: {ours[0] * 1000:.1f} ms CPU, children included, {ours[1]:.1f} MiB (24)")
    for name, peer, budget in (("lynis, ssh and authentication", groups, None), ("lynis", full, 200),
                               ("oscap, standard profile", oscap, 4)):
        print(f"{name}: {peer[0] * 1000:.0f} ms, {peer[1]:.1f} MiB; ratio 1/{peer[0] / ours[0]:.0f}"
              + (f" (budget 1/{budget})" if budget else ""))
        assert not budget or peer[0] >= budget * ours[0], f"more than 1/{budget} of {name}"
    assert ours[1] < 24, "more than 24 MiB"


main()
