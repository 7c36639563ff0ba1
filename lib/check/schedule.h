/* SPDX-License-Identifier: ISC */
/*
 * What the machine starts by itself: whether a service does its work, and which
 * timers and cron jobs run a program of a list.
 */
#pragma once

#include "check/verdict.h"
#include "fact/fact.h"
#include "fact/units.h"

/*
 * The units when they can be asked; else NULL, and the verdict is what that
 * means (error; unknown for another init; notapplicable where nothing starts
 * services).
 */
const struct units *schedule_units(const struct factset *facts, struct verdict *ret);

/*
 * Whether the service is on: pass; fail with what is missing in *ret_why ("is
 * not started at boot"); error when systemd does not answer.
 */
enum result schedule_service(const struct units *u, const char *name, const char **ret_why);

/* Something that runs a program of the list again and again. */
struct schedule_job {
	const char *program; /* the word of the list */
	const char *subject; /* "unit restic.timer" */
	const char *path;    /* or NULL */
	unsigned line;
	const char *command; /* what it runs; NULL when only its name tells */
	const char *service; /* the unit that a timer starts; NULL of a cron job */
	bool effective;	     /* the timer is on */
	const char *why;     /* when it is not */
};

/*
 * All jobs that run one of the programs (names without a path, ends with NULL):
 * timers of units, cron jobs. A command counts when one of its words is that
 * program, and a script or unit whose own name begins with it. Strings live in
 * the arena. 0 or -ENOMEM.
 */
int schedule_find(struct arena *a, const struct factset *facts, const char *const programs[],
	struct schedule_job **ret, size_t *ret_n);

/*
 * Whether the command runs the program: one of its words, behind a path or
 * not, is it; the program's own name up to "-", "." or "_" counts ("restic" of
 * "restic-backup.sh").
 */
bool schedule_runs(const char *command, const char *program);

/* Why not all that starts programs could be read, so that nothing found proves nothing; or NULL. */
const char *schedule_unread(const struct factset *facts);
