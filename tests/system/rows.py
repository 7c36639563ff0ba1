# SPDX-License-Identifier: ISC
"""What the roots of roots.py are made of and what is expected of them: a row for each change, with
"result words" for each check that it concerns (" | " between words that must all be there)."""

import json

IMAGES = {
    "server": "systemd,systemd-sysv,dbus,openssh-server,sudo,cron,logrotate,apt-utils,"
              "unattended-upgrades,fail2ban,iptables,python3-systemd,rsyslog,rsyslog-gnutls,"
              "systemd-journal-remote,chrony,"
              "postfix,bind9,nginx-light,redis-server,mariadb-server,needrestart,auditd,"
              "ca-certificates,restic",
    "other": "systemd,systemd-sysv,dbus,openssh-server,sudo,cron,logrotate,apt-utils,syslog-ng-core,"
             "ntpsec,unbound,dnsmasq,postgresql,vsftpd,inetutils-telnetd,xinetd,fail2ban,borgmatic",
}


def row(image, name, expect, files=None, script=None, config=""):
    return {"image": image, "name": name, "expect": expect, "files": files or {}, "script": script,
            "config": config}


SSHD = "/etc/ssh/sshd_config.d/10-site.conf"
HARD = """PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
X11Forwarding no
AllowGroups sudo
MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com
"""
RSYSLOG = "/etc/rsyslog.d/90-forward.conf"
TLS = """global(DefaultNetstreamDriver="gtls" DefaultNetstreamDriverCAFile="/etc/ssl/certs/ca.pem")
"""
FILEBEAT = """filebeat.inputs:
- type: journald
  id: everything
output.logstash:
  hosts: ["logs.example:5044"]
  ssl.certificate_authorities: ["/etc/ssl/certs/ca.pem"]
"""
SERVICE = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
AUTO = "/etc/apt/apt.conf.d/20auto-upgrades"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzzzz"

GROUPS = "/etc/hardend/security-groups.d/web.json"


def group_rules(*rules):
    return json.dumps([
        {"ID": f"r{i}", "IP Protocol": protocol, "Ethertype": "IPv4", "IP Range": net, "Port Range": ports,
         "Direction": direction, "Remote Security Group": None, "Remote Address Group": None}
        for i, (direction, protocol, net, ports) in enumerate(rules)])


SSH_ROWS = [
    row("server", "as installed: ssh", {
        "ssh-config-valid": "pass", "ssh-password-login": "fail high", "ssh-root-login": "fail medium",
        "ssh-empty-passwords": "pass", "ssh-crypto": "fail hmac-sha1", "ssh-tunnels": "fail x11forwarding",
        "ssh-host-key-strength": "fail 3072", "ssh-access-limited": "fail",
        "ssh-key-files-private": "pass", "ssh-private-keys-on-host": "pass",
        "ssh-authorized-key-strength": "notapplicable", "ssh-mfa": "informational",
        "account-root-password": "pass", "account-sudo": "pass", "account-password-usable": "pass",
        "account-file-modes": "pass", "account-consistency": "pass"}),
    row("server", "a hardened sshd", {
        "ssh-password-login": "pass", "ssh-root-login": "pass", "ssh-crypto": "pass", "ssh-tunnels": "pass",
        "ssh-access-limited": "pass"}, {SSHD: HARD}),
    row("server", "a drop-in before the hardened one", {
        "ssh-password-login": "fail high | 00-cloud.conf:1", "ssh-root-login": "pass"},
        {SSHD: HARD, "/etc/ssh/sshd_config.d/00-cloud.conf": "PasswordAuthentication yes\n"}),
    row("server", "a Match that lets root in", {
        "ssh-root-login": "fail high | 99-match.conf:2", "ssh-password-login": "pass"},
        {SSHD: HARD, "/etc/ssh/sshd_config.d/99-match.conf":
            "Match Address 10.0.0.0/8\n  PermitRootLogin yes\n"}),
    row("server", "an sshd_config that does not parse", {"ssh-config-valid": "fail 10-site.conf:1"},
        {SSHD: "PermitRootLogins no\n"}),
    row("server", "no passwords, but a usable one", {
        "account-password-usable": "fail alice", "account-root-password": "fail"},
        script="useradd -m -s /bin/bash alice; echo 'alice:Tr0ub4dor&3' | chpasswd; echo 'root:x9' | chpasswd"),
    row("server", "sudo without a password", {"account-sudo": "fail alice"},
        {"/etc/sudoers.d/alice": "alice ALL=(ALL) NOPASSWD: ALL\n"},
        "useradd -m -s /bin/bash alice; chmod 440 /etc/sudoers.d/alice"),
    row("server", "sudo for the sysadmin", {"account-sudo": "pass", "account-unneeded": "pass"},
        {"/etc/sudoers.d/alice": "alice ALL=(ALL) NOPASSWD: ALL\n"},
        "useradd -m -s /bin/bash alice; chmod 440 /etc/sudoers.d/alice", "[policy]\nsysadmin = alice\n"),
]

