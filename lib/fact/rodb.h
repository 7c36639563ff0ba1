/* SPDX-License-Identifier: ISC */
/*
 * Somebody else's SQLite database, read and never written: not its file, not
 * its journal, no lock, no shared memory beside it. SQLite's own ways of
 * opening either want to write there (a database in WAL mode) or overlook what
 * stands in the WAL (immutable=1), and open by path what fsio has looked at.
 * So SQLite reads here through descriptors of fsio, by a VFS of three files:
 * the database, its WAL, and nothing.
 *
 * Without locks a writer may change pages under the reader; rodb_close() tells.
 */
#pragma once

#include <sqlite3.h>

#include "base/fsio.h"

struct rodb;

/*
 * Opens the database at path with its -wal, as hostile input: no schema is
 * trusted, statements end after a bounded amount of work, values are at most
 * 64 MiB, and no more than 2 GiB are read. 0; -ENOTSUP when a rollback journal lies beside it (of a writer that
 * died or is at work); -EBADMSG when it is no database; -errno of fsio.
 */
int rodb_open(const struct root *r, const char *path, struct rodb **ret);

/* The connection, for statements; each must be finalized before rodb_close(). */
sqlite3 *rodb_handle(struct rodb *d);

/* Closes. 0, or -EAGAIN when the files were changed since rodb_open(). NULL is fine. */
int rodb_close(struct rodb *d);

/*
 * Gives each row of a query to each(row, arg); negative stops. 0, what each
 * returned, -EBADMSG when the database does not answer it, -ENOMEM.
 */
int rodb_each(sqlite3 *db, const char *sql, int (*each)(sqlite3_stmt *row, void *arg), void *arg);

/*
 * Opens, gives the connection to read(db, arg), closes; up to five times while
 * the database is being changed, so read must forget what it had. What read
 * returned or rodb_open() did; -EAGAIN when it was changed each time.
 */
int rodb_read(
	const struct root *r, const char *path, int (*read)(sqlite3 *db, void *arg), void *arg);
