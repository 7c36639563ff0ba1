/* SPDX-License-Identifier: ISC */
#include "check/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "check/checks.h"
#include "fact/firewall.h"
#include "fact/os.h"

/* Pointers, because a table of another file is no constant expression; sorted by id (unit test). */
static const struct check *const checks[] = {
#define CHECK(symbol) &symbol,
	CHECKS
#undef CHECK
};

size_t check_count(void)
{
	return ARRAY_SIZE(checks);
}

const struct check *check_at(size_t i)
{
	return checks[i];
}

static int compare_id(const void *key, const void *element)
{
	return strcmp(key, (*(const struct check *const *)element)->id);
}

static const struct check *const *find(const char *id)
{
	return bsearch(id, checks, ARRAY_SIZE(checks), sizeof(*checks), compare_id);
}

const struct check *check_find(const char *id)
{
	const struct check *const *c = find(id);

	return c ? *c : NULL;
}

size_t check_index(const struct check *c)
{
	return (size_t)(find(c->id) - checks);
}

uint64_t check_triggers(const struct check *c)
{
	return c->facts ? c->facts : FACT_BIT(FACT_OS);
}

const char *check_remedy(const struct check *c, const struct factset *facts, enum result result)
{
	const struct fact *os = factset_get(facts, FACT_OS);
	const struct fact *w = factset_get(facts, FACT_FIREWALL);

	if (result == RESULT_ERROR)
		return "Change nothing yet: it could not be looked at, and the summary says why. "
		       "Where permission was denied, run `sudo hardenctl scan`; else bring back "
		       "what it names, and it is judged again.";
	if (result == RESULT_UNKNOWN)
		return "Change nothing yet: it could not be decided, and the evidence says why. "
		       "Look at what it names; in the form that is expected there it can be "
		       "judged.";
	if (c->remedy_by && w && w->state == FACT_STATE_OK) {
		const char *fits = c->remedy_by[maker_of_ruleset(w->u.firewall->rules)];
		if (fits)
			return fits;
	}
	if (c->remedy_rhel && os && os->u.os && os->u.os->family == OS_RHEL)
		return c->remedy_rhel;
	return c->remedy;
}

bool check_facts_usable(const struct factset *facts, uint64_t mask, struct verdict *ret)
{
	for (int i = 0; i < FACT_MAX; i++) {
		if (!(mask & FACT_BIT(i)))
			continue;
		const struct fact *f = factset_get(facts, (enum fact_id)i);
		if (f && f->state == FACT_STATE_OK)
			continue;
		bool absent = f && f->state == FACT_STATE_ABSENT;
		verdict_set(ret, absent ? RESULT_NOTAPPLICABLE : RESULT_ERROR, "%s",
			f && f->reason ? f->reason : "not collected");
		return false;
	}
	return true;
}

static void apply_waivers(const struct check *c, const struct policy *policy,
	uint64_t realtime_usec, struct verdict *v)
{
	const struct waiver *any = NULL;
	bool all = v->result == RESULT_FAIL;

	for (size_t i = 0; i < v->n_evidence; i++) {
		struct evidence *e = &v->evidence[i];
		if (e->result != RESULT_FAIL) {
			/* A waiver excuses what is known, not what could not be seen. */
			all = all && !result_is_open(e->result);
			continue;
		}
		e->waiver = policy_waiver(
			policy, c->id, e->subject ? e->subject : "", realtime_usec);
		if (e->waiver)
			any = e->waiver;
		else
			all = false;
	}
	v->waiver = all ? any : NULL;
}

/* "3 accounts ..." is for the row's function to say; this names the first and counts the rest. */
static void default_summary(const struct check *c, struct verdict *v)
{
	const struct evidence *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < v->n_evidence; i++) {
		if (v->evidence[i].result != v->result)
			continue;
		if (!first)
			first = &v->evidence[i];
		n++;
	}
	if (!first) {
		verdict_summary(v, "%s", v->result == RESULT_PASS ? "as it should be" : c->title);
		return;
	}
	char more[48] = "";
	if (n > 1)
		(void)snprintf(more, sizeof(more), " (and %zu more)", n - 1);
	/* The parts are escaped already: join, do not escape twice. */
	v->summary = arena_printf(v->arena, "%s%s%s%s", first->subject ? first->subject : "",
		first->subject && first->observed ? ": " : "",
		first->observed ? first->observed : "", more);
}

int check_judge(const struct check *c, const struct factset *facts, const struct policy *policy,
	uint64_t realtime_usec, struct verdict *ret)
{
	ret->severity = SEV_LOW;
	if (!policy_enabled(policy, c->id)) {
		if (policy_in_profile(policy, c->id))
			verdict_set(ret, RESULT_NOTCHECKED, "switched off in the configuration");
		else
			verdict_set(ret, RESULT_NOTCHECKED, "not part of the profile %s",
				policy_profile(policy, NULL));
		ret->severity = c->severity;
		return arena_failed(ret->arena) ? -ENOMEM : 0;
	}
	c->evaluate(c, facts, policy, realtime_usec, ret);
	if (ret->until_realtime_usec <= realtime_usec)
		ret->until_realtime_usec = USEC_INFINITY; /* judged with it already */
	if (ret->result != RESULT_FAIL)
		ret->severity = c->severity;
	ret->severity = policy_severity(policy, c->id, ret->severity);
	apply_waivers(c, policy, realtime_usec, ret);
	if (!ret->summary)
		default_summary(c, ret);
	/* A fail needs no reservation; what is well may not be so yet. */
	if (ret->note && ret->summary && ret->result != RESULT_FAIL)
		ret->summary = arena_printf(ret->arena, "%s; %s", ret->summary, ret->note);
	return arena_failed(ret->arena) ? -ENOMEM : 0;
}
