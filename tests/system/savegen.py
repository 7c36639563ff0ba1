# SPDX-License-Identifier: ISC
"""Rule sets for iptables-restore and ip6tables-restore, made at random from a seed."""
import ipaddress

from netlab import BEHIND
from rulegen import Rules

# Built-in chains of each table, and how often a chain gets rules.
TABLES = {
    "raw": {"PREROUTING": 0.9, "OUTPUT": 0.05},
    "mangle": {"PREROUTING": 0.6, "INPUT": 0.4, "FORWARD": 0.3, "OUTPUT": 0.05,
               "POSTROUTING": 0.2},
    "nat": {"PREROUTING": 1, "INPUT": 0.05, "OUTPUT": 0.05, "POSTROUTING": 0.3},
    "filter": {"INPUT": 1, "FORWARD": 0.6, "OUTPUT": 0.25},
    "security": {"INPUT": 0.8, "FORWARD": 0.4, "OUTPUT": 0.05},
}
TABLE_CHANCE = {"raw": 0.2, "mangle": 0.35, "nat": 0.4, "filter": 1, "security": 0.1}
PRIORITIES = (-300, -150, -100, 0, 50, 100)  # of these tables
ONCE = {"mark": ("--mark", "connmark"), "flags": ("--syn", "--tcp-flags"),
        "icmp": ("--icmp-type", "--icmpv6-type"),
        "ports": ("--dport", "--sport", "--dports", "--sports", "--ports", "multiport")}


