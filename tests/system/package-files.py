#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""package-integrity against `dpkg --verify` and `rpm -V`: on roots into which packages of their own
making were installed, changed, diverted and upgraded, and on this machine's own packages.

    package-files.py HARDENCTL
"""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

HARDENCTL = sys.argv[1]
ENV = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
wrong = []


def run(*args, ok=(0,), **kw):
    p = subprocess.run(args, capture_output=True, text=True, env=ENV, **kw)
    assert p.returncode in ok, f"{args}: {p.returncode}\n{p.stdout}{p.stderr}"
    return p.stdout


def ours(root):
    """Files that are said to be changed or missing; configuration that is said to be changed."""
    out = run(HARDENCTL, "--root", root, "--format", "json", "scan", ok=(0, 1))
    f = next(f for f in json.loads(out)["findings"] if f["check"] == "package-integrity")
    assert f["result"] not in ("error", "unknown"), f
    bad = {e["path"] for e in f["evidence"] if e["result"] == "fail"}
    return bad, {e["path"] for e in f["evidence"] if e["result"] == "informational"}, f


def verified(text):
    """What dpkg --verify and rpm -V print: "??5??????  c /path", "missing   c /path". Digests only."""
    bad, config = set(), set()
    for line in text.splitlines():
        mark, path = line[:9], line[line.index("/"):].split(" (")[0]
        if mark.strip() != "missing" and mark[2] != "5":
            continue
        is_config = line[9:line.index("/")].strip() == "c"
        if is_config and mark.strip() == "missing":
            continue
        (config if is_config else bad).add(path)
    return bad, config


def compare(label, root, text, only=None, beyond=frozenset()):
    """beyond: what they do not look at and we must find."""
    bad, config, finding = ours(root)
    their_bad, their_config = verified(text)
    their_bad |= beyond
    if only:
        their_bad, their_config = their_bad & only, their_config & only
    for name, mine, theirs in (("changed", bad, their_bad), ("configuration", config, their_config)):
        if mine != theirs:
            wrong.append(f"{label}: {name}: we say {sorted(mine)}, they say {sorted(theirs)}")
    return finding


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)


def flip(path):
    """One bit of one byte, in place, with the time set back."""
    st = os.stat(path)
    with open(path, "r+b") as f:
        data = bytearray(f.read())
        data[random.randrange(len(data))] ^= 1
        f.seek(0)
        f.write(data)
    os.utime(path, ns=(st.st_atime_ns, st.st_mtime_ns))


# ---- dpkg ----

PACKAGES = {
    "openssh-server": ("all", ["usr/sbin/sshd", "usr/share/doc/openssh-server/x"], ["etc/pam.d/sshd"]),
    "sudo": ("all", ["usr/bin/sudo", "usr/libexec/sudo/sudoers.so"], ["etc/sudoers"]),
    "libc6": ("amd64", ["lib/x86_64-linux-gnu/libc.so.6", "lib/x86_64-linux-gnu/libm.so.6"], []),
    "libpam-modules": ("amd64", ["lib/x86_64-linux-gnu/security/pam_unix.so"], []),
    "diverter": ("all", ["usr/bin/other"], []),
}


def build_deb(dir, name, version):
    arch, files, conf = PACKAGES[name]
    tree = f"{dir}/{name}-{version}"
    sums = ""
    for path in files + conf:
        write(f"{tree}/{path}", f"{path} of {name} {version}\n" * 50, 0o755)
    for path in files:
        sums += run("md5sum", path, cwd=tree)
    same = "Multi-Arch: same\n" if arch != "all" else ""
    write(f"{tree}/DEBIAN/control", f"Package: {name}\nVersion: {version}\nArchitecture: {arch}\n"
          f"{same}Maintainer: Nobody <n@example.org>\nDescription: test\n")
    if name != "libpam-modules":  # of a package that brings no digests dpkg keeps its own
        write(f"{tree}/DEBIAN/md5sums", sums)
    if conf:
        write(f"{tree}/DEBIAN/conffiles", "".join(f"/{c}\n" for c in conf))
    deb = f"{dir}/{name}-{version}.deb"
    run("dpkg-deb", "--root-owner-group", "--build", tree, deb)
    return deb


def dpkg(root, *args, **kw):
    return run("dpkg", f"--root={root}", "--force-all", "--log=/dev/null", *args, **kw)


def divert(root, package, path, to):
    who = ["--local"] if package is None else ["--package", package]
    run("dpkg-divert", "--root", root, *who, "--rename", "--divert", to, "--add", path)


def test_dpkg(dir):
    root = dir + "/dpkg"
    for d in ("usr/lib", "usr/bin", "usr/sbin", "var/lib/dpkg/info", "var/lib/dpkg/updates",
              "var/lib/dpkg/triggers"):
        os.makedirs(f"{root}/{d}")
    for d in ("lib", "bin", "sbin"):
        os.symlink(f"usr/{d}", f"{root}/{d}")  # merged /usr
    write(root + "/var/lib/dpkg/status", "")
    write(root + "/etc/os-release", "ID=debian\nVERSION_ID=12\n")
    run("dpkg", f"--root={root}", "--add-architecture", "amd64", ok=(0, 1, 2))
    debs = [build_deb(dir, name, "1") for name in PACKAGES]
    dpkg(root, "--install", *debs)

    def check(label, beyond=frozenset()):
        # dpkg compares every file but those that are diverted; of those that are not in the set nothing is known here.
        only = {"/" + p for _, f, c in PACKAGES.values() for p in f + c} - {
            "/usr/share/doc/openssh-server/x", "/lib/x86_64-linux-gnu/libm.so.6", "/usr/bin/other"}
        only |= {p + ".distrib" for p in only}
        return compare(f"dpkg, {label}", root, dpkg(root, "--verify", ok=(0, 1)), only,
                       beyond)

    assert check("as installed")["result"] == "pass"
    flip(root + "/usr/sbin/sshd")
    assert check("sshd flipped")["severity"] == "critical"
    flip(root + "/usr/share/doc/openssh-server/x")
    check("documentation flipped")
    flip(root + "/lib/x86_64-linux-gnu/libc.so.6")
    check("libc flipped through a link")
    os.unlink(root + "/usr/libexec/sudo/sudoers.so")
    check("a plugin missing")
    write(root + "/etc/sudoers", "mine\n")
    os.unlink(root + "/etc/pam.d/sshd")
    check("configuration changed and missing")
    dpkg(root, "--install", *(build_deb(dir, n, "2") for n in ("openssh-server", "sudo", "libc6")))
    finding = check("upgraded")
    assert finding["result"] == "informational", finding
    divert(root, None, "/usr/bin/sudo", "/usr/bin/sudo.distrib")
    write(root + "/usr/bin/sudo", "a wrapper\n", 0o755)
    check("sudo diverted")
    flip(root + "/usr/bin/sudo.distrib")
    check("the diverted sudo flipped", {"/usr/bin/sudo.distrib"})
    divert(root, "diverter", "/usr/sbin/sshd", "/usr/sbin/sshd.distrib")
    check("sshd diverted by a package", {"/usr/bin/sudo.distrib"})
    dpkg(root, "--purge", "sudo")
    check("sudo purged")


# ---- rpm ----

SPEC = """Name: {name}
Version: {version}
Release: 1
Summary: test
License: ISC
BuildArch: noarch
%description
test
%install
cp -a {tree}/. %{{buildroot}}
%files
{files}
"""


def build_rpm(dir, name, version, files, conf, ghost):
    tree = f"{dir}/rpm-{name}-{version}"
    for path in files + conf + ghost:
        write(f"{tree}/{path}", f"{path} of {name} {version}\n" * 50, 0o755)
    listed = [f"/{f}" for f in files] + [f"%config(noreplace) /{c}" for c in conf]
    listed += [f"%ghost /{g}" for g in ghost]
    spec = f"{dir}/{name}-{version}.spec"
    write(spec, SPEC.format(name=name, version=version, tree=tree, files="\n".join(listed)))
    top = f"{dir}/top-{name}-{version}"
    run("rpmbuild", "--quiet", "-bb", "--define", f"_topdir {top}", "--define",
        "_build_id_links none", "--define", "__os_install_post %{nil}", spec)
    return f"{top}/RPMS/noarch/{name}-{version}-1.noarch.rpm"


def test_rpm(dir):
    root = dir + "/rpm"
    db = ["--root", root, "--dbpath", "/usr/lib/sysimage/rpm"]
    write(root + "/etc/os-release", "ID=fedora\nID_LIKE=rhel\nVERSION_ID=40\n")
    run("rpm", *db, "--initdb")
    install = [*db, "--nodeps", "--noscripts", "--nosignature", "-U"]
    args = ["usr/bin/sudo", "usr/share/doc/sudo/x"], ["etc/sudoers"], ["usr/bin/sudoreplay"]
    run("rpm", *install, build_rpm(dir, "sudo", "1", *args),
        build_rpm(dir, "openssh-server", "1", ["usr/sbin/sshd"], ["etc/ssh/sshd_config"], []),
        build_rpm(dir, "glibc", "1", ["usr/lib64/libc.so.6"], [], []))

    def check(label):
        text = "".join(run("rpm", *db, "-V", n, ok=(0, 1)) for n in ("sudo", "openssh-server", "glibc"))
        return compare(f"rpm, {label}", root, text, {
            "/usr/bin/sudo", "/etc/sudoers", "/usr/sbin/sshd", "/etc/ssh/sshd_config",
            "/usr/lib64/libc.so.6"})

    assert check("as installed")["result"] == "pass"
    flip(root + "/usr/bin/sudo")
    check("sudo flipped")
    flip(root + "/usr/share/doc/sudo/x")
    write(root + "/etc/ssh/sshd_config", "mine\n")
    check("configuration and documentation changed")
    os.unlink(root + "/usr/lib64/libc.so.6")
    check("libc missing")
    run("rpm", *install, build_rpm(dir, "sudo", "2", *args))
    check("sudo upgraded")


def test_live():
    packages = ["openssh-server", "openssh-client", "sudo", "login", "passwd", "util-linux", "mount",
                "libpam-modules", "libpam-modules-bin", "libpam0g", "libpam-systemd", "libc6",
                "libssl3", "apt", "dpkg", "gpgv", "kmod", "cron", "auditd", "systemd", "libcrypt1"]
    text = "".join(run("dpkg", "--verify", p, ok=(0, 1)) for p in packages
                   if subprocess.run(["dpkg-query", "-W", p], capture_output=True).returncode == 0)
    _, _, finding = ours("/")
    changed = {e["path"] for e in finding["evidence"]}
    bad, config = verified(text)
    # Of what dpkg finds in these, all that is of the set; of what we find, all that dpkg does.
    for path in sorted(changed):
        owner = subprocess.run(["dpkg", "-S", path], capture_output=True, text=True).stdout
        if owner.split(":")[0] in packages and path not in bad | config:
            wrong.append(f"this machine: {path} is changed and dpkg says it is not")


def main():
    missing = [p for p in ("dpkg", "dpkg-deb", "rpm", "rpmbuild") if not shutil.which(p)]
    if missing or os.geteuid() != 0:
        print(f"skipped: needs root and {', '.join(missing) or 'nothing else'}")
        return 77
    random.seed(1)
    with tempfile.TemporaryDirectory() as dir:
        os.chmod(dir, 0o755)
        test_dpkg(dir)
        test_rpm(dir)
        test_live()
    print("\n".join(wrong) or "as dpkg --verify and rpm -V say it")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
