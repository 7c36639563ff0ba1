#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The state of every unit as `systemctl --root` says it, against ours: on this
machine's own units and on a root with links, masks, drop-ins, aliases, instances
and presets of every form that systemctl makes, and some that only a hand does."""
import os
import random
import shutil
import subprocess
import sys
import tempfile

SHOW = sys.argv[1]
ETC, LIB, RUN = "etc/systemd/system", "usr/lib/systemd/system", "run/systemd/system"
SERVICE = "[Service]\nExecStart=/bin/true\n"
INSTALL = "[Install]\nWantedBy=multi-user.target\n"


def ours(root):
    out = subprocess.run([SHOW, root], check=True, capture_output=True, text=True).stdout
    rows = [line.split("\t") for line in out.splitlines()]
    return {r[0]: dict(state=r[1], starts=r[2] == "starts", target=r[3]) for r in rows}


def theirs(root):
    out = subprocess.run(["systemctl", "--root", root, "list-unit-files", "--no-legend",
                          "--no-pager", "--plain"], check=True, capture_output=True, text=True,
                         env={**os.environ, "SYSTEMD_LOG_LEVEL": "err"}).stdout
    return {f[0]: f[1] for f in (line.split() for line in out.splitlines())}


def is_enabled(root, name):
    r = subprocess.run(["systemctl", "--root", root, "is-enabled", name], capture_output=True,
                       text=True, env={**os.environ, "SYSTEMD_LOG_LEVEL": "err"})
    return r.stdout.strip()


def compare(root, label):
    have, want = ours(root), theirs(root)
    wrong = [f"{n}: systemctl says {s}, we say {have.get(n, {}).get('state')}"
             for n, s in sorted(want.items()) if have.get(n, {}).get("state") != s]
    for name, unit in have.items():
        if name not in want and unit["state"] != "bad":
            said = is_enabled(root, name)
            if said and said != unit["state"]:
                wrong.append(f"{name}: is-enabled says {said}, we say {unit['state']}")
    assert not wrong, f"{label}:\n" + "\n".join(wrong)
    return len(want), len(have)


def write(root, path, text):
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w") as f:
        f.write(text)


def link(root, path, target):
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    os.symlink(target, full)


def systemctl(root, *args):
    subprocess.run(["systemctl", "--root", root, "--quiet", *args], check=False,
                   stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def forms(root):
    """Each form by hand; then what systemctl itself makes of enable, mask and the rest."""
    for d in (ETC, LIB, RUN, "usr/local/lib/systemd/system", "etc/systemd/system.control",
              "run/systemd/transient", "run/systemd/generator", "run/systemd/generator.late"):
        os.makedirs(os.path.join(root, d), exist_ok=True)
    os.makedirs(os.path.join(root, "usr/bin"))
    os.symlink("usr/lib", os.path.join(root, "lib"))
    os.makedirs(os.path.join(root, "sbin"))
    os.symlink("/lib/systemd/systemd", os.path.join(root, "sbin/init"))
    for t in ("multi-user", "graphical", "sockets", "timers", "basic"):
        write(root, f"{LIB}/{t}.target", "[Unit]\nDescription=x\n")
    link(root, f"{LIB}/default.target", "graphical.target")
    plain = SERVICE + INSTALL
    for n in ("plain", "enabled", "masked", "runtime", "wantedlib", "shadowed", "dropin", "reset"):
        write(root, f"{LIB}/{n}.service", plain)
    write(root, f"{LIB}/static.service", SERVICE)
    write(root, f"{LIB}/also.service", SERVICE + "[Install]\nAlso=plain.service\n")
    write(root, f"{LIB}/aliased.service", SERVICE + "[Install]\nAlias=other.service\n")
    write(root, f"{LIB}/both.service", plain + "Alias=both-name.service dbus-org.both.service\n")
    write(root, f"{LIB}/continued.service", SERVICE + "[Install]\nWantedBy= \\\n# no\n multi-user.target\n")
    write(root, f"{LIB}/crlf.service", plain.replace("\n", "\r\n"))
    write(root, f"{LIB}/bom.service", "\ufeff" + plain)
    write(root, f"{LIB}/empty.service", "")
    write(root, f"{LIB}/broken.service", "[Service\nExecStart=/bin/true\n[Install]\nWantedBy=x.target\n")
    write(root, f"{LIB}/utf8.service", SERVICE)
    with open(os.path.join(root, LIB, "utf8.service"), "ab") as f:
        f.write(b"[Install]\n# \xff\nWantedBy=\xff.target\n")
    write(root, f"{LIB}/outside.service", "WantedBy=multi-user.target\n" + SERVICE)
    write(root, f"{LIB}/nosection.service", SERVICE + "[Unit]\nWantedBy=multi-user.target\n")
    write(root, f"{LIB}/bad name.service", plain)
    write(root, f"{LIB}/x@.service", plain + "DefaultInstance=one\n")
    write(root, f"{LIB}/y@.service", SERVICE + "[Install]\nWantedBy=multi-user.target\n")
    write(root, f"{LIB}/z@.service", SERVICE)
    write(root, f"{LIB}/s.socket", "[Socket]\nListenStream=1\n[Install]\nWantedBy=sockets.target\n")
    write(root, f"{LIB}/s.service", SERVICE)
    write(root, f"{LIB}/t.timer", "[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n")
    write(root, f"{ETC}/enabled.service", plain)
    write(root, f"{ETC}/own.service", plain)
    write(root, f"{RUN}/volatile.service", plain)
    write(root, "run/systemd/transient/run-1.service", plain)
    write(root, "run/systemd/generator/made.service", plain)
    write(root, "run/systemd/generator.late/late.service", plain)
    write(root, f"{LIB}/reset.service.d/10.conf", "[Install]\nWantedBy=\n")
    write(root, f"{LIB}/static.service.d/10.conf", INSTALL)
    write(root, f"{LIB}/plain.service.d/10.conf", "[Install]\nAlias=nick.service\n")
    write(root, f"{LIB}/service.d/10.conf", INSTALL)
    write(root, f"{LIB}/z-.service.d/10.conf", INSTALL)
    write(root, f"{LIB}/z-dash.service", SERVICE)
    write(root, f"{LIB}/hidden.service", SERVICE)
    write(root, f"{LIB}/hidden.service.d/10.conf", INSTALL)
    # Not a link to /dev/null: systemctl --root looks for the device in the root.
    write(root, f"{ETC}/hidden.service.d/10.conf", "")
    link(root, f"{ETC}/multi-user.target.wants/enabled.service", f"/{LIB}/enabled.service")
    link(root, f"{ETC}/multi-user.target.wants/x@two.service", f"/{LIB}/x@.service")
    link(root, f"{ETC}/multi-user.target.wants/y@two.service", f"/{LIB}/y@.service")
    link(root, f"{ETC}/multi-user.target.wants/nothing.service", "/nowhere/nothing.service")
    link(root, f"{ETC}/multi-user.target.requires/continued.service", "/anything")
    link(root, f"{RUN}/multi-user.target.wants/runtime.service", f"/{LIB}/runtime.service")
    link(root, f"{LIB}/multi-user.target.wants/wantedlib.service", "../wantedlib.service")
    link(root, f"{LIB}/multi-user.target.wants/z@three.service", "../z@.service")
    link(root, f"{ETC}/masked.service", "/dev/null")
    link(root, f"{RUN}/maskedrun.service", "/dev/null")
    link(root, f"{ETC}/relative-mask.service", "../../../dev/null")
    link(root, f"{ETC}/other.service", f"/{LIB}/aliased.service")
    link(root, f"{ETC}/strange.service", f"/{LIB}/static.service")
    link(root, f"{ETC}/dangling.service", f"/{LIB}/gone.service")
    link(root, f"{ETC}/wrongtype.service", f"/{LIB}/s.socket")
    link(root, f"{ETC}/loop-a.service", "loop-b.service")
    link(root, f"{ETC}/loop-b.service", "loop-a.service")
    link(root, f"{ETC}/x@alias.service", f"/{LIB}/y@.service")
    link(root, f"{ETC}/shadowed.service", f"/{LIB}/shadowed.service")
    write(root, "opt/linked.service", plain)
    write(root, "opt/linkstatic.service", SERVICE)
    write(root, "opt/elsewhere.service", plain)
    link(root, f"{ETC}/linked.service", "/opt/linked.service")
    link(root, f"{ETC}/linkstatic.service", "/opt/linkstatic.service")
    link(root, f"{ETC}/renamed.service", "/opt/elsewhere.service")
    link(root, f"{RUN}/linkrun.service", "/opt/linkstatic.service")
    link(root, f"{ETC}/linkgone.service", "/opt/gone.service")
    link(root, f"{LIB}/libalias.service", "static.service")
    link(root, f"{LIB}/chain.service", "libalias.service")
    link(root, f"{ETC}/to-masked.service", f"/{LIB}/masked.service")
    link(root, f"{ETC}/y@linked.service", f"/{LIB}/y@.service")
    link(root, f"{LIB}/m.mount", "n.mount")
    os.makedirs(os.path.join(root, LIB, "dir.service"))
    os.mkfifo(os.path.join(root, LIB, "fifo.service"))


def shuffle(root, seed):
    """What an administrator does with systemctl, at random."""
    pick = random.Random(seed)
    names = ["plain", "enabled", "static", "also", "aliased", "both", "own", "x@one", "x@five",
             "y@six", "z@seven", "dropin", "wantedlib", "continued", "z-dash"]
    for _ in range(25):
        verb = pick.choice(["enable", "disable", "mask", "unmask", "reenable", "preset", "enable",
                            "revert"])
        flags = ["--runtime"] if pick.random() < 0.2 and verb != "revert" else []
        systemctl(root, verb, *flags, pick.choice(names) + ".service")


def main():
    if not shutil.which("systemctl"):
        print("SKIP: needs systemctl")
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix="hardend-units-") as top:
        host = os.path.join(top, "host")
        os.makedirs(host)
        for path in (ETC, LIB, "usr/local/lib/systemd/system"):
            if os.path.isdir("/" + path):
                shutil.copytree("/" + path, os.path.join(host, path), symlinks=True)
        os.symlink("usr/lib", os.path.join(host, "lib"))
        os.makedirs(os.path.join(host, "sbin"))
        os.symlink("/lib/systemd/systemd", os.path.join(host, "sbin/init"))
        print("this machine: %d units, %d with instances" % compare(host, "this machine"))
        total = 0
        for seed in range(12):
            root = os.path.join(top, f"forms-{seed}")
            forms(root)
            if seed > 0:
                shuffle(root, seed)
            n, _ = compare(root, f"forms, seed {seed}")
            total += n
        print(f"every form, 11 times changed by systemctl: {total} states")


main()
