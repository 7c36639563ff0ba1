/* SPDX-License-Identifier: ISC */
/*
 * The profiles that ship. A guide's profile follows the guide: its order, its
 * headings, its numbers where it has some. doc/coverage.md says sentence by
 * sentence what each item stands for.
 */
#include <string.h>

#include "conf/profile.h"

static const struct profile_item pouta[] = {
	{"Network-1", "Only the needed ports are open, to as few addresses as possible",
		"firewall-active firewall-default-deny firewall-open-to-world security-group "
		"ssh-exposure"},
	{"Network-2", "Unneeded services are off", "service-unneeded listener-allowlist"},
	{"Network-3", "No mail server of one's own", "mail-server"},
	{"Network-4", "Protocols are encrypted", "listener-plaintext"},
	{"Network-5", "Brute-force attempts are noticed and banned", "service-brute-force-guard"},
	{"Software-1", "Software comes from reputable sources only",
		"repo-trust package-origin package-drift"},
	{"Software-2", "Updates are installed automatically", "update-automatic update-pending"},
	{"Software-3", "The machine was restarted into its newest kernel", "update-kernel"},
	{"Software-4", "Without automatic updates, maintenance windows are planned",
		"update-window"},
	{"Software-5", "Somebody reads the security announcements", "announcements"},
	{"Accounts-1", "No default or unneeded accounts", "account-unneeded"},
	{"Accounts-2", "root has no password and no SSH login",
		"account-root-password ssh-root-login"},
	{"Accounts-3", "The sysadmin's account is reached by key only, and has sudo",
		"account-password-usable account-sudo"},
	{"Accounts-4", "Accounts of services have no login", "account-service-login"},
	{"Accounts-5", "No login by password", "ssh-password-login"},
	{"Accounts-6", "SSH keys have a passphrase and stay where they were made",
		"ssh-private-keys-on-host ssh-key-files-private"},
	{"Accounts-7", "No keys in the image", "ssh-authorized-keys-origin ssh-host-keys-unique"},
	{"Logs-1", "Logs are kept where they cannot be tampered with", "log-modes"},
	{"Logs-2", "Logs are kept long enough", "log-retention"},
	{"Logs-3", "Logs go to a remote server as well", "log-remote"},
	{NULL},
};

static const struct profile_item alliance[] = {
	{"System-1", "Security updates are applied regularly", "update-pending update-age"},
	{"System-2", "No packages from unknown sources", "repo-trust package-origin"},
	{"System-3", "The image is a recent release", "os-supported"},
	{"System-4", "SSH keys instead of passwords", "ssh-password-login"},
	{"System-5", "fail2ban or the like blocks brute-force attacks",
		"service-brute-force-guard"},
	{"Network-1", "No rule lets in everybody who need not come in",
		"firewall-open-to-world security-group"},
	{"Network-2", "Ports are not opened by ranges", "firewall-port-ranges"},
	{"Network-3", "SSH, RDP, databases and the like are not public",
		"ssh-exposure listener-private-service"},
	{"Network-4", "The web server speaks HTTPS; HTTP redirects to it", "http-redirect"},
	{"Network-5", "No mail server", "mail-server"},
	{"Updating-1", "Updates are installed weekly", "update-age update-pending"},
	{NULL},
};

