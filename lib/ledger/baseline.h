/* SPDX-License-Identifier: ISC */
/*
 * The items of one fact: as they are, against the rows of the store, which
 * hold what was last announced and what the baseline is.
 *
 * A fact may have 200,000 items of which one has changed. What is remembered
 * in memory is a keyed digest per some hundred items, so that only the rows
 * around the one that changed are read, and only its row is written.
 */
#pragma once

#include "base/siphash.h"
#include "fact/fact.h"
#include "store/rows.h"

struct block {
	const char *from; /* the first subject that may be in it */
	uint64_t digest;  /* of its items when they were as announced */
};

struct baseline {
	bool known;           /* the store has a baseline for the fact */
	int64_t number;       /* of the fact in the store */
	struct arena *arena;  /* of blocks; NULL when nothing is remembered */
	struct block *blocks; /* sorted by from; the first is from "" */
	size_t n_blocks;
	size_t n_items;       /* when the blocks were cut */
};

void baseline_fini(struct baseline *b);

/* An item that is not as last announced. NULL: absent. */
struct change {
	const char *subject;
	const char *old, *new, *baseline;
	const char *path;
	unsigned line;
	bool returns;                 /* new is what the baseline says */
	uint64_t since_realtime_usec; /* of its row: when it left the baseline, or 0 */
	enum {
		CHANGE_TELL, /* nobody has told it yet */
		CHANGE_HELD, /* it stays as announced, for a later batch */
		CHANGE_TOLD, /* an event of this batch does */
	} fate;
	size_t teller[2]; /* claim.c: 1 + the check whose event tells it got worse, got better; 0: none */
};

struct delta {
	struct change *v; /* sorted by subject */
	size_t n;
	struct item_row *moved; /* rows with only another place, as they shall be */
	size_t n_moved;
	uint64_t *digests;      /* of the blocks, as they are now; or NULL */
};

/*
 * Compares a fact whose state is ok or absent with the store. Strings of the
 * result are the fact's or in the arena. 0, -ENOMEM, -errno of the store.
 */
int baseline_compare(const struct baseline *b, struct store *s, const uint8_t key[static 16],
	const struct fact *f, struct arena *a, struct delta *ret);

/*
 * Calls each for every item of the baseline of the fact with this number in the
 * store, as it was recorded or accepted, by subject; what it gets lives during
 * the call. 0; a negative return of each; -errno of the store.
 */
int baseline_read(struct store *s, int64_t number,
	int (*each)(const char *subject, const char *value, void *arg), void *arg);

/* The change of a subject, or NULL. */
struct change *delta_find(const struct delta *d, const char *subject);

/* Writes the changes that are not held. Inside a transaction. */
int baseline_write(const struct baseline *b, struct store *s, const struct delta *d,
	uint64_t realtime_usec);

/* Records all items as the baseline of a fact that has none. Inside a transaction. */
int baseline_record(struct store *s, const struct fact *f, int64_t *ret_number);

/*
 * After the commit: remembers that the items of f are announced (d NULL: just
 * recorded). Without memory it remembers nothing, and the next comparison
 * reads all rows.
 */
void baseline_remember(struct baseline *b, const uint8_t key[static 16], const struct fact *f,
	const struct delta *d);
