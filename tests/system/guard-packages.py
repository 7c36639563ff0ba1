#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Guards, scanners, backups and audit as Debian's packages bring them.

    guard-packages.py HARDENCTL

Unpacks the distribution's packages into roots, as they come and with the edits
that an administrator makes, and holds the verdicts of `hardenctl scan --root`
against a table. Units are switched on by `systemctl --root`. Nothing of a
package is run. Skipped (77) where the packages cannot be had.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

CHECKS = ["service-brute-force-guard", "service-scanner", "backup-configured", "backup-recent",
          "intrusion-audit"]
PACKAGES = ["auditd", "bacula-common", "bacula-fd", "borgmatic", "cron", "fail2ban", "iptables", "lynis",
            "openssh-server", "restic", "rsnapshot", "sshguard"]
GUARD, SCANNER, BACKUP, RECENT, AUDIT = CHECKS


class Root:
    def __init__(self, base, name, debs):
        self.dir = os.path.join(base, "root-" + name)
        self.debs = debs
        os.makedirs(self.dir)
        # What a minimal Debian has, so far as it is asked about.
        for path in ("lib/systemd/systemd", "etc/os-release"):
            self.write(path, "ID=debian\nVERSION_ID=12\n")
        os.makedirs(self.dir + "/sbin")
        os.symlink("/lib/systemd/systemd", self.dir + "/sbin/init")
        for name in ("multi-user", "timers", "sysinit", "basic", "sockets"):
            self.write("lib/systemd/system/%s.target" % name, "[Unit]\nWants=\n")
        self.write("lib/systemd/system/multi-user.target",
                   "[Unit]\nRequires=basic.target\nAfter=basic.target\n")
        self.write("lib/systemd/system/basic.target",
                   "[Unit]\nRequires=sysinit.target\nWants=sockets.target timers.target\n")
        os.symlink("multi-user.target", self.dir + "/lib/systemd/system/default.target")

    def path(self, path):
        return os.path.join(self.dir, path.lstrip("/"))

    def write(self, path, text, age=0):
        path = self.path(path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "a") as f:
            f.write(text)
        when = time.time() - age
        os.utime(path, (when, when))

    def edit(self, path, old, new):
        path = self.path(path)
        with open(path) as f:
            text = f.read()
        assert old in text, "%s has no %r" % (path, old)
        with open(path, "w") as f:
            f.write(text.replace(old, new))

    def install(self, *packages):
        for p in packages:
            # Not over the link that /lib or /sbin may be.
            with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", self.debs[p]],
                                  stdout=subprocess.PIPE) as tar:
                subprocess.run(["tar", "-x", "-C", self.dir, "--keep-directory-symlink"],
                               stdin=tar.stdout, check=True)
        if "iptables" in packages:  # as its postinst does
            os.symlink("/usr/sbin/iptables-nft", self.path("/usr/sbin/iptables"))
        # systemctl would hand them to a program inside of the root.
        shutil.rmtree(self.path("/etc/init.d"), ignore_errors=True)

    def enable(self, *units):
        p = subprocess.run(["systemctl", "--root=" + self.dir, "enable", *units],
                           capture_output=True, text=True, check=False)
        assert p.returncode == 0, p.stderr


def ssh(r):
    r.install("openssh-server")
    shutil.copy(r.path("/usr/share/openssh/sshd_config"), r.path("/etc/ssh/sshd_config"))
    r.enable("ssh.service")


def bare(r):
    ssh(r)


def defaults(r):
    """The packages as they come, without rsyslog: what their postinst enables is enabled."""
    ssh(r)
    r.install("fail2ban", "iptables", "lynis", "rsnapshot", "cron", "auditd")
    r.enable("fail2ban.service", "lynis.timer", "cron.service", "auditd.service")


def hardened(r):
    defaults(r)
    r.write("/etc/fail2ban/jail.d/sshd.local",
            "[sshd]\nbackend = systemd\nignoreip = 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 "
            "fc00::/7 169.254.0.0/16 fe80::/10\n")
    r.write("/usr/lib/python3/dist-packages/systemd/journal.py", "")
    r.edit("/etc/cron.d/rsnapshot", "# 0 */4", "0 */4")
    r.write("/var/cache/rsnapshot/alpha.0/localhost", "")
    r.write("/etc/audit/rules.d/50-local.rules", "-w /etc/passwd -p wa -k identity\n")


def syslog(r):
    """The same jail with the log file that rsyslog writes."""
    ssh(r)
    r.install("fail2ban", "iptables", "restic")
    r.enable("fail2ban.service")
    r.write("/var/log/auth.log", "")
    r.write("/etc/systemd/system/backup.service",
            "[Service]\nExecStart=/usr/bin/restic backup /srv\n")
    r.write("/etc/systemd/system/backup.timer",
            "[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n")
    r.enable("backup.timer")
    r.write("/root/.cache/restic/e86bfe3b/snapshots/97/97b116", "", age=5 * 86400)


