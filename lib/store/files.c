/* SPDX-License-Identifier: ISC */
/* The database as files: made, and set aside. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "store/internal.h"

int store_sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	if (!dir)
		return -ENOMEM;
	_cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/*
 * An existing file is only looked at by name: closing a descriptor of it would
 * drop the locks that this process has on it.
 */
int store_create(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fsync(fd) < 0 ? -errno : store_sync_directory(path);
	struct stat st;
	if (errno != EEXIST)
		return -errno;
	if (lstat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISLNK(st.st_mode) ? -ELOOP : -ENODEV;
	if ((st.st_mode & 077) != 0 && chmod(path, 0600) < 0)
		return -errno;
	return 0;
}

pid_t store_holder(const char *path)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	_cleanup_close_ int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		return 0;
	return lock.l_pid;
}

/* path.TIME.bad, or path.TIME-2.bad and so on. Whether a file of that name is there is for rename.
 */
static char *aside_name(const char *path, uint64_t realtime_usec, int nth)
{
	time_t t = (time_t)(realtime_usec / USEC_PER_SEC);
	char when[32], number[16] = "", *name;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm) == 0)
		when[0] = '\0';
	if (nth > 1)
		(void)snprintf(number, sizeof(number), "-%d", nth);
	return asprintf(&name, "%s.%s%s.bad", path, when, number) < 0 ? NULL : name;
}

static int move_one(const char *path, const char *to, const char *suffix)
{
	_cleanup_free_ char *old = NULL, *new = NULL;

	if (asprintf(&old, "%s%s", path, suffix) < 0 || asprintf(&new, "%s%s", to, suffix) < 0)
		return -ENOMEM;
	return renameat2(AT_FDCWD, old, AT_FDCWD, new, RENAME_NOREPLACE) < 0 ? -errno : 0;
}

/* The log first: one left behind would be read into the next database of this name. */
static int move_all(const char *path, const char *to)
{
	static const char *const suffixes[] = {"-wal", "-shm"};

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		int r = move_one(path, to, suffixes[i]);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return move_one(path, to, "");
}

int store_set_aside(const char *path, uint64_t realtime_usec, char **ret_where)
{
	enum {
		TRIES = 100, /* databases that went bad within one second */
	};

	for (int nth = 1;; nth++) {
		_cleanup_free_ char *name = aside_name(path, realtime_usec, nth);
		if (!name)
			return -ENOMEM;
		int r = access(name, F_OK) == 0 ? -EEXIST : move_all(path, name);
		if (r == 0)
			r = store_sync_directory(path);
		if (r == 0) {
			*ret_where = TAKE_PTR(name);
			return 0;
		}
		if (r != -EEXIST || nth == TRIES)
			return r;
	}
}

static struct identity identify(const char *path, const char *suffix, off_t *ret_size)
{
	_cleanup_free_ char *name = NULL;
	struct stat st;

	if (asprintf(&name, "%s%s", path, suffix) < 0 || lstat(name, &st) < 0)
		return (struct identity){0};
	if (ret_size)
		*ret_size = st.st_size;
	return (struct identity){.dev = st.st_dev, .ino = st.st_ino};
}

void store_identify(struct store *s)
{
	s->file = identify(s->path, "", &s->size);
	s->log = identify(s->path, "-wal", NULL);
}

static bool is_same(const struct identity *x, const struct identity *y)
{
	return x->dev == y->dev && x->ino == y->ino;
}

int store_check(struct store *s)
{
	off_t size = 0;
	const struct identity file = identify(s->path, "", &size);
	const struct identity log = identify(s->path, "-wal", NULL);

	if (s->log.ino == 0)
		s->log = log; /* SQLite makes it when it first writes */
	if (!is_same(&file, &s->file) || !is_same(&log, &s->log))
		return -ESTALE;
	if (size < s->size)
		return -EUCLEAN;
	s->size = size;
	return 0;
}

/* A copy of all that was committed, on the disk. */
static int copy(struct store *s, const char *to)
{
	if (unlink(to) < 0 && errno != ENOENT)
		return -errno;
	int r = store_do(s, ST_COPY, VALUES(TEXT(to)), NULL, NULL);
	if (r < 0)
		return r;
	_cleanup_close_ int fd = open(to, O_RDONLY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/*
 * Something is at the path until the copy is: a start in between must not find
 * nothing. The log goes first, or it would be read into the copy.
 */
static int put_in_place(
	const struct store *s, const char *from, uint64_t realtime_usec, char **ret_aside)
{
	_cleanup_free_ char *aside = aside_name(s->path, realtime_usec, 1);
	const struct identity now = identify(s->path, "", NULL);
	const struct identity log = identify(s->path, "-wal", NULL);
	_cleanup_free_ char *wal = NULL;

	if (!aside || asprintf(&wal, "%s-wal", s->path) < 0)
		return -ENOMEM;
	int r = 0;
	if (log.ino != 0 && is_same(&log, &s->log))
		r = unlink(wal) < 0 ? -errno : 0;
	else if (log.ino != 0)
		r = move_one(s->path, aside, "-wal");
	if (r < 0)
		return r;
	bool other = now.ino != 0 && !is_same(&now, &s->file);
	if (other && link(s->path, aside) < 0)
		return -errno;
	if (rename(from, s->path) < 0)
		return -errno;
	*ret_aside = other ? TAKE_PTR(aside) : NULL;
	return store_sync_directory(s->path);
}

int store_restore(struct store *s, uint64_t realtime_usec, char **ret_aside)
{
	_cleanup_free_ char *new = NULL, *aside = NULL;

	if (asprintf(&new, "%s.new", s->path) < 0)
		return -ENOMEM;
	store_undo(s); /* what is kept is made again when it is next used */
	int r = copy(s, new);
	if (r == 0)
		r = put_in_place(s, new, realtime_usec, &aside);
	if (r < 0) {
		(void)unlink(new); /* made anew at the next try */
		return r;
	}
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	store_disconnect(s);
	if (store_connect(s) < 0)
		return -EUCLEAN;
	*ret_aside = TAKE_PTR(aside);
	return 0;
}
