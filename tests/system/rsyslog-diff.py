#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The reader of rsyslog's configuration beside rsyslogd itself.

Generated configurations, in both of its languages and with includes, send to
ports of this machine. rsyslogd runs with each of them, gets one message of
every facility and severity, and what arrives at each port must lie between
what the reader calls sure and what it calls maybe. rsyslogd -N1 says which
configurations parse. Exits 77 without rsyslogd.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile

import syslogs

ROUNDS = int(os.environ.get("ROUNDS", "120"))
RSYSLOGD = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin:/sbin:/bin")
NAMED = [f for f in syslogs.FACILITIES if f not in ("bsd_security", "clock")]


class Generator:
    def __init__(self, seed, ports, last):
        self.last = last
        self.rnd = random.Random(seed)
        self.ports = ports
        self.left = list(ports)
        self.rulesets = []
        self.files = {}
        self.depth = 0

    def pick(self, *what):
        return self.rnd.choice(what)

    def selector(self):
        parts = []
        for _ in range(self.rnd.randint(1, 3)):
            fac = self.pick("*", ",".join(self.rnd.sample(NAMED, self.rnd.randint(1, 3))))
            pri = self.pick("*", "none", "!", "=", "!=", "", "") 
            if pri not in ("*", "none"):
                pri += self.pick(*syslogs.SEVERITIES, "error", "warn", "panic")
            parts.append(fac + "." + pri)
        return ";".join(parts)

    def condition(self, depth=0):
        r = self.rnd.random()
        if depth < 3 and r < 0.25:
            return "%s %s %s" % (self.condition(depth + 1), self.pick("and", "or", "AND"),
                                 self.condition(depth + 1))
        if depth < 3 and r < 0.4:
            return "not (%s)" % self.condition(depth + 1)
        if depth < 3 and r < 0.5:
            return "(%s)" % self.condition(depth + 1)
        return self.pick(
            lambda: "$syslogseverity %s %s" % (
                self.pick("<=", ">", "==", "!=", "<>", "<", ">="),
                self.pick("%d", "'%d'", '"%d"') % self.rnd.randint(0, 7)),
            lambda: "%d %s $syslogseverity" % (self.rnd.randint(0, 7), self.pick("<", ">=", "==")),
            lambda: "$syslogfacility %s %d" % (self.pick("==", "!=", "<"), self.rnd.randint(0, 23)),
            lambda: "$syslogfacility-text %s '%s'" % (self.pick("==", "!="), self.pick(*NAMED)),
            lambda: "$syslogfacility-text == ['%s', '%s']" % (self.pick(*NAMED), self.pick(*NAMED)),
            lambda: "$syslogseverity-text == '%s'" % self.pick(*syslogs.SEVERITIES),
            lambda: "$pri-text startswith '%s'" % self.pick("auth", "local", "cron.e"),
            lambda: "prifilt(\"%s\")" % self.selector(),
            lambda: "$programname startswith 'pro'",
            lambda: "$msg contains 'nothing like it'",
            lambda: "$fromhost-ip == '127.0.0.1'",
            lambda: "strlen($msg) > 3",
            lambda: "$pri %s %d" % (self.pick("<", "=="), self.rnd.randint(0, 191)),
        )()

    def property(self):
        return self.pick(
            lambda: ':syslogseverity, %sisequal, "%d"' % (self.pick("", "!"), self.rnd.randint(0, 7)),
            lambda: ':syslogfacility-text, %sisequal, "%s"' % (self.pick("", "!"), self.pick(*NAMED)),
            lambda: ':pri-text, %scontains, "%s"' % (self.pick("", "!"), self.pick("err", "auth")),
            lambda: ':programname, isequal, "%s"' % self.pick("sshd", "[CLOUDINIT]"),
            lambda: ':msg, !contains, "no such text"',
            lambda: ':msg,regex,"ma[rk]ker"',
            lambda: ':fromhost-ip, !isequal, "127.0.0.1"',
        )()

    def port(self):
        return self.left.pop() if self.left else None

    def action(self, new=False):
        r = self.rnd.random()
        if r < 0.12:
            return self.pick("stop", "STOP", "~") if not new else "stop"
        if r < 0.22 and self.rulesets:
            return "call " + self.pick(*self.rulesets)
        if r < 0.3:
            return self.pick("/dev/null", "-/dev/null", ":omusrmsg:nobody-here") if not new \
                else 'action(type="omfile" file="/dev/null")'
        port = self.port()
        if port is None:
            return 'action(type="omfile" file="/dev/null")'
        if r < 0.6 and not new:
            return self.pick("@127.0.0.1:%d", "@(o)127.0.0.1:%d", "@[127.0.0.1]:%d;RSYSLOG_ForwardFormat",
                             "@127.0.0.1:%d ") % port
        return self.pick(
            'action(type="omfwd" target="127.0.0.1" port="%d" protocol="udp")',
            "action(Type=\"omfwd\"\n  Target=\"127.0.0.1\" # here\n  Port=\"%d\")",
            'action ( type="omfwd" /* udp */ port="%d" target="127.0.0.1" template="RSYSLOG_ForwardFormat")',
            'action(type="omfwd" target="127.0.0.1" port="%d" config.enabled="on")',
            'action(type="omfwd" target="127.0.0.1" port="%d" config.enabled="off")',
        ) % port

    def block(self):
        if self.depth > 2 or self.rnd.random() < 0.5:
            return self.action(new=True)
        self.depth += 1
        body = "\n".join(self.statement() for _ in range(self.rnd.randint(1, 3)))
        self.depth -= 1
        return "{\n%s\n}" % body

    def statement(self):
        r = self.rnd.random()
        if r < 0.3:
            line = self.selector() + self.pick(" ", "\t\t", "  ") + self.action()
            if self.rnd.random() < 0.25:
                line += "\n& " + self.action()
            return line
        if r < 0.4:
            return self.property() + " " + self.action()
        if r < 0.48:
            return "%s {\n%s\n}" % (self.pick(self.selector(), self.property()), self.statement())
        if r < 0.8:
            text = "if %s then %s" % (self.condition(), self.block())
            if self.rnd.random() < 0.4:
                text += self.pick(" else ", "\nelse\n") + self.block()
            return text
        if r < 0.85:
            return 'set $.x = "y" & $msg;'
        if r < 0.9:
            return "# a comment with @@host:514 and { in it \\\n that goes on"
        return self.action(new=True)

    def body(self, n):
        return "\n".join(self.statement() for _ in range(n)) + "\n"

    def include(self, dirname):
        name = "%s/%02d.conf" % (dirname, self.rnd.randint(0, 50))
        self.files[name] = self.body(self.rnd.randint(1, 2))
        return self.pick("$IncludeConfig %s/*.conf" % dirname, "$IncludeConfig %s/" % dirname,
                         'include(file="%s/*.conf" mode="optional")' % dirname,
                         'include(file="%s")' % name)

    def text(self, directory, sock):
        out = ['module(load="imuxsock" SysSock.Name="%s" SysSock.Unlink="on" '
               'SysSock.RateLimit.Interval="0")' % sock,
               'global(workDirectory="%s")' % directory,
               'if $pri == 127 then { action(type="omfwd" target="127.0.0.1" '
               'port="%d") stop }' % self.last,
               'template(name="unused" type="list") { property(name="msg") constant(value="\\n") }']
        for i in range(self.rnd.randint(0, 3)):
            queue = self.pick("", "", ' queue.type="LinkedList"')
            out.append('ruleset(name="rs%d"%s) {\n%s}' % (i, queue, self.body(self.rnd.randint(1, 3))))
            self.rulesets.append("rs%d" % i)
        out.append(self.body(self.rnd.randint(1, 4)))
        if self.rnd.random() < 0.6:
            out.append(self.include(directory + "/inc"))
        if self.rnd.random() < 0.2:
            out.append("$RuleSet legacy\n" + self.body(2) + "$RuleSet RSYSLOG_DefaultRuleset")
        out.append(self.body(self.rnd.randint(0, 3)))
        return "\n".join(out) + "\n"


