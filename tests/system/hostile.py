# SPDX-License-Identifier: ISC
"""What users can put in the daemon's way: each gives a right verdict or an error with its reason,
in bounded time and memory, and nothing of it reaches the journal or a terminal unescaped."""
import json
import time
import unicodedata

from machine import Machine, expect, show

HOME = "/home/mallory"
KEYS = f"{HOME}/.ssh/authorized_keys"
SECRET = "very-secret-line"
OBSTACLES = [
    ("FIFO", f"mkfifo {KEYS}", "FIFO"),
    ("character device", f"mknod {KEYS} c 1 5", "device"),
    ("socket", f"perl -MIO::Socket::UNIX -e "
               f"'IO::Socket::UNIX->new(Local => \"{KEYS}\", Listen => 1)'", "socket"),
    ("directory", f"mkdir {KEYS}", "directory"),
    ("link to /dev/zero", f"ln -s /dev/zero {KEYS}", "link"),
    ("link to /etc/shadow", f"ln -s /etc/shadow {KEYS}", "link"),
    ("50 GB, sparse", f"truncate -s 50G {KEYS}", "larger"),
]
ODD = "\\033[31mred\\n\\r\\x9b31m\\xff\\xe2\\x80\\xaename"


def clean(text):
    return not any(unicodedata.category(c) in ("Cc", "Cf") for c in text.replace("\n", ""))


def check_clean(events):
    for e in events:
        for key, value in e.items():
            if key.startswith("HARDEND_") or key == "MESSAGE":
                assert isinstance(value, str), f"{key} is not text: {value}"
                assert clean(value) and "\n" not in value, f"{key} is not clean: {value!r}"
                assert SECRET not in value, f"{key} tells what is in somebody else's file"


def usage(m):
    """Memory in kB and CPU seconds of the daemon."""
    pid = m.run("systemctl", "show", "-P", "MainPID", "hardend").strip()
    status = m.run("cat", f"/proc/{pid}/status")
    peak = [int(l.split()[1]) for l in status.splitlines() if l.startswith("VmHWM")][0]
    stat = m.run("cat", f"/proc/{pid}/stat").rsplit(")", 1)[1].split()
    return peak, (int(stat[11]) + int(stat[12])) / 100


def obstacles(m):
    for name, script, reason in OBSTACLES:
        begin = time.monotonic()
        m.sh(script)
        events = [e for e in m.batch()
                  if e.get("HARDEND_CHECK") != "account-home-modes"]
        [e] = expect(events, dict(event="opened", check="ssh-authorized-key-strength",
                                  result="error", subject="mallory"))
        assert reason in e["MESSAGE"], (name, e["MESSAGE"])
        check_clean([e])
        delay = e["_received"] - begin
        assert delay < 3, f"{name}: {delay:.1f} s"
        m.sh(f"rm -rf {KEYS}")
        events = [e for e in m.batch()
                  if e.get("HARDEND_CHECK") != "account-home-modes"]
        expect(events, dict(event="resolved", check="ssh-authorized-key-strength"))
        print(f"{name}: {e['MESSAGE'][:120]}")


def not_seen_is_not_gone(m):
    """A file that can no longer be read: an error, but no word of its keys being removed."""
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIGkQzFmTEwtvGjDyV0Lt0AoMGGqYCMsZ5BPW4bV4hS6 m"
    m.sh(f"echo '{key}' > {HOME}/k; chown mallory {HOME}/k; chmod 600 {HOME}/k; mv {HOME}/k {KEYS}")
    expect(m.batch(), dict(event="drift", fact="ssh-user-keys", subject="of mallory"))
    m.sh(f"mkfifo -m 600 {HOME}/f; chown mallory {HOME}/f; mv {KEYS} {HOME}/k; mv {HOME}/f {KEYS}")
    expect(m.batch(), dict(event="opened", check="ssh-authorized-key-strength", result="error"))
    m.sh(f"mv {HOME}/k {KEYS}")
    expect(m.batch(), dict(event="resolved", check="ssh-authorized-key-strength"))
    m.sh(f"rm {KEYS}")
    expect(m.batch(), dict(event="resolved", fact="ssh-user-keys", subject="of mallory"))
    print("not seen is not gone")


