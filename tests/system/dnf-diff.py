#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Package sources and security updates beside dnf's own, on generated roots.

usage: dnf-diff.py PENDING-SHOW [SEED]. Exits 77 where dnf or rpmbuild is not installed.
"""
import glob
import gzip
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile

try:
    import dnf
except ImportError:
    print("dnf is not installed")
    sys.exit(77)
if not shutil.which("rpmbuild"):
    print("rpmbuild is not installed")
    sys.exit(77)

ROUNDS_CONF = 150
ROUNDS_UPDATES = 8
SHOW = sys.argv[1]
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 1
rnd = random.Random(SEED)
wrong = 0


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def run(*args, **kwargs):
    return subprocess.run(args, capture_output=True, text=True, errors="replace", **kwargs)


def show(root):
    p = run(SHOW, root)
    if p.returncode != 0:
        sys.exit(f"{SHOW} {root}: {p.returncode} {p.stderr}")
    rows = [line.split("\t") for line in p.stdout.splitlines()]
    return {kind: [r[1:] for r in rows if r[0] == kind]
            for kind in ("problem", "repo", "option", "uri", "update", "gap", "state")}


def differ(root, what, ours, theirs):
    global wrong
    wrong += 1
    keep = f"/tmp/hardend-dnf-diff-{SEED}-{wrong}"
    shutil.rmtree(keep, ignore_errors=True)
    shutil.copytree(root, keep, symlinks=True)
    print(f"{what} (kept in {keep}):\n  ours   {ours}\n  theirs {theirs}")


# ---- configuration ----

def flag():
    return rnd.choice(("0", "1", "yes", "no", "True", "false", "on", "OFF"))


def repo_text(i):
    lines = [f"[{rnd.choice(('base', 'x-y', 'a.b', 'R_1'))}{i}]", "name=x"]
    for key in ("enabled", "gpgcheck", "repo_gpgcheck", "sslverify"):
        if rnd.random() < 0.5:
            lines.append(f"{key}{rnd.choice(('=', ' = ', '= '))}{flag()}")
    uris = [rnd.choice(("https://a.example/$stream/x", "http://b.example/${stream}/", "file:///srv/r"))
            for _ in range(rnd.randint(1, 2))]
    lines.append("baseurl=" + rnd.choice((" ", ", ", "\n  ", "\n\t")).join(uris))
    body = lines[1:]
    rnd.shuffle(body)
    if rnd.random() < 0.2:
        body.insert(rnd.randrange(len(body)), rnd.choice(("# c", "; c", "")))
    return "\n".join(lines[:1] + body) + "\n"


def conf_round():
    root = tempfile.mkdtemp(prefix="hardend-dnf-")
    main = "[main]\n" + "".join(f"{k}={flag()}\n" for k in ("gpgcheck", "repo_gpgcheck", "sslverify")
                                if rnd.random() < 0.5)
    write(root + "/etc/dnf/dnf.conf", main)
    write(root + "/etc/dnf/vars/stream", "9-s\n")
    n = 0
    for f in range(rnd.randint(1, 2)):
        write(f"{root}/etc/yum.repos.d/f{f}.repo", "\n".join(repo_text(n := n + 1) for _ in range(rnd.randint(1, 3))))
    write(root + "/etc/yum.repos.d/ignored.repo.rpmsave", "[ignored]\nbaseurl=http://x/\n")
    base = dnf.Base()
    base.conf.read(root + "/etc/dnf/dnf.conf")
    base.conf.reposdir = [root + "/etc/yum.repos.d"]
    base.conf.substitutions.update({"stream": "9-s", "releasever": "9", "basearch": "x86_64"})
    base.read_all_repos()
    theirs = {r.id: (bool(r.enabled), bool(r.gpgcheck), bool(r.repo_gpgcheck), bool(r.sslverify), list(r.baseurl))
              for r in base.repos.all()}
    ours = show(root)
    mine = {}
    for kind, rid, on in ours["repo"]:
        options = {o[1]: o[2] for o in ours["option"] if o[0] == rid}
        yes = lambda k, d: d if k not in options else options[k].lower() in ("1", "yes", "true", "on")
        mine[rid] = (on == "on", yes("gpgcheck", False), yes("repo_gpgcheck", False), yes("sslverify", True),
                     [u[1] for u in ours["uri"] if u[0] == rid])
    if mine != theirs or ours["problem"]:
        differ(root, "configuration", (mine, ours["problem"]), theirs)
    base.close()
    shutil.rmtree(root)
    return len(theirs)


# ---- updates ----

NAMES = ["alpha", "beta", "gamma", "delta-libs", "eps"]
EVRS = [("0", "1.0", "1"), ("0", "1.0", "2.el9"), ("0", "1.1", "1"), ("1", "0.9", "1"), ("0", "1.0~rc1", "1"), ("0", "2", "1^a")]


def build_rpms(top):
    """A package of each name and version, in one build for each version."""
    for n, (e, v, r) in enumerate(EVRS):
        spec = f"Name: top{n}\nVersion: 1\nRelease: 1\nSummary: x\nLicense: x\nBuildArch: noarch\n%description\nx\n"
        for name in NAMES:
            spec += (f"%package -n {name}\nEpoch: {e}\nVersion: {v}\nRelease: {r}\nSummary: x\n"
                     f"%description -n {name}\nx\n%files -n {name}\n")
        write(f"{top}/x{n}.spec", spec)
        p = run("rpmbuild", "-bb", "--define", f"_topdir {top}/build", f"{top}/x{n}.spec")
        if p.returncode != 0:
            sys.exit(p.stderr)
    return {(name, evr): f"{top}/build/RPMS/noarch/{name}-{evr[1]}-{evr[2]}.noarch.rpm" for name in NAMES for evr in EVRS}


def updateinfo():
    out = '<?xml version="1.0" encoding="UTF-8"?>\n<updates>\n'
    for i in range(rnd.randint(1, 8)):
        kind = rnd.choice(("security", "security", "bugfix", "enhancement"))
        out += (f'<update from="x" status="final" type="{kind}" version="1"><id>ADV-{i}</id><title>a &lt; b</title>'
                f"<severity>Important</severity><!-- <package name=\"alpha\" version=\"99\"/> --><description>"
                f"<![CDATA[ <package name='beta' version='99'> ]]></description><pkglist><collection short=\"c\">")
        module = rnd.choice((None, None, None, ("m", "1"), ("m", "2")))
        if module:
            out += (f'<module name="{module[0]}" stream="{module[1]}" version="1" context="c" arch="noarch"/>')
        for name in rnd.sample(NAMES, rnd.randint(1, 3)):
            e, v, r = rnd.choice(EVRS)
            out += (f'<package name="{name}" version="{v}" release="{r}" epoch="{e}" arch="noarch" src="x.src.rpm">'
                    f"<filename>{name}.rpm</filename></package>")
        out += "</collection></pkglist></update>\n"
    return out + "</updates>\n"


def put_repo(directory, with_advisories):
    """Metadata without packages: what updateinfo asks is in the advisories and in the rpm database."""
    os.makedirs(directory + "/repodata")
    texts = {"primary": '<?xml version="1.0" encoding="UTF-8"?>\n<metadata xmlns="http://linux.duke.edu/metadata/common" packages="0"></metadata>'}
    if with_advisories:
        texts["updateinfo"] = updateinfo()
    data = ""
    for kind, text in texts.items():
        packed = gzip.compress(text.encode())
        digest = hashlib.sha256(packed).hexdigest()
        with open(f"{directory}/repodata/{digest}-{kind}.xml.gz", "wb") as f:
            f.write(packed)
        data += (f'<data type="{kind}"><checksum type="sha256">{digest}</checksum><open-checksum type="sha256">'
                 f'{hashlib.sha256(text.encode()).hexdigest()}</open-checksum><location href="repodata/{digest}-{kind}.xml.gz"/>'
                 f"<timestamp>1</timestamp><size>{len(packed)}</size><open-size>{len(text)}</open-size></data>")
    write(directory + "/repodata/repomd.xml", '<?xml version="1.0" encoding="UTF-8"?>\n<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision>' + data + "</repomd>")


def updates_round(rpms):
    root = tempfile.mkdtemp(prefix="hardend-dnf-")
    write(root + "/etc/os-release", "ID=rocky\n")
    write(root + "/etc/dnf/dnf.conf", "[main]\ngpgcheck=0\ncachedir=/var/cache/dnf\n")
    chosen = [rpms[name, rnd.choice(EVRS)] for name in NAMES if rnd.random() < 0.9]
    # Debian's rpm has its database elsewhere: that of dnf, by a link to where the others have it.
    dbpath = run("rpm", "--eval", "%_dbpath").stdout.strip()
    os.makedirs(root + "/var/lib/rpm")
    if dbpath != "/var/lib/rpm":
        os.makedirs(os.path.dirname(root + dbpath), exist_ok=True)
        os.symlink(root + "/var/lib/rpm", root + dbpath)
    p = run("rpm", "--root", root, "--dbpath", "/var/lib/rpm", "-i", "--justdb", "--nodeps", "--nosignature", *chosen)
    if p.returncode != 0:
        sys.exit(p.stderr)
    text = ""
    for rid in ("base", "base-debug", "plain"):
        put_repo(f"{root}/srv/{rid}", rid != "plain")
        text += f"[{rid}]\nname=x\nbaseurl=file://{root}/srv/{rid}\n" + ("enabled=0\n" if rnd.random() < 0.2 else "")
    write(root + "/etc/yum.repos.d/x.repo", text)
    common = ["dnf", "-q", "-c", root + "/etc/dnf/dnf.conf", "--installroot", root, "--releasever", "9",
              f"--setopt=reposdir={root}/etc/yum.repos.d", f"--setopt=cachedir={root}/var/cache/dnf", "--noplugins"]
    p = run(*common, "makecache")
    if p.returncode != 0:
        sys.exit(p.stdout + p.stderr)
    p = run(*common, "-C", "updateinfo", "list", "--security")
    if p.returncode != 0:
        sys.exit(p.stdout + p.stderr)
    listed = {line.split()[-1] for line in p.stdout.splitlines() if line.startswith("ADV-")}
    theirs = {nevra.rsplit("-", 2)[0] for nevra in listed}
    ours = show(root)
    mine = {u[0] for u in ours["update"]}
    # Ours is the newest of those that dnf lists.
    shown = {f"{u[0]}-{u[2]}.noarch" for u in ours["update"]}
    if mine != theirs or not shown <= listed or ours["gap"]:
        differ(root, "security updates", (sorted(shown), ours["gap"], ours["state"]), sorted(listed))
    shutil.rmtree(root)
    return len(theirs)


def main():
    n = sum(conf_round() for _ in range(ROUNDS_CONF))
    print(f"{ROUNDS_CONF} configurations with {n} sources, {wrong} differ")
    top = tempfile.mkdtemp(prefix="hardend-dnf-build-")
    rpms = build_rpms(top)
    m = sum(updates_round(rpms) for _ in range(ROUNDS_UPDATES))
    shutil.rmtree(top)
    print(f"{ROUNDS_UPDATES} roots with {m} packages to be updated, {wrong} differ")
    return 1 if wrong or n < ROUNDS_CONF or m < ROUNDS_UPDATES else 0


sys.exit(main())
