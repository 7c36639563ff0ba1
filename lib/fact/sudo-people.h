/* SPDX-License-Identifier: ISC */
/*
 * Who is in which group, worked out once for each group that is asked about:
 * a machine may have a hundred thousand accounts, and each of them is compared
 * with each group that sudoers names.
 */
#pragma once

#include "fact/accounts.h"

struct sudo_group_set;

struct sudo_people {
	const struct accounts *accounts; /* borrowed; NULL: nobody is known */
	struct arena *arena;		 /* borrowed: sets live there, and it remembers ENOMEM */
	struct sudo_group_set *sets;
	size_t n;
};

/*
 * Whether the account (one of people's, by its address) is in a group of this
 * name, in any case as sudo has it, or of this id. False when memory ran out.
 */
bool sudo_people_in_group(struct sudo_people *p, const struct account *account, const char *name);
bool sudo_people_in_gid(struct sudo_people *p, const struct account *account, gid_t gid);
