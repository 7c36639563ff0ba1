/* SPDX-License-Identifier: ISC */
/*
 * The configuration of logrotate, as logrotate 3 reads it: what each file's
 * entry demands after the defaults that stand before it, those of included
 * files too; a file that others may write, or that tabooext excludes, is not
 * read; an entry with an error in it is dropped, a file with one outside of
 * entries ends there and its defaults are forgotten.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum logrotate_when {
	LOGROTATE_SIZE, /* when it is as large as size, however long that takes */
	LOGROTATE_HOURLY,
	LOGROTATE_DAILY,
	LOGROTATE_WEEKLY,
	LOGROTATE_MONTHLY,
	LOGROTATE_YEARLY,
};

/* What "/var/log/a /var/log/b { ... }" demands. */
struct logrotate_entry {
	const char *const *globs; /* ends with NULL */
	enum logrotate_when when;
	uint64_t size;	  /* LOGROTATE_SIZE: bytes */
	uint64_t maxsize; /* rotated earlier when it is larger; 0: never */
	uint64_t minsize;
	int rotate;	 /* how many old files are kept; -1: all */
	unsigned maxage; /* days after which an old file is removed; 0: never */
	const char *path;
	unsigned line;
};

struct logrotate {
	const struct logrotate_entry *v;
	size_t n;
	const char *problem; /* the first thing that logrotate, too, stumbles over; or NULL */
	const char *problem_path;
	unsigned problem_line;
};

/* A file that is to be read, or that could not be. */
struct logrotate_file {
	const char *path, *name; /* name: the last component, for tabooext */
	const char *text;
	size_t size;
	int error;   /* -errno of reading it; 0 */
	bool unsafe; /* not root's, or others may write: logrotate passes it over */
};

struct logrotate_files {
	/*
	 * The file at path, or the files of that directory sorted by name
	 * (*ret_dir). 0, or -errno when path is not there or cannot be looked at.
	 */
	int (*load)(void *arg, const char *path, struct logrotate_file **ret, size_t *ret_n,
		bool *ret_dir);
	void *arg;
};

/* Reads the configuration that begins at path. 0, -ENOMEM, or why there is none. */
int logrotate_read(struct arena *a, const struct logrotate_files *files, const char *path,
	struct logrotate *ret);

/*
 * How many days an entry surely keeps what is logged; UINT64_MAX: for ever.
 * *ret_by_size: it may be less, since the size of the file decides, too.
 */
uint64_t logrotate_days(const struct logrotate_entry *e, bool *ret_by_size);

/* "daily", "weekly", ..., "size". */
const char *logrotate_when_name(enum logrotate_when w);
