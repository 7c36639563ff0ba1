/* SPDX-License-Identifier: ISC */
/*
 * useradd, usermod, passwd and their like, run for real on files of our own in a
 * mount namespace: as long as one of the collector's locks is held nothing is
 * read, and what is read then has changed once, in one item.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fact/accounts.h"
#include "fact/collectors.h"
#include "fact/lock.h"

static char dir[] = "/tmp/hardend-tools-XXXXXX";

static const struct step {
	const char *command, *subject; /* the one item that changes */
} steps[] = {
	{"useradd alice", "account alice"},
	{"usermod -aG sudo,adm alice", "account alice"},
	{"echo alice:a-Good-1-password | chpasswd", "account alice"},
	{"usermod -L alice", "account alice"},
	{"chage -E 2030-01-01 alice", "account alice"},
	{"usermod -s /bin/sh -d /srv alice", "account alice"},
	{"gpasswd -d alice adm", "account alice"},
	{"groupadd crew", "group crew"},
	{"usermod -l alicia alice",
		NULL}, /* and the group keeps its name: once, but not one item */
	{"groupdel crew", "group crew"},
	{"userdel alicia", "account alicia"},
};

static struct fact *collect_now(void)
{
	struct factset facts = {0};
	struct fact *f = NULL;
	struct root root;

	if (root_open("/", &root) < 0)
		return NULL;
	const struct collect c = {.root = &root, .facts = &facts};
	(void)fact_collect(FACT_ACCOUNTS, &c, &f); /* NULL when it fails */
	root_close(&root);
	return f;
}

static const char *value_of(const struct fact *f, const char *subject)
{
	for (size_t i = 0; i < f->n_items; i++) {
		if (strcmp(f->items[i].subject, subject) == 0)
			return f->items[i].value;
	}
	return "";
}

/* How many items of a are other in b, the last of them into *ret. */
static unsigned count_missing(const struct fact *a, const struct fact *b, const char **ret)
{
	unsigned n = 0;

	for (size_t i = 0; i < a->n_items; i++) {
		if (strcmp(value_of(b, a->items[i].subject), a->items[i].value) == 0)
			continue;
		*ret = a->items[i].subject;
		n++;
	}
	return n;
}

struct watched {
	const struct step *step;
	struct fact *last;
	unsigned changes;
	bool wrong;
};

/* Reads, unless somebody is at work, and counts what has changed. */
static void look(struct watched *w)
{
	const char *old = NULL, *new = NULL;
	struct root root;

	if (root_open("/", &root) < 0)
		return;
	bool busy = lock_busy(&root, accounts_locks) > 0;
	root_close(&root);
	struct fact *now = busy ? NULL : collect_now();
	if (!now)
		return;
	unsigned gone = count_missing(w->last, now, &old), came = count_missing(now, w->last, &new);
	const char *subject = new ? new : old;
	if (gone || came) {
		w->changes++;
		w->wrong = w->wrong ||
			   (w->step->subject && (gone > 1 || came > 1 ||
							strcmp(w->step->subject, subject) != 0));
		printf("  %s: %s\n", subject, value_of(now, subject));
	}
	fact_free(w->last);
	w->last = now;
}

static void drain(int fd)
{
	char buf[65536];

	while (read(fd, buf, sizeof(buf)) > 0)
		;
}

static int run_step(const struct step *step, int fd)
{
	struct watched w = {.step = step, .last = collect_now()};
	int status = 0;

	printf("%s\n", step->command);
	(void)fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", step->command, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		if (poll(&p, 1, 20) > 0) {
			drain(fd);
			look(&w);
		}
	}
	look(&w);
	fact_free(w.last);
	if (status != 0 || w.changes != 1 || w.wrong) {
		printf("  status %d, %u changes%s\n", status, w.changes,
			w.wrong ? ", not the one item" : "");
		return 1;
	}
	return 0;
}

static int prepare(void)
{
	char command[512];

	if (!mkdtemp(dir) || chmod(dir, 0755) < 0)
		return -1;
	(void)snprintf(command, sizeof(command),
		"cd /etc && for f in passwd shadow group gshadow login.defs pam.d security skel "
		"nsswitch.conf default subuid subgid shells; do [ ! -e $f ] || cp -a $f %s/; done",
		dir);
	if (system(command) != 0)
		return -1;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	return mount(dir, "/etc", NULL, MS_BIND, NULL);
}

int main(void)
{
	char command[64];
	int r = 0;

	if (geteuid() != 0 || access("/usr/sbin/useradd", X_OK) < 0 ||
		access("/usr/sbin/chpasswd", X_OK) < 0) {
		puts("skipped: needs root, useradd and chpasswd");
		return 77;
	}
	if (prepare() < 0) {
		printf("skipped: no mount namespace of our own (%s)\n", strerror(errno));
		return 77;
	}
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd < 0 || inotify_add_watch(fd, "/etc",
			      IN_CREATE | IN_DELETE | IN_MOVE | IN_CLOSE_WRITE | IN_MODIFY) < 0) {
		perror("inotify");
		r = 1;
	}
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && r == 0; i++)
		r = run_step(&steps[i], fd);
	(void)snprintf(command, sizeof(command), "rm -rf -- '%s'", dir);
	if (system(command) != 0)
		r = 1;
	return r;
}
