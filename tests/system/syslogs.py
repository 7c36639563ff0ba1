# SPDX-License-Identifier: ISC
"""What the comparisons with real syslog daemons share: a message of every facility and severity, the
ports at which they arrive, and what the reader of the configuration says that must arrive there."""
import re
import select
import signal
import socket
import subprocess
import time

PORTS = 9
LAST = 127  # the message that comes last goes to a port of its own
FACILITIES = ("kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp bsd_security "
              "console clock local0 local1 local2 local3 local4 local5 local6 local7").split()
SEVERITIES = "emerg alert crit err warning notice info debug".split()


def open_ports():
    socks = {}
    while len(socks) < PORTS:
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        s.bind(("127.0.0.1", 0))
        s.setblocking(False)
        socks[s.getsockname()[1]] = s
    return socks


def drain(socks):
    got = {port: set() for port in socks}
    while True:
        ready, _, _ = select.select(list(socks.values()), [], [], 0)
        if not ready:
            return got
        for s in ready:
            data = s.recv(65536)
            m = re.match(rb"<(\d+)>", data)
            if m and b"marker" in data:
                got[s.getsockname()[1]].add(int(m.group(1)))


def send_all(sock):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.connect(sock)
        for pri in (p for p in range(8, 192) if p != LAST):
            s.send(b"<%d>Nov 22 01:02:03 probe[1]: marker" % pri)
        s.send(b"<127>Nov 22 01:02:03 probe[1]: last one")


def run_daemon(command, sock, last, env=None):
    """Runs a daemon on the messages; it has sent them all once it has ended."""
    p = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while True:
        try:
            send_all(sock)
            break
        except OSError:
            if time.monotonic() > deadline or p.poll() is not None:
                p.kill()
                p.wait()
                return False
            select.select([], [], [], 0.005)
    if select.select([last], [], [], 20)[0]:
        last.recv(65536)
    p.send_signal(signal.SIGTERM)
    p.wait()
    return True


def ours(show, root):
    out = subprocess.run([show, root], capture_output=True, text=True, check=True).stdout
    ports, malformed = {}, False
    for line in out.splitlines():
        w = line.split()
        if w[0] == "config" and len(w) > 3:
            malformed = True
        if w[0] == "forward" and w[4].isdigit():
            sure, maybe = ({f * 8 + s for f in range(24) for s in range(8)
                            if int(x[2 * f:2 * f + 2], 16) >> s & 1} for x in w[6:8])
            old = ports.get(int(w[4]), (set(), set()))
            ports[int(w[4])] = (old[0] | sure, old[1] | maybe)
    return ports, malformed


class Tally:
    """What was seen of all configurations, and where it lies outside of what the reader says."""

    def __init__(self):
        self.wrong = self.sure = self.seen = 0

    def compare(self, seed, got, ports):
        for port, seen in got.items():
            # The kernel's own messages do not come by the socket.
            sure, maybe = ({p for p in x if p >= 8 and p != LAST}
                           for x in ports.get(port, (set(), set())))
            seen = {p for p in seen if p >= 8}
            self.sure += len(sure)
            self.seen += len(seen)
            if not sure <= seen or not seen <= maybe:
                self.wrong += 1
                print("seed %d port %d: sure but not seen %s, seen but not maybe %s" % (
                    seed, port, sorted(sure - seen)[:5], sorted(seen - maybe)[:5]))
