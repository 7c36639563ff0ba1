/* SPDX-License-Identifier: ISC */
/*
 * What the files of the ledger share.
 */
#pragma once

#include "ledger/baseline.h"
#include "ledger/finding.h"

/* A finding of a check that this version does not have any more. */
struct orphan {
	const char *check;
	enum severity severity;
	uint64_t since_realtime_usec;
};

struct ledger {
	struct store *store;
	struct ledger_config config;
	char epoch[33], head[65];
	uint8_t key[16]; /* of digests in memory; secret */
	uint64_t seq;
	bool fresh;
	struct finding *findings; /* by check_index() */
	struct baseline baselines[FACT_MAX];
	struct flap flaps[FACT_MAX];
	struct ledger_asker asker;
	struct arena *arena;      /* of orphans */
	struct orphan *orphans;
	size_t n_orphans;
};

/*
 * A transaction of the ledger, begun with the first thing that is to be
 * written. The ledger itself changes when it is committed, not before.
 */
struct batch {
	struct ledger *ledger;
	struct arena *arena; /* of all that the batch makes up */
	uint64_t realtime_usec;
	bool begun;
	int n_events;
	uint64_t seq;
	char head[65];
};

/* 0 or -ENOMEM. */
int batch_init(struct batch *b, struct ledger *l, uint64_t realtime_usec);

/* Rolls back what was not committed. */
void batch_fini(struct batch *b);

/* Before each write. */
int batch_write(struct batch *b);

/*
 * Adds the event: gives it its number, epoch, time, no more details than it may
 * have (n_details is all there are; also those of also), and its message by message_write() from
 * words unless it has one.
 */
int batch_add(struct batch *b, struct event *e, const char *words);

/* Commits, if anything was begun; the ledger's chain goes on from here. */
int batch_commit(struct batch *b);
