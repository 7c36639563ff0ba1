#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What is read of FTP servers, inetd and xinetd beside the daemons themselves.

    ftp-diff.py CLEAR-LOGIN-SHOW

Generated configurations run. FTP servers are asked for a login in the clear, for one over TLS and
then for data in the clear: what they allow must be what the reader says. Of inetd and xinetd the
program that each port starts must be the one that is read. SEED and ROUNDS choose others.
"""
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import time

from daemonlab import Generator, lab

ROUNDS = int(os.environ.get("ROUNDS", "60"))
SEED = int(os.environ.get("SEED", "1"))
PACKAGES = ["vsftpd", "proftpd-core", "proftpd-mod-crypto", "libhiredis0.14", "libmemcached11",
            "libmemcachedutil2", "libhashkit2", "libpcre2-posix3", "libsasl2-2", "libncursesw6",
            "pure-ftpd", "pure-ftpd-common", "xinetd", "openbsd-inetd", "libwrap0",
            "libevent-2.1-7", "libtirpc3", "libtirpc-common", "libbsd0", "libsodium23", "tcpd",
            "libgssapi-krb5-2", "libkrb5-3", "libk5crypto3", "libkrb5support0", "libkeyutils1"]
SHUT, LOGIN, OPEN = range(3)
KINDS = ["SHUT", "LOGIN", "OPEN"]
HOST = "10.0.0.1" # this machine's own, beyond loopback
WAIT = 10


class Server:
    """A daemon that runs until its block ends; up once it takes connections on the port."""

    def __init__(self, argv, port, tcp=True):
        self.p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, start_new_session=True)
        self.up = False
        end = time.monotonic() + WAIT
        while not self.up and time.monotonic() < end:
            try:
                socket.create_connection((HOST, port), WAIT).close()
                self.up = True
            except OSError:
                if self.p.poll() is not None:
                    break
                select.select([self.p.stdout], [], [], 0.002)

    def said(self):
        self.stop()
        return self.p.stdout.read().decode(errors="replace")

    def stop(self):
        try:
            os.killpg(self.p.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.p.wait()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()
        self.p.stdout.close()


class Ftp:
    """One control connection. A reply is its code; 0: the connection is gone."""

    def __init__(self, port, implicit=False):
        self.s = socket.create_connection((HOST, port), WAIT)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.text = ""
        self.f = None
        if implicit:
            self.tls()
        self.f = self.s.makefile("rb")
        self.banner = self.reply()

    def tls(self):
        self.s = self.context.wrap_socket(self.s)

    def reply(self):
        while True:
            try:
                line = self.f.readline()
            except (OSError, ValueError):
                line = b""
            self.text = line.decode(errors="replace")
            if not line:
                return 0
            if line[:3].isdigit() and line[3:4] == b" ":
                return int(line[:3])

    def ask(self, command):
        try:
            self.s.sendall(command.encode() + b"\r\n")
        except OSError:
            return 0
        return self.reply()

    def auth(self):
        if self.ask("AUTH TLS") != 234:
            return False
        try:
            self.tls()
        except (OSError, ssl.SSLError):
            return False
        self.f = self.s.makefile("rb")
        return True

    def login(self, user):
        code = self.ask("USER " + user)
        return 230 if code == 230 else self.ask("PASS secret") if code == 331 else code

    def data(self):
        """Whether a listing goes over the data connection in the clear."""
        self.ask("PBSZ 0")
        if self.ask("PROT C") != 200 or self.ask("EPSV") != 229:
            return False
        port = int(self.text.split("|||")[1].split("|")[0])
        with socket.create_connection((HOST, port), WAIT) as s:
            code = self.ask("LIST")
            while code in (125, 150) and s.recv(4096):
                pass
        return code == 226 or (code in (125, 150) and self.reply() == 226)

    def close(self):
        if self.f:
            self.f.close()
        self.s.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def speaks_tls_first(port):
    """It waits for a TLS hello and does not greet."""
    try:
        with Ftp(port, True) as c:
            return c.banner == 220
    except (OSError, ssl.SSLError):
        return False


def allowed(port, implicit):
    """(kind, why) by asking."""
    if not implicit:
        with Ftp(port) as c:
            if c.ask("USER bob") == 331:
                return OPEN, "bob in the clear: %d" % c.ask("PASS secret")
        with Ftp(port) as c:
            if c.login("anonymous") == 230:
                return LOGIN, "anonymous in the clear"
    for user in ("bob", "anonymous"):
        with Ftp(port, implicit) as c:
            if (implicit or c.auth()) and c.login(user) == 230 and c.data():
                return LOGIN, user + "'s data in the clear"
    return SHUT, ""


class Vsftpd(Generator):
    program, port = "vsftpd", 21
    argv = ["/usr/sbin/vsftpd", "/etc/vsftpd.conf"]

    def make(self):
        rules = []
        for key, p, yes in (("ssl_enable", 0.9, 0.85), ("local_enable", 0.9, 0.9),
                            ("anonymous_enable", 0.8, 0.25), ("force_local_logins_ssl", 0.4, 0.6),
                            ("force_local_data_ssl", 0.4, 0.6), ("allow_anon_ssl", 0.4, 0.7),
                            ("force_anon_logins_ssl", 0.5, 0.7), ("force_anon_data_ssl", 0.4, 0.6),
                            ("implicit_ssl", 0.15, 0.8)):
            while self.chance(p):
                value = self.pick("YES", "yes", "TRUE", "1") if self.chance(yes) else \
                    self.pick("NO", "no", "False", "0")
                rules.append(self.pick("%s=%s", "%s=%s", "  %s=%s", "%s=%s\n#%s=YES" % ("%s", "%s", key))
                             % (key, value))
                p *= 0.2
        for rule, p in (("ssl_enable=on", 0.03), ("local_enable", 0.02), ("anonymous_enable = NO", 0.02),
                        ("ssl_enable=YES ", 0.03)):
            if self.chance(p):
                rules.append(rule)
        if self.chance(0.2):
            self.write("/etc/vsftpd_users/bob", "force_local_data_ssl=%s\n" % self.pick("NO", "NO", "YES"))
            rules.append("user_config_dir=/etc/vsftpd_users")
        self.rnd.shuffle(rules)
        rules += ["listen=YES", "background=NO", "seccomp_sandbox=NO", "require_ssl_reuse=NO",
                  "rsa_cert_file=/etc/lab.pem", "anon_root=/run/ftp", "ftp_username=ftp",
                  "no_anon_password=NO", "secure_chroot_dir=/run/vsftpd/empty",
                  "allow_writeable_chroot=YES", "session_support=NO"]
        self.write("/etc/vsftpd.conf", "\n".join(rules) + "\n")


class Pure(Generator):
    program, port = "pure-ftpd", 21
    argv = ["/usr/sbin/pure-ftpd-wrapper"]

    def make(self):
        base = "/etc/pure-ftpd/conf/"
        for name in os.listdir(base):
            os.unlink(base + name)
        self.write(base + "UnixAuthentication", "yes\n")
        self.write(base + "Bind", HOST + ",21\n")
        self.write(base + "MinUID", "100\n")
        self.write(base + "DontResolve", "yes\n")
        if self.chance(0.85):
            level = self.pick("0", "1", "2", "2", "3", "3")
            self.write(base + "TLS", self.pick("%s\n", "%s", "# 0\n\n%s\n1\n", "  %s \n") % level)
        elif self.chance(0.3):
            self.write(base + "TLS", self.pick("4\n", "yes\n", "-1\n", "# 1\n", ""))
        # Of both the order of the directory decides.
        name = self.pick("AnonymousOnly", "NoAnonymous")
        if self.chance(0.5):
            self.write(base + name, self.pick("yes\n", "On\n", "1\n", "no\n", "# yes\nno\n"))


class PureFile(Pure):
    """Its own file in the place of Debian's."""
    argv = ["/usr/sbin/pure-ftpd", "/etc/pure-ftpd/pure-ftpd.conf"]

    def make(self):
        if os.path.exists("/usr/sbin/pure-ftpd-wrapper"):
            os.unlink("/usr/sbin/pure-ftpd-wrapper")
        rules = ["UnixAuthentication yes", "Bind " + HOST + ",21", "MinUID 100", "DontResolve yes",
                 "Daemonize no"]
        for _ in range(self.rnd.randint(0, 2)):
            rules.append(self.pick("TLS %s", "TLS   %s", "tls\t%s", " TLS %s", "TLS %s # x", "# TLS %s",
                                   "TLS=%s", "TLS = %s", "TLS: %s") % self.pick("0", "1", "2", "2", "3", "3"))
        for name, p in (("AnonymousOnly", 0.3), ("NoAnonymous", 0.4)):
            if self.chance(p):
                rules.append("%s %s" % (name, self.pick("yes", "on", "1", "no", "off", "true", "Yes")))
        self.rnd.shuffle(rules)
        if self.chance(0.25):
            k = self.rnd.randint(0, len(rules))
            self.write("/etc/pure-ftpd/more.conf", "\n".join(rules[k:]) + "\n")
            rules[k:] = ["!Include /etc/pure-ftpd/more.conf"]
        self.write("/etc/pure-ftpd/pure-ftpd.conf", "\n".join(rules) + "\n")


