/* SPDX-License-Identifier: ISC */
/*
 * Damping of what goes back and forth: one damper per check and per fact. It
 * knows when something was told and whether what is seen now has changed since
 * it was last looked at; not what it is.
 *
 * Somebody who wants to hide a change could keep a thing flapping, so holding
 * back ends after FLAP_HOLDS quiet times even without quiet, and what has not
 * been told of before is never held back: port 6379 opens while port 22 flaps.
 * FLAP_SUBJECTS of those are remembered; who brings up more in a flap_window is
 * damped like any other.
 */
#pragma once

#include <stdbool.h>

#include "ledger/ledger.h"

enum {
	FLAP_HOLDS = 4,
	FLAP_SUBJECTS = 16,
};

/* What events are about, as keyed digests. */
struct flap_subjects {
	const uint64_t *v;
	size_t n;
};

struct flap {
	uint64_t *told;        /* a ring of the last announcements (monotonic), or NULL */
	struct flap_known {
		uint64_t subject, usec; /* when last told; 0: a free place */
	} *known;              /* FLAP_SUBJECTS; or NULL */
	unsigned n_told;       /* of all time */
	bool held;
	uint64_t held_usec;    /* since when */
	uint64_t changed_usec; /* the last change seen while held */
	uint64_t seen;         /* digest of the state last seen while held */
	uint64_t changes;      /* seen while held */
};

void flap_fini(struct flap *f);

/*
 * The state (its digest) is seen at now_usec; differs is whether it is another
 * than the one last told, and subjects are those by which it does. True when it is to be told now: then the caller tells
 * it, durably, and calls flap_told(); or comes again with the same.
 */
struct flap_seen {
	bool differs;
	uint64_t state;
	struct flap_subjects subjects;
};
bool flap_enter(struct flap *f, const struct ledger_config *c, const struct flap_seen *seen,
	uint64_t now_usec);

/* Changes that the event which is told now does not show by itself. */
uint64_t flap_untold(const struct flap *f, bool differs);

/* Forgets when it was told, since flap_max may be another; what is held stays so. */
void flap_forget(struct flap *f);

/* Room for flap_told(), before there is no way back. 0 or -ENOMEM. */
int flap_reserve(struct flap *f, const struct ledger_config *c);

/* It was told, and these are what it was about. */
void flap_told(struct flap *f, const struct ledger_config *c, const struct flap_subjects *subjects,
	uint64_t now_usec);

/* When what is held is to be told, USEC_INFINITY when nothing is. */
uint64_t flap_due(const struct flap *f, const struct ledger_config *c);
