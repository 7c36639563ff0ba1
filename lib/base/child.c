/* SPDX-License-Identifier: ISC */
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "base/stream.h"

enum {
	ERR_MAX = 4096,
};

struct memo_entry {
	struct memo_entry *next;
	char *key, *signature, *answer;
};

struct memo {
	struct memo_entry *head;
	unsigned children;
};

void child_result_fini(struct child_result *r)
{
	free(r->out);
	free(r->err);
	*r = (struct child_result){0};
}

static int spawn(const char *const argv[], int in, int out, int err, pid_t *ret)
{
	static char *const env[] = {
		(char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", (char *)"LC_ALL=C", NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	int r = posix_spawn_file_actions_init(&actions);
	if (r != 0)
		return -r;
	r = posix_spawnattr_init(&attr);
	if (r != 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return -r;
	}
	r = -posix_spawnattr_setsigmask(&attr, &none);
	if (r == 0)
		r = -posix_spawnattr_setsigdefault(&attr, &all);
	if (r == 0)
		r = -posix_spawnattr_setpgroup(&attr, 0);
	if (r == 0)
		r = -posix_spawnattr_setflags(&attr,
			POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	const int fds[] = {in, out, err};
	for (int i = 0; i < 3 && r == 0; i++)
		r = -posix_spawn_file_actions_adddup2(&actions, fds[i], i);
	if (r == 0)
		r = -posix_spawn_file_actions_addchdir_np(&actions, "/");
	if (r == 0)
		r = -posix_spawn(ret, argv[0], &actions, &attr, (char *const *)argv, env);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&actions);
	return r;
}

/* A pipe whose reading end does not block; dup2 in the child clears CLOEXEC on its copy. */
static int pipe_for_output(int fds[static 2])
{
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	return fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

/* Input goes through an unlinked file: no writer that could block. */
static int open_input(const char *input)
{
	if (!input)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	size_t n = strlen(input);
	if (fd >= 0 && (write(fd, input, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) < 0)) {
		closep(&fd);
		errno = ENOSPC;
		return -1;
	}
	return fd;
}

/* Until it has ended: -ETIMEDOUT when it closed its output and lives on. */
static int reap(pid_t pid, uint64_t deadline, int *ret_status)
{
	for (;;) {
		pid_t p = waitpid(pid, ret_status, WNOHANG);
		if (p == pid)
			return 0;
		if (p < 0 && errno != EINTR)
			return -errno;
		if (stream_now() >= deadline)
			return -ETIMEDOUT;
		/* Its output has ended, so this is the exit itself: microseconds. */
		(void)poll(NULL, 0, 1);
	}
}

int child_run(struct memo *m, const char *const argv[], const char *input, uint64_t timeout_usec,
	size_t max, struct child_result *ret)
{
	uint64_t deadline = stream_now() + timeout_usec;
	_cleanup_close_ int in = open_input(input);
	int out[2] = {-1, -1}, err[2] = {-1, -1};
	pid_t pid = -1;
	int status = 0;

	if (in < 0)
		return -errno;
	int r = pipe_for_output(out);
	if (r == 0)
		r = pipe_for_output(err);
	if (r == 0)
		r = spawn(argv, in, out[1], err[1], &pid);
	closep(&out[1]);
	closep(&err[1]);
	if (r < 0) {
		closep(&out[0]);
		closep(&err[0]);
		return r;
	}
	m->children++;

	_cleanup_(stream_fini) struct stream so = {.fd = out[0], .max = max};
	_cleanup_(stream_fini) struct stream se = {.fd = err[0], .max = ERR_MAX, .cut = true};
	r = stream_drain((struct stream *const[]){&so, &se}, 2, deadline);
	if (r == 0)
		r = reap(pid, deadline, &status);
	if (r < 0) {
		(void)kill(-pid, SIGKILL); /* gone already is as good */
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		return r;
	}
	*ret = (struct child_result){
		.out = so.data, .out_size = so.size, .err = se.data, .status = status};
	so.data = se.data = NULL;
	return 0;
}

struct memo *memo_new(void)
{
	return calloc(1, sizeof(struct memo));
}

static void entry_free(struct memo_entry *e)
{
	free(e->key);
	free(e->signature);
	free(e->answer);
	free(e);
}

void memo_free(struct memo *m)
{
	if (!m)
		return;
	for (struct memo_entry *e = m->head, *next; e; e = next) {
		next = e->next;
		entry_free(e);
	}
	free(m);
}

unsigned memo_children(const struct memo *m)
{
	return m->children;
}

const char *memo_get(const struct memo *m, const char *key, const char *signature)
{
	for (const struct memo_entry *e = m->head; e; e = e->next) {
		if (strcmp(e->key, key) == 0)
			return strcmp(e->signature, signature) == 0 ? e->answer : NULL;
	}
	return NULL;
}

int memo_put(struct memo *m, const char *key, const char *signature, const char *answer)
{
	struct memo_entry *fresh = calloc(1, sizeof(*fresh));

	if (!fresh)
		return -ENOMEM;
	fresh->key = strdup(key);
	fresh->signature = strdup(signature);
	fresh->answer = strdup(answer);
	if (!fresh->key || !fresh->signature || !fresh->answer) {
		entry_free(fresh);
		return -ENOMEM;
	}
	for (struct memo_entry **p = &m->head; *p; p = &(*p)->next) {
		if (strcmp((*p)->key, key) == 0) {
			struct memo_entry *old = *p;
			*p = old->next;
			entry_free(old);
			break;
		}
	}
	fresh->next = m->head;
	m->head = fresh;
	return 0;
}
