/* SPDX-License-Identifier: ISC */
/*
 * Who is asked who did it (see ledger/attribute.h): since when a fact may have
 * changed, how long the kernel's word of it is waited for, and why nobody is
 * named when nobody can be.
 *
 * A change is seen (inotify) before the kernel has told who made it (audit), by
 * some milliseconds: what would be told of nobody, or of somebody who only was
 * near, is held back for at most ATTRIBUTION_WAIT_USEC, once.
 */
#pragma once

#include "check/judge.h"
#include "daemon/clock.h"
#include "ledger/attribute.h"
#include "ledger/ledger.h"

#define ATTRIBUTION_WAIT_USEC  (120 * USEC_PER_MSEC)
#define ATTRIBUTION_AGAIN_USEC (15 * USEC_PER_MSEC)

/* What the source of acts is to the engine. Borrowed until it is set anew. */
struct attribution_source {
	const struct acts *acts;  /* NULL: none are told of */
	const char *why;	  /* then: "attribution = no", in the words of an alert; or NULL */
	void (*drain)(void *arg); /* takes up what the kernel has told by now; or NULL */
	void *arg;
};

struct attribution {
	const struct judge *judge;
	struct attribution_source source;
	bool asked;			/* there is a source at all: else nobody is looked for */
	uint64_t read_usec[FACT_MAX];	/* when last read (realtime) */
	uint64_t since_usec[FACT_MAX];	/* and before that: from then on it may have changed */
	uint64_t begin_usec;		/* realtime: nothing before is known; 0: of the first start */
	uint64_t touched;		/* facts that are to be entered, and were not read by the pace */
	uint64_t pending;		/* those that were read since they were last entered */
	uint64_t deadline_usec;		/* monotonic: until when an answer is waited for; 0: not yet */
	struct now now;
};

/*
 * judge is borrowed. begin_usec: when somebody last watched (realtime); 0 on a
 * first start, when nothing can have changed.
 */
void attribution_init(struct attribution *t, const struct judge *judge, uint64_t begin_usec);

/* From now on that is asked. */
void attribution_set(struct attribution *t, const struct attribution_source *source);

/* Facts are read now; those of paced for no other reason than that it was time. */
void attribution_read(struct attribution *t, uint64_t mask, uint64_t paced, struct now now);

/* Before each ledger_enter(): takes up what the kernel has told. */
void attribution_begin(struct attribution *t, struct now now);

/* What was read is entered. */
void attribution_entered(struct attribution *t);

/* For ledger_set_asker(), with the attribution as arg. */
int attribution_ask(void *arg, struct arena *a, uint64_t facts, struct event *e);
