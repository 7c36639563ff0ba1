# SPDX-License-Identifier: ISC
"""Rule sets made at random from a seed: nftables' own language, and iptables-restore's.

Each is a text to load and the points at which its decisions can change (addresses and ports
beside the edges of what it names), from which probes are drawn. What no reader can decide from
the rules (a random number, a packet's length, a match that is program code) marks the rule set:
only there may an answer be "may".
"""
import ipaddress
import random
import re

from netlab import BEHIND, HOST4, HOST6, PEER4, PEER6

NETS4 = ["198.51.100.0/24", "198.51.100.64/26", "198.51.100.64/30", "198.51.100.65/32",
         "203.0.113.0/24", "203.0.113.9/32", "203.0.113.128/25", "10.0.0.0/8", "172.16.0.0/12",
         "192.168.0.0/16", "100.64.0.0/10", "8.8.8.8/32", "128.0.0.0/1", "192.0.2.0/24",
         "192.0.2.10/32"]
NETS6 = ["2001:db8:1::/48", "2001:db8:1:8000::/49", "2001:db8:1::65/128", "2001:db8:1::64/126",
         "fc00::/7", "fd00::/8", "2000::/3", "2a00::/12", "64:ff9b::/96", "2001:db8::/32",
         "fd00::7/128", "2001:db8:0:1::10/128", "2001:db8::/33"]
PORTS = [22, 25, 53, 80, 123, 443, 1023, 1024, 3306, 5353, 8080, 65535]
MARKS = [0, 1, 2, 3, 0x10, 0x13, 0xff, 0x80000000]
DEVICES = ["h0", "h1", "br0", "hb", "lo"]


def usable(address):
    """Whether a packet from it is taken for more than a martian, whatever the rules say."""
    a = ipaddress.ip_address(address)
    text, number = str(a), int(a)
    if a.is_multicast or a.is_loopback or a.is_unspecified or text in sum(
            list(HOST4.values()) + list(HOST6.values()), []) + list(BEHIND):
        return False
    if a.version == 4:
        ends = [n for net in ("192.0.2.0/24", "10.9.0.0/24", "172.17.0.0/16")
                for n in (ipaddress.ip_network(net)[0], ipaddress.ip_network(net)[-1])]
        return 0 < number >> 24 < 224 and a not in ends and text != "172.17.0.1"
    return a.ipv4_mapped is None and number >> 32 != 0 and text not in (
        "2001:db8:0:17::1", "2001:db8:0:1::", "2001:db8:0:9::", "2001:db8:0:17::")


class Points:
    """Where decisions can change: the ends of each range that was named, and beside them."""

    def __init__(self):
        self.v4, self.v6, self.ports, self.ids = set(), set(), set(), set()

    def addr(self, first, last):
        store, top = (self.v4, 32) if first.version == 4 else (self.v6, 128)
        for n in (int(first) - 1, int(first), int(last), int(last) + 1):
            if 0 <= n < 1 << top:
                text = str(type(first)(n))
                if usable(text):
                    store.add(text)

    def port(self, first, last):
        self.ports |= {n for n in (first - 1, first, last, last + 1) if 0 < n < 65536}