class Proftpd(Generator):
    program, port = "proftpd", 21
    argv = ["/usr/sbin/proftpd", "-n", "-c", "/etc/proftpd/proftpd.conf"]

    def rule(self, key, value):
        return self.pick("%s %s\n", "  %s\t%s\n", '%s "%s"\n', "%s %s # x\n", "%s \\\n %s\n") % (
            self.pick(key, key, key.lower()), value)

    def tls(self):
        """What is said of TLS in one place."""
        out = []
        for key, p, values in (
                ("TLSEngine", 0.8, ["on", "on", "on", "yes", "true", "off"]),
                ("TLSRequired", 0.75, ["on", "on", "off", "both", "ctrl", "control", "auth", "data", "!data",
                                       "ctrl+data", "ctrl+!data", "auth+data", "auth+!data"]),
                ("TLSOptions", 0.12, ["UseImplicitSSL", "AllowPerUser", "NoSessionReuseRequired AllowPerUser"])):
            while self.chance(p):
                out.append(self.rule(key, self.pick(*values)))
                p *= 0.25
        self.rnd.shuffle(out)
        return out

    def wrap(self, out):
        """The same in sections that hold or do not; without the module they must be in its."""
        text = "".join(out)
        if not self.loaded:
            return "<IfModule mod_tls.c>\n%s</IfModule>\n" % text
        return self.pick("%s", "%s", "<IfModule mod_tls.c>\n%s</IfModule>\n", "<IfDefine YES>\n%s</IfDefine>\n",
                         "<IfModule !mod_none.c>\n <ifdefine !NO>\n%s </ifdefine>\n</IfModule>\n",
                         "<IfModule !mod_tls.c>\n%s</IfModule>\n", "<IfDefine NO>\n%s</IfDefine>\n") % text

    def server(self):
        out = self.tls()
        k = self.rnd.randint(0, len(out))
        text = self.wrap(out[:k]) + self.wrap(out[k:])
        if self.chance(0.2):
            text += self.wrap(["<Directory />\n %s</Directory>\n" % self.rule("TLSRequired", self.pick("off", "auth"))])
        return text

    def make(self):
        self.loaded = self.chance(0.85)
        for path in ("/etc/proftpd/conf.d/a.conf", "/etc/proftpd/conf.d/b"):
            self.write(path, "# x\n")
        self.write("/etc/proftpd/modules.conf", "Define YES\nModulePath /usr/lib/proftpd\n%sLoadModule mod_tls.c\n"
                   % ("" if self.loaded else "#"))
        cert = self.wrap([]) if not self.loaded else ""
        cert = "<IfModule mod_tls.c>\nTLSRSACertificateFile /etc/lab.pem\nTLSOptions NoSessionReuseRequired\n" \
            "TLSLog none\n</IfModule>\n" + cert
        fixed = "RequireValidShell off\nWtmpLog off\nAllowOverwrite on\n"
        parts = [self.server()]
        if self.chance(0.6):
            parts.append("<Global>\n%s</Global>\n" % self.server())
        if self.chance(0.4):
            anonymous = "<Anonymous ~ftp>\nUser ftp\nGroup ftp\nUserAlias anonymous ftp\n%s</Anonymous>\n"
            parts.append(anonymous % (self.wrap(["TLSRequired %s\n" % self.pick("off", "on")])
                                      if self.chance(0.4) else ""))
        self.ports = [21]
        if self.chance(0.4):
            self.ports.append(2121)
            parts.append("<VirtualHost %s>\nPort 2121\n%s</VirtualHost>\n" % (HOST, self.server()))
        if self.chance(0.15):
            parts.append("<VirtualHost 127.0.0.1>\nPort 2122\n%s</VirtualHost>\n" % self.server())
        self.rnd.shuffle(parts)
        for path, p in (("/etc/proftpd/conf.d/a.conf", 0.3), ("/etc/proftpd/conf.d/b", 0.2)):
            if len(parts) > 1 and self.chance(p):
                self.write(path, parts.pop())
        include = self.pick("Include /etc/proftpd/conf.d/\n", "Include /etc/proftpd/conf.d/*.conf\n",
                            "include /etc/proftpd/conf.d\n", "Include /etc/proftpd/none.conf\n")
        self.write("/etc/proftpd/proftpd.conf", "Include /etc/proftpd/modules.conf\nServerType standalone\n"
                   "DefaultAddress %s\nUseIPv6 off\nUser nobody\nGroup nogroup\nAuthPAM off\n"
                   "AuthOrder mod_auth_unix.c\nPidFile /run/proftpd.pid\nScoreboardFile none\n"
                   "DelayEngine off\nUseReverseDNS off\nSystemLog none\nTransferLog none\nPort 21\n"
                   "<Global>\n%s%s</Global>\n%s%s" % (HOST, cert, fixed, "".join(parts), include))


