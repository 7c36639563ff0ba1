/* SPDX-License-Identifier: ISC */
/*
 * A scan as a report: the JSON object that design.md lays down, and from that
 * very object the text for a person, so that both say the same.
 *
 * Every string that comes from a verdict was escaped when it was put there;
 * what comes from elsewhere is escaped here.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "check/judge.h"

/* Which machine; each NULL when it is not known. Escaped, in the arena. */
struct report_host {
	const char *hostname, *machine_id, *os, *kernel;
};

/*
 * Asks the root: the running machine's own name and kernel where it is live,
 * else what its files say (a kernel only runs on a live root). 0 or -ENOMEM.
 */
int report_host(struct arena *a, const struct root *r, struct report_host *ret);

struct report {
	const struct judge *judge; /* after a run: a verdict for each check that is reported */
	const char *root;	   /* as the user gave it */
	struct report_host host;
	uint64_t started_realtime_usec, duration_usec;
	const bool *selected; /* by check_index(); NULL: every check */
	bool items;	      /* with the items of the profile in use, if it has some */
};

/* The whole object. A new reference, NULL on ENOMEM. */
json_t *report_json(const struct report *r);

/* One entry of its "findings". A new reference, NULL on ENOMEM. */
json_t *report_finding(const struct check *c, const struct verdict *v, const struct factset *facts);

/* One entry of `hardenctl list`: all that the row says. A new reference, NULL on ENOMEM. */
json_t *report_check(const struct check *c);

/* The area of a check by its id ("ssh", "accounts"); of an unknown id "other". */
const char *report_area(const char *id);

/* The profile in use with its items, without results. A new reference, NULL on ENOMEM. */
json_t *report_profile(const struct policy *policy);

struct report_style {
	bool color; /* escape sequences of a terminal */
	bool quiet; /* open findings only, without remedy and counts */
};

/* The report as text. The caller looks at ferror(out). 0 or -ENOMEM. */
int report_text(FILE *out, const json_t *report, const struct report_style *style);

/* The findings of a report or of the daemon's status, by area, the worst first. 0 or -ENOMEM. */
int report_text_findings(FILE *out, const json_t *findings, const struct report_style *style);

/* The items of a profile, each with the findings that answer it beneath. 0 or -ENOMEM. */
int report_text_items(
	FILE *out, const json_t *profile, const json_t *findings, const struct report_style *style);

/* "12 checks: 2 fail, 1 error, 9 pass" and a line feed, from a "summary". */
void report_text_summary(FILE *out, const json_t *summary);

/* Writes s with control characters as '?': nothing that a peer sent gets to a terminal raw. */
void report_puts(FILE *out, const char *s);

/*
 * Writes prose in lines of at most 100 columns, each after the first indented
 * by indent; column is where the first begins. What stands in `backquotes` is
 * never broken, so that a command can be copied. Ends with a line feed.
 */
void report_wrap(FILE *out, const char *s, unsigned column, unsigned indent);
