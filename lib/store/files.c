/* SPDX-License-Identifier: ISC */
/* The database as files: made, and set aside. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "store/internal.h"

static int sync_directory(const char *path)
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
		return fsync(fd) < 0 ? -errno : sync_directory(path);
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
			r = sync_directory(path);
		if (r == 0) {
			*ret_where = TAKE_PTR(name);
			return 0;
		}
		if (r != -EEXIST || nth == TRIES)
			return r;
	}
}