static const struct profile_item exoscale[] = {
	{"Access-1", "API keys are restricted and guarded",
		"cloud-api-key-guard secret-cloud-credentials secret-in-environment"},
	{"Access-2", "A second factor is asked for", "cloud-mfa ssh-mfa"},
	{"Access-3", "No weak or default credentials",
		"account-empty-password account-password-hash"},
	{"Access-4", "What is not for the public is restricted to the company's network",
		"security-group firewall-open-to-world listener-private-service"},
	{"Access-5", "Object storage buckets are not public", "cloud-bucket-acl"},
	{"Access-6", "What does not encrypt is reached by VPN or jump host only",
		"listener-plaintext"},
	{"Access-7", "The systems are hardened behind the firewall: keys, TLS, weekly updates",
		"ssh-password-login tls-protocol update-age"},
	{"Scanning-1", "Scanning tools run regularly", "service-scanner"},
	{"Firewall-1", "The firewall filters what comes in and what goes out",
		"firewall-active firewall-default-deny firewall-egress"},
	{"Firewall-2", "Security groups follow the servers' roles", "security-group"},
	{"Firewall-3", "Databases are reached from the application servers only",
		"listener-private-service"},
	{"Firewall-4", "Only public services are open to everybody, dashboards are not",
		"firewall-open-to-world listener-private-service listener-unauthenticated"},
	{"Firewall-5", "HTTP, HTTPS and DNS may go out; DNS does not come in",
		"firewall-egress dns-recursion"},
	{"Firewall-6", "ICMP is let through", "firewall-icmp"},
	{"SSH-1", "Only modern cipher suites", "ssh-crypto"},
	{"SSH-2", "SSH keys; no login by password", "ssh-password-login"},
	{"SSH-3", "No SSH key is copied to a server",
		"ssh-private-keys-on-host ssh-key-files-private"},
	{"SSH-4", "Keys of 4096 bits or better, with a password",
		"ssh-host-key-strength ssh-authorized-key-strength ssh-private-keys-on-host"},
	{"SSH-5", "It is settled who has access, and how access is given and taken away",
		"ssh-access-limited cloud-access-process"},
	{"SSH-6", "SSH is restricted to the company's addresses", "ssh-exposure"},
	{"SSH-7", "Public SSH is on neither port 22 nor 2222", "ssh-port"},
	{"HTTP-1", "All HTTP is redirected for good to the same page's HTTPS, with HSTS",
		"http-redirect http-hsts"},
	{"HTTP-2", "The security headers are set", "http-headers"},
	{"HTTP-3", "A web application firewall is in front", "http-waf"},
	{"SSRF-1", "Internal services ask for authentication", "listener-unauthenticated"},
	{"SSRF-2", "The metadata service gives no secrets away",
		"metadata-reachable metadata-secrets"},
	{"TLS-1", "Connections are encrypted", "listener-plaintext"},
	{"TLS-2", "Certificates are valid and name the host", "tls-certificate"},
	{"TLS-3", "Only modern cipher suites", "tls-cipher tls-protocol"},
	{"Updates-1", "Updates are applied regularly, on every server",
		"update-pending update-age"},
	{"Updates-2", "Updates are tested by code", "cloud-infrastructure-tests"},
	{"Logging-1", "Logs go to a central log server", "log-remote"},
	{"Backup-1", "Every server is backed up", "backup-configured backup-recent"},
	{"Backup-2", "The backups survive whoever takes over the server", "backup-isolated"},
	{NULL},
};

/* "Ideally weekly." */
static const struct profile_setting alliance_settings[] = {
	{"update-age", "max_days", "7"},
	{NULL},
};

static const struct profile_setting exoscale_settings[] = {
	{"ssh-host-key-strength", "rsa_min_bits", "4096"},
	{"ssh-authorized-key-strength", "rsa_min_bits", "4096"},
	{"update-age", "max_days", "7"},
	{NULL},
};

static const struct profile_item nectar[] = {
	{"Check-Security-01", "SSH password login is disabled", "ssh-password-login"},
	{"Check-Security-02", "A mail server listens on localhost only", "mail-server"},
	{"Check-Security-03", "Automatic updates are enabled", "update-automatic"},
	{"Check-Security-04", "The operating system's kernel is the latest", "update-kernel"},
	{"Check-Security-05", "A DNS server answers recursive queries of trusted hosts only",
		"dns-recursion"},
	{"Check-Security-06", "An NTP server is limited to known systems, without monlist",
		"ntp-exposure"},
	{"Check-Security-07", "Somebody is subscribed to the security announcements",
		"announcements"},
	{"Check-Security-08", "A firewall runs on the host", "firewall-active"},
	{"Check-Security-09", "No unneeded accounts", "account-unneeded"},
	{"Check-Security-10", "No keys are stored in the image",
		"ssh-authorized-keys-origin ssh-host-keys-unique"},
	{"Check-Security-11", "A tool bans those who attack SSH", "service-brute-force-guard"},
	{"Check-Security-12", "Unneeded services are disabled",
		"service-unneeded listener-allowlist"},
	{"Check-Security-13", "Communication is encrypted", "listener-plaintext"},
	{"Check-Security-14", "Logs are stored in a secure place, and sent there securely",
		"log-modes log-remote log-remote-secure"},
	{"Check-Security-15", "No port is open for a service that is not required",
		"firewall-orphan-opening listener-allowlist"},
	{"Check-Security-16", "Accounts have no more permission than they need",
		"account-sudo account-root-groups"},
	{"Check-Security-17", "root cannot log in over SSH", "ssh-root-login"},
	{"Check-Security-18", "SSH uses another port than 22", "ssh-port"},
	{NULL},
};

static const struct profile profiles[] = {
	{"default", "every check, by area", NULL, NULL},
	{"pouta", "CSC: security guidelines for Pouta", pouta, NULL},
	{"alliance",
		"Digital Research Alliance of Canada: security considerations when running a VM",
		alliance, alliance_settings},
	{"exoscale", "Exoscale: cloud security handbook", exoscale, exoscale_settings},
	{"nectar", "NeCTAR: security administration checklist", nectar, NULL},
};

const struct profile *profile_builtin(size_t i)
{
	return i < ARRAY_SIZE(profiles) ? &profiles[i] : NULL;
}

const struct profile *profile_find_builtin(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	}
	return NULL;
}

bool profile_item_has(const struct profile_item *item, const char *check)
{
	size_t n = strlen(check);

	for (const char *p = item->checks; (p = strstr(p, check)); p += n) {
		bool begins = p == item->checks || p[-1] == ' ';
		if (begins && (p[n] == ' ' || !p[n]))
			return true;
	}
	return false;
}
