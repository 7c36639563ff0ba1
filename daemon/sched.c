/* SPDX-License-Identifier: ISC */
#include "sched.h"

void sched_init(struct sched *s, uint64_t (*busy)(enum fact_id id, void *arg), void *arg)
{
	*s = (struct sched){.busy = busy, .arg = arg};
}

static uint64_t add(uint64_t a, uint64_t b)
{
	return a > USEC_INFINITY - b ? USEC_INFINITY : a + b;
}

void sched_mark(struct sched *s, uint64_t mask, bool settle, uint64_t now_usec)
{
	for (int i = 0; i < FACT_MAX; i++) {
		struct sched_fact *f = &s->v[i];
		if (!(mask & FACT_BIT(i)))
			continue;
		if (!f->dirty) {
			f->dirty = true;
			f->first_usec = now_usec;
		}
		f->due_usec = settle ? MIN(add(now_usec, SCHED_SETTLE_USEC),
					       add(f->first_usec, SCHED_SETTLE_MAX_USEC))
				     : now_usec;
	}
}

/*
 * Due again as soon as the gap was over is a storm; each gap's length of rest
 * after it takes one doubling back.
 */
static uint64_t next_gap(const struct sched_fact *f, uint64_t now_usec)
{
	uint64_t gap = f->gap_usec;

	if (gap == 0)
		return SCHED_GAP_USEC;
	uint64_t rest = now_usec - MIN(now_usec, add(f->read_usec, gap));
	if (rest < gap)
		return MIN(gap * 2, SCHED_GAP_MAX_USEC);
	while (gap > SCHED_GAP_USEC && rest >= gap) {
		rest -= gap;
		gap /= 2;
	}
	return MAX(gap, SCHED_GAP_USEC);
}

/* Whether a transaction holds the fact; if so it is due when that is to be asked again. */
static bool is_held(struct sched *s, enum fact_id id, uint64_t now_usec)
{
	struct sched_fact *f = &s->v[id];
	uint64_t most = s->busy ? s->busy(id, s->arg) : 0;
	uint64_t end = add(f->first_usec, most);

	if (most == 0 || now_usec >= end) {
		f->held_usec = 0;
		return false;
	}
	if (f->held_usec == 0)
		f->held_usec = now_usec;
	f->due_usec = MIN(add(now_usec, SCHED_LOCK_USEC), end);
	return true;
}

static uint64_t due(const struct sched_fact *f)
{
	uint64_t gap_end = f->gap_usec > 0 ? add(f->read_usec, f->gap_usec) : 0;

	return MAX(f->due_usec, gap_end);
}

uint64_t sched_take(struct sched *s, uint64_t now_usec, uint64_t *ret_next_usec)
{
	uint64_t mask = 0, next = USEC_INFINITY;

	for (int i = 0; i < FACT_MAX; i++) {
		struct sched_fact *f = &s->v[i];
		if (!f->dirty)
			continue;
		if (due(f) > now_usec || is_held(s, (enum fact_id)i, now_usec)) {
			next = MIN(next, due(f));
			continue;
		}
		f->dirty = false;
		f->gap_usec = next_gap(f, now_usec);
		f->read_usec = now_usec;
		mask |= FACT_BIT(i);
	}
	*ret_next_usec = next;
	return mask;
}

uint64_t sched_dirty(const struct sched *s)
{
	uint64_t mask = 0;

	for (int i = 0; i < FACT_MAX; i++) {
		if (s->v[i].dirty)
			mask |= FACT_BIT(i);
	}
	return mask;
}

uint64_t sched_held(const struct sched *s)
{
	uint64_t mask = 0;

	for (int i = 0; i < FACT_MAX; i++) {
		if (s->v[i].dirty && s->v[i].held_usec > 0)
			mask |= FACT_BIT(i);
	}
	return mask;
}
