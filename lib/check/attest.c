/* SPDX-License-Identifier: ISC */
#include "check/attest.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

const char *attest_words(
	const struct check *c, const struct policy *policy, const struct verdict *v)
{
	const struct attestation *a = policy_attestation(policy, c->id);
	char until[16];

	if (!a)
		return NULL;
	return arena_printf(v->arena, "%s states until %s: %s", a->owner,
		text_day(until, a->until_realtime_usec), a->statement);
}

static void add(const struct check *c, const struct attestation *a, enum result result,
	enum severity s, struct verdict *ret)
{
	char subject[128], stated[16], until[16];

	(void)snprintf(subject, sizeof(subject), "attestation %s", c->id);
	(void)text_day(stated, a->stated_realtime_usec);
	(void)text_day(until, a->until_realtime_usec);
	verdict_add(ret, &(struct evidence){
				 .result = result,
				 .severity = s,
				 .subject = subject,
				 .path = a->path,
				 .line = a->line,
				 .observed = arena_printf(ret->arena,
					 "stated by %s on %s, %s %s: %s", a->owner, stated,
					 result == RESULT_FAIL ? "lapsed after" : "holds until",
					 until, a->statement),
				 .expected = result == RESULT_FAIL ? "stated anew" : NULL,
			 });
}

enum attest_state attest_add(const struct check *c, const struct policy *policy, enum severity s,
	uint64_t realtime_usec, struct verdict *ret)
{
	const struct attestation *a = policy_attestation(policy, c->id);

	if (!a)
		return ATTEST_ABSENT;
	if (realtime_usec < a->stated_realtime_usec) {
		verdict_until(ret, a->stated_realtime_usec);
		return ATTEST_ABSENT;
	}
	if (realtime_usec > a->until_realtime_usec) {
		add(c, a, RESULT_FAIL, s, ret);
		return ATTEST_LAPSED;
	}
	add(c, a, RESULT_PASS, s, ret);
	verdict_until(ret, a->until_realtime_usec + 1);
	return ATTEST_CURRENT;
}

void attest_evaluate(const struct check *c, _unused_ const struct factset *facts,
	const struct policy *policy, uint64_t realtime_usec, struct verdict *ret)
{
	const struct attestation *a = policy_attestation(policy, c->id);
	char stated[16];

	switch (attest_add(c, policy, c->severity, realtime_usec, ret)) {
	case ATTEST_CURRENT:
		verdict_summary(ret, "%s", attest_words(c, policy, ret));
		break;
	case ATTEST_LAPSED:
		verdict_summary(ret, "what %s stated has lapsed and was not stated anew", a->owner);
		break;
	case ATTEST_ABSENT:
		if (a)
			verdict_set(ret, RESULT_NOTCHECKED, "stated to hold from %s on only",
				text_day(stated, a->stated_realtime_usec));
		else
			verdict_set(ret, RESULT_NOTCHECKED,
				"nobody has stated it: [attestation %s] is missing in the "
				"configuration",
				c->id);
		break;
	}
}