SOFTWARE_ROWS = [
    row("server", "as installed: software", {
        "update-automatic": "pass", "os-supported": "pass 2028", "repo-trust": "pass",
        "package-integrity": "pass", "package-origin": "pass", "update-pending": "pass",
        "update-kernel": "notapplicable", "update-restart": "notapplicable",
        "update-window": "notapplicable"}),
    row("server", "unattended-upgrades switched off", {"update-automatic": "fail Unattended-Upgrade"},
        {AUTO: 'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "0";\n'}),
    row("server", "unattended-upgrades switched off by a later file", {
        "update-automatic": "fail 99local"},
        {"/etc/apt/apt.conf.d/99local": 'APT::Periodic::Enable "0";\n'}),
    row("server", "the timer of the upgrades masked", {"update-automatic": "fail apt-daily-upgrade.timer"},
        script="systemctl -q mask apt-daily-upgrade.timer"),
    row("server", "upgrades from everywhere but security", {"update-automatic": "fail security"},
        {"/etc/apt/apt.conf.d/52local":
            '#clear Unattended-Upgrade::Origins-Pattern;\nUnattended-Upgrade::Origins-Pattern {\n'
            '  "origin=Debian,codename=${distro_codename},label=Debian"; };\n'}),
    row("server", "unattended-upgrades removed", {"update-automatic": "fail"},
        script="DEBIAN_FRONTEND=noninteractive apt-get -qq -y purge unattended-upgrades"),
    row("server", "a source that is trusted blindly", {"repo-trust": "fail trusted | local.list:1"},
        {"/etc/apt/sources.list.d/local.list": "deb [trusted=yes] https://deb.debian.org/debian sid main\n"}),
    row("server", "a source of somebody else", {"repo-trust": "fail packages.example.net | x.sources"},
        {"/etc/apt/sources.list.d/x.sources": "Types: deb\nURIs: https://packages.example.net/apt\n"
            "Suites: stable\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"}),
    row("server", "a source of somebody else whom the policy trusts", {"repo-trust": "pass"},
        {"/etc/apt/sources.list.d/x.sources": "Types: deb\nURIs: https://packages.example.net/apt\n"
            "Suites: stable\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"},
        config="[repo-trust]\ntrusted_repos = deb.debian.org security.debian.org packages.example.net\n"),
    row("server", "an openssl older than what the archive has", {
        "update-pending": "fail openssl | 3.0.0-1"},
        script="sed -i '/^Package: openssl$/,/^$/s/^Version: .*/Version: 3.0.0-1/' /var/lib/dpkg/status"),
    row("server", "a package that no source has", {"package-origin": "fail sl | 99.1"},
        script="cat >> /var/lib/dpkg/status <<'X'\nPackage: sl\nStatus: install ok installed\n"
               "Architecture: amd64\nMaintainer: x <x@example.net>\nVersion: 99.1\nDescription: x\n\nX\n"),
    row("server", "a changed sshd", {"package-integrity": "fail /usr/sbin/sshd"},
        script="printf x | dd of=/usr/sbin/sshd bs=1 seek=4096 conv=notrunc status=none"),
    row("server", "a release past its end", {"os-supported": "fail"},
        {"/etc/os-release": 'ID=debian\nVERSION_ID="9"\nVERSION_CODENAME=stretch\nPRETTY_NAME="Debian 9"\n'}),
]

