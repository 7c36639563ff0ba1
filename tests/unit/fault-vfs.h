/* SPDX-License-Identifier: ISC */
/*
 * SQLite's way to the disk with a fault at the n-th operation that changes
 * something (write, truncate, sync, delete): an error, the death of the
 * process in the middle of a write, or the loss of power, after which what was
 * not synced is there in part or not at all.
 *
 * Syncs are noted, not done: whether the kernel keeps its word is not what is
 * tested, and a run takes a tenth of the time.
 */
#pragma once

#include <assert.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum fault_mode {
	FAULT_NONE,
	FAULT_ERROR,	  /* fault.error once */
	FAULT_FULL,	  /* fault.error from then on until fault.at is 0 */
	FAULT_KILL,	  /* half a write, and the process is gone */
	FAULT_POWER,	  /* nothing that was not synced is left */
	FAULT_POWER_PART, /* some of it, in no order */
};

enum {
	FAULT_EXIT = 99, /* status of a process that the fault has ended */
};

static struct {
	enum fault_mode mode;
	unsigned at, count; /* the operation, from 1; 0: never */
	int error;	    /* SQLITE_FULL, ... */
	uint32_t random;
	struct fault_file *files;
	sqlite3_vfs *real;
} fault;

/* A write (or truncation) since the last sync. */
struct fault_write {
	struct fault_write *before;
	sqlite3_int64 at, old_size, new_size;
	int n_old, n_new;
	char *old, *new;
};

struct fault_file {
	sqlite3_file base;
	struct fault_file *next;
	struct fault_write *unsynced;
	sqlite3_file *real;
};

static sqlite3_file *fault_real(sqlite3_file *file)
{
	return ((struct fault_file *)file)->real;
}

static void fault_forget(struct fault_file *f)
{
	for (struct fault_write *w = f->unsynced, *before; w; w = before) {
		before = w->before;
		free(w->old);
		free(w->new);
		free(w);
	}
	f->unsynced = NULL;
}

/* What stands in the file from at, up to n bytes. */
static int fault_read_old(struct fault_file *f, sqlite3_int64 at, sqlite3_int64 n, char **ret)
{
	sqlite3_int64 size = 0;

	f->real->pMethods->xFileSize(f->real, &size);
	n = at >= size ? 0 : n < size - at ? n : size - at;
	*ret = malloc(n > 0 ? (size_t)n : 1);
	assert(*ret);
	if (n > 0)
		assert(f->real->pMethods->xRead(f->real, *ret, (int)n, at) == SQLITE_OK);
	return (int)n;
}

static void fault_note(
	struct fault_file *f, const void *p, int n, sqlite3_int64 at, sqlite3_int64 truncate_to)
{
	struct fault_write *w = calloc(1, sizeof(*w));

	assert(w);
	w->at = at;
	f->real->pMethods->xFileSize(f->real, &w->old_size);
	w->n_old = fault_read_old(f, at, p ? n : w->old_size - at, &w->old);
	w->n_new = n;
	w->new = malloc(n > 0 ? (size_t)n : 1);
	assert(w->new);
	if (p)
		memcpy(w->new, p, (size_t)n);
	w->new_size = p ? (at + n > w->old_size ? at + n : w->old_size) : truncate_to;
	w->before = f->unsynced;
	f->unsynced = w;
}

static void fault_put(struct fault_file *f, const char *p, int n, sqlite3_int64 at)
{
	if (n > 0)
		assert(f->real->pMethods->xWrite(f->real, p, n, at) == SQLITE_OK);
}

/* The oldest first. */
static void fault_redo_part(struct fault_file *f, const struct fault_write *w)
{
	if (!w)
		return;
	fault_redo_part(f, w->before);
	fault.random = fault.random * 1664525 + 1013904223;
	unsigned dice = fault.random >> 30;
	if (dice < 2)
		fault_put(f, w->new, dice == 0 ? w->n_new : w->n_new / 2, w->at);
}

static void fault_die(void)
{
	for (struct fault_file *f = fault.files; f && fault.mode >= FAULT_POWER; f = f->next) {
		for (const struct fault_write *w = f->unsynced; w; w = w->before) {
			fault_put(f, w->old, w->n_old, w->at);
			f->real->pMethods->xTruncate(f->real, w->old_size);
		}
		if (fault.mode == FAULT_POWER_PART)
			fault_redo_part(f, f->unsynced);
	}
	_exit(FAULT_EXIT);
}

