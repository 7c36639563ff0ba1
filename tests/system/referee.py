# SPDX-License-Identifier: ISC
"""Compares what flow-query says of packets with where the kernel lets them arrive."""
import os
import subprocess

from netlab import HOST4, HOST6, PEER4, PEER6, PROTOS, TCP_PORTS, UDP_PORTS

PATIENCE = 1.5  # seconds for a packet that is not there yet, when a difference is looked at again
SHOWN = 5


def tool(family, variant, verb):
    return f"ip{'6' if family == 6 else ''}tables-{variant}-{verb}"


def dump(lab, variants, directory):
    """What the tools say of the rules in force, as files; the arguments that name them.

    variants: of "nft" and "legacy", whose iptables-save is asked beside nft itself."""
    out = {"nft": lab.host.run("nft", "-j", "list", "ruleset").stdout, "host": lab.host_json}
    for variant, name in (("nft", "save"), ("legacy", "legacy")):
        if variant in variants:
            out |= {f"{name}{f}": lab.host.run(tool(f, variant, "save")).stdout for f in (4, 6)}
    args = []
    for name, text in out.items():
        path = os.path.join(directory, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        args += ["--" + name, path]
    return args


def question(p):
    return f"{p.way} {p.iface} {p.saddr} {p.sport} {p.daddr} {PROTOS[p.proto]} {p.dport}"


def listens(where, proto, addr, port):
    """Whether somebody listens there: without, an ordinary connection arrives nowhere."""
    ports = TCP_PORTS if proto == "tcp" else UDP_PORTS
    if port not in ports:
        return False
    return where == "forward" or ports.index(port) % 3 != 2 or \
        addr in sum(list(HOST4.values()) + list(HOST6.values()), [])


def agrees(answer, p, result, replies):
    """Whether the prediction is what happened; None: it was left undecided.

    replies: whether a refusal gets back to who was refused."""
    words = answer.split()
    if {"may", "chosen"} & set(words[:4]):
        return None
    if p.way == "out":
        # Behind the bridge it is seen as what is forwarded is.
        return (words[0] == "sent") == (result.where in ("sent", "forward"))
    if words[0] in ("arrive", "forward"):
        addr, port = words[1], int(words[2])
        if p.real and not listens(words[0], p.proto, addr, port):
            return result.where is None
        if p.proto not in ("tcp", "udp"):
            port = 0
        return (result.where, result.addr, result.port) == (words[0], addr, port)
    if result.where is not None:
        return False
    if words[0] == "drop":
        return not result.answered
    return words[0] == "reject" and (result.answered or not replies or near(p))


def near(p):
    """Whether the sender gets no answer: from lo, or since the host would have to ask the wire who
    has its address."""
    return p.iface == "lo" or p.saddr.startswith(("192.0.2.", "10.9.0.", "172.17.", "2001:db8:0:1:", "2001:db8:0:9:",
                               "2001:db8:0:17:")) and p.saddr not in PEER4 + PEER6


def ask(flow_query, args, probes):
    r = subprocess.run([flow_query] + args, input="".join(question(p) + "\n" for p in probes),
                       capture_output=True, text=True)
    lines = r.stdout.splitlines()
    if r.returncode != 0 or len(lines) != len(probes):
        raise RuntimeError(f"{flow_query} {' '.join(args)}: exit {r.returncode}, {len(lines)} "
                           f"answers to {len(probes)} questions\n{r.stderr}")
    return lines


class Referee:
    """Rounds of probes, each judged by both; and the counts of all."""

    def __init__(self, flow_query, directory):
        self.flow_query, self.directory = flow_query, directory
        self.count = dict.fromkeys(["sets", "probes", "arrived", "refused", "chosen", "mays", "wrong"], 0)

    def judge(self, lab, variants, probes, decidable, replies):
        """Sends the probes; what differs, as texts. variants: as of dump(); decidable: of a probe,
        whether the rules decide it; replies: as of agrees()."""
        results = lab.round(probes)
        answers = ask(self.flow_query, dump(lab, variants, self.directory), probes)
        verdicts = [agrees(a, p, results[p.id], replies) for a, p in zip(answers, probes)]
        for i, p in enumerate(probes):
            if verdicts[i] is False:  # alone and with time: nothing may be late or in the way
                results[p.id] = lab.round([p], PATIENCE)[p.id]
                verdicts[i] = agrees(answers[i], p, results[p.id], replies)
        self.count["sets"] += 1
        self.count["probes"] += len(probes)
        self.count["arrived"] += sum(r.where is not None for r in results.values())
        self.count["refused"] += sum(r.where is None and r.answered for r in results.values())
        open_ones = [a.split()[:4] for a, v in zip(answers, verdicts) if v is None]
        self.count["mays"] += sum("may" in words for words in open_ones)
        self.count["chosen"] += sum("may" not in words for words in open_ones)
        bad = [i for i, v in enumerate(verdicts)
               if v is False or (v is None and decidable(probes[i]))]
        self.count["wrong"] += len(bad)
        return [f"  {question(probes[i])}{' (ordinary socket)' if probes[i].real else ''}\n"
                f"    said:   {answers[i]}\n    kernel: {results[probes[i].id]}"
                for i in bad[:SHOWN]]