class SaveRules(Rules):
    """One family's rules, all tables, as text for iptables-restore."""

    def __init__(self, seed, family):
        super().__init__(f"{seed}/{family}")
        self.family = family
        self.proto = "tcp"

    def no(self, p=0.25):
        return "! " if self.chance(p) else ""

    # ---- matches ----

    def end(self, option):
        net = self.net(self.family)
        return f"{'' if net.endswith('/0') else self.no()}{option} {net}"

    def addr(self):
        form = self.r.randrange(8)
        if form == 0:
            return f"-m iprange {self.no()}--src-range {'-'.join(self.addr_range(self.family))}"
        if form == 1:
            return f"{self.no()}-d {self.local(self.family)}"
        if form == 2:
            return f"-m iprange {self.no()}--dst-range {self.local(self.family)}-" \
                f"{'192.0.2.255' if self.family == 4 else 'ffff::'}" if self.chance(0.2) else \
                self.end("-d")
        if form == 3 and self.family == 4:
            n = ipaddress.ip_network(self.net(4))
            return f"{self.no() if n.prefixlen else ''}-s {n[0]}/{n.netmask}"
        return self.end("-s")

    def ports(self):
        if self.proto not in ("tcp", "udp"):
            return self.addr()
        form = self.r.randrange(6)
        if form == 0:
            values, count = [], 0
            for text in self.disjoint_ports(5):
                values.append(text.replace("-", ":"))
            which = self.r.choice(["--dports", "--dports", "--dports", "--sports", "--ports"])
            return f"-m multiport {self.no()}{which} {','.join(values)}"
        if form == 1:
            first, last = self.port_range()
            return f"{self.no()}--dport {first}:{last}"
        if form == 2:
            return f"{self.no()}--sport {self.r.choice(['1024:65535', '40000:', ':1023', '68'])}"
        return f"{self.no()}--dport {self.port()}"

    def device(self, chain):
        which = "-i"
        if chain in ("OUTPUT", "POSTROUTING") or self.chance({"FORWARD": 0.5}.get(chain, 0)):
            which = "-o"
        return f"{self.no()}{which} {self.r.choice(['h0', 'h1', 'h+', 'lo', 'br0', 'nothere', 'h'])}"

    def state(self):
        states = ",".join(self.some(lambda: self.r.choice(
            ["NEW", "NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"]), 1, 3))
        return self.r.choice([f"-m conntrack {self.no()}--ctstate {states}",
                              f"-m state {self.no()}--state {states}"])

    def mark_match(self):
        value = self.mark()
        mask = self.r.choice(["", "", "/0x1", "/0xff", "/0xf0"])
        return f"-m {self.r.choice(['mark', 'mark', 'connmark'])} {self.no()}--mark {value:#x}{mask}"

    def other(self, chain):
        four = self.family == 4
        out = ["-m addrtype --dst-type LOCAL", "-m addrtype ! --dst-type LOCAL",
               "-m addrtype --src-type LOCAL", "-m addrtype --dst-type LOCAL,UNICAST",
               '-m comment --comment "it\'s \\"quoted\\" -j x"']
        out += ["-m conntrack --ctdir ORIGINAL", "-m conntrack --ctdir REPLY",
                "-m conntrack --ctstate DNAT", "-m conntrack ! --ctstate DNAT,SNAT",
                f"-m conntrack --ctorigdst {self.local(self.family)}",
                "-m conntrack --ctstatus NONE"]
        if chain not in ("OUTPUT", "POSTROUTING"):
            out += ["-m pkttype --pkt-type unicast", "-m pkttype ! --pkt-type unicast",
                    "-m pkttype --pkt-type multicast"]
        if self.proto in ("tcp", "udp"):
            out += [f"-m conntrack {self.no()}--ctorigdstport {self.port()}"]
        if self.proto == "tcp":
            out += ["--syn", "! --syn", "--tcp-flags SYN,ACK SYN",
                    "! --tcp-flags ALL NONE", "--tcp-flags SYN,RST,ACK,FIN SYN"] * 2
        if self.proto in ("icmp", "icmpv6"):
            out += ["--icmp-type echo-request", "! --icmp-type echo-request",
                    "--icmp-type 8/0", "--icmp-type 3/4", "--icmp-type any"] * 3 if four else [
                    "--icmpv6-type echo-request", "! --icmpv6-type 128", "--icmpv6-type 2",
                    "--icmpv6-type neighbour-solicitation"] * 3
        if self.chance(0.1):
            self.decidable = False
            if self.proto == "tcp" and self.chance(0.3):
                return "--tcp-flags ALL SYN"  # the sender may set PSH and URG
            return self.r.choice([
                "-m limit --limit 2/min", "-m length --length 20:60",
                "-m statistic --mode random --probability 0.5",
                "-m ttl --ttl-gt 10" if four else "-m hl --hl-gt 10",
                "-m hashlimit --hashlimit-upto 1/hour --hashlimit-name x --hashlimit-mode srcip",
                "-m recent --name r --rcheck --seconds 60", "-m recent --name r --set",
                '-m u32 --u32 "0&0xf=5"', '-m string --string x --algo bm', "-m time --timestart 01:00",
                "-m connlimit --connlimit-above 3", "-m dscp --dscp 0x10"])
        return self.r.choice(out)

    def matches(self, chain):
        text = []
        if self.proto != "all":
            text.append(f"{'! ' if self.inverted else ''}-p {self.proto}")
        makers = [self.addr] * 5 + [self.ports] * 6 + [
            lambda: self.device(chain), self.state, self.mark_match,
            lambda: self.other(chain)]
        keep = set()
        for _ in range(self.r.choice([0, 1, 1, 1, 2, 2, 3])):
            word = self.r.choice(makers)()
            # An option may stand in a rule once, and of ports there is one kind.
            options = {w for w in word.split() if w.startswith("-") and w != "-m"} | \
                {w for a, w in zip(word.split(), word.split()[1:]) if a == "-m"}
            options = {next((k for k, names in ONCE.items() if o in names), o) for o in options}
            if not keep & options:
                keep |= options
                text.append(word)
        return text

    # ---- targets ----

    def nat(self, chain):
        if chain == "POSTROUTING":
            return self.r.choice(["-j MASQUERADE", "-j RETURN", "-j ACCEPT"])
        if chain in ("INPUT", "OUTPUT"):
            return "-j RETURN"
        addr = self.local(self.family)
        shown = addr if self.family == 4 else f"[{addr}]"
        ports = self.proto in ("tcp", "udp") and not self.inverted
        return self.r.choice(
            [f"-j DNAT --to-destination {addr}", "-j ACCEPT", "-j RETURN"] +
            ([f"-j DNAT --to-destination {shown}:{self.port()}",
              f"-j REDIRECT --to-ports {self.port()}"] * 3 if ports else ["-j REDIRECT"]))

    def effect(self, table):
        four = self.family == 4
        out = ["-j LOG --log-prefix \"[x -j ACCEPT] \"", "-j NFLOG --nflog-group 3", ""]
        if table == "mangle":
            out += [f"-j MARK --set-mark {self.mark():#x}", f"-j MARK --set-xmark {self.mark():#x}/0xff",
                    "-j MARK --or-mark 0x10", "-j MARK --and-mark 0xfffffff0",
                    "-j CONNMARK --save-mark", "-j CONNMARK --restore-mark",
                    "-j CONNMARK --set-mark 0x1", "-j MARK --xor-mark 0x3"] * 2
            if self.proto == "tcp" and not self.inverted:
                out.append("-j DSCP --set-dscp 0x0a")
        if table == "raw":
            out += ["-j CT --notrack", "-j NOTRACK" if four else "-j CT --notrack"]
        return self.r.choice(out)

    def target(self, table, chain, chains):
        if table == "nat" and self.chance(0.7):
            return self.nat(chain)
        if self.chance({"mangle": 0.6, "raw": 0.4}.get(table, 0.1)):
            return self.effect(table)
        out = ["-j ACCEPT"] * 4 + ["-j DROP"] * (0 if table == "nat" else 3) + ["-j RETURN"]
        if chains:
            out += [f"-j {self.r.choice(chains)}"] * 4 + [f"-g {self.r.choice(chains)}"]
        if table == "filter":
            kinds = ["icmp-port-unreachable", "icmp-admin-prohibited", "icmp-host-prohibited"] \
                if self.family == 4 else ["icmp6-port-unreachable", "icmp6-adm-prohibited"]
            out += ["-j REJECT", f"-j REJECT --reject-with {self.r.choice(kinds)}"]
            if self.proto == "tcp" and not self.inverted:
                out.append("-j REJECT --reject-with tcp-reset")
        return self.r.choice(out)

    def rule(self, table, chain, base, chains):
        icmp = "icmp" if self.family == 4 else "icmpv6"
        self.proto = self.r.choice(["tcp"] * 4 + ["udp"] * 3 + [icmp, "all", "all"])
        self.inverted = self.proto != "all" and self.chance(0.04)
        if self.inverted:
            return f"-A {chain} ! -p {self.proto} " + (
                self.r.choice(["-j RETURN", "-j ACCEPT", ""]))
        words = self.matches(base)
        if not words and self.chance(0.8):
            words.append(self.addr())
        return " ".join([f"-A {chain}"] + words + [self.target(table, base, chains)])

    # ---- the whole ----

    def table(self, table):
        heads, rules = [], []
        for chain, chance in TABLES[table].items():
            used = self.chance(chance)
            drop = used and table != "nat" and self.chance(
                {"INPUT": 0.5, "FORWARD": 0.4}.get(chain, 0.1) if table == "filter" else 0.05)
            heads.append(f":{chain} {'DROP' if drop else 'ACCEPT'} [0:0]")
            if not used:
                continue
            self.replies &= chain in ("INPUT", "FORWARD") or table == "nat"
            others = [f"{chain[:3].lower()}-{table[:3]}-{i}"
                      for i in range(self.r.choice([0, 0, 1, 2, 3]))]
            heads += [f":{c} - [0:0]" for c in others]
            if drop and self.chance(0.6):
                rules += [f"-A {chain} -p {p} -m multiport --dports 22,53,80,443 -j ACCEPT"
                          for p in ("tcp", "udp")]
            rules += [self.rule(table, chain, chain, others)
                      for _ in range(self.r.randint(1, 3 if table == "nat" else 7))]
            for i, name in enumerate(others):
                rules += [self.rule(table, name, chain, others[i + 1:])
                          for _ in range(self.r.randint(0, 4))]
        return "\n".join([f"*{table}"] + heads + rules + ["COMMIT"]) + "\n"

    def text(self, only_used=False):
        """only_used: leaves out tables without rules, which iptables-legacy would empty."""
        out = []
        for table, chance in TABLE_CHANCE.items():
            if self.chance(chance):
                out.append(self.table(table))
            elif not only_used:
                chains = "\n".join(f":{c} ACCEPT [0:0]" for c in TABLES[table])
                out.append(f"*{table}\n{chains}\nCOMMIT\n")
        return "".join(out)
