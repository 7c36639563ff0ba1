#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""hardenctl as a user meets it: exit status, streams, colours, JSON, the daemon's socket."""
import json
import os
import pty
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

HARDENCTL = os.path.abspath(sys.argv.pop(1))
EXAMPLE = os.path.abspath(sys.argv.pop(1))
SEVERITIES = ["low", "medium", "high", "critical"]
RESULTS = ["pass", "notapplicable", "notchecked", "informational", "unknown", "error", "fail"]


def run(*args, env=None, **kw):
    full = {"PATH": os.environ["PATH"], "TERM": "xterm"}
    full.update(env or {})
    for key in os.environ:
        if key.endswith("SAN_OPTIONS"):
            full[key] = os.environ[key]
    return subprocess.run([HARDENCTL, *args], capture_output="stdout" not in kw, env=full,
                          stdin=subprocess.DEVNULL, text=True, timeout=120, **kw)


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="hardend-ctl-")
        os.chmod(self.dir, 0o755)
        self.addCleanup(shutil.rmtree, self.dir)
        self.root = os.path.join(self.dir, "root")
        self.write("etc/os-release", "ID=debian\nPRETTY_NAME=\"Debian \x1b[31m\"\n")
        self.write("etc/hostname", "evil\x1b]0;x\x07\u202e\n")

    def write(self, path, text, mode=0o644):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(full, mode)
        return full

    def fails(self, hint, *args, **kw):
        r = run(*args, **kw)
        self.assertEqual(r.returncode, 2, r)
        self.assertEqual(r.stdout, "")
        self.assertIn(hint, r.stderr)
        return r

    def scan_json(self, *args):
        r = run("scan", "--root", self.root, "--format", "json", *args)
        self.assertIn(r.returncode, (0, 1), r)
        return json.loads(r.stdout), r.returncode


class CommandLine(Case):
    def test_usage(self):
        r = run()
        self.assertEqual((r.returncode, r.stdout), (2, ""))
        self.assertIn("usage: hardenctl", r.stderr)
        for args in (["--help"], ["help"], ["-h"], ["nonsense", "--help"]):
            r = run(*args)
            self.assertEqual((r.returncode, r.stderr), (0, ""))
            self.assertIn("check-config", r.stdout)
        r = run("scan", "--help")
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        self.assertIn("usage: hardenctl [OPTION...] scan [CHECK...]\n", r.stdout)
        self.assertIn("--fail-on", r.stdout)
        self.assertNotIn("--reason", r.stdout)  # accept's
        r = run("--version")
        self.assertEqual(r.returncode, 0)
        self.assertRegex(r.stdout, r"^hardenctl \d+\.\d+\.\d+\n$")

    def test_wrong(self):
        self.fails("did you mean scan?", "scna")
        self.fails("unknown verb \"frobnicate\"; see", "frobnicate")
        self.fails("did you mean --format?", "--formatt", "json", "list")
        self.fails("unknown option -x", "-x", "list")
        self.fails("--quiet takes no value", "--quiet=1", "list")
        self.fails("--root needs a value", "scan", "--root")
        self.fails("expected text or json", "--format", "yaml", "list")
        self.fails("expected low, medium, high or critical", "scan", "--fail-on", "severe")
        self.fails("list takes no --fail-on", "list", "--fail-on", "low")
        self.fails("scan takes no --reason", "scan", "--reason", "x")
        self.fails("unexpected argument \"x\"", "list", "x")
        self.fails("explain needs an argument", "explain")
        self.fails("did you mean monitor-coverage?", "explain", "monitor-coverge")
        self.fails("did you mean monitor-coverage?", "scan", "monitor-coverge")
        self.fails("No such file or directory", "scan", "--root", self.dir + "/none")
        self.fails("\\x1b[31m", "\x1b[31m")

    def test_write_errors(self):
        for args in (["list"], ["--help"], ["scan", "--root", self.root, "--format", "json"]):
            with open("/dev/full", "w") as full:
                r = run(*args, stdout=full, stderr=subprocess.PIPE)
            self.assertEqual(r.returncode, 2)
            self.assertEqual(r.stderr, "hardenctl: cannot write: No space left on device\n")
            reader, writer = os.pipe()
            os.close(reader)
            r = run(*args, stdout=writer, stderr=subprocess.PIPE)
            os.close(writer)
            self.assertEqual((r.returncode, r.stderr), (2, "hardenctl: cannot write: Broken pipe\n"))
            r = run(*args, stdout=None, stderr=subprocess.PIPE, preexec_fn=lambda: os.close(1))
            self.assertEqual(r.returncode, 2)
            self.assertIn("cannot write: Bad file descriptor", r.stderr)
        # Without output there is nothing that could get lost.
        r = run("check-config", "--quiet", "--root", self.root, stdout=None,
                preexec_fn=lambda: os.close(1))
        self.assertEqual(r.returncode, 0)


