# SPDX-License-Identifier: ISC
"""A real Debian, made by mmdebstrap and booted by systemd-nspawn, for system tests.

    with Machine("alerts") as m:
        m.install()
        m.boot()
        ...

Everything is waited for as an event in the journal, never slept for.
"""
import atexit
import fcntl
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

PACKAGES = ("systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,sudo,iproute2,apt-utils,"
            "ca-certificates,vim-tiny,libevent-core-2.1-7,libsqlite3-0,libjansson4,libnettle8,"
            "libinih1,libyaml-0-2")
BUILD = os.environ.get("MESON_BUILD_ROOT", "")
SKIP = 77


def skip(reason):
    print(f"SKIP: {reason}")
    sys.exit(SKIP)


def require():
    if os.geteuid() != 0:
        skip("needs root, to make and boot a machine")
    for program in ("mmdebstrap", "systemd-nspawn", "nsenter"):
        if not shutil.which(program):
            skip(f"needs {program}")
    if not BUILD:
        skip("MESON_BUILD_ROOT is not set: run by `meson test`")


def image(name, include, hooks=(), lists=False):
    """The tar of a Debian with these packages, made once per build directory; with apt's lists."""
    path = os.path.join(BUILD, f"system-test-{name}.tar")
    fresh = os.path.join(BUILD, f"system-test-{name}.new.tar")
    with open(path + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path):
            subprocess.run(
                ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={include}",
                 *[f"--customize-hook={hook}" for hook in hooks],
                 *(["--skip=cleanup/apt/lists"] if lists else []),
                 "--customize-hook=rm -f \"$1/etc/resolv.conf\"",
                 "--customize-hook=: > \"$1/etc/machine-id\"",
                 "bookworm", fresh],
                check=True, stdin=subprocess.DEVNULL)
            os.rename(fresh, path)
    return path


# A package to install and remove without a network.
HELLO = "chroot \"$1\" sh -c 'cd /root && apt-get -q download hello'"


def base_image():
    """What the machines are made from."""
    return image("base", PACKAGES, [HELLO])


