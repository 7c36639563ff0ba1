/* SPDX-License-Identifier: ISC */
/*
 * What the files of the store share: the statements, and the one way to run one.
 */
#pragma once

#include <sqlite3.h>
#include <sys/types.h>

#include "store/store.h"

enum statement {
	ST_BEGIN,
	ST_COMMIT,
	ST_ROLLBACK,
	ST_NEXT,
	ST_LAST,
	ST_APPEND,
	ST_CURSOR,
	ST_ACK,
	ST_PRUNE,
	ST_META_GET,
	ST_META_SET,
	ST_FINDINGS,
	ST_FINDING,
	ST_PUT_FINDING,
	ST_DELETE_FINDING,
	ST_FACTS,
	ST_ADD_FACT,
	ST_ITEMS,
	ST_DIFFERING,
	ST_PUT_ITEM,
	ST_DELETE_ITEM,
	ST_COPY,
	ST_MAX,
};

/* Writes in the order in which they were done. */
struct write;
struct writes {
	struct write *first, *last;
	size_t cost; /* in memory, about */
};
void writes_clear(struct writes *w);

/* A file by what it is, not by its name; ino 0: none. */
struct identity {
	dev_t dev;
	ino_t ino;
};

struct store {
	char *path;
	struct identity file, log; /* of the database and its -wal */
	off_t size;                /* the database never gets smaller */
	sqlite3 *db;
	sqlite3_stmt *statements[ST_MAX];
	bool in_batch;       /* between store_begin() and its end */
	size_t keep_max;     /* of kept and batch together; 0: nothing is kept */
	struct writes batch; /* of the transaction that is going on */
	bool batch_large;    /* there are more of them than can be kept */
	struct writes kept;  /* committed, and not on the disk */
	int kept_error;      /* why the disk does not take them; 0: nothing is kept */
};

/* A bound parameter: text (NULL is NULL) or a number. */
struct value {
	enum { VALUE_NUMBER, VALUE_TEXT } type;
	int64_t number;
	const char *text;
};
#define NUMBER(n) ((struct value){.type = VALUE_NUMBER, .number = (int64_t)(n)})
#define TEXT(s)	  ((struct value){.type = VALUE_TEXT, .text = (s)})
#define VALUES(...)                          \
	(const struct value[]){__VA_ARGS__}, \
		sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value)

/*
 * Runs a statement with its n parameters and calls row for each row, as the
 * readers of rows.h do; row may be NULL where none is expected. The last
 * return of row, 0 when there was no row, or -errno.
 */
int store_run(struct store *s, enum statement id, const struct value *v, size_t n,
	int (*row)(sqlite3_stmt *st, void *arg), void *arg);

/* The same, with nothing remembered or kept. */
int store_do(struct store *s, enum statement id, const struct value *v, size_t n,
	int (*row)(sqlite3_stmt *st, void *arg), void *arg);

/* A write by itself, or inside the transaction that is going on. 0 or -errno. */
int store_write(struct store *s, enum statement id, const struct value *v, size_t n);

/* Remembers a write that was done. 0; -errno: it can be neither kept nor go to the disk. */
int kept_remember(struct store *s, enum statement id, const struct value *v, size_t n);

/* Whether a transaction that the disk refuses with this error can be kept. */
bool kept_may(const struct store *s, int error);

/* Makes the transaction again that is kept, and the one going on, unless it is open. 0 or -errno. */
int kept_open(struct store *s);

/* Takes the transaction over that was to be committed. 0, or the error when it cannot. */
int kept_take(struct store *s, int error);

/* The text of a column, NULL when it is NULL; and the same where it must not be (-EUCLEAN). */
const char *store_text(sqlite3_stmt *st, int column);
int store_need_text(sqlite3_stmt *st, int column, const char **ret);

/* Opens the database at s->path and brings it to this version; s->db is NULL on failure. */
int store_connect(struct store *s);

/* Closes it without a word to the disk: what was not committed is gone. */
void store_disconnect(struct store *s);

/* Rolls back what is open, kept or not. */
void store_undo(struct store *s);

/* Remembers which files are open. */
void store_identify(struct store *s);

/* fsync(2) of the directory that path lies in. 0 or -errno. */
int store_sync_directory(const char *path);

/* Makes an empty file (0600) at path, durably, unless there is one; see store_open() for errors. */
int store_create(const char *path);
