/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "check/checks.h"
#include "fact/packages.h"
#include "fact/pending.h"

enum {
	NAMES_SHOWN = 8,
	TEXT_SIZE = 700,
};

/* "a, b, c and 5 more", of names that are added one by one. */
struct names {
	char text[TEXT_SIZE];
	size_t len, n;
};

static void names_add(struct names *names, const char *name)
{
	if (names->n++ >= NAMES_SHOWN || names->len >= TEXT_SIZE - 200)
		return;
	int n = snprintf(names->text + names->len, TEXT_SIZE - names->len, "%s%.120s",
		names->len ? ", " : "", name);
	if (n > 0)
		names->len += (size_t)n;
}

static const char *names_text(struct names *names)
{
	if (names->n > NAMES_SHOWN)
		(void)snprintf(names->text + names->len, TEXT_SIZE - names->len, " and %zu more",
			names->n - NAMES_SHOWN);
	return names->text;
}

/* What a list that could not be read leaves open. */
static void add_gaps(const struct pending *p, struct verdict *ret)
{
	for (size_t i = 0; i < p->n_gaps; i++)
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_UNKNOWN,
					 .subject = p->gaps[i].subject,
					 .path = p->gaps[i].path,
					 .observed = p->gaps[i].what,
					 .expected = "a list of packages that can be read",
				 });
}

static void add_security(const struct pending_update *u, struct verdict *ret)
{
	char subject[600], observed[700], expected[700];
	bool kept = u->pin_path && !u->held;

	(void)snprintf(subject, sizeof(subject), "update %s", u->name);
	(void)snprintf(observed, sizeof(observed), "%s is installed%s", u->installed,
		u->held ? " and on hold"
		: kept	? " and kept by apt's preferences"
			: "");
	(void)snprintf(expected, sizeof(expected), "%s from %s",
		kept || u->held || !u->candidate ? u->security : u->candidate, u->source);
	verdict_add(ret, &(struct evidence){
				 .result = RESULT_FAIL,
				 .severity = SEV_HIGH,
				 .subject = subject,
				 .path = kept ? u->pin_path : NULL,
				 .line = kept ? u->pin_line : 0,
				 .observed = observed,
				 .expected = expected,
			 });
}

/* Other updates wait: one line for all, since they are no reason to act at night. */
static void add_others(const struct pending *p, struct verdict *ret)
{
	struct names names = {.n = 0};
	char observed[TEXT_SIZE + 64], phased[64] = "";
	size_t n_phased = 0;

	for (size_t i = 0; i < p->n_updates; i++) {
		if (p->updates[i].security)
			continue;
		names_add(&names, p->updates[i].name);
		n_phased += p->updates[i].phased;
	}
	if (names.n == 0)
		return;
	if (n_phased > 0)
		(void)snprintf(
			phased, sizeof(phased), " (%zu not for every machine yet)", n_phased);
	const char *text = names_text(&names);
	(void)snprintf(observed, sizeof(observed), "%zu wait%s: %s", names.n, phased, text);
	verdict_add(ret, &(struct evidence){
				 .result = RESULT_INFORMATIONAL,
				 .subject = "other updates",
				 .observed = observed,
				 .expected = "installed at the next maintenance",
			 });
}

/* Lists that cannot answer: none of security updates, or one that is too old by its own word. */
static void judge_lists(const struct pending *p, uint64_t realtime_usec, struct verdict *ret)
{
	uint64_t until = p->valid_until_realtime_usec;
	char when[32], observed[128];
	struct evidence e = {.result = RESULT_UNKNOWN, .subject = "lists of security updates"};

	if (p->n_lists > 0 && !p->knows_security) {
		e.observed = "no package source of this machine carries them";
		e.expected = "the distribution's security archive among the sources";
		verdict_add(ret, &e);
	}
	if (until && realtime_usec > until) {
		(void)snprintf(observed, sizeof(observed), "out of date since %s",
			text_rfc3339(when, until));
		e.observed = observed;
		e.expected = "fetched anew before that, by `apt-get update`";
		verdict_add(ret, &e);
	} else if (until) {
		verdict_until(ret, until + 1);
	}
}

static void evaluate_pending(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, uint64_t realtime_usec, struct verdict *ret)
{
	struct names names = {.n = 0};

	if (!check_facts_usable(facts, FACT_BIT(FACT_PENDING), ret))
		return;
	const struct pending *p = factset_get(facts, FACT_PENDING)->u.pending;
	for (size_t i = 0; i < p->n_updates; i++) {
		if (!p->updates[i].security)
			continue;
		add_security(&p->updates[i], ret);
		names_add(&names, p->updates[i].name);
	}
	judge_lists(p, realtime_usec, ret);
	add_gaps(p, ret);
	add_others(p, ret);
	if (names.n > 0) {
		const char *text = names_text(&names);
		verdict_summary(ret, "%zu security updates wait: %s", names.n, text);
	} else if (ret->result == RESULT_PASS || ret->result == RESULT_INFORMATIONAL) {
		verdict_summary(ret, "no security update waits by the %zu lists of packages here%s",
			p->n_lists, p->knows_others ? "" : ", which name security updates only");
	}
}

