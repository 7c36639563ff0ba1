/* SPDX-License-Identifier: ISC */
#include "fact/rodb.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	VALUE_MAX = 64 << 20,
	STEPS_PER_CALL = 100000, /* of SQLite's virtual machine */
	CALLS_MAX = 200,
	TRIES = 5,
};

#define READ_MAX (INT64_C(2) << 30)

enum {
	RODB_MAIN,
	RODB_WAL,
	RODB_FILES,
};

struct rodb {
	sqlite3_vfs vfs; /* pAppData points back here */
	char name[48];
	int fd[RODB_FILES]; /* the WAL's is -1 when there is none */
	struct stat st[RODB_FILES];
	unsigned calls;
	int64_t bytes; /* read so far: a tree of pages may well lead in circles */
	sqlite3 *db;
};

struct rodb_file {
	sqlite3_file base;
	struct rodb *db;
	int fd;
};

static int file_fd(sqlite3_file *f)
{
	return ((struct rodb_file *)f)->fd;
}

static int file_close(_unused_ sqlite3_file *f)
{
	return SQLITE_OK;
}

static int file_read(sqlite3_file *f, void *buf, int n, sqlite3_int64 offset)
{
	struct rodb *d = ((struct rodb_file *)f)->db;
	size_t done = 0;

	d->bytes += n;
	if (d->bytes > READ_MAX)
		return SQLITE_IOERR_READ;
	while (done < (size_t)n && file_fd(f) >= 0) {
		ssize_t r = pread(file_fd(f), (char *)buf + done, (size_t)n - done,
			offset + (sqlite3_int64)done);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return SQLITE_IOERR_READ;
		if (r == 0)
			break;
		done += (size_t)r;
	}
	/* SQLite demands that the rest is zero. */
	memset((char *)buf + done, 0, (size_t)n - done);
	return done == (size_t)n ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int file_size(sqlite3_file *f, sqlite3_int64 *ret)
{
	struct stat st = {.st_size = 0};

	if (file_fd(f) >= 0 && fstat(file_fd(f), &st) < 0)
		return SQLITE_IOERR_FSTAT;
	*ret = st.st_size;
	return SQLITE_OK;
}

static int file_write(_unused_ sqlite3_file *f, _unused_ const void *buf, _unused_ int n,
	_unused_ sqlite3_int64 offset)
{
	return SQLITE_READONLY;
}

static int file_truncate(_unused_ sqlite3_file *f, _unused_ sqlite3_int64 size)
{
	return SQLITE_READONLY;
}

static int file_nothing(_unused_ sqlite3_file *f, _unused_ int arg)
{
	return SQLITE_OK;
}

static int file_reserved(_unused_ sqlite3_file *f, int *ret)
{
	*ret = 0;
	return SQLITE_OK;
}

static int file_control(_unused_ sqlite3_file *f, _unused_ int op, _unused_ void *arg)
{
	return SQLITE_NOTFOUND;
}

static int file_sector(_unused_ sqlite3_file *f)
{
	return 4096;
}

static int file_characteristics(_unused_ sqlite3_file *f)
{
	return 0;
}

/* Version 1: no shared memory, so that SQLite keeps its index of the WAL on the heap. */
static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_nothing,
	.xFileSize = file_size,
	.xLock = file_nothing,
	.xUnlock = file_nothing,
	.xCheckReservedLock = file_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_characteristics,
};

static int vfs_open(
	sqlite3_vfs *vfs, _unused_ const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
	struct rodb *d = vfs->pAppData;
	struct rodb_file *f = (struct rodb_file *)file;

	*f = (struct rodb_file){.db = d, .fd = -1};
	if (!(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)))
		return SQLITE_CANTOPEN;
	f->fd = d->fd[flags & SQLITE_OPEN_WAL ? RODB_WAL : RODB_MAIN];
	f->base.pMethods = &methods;
	if (ret_flags)
		*ret_flags = SQLITE_OPEN_READONLY;
	return SQLITE_OK;
}

static int vfs_delete(_unused_ sqlite3_vfs *vfs, _unused_ const char *name, _unused_ int sync)
{
	return SQLITE_READONLY;
}

/* The names that SQLite asks about are path + "-wal" and "-journal"; the latter was looked for. */
static int vfs_access(sqlite3_vfs *vfs, const char *name, _unused_ int flags, int *ret)
{
	const struct rodb *d = vfs->pAppData;
	size_t n = strlen(name);

	*ret = n > 4 && strcmp(name + n - 4, "-wal") == 0 && d->fd[RODB_WAL] >= 0;
	return SQLITE_OK;
}

static int vfs_full_name(_unused_ sqlite3_vfs *vfs, const char *name, int n, char *ret)
{
	return (size_t)snprintf(ret, (size_t)n, "%s", name) < (size_t)n ? SQLITE_OK
									: SQLITE_CANTOPEN;
}

/* A VFS of this connection's own, under a name that no other has. */
static int vfs_init(struct rodb *d)
{
	const sqlite3_vfs *os = sqlite3_vfs_find(NULL);

	if (!os)
		return -ENOTSUP;
	(void)snprintf(d->name, sizeof(d->name), "rodb-%p", (void *)d);
	d->vfs = (sqlite3_vfs){
		.iVersion = 1,
		.szOsFile = sizeof(struct rodb_file),
		.mxPathname = 64,
		.zName = d->name,
		.pAppData = d,
		.xOpen = vfs_open,
		.xDelete = vfs_delete,
		.xAccess = vfs_access,
		.xFullPathname = vfs_full_name,
		.xRandomness = os->xRandomness,
		.xSleep = os->xSleep,
		.xCurrentTime = os->xCurrentTime,
	};
	return 0;
}

