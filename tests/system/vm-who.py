# SPDX-License-Identifier: ISC
"""In a kernel of its own: alerts name who made the change. Somebody logs in over ssh and edits
with sudo; sed -i, which is gone within a millisecond; vim; useradd; apt-get install; a unit; a job
of cron. Without auditd and beside it."""
import os
import subprocess
import time

from machine import expect
from vm import VM

CONF = "/etc/ssh/sshd_config.d/50-site.conf"
GATEWAY = "10.0.2.2"  # whom the machine's network makes of us
QUIET = 12            # an emulated machine is slow


class Who(VM):
    def alice(self, script):
        """As somebody who logged in, with a terminal."""
        done = subprocess.run([*(x for x in self.ssh() if x != "-q"), "-S", "none", "-tt",
                               "alice@127.0.0.1", script], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, (script, done.stdout, done.stderr)

    def told(self, what, act, *wants):
        begin = time.monotonic()
        act()
        # A job of cron comes with the next minute.
        events = list(filter(None, (self.take(90) for _ in wants)))
        expect(events + self.batch(first=QUIET, quiet=QUIET), *wants)
        for e in events:
            print(f"{what} ({(e['_received'] - begin) * 1000:.0f} ms): {e['MESSAGE']}", flush=True)
        return events


def is_zero(value):
    return value == "0"


def by_alice(exe, **more):
    return dict(actor_auid="1000", actor_user="alice", actor_uid=is_zero, actor_run_as="root",
                actor_exe=exe, actor_tty="pts", actor_peer=GATEWAY,
                actor_session=lambda v: v.isdigit(), **more)


def by_root(exe, **more):
    return dict(actor_auid=is_zero, actor_user="root", actor_uid=is_zero, actor_exe=exe, **more)


def fails(**more):
    return dict(event="opened", check="ssh-empty-passwords", path=CONF, line="1", old="no", **more)


def edit(word):
    return f"sed -i 's/^PermitEmptyPasswords.*/PermitEmptyPasswords {word}/' {CONF}"


def prepare(m):
    m.write("/etc/hardend/hardend.conf", "[hardend]\nattribution = yes\nflap_max = 1000\n")
    m.write(CONF, "PermitEmptyPasswords no\n")
    m.write("/etc/sudoers.d/alice", "alice ALL=(ALL) NOPASSWD: ALL\n", 0o440)
    os.makedirs(m.path("/home/alice/.ssh"), 0o700)
    subprocess.run(["chroot", m.root, "useradd", "-M", "-u", "1000", "-s", "/bin/bash", "alice"],
                   check=True)
    m.systemctl("disable", "auditd")


def people(m):
    m.sh("cp /root/.ssh/authorized_keys /home/alice/.ssh/; chown -R alice: /home/alice")
    m.sh("auditctl -e 1; systemctl start hardend")
    m.batch(first=90, quiet=QUIET)
    m.told("ssh, sudo sed -i", lambda: m.alice(f"sudo {edit('yes')}"),
           fails(**by_alice("/usr/bin/sed", actor_command="sed -i")))
    m.told("ssh, sudo vim", lambda: m.alice(
        f"sudo vim.tiny -u NONE -es -c '%s/PermitEmptyPasswords yes/PermitEmptyPasswords no/' -c wq {CONF}"),
           dict(event="resolved", check="ssh-empty-passwords", **by_alice("/usr/bin/vim.tiny")))


def tools(m):
    m.told("useradd", lambda: m.sh("useradd -M carol"),
           dict(event="drift", fact="accounts", subject="account carol",
                **by_root("/usr/sbin/useradd", actor_command="useradd -M carol")))
    m.told("apt-get install", lambda: m.alice(
        "sudo sh -c 'apt-get -q -y install /root/hello_*.deb'"),
           dict(event="drift", fact="packages", subject="package hello",
                **by_alice("/usr/bin/dpkg", actor_behalf="apt-get -q -y install")))
    m.told("a unit", lambda: m.sh(f"systemd-run -q --unit=fixit --wait {edit('yes')}"),
           fails(actor_user="root", actor_exe="/usr/bin/sed", actor_auid=lambda v: v == "",
                 actor_behalf="fixit.service"))
    m.told("a job of cron", lambda: m.sh(
        f"echo \"* * * * * root {edit('no')} && rm /etc/cron.d/once\" > /run/once;"
        "systemctl start cron; cp /run/once /etc/cron.d/once"),
           dict(event="drift", fact="cron", **by_root("/usr/bin/cp")),
           dict(event="resolved", check="ssh-empty-passwords",
                **by_root("/usr/bin/sed", actor_behalf="cron")),
           dict(event="resolved", fact="cron", **by_root("/usr/bin/rm")))


def beside_auditd(m):
    m.sh("systemctl start auditd")
    m.batch(first=20, quiet=QUIET)
    m.told("beside auditd", lambda: m.alice(f"sudo {edit('yes')}"),
           fails(**by_alice("/usr/bin/sed")))


def main():
    with Who("who") as m:
        m.install()
        prepare(m)
        m.boot()
        m.follow()
        people(m)
        tools(m)
        beside_auditd(m)


main()
