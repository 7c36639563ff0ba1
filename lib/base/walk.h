/* SPDX-License-Identifier: ISC */
/*
 * A bounded walk through a tree of directories, of which only a few names are
 * of interest: names are read with their types, nothing is opened but the
 * directories, no link is followed, nothing that is mounted beneath base is
 * entered or asked. Nearer directories come before deeper ones, so that what a
 * limit cuts off is what lies deepest.
 *
 * Nothing is recorded in the root's deps: the caller records what it found
 * worth watching.
 */
#pragma once

#include "base/fsio.h"

struct walk {
	unsigned depth; /* of directories below base; 0: base alone */
	/* Counted down, over several walks. */
	size_t entries_left;
	uint64_t deadline_monotonic_usec; /* looked at before each name and each directory */
	/*
	 * A name that is a file or a link; rel is its path beneath base, directory
	 * the last component of where it lies. Negative stops the walk.
	 */
	int (*file)(const char *rel, const char *directory, const char *name, void *arg);
	/* Whether to go into the directory. */
	bool (*enter)(const char *directory, const char *name, void *arg);
	/* A directory that could not be read (-errno). Negative stops the walk. */
	int (*unread)(const char *rel, int r, void *arg);
	void *arg;
};

/*
 * Walks. 0 at the end; 1 when entries or time ran out before; -errno of what
 * file or unread returned, of opening base itself (-ENOENT, -ENOTDIR), -ENOMEM.
 */
int root_walk(const struct root *r, const char *base, struct walk *w);

/* CLOCK_MONOTONIC, for the deadline. */
uint64_t walk_now_usec(void);
