/* SPDX-License-Identifier: ISC */
/*
 * Who did what an event tells of: its details and the facts that changed,
 * against the acts that audit has told of. Pure: no I/O, no clock.
 *
 * Asked in this order, and the first that anybody is found by decides:
 *  1. the things themselves: the files in which the details stand, the account,
 *     the unit or the port that they name;
 *  2. the kind of act that changes such a fact: the packet filter, audit's rules;
 *  3. anything that the facts were read from;
 *  4. the things themselves, in the last minute: a file is opened, and written later.
 * All who did such a thing in the time are named, since which of them it was
 * nobody can tell. 3 and 4 may name somebody else while the record of the very
 * act is still on its way: they are for when nothing more is waited for.
 */
#pragma once

#include "audit/memory.h"
#include "fact/fact.h"
#include "ledger/event.h"

/* What is known of the change beside the event. */
struct attribute_question {
	const struct factset *facts; /* as they are now; names of accounts come from them too */
	uint64_t changed;	     /* FACT_BITs, of which the event tells */
	uint64_t since_usec;	     /* realtime: the facts were last read then, and were otherwise */
	uint64_t until_usec;
	bool waiting; /* records may still come: nobody is asked by 3 and 4 */
};

/*
 * The facts of whose changes audit can tell: what is read from files, sockets,
 * the packet filter, audit's own rules. Of addresses and switches of the kernel
 * it tells nothing.
 */
uint64_t attribute_facts(void);

/*
 * Sets actors of the event (in the arena, strings too). 1; 0 when nobody is
 * found, and the event is as it was; -ENOMEM.
 */
int attribute_event(struct arena *a, const struct acts *acts, const struct attribute_question *q,
	struct event *e);
