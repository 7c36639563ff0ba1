/* SPDX-License-Identifier: ISC */
#include "check/checks.h"
#include "fact/packages.h"

static void evaluate_drift(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_PACKAGES), ret))
		return;
	const struct packages *p = factset_get(facts, FACT_PACKAGES)->u.packages;
	verdict_set(ret, RESULT_INFORMATIONAL,
		"%s has %zu packages installed; a change of them is told as drift",
		package_manager_name(p->manager), p->n);
}

const struct check check_package_drift = {
	.id = "package-drift",
	.title = "Installed packages are the accepted ones",
	.severity = SEV_LOW,
	.guides = "P +",
	.references = "dpkg-query(1), rpm(8)",
	.rationale = "Software that nobody remembers installing is either a mistake or a foothold. "
		     "Each transaction of the package manager is told once, with what was added, "
		     "removed and changed.",
	.remedy = "Compare with `hardenctl diff`; /var/log/apt/history.log says who ran which "
		  "command. Take it back with `apt-get remove PACKAGE`, or make it the baseline "
		  "with `hardenctl accept`.",
	.remedy_rhel =
		"Compare with `hardenctl diff`; `dnf history info last` says who ran which "
		"command. Take it back with `dnf history undo last`, or make it the baseline "
		"with `hardenctl accept`.",
	.facts = FACT_BIT(FACT_PACKAGES),
	.evaluate = evaluate_drift,
};
