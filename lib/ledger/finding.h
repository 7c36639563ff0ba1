/* SPDX-License-Identifier: ISC */
/*
 * One check's finding: as it was last announced, against the verdict of now,
 * and what follows from the two. Evidence is compared as a set of subject,
 * observed, expected and result; where it stands (path and line) may move
 * without a word.
 */
#pragma once

#include "check/check.h"
#include "ledger/event.h"
#include "ledger/flap.h"
#include "store/rows.h"

/* A piece of open evidence as it is stored. */
struct proof {
	const char *subject, *item, *observed, *expected, *path;
	unsigned line;
	enum result result;
	bool waived;
	bool sentence; /* observed is the summary of a verdict that has no evidence */
};

struct proofs {
	struct proof *v;
	size_t n;
};

/* The stored form, a JSON array, to be freed (NULL on ENOMEM); back: 0, -EUCLEAN, -ENOMEM. */
char *proofs_encode(const struct proofs *p);
int proofs_decode(struct arena *a, const char *json, struct proofs *ret);

enum finding_stage {
	FINDING_CLOSED,
	FINDING_OPEN,
	FINDING_WAIVED, /* open, and covered by a waiver as a whole */
};

/* As last announced. */
struct finding {
	enum finding_stage stage;
	enum result result;
	enum severity severity;
	uint64_t since_realtime_usec; /* while not closed */
	uint64_t digest;              /* of the verdict last entered; 0 when none was */
	struct flap flap;
};

/* Keyed digest of all that the ledger reads of a verdict; never 0. */
uint64_t finding_digest(const uint8_t key[static 16], const struct verdict *v);

/* From what was announced to what is so. */
struct step {
	bool differs;         /* in a way that is told */
	bool rewrite;         /* the row is another, though nothing is told */
	enum event_kind kind; /* also where nothing differs: to tell that it came and went */
	enum finding_stage stage;
	uint64_t since_realtime_usec;
	const char *waiver;     /* that covers it now, or that covered it, in words; or NULL */
	char *row_evidence;     /* to be stored; NULL when closed; in the arena */
	struct event_detail *details; /* what the event is about */
	size_t n_details;
};

/*
 * Works out the step of check c from f (with its row in the store) to verdict
 * v. Strings are the verdict's or in the arena. 0, -ENOMEM, -EUCLEAN (the row
 * makes no sense), -errno of the store.
 */
int finding_step(const struct finding *f, struct store *s, const struct check *c,
	const struct verdict *v, uint64_t realtime_usec, struct arena *a, struct step *ret);

/* Writes the finding's row as the step says. Inside a transaction. */
int finding_write(struct store *s, const struct check *c, const struct verdict *v,
	const struct step *step);

/* Takes up a stored row. 0, -EUCLEAN, -ENOMEM. */
int finding_load(struct finding *f, const struct finding_row *row);
