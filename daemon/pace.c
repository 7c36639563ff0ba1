/* SPDX-License-Identifier: ISC */
#include "daemon/pace.h"

enum {
	FACTOR = 3,
	STEEP = 10, /* times the first wait, and then as rarely as it may be */
};

static void plan(struct pace *p, int id, bool news, uint64_t now_usec)
{
	const struct collector *c = collector_get((enum fact_id)id);
	uint64_t last = p->v[id].wait_usec;

	if (!c || !c->refresh_usec)
		return;
	p->v[id].known = true;
	p->v[id].read_usec = now_usec;
	if (!c->refresh_first_usec || p->v[id].heard || (p->covered & FACT_BIT(id)))
		p->v[id].wait_usec = c->refresh_usec;
	else if (news)
		p->v[id].wait_usec = c->refresh_first_usec;
	else if (last == 0 || last * FACTOR > c->refresh_first_usec * STEEP)
		p->v[id].wait_usec = c->refresh_usec;
	else
		p->v[id].wait_usec = last * FACTOR;
}

void pace_note(struct pace *p, const struct fact *f, bool news, uint64_t now_usec)
{
	p->v[f->id].heard = f->heard;
	plan(p, f->id, news, now_usec);
}

void pace_cover(struct pace *p, uint64_t facts, uint64_t now_usec)
{
	uint64_t changed = p->covered ^ facts;

	p->covered = facts;
	/* What is covered no more may have changed since anybody told: soon again. */
	for (int i = 0; i < FACT_MAX; i++) {
		if ((changed & FACT_BIT(i)) && p->v[i].known)
			plan(p, i, !(facts & FACT_BIT(i)), now_usec);
	}
}

uint64_t pace_due(const struct pace *p, uint64_t now_usec, uint64_t *ret_next_usec)
{
	uint64_t mask = 0, next = USEC_INFINITY;

	for (int i = 0; i < FACT_MAX; i++) {
		uint64_t wait = p->v[i].wait_usec, due = p->v[i].read_usec + wait;
		uint64_t early = wait > PACE_LONG_USEC ? MIN(wait / 2, PACE_EARLY_USEC) : 0;
		if (!p->v[i].known)
			continue;
		if (now_usec >= due - early)
			mask |= FACT_BIT(i);
		else
			next = MIN(next, due);
	}
	*ret_next_usec = next;
	return mask;
}