# What starts, and what it is taken for.
PROGRAMS = {"in.telnetd": "telnet", "in.rshd": "rsh", "in.rlogind": "rlogin", "in.rexecd": "rexec",
            "in.ftpd": "FTP", "in.fingerd": "finger", "stunnel4": "TLS", "in.other": None}
UDP_PROGRAMS = {"in.tftpd": "TFTP", "in.talkd": "talk", "in.other": None}
SERVICES = {"telnet": 23, "shell": 514, "cmd": 514, "login": 513, "exec": 512, "ftp": 21, "finger": 79}
UDP_SERVICES = {"tftp": 69, "talk": 517}
# Says which it is, over the connection or in reply to a datagram; argv[0] is a path for tcpd.
SPEAKER = """#!/usr/bin/python3 -S
import os, socket, sys
name = b"I am %s"
s = socket.socket(fileno=0)
if s.type == socket.SOCK_DGRAM:
    s.sendto(name, s.recvfrom(4096)[1])
else:
    s.sendall(name)
    s.shutdown(socket.SHUT_WR)
"""
READY = 4444 # told by a service that is always there


class Super(Generator):
    def port(self, udp, named):
        """A port that no other entry has, by name or number; which of two is taken is not told."""
        while True:
            names = UDP_SERVICES if udp else SERVICES
            word = self.pick(*names) if named else str(self.pick(2121, 2323, 2424, 69, 23))
            port = (udp, str(names.get(word, word)))
            named = named and self.chance(0.9)
            if port not in self.taken:
                self.taken.add((udp, str(names.get(word, word))))
                return word