class Checks(Case):
    def test_list(self):
        checks = json.loads(run("list", "--format", "json").stdout)["checks"]
        ids = [c["check"] for c in checks]
        self.assertEqual(ids, sorted(set(ids)))
        self.assertEqual([line.split()[0] for line in run("list").stdout.splitlines()[1:]], ids)
        self.assertEqual(run("list").stderr, "")

    def test_explain(self):
        for c in json.loads(run("list", "--format", "json").stdout)["checks"]:
            r = run("explain", c["check"])
            self.assertEqual((r.returncode, r.stderr), (0, ""))
            flat = " ".join(r.stdout.split())
            for part in [c["title"], c["rationale"], c["remedy"], c["remedy_rhel"], *c["remedy_by"].values(),
                         *c["facts"], *[k["key"] for k in c["keys"]], *[k["doc"] for k in c["keys"]]]:
                self.assertIn(" ".join((part or "").split()), flat)
            self.assertEqual(json.loads(run("explain", c["check"], "--format", "json").stdout), c)
            self.assertLessEqual({"enabled", "severity"}, {k["key"] for k in c["keys"]})


class Scan(Case):
    def test_json(self):
        ids = [c["check"] for c in json.loads(run("list", "--format", "json").stdout)["checks"]]
        report, _ = self.scan_json()
        self.assertEqual(report["schema"], 1)
        self.assertEqual(report["tool"]["name"], "hardend")
        self.assertEqual(report["root"], self.root)
        self.assertRegex(report["started"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertIsInstance(report["duration_ms"], int)
        self.assertEqual(report["host"], {"hostname": "evil\\x1b]0;x\\x07\\u{202e}", "machine_id": None,
                                          "os": "Debian \\x1b[31m", "kernel": None})
        findings = report["findings"]
        self.assertEqual([f["check"] for f in findings], ids)
        for f in findings:
            self.assertEqual(set(f), {"check", "title", "result", "severity", "summary", "guides",
                                      "evidence", "remedy", "waiver"})
            self.assertIn(f["result"], RESULTS)
            self.assertIn(f["severity"], SEVERITIES)
            for e in f["evidence"]:
                self.assertLessEqual({"subject", "path", "line", "observed", "expected"}, set(e))
        for word in RESULTS:
            self.assertEqual(report["summary"][word], sum(f["result"] == word for f in findings))

    def test_text(self):
        for args in ([], ["--quiet"]):
            r = run("scan", "--root", self.root, *args)
            self.assertIn(r.returncode, (0, 1))
            self.assertEqual(re.findall(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", r.stdout), [])
        report, _ = self.scan_json()
        text = run("scan", "--root", self.root).stdout
        for f in report["findings"]:
            self.assertIn(f["check"], text)

    def test_exit_status(self):
        # A root with much wrong in it, so that as many checks as there are have something to say.
        self.write("etc/passwd", "root:x:0:0::/root:/bin/bash\neve:x:0:0::/:/bin/sh\n", 0o666)
        self.write("etc/shadow", "root:$1$a$b:1::::::\neve::1::::::\n", 0o666)
        self.write("etc/group", "root:x:0:\n")
        self.write("etc/ssh/sshd_config", "PermitRootLogin yes\nPermitEmptyPasswords yes\n")
        for severity in SEVERITIES:
            report, status = self.scan_json("--fail-on", severity)
            worst = [f["check"] for f in report["findings"]
                     if f["result"] in ("fail", "error") and f["waiver"] is None
                     and SEVERITIES.index(f["severity"]) >= SEVERITIES.index(severity)]
            self.assertEqual(status, 1 if worst else 0, worst)

    def test_limited_to_checks(self):
        report, _ = self.scan_json("monitor-coverage")
        self.assertEqual([f["check"] for f in report["findings"]], ["monitor-coverage"])

    def test_each_check_alone(self):
        whole = {f["check"]: f for f in self.scan_json()[0]["findings"]}
        for check, finding in whole.items():
            alone = self.scan_json(check)[0]["findings"]
            self.assertEqual(alone, [finding])

    def test_configuration(self):
        off = "[monitor-coverage]\nenabled = no\n"
        path = self.write("etc/hardend/hardend.conf", off)
        self.assertEqual(self.scan_json("monitor-coverage")[0]["findings"][0]["result"], "notchecked")
        other = os.path.join(self.dir, "other.conf")
        with open(other, "w") as f:
            f.write("[monitor-coverage]\nenabled = yes\n")
        args = ["monitor-coverage", "--config"]
        self.assertEqual(self.scan_json(*args, other)[0]["findings"][0]["result"], "notapplicable")
        with open(path, "a") as f:
            f.write("[x]\n[y]\n")
        r = self.fails("the configuration has 2 errors", "scan", "--root", self.root)
        self.assertIn("/etc/hardend/hardend.conf:3: [x]: unknown section", r.stderr)
        self.fails("none.conf: cannot be read", "scan", "--root", self.root, "--config",
                   self.dir + "/none.conf")

    @unittest.skipUnless(os.geteuid() == 0, "needs root to become somebody else")
    def test_without_privileges(self):
        program = shutil.copy(HARDENCTL, self.dir)
        os.chmod(program, 0o755)

        def scan():
            r = subprocess.run([program, "scan", "--root", self.root, "--format", "json"], text=True,
                               capture_output=True, user=65534, group=65534, extra_groups=[])
            return r, json.loads(r.stdout) if r.stdout else None

        self.write("etc/shadow", "root:*:1::::::\n", 0o600)
        self.write("etc/hardend/hardend.conf", "[monitor-coverage]\nenabled = no\n", 0o600)
        r, report = scan()
        self.assertIn(r.returncode, (0, 1), r)
        self.assertIn("not run as root: the result is limited", r.stderr)
        self.assertIn("/etc/hardend/hardend.conf: cannot be read: permission denied", r.stderr)
        self.assertIn("judging by the defaults", r.stderr)
        results = {f["check"]: f["result"] for f in report["findings"]}
        self.assertEqual(results["monitor-coverage"], "notapplicable")
        # What may be read counts in full: an error in it is one.
        self.write("etc/hardend/hardend.conf.d/x.conf", "[nope]\n")
        self.assertEqual(scan()[0].returncode, 2)

    def test_colours(self):
        def on_terminal(*args, env=None):
            leader, follower = pty.openpty()
            parts = []

            def read():
                try:
                    while part := os.read(leader, 65536):
                        parts.append(part)
                except OSError:
                    pass  # the terminal is gone: that is its end

            # Beside it: a terminal holds a few kB, and the writer waits for its reader.
            reader = threading.Thread(target=read)
            reader.start()
            run("scan", "--root", self.root, *args, stdout=follower, stderr=subprocess.PIPE, env=env)
            os.close(follower)
            reader.join()
            os.close(leader)
            return b"".join(parts)

        self.assertIn(b"\x1b[", on_terminal())
        self.assertIn(b"\x1b[", on_terminal(env={"NO_COLOR": ""}))
        self.assertNotIn(b"\x1b", on_terminal(env={"NO_COLOR": "1"}))
        self.assertNotIn(b"\x1b", on_terminal(env={"TERM": "dumb"}))
        self.assertNotIn(b"\x1b", on_terminal("--no-color"))
        self.assertNotIn(b"\x1b", on_terminal("--format", "json"))


class Profiles(Case):
    def test_items_in_order(self):
        labels = [f"Check-Security-{n:02}" for n in range(1, 19)]
        report, _ = self.scan_json("--profile", "nectar")
        profile = report["profile"]
        self.assertEqual(profile["name"], "nectar")
        self.assertEqual([i["item"] for i in profile["items"]], labels)
        ids = {f["check"] for f in report["findings"]}
        self.assertEqual({c for i in profile["items"] for c in i["checks"]}, ids)
        for i in profile["items"]:
            self.assertEqual(set(i), {"item", "title", "checks", "result", "severity", "waived"})
        self.assertEqual(sum(profile["summary"][word] for word in RESULTS), 18)
        for args in (["scan", "--root", self.root], ["list"]):
            text = run(*args, "--profile", "nectar").stdout
            self.assertEqual(re.findall(r"(?m)^(?:\w+ +)?(Check-Security-\d\d)", text), labels)
            for check in ids:
                self.assertIn(check, text)

    def test_every_profile(self):
        for name in ("default", "pouta", "alliance", "exoscale", "nectar"):
            report, _ = self.scan_json("--profile", name)
            listed = json.loads(run("list", "--profile", name, "--format", "json").stdout)
            for f in report["findings"]:
                self.assertNotIn("not part of the profile", f["summary"])
            if name == "default":
                self.assertEqual(report["profile"], None)
                self.assertEqual(listed["profile"]["items"], [])
            else:
                self.assertEqual([(i["item"], i["checks"]) for i in report["profile"]["items"]],
                                 [(i["item"], i["checks"]) for i in listed["profile"]["items"]])

    def test_own(self):
        self.write("etc/hardend/hardend.conf", "[hardend]\nprofile = web\n[profile web]\n"
                   "from = nectar\ntitle = \u202eours\ndrop = mail-server\nadd = ssh-crypto\n")
        report, _ = self.scan_json()
        items = report["profile"]["items"]
        self.assertEqual(report["profile"]["title"], "\\u{202e}ours")
        self.assertEqual(items[1]["checks"], [])
        self.assertEqual((items[-1]["item"], items[-1]["checks"]), ("+", ["ssh-crypto"]))
        self.assertIn("this profile leaves out every check of it",
                      run("scan", "--root", self.root).stdout)
        # Named checks are judged under the profile, and told by themselves.
        report, _ = self.scan_json("mail-server")
        self.assertEqual(report["profile"], None)
        self.assertEqual(report["findings"][0]["summary"], "not part of the profile web")
        self.assertEqual(self.scan_json("--profile", "default")[0]["profile"], None)
        self.fails("did you mean web?", "scan", "--root", self.root, "--profile", "wbe")

    def test_wrong(self):
        self.fails("no such profile; did you mean nectar?", "scan", "--profile", "necktar")
        self.fails("there are default, pouta, alliance, exoscale, nectar", "list", "--profile", "?")
        self.fails("status takes no --profile", "status", "--profile", "nectar")


class CheckConfig(Case):
    def test_lapsed_attestation(self):
        path = self.write("lapsed.conf", "[attestation announcements]\nstatement = s\nowner = o\n"
                          "stated = 2020-01-01\nuntil = 2020-12-31\n")
        r = run("check-config", path)
        self.assertEqual(r.returncode, 0)
        self.assertIn(f"{path}:1: warning: [attestation announcements] lapsed after 2020-12-31", r.stdout + r.stderr)

    def test_ok(self):
        for args in (["--root", self.root], ["--config", self.write("ok.conf", "[hardend]\n")]):
            r = run("check-config", *args)
            self.assertEqual((r.returncode, r.stdout, r.stderr), (0, "configuration OK\n", ""))

    def test_lapsed_waiver(self):
        path = self.write("late.conf", "[waiver old]\ncheck = ssh-root-login\nreason = r\nowner = o\n"
                          "until = 2020-01-31\n")
        r = run("check-config", path)
        self.assertEqual((r.returncode, r.stdout), (0, "configuration OK\n"))
        self.assertIn(":1: warning: [waiver old] ended with 2020-01-31", r.stderr)
        report = json.loads(run("check-config", "--format", "json", path).stdout)
        self.assertEqual((report["ok"], len(report["warnings"])), (True, 1))

    def test_idle_waiver(self):
        self.write("etc/passwd", "root:x:0:0::/root:/bin/sh\nbob::1000:1000::/home/bob:/bin/sh\n")
        self.write("etc/group", "root:x:0:\nbob:x:1000:\n")
        self.write("etc/shadow", "root:*:1:::::::\nbob::1:::::::\n", 0o600)
        waiver = "[waiver %s]\ncheck = account-empty-password\nsubject = %s\nreason = r\nowner = o\n" \
                 "until = 2099-01-31\n"
        path = self.write("etc/hardend/hardend.conf", waiver % ("here", "account bob")
                          + waiver % ("gone", "account bobby") + waiver % ("all", "*"))
        r = run("check-config", "--root", self.root)
        self.assertEqual((r.returncode, r.stdout), (0, "configuration OK\n"), r.stderr)
        self.assertEqual(len(r.stderr.splitlines()), 1, r.stderr)
        self.assertIn(":7: warning: [waiver gone] covers nothing", r.stderr)
        for args, env in ((["--root", self.root], {"INVOCATION_ID": "x"}), ([path], {})):
            self.assertEqual(run("check-config", *args, env=env).stderr, "")

    def test_all_errors(self):
        wrong = self.write("a.conf", "x = 1\n[hardend]\nheartbeat = soon\nflap_max = 0\njournal = yes\n"
                           "journal = no\nnonsense = 1\n[nope]\n[waiver w]\ncheck = zzz\nowner = o\n")
        r = self.fails("a.conf:1: ", "check-config", wrong, self.dir + "/none.conf")
        self.assertEqual([line.split(": ")[0] for line in r.stderr.splitlines()],
                         [f"{wrong}:{n}" for n in (1, 3, 4, 6, 7, 8, 9, 9, 10)] +
                         [self.dir + "/none.conf"])
        r = run("check-config", "--format", "json", "a.conf", cwd=self.root)
        self.assertEqual((r.returncode, r.stderr), (2, ""))
        report = json.loads(r.stdout)
        self.assertEqual((report["ok"], len(report["errors"])), (False, 9))
        self.assertEqual(report["errors"][1]["line"], 3)

    def test_example(self):
        with open(EXAMPLE) as f:
            text = f.read()
        for path in (self.write("example.conf", text),
                     self.write("live.conf", re.sub(r"(?m)^#(?=[\[a-z\t])", "", text))):
            r = run("check-config", path)
            self.assertEqual((r.returncode, r.stderr), (0, ""))


class Daemon(Case):
    """Against a service that answers as it is told."""

    def serve(self, reply):
        self.calls = []
        path = os.path.join(tempfile.mkdtemp(dir=self.dir), "control")
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.listen()

        def answer():
            peer, _ = server.accept()
            data = b""
            while not data.endswith(b"\0"):
                data += peer.recv(65536)
            self.calls.append(json.loads(data[:-1]))
            peer.sendall(reply if isinstance(reply, bytes) else json.dumps(reply).encode() + b"\0")
            peer.close()
            server.close()

        thread = threading.Thread(target=answer)
        thread.start()
        self.addCleanup(thread.join)
        return path

    def status(self, severity, *args, **extra):
        finding = {"check": "ssh-root-login", "title": "t", "result": "fail", "severity": severity,
                   "summary": "root can log in", "guides": [], "evidence": [], "remedy": "fix",
                   "waiver": None, "since": "2026-11-21T12:00:00Z", **extra}
        return run("status", *args, "--socket", self.serve({"parameters": {
            "version": "9.8", "epoch": "00", "seq": 7, "head": "00", "started": "2026-11-21T11:00:00Z",
            "summary": {"fail": 1}, "findings": [finding],
            "coverage": [{"source": "inotify", "state": "degraded", "detail": "limit", "lost": 3}],
            "outbox": [{"sink": "journal", "acknowledged": 5}]}}))

    def test_status(self):
        r = self.status("high")
        self.assertEqual((r.returncode, r.stderr), (1, ""))
        for part in ("hardend 9.8, running since 2026-11-21T11:00:00Z, 7 events", "FAIL",
                     "open since 2026-11-21T12:00:00Z", "inotify: degraded, limit, 3 lost",
                     "journal: 2 events wait", "1 check: 1 fail"):
            self.assertIn(part, r.stdout)
        self.assertEqual(self.calls[0]["method"], "io.hardend.Control.Status")
        self.assertEqual(self.status("medium").returncode, 1)
        self.assertEqual(self.status("low").returncode, 0)
        self.assertEqual(self.status("low", "--fail-on", "low").returncode, 1)
        self.assertEqual(self.status("high", waiver={"name": "w"}).returncode, 0)
        self.assertEqual(self.status("high", result="unknown").returncode, 0)
        r = self.status("high", "--format", "json")
        self.assertEqual((r.returncode, json.loads(r.stdout)["seq"]), (1, 7))
        self.assertNotIn("\x1b", self.status("high", summary="a\x1b[1mb").stdout)
        # What one piece of evidence says is not said twice; where it stands is.
        r = self.status("high", summary="sshd x: yes; n", evidence=[
            {"result": "fail", "subject": "sshd x", "observed": "yes", "path": "/f", "line": 3}])
        self.assertEqual((r.stdout.count("sshd x"), r.stdout.count("(/f:3)")), (1, 1))

    def test_diff(self):
        d = {"fact": "accounts", "subject": "account alice", "baseline": None, "current": "uid=1",
             "path": "/etc/passwd", "line": 31, "since": "2026-11-21T12:00:00Z"}
        r = run("diff", "--socket", self.serve({"parameters": {"differences": [d]}}))
        self.assertEqual(r.returncode, 0)
        for part in ("accounts: account alice (/etc/passwd:31), since", "baseline: absent",
                     "now     : uid=1", "1 differ"):
            self.assertIn(part, r.stdout)
        r = run("diff", "--socket", self.serve({"parameters": {"differences": []}}))
        self.assertEqual((r.returncode, r.stdout), (0, "everything is as in the baseline\n"))

    def test_accept(self):
        r = run("accept", "--fact", "accounts", "--subject", "account a*", "--reason", "new hire",
                "--socket", self.serve({"parameters": {"accepted": 1}}))
        self.assertEqual((r.returncode, r.stdout), (0, "accepted 1 item as the baseline\n"))
        self.assertEqual(self.calls[0], {"method": "io.hardend.Control.Accept", "parameters": {
            "fact": "accounts", "subject": "account a*", "reason": "new hire"}})
        run("accept", "--socket", self.serve({"parameters": {"accepted": 0}}))
        self.assertEqual(self.calls[0]["parameters"], {})
        nothing = {"parameters": {"accepted": 0}}
        self.fails('is called "acount *" in accounts', "accept", "--fact", "accounts", "--subject",
                   "acount *", "--socket", self.serve(nothing))

    def test_refusals(self):
        full = {"error": "io.hardend.Control.StateUnavailable", "parameters": {"reason": "No space"}}
        self.fails("StateUnavailable, reason: No space", "diff", "--socket", self.serve(full))
        needs = {"error": "io.hardend.Control.PermissionDenied", "parameters": {"needs": "root or x"}}
        self.fails("run it as root or x", "status", "--socket", self.serve(needs))
        denied = {"error": "io.hardend.Control.PermissionDenied", "parameters": {}}
        self.fails("permission denied", "accept", "--socket", self.serve(denied))
        self.fails("refuses: y\\x1b", "diff", "--socket", self.serve({"error": "x.y\x1b"}))
        self.fails("makes no sense", "status", "--socket", self.serve(b"nonsense\0"))
        self.fails("makes no sense", "status", "--socket", self.serve(b"{"))
        self.fails("the daemon is not running", "status", "--socket", self.dir + "/none")


if __name__ == "__main__":
    unittest.main()