/* A schema may hold views without end. */
static int enough(void *arg)
{
	struct rodb *d = arg;

	return ++d->calls > CALLS_MAX;
}

static int rodb_connect(struct rodb *d)
{
	int r = sqlite3_vfs_register(&d->vfs, 0);

	if (r == SQLITE_OK)
		r = sqlite3_open_v2("main", &d->db,
			SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
			d->name);
	if (r != SQLITE_OK)
		return r == SQLITE_NOMEM ? -ENOMEM : -EBADMSG;
	(void)sqlite3_limit(d->db, SQLITE_LIMIT_LENGTH, VALUE_MAX);
	(void)sqlite3_limit(d->db, SQLITE_LIMIT_ATTACHED, 0);
	(void)sqlite3_db_config(d->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(d->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_db_config(d->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_progress_handler(d->db, STEPS_PER_CALL, enough, d);
	/* Exclusive from the first page on: else a WAL needs shared memory. */
	r = sqlite3_exec(d->db,
		"PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY;"
		"PRAGMA cell_size_check = ON; PRAGMA cache_size = -256;",
		NULL, NULL, NULL);
	return r == SQLITE_OK ? 0 : r == SQLITE_NOMEM ? -ENOMEM : -EBADMSG;
}

static int open_files(const struct root *r, const char *path, struct rodb *d)
{
	_cleanup_free_ char *wal = NULL, *journal = NULL;
	struct stat st;

	if (asprintf(&wal, "%s-wal", path) < 0) {
		wal = NULL;
		return -ENOMEM;
	}
	if (asprintf(&journal, "%s-journal", path) < 0) {
		journal = NULL;
		return -ENOMEM;
	}
	d->fd[RODB_MAIN] = root_open_file(r, path, &d->st[RODB_MAIN]);
	if (d->fd[RODB_MAIN] < 0)
		return d->fd[RODB_MAIN];
	d->fd[RODB_WAL] = root_open_file(r, wal, &d->st[RODB_WAL]);
	if (d->fd[RODB_WAL] < 0 && d->fd[RODB_WAL] != -ENOENT)
		return d->fd[RODB_WAL];
	return root_stat(r, journal, &st) == 0 && st.st_size > 0 ? -ENOTSUP : 0;
}

int rodb_open(const struct root *r, const char *path, struct rodb **ret)
{
	struct rodb *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->fd[RODB_MAIN] = d->fd[RODB_WAL] = -1;
	int err = open_files(r, path, d);
	if (err == 0)
		err = vfs_init(d);
	if (err == 0)
		err = rodb_connect(d);
	if (err < 0) {
		(void)rodb_close(d); /* nothing was read */
		return err;
	}
	*ret = d;
	return 0;
}

sqlite3 *rodb_handle(struct rodb *d)
{
	return d->db;
}

static bool changed(int fd, const struct stat *old)
{
	struct stat st;

	return fd >= 0 && (fstat(fd, &st) < 0 || st.st_size != old->st_size ||
				  st.st_mtim.tv_sec != old->st_mtim.tv_sec ||
				  st.st_mtim.tv_nsec != old->st_mtim.tv_nsec);
}

int rodb_close(struct rodb *d)
{
	int r = 0;

	if (!d)
		return 0;
	(void)sqlite3_close(d->db);	       /* read only: nothing to lose */
	(void)sqlite3_vfs_unregister(&d->vfs); /* known or not, it is gone */
	for (int i = 0; i < RODB_FILES; i++) {
		if (changed(d->fd[i], &d->st[i]))
			r = -EAGAIN;
		closep(&d->fd[i]);
	}
	free(d);
	return r;
}

int rodb_each(sqlite3 *db, const char *sql, int (*each)(sqlite3_stmt *row, void *arg), void *arg)
{
	sqlite3_stmt *s = NULL;
	int r = 0, step = sqlite3_prepare_v2(db, sql, -1, &s, NULL);

	while (step == SQLITE_OK || step == SQLITE_ROW) {
		step = sqlite3_step(s);
		r = step == SQLITE_ROW ? each(s, arg) : 0;
		if (r < 0)
			break;
	}
	(void)sqlite3_finalize(s); /* repeats the error of the last step */
	if (r < 0 || step == SQLITE_DONE)
		return r;
	return step == SQLITE_NOMEM ? -ENOMEM : -EBADMSG;
}

static int read_once(
	const struct root *r, const char *path, int (*read)(sqlite3 *db, void *arg), void *arg)
{
	struct rodb *d = NULL;
	int err = rodb_open(r, path, &d);

	if (err < 0)
		return err;
	err = read(d->db, arg);
	int closed = rodb_close(d);
	/* What made no sense may have been half written. */
	return err == -ENOMEM || closed == 0 ? err : closed;
}

int rodb_read(
	const struct root *r, const char *path, int (*read)(sqlite3 *db, void *arg), void *arg)
{
	int err = -EAGAIN;

	/* rpm gives its lock up first and then moves the WAL into the database: milliseconds. */
	for (int i = 0; i < TRIES && err == -EAGAIN; i++)
		err = read_once(r, path, read, arg);
	return err;
}
