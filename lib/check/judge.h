/* SPDX-License-Identifier: ISC */
/*
 * From dirty facts to verdicts: collects what is dirty in the order of needs,
 * judges the checks that read it. The same for `hardenctl scan` (everything
 * dirty, once) and for the engine (what a change touched).
 */
#pragma once

#include "check/check.h"

struct judge {
	struct root root;         /* borrowed handle; never recorded into here */
	const struct policy *policy; /* borrowed */
	struct memo *memo;        /* owned */
	struct factset facts;
	struct verdict **verdicts; /* by check_index(); NULL until judged */
	uint64_t readings[FACT_MAX]; /* how often each fact was collected */
	uint64_t news; /* of the facts collected last: those that do not say what they said before */
	uint64_t moving; /* and those that changed while they were read: see judge_collect() */
	unsigned moved[FACT_MAX]; /* how often in a row */
};

/* Empty; 0 or -ENOMEM. */
int judge_init(struct judge *j, const struct root *root, const struct policy *policy);
void judge_fini(struct judge *j);

/*
 * The facts of mask that can be collected: what they need is there or is in
 * mask as well. The rest follows by fact_closure() when that is collected.
 */
uint64_t judge_collectable(const struct judge *j, uint64_t mask);

enum {
	JUDGE_MOVING_TRIES = 8,
};

/*
 * Collects the facts in mask (the caller has applied fact_closure() and
 * judge_collectable()). Facts without a collector are left. 0 or -ENOMEM; on
 * failure the old facts stay.
 *
 * A fact that changed while it was read (fact->moving) stays what it was before,
 * if it was anything, and is in j->moving: to be read again soon. What never
 * stands still is an error at the JUDGE_MOVING_TRIES-th time.
 */
int judge_collect(struct judge *j, uint64_t mask, uint64_t realtime_usec);

/*
 * Judges anew the checks that a fact in mask re-runs and all of whose facts
 * were collected (those of FACT_GIVEN may be missing: then nothing is watched).
 * 0 or -ENOMEM.
 */
int judge_evaluate(struct judge *j, uint64_t mask, uint64_t realtime_usec);

/* The first moment at which time alone may change a verdict; USEC_INFINITY: never. */
uint64_t judge_until(const struct judge *j);

#define FACT_ALL (FACT_BIT(FACT_MAX) - 1)
