/* SPDX-License-Identifier: ISC */
#include "fact/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

enum {
	LOCK_FILE_MAX = 64, /* a number, a newline or NUL */
	LOCKS_MAX = 1 << 20,
};

/* Held, unless the content is the number of a process that does not exist. */
static bool exists_held(const struct root *root, const char *path)
{
	_cleanup_file_ struct file f = {0};
	int r = root_read(root, path, LOCK_FILE_MAX, &f);

	if (r == -ENOENT || r == -ENOTDIR)
		return false;
	if (r < 0)
		return r == -EFBIG;
	size_t digits = strspn(f.data, "0123456789");
	size_t end = digits + strspn(f.data + digits, "\n ");
	if (digits == 0 || digits > 9 || f.data[end] != '\0')
		return true;
	return kill((pid_t)strtol(f.data, NULL, 10), 0) == 0 || errno != ESRCH;
}

/*
 * Held for writing. A shared lock is no transaction, and whoever may read the
 * file could hold one (rpm's is readable for all).
 */
static bool fcntl_held(const struct root *root, const char *path)
{
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	struct stat st;
	_cleanup_close_ int fd = root_open_file(root, path, &st);

	/* F_OFD_GETLK, since F_GETLK would not see a lock of this process's own. */
	return fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/*
 * A line is "1: FLOCK  ADVISORY  WRITE 3022 00:19:1374 0 EOF" (proc(5)); of who
 * waits for it, "1: -> FLOCK ...".
 */
static bool flock_held(const struct root *root, const char *path)
{
	_cleanup_file_ struct file f = {0};
	unsigned long long inode;
	unsigned maj, min;
	struct stat st;

	if (root_stat(root, path, &st) < 0 || root_read(root, "/proc/locks", LOCKS_MAX, &f) < 0)
		return false;
	for (const char *s = f.data; s && *s; s = strchr(s, '\n')) {
		s += *s == '\n';
		if (sscanf(s, "%*u: FLOCK ADVISORY WRITE %*u %x:%x:%llu ", &maj, &min, &inode) ==
				3 &&
			makedev(maj, min) == st.st_dev && inode == st.st_ino)
			return true;
	}
	return false;
}

static bool is_held(const struct root *root, const struct fact_lock *l)
{
	switch (l->kind) {
	case LOCK_FCNTL:
		return fcntl_held(root, l->path);
	case LOCK_FLOCK:
		return flock_held(root, l->path);
	case LOCK_EXISTS:
		break;
	}
	return exists_held(root, l->path);
}

uint64_t lock_busy(const struct root *root, const struct fact_lock *locks)
{
	struct root quiet = *root;
	uint64_t busy = 0;

	quiet.deps = NULL;
	for (const struct fact_lock *l = locks; l && l->path; l++) {
		if (l->max_usec > busy && is_held(&quiet, l))
			busy = l->max_usec;
	}
	return busy;
}
