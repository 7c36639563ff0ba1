/* SPDX-License-Identifier: ISC */
/*
 * What a fact was read from: every path that its collector opened, listed or
 * found missing. The recording is done by fsio itself, so that what is watched
 * is exactly what was looked at, and no list has to be kept in step by hand.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum dep_kind {
	DEP_FILE = 1 << 0, /* content or metadata of this path, or its absence */
	DEP_DIR = 1 << 1,  /* the names in this directory */
	DEP_LOCK = 1 << 2, /* whoever takes it as a lock, by opening it, has changed something */
};

struct dep {
	const char *path; /* absolute, normalised, inside the root */
	unsigned kinds;   /* enum dep_kind, or-ed */
	/*
	 * Length of the part of path that the rest was resolved beneath: links
	 * that leave it were not followed. 0: resolved in the root.
	 */
	unsigned beneath;
};

/* Sorted by path after deps_seal(), each path once. */
struct deps {
	struct arena *arena; /* borrowed: strings live there */
	struct dep *v;
	size_t n;
	bool failed; /* memory ran out: the list is not complete */
};

/* An empty list whose strings live in the arena a. */
void deps_init(struct deps *d, struct arena *a);

/*
 * Adds a path, made absolute and normalised: no //, no "."; ".." stays, since
 * what it means depends on the links before it.
 */
void deps_add(struct deps *d, const char *path, enum dep_kind kind);

/* The same for rel, resolved beneath base as root_read_beneath() does. */
void deps_add_beneath(struct deps *d, const char *base, const char *rel, enum dep_kind kind);

/* Sorts and merges; call once after collection. */
void deps_seal(struct deps *d);
