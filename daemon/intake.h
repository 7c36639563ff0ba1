/* SPDX-License-Identifier: ISC */
/*
 * What was judged on its way into the ledger: what is pending, when it is tried
 * again, and what could not be told meanwhile.
 *
 * Two things hold it up. The state database cannot be written: then it is tried
 * ever more rarely, readings in between take each other's place, and their number
 * is told. Or it is waited for who did it (see attribution.h): that is over within
 * ATTRIBUTION_WAIT_USEC, and until then nothing is to be read anew, lest what came
 * and went be told by nobody.
 */
#pragma once

#include "check/judge.h"
#include "daemon/attribution.h"
#include "daemon/clock.h"
#include "ledger/ledger.h"

struct intake {
	struct ledger *ledger; /* borrowed, as is judge */
	const struct judge *judge;
	struct attribution attribution;
	uint64_t pending;    /* facts that were judged, and not yet entered */
	uint64_t retry_usec; /* monotonic: not before */
	uint64_t delay_usec; /* last back-off; 0: nothing has failed */
	int error;           /* why it cannot be entered, 0 when it can */
	unsigned replaced;   /* readings since then that took the place of another */
};

/* Asks from now on who did it, since the last event of the ledger. */
void intake_init(struct intake *i, struct ledger *ledger, const struct judge *judge);

/* The facts were read; those of paced for no other reason than that it was time. */
void intake_read(struct intake *i, uint64_t mask, uint64_t paced, struct now now);

/* They were judged anew without being read. */
void intake_judged(struct intake *i, uint64_t mask);

/*
 * Enters what is pending or due, unless it is to wait. A failure, which is told
 * and remembered (error; -EUCLEAN: the database makes no sense), leaves it pending.
 */
void intake_enter(struct intake *i, struct now now);

/* Whether nothing is to be read before retry_usec: it is waited for who did it. */
bool intake_awaits(const struct intake *i);

/* When intake_enter() has something to do (monotonic), USEC_INFINITY: not before a reading. */
uint64_t intake_next(const struct intake *i);
