/* SPDX-License-Identifier: ISC */
#include "ledger/flap.h"

#include <errno.h>

void flap_fini(struct flap *f)
{
	free(f->told);
	*f = (struct flap){0};
}

/* The ring's next place holds the oldest of the last flap_max announcements. */
static bool too_often(const struct flap *f, const struct ledger_config *c, uint64_t now_usec)
{
	return f->n_told >= c->flap_max &&
	       now_usec - f->told[f->n_told % c->flap_max] < c->flap_window_usec;
}

bool flap_enter(struct flap *f, const struct ledger_config *c, bool differs, uint64_t state,
	uint64_t now_usec)
{
	if (!f->held && (!differs || !too_often(f, c, now_usec)))
		return differs;
	if (!f->held || state != f->seen) {
		if (!f->held)
			f->held_usec = now_usec;
		f->held = true;
		f->seen = state;
		f->changed_usec = now_usec;
		f->changes++;
	}
	if (now_usec < flap_due(f, c))
		return false;
	if (f->changes > 0)
		return true;
	f->held = false; /* quiet since it was told for want of quiet */
	return differs;
}

uint64_t flap_untold(const struct flap *f, bool differs)
{
	return f->changes > 0 && differs ? f->changes - 1 : f->changes;
}

void flap_forget(struct flap *f)
{
	free(f->told);
	f->told = NULL;
	f->n_told = 0;
}

int flap_reserve(struct flap *f, const struct ledger_config *c)
{
	if (!f->told)
		f->told = calloc(c->flap_max, sizeof(*f->told));
	return f->told ? 0 : -ENOMEM;
}

void flap_told(struct flap *f, const struct ledger_config *c, uint64_t now_usec)
{
	f->told[f->n_told++ % c->flap_max] = now_usec;
	/* Told for want of quiet: the next change waits again, or noise would buy attention. */
	f->held = f->held && now_usec - f->changed_usec < c->flap_quiet_usec;
	f->held_usec = now_usec;
	f->changed_usec = now_usec;
	f->changes = 0;
}

uint64_t flap_due(const struct flap *f, const struct ledger_config *c)
{
	if (!f->held)
		return USEC_INFINITY;
	return MIN(f->changed_usec + c->flap_quiet_usec,
		f->held_usec + FLAP_HOLDS * c->flap_quiet_usec);
}
