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

int judge_collect(struct judge *j, uint64_t mask, uint64_t realtime_usec)
{
	const struct collect c = {
		.root = &j->root,
		.facts = &j->facts,
		.memo = j->memo,
		.policy = j->policy,
		.realtime_usec = realtime_usec,
	};

	for (int i = 0; i < FACT_MAX; i++) {
		if (!(mask & FACT_BIT(i)) || !collector_get((enum fact_id)i))
			continue;
		struct fact *f = NULL;
		int r = fact_collect((enum fact_id)i, &c, &f);
		if (r < 0)
			return r;
		factset_put(&j->facts, f);
	}
	return 0;
}

int judge_evaluate(struct judge *j, uint64_t mask, uint64_t realtime_usec)
{
	for (size_t i = 0; i < check_count(); i++) {
		const struct check *c = check_at(i);
		if (j->verdicts[i] && !(c->facts & mask))
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
