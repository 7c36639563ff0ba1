/* SPDX-License-Identifier: ISC */
/*
 * What cron, anacron and at run: /etc/crontab, /etc/cron.d, the directories of
 * scripts, anacrontab, the tables of all users, root's at jobs. Other users' at
 * jobs are left out.
 *
 * No argument of a command is in an item: it may be a password. An item says
 * who runs what when, which programs the command starts (fact/cron-command.h),
 * and a fingerprint of all of it (fact/fingerprint.h), so that each change is
 * told. Without a key for fingerprints, the time of the file's last change
 * stands in its place.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum cron_kind {
	CRON_TABLE,  /* a line of /etc/crontab or of /etc/cron.d */
	CRON_SCRIPT, /* a script of /etc/cron.daily and the like */
	CRON_ANACRON,
	CRON_USER, /* a line of a user's own table */
	CRON_REST, /* what is left of a user's table that holds more than is listed */
	CRON_AT,
};

struct cron_job {
	enum cron_kind kind;
	const char *user;    /* "(unknown user)" when the table names none: that may be a secret */
	const char *when;    /* "17 * * * *", "@daily", "daily", "every 7 days", "2026-11-22T23:07:00Z" */
	const char *command; /* may hold secrets: never told; a script's path; "" of a rest */
	const char *mark;    /* "command 3fa9c1d2e4f5", "file of 2026-..."; NULL of a script */
	const char *path;
	unsigned line;       /* 0 of a script or an at job */
	const char *idle;    /* why it is not run ("its name has a dot"), or NULL */
};

enum {
	CRON_USER_JOBS_MAX = 64, /* of one user's table; the others are one item together */
};

struct cron {
	const struct cron_job *v;
	size_t n;
	const char *daemon; /* "cron", "cronie", "systemd-cron", "busybox"; NULL: nothing runs tables */
	bool anacron, at;   /* installed */
};

/* The subject of its item and of all evidence about it: "cron job /etc/crontab: cd,
 * run-parts". Without any argument of its command; NULL on ENOMEM. */
const char *cron_subject(struct arena *a, const struct cron_job *job);
