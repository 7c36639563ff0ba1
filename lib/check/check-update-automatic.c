/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "check/checks.h"
#include "check/schedule.h"
#include "check/update-ways.h"
#include "fact/packages.h"
#include "fact/units.h"
#include "fact/updates.h"

static const struct param params[] = {
	{"max_days", PARAM_UINT, "7", .min = 1, .max = 365,
		.doc = "How many days may lie between two runs of the automatic updates."},
	{0},
};

void update_missing(struct update_way *w, const char *subject, const char *path, unsigned line,
	const char *observed, const char *expected)
{
	w->missing++;
	verdict_add(w->ret, &(struct evidence){
				    .result = RESULT_FAIL,
				    .severity = SEV_MEDIUM,
				    .subject = subject,
				    .path = path,
				    .line = line,
				    .observed = observed,
				    .expected = expected,
			    });
}

/* Whether the timer starts something again and again; told when not, and when that is unsure. */
static bool timer_works(struct update_way *w, const struct unit *timer, const char *expected)
{
	struct arena *a = w->ret->arena;
	const char *subject = arena_printf(a, "unit %s", timer->name), *why = NULL;
	enum result result = schedule_timer(a, w->units, timer, &why);

	if (result == RESULT_FAIL)
		update_missing(w, subject, timer->path, 0, why, expected);
	else if (result == RESULT_UNKNOWN)
		verdict_add(w->ret, &(struct evidence){
					    .result = RESULT_UNKNOWN,
					    .subject = subject,
					    .path = timer->path,
					    .observed = why,
					    .expected = expected,
				    });
	return result != RESULT_FAIL;
}

bool update_unit_works(struct update_way *w, const char *name, const char *what)
{
	struct arena *a = w->ret->arena;
	const struct unit *unit = units_find(w->units, name);
	const char *subject = arena_printf(a, "unit %s", name);
	const char *expected = arena_printf(a, "started at boot, so that it %s", what);

	if (!unit || unit->state == UNIT_FILE_BAD) {
		update_missing(w, subject, NULL, 0, "is not there", expected);
		return false;
	}
	if (!unit->starts) {
		update_missing(w, subject, unit->path, 0,
			arena_printf(a, "is %s: boot does not start it",
				unit_file_state_name(unit->state)),
			expected);
		return false;
	}
	if (!unit_is_effective(w->units, name)) {
		update_missing(w, subject, unit->path, 0, "is enabled, and stopped", expected);
		return false;
	}
	if (w->units->booted && !w->units->live)
		verdict_add(w->ret, &(struct evidence){
					    .result = RESULT_UNKNOWN,
					    .subject = subject,
					    .observed = w->units->live_reason,
					    .expected = expected,
				    });
	size_t len = strlen(unit->name);
	return len < 6 || strcmp(unit->name + len - 6, ".timer") != 0 ||
	       timer_works(w, unit, expected);
}

static void evaluate_automatic(const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const uint64_t needed = FACT_BIT(FACT_PACKAGES) | FACT_BIT(FACT_UPDATES);
	const struct fact *units = factset_get(facts, FACT_UNITS);

	if (strcmp(policy_string(policy, "policy", "update_mode"), "automatic") != 0) {
		verdict_set(ret, RESULT_NOTAPPLICABLE,
			"updates are installed in maintenance windows ([policy] update_mode): see "
			"update-window");
		return;
	}
	if (!check_facts_usable(facts, needed, ret))
		return;
	if (!units || (units->state != FACT_STATE_OK && units->state != FACT_STATE_ABSENT)) {
		verdict_set(ret, RESULT_ERROR, "%s",
			units && units->reason ? units->reason : "the units were not read");
		return;
	}
	struct update_way w = {
		.facts = facts,
		.packages = factset_get(facts, FACT_PACKAGES)->u.packages,
		.updates = factset_get(facts, FACT_UPDATES)->u.updates,
		.units = units->u.units && strcmp(units->u.units->init, "systemd") == 0
				 ? units->u.units
				 : NULL,
		.max_days = policy_uint(policy, c->id, "max_days"),
		.ret = ret,
	};
	if (w.packages->manager == PACKAGES_DPKG)
		update_judge_apt(&w);
	else if (w.packages->manager == PACKAGES_RPM)
		update_judge_rpm(&w);
	else
		update_missing(&w, "automatic updates", NULL, 0,
			"nothing installs updates by itself: apk has no such service",
			"a job that runs `apk upgrade -U` daily");
}

const struct check check_update_automatic = {
	.id = "update-automatic",
	.title = "Security updates are installed automatically",
	.severity = SEV_MEDIUM,
	.guides = "P N03",
	.references = "unattended-upgrade(8), apt.conf(5), dnf-automatic(8), CIS Controls 7.3",
	.rationale =
		"Fixes are out before most attacks are. A machine that installs them by itself "
		"is exposed for hours, one that waits for somebody for weeks; and one where a "
		"single part of the chain is missing looks as if it did.",
	.remedy = "`apt-get install unattended-upgrades && dpkg-reconfigure -f noninteractive "
		  "-plow unattended-upgrades && systemctl unmask apt-daily.timer "
		  "apt-daily-upgrade.timer && systemctl enable --now apt-daily.timer "
		  "apt-daily-upgrade.timer`; `unattended-upgrade --dry-run --debug` shows what it "
		  "would do. Where updates are to be installed by people instead, set `update_mode "
		  "= window` in [policy] of hardend.conf(5).",
	.remedy_rhel = "`dnf install dnf-automatic && systemctl enable --now "
		       "dnf-automatic-install.timer` (Fedora 41 and later: "
		       "dnf5-plugin-automatic, `apply_updates = yes` in [commands] of "
		       "/etc/dnf/automatic.conf, dnf5-automatic.timer; RHEL 7: yum-cron with "
		       "`apply_updates = yes` in /etc/yum/yum-cron.conf). Where updates are to be "
		       "installed by people instead, set `update_mode = window` in [policy] of "
		       "hardend.conf(5).",
	.facts = FACT_BIT(FACT_OS) | FACT_BIT(FACT_PACKAGES) | FACT_BIT(FACT_UNITS) |
		 FACT_BIT(FACT_APT_CONF) | FACT_BIT(FACT_REPOS) | FACT_BIT(FACT_UPDATES),
	.params = params,
	.evaluate = evaluate_automatic,
};
