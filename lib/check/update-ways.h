/* SPDX-License-Identifier: ISC */
/*
 * The ways in which machines install updates by themselves, for
 * check-update-automatic.c: each adds a fail for every part of it that is missing.
 */
#pragma once

#include "check/check.h"

/* What is judged. All are there but units, which may be NULL (no systemd). */
struct update_way {
	const struct factset *facts;
	const struct packages *packages;
	const struct updates *updates;
	const struct units *units;
	uint64_t max_days; /* that may lie between two runs */
	struct verdict *ret;
	unsigned missing; /* how many fails were added */
};

/* Adds a fail: what is so at path and line (or NULL, 0), and what is needed. */
void update_missing(struct update_way *w, const char *subject, const char *path, unsigned line,
	const char *observed, const char *expected);

/*
 * Whether the timer (or service) does its work, and of a timer what it starts and when
 * (schedule_timer()); adds a fail when not, or an
 * unknown when systemd does not say what runs. what: "looks for updates".
 */
bool update_unit_works(struct update_way *w, const char *name, const char *what);

/* unattended-upgrades, started by apt's timers. */
void update_judge_apt(struct update_way *w);

/* dnf-automatic, dnf5's plugin, yum-cron; SUSE's timers. */
void update_judge_rpm(struct update_way *w);
