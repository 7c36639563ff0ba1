/* SPDX-License-Identifier: ISC */
#include "check/judge.h"

#include <errno.h>
#include <string.h>

int judge_init(struct judge *j, const struct root *root, const struct policy *policy)
{
	*j = (struct judge){.root = *root, .policy = policy};
	j->root.deps = NULL;
	j->memo = memo_new();
	j->verdicts = calloc(check_count(), sizeof(*j->verdicts));
	if (j->memo && j->verdicts)
		return 0;
	judge_fini(j);
	return -ENOMEM;
}

void judge_fini(struct judge *j)
{
	for (size_t i = 0; j->verdicts && i < check_count(); i++)
		verdict_free(j->verdicts[i]);
	free(j->verdicts);
	factset_fini(&j->facts);
	memo_free(j->memo);
	*j = (struct judge){.root.fd = -1};
}

uint64_t judge_collectable(const struct judge *j, uint64_t mask)
{
	uint64_t there = 0;

	/* Needs point to lower ids only, so one pass upwards is enough. */
	for (int i = 0; i < FACT_MAX; i++) {
		const struct collector *c = collector_get((enum fact_id)i);
		if (c && (mask & FACT_BIT(i)) && (c->needs & ~there))
			mask &= ~FACT_BIT(i);
		if ((mask & FACT_BIT(i)) || j->facts.v[i])
			there |= FACT_BIT(i);
	}
	return mask;
}

int judge_collect(struct judge *j, uint64_t mask, uint64_t realtime_usec)
{
	const struct collect c = {
		.root = &j->root,
		.facts = &j->facts,
		.memo = j->memo,
		.policy = j->policy,
		.realtime_usec = realtime_usec,
	};

	j->news = j->moving = 0;
	for (int i = 0; i < FACT_MAX; i++) {
		const struct fact *old = j->facts.v[i];
		if (!(mask & FACT_BIT(i)) || !collector_get((enum fact_id)i))
			continue;
		struct fact *f = NULL;
		int r = fact_collect((enum fact_id)i, &c, &f);
		if (r < 0)
			return r;
		j->readings[i]++;
		if (f->moving && old && j->moved[i] < JUDGE_MOVING_TRIES) {
			j->moved[i]++;
			j->moving |= FACT_BIT(i);
			fact_free(f);
			continue;
		}
		j->moved[i] = 0;
		if (!old || !fact_same(old, f))
			j->news |= FACT_BIT(i);
		factset_put(&j->facts, f);
	}
	return 0;
}

/* Those that the check reads and that were never collected; given ones may be missing for good. */
static uint64_t missing_facts(const struct judge *j, const struct check *c)
{
	uint64_t missing = 0;

	for (int i = 0; i < FACT_MAX; i++) {
		if ((c->facts & ~FACT_GIVEN & FACT_BIT(i)) && !j->facts.v[i])
			missing |= FACT_BIT(i);
	}
	return missing;
}

int judge_evaluate(struct judge *j, uint64_t mask, uint64_t realtime_usec)
{
	for (size_t i = 0; i < check_count(); i++) {
		const struct check *c = check_at(i);
		if (!(check_triggers(c) & mask) || missing_facts(j, c))
			continue;
		_cleanup_(verdict_freep) struct verdict *v = verdict_new();
		if (!v)
			return -ENOMEM;
		int r = check_judge(c, &j->facts, j->policy, realtime_usec, v);
		if (r < 0)
			return r;
		verdict_free(j->verdicts[i]);
		j->verdicts[i] = TAKE_PTR(v);
	}
	return 0;
}

uint64_t judge_until(const struct judge *j)
{
	uint64_t until = USEC_INFINITY;

	for (size_t i = 0; i < check_count(); i++) {
		if (j->verdicts[i])
			until = MIN(until, j->verdicts[i]->until_realtime_usec);
	}
	return until;
}
