/* SPDX-License-Identifier: ISC */
/*
 * Checks: rows of a table, each a pure judgement of facts under a policy.
 *
 * evaluate() does no I/O and reads no clock. What it makes of a fact that is
 * absent or could not be read is said by the row or by the function, and is
 * never a pass: check_facts_usable() is the usual first line.
 */
#pragma once

#include "check/verdict.h"
#include "conf/policy.h"
#include "fact/fact.h"
#include "filter/maker.h"

struct check {
	const char *id, *title;
	enum severity severity;
	const char *guides;     /* as in the catalogue: "P A X N01"; "+" beyond the guides */
	const char *references; /* CIS, STIG, man pages; or NULL */
	const char *rationale;  /* one or two sentences */
	const char *remedy;     /* the command or the edit; Debian's where families differ */
	const char *remedy_rhel; /* RHEL family's, or NULL for the same */
	/*
	 * Of what the packet filter does: by enum filter_maker, what fits who filters
	 * on the machine, before the two above; a NULL: these. NULL: always these.
	 */
	const char *const *remedy_by;
	uint64_t facts;         /* FACT_BITs that it reads; 0: the policy alone */
	const char *attestation; /* what [attestation ID] must state, "who ..."; NULL: it takes none */
	const struct param *params; /* policy keys of its section; ends with key NULL; or NULL */
	void (*evaluate)(const struct check *c, const struct factset *facts,
		const struct policy *policy, uint64_t realtime_usec, struct verdict *ret);
	enum {
		CHECK_STATE,    /* opened, changed, resolved */
		CHECK_MONITOR,  /* its events are degraded and recovered */
		CHECK_DRIFT,    /* judges nothing: gives the drift of its facts an id and a title */
		CHECK_LATER,    /* not built yet: always notchecked */
	} kind;
};

/* All checks, sorted by id: check_at(0) ... check_at(check_count() - 1). */
size_t check_count(void);
const struct check *check_at(size_t i);

/* The check with this id, or NULL. */
const struct check *check_find(const char *id);

/* Its place in check_at(), for arrays indexed by check. */
size_t check_index(const struct check *c);

/*
 * The facts whose change re-runs it: those that it reads; where it reads none,
 * FACT_OS, so that it is judged with the first facts that there are.
 */
uint64_t check_triggers(const struct check *c);

/*
 * What to do about a result of the check: the row's remedy for this machine
 * (its packet filter by FACT_FIREWALL, the family by FACT_OS), and of an error or an unknown what
 * lets it be judged instead, since nothing says yet that anything is wrong. A constant.
 */
const char *check_remedy(
	const struct check *c, const struct factset *facts, enum result result);

/*
 * Whether all facts in mask are there and readable. If not, sets the verdict:
 * absent → notapplicable, otherwise error, with the fact's reason; then false.
 */
bool check_facts_usable(const struct factset *facts, uint64_t mask, struct verdict *ret);

/*
 * Judges one check under the policy: switched off → notchecked; else
 * evaluate(), then severity override and waivers. ret is a fresh verdict
 * (verdict_new). 0 or -ENOMEM.
 */
int check_judge(const struct check *c, const struct factset *facts, const struct policy *policy,
	uint64_t realtime_usec, struct verdict *ret);
