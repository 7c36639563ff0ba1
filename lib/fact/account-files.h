/* SPDX-License-Identifier: ISC */
/*
 * Owner, group and mode of the files that say who may log in and become root:
 * passwd, shadow, group, gshadow, their backups, sudoers and sudoers.d. What is
 * expected is what the distribution ships; access control lists count.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "fact/fact.h"
#include "fact/os.h"

struct account_file {
	const char *path;
	enum fact_state state; /* of looking at it; ABSENT is fine */
	const char *reason;    /* NULL when OK */
	const char *observed;  /* "root:shadow 0640", "alice:root 0666 user:bob:rw-" */
	const char *expected;  /* "root:shadow 0640 or narrower" */
	const char *fault; /* what is wider than that: "others may write"; NULL when nothing is */
	bool writable;	   /* the fault lets somebody but root write */
};

struct account_files {
	struct account_file *v; /* the fixed ones, then those of sudoers.d by name */
	size_t n;
};

/* How wide a file may be: bits for group and others, and a group beside root's. */
struct account_file_limit {
	mode_t bits;	   /* 044, 040, 0 */
	const char *group; /* who may have the group's bits, or NULL: root only */
};

/* The limit for a path on a distribution of the family. */
struct account_file_limit account_file_limit(enum os_family family, const char *path);
