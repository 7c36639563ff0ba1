/* SPDX-License-Identifier: ISC */
/*
 * Keeps the state database: tells when the disk does not take it and when it
 * does again, makes room in memory meanwhile, and writes it anew when somebody
 * has taken its files away.
 */
#pragma once

#include "daemon/clock.h"
#include "ledger/ledger.h"
#include "store/store.h"

struct keeper {
	struct store *store;   /* borrowed, as is the ledger */
	struct ledger *ledger;
	int fd;                /* inotify on the database's directory; -1: it can't be watched */
	struct {
		int error;     /* of store_kept() as it was told; 0: the disk takes all */
		uint64_t since_realtime_usec, retry_usec, delay_usec;
		uint64_t shed; /* events that were told and will not be in the outbox */
		size_t left;   /* bytes, when room was last made */
	} kept;
	int lost;              /* why it cannot be written anew, as it was told */
	uint64_t lost_retry_usec;
};

/* From now on, what the disk refuses is kept. path: of the database; its directory is watched. */
void keeper_init(struct keeper *k, struct store *s, struct ledger *l, const char *path);
void keeper_fini(struct keeper *k);

/* To be polled for reading, then keeper_drain() and a step; -1: there is none. */
int keeper_fd(const struct keeper *k);
void keeper_drain(struct keeper *k);

/*
 * Before anything is written: whether the files are still there, which it mends
 * and tells. 0; -EUCLEAN: the database makes no sense any more.
 */
int keeper_check(struct keeper *k, struct now now);

/* After things were written: the disk again, when it is time. 0 or -EUCLEAN. */
int keeper_flush(struct keeper *k, struct now now);

/* Room in memory, at the cost of the history of what every sink has (up to the number told). */
void keeper_shed(struct keeper *k, uint64_t told);

/* Whether what is told is kept in memory. */
bool keeper_holds(const struct keeper *k);

/* When to call keeper_flush() again (monotonic); USEC_INFINITY: not before a write. */
uint64_t keeper_next(const struct keeper *k, struct now now);