const struct check check_update_pending = {
	.id = "update-pending",
	.title = "No security update waits to be installed",
	.severity = SEV_HIGH,
	.guides = "A X P",
	.references = "apt-get(8), apt_preferences(5), dnf-updateinfo",
	.rationale = "An update comes out together with the description of the flaw that it mends, "
		     "and attacks on it follow within days. What is judged is what the package "
		     "manager's own lists on this machine say; nothing is asked over the network, "
		     "so the answer is as old as the lists (see update-age).",
	.remedy = "`apt-get update && apt-get upgrade`; a package that is on hold is released with "
		  "`apt-mark unhold PACKAGE`. To have it done by itself, see update-automatic.",
	.remedy_rhel = "`dnf upgrade --security`. To have it done by itself, see update-automatic.",
	.facts = FACT_BIT(FACT_OS) | FACT_BIT(FACT_PENDING),
	.evaluate = evaluate_pending,
};

/* "linux-image-6.1.0-17-amd64": the archive has only the newest of each. */
static bool is_versioned_kernel(const char *name)
{
	static const char *const prefixes[] = {"linux-image-", "linux-headers-", "linux-modules-",
		"linux-image-unsigned-", "linux-modules-extra-", "linux-tools-", "linux-kbuild-",
		"linux-binary-", "linux-buildinfo-", "linux-cloud-tools-", "proxmox-kernel-",
		"pve-kernel-", "linux-compiler-gcc-"};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t n = strlen(prefixes[i]);
		if (strncmp(name, prefixes[i], n) == 0 && name[n] >= '0' && name[n] <= '9')
			return true;
	}
	return false;
}

static void add_orphan(const struct pending_orphan *o, bool by_signature, struct verdict *ret)
{
	bool kernel = !by_signature && is_versioned_kernel(o->name) && !o->offered;
	char subject[600], observed[700];

	(void)snprintf(subject, sizeof(subject), "package %s", o->name);
	if (by_signature)
		(void)snprintf(observed, sizeof(observed), "%s is installed, and nobody signed it",
			o->installed);
	else if (o->offered)
		(void)snprintf(observed, sizeof(observed),
			"%s is installed; the newest that a source has is %s", o->installed,
			o->offered);
	else
		(void)snprintf(observed, sizeof(observed), "%s is installed; no source has it%s",
			o->installed,
			kernel ? " (any more: kernels are replaced by newer ones)" : "");
	verdict_add(ret, &(struct evidence){
				 .result = kernel ? RESULT_INFORMATIONAL : RESULT_FAIL,
				 .severity = SEV_MEDIUM,
				 .subject = subject,
				 .observed = observed,
				 .expected = "from a configured package source, which updates it",
			 });
}

/*
 * While lists are missing, a package that is in none of the others may be in one
 * of them. Which they are is no evidence: each package that is installed then
 * would be a change of it.
 */
static void add_unknown(const struct pending *p, struct verdict *ret)
{
	struct names names = {.n = 0};

	for (size_t i = 0; i < p->n_orphans; i++)
		names_add(&names, p->orphans[i].name);
	if (names.n > 0) {
		const char *text = names_text(&names);
		verdict_summary(ret, "%zu packages are in no list that could be read: %s", names.n,
			text);
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_UNKNOWN,
					 .subject = "packages",
					 .observed = "some are in no list that could be read",
					 .expected = "a list of each source",
				 });
	}
	add_gaps(p, ret);
}

static void evaluate_origin(_unused_ const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_PENDING), ret))
		return;
	const struct pending *p = factset_get(facts, FACT_PENDING)->u.pending;
	if (!p->knows_origin) {
		verdict_set(ret, RESULT_UNKNOWN,
			"where a package came from cannot be told from what this package manager "
			"keeps");
		return;
	}
	/* Lists say nothing of a signature, and so take nothing from it when they are missing. */
	bool open = p->n_gaps > 0 && !p->by_signature;
	if (open)
		add_unknown(p, ret);
	for (size_t i = 0; i < p->n_orphans && !open; i++)
		add_orphan(&p->orphans[i], p->by_signature, ret);
	if (ret->n_evidence == 0 && p->by_signature)
		verdict_set(ret, RESULT_INFORMATIONAL,
			"every installed package is signed; which source it came from is not "
			"recorded by rpm");
	else if (ret->n_evidence == 0)
		verdict_summary(ret, "every installed package is known to a configured source");
}

const struct check check_package_origin = {
	.id = "package-origin",
	.title = "Every installed package comes from a configured source",
	.severity = SEV_MEDIUM,
	.guides = "P A",
	.references = "apt-cache(8) policy, apt-patterns(7) ?obsolete",
	.rationale = "A package that was installed by hand, or whose source was removed, gets no "
		     "more updates, and nobody but its installer ever vouched for it.",
	.remedy = "Look at it with `apt-cache policy PACKAGE`. Install the distribution's version "
		  "(`apt-get install PACKAGE=VERSION`), add the maker's signed source, or remove "
		  "it (`apt-get purge PACKAGE`). One that must stay is excused by a [waiver] with "
		  "the subject `package NAME`.",
	.remedy_rhel =
		"Look at it with `dnf info --installed PACKAGE` (\"From repo\"). Install the "
		"distribution's version (`dnf distro-sync PACKAGE`), add the maker's signed "
		"source, or remove it (`dnf remove PACKAGE`). One that must stay is excused "
		"by a [waiver] with the subject `package NAME`.",
	.facts = FACT_BIT(FACT_OS) | FACT_BIT(FACT_PENDING),
	.evaluate = evaluate_origin,
};