SERVICE_ROWS = [
    row("server", "as installed: services", {
        "listener-allowlist": "notapplicable", "listener-private-service": "notapplicable",
        "mail-server": "notapplicable", "ssh-port": "notapplicable", "ip-forwarding": "notapplicable",
        "service-unneeded": "pass", "intrusion-audit": "informational no rule",
        "backup-configured": "fail restic"}),
    row("other", "as installed: services", {
        "service-unneeded": "fail vsftpd | xinetd", "intrusion-audit": "fail"}),
    row("other", "unneeded services masked", {"service-unneeded": "pass"},
        script="systemctl -q mask vsftpd.service xinetd.service telnet.socket inetd.service"),
    row("server", "fail2ban's sshd jail switched off", {"service-brute-force-guard": "fail sshd | zz.local:2"},
        {"/etc/fail2ban/jail.d/zz.local": "[sshd]\nenabled = false\n"}),
    row("server", "fail2ban that bans for a second", {"service-brute-force-guard": "fail sshd | zz.local:3"},
        {"/etc/fail2ban/jail.d/zz.local": "[sshd]\nbackend = systemd\nbantime = 1\n"}),
    row("server", "fail2ban with an action that does nothing", {"service-brute-force-guard": "fail sshd | empty"},
        {"/etc/fail2ban/jail.d/zz.local": "[sshd]\nbackend = systemd\n"
            "action = iptables-multiport[actionban=]\n"}),
    row("server", "fail2ban masked", {"service-brute-force-guard": "fail fail2ban"},
        script="systemctl -q mask fail2ban.service"),
    row("server", "fail2ban that ignores the trusted networks", {"service-brute-force-guard": "pass"},
        {"/var/log/auth.log": "", "/etc/fail2ban/jail.local": "[DEFAULT]\nignoreip = 127.0.0.0/8 ::1 10.0.0.0/8 "
            "172.16.0.0/12 192.168.0.0/16 fc00::/7 169.254.0.0/16 fe80::/10\n[sshd]\nbackend = auto\n"}),
    row("other", "fail2ban without a log to read", {"service-brute-force-guard": "fail auth.log"}),
    row("server", "auditd masked", {"intrusion-audit": "fail auditd"}, script="systemctl -q mask auditd.service"),
    row("server", "a backup by restic each night", {"backup-configured": "pass"},
        {"/etc/cron.d/backup": "30 3 * * * root restic -r sftp:backup@vault.example:/srv backup /etc /home\n"}),
    row("other", "borgmatic with a configuration", {"backup-configured": "pass borgmatic"},
        {"/etc/borgmatic/config.yaml": "location:\n    source_directories:\n        - /home\n"
            "    repositories:\n        - ssh://b@vault.example/./b.borg\n"}),
]

