/* SPDX-License-Identifier: ISC */
/*
 * A section [WORD NAME] while it is read: a waiver, an attestation, a profile.
 * It is complete in its file, so that what is missing can be told where it stands.
 */
#pragma once

#include <stdbool.h>

#include "conf/build.h"
#include "conf/conf.h"

#define DRAFT_KEYS_MAX 5

struct draft;
struct draft_line;

struct draft_kind {
	const char *word;	    /* "waiver" */
	const char *example;	    /* a name for it: "backup-account" */
	const struct param *schema; /* its keys, at most DRAFT_KEYS_MAX */
	const char *const *demands; /* for each key what it must say; NULL where it may be empty */
	/*
	 * Takes a key that the schema does not have; NULL: there are none. 0, 1 when it is
	 * none of its, or -ENOMEM.
	 */
	int (*other)(struct draft *d, struct arena *a, const struct draft_line *line,
		struct errlist *errors);
	/* Adds what else is wrong with it to errors; NULL: nothing can be. */
	void (*check)(const struct draft *d, struct errlist *errors);
	/* Takes it into the policy. 0 or -ENOMEM. */
	int (*keep)(const struct draft *d, struct policy *p);
};

extern const struct draft_kind draft_waiver, draft_attestation, draft_profile;

struct draft {
	const struct draft_kind *kind; /* NULL: none is being read */
	const char *name;
	const char *path;
	unsigned line; /* of its header */
	struct value values[DRAFT_KEYS_MAX];
	unsigned lines[DRAFT_KEYS_MAX]; /* where a key was set; 0: not yet */
	bool refused[DRAFT_KEYS_MAX];	/* its value was: told already */
	struct site_setting *settings;	/* of a profile */
	size_t n_settings;
	bool bad; /* some error was told */
};

/*
 * Begins one: d has kind, path and line, and gets its defaults and a copy of
 * the name. 0 or -ENOMEM; then none is being read.
 */
int draft_begin(struct draft *d, struct arena *a, const char *name);

/* A line of it. */
struct draft_line {
	const char *key, *value;
	unsigned line;
	bool continued;
};

/* A key of it; errors are added. 0 or -ENOMEM. */
int draft_key(
	struct draft *d, struct arena *a, const struct draft_line *line, struct errlist *errors);

/*
 * Ends it: adds it to the policy, in the place of one of the same name from an
 * earlier file; errors are added. Nothing when none is being read. 0 or -ENOMEM.
 */
int draft_end(struct draft *d, struct policy *p, struct errlist *errors);

/* Says that no check has this id, and which was meant perhaps. */
void draft_unknown_check(
	const struct draft *d, unsigned line, const char *id, struct errlist *errors);
