/* SPDX-License-Identifier: ISC */
/*
 * From the bytes of the account files to struct accounts. Lines are taken and
 * skipped exactly as glibc's fgetpwent_r(3), fgetspent_r(3), fgetgrent_r(3) and
 * fgetsgent_r(3) do (a test compares), because that is what the machine acts
 * on; what they let pass although it is wrong becomes a defect as well.
 *
 * For accounts.c, tests and fuzzing; everybody else reads accounts.h.
 */
#pragma once

#include "fact/accounts.h"

/* The bytes of one file; changed by the parser, which keeps pointers into them. */
struct accounts_text {
	char *data; /* NUL-terminated beyond size; NULL when the file could not be read */
	size_t size;
};

/* "/etc/passwd", ... by enum accounts_file. */
extern const char *const accounts_paths[ACCOUNTS_FILE_MAX];

/*
 * Parses all files into acc, whose file_state tells which of them there are.
 * The texts and all that is made belong to the arena. login_shell is set by
 * name alone: the caller knows the file system. 0 or -ENOMEM.
 */
int accounts_parse(struct arena *a, const struct accounts_text texts[static ACCOUNTS_FILE_MAX],
	struct accounts *acc);

/* Makes by_name and groups_by_name. 0 or -ENOMEM. */
int accounts_index(struct arena *a, struct accounts *acc);

/* Adds the defects that only the whole shows: duplicates, groups that are not there. */
int accounts_compare(struct arena *a, struct accounts *acc);

/* Adds a copy of the defect. 0, or -ENOMEM (also when a string of d is NULL for that reason). */
int accounts_defect(struct arena *a, struct accounts *acc, const struct account_defect *d);
