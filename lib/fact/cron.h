/* SPDX-License-Identifier: ISC */
/*
 * What cron, anacron and at run: /etc/crontab, /etc/cron.d, the directories of
 * scripts, anacrontab, root's own table, root's at jobs. Other users' tables run
 * as them and are left out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum cron_kind {
	CRON_TABLE,  /* a line of /etc/crontab or of /etc/cron.d */
	CRON_SCRIPT, /* a script of /etc/cron.daily and the like */
	CRON_ANACRON,
	CRON_ROOT,   /* a line of root's own table */
	CRON_AT,
};

struct cron_job {
	enum cron_kind kind;
	const char *user;
	const char *when;    /* "17 * * * *", "@daily", "daily", "every 7 days", "2026-11-22T23:07:00Z" */
	const char *command; /* with secrets masked, at most CRON_COMMAND_MAX bytes; a script's path */
	const char *path;
	unsigned line;       /* 0 of a script or an at job */
	const char *idle;    /* why it is not run ("its name has a dot"), or NULL */
};

#define CRON_COMMAND_MAX 400

struct cron {
	const struct cron_job *v;
	size_t n;
	const char *daemon; /* "cron", "cronie", "systemd-cron", "busybox"; NULL: nothing runs tables */
	bool anacron, at;   /* installed */
};
