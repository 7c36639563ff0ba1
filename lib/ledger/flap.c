/* SPDX-License-Identifier: ISC */
#include "ledger/flap.h"

#include <errno.h>

void flap_fini(struct flap *f)
{
	free(f->told);
	free(f->known);
	*f = (struct flap){0};
}

/* The ring's next place holds the oldest of the last flap_max announcements. */
static bool too_often(const struct flap *f, const struct ledger_config *c, uint64_t now_usec)
{
	return f->n_told >= c->flap_max &&
	       now_usec - f->told[f->n_told % c->flap_max] < c->flap_window_usec;
}

static struct flap_known *find_known(const struct flap *f, uint64_t subject)
{
	for (size_t i = 0; f->known && i < FLAP_SUBJECTS; i++) {
		if (f->known[i].usec > 0 && f->known[i].subject == subject)
			return &f->known[i];
	}
	return NULL;
}

/* The place of what was told longest ago. */
static struct flap_known *oldest_known(const struct flap *f)
{
	struct flap_known *oldest = &f->known[0];

	for (size_t i = 1; i < FLAP_SUBJECTS; i++) {
		if (f->known[i].usec < oldest->usec)
			oldest = &f->known[i];
	}
	return oldest;
}

/* Whether any of the subjects is one that was not told of, and there are not too many of them. */
static bool is_news(const struct flap *f, const struct ledger_config *c,
	const struct flap_subjects *subjects, uint64_t now_usec)
{
	const struct flap_known *oldest = f->known ? oldest_known(f) : NULL;

	if (!oldest || (oldest->usec > 0 && now_usec - oldest->usec < c->flap_window_usec))
		return false;
	for (size_t i = 0; i < subjects->n; i++) {
		if (!find_known(f, subjects->v[i]))
			return true;
	}
	return false;
}

bool flap_enter(struct flap *f, const struct ledger_config *c, const struct flap_seen *seen,
	uint64_t now_usec)
{
	bool differs = seen->differs;

	if (!f->held && (!differs || !too_often(f, c, now_usec)))
		return differs;
	if (differs && is_news(f, c, &seen->subjects, now_usec)) {
		f->seen = seen->state;
		return true;
	}
	if (!f->held || seen->state != f->seen) {
		if (!f->held)
			f->held_usec = now_usec;
		f->held = true;
		f->seen = seen->state;
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
	if (!f->known)
		f->known = calloc(FLAP_SUBJECTS, sizeof(*f->known));
	return f->told && f->known ? 0 : -ENOMEM;
}

void flap_told(struct flap *f, const struct ledger_config *c, const struct flap_subjects *subjects,
	uint64_t now_usec)
{
	for (size_t i = 0; i < subjects->n; i++) {
		struct flap_known *known = find_known(f, subjects->v[i]);
		if (!known)
			known = oldest_known(f);
		*known = (struct flap_known){subjects->v[i], MAX(now_usec, 1U)};
	}
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
