#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Holds the reader of fail2ban's configuration against fail2ban itself.

    fail2ban-diff.py GUARD-SHOW [SEED [COUNT]]

Writes COUNT configurations by a fixed rule from SEED: jail.conf of the package
or one made up, jail.local, jail.d, includes, interpolation of every kind,
comments, continuation lines, duplicates, junk. Asks both which jails are on,
with which backend, log files, addresses that are never banned and actions, and
whether the configuration is refused at all. The first twenty are asked of
`fail2ban-client -d`, the rest of the same code inside of this process. What
differed is left in a directory, which is named.
"""
import ast
import json
import logging
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ETC = "/etc/fail2ban"
LIB = "/usr/lib/python3/dist-packages"

try:
    sys.path.append(LIB)
    from fail2ban.client.configurator import Configurator
except ImportError:
    print("fail2ban is not installed")
    sys.exit(77)
if not os.path.exists(ETC + "/jail.conf") or not shutil.which("fail2ban-client"):
    print("fail2ban is not installed")
    sys.exit(77)
logging.getLogger("fail2ban").setLevel(logging.CRITICAL + 1)

KEYS = ("enabled backend logpath ignoreip port filter action banaction bantime maxretry findtime "
        "sshd_log sshd_backend mine destemail mode usedns ignoreself ignorecommand journalmatch").split()
JAILS = ["sshd", "dropbear", "recidive", "mine", "pam-generic", "sshd-more"]


class Generator:
    def __init__(self, seed, directory):
        self.r = random.Random(seed)
        self.dir = directory
        self.odd = self.r.random() < 0.4

    def chance(self, p):
        return self.r.random() < p

    def value(self, key, jail):
        r = self.r
        logs = self.dir + "/log"
        plain = {
            "enabled": ["true", "false", "yes", "1", "on", "True", "no", "TRUE", "%(mine)s",
                        "0", "ja", "true ; why not", "true;no"],
            "backend": ["auto", "systemd", "polling", "%(sshd_backend)s", "pyinotify",
                        "systemd[journalflags=1]", "%(default/backend)s"],
            "logpath": [logs + "/auth.log", logs + "/*.log", logs + "/none.log",
                        "%(sshd_log)s", logs + "/auth.log\n   " + logs + "/b.log",
                        logs + "/auth.log tail", logs + "/a?th.log\n\n # no\n " + logs + "/c",
                        "%(known/logpath)s\n " + logs + "/b.log", logs + "/gone"],
            "ignoreip": ["127.0.0.1/8 ::1", "10.0.0.0/8,192.168.0.0/16", "", "%(mine)s 10.1.1.1",
                         "127.0.0.1\n  10.0.0.0/8 ; office\n  ; more\n  # none\n  fc00::/7"],
            "port": ["ssh", "2222", "ssh,2222", "0:65535"],
            "filter": ["sshd", "sshd[mode=aggressive]", "%(__name__)s[mode=%(mode)s]", "mine",
                       "none-such", "dropbear", "", "recidive", "sshd [mode=x]", "sshd[mode=x",
                       "sshd[mode='a,]b', x=\"y\"][z=1]", "sshd[mode]", "sshd[a=b] c", "[a=b]"],
            "action": ["%(action_)s", "%(banaction)s[port=\"%(port)s\", name=%(__name__)s]",
                       "iptables-allports", "sendmail[dest=x]\n  %(action_)s", "no-such-action",
                       "%(action_mw)s", "hostsdeny", "", "iptables[port=1]\n[name=x]",
                       "hostsdeny[a b]", "iptables [port=2]", "hostsdeny iptables-allports"],
            "banaction": ["iptables-multiport", "nftables", "iptables[type=allports]"],
            "bantime": ["10m", "-1", "%(findtime)s", "1h # not a comment"],
            "maxretry": ["5", "many", "%(known/maxretry)s", "%(sshd/maxretry)s"],
            "findtime": ["600", "10m"],
            "sshd_log": [logs + "/auth.log", logs + "/b.log"],
            "sshd_backend": ["auto", "systemd", "%(default/backend)s"],
            "mine": ["true", "10.9.9.9", "%(ignoreip)s", "%(MINE)s"],
            "destemail": ["root@localhost", "100%%"],
            "mode": ["normal", "aggressive"],
            "usedns": ["warn", "no"],
            "ignorecommand": ["", "/bin/true", "%(mine)s <ip>"],
            "journalmatch": ["_COMM=sshd", "_SYSTEMD_UNIT=x.service + _COMM='a b'",
                             "_COMM=a\n  _COMM=%(__name__)s", ""],
            "ignoreself": ["true", "false"],
        }[key]
        v = r.choice(plain)
        if self.odd and self.chance(0.06):
            v = r.choice(["%(nothing)s", "50%", "%(x", "%", "%%(port)s", "%(known/nothing)s",
                          "%(default/port)s", "%(sshd/port)s", "%(none/port)s", "%(Port)s",
                          "%(DEFAULT/port)s", "%()s", "%(port)d", "\u00a0true\u00a0", "a;b ;c"])
        return v

    def option(self, key, jail):
        r = self.r
        text = self.value(key, jail)
        name = key.upper() if self.chance(0.03) else key
        sep = r.choice([" = ", "=", " : ", ":", "   =  ", " =\t"])
        line = name + sep + text
        if self.chance(0.05):
            line = name + sep + "\n    " + text
        if self.chance(0.03):
            line += "\n"
        return line

    def section(self, name):
        r = self.r
        keys = r.sample(KEYS, r.randint(0, 5))
        if name != "DEFAULT" and self.chance(0.75) and "enabled" not in keys:
            keys.append("enabled")
        out = ["[" + name + "]"]
        for key in keys:
            out.append(self.option(key, name))
            if self.chance(0.1):
                out.append(r.choice(["# comment", "; comment", "", "   # indented", "  "]))
        if self.odd and self.chance(0.05):
            out.append(r.choice(["junk", "= x", "enabled = true\nenabled = false", "  indented = 1",
                                 "[" + name + "]", "[]", "[open", "a=1\n  [inside]"]))
        return "\n".join(out)

    def write(self, path, text):
        path = os.path.join(self.dir, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        data = text.encode()
        if self.odd and self.chance(0.02):
            data = b"\xef\xbb\xbf" + data
        if self.odd and self.chance(0.02):
            data += b"# \xff\n"
        if self.chance(0.05):
            data = data.replace(b"\n", b"\r\n")
        with open(path, "wb") as f:
            f.write(data)

    def file(self, path, includes=()):
        names = self.r.sample(["DEFAULT"] + JAILS, self.r.randint(1, 3))
        parts = [self.section(name) for name in names]
        if includes:
            parts.insert(self.r.randint(0, 1), "[INCLUDES]\n" + "\n".join(includes))
        self.write(path, "\n".join(parts) + "\n")

    def build(self):
        for name in ("action.d", "filter.d"):
            os.makedirs(self.dir + "/" + name)
            for f in os.listdir(ETC + "/" + name):
                os.symlink(ETC + "/" + name + "/" + f, self.dir + "/" + name + "/" + f)
        shutil.copy(ETC + "/fail2ban.conf", self.dir)
        os.makedirs(self.dir + "/log")
        for name in self.r.sample(["auth.log", "b.log", "c", ".hidden.log"], self.r.randint(0, 3)):
            open(self.dir + "/log/" + name, "w").close()
        os.symlink("/nowhere", self.dir + "/log/gone")
        if self.chance(0.7):
            for f in os.listdir(ETC):
                if f.startswith(("paths-", "jail.conf")):
                    shutil.copy(ETC + "/" + f, self.dir)
        else:
            self.file("jail.conf", self.r.choice([(), ("before = inc/a.conf",),
                      ("before = inc/a.conf\n  inc/b.conf", "after = inc/c.conf"),
                      ("after = none.conf",), ("before =",), ("before = jail.conf",)]))
        for name in ("a", "b", "c"):
            if self.chance(0.5):
                self.file("inc/%s.conf" % name, self.r.choice([(), (), ("after = b.conf",),
                          ("before = a.conf",), ("before = ../jail.conf",)]))
            if self.chance(0.2):
                self.file("inc/%s.local" % name)
        for name in ("jail.local", "jail.d/10-x.conf", "jail.d/20-y.conf", "jail.d/x.local",
                     "jail.d/10-x.local", "jail.d/.z.conf", "paths-overrides.local",
                     "paths-common.local", "filter.d/mine.conf"):
            if self.chance(0.3):
                self.file(name)


def stream_of(directory, ask_client):
    if ask_client:
        p = subprocess.run(["fail2ban-client", "-c", directory, "-d"], capture_output=True,
                           text=True, check=False)
        if p.returncode != 0:
            return None
        lines = [l for l in p.stdout.splitlines() if l.startswith("[")]
        return [ast.literal_eval(l) for l in lines]
    try:
        c = Configurator()
        c.Reload()
        c.setBaseDir(directory)
        c.readAll()
        ok = c.getOptions(None, {}, ignoreWrong=True)
        c.convertToProtocol(allow_no_files=True)
        return c.getConfigStream() if ok else None
    except Exception:  # whatever it is, the client calls it "Failed during configuration"
        return None


def theirs(directory, ask_client):
    stream = stream_of(directory, ask_client)
    if stream is None:
        return None
    jails = {}
    for c in stream:
        if c[0] == "add":
            jails[c[1]] = {"backend": c[2], "found": 0, "ignore": [], "actions": [], "settings": {}}
        elif c[0] == "set" and c[1] in jails:
            jail = jails[c[1]]
            if c[2] == "addlogpath":
                jail["found"] += 1
            elif c[2] == "addignoreip":
                jail["ignore"] = list(c[3:])
            elif c[2] in ("maxretry", "findtime", "bantime", "ignorecommand"):
                jail["settings"][c[2]] = c[3]
            elif c[2] == "addjournalmatch":
                jail["settings"].setdefault("journalmatch", []).append(c[3:])
            elif c[2] == "addaction":
                # Some of jail.conf's give an action a name of their own, by the protocol.
                jail["actions"].append(re.sub("-(tcp|udp)$", "", c[3]))
        elif c[0] == "multi-set" and c[2] == "addignoreip" and c[1] in jails:
            jails[c[1]]["ignore"] = list(c[3])
    return jails


def ours(answer):
    if answer["error"] or answer["r"]:
        return None
    jails = {}
    skipped = 0
    for j in answer["jails"]:
        if j["error"]:
            skipped += 1
            continue
        jails[j["name"]] = {k: j[k] for k in ("backend", "found", "ignore", "actions", "settings")}
        match = j["settings"].pop("journalmatch", None)
        if match and match.strip():
            j["settings"]["journalmatch"] = [shlex.split(m) for m in match.split("\n") if m]
    return None if skipped and not jails else jails


def same_settings(a, b):
    for key in set(a) | set(b):
        x, y = a.get(key), b.get(key)
        if key == "maxretry" and x is not None:
            y = int(y) if y is not None and re.fullmatch(r"\s*[-+]?[0-9]+\s*", y) else None
        if key == "maxretry" and x is None:  # fail2ban found no number
            y = None
        if x != y:
            return False
    return True


def same(a, b):
    if a is None or b is None:
        return a is None and b is None
    if a.keys() != b.keys():
        return False
    for name, x in a.items():
        y = b[name]
        if x["backend"] != y["backend"] or x["ignore"] != y["ignore"]:
            return False
        if not same_settings(x["settings"], y["settings"]):
            return False
        if x["found"] != y["found"] or set(x["actions"]) != set(y["actions"]):
            return False
    return True


def main():
    show = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 400
    base = tempfile.mkdtemp(prefix="hardend-fail2ban-")
    wrong = refused = jails = 0
    with subprocess.Popen([show], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as p:
        for i in range(count):
            directory = "%s/%d" % (base, i)
            os.makedirs(directory)
            Generator(seed * 100003 + i, directory).build()
            p.stdin.write(directory + "\n")
            p.stdin.flush()
            answer = json.loads(p.stdout.readline())
            mine, other = ours(answer), theirs(directory, i < 20)
            refused += other is None
            jails += len(other or {})
            if same(other, mine):
                shutil.rmtree(directory)
                continue
            wrong += 1
            a, b = other or {}, mine or {}
            print("%s: fail2ban %s, hardend %s (%s)" % (
                directory, "refuses" if other is None else "accepts",
                "refuses" if mine is None else "accepts", answer["error"]))
            for name in sorted(set(a) | set(b)):
                if other is not None and mine is not None and (
                        name not in a or name not in b or not same({name: a[name]}, {name: b[name]})):
                    print("  %s: fail2ban %r\n    hardend %r" % (name, a.get(name), b.get(name)))
        p.stdin.close()
    print("%d configurations, %d refused, %d jails, %d differ" % (count, refused, jails, wrong))
    if wrong == 0:
        shutil.rmtree(base)
    # A rule that makes only refused configurations would show nothing.
    return 1 if wrong or jails < count / 4 or refused < count / 20 else 0


if __name__ == "__main__":
    sys.exit(main())
