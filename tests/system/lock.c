/* SPDX-License-Identifier: ISC */
/*
 * dpkg's own lock: held while a maintainer script runs, free when inotify tells
 * that the lock file was closed. Needs root and dpkg; else 77.
 *
 * Run by the package's postinst (LOCK_TEST_ROOT is set), this program asks
 * lock_busy() in the middle of the transaction and writes the answer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/wait.h>

#include "base/child.h"
#include "fact/fact.h"
#include "fact/lock.h"

static char dir[] = "/tmp/hardend-lock-XXXXXX";

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t ask(const char *path)
{
	struct root root;
	int r = root_open(path, &root);

	if (r < 0) {
		errno = -r;
		die(path);
	}
	uint64_t busy = lock_busy(&root, collector_get(FACT_PACKAGES)->locks);
	root_close(&root);
	return busy;
}

static void shell(struct memo *m, const char *script)
{
	const char *const argv[] = {"/bin/sh", "-euc", script, NULL};
	struct child_result res = {0};
	int r = child_run(m, argv, NULL, 60 * USEC_PER_SEC, 1 << 20, &res);

	if (r < 0 || res.status != 0) {
		printf("%s\n%s%s%s\n", script, strerror(-r), res.out ? res.out : "",
			res.err ? res.err : "");
		exit(1);
	}
	child_result_fini(&res);
}

/*
 * Asks at each closing of a lock file, as it comes, until "lock-done" is closed.
 * Whether there was one, and nothing was held after the last.
 */
static bool watch_closings(int fd)
{
	char buf[16384] __attribute__((aligned(8)));
	unsigned n = 0;
	uint64_t last = 1;

	for (;;) {
		ssize_t size = read(fd, buf, sizeof(buf));
		if (size <= 0)
			return false;
		for (ssize_t at = 0; at < size;) {
			const struct inotify_event *e = (const void *)(buf + at);
			at += (ssize_t)(sizeof(*e) + e->len);
			if (e->len > 0 && strcmp(e->name, "lock-done") == 0) {
				printf("%u closings of lock files, then %ju\n", n, (uintmax_t)last);
				return n > 0 && last == 0;
			}
			if (e->len == 0 || strncmp(e->name, "lock", 4) != 0)
				continue;
			n++;
			last = ask(dir);
		}
	}
}

/* In a process of its own, beside dpkg. */
static pid_t start_watcher(const char *path)
{
	int fd = inotify_init1(IN_CLOEXEC);

	if (fd < 0 || inotify_add_watch(fd, path, IN_CLOSE_WRITE) < 0)
		die(path);
	pid_t pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0)
		exit(watch_closings(fd) ? 0 : 1);
	(void)close(fd); /* the watcher has it */
	return pid;
}

static void build(struct memo *m, const char *self)
{
	char script[3 * 4096];

	(void)snprintf(script, sizeof(script),
		"cd %s; mkdir -p deb/DEBIAN root/var/lib/dpkg/info root/var/lib/dpkg/updates; "
		"touch root/var/lib/dpkg/status; "
		"printf 'Package: lock-test\\nVersion: 1\\nArchitecture: all\\nMaintainer: x\\n"
		"Description: x\\n' >deb/DEBIAN/control; "
		"printf '#!/bin/sh\\nLOCK_TEST_ROOT=%s exec %s\\n' >deb/DEBIAN/postinst; "
		"chmod 755 deb/DEBIAN/postinst; dpkg-deb --build deb lock-test.deb",
		dir, dir, self);
	shell(m, script);
}

int main(void)
{
	const char *inside = getenv("LOCK_TEST_ROOT");
	char self[4096] = "", script[512], answer[32] = "";
	int status = 1;

	if (inside) {
		(void)snprintf(script, sizeof(script), "%s/answer", inside);
		FILE *f = fopen(script, "we");
		if (!f || fprintf(f, "%ju", (uintmax_t)ask(inside)) < 0 || fclose(f) != 0)
			die(script);
		return 0;
	}
	if (geteuid() != 0 || access("/usr/bin/dpkg", X_OK) < 0) {
		printf("needs root and dpkg\n");
		return 77;
	}
	_cleanup_(memo_freep) struct memo *m = memo_new();
	if (!m || !mkdtemp(dir) || readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		die(dir);
	build(m, self);
	(void)snprintf(script, sizeof(script), "%s/root/var/lib/dpkg", dir);
	pid_t watcher = start_watcher(script);

	/* The root of the lock is the one that dpkg works in; scripts run outside it. */
	(void)snprintf(script, sizeof(script),
		"cd %s; ln -s root/var var; "
		"dpkg --root=%s/root --force-script-chrootless -i lock-test.deb; "
		": >root/var/lib/dpkg/lock-done",
		dir, dir);
	shell(m, script);
	if (waitpid(watcher, &status, 0) != watcher)
		die("waitpid");
	(void)snprintf(script, sizeof(script), "%s/answer", dir);
	FILE *f = fopen(script, "re");
	if (!f || !fgets(answer, sizeof(answer), f) || fclose(f) != 0)
		die(script);
	printf("during the transaction: %s us to wait\n", answer);
	(void)snprintf(script, sizeof(script), "rm -rf %s", dir);
	shell(m, script);
	return strtoull(answer, NULL, 10) == 30 * USEC_PER_MIN && status == 0 ? 0 : 1;
}
