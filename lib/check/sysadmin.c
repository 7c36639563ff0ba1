/* SPDX-License-Identifier: ISC */
#include "check/sysadmin.h"

#include <string.h>

bool sysadmin_stated(const struct policy *policy)
{
	return policy_list(policy, "policy", "sysadmin")[0] != NULL;
}

/* By the list of members, which may name what is no local account, or as the primary group. */
static bool in_group(const struct accounts *accounts, const char *group, const char *name)
{
	const struct account_group *g = accounts_find_group(accounts, group);
	const struct account *x = g ? accounts_find(accounts, name) : NULL;

	if (x)
		return account_in_group(x, g);
	for (size_t i = 0; g && i < g->n_members; i++) {
		if (strcmp(g->members[i], name) == 0)
			return true;
	}
	return false;
}

bool sysadmin_has(const struct policy *policy, const struct accounts *accounts, const char *name)
{
	const char *const *list = policy_list(policy, "policy", "sysadmin");

	if (strcmp(name, "root") == 0)
		return true;
	for (size_t i = 0; list[i]; i++) {
		bool group = list[i][0] == '@';
		if (group ? in_group(accounts, list[i] + 1, name) : strcmp(list[i], name) == 0)
			return true;
	}
	return false;
}
