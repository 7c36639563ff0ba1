/* SPDX-License-Identifier: ISC */
/*
 * Where audit rules are needed so that it is known who changed what facts were
 * read from: the deps of the facts, folded into as few places as do it.
 *
 * A tree is a directory with all that is below it, a single place is one file,
 * or one directory with the names in it. What is written all the time by
 * programs, for themselves (/var, /run, /tmp, /proc, homes) is left out, since
 * each change there would cost its writer and fill the log of whoever keeps
 * one: of /var only crontabs and the package manager's lists are places, of
 * homes only ~/.ssh.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/deps.h"
#include "base/fsio.h"

struct audit_place {
	const char *path; /* absolute */
	bool tree;
};

struct audit_places {
	struct arena *arena; /* borrowed: all below lives there */
	struct audit_place *v;
	size_t n;
};

/* An empty list. */
void audit_places_init(struct audit_places *p, struct arena *a);

/* Adds what the deps come to, by their names alone. 0 or -ENOMEM. */
int audit_places_add_deps(struct audit_places *p, const struct deps *deps);

/* Adds one place as it is. 0 or -ENOMEM. */
int audit_places_add(struct audit_places *p, const char *path, bool tree);

/*
 * Sorts and folds: four or more files of one directory become its tree (not of
 * directories such as /usr/lib, or of homes), and what lies in a tree goes.
 * Those that matter to the whole machine come first, users' own last. 0 or -ENOMEM.
 */
int audit_places_fold(struct audit_places *p);

/*
 * What they are on the root, folded again: without symbolic links on the way,
 * and a link as what it leads to; places that have no directory are left out. A
 * user's links are not followed: ~/.ssh is what it is in the home itself. ret
 * is initialised. 0 or -ENOMEM.
 */
int audit_places_resolve(
	const struct audit_places *p, const struct root *root, struct audit_places *ret);

/* Whether both are the same places. Both folded. */
bool audit_places_same(const struct audit_places *a, const struct audit_places *b);
