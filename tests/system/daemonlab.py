# SPDX-License-Identifier: ISC
"""A server's network and its clients', for tests that ask real daemons.

lab(__file__, packages) starts the test again in a network and a mount namespace of its own, with
the packages unpacked over /usr and /etc there and nowhere else, and returns the Lab: the addresses
of SERVER on an interface, whose other end is in a second namespace with all of CLIENTS. Exits 77
where that cannot be done.
"""
import ctypes
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

TRUSTED = ["10.0.0.0/8", "fd00::/8", "127.0.0.0/8", "::1"]
SERVER = ["10.0.0.1/24", "198.51.100.1/24", "fd00:1::1/64", "2001:db8:2::1/64"]
# One of each net that the generated configurations tell apart.
CLIENTS = ["10.0.0.2/24", "10.9.0.2/32", "198.51.100.2/24", "203.0.113.2/32", "203.0.113.130/32",
           "192.0.2.2/32", "100.64.0.2/32", "fd00:1::2/64", "2001:db8:2::2/64", "2001:db8:3::2/128",
           "2001:db8:4::2/128", "2a00:1::2/128"]
NETS4 = ["10.0.0.0/24", "10.0.0.0/8", "198.51.100.0/24", "203.0.113.0/24", "203.0.113.128/25",
         "203.0.113.130", "192.0.2.0/24", "192.0.2.2", "0.0.0.0/0", "127.0.0.1"]
NETS6 = ["fd00:1::/64", "2001:db8:2::/64", "2001:db8:3::/48", "2001:db8::/32", "::1", "::/0"]
# poll, select, pselect6, ppoll, epoll_wait, epoll_pwait
WAITING = {"x86_64": {"7", "23", "270", "271", "232", "281"}, "aarch64": {"72", "73", "22"}}
LIBC = ctypes.CDLL(None, use_errno=True)


def is_trusted(client):
    return client.startswith("10.") or client.startswith("fd00:")


def unpack(packages, to):
    done = subprocess.run(["apt-get", "-q", "download", *packages], cwd=to, capture_output=True)
    if done.returncode != 0:
        print("SKIP: the packages cannot be had")
        sys.exit(77)
    for deb in [f for f in os.listdir(to) if f.endswith(".deb")]:
        subprocess.run(["dpkg-deb", "-x", deb, "."], cwd=to, check=True)
    # What they put into /lib and /sbin belongs into /usr here.
    for name in ("lib", "sbin", "bin"):
        if os.path.isdir(f"{to}/{name}"):
            shutil.copytree(f"{to}/{name}", f"{to}/usr/{name}", dirs_exist_ok=True, symlinks=True)


class Lab:
    def __init__(self):
        self.dir = os.environ["NET_LAB"]
        self.far = None

    def run(self, *argv):
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)

    def enter(self, fd):
        if LIBC.setns(fd, 0x40000000) != 0:
            raise OSError(ctypes.get_errno(), "setns")

    def start(self):
        for name in ("usr", "etc"):
            for d in (name, f"up-{name}", f"work-{name}"):
                os.makedirs(f"{self.dir}/{d}", exist_ok=True)
            self.run("mount", "-t", "overlay", "overlay", "-o",
                     f"lowerdir={self.dir}/{name}:/{name},upperdir={self.dir}/up-{name},"
                     f"workdir={self.dir}/work-{name}", f"/{name}")
        for d in ("/run", "/var/cache", "/var/lib"):
            if not d.startswith("/var/lib"):
                self.run("mount", "-t", "tmpfs", "tmpfs", d)
        self.far = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo; exec cat"],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.far.stdout.readline()
        there = str(self.far.pid)
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", there)
        near, self.ns = (os.open(f"/proc/{p}/ns/net", os.O_RDONLY) for p in ("self", there))
        self.near = near
        self.address("v0", SERVER)
        self.enter(self.ns)
        self.run("ip", "link", "set", "lo", "up")
        self.address("v1", CLIENTS)
        self.enter(near)
        self.run("ip", "route", "add", "default", "via", "10.0.0.2")
        self.run("ip", "-6", "route", "add", "default", "via", "fd00:1::2")
        for path in ("/proc/sys/net/ipv4/conf/all/rp_filter", "/proc/sys/net/ipv4/conf/v0/rp_filter"):
            with open(path, "w") as f:
                f.write("0")

    def address(self, link, addresses):
        for a in addresses:
            self.run("ip", "addr", "add", a, "dev", link, *(["nodad"] if ":" in a else []))
        self.run("ip", "link", "set", link, "up")

    def clients(self):
        """(source, destination, socket), each address of a client to each of the server."""
        out = []
        self.enter(self.ns)
        for client in [c.split("/")[0] for c in CLIENTS]:
            for server in [s.split("/")[0] for s in SERVER]:
                if (":" in client) != (":" in server):
                    continue
                s = socket.socket(socket.AF_INET6 if ":" in client else socket.AF_INET,
                                  socket.SOCK_DGRAM)
                s.bind((client, 0))
                out.append((client, server, s))
        self.enter(self.near)
        return out


