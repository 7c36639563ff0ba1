/* SPDX-License-Identifier: ISC */
/*
 * One batch on its way into the ledger: what enter.c and claim.c share.
 */
#pragma once

#include "check/judge.h"
#include "ledger/internal.h"

/* A check whose verdict may be news. */
struct entered_check {
	const struct check *check;
	const struct verdict *verdict;
	struct finding *finding;
	uint64_t digest;
	struct step step;
	struct flap_subjects subjects; /* that are there now, and were not or were otherwise */
	bool tell;
	/* The one whose event tells this too, by itself without one; NULL: an event of its own. */
	struct entered_check *leader;
	bool own; /* an item of its evidence changed itself, not only one that it follows from */
};

/* A fact of the batch that could be read. */
struct entered_fact {
	const struct fact *fact; /* NULL: not part of the batch */
	bool first;		 /* it has no baseline yet */
	struct delta delta;
	struct flap_subjects subjects;
	bool tell;
	int64_t number;
};

struct entry {
	struct batch batch;
	const struct judge *judge;
	uint64_t mask, now_usec;
	struct entered_check *checks;
	size_t n_checks;
	struct entered_fact facts[FACT_MAX];
};

/* Of the event that tells it: of what is well again, what it had. */
enum severity entered_severity(const struct entered_check *ec);

/*
 * Gives each change of an item to the checks whose evidence names it: theirs is
 * the event that tells it, with what the item was before. What no check claims
 * keeps CHANGE_TELL. Checks that claim one and the same change, and of which all
 * got worse or all got better, are one event: the others get a leader.
 */
void claim_all(struct entry *e);
