/* SPDX-License-Identifier: ISC */
/*
 * Running processes with replaced files: libraries and programs that are
 * replaced under a process of ours, and everything that lsof(8) calls deleted
 * in the places that count.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fact/fact.h"
#include "fact/processes.h"

static char dir[] = "/usr/local/lib/hardend-test-XXXXXX";

static int sh(const char *fmt, ...) _printf_(1, 2);
static int sh(const char *fmt, ...)
{
	char cmd[2048];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	return system(cmd);
}

static int fail(const char *what)
{
	(void)fprintf(stderr, "%s\n", what);
	return 1;
}

static int collect(const struct root *root, struct factset *facts)
{
	static const enum fact_id ids[] = {
		FACT_OS, FACT_PACKAGES, FACT_APT_CONF, FACT_REPOS, FACT_UPDATES, FACT_PROCESSES};
	_cleanup_(memo_freep) struct memo *m = memo_new();
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	const struct collect c = {.root = root,
		.facts = facts,
		.memo = m,
		.realtime_usec = (uint64_t)now.tv_sec * USEC_PER_SEC};
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct fact *f = NULL;
		int r = fact_collect(ids[i], &c, &f);
		if (r < 0)
			return r;
		factset_put(facts, f);
	}
	return facts->v[FACT_PROCESSES]->state == FACT_STATE_OK ? 0 : -EIO;
}

static const struct stale_use *find(const struct factset *facts, pid_t pid, const char *path)
{
	const struct processes *p = facts->v[FACT_PROCESSES]->u.processes;

	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].pid == pid && strcmp(p->v[i].path, path) == 0)
			return &p->v[i];
	}
	return NULL;
}

/* What uses a file that lsof says is deleted: each must be known to us, but for containers. */
static int compare_lsof(const struct factset *facts, unsigned *ret_n)
{
	FILE *f = popen("lsof -nPw -d DEL,txt -F pfn 2>/dev/null", "re");
	char line[4096];
	int pid = 0, missing = 0;
	bool del = false;

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (*line == 'p')
			pid = atoi(line + 1);
		else if (*line == 'f')
			del = strcmp(line + 1, "DEL") == 0;
		char *deleted = strstr(line, " (deleted)");
		if (*line != 'n' || (!del && !deleted) || strncmp(line + 1, dir, strlen(dir)) != 0)
			continue;
		if (deleted)
			*deleted = '\0';
		(*ret_n)++;
		if (!find(facts, pid, line + 1)) {
			(void)fprintf(
				stderr, "lsof: pid %d uses %s; we do not know it\n", pid, line + 1);
			missing++;
		}
	}
	(void)pclose(f);
	return missing;
}

/* A process with a library and a program of its own; it says a line when both are mapped. */
static pid_t start(int *ret_fd)
{
	char program[96], env[128];
	int fds[2];

	(void)snprintf(program, sizeof(program), "%s/prog", dir);
	(void)snprintf(env, sizeof(env), "LD_LIBRARY_PATH=%s", dir);
	if (pipe(fds) < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		char *argv[] = {program, (char *)"-c", (char *)"echo ready; read line", NULL};
		char *envp[] = {env, NULL};
		int hold[2];
		if (pipe(hold) < 0 || dup2(hold[0], 0) < 0 || dup2(fds[1], 1) < 0)
			_exit(1);
		(void)execve(program, argv, envp);
		_exit(1);
	}
	(void)close(fds[1]);
	*ret_fd = fds[0];
	return pid;
}

static int test(const struct root *root, pid_t pid)
{
	_cleanup_(factset_fini) struct factset before = {0}, after = {0};
	char library[96], program[96];
	unsigned n = 0;

	(void)snprintf(library, sizeof(library), "%s/libc.so.6", dir);
	(void)snprintf(program, sizeof(program), "%s/prog", dir);
	if (collect(root, &before) < 0)
		return fail("the processes could not be read");
	if (find(&before, pid, library) || find(&before, pid, program))
		return fail("found before anything was replaced");
	if (sh("cp %s %s.new && mv %s.new %s && cp %s %s.new && mv %s.new %s", library, library,
		    library, library, program, program, program, program) != 0)
		return fail("cannot replace");
	if (collect(root, &after) < 0)
		return fail("the processes could not be read again");
	const struct stale_use *a = find(&after, pid, library), *b = find(&after, pid, program);
	if (!a || a->program || !b || !b->program || strcmp(b->command, "prog") != 0)
		return fail("a replaced library or program was not found");
	int missing = compare_lsof(&after, &n);
	const struct processes *p = after.v[FACT_PROCESSES]->u.processes;
	(void)printf("%zu processes looked at, %zu younger than the last change, %zu denied; %zu "
		     "uses of replaced files; lsof names %u of ours, %d unknown to us\n",
		p->looked, p->skipped, p->denied, p->n, n, missing);
	return missing == 0 && n >= 1 ? 0 : 1;
}

int main(void)
{
	struct root root;
	char c;
	int fd = -1;

	if (geteuid() != 0) {
		(void)printf("skipped: needs root\n");
		return 77;
	}
	if (sh("command -v lsof >/dev/null") != 0) {
		(void)printf("skipped: needs lsof\n");
		return 77;
	}
	if (!mkdtemp(dir) || root_open("/", &root) < 0)
		return fail("no directory in /usr/local/lib");
	int r = sh("cp /bin/sh %s/prog && cp $(ldd /bin/sh | sed -n 's|.*libc.so.6 => \\([^ ]*\\) "
		   ".*|\\1|p') "
		   "%s/libc.so.6",
		dir, dir);
	pid_t pid = r == 0 ? start(&fd) : -1;
	if (pid < 0 || read(fd, &c, 1) != 1)
		r = fail("cannot start a process");
	else
		r = test(&root, pid);
	if (pid > 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	root_close(&root);
	return sh("rm -r %s", dir) == 0 ? r : 1;
}
