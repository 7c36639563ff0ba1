/* SPDX-License-Identifier: ISC */
/*
 * Changes to a private root, written as one line each, so that a test of the
 * inotify source is a table: "write /a; rename /a /b; chmod 600 /b".
 *
 * Every path is resolved inside the root (RESOLVE_IN_ROOT): the links that
 * tests make lead to "/" and above, and must not lead to this machine's own.
 */
#pragma once

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "test.h"

static int script_held = -1; /* what "hold" has opened and "release" closes */

static inline int script_open(const struct test_root *t, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.mode = flags & O_CREAT ? 0644 : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, t->root.fd, path, &how, sizeof(how));
}

/* A path as its directory, resolved, and its last component, which the kernel does not follow. */
struct script_place {
	int fd;
	const char *name;
};

static inline void script_place_fini(struct script_place *p)
{
	closep(&p->fd);
}

static inline struct script_place script_find(const struct test_root *t, const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *dir = strndup(path, slash ? (size_t)(slash - path) + 1 : 0);

	return (struct script_place){
		.fd = slash ? script_open(t, dir, O_PATH | O_DIRECTORY) : -1,
		.name = slash ? slash + 1 : "",
	};
}

static inline int script_write(
	const struct test_root *t, const char *path, const char *text, int flags)
{
	_cleanup_close_ int fd = script_open(t, path, O_WRONLY | O_CREAT | O_NONBLOCK | flags);

	if (fd < 0)
		return -1;
	return write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
}

/* By path where there is one for what was opened, so that no descriptor for writing is closed. */
static inline int script_chmod(const struct test_root *t, const char *mode, const char *path)
{
	_cleanup_close_ int fd = script_open(t, path, O_PATH);
	char link[32];

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return fd < 0 ? -1 : chmod(link, (mode_t)strtoul(mode, NULL, 8));
}

static inline int script_truncate(const struct test_root *t, const char *path)
{
	_cleanup_close_ int fd = script_open(t, path, O_PATH);
	char link[32];

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return fd < 0 ? -1 : truncate(link, 1);
}

/* Mounts a new file system, or what is at from, on path; from NULL: a new one. */
static inline int script_mount(const struct test_root *t, const char *from, const char *path)
{
	_cleanup_close_ int fd = script_open(t, path, O_PATH);
	_cleanup_close_ int from_fd = from ? script_open(t, from, O_PATH) : -1;
	char link[32], from_link[32];
	struct stat st, root;

	if (fd < 0 || (from && from_fd < 0) || fstat(fd, &st) < 0 || fstat(t->root.fd, &root) < 0)
		return -1;
	/* Not on the root: who holds it goes around such a mount, but for "..", which does not. */
	if (st.st_dev == root.st_dev && st.st_ino == root.st_ino) {
		errno = EBUSY;
		return -1;
	}
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	(void)snprintf(from_link, sizeof(from_link), "/proc/self/fd/%d", from_fd);
	return from ? mount(from_link, link, NULL, MS_BIND, NULL)
		    : mount("none", link, "tmpfs", 0, NULL);
}

static inline int script_umount(const struct test_root *t, const char *path)
{
	_cleanup_close_ int fd = script_open(t, path, O_PATH);
	char link[32];

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return fd < 0 ? -1 : umount2(link, MNT_DETACH);
}

/* What opens a file. -2: it is none of these. */
static inline int script_file(
	const struct test_root *t, const char *op, const char *a, const char *b)
{
	if (strcmp(op, "write") == 0)
		return script_write(t, a, b ? b : "text", O_TRUNC);
	if (strcmp(op, "append") == 0)
		return script_write(t, a, b ? b : "text", O_APPEND);
	if (strcmp(op, "truncate") == 0)
		return script_truncate(t, a);
	if (strcmp(op, "chmod") == 0)
		return script_chmod(t, a, b);
	if (strcmp(op, "mount") == 0)
		return script_mount(t, NULL, a);
	if (strcmp(op, "bind") == 0)
		return script_mount(t, a, b);
	if (strcmp(op, "umount") == 0)
		return script_umount(t, a);
	if (strcmp(op, "hold") == 0) {
		script_held = script_open(t, a, O_WRONLY | O_CREAT | O_NONBLOCK);
		return script_held < 0 ? -1 : 0;
	}
	if (strcmp(op, "put") == 0)
		return write(script_held, a, strlen(a)) > 0 ? 0 : -1;
	if (strcmp(op, "release") == 0)
		return close(script_held);
	if (strcmp(op, "look") == 0) {
		script_held = script_open(t, a, O_RDONLY);
		return script_held < 0 ? -1 : 0;
	}
	return -2;
}

/* One change. b is NULL where the operation takes one word. 0, or -1 and errno. */
static inline int script_do(const struct test_root *t, const char *op, const char *a, const char *b)
{
	int r = script_file(t, op, a, b);

	if (r != -2)
		return r;
	_cleanup_(script_place_fini) struct script_place p = script_find(t, a);
	_cleanup_(script_place_fini) struct script_place q = script_find(t, b ? b : "");
	if (strcmp(op, "symlink") == 0) /* the target as written, then the place */
		return symlinkat(a, q.fd, q.name);
	if (strcmp(op, "mkdir") == 0)
		return mkdirat(p.fd, p.name, 0755);
	if (strcmp(op, "rm") == 0)
		return unlinkat(p.fd, p.name, 0);
	if (strcmp(op, "rmdir") == 0)
		return unlinkat(p.fd, p.name, AT_REMOVEDIR);
	if (strcmp(op, "fifo") == 0)
		return mkfifoat(p.fd, p.name, 0600);
	if (strcmp(op, "link") == 0)
		return linkat(p.fd, p.name, q.fd, q.name, 0);
	if (strcmp(op, "rename") == 0)
		return renameat(p.fd, p.name, q.fd, q.name);
	if (strcmp(op, "exchange") == 0)
		return (int)syscall(SYS_renameat2, p.fd, p.name, q.fd, q.name, RENAME_EXCHANGE);
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
