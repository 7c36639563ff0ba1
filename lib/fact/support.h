/* SPDX-License-Identifier: ISC */
/*
 * Until when this release of the distribution gets security updates, and from
 * whom that is known: SUPPORT_END of os-release(5), the package
 * distro-info-data, or the table that comes with this program.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct os;

/* Kinds of support, each following the one before. */
enum support_phase {
	SUPPORT_REGULAR,
	SUPPORT_LTS,	  /* Debian's: free, for all, by another team */
	SUPPORT_EXTENDED, /* for subscribers: ESM, ELTS, ELS, LTSS */
	SUPPORT_PHASE_MAX,
};

struct support {
	const char *release; /* "debian 12" */
	bool rolling;	     /* a release without end */
	bool unreleased;     /* a development release: no end is set yet */
	uint64_t end_realtime_usec[SUPPORT_PHASE_MAX]; /* last moment; 0: there is no such phase */
	const char *source; /* who says so, in a few words; NULL when nobody does */
	const char *path;   /* and where; or NULL */
	unsigned line;
	const char *subscription;	 /* what shows that the extended phase is paid for; NULL */
	const char *subscription_reason; /* why that could not be looked at; NULL */
};

/* "support", "long-term support", "extended support". */
const char *support_phase_name(enum support_phase p);

/* When the table was made, "2026-03-01". */
extern const char support_table_date[];

/* Fills end, rolling and source from the table. Returns whether the release is in it. */
bool support_from_table(const struct os *os, struct support *ret);

/*
 * The same and line from a file of distro-info-data: comma-separated columns,
 * named by the first line; the release by its version or, when that is empty,
 * by its code name. 1: found; 0: not in it; -EBADMSG: no such file.
 */
int support_from_csv(
	const char *text, const char *version, const char *codename, struct support *ret);
