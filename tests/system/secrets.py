#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Secrets of every kind are planted in a root: each is found, and none of them is in what hardenctl
says in any format, nor in the state database that the daemon would write.

    secrets.py HARDENCTL SECRETS_STATE
"""
import base64
import json
import os
import random
import string
import subprocess
import sys
import tempfile
import time

HARDENCTL, STATE = sys.argv[1:3]
SECRETS = []


def secret(n=40):
    """A new one, recognisable by nothing but itself."""
    s = "s3" + "".join(random.choices(string.ascii_letters + string.digits, k=n - 2))
    SECRETS.append(s)
    return s


def files():
    """Path, content: each must be found by the check."""
    credentials = {
        "home/alice/.aws/credentials":
            f"[default]\naws_access_key_id = AKIA0123456789ABCDEF\n"
            f"aws_secret_access_key = {secret()}\naws_session_token = {secret()}\n",
        "root/.config/openstack/clouds.yaml":
            f"clouds:\n  c:\n    auth:\n      password: \"{secret()}\"\n",
        "root/.config/openstack/secure.yaml":
            f"clouds:\n  c:\n    auth: {{application_credential_secret: {secret()}}}\n",
        "home/alice/project-openrc.sh": f"export OS_PASSWORD='{secret()}'\n",
        "home/alice/.config/exoscale/exoscale.toml":
            f"[[accounts]]\n  key = \"EXO1\"\n  secret = \"{secret()}\"\n",
        "home/alice/.cloudstack.ini": f"[cloudstack]\nkey = k\nsecret = {secret()}\n",
        "home/alice/keys/project.json": json.dumps(
            {"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----\n"
             + secret() + "\n-----END PRIVATE KEY-----\n"}, indent=1),
        "home/alice/.config/gcloud/application_default_credentials.json":
            json.dumps({"type": "authorized_user", "refresh_token": secret()}),
        "home/alice/.config/gcloud/legacy_credentials/a@b/adc.json":
            json.dumps({"refresh_token": secret()}),
        "home/alice/.azure/msal_token_cache.json":
            json.dumps({"RefreshToken": {"x": {"secret": secret()}}}),
        "srv/tf/terraform.tfstate": json.dumps(
            {"terraform_version": "1.5", "resources": [{"admin_password": secret()}]}),
        "root/.kube/config": f"clusters: []\nusers:\n- user:\n    token: {secret()}\n",
        "home/alice/.docker/config.json": json.dumps(
            {"auths": {"r": {"auth": base64.b64encode(secret().encode()).decode()}}}),
        "home/alice/.netrc": f"machine h login u password {secret()}\n",
        "home/alice/.pgpass": f"h:5432:d:u:{secret()}\n",
        "root/.my.cnf": f"[client]\npassword={secret()}\n",
        "home/alice/.git-credentials": f"https://u:{secret()}@example.org\n",
        "home/alice/.config/rclone/rclone.conf": f"[r]\ntype = s3\nsecret_access_key = {secret()}\n",
        "home/bob/.netrc": f"machine h login u password ${secret()}\n",
        "home/alice/app/.env": f"TF_TOKEN_app_terraform_io={secret()}\n",
        "home/alice/.s3cfg": f"[default]\nsecret_key = {secret()}\n",
        "var/www/app/.env": f"AWS_SECRET_ACCESS_KEY={secret()}\n",
    }
    variables = {
        "etc/environment": f"PATH=/bin\nDB_PASSWORD={secret()}\n",
        "etc/security/pam_env.conf": f"X_TOKEN DEFAULT={secret()}\n",
        "etc/profile.d/x.sh": f"export http_proxy=http://u:{secret()}@proxy:3128/\n",
        "etc/default/app": f"API_KEY=\"{secret()}\"\n",
        "etc/default/dsn": f"DSN='Server=h;Uid=u;Password={secret()};Port=1'\n",
        "etc/default/dollar": f"A_PASSWORD=${secret()}\n",
        "opt/app/env": f"SMTP_PASSWORD=${secret()}\n",
        "etc/systemd/system/app.service":
            f"[Service]\nExecStart=/bin/app\nEnvironment=\"REDIS_PASSWORD={secret()}\" A=b\n"
            "EnvironmentFile=-/opt/app/env\n[Install]\nWantedBy=multi-user.target\n",
        "etc/systemd/system/app.service.d/x.conf": f"[Service]\nEnvironment=JWT_SECRET={secret()}\n",
    }
    return credentials, variables


def jobs():
    """A table of cron whose commands hold secrets where programs take them."""
    commands = [f"sshpass -p {secret()} ssh h", f"curl -u user:{secret()} https://h",
                f"x --password='a b {secret()}'", f"x --passphrase=a\\ {secret()}",
                f"mysqldump -p'a {secret()}' db", f"PASSWORD=$'{secret()} x' y",
                f"curl -H \"Authorization: Token {secret()}\" h", f"ldapsearch -w {secret()}",
                f"smbclient -U u%{secret()}", f"openssl enc -k {secret()}",
                f"RESTIC_KEY={secret()} restic backup /", f"curl https://h/services/{secret()}",
                f"curl https://h/x?a=b&sig={secret()}", f"curl https://h/x?a=b&{secret()}"]
    return "".join(f"* * * * * root {command}\n" for command in commands)


def plant(root):
    credentials, variables = files()
    plain = {
        "etc/passwd": "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n",
        "etc/group": "root:x:0:\nalice:x:1000:\n",
        "etc/os-release": "ID=debian\nVERSION_ID=12\n",
        "etc/ssh/ssh_host_ed25519_key": secret(),
        "bin/sh": "",
        "usr/sbin/cron": "",
        "etc/cron.d/site": jobs(),
        "usr/lib/systemd/systemd": "",
        "usr/lib/systemd/system/multi-user.target": "[Unit]\n",
    }
    for path, text in {**plain, **credentials, **variables}.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w") as f:
            f.write(text)
    os.chmod(root + "/bin/sh", 0o755)
    return set(credentials), set(variables)


def leaks(what, data):
    """Also as base64, and cut: no more than its first characters may be chance."""
    found = [s for s in SECRETS if s[:12].encode() in data
             or base64.b64encode(s.encode())[:16] in data]
    for s in found:
        print(f"{what}: {s} is in it at {data.find(s[:12].encode())}")
    return len(found)


def main():
    bad = 0
    with tempfile.TemporaryDirectory() as tmp:
        root, database = tmp + "/root", tmp + "/state.db"
        os.mkdir(root)
        os.chmod(tmp, 0o755)
        credentials, variables = plant(root)
        for args in (["--format", "text"], ["--format", "json"], ["--format", "text", "--quiet"]):
            p = subprocess.run([HARDENCTL, "--root", root, *args, "scan"], capture_output=True)
            assert p.returncode in (0, 1), p
            bad += leaks(" ".join(args), p.stdout + p.stderr)
            if "json" in args:
                checks = {f["check"]: f for f in json.loads(p.stdout)["findings"]}
        seen = {e["path"][1:] for e in checks["secret-cloud-credentials"]["evidence"]}
        for path in credentials ^ seen:
            bad += 1
            print(f"{path}: {'found' if path in seen else 'not found'}")
        seen = {e["path"][1:] for e in checks["secret-in-environment"]["evidence"]}
        for path in variables ^ seen:
            bad += 1
            print(f"{path}: {'found' if path in seen else 'not found'}")
        # The start, then a change of everything: old values stand in events too.
        now = int(time.time())
        for i in range(2):
            subprocess.run([STATE, root, database, str(now + 3600 * i)], check=True)
            plant(root)
        size = 0
        for name in os.listdir(tmp):
            if name.startswith("state.db"):
                with open(os.path.join(tmp, name), "rb") as f:
                    data = f.read()
                size += len(data)
                bad += leaks(name, data)
        assert size > 10000, "the database holds nothing"
    print(f"{len(SECRETS)} secrets in {len(credentials) + len(variables)} files, {bad} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
