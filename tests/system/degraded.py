# SPDX-License-Identifier: ISC
"""Events are lost, watches run out, a directory is replaced, the disk is full: the
state is right within a second, and the daemon says that it was degraded and that it recovered."""
import json
import time

from machine import Machine, expect, show, skip

QUEUE = "/proc/sys/fs/inotify/max_queued_events"
WATCHES = "/proc/sys/fs/inotify/max_user_watches"
SITE = "/etc/ssh/sshd_config.d/50-site.conf"
BOUND = 1.0 + 0.6  # a second, and what journalctl -f itself waits


class Limit:
    """A sysctl set for a while."""

    def __init__(self, path, value):
        self.path, self.value = path, value

    def __enter__(self):
        self.before = open(self.path).read()
        self.set(self.value)
        return self

    def set(self, value):
        try:
            with open(self.path, "w") as f:
                f.write(f"{value}\n")
        except OSError as e:
            skip(f"cannot set {self.path}: {e.strerror}")

    def __exit__(self, *exc):
        self.set(self.before.strip())


def within(begin, e, what):
    delay = e["_received"] - begin
    print(f"{what}: told after {delay * 1000:.0f} ms")
    assert delay < BOUND, f"{what}: told after {delay:.2f} s"


def overflow(m):
    with Limit(QUEUE, 32):
        m.run("systemctl", "restart", "hardend")  # the limit is taken at the start
        m.batch()
        m.run("systemctl", "kill", "--kill-whom=main", "-s", "STOP", "hardend")
        m.sh("for i in $(seq 100); do : > /etc/ssh/sshd_config.d/x$i; done;"
             "rm /etc/ssh/sshd_config.d/x*;"
             f"sed -i 's/PermitRootLogin no/PermitRootLogin yes/' {SITE}")
        begin = time.monotonic()
        m.run("systemctl", "kill", "--kill-whom=main", "-s", "CONT", "hardend")
        events = m.batch()
        expect(events, dict(event="degraded", check="monitor-coverage", observed="overflow"),
               dict(event="opened", check="ssh-root-login"),
               dict(event="recovered", check="monitor-coverage"))
        for e in events:
            within(begin, e, f"overflow, {e['HARDEND_EVENT']}")
        m.sh(f"sed -i 's/PermitRootLogin yes/PermitRootLogin no/' {SITE}")
        expect(m.batch(), dict(event="resolved", check="ssh-root-login"))
        status = json.loads(m.try_run("hardenctl", "status", "--format", "json")[1])
        [source] = [s for s in status["coverage"] if s["source"] == "inotify"]
        assert source["lost"] >= 1 and source["state"] == "ok", source


def watch_limit(m):
    m.run("systemctl", "stop", "hardend")
    m.batch()
    used = sum(line.startswith("inotify") for line in m.sh(
        "cat /proc/1/fdinfo/* /proc/[0-9]*/fdinfo/* 2>/dev/null || true").splitlines())
    with Limit(WATCHES, used + 4) as limit:
        m.run("systemctl", "start", "hardend")
        expect(m.batch(), dict(event="started"),
               dict(event="degraded", check="monitor-coverage", observed="watch"))
        begin = time.monotonic()
        m.sh(f"sed -i 's/PermitRootLogin no/PermitRootLogin yes/' {SITE}")
        [e] = expect(m.batch(), dict(event="opened", check="ssh-root-login"))
        within(begin, e, "no watches left, change")
        begin = time.monotonic()
        limit.set(8192 * 16)
        [e] = expect(m.batch(), dict(event="recovered", check="monitor-coverage"))
        print(f"watches again: recovered after {e['_received'] - begin:.1f} s")
        m.sh(f"sed -i 's/PermitRootLogin yes/PermitRootLogin no/' {SITE}")
        expect(m.batch(), dict(event="resolved", check="ssh-root-login"))


def replaced(m):
    m.sh("cp -a /etc/ssh /etc/ssh.new; mv /etc/ssh /etc/ssh.old; mv /etc/ssh.new /etc/ssh")
    leftovers = [e for e in m.batch(first=2.5) if e.get("HARDEND_CHECK") != "ssh-host-keys-unique"]
    assert leftovers == [], [show(e) for e in leftovers]
    for directory, word in (("/etc/ssh.old", "none"), ("/etc/ssh", "one")):
        begin = time.monotonic()
        m.sh(f"sed -i 's/PermitRootLogin no/PermitRootLogin yes/'"
             f" {directory}/sshd_config.d/50-site.conf")
        if word == "none":
            m.nothing()
            continue
        [e] = expect(m.batch(), dict(event="opened", check="ssh-root-login"))
        within(begin, e, "directory replaced, change in the new one")


def full_disk(m):
    """The state's disk is full: alerts go on, at once and once, and are there afterwards."""
    state = "/var/lib/hardend"
    m.run("systemctl", "stop", "hardend")
    m.sh(f"cp -a {state} /root/state; mount -t tmpfs -o size=4m,mode=0700 tmpfs {state};"
         f"cp -a /root/state/. {state}/; systemctl start hardend")
    m.batch()
    m.sh(f"dd if=/dev/zero of={state}/ballast bs=4k 2>/dev/null || true")
    for old, new, first in (("yes", "no", True), ("no", "yes", False), ("yes", "no", False)):
        begin = time.monotonic()
        m.sh(f"sed -i 's/PermitRootLogin {old}/PermitRootLogin {new}/' {SITE}")
        kind = "opened" if new == "yes" else "resolved"
        events = expect(m.batch(), dict(event=kind, check="ssh-root-login"),
                        *[dict(event="degraded", message="cannot be written")] * first)
        within(begin, events[0], f"disk full, {kind}")
    m.sh(f"rm {state}/ballast")
    expect(m.batch(first=35), dict(event="recovered", message="can be written again"))
    m.run("systemctl", "restart", "hardend")
    expect(m.batch(), dict(event="stopped"), dict(event="started"))


def main():
    with Machine("degraded") as m:
        m.install()
        m.write(SITE, "PermitRootLogin no\nPasswordAuthentication no\n")
        m.boot()
        m.start_hardend()
        m.batch(first=30)
        overflow(m)
        watch_limit(m)
        replaced(m)
        full_disk(m)


main()