NETWORK_ROWS = [
    row("server", "as installed: network", {
        "dns-recursion": "fail medium | BIND | own zones", "ntp-exposure": "pass chrony",
        "security-group": "notchecked openstack security group rule list --long"}),
    row("server", "a security group for SSH from one network", {"security-group": "pass 4 rules"},
        {GROUPS: group_rules(("ingress", "tcp", "203.0.113.0/24", "22:22"),
                             ("egress", "tcp", "0.0.0.0/0", "443:443"),
                             ("egress", "tcp", "0.0.0.0/0", "80:80"),
                             ("egress", "udp", "0.0.0.0/0", "53:53"))}),
    row("server", "a security group for SSH from anywhere", {
        "security-group": "fail high | group web rule r0 | tcp 22 | any source"},
        {GROUPS: group_rules(("ingress", "tcp", "0.0.0.0/0", "22:22"))}),
    row("server", "half an export of security groups", {
        "security-group": "error web.json | Direction"},
        {GROUPS: '[{"ID": "a", "IP Protocol": "tcp"}]'}),
    row("server", "chrony for anybody", {"ntp-exposure": "fail medium | lan.conf:1 | 0.0.0.0/0"},
        {"/etc/chrony/conf.d/lan.conf": "allow\n"}),
    row("other", "ntpsec for its servers alone", {"ntp-exposure": "pass ntpsec"},
        {"/etc/ntpsec/ntp.conf": "pool 0.debian.pool.ntp.org iburst\nrestrict default ignore\n"
            "restrict source nomodify noquery\nrestrict 127.0.0.1\n"}),
    row("server", "BIND for trusted networks", {"dns-recursion": "pass"},
        {"/etc/bind/named.conf.options": "options {\n  directory \"/var/cache/bind\";\n"
            "  allow-query { localhost; 10.0.0.0/8; };\n};\n"}),
    row("server", "BIND for the whole internet", {
        "dns-recursion": "fail high | named.conf.options:3 | 0.0.0.0/0"},
        {"/etc/bind/named.conf.options": "options {\n  directory \"/var/cache/bind\";\n"
            "  allow-recursion { any; };\n};\n"}),
    row("server", "BIND switched off", {"dns-recursion": "notapplicable"},
        script="systemctl -q mask named.service systemd-resolved.service"),
    row("other", "as installed: network", {
        "dns-recursion": "pass unbound | dnsmasq | loopback",
        "ntp-exposure": "fail medium | ntp.conf | serves the time"}),
    row("other", "unbound and dnsmasq for anybody", {
        "dns-recursion": "fail high | dns unbound | dns dnsmasq | open.conf:3"},
        {"/etc/unbound/unbound.conf.d/open.conf":
            "server:\n  interface: 0.0.0.0\n  access-control: 0.0.0.0/0 allow\n",
         "/etc/dnsmasq.d/eth.conf": "interface=eth0\n"}),
]

