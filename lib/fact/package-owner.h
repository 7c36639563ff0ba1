/* SPDX-License-Identifier: ISC */
/*
 * Which package has a file, by its path, as the package manager's own lists
 * say: dpkg's info/NAME.list, rpm's index of base names.
 */
#pragma once

#include "base/arena.h"
#include "base/fsio.h"

struct package_owner {
	const char *path; /* asked for */
	const char
		*package; /* its name without architecture; NULL: none has it, or it is not known */
};

/*
 * Fills in the package of each of the n whose package is NULL. All lists are
 * read once, so ask for all at once. 0 or -ENOMEM; lists that cannot be read
 * leave NULL. The names live in the arena.
 */
int package_owners(const struct root *r, struct arena *a, struct package_owner *v, size_t n);

/*
 * What changes when a package was installed or removed, as text; an answer
 * kept from before holds while it is the same. "" where there are no lists.
 */
const char *package_owner_signature(const struct root *r, char buf[static STAT_SIGNATURE_MAX]);