class Inetd(Super):
    program = "inetd"
    argv = ["/usr/sbin/inetd", "-i", "/etc/inetd.conf"]

    def entry(self, udp):
        name = self.pick(*(UDP_PROGRAMS if udp else PROGRAMS))
        service = self.port(udp, self.chance(0.7))
        path = "/usr/sbin/" + name
        server = self.pick(path + " " + name, path, "/usr/sbin/tcpd " + path, "/usr/sbin/tcpd " + path + " -x")
        protocol = "udp" if udp else self.pick("tcp", "tcp", "tcp4")
        # Debian's reads the line of "tcp" a second time, for IPv6, and is lost where it goes on.
        gap = self.pick(" ", "\t", "  ", "\n " if protocol == "tcp4" else " ")
        host = self.pick("", "", "", "*:", HOST + ":", "10.0.0.1,198.51.100.1:")
        return host + service + self.pick(" ", "\t") + gap.join(
            ["dgram" if udp else "stream", protocol,
             "wait" if udp else self.pick("nowait", "nowait.99"), self.pick("root", "root.root", "root:root"),
             server])

    def make(self):
        lines, self.taken = [], set()
        for _ in range(self.rnd.randint(1, 5)):
            line = self.entry(self.chance(0.25))
            lines.append(self.pick(line, line, line, "#" + line.replace("\n ", " "),
                                   "#<off># " + line.replace("\n ", " "), line + " # x", "\n" + line))
        lines.append("daytime stream tcp nowait root internal")
        lines.append("%d stream tcp nowait root /usr/sbin/in.other in.other" % READY)
        self.write("/etc/inetd.conf", "\n".join(lines) + "\n")


