/* SPDX-License-Identifier: ISC */
/*
 * The four records of logins, each reader by itself. For logins.c, tests and
 * fuzzing; everybody else reads logins.h.
 */
#pragma once

#include "fact/logins.h"

/* Where readers put what they find. */
struct login_table {
	const struct accounts *accounts;
	struct login *logins;	/* as many as accounts */
	uint64_t realtime_usec; /* now: a login in the future is a clock that was wrong */
};

/* Remembers that the account logged in then, unless a later login is known. */
void login_seen(
	struct login_table *t, const struct account *x, uint64_t realtime_usec, const char *source);

/* Records of utmp(5), whole ones only; the earliest of all into *ret_since. */
void logins_read_utmp(struct login_table *t, const void *bytes, size_t size, const char *source,
	uint64_t *ret_since_realtime_usec);

/*
 * Databases of lastlog2 and wtmpdb from their bytes, which are changed. 0 and
 * *ret_since, -EBADMSG (no such database, or it takes too long), -ENOMEM, and
 * -EOPNOTSUPP when this SQLite can't read a database that lies in memory.
 */
int logins_read_lastlog2(struct login_table *t, unsigned char *bytes, size_t size,
	const char *source, uint64_t *ret_since_realtime_usec);
int logins_read_wtmpdb(struct login_table *t, unsigned char *bytes, size_t size, const char *source,
	uint64_t *ret_since_realtime_usec);
