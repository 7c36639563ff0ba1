/* SPDX-License-Identifier: ISC */
/*
 * Backup clients: which are installed and configured, and when each last
 * succeeded by a record of its own (a cache or a stamp that only a success
 * writes). What starts them, timer or cron job, is joined by the check.
 *
 * Records are looked at by their times only; no content of a backup, no
 * password of a repository is read.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fsio.h"

struct backup_client {
	const char *name;    /* "restic" */
	const char *program; /* path of its program */
	bool needs_config;   /* without a configuration it does nothing */
	const char *config;  /* path of its configuration; NULL without one */
	const char *fault;   /* why the configuration makes no backup; else NULL */
	bool unread;	     /* the fault is only that the configuration cannot be read */
	const char *fault_path;
	unsigned fault_line;
	/* The service that makes backups by itself or at its server's call; NULL: jobs run it. */
	const char *service;
	const char *server; /* a service of this machine that must call it; NULL: any may */
	const char *const *programs;	/* names by which jobs run it; ends with NULL */
	uint64_t success_realtime_usec; /* last success; 0: no record */
	const char *record;		/* path of the record; NULL without one */
	const char *how;		/* how its last success can be made known; for who asks */
};

/* The time at which a persistent timer last started its service. */
struct backup_stamp {
	const char *timer; /* "borgmatic.timer" */
	const char *path;
	uint64_t realtime_usec;
};

struct backups {
	const struct backup_client *v;
	size_t n;
	const struct backup_stamp *stamps;
	size_t n_stamps;
	/* The file of policy that each successful backup touches: 0 and a reason when it can't say.
	 */
	const char *stamp; /* NULL when policy names none */
	uint64_t stamp_realtime_usec;
	const char *stamp_reason;
};

struct arena;

/* Keys that rsnapshot.conf(5) sets, from its text: tabs separate. */
struct rsnapshot {
	const char *root;     /* snapshot_root, with its "/" at the end; NULL: not set */
	const char *interval; /* the first, shortest one; NULL: none */
	unsigned blanks_line; /* the first in which blanks do, so that the file is refused; or 0 */
	size_t n_backups;     /* lines that back something up */
	bool includes;	      /* another file is included, which may set what is missing here */
};

/* Reads rsnapshot.conf(5). Strings live in the arena. 0 or -ENOMEM. */
int rsnapshot_parse(struct arena *a, const char *text, struct rsnapshot *ret);

/*
 * Whether a file daemon's configuration (bacula-fd.conf(5), and Bareos's) names
 * a Director that may call it, and whether it listens on the loopback address
 * only; *ret_line is the line of that address.
 */
void bacula_fd_parse(const char *text, bool *ret_director, bool *ret_local, unsigned *ret_line);
