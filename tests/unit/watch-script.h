/* SPDX-License-Identifier: ISC */
/*
 * Changes to a private root, written as one line each, so that a test of the
 * inotify source is a table: "write /a; rename /a /b; chmod 600 /b".
 */
#pragma once

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/syscall.h>

#include "test.h"

static int script_held = -1; /* what "hold" has opened and "release" closes */

static int script_rename(const char *from, const char *to, unsigned flags)
{
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static int script_write(const char *path, const char *text, int flags)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);

	if (fd < 0)
		return -1;
	return write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
}

/* a and b are words of the script; a path is one that begins with a slash. 0 or -1 and errno. */
static int script_do(const struct test_root *t, const char *op, const char *a, const char *b)
{
	const char *pa = test_path(t, a), *pb = b ? test_path(t, b) : NULL;

	if (strcmp(op, "write") == 0)
		return script_write(pa, b ? b : "text", O_TRUNC);
	if (strcmp(op, "append") == 0)
		return script_write(pa, b ? b : "text", O_APPEND);
	if (strcmp(op, "mkdir") == 0)
		return mkdir(pa, 0755);
	if (strcmp(op, "rm") == 0)
		return unlink(pa);
	if (strcmp(op, "rmdir") == 0)
		return rmdir(pa);
	if (strcmp(op, "fifo") == 0)
		return mkfifo(pa, 0600);
	if (strcmp(op, "rename") == 0)
		return script_rename(pa, pb, 0);
	if (strcmp(op, "exchange") == 0)
		return script_rename(pa, pb, RENAME_EXCHANGE);
	if (strcmp(op, "link") == 0)
		return link(pa, pb);
	if (strcmp(op, "symlink") == 0) /* the target as written, then the place */
		return symlink(a, pb);
	if (strcmp(op, "chmod") == 0)
		return chmod(pb, (mode_t)strtoul(a, NULL, 8));
	if (strcmp(op, "truncate") == 0)
		return truncate(pa, 1);
	if (strcmp(op, "hold") == 0)
		return (script_held = open(pa, O_WRONLY | O_CREAT | O_CLOEXEC, 0644)) < 0 ? -1 : 0;
	if (strcmp(op, "put") == 0)
		return write(script_held, a, strlen(a)) > 0 ? 0 : -1;
	if (strcmp(op, "release") == 0)
		return close(script_held);
	errno = ENOSYS;
	return -1;
}

/* Does all of it; fails the test when the machine refuses anything. */
static inline void script(const struct test_root *t, const char *text)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *line;

	while ((line = strsep(&rest, ";"))) {
		char *words[3] = {0}, *save = NULL;
		for (int i = 0; i < 3; i++)
			words[i] = strtok_r(i == 0 ? line : NULL, " ", &save);
		if (words[0] && script_do(t, words[0], words[1] ? words[1] : "", words[2]) < 0)
			fail_msg("%s %s %s: %s", words[0], words[1], words[2], strerror(errno));
	}
}
