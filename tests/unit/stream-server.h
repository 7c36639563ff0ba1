/* SPDX-License-Identifier: ISC */
/*
 * A stream socket of the test's own with a child behind it that sends a text to
 * each who connects. It listens before the child is there: nothing waits.
 */
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "test.h"

struct server {
	struct test_root t;
	char path[108];
	int fd;
	pid_t child;
};

static inline void server_init(struct server *s)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	test_root_init(&s->t);
	(void)snprintf(s->path, sizeof(s->path), "%s", test_path(&s->t, "/socket"));
	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", s->path);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(s->fd >= 0);
	assert_int_equal(bind(s->fd, (const void *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(s->fd, 4), 0);
	s->child = -1;
}

static inline void server_fini(struct server *s)
{
	closep(&s->fd);
	test_root_fini(&s->t);
}

/* A child that sends the text n times to each who comes, forever; held open: and does not close. */
static inline void serve(struct server *s, const char *text, unsigned n, bool held)
{
	s->child = fork();
	if (s->child != 0)
		return;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* when the test fails */
	for (;;) {
		int fd = accept(s->fd, NULL, NULL);
		for (unsigned i = 0; i < n; i++) {
			if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
				break;
		}
		if (!held)
			(void)close(fd);
	}
}

static inline void dismiss(struct server *s)
{
	assert_int_equal(kill(s->child, SIGKILL), 0);
	assert_int_equal(waitpid(s->child, NULL, 0), s->child);
}
