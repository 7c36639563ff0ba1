#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What is read of BIND, unbound and dnsmasq beside the daemons themselves.

    dns-diff.py NAME-SHOW

Generated configurations run, and queries are sent from trusted and untrusted addresses: recursive
ones, ones for the cache, ones for a zone of the server's own. The most that any untrusted source
gets must be what the reader says. SEED and ROUNDS choose other configurations.
"""
import os
import socket
import struct
import subprocess
import sys
import threading
import time

from daemonlab import NETS4, NETS6, SERVER, TRUSTED, Daemon, Generator, ask, drain, is_trusted, lab

ROUNDS = int(os.environ.get("ROUNDS", "60"))
SEED = int(os.environ.get("SEED", "1"))
PACKAGES = ["bind9", "bind9-utils", "bind9-libs", "unbound", "dnsmasq", "dnsmasq-base", "libuv1",
            "libmaxminddb0", "liblmdb0", "libfstrm0", "libprotobuf-c1", "libnghttp2-14",
            "libevent-2.1-7", "libjson-c5", "libnetfilter-conntrack3", "libhogweed6", "libjemalloc2",
            "libpython3.11", "libnfnetlink0", "liburcu8", "libprotobuf-c1"]
REFUSED, ZONES, CACHE, RECURSES = range(4)
NAMES = ["REFUSED", "ZONES", "CACHE", "RECURSES"]


def query(name, recursive, number):
    q = b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0"
    return struct.pack(">6H", number, 0x100 if recursive else 0, 1, 0, 0, 0) + q + b"\0\1\0\1"


def upstream():
    """Knows every name."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.2", 5353))
    while True:
        data, who = s.recvfrom(4096)
        end = data.index(b"\0", 12) + 5
        s.sendto(data[:2] + struct.pack(">5H", 0x8180, 1, 1, 0, 0) + data[12:end] +
                 b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\xc0\0\2\x63", who)


class NameServer(Generator):
    refuses = () # what it says of a configuration that its checker lets pass
    upstream4 = True # it reaches the upstream server


class Bind(NameServer):
    program, ready = "BIND", b"running\n"
    argv = ["/usr/sbin/named", "-g", "-n", "1", "-c", "/etc/bind/named.conf"]
    check = ["/usr/bin/named-checkconf", "/etc/bind/named.conf"]

    def element(self, depth):
        r = self.rnd.random()
        bang = self.pick("", "", "", "!", "! ")
        if depth < 3 and r < 0.12:
            return bang + self.acl(depth + 1)
        if r < 0.3:
            return bang + self.pick("any", "none", "localhost", "localnets", "LocalNets")
        if r < 0.42 and self.acls:
            return bang + self.pick(*self.acls)
        if r < 0.45:
            return bang + "key k"
        return bang + self.pick(*NETS4, *NETS6, "10/8", "203.0.113/24")

    def acl(self, depth=0):
        return "{ %s }" % "".join(self.element(depth) + self.pick("; ", ";", ";\n", "; // x {\n", "; # x\n",
            "; /* any; } */ ") for _ in range(self.rnd.randint(1, 4)))

    def lists(self, view):
        out = []
        for word, p in (("allow-recursion", 0.4), ("allow-query-cache", 0.3), ("allow-query", 0.35),
                        ("allow-recursion-on", 0.12), ("allow-query-cache-on", 0.08),
                        ("allow-query-on", 0.08)):
            if self.chance(p / 2 if view else p):
                out.append("%s %s;" % (word, self.acl()))
        if self.chance(0.15):
            out.append("recursion %s;" % self.pick("yes", "no", "true", "0"))
        self.rnd.shuffle(out)
        return "\n".join(out)

    def zone(self):
        own = "allow-query %s;" % self.acl() if self.chance(0.25) else ""
        return 'zone "own.test" { type primary; file "/etc/bind/own"; %s };\n' % own

    def make(self):
        self.acls = []
        out = ['key k { algorithm hmac-sha256; secret "c2VjcmV0"; };']
        for i in range(self.rnd.randint(0, 3)):
            out.append('acl %s %s;' % (self.pick("a%d", '"a%d"') % i, self.acl()))
            self.acls.append(self.pick("a%d", '"a%d"', "A%d") % i)
        options = ['directory "/etc/bind"; pid-file none; session-keyfile none; dnssec-validation no;'
                   ' forward %s; forwarders { 127.0.0.2 port 5353; };' % self.pick("only", "first")]
        for word, p in (("listen-on", 0.25), ("listen-on-v6", 0.3), ("blackhole", 0.08)):
            if self.chance(p):
                options.append("%s %s;" % (word, self.acl()))
        if self.chance(0.7):
            options.append("empty-zones-enable %s;" % self.pick("no", "no", "yes"))
        options.append(self.lists(False))
        if self.chance(0.3):
            self.write("/etc/bind/opt.inc", options.pop())
            options.append(self.pick('include "/etc/bind/opt.inc";', 'include "opt.inc";',
                                     'include "/etc/bind/o*.inc";'))
        out.append("options {\n%s\n};\ncontrols { };" % "\n".join(options))
        if self.chance(0.3):
            for i in range(self.rnd.randint(1, 3)):
                match = ""
                for word, p in (("match-clients", 0.7), ("match-destinations", 0.2)):
                    if self.chance(p):
                        match += "%s %s;" % (word, self.acl())
                if self.chance(0.1):
                    match += "match-recursive-only yes;"
                out.append('view "v%d" { %s\n%s\n%s };' % (i, match, self.lists(True), self.zone()))
        else:
            out.append(self.zone())
        self.write("/etc/bind/own", "$TTL 60\n@ SOA a a 1 1 1 1 1\n NS a\na A 192.0.2.1\n")
        self.write("/etc/bind/named.conf", "\n".join(out) + "\n")


class Unbound(NameServer):
    program, ready = "unbound", b"start of service"
    argv = ["/usr/sbin/unbound", "-d", "-c", "/etc/unbound/unbound.conf"]
    check = ["/usr/sbin/unbound-checkconf", "/etc/unbound/unbound.conf"]
    refuses = (b"could not open ports",)

    def quote(self, text):
        return self.pick("%s", "%s", '"%s"', "'%s'") % text

    def make(self):
        rules = []
        addresses = self.rnd.sample([s.split("/")[0] for s in SERVER], self.rnd.randint(1, 3))
        listen = self.pick([], ["0.0.0.0", "::0"], ["0.0.0.0"], addresses, addresses,
                           ["127.0.0.1", "v0"], [a + "@53" for a in addresses])
        rules += ["interface: " + self.quote(a) for a in listen]
        if self.chance(0.06):
            rules.append("interface-automatic: yes")
        for net in self.rnd.sample(NETS4 + NETS6, self.rnd.randint(0, 5)):
            if "/" not in net:
                net += "/128" if ":" in net else "/32"
            rules.append("access-control: %s %s" % (self.quote(net), self.pick(
                "allow", "allow", "allow", "refuse", "deny", "allow_snoop", "allow_setrd",
                "refuse_non_local", "deny_non_local")))
        if listen == addresses and self.chance(0.4):
            rules.append("interface-action: %s %s" % (self.pick(*addresses), self.pick("allow", "refuse")))
        if self.chance(0.1):
            self.upstream4 = not (self.chance(0.5) and any(":" in a for a in listen))
            rules.append("do-ip6: no" if self.upstream4 else "do-ip4: no")
        self.rnd.shuffle(rules)
        head = ('server: chroot: "" username: "" pidfile: "" use-syslog: no do-daemonize: no verbosity: 1 '
                'do-not-query-localhost: no module-config: "iterator" num-threads: 1 '
                'local-zone: own.test static\n local-data: "a.own.test A 192.0.2.1"\n')
        text = head + "".join("  %s%s\n" % (r, self.pick("", " # x: y")) for r in rules)
        if self.chance(0.4):
            k = self.rnd.randint(0, len(rules))
            self.write("/etc/unbound/unbound.conf.d/x.conf", "server:\n" + "\n".join(rules[k:]) + "\n")
            text = head + "\n".join(rules[:k]) + "\n" + self.pick(
                "include: /etc/unbound/unbound.conf.d/*.conf\n",
                'include-toplevel: "/etc/unbound/unbound.conf.d/*.conf"\n')
        text += "forward-zone: name: . forward-addr: 127.0.0.2@5353\nremote-control: control-enable: no\n"
        self.write("/etc/unbound/unbound.conf", text)


class Dnsmasq(NameServer):
    program, ready = "dnsmasq", b"started, version"
    check = ["/usr/sbin/dnsmasq", "--test"]
    refuses = (b"illegal repeated keyword",)

    @property
    def argv(self):
        # As Debian's systemd-helper starts it.
        script = (". /usr/share/dnsmasq/init-system-common; exec /usr/sbin/dnsmasq -k --log-facility=- "
                  "-u root -x /run/dnsmasq.pid $DNSMASQ_INTERFACES ${CONFIG_DIR:+ -7 ${CONFIG_DIR}} "
                  "$DNSMASQ_OPTS")
        return ["sh", "-c", script]

    def make(self):
        rules = ["no-resolv", "server=127.0.0.2#5353", "address=/own.test/192.0.2.1", "no-hosts"]
        listen = ["127.0.0.1"] + [s.split("/")[0] for s in SERVER]
        for rule, p in (("interface=lo", 0.3), ("interface=v0", 0.25), ("except-interface=v9", 0.1),
                        ("bind-interfaces", 0.4), ("local-service", 0.2),
                        ("listen-address=" + ",".join(self.rnd.sample(listen, self.rnd.randint(1, 3))), 0.35),
                        ("local-service=host", 0.1), ("port=0", 0.05)):
            if self.chance(p):
                rules.append(self.pick(rule, rule, rule.replace("=", " = ", 1), rule + " # x=y"))
        self.rnd.shuffle(rules)
        k = self.rnd.randint(0, len(rules)) if self.chance(0.5) else len(rules)
        self.write("/etc/dnsmasq.conf", "\n".join(rules[:k]) + "\n")
        for name in ("a.conf", "b.dpkg-old"):
            self.write("/etc/dnsmasq.d/" + name, "\n".join(rules[k:]) + "\n" if name == "a.conf" else
                       "interface=v0\n")
        default = "CONFIG_DIR=/etc/dnsmasq.d,.dpkg-dist,.dpkg-old,.dpkg-new\n"
        if self.chance(0.1):
            default += 'DNSMASQ_OPTS="--interface=v0"\n'
        if self.chance(0.1):
            default += 'DNSMASQ_INTERFACE="lo"\n'
        self.write("/etc/default/dnsmasq", default)


def rcode(reply):
    return reply[3] & 15 if reply else None


def most(clients, number, upstream4=True):
    """What untrusted sources get, the most of all."""
    best, by = REFUSED, None
    questions = []
    for i, (client, server, s) in enumerate(clients):
        if is_trusted(client):
            continue
        for kind, name, recursive in ((RECURSES, f"r{number}-{i}.example", True),
                                      (CACHE, f"c{number}-{i}.example", False),
                                      (ZONES, "a.own.test", False),
                                      (ZONES, "a.own.test", True),
                                      (ZONES, "1.10.in-addr.arpa", False)):
            questions.append((kind, client, server, (s, (server, 53), query(name, recursive, len(questions)))))
    for (kind, client, server, _), reply in zip(questions, ask([q[3] for q in questions])):
        if reply is None or rcode(reply) == 5:
            continue
        answers = struct.unpack(">H", reply[6:8])[0]
        if kind == RECURSES and (rcode(reply) != 0 or answers == 0) and (upstream4 or rcode(reply) != 2):
            kind = CACHE # what it has, and no more
        if kind == ZONES and not reply[2] & 4: # authoritative
            continue
        if kind > best:
            best, by = kind, f"{client} asks {server}"
    return best, by


def play(kind, name_show, it):
    began, wrong, ran, seen = time.monotonic(), 0, 0, {}
    clients = it.clients()
    for n in range(ROUNDS):
        g = kind(f"{kind.program} {SEED} {n}")
        g.make()
        checked = subprocess.run(g.check, capture_output=True, text=True)
        shown = subprocess.run([name_show, kind.program, ",".join(TRUSTED), ",".join(SERVER)],
                               capture_output=True, text=True)
        if checked.returncode != 0:
            seen["refused by the daemon"] = seen.get("refused by the daemon", 0) + 1
            continue
        with Daemon(g.argv, g.ready) as d:
            if not d.ready and any(w in d.said for w in g.refuses):
                seen["refused by the daemon"] = seen.get("refused by the daemon", 0) + 1
                continue
            if not d.ready:
                print(f"{kind.program} {n}: does not start: {d.said[-600:].decode()}")
                wrong += 1
                continue
            best, by = most(clients, n, g.upstream4)
        drain(clients)
        ran += 1
        listens, sure, maybe, fault = ["0", "0", "0", ""] if shown.returncode else \
            shown.stdout.rstrip("\n").split(" ", 3)
        seen[NAMES[best]] = seen.get(NAMES[best], 0) + 1
        if "not decided here" in fault:
            seen["left undecided"] = seen.get("left undecided", 0) + 1
        elif (int(sure), int(maybe), fault) != (best, best, ""):
            wrong += 1
            print(f"{kind.program} {n}: the daemon gives {NAMES[best]} ({by}), read was "
                  f"{NAMES[int(sure)]}..{NAMES[int(maybe)]} {fault} {shown.stderr}", flush=True)
            if wrong <= 3:
                print("\n".join(f"--- {path}\n{text}" for path, text in g.files.items()))
    for _, _, s in clients:
        s.close()
    print(f"{kind.program}: {ran} configurations, {wrong} wrong, {time.monotonic() - began:.1f} s, {seen}",
          flush=True)
    # A generator that gives one answer only proves nothing.
    assert ROUNDS < 40 or len([k for k in seen if k in NAMES]) >= 2, seen
    assert seen.get("left undecided", 0) <= ROUNDS // 5, seen
    return wrong + (ran < ROUNDS // 2)


def main():
    it = lab(os.path.abspath(__file__), PACKAGES)
    threading.Thread(target=upstream, daemon=True).start()
    only = os.environ.get("ONLY", "")
    wrong = sum(play(k, sys.argv[1], it) for k in (Bind, Unbound, Dnsmasq) if only in k.program)
    sys.exit(wrong != 0)


main()