class Generator:
    """Configurations by a seed, the same each time; files are what it has written."""

    def __init__(self, seed):
        self.rnd = random.Random(seed)
        self.files = {}

    def pick(self, *what):
        return self.rnd.choice(what)

    def chance(self, p):
        return self.rnd.random() < p

    def write(self, path, text):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.files[path] = text
        with open(path, "w") as f:
            f.write(text)


def ask(questions, wait=0.4):
    """[(socket, (address, port), data)] -> the reply of each, or None. Those that come at all come
    at once; wait is how long the last is waited for."""
    replies = [None] * len(questions)
    left = {}
    for i, (s, to, data) in enumerate(questions):
        try:
            s.sendto(data, to)
            left.setdefault(s, []).append(i)
        except OSError:
            continue
    while left:
        ready, _, _ = select.select(list(left), [], [], wait)
        if not ready:
            break
        for s in ready:
            try:
                data = s.recv(4096)
            except OSError: # nobody listens there
                del left[s]
                continue
            for i in left[s]:
                if data[:2] == questions[i][2][:2] or len(left[s]) == 1:
                    replies[i] = data
                    left[s].remove(i)
                    break
            if not left[s]:
                del left[s]
    return replies


def drain(clients):
    """Forgets what came too late."""
    for _, _, s in clients:
        s.setblocking(False)
        try:
            while s.recv(4096):
                pass
        except OSError:
            pass
        s.setblocking(True)


class Daemon:
    """A daemon that runs until its block ends; ready when it says so on its standard error."""

    def __init__(self, argv, ready, env=None):
        self.p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, env=env)
        self.said = b""
        while ready not in self.said:
            r, _, _ = select.select([self.p.stdout], [], [], 10)
            data = os.read(self.p.stdout.fileno(), 65536) if r else b""
            self.said += data
            if not data:
                break
        self.ready = ready in self.said

    def settle(self):
        """Waits until it waits itself, for whoever asks it. False when it ends before."""
        while True:
            try:
                with open(f"/proc/{self.p.pid}/syscall") as f:
                    call = f.read().split()[0]
            except (OSError, IndexError):
                return False
            if call in WAITING[os.uname().machine]:
                return True
            if self.p.poll() is not None:
                return False
            os.sched_yield()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.p.send_signal(signal.SIGKILL)
        self.p.wait()
        self.p.stdout.close()


def lab(script, packages):
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"):
        print("SKIP: needs root, unshare and ip")
        sys.exit(77)
    if "NET_LAB" not in os.environ:
        dir = tempfile.mkdtemp(prefix="hardend-net-lab-")
        try:
            # An overlay cannot lie on another one.
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", dir], check=True)
            unpack(packages, dir)
            status = subprocess.run(["unshare", "-n", "-m", sys.executable, script, *sys.argv[1:]],
                                    env=dict(os.environ, NET_LAB=dir)).returncode
        finally:
            subprocess.run(["umount", "-l", dir], check=False)
            shutil.rmtree(dir, ignore_errors=True)
        sys.exit(status)
    it = Lab()
    it.start()
    return it
