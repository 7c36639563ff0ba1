# SPDX-License-Identifier: ISC
"""The package that dpkg-buildpackage makes of this tree, installed by apt on a booted Debian: apt
ends while the service becomes ready (it holds its lock until then), the service watches, and is
gone after remove, with all that it kept after purge."""
import glob
import os
import shutil
import subprocess
import sys

import machine
from machine import Machine, expect

# apt waits for the service's READY: it must come at once, not when a time limit ends it.
INSTALL_SECONDS = 60


def build(source, into):
    """The package's path. Only the tree's own files: no build directory, no repository."""
    tree = os.path.join(into, "hardend")
    shutil.copytree(source, tree, symlinks=True,
                    ignore=lambda d, names: [n for n in names if n == ".git" or os.path.exists(
                        os.path.join(d, n, "build.ninja"))])
    env = dict(os.environ, DEB_BUILD_OPTIONS="nocheck parallel=2")
    for name in ("MESON_BUILD_ROOT", "MESON_SOURCE_ROOT", "CC", "CFLAGS", "DESTDIR"):
        env.pop(name, None)
    p = subprocess.run(["dpkg-buildpackage", "-us", "-uc", "-b"], cwd=tree, env=env, text=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert p.returncode == 0, p.stdout[-8000:]
    [deb] = [d for d in glob.glob(f"{into}/hardend_*.deb")]
    return deb


def require():
    for program in ("dpkg-buildpackage", "dh"):
        if not shutil.which(program):
            machine.skip(f"needs {program}: apt-get install dpkg-dev debhelper")


def apt(m, *argv):
    m.run("timeout", "--kill-after=5", str(INSTALL_SECONDS), "env",
          "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y", "-q", *argv)


def state_of(m, what):
    return m.try_run("systemctl", what, "hardend")[1].strip()


def installed(m):
    assert state_of(m, "is-active") == "active", state_of(m, "status")
    assert state_of(m, "is-enabled") == "enabled", state_of(m, "is-enabled")
    events = m.batch(first=30, quiet=5)
    kinds = [e["HARDEND_EVENT"] for e in events]
    assert kinds[:1] == ["started"], kinds
    assert m.run("dpkg", "-V", "hardend") == "", "the package does not verify"
    print(f"installed: {len(events)} events, the first is of the start")


def alerts(m):
    m.sh("echo 'nobody ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/x; chmod 440 /etc/sudoers.d/x")
    expect(m.batch(), dict(event="opened", check="account-sudo", path="/etc/sudoers.d/x", line="1"))
    m.sh("rm /etc/sudoers.d/x")
    expect(m.batch(), dict(event="resolved", check="account-sudo"))
    print("a change of sudoers is told, and that it was undone")


def upgraded(m, deb):
    apt(m, "install", "--reinstall", deb)
    assert state_of(m, "is-active") == "active", state_of(m, "status")
    events = m.batch(first=30, quiet=5)
    kinds = [e["HARDEND_EVENT"] for e in events]
    assert "started" in kinds, kinds
    print("reinstalled over itself: started again")


def removed(m):
    apt(m, "remove", "hardend")
    assert state_of(m, "is-active") != "active"
    for path in ("/usr/bin/hardenctl", "/usr/sbin/hardend"):
        assert not os.path.exists(m.path(path)), f"{path} is left by remove"
    assert os.path.exists(m.path("/etc/hardend/hardend.conf")), "remove took the configuration"
    apt(m, "purge", "hardend")
    for path in ("/etc/hardend", "/var/lib/hardend", "/run/hardend"):
        assert not os.path.exists(m.path(path)), f"{path} is left by purge"
    assert not os.path.exists(m.path("/etc/systemd/system/multi-user.target.wants/hardend.service"))
    print("removed, and purged without a rest")


def main():
    require()
    with Machine("deb") as m:
        deb = "/root/" + os.path.basename(shutil.copy(build(sys.argv[1], m.dir), m.path("/root")))
        m.boot()
        m.follow()
        apt(m, "install", deb)
        installed(m)
        alerts(m)
        upgraded(m, deb)
        removed(m)


main()
