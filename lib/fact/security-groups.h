/* SPDX-License-Identifier: ISC */
/*
 * The cloud's security groups, which are not seen from inside the machine: read
 * from the exports that the administrator puts into the files of
 * `[security-group] files`. An export is as old as its file.
 *
 * One that cannot be read, or is not understood to its end, has a fault and
 * adds nothing. Items are the rules: "security-group web rule 6c1f".
 */
#pragma once

#include "fact/fact.h"
#include "filter/read-groups.h"

struct group_export {
	const char *path;
	uint64_t realtime_usec; /* when the file was written; 0: not known */
	const char *fault;	/* why it is not used: what was found; NULL: it is */
	unsigned line;		/* of the fault, or 0 */
};

struct security_groups {
	struct groups groups; /* of all exports without a fault; groups_finish() was called */
	const struct group_export *exports; /* by path */
	size_t n_exports;
	const char *const *places; /* the files and patterns of the policy; ends with NULL */
};