class Machine:
    def __init__(self, name, base=base_image):
        require()
        self.base = base
        self.name = name
        self.dir = tempfile.mkdtemp(prefix=f"hardend-{name}-")
        self.root = os.path.join(self.dir, "root")
        self.nspawn = None
        self.leader = None
        self.follower = None
        self.installed = False
        self.events = queue.Queue()
        self.seen = []
        atexit.register(self.close)

    def __enter__(self):
        os.mkdir(self.root)
        subprocess.run(["tar", "-xf", self.base(), "-C", self.root], check=True)
        return self

    def __exit__(self, *exc):
        if exc[0] is not None:
            self.dump()
        self.close()

    # --- files of the machine, from outside

    def path(self, path):
        return self.root + path

    def write(self, path, text, mode=0o644):
        full = self.path(path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w") as f:
            f.write(text)
        os.chmod(full, mode)

    def install(self):
        env = dict(os.environ, DESTDIR=self.root)
        subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet"], check=True,
                       env=env, stdout=subprocess.DEVNULL)
        self.installed = True
        for link in ("/var/lib/hardend",):
            assert not os.path.exists(self.path(link)), "a state that nobody made"

    # --- life

    def boot(self):
        self.log = open(os.path.join(self.dir, "console.log"), "w")
        self.nspawn = subprocess.Popen(
            ["systemd-nspawn", "-q", "-b", "-D", self.root, "--register=no", "--keep-unit",
             "--console=pipe", "--private-network", f"--machine={self.name}"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 60
        while True:
            self.leader = self.find_leader()
            if self.leader and self.try_run(
                    "systemctl", "is-system-running", "--wait")[1].strip() in ("running", "degraded"):
                break
            if time.monotonic() > deadline or self.nspawn.poll() is not None:
                raise AssertionError(f"{self.name} does not boot")
            self.pause()
        if self.installed:  # what a package's scripts do
            self.run("systemd-sysusers")
            self.run("systemd-tmpfiles", "--create", "hardend.conf")

    @staticmethod
    def pause():
        """Between two looks at something that sends no event (a boot)."""
        threading.Event().wait(0.05)

    def find_leader(self):
        try:
            children = open(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read().split()
        except OSError:
            return None
        for child in children:
            try:
                # Its own PID namespace: that is the machine's init and not a helper.
                if os.readlink(f"/proc/{child}/ns/pid") != os.readlink("/proc/self/ns/pid"):
                    return child
            except OSError:
                pass
        return None

    def command(self, *argv):
        """What runs this in the machine."""
        return ["nsenter", "-t", self.leader, "-a", "--", *argv]

    def try_run(self, *argv, stdin=None):
        p = subprocess.run(self.command(*argv), input=stdin, capture_output=True, text=True)
        return p.returncode, p.stdout, p.stderr

    def run(self, *argv, stdin=None):
        code, out, err = self.try_run(*argv, stdin=stdin)
        assert code == 0, f"{argv}: exit {code}\n{out}{err}"
        return out

    def sh(self, script):
        return self.run("bash", "-euc", script)

    def close(self):
        if self.follower:
            self.follower.kill()
            self.follower.wait()
            self.follower = None
        if self.nspawn and self.nspawn.poll() is None:
            if self.leader:
                os.kill(int(self.leader), signal.SIGKILL)  # nobody needs it to shut down well
            else:
                self.nspawn.kill()
            self.nspawn.wait()
        self.nspawn = None
        if os.path.isdir(self.dir) and not os.environ.get("KEEP_MACHINE"):
            shutil.rmtree(self.dir, ignore_errors=True)

    def dump(self):
        if not self.nspawn or self.nspawn.poll() is not None:
            return
        print("--- journal of hardend", flush=True)
        print(self.try_run("journalctl", "-u", "hardend", "-t", "hardend", "--no-pager", "-o",
                           "short-precise", "-n", "80")[1], flush=True)
        print(self.try_run("systemctl", "status", "hardend", "--no-pager")[1], flush=True)

    # --- the daemon and its events

    def start_hardend(self):
        """Enables and starts the service; events are followed from here on."""
        self.follow()
        self.run("systemctl", "enable", "--now", "hardend")

    def follow(self):
        if self.follower:
            return
        self.follower = subprocess.Popen(
            self.command("journalctl", "-f", "-n", "all", "-t", "hardend", "-o", "json", "--all"),
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        threading.Thread(target=self.reader, args=(self.follower.stdout,), daemon=True).start()

    def reader(self, stream):
        for line in stream:
            entry = json.loads(line)
            if "HARDEND_EVENT" in entry:
                entry["_received"] = time.monotonic()
                self.events.put(entry)

    def take(self, seconds):
        """The next event, or None when none comes for that long."""
        try:
            e = self.events.get(timeout=seconds)
        except queue.Empty:
            return None
        self.seen.append(e)
        return e

    def batch(self, first=10.0, quiet=1.6):
        """All events of one change: waits for the first, then until it has been quiet.

        quiet is longer than the scheduler's settle limit and journalctl's own delay."""
        events = []
        e = self.take(first)
        while e is not None:
            events.append(e)
            e = self.take(quiet)
        return events

    def nothing(self, quiet=2.5):
        """No event at all, for longer than any change takes."""
        e = self.take(quiet)
        assert e is None, f"an event where none should be: {show(e)}"


def show(e):
    return " ".join(f"{k[8:].lower()}={e[k]!r}" for k in sorted(e) if k.startswith("HARDEND_")
                    and k not in ("HARDEND_EPOCH", "HARDEND_HASH", "HARDEND_REMEDY", "HARDEND_TITLE")
                    ) + f" priority={e.get('PRIORITY')} message={e.get('MESSAGE')!r}"


def matches(e, want):
    """want: fields without HARDEND_, lower case; a str must be contained, a callable must hold.
    also: all other checks that the event tells of, none unless said."""
    also = e.get("HARDEND_ALSO", [])
    if sorted([also] if isinstance(also, str) else also) != sorted(want.get("also", [])):
        return False
    for key, value in want.items():
        if key == "also":
            continue
        have = e.get("HARDEND_" + key.upper(), e.get(key.upper(), ""))
        if callable(value):
            if not value(have):
                return False
        elif key in ("event", "check", "result", "severity", "line", "path", "priority", "fact"):
            if have != value:
                return False
        elif value not in have:
            return False
    return True


def expect(events, *wants):
    """The events are exactly these, each once, in any order."""
    left = list(events)
    for want in wants:
        found = [e for e in left if matches(e, want)]
        if len(found) != 1:
            print("events were:", *[show(e) for e in events], sep="\n  ", flush=True)
            raise AssertionError(f"{len(found)} events match {want}, expected 1")
        left.remove(found[0])
    if left:
        print("not expected:", *[show(e) for e in left], sep="\n  ", flush=True)
        raise AssertionError(f"{len(left)} events too many")
    return events
