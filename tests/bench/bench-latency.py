# SPDX-License-Identifier: ISC
"""From a rename over a drop-in of sshd_config to the alert in the journal, against a bare
program that does inotify, read, hash, append with fdatasync, sd_journal_send."""
import os
import shutil

from machine import Machine

N = int(os.environ.get("BENCH_N", "300"))
FILE = "/etc/ssh/sshd_config.d/50-site.conf"


def main():
    with Machine("latency") as m:
        m.install()
        m.write(FILE, "PermitRootLogin no\n")
        m.write("/etc/hardend/hardend.conf", "[hardend]\nflap_max = 1000\nflap_window = 1s\n")
        shutil.copy(os.environ["BENCH_LATENCY"], m.path("/usr/local/bin/latency"))
        m.boot()
        ratios = []
        for turn in range(2):
            floor = [int(x) for x in m.run("latency", "floor", FILE, str(N)).split()]
            m.start_hardend()
            m.batch(first=30)
            ours = [int(x) for x in m.run("latency", "hardend", FILE, str(N)).split()]
            m.run("systemctl", "stop", "hardend")
            m.batch()
            ratios.append(ours[1] / floor[1])
            print(f"turn {turn + 1}, {N} changes: floor p50 {floor[0]} us, p99 {floor[1]} us; hardend "
                  f"p50 {ours[0]} us, p99 {ours[1]} us; ratio p50 {ours[0] / floor[0]:.2f}, p99 "
                  f"{ours[1] / floor[1]:.2f}")
            assert ours[1] < 20000 or floor[1] > 7000, "p99 over 20 ms on a quiet machine"
        print(f"p99 ratio, best of {len(ratios)}: {min(ratios):.2f} (budget 3)")
        assert min(ratios) <= 3, "p99 over three times the floor"


main()
