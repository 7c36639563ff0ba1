#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The package sources, candidates and upgrades beside apt's own, on generated roots.

usage: apt-diff.py PENDING-SHOW [SEED]. Exits 77 where apt is not installed.
"""
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

ROUNDS_SOURCES = 200
ROUNDS_POLICY = 100
SHOW = sys.argv[1]
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 1
rnd = random.Random(SEED)
wrong = 0


def write(root, path, text):
    full = root + path
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w") as f:
        f.write(text)


def make_root():
    root = tempfile.mkdtemp(prefix="hardend-apt-")
    for d in ("/var/lib/apt/lists/partial", "/var/cache/apt/archives/partial",
              "/etc/apt/sources.list.d", "/etc/apt/preferences.d", "/etc/apt/apt.conf.d",
              "/etc/apt/trusted.gpg.d", "/var/lib/dpkg"):
        os.makedirs(root + d)
    write(root, "/var/lib/dpkg/arch", "amd64\ni386\n")
    write(root, "/var/lib/dpkg/status", "")
    write(root, "/apt.conf", f'''Dir "{root}";
Dir::State::status "{root}/var/lib/dpkg/status";
Dir::Bin::methods "/usr/lib/apt/methods";
APT::Architecture "amd64";
APT::Architectures {{ "amd64"; "i386"; }};
Acquire::Languages "none";
APT::Cache-Start "50000000";
''')
    return root


def apt(root, *args):
    env = {"APT_CONFIG": root + "/apt.conf", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
    p = subprocess.run(args, env=env, capture_output=True, text=True, errors="replace")
    return p.returncode, p.stdout, p.stderr


def show(root):
    p = subprocess.run([SHOW, root], capture_output=True, text=True, errors="replace")
    if p.returncode != 0:
        sys.exit(f"{SHOW} {root}: {p.returncode} {p.stderr}")
    rows = [line.split("\t") for line in p.stdout.splitlines()]
    return {kind: [r[1:] for r in rows if r[0] == kind]
            for kind in ("problem", "list", "update", "orphan", "gap", "state")}


def differ(root, what, ours, theirs):
    global wrong
    wrong += 1
    keep = f"/tmp/hardend-apt-diff-{SEED}-{wrong}"
    shutil.rmtree(keep, ignore_errors=True)
    shutil.copytree(root, keep)
    print(f"{what} (kept in {keep}):\n  ours   {ours}\n  theirs {theirs}")


# ---- sources ----

def uri():
    return rnd.choice(("http://a.example/debian", "https://a.example/debian/", "http://u:p@b.example/x_y",
                       "file:/srv/repo", "http://c.example:8080/a%20b", "https://[::1]/r",
                       "mirror+https://m.example/list", "http://d.example/$(ARCH)/", "tor+http://e.example/~x", "mirror+file:/etc/apt/mirrors/debian.list",
                       "copy:/srv/r", "http://a.example", "cdrom:[Disc 1]/"))


def suite(flat):
    return rnd.choice(("./", "/", "dir/")) if flat else rnd.choice(
        ("stable", "bookworm-security", "stretch/updates", "s_t", "a.b", "noble"))


def components():
    return rnd.sample(("main", "contrib", "non-free", "updates/main", "x_y"), rnd.randint(1, 3))


def options():
    return rnd.sample(("arch=amd64", "arch=i386,amd64", "trusted=yes", "trusted=no", "signed-by=/k.gpg",
                       "check-valid-until=no", "lang=de", "arch-=i386", "allow-insecure=no"),
                      rnd.randint(0, 2))


def quoted(word):
    if rnd.random() < 0.1:
        return f'"{word}"'
    return word


def one_line(bad):
    blank = lambda: rnd.choice((" ", "  ", "\t", " \t"))
    if rnd.random() < 0.15:
        return rnd.choice(("", "# deb http://x/ a b", "   ", "\t# x"))
    flat = rnd.random() < 0.2
    line = rnd.choice(("deb", "deb", "deb", "deb-src"))
    opts = options()
    if opts and rnd.random() < 0.7:
        inner = " ".join(opts)
        line += blank() + rnd.choice((f"[{inner}]", f"[ {inner} ]", f"[{inner} ]", f"[  {inner}]"))
    line += " " + quoted(uri()) + rnd.choice((" ", "  ")) + quoted(suite(flat))
    if not flat:
        line += " " + " ".join(components())
    if rnd.random() < 0.1:
        line += " # comment"
    if rnd.random() < 0.05:
        line = " " + line + " \r"
    if bad and rnd.random() < 0.5:
        i = rnd.randrange(len(line) + 1)
        line = rnd.choice((line[:i], line[:i] + line[i + 1:], line[:i] + rnd.choice('[]"#= %') + line[i:],
                           "rpm " + line, line + " x/", line.replace(" ", "", 1)))
    return line


def case(word):
    return rnd.choice((word, word.lower(), word.upper())) if rnd.random() < 0.2 else word


def paragraph(bad):
    flat = rnd.random() < 0.2
    uris = [uri().replace(" ", "%20") for _ in range(rnd.randint(1, 2))]
    suites = [suite(flat) for _ in range(rnd.randint(1, 2))]
    fields = [("Types", rnd.choice(("deb", "deb-src", "deb deb-src"))),
              ("URIs", rnd.choice((" ", "\n ")).join(uris)),
              ("Suites", rnd.choice((" ", "\n  ")).join(suites))]
    if not flat:
        fields.append(("Components", " ".join(components())))
    if rnd.random() < 0.3:
        fields.append(("Enabled", rnd.choice(("yes", "no", "false", "0", "1", "maybe", ""))))
    if rnd.random() < 0.3:
        fields.append(("Architectures", rnd.choice(("amd64", "i386 amd64", "i386"))))
    if rnd.random() < 0.2:
        fields.append(("Signed-By", rnd.choice((
            "/k.gpg", "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQ\n -----END PGP PUBLIC KEY BLOCK-----"))))
    if rnd.random() < 0.1:
        fields.append(("X-Other", "1\n 2"))
    rnd.shuffle(fields)
    if bad and rnd.random() < 0.5:
        rnd.choice((lambda: fields.pop(), lambda: fields.append(("Types", "rpm")),
                    lambda: fields.append(("Components", "main")),
                    lambda: fields.append(("Suites", "")), lambda: fields.append(("", "x"))))()
    out = []
    if bad and rnd.random() < 0.1:
        fields.append((None, rnd.choice(("nonsense", " x", "a b"))))
    for name, value in fields:
        if name is None:
            out.append(value)
            continue
        if rnd.random() < 0.1:
            out.append("# comment")
        out.append(case(name) + rnd.choice((": ", ":", ":\t")) + value)
    return "\n".join(out) + "\n"


def sources_round():
    root = make_root()
    bad = rnd.random() < 0.35
    write(root, "/etc/apt/mirrors/debian.list", "https://deb.debian.org/debian\n")
    # One form each: two lines that disagree about one source are an error of another kind.
    if rnd.random() < 0.5:
        n = rnd.randint(1, 4)
        write(root, rnd.choice(("/etc/apt/sources.list", "/etc/apt/sources.list.d/a-b_c:d.list")),
              "\n".join(one_line(bad) for _ in range(n)) + rnd.choice(("\n", "")))
    else:
        write(root, "/etc/apt/sources.list.d/x.sources",
              rnd.choice(("", "# c\n\n", "\n\n")) + rnd.choice(("\n", "\n\n")).join(
                  paragraph(bad) for _ in range(rnd.randint(1, 3))))
    write(root, "/etc/apt/sources.list.d/" + rnd.choice(("bad name.list", "x.list~", "y.list.save", "noext")),
          "nonsense here\n")
    status, out, err = apt(root, "apt-get", "indextargets", "--format", "$(FILENAME)", "Created-By: Packages")
    refused = bool(re.search(r"^E: ", err, re.M))
    conflict = "Conflicting values" in err
    lists = {os.path.basename(f) for f in out.splitlines()}
    for f in lists:
        if len(f) < 250:
            write(root, "/var/lib/apt/lists/" + f, "")
    for f in ("a.example_debian_dists_stable_main_source_Sources", "a.example_debian_dists_other_main_binary-amd64_Packages",
              "z.example_dists_stable_main_binary-amd64_Packages"):
        write(root, "/var/lib/apt/lists/" + f, "")
    ours = show(root)
    # apt takes the colon of a later line for that of one without, and so swallows what stands
    # between; here that is a problem to be told.
    if any(p[2] == "the line is no field" for p in ours["problem"]):
        shutil.rmtree(root)
        return refused
    if bool(ours["problem"]) != refused and not conflict:
        differ(root, "sources that are refused", ours["problem"], err)
    got = {os.path.basename(r[0]) for r in ours["list"]}
    if not refused and got != lists:
        differ(root, "lists", sorted(got - lists), sorted(lists - got))
    shutil.rmtree(root)
    return refused


# ---- candidates ----

VERSIONS = ["1.0", "1.0-1", "1.0-1+deb12u1", "1.0-2", "1.1~rc1-1", "1.1-1", "1:0.9-1", "1.0-1~bpo1", "2.0-1"]
NAMES = ["bash", "libc6", "python3", "python3-apt", "linux-image-amd64", "vim", "a+b", "x.y"]
SUITES = [("a.example", "debian", "bookworm"), ("a.example", "debian", "bookworm-updates"),
          ("s.example", "debian-security", "bookworm-security"), ("a.example", "debian", "bookworm-backports"),
          ("b.example", "ppa", "noble")]


def release(suite_name):
    flags = rnd.choice(("", "", "", "NotAutomatic: yes\n", "NotAutomatic: yes\nButAutomaticUpgrades: yes\n"))
    return (f"Origin: {rnd.choice(('Debian', 'Vendor'))}\nLabel: {rnd.choice(('Debian', 'Debian-Security'))}\n"
            f"Suite: {rnd.choice(('stable', 'oldstable', suite_name))}\nVersion: {rnd.choice(('12.5', '12', '24.04'))}\n"
            f"Codename: {suite_name}\nDate: Sat, 21 Nov 2026 00:00:00 UTC\nArchitectures: amd64 i386\n"
            f"Components: main\n{flags}SHA256:\n")


def package(name, version, arch, status=None):
    # The same text for the same version everywhere, or apt takes them for two.
    return (f"Package: {name}\n" + (f"Status: {status}\n" if status else "") +
            f"Source: src-{name}\n" * (name == "vim") +
            f"Version: {version}\nArchitecture: {arch}\nMaintainer: x <x@example>\n"
            f"Installed-Size: 1\n" + ("" if status else f"Filename: p/{name}_{version}\nSize: 1\n"
                                      "SHA256: " + "0" * 64 + "\n") + "Description: x\n\n")


def pin():
    what = rnd.choice(("*", "*", rnd.choice(NAMES), "python3*", "bash vim", "/^LIB/", "src:src-vim", "libc6:any",
                       "libc6:i386", "src:python3*"))
    data = rnd.choice(("release a=stable", "release n=bookworm-security", "release o=Debian", "release o=Debian,l=Debian-*",
                       "release noble", "release v=12*", "release 12*", "release c=main", "release c=contrib",
                       "release b=i386", "release *", "release a=now", "origin a.example", "origin \"b.example\"",
                       "origin *.example", "release a=stable, n=bookworm", "Release A=stable",
                       *(["version " + v for v in ("1.0*", "1.0-1", "1.1-1", "*", "9*")] if what != "*" else [])))
    priority = rnd.choice((-1, 1, 99, 100, 101, 400, 500, 501, 990, 1001, 1001))
    if what == "*" and rnd.random() < 0.1:
        priority = "never"
    return f"{rnd.choice(('', '# c' + chr(10)))}Package: {what}\nPin: {data}\nPin-Priority: {priority}\n"


def policy_root():
    root = make_root()
    lines, status = [], ""
    for host, path, name in rnd.sample(SUITES, rnd.randint(1, 5)):
        lines.append(f"deb http://{host}/{path} {name} main")
        base = f"/var/lib/apt/lists/{host}_{path}_dists_{name}_"
        write(root, base + "Release", release(name))
        for arch in ("amd64", "i386"):
            write(root, base + f"main_binary-{arch}_Packages", "".join(
                package(n, v, arch) for n in NAMES if rnd.random() < 0.7
                for v in rnd.sample(VERSIONS, rnd.choice((1, 1, 1, 2)))))
    write(root, "/etc/apt/sources.list", "\n".join(lines) + "\n")
    for n in NAMES:
        for arch in ("amd64", "i386"):
            if rnd.random() < (0.8 if arch == "amd64" else 0.3):
                # dpkg wants the like of two architectures in step.
                status += package(n, rnd.choice(VERSIONS), arch, rnd.choice(
                    ("install ok installed",) * 4 + ("hold ok installed", "deinstall ok config-files")))
    write(root, "/var/lib/dpkg/status", status)
    pins = "\n".join(pin() for _ in range(rnd.choice((0, 1, 2, 3))))
    write(root, rnd.choice(("/etc/apt/preferences", "/etc/apt/preferences.d/x", "/etc/apt/preferences.d/x.pref")), pins)
    if rnd.random() < 0.2:
        write(root, "/etc/apt/apt.conf.d/x", f'APT::Default-Release "{rnd.choice(("stable", "bookworm", "noble"))}";\n')
    return root


def compare_versions(a, b):
    for op, value in (("lt", -1), ("eq", 0)):
        if (a, op, b) not in compare_versions.known:
            compare_versions.known[a, op, b] = subprocess.run(
                ["dpkg", "--compare-versions", a, op, b]).returncode == 0
        if compare_versions.known[a, op, b]:
            return value
    return 1


compare_versions.known = {}


def parse_policy(out):
    """name: (installed, candidate, versions that a source has)"""
    found, name = {}, None
    for line in out.splitlines():
        if re.match(r"\S+:$", line):
            name = line[:-1]
            found[name] = [None, None, set()]
        elif line.startswith("  Installed: "):
            found[name][0] = line.split()[1]
        elif line.startswith("  Candidate: "):
            found[name][1] = line.split()[1]
        elif re.match(r" (\*\*\*|   ) \S", line):
            version = line.split()[-2]
        elif re.match(r" {6,}-?\d+ ", line) and "/status" not in line:
            found[name][2].add(version)
    return found


def policy_round():
    root = policy_root()
    names = NAMES + [n + ":i386" for n in NAMES]
    status, out, err = apt(root, "apt-cache", "policy", *names)
    if status != 0:
        if "Default-Release" not in err:
            differ(root, "apt-cache policy", None, err)
        shutil.rmtree(root)
        return 0
    ours = show(root)
    updates = {u[0]: u for u in ours["update"]}
    orphans = {o[0] for o in ours["orphan"]}
    n = 0
    for name, (installed, candidate, known) in parse_policy(out).items():
        if installed in (None, "(none)"):
            continue
        n += 1
        newer = candidate != "(none)" and compare_versions(candidate, installed) > 0
        want = candidate if newer else "-"
        got = updates.get(name, [name, "", "-"])[2]
        if got != want:
            differ(root, f"candidate of {name}", got, want)
        orphan = not any(compare_versions(v, installed) >= 0 for v in known)
        if orphan != (name in orphans):
            differ(root, f"orphan {name}", name in orphans, orphan)
    status, out, err = apt(root, "apt-get", "-s", "dist-upgrade")
    theirs = {m[1]: m[2] for m in re.finditer(r"^Inst (\S+) \[[^]]*\] \((\S+)", out, re.M)
              if re.search(rf"^Inst {re.escape(m[1])} \[([^]]*)\]", out, re.M)
              and compare_versions(m[2], re.search(rf"^Inst {re.escape(m[1])} \[([^]]*)\]", out, re.M)[1]) > 0}
    mine = {u[0]: u[2] for u in ours["update"] if u[2] != "-" and u[4] == "free"}
    if status == 0 and mine != theirs:
        differ(root, "dist-upgrade", sorted(set(mine.items()) - set(theirs.items())),
               sorted(set(theirs.items()) - set(mine.items())))
    shutil.rmtree(root)
    return n


def main():
    if not shutil.which("apt-get"):
        print("apt-get is not installed")
        return 77
    refused = sum(sources_round() for _ in range(ROUNDS_SOURCES))
    print(f"{ROUNDS_SOURCES} roots of sources, {refused} of them refused by apt, {wrong} differ")
    packages = sum(policy_round() for _ in range(ROUNDS_POLICY))
    print(f"{ROUNDS_POLICY} roots with {packages} installed packages, {wrong} differ")
    # So that a generator that makes nothing but errors, or nothing, is noticed.
    if refused < ROUNDS_SOURCES / 20 or refused > ROUNDS_SOURCES / 2 or packages < ROUNDS_POLICY * 4:
        print("the generator does not make what it should")
        return 1
    return 1 if wrong else 0


sys.exit(main())
