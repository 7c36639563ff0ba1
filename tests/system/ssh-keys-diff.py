#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What this project reads in key files, held against the programs that made them.

usage: ssh-keys-diff.py SSH-KEYS-SHOW [SEED [COUNT]]

Public keys of every kind, and COUNT mutations of them, against `ssh-keygen -l`; private keys of
every form against their public half and against whether `ssh-keygen -y -P ''` can open them; lines
with options against a running sshd that lets in, or doesn't, who has the key. Exits 77 where a
program is missing.
"""
import base64
import os
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

SSHD = "/usr/sbin/sshd"
TYPES = {"RSA": "ssh-rsa", "DSA": "ssh-dss", "ED25519": "ssh-ed25519",
         "ED25519-SK": "sk-ssh-ed25519@openssh.com",
         "ECDSA-SK": "sk-ecdsa-sha2-nistp256@openssh.com"}
KINDS = [("rsa", "1024"), ("rsa", "2048"), ("rsa", "3072"), ("rsa", "4096"), ("dsa", "1024"),
         ("ecdsa", "256"), ("ecdsa", "384"), ("ecdsa", "521"), ("ed25519", "256")]


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


def run(args, **how):
    return subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, **how)


def must(args):
    r = run(args)
    if r.returncode != 0:
        raise RuntimeError("%s: %s" % (args, r.stderr.decode(errors="replace")))
    return r.stdout


def string(b):
    return struct.pack(">I", len(b)) + b


class Lab:
    def __init__(self, show):
        self.show = os.path.abspath(show)
        self.dir = tempfile.mkdtemp(prefix="ssh-keys-diff-")
        self.wrong = []
        self.compared = {}

    def path(self, name):
        return os.path.join(self.dir, name)

    def expect(self, what, mine, theirs, kind):
        self.compared[kind] = self.compared.get(kind, 0) + 1
        if mine != theirs:
            self.wrong.append("%s: here %s, there %s" % (what, mine, theirs))

    def mine_private(self, path):
        out = must([self.show, "private", path]).decode().rstrip("\n")
        return out.split("\t")

    def mine_lines(self, path):
        """Comment to (bits, fingerprint, name, refused)."""
        out = {}
        for line in must([self.show, "lines", path]).decode(errors="surrogateescape").split("\n"):
            if line:
                _, bits, fingerprint, name, refused, comment = line.split("\t", 5)
                out[comment] = (bits, fingerprint, name, refused)
        return out

    def their_lines(self, path):
        """Comment to (bits, fingerprint, type), by ssh-keygen -l."""
        out = {}
        for line in run(["ssh-keygen", "-l", "-f", path]).stdout.decode(
                errors="surrogateescape").split("\n"):
            if " SHA256:" not in line:
                continue
            bits, fingerprint, rest = line.split(" ", 2)
            comment, _, kind = rest.rpartition(" ")
            out[comment.strip()] = (bits, fingerprint, kind.strip("()"))
        return out

    def their_one(self, path):
        (bits, fingerprint, kind), = self.their_lines(path).values()
        return bits, fingerprint, kind


def same_type(name, kind):
    cert = kind.endswith("-CERT")
    kind = kind[:-5] if cert else kind
    if cert != ("-cert-" in name):
        return False
    name = name.replace("-cert-v01@openssh.com", "")
    if kind == "ECDSA":
        return name.startswith("ecdsa-sha2-nistp")
    return TYPES[kind].replace("@openssh.com", "") == name.replace("@openssh.com", "")


def generate(lab):
    """Plain key pairs, certificates, and keys of tokens. Paths of the public files."""
    pubs = []
    for kind, bits in KINDS:
        name = lab.path("%s-%s" % (kind, bits))
        size = [] if kind == "ed25519" else ["-b", bits]
        r = run(["ssh-keygen", "-q", "-t", kind] + size + ["-N", "", "-C", os.path.basename(name),
                                                          "-f", name])
        if r.returncode != 0:
            print("no %s %s here: %s" % (kind, bits, r.stderr.decode().strip()))
            continue
        pubs.append(name + ".pub")
    for pub in list(pubs):
        for host in ([], ["-h"]):
            copy = pub[:-4] + ("-host.pub" if host else "-user.pub")
            shutil.copy(pub, copy)
            r = run(["ssh-keygen", "-q", "-s", lab.path("ed25519-256"), "-I", "id", "-n", "a,b"]
                    + host + [copy])
            if r.returncode == 0:
                pubs.append(copy[:-4] + "-cert.pub")
    ed = base64.b64decode(open(lab.path("ed25519-256.pub")).read().split()[1])[-32:]
    point = base64.b64decode(open(lab.path("ecdsa-256.pub")).read().split()[1])[-65:]
    for name, blob in [
            ("sk-ssh-ed25519@openssh.com", string(ed) + string(b"ssh:")),
            ("sk-ecdsa-sha2-nistp256@openssh.com",
             string(b"nistp256") + string(point) + string(b"ssh:work"))]:
        pub = lab.path(name.split("@")[0] + ".pub")
        with open(pub, "w") as f:
            f.write("%s %s %s\n" % (name, base64.b64encode(string(name.encode()) + blob).decode(),
                                    name))
        pubs.append(pub)
    return pubs


def public_keys(lab, pubs):
    for pub in pubs:
        (comment, (bits, fingerprint, kind)), = lab.their_lines(pub).items()
        mine = lab.mine_lines(pub)
        got = mine.get(comment, ("", "", "", ""))
        lab.expect(pub, got[:2], (bits, fingerprint), "public")
        lab.expect(pub + " type", same_type(got[2] or "x", kind), True, "public")


def shorten(r, line):
    at = r.randrange(len(line))
    return line[:at] + line[at + r.randrange(1, 4):]


def mutate_blob(r, line):
    fields = line.split(" ")
    blob = bytearray(base64.b64decode(fields[1]))
    for _ in range(r.choice([1, 1, 2])):
        at = r.choice([r.randrange(len(blob)), r.randrange(min(40, len(blob)))])
        how = r.randrange(4)
        if how == 0:
            blob[at] ^= 1 << r.randrange(8)
        elif how == 1:
            del blob[at]
        elif how == 2:
            blob.insert(at, r.randrange(256))
        else:
            blob += b"\0"
    return " ".join([fields[0], base64.b64encode(bytes(blob)).decode()])


def respell(r, line):
    """Another spelling of the same key: short names, padded numbers."""
    name, text = line.split(" ")[:2]
    blob = base64.b64decode(text)
    parts = []
    while blob:
        n, = struct.unpack(">I", blob[:4])
        parts.append(blob[4:4 + n])
        blob = blob[4 + n:]
    if name in ("ssh-rsa", "ssh-dss"):
        at = r.randrange(1, len(parts))
        parts[at] = b"\0" * r.randrange(1, 3) + parts[at]
    short = {"ssh-rsa": [b"rsa", b"RSA", b"rsa-sha2-256"], "ssh-dss": [b"dsa", b"DSA"],
             "ssh-ed25519": [b"ED25519", b"ed25519"], "ecdsa-sha2-nistp256": [b"ecdsa"]}
    if name in short and r.random() < 0.5:
        parts[0] = r.choice(short[name])
    if name == "ssh-rsa" and r.random() < 0.3:
        name = r.choice(["rsa-sha2-256", "rsa-sha2-512"])
    return "%s %s" % (name, base64.b64encode(b"".join(string(p) for p in parts)).decode())


def mutate(r, line):
    how = r.randrange(9)
    if how == 0:
        return shorten(r, line)
    if how == 1:
        at = r.randrange(len(line))
        return line[:at] + r.choice(" \t\"\\=,#\r\v\f@AZaz09+/-") + line[at:]
    if how in (2, 3):
        return mutate_blob(r, line)
    if how in (4, 5) and "-cert-" not in line:
        return respell(r, line)
    if how == 6:
        return r.choice(["  ", "\t", "restrict ", 'command="a \\" b" ', 'from="x y",pty ', "x ",
                         '"', "a\"b c\"d ", "\\\" ", "cert-authority\t"]) + line
    if how == 7:
        fields = line.split(" ")
        return fields[0] + r.choice(["  ", "\t", " \t "]) + fields[1]
    return line


def mutated_keys(lab, pubs, seed, count):
    r = random.Random(seed)
    lines = [" ".join(open(p).read().split()[:2]) for p in pubs]
    written = {}
    path = lab.path("mutated")
    with open(path, "w", newline="") as f:
        for i in range(count):
            base = r.choice(lines)
            written["n%d" % i] = (base, mutate(r, base))
            f.write("%s n%d\n" % (written["n%d" % i][1], i))
    mine, theirs = lab.mine_lines(path), lab.their_lines(path)
    for comment, (base, line) in written.items():
        # They check that a point is on its curve and that a signature holds: more than is needed.
        if comment in mine and comment not in theirs and (
                "ecdsa" in base or "-cert-" in base or int(mine[comment][0]) < 1024):
            continue
        lab.expect(repr(line), mine.get(comment, ("", ""))[:2], theirs.get(comment, ("", ""))[:2],
                   "mutated, taken" if comment in theirs else "mutated, refused")


def opens(path):
    os.chmod(path, 0o600)
    return run(["ssh-keygen", "-y", "-P", "", "-f", path]).returncode == 0


def check_private(lab, path, form, encrypted, pub, visible):
    """visible: what of the public half the file shows: "all", "bits" or "nothing"."""
    bits, fingerprint, _ = lab.their_one(pub)
    mine = lab.mine_private(path)
    lab.expect(path, mine[:2], [form, "encrypted" if encrypted else "no passphrase"], "private")
    if visible == "all":
        lab.expect(path, mine[2:4], [bits, fingerprint], "private")
    elif visible == "bits":
        lab.expect(path, mine[2], bits, "private")


def private_keys(lab):
    for kind, bits in KINDS:
        key = lab.path("%s-%s" % (kind, bits))
        if not os.path.exists(key):
            continue
        for form, name in (("RFC4716", "OpenSSH"), ("PEM", "PEM"), ("PKCS8", "PKCS#8")):
            for secret in ("", "secret"):
                if kind == "ed25519" and form != "RFC4716":
                    continue
                path = "%s.%s%s" % (key, form, "-enc" if secret else "")
                shutil.copy(key, path)
                os.chmod(path, 0o600)
                must(["ssh-keygen", "-q", "-p", "-m", form, "-P", "", "-N", secret, "-f", path])
                visible = "all"
                if secret and form != "RFC4716":
                    visible = "nothing"
                elif kind == "dsa" and form == "PKCS8":
                    visible = "bits"
                check_private(lab, path, name, bool(secret), key + ".pub", visible)
                lab.expect(path + " opens", opens(path), not secret, "private")


def openssl_keys(lab):
    if not shutil.which("openssl"):
        print("no openssl: its forms are left out")
        return
    for name, args, visible in [
            ("rsa", ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "all"),
            ("p256", ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "all"),
            ("p521", ["EC", "-pkeyopt", "ec_paramgen_curve:P-521"], "all"),
            ("ed25519", ["ED25519"], "bits")]:
        key = lab.path("openssl-" + name)
        must(["openssl", "genpkey", "-algorithm"] + args + ["-out", key])
        os.chmod(key, 0o600)
        with open(key + ".pub", "wb") as f:
            got = run(["ssh-keygen", "-y", "-P", "", "-f", key])
            f.write(got.stdout)
        if got.returncode != 0:  # ssh-keygen of some versions reads no Ed25519 in PKCS#8
            mine = lab.mine_private(key)
            lab.expect(key, mine[:3], ["PKCS#8", "no passphrase", "256"], "private")
            continue
        check_private(lab, key, "PKCS#8", False, key + ".pub", visible)
        for i, cipher in enumerate((["-v2", "aes-256-cbc"], ["-v2", "des3"], ["-scrypt"])):
            path = "%s-enc%d" % (key, i)
            must(["openssl", "pkcs8", "-topk8", "-in", key, "-passout", "pass:secret", "-out", path]
                 + cipher)
            check_private(lab, path, "PKCS#8", True, key + ".pub", "nothing")
        if name != "ed25519":
            tool = "rsa" if name == "rsa" else "ec"
            path = key + "-traditional"
            must(["openssl", tool, "-in", key, "-out", path] +
                 (["-traditional"] if tool == "rsa" else []))
            check_private(lab, path, "PEM", False, key + ".pub", "all")
            must(["openssl", tool, "-in", key, "-out", path, "-aes128", "-passout", "pass:secret"] +
                 (["-traditional"] if tool == "rsa" else []))
            check_private(lab, path, "PEM", True, key + ".pub", "nothing")


def putty_keys(lab):
    if not shutil.which("puttygen"):
        print("no puttygen: its forms are left out")
        return
    secret, none = lab.path("passphrase"), lab.path("no-passphrase")
    for path, text in ((secret, "secret\n"), (none, "\n")):
        with open(path, "w") as f:
            f.write(text)
    for kind, bits in KINDS:
        key = lab.path("%s-%s" % (kind, bits))
        for version in ("2", "3"):
            for phrase in (none, secret):
                path = "%s-v%s%s.ppk" % (key, version, "-enc" if phrase == secret else "")
                r = run(["puttygen", key, "-O", "private", "-o", path, "--ppk-param",
                         "version=" + version, "--new-passphrase", phrase])
                if r.returncode == 0:
                    check_private(lab, path, "PuTTY", phrase == secret, key + ".pub", "all")
        if kind in ("rsa", "dsa"):
            for phrase in (none, secret):
                path = key + ".sshcom"
                if run(["puttygen", key, "-O", "private-sshcom", "-o", path, "--new-passphrase",
                        phrase]).returncode == 0:
                    check_private(lab, path, "ssh.com", phrase == secret, key + ".pub", "nothing")


OPTIONS = [
    "", "restrict", "RESTRICT,pty", "no-pty,no-agent-forwarding,no-X11-forwarding", "no-restrict",
    "user-rc,no-user-rc", "from=\"127.0.0.1\"", "from=\"127.0.0.1\",from=\"127.0.0.1\"",
    "from=127.0.0.1", "from=\"127.0.0.1", "from", "command=\"true\"", "command=\"true\",",
    "command=\"true\",command=\"true\"", "command=\"echo \\\"x\\\"\"", "Command=\"true\"",
    "environment=\"A=b\"", "expiry-time=\"20991231\"", "permitopen=\"localhost:80\"",
    "permitlisten=\"8080\"", "tunnel=\"1\"", "principals=\"x\"", "cert-authority",
    "frobnicate", "pty frobnicate", "pty,frobnicate", "ptyx", "no-touch-required",
    "verify-required", "touch-required", ",pty", "pty,,pty", "no-no-pty", "no-cert-authority",
    "permitopen=\"localhost:80\",permitopen=\"localhost:81\"", "no-command=\"true\"",
]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def listens(sshd):
    """Whether it comes up; it says so itself."""
    for line in sshd.stderr:
        if line.startswith(b"Server listening"):
            return True
    return False


def options(lab):
    """Who gets in: the same key, with options that sshd takes or refuses."""
    if os.getuid() != 0 or not os.path.exists(SSHD) or not shutil.which("ssh"):
        print("not root, or no sshd or ssh: options are left out")
        return
    os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
    keys, key, port = lab.path("authorized"), lab.path("ed25519-256"), free_port()
    pub = open(key + ".pub").read().split()
    sshd = subprocess.Popen(
        [SSHD, "-D", "-e", "-f", "/dev/null", "-p", str(port), "-h", lab.path("ecdsa-256"),
         "-o", "ListenAddress=127.0.0.1", "-o", "AuthorizedKeysFile=" + keys, "-o", "StrictModes=no",
         "-o", "PermitRootLogin=prohibit-password", "-o", "PasswordAuthentication=no",
         "-o", "UsePAM=no", "-o", "PidFile=none", "-o", "MaxStartups=100",
         "-o", "PermitUserEnvironment=yes", "-o", "KbdInteractiveAuthentication=no"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        if not listens(sshd):
            print("sshd does not run here: options are left out")
            return
        for option in OPTIONS:
            with open(keys, "w") as f:
                f.write("%s %s %s c\n" % (option, pub[0], pub[1]))
            for _ in range(5):
                r = run(["ssh", "-F", "/dev/null", "-i", key, "-p", str(port), "-o", "BatchMode=yes",
                         "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no",
                         "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
                         "root@127.0.0.1", "true"])
                denied = r.returncode == 255 and b"Permission denied" in r.stderr
                # 255 for another reason: a busy machine lost the connection, sshd said nothing.
                if denied or r.returncode != 255:
                    break
            mine = [v for c, v in lab.mine_lines(keys).items()]
            refused = not mine or mine[0][3] != "-"
            # What is refused for another reason than its form is no matter of parsing.
            if option in ("cert-authority", "principals=\"x\"", "verify-required"):
                denied = refused
            lab.expect("options %r" % option, refused, denied,
                       "options, refused" if denied else "options, taken")
    finally:
        sshd.terminate()
        sshd.wait()


def main():
    lab = Lab(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 3000
    if not shutil.which("ssh-keygen"):
        skip("no ssh-keygen")
    pubs = generate(lab)
    public_keys(lab, pubs)
    mutated_keys(lab, pubs, seed, count)
    private_keys(lab)
    openssl_keys(lab)
    putty_keys(lab)
    options(lab)
    print("seed %d: %s" % (seed, ", ".join("%d %s" % (n, k) for k, n in
                                           sorted(lab.compared.items()))))
    for wrong in lab.wrong[:40]:
        print(wrong)
    if lab.wrong:
        print("%d differences; left in %s" % (len(lab.wrong), lab.dir))
        sys.exit(1)
    shutil.rmtree(lab.dir)
    # Mutations that all break the key, or none, would prove nothing.
    if min(lab.compared.get("mutated, taken", 0), lab.compared.get("mutated, refused", 0)) < count / 10:
        print("too few of one kind")
        sys.exit(1)


if __name__ == "__main__":
    main()
