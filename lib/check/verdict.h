/* SPDX-License-Identifier: ISC */
/*
 * A verdict: a result, a sentence, and the evidence for it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/result.h"

struct waiver;

struct evidence {
	enum result result;
	enum severity severity;     /* of a fail */
	const char *subject;        /* the item's subject where there is one: "account alice" */
	const char *item;           /* of another item that it follows from ("sudo %ops"), or NULL */
	const char *path;           /* or NULL */
	unsigned line;              /* or 0 */
	const char *observed, *expected;
	const struct waiver *waiver; /* set by check_judge(); borrowed from the policy */
};

struct verdict {
	enum result result;
	enum severity severity;
	const char *summary;        /* one line: what is so, with names */
	const char *note;           /* ends the summary but of a fail; set by verdict_note() */
	struct evidence *evidence;  /* in the order given */
	size_t n_evidence;
	const struct waiver *waiver; /* when every fail is waived and nothing else is open */
	uint64_t until_realtime_usec; /* when time alone may change it; USEC_INFINITY: never */
	struct arena *arena;
};

/* An empty verdict: pass, no summary, severity low. NULL on ENOMEM. */
struct verdict *verdict_new(void);
void verdict_free(struct verdict *v);
DEFINE_FREEP(struct verdict *, verdict_free)

/*
 * Adds evidence; all strings are copied and escaped. The verdict's result rises
 * to that of the evidence by precedence; its severity is the highest of its
 * fails. Out of memory is remembered by the arena.
 */
void verdict_add(struct verdict *v, const struct evidence *e);

/* Sets the sentence (escaped). Without one, check_judge() writes one from the evidence. */
void verdict_summary(struct verdict *v, const char *fmt, ...) _printf_(2, 3);

/*
 * Says that this verdict may be another at that moment, though no fact changes
 * (a certificate expires, a release ends): it is judged again then. The
 * earliest of several calls holds.
 */
void verdict_until(struct verdict *v, uint64_t realtime_usec);

/*
 * Whether the time of a record lies further ahead of now than a clock that is
 * being set right explains (10 minutes). Such a record proves nothing: taken for
 * recent it would be so for ever. Judged again when its time has come.
 */
bool verdict_ahead(struct verdict *v, uint64_t realtime_usec, uint64_t now_realtime_usec);

/*
 * Sets a clause (escaped) that check_judge() puts behind the summary, whatever
 * the result: a reservation that holds for all that the verdict says. Not part
 * of the evidence, so that nothing is told when only it changes.
 */
void verdict_note(struct verdict *v, const char *fmt, ...) _printf_(2, 3);

/* Sets a result without evidence and its sentence: notapplicable, informational, error. */
void verdict_set(struct verdict *v, enum result r, const char *fmt, ...) _printf_(3, 4);
