/* SPDX-License-Identifier: ISC */
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/internal.h"

static const char *const sql[] = {
	[ST_BEGIN] = "BEGIN IMMEDIATE",
	[ST_COMMIT] = "COMMIT",
	[ST_ROLLBACK] = "ROLLBACK",
	[ST_NEXT] = "SELECT seq, json, hash FROM outbox WHERE seq > max(?2, "
		    "ifnull((SELECT seq FROM cursor WHERE sink = ?1), 0)) ORDER BY seq LIMIT 1",
	[ST_LAST] = "SELECT seq, hash FROM outbox ORDER BY seq DESC LIMIT 1",
	[ST_APPEND] = "INSERT INTO outbox (seq, epoch, json, hash) VALUES (?1, ?2, ?3, ?4)",
	[ST_CURSOR] = "SELECT seq FROM cursor WHERE sink = ?1",
	[ST_ACK] = "INSERT INTO cursor (sink, seq) VALUES (?1, ?2) "
		   "ON CONFLICT (sink) DO UPDATE SET seq = excluded.seq "
		   "WHERE excluded.seq > cursor.seq",
	[ST_PRUNE] = "DELETE FROM outbox WHERE seq <= ?1 "
		     "AND seq < (SELECT max(seq) FROM outbox)",
	[ST_META_GET] = "SELECT value FROM meta WHERE key = ?1",
	[ST_META_SET] = "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)",
	[ST_FINDINGS] = "SELECT id, result, severity, waiver, evidence, since FROM finding "
			"ORDER BY id",
	[ST_FINDING] = "SELECT id, result, severity, waiver, evidence, since FROM finding "
		       "WHERE id = ?1",
	[ST_PUT_FINDING] = "INSERT OR REPLACE INTO finding "
			   "(id, result, severity, waiver, evidence, since) "
			   "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[ST_DELETE_FINDING] = "DELETE FROM finding WHERE id = ?1",
	[ST_FACTS] = "SELECT name, number FROM fact ORDER BY name",
	[ST_ADD_FACT] = "INSERT INTO fact (name) VALUES (?1)",
	[ST_ITEMS] = "SELECT subject, value, baseline, path, line, since FROM item "
		     "WHERE fact = ?1 AND subject >= ?2 ORDER BY subject",
	[ST_DIFFERING] = "SELECT subject, value, baseline, path, line, since FROM item "
			 "WHERE fact = ?1 AND since > 0 ORDER BY subject",
	[ST_PUT_ITEM] = "INSERT OR REPLACE INTO item "
			"(fact, subject, value, baseline, path, line, since) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[ST_COPY] = "VACUUM INTO ?1",
	[ST_DELETE_ITEM] = "DELETE FROM item WHERE fact = ?1 AND subject = ?2",
};
static_assert(ARRAY_SIZE(sql) == ST_MAX, "a text for each statement");

/* The script at n makes version n + 1 of version n. Never edit one that was released: add one. */
static const char *const migrations[] = {
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE outbox (seq INTEGER PRIMARY KEY, epoch TEXT NOT NULL, json TEXT NOT NULL,"
	" hash TEXT NOT NULL);"
	"CREATE TABLE cursor (sink TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE finding (id TEXT PRIMARY KEY, result TEXT NOT NULL, severity TEXT NOT NULL,"
	" waiver TEXT, evidence TEXT NOT NULL, since INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE fact (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
	"CREATE TABLE item (fact INTEGER NOT NULL, subject TEXT NOT NULL, value TEXT,"
	" baseline TEXT, path TEXT, line INTEGER NOT NULL, since INTEGER NOT NULL,"
	" PRIMARY KEY (fact, subject)) WITHOUT ROWID;",
};

enum {
	VERSION = ARRAY_SIZE(migrations),
};

/* One connection from one thread, in single megabytes. */
static const char *const pragmas[] = {
	"PRAGMA journal_mode = WAL",
	"PRAGMA synchronous = FULL",
	"PRAGMA wal_autocheckpoint = 256",
	"PRAGMA journal_size_limit = 1048576",
};

/* The same before the file is first looked at: an exclusive lock needs no -shm file. */
static const char *const early_pragmas[] = {
	"PRAGMA locking_mode = EXCLUSIVE",
	"PRAGMA cache_size = -128",
	"PRAGMA mmap_size = 0",
	"PRAGMA temp_store = MEMORY",
	"PRAGMA cell_size_check = ON",
	"PRAGMA trusted_schema = OFF",
};

static int from_errno(int e, int dflt)
{
	return e == ENOSPC || e == EDQUOT ? -ENOSPC : e > 0 ? -e : dflt;
}

static int from_sqlite(sqlite3 *db, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_IOERR:
		if (rc == SQLITE_IOERR_NOMEM)
			return -ENOMEM;
		/* A quota that is used up is an I/O error to SQLite. */
		return from_errno(sqlite3_system_errno(db), -EIO) == -ENOSPC ? -ENOSPC : -EIO;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return from_errno(sqlite3_system_errno(db), -EIO);
	default:
		/* Corrupt, not a database, or tables and rows that this program never made. */
		return -EUCLEAN;
	}
}