LOG_ROWS = [
    row("server", "as installed: logs", {
        "log-remote": "fail", "log-remote-secure": "notapplicable", "log-retention": "fail",
        "log-modes": "pass"}),
    row("other", "as installed: logs", {"log-remote": "fail", "log-modes": "pass"}),
    row("server", "rsyslog over TCP in clear", {
        "log-remote": "pass", "log-remote-secure": "fail logs.example | 90-forward.conf:1"},
        {RSYSLOG: "*.* @@logs.example:514\n"}),
    row("server", "rsyslog over TLS, the peer verified", {"log-remote": "pass", "log-remote-secure": "pass"},
        {RSYSLOG: TLS + 'action(type="omfwd" target="logs.example" port="6514" protocol="tcp" '
            'StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/name" '
            'StreamDriverPermittedPeers="logs.example")\n'}),
    row("server", "rsyslog over TLS with anybody", {"log-remote": "pass", "log-remote-secure": "fail anon"},
        {RSYSLOG: TLS + 'action(type="omfwd" target="logs.example" port="6514" protocol="tcp" '
            'StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="anon")\n'}),
    row("server", "rsyslog that forwards, but does not start", {"log-remote": "fail"},
        {RSYSLOG: "*.* @@logs.example:514\n"}, "systemctl -q mask rsyslog.service syslog.socket"),
    row("server", "journal-upload over HTTPS", {"log-remote": "pass", "log-remote-secure": "pass"},
        {"/etc/systemd/journal-upload.conf.d/site.conf": "[Upload]\nURL=https://logs.example:19532\n"
            "ServerKeyFile=/etc/ssl/private/u.pem\nServerCertificateFile=/etc/ssl/certs/u.pem\n"
            "TrustedCertificateFile=/etc/ssl/certs/ca-certificates.crt\n"},
        "systemctl -q enable systemd-journal-upload.service"),
    row("other", "syslog-ng over TLS", {"log-remote": "pass", "log-remote-secure": "pass"},
        {"/etc/syslog-ng/conf.d/forward.conf": 'destination d_far { network("logs.example" port(6514) '
            'transport("tls") tls(ca-dir("/etc/ssl/certs") peer-verify(required-trusted))); };\n'
            "log { source(s_src); destination(d_far); };\n"}),
    row("other", "a destination of syslog-ng that no log path uses", {"log-remote": "fail"},
        {"/etc/syslog-ng/conf.d/forward.conf": 'destination d_far { network("logs.example" port(6514) '
            'transport("tls")); };\n'}),
    row("server", "a log that all can write", {"log-modes": "fail /var/log/app.log"},
        {"/var/log/app.log": ""}, "chmod 666 /var/log/app.log"),
    row("server", "a log that is a link to what all can write", {"log-modes": "fail /srv/auth.log"},
        {"/srv/auth.log": ""}, "chmod 666 /srv/auth.log; ln -s /srv/auth.log /var/log/auth.log"),
    row("server", "rsyslog that sends to this machine itself", {"log-remote": "unknown this machine itself"},
        {RSYSLOG: "*.* @@127.1\n"}),
    row("other", "Filebeat over TLS, all of the journal", {"log-remote": "pass filebeat", "log-remote-secure": "pass"},
        {"/etc/filebeat/filebeat.yml": FILEBEAT, "/etc/systemd/system/filebeat.service": SERVICE},
        "systemctl -q enable filebeat.service"),
    row("other", "Filebeat that does not start", {"log-remote": "fail filebeat.service"},
        {"/etc/filebeat/filebeat.yml": FILEBEAT, "/etc/systemd/system/filebeat.service": SERVICE}),
    row("server", "nothing runs logrotate", {"log-retention": "fail logrotate"},
        script="systemctl -q disable logrotate.timer"),
]

SECRET_ROWS = [
    row("server", "as installed: secrets", {"secret-cloud-credentials": "pass", "secret-in-environment": "pass"}),
    row("server", "a password of OpenStack that all can read", {
        "secret-cloud-credentials": "fail critical | clouds.yaml"},
        {"/root/.config/openstack/clouds.yaml":
            "clouds:\n  c:\n    auth:\n      username: u\n      password: " + SECRET + "\n"},
        "chmod 755 /root /root/.config /root/.config/openstack"),
    row("server", "the same for root alone", {"secret-cloud-credentials": "fail medium | clouds.yaml"},
        {"/root/.config/openstack/clouds.yaml":
            "clouds:\n  c:\n    auth:\n      username: u\n      password: " + SECRET + "\n"},
        "chmod 600 /root/.config/openstack/clouds.yaml"),
    row("server", "clouds.yaml without a secret", {"secret-cloud-credentials": "pass"},
        {"/root/.config/openstack/clouds.yaml": "clouds:\n  c:\n    auth:\n      username: u\n"}),
    row("server", "a key in /etc/environment", {"secret-in-environment": "fail AWS_SECRET_ACCESS_KEY"},
        {"/etc/environment": "AWS_SECRET_ACCESS_KEY=" + SECRET + "\n"}),
    row("server", "a password in a unit", {"secret-in-environment": "fail DB_PASSWORD | 10-db.conf:2"},
        {"/etc/systemd/system/nginx.service.d/10-db.conf": "[Service]\nEnvironment=DB_PASSWORD=" + SECRET + "\n"}),
]

ROWS = SSH_ROWS + NETWORK_ROWS + SOFTWARE_ROWS + SERVICE_ROWS + LOG_ROWS + SECRET_ROWS