def write_root(root, gen, seed):
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(root + "/etc")
    os.makedirs(root + "/inc")
    # The paths in the configuration are this machine's; inside the root they are the same.
    os.makedirs(root + os.path.dirname(root), exist_ok=True)
    os.symlink("/", root + root)
    text = gen.text(root, root + "/log.sock")
    for name, body in gen.files.items():
        with open(name, "w") as f:
            f.write(body)
    conf = root + "/etc/rsyslog.conf"
    with open(conf, "w") as f:
        f.write(text)
    return conf


def main():
    if not RSYSLOGD:
        print("rsyslogd is not installed")
        return 77
    show = sys.argv[1]
    base = tempfile.mkdtemp(prefix="hardend-rsyslog-")
    root = base + "/root"
    socks = syslogs.open_ports()
    last = socks.pop(next(iter(socks)))
    tally = syslogs.Tally()
    agreed = refused = unparsed = 0
    first = int(os.environ.get("SEED", "1"))
    for seed in range(first, first + ROUNDS):
        gen = Generator(seed, list(socks), last.getsockname()[1])
        conf = write_root(root, gen, seed)
        check = subprocess.run([RSYSLOGD, "-N1", "-f", conf], capture_output=True, text=True)
        ports, malformed = syslogs.ours(show, root)
        if "syntax error" in check.stderr or "could not interpret" in check.stderr:
            refused += 1
            if os.environ.get("VERBOSE"):
                print(seed, check.stderr)
            if not malformed:
                print("seed %d: rsyslogd does not parse it, we do:\n%s" % (seed, check.stderr))
                tally.wrong += 1
            continue
        if malformed:
            unparsed += 1
            print("seed %d: rsyslogd parses it, we do not: %s" % (
                seed, subprocess.run([show, root], capture_output=True, text=True).stdout[:300]))
            tally.wrong += 1
            continue
        if not syslogs.run_daemon([RSYSLOGD, "-n", "-i", root + "/pid", "-f", conf],
                                  root + "/log.sock", last):
            continue
        tally.compare(seed, syslogs.drain(socks), ports)
        agreed += 1
        if tally.wrong > 5:
            break
    for s in socks.values():
        s.close()
    if tally.wrong and os.environ.get("KEEP"):
        print("kept in " + base)
    else:
        shutil.rmtree(base)
    print("%d configurations run, %d refused by both; %d messages seen, %d of them sure; %d wrong"
          % (agreed, refused - (tally.wrong if refused else 0), tally.seen, tally.sure, tally.wrong))
    return 1 if tally.wrong or agreed < ROUNDS / 2 else 0


if __name__ == "__main__":
    sys.exit(main())
