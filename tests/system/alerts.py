# SPDX-License-Identifier: ISC
"""Somebody changes sshd_config, an account, a key or a package on a running
machine: each gives the alert that it should, once, with old and new value, file
and line; what changes nothing gives none; undoing it gives `resolved`. What
changed while the daemon was stopped is told at its start, once."""
import json

from machine import Machine, expect, matches, show

HARDENING = """\
# this site's rules
PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
X11Forwarding no
"""
KEY = ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIGkQzFmTEwtvGjDyV0Lt0AoMGGqYCMsZ5BPW4bV4hS6 "
       "alice@laptop\n")


def has(what):
    return lambda have: what in have


def first_start(m):
    m.write("/etc/ssh/sshd_config.d/50-site.conf", HARDENING)
    # More changes within a minute than damping would tell one by one.
    m.write("/etc/hardend/hardend.conf", "[hardend]\nflap_max = 1000\n")
    # Where sshd itself is the referee, its word comes first.
    m.run("sshd", "-t")
    m.start_hardend()
    events = m.batch(first=30)
    kinds = [e["HARDEND_EVENT"] for e in events]
    assert kinds[0] == "started", kinds
    assert "baseline" in events[0]["MESSAGE"], events[0]["MESSAGE"]
    assert "drift" not in kinds, [show(e) for e in events if e["HARDEND_EVENT"] == "drift"]
    assert set(kinds) <= {"started", "opened"}, kinds
    status = json.loads(m.try_run("hardenctl", "status", "--format", "json")[1])
    opened = {e["HARDEND_CHECK"] for e in events if e["HARDEND_EVENT"] == "opened"}
    assert opened == {f["check"] for f in status["findings"]}, (opened, status["findings"])
    for check in ("ssh-root-login", "ssh-password-login", "ssh-empty-passwords"):
        assert check not in opened, f"{check} is open on a hardened machine"
    print(f"first start: {len(opened)} checks opened: {' '.join(sorted(opened))}")


def sshd(m):
    site = "/etc/ssh/sshd_config.d/50-site.conf"
    m.sh(f"sed -i 's/^PermitRootLogin no/PermitRootLogin yes/' {site}")
    [e] = expect(m.batch(), dict(event="opened", check="ssh-root-login", result="fail",
                                 severity="high", priority="3", path=site, line="2",
                                 observed="yes", old="no"))
    for word in ("PermitRootLogin", "yes", "no", site + ":2"):
        assert word.lower() in e["MESSAGE"].lower(), e["MESSAGE"]
    m.sh(f"sed -i 's/^PermitRootLogin yes/PermitRootLogin no/' {site}")
    expect(m.batch(), dict(event="resolved", check="ssh-root-login", priority="5"))

    # vim saves by renaming the old file away and writing a new one.
    m.sh("vim.tiny -u NONE -es -c 'set backupcopy=no writebackup' -c '1s/^/PermitEmptyPasswords yes\\r/'"
         " -c wq /etc/ssh/sshd_config; head -1 /etc/ssh/sshd_config | grep -q Permit")
    expect(m.batch(), dict(event="opened", check="ssh-empty-passwords",
                           path="/etc/ssh/sshd_config", line="1", observed="yes", old="no"))
    m.sh("vim.tiny -u NONE -es -c 'set backupcopy=no writebackup' -c '1d' -c wq"
         " /etc/ssh/sshd_config")
    expect(m.batch(), dict(event="resolved", check="ssh-empty-passwords"))

    # A drop-in that sorts first wins, as on a cloud image.
    m.sh("echo 'PasswordAuthentication yes' > /etc/ssh/sshd_config.d/10-cloud.conf")
    expect(m.batch(), dict(event="opened", check="ssh-password-login",
                           path="/etc/ssh/sshd_config.d/10-cloud.conf", line="1",
                           observed="yes", old="no"))
    m.sh("rm /etc/ssh/sshd_config.d/10-cloud.conf")
    expect(m.batch(), dict(event="resolved", check="ssh-password-login"))

    # Nothing that sshd reads differently.
    m.sh(f"echo '# a comment' >> {site}; sed -i '1i # another' /etc/ssh/sshd_config")
    m.sh(f"tac {site} > {site}.new && mv {site}.new {site}")
    m.sh("touch /etc/ssh/sshd_config; chmod 644 /etc/ssh/sshd_config")
    m.nothing()
    print("sshd_config: sed -i, vim, drop-in by order, comments: as they should")


