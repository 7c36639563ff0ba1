/* SPDX-License-Identifier: ISC */
#include "check/repo-hosts.h"

#include <string.h>

#include "base/text.h"
#include "base/util.h"

/* Words of fnmatch(3), separated by blanks. A pattern must not match what a stranger may register.
 */
static const struct {
	const char *id, *hosts;
} own[] = {
	{"debian", "deb.debian.org *.deb.debian.org security.debian.org security-cdn.debian.org "
		   "ftp.debian.org ftp.*.debian.org http.debian.net httpredir.debian.org "
		   "archive.debian.org snapshot.debian.org debug.mirrors.debian.org "
		   "debian-archive.trafficmanager.net"},
	{"ubuntu", "archive.ubuntu.com *.archive.ubuntu.com security.ubuntu.com ports.ubuntu.com "
		   "*.ports.ubuntu.com esm.ubuntu.com mirrors.ubuntu.com old-releases.ubuntu.com "
		   "snapshot.ubuntu.com ddebs.ubuntu.com archive.canonical.com "
		   "ubuntu-cloud.archive.canonical.com"},
	{"raspbian", "raspbian.raspberrypi.org raspbian.raspberrypi.com archive.raspberrypi.org "
		     "archive.raspberrypi.com mirrordirector.raspbian.org"},
	{"kali", "http.kali.org kali.download"},
	{"rhel", "cdn.redhat.com cdn-ubi.redhat.com *.ce.redhat.com rhui*.microsoft.com "
		 "rhui.googlecloud.com"},
	{"centos", "mirror.centos.org mirrorlist.centos.org vault.centos.org mirrors.centos.org "
		   "mirror.stream.centos.org debuginfo.centos.org"},
	{"fedora", "*.fedoraproject.org"},
	{"rocky", "mirrors.rockylinux.org dl.rockylinux.org"},
	{"almalinux", "mirrors.almalinux.org repo.almalinux.org vault.almalinux.org"},
	{"ol", "yum.oracle.com yum-*.oracle.com yum$ociregion.$ocidomain yum*.oci.oraclecloud.com"},
	{"amzn", "cdn.amazonlinux.com amazonlinux.*.amazonaws.com al2023-repos-*-de612dc2.s3.*"
		 ".amazonaws.com al2023-repos-*-de612dc2.s3.*.$awsdomain "
		 "amazonlinux-2-repos-*.s3.*.amazonaws.com amazonlinux-2-repos-*.s3.*.$awsdomain"},
	{"opensuse-leap", "download.opensuse.org cdn.opensuse.org codecs.opensuse.org"},
	{"opensuse-tumbleweed", "download.opensuse.org cdn.opensuse.org codecs.opensuse.org"},
	{"sles", "updates.suse.com installer-updates.suse.com *.susecloud.net"},
	{"sles_sap", "updates.suse.com installer-updates.suse.com *.susecloud.net"},
	{"alpine", "dl-cdn.alpinelinux.org dl-?.alpinelinux.org dl-master.alpinelinux.org"},
};

static bool matches(const char *hosts, const char *host)
{
	char word[256];

	for (const char *p = hosts; *p;) {
		size_t n = strcspn(p, " ");
		if (n < sizeof(word)) {
			memcpy(word, p, n);
			word[n] = '\0';
			if (text_glob(word, host))
				return true;
		}
		p += n;
		p += strspn(p, " ");
	}
	return false;
}

bool repo_host_is_own(const char *os_id, const char *host)
{
	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		if (strcmp(own[i].id, os_id) == 0)
			return matches(own[i].hosts, host);
	}
	return false;
}
