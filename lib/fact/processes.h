/* SPDX-License-Identifier: ISC */
/*
 * Running processes that still use what is no longer on the disk: a program or
 * a library that was replaced or removed after they had mapped it. A fix that
 * was installed protects them from their next start on.
 *
 * Not looked at: kernel threads; processes in containers, whose files are their
 * image's; mappings that are no programs of the system (outside of /usr, /lib*,
 * /bin, /sbin and /opt: memfd, /dev/zero, SysV segments, what somebody unpacked
 * in /tmp); processes that were started after the last change of what is installed.
 *
 * A process is in a container when its PID namespace, its mount namespace and
 * its root directory are all others than those of process 1. Each alone is a
 * service's sandbox or a chroot: those run the host's files. Control groups do
 * not decide: their names are their users' to choose.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"

/* One file that is gone and one process that uses it. */
struct stale_use {
	const char *unit; /* "ssh.service", "session-3.scope"; "" when it is in none */
	pid_t pid;
	const char *command; /* as in /proc/PID/stat, at most 15 bytes */
	const char *path;    /* of the file, as it was called */
	bool program;	     /* it is the program itself, not a library */
	const char *package; /* that has a file of this name now; NULL: none, or not known */
};

struct processes {
	const struct stale_use *v; /* sorted by unit, then pid, then path */
	size_t n;
	size_t looked;			/* how many processes' mappings were read */
	size_t skipped;			/* younger than the last change: nothing to read */
	size_t denied;			/* could not be looked at */
	size_t contained;		/* in containers, with replaced files of their image */
	size_t cut;			/* more than was read of them, or of their list */
	uint64_t changed_realtime_usec; /* last change of what is installed */
};

/* What of /proc/PID/stat is used: stat(5) of proc. */
struct process_stat {
	char command[64];
	bool kernel_thread;
	uint64_t start_ticks; /* since boot */
};

/* Parses it; 0, or -EBADMSG. The command may hold any byte. */
int process_stat_parse(const char *text, struct process_stat *ret);

/*
 * The file of a line of /proc/PID/maps (n bytes, without the newline) when the
 * mapping counts: executable, deleted, a program or library of the system.
 * Sets its place and length; false for all others.
 */
bool process_map_stale(const char *line, size_t n, const char **ret_path, size_t *ret_n);

/* Where a process stands among the control groups. */
struct process_group {
	const char *unit;  /* first component that is a service or scope; "" when there is none */
	const char *slice; /* "user-1000.slice" when that is above the unit; else "" */
};

/* Reads the text of /proc/PID/cgroup into the arena. 0 or -ENOMEM, then *ret is untouched. */
int process_group_parse(struct arena *a, const char *text, struct process_group *ret);
