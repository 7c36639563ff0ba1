#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Holds the sshd_config evaluator against the real `sshd -T -C`.

    sshd-diff.py SSHD-EVAL [SEED [COUNT]]

Writes COUNT configurations (includes nested and sorted, Match of every kind,
odd quoting, junk) by a fixed rule from SEED, asks both what they come to for
several users and addresses, and fails at any difference: in the value of any
keyword that the evaluator shows, or in whether the configuration is refused.
What differed is left in a directory, which is named.
"""
import concurrent.futures
import grp
import os
import pwd
import random
import re
import shutil
import subprocess
import sys
import tempfile

SSHD = os.environ.get("SSHD", "/usr/sbin/sshd")
CONTEXTS = 3

USERS = ["root", "daemon", "nobody", "games", "mail", "www-data", "ghost"]
ADDRS = ["127.0.0.1", "10.1.2.3", "192.168.7.9", "198.51.100.7", "203.0.113.200", "::1",
         "2001:db8::5", "fe80::1", "172.16.0.1"]
LADDRS = ["10.0.0.1", "192.0.2.1", "2001:db8::1", "127.0.0.1"]
HOSTS = ["a.example.com", "B.Example.COM", "evil.test", "10.1.2.3", "localhost"]
CIPHERS = ("chacha20-poly1305@openssh.com aes128-ctr aes192-ctr aes256-ctr aes128-gcm@openssh.com "
           "aes256-gcm@openssh.com 3des-cbc aes128-cbc aes256-cbc").split()
MACS = ("hmac-sha1 hmac-sha1-96 hmac-sha2-256 hmac-sha2-512 hmac-md5 umac-64@openssh.com "
        "umac-128@openssh.com hmac-sha1-etm@openssh.com hmac-sha2-256-etm@openssh.com "
        "hmac-sha2-512-etm@openssh.com umac-64-etm@openssh.com umac-128-etm@openssh.com "
        "hmac-md5-etm@openssh.com").split()
KEXS = ("diffie-hellman-group1-sha1 diffie-hellman-group14-sha1 diffie-hellman-group14-sha256 "
        "diffie-hellman-group16-sha512 diffie-hellman-group18-sha512 "
        "diffie-hellman-group-exchange-sha1 diffie-hellman-group-exchange-sha256 "
        "ecdh-sha2-nistp256 ecdh-sha2-nistp384 ecdh-sha2-nistp521 curve25519-sha256 "
        "curve25519-sha256@libssh.org sntrup761x25519-sha512@openssh.com").split()
KEYS = ("ssh-ed25519 ssh-ed25519-cert-v01@openssh.com sk-ssh-ed25519@openssh.com "
        "ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521 ssh-rsa "
        "ssh-rsa-cert-v01@openssh.com rsa-sha2-256 rsa-sha2-512 "
        "rsa-sha2-512-cert-v01@openssh.com sk-ecdsa-sha2-nistp256@openssh.com").split()
METHODS = ["publickey", "password", "keyboard-interactive", "hostbased", "gssapi-with-mic", "none",
           "keyboard-interactive:pam", "publickey"]


class Generator:
    """One configuration with its files."""

    def __init__(self, seed, directory):
        self.r = random.Random(seed)
        self.dir = directory
        self.files = 0
        self.junk = self.r.random() < 0.35

    # ---- values ----

    def chance(self, p):
        return self.r.random() < p

    def flag(self):
        return self.r.choice(["yes", "no", "yes", "no", "YES", "No"])

    def words(self, words, most=3):
        return [self.r.choice(words) for _ in range(self.r.randint(1, most))]

    def algs(self, names, wild):
        prefix = self.r.choice(["", "", "+", "-", "^"])
        chosen = self.words(names, 5)
        if prefix == "-" or wild:
            chosen += self.r.choice([[], [], ["*cbc*"], ["ecdsa-*"], ["*-sha1*"], ["ssh-*"],
                                     ["*@openssh.com"], ["???-sha2-*"], ["*"]])
        if prefix != "-" and wild:
            chosen = [c for c in chosen if c not in ("*cbc*", "*-sha1*")]
        if self.chance(0.04):
            chosen.append(self.r.choice(["", "RSA", "ed25519", "!ssh-rsa", "nonsense"] +
                                        (["gss-gex-sha1-"] if GSSAPI else [])))
        self.r.shuffle(chosen)
        return [prefix + ",".join(chosen)]

    def path(self):
        return self.r.choice(["none", "None", "/etc/issue", "relative", "~/x", "~", "~root/k",
                              "~/", "/a b", "/x//y", "~ghost/x" if self.junk else "/z"])

    def pattern(self, names):
        out = []
        for _ in range(self.r.randint(1, 3)):
            p = self.r.choice(names)
            p = self.r.choice([p, p, p, p[:2] + "*", "*" + p[-2:], "?" + p[1:], "*", p.upper()])
            out.append(("!" if self.chance(0.2) else "") + p)
        return ",".join(out)

    def nets(self):
        nets = ["10.0.0.0/8", "192.168.0.0/16", "198.51.100.0/24", "203.0.113.200", "10.*",
                "192.168.7.?", "::1", "2001:db8::/32", "fe80::/10", "0.0.0.0/0", "::/0", "*",
                "127.0.0.1/32", "172.16.0.0/12", "10.1.2.3"]
        if self.junk:
            nets += ["10.0.0.1/8", "10.0.0.0/33", "", "2001:db8::1/32", "1.2.3.4/x", "junk"]
        return ",".join(("!" if self.chance(0.15) else "") + n for n in self.words(nets, 3))

    def user_list(self):
        users = [self.r.choice(USERS + ["alice", "b*", "*"]) for _ in range(self.r.randint(1, 3))]
        return [u + ("@" + self.nets() if self.chance(0.2) else "") for u in users]

    def newer(self):
        """Keywords that came with later versions, for those that have them."""
        rows = [(902, "ChannelTimeout", ["session=5m"]), (905, "Subsystem", ["a", "/b", "c d"]),
                (909, "RefuseConnection", [self.flag()]), (908, "PAMServiceName", ["sshd"])]
        top = [(908, "PerSourcePenalties", self.r.choice([["no"], ["crash:1h", "max:1d"],
                                                          ["overflow:deny-all"], ["bogus:1"]])),
               (908, "PerSourcePenaltyExemptList", [self.nets()]),
               (908, "SshdSessionPath", ["/x"])]
        return [row for row in rows if row[0] <= VERSION], [row for row in top if row[0] <= VERSION]

    def methods(self):
        if self.chance(0.3):
            return ["any"]
        known = [m for m in METHODS if GSSAPI or m != "gssapi-with-mic"]
        lists = [",".join(self.words(known, 3)) for _ in range(self.r.randint(1, 2))]
        if self.junk and self.chance(0.2):
            lists.append("any")
        return lists

    def listen(self):
        a = self.r.choice(["0.0.0.0", "127.0.0.1", "10.0.0.1", "127.1", "::", "::1",
                           "2001:DB8:0::1", "[::1]:2022", "[2001:db8::1]", "192.0.2.1:2222",
                           "127.0.0.1:ssh", "[10.0.0.1]:23"])
        if self.junk and self.chance(0.3):
            a = self.r.choice(["10.0.0.1:0", "10.0.0.1:x", "[::1", "[::1]x", "1.2.3.4/22"])
        return [a]

    def time(self):
        return self.r.choice(["0", "30", "1m", "2h30m", "1W", "90s", "1d2h3m4s", "010",
                              "x" if self.junk else "5", "-1" if self.junk else "6"])

    def number(self):
        return self.r.choice(["0", "1", "6", "100", "2147483647", "+3", " 4",
                              "2147483648" if self.junk else "7", "6x" if self.junk else "8"])

    # ---- lines ----

    def setting(self, in_match):
        r = self.r
        flags = ["AllowAgentForwarding", "DisableForwarding", "GSSAPIAuthentication",
                 "HostbasedAuthentication", "KbdInteractiveAuthentication",
                 "KerberosAuthentication", "PasswordAuthentication", "PermitEmptyPasswords",
                 "PermitTTY", "PermitUserRC", "PubkeyAuthentication", "X11Forwarding",
                 "X11UseLocalhost", "ChallengeResponseAuthentication", "SkeyAuthentication",
                 "ExposeAuthInfo", "StreamLocalBindUnlink"]
        both = {
            "PermitRootLogin": lambda: [r.choice(["yes", "no", "prohibit-password",
                                                  "without-password", "forced-commands-only",
                                                  "Prohibit-Password"])],
            "AllowTcpForwarding": lambda: [r.choice(["yes", "no", "all", "local", "remote"])],
            "AllowStreamLocalForwarding": lambda: [r.choice(["yes", "no", "all", "local"])],
            "GatewayPorts": lambda: [r.choice(["yes", "no", "clientspecified"])],
            "PermitTunnel": lambda: [r.choice(["yes", "no", "point-to-point", "ethernet"] +
                                              (["Yes"] if self.junk else []))],
            "IgnoreRhosts": lambda: [r.choice(["yes", "no", "shosts-only"])],
            "LogLevel": lambda: [r.choice(["quiet", "INFO", "debug", "Debug3", "silent"])],
            "MaxAuthTries": lambda: [self.number()],
            "MaxSessions": lambda: [self.number()],
            "RequiredRSASize": lambda: [self.number()],
            "X11DisplayOffset": lambda: [self.number()],
            "ClientAliveInterval": lambda: [self.time()],
            "ClientAliveCountMax": lambda: [self.number()],
            "AllowUsers": self.user_list,
            "DenyUsers": self.user_list,
            "AllowGroups": lambda: self.words(["root", "users", "s*", "!x"], 3),
            "DenyGroups": lambda: self.words(["root", "users", "s*", "!x"], 3),
            "AcceptEnv": lambda: self.words(["LANG", "LC_*", "FOO", "X=1" if self.junk else "Y"]),
            "SetEnv": lambda: self.words(["A=1", "B=2", "A=3", "junk" if self.junk else "C=4"]),
            "AuthenticationMethods": self.methods,
            "AuthorizedKeysFile": lambda: self.words([".ssh/authorized_keys", "/etc/keys/%u",
                                                      "none", "~/k", "%h/x y"], 3),
            "AuthorizedKeysCommand": lambda: [r.choice(["/usr/bin/keys %u", "none", "/x",
                                                        "rel" if self.junk else "/y"])],
            "AuthorizedKeysCommandUser": lambda: ["nobody"],
            "AuthorizedPrincipalsCommand": lambda: [r.choice(["/usr/bin/p %u", "none"])],
            "AuthorizedPrincipalsCommandUser": lambda: ["daemon"],
            "AuthorizedPrincipalsFile": lambda: [self.path()],
            "Banner": lambda: [self.path()],
            "TrustedUserCAKeys": lambda: [self.path()],
            "RevokedKeys": lambda: [self.path()],
            "ChrootDirectory": lambda: [self.path()],
            "ForceCommand": lambda: [r.choice(["/bin/false", "none", "internal-sftp -l INFO",
                                               'echo "a b"'])],
            "PubkeyAcceptedAlgorithms": lambda: self.algs(KEYS, True),
            "PubkeyAcceptedKeyTypes": lambda: self.algs(KEYS, True),
            "HostbasedAcceptedAlgorithms": lambda: self.algs(KEYS, True),
            "HostbasedAcceptedKeyTypes": lambda: self.algs(KEYS, True),
            "CASignatureAlgorithms": lambda: self.algs([k for k in KEYS if "cert" not in k], True),
            "PubkeyAuthOptions": lambda: self.words(["none", "touch-required", "Verify-Required",
                                                     "x" if self.junk else "none"], 3),
            "PermitOpen": lambda: r.choice([["any"], ["none"], ["host:22"], ["[::1]:80", "a:*"],
                                            ["nope"] if self.junk else ["x:1"]]),
            "PermitListen": lambda: r.choice([["any"], ["none"], ["8080"], ["localhost:*", "1"],
                                              ["a:b:c"] if self.junk else ["*:2"]]),
            "RekeyLimit": lambda: r.choice([["default"], ["1G", "1h"], ["512M", "none"],
                                            ["1"] if self.junk else ["16"]]),
            "IPQoS": lambda: r.choice([["af21", "cs1"], ["none"], ["0x10"],
                                       ["zz"] if self.junk else ["ef"]]),
            "StreamLocalBindMask": lambda: [r.choice(["0177", "777", "8" if self.junk else "0"])],
            "ChannelTimeout": lambda: r.choice([["none"], ["session:*=5m", "x=1"],
                                                ["=1"] if self.junk else ["a=0"]]),
            "UnusedConnectionTimeout": lambda: [r.choice(["none", "5m", "10"])],
            "LogVerbose": lambda: r.choice([["none"], ["kex.c:*:1000", "*"],
                                            ["a", "none"] if self.junk else ["b"]]),
            "RSAAuthentication": lambda: ["whatever", "more"],
            "AuthorizedKeysFile2": lambda: ["x"],
        }
        top = {
            "UsePAM": lambda: [self.flag()],
            "UseDNS": lambda: [self.flag()],
            "StrictModes": lambda: [self.flag()],
            "TCPKeepAlive": lambda: [self.flag()],
            "KeepAlive": lambda: [self.flag()],
            "DSAAuthentication": lambda: [self.flag()],
            "PrintMotd": lambda: [self.flag()],
            "GSSAPIKeyExchange": lambda: [self.flag()],
            "DebianBanner": lambda: [self.flag()] if "Debian" in VERSION_TEXT or DEBIAN else ["x"],
            "Port": lambda: [r.choice(["22", "2222", "443", "ssh"] +
                                      (["0", "65536", "x"] if self.junk else []))],
            "AddressFamily": lambda: [r.choice(["any", "inet", "inet6", "ANY"])],
            "ListenAddress": self.listen,
            "HostKey": lambda: [r.choice(["/etc/ssh/none_key", "none", "k", "~/k"])],
            "HostCertificate": lambda: [self.path()],
            "HostKeyAgent": lambda: [r.choice(["none", "SSH_AUTH_SOCK", "/nonexistent"])],
            "LoginGraceTime": lambda: [self.time()],
            "Compression": lambda: [r.choice(["yes", "no", "delayed"])],
            "Ciphers": lambda: self.algs(CIPHERS, False),
            "MACs": lambda: self.algs(MACS, False),
            "KexAlgorithms": lambda: self.algs(KEXS, False),
            "HostKeyAlgorithms": lambda: self.algs(KEYS, True),
            "SyslogFacility": lambda: [r.choice(["auth", "AUTHPRIV", "local3"])],
            "PidFile": lambda: [self.path()],
            "PermitUserEnvironment": lambda: [r.choice(["yes", "no", "LANG,LC_*", "Yes"])],
            "MaxStartups": lambda: [r.choice(["10:30:60", "5", "0" if self.junk else "7"])],
            "PerSourceMaxStartups": lambda: [r.choice(["none", "5"])],
            "PerSourceNetBlockSize": lambda: [r.choice(["24:56", "33:1" if self.junk else "32:128"])],
            "Subsystem": lambda: [r.choice(["sftp", "x%d" % r.randint(0, 9)]), "/usr/lib/sftp", "-l"],
            "FingerprintHash": lambda: [r.choice(["sha256", "MD5"])],
            "VersionAddendum": lambda: [r.choice(["none", "hello world", "x # y"])],
            "Protocol": lambda: ["2,1"],
            "UsePrivilegeSeparation": lambda: ["sandbox"],
            "UseLogin": lambda: ["no"],
            "GSSAPIKexAlgorithms": lambda: [r.choice(["gss-gex-sha1-", "gss-group14-sha256-"])],
        }
        for table, rows in zip((both, top), self.newer()):
            table.update({name: (lambda v=v: v) for _, name, v in rows})
        if VERSION < 802:
            both = {k: v for k, v in both.items() if k != "PubkeyAuthOptions"}
        if VERSION < 805:
            for name in ("HostbasedAcceptedAlgorithms", "PubkeyAcceptedAlgorithms", "LogVerbose"):
                both.pop(name)
        if VERSION < 901:
            both.pop("RequiredRSASize")
        if VERSION < 902:
            for name in ("ChannelTimeout", "UnusedConnectionTimeout"):
                both.pop(name, None)
        if VERSION < 805:
            for name in ("PerSourceMaxStartups", "PerSourceNetBlockSize"):
                top.pop(name)
        if not GSSAPI:
            top.pop("GSSAPIKexAlgorithms")
            flags = [f for f in flags if not f.startswith(("GSSAPI", "Kerberos"))]
            top.pop("GSSAPIKeyExchange")
        pool = list(both)
        if not in_match or (self.junk and self.chance(0.05)):
            pool += list(top)
        if self.chance(0.35):
            name = r.choice(flags)
            values = [self.flag()]
        else:
            name = r.choice(pool)
            values = both[name]() if name in both else top[name]()
        raw = name in ("ForceCommand", "AuthorizedKeysCommand", "AuthorizedPrincipalsCommand",
                       "VersionAddendum")
        return self.line(name, values, raw)

    def quote(self, word):
        if word == "":
            return '""'
        style = self.r.random()
        if '"' in word:
            return word
        if " " in word or style < 0.06:
            return '"%s"' % word
        if style < 0.09:
            return "'%s'" % word
        if style < 0.11 and len(word) > 1:
            return word[0] + '"' + word[1:] + '"'
        if style < 0.12:
            return word.replace(" ", "\\ ")
        return word

    def line(self, name, values, raw=False):
        r = self.r
        if self.chance(0.3):
            name = r.choice([name.lower(), name.upper(), name.swapcase()])
        if self.chance(0.01):
            name = '"%s"' % name
        sep = r.choice([" "] * 12 + ["\t", "  ", "=", " = ", " =", "= "])
        text = " ".join(values) if raw else r.choice([" ", " ", "  ", "\t"]).join(
            self.quote(v) for v in values)
        out = r.choice(["", "", "", " ", "\t"]) + name + sep + text
        if self.chance(0.06):
            out += r.choice([" # comment", "   ", "\t", "\r", " #", "\f"])
        if self.junk and self.chance(0.06):
            out = self.spoil(out)
        return out

    def spoil(self, line):
        r = self.r
        return r.choice([
            line + " extra", line + ' "', "Bogus" + line.strip(), line.strip().split()[0],
            line + " ''", line + '""', "'" + line.strip(), '"' + line.strip(), "=" + line.strip(),
            line.replace(" ", "==", 1), line + "\\", line[: r.randint(0, len(line))], "Match",
            "Include", "Match all extra", "match bogus x", "GSSAPIEnablek5users no", 'Include ""', line + "\0tail",
            line.strip() + ",", line.replace("e", "\x0b", 1)])

    def match(self):
        r = self.r
        if self.chance(0.12):
            return self.line("Match", ["all"], True)
        criteria = []
        for _ in range(r.randint(1, 2)):
            kinds = ["User", "User", "Group", "Group", "Host", "Address", "Address",
                     "LocalAddress", "LocalPort", "RDomain"]
            if VERSION >= 1000:
                kinds.append("Version")
            kind = r.choice(kinds)
            value = {
                "User": lambda: self.pattern(USERS), "Group": lambda: self.pattern(GROUPS),
                "Host": lambda: self.pattern(["*.example.com", "evil.test", "10.1.*", "b.EXAMPLE.com"]),
                "Address": self.nets, "LocalAddress": self.nets,
                "LocalPort": lambda: r.choice(["22", "2222", "ssh", "x" if self.junk else "0"]),
                "RDomain": lambda: r.choice(["vrf0", "v*"]),
                "Version": lambda: r.choice(["OpenSSH_*", "OpenSSH_9.*"]),
            }[kind]()
            if self.chance(0.2):
                kind = r.choice([kind.lower(), kind.upper()])
            value = self.r.choice([value] * 8 + ['"%s"' % value])
            criteria.append(kind + r.choice([" "] * 8 + ["=", "\t"]) + value)
        return self.line("Match", criteria, True)

    def body(self, lines, depth, in_match):
        out = []
        for _ in range(lines):
            p = self.r.random()
            if p < 0.10:
                out.append(self.match())
                in_match = "all" not in out[-1].lower()
            elif p < 0.18 and depth < 3:
                out.append(self.include(depth + 1, in_match))
            elif p < 0.24:
                out.append(self.r.choice(["", "# comment", "   ", "\t# x", "#" * 40]))
            else:
                out.append(self.setting(in_match))
        return out

    def include(self, depth, in_match):
        if self.chance(0.1):
            return self.line("Include", [self.dir + "/missing-*.conf"])
        names = []
        for _ in range(self.r.randint(1, 2)):
            group = "d%d" % self.r.randint(0, 5)
            for _ in range(self.r.randint(1, 2)):
                self.files += 1
                name = "%s-%02d-%d.conf" % (group, self.r.randint(0, 20), self.files)
                with open(os.path.join(self.dir, name), "w") as f:
                    f.write("\n".join(self.body(self.r.randint(1, 4), depth, in_match)))
                    f.write(self.r.choice(["", "\n"]))
                names.append(name)
            names.append(group + "-*.conf")
        self.r.shuffle(names)
        return self.line("Include", [self.dir + "/" + n for n in names[: self.r.randint(1, 2)]])

    def config(self):
        path = os.path.join(self.dir, "sshd_config")
        text = "\n".join(self.body(self.r.randint(3, 22), 0, False)) + "\n"
        with open(path, "w") as f:
            f.write(text)
        return path

    def specs(self):
        out = []
        for _ in range(CONTEXTS):
            spec = "user=%s,host=%s,addr=%s,laddr=%s,lport=%s" % (
                self.r.choice(USERS), self.r.choice(HOSTS), self.r.choice(ADDRS),
                self.r.choice(LADDRS), self.r.choice(["22", "2222"]))
            out.append(spec + (",rdomain=vrf0" if self.chance(0.3) else ",rdomain="))
        return out


def values(text):
    """Keyword to value of the output of sshd -T; repeated keywords joined."""
    out = {}
    for line in text.split("\n"):
        keyword, _, value = line.partition(" ")
        if not keyword:
            continue
        if value == "(null)":
            value = "none"
        keyword = keyword.replace("acceptedkeytypes", "acceptedalgorithms")  # before 8.5
        out[keyword] = out[keyword] + " " + value if keyword in out else value
    return out


def same(keyword, mine, real):
    if mine == real:
        return True
    # Wildcards come out in the order of the version's table, which nothing depends on.
    if VERSION < 901 and keyword.endswith("algorithms"):
        return sorted(mine.split(",")) == sorted(real.split(","))
    # As written in Match blocks, where sshd does not look at it yet.
    return mine == "none" and real.lower() == "none"


def run(args, **how):
    return subprocess.run(args, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="surrogateescape", cwd="/", check=False, **how)


def run_sshd(args):
    """Not as root: sshd -T would want /run/sshd, which is there only while it runs."""
    how = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
    return run([SSHD, "-T"] + args, **how)


def compare(config, specs, defaults, key, evaluator):
    """Runs both; returns (refused, values compared, crashes of sshd, differences)."""
    mine = run([evaluator, "-V", str(VERSION), "-v", "debian" if DEBIAN else "rhel", "-d", defaults, "-u", WHO, "-o", "HostKey=" + key,
                config] + specs)
    if mine.returncode not in (0, 1):
        return False, 0, 0, ["evaluator: %s %s" % (mine.returncode, mine.stderr.strip())]
    contexts, current, errors = {}, None, []
    for line in mine.stdout.split("\n"):
        if line.startswith("context "):
            current = contexts.setdefault(line[8:], {})
        elif line.startswith("error "):
            errors.append(line)
        elif line and current is not None:
            keyword, _, rest = line.partition(" ")
            current[keyword] = rest.rpartition("\t")[0]
    diffs, refused, compared, crashed = [], False, 0, 0
    for spec in specs:
        real = run_sshd(["-f", config, "-h", key, "-C", spec])
        got = contexts.get(spec, {})
        if real.returncode < 0:
            crashed += 1  # 10.0 does with a Subsystem in Match only
            continue
        if real.returncode != 0:
            refused = True
            if got:
                diffs.append("%s: refused by sshd only: %s" % (spec, real.stderr.strip()))
            continue
        if not got:
            diffs.append("%s: refused here only: %s" % (spec, errors))
            continue
        want = values(real.stdout)
        for keyword, value in got.items():
            if keyword.startswith(("gssapi", "kerberos", "requiredrsa")) and keyword not in want:
                continue  # built without, or before it could be set
            compared += 1
            if not same(keyword, value, want.get(keyword, "")):
                diffs.append("%s: %s is %r, sshd has %r" % (spec, keyword, value,
                                                            want.get(keyword, "")))
    return refused, compared, crashed, diffs


def one(number, seed, base, defaults, key, evaluator):
    directory = os.path.join(base, "c%d" % number)
    os.mkdir(directory)
    g = Generator(seed * 1000003 + number, directory)
    config, specs = g.config(), g.specs()
    refused, compared, crashed, diffs = compare(config, specs, defaults, key, evaluator)
    if not diffs:
        shutil.rmtree(directory)
    return refused, compared, crashed, [(config, d) for d in diffs]


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


def main():
    global VERSION, VERSION_TEXT, DEBIAN, GROUPS, WHO, GSSAPI
    WHO = "nobody" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    evaluator = os.path.abspath(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 2000
    if not os.path.exists(SSHD):
        skip("no " + SSHD)
    if not shutil.which("ssh-keygen"):
        skip("no ssh-keygen")
    VERSION_TEXT = run([SSHD, "-V"]).stderr
    found = re.search(r"OpenSSH_(\d+)\.(\d+)", VERSION_TEXT)
    if not found:
        skip("sshd says no version: " + VERSION_TEXT.strip())
    VERSION = int(found.group(1)) * 100 + int(found.group(2))
    DEBIAN = os.path.exists("/etc/debian_version")
    GROUPS = sorted({g.gr_name for g in grp.getgrall()})[:12] + ["root", "nogroup", "daemon"]

    base = tempfile.mkdtemp(prefix="sshd-diff-", dir="/tmp")
    os.chmod(base, 0o755)
    key = os.path.join(base, "key")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    if os.getuid() == 0:
        shutil.chown(key, "nobody")
    empty, defaults = os.path.join(base, "empty"), os.path.join(base, "defaults")
    open(empty, "w").close()
    real = run_sshd(["-f", empty, "-h", key])
    if real.returncode != 0:
        skip("sshd -T does not run here: " + real.stderr.strip())
    GSSAPI = "gssapiauthentication" in real.stdout
    with open(defaults, "w") as f:
        f.write(real.stdout)

    refused = compared = crashed = 0
    diffs = []
    with concurrent.futures.ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        jobs = [pool.submit(one, i, seed, base, defaults, key, evaluator) for i in range(count)]
        for job in jobs:
            r, c, x, d = job.result()
            refused += r
            compared += c
            crashed += x
            diffs += d
    print("%s, seed %d: %d configurations (%d refused by sshd), %d contexts, %d values compared, "
          "%d differences%s" % (found.group(0), seed, count, refused, count * CONTEXTS, compared,
                                len(diffs), ", sshd crashed %d times" % crashed if crashed else ""))
    for config, what in diffs[:40]:
        print("%s: %s" % (config, what))
    if diffs:
        print("left in " + base)
        sys.exit(1)
    shutil.rmtree(base)
    # A generator that makes only junk, or none, would prove nothing.
    if not 0.1 < refused / count < 0.9 or compared < count * 20:
        print("too few of one kind")
        sys.exit(1)


if __name__ == "__main__":
    main()
