/* SPDX-License-Identifier: ISC */
/*
 * apt's source lists (sources.list(5)), both forms, as apt-pkg reads them:
 * with its quoting, its comments, and its refusals.
 */
#pragma once

#include "base/arena.h"
#include "fact/repos.h"

/* The sources of a machine while they are being read. */
struct repo_list {
	struct arena *arena; /* borrowed */
	struct repo *v;
	size_t n;
	struct repo_problem *problems;
	size_t n_problems;
	const char *arch; /* for $(ARCH); NULL: not known, the variable stays */
};

/* More than any machine has, so that a file made to hurt ends. */
#define REPO_LIST_MAX 5000

/*
 * Adds the sources of a .list (or .sources: deb822) file with this path; apt
 * stops at the first line that it refuses, and so does this, with a problem
 * added. 0, or -ENOMEM.
 */
int repo_apt_one_line(struct repo_list *l, const char *path, const char *text, size_t size);
int repo_apt_deb822(struct repo_list *l, const char *path, const char *text, size_t size);

/* Adds a problem; what is copied. 0 or -ENOMEM. */
int repo_list_problem(
	struct repo_list *l, const char *path, unsigned line, bool unreadable, const char *what);

/* The next source, zeroed, to be filled; NULL when memory or the list is short (-EFBIG: a problem).
 */
struct repo *repo_list_add(struct repo_list *l);

/* Adds a setting to a source. 0 or -ENOMEM. */
int repo_list_option(struct repo_list *l, struct repo *r, const struct repo_option *o);

/* Adds a URI to a source. 0 or -ENOMEM. */
int repo_list_uri(struct repo_list *l, struct repo *r, const char *text, enum repo_uri_role role);

/*
 * The header of a Release or InRelease file. 0, -EBADMSG when it holds no
 * field at all, or -ENOMEM. path is borrowed; is_signed is left to the caller
 * for a Release.
 */
int repo_release_parse(
	struct arena *a, const char *path, const char *text, size_t size, struct repo_release *ret);

/* Whether apt reads a file of this name in sources.list.d, preferences.d (ext "pref", NULL: none).
 */
bool repo_apt_reads(const char *name, const char *ext);