class Xinetd(Super):
    program = "xinetd"
    # As Debian's script starts it: /etc/inetd.conf counts as well.
    argv = ["/usr/sbin/xinetd", "-dontfork", "-stayalive", "-inetd_compat"]
    number = 0

    def attribute(self, key, value, op="="):
        return self.pick("\t%s\t%s %s\n", " %s %s %s\n", "%s   %s   %s   \n") % (key, op, value)

    def block(self, ready=False):
        udp = not ready and self.chance(0.25)
        name = "in.other" if ready else self.pick(*(UDP_PROGRAMS if udp else PROGRAMS))
        self.number += 1
        own = ready or self.chance(0.3)
        port = str(READY) if ready else self.port(udp, not own)
        own = own or port.isdigit()
        service = "own%d" % self.number if own else port
        rules = [self.attribute("socket_type", "dgram" if udp else "stream"),
                 self.attribute("wait", "yes" if udp else "no"), self.attribute("user", "root")]
        if own:
            rules += [self.attribute("type", "UNLISTED"), self.attribute("protocol", "udp" if udp else "tcp"),
                      self.attribute("port", port)]
        first = ""
        if self.chance(0.3):
            # It must stand before the arguments, else the server is given none.
            first = self.attribute("flags", self.pick("NAMEINARGS NOLIBWRAP", "NOLIBWRAP NAMEINARGS"))
            rules += [self.attribute("server", "/usr/sbin/tcpd"),
                      self.attribute("server_args", "/usr/sbin/" + name + self.pick("", " -x y"))]
        else:
            rules += [self.attribute("server", "/usr/sbin/" + name)]
            if self.chance(0.3):
                rules.append(self.attribute("server_args", "-x y z"))
        if not ready:
            for rule, p in ((self.attribute("disable", self.pick("yes", "no", "YES")), 0.4),
                            (self.attribute("only_from", "127.0.0.1"), 0.15),
                            (self.attribute("only_from", "10.0.0.0"), 0.1),
                            (self.attribute("only_from", "10.0.0.0", "+="), 0.1),
                            (self.attribute("only_from", "127.0.0.1", "+="), 0.1),
                            (self.attribute("only_from", self.pick("127.0.0.1/0", "127.0.0.0/8")), 0.1),
                            (self.attribute("id", "id%d" % self.number), 0.4),
                            ("# disable = yes\n", 0.2)):
                if self.chance(p):
                    rules.append(rule)
                    self.ids.append(rule.split()[-1] if " id" in rule else service)
        self.rnd.shuffle(rules)
        return "service %s\n{\n%s}\n%s" % (service, first + "".join(rules), self.pick("", "\n", "# x\n"))

    def make(self):
        for path in ("/etc/xinetd.d/one", "/etc/xinetd.d/two~", "/etc/xinetd.d/x.conf", "/etc/x.inc"):
            self.write(path, "")
        self.ids, self.taken, old = ["telnet", "ftp"], set(), ""
        if self.chance(0.3):
            old = "%s stream tcp nowait root /usr/sbin/in.%s in.%s\n" % (
                self.port(False, True), *2 * (self.pick("telnetd", "rshd", "ftpd"),))
        self.write("/etc/inetd.conf", old)
        blocks = [self.block() for _ in range(self.rnd.randint(1, 5))]
        defaults = ""
        for key, p in (("disabled", 0.25), ("enabled", 0.15)):
            if self.chance(p):
                ids = self.rnd.sample(self.ids, self.rnd.randint(1, len(self.ids)))
                if key == "enabled":
                    ids += ["own%d" % (self.number + 1)]
                defaults += self.attribute(key, " ".join(ids), self.pick("=", "+="))
        if self.chance(0.1):
            defaults += self.attribute("only_from", self.pick("127.0.0.1", "10.0.0.0"))
        blocks.append(self.block(True))
        if self.chance(0.8):
            blocks.insert(0, "defaults\n{\n%s}\n" % defaults)
        for path, p in (("/etc/xinetd.d/one", 0.5), ("/etc/xinetd.d/x.conf", 0.3), ("/etc/xinetd.d/two~", 0.2)):
            if len(blocks) > 3 and self.chance(p):
                self.write(path, blocks.pop(1))
        include = "includedir /etc/xinetd.d\n" if self.chance(0.8) else ""
        if len(blocks) > 3 and self.chance(0.3):
            self.write("/etc/x.inc", blocks.pop(1))
            include += "include /etc/x.inc\n"
        self.write("/etc/xinetd.conf", "".join(blocks[:-1]) + include + blocks[-1])


