#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""vectors.py HARDENCTL SOURCE_DIR BUILD_DIR: each check has been judged, by some unit test, with
every result that it can have: pass, fail, not applicable, and error for what cannot be read. And
what its evidence expects goes on from "should be", as messages put it.

The unit tests that judge are run with SEEN set (see seen.c). A check that cannot give one of the
results stands below with the reason."""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

HARDENCTL, SOURCE, BUILD = sys.argv[1:]

WANTED = {
    "state": {"pass", "fail", "notapplicable", "error"},
    "monitor": {"pass", "fail", "notapplicable"},
    "drift": {"informational", "notapplicable", "error"},
    "later": {"notchecked"},
    "attestation": {"pass", "fail", "notchecked"},
}

# Results that the check cannot give, and why.
ALWAYS_ASKED = {"notapplicable": "a machine without it fails"}
NOT_DECIDED = {"fail": "who can reach a socket is unknown until the firewall is judged"}
NEVER = {
    "account-file-modes": {"notapplicable": "files that are not there are not judged"},
    "backup-configured": ALWAYS_ASKED,
    "listener-private-service": NOT_DECIDED,
    "log-remote": ALWAYS_ASKED,
    "log-retention": ALWAYS_ASKED,
    "security-group": {"notapplicable": "without an export it is notchecked"},
    "service-sandbox": {"fail": "only informs"},
    "ssh-port": NOT_DECIDED,
    "ssh-mfa": {"pass": "only informs", "fail": "only informs"},
    "update-window": {"notchecked": "without an attestation it fails"},
}


# Verbs of a sentence; behind the other words they belong to a clause within it.
VERB = re.compile(r"\b(is|are|was|were|has|have|can|may|goes|go|reads|asks|says|names|runs|listens)\b")
WITHIN = re.compile(r"\b(that|which|who|whom|whose|if|as|what|whatever|where)\b|[:;`=]")


def verbless(text):
    """Whether what is expected is a thing, a value, a participle or a command: no sentence."""
    verb = VERB.search(text)
    return not verb or WITHIN.search(text[:verb.start()]) is not None


def text_of(path, seen=()):
    """A test with the headers of its own directory that it includes."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for name in re.findall(r'#include "([a-z-]+\.h)"', text):
        header = os.path.join(SOURCE, name)
        if name not in seen and os.path.exists(header):
            text += text_of(header, (*seen, name))
    return text


def judging():
    for path in sorted(glob.glob(os.path.join(SOURCE, "test-*.c"))):
        text = text_of(path)
        program = os.path.join(BUILD, os.path.basename(path)[:-2])
        # Those that bring their own registry judge no real check.
        if "ledger-fixture" in text or not os.access(program, os.X_OK):
            continue
        if re.search(r"\b(check_judge|judge_evaluate)\(", text):
            yield program


def collect():
    seen, expected = set(), set()
    with tempfile.NamedTemporaryFile("r") as f:
        for program in judging():
            # A test that fails says so itself.
            subprocess.run([program], env={**os.environ, "SEEN": f.name}, timeout=300, check=False,
                           stdin=subprocess.DEVNULL, capture_output=True)
        for line in f:
            words = line.rstrip("\n").split(" ", 2)
            if words[0] == "expected":
                expected.add((words[1], words[2]))
            else:
                seen.add(tuple(words))
    return seen, expected


def main():
    out = subprocess.run([HARDENCTL, "list", "--format", "json"], capture_output=True, check=True,
                         timeout=60)
    checks = json.loads(out.stdout)["checks"]
    seen, expected = collect()
    failed = False
    for check, text in sorted(expected):
        if not verbless(text):
            print(f"{check}: \"should be {text}\" is no English")
            failed = True
    # Without any, nothing was looked at.
    failed |= len(expected) < 100
    for c in checks:
        kind = "attestation" if c["attestation"] and not c["facts"] else c["kind"]
        never = NEVER.get(c["check"], {})
        for result in sorted(WANTED[kind]):
            if (c["check"], result) in seen and result in never:
                print(f"{c['check']}: {result} was seen after all: take it out of NEVER")
            elif (c["check"], result) not in seen and result not in never:
                print(f"{c['check']}: no unit test has made it {result}")
            else:
                continue
            failed = True
    return failed


sys.exit(main())
