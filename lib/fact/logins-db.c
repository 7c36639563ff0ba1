/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#include "config.h"
#include "fact/logins-read.h"

#if HAVE_SQLITE_DESERIALIZE

enum {
	OPS_MAX = 50000, /* thousands of steps of SQLite's machine: seconds, not for ever */
};

struct query {
	const char *sql;    /* rows: name, time; or one time */
	uint64_t unit_usec; /* of its times */
};

static int count_down(void *arg)
{
	unsigned *left = arg;

	return (*left)-- == 0;
}

static void closedb(sqlite3 **db)
{
	(void)sqlite3_close(*db); /* all statements are finalized */
}

static void finalizep(sqlite3_stmt **stmt)
{
	(void)sqlite3_finalize(*stmt); /* repeats the error of the last step */
}

static int error_of(int rc)
{
	return rc == SQLITE_NOMEM ? -ENOMEM : -EBADMSG;
}

static int db_open(unsigned char *bytes, size_t size, unsigned *ops, sqlite3 **ret)
{
	_cleanup_(closedb) sqlite3 *db = NULL;

	/*
	 * A journal in WAL mode can't be opened without its second file; what is not
	 * yet checkpointed is not seen, which makes a login look older by minutes.
	 */
	if (size > 20 && bytes[18] == 2 && bytes[19] == 2)
		bytes[18] = bytes[19] = 1;
	int rc = sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_deserialize(db, "main", bytes, (sqlite3_int64)size,
			(sqlite3_int64)size, SQLITE_DESERIALIZE_READONLY);
	if (rc != SQLITE_OK)
		return error_of(rc);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_progress_handler(db, 1000, count_down, ops);
	*ret = TAKE_PTR(db);
	return 0;
}

/* Times out of range are no times. */
static uint64_t column_usec(sqlite3_stmt *stmt, int column, uint64_t unit_usec)
{
	sqlite3_int64 v = sqlite3_column_int64(stmt, column);

	return v <= 0 || (uint64_t)v > UINT64_MAX / 2 / unit_usec ? 0 : (uint64_t)v * unit_usec;
}

static int each_login(sqlite3 *db, const struct query *q, struct login_table *t, const char *source)
{
	_cleanup_(finalizep) sqlite3_stmt *stmt = NULL;

	int rc = sqlite3_prepare_v2(db, q->sql, -1, &stmt, NULL);
	if (rc != SQLITE_OK)
		return error_of(rc);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);
		const struct account *x = name ? accounts_find(t->accounts, name) : NULL;
		if (x)
			login_seen(t, x, column_usec(stmt, 1, q->unit_usec), source);
	}
	return rc == SQLITE_DONE ? 0 : error_of(rc);
}

static int first_login(sqlite3 *db, const struct query *q, uint64_t *ret)
{
	_cleanup_(finalizep) sqlite3_stmt *stmt = NULL;

	int rc = sqlite3_prepare_v2(db, q->sql, -1, &stmt, NULL);
	if (rc != SQLITE_OK)
		return error_of(rc);
	rc = sqlite3_step(stmt);
	if (rc != SQLITE_ROW)
		return error_of(rc);
	bool empty = sqlite3_column_type(stmt, 0) == SQLITE_NULL;
	*ret = empty ? USEC_INFINITY : column_usec(stmt, 0, q->unit_usec);
	return 0;
}

static int read_db(struct login_table *t, unsigned char *bytes, size_t size,
	const struct query *logins, const struct query *first, const char *source,
	uint64_t *ret_since)
{
	_cleanup_(closedb) sqlite3 *db = NULL;
	unsigned ops = OPS_MAX;
	uint64_t since = 0;

	int r = db_open(bytes, size, &ops, &db);
	if (r == 0)
		r = each_login(db, logins, t, source);
	if (r == 0 && first)
		r = first_login(db, first, &since);
	if (r == 0)
		*ret_since = since;
	return r;
}

int logins_read_lastlog2(struct login_table *t, unsigned char *bytes, size_t size,
	const char *source, uint64_t *ret_since_realtime_usec)
{
	static const struct query logins = {"SELECT Name, Time FROM Lastlog2", USEC_PER_SEC};

	return read_db(t, bytes, size, &logins, NULL, source, ret_since_realtime_usec);
}

int logins_read_wtmpdb(struct login_table *t, unsigned char *bytes, size_t size, const char *source,
	uint64_t *ret_since_realtime_usec)
{
	/* 3 is USER_PROCESS, as in utmp(5); the rest are boots. */
	static const struct query logins = {
		"SELECT User, max(Login) FROM wtmp WHERE Type = 3 GROUP BY User", 1};
	static const struct query first = {"SELECT min(Login) FROM wtmp", 1};

	return read_db(t, bytes, size, &logins, &first, source, ret_since_realtime_usec);
}

#else

int logins_read_lastlog2(_unused_ struct login_table *t, _unused_ unsigned char *bytes,
	_unused_ size_t size, _unused_ const char *source,
	_unused_ uint64_t *ret_since_realtime_usec)
{
	return -EOPNOTSUPP;
}

int logins_read_wtmpdb(_unused_ struct login_table *t, _unused_ unsigned char *bytes,
	_unused_ size_t size, _unused_ const char *source,
	_unused_ uint64_t *ret_since_realtime_usec)
{
	return -EOPNOTSUPP;
}

#endif
