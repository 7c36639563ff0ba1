/* SPDX-License-Identifier: ISC */
/*
 * The walk: resolves what a fact was read from inside the root, component by
 * component and through symbolic links as the kernel does, and puts a watch on
 * each directory before it looks for the next name in it, so that nothing can
 * change unseen behind the walk.
 *
 * Beside directories, an object that is looked at is watched itself: a file may
 * be written through another hard link, through a bind mount's source, or
 * through a descriptor whose name is gone, of which its directory is not told.
 */
#pragma once

#include "watch-table.h"

/* A directory on the way. */
struct place {
	int fd; /* O_PATH */
	int wd; /* 0: it could not be watched */
	unsigned depth, links, steps;
	unsigned files; /* objects in it that are watched themselves */
	unsigned major, minor;
};

struct walk {
	int inotify;
	const struct root *root;
	struct watch_table *table;
	int error;   /* why something could not be watched: the first, or -ENOSPC; 0 */
	bool remote; /* something lies on a file system that tells of no changes by others */

	struct place top; /* the root */
	bool bounded;	  /* within a dep's beneath part: */
	unsigned floor;	  /* no way up from this depth */
};

/* Gives the table the next roles of the fact that was read from deps (sealed). */
void walk_deps(struct walk *k, const struct deps *deps);

/* The events that an object is to be watched for, by its present and next roles. */
uint32_t walk_mask(const struct object *o);
