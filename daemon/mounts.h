/* SPDX-License-Identifier: ISC */
/*
 * The mount table, as far as the inotify source needs it: which mount points
 * came or went. Mounting over a directory is told by no inotify event, and a
 * user can do it in his own home (FUSE).
 */
#pragma once

#include <stddef.h>

#include "base/util.h"

struct mounts {
	char *text;  /* owns the lines */
	char **line; /* "id parent major:minor root mountpoint", sorted */
	size_t n;
};

void mounts_fini(struct mounts *m);

/*
 * Takes over text as read from /proc/self/mountinfo (allocated, NUL-terminated),
 * also on failure. What is no such line is left out. 0 or -ENOMEM.
 */
int mounts_parse(char *text, struct mounts *ret);

/* Reads the file that fd is from its beginning. 0 or -errno. */
int mounts_read(int fd, struct mounts *ret);

/*
 * Calls each for the mount point, with escapes resolved, of every mount that is
 * in one of the two and not in the other.
 */
void mounts_diff(const struct mounts *a, const struct mounts *b,
	void (*each)(const char *path, void *arg), void *arg);
