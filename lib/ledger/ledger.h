/* SPDX-License-Identifier: ISC */
/*
 * The ledger: compares what is with what was last told, and writes both the
 * new state and the events that tell of it in one transaction. The only writer
 * of state. Reads no clock and no machine: all comes by arguments.
 *
 * What it remembers:
 *  - per check whose finding is open: the result, severity, evidence and waiver
 *    last announced, and since when it has been open;
 *  - per fact item: the accepted baseline value and the value last announced;
 *  - the chain: last sequence number and hash.
 *
 * One change is one event: an item that changed and that is named (same
 * subject, or evidence.item) by evidence of a check that opened, changed or
 * resolved in the same batch is told by that event, with its old value; what
 * remains is drift, one event per fact and batch. Where several checks name it,
 * and all of them got worse or all got better, they are one event too, that
 * of the most severe. That a file came or went ("file PATH") is told by whatever
 * tells of what stands in it. Items that return to their baseline are resolved,
 * by an event of their own. Evidence is compared as a set: where it stands may
 * move without a word. Only open evidence counts, and of an open finding only
 * what no waiver covers. A finding that is waived as a whole is told once.
 *
 * The first batch for a fact records its items as the baseline and makes no
 * drift. A fact that cannot be read (state other than ok or absent) leaves its
 * items as they were: not seeing is not disappearing.
 *
 * Flap damping: a check or fact that was announced flap_max times within
 * flap_window is held back until it has been quiet for flap_quiet, but not
 * longer than four times that, lest noise hide something; then one event tells
 * the final state with the count of changes not told. Held changes are not
 * written as announced, so a restart tells them at once.
 */
#pragma once

#include "check/judge.h"
#include "ledger/event.h"
#include "store/store.h"

struct ledger;

struct ledger_config {
	unsigned flap_max;         /* 5 */
	uint64_t flap_window_usec; /* 60 s */
	uint64_t flap_quiet_usec;  /* 30 s */
};

/*
 * Takes up the state in the store; epoch is 32 hex digits, new for each start
 * (else -EINVAL). The store is borrowed. 0, -EUCLEAN (rows that make no sense),
 * -errno of the store.
 */
int ledger_new(struct store *s, const char *epoch, const struct ledger_config *config,
	struct ledger **ret);
void ledger_free(struct ledger *l);
DEFINE_FREEP(struct ledger *, ledger_free)

/* Damps by other limits from now on. 0; -EINVAL: a flap_max of 0. */
int ledger_configure(struct ledger *l, const struct ledger_config *config);

/*
 * Who is asked who did it, before the message of an event is written that tells
 * of a change of facts (those in the mask, of which one is the change's). ask()
 * sets actors or unattributed of the event, whose details and also are set, or
 * neither when nobody did it; strings live in the arena. 0; -EAGAIN: the answer
 * may be on its way, nothing is entered; -ENOMEM. NULL: nobody is asked.
 */
struct ledger_asker {
	int (*ask)(void *arg, struct arena *a, uint64_t facts, struct event *e);
	void *arg;
};
void ledger_set_asker(struct ledger *l, const struct ledger_asker *asker);

/* Whether no fact had a baseline when the state was taken up: the first start ever. */
bool ledger_is_fresh(const struct ledger *l);

/*
 * Enters the facts in mask and the verdicts of the checks that read them (with
 * FACT_ALL also of those that read none), in one transaction with the events
 * that follow. Returns how many events were added, or -errno with nothing
 * changed (call again later with the same or a larger mask; -EAGAIN: see
 * ledger_asker).
 */
int ledger_enter(struct ledger *l, const struct judge *j, uint64_t mask, uint64_t realtime_usec,
	uint64_t monotonic_usec);

/* When what is held back is due (monotonic), USEC_INFINITY when nothing is; then enter mask 0. */
uint64_t ledger_due(const struct ledger *l);

/*
 * Adds an event that is about the daemon: started, stopped, heartbeat,
 * degraded. The message is escaped here. 1 or -errno.
 */
int ledger_note(struct ledger *l, enum event_kind kind, enum severity severity,
	const char *message, uint64_t realtime_usec);

/*
 * Makes the present value of the items that differ the baseline: all of them,
 * or those of one fact (name) or with one subject (pattern of fnmatch); NULL
 * for any. who and reason (either may be NULL; escaped here) go into the event,
 * when any differed. What is held back is not told yet and not accepted.
 * Returns how many items were accepted, -EINVAL (no fact of that name), or -errno.
 */
int ledger_accept(struct ledger *l, const char *fact, const char *subject, const char *who,
	const char *reason, uint64_t realtime_usec);

/* An item that differs from its baseline. NULL value: absent. */
struct difference {
	const char *fact, *subject, *baseline, *current, *path;
	unsigned line;
	uint64_t since_realtime_usec;
};

/*
 * Calls each for every item that differs, by fact and subject. A negative
 * return stops and is returned. each must not use the ledger or the store.
 */
int ledger_diff(struct ledger *l, int (*each)(const struct difference *d, void *arg), void *arg);

/*
 * Calls each for every item of the fact's baseline, as it was recorded or
 * accepted, by subject; what it gets lives during the call. 0; -ENODATA when the
 * fact has none yet; a negative return of each; -errno of the store.
 */
int ledger_baseline(struct ledger *l, enum fact_id id,
	int (*each)(const char *subject, const char *value, void *arg), void *arg);

/* Since when the check's finding is open, waived or not (realtime), 0 when it is not. */
uint64_t ledger_open_since(const struct ledger *l, const struct check *c);

/* The last sequence number given out, and the chain's head. */
uint64_t ledger_seq(const struct ledger *l);
const char *ledger_head(const struct ledger *l);

/* When the newest event was entered; 0 when there is none, or the outbox can't be read. */
uint64_t ledger_last_realtime(struct ledger *l);
