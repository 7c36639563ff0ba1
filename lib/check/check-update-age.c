/* SPDX-License-Identifier: ISC */
#include "base/text.h"
#include "check/checks.h"
#include "fact/pending.h"
#include "fact/updates.h"

static const struct param params[] = {
	{"max_days", PARAM_UINT, "7", .min = 1, .max = 3650,
		.doc = "How many days may pass without a successful check for updates, and, while "
		       "updates wait, without anything being installed."},
	{0},
};

/* "2026-11-21T23:07:54Z (by /var/lib/...)" */
static const char *shown(struct verdict *ret, const struct update_mark *mark)
{
	char time[32];

	if (!mark->path)
		return "never, as far as can be seen";
	return arena_printf(
		ret->arena, "%s, by %s", text_rfc3339(time, mark->realtime_usec), mark->path);
}

/* A mark that is older than it may be; returns whether it is. One of the future tells nothing. */
static bool judge_mark(const struct update_mark *mark, const char *subject, uint64_t max_days,
	uint64_t realtime_usec, struct verdict *ret)
{
	uint64_t due = mark->realtime_usec + max_days * USEC_PER_DAY;

	if (mark->path && verdict_ahead(ret, mark->realtime_usec, realtime_usec)) {
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_UNKNOWN,
					 .subject = subject,
					 .path = mark->path,
					 .observed = arena_printf(ret->arena,
						 "last: %s, which is in the future", shown(ret, mark)),
					 .expected = "a time in the past: see `date`, then `touch` the "
						     "file",
				 });
		return false;
	}
	if (mark->path && due >= realtime_usec) {
		verdict_until(ret, due + 1);
		return false;
	}
	verdict_add(ret, &(struct evidence){
				 .result = RESULT_FAIL,
				 .severity = SEV_MEDIUM,
				 .subject = subject,
				 .path = mark->path,
				 .observed = arena_printf(ret->arena, "last: %s", shown(ret, mark)),
				 .expected = arena_printf(ret->arena, "at least every %ju days",
					 (uintmax_t)max_days),
			 });
	return true;
}

/* How many updates wait that would be installed: not those on hold, pinned or not rolled out. */
static size_t count_waiting(const struct pending *p, const char **ret_first)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_updates; i++) {
		const struct pending_update *u = &p->updates[i];
		if (!u->candidate || u->held || u->phased)
			continue;
		if (n++ == 0)
			*ret_first = u->name;
	}
	return n;
}

/* Updates wait, and nothing was installed for too long. Returns whether that is so. */
static bool judge_installed(const struct factset *facts, const struct updates *u, uint64_t days,
	uint64_t realtime_usec, struct verdict *ret)
{
	const struct fact *fact = factset_get(facts, FACT_PENDING);
	const char *first = "";
	if (fact && fact->state != FACT_STATE_OK && fact->state != FACT_STATE_ABSENT)
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_UNKNOWN,
					 .subject = "update installation",
					 .observed = fact->reason,
					 .expected = "lists that tell whether updates wait",
				 });
	size_t n = fact && fact->u.pending ? count_waiting(fact->u.pending, &first) : 0;

	if (n == 0 || !judge_mark(&u->installed, "update installation", days, realtime_usec, ret))
		return false;
	verdict_summary(ret, "%zu update%s (%s%s) wait%s, and nothing was installed since %s", n,
		n == 1 ? "" : "s", first, n == 1 ? "" : ", ...", n == 1 ? "s" : "",
		shown(ret, &u->installed));
	return true;
}

static void evaluate_age(const struct check *c, const struct factset *facts,
	const struct policy *policy, uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_UPDATES), ret))
		return;
	const struct updates *u = factset_get(facts, FACT_UPDATES)->u.updates;
	uint64_t days = policy_uint(policy, c->id, "max_days");
	bool unchecked = judge_mark(&u->checked, "update check", days, realtime_usec, ret);
	bool idle = judge_installed(facts, u, days, realtime_usec, ret);
	/* What could not be looked at might be newer than what could. */
	if ((unchecked || idle) && u->reason)
		verdict_set(ret, RESULT_ERROR, "%s", u->reason);
	else if (unchecked)
		verdict_summary(ret, "the last successful check for updates was %s",
			shown(ret, &u->checked));
	else if (ret->result == RESULT_PASS)
		verdict_summary(ret, "checked for updates %s", shown(ret, &u->checked));
}

const struct check check_update_age = {
	.id = "update-age",
	.title = "Updates are looked for, and installed, at least weekly",
	.severity = SEV_MEDIUM,
	.guides = "A X",
	.references = "apt-get(8), dnf(8)",
	.rationale = "A list of updates that is weeks old says that all is well. Most attacks use "
		     "flaws for which an update has been out for days.",
	.remedy = "`apt-get update && apt-get upgrade`; then see why it does not happen by itself: "
		  "update-automatic, and `journalctl -u apt-daily.service -u "
		  "apt-daily-upgrade.service`.",
	.remedy_rhel = "`dnf upgrade --refresh`; then see why it does not happen by itself: "
		       "update-automatic, and `journalctl -u dnf-automatic.service -u "
		       "dnf-makecache.service`.",
	.facts = FACT_BIT(FACT_UPDATES) | FACT_BIT(FACT_PENDING),
	.params = params,
	.evaluate = evaluate_age,
};
