/* SPDX-License-Identifier: ISC */
/*
 * The health of the event sources, from which the coverage fact is made: what
 * was lost, which source does not work, and which facts nobody tells of. Pure.
 */
#pragma once

#include "fact/fact.h"

#define HEALTH_SOURCES 4

/* What an event source beside the watch says of itself. The strings are constants. */
struct engine_source {
	const char *name;
	uint64_t facts;     /* what it tells of */
	const char *detail; /* why it does not work; NULL: it works */
	const char *remedy;
};

struct health {
	struct engine_source sources[HEALTH_SOURCES];
	size_t n_sources;
	bool changed;           /* a source said something since it was told */
	uint64_t overflows;     /* of the watch, since the start */
	uint64_t overflow_rest; /* facts still to be read again after the last */
	bool overflowed;        /* until that was done */
	struct {
		bool overflowed;
		uint64_t unwatched; /* by the watch */
		uint64_t blind;     /* those, and the facts of sources that do not work */
	} told;                 /* what the coverage fact says */
};

/* Nothing was told yet: the first health_fact() makes the fact. */
void health_init(struct health *h);

/* The watch lost events: all of facts are to be read again. */
void health_overflow(struct health *h, uint64_t facts);

/* These were read again. An overflow is over when health_settle() is called and none is left. */
void health_read(struct health *h, uint64_t facts);
void health_settle(struct health *h);

/* What a source says of itself from now on. At most HEALTH_SOURCES names (assert). */
void health_source(struct health *h, const struct engine_source *s);

/* Whether the coverage fact says that something is not well. */
bool health_degraded(const struct health *h);

/*
 * The coverage fact, when what it says has changed: 1, and *ret is the caller's,
 * and told is what it says; 0 when nothing has; -ENOMEM. unwatched: of watch_blind().
 */
int health_fact(struct health *h, uint64_t unwatched, struct fact **ret);
