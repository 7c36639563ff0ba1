/* SPDX-License-Identifier: ISC */
#include "fact/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

enum {
	LOCK_FILE_MAX = 64, /* a number, a newline or NUL */
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

uint64_t lock_busy(const struct root *root, const struct fact_lock *locks)
{
	struct root quiet = *root;
	uint64_t busy = 0;

	quiet.deps = NULL;
	for (const struct fact_lock *l = locks; l && l->path; l++) {
		bool held = l->kind == LOCK_FCNTL ? fcntl_held(&quiet, l->path)
						  : exists_held(&quiet, l->path);
		if (held && l->max_usec > busy)
			busy = l->max_usec;
	}
	return busy;
}