class Rules:
    """What both generators share: the dice, and constants whose edges are remembered."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.points = Points()
        self.decidable = True  # each decision follows from the rules
        self.replies = True    # answers get out: nothing that filters what the host sends

    def chance(self, p):
        return self.r.random() < p

    def net(self, family):
        text = self.r.choice(NETS4 if family == 4 else NETS6)
        if self.chance(0.15):
            peers = PEER4 if family == 4 else PEER6
            text = self.r.choice(peers)
        if self.chance(0.05):
            text = "0.0.0.0/0" if family == 4 else "::/0"
        n = ipaddress.ip_network(text)
        self.points.addr(n[0], n[-1])
        return text

    def addr_range(self, family):
        n = ipaddress.ip_network(self.r.choice(NETS4 if family == 4 else NETS6))
        size = min(n.num_addresses, 1 << 40)
        first = n[self.r.randrange(min(size, 100))]
        last = type(first)(min(int(first) + self.r.choice([0, 1, 5, 64, 1000]), int(n[-1])))
        self.points.addr(first, last)
        return str(first), str(last)

    def local(self, family):
        return self.r.choice(sum((HOST4 if family == 4 else HOST6).values(), []) +
                             [BEHIND[0 if family == 4 else 1]])

    def port_range(self):
        first = self.r.choice(PORTS)
        last = min(65535, first + self.r.choice([0, 0, 1, 2, 57, 1000, 65535]))
        self.points.port(first, last)
        return first, last

    def port(self):
        n = self.r.choice(PORTS)
        self.points.port(n, n)
        return n

    def mark(self):
        return self.r.choice(MARKS)

    def some(self, make, least=1, most=4):
        """Different values, in order."""
        return sorted({make() for _ in range(self.r.randint(least, most))})

    def disjoint_ports(self, count):
        """Ranges of ports that do not touch."""
        out, used = [], set()
        for _ in range(count):
            first, last = self.port_range()
            if not any(first - 1 <= b and a - 1 <= last for a, b in used):
                used.add((first, last))
                out.append(str(first) if first == last else f"{first}-{last}")
        return out

    def disjoint_nets(self, family, count):
        out = []
        for _ in range(count):
            n = ipaddress.ip_network(self.net(family))
            if not any(n.overlaps(o) for o in out):
                out.append(n)
        return [str(n) if n.prefixlen < n.max_prefixlen else str(n[0]) for n in out]


# Base chains: family of the table, hook, priority, type. Several of one hook at different
# priorities: equal ones are served in the order in which they were registered.
BASES = [("inet", "input", 0, "filter"), ("inet", "prerouting", -300, "filter"),
         ("ip", "prerouting", -155, "filter"),
         ("ip6", "prerouting", -156, "filter"), ("inet", "prerouting", 50, "filter"),
         ("inet", "prerouting", -100, "nat"), ("ip", "prerouting", -99, "nat"),
         ("ip6", "prerouting", -98, "nat"),
         ("ip", "input", 5, "filter"), ("ip6", "input", 6, "filter"),
         ("inet", "input", -10, "filter"), ("inet", "input", 150, "filter"),
         ("inet", "input", 100, "nat"), ("inet", "forward", 0, "filter"),
         ("ip", "forward", -5, "filter"), ("inet", "forward", -151, "filter"),
         ("inet", "postrouting", 100, "nat"), ("inet", "postrouting", 10, "filter"),
         ("inet", "output", 0, "filter"), ("inet", "output", -150, "filter"),
         ("ip", "output", 5, "filter"), ("ip6", "output", -301, "filter"),
         ("netdev", "ingress", -500, "filter"), ("netdev", "ingress", 10, "filter"),
         ("inet", "ingress", -5, "filter")]


def unmerged(words):
    """Without a second != of the same header: nft 1.0.6 makes of `sport != 1 dport != 2` one
    comparison of both, which another program is, and prints it as if it had not. And without a
    second < or >, which it joins to a range, be it empty."""
    out, seen = [], set()
    for word in words:
        fields = {field.replace("sport", "dport").replace("saddr", "daddr")
                  for field in re.findall(r"(?:\w+ )[sd](?:port|addr)(?= !=)", word)}
        fields |= {"order" for _ in re.findall(r"[sd]port (?=[<>])", word)}
        if not fields & seen:
            seen |= fields
            out.append(word)
    return out


class NftRules(Rules):
    """A rule set in nftables' language.

    beside: priorities that others have in the same namespace, and which of two comes first at the
    same one nobody tells."""

    def __init__(self, seed, beside=()):
        super().__init__(seed)
        self.bases = [b for b in BASES if b[2] not in beside]
        self.sets = {}
        self.serial = 0
        self.family, self.proto, self.hook = "ip", "tcp", ""  # of the rule at hand: nft refuses contradictions

    # ---- conditions ----

    def elements(self, values):
        return "{ " + ", ".join(values) + " }"

    def begin(self, table, hook):
        """A new rule: which family and protocol it speaks of."""
        self.hook = hook
        self.family = table if table in ("ip", "ip6") else self.r.choice(["ip", "ip6"])
        self.proto = self.r.choice(["tcp", "tcp", "tcp", "udp", "udp", "th", "icmp"])

    @property
    def bits(self):
        return 4 if self.family == "ip" else 6

    def addr_match(self, field):
        n = self.bits
        no = self.r.choice(["", "", "!= "])
        form = self.r.randrange(6)
        if form == 0:
            return f"{field} {no}{'-'.join(self.addr_range(n))}"
        if form == 1:
            return f"{field} {no}{self.elements(self.disjoint_nets(n, 4))}"
        if form == 2 and "saddr" in field:
            return f"{field} {no}@{self.named(f'nets{n}')}"
        if form == 3 and n == 4:
            net = ipaddress.ip_network(self.net(4))
            return f"{field} & {net.netmask} {self.r.choice(['==', '!='])} {net[0]}"
        return f"{field} {no}{self.net(n)}"

    def saddr(self):
        return self.addr_match(f"{self.family} saddr")

    def daddr(self):
        n, family = self.bits, self.family
        if self.chance(0.8):
            no = self.r.choice(["", "", "", "!= "])
            if self.chance(0.3):
                return f"{family} daddr {no}{self.elements(self.some(lambda: self.local(n)))}"
            return f"{family} daddr {no}{self.local(n)}"
        return self.addr_match(f"{family} daddr")

    def ports_match(self):
        proto = self.proto
        if proto == "icmp":
            return self.kind()
        # nft loads two ports of one header at once, and prints th's as raw bytes.
        field = proto + (" sport" if proto != "th" and self.chance(0.12) else " dport")
        lead = "meta l4proto { tcp, udp } " if proto == "th" else ""
        no = self.r.choice(["", "", "", "!= "])
        form = self.r.randrange(6)
        if form == 0:
            first, last = self.port_range()
            return f"{lead}{field} {no}{first}-{last}"
        if form == 1:
            return f"{lead}{field} {no}{self.elements(self.disjoint_ports(5))}"
        if form == 2:
            return f"{lead}{field} {no}@{self.named('ports')}"
        if form == 3 and not no:
            return f"{lead}{field} {self.r.choice(['<', '>=', '<=', '>'])} {self.port()}"
        if form == 4 and self.chance(0.4):
            return f"{lead}{field} & 0xff00 {self.r.choice(['==', '!='])} {self.port() & 0xff00}"
        return f"{lead}{field} {no}{self.port()}"

    def device(self, hook):
        field = "iifname"
        if hook in ("output", "postrouting") or \
                self.chance({"forward": 0.5, "input": 0.1}.get(hook, 0)):
            field = "oifname"
        no = self.r.choice(["", "", "!= "])
        value = self.r.choice(['"h0"', '"h1"', '"h*"', '"lo"', '"br0"', '"nothere"', '"h"',
                               self.elements(['"h0"', '"br0"']), self.elements(['"h1"', '"lo"'])])
        if self.chance(0.2) and value in ('"h0"', '"h1"', '"lo"', '"br0"'):
            field = field.replace("name", "")
        return f"{field} {no}{value}"

    def state(self):
        return "ct state " + self.r.choice([
            "new", "new", "established,related", "{ established, related }", "invalid", "!= new",
            "{ new, untracked }", "untracked", "!= established", "new,untracked", "! new",
            "& (established|related) == 0", "& new == new"])

    def mark_match(self):
        field = self.r.choice(["meta mark", "meta mark", "ct mark"])
        form = self.r.randrange(4)
        if form == 0:
            return f"{field} & {self.r.choice([1, 0xf, 0xf0]):#x} == {self.r.choice([0, 1, 16]):#x}"
        if form == 1:
            return f"{field} {self.elements(str(m) for m in self.some(self.mark, 2, 3))}"
        return f"{field} {self.r.choice(['', '', '!= '])}{self.mark():#x}"

    def concat(self):
        n, family = self.bits, self.family
        if self.chance(0.4) and self.proto in ("tcp", "udp"):
            return (f"{family} saddr . {self.proto} dport {self.r.choice(['', '!= '])}"
                    f"@{self.named(f'pairs{n}')}")
        if self.proto != "th":
            return self.saddr()
        pairs = [f"{self.local(n)} . {self.r.choice(['tcp', 'udp'])} . {self.port()}"
                 for _ in range(self.r.randint(1, 4))]
        return f"{family} daddr . meta l4proto . th dport {self.elements(sorted(set(pairs)))}"

    def kind(self):
        kind = {
            "icmp": ["meta l4proto != tcp"] + (
                ["icmp type echo-request", "icmp type { echo-request, 3, 11 }", "icmp code 0",
                 "icmp type != echo-request", "ip protocol icmp"]
                if self.family == "ip" else
                ["icmpv6 type echo-request", "icmpv6 type { echo-request, 2, 136 }",
                 "icmpv6 type != { echo-request }", "ip6 nexthdr ipv6-icmp"]),
            "tcp": ["tcp flags syn", "tcp flags & (fin|syn|rst|ack) == syn", "meta l4proto tcp",
                    "tcp flags & (fin|syn|rst|ack) != syn", "tcp flags & syn != 0"],
            "udp": ["meta l4proto udp", "meta l4proto != tcp"],
            "th": ["meta l4proto { tcp, udp }", "meta l4proto != icmp"],
        }[self.proto]
        if self.hook in ("output", "postrouting"):
            return self.r.choice(kind)
        return self.r.choice(kind + ["meta pkttype unicast", "meta pkttype != unicast",
                                     "meta pkttype { broadcast, multicast }"])

    def rare(self, base):
        hook = base[1]
        choices = ["fib daddr type local", "fib daddr type != local",
                   "fib daddr type { local, broadcast }", "fib saddr type local"]
        if base[0] == "inet":
            choices += [f"meta nfproto ipv{self.bits}"]
        if hook == "ingress":
            choices = ["meta pkttype unicast"]
        elif hook != "output":
            choices += ["ct direction original", "ct direction reply", "ct status dnat",
                        "ct status & dnat == 0"]
        if self.chance(0.08):
            self.decidable = False
            return self.r.choice(["meta length > 10", "numgen random mod 2 == 0",
                                  "numgen inc mod 3 vmap { 0 : accept, 1 : drop, 2 : return }",
                                  "meta mark set meta random",
                                  "quota 100 mbytes", "meta hour \"00:00\"-\"23:00\"",
                                  "limit rate 2/second", "limit rate over 1/hour burst 5 packets"])
        return self.r.choice(choices)

    def condition(self, base):
        hook = base[1]
        makers = [self.saddr] * 5 + [self.ports_match] * 6 + [
            self.daddr, self.concat, self.kind, lambda: self.rare(base),
            self.mark_match if hook != "ingress" else lambda: "meta mark 0"]
        if hook != "ingress":
            makers += [lambda: self.device(hook)] * 2 + [self.state] * 2
        return self.r.choice(makers)()

    def named(self, kind):
        """The name of a set of this kind in the table at hand."""
        name = kind + self.r.choice("ab")
        if name in self.sets:
            return name
        dynamic = ""
        if kind.startswith("nets"):
            n = int(kind[-1])
            form = f"type ipv{n}_addr; flags interval"
            values = self.disjoint_nets(n, self.r.randint(1, 6))
        elif kind == "ports":
            form, values = "type inet_service; flags interval", self.disjoint_ports(5)
        elif kind == "vports":
            form = "type inet_service : verdict"
            values = [f"{p} : {self.r.choice(['accept', 'drop', 'return', 'continue'])}"
                      for p in self.some(self.port, 1, 5)]
        else:
            n = int(kind[-1])
            form = f"type ipv{n}_addr . inet_service; flags interval"
            nets = self.disjoint_nets(n, 4)
            values = [f"{net} . {p}" for net, p in zip(nets, self.disjoint_ports(4))]
        keyword = "map" if kind == "vports" else "set"
        self.sets[name] = (f"\t{keyword} {name} {{\n\t\t{form};{dynamic}\n"
                           f"\t\telements = {self.elements(values)}\n\t}}\n")
        return name

    # ---- verdicts ----

    def effect(self, hook):
        """A statement that decides nothing by itself."""
        out = ["counter", "counter", 'log prefix "x "', 'comment "y"']
        if hook != "ingress":
            out += [f"meta mark set {self.mark():#x}"] * 3
            out += [f"meta mark set meta mark | {self.r.choice([1, 2, 16]):#x}",
                    "meta mark set meta mark & 0xfffffff0", "ct mark set 0x1",
                    "ct mark set meta mark", "meta mark set ct mark"]
            if self.proto in ("tcp", "udp"):
                out += [f"meta mark set {self.proto} dport map {{ {self.port()} : 0x1 }}"]
        return self.r.choice(out)

    def nat(self, base):
        table, hook, family = base[0], base[1], self.family
        if hook == "postrouting":
            return self.r.choice(["masquerade", "return", "accept"])
        if hook == "input":
            return "return"
        spelt = f" {family} to" if table == "inet" else " to"
        target, port = self.local(self.bits), self.port()
        if self.proto == "icmp":
            return f"dnat{spelt} {target}"
        lead = f"{self.proto} dport {self.port()} "
        if self.proto == "th":
            lead = f"meta l4proto {{ tcp, udp }} {lead}"
        shown = f"[{target}]" if family == "ip6" else target
        form = self.r.randrange(7)
        if form == 0:
            return lead + f"redirect to :{port}"
        if form == 1 and table != "inet":
            return lead + f"dnat to :{port}"
        if form == 2:
            return f"{family} saddr {self.net(self.bits)} dnat{spelt} {target}"
        if form == 3 and family == "ip" and self.proto == "tcp":
            pairs = {p: f"{p} : {self.local(4)} . {self.port()}" for p in self.some(self.port, 1, 4)}
            return f"dnat{spelt} tcp dport map {self.elements(pairs.values())}"
        if form == 4:
            return self.r.choice(["accept", "return"])
        return lead + f"dnat{spelt} {shown}:{port}"

    def vmap(self, base, chains):
        end = lambda: self.r.choice(["accept", "drop", "return", "continue"] +
                                    [f"{self.r.choice(['jump', 'goto'])} {c}" for c in chains[:2]])
        family, n = self.family, self.bits
        form = self.r.randrange(6 if self.proto in ("tcp", "udp") else 2)
        if form == 0 and base[1] != "ingress":
            return "ct state vmap { established : accept, related : accept, invalid : drop }"
        if form == 1:
            pairs = [f"{net} : {end()}" for net in self.disjoint_nets(n, 3)]
            return f"{family} saddr vmap {self.elements(pairs)}"
        if form == 2:
            return f"{self.proto} dport vmap @{self.named('vports')}"
        if form == 3 and base[1] != "ingress":
            return f'iifname vmap {{ "h0" : {end()}, "h1" : {end()}, "lo" : accept }}' \
                if base[1] not in ("output", "postrouting") else f'oifname vmap {{ "h0" : {end()} }}'
        if form == 4:
            pairs = [f"{net} . {p} : {end()}" for net, p in
                     zip(self.disjoint_nets(n, 3), self.disjoint_ports(3))]
            return f"{family} saddr . {self.proto} dport vmap " \
                + self.elements(pairs)
        if self.proto not in ("tcp", "udp"):
            return f"meta l4proto vmap {{ udp : {end()}, icmp : {end()}, ipv6-icmp : {end()} }}"
        pairs = [f"{p} : {end()}" for p in self.disjoint_ports(4)]
        return f"{self.proto} dport vmap {self.elements(pairs)}"

    def verdict(self, base, chains):
        _, hook, _, type_ = base
        if type_ == "nat" and self.chance(0.7):
            return self.nat(base)
        out = ["accept"] * 4 + ["drop"] * (0 if type_ == "nat" else 3) + ["return"]
        if chains:
            out += [f"jump {self.r.choice(chains)}"] * 3 + [f"goto {self.r.choice(chains)}"]
        if type_ != "nat" and hook in ("input", "forward", "output"):
            mine = f"reject with icmp{'v6' if self.family == 'ip6' else ''} admin-prohibited"
            out += ["reject", mine] if base[0] != "inet" else [
                "reject", "reject with icmpx admin-prohibited", mine]
            if self.proto == "tcp" and base[1] != "output":
                out.append(self.reset(base[0]))
        if hook == "prerouting" and base[2] == -300:
            out.append("notrack")
        return self.r.choice(out)

    def reset(self, table):
        """nft 1.0.6 leaves out `meta nfproto` before it: only what names addresses is decidable."""
        if table == "inet":
            return f"{self.saddr()} meta l4proto tcp reject with tcp reset"
        return "meta l4proto tcp reject with tcp reset"

    def rule(self, base, chains):
        self.begin(base[0], base[1])
        words = unmerged([self.condition(base)
                          for _ in range(self.r.choice([0, 1, 1, 1, 2, 2, 3]))])
        if self.chance(0.12):
            return " ".join(words + [self.vmap(base, chains)])
        comment = ""
        for _ in range(self.r.choice([0, 0, 1])):
            effect = self.effect(base[1])
            if effect.startswith("comment"):
                comment = effect
            else:
                words.append(effect)
        if self.chance(0.85) or not words:
            verdict = self.verdict(base, chains)
            # Without a condition the chain would end here nearly always.
            if len(words) == 0 and self.chance(0.8):
                words.append(self.condition(base))
            words.append(verdict)
        return " ".join(words + [comment])

    # ---- the whole ----

    def chain_bodies(self, base):
        """The chains that this base chain reaches, and itself first: (name, head, rules)."""
        self.serial += 1
        me = f"c{self.serial}"
        others = [f"{me}s{i}" for i in range(self.r.choice([0, 0, 1, 2, 3]))]
        rules = self.r.randint(1, 7 if base[3] == "filter" else 3)
        head = f"type {base[3]} hook {base[1]} "
        if base[1] == "ingress":
            head += f"device \"{self.r.choice(['h0', 'h0', 'h1'])}\" "
        drop = base[3] == "filter" and self.chance(
            {"input": 0.5, "forward": 0.4, "output": 0.3}.get(base[1], 0.05))
        head += f"priority {base[2]}; policy {'drop' if drop else 'accept'};"
        body = []
        if drop and self.chance(0.6):
            body.append("meta mark 0 accept" if base[1] == "ingress" and self.chance(0.5)
                        else "meta l4proto { tcp, udp } th dport { 22, 53, 80, 443 } accept")
        out = [(me, head, body + [self.rule(base, others) for _ in range(rules)])]
        for i, name in enumerate(others):
            out.append((name, "", [self.rule(base, others[i + 1:])
                                   for _ in range(self.r.randint(0, 4))]))
        return out

    def text(self):
        count = self.r.choice([1, 1, 2, 3, 4])
        bases = [self.bases[0], self.r.choice(self.bases)][self.chance(0.4):]
        bases += self.r.sample(self.bases, count)
        tables = {}
        for base in dict.fromkeys(bases):
            self.replies &= base[1] in ("input", "ingress") or base[1:4:2] == ("prerouting", "nat")
            # nft's JSON did not tell the device before 1.0.7.
            self.decidable &= base[1] != "ingress"
            tables.setdefault(base[0], []).append(base)
        out = ["flush ruleset"]
        if any(base[3] == "nat" for base in bases):
            # Without one rule that asks for connections there are none, and nat chains see nothing.
            out.append("table inet asks {\n\tchain c {\n\t\ttype filter hook prerouting priority "
                       "-200;\n\t\tct state new counter\n\t}\n}")
        for family, members in tables.items():
            self.sets = {}
            # Chains that are jumped to come before those that name them.
            chains = [c for base in members for c in reversed(self.chain_bodies(base))]
            out.append(f"table {family} t {{")
            out += [s.rstrip("\n") for s in self.sets.values()]
            for name, head, rules in chains:
                out.append(f"\tchain {name} {{")
                out += [f"\t\t{line}" for line in ([head] if head else []) + rules]
                out.append("\t}")
            out.append("}")
        return "\n".join(out) + "\n"
