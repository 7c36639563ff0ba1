# SPDX-License-Identifier: ISC
"""Network namespaces in which the kernel shows what its rules do to a packet.

A host (interfaces h0, h1 and the bridge br0) with rules, a peer that sends from any address, and
a machine behind the host's bridge. What arrives is seen by raw sockets, which the kernel serves
after its last hook, and by ordinary listeners. A round ends when a datagram has gone several
times over a path without rules behind all that was sent: no clock decides.

Everything is in namespaces of this process's own: nothing of the machine's network is touched.
"""
import collections
import ctypes
import errno
import ipaddress
import json
import os
import select
import socket
import struct
import subprocess

CLONE_NEWNET = 0x40000000
ETH_P_ALL, ETH_P_IP, ETH_P_IPV6 = 0x0003, 0x0800, 0x86dd
SO_RCVBUFFORCE = 33
IP_PKTINFO, IP_FREEBIND = 8, 15
TCP_FASTOPEN, MSG_FASTOPEN = 23, 0x20000000
PACKET_HOST = 0
TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
PROTOS = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "icmpv6": ICMP6}
REQUESTS = ((ICMP, b"\x08"), (ICMP, b"\x0d"), (ICMP6, b"\x80"), (ICMP6, b"\x8b"))
MAGIC = 0x4844  # in the upper half of a TCP sequence number, before each payload's number
MAC = {"h0": "02:00:00:00:00:01", "p0": "02:00:00:00:01:01", "h1": "02:00:00:00:00:02",
       "p1": "02:00:00:00:01:02"}

HOST4 = {"h0": ["192.0.2.1", "192.0.2.2"], "h1": ["10.9.0.1"]}
HOST6 = {"h0": ["2001:db8:0:1::1", "2001:db8:0:1::2"], "h1": ["2001:db8:0:9::1"]}
BRIDGE = ("172.17.0.1/16", "2001:db8:0:17::1/64")
BEHIND = ("172.17.0.2", "2001:db8:0:17::2")
# The peer's own addresses: real connections come from here.
PEER4 = ["192.0.2.10", "198.51.100.65", "198.51.100.128", "203.0.113.9", "8.8.8.8"]
PEER6 = ["2001:db8:0:1::10", "2001:db8:1::65", "2001:db8:1:8000::", "fd00::7", "2a00:1450::8"]
TCP_PORTS = [22, 25, 80, 443, 1023, 1024, 3306, 8080, 65535]
UDP_PORTS = [53, 68, 123, 161, 1023, 1024, 5353, 65535]
REFUSALS = (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES, errno.EPERM,
            errno.ENOPROTOOPT, errno.EHOSTDOWN, errno.EPROTO, errno.ECONNRESET)

# way: "in" from the peer to the host or behind it, "out" from the host to the peer or behind it.
Probe = collections.namedtuple("Probe", "id way iface proto saddr sport daddr dport real")
Result = collections.namedtuple("Result", "where addr port answered")

libc = ctypes.CDLL(None, use_errno=True)


def _check(r):
    if r < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class Namespace:
    """A network namespace that lives as long as this object."""

    def __init__(self):
        _check(libc.unshare(CLONE_NEWNET))
        self.fd = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    def enter(self):
        _check(libc.setns(self.fd, CLONE_NEWNET))

    def run(self, *args, stdin=None, check=True):
        self.enter()
        r = subprocess.run(args, input=stdin, capture_output=True, text=True)
        if check and r.returncode != 0:
            raise RuntimeError(f"{' '.join(args)}: {r.stderr.strip()}")
        return r

    def ip(self, text):
        """Commands of ip(8), one a line."""
        self.run("ip", "-batch", "-", stdin=text)

    def sysctl(self, values):
        """Sets them; what this kernel does not have is left out."""
        self.enter()
        for name, value in values.items():
            if not os.path.exists("/proc/sys/" + name):
                continue
            with open("/proc/sys/" + name, "w") as f:
                f.write(str(value))


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    s = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff


def transport(p, src, dst):
    """The packet above the network layer, its number in it."""
    number = PROTOS[p.proto]
    if p.proto == "tcp":
        head = struct.pack("!HHIIBBHHH", p.sport, p.dport, MAGIC << 16 | p.id, 0, 5 << 4, 2, 65535,
                           0, 0)
        at = 16
    elif p.proto == "udp":
        head = struct.pack("!HHHHHH", p.sport, p.dport, 12, 0, MAGIC, p.id)
        at = 6
    else:
        head = struct.pack("!BBHHHHH", p.sport, p.dport, 0, 7, 1, MAGIC, p.id)
        at = 2
    pseudo = src + dst + struct.pack("!II", len(head), number)
    s = checksum(head if p.proto == "icmp" else pseudo + head)
    if p.proto == "udp" and s == 0:
        s = 0xffff
    return head[:at] + struct.pack("!H", s) + head[at + 2:]


def packet(p):
    src, dst = (ipaddress.ip_address(a).packed for a in (p.saddr, p.daddr))
    body = transport(p, src, dst)
    if len(src) == 4:
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), p.id, 0, 64, PROTOS[p.proto], 0)
        return ip[:10] + struct.pack("!H", checksum(ip + src + dst)) + src + dst + body
    return struct.pack("!IHBB", 6 << 28, len(body), PROTOS[p.proto], 64) + src + dst + body


def frame(p):
    eth = bytes.fromhex((MAC[p.iface] + MAC["p" + p.iface[1]]).replace(":", ""))
    return eth + struct.pack("!H", ETH_P_IPV6 if ":" in p.saddr else ETH_P_IP) + packet(p)


def number_of(proto, body):
    """The number of the probe that this TCP segment, datagram or ICMP message is, or None."""
    if proto == TCP and len(body) >= 20 and body[13] & 0x12 == 2:
        magic, number = struct.unpack("!HH", body[4:8])
    elif (proto == UDP or (proto, body[:1]) in REQUESTS) and len(body) >= 12:
        magic, number = struct.unpack("!HH", body[8:12])
    else:
        return None
    return number if magic == MAGIC else None


def payload_of(data):
    """Whether this frame is of IPv4, its protocol and what is above its network layer."""
    v4 = data[12:14] == b"\x08\x00"
    if not v4 and data[12:14] != b"\x86\xdd":
        return v4, 0, b""
    return (v4, data[23], data[34:]) if v4 else (v4, data[20], data[54:])


def answer_to(data):
    """The number of the probe that this frame refuses: a reset, or an ICMP error that quotes it."""
    v4, proto, body = payload_of(data)
    if proto == TCP and len(body) >= 20 and body[13] & 4:
        ack = struct.unpack("!I", body[8:12])[0] - 1
        return ack & 0xffff if ack >> 16 == MAGIC else None
    if proto == (ICMP if v4 else ICMP6) and body[:1] in (b"\x03", b"\x01"):
        inner = body[8:]
        if v4 and body[:1] == b"\x03":
            proto, quoted = inner[9], inner[20:]
        elif not v4 and body[:1] == b"\x01":
            proto, quoted = inner[6], inner[40:]
        else:
            return None
        return number_of(proto, quoted)
    return None


