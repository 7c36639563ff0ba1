/* SPDX-License-Identifier: ISC */
/*
 * The health of the event sources, from which the coverage fact is made: what
 * was lost, which source does not work, and which facts nobody tells of. Pure.
 */
#pragma once

#include "fact/fact.h"

#define HEALTH_SOURCES 8

#define HEALTH_WATCH "inotify" /* the name of the watch, which is always there */

/* What an event source beside the watch says of itself. The strings are constants. */
struct engine_source {
	const char *name;
	uint64_t facts;     /* what it tells of */
	const char *detail; /* why it does not work; NULL: it works */
	const char *remedy;
	const char *note; /* what it does not do though nothing is wrong, as the policy wants; or NULL */
};

struct health {
	struct health_source {
		struct engine_source s;
		uint64_t losses; /* times that events were lost, since the start */
		uint64_t rest;   /* facts still to be read again after the last */
		bool lossy;      /* until that was done */
	} v[HEALTH_SOURCES]; /* the watch is the first */
	size_t n;
	bool changed; /* a source said something since it was told */
	struct {
		bool lossy;         /* any was */
		uint64_t unwatched; /* by the watch */
		uint64_t blind;     /* those, and the facts of sources that do not work */
	} told; /* what the coverage fact says */
};

/* Nothing was told yet: the first health_fact() makes the fact. */
void health_init(struct health *h);

/* The source of this name lost events: all of facts are to be read again. */
void health_lost(struct health *h, const char *name, uint64_t facts);

/* These were read again. A loss is over when health_settle() is called and none is left. */
void health_read(struct health *h, uint64_t facts);
void health_settle(struct health *h);

/* Whether a loss is not over. */
bool health_lossy(const struct health *h);

/* What a source says of itself from now on. At most HEALTH_SOURCES names (assert). */
void health_source(struct health *h, const struct engine_source *s);

/* Whether the coverage fact says that something is not well. */
bool health_degraded(const struct health *h);

/*
 * The coverage fact, when what it says has changed: 1, and *ret is the caller's,
 * and told is what it says; 0 when nothing has; -ENOMEM. unwatched: of watch_blind().
 */
int health_fact(struct health *h, uint64_t unwatched, struct fact **ret);