/* Before each operation: SQLITE_OK to do it, or the error. *ret_die: in the middle of it, die. */
static int fault_next(int *ret_die)
{
	*ret_die = 0;
	if (fault.mode == FAULT_NONE || fault.at == 0)
		return SQLITE_OK;
	fault.count++;
	if (fault.mode == FAULT_FULL && fault.count >= fault.at)
		return fault.error;
	if (fault.count != fault.at)
		return SQLITE_OK;
	if (fault.mode == FAULT_ERROR)
		return fault.error;
	*ret_die = 1;
	return SQLITE_OK;
}

static int fault_close(sqlite3_file *file)
{
	struct fault_file *f = (struct fault_file *)file, **p = &fault.files;

	while (*p != f)
		p = &(*p)->next;
	*p = f->next;
	fault_forget(f);
	int rc = f->real->pMethods->xClose(f->real);
	free(f->real);
	return rc;
}

static int fault_read(sqlite3_file *file, void *p, int n, sqlite3_int64 at)
{
	return fault_real(file)->pMethods->xRead(fault_real(file), p, n, at);
}

static int fault_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
	int die, rc = fault_next(&die);

	if (rc != SQLITE_OK)
		return rc;
	fault_note((struct fault_file *)file, p, n, at, 0);
	if (die) {
		fault_put((struct fault_file *)file, p, n / 2, at);
		fault_die();
	}
	return fault_real(file)->pMethods->xWrite(fault_real(file), p, n, at);
}

static int fault_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	int die, rc = fault_next(&die);

	if (rc != SQLITE_OK)
		return rc;
	fault_note((struct fault_file *)file, NULL, 0, size, size);
	if (die)
		fault_die();
	return fault_real(file)->pMethods->xTruncate(fault_real(file), size);
}

static int fault_sync(sqlite3_file *file, int flags)
{
	int die, rc = fault_next(&die);

	if (rc != SQLITE_OK)
		return rc;
	if (die)
		fault_die();
	fault_forget((struct fault_file *)file);
	return SQLITE_OK;
}

static int fault_size(sqlite3_file *file, sqlite3_int64 *ret)
{
	return fault_real(file)->pMethods->xFileSize(fault_real(file), ret);
}

static int fault_lock(sqlite3_file *file, int lock)
{
	return fault_real(file)->pMethods->xLock(fault_real(file), lock);
}

static int fault_unlock(sqlite3_file *file, int lock)
{
	return fault_real(file)->pMethods->xUnlock(fault_real(file), lock);
}

static int fault_reserved(sqlite3_file *file, int *ret)
{
	return fault_real(file)->pMethods->xCheckReservedLock(fault_real(file), ret);
}

/* SIZE_HINT and the like would write beside what is counted here. */
static int fault_control(sqlite3_file *file, int op, void *arg)
{
	if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE)
		return SQLITE_NOTFOUND;
	return fault_real(file)->pMethods->xFileControl(fault_real(file), op, arg);
}

static int fault_sector(sqlite3_file *file)
{
	return fault_real(file)->pMethods->xSectorSize(fault_real(file));
}

/* No promise about what power loss leaves of a write. */
static int fault_characteristics(sqlite3_file *file)
{
	return 0;
}

static int fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret)
{
	static const sqlite3_io_methods methods = {1, fault_close, fault_read, fault_write,
		fault_truncate, fault_sync, fault_size, fault_lock, fault_unlock, fault_reserved,
		fault_control, fault_sector, fault_characteristics, NULL, NULL, NULL, NULL, NULL,
		NULL};
	struct fault_file *f = (struct fault_file *)file;

	memset(f, 0, sizeof(*f));
	f->real = calloc(1, (size_t)fault.real->szOsFile);
	assert(f->real);
	int rc = fault.real->xOpen(fault.real, name, f->real, flags, ret);
	if (rc != SQLITE_OK) {
		free(f->real);
		return rc;
	}
	f->base.pMethods = &methods;
	f->next = fault.files;
	fault.files = f;
	return SQLITE_OK;
}

static int fault_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	int die, rc = fault_next(&die);

	if (rc != SQLITE_OK)
		return rc;
	if (die)
		fault_die();
	return fault.real->xDelete(fault.real, name, 0);
}

/* Makes it the default of this process. */
static void fault_install(void)
{
	static sqlite3_vfs vfs;

	fault.real = sqlite3_vfs_find(NULL);
	assert(fault.real);
	vfs = *fault.real;
	vfs.iVersion = 2;
	vfs.zName = "fault";
	vfs.szOsFile = (int)sizeof(struct fault_file);
	vfs.xOpen = fault_open;
	vfs.xDelete = fault_delete;
	assert(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
}
