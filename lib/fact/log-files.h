/* SPDX-License-Identifier: ISC */
/*
 * Owners and modes below /var/log: what others may write, and what they may read
 * though the distribution keeps it from them. A bounded walk that follows only
 * the links in the places of logs that the distribution knows ("auth.log"), and
 * is no event: logs change all the time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "fact/fact.h"
#include "fact/os.h"

struct log_file {
	const char *path;
	const char *observed; /* "mode 0644, owner 0:4: others may read it"; where a link ends */
	const char *expected; /* "mode 0640 or less, as Debian has it" */
	bool write;	      /* somebody may write who should not; else it is about reading */
};

struct log_files {
	const struct log_file *v; /* those with a fault, sorted by path */
	size_t n;
	size_t looked;	    /* at how many files and directories */
	bool cut;	    /* there are more than the walk's bounds */
	const char *unread; /* a directory that could not be read, and why; or NULL */
	const char *unread_path;
};

/* Whether a row names the object, so that a link in its place is followed. */
bool log_mode_is_known(enum os_family family, const char *rel);

/*
 * What is wrong with the mode of an object below /var/log (rel: its path there,
 * "" for /var/log itself); NULL: nothing. For others only what they can reach
 * counts, so reachable is whether all directories above let them through.
 */
struct log_mode_fault {
	const char *what;
	unsigned max; /* the most that the distribution gives; 0: no row names it */
	bool write;
};
bool log_mode_judge(enum os_family family, const char *rel, const struct stat *st, bool reachable,
	struct log_mode_fault *ret);