def moved(r):
    """sshd on another port than the jail; borgmatic without a record; audit switched off."""
    ssh(r)
    r.install("fail2ban", "iptables", "borgmatic", "auditd")
    r.enable("fail2ban.service", "borgmatic.timer", "auditd.service")
    r.write("/var/log/auth.log", "")
    r.write("/etc/borgmatic/config.yaml", "location:\n    source_directories:\n        - /home\n")
    r.edit("/etc/ssh/sshd_config", "#Port 22", "Port 2222")
    r.write("/etc/audit/rules.d/99-off.rules", "-e 0\n")


def unused(r):
    """Installed, and switched off or not set up."""
    moved(r)
    os.unlink(r.path("/etc/borgmatic/config.yaml"))
    r.write("/etc/fail2ban/jail.d/zz.local", "[sshd]\nenabled = false\n")
    subprocess.run(["systemctl", "--root=" + r.dir, "mask", "auditd.service"], check=True,
                   capture_output=True)


def others(r):
    ssh(r)
    r.install("sshguard", "bacula-common", "bacula-fd")
    r.enable("sshguard.service", "bacula-fd.service")
    os.makedirs(r.path("/etc/bacula"), exist_ok=True)
    shutil.copy(r.path("/usr/share/bacula-common/defconfig/bacula-fd.conf"),
                r.path("/etc/bacula/bacula-fd.conf"))


def called(r):
    others(r)
    r.edit("/etc/bacula/bacula-fd.conf", "FDAddress = 127.0.0.1", "FDAddress = 0.0.0.0")
    r.edit("/etc/sshguard/sshguard.conf", "LOGREADER=", "#LOGREADER=")


# Root → check → result and a part of the evidence's subject or observed value.
TABLE = [
    (bare, {GUARD: ("fail", "none of fail2ban"), SCANNER: ("fail", "no timer"),
            BACKUP: ("fail", "no backup client"), RECENT: ("notapplicable", ""),
            AUDIT: ("fail", "auditd.service is not there")}),
    (defaults, {GUARD: ("fail", "/var/log/auth.log is not there"),
                SCANNER: ("pass", "unit lynis.timer"),
                BACKUP: ("fail", "no timer and no cron job runs it"),
                RECENT: ("notapplicable", ""), AUDIT: ("informational", "no rule is set")}),
    (hardened, {GUARD: ("pass", "jail sshd"), SCANNER: ("pass", "lynis"),
                BACKUP: ("pass", "/etc/cron.d/rsnapshot: /usr/bin/rsnapshot"), RECENT: ("pass", "last success"),
                AUDIT: ("pass", "")}),
    (syslog, {GUARD: ("informational", "trusted networks"), SCANNER: ("fail", "scanner"),
              BACKUP: ("pass", "unit backup.timer"), RECENT: ("fail", "last success"),
              AUDIT: ("fail", "auditd.service")}),
    (moved, {GUARD: ("fail", "port 2222 open"), SCANNER: ("fail", ""),
             BACKUP: ("pass", "unit borgmatic.timer"), RECENT: ("unknown", "no record"),
             AUDIT: ("fail", "-e 0")}),
    (unused, {GUARD: ("fail", "jail sshd"), BACKUP: ("fail", "not configured"),
              AUDIT: ("fail", "is masked")}),
    (others, {GUARD: ("informational", "guard sshguard"), SCANNER: ("fail", ""),
              BACKUP: ("fail", "loopback"), RECENT: ("notapplicable", ""),
              AUDIT: ("fail", "")}),
    (called, {GUARD: ("fail", "LOGREADER"), SCANNER: ("fail", ""),
              BACKUP: ("pass", "bacula-fd.service"), RECENT: ("unknown", "no record"),
              AUDIT: ("fail", "")}),
]


def download(base):
    debs = {}
    p = subprocess.run(["apt-get", "download", *PACKAGES], cwd=base, capture_output=True,
                       text=True, check=False)
    for f in os.listdir(base):
        if f.endswith(".deb"):
            debs[f.split("_")[0]] = os.path.join(base, f)
    if set(debs) < set(PACKAGES):
        print("the packages cannot be had: " + p.stderr.strip())
        sys.exit(77)
    return debs


def words(finding):
    parts = [finding["summary"]]
    for e in finding["evidence"]:
        parts += [e.get("subject") or "", e.get("observed") or ""]
    return "\n".join(parts)


def judge(hardenctl, directory):
    p = subprocess.run([hardenctl, "--root", directory, "--format", "json", "scan", *CHECKS],
                       capture_output=True, text=True, check=False)
    if p.returncode == 2:
        print(p.stderr)
        sys.exit(1)
    return {f["check"]: f for f in json.loads(p.stdout)["findings"]}


def main():
    hardenctl = os.path.abspath(sys.argv[1])
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="hardend-guards-") as base:
        if os.geteuid() == 0:
            os.chmod(base, 0o755)  # apt's own user saves there
        debs = download(base)
        for make, expected in TABLE:
            root = Root(base, make.__name__, debs)
            make(root)
            found = judge(hardenctl, root.dir)
            for check, (result, part) in expected.items():
                f = found[check]
                good = f["result"] == result and part in words(f)
                wrong += not good
                print("%s %s: %s %s" % ("ok    " if good else "not ok", make.__name__, check,
                                        f["result"]))
                if not good:
                    print("  expected %s with %r, got:\n  %s" % (
                        result, part, words(f).replace("\n", "\n  ")))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