def accounts(m):
    m.sh("useradd --create-home --shell /bin/bash alice")
    [e] = expect(m.batch(), dict(event="drift", fact="accounts", subject="account alice",
                                 path="/etc/passwd", observed="shell=/bin/bash", priority="5",
                                 old=lambda v: v == ""))
    assert "alice" in e["MESSAGE"] and "/etc/passwd" in e["MESSAGE"], e["MESSAGE"]

    m.run("chpasswd", stdin="alice:correct horse battery staple\n")
    [e] = expect(m.batch(), dict(event="opened", check="account-password-usable",
                                 subject="account alice"))
    shadow = open(m.path("/etc/shadow")).read()
    secret = [l.split(":")[1] for l in shadow.splitlines() if l.startswith("alice:")][0]
    assert secret[:10] not in json.dumps(e), "a password hash in an alert"

    m.sh("usermod -aG sudo alice")
    # One act, whatever it makes fail, is one alert.
    [e] = expect(m.batch(), dict(event="opened", check="account-sudo", subject="account alice",
                                 also=["account-root-groups"]))
    assert "sudo" in e["MESSAGE"] and "account-root-groups FAIL" in e["MESSAGE"], e["MESSAGE"]
    code, out, err = m.try_run("journalctl", "-q", "-t", "hardend",
                               "HARDEND_ALSO=account-root-groups")
    assert "alice" in out, (code, out, err)

    m.sh("install -d -m 700 -o alice -g alice ~alice/.ssh;"
         "install -m 600 -o alice -g alice /dev/null ~alice/.ssh/authorized_keys")
    m.nothing()
    m.run("tee", "-a", "/home/alice/.ssh/authorized_keys", stdin=KEY)
    expect(m.batch(), dict(event="drift", fact="ssh-user-keys", path="/home/alice/.ssh/authorized_keys",
                           line="1", observed="ed25519", subject="alice",
                           old=lambda v: v == ""))
    m.sh("ssh-keygen -q -t rsa -b 2048 -N '' -C weak -f /root/weak;"
         "cat /root/weak.pub >> /home/alice/.ssh/authorized_keys; mv /root/weak* /var/tmp/")
    events = [e for e in m.batch() if not matches(e, dict(check="ssh-private-keys-on-host"))]
    expect(events, dict(event="opened", check="ssh-authorized-key-strength", observed="2048",
                        path="/home/alice/.ssh/authorized_keys", line="2"))
    m.sh("sed -i '1i # comment' /home/alice/.ssh/authorized_keys")
    m.nothing()
    m.sh("sed -i '/weak$/d' /home/alice/.ssh/authorized_keys")
    expect(m.batch(), dict(event="resolved", check="ssh-authorized-key-strength"))

    m.sh("gpasswd -d alice sudo")
    expect(m.batch(), dict(event="resolved", check="account-sudo", also=["account-root-groups"]))
    m.sh("userdel --remove alice")
    events = m.batch()
    expect(events, dict(event="resolved", check="account-password-usable"),
           *[dict(event="resolved", fact=f) for f in ("ssh-user-keys",)])
    print("accounts: useradd, chpasswd, usermod, authorized_keys, userdel: as they should")


def packages(m):
    m.sh("apt-get -q -y install /root/hello_*.deb")
    [e] = expect(m.batch(), dict(event="drift", fact="packages", check="package-drift",
                                 subject="package hello", observed="2.10", old=lambda v: v == ""))
    assert "hello" in e["MESSAGE"], e["MESSAGE"]
    m.sh("apt-get -q -y remove hello")
    expect(m.batch(), dict(event="resolved", fact="packages", subject="package hello"))
    print("packages: install and remove: one alert each")


def while_stopped(m):
    m.run("systemctl", "stop", "hardend")
    expect(m.batch(), dict(event="stopped"))
    m.sh("useradd bob; echo 'PermitEmptyPasswords yes' > /etc/ssh/sshd_config.d/01-x.conf")
    m.run("systemctl", "start", "hardend")
    expect(m.batch(), dict(event="started"),
           dict(event="drift", fact="accounts", subject="account bob"),
           dict(event="opened", check="ssh-empty-passwords", old="no",
                path="/etc/ssh/sshd_config.d/01-x.conf", line="1"))
    m.run("systemctl", "restart", "hardend")
    expect(m.batch(), dict(event="stopped"), dict(event="started"))
    print("while stopped: told at the start, once")


def accept(m):
    diff = json.loads(m.run("hardenctl", "diff", "--format", "json"))
    subjects = [d["subject"] for d in diff["differences"]]
    assert "account bob" in subjects, subjects
    m.run("hardenctl", "accept")
    events = m.batch()
    assert [e["HARDEND_EVENT"] for e in events] == ["accepted"], [show(e) for e in events]
    diff = json.loads(m.run("hardenctl", "diff", "--format", "json"))
    assert diff["differences"] == [], diff
    m.sh("userdel bob")
    expect(m.batch(), dict(event="drift", fact="accounts", subject="account bob", old="uid="))
    print("accept: the present state is the baseline")


def reload(m):
    conf = "/etc/hardend/hardend.conf"
    m.write(conf, "[ssh-empty-passwords]\nenabeld = no\n")
    expect(m.batch(), dict(event="drift", fact="self", subject="file " + conf))
    code, out, err = m.try_run("hardenctl", "check-config")
    assert code == 2 and conf + ":2:" in out + err, (code, out, err)
    assert m.try_run("systemctl", "reload", "hardend")[0] != 0, "a reload of what is wrong went well"
    m.run("systemctl", "kill", "--kill-whom=main", "-s", "HUP", "hardend")
    m.nothing()
    m.write(conf, "[ssh-empty-passwords]\nenabled = no\n")
    expect(m.batch(), dict(event="drift", fact="self", subject="file " + conf))
    m.run("systemctl", "reload", "hardend")
    expect(m.batch(), dict(event="resolved", check="ssh-empty-passwords"))
    print("reload: a wrong configuration is refused, a right one taken")


def in_order(m):
    """Sequence numbers: from 1, no gap, none twice."""
    seqs = [int(e["HARDEND_SEQ"]) for e in m.seen]
    assert seqs == list(range(1, len(seqs) + 1)), seqs
    print(f"{len(seqs)} events, sequence without gap")


def main():
    with Machine("alerts") as m:
        m.install()
        m.boot()
        first_start(m)
        sshd(m)
        accounts(m)
        packages(m)
        while_stopped(m)
        accept(m)
        reload(m)
        in_order(m)


main()
