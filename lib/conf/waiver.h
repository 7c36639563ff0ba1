/* SPDX-License-Identifier: ISC */
/*
 * One [waiver NAME] section while it is read. It is complete in its file, so
 * that what is missing can be told where it stands.
 */
#pragma once

#include <stdbool.h>

#include "conf/build.h"
#include "conf/conf.h"

#define WAIVER_KEYS 5 /* rows of schema_waiver */

struct waiver_draft {
	const char *name; /* NULL: none is being read */
	const char *path;
	unsigned line; /* of its header */
	struct value values[WAIVER_KEYS];
	unsigned lines[WAIVER_KEYS]; /* where a key was set; 0: not yet */
	bool refused[WAIVER_KEYS];   /* its value was: told already */
	bool bad;                    /* some error was told */
};

/* Begins one. 0 or -ENOMEM. */
int waiver_begin(
	struct waiver_draft *d, struct arena *a, const char *name, const char *path, unsigned line);

/* A key of it; errors are added. 0 or -ENOMEM. */
int waiver_key(struct waiver_draft *d, struct arena *a, const char *key, const char *value,
	unsigned line, bool continued, struct errlist *errors);

/*
 * Ends it: adds it to the policy, in the place of one of the same name from an
 * earlier file; errors are added. Nothing when none is being read. 0 or -ENOMEM.
 */
int waiver_end(struct waiver_draft *d, struct policy *p, struct errlist *errors);
