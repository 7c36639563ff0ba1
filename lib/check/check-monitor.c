/* SPDX-License-Identifier: ISC */
#include "check/checks.h"
#include "fact/coverage.h"

static void evaluate_coverage(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const struct fact *f = factset_get(facts, FACT_COVERAGE);

	if (!f) {
		verdict_set(ret, RESULT_NOTAPPLICABLE, "nothing is watched during a single scan");
		return;
	}
	for (size_t i = 0; i < f->u.coverage->n; i++) {
		const struct coverage_source *s = &f->u.coverage->sources[i];
		if (!s->degraded)
			continue;
		verdict_add(ret, &(struct evidence){
			.result = RESULT_FAIL,
			.severity = SEV_MEDIUM,
			.subject = s->name,
			.observed = s->detail,
			.expected = s->remedy ? s->remedy : "every change is told by an event",
		});
	}
	if (ret->result == RESULT_PASS)
		verdict_summary(ret, "all event sources work");
}

const struct check check_monitor_coverage = {
	.id = "monitor-coverage",
	.title = "Changes are noticed by events, not missed and not polled for",
	.severity = SEV_MEDIUM,
	.guides = "+",
	.references = "inotify(7)",
	.rationale = "A monitor that has gone blind must say so itself. When an event source is "
		     "degraded, what it covered is read again on a timer, later than it should be.",
	.remedy = "See the evidence for the source and its limit, for example "
		  "`sysctl fs.inotify.max_user_watches=524288` (and in /etc/sysctl.d/).",
	.facts = FACT_BIT(FACT_COVERAGE),
	.kind = CHECK_MONITOR,
	.evaluate = evaluate_coverage,
};
