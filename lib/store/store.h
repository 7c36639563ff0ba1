/* SPDX-License-Identifier: ISC */
/*
 * The state database: SQLite in WAL mode with synchronous=FULL. Knows rows and
 * transactions, not what they mean; the ledger is its only writer, sinks read
 * the outbox and move their cursor.
 *
 * Every statement stands in one table in store.c and is prepared when it is
 * first used. The ledger's own rows are in store/rows.h.
 * Errors: -EUCLEAN corrupt, -EPROTO written by a newer version, -ENOSPC full,
 * -EIO, -EROFS, -EBUSY another process has it (locked from open to close), -ENOMEM.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/util.h"

struct store;

/*
 * Opens or creates the database (mode 0600), migrates it to this version,
 * checks its integrity (quick_check). The file and directory are fsynced when
 * created. 0 or -errno; on -EUCLEAN and -EPROTO nothing was changed and the
 * caller decides what to do. -ELOOP, -ENODEV: path is a link, or no file.
 */
int store_open(const char *path, struct store **ret);
void store_close(struct store *s);

/*
 * A store over a connection of the caller's that only reads, for the readers of
 * store/rows.h and nothing else: who has the database open and locked is not
 * disturbed. 0; -EPROTO: of a newer version, or no database of ours; -EUCLEAN;
 * -ENOMEM. To be given back before the connection is closed.
 */
struct sqlite3;
int store_borrow(struct sqlite3 *db, struct store **ret);
void store_return(struct store *s);

/*
 * Which process has the database at path locked; 0: none that is known. Only
 * for a process that has it not open itself, whose locks would be gone.
 */
pid_t store_holder(const char *path);
DEFINE_FREEP(struct store *, store_close)

/*
 * Whether the files at its path are those that are open: 0; -ESTALE: somebody
 * has removed or replaced them, and what is written now would be gone at the
 * next start (store_restore()); -EUCLEAN: it was cut short. Costs two lstat(2).
 */
int store_check(struct store *s);

/*
 * Makes the files at its path again from what is open, with all that is in it
 * and kept; what lies there instead is set aside as store_set_aside() does, and
 * *ret_aside is its name, to be freed, or NULL. 0; -errno: it goes on with what
 * is open; -EUCLEAN: it can only be closed. Outside a transaction.
 */
int store_restore(struct store *s, uint64_t realtime_usec, char **ret_aside);

/*
 * Renames a database that cannot be used, and that is not open, to
 * path.20261121T230754Z.bad, its -wal and -shm with it. 0 and the new name to
 * be freed, or -errno; never over an existing file.
 */
int store_set_aside(const char *path, uint64_t realtime_usec, char **ret_where);

/*
 * One write transaction. Commit is durable when it returns 0, and kept in
 * memory when it returns 1 (see below); when it fails nothing was changed, and
 * the caller rolls back. Rollback never fails, and does nothing outside a
 * transaction.
 */
int store_begin(struct store *s);
int store_commit(struct store *s);
void store_rollback(struct store *s);

/*
 * From now on, transactions that the disk refuses (-ENOSPC, -EIO, -EROFS) are
 * kept in memory, in about max bytes: they are read like all others, and
 * wait for store_flush(). One that does not fit fails as it would have.
 */
void store_keep(struct store *s, size_t max);

/* Why the disk does not take what is kept: -errno; 0 when nothing is kept. */
int store_kept(const struct store *s);

/* About how many bytes are kept. */
size_t store_kept_size(const struct store *s);

/*
 * Brings what is kept to the disk, all or nothing. 0 when it is there; -errno:
 * it is kept as before. Outside a transaction. store_close() tries it once.
 */
int store_flush(struct store *s);

/*
 * Makes room in what is kept: leaves out what was written over, and events
 * up to the number told (the newest stays). Returns how many events were left
 * out, which never will be in the outbox; or -ENOMEM. Outside a transaction.
 */
int store_shed(struct store *s, uint64_t told);

/* The outbox as a sink sees it. */
struct outbox_row {
	uint64_t seq;
	char *json; /* freed by outbox_row_fini() */
	char hash[65];
};
void outbox_row_fini(struct outbox_row *row);

/*
 * The next event after both the sink's cursor and the number after (what it has
 * sent and not yet seen acknowledged): 1 and a row, 0 when there is none, -errno.
 */
int store_next(struct store *s, const char *sink, uint64_t after, struct outbox_row *ret);

/* The sequence number that the sink has acknowledged; 0 when none. */
int store_cursor(struct store *s, const char *sink, uint64_t *ret);

/*
 * Moves the cursor forward (never back) and durably; commits by itself outside
 * a transaction. -ERANGE for an event that was never there.
 */
int store_ack(struct store *s, const char *sink, uint64_t seq);

/*
 * Deletes events that all of the sinks named (NULL-terminated) have
 * acknowledged, but for the last keep of them, which `history` shows. The
 * newest event always stays, since the chain goes on from it. Returns how many
 * were deleted, or -errno.
 */
int store_prune(struct store *s, const char *const sinks[], uint64_t keep);
