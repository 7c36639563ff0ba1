/* SPDX-License-Identifier: ISC */
/*
 * The set: small enough to be read in a few hundredths of a second, since a
 * single scan has nothing to remember digests by. MD5 does some 600 MB a second
 * and dpkg has nothing better, so the set is kept to about 16 MB; what was left
 * out for its size alone is libsystemd-shared and libapt-pkg.
 */
#include <fnmatch.h>
#include <string.h>

#include "base/util.h"
#include "fact/package-files.h"

/*
 * name may end with "*". The patterns are of fnmatch(3), "*" matches "/" too, and
 * a leading "/usr" is left out, so that both layouts of directories match.
 */
static const struct {
	const char *name;
	const char *const *patterns;
} set[] = {
#define ROW(name, ...)                      \
	{                                   \
		name, (const char *const[]) \
		{                           \
			__VA_ARGS__, NULL   \
		}                           \
	}
	/* logging in, becoming root */
	ROW("openssh-server", "/sbin/sshd", "/lib*/openssh/sshd-*"),
	ROW("openssh-client*", "/bin/ssh"),
	ROW("sudo", "/bin/sudo", "/lib*/sudo/sudoers.so", "/lib*/sudo/libsudo_util.so*"),
	ROW("sudo-ldap", "/bin/sudo", "/lib*/sudo/sudoers.so", "/lib*/sudo/libsudo_util.so*"),
	ROW("login", "/bin/login", "/bin/su", "/bin/newgrp"),
	ROW("util-linux*", "/bin/su", "/bin/login", "/sbin/agetty", "/sbin/runuser", "/bin/mount",
		"/bin/umount"),
	ROW("mount", "/bin/mount", "/bin/umount"),
	ROW("passwd", "/bin/passwd", "/bin/chsh", "/bin/chfn", "/bin/gpasswd", "/sbin/usermod"),
	ROW("shadow-utils", "/bin/newgrp", "/bin/gpasswd", "/sbin/usermod"),
	ROW("shadow", "/bin/login", "/bin/su", "/bin/passwd", "/bin/gpasswd", "/sbin/usermod"),
	ROW("polkit*", "/bin/pkexec", "/lib*/polkit-1/polkitd",
		"/lib*/polkit-1/polkit-agent-helper-1"),
	ROW("pkexec", "/bin/pkexec"),
	ROW("policykit-1", "/bin/pkexec", "/lib*/polkit-1/polkitd"),
	/* PAM; the modules of other packages too */
	ROW("libpam0*", "/lib*/libpam*.so*"),
	ROW("libpam-modules-bin", "/sbin/*"),
	ROW("libpam-*", "/lib*/security/*.so"),
	ROW("pam", "/lib*/security/*.so", "/lib*/libpam*.so*", "/sbin/unix_chkpwd"),
	ROW("pam-libs", "/lib*/libpam*.so*"),
	/* what everything runs on */
	ROW("systemd", "/lib/systemd/systemd", "/lib/systemd/systemd-executor",
		"/lib/systemd/systemd-logind", "/lib*/systemd/libsystemd-core-*.so"),
	ROW("libc6", "/lib*/libc.so.6", "/lib*/ld-linux*.so*", "/lib*/libc-2.*.so",
		"/lib*/ld-2.*.so"),
	ROW("glibc", "/lib*/libc.so.6", "/lib*/ld-linux*.so*", "/lib*/libc-2.*.so",
		"/lib*/ld-2.*.so"),
	ROW("libcrypt1", "/lib*/libcrypt.so.*"),
	ROW("libxcrypt", "/lib*/libcrypt.so.*"),
	ROW("libssl3*", "/lib*/libcrypto.so.*"),
	ROW("libssl1*", "/lib*/libcrypto.so.*"),
	ROW("openssl-libs", "/lib*/libcrypto.so.*"),
	ROW("libopenssl3", "/lib*/libcrypto.so.*"),
	ROW("kmod", "/bin/kmod"),
	/* what installs */
	ROW("apt", "/bin/apt-get", "/lib/apt/methods/http", "/lib/apt/methods/gpgv",
		"/lib/apt/methods/sqv"),
	ROW("dpkg", "/bin/dpkg", "/bin/dpkg-deb"),
	ROW("gpgv", "/bin/gpgv"),
	ROW("rpm", "/bin/rpm"),
	ROW("rpm-libs", "/lib*/librpm.so*"),
	/* what runs by itself, what records */
	ROW("cron", "/sbin/cron", "/bin/crontab"),
	ROW("cronie", "/sbin/crond", "/bin/crontab"),
	ROW("auditd", "/sbin/auditd", "/sbin/auditctl"),
	ROW("audit", "/sbin/auditd", "/sbin/auditctl"),
	ROW("hardend*", "/bin/hardenctl", "/sbin/hardend", "/bin/hardend", "/lib*/hardend*"),
#undef ROW
};

static bool name_matches(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);

	if (pattern[n - 1] == '*')
		return strncmp(pattern, name, n - 1) == 0;
	return strcmp(pattern, name) == 0;
}

bool package_files_wants_package(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(set); i++) {
		if (name_matches(set[i].name, name))
			return true;
	}
	return false;
}

bool package_files_wants(const char *name, const char *path)
{
	if (strncmp(path, "/usr/", 5) == 0)
		path += 4;
	/* Nine of ten. */
	if (strncmp(path, "/share/", 7) == 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(set); i++) {
		const char *const *p = set[i].patterns;
		for (; name_matches(set[i].name, name) && *p; p++) {
			if (fnmatch(*p, path, 0) == 0)
				return true;
		}
	}
	return false;
}