def shown(clear_show, program):
    done = subprocess.run([clear_show, program], capture_output=True, text=True)
    if done.returncode != 0:
        return [("", "-", 0, "", "the reader fails: " + done.stderr, "")]
    out = []
    for line in done.stdout.splitlines():
        kind, transport, ports, protocol, setting, _, fault = line.split("\t")
        out.append((transport, ports, KINDS.index(kind), protocol, fault, setting))
    return out


def prepare():
    """Users with a password, a certificate, and programs that say who they are."""
    with open("/etc/passwd", "a") as f:
        f.write("bob:x:12000:12000::/run/bob:/bin/sh\nftp:x:12001:12001::/run/ftp:/bin/sh\n")
    hashed = subprocess.run(["openssl", "passwd", "-6", "secret"], check=True, capture_output=True, text=True)
    with open("/etc/shadow", "a") as f:
        f.write("bob:%s:19000:0:99999:7:::\nftp:*:19000:0:99999:7:::\n" % hashed.stdout.strip())
    with open("/etc/group", "a") as f:
        f.write("bob:x:12000:\nftp:x:12001:\n")
    for d in ("/run/bob", "/run/ftp", "/run/vsftpd/empty", "/run/pure-ftpd"):
        os.makedirs(d, exist_ok=True)
    os.chown("/run/bob", 12000, 12000)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/etc/lab.key", "-out",
                    "/etc/lab.crt", "-days", "2", "-subj", "/CN=lab"], check=True, capture_output=True)
    with open("/etc/lab.pem", "w") as f:
        f.write(open("/etc/lab.key").read() + open("/etc/lab.crt").read())
    os.makedirs("/etc/ssl/private", exist_ok=True)
    with open("/etc/ssl/private/pure-ftpd.pem", "w") as f:
        f.write(open("/etc/lab.pem").read())
    for path in ("/etc/lab.pem", "/etc/ssl/private/pure-ftpd.pem"):
        os.chmod(path, 0o600)
    # Nobody is asked for names.
    for path, text in (("/etc/resolv.conf", ""), ("/etc/nsswitch.conf", "passwd: files\nhosts: files\n")):
        with open(path, "w") as f:
            f.write(text)
    with open("/etc/services", "w") as f:
        f.write("telnet 23/tcp\nshell 514/tcp cmd # rsh\nsyslog 514/udp\nlogin 513/tcp\nexec 512/tcp\n"
                "ftp 21/tcp\nfsp 21/udp fspd\nfinger 79/tcp\ntftp 69/udp\ntalk 517/udp\ndaytime 13/tcp\n")
    for name in {*PROGRAMS, *UDP_PROGRAMS}:
        with open("/usr/sbin/" + name, "w") as f:
            f.write(SPEAKER % name)
        os.chmod("/usr/sbin/" + name, 0o755)


def usable(port, implicit):
    """Some tell what is wrong with their configuration to who connects."""
    try:
        with Ftp(port, implicit) as c:
            return c.banner == 220
    except OSError:
        return False


def read_of(read, port):
    """(kind, fault) of what is read for the port; an entry that names it goes first."""
    named = [r for r in read if r[1] == str(port)] or [r for r in read if r[1] == "-"]
    return (named[0][2], named[0][4]) if len(named) == 1 else (None, str(read))