def names(m):
    """Comments, file names and gecos fields that would like to write to a terminal."""
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIGkQzFmTEwtvGjDyV0Lt0AoMGGqYCMsZ5BPW4bV4hS6"
    m.sh(f"printf '{key} {ODD}\\n' > {KEYS}; chown mallory {KEYS}; chmod 600 {KEYS}")
    events = m.batch()
    assert any(e.get("HARDEND_FACT") == "ssh-user-keys" for e in events), [show(e) for e in events]
    check_clean(events)
    m.sh(f"ssh-keygen -q -t ed25519 -N '' -f /root/k; mv /root/k \"$(printf '{HOME}/.ssh/{ODD}')\"")
    events = m.batch()
    assert any(e.get("HARDEND_CHECK") == "ssh-private-keys-on-host" for e in events), events
    check_clean(events)
    for verb in ("status", "diff", "scan"):
        out = m.try_run("hardenctl", verb)[1]
        assert out and clean(out), f"hardenctl {verb} writes control characters"
    m.sh(f"rm -rf {HOME}/.ssh/*")
    check_clean(m.batch())
    print("odd names and comments: escaped everywhere")


def million_lines(m):
    begin = time.monotonic()
    m.sh(f"yes '# {'x' * 20}' | head -1000000 > {KEYS}.new; mv {KEYS}.new {KEYS}; chown mallory {KEYS}")
    events = m.batch()
    check_clean(events)
    m.sh(f"rm {KEYS}")
    m.batch(first=3)
    print(f"1,000,000 lines: {time.monotonic() - begin:.1f} s, {len(events)} events")


def many_accounts(m):
    n = 200000 - len(m.run("cat", "/etc/passwd").splitlines())
    m.sh(f"""
        cp -p /etc/passwd /root/passwd.old; cp -p /etc/shadow /root/shadow.old
        cp -p /etc/passwd /root/passwd; cp -p /etc/shadow /root/shadow
        awk 'BEGIN {{ for (i = 0; i < {n}; i++)
            print "u" i ":x:" 100000 + i ":100::/nonexistent:/usr/sbin/nologin" }}' >> /root/passwd
        awk 'BEGIN {{ for (i = 0; i < {n}; i++) print "u" i ":!:20000::::::" }}' >> /root/shadow""")
    begin = time.monotonic()
    m.sh("touch /etc/passwd.lock; mv /root/passwd /root/shadow /etc; rm /etc/passwd.lock")
    events = m.batch(first=60, quiet=5)
    drift = [e for e in events if e["HARDEND_EVENT"] == "drift" and e["HARDEND_FACT"] == "accounts"]
    assert len(drift) == 1 and drift[0]["HARDEND_DETAILS_TOTAL"] == str(n), [
        show(e)[:500] for e in events]
    check_clean(events)
    delay = drift[0]["_received"] - begin
    m.sh("touch /etc/passwd.lock; mv /root/passwd.old /etc/passwd; mv /root/shadow.old /etc/shadow;"
         "rm /etc/passwd.lock")
    events = m.batch(first=60, quiet=5)
    assert any(e["HARDEND_EVENT"] == "resolved" and e.get("HARDEND_FACT") == "accounts"
               for e in events), [show(e)[:500] for e in events]
    print(f"200,000 lines of passwd: one drift after {delay:.1f} s")
    assert delay < 30


def main():
    with Machine("hostile") as m:
        m.install()
        m.write("/etc/hardend/hardend.conf", "[hardend]\nflap_max = 1000\n")
        m.boot()
        m.sh(f"useradd -m mallory; install -d -m 700 -o mallory {HOME}/.ssh;"
             f"echo '{SECRET}:*:1:0:9:7:::' >> /etc/shadow")
        m.start_hardend()
        m.batch(first=30)
        obstacles(m)
        not_seen_is_not_gone(m)
        names(m)
        peak, cpu = usage(m)
        print(f"peak memory {peak} kB, {cpu:.2f} s of CPU")
        assert peak < 40000, "memory is not bounded"
        million_lines(m)
        many_accounts(m)
        peak, cpu = usage(m)
        print(f"in all: peak memory {peak} kB, {cpu:.2f} s of CPU")
        assert peak < 512 * 1024, "memory is not bounded"
        json.loads(m.try_run("hardenctl", "status", "--format", "json")[1])


main()
