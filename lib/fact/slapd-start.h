/* SPDX-License-Identifier: ISC */
/*
 * How slapd is started: by a unit of its own, or as Debian's SysV script does
 * it, by /etc/default/slapd. Without a word it reads slapd.d, or else slapd.conf,
 * and serves ldap:///.
 */
#pragma once

#include "fact/clear-servers.h"

struct slapd_start {
	const char *dir, *file; /* where its configuration is: one of these, or neither */
	const char *urls;	/* that it serves; NULL: ldap:/// */
	const char *name;	/* what says so: "-h", "SLAPD_SERVICES" */
	bool unknown;		/* they stand in a variable that was not found */
	struct conf_place at;
	struct conf_place another; /* a second unit runs it as well; path NULL: none does */
};

/* Its configuration is looked for in the root. 0 or -ENOMEM. */
int slapd_start_read(struct arena *a, const struct root *root, const struct clear_list *l,
	struct slapd_start *ret);

/*
 * Whether one of the URLs (with blanks between) is served in the clear; and the
 * ports of those that begin with TLS, the first CLEAR_PORTS_MAX.
 */
bool slapd_start_urls(const char *urls, unsigned ret_ports[static CLEAR_PORTS_MAX]);
