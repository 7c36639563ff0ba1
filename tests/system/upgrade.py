# SPDX-License-Identifier: ISC
"""`apt-get dist-upgrade` of a hundred and more real packages on a booted Debian: one alert of
package-drift, and none that is false."""
import os

import machine
from machine import Machine, show

# What an upgrade truly changes beside the packages.
TRUE = {("resolved", "update-pending"), ("resolved", "update-age"), ("opened", "update-restart"),
        ("opened", "update-kernel")}  # a new dbus asks for a restart


def image():
    here = os.path.dirname(os.path.abspath(__file__))
    return machine.image("upgrade", machine.PACKAGES, [f'python3 {here}/bump.py "$1"'])


def main():
    with Machine("upgrade", base=image) as m:
        m.install()
        m.boot()
        m.sh("apt-get -q update")
        m.start_hardend()
        m.batch(first=30)
        n = int(m.sh("apt-get -s dist-upgrade | grep -c ^Inst"))
        assert n >= 100, f"only {n} packages to upgrade"
        m.sh("DEBIAN_FRONTEND=noninteractive apt-get -y -q dist-upgrade")
        assert int(m.sh("apt-get -s dist-upgrade | grep -c ^Inst || true")) == 0
        events = m.batch(first=30, quiet=12)
        for e in events:
            print(show(e)[:400])
        drift = [e for e in events if e.get("HARDEND_CHECK") == "package-drift"]
        assert len(drift) == 1, f"{len(drift)} alerts of package-drift"
        assert str(n) in drift[0]["MESSAGE"], "it does not tell how many"
        others = {(e["HARDEND_EVENT"], e.get("HARDEND_CHECK", e.get("HARDEND_FACT"))) for e in events
                  if e not in drift}
        assert others <= TRUE, f"false alerts: {others - TRUE}"
        assert len(events) == len(drift) + len(others), "something was told twice"
        print(f"{n} packages upgraded: {len(events)} alerts, one of package-drift")


main()
