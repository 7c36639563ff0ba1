/* SPDX-License-Identifier: ISC */
/*
 * Running a test in namespaces of its own, where it may mount and lower limits
 * without anybody else noticing.
 */
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "test.h"

static inline bool namespace_put(const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* A new user namespace in which we are root, and those that flags name; no mount leaves it. */
static inline bool namespace_enter(int flags)
{
	char uid[64], gid[64];

	(void)snprintf(uid, sizeof(uid), "0 %d 1", (int)geteuid());
	(void)snprintf(gid, sizeof(gid), "0 %d 1", (int)getegid());
	if (unshare(CLONE_NEWUSER | flags) < 0 || !namespace_put("/proc/self/setgroups", "deny") ||
		!namespace_put("/proc/self/uid_map", uid) ||
		!namespace_put("/proc/self/gid_map", gid))
		return false;
	return !(flags & CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* Runs the test in a process of its own after prepare; skipped when that is refused. */
static inline void run_apart(bool (*prepare)(int arg), int arg, void (*test)(void **state))
{
	int status;

	(void)fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const struct CMUnitTest tests[] = {cmocka_unit_test(test)};
		_exit(!prepare(arg) ? 77 : cmocka_run_group_tests(tests, NULL, NULL) != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}
