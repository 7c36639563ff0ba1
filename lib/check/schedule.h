/* SPDX-License-Identifier: ISC */
/*
 * What the machine starts by itself: whether a service does its work, and which
 * timers and cron jobs run a program of a list.
 */
#pragma once

#include "base/command.h"
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

/*
 * Whether the timer, which is a unit of u, is on and starts a service again and
 * again: pass; fail with what keeps it from that in *ret_why ("starts x.service,
 * which is masked"); unknown when its times are not understood, or name a year;
 * error when systemd does not answer. Strings live in the arena; on ENOMEM it
 * remembers that.
 */
enum result schedule_timer(
	struct arena *a, const struct units *u, const struct unit *timer, const char **ret_why);

/* Something that runs a program of the list again and again. */
struct schedule_job {
	const char *program; /* the word of the list */
	const char *subject; /* "unit restic.timer" */
	const char *path;    /* or NULL */
	unsigned line;
	struct commands commands; /* what it runs; none when only its name tells */
	bool unsure;		  /* whether it runs the program can't be told from its command */
	const char *service;	  /* the unit that a timer starts; NULL of a cron job */
	bool effective;		  /* the timer is on */
	const char *why;	  /* when it is not, or when unsure is due to its times; or NULL */
};

/*
 * All jobs that run one of the programs (names without a path, ends with NULL),
 * or may: timers of units, cron jobs. What a command runs counts, not what it
 * names: neither echo nor a comment. A script or unit whose own name begins with
 * the program's is taken for its job, unless all that it runs is idle. Strings
 * live in the arena. 0 or -ENOMEM.
 */
int schedule_find(struct arena *a, const struct factset *facts, const char *const programs[],
	struct schedule_job **ret, size_t *ret_n);

/*
 * Whether it is the program that this command runs, behind a path or not; the
 * program's own name up to "-", "." or "_" counts ("restic" of
 * "restic-backup.sh").
 */
bool schedule_is(const struct command *c, const char *program);

enum schedule_run {
	SCHEDULE_RUNS_NOT,
	SCHEDULE_RUNS_PERHAPS, /* a command that is not known has it among its words */
	SCHEDULE_RUNS,
};

/* Whether one of the commands runs the program. */
enum schedule_run schedule_runs(const struct commands *commands, const char *program);

/* Why not all that starts programs could be read, so that nothing found proves nothing; or NULL. */
const char *schedule_unread(const struct factset *facts);
