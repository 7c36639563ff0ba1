#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The kernel as referee: does a packet arrive where our reading of the rules says it does?

    filter-diff.py FLOW-QUERY [SEED [COUNT]]

Makes COUNT rule sets from SEED on (nftables, iptables-nft, iptables-legacy, and several at once),
loads each into a namespace, and sends what decides: packets from addresses and ports beside every
edge that the rules name, and ordinary connections and datagrams to ordinary listeners. Where each
arrived is compared with what FLOW-QUERY says from the same rules as the tools print them. What is
told as undecided ("may") is counted, and is an error unless the rules hold something that nobody
can decide. A difference prints the rules and the command that repeats it.
"""
import json
import os
import random
import shutil
import sys
import tempfile
import time

from netlab import BEHIND, HOST4, HOST6, PEER4, PEER6, TCP_PORTS, UDP_PORTS, Lab, Probe
from referee import Referee, near, tool
from rulegen import NftRules, usable
from savegen import PRIORITIES, SaveRules

TOOLS = ["nft", "ip", "iptables-nft-restore", "ip6tables-nft-restore", "iptables-legacy-restore",
         "ip6tables-legacy-restore"]
PROBES, REAL, OUT, OWN = 200, 40, 40, 20
FIRST, COUNT = 1, 520


class RuleSet:
    """One seed's rules: which lab they go to, their texts, and what decides about them."""

    def __init__(self, seed):
        self.seed = seed
        self.nft, self.save = None, {}
        kind = seed % 10
        self.legacy = kind in (7, 8, 9)
        if kind in (0, 1, 2, 3, 4, 9) or seed % 20 == 16:
            self.nft = NftRules(seed, PRIORITIES if self.legacy else ())
        if kind >= 5:
            self.save = {f: SaveRules(seed, f) for f in (4, 6)}
        self.parts = [p for p in [self.nft, *self.save.values()] if p]
        self.nft_text = self.nft.text() if self.nft else "flush ruleset\n"
        self.save_text = {f: g.text(only_used=not self.legacy) for f, g in self.save.items()}

    def decides(self, p):
        """Whether what becomes of the probe follows from the rules. From which address lo
        masquerades does not."""
        masked = p.iface == "lo" and "masquerade" in self.text().lower()
        return not masked and all(part.decidable for part in self.parts)

    @property
    def replies(self):
        return all(p.replies for p in self.parts)

    def text(self):
        word = "legacy" if self.legacy else "nft"
        return self.nft_text + "".join(
            f"# ip{'6' if f == 6 else ''}tables-{word}-restore\n{t}"
            for f, t in self.save_text.items())


def load(lab, rules):
    lab.host.run("nft", "-f", "-", stdin=rules.nft_text)
    for family, text in rules.save_text.items():
        lab.host.run(tool(family, "legacy" if rules.legacy else "nft", "restore"), stdin=text)


def draw(rules):
    """Probes at the points where the rules decide."""
    r = random.Random(f"probes {rules.seed}")
    union = lambda name: sorted(set().union(*(getattr(p.points, name) for p in rules.parts)))
    v4, v6, ports = union("v4"), union("v6"), union("ports")
    out, used = [], set()
    while len(out) < PROBES:
        n, real = len(out), len(out) < REAL
        six, iface = r.random() < 0.5, "h0" if r.random() < 0.8 else "h1"
        own = PEER6 if six else PEER4
        saddr = r.choice(own if real or r.random() < 0.3 else (v6 if six else v4) or own)
        daddr = r.choice((HOST6 if six else HOST4)[iface] * 3 + [BEHIND[six]])
        if daddr == BEHIND[six]:
            iface = "h0"
        proto = r.choice(["tcp", "udp"] if real else
                         ["tcp"] * 6 + ["udp"] * 5 + ["icmpv6" if six else "icmp"])
        listened = TCP_PORTS if proto == "tcp" else UDP_PORTS
        dport = r.choice(listened if real or r.random() < 0.4 or not ports else ports)
        sport = r.choice([40000 + n, 40000 + n, 40000 + n, r.choice(ports or [68]), 68, 1023])
        if real and proto == "tcp":  # nothing is left of it from the rule sets before
            sport = 20000 + (rules.seed * REAL + n) % 20000
        if proto not in ("tcp", "udp"):
            sport, dport = r.choice([128, 128, 139] if six else [8, 8, 13]), 0
        key = (proto, saddr, sport) if real else (proto, saddr, sport, daddr, dport)
        if key in used or (proto, saddr, sport) in used or not usable(saddr):
            continue
        used.add(key)
        out.append(Probe(n, "in", iface, proto, saddr, sport, daddr, dport, real))
    own = [to_itself(p) for p in out[REAL + OUT:REAL + OUT + OWN]]
    return out + [turn(p) for p in out[REAL:REAL + OUT] if not near(p)] + own


