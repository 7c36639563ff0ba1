# SPDX-License-Identifier: ISC
"""On a running machine: sshd is replaced and put back, a package is upgraded, keys of a cloud appear,
change and go, a variable carries a password. Each gives the alert that it should, once; the upgrade
gives none of its own. No secret is in the journal or in the state database."""
import os
import subprocess
import tempfile

from machine import Machine, expect

SECRET = "s3cretOfTheTest0123456789abcdefghijKLMNO"
OTHER = "an0therOfTheTest0123456789abcdefghijKLMN"
INTEGRITY = dict(check="package-integrity", subject="file /usr/sbin/sshd", path="/usr/sbin/sshd")
KEY = dict(check="secret-cloud-credentials", subject="credential /root/.aws/credentials")


def prepare(m):
    m.write("/etc/hardend/hardend.conf", "[hardend]\nflap_max = 1000\n")
    m.start_hardend()
    events = m.batch(first=30)
    for check in ("package-integrity", "secret-cloud-credentials", "secret-in-environment"):
        assert check not in [e.get("HARDEND_CHECK") for e in events], events


def replaced(m):
    """Still a program that runs, so that nothing else is found wrong with it."""
    m.sh("cp -p /usr/sbin/sshd /root/sshd; cp -p /root/sshd /usr/sbin/.new; printf x >>/usr/sbin/.new;"
         "mv /usr/sbin/.new /usr/sbin/sshd")
    expect(m.batch(), dict(INTEGRITY, event="opened", severity="critical", observed="MD5 ",
                           expected="as openssh-server"))
    m.run("mv", "/root/sshd", "/usr/sbin/sshd")
    expect(m.batch(), dict(event="resolved", check="package-integrity"))
    m.sh("touch /usr/sbin/sshd; chmod 755 /usr/sbin/sshd")
    m.nothing()
    print("sshd replaced and put back: one alert each; touched: none")


def upgraded(m):
    """A newer gpgv with other bytes, as apt would unpack it."""
    with tempfile.TemporaryDirectory() as dir:
        tree = dir + "/gpgv"
        os.makedirs(tree + "/usr/bin")
        os.mkdir(tree + "/DEBIAN")
        with open(m.path("/usr/bin/gpgv"), "rb") as old, open(tree + "/usr/bin/gpgv", "wb") as new:
            new.write(old.read() + b"newer")
        os.chmod(tree + "/usr/bin/gpgv", 0o755)
        sums = subprocess.run(["md5sum", "usr/bin/gpgv"], cwd=tree, check=True, capture_output=True,
                              text=True).stdout
        for name, text in (("md5sums", sums), ("control", "Package: gpgv\nVersion: 99\nArchitecture: all\n"
                           "Maintainer: Nobody <n@example.org>\nDescription: test\n")):
            with open(f"{tree}/DEBIAN/{name}", "w") as f:
                f.write(text)
        subprocess.run(["dpkg-deb", "--root-owner-group", "--build", tree, m.path("/root/gpgv.deb")],
                       check=True, stdout=subprocess.DEVNULL)
    m.run("dpkg", "--force-all", "--install", "/root/gpgv.deb")
    events = m.batch()
    checks = [e.get("HARDEND_CHECK") for e in events]
    assert "package-drift" in checks and "package-integrity" not in checks, events
    m.sh("printf x >>/usr/bin/gpgv")
    expect(m.batch(), dict(event="opened", check="package-integrity", subject="file /usr/bin/gpgv",
                           expected="as gpgv 99"))
    m.run("dpkg", "--force-all", "--install", "/root/gpgv.deb")
    expect(m.batch(), dict(event="resolved", check="package-integrity"))
    print("a package upgraded: its drift and no more; changed and installed again: one alert each")


def credentials(m):
    def put(secret):
        m.write("/root/.aws/new", f"[default]\naws_secret_access_key = {secret}\n", 0o644)
        m.run("mv", "/root/.aws/new", "/root/.aws/credentials")

    m.sh("chmod 700 /root; mkdir /root/.aws")
    m.nothing()
    put(SECRET)
    [e] = expect(m.batch(), dict(KEY, event="opened", severity="medium", line="2",
                                 observed="AWS secret key, owner root, mode 0644, readable by its "
                                          "owner and root, fingerprint "))
    first = e["HARDEND_OBSERVED"].split()[-1]
    m.run("chmod", "755", "/root")
    expect(m.batch(), dict(KEY, event="changed", severity="critical", observed="by every user"))
    m.run("chmod", "700", "/root")
    expect(m.batch(), dict(KEY, event="changed", severity="medium"))
    put(OTHER)
    [e] = expect(m.batch(), dict(KEY, event="changed"))
    assert e["HARDEND_OBSERVED"].split()[-1] != first, e
    m.run("rm", "/root/.aws/credentials")
    expect(m.batch(), dict(event="resolved", check=KEY["check"]))
    print("a key of AWS written, opened to all, closed, changed, removed: one alert each")


def environment(m):
    m.sh("cp -p /etc/environment /root/environment 2>/dev/null || :")
    m.write("/etc/environment", f"DB_PASSWORD={SECRET}\n")
    expect(m.batch(), dict(event="opened", check="secret-in-environment", severity="high", line="1",
                           subject="variable DB_PASSWORD in /etc/environment"))
    m.write("/etc/environment", "DB_PASSWORD_FILE=/run/x\n")
    expect(m.batch(), dict(event="resolved", check="secret-in-environment"))
    m.write("/etc/systemd/system/app.service",
            f"[Service]\nExecStart=/bin/true\nEnvironment=API_TOKEN={SECRET}\n")
    expect(m.batch(), dict(event="opened", check="secret-in-environment", line="3",
                           subject="variable API_TOKEN of app.service"))
    m.run("rm", "/etc/systemd/system/app.service")
    expect(m.batch(), dict(event="resolved", check="secret-in-environment"))
    print("a password in /etc/environment and a token in a unit: one alert each")


def leaks(m):
    """In the journal, the state database and what hardenctl says."""
    m.sh("journalctl --sync; journalctl -o export >/root/journal; hardenctl scan >/root/scan || :;"
         "hardenctl scan --format json >>/root/scan || :; hardenctl history >/root/history || :")
    for name in ("/root/journal", "/root/scan", "/var/lib/hardend/state.db",
                 "/var/lib/hardend/state.db-wal"):
        if not os.path.exists(m.path(name)):
            continue
        with open(m.path(name), "rb") as f:
            data = f.read()
        for secret in (SECRET, OTHER):
            assert secret[:12].encode() not in data, f"{name} holds a secret"
    pid = m.run("systemctl", "show", "-P", "MainPID", "hardend").strip()
    pss = m.sh(f"grep ^Pss: /proc/{pid}/smaps_rollup").split()[1]
    print(f"no secret in journal, database or output; PSS of the engine {pss} kB")


with Machine("integrity") as machine:
    machine.install()
    machine.boot()
    prepare(machine)
    replaced(machine)
    upgraded(machine)
    credentials(machine)
    environment(machine)
    leaks(machine)
