/* SPDX-License-Identifier: ISC */
/*
 * The mount table, as far as the inotify source needs it: which mount points
 * came or went. Mounting over a directory is told by no inotify event, and a
 * user can do it in his own home (FUSE).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* A mount that came or went. */
struct mount_change {
	uint32_t id; /* as statx(2) and the table say; used again later */
	bool gone;
	const char *path; /* the mount point when the table was read, escapes resolved */
};

/* Calls each for every mount that is only in before (gone) or only in after. */
void mounts_diff(const struct mounts *before, const struct mounts *after,
	void (*each)(const struct mount_change *c, void *arg), void *arg);
