/* SPDX-License-Identifier: ISC */
/*
 * What the package manager's own lists offer beside what is installed: updates
 * that wait, and packages that no configured source has. No network is used:
 * the answer is as old as the lists.
 *
 * For dpkg from apt's Packages files, by apt's rules of priorities. For rpm
 * from the advisories (updateinfo) in the cache of dnf, yum or zypper: they name
 * the security updates only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pending_update {
	const char *name; /* as package_name(): "bash", "libc6:i386" */
	const char *installed;
	const char *candidate; /* what the package manager would install; NULL: nothing newer */
	const char *security;  /* the newest security update above installed, or NULL */
	const char *source; /* who offers it: "Debian-Security bookworm-security", "RLSA-2024:1" */
	bool held;	    /* on hold: nothing will be installed */
	bool phased;	    /* not offered to every machine yet (Ubuntu) */
	const char *pin_path; /* a pin keeps the security update away: where it stands; or NULL */
	unsigned pin_line;
};

/* An installed package whose version no source offers; of rpm one that nobody signed. */
struct pending_orphan {
	const char *name, *installed;
	const char *offered; /* the newest version that a source has of it; NULL: none has it */
};

/* A list that is missing or could not be read: what it offers is not known. */
struct pending_gap {
	const char *subject; /* the source: "repository deb ..." */
	const char *path;    /* or NULL */
	const char *what;    /* why */
};

struct pending {
	const struct pending_update *updates; /* sorted by name */
	size_t n_updates;
	const struct pending_orphan *orphans; /* sorted by name */
	size_t n_orphans;
	const struct pending_gap *gaps;
	size_t n_gaps;
	size_t n_lists;	     /* that were read */
	bool knows_security; /* a list of security updates is among them */
	bool knows_others;   /* false: the lists name security updates alone (rpm) */
	bool knows_origin;   /* whether orphans could be looked for */
	bool by_signature;   /* rpm: an orphan is what came without a signature */
	/* When the first list of security updates is out of date by its own word; 0: never. */
	uint64_t valid_until_realtime_usec;
};
