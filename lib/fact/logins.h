/* SPDX-License-Identifier: ISC */
/*
 * When each account logged in last, from whatever the machine keeps: lastlog,
 * wtmp, lastlog2 and wtmpdb. The latest of them counts. No drift items: a login
 * is not a change of the machine.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fact/accounts.h"

enum login_source_id {
	LOGIN_LASTLOG,	/* /var/log/lastlog: by uid */
	LOGIN_WTMP,	/* /var/log/wtmp and wtmp.1: by name, rotated */
	LOGIN_LASTLOG2, /* /var/lib/lastlog/lastlog2.db */
	LOGIN_WTMPDB,	/* /var/lib/wtmpdb/wtmp.db */
	LOGIN_SOURCE_MAX,
};

struct login_source {
	const char *path;
	enum fact_state state;
	const char *reason; /* NULL when OK */
	/*
	 * Logins after this are in it: 0 when it remembers the last one for ever. A
	 * source that is absent or unreadable has USEC_INFINITY.
	 */
	uint64_t since_realtime_usec;
};

struct login {
	const char *account;
	uint64_t last_realtime_usec; /* 0: none is known */
	const char *source;	     /* path that says so; NULL without one */
};

struct logins {
	struct login *v; /* one for each line of accounts, in its order */
	size_t n;
	struct login_source sources[LOGIN_SOURCE_MAX];
	/* Since when every login would be known; USEC_INFINITY when nothing keeps them. */
	uint64_t since_realtime_usec;
};

/* That of x, which is of a; NULL when the logins are of other accounts. */
const struct login *logins_of(
	const struct logins *l, const struct accounts *a, const struct account *x);
