/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "report/report.h"

const char *report_area(const char *id)
{
	/* The areas of the catalogue, by how its ids begin. */
	static const struct {
		const char *prefix, *area;
	} areas[] = {
		{"ssh-", "ssh"},
		{"account-", "accounts"},
		{"firewall-", "network"},
		{"security-group", "network"},
		{"listener-", "network"},
		{"mail-", "network"},
		{"dns-", "network"},
		{"ntp-", "network"},
		{"metadata-", "network"},
		{"ip-", "network"},
		{"tls-", "tls and http"},
		{"http-", "tls and http"},
		{"update-", "software"},
		{"repo-", "software"},
		{"package-", "software"},
		{"os-", "software"},
		{"announcements", "software"},
		{"service-", "services"},
		{"intrusion-", "services"},
		{"log-", "logs and backups"},
		{"backup-", "logs and backups"},
		{"secret-", "secrets and cloud"},
		{"cloud-", "secrets and cloud"},
		{"monitor-", "this daemon"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(areas); i++) {
		if (strncmp(id, areas[i].prefix, strlen(areas[i].prefix)) == 0)
			return areas[i].area;
	}
	return "other";
}