static int exec(struct store *s, const char *text)
{
	return from_sqlite(s->db, sqlite3_exec(s->db, text, NULL, NULL, NULL));
}

const char *store_text(sqlite3_stmt *st, int column)
{
	return (const char *)sqlite3_column_text(st, column);
}

int store_need_text(sqlite3_stmt *st, int column, const char **ret)
{
	const char *text = store_text(st, column);

	if (!text)
		return -EUCLEAN;
	*ret = text;
	return 0;
}

static int bind(sqlite3_stmt *st, const struct value *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int rc = v[i].type == VALUE_TEXT
				 ? sqlite3_bind_text(st, (int)i + 1, v[i].text, -1, SQLITE_STATIC)
				 : sqlite3_bind_int64(st, (int)i + 1, v[i].number);
		if (rc != SQLITE_OK)
			return rc;
	}
	return SQLITE_OK;
}

static int statement(struct store *s, enum statement id, sqlite3_stmt **ret)
{
	sqlite3_stmt **st = &s->statements[id];

	if (!*st) {
		int rc = sqlite3_prepare_v3(
			s->db, sql[id], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
		if (rc != SQLITE_OK)
			return from_sqlite(s->db, rc);
	}
	*ret = *st;
	return 0;
}

int store_do(struct store *s, enum statement id, const struct value *v, size_t n,
	int (*row)(sqlite3_stmt *st, void *arg), void *arg)
{
	sqlite3_stmt *st;

	int r = statement(s, id, &st);
	if (r < 0)
		return r;
	int rc = bind(st, v, n);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	while (rc == SQLITE_ROW && r == 0) {
		r = row ? row(st, arg) : 0;
		if (r == 0)
			rc = sqlite3_step(st);
	}
	/* Before the reset, which may ask the system for something else. */
	int error = from_sqlite(s->db, rc);
	(void)sqlite3_reset(st);	  /* repeats the error of the step */
	(void)sqlite3_clear_bindings(st); /* cannot fail */
	return error < 0 ? error : r;
}

static bool is_write(enum statement id)
{
	return id == ST_APPEND || id == ST_ACK || id == ST_PRUNE || id == ST_META_SET ||
	       id == ST_PUT_FINDING || id == ST_DELETE_FINDING || id == ST_ADD_FACT ||
	       id == ST_PUT_ITEM || id == ST_DELETE_ITEM;
}

/* SQLite has already rolled back after some errors. */
void store_undo(struct store *s)
{
	if (s->db && !sqlite3_get_autocommit(s->db))
		(void)store_do(s, ST_ROLLBACK, NULL, 0, NULL, NULL); /* see store_begin() */
}

int store_run(struct store *s, enum statement id, const struct value *v, size_t n,
	int (*row)(sqlite3_stmt *st, void *arg), void *arg)
{
	int r = s->kept_error < 0 ? kept_open(s) : 0;

	if (r == 0)
		r = store_do(s, id, v, n, row, arg);
	if (!s->in_batch || !is_write(id))
		return r;
	/* A transaction too large for the cache goes to the disk before its end. */
	if (r < 0 && s->kept_error == 0 && kept_may(s, r)) {
		store_undo(s);
		s->kept_error = r;
		if (kept_open(s) == 0)
			r = store_do(s, id, v, n, row, arg);
	}
	return r < 0 ? r : kept_remember(s, id, v, n);
}

int store_write(struct store *s, enum statement id, const struct value *v, size_t n)
{
	if (s->in_batch)
		return store_run(s, id, v, n, NULL, NULL);
	int r = store_begin(s);
	if (r == 0)
		r = store_run(s, id, v, n, NULL, NULL);
	if (r == 0)
		r = store_commit(s);
	if (r < 0)
		store_rollback(s);
	return r < 0 ? r : 0;
}

static int row_number(sqlite3_stmt *st, void *arg)
{
	*(uint64_t *)arg = (uint64_t)sqlite3_column_int64(st, 0);
	return 1;
}

static int row_int(void *arg, int n, char **text, _unused_ char **names)
{
	*(int *)arg = n == 1 && text[0] ? atoi(text[0]) : -1;
	return 0;
}

static int row_is_ok(void *arg, int n, char **text, _unused_ char **names)
{
	*(bool *)arg = n == 1 && text[0] && strcmp(text[0], "ok") == 0;
	return 0;
}

static int migrate(struct store *s, int version)
{
	char text[64];

	for (; version < VERSION; version++) {
		int r = store_begin(s);
		if (r < 0)
			return r;
		(void)snprintf(text, sizeof(text), "PRAGMA user_version = %d", version + 1);
		r = exec(s, migrations[version]);
		if (r == 0)
			r = exec(s, text);
		if (r == 0)
			r = store_commit(s);
		if (r < 0) {
			store_rollback(s);
			return r;
		}
	}
	return 0;
}

static int exec_all(struct store *s, const char *const texts[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int r = exec(s, texts[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Looks before it writes: a database of another version or a damaged one stays as it is. */
static int prepare(struct store *s)
{
	int version = -1;
	bool ok = false;

	/* 16 KB of small blocks is what statements of this size use. */
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_LOOKASIDE, NULL, 128, 128);
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	int r = exec_all(s, early_pragmas, ARRAY_SIZE(early_pragmas));
	if (r < 0)
		return r;
	r = from_sqlite(s->db, sqlite3_exec(s->db, "PRAGMA user_version", row_int, &version, NULL));
	if (r < 0)
		return r;
	if (version < 0 || version > VERSION)
		return -EPROTO;
	r = from_sqlite(s->db, sqlite3_exec(s->db, "PRAGMA quick_check(1)", row_is_ok, &ok, NULL));
	if (r < 0 || !ok)
		return r < 0 ? r : -EUCLEAN;
	r = exec_all(s, pragmas, ARRAY_SIZE(pragmas));
	if (r == 0)
		r = migrate(s, version);
	if (r == 0)
		(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	return r;
}

int store_connect(struct store *s)
{
	int rc = sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	int r = rc == SQLITE_OK ? 0 : s->db ? from_sqlite(s->db, rc) : -ENOMEM;

	if (r == 0) {
		(void)sqlite3_extended_result_codes(s->db, 1);
		r = prepare(s);
	}
	if (r < 0)
		store_disconnect(s);
	else
		store_identify(s);
	return r;
}

static void finalize(struct store *s)
{
	for (int i = 0; i < ST_MAX; i++) {
		(void)sqlite3_finalize(s->statements[i]); /* repeats an old error */
		s->statements[i] = NULL;
	}
}

void store_disconnect(struct store *s)
{
	finalize(s);
	(void)sqlite3_close(s->db); /* no statement is left that could keep it open */
	s->db = NULL;
}

int store_open(const char *path, struct store **ret)
{
	_cleanup_(store_closep) struct store *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->path = strdup(path);
	int r = s->path ? store_create(path) : -ENOMEM;
	if (r == 0)
		r = store_connect(s);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

int store_borrow(struct sqlite3 *db, struct store **ret)
{
	int version = 0;
	int r = from_sqlite(db, sqlite3_exec(db, "PRAGMA user_version", row_int, &version, NULL));

	if (r < 0)
		return r;
	if (version < 1 || version > VERSION)
		return -EPROTO;
	struct store *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->db = db;
	*ret = s;
	return 0;
}

void store_return(struct store *s)
{
	if (!s)
		return;
	finalize(s);
	free(s);
}

void store_close(struct store *s)
{
	if (!s)
		return;
	store_rollback(s);
	(void)store_flush(s); /* what the disk still refuses goes with us */
	store_undo(s);
	writes_clear(&s->kept);
	store_disconnect(s);
	free(s->path);
	free(s);
}

int store_begin(struct store *s)
{
	sqlite3_stmt *rollback;

	/* Now, when failing is harmless. */
	int r = statement(s, ST_ROLLBACK, &rollback);
	if (r == 0)
		r = s->kept_error < 0 ? kept_open(s) : store_do(s, ST_BEGIN, NULL, 0, NULL, NULL);
	s->in_batch = r == 0;
	return r;
}

int store_commit(struct store *s)
{
	int r = s->kept_error;

	if (r == 0)
		r = store_do(s, ST_COMMIT, NULL, 0, NULL, NULL);
	if (r < 0 && kept_may(s, r) && kept_take(s, r) == 0)
		r = 1;
	if (r < 0)
		return r;
	writes_clear(&s->batch);
	s->batch_large = s->in_batch = false;
	return r;
}

void store_rollback(struct store *s)
{
	if (s->in_batch || s->kept_error == 0)
		store_undo(s);
	writes_clear(&s->batch);
	s->batch_large = s->in_batch = false;
	if (!s->kept.first)
		s->kept_error = 0;
}

void outbox_row_fini(struct outbox_row *row)
{
	free(row->json);
	*row = (struct outbox_row){0};
}

static int row_outbox(sqlite3_stmt *st, void *arg)
{
	struct outbox_row *ret = arg, row = {.seq = (uint64_t)sqlite3_column_int64(st, 0)};
	const char *json, *hash;

	int r = store_need_text(st, 1, &json);
	if (r == 0)
		r = store_need_text(st, 2, &hash);
	if (r < 0)
		return r;
	if (strlen(hash) != sizeof(row.hash) - 1)
		return -EUCLEAN;
	memcpy(row.hash, hash, sizeof(row.hash));
	row.json = strdup(json);
	if (!row.json)
		return -ENOMEM;
	*ret = row;
	return 1;
}

int store_next(struct store *s, const char *sink, uint64_t after, struct outbox_row *ret)
{
	return store_run(s, ST_NEXT, VALUES(TEXT(sink), NUMBER(MIN(after, (uint64_t)INT64_MAX))),
		row_outbox, ret);
}

int store_cursor(struct store *s, const char *sink, uint64_t *ret)
{
	uint64_t seq = 0;

	int r = store_run(s, ST_CURSOR, VALUES(TEXT(sink)), row_number, &seq);
	if (r < 0)
		return r;
	*ret = seq;
	return 0;
}

int store_ack(struct store *s, const char *sink, uint64_t seq)
{
	uint64_t last = 0;

	int r = store_run(s, ST_LAST, NULL, 0, row_number, &last);
	if (r < 0)
		return r;
	if (seq > last)
		return -ERANGE;
	return store_write(s, ST_ACK, VALUES(TEXT(sink), NUMBER(seq)));
}

int store_prune(struct store *s, const char *const sinks[], uint64_t keep)
{
	uint64_t least = 0;

	int r = store_run(s, ST_LAST, NULL, 0, row_number, &least);
	if (r < 0)
		return r;
	for (size_t i = 0; sinks[i]; i++) {
		uint64_t seq = 0;
		r = store_cursor(s, sinks[i], &seq);
		if (r < 0)
			return r;
		least = MIN(least, seq);
	}
	if (least <= keep)
		return 0;
	r = store_write(s, ST_PRUNE, VALUES(NUMBER(least - keep)));
	return r < 0 ? r : sqlite3_changes(s->db);
}
