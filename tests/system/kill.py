# SPDX-License-Identifier: ISC
"""SIGKILL, 200 times, at random points, while accounts, keys and sshd_config
change: at the end the state is the truth, the sequence has no gap, the chain
holds, and no transition is missing or told under two numbers."""
import collections
import hashlib
import json
import os
import random
import sqlite3
import threading

from machine import Machine, show

KILLS = int(os.environ.get("HARDEND_TEST_KILLS", "200"))
SITE = "/etc/ssh/sshd_config.d/50-site.conf"
UNIT = """\
[Unit]
StartLimitIntervalSec=0
[Service]
Restart=always
RestartSec=0
"""
# Done one after the other, over and over; each an ordinary change, the second undoes the first.
CHANGES = [
    f"sed -i 's/PermitRootLogin no/PermitRootLogin yes/' {SITE}",
    "useradd kim",
    f"sed -i 's/PermitRootLogin yes/PermitRootLogin no/' {SITE}",
    "usermod -aG sudo kim",
    "echo 'PermitEmptyPasswords yes' > /etc/ssh/sshd_config.d/01-x.conf",
    "gpasswd -d kim sudo",
    "rm /etc/ssh/sshd_config.d/01-x.conf",
    "userdel kim",
]


def change(m, stop, done):
    while not stop.is_set():
        for script in CHANGES:
            m.sh(script)
            done.append(script)


def main_pid(m):
    return m.run("systemctl", "show", "-P", "MainPID", "hardend").strip()


def kill_often(m, rng):
    """Kills a process that lives, each time another one."""
    killed = set()
    while len(killed) < KILLS:
        pid = main_pid(m)
        if pid == "0" or pid in killed:
            continue
        # From right after exec to well after the first judgement.
        threading.Event().wait(rng.choice((rng.random() * 0.05, rng.random() * 0.5)))
        m.run("kill", "-KILL", pid)
        killed.add(pid)


def outbox(m):
    db = sqlite3.connect(f"file:{m.path('/var/lib/hardend/state.db')}?mode=ro", uri=True)
    rows = db.execute("SELECT seq, json, hash FROM outbox ORDER BY seq").fetchall()
    db.close()
    return rows


def check_chain(rows):
    assert [r[0] for r in rows] == list(range(1, len(rows) + 1)), "a gap in the sequence"
    before = "0" * 64
    for seq, text, digest in rows:
        want = hashlib.sha256((before + text).encode()).hexdigest()
        assert digest == want, f"the chain breaks at {seq}"
        before = digest


def check_transitions(events):
    """Per check, opened and resolved alternate, and a drift's old value is the one told before."""
    is_open = collections.defaultdict(bool)
    for e in events:
        kind, check = e["kind"], e.get("check")
        if kind in ("opened", "waived"):
            assert not is_open[check], f"{check} opened twice: seq {e['seq']}"
            is_open[check] = True
        elif kind == "resolved" and check and not e.get("fact"):
            assert is_open[check], f"{check} resolved without being open: seq {e['seq']}"
            is_open[check] = False
        elif kind == "changed":
            assert is_open[check], f"{check} changed without being open: seq {e['seq']}"
    return {check for check, yes in is_open.items() if yes}


def check_journal(m, rows):
    """Every event is in the journal; one that is there twice has one number and one hash."""
    told = collections.defaultdict(set)
    twice = 0
    for line in m.run("journalctl", "-t", "hardend", "-o", "json", "--all").splitlines():
        entry = json.loads(line)
        if "HARDEND_SEQ" in entry:
            seq = int(entry["HARDEND_SEQ"])
            twice += seq in told
            told[seq].add(entry["HARDEND_HASH"])
    for seq, _, digest in rows:
        assert told[seq] == {digest}, f"event {seq} in the journal: {told[seq]}"
    return twice


def main():
    seed = int(os.environ.get("HARDEND_TEST_SEED", "1"))
    rng = random.Random(seed)
    with Machine("kill") as m:
        m.install()
        m.write(SITE, "PermitRootLogin no\nPasswordAuthentication no\n")
        m.write("/etc/systemd/system/hardend.service.d/test.conf", UNIT)
        # No flap damping: every transition is to be told.
        m.write("/etc/hardend/hardend.conf", "[hardend]\nflap_max = 1000\n")
        m.boot()
        m.start_hardend()
        m.batch(first=30)
        stop, done = threading.Event(), []
        changer = threading.Thread(target=change, args=(m, stop, done))
        changer.start()
        try:
            kill_often(m, rng)
        finally:
            stop.set()
            changer.join()
        m.sh(f"sed -i 's/PermitRootLogin no/PermitRootLogin yes/' {SITE}; useradd last")
        m.run("systemctl", "restart", "hardend")
        m.batch()
        status = json.loads(m.try_run("hardenctl", "status", "--format", "json")[1])
        scan = json.loads(m.try_run("hardenctl", "scan", "--format", "json")[1])
        diff = json.loads(m.run("hardenctl", "diff", "--format", "json"))
        m.run("systemctl", "stop", "hardend")  # it has its database for itself
        m.batch()
        rows = outbox(m)
        check_chain(rows)
        events = [json.loads(r[1]) | {"seq": r[0]} for r in rows]
        still_open = check_transitions(events)
        truth = {f["check"]: f["summary"] for f in scan["findings"]
                 if f["result"] in ("fail", "error", "unknown")}
        # sshd listens, and no policy names it: the scan knows the daemon's baseline too.
        assert "listener-allowlist" not in truth, truth
        assert {f["check"]: f["summary"] for f in status["findings"]} == truth, (status, truth)
        assert still_open == set(truth), (still_open, set(truth))
        subjects = {d["subject"] for d in diff["differences"]}
        assert "account last" in subjects and "account kim" not in subjects, subjects
        twice = check_journal(m, rows)
        starts = sum(e["kind"] == "started" for e in events)
        print(f"seed {seed}: {KILLS} kills, {starts} starts, {len(done)} changes, {len(rows)} events "
              f"without gap, {twice} of them in the journal again with the same number")
        assert starts >= KILLS / 5, "the kills hit a daemon that was not running"


main()