class Lab:
    """The three namespaces, their sockets, and rounds of probes."""

    def __init__(self):
        self.marks = Namespace()
        self.peer, self.back, self.host = Namespace(), Namespace(), Namespace()
        for ns in (self.marks, self.peer, self.back, self.host):
            self._prepare(ns)
        self._connect()
        self._address()
        self.inject = {}
        self.peer.enter()
        for name in ("p0", "p1"):
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            s.bind((name, ETH_P_ALL))
            self._roomy(s)
            self.inject[name] = s
        self.raw = self._raw_sockets(self.host, "arrive") + self._raw_sockets(self.back, "forward")
        self.listeners, self.datagrams = self._open_listeners()
        self._open_markers()
        self.forward(True)
        self.host.enter()
        self.out = [socket.socket(f, socket.SOCK_RAW, socket.IPPROTO_RAW)
                    for f in (socket.AF_INET, socket.AF_INET6)]
        self.ct = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)

    # ---- building ----

    @staticmethod
    def _prepare(ns):
        ns.sysctl({"net/ipv6/conf/default/accept_dad": 0, "net/ipv6/conf/default/accept_ra": 0,
                   "net/ipv6/conf/default/router_solicitations": 0,
                   "net/ipv4/conf/all/rp_filter": 0, "net/ipv4/conf/default/rp_filter": 0,
                   "net/ipv4/icmp_ratelimit": 0, "net/ipv6/icmp/ratelimit": 0,
                   "net/ipv4/icmp_msgs_per_sec": 1000000, "net/ipv4/icmp_msgs_burst": 1000000,
                   "net/ipv4/tcp_fastopen": 0x207, "net/core/somaxconn": 65535,
                   "net/ipv4/tcp_max_syn_backlog": 65535, "net/ipv4/tcp_synack_retries": 0,
                   "net/ipv4/tcp_syncookies": 0, "net/ipv4/tcp_fastopen_blackhole_timeout_sec": 0,
                   "net/ipv4/ip_local_port_range": "61001 65000",
                   "net/ipv4/icmp_echo_ignore_all": 1, "net/ipv6/icmp/echo_ignore_all": 1})
        ns.ip("link set lo up")

    def _connect(self):
        pids = {}
        for ns in (self.peer, self.back, self.marks):
            ns.enter()
            pids[ns] = subprocess.Popen(["sleep", "60"])
        peer, back, marks = (pids[n].pid for n in (self.peer, self.back, self.marks))
        self.host.ip(
            f"link add h0 address {MAC['h0']} type veth peer name p0 address {MAC['p0']} "
            f"netns {peer}\n"
            f"link add h1 address {MAC['h1']} type veth peer name p1 address {MAC['p1']} "
            f"netns {peer}\n"
            f"link add hb type veth peer name b0 netns {back}\nlink add br0 type bridge\n"
            "link set hb master br0\n" +
            "".join(f"link set {i} up\n" for i in ("h0", "h1", "hb", "br0")))
        self.peer.ip(f"link add m0 type veth peer name m1 netns {marks}\n"
                     "link set m0 up\nlink set p0 up\nlink set p1 up\naddr add 198.18.0.1/24 dev m0")
        self.marks.ip("link set m1 up\naddr add 198.18.0.2/24 dev m1")
        self.back.ip("link set b0 up")
        for p in pids.values():
            p.kill()
            p.wait()

    def _address(self):
        host = "".join(f"addr add {a}/24 dev {i}\n" for i, l in HOST4.items() for a in l)
        host += "".join(f"addr add {a}/64 dev {i} nodad\n" for i, l in HOST6.items() for a in l)
        host += "".join(f"addr add {a} dev br0\n" for a in BRIDGE)
        for near, gate in (("192.0.2", ".254"), ("2001:db8:0:1:", ":fe")):
            host += f"neigh replace {near}{gate} lladdr {MAC['p0']} dev h0 nud permanent\n"
            host += f"route add default via {near}{gate} dev h0\n"
        for a in PEER4 + PEER6:
            host += f"neigh replace {a} lladdr {MAC['p0']} dev h0 nud permanent\n"
        self.host.ip(host)
        text = "".join(f"addr add {a}/32 dev p0\n" for a in PEER4)
        text += "".join(f"addr add {a}/128 dev p0 nodad\n" for a in PEER6)
        for i, l in list(HOST4.items()) + list(HOST6.items()):
            for a in l:
                text += f"route add {a} dev p{i[1]}\n"
                text += f"neigh replace {a} lladdr {MAC[i]} dev p{i[1]} nud permanent\n"
        for a, via in zip(BEHIND, (HOST4["h0"][0], HOST6["h0"][0])):
            text += f"route add {a} via {via} dev p0\n"
        self.peer.ip(text)
        self.back.ip(f"addr add {BEHIND[0]}/16 dev b0\naddr add {BEHIND[1]}/64 dev b0 nodad\n"
                     f"route add default via {BRIDGE[0].split('/')[0]}\n"
                     f"route add default via {BRIDGE[1].split('/')[0]}\n")
        self._neighbours_behind()

    def _neighbours_behind(self):
        """Who has which address behind the bridge, so that no packet waits for an answer."""
        mac = {}
        for ns, name in ((self.back, "b0"), (self.host, "br0")):
            ns.enter()
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as s:
                s.bind((name, 0))
                mac[name] = ":".join(f"{b:02x}" for b in s.getsockname()[4])
        for ns, dev, addrs, lladdr in ((self.host, "br0", BEHIND, mac["b0"]),
                                       (self.back, "b0", BRIDGE, mac["br0"])):
            ns.ip("".join(f"neigh replace {a.split('/')[0]} lladdr {lladdr} dev {dev} "
                          "nud permanent\n" for a in addrs))

    @staticmethod
    def _roomy(s):
        s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        s.setblocking(False)

    def _raw_sockets(self, ns, where):
        ns.enter()
        out = []
        for family, protos in ((socket.AF_INET, (TCP, UDP, ICMP)),
                               (socket.AF_INET6, (TCP, UDP, ICMP6))):
            for proto in protos:
                s = socket.socket(family, socket.SOCK_RAW, proto)
                if family == socket.AF_INET6:
                    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
                self._roomy(s)
                out.append((s, where, family, proto))
        return out

    def _open_listeners(self):
        """Ordinary listeners: dual-stack, IPv6 alone, IPv4 alone, and bound to one address."""
        tcp, udp = {}, {}
        for ns, where in ((self.host, "arrive"), (self.back, "forward")):
            ns.enter()
            for kind, ports, store in ((socket.SOCK_STREAM, TCP_PORTS, tcp),
                                       (socket.SOCK_DGRAM, UDP_PORTS, udp)):
                for i, port in enumerate(ports):
                    for s in self._listen(kind, port, i % 3 if where == "arrive" else 0):
                        store[s] = where
        return tcp, udp

    def _listen(self, kind, port, form):
        binds = [[("::", False)], [("::", True), ("0.0.0.0", None)],
                 [(a, True) for a in HOST6["h0"] + HOST6["h1"]] +
                 [(a, None) for a in HOST4["h0"] + HOST4["h1"]]][form]
        for addr, only in binds:
            family = socket.AF_INET6 if ":" in addr else socket.AF_INET
            s = socket.socket(family, kind)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if only is not None:
                s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
            s.bind((addr, port))
            if kind == socket.SOCK_STREAM:
                s.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 65535)
                s.listen(65535)
            else:
                s.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
                if family == socket.AF_INET6:
                    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
            self._roomy(s)
            yield s

    def forward(self, on):
        """Whether the host forwards; and what flow-query has to know of it beside its rules."""
        self.forwards = on
        self.host.sysctl({"net/ipv4/ip_forward": int(on), "net/ipv6/conf/all/forwarding": int(on)})
        ask = lambda *args: json.loads(self.host.run("ip", "-d", "-j", *args).stdout)
        self.host_json = json.dumps({"addr": ask("addr"), "forwarding": on,
                                     "route": ask("-4", "route"), "route6": ask("-6", "route")})

    def _open_markers(self):
        self.marks.enter()
        self.far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.far.bind(("198.18.0.2", 7))
        self.peer.enter()
        self.near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.near.bind(("198.18.0.1", 7))
        for s in (self.near, self.far):
            s.settimeout(30)

    # ---- rounds ----

    def flush_connections(self):
        """Forgets all connections of the host: ctnetlink's delete without a tuple."""
        for family in (socket.AF_INET, socket.AF_INET6):
            self.ct.send(struct.pack("=IHHIIBBH", 20, 1 << 8 | 2, 5, 1, 0, family, 0, 0))
            code = struct.unpack("=i", self.ct.recv(4096)[16:20])[0]
            if code and -code != errno.ENOENT:
                raise OSError(-code, "conntrack flush: " + os.strerror(-code))

    def barrier(self):
        """Returns when all that was sent before, and its answers, went through the kernel."""
        for i in range(6):
            text = struct.pack("!I", i)
            self.near.sendto(text, ("198.18.0.2", 7))
            if self.far.recv(16) != text:
                raise RuntimeError("the marker came back changed")

    def _receive_raw(self, results):
        for s, where, family, proto in self.raw:
            while True:
                try:
                    data, extra, _, sender = s.recvmsg(2048, 128)
                except BlockingIOError:
                    break
                if family == socket.AF_INET:
                    body, dst = data[20:], socket.inet_ntop(family, data[16:20])
                else:
                    body, dst = data, socket.inet_ntop(family, extra[0][2][:16])
                number = number_of(proto, body)
                if number is not None:
                    port = struct.unpack("!H", body[2:4])[0] if proto in (TCP, UDP) else 0
                    results.setdefault(number, (where, dst, port))

    def _receive_real(self, results):
        while True:
            ready = select.select(list(self.listeners) + list(self.datagrams), [], [], 0)[0]
            if not ready:
                return
            for s in ready:
                if s in self.listeners:
                    self._accept(s, results)
                else:
                    self._datagram(s, results)

    def _accept(self, s, results):
        try:
            c, _ = s.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        with c:
            c.setblocking(False)
            try:
                text = c.recv(4)
                addr, port = c.getsockname()[:2]
            except OSError:
                return
            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if len(text) == 4 and text[:2] == struct.pack("!H", MAGIC):
            addr = addr.removeprefix("::ffff:") if "." in addr else addr
            results[struct.unpack("!H", text[2:])[0]] = (self.listeners[s], addr, port)

    def _datagram(self, s, results):
        try:
            text, extra, _, _ = s.recvmsg(64, 256)
        except BlockingIOError:
            return
        dst = None
        for level, _, data in extra:
            if level == socket.IPPROTO_IPV6:
                dst = ipaddress.ip_address(data[:16])
                dst = str(dst.ipv4_mapped or dst)
            elif level == socket.IPPROTO_IP and dst is None:
                dst = socket.inet_ntop(socket.AF_INET, data[8:12])
        if len(text) == 4 and text[:2] == struct.pack("!H", MAGIC):
            number = struct.unpack("!H", text[2:])[0]
            results[number] = (self.datagrams[s], dst, s.getsockname()[1])

    def _receive_frames(self, sent, answered):
        for s in self.inject.values():
            while True:
                try:
                    data, sender = s.recvfrom(2048)
                except BlockingIOError:
                    break
                if sender[2] != PACKET_HOST:
                    continue
                number = answer_to(data)
                if number is not None:
                    answered.add(number)
                number = number_of(*payload_of(data)[1:])
                if number is not None:
                    sent[number] = ("sent", None, None)

    def _send_real(self, p):
        """An ordinary socket of the peer. Returns it: closing it too soon would send more."""
        family = socket.AF_INET6 if ":" in p.daddr else socket.AF_INET
        s = socket.socket(family, socket.SOCK_STREAM if p.proto == "tcp" else socket.SOCK_DGRAM)
        s.setblocking(False)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((p.saddr, p.sport))
        if p.proto == "tcp":  # nothing of it may be left for the next round
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        try:
            s.sendto(struct.pack("!HH", MAGIC, p.id), MSG_FASTOPEN if p.proto == "tcp" else 0,
                     (p.daddr, p.dport))
        except BlockingIOError:
            pass
        except OSError as e:
            if e.errno not in REFUSALS:
                raise
            return s, True  # the refusal was quicker than the call
        return s, False

    def _send_out(self, p):
        try:
            self.out[":" in p.daddr].sendto(packet(p), (p.daddr, 0))
        except PermissionError:  # the rules drop it, and tell
            pass

    def round(self, probes, patience=0.0):
        """Sends all probes, and tells of each where it arrived: {id: Result}.

        patience: seconds, for what is left of earlier ones to go, and for these to come."""
        if patience:
            select.select([], [], [], patience)
        self.flush_connections()
        seen, real, answered, open_sockets = {}, {}, set(), []
        self._receive_raw({})
        self._receive_real({})
        self._receive_frames({}, set())
        self.peer.enter()
        for p in probes:
            if p.real:
                s, refused = self._send_real(p)
                open_sockets.append((p, s, refused))
            elif p.way == "in" and p.iface != "lo":
                self.inject["p" + p.iface[1]].send(frame(p))
            else:
                self._send_out(p)
        self.barrier()
        if patience:
            select.select([], [], [], patience)
        self._receive_frames(seen, answered)
        self._receive_raw(seen)
        self._receive_real(real)
        for p, s, refused in open_sockets:
            if refused or s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) in REFUSALS:
                answered.add(p.id)
            s.close()
        return {p.id: Result(*((real if p.real else seen).get(p.id) or (None, None, None)),
                             p.id in answered) for p in probes}
