/* SPDX-License-Identifier: ISC */
/*
 * The syntax of crontab(5) and anacrontab(5), as Debian's cron and cronie read
 * them: which lines are jobs, and which the daemon refuses.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum cron_syntax {
	CRON_SYNTAX_SYSTEM = 1 << 0,  /* the sixth field is the user */
	CRON_SYNTAX_CRONIE = 1 << 1,  /* a bad line is left out; Debian's cron ignores the file */
	CRON_SYNTAX_ANACRON = 1 << 2, /* period, delay, name, command */
};

struct cron_line {
	const char *when, *user, *command; /* in the arena; user NULL without CRON_SYNTAX_SYSTEM */
	unsigned line;
};

/*
 * Calls each() for every job of the text. 0; what each() returned when that was
 * negative; -ENOMEM; -EBADMSG when Debian's cron ignores the whole file because of
 * a line, which is then *ret_line and *ret_why (a constant).
 */
int cron_table_parse(struct arena *a, const char *text, unsigned syntax,
	int (*each)(const struct cron_line *l, void *arg), void *arg, unsigned *ret_line,
	const char **ret_why);

/*
 * Whether a file of that name is taken: by the daemon as a table, or by
 * run-parts as a script; by the rule of cronie and RHEL, or by Debian's.
 */
bool cron_name_is_run(const char *name, bool cronie, bool script);
