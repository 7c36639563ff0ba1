/* SPDX-License-Identifier: ISC */
/* What the parts of the reader of logrotate's configuration share. */
#pragma once

#include <string.h>

#include "fact/logrotate.h"

enum {
	LOGROTATE_TABOO_MAX = 256,
};

struct logrotate_reader {
	struct arena *a;
	const struct logrotate_files *files;
	struct logrotate *ret;
	struct logrotate_entry *v;
	const char *taboo[LOGROTATE_TABOO_MAX];
	size_t n_taboo, n_files;
	unsigned depth;
	/* the file that is being read */
	const char *path, *p;
	unsigned line;
	bool bad; /* an entry of it, or a file that it includes, has an error */
};

/* Over one character, counting lines; not over the end. */
static inline void logrotate_next(struct logrotate_reader *r)
{
	r->line += *r->p == '\n';
	r->p += *r->p != '\0';
}

/* To the end of the line. */
static inline void logrotate_skip_line(struct logrotate_reader *r)
{
	r->p += strcspn(r->p, "\n");
}

/* Remembers the first problem. Always -EINVAL. */
int logrotate_problem(struct logrotate_reader *r, const char *what);

/* Reads what is included there; what is not there is said. 1: one has an error in it. -ENOMEM. */
int logrotate_include(
	struct logrotate_reader *r, const char *path, struct logrotate_entry *defaults);

/*
 * logrotate-keys.c: the keyword at the cursor and its value, into e. 0, -ENOMEM,
 * -EINVAL for an error in it, -EPROTO for one that ends the file.
 */
int logrotate_keyword(struct logrotate_reader *r, bool inside, struct logrotate_entry *e);

/* Past a script: to behind the line whose first word is "endscript". 0 or -EINVAL. */
int logrotate_skip_script(struct logrotate_reader *r);
