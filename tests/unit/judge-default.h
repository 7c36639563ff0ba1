/* SPDX-License-Identifier: ISC */
/* Judges a check of the registry under the default policy, for tests that need no other. */
#pragma once

#include "check/check.h"
#include "conf/conf.h"
#include "test.h"

static inline void judge_default(const char *id, const struct factset *facts, struct verdict *ret)
{
	struct policy *policy = policy_new_default();

	assert_non_null(policy);
	assert_non_null(check_find(id));
	assert_int_equal(check_judge(check_find(id), facts, policy, 0, ret), 0);
	policy_free(policy); /* no waiver of it is in the verdict */
}
