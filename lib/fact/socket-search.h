/* SPDX-License-Identifier: ISC */
/*
 * Which process has a socket open: by /proc/PID/fd, of one process, of a
 * control group, or of all.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/fsio.h"

/* A socket that is looked for. */
struct socket_wanted {
	uint32_t inode;
	pid_t pid; /* 0: not found yet; of several that have it, the lowest */
};

struct socket_search {
	const struct root *root; /* without deps: /proc makes no events */
	struct socket_wanted *v; /* sorted by inode */
	size_t n;
	pid_t pid; /* that is being looked at */
};

/* Sorts v by inode. Nothing is found yet. */
void socket_search_init(
	struct socket_search *s, const struct root *root, struct socket_wanted *v, size_t n);

/* Looks at the processes of the control group in this directory. 0 or -ENOMEM. */
int socket_search_group(struct socket_search *s, const char *dir);

/* Looks at every process. 0 or -ENOMEM. What may not be looked at is not found. */
int socket_search_all(struct socket_search *s);

/* Who has the socket, 0 when it was not found. */
pid_t socket_search_find(const struct socket_search *s, uint32_t inode);

/*
 * The program of a process, as /proc/PID/exe calls it (that it was deleted
 * since is left out), or by the name of the command where that lies beside it
 * and is the same file (redis-server, a link to redis-check-rdb); and its command
 * (/proc/PID/comm), both in the arena. 0; -ENOMEM; -errno when it is gone or may
 * not be asked.
 */
int socket_search_program(const struct root *r, struct arena *a, pid_t pid, const char **ret_exe,
	const char **ret_command);
