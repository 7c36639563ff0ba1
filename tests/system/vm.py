# SPDX-License-Identifier: ISC
"""A whole virtual machine: Debian with a kernel of its own, for what is global in a kernel (audit).

    with VM("audit") as m:
        m.install()
        m.boot()
        ...

It is run by qemu without any acceleration, so that it runs wherever qemu does, and reached by ssh
on a port of 127.0.0.1. The rest is as with Machine.
"""
import os
import shlex
import shutil
import socket
import subprocess
import threading

import machine
from machine import HELLO, Machine, PACKAGES, skip

KERNEL = "linux-image-cloud-amd64,auditd,python3-minimal,cron,procps,passwd"
ACCEL = os.environ.get("VM_ACCEL", "tcg,thread=multi")
BOOT_SECONDS = 300
SIZE = "3G"  # sparse
READY = "the machine is ready"
NETWORK = "[Match]\nName=en*\n[Network]\nDHCP=ipv4\n"
UNIT = f"""[Unit]
After=multi-user.target ssh.service systemd-networkd-wait-online.service
Wants=systemd-networkd-wait-online.service
[Service]
Type=oneshot
StandardOutput=file:/dev/ttyS0
ExecStart=/bin/echo {READY}
[Install]
WantedBy=default.target
"""


def vm_image():
    return machine.image("vm", f"{PACKAGES},{KERNEL}", [HELLO])


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def require():
    for program in ("qemu-system-x86_64", "mkfs.ext4", "ssh", "ssh-keygen"):
        if not shutil.which(program):
            skip(f"needs {program}: apt-get install qemu-system-x86 e2fsprogs openssh-client")


class VM(Machine):
    def __init__(self, name):
        require()
        super().__init__(name, vm_image)
        self.key = os.path.join(self.dir, "key")
        self.port = free_port()
        self.console = None

    def prepare(self):
        """What makes the tree a machine that boots by itself and lets us in."""
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True)
        self.write("/root/.ssh/authorized_keys", open(self.key + ".pub").read(), 0o600)
        os.chmod(self.path("/root/.ssh"), 0o700)
        self.write("/etc/systemd/network/all.network", NETWORK)
        self.write("/etc/systemd/system/ready.service", UNIT)
        self.write("/etc/fstab", "/dev/vda / ext4 defaults 0 1\n")
        self.write("/etc/hostname", self.name + "\n")
        self.write("/etc/hosts", f"127.0.0.1 localhost {self.name}\n")
        self.systemctl("enable", "systemd-networkd", "systemd-networkd-wait-online", "ready")

    def systemctl(self, *argv):
        """Before the boot: enable, disable, mask."""
        subprocess.run(["systemctl", "-q", f"--root={self.root}", *argv], check=True,
                       stderr=subprocess.DEVNULL)

    def boot(self):
        self.prepare()
        disk = os.path.join(self.dir, "disk")
        subprocess.run(["mkfs.ext4", "-q", "-F", "-d", self.root, disk, SIZE], check=True)
        kernel, initrd = (os.path.join(self.dir, f) for f in ("vmlinuz", "initrd.img"))
        shutil.copy(self.newest("vmlinuz"), kernel)
        shutil.copy(self.newest("initrd.img"), initrd)
        shutil.rmtree(self.root)
        self.nspawn = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", ACCEL, "-cpu", "max", "-smp", "2", "-m",
             "768", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-kernel",
             kernel, "-initrd", initrd, "-append", "root=/dev/vda rw console=ttyS0 quiet panic=-1",
             "-serial", "stdio", "-drive", f"file={disk},if=virtio,format=raw,cache=unsafe",
             "-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-:22",
             "-device", "virtio-net-pci,netdev=net,romfile=", "-device", "virtio-rng-pci"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace")
        ready = threading.Event()
        self.console = []
        threading.Thread(target=self.read_console, args=(ready,), daemon=True).start()
        if not ready.wait(BOOT_SECONDS) or self.nspawn.poll() is not None:
            print("".join(self.console[-40:]))
            raise AssertionError(f"{self.name} does not boot")
        # One connection, that all commands go through.
        subprocess.run([*self.ssh(), "-M", "-f", "-N", "root@127.0.0.1"], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        if self.installed:
            self.run("systemd-sysusers")
            self.run("systemd-tmpfiles", "--create", "hardend.conf")

    def newest(self, name):
        names = [f for f in os.listdir(self.path("/boot")) if f.startswith(name + "-")]
        return self.path("/boot/" + sorted(names)[-1])

    def read_console(self, ready):
        for line in self.nspawn.stdout:
            self.console.append(line)
            if READY in line:
                ready.set()
        ready.set()  # it has ended

    def ssh(self):
        return ["ssh", "-q", "-F", "none", "-i", self.key, "-p", str(self.port), "-S",
                os.path.join(self.dir, "ssh"), "-o", "StrictHostKeyChecking=no", "-o",
                "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-o", "ConnectTimeout=60"]

    def command(self, *argv):
        return [*self.ssh(), "root@127.0.0.1", shlex.join(argv)]

    def login(self, user, command):
        """A login of its own by ssh, as this user, that runs the command."""
        p = subprocess.run([*self.ssh(), "-S", "none", f"{user}@127.0.0.1", command],
                           stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert p.returncode == 0, f"{user}: {command}: exit {p.returncode}\n{p.stdout}{p.stderr}"
        return p.stdout

    def close(self):
        if os.path.exists(os.path.join(self.dir, "ssh")):
            subprocess.run([*self.ssh(), "-O", "exit", "root@127.0.0.1"], check=False,
                           stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        super().close()
