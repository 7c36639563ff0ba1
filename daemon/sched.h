/* SPDX-License-Identifier: ISC */
/*
 * The scheduler: decides when dirty facts are read again. Pure: time comes by
 * argument (monotonic µs), so that tests drive it with a clock of their own.
 *
 *  - A complete change after quiet is due at once.
 *  - A change that may be half of one is due after SCHED_SETTLE_USEC without
 *    another for the same fact, but not later than SCHED_SETTLE_MAX_USEC.
 *  - Once a fact was read, it is not read again within SCHED_GAP_USEC: the rest
 *    of a burst is one batch. Under a storm the gap doubles up to SCHED_GAP_MAX_USEC
 *    and halves back in quiet, so the rate per fact is bounded.
 *  - While somebody's transaction holds a lock of the fact's collector
 *    (fact_lock), the fact waits, asked again every SCHED_LOCK_USEC or at the
 *    next event, until the lock's max_usec after its first dirty mark.
 */
#pragma once

#include "fact/fact.h"

#define SCHED_SETTLE_USEC     (100 * USEC_PER_MSEC)
#define SCHED_SETTLE_MAX_USEC (1 * USEC_PER_SEC)
#define SCHED_GAP_USEC	      (50 * USEC_PER_MSEC)
#define SCHED_GAP_MAX_USEC    (5 * USEC_PER_SEC)
#define SCHED_LOCK_USEC	      (100 * USEC_PER_MSEC)

struct sched_fact {
	bool dirty;
	uint64_t first_usec; /* of the marks not yet handled */
	uint64_t due_usec;   /* by the last of them: a change that began undoes one that ended */
	uint64_t read_usec;  /* last handled */
	uint64_t gap_usec;   /* 0: never handled */
	uint64_t held_usec;  /* since when a lock holds it; 0 when none */
};

struct sched {
	struct sched_fact v[FACT_MAX];
	/* How long after its first mark the transaction now going on may hold it; 0: none is. */
	uint64_t (*busy)(enum fact_id id, void *arg);
	void *arg;
};

/* Nothing dirty, nothing read. busy may be NULL: nothing ever holds a fact. */
void sched_init(struct sched *s, uint64_t (*busy)(enum fact_id id, void *arg), void *arg);

/* Marks facts dirty; settle as watch_urgency says. */
void sched_mark(struct sched *s, uint64_t mask, bool settle, uint64_t now_usec);

/*
 * The facts due now, cleared from the dirty set and counted as read now; 0 when
 * none. ret_next is when to ask again (USEC_INFINITY: not before another mark).
 */
uint64_t sched_take(struct sched *s, uint64_t now_usec, uint64_t *ret_next_usec);

/* The facts that are marked. */
uint64_t sched_dirty(const struct sched *s);

/* Those of them that somebody's transaction holds. */
uint64_t sched_held(const struct sched *s);
