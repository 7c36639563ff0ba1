/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "base/text.h"
#include "check/checks.h"
#include "fact/support.h"

static const struct param params[] = {
	{"eol_days", PARAM_UINT, "90", .min = 0, .max = 3650,
		.doc = "How many days before the end of support this fails with severity low, so "
		       "that there is time to upgrade."},
	{"lts", PARAM_BOOL, "yes",
		.doc = "Whether long-term support by volunteers (Debian LTS) counts as support."},
	{"extended", PARAM_CHOICE, "auto", .choices = "auto yes no",
		.doc = "Whether support for subscribers counts (Ubuntu Pro, Debian ELTS, Red Hat "
		       "ELS, "
		       "SUSE LTSS): auto where the machine shows that it is attached (Ubuntu "
		       "Pro)."},
	{0},
};

static bool is_counted(
	const struct check *c, const struct policy *policy, const struct support *s, int phase)
{
	if (phase == SUPPORT_LTS)
		return policy_bool(policy, c->id, "lts");
	if (phase != SUPPORT_EXTENDED)
		return true;
	const char *extended = policy_string(policy, c->id, "extended");
	return strcmp(extended, "yes") == 0 || (strcmp(extended, "auto") == 0 && s->subscription);
}

/* The phase with the latest end of those that count, or of the others; -1: there is none. */
static int last_phase(
	const struct check *c, const struct policy *policy, const struct support *s, bool counted)
{
	int last = -1;

	for (int p = 0; p < SUPPORT_PHASE_MAX; p++) {
		uint64_t end = s->end_realtime_usec[p];
		if (end && is_counted(c, policy, s, p) == counted &&
			(last < 0 || end > s->end_realtime_usec[last]))
			last = p;
	}
	return last;
}

static void judge_without_end(const struct support *s, struct verdict *ret)
{
	if (s->rolling)
		verdict_set(ret, RESULT_PASS,
			"%s is a rolling release: supported for as long as it is updated",
			s->release);
	else if (s->unreleased)
		verdict_set(ret, RESULT_INFORMATIONAL,
			"%s is a development release: no end of support is set, and security "
			"updates "
			"come when they come",
			s->release);
	else
		verdict_set(ret, RESULT_UNKNOWN,
			"until when %s gets security updates is known neither from os-release nor "
			"from "
			"distro-info-data nor from the table of %s",
			s->release, support_table_date);
}

/* ", extended support until 2028-06-30 does not count here"; "" when there is none. */
static const char *uncounted(struct verdict *ret, const struct support *s, int other, uint64_t now)
{
	char day[16];

	if (other < 0 || s->end_realtime_usec[other] <= now)
		return "";
	return arena_printf(ret->arena, "; %s until %s is not counted",
		support_phase_name((enum support_phase)other),
		text_day(day, s->end_realtime_usec[other]));
}

static void report(
	const struct support *s, enum severity severity, const char *observed, struct verdict *ret)
{
	verdict_add(ret, &(struct evidence){
				 .result = RESULT_FAIL,
				 .severity = severity,
				 .subject = arena_printf(ret->arena, "release %s", s->release),
				 .path = s->path,
				 .line = s->line,
				 .observed = observed,
				 .expected = "a release that gets security updates",
			 });
}

static void evaluate_supported(const struct check *c, const struct factset *facts,
	const struct policy *policy, uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_SUPPORT), ret))
		return;
	const struct support *s = factset_get(facts, FACT_SUPPORT)->u.support;
	int last = last_phase(c, policy, s, true), other = last_phase(c, policy, s, false);
	if (last < 0) {
		judge_without_end(s, ret);
		return;
	}
	uint64_t end = s->end_realtime_usec[last];
	uint64_t warn = policy_uint(policy, c->id, "eol_days") * USEC_PER_DAY;
	const char *name = support_phase_name((enum support_phase)last);
	char day[16];
	(void)text_day(day, end);
	if (realtime_usec > end && s->subscription_reason && other == SUPPORT_EXTENDED &&
		s->end_realtime_usec[other] > realtime_usec) {
		verdict_set(ret, RESULT_UNKNOWN, "%s of %s ended on %s, and %s", name, s->release,
			day, s->subscription_reason);
		return;
	}
	if (realtime_usec > end) {
		report(s, SEV_HIGH,
			arena_printf(ret->arena, "%s ended on %s, by %s%s", name, day, s->source,
				uncounted(ret, s, other, realtime_usec)),
			ret);
		return;
	}
	verdict_until(ret, end + 1);
	if (realtime_usec + warn > end) {
		report(s, SEV_LOW,
			arena_printf(ret->arena, "%s ends on %s, by %s%s", name, day, s->source,
				uncounted(ret, s, other, realtime_usec)),
			ret);
		return;
	}
	verdict_until(ret, end + 1 - warn);
	verdict_summary(ret, "%s has %s until %s, by %s", s->release, name, day, s->source);
}

const struct check check_os_supported = {
	.id = "os-supported",
	.title = "The distribution's release still gets security updates",
	.severity = SEV_HIGH,
	.guides = "A",
	.references = "distro-info(1), os-release(5), CIS Controls 2.2",
	.rationale = "After the end of support, flaws become known and stay open; no setting makes "
		     "up for that. It comes on a day that is known long before.",
	.remedy =
		"Plan the move to the next release: Debian: change the code name in "
		"/etc/apt/sources.list and /etc/apt/sources.list.d/ and follow the release notes "
		"(`apt-get update && apt-get dist-upgrade`); Ubuntu: `do-release-upgrade`, or `pro "
		"attach TOKEN` for extended support. Often a new VM beside the old one is "
		"simpler. `apt-get install distro-info-data` keeps the dates current.",
	.remedy_rhel =
		"Plan the move to the next release: RHEL and its kin: `leapp preupgrade`, then "
		"`leapp upgrade`; Fedora: `dnf system-upgrade download --releasever=N && dnf "
		"system-upgrade reboot`. Often a new VM beside the old one is simpler.",
	.facts = FACT_BIT(FACT_SUPPORT),
	.params = params,
	.evaluate = evaluate_supported,
};
