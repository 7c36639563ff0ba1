/* SPDX-License-Identifier: ISC */
/*
 * Attestations in a verdict: what somebody states, [attestation CHECK-ID], of
 * what no program on the machine can see. The row of a check that takes one
 * has its member attestation set.
 */
#pragma once

#include "check/check.h"

enum attest_state {
	ATTEST_ABSENT, /* nobody has stated it, or only from a later day on */
	ATTEST_CURRENT,
	ATTEST_LAPSED,
};

/*
 * Adds the attestation of the check to the verdict: evidence of result pass
 * while it holds, of result fail with severity s once it has lapsed, none when
 * it is absent. Says when time alone will change that (verdict_until).
 */
enum attest_state attest_add(const struct check *c, const struct policy *policy, enum severity s,
	uint64_t realtime_usec, struct verdict *ret);

/* "alice states until 2027-06-30: ...", escaped, in the verdict's arena; NULL when there is none.
 */
const char *attest_words(
	const struct check *c, const struct policy *policy, const struct verdict *v);

/* An evaluate function: the check is its attestation. Absent: notchecked. */
void attest_evaluate(const struct check *c, const struct factset *facts,
	const struct policy *policy, uint64_t realtime_usec, struct verdict *ret);