def to_itself(p):
    """A packet of the host to one of its own addresses: through output, and in by lo."""
    own = HOST6 if ":" in p.saddr else HOST4
    daddr = own["h0"][0] if p.daddr in BEHIND else p.daddr
    return p._replace(id=p.id + PROBES, iface="lo", saddr=own["h0"][p.id % 2], daddr=daddr)


def turn(p):
    """A packet of the host to where another came from."""
    six = ":" in p.saddr
    behind = p.daddr == BEHIND[six]
    return p._replace(id=p.id + PROBES, way="out", iface="br0" if behind else "h0",
                      saddr=(HOST6 if six else HOST4)[p.iface][0],
                      daddr=p.daddr if behind else p.saddr)


class Worker:
    """Rule sets one after the other, in labs that stay."""

    def __init__(self, flow_query, directory):
        self.referee = Referee(flow_query, directory)
        self.labs = {}

    def lab(self, legacy):
        """iptables-legacy's tables stay in a namespace for good: it has one of its own."""
        if legacy not in self.labs:
            self.labs[legacy] = Lab()
        return self.labs[legacy]

    def run(self, seed):
        rules = RuleSet(seed)
        lab = self.lab(rules.legacy)
        load(lab, rules)
        if lab.forwards != (seed % 11 != 0):
            lab.forward(seed % 11 != 0)
        variant = ["legacy"] if rules.legacy else ["nft"] if rules.save else []
        bad = self.referee.judge(lab, variant, draw(rules),
                                 rules.decides, rules.replies)
        if bad:
            print(f"\nseed {seed}: again by {sys.argv[0]} {self.referee.flow_query} {seed} 1\n"
                  + rules.text() + "\n".join(bad))


def work(flow_query, seeds, cpu):
    """Runs in a process of its own; prints its counts as the last line."""
    os.sched_setaffinity(0, {cpu})
    with tempfile.TemporaryDirectory(prefix="hardend-filter-") as directory:
        os.environ["XTABLES_LOCKFILE"] = directory + "/lock"
        worker = Worker(flow_query, directory)
        for seed in seeds:
            worker.run(seed)
            sys.stdout.flush()
        print(json.dumps(worker.referee.count))


def main():
    flow_query = os.path.abspath(sys.argv[1])
    first = int(sys.argv[2]) if len(sys.argv) > 2 else FIRST
    count = int(sys.argv[3]) if len(sys.argv) > 3 else COUNT
    missing = [t for t in TOOLS if not shutil.which(t)]
    if os.geteuid() != 0 or missing:
        print(f"SKIP: needs root and {' '.join(missing) or 'nothing else'}")
        return 77
    start = time.monotonic()
    cpus = sorted(os.sched_getaffinity(0))[:max(1, min(count, 4))]
    children = []
    for i, cpu in enumerate(cpus):
        out = tempfile.TemporaryFile("w+")
        pid = os.fork()
        if pid == 0:
            os.dup2(out.fileno(), 1)
            sys.stdout = os.fdopen(1, "w", closefd=False)
            work(flow_query, range(first + i, first + count, len(cpus)), cpu)
            sys.stdout.flush()
            os._exit(0)
        children.append((pid, out))
    total, failed = {}, False
    for pid, out in children:
        failed |= os.waitpid(pid, 0)[1] != 0
        out.seek(0)
        lines = out.read().splitlines()
        if not failed:
            for name, n in json.loads(lines.pop()).items():
                total[name] = total.get(name, 0) + n
        print("\n".join(lines))
    print(f"{time.monotonic() - start:.0f} s: " + ", ".join(f"{n} {k}" for k, n in total.items()))
    if failed or total["wrong"] or total["sets"] != count:
        return 1
    if count >= 100 and not 0.2 < total["arrived"] / total["probes"] < 0.8:
        print("the rule sets let nearly everything or nothing through: they decide too little")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