def play_ftp(kind, clear_show):
    began, wrong, ran, seen = time.monotonic(), 0, 0, {}
    for n in range(ROUNDS):
        g = kind(f"{kind.__name__} {SEED} {n}")
        g.make()
        read, asked = shown(clear_show, g.program), []
        with Server(g.argv, g.port) as d:
            for port in getattr(g, "ports", [g.port]) if d.up else []:
                implicit = speaks_tls_first(port)
                if usable(port, implicit):
                    asked.append((port, *allowed(port, implicit)))
        if not asked:
            seen["refused by the daemon"] = seen.get("refused by the daemon", 0) + 1
        for port, got, why in asked:
            ran += 1
            seen[KINDS[got]] = seen.get(KINDS[got], 0) + 1
            if read_of(read, port) == (got, ""):
                continue
            wrong += 1
            print(f"{kind.__name__} {n}: the daemon gives {KINDS[got]} ({why}) on port {port}, read was {read}",
                  flush=True)
            if wrong <= 3:
                print("\n".join(f"--- {path}\n{text}" for path, text in g.files.items()))
    print(f"{kind.__name__}: {ran} configurations, {wrong} wrong, {time.monotonic() - began:.1f} s, {seen}",
          flush=True)
    # A generator that gives one answer only proves nothing.
    assert ROUNDS < 40 or len([k for k in seen if k in KINDS]) == 3, seen
    return wrong + (ran < ROUNDS // 2)


def who(port, udp, wait):
    """The program that answers on the port of HOST; None: nobody."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
    try:
        s.settimeout(wait)
        s.bind((HOST, 0))
        s.connect((HOST, port))
        if udp:
            s.send(b"x")
        said = s.recv(4096)
        return said[5:].decode() if said.startswith(b"I am ") else None
    except OSError:
        return None
    finally:
        s.close()


def play_inetd(kind, clear_show):
    began, wrong, ran, seen = time.monotonic(), 0, 0, {}
    ports = sorted({*SERVICES.values(), 2121, 2323, 2424, 69})
    udp_ports = sorted({*UDP_SERVICES.values(), 2121, 2323, 2424, 23})
    for n in range(ROUNDS):
        g = kind(f"{kind.program} {SEED} {n}")
        g.make()
        read, faults = set(), []
        for transport, port, verdict, protocol, fault, setting in shown(clear_show, g.program):
            faults += [fault] if fault else []
            if verdict == (SHUT if protocol == "TLS" else OPEN) and "this machine alone" not in setting:
                read.add((transport, int(port) if port.isdigit() else 0, protocol))
        with Server(g.argv, READY) as d:
            if not d.up:
                print(f"{kind.program} {n}: does not start: {d.said()[-600:]}")
                print("\n".join(f"--- {path}\n{text}" for path, text in g.files.items()))
                wrong += 1
                continue
            # A busy machine starts them late: what is missing is asked for once more, for longer.
            for wait in (WAIT, 10 * WAIT):
                got = {("tcp", p, PROGRAMS.get(who(p, False, wait))) for p in ports}
                got |= {("udp", p, UDP_PROGRAMS.get(who(p, True, wait))) for p in udp_ports}
                got = {x for x in got if x[2]}
                if read <= got:
                    break
        ran += 1
        seen[len(got)] = seen.get(len(got), 0) + 1
        if faults or got != read:
            wrong += 1
            print(f"{kind.program} {n}: the daemon starts {sorted(got)}, read was {sorted(read)} {faults}",
                  flush=True)
            if wrong <= 3:
                print("\n".join(f"--- {path}\n{text}" for path, text in g.files.items()))
    print(f"{kind.program}: {ran} configurations, {wrong} wrong, {time.monotonic() - began:.1f} s, services: "
          f"{dict(sorted(seen.items()))}", flush=True)
    assert ROUNDS < 40 or len(seen) >= 3, seen
    return wrong


def main():
    lab(os.path.abspath(__file__), PACKAGES)
    prepare()
    only = os.environ.get("ONLY", "")
    wrong = 0
    for kind, play in ((Vsftpd, play_ftp), (Pure, play_ftp), (PureFile, play_ftp), (Proftpd, play_ftp), (Inetd, play_inetd),
                       (Xinetd, play_inetd)):
        if only in kind.__name__:
            wrong += play(kind, sys.argv[1])
    sys.exit(wrong != 0)


main()
