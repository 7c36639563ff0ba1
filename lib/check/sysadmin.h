/* SPDX-License-Identifier: ISC */
/*
 * Who the policy says may become root: `[policy] sysadmin`, names of accounts
 * and, as "@group", everybody in a group.
 */
#pragma once

#include <stdbool.h>

#include "conf/policy.h"
#include "fact/accounts.h"

/* Whether the policy names anybody at all. When not, nobody can be outside of it. */
bool sysadmin_stated(const struct policy *policy);

/*
 * Whether name is root or named by the policy, by itself or by a group that it is
 * in. An account that isn't a local one may be named as well.
 */
bool sysadmin_has(const struct policy *policy, const struct accounts *accounts, const char *name);
