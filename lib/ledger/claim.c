/* SPDX-License-Identifier: ISC */
/* Which event tells of which change, so that each is told once. */
#include <string.h>

#include "ledger/entry.h"

static const struct fact_item *find_item(const struct fact *f, const char *subject)
{
	size_t low = 0, high = f->n_items;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(subject, f->items[middle].subject);
		if (order == 0)
			return &f->items[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static bool same(const char *x, const char *y)
{
	return x && y ? strcmp(x, y) == 0 : x == y;
}

/* Adds to a piece of evidence what is known of the item that it is about. */
static void absorb(struct event_detail *d, struct change *c)
{
	if (d->gone && same(d->old, c->old)) {
		d->observed = c->new;
	} else if (d->gone) {
		d->value = c->new;
	} else {
		d->old = c->old;
		d->value = same(d->observed, c->new) ? NULL : c->new;
	}
	if (d->gone) {
		d->path = c->path;
		d->line = c->line;
		d->removed = !c->new;
	}
	c->fate = CHANGE_TOLD;
}

/*
 * The same for another item that the evidence follows from: what is so now is
 * in the evidence's own words, what was before may not be.
 */
static void absorb_item(struct event_detail *d, struct change *c)
{
	if (c->fate == CHANGE_TOLD)
		return;
	if (!d->gone && !d->old && c->old) {
		d->old = c->old;
		d->value = c->new;
	}
	c->fate = CHANGE_TOLD;
}

/* Evidence that went away has no place any more, but the item may have. */
static void find_place(struct event_detail *d, const struct fact *f)
{
	const struct fact_item *item = f ? find_item(f, d->subject) : NULL;

	if (item) {
		d->path = item->path;
		d->line = item->line;
	}
}

/* The change of a subject in the first of these facts that has one, or NULL. */
static struct change *find_change(const struct entry *e, uint64_t facts, const char *subject)
{
	struct change *c = NULL;

	for (int i = 0; !c && i < FACT_MAX; i++) {
		if (facts & FACT_BIT(i))
			c = delta_find(&e->facts[i].delta, subject);
	}
	return c;
}

/* That a file came or went says nothing beside an event about what stands in it. */
static struct change *find_file(const struct entry *e, const char *path)
{
	const char *subject = path ? arena_printf(e->batch.arena, "file %s", path) : NULL;
	struct change *c = subject ? find_change(e, FACT_ALL, subject) : NULL;

	return c && (!c->old || !c->new) ? c : NULL;
}

enum { NAMED_OWN, NAMED_ITEM, NAMED_FILE, NAMED_MAX };

/* The changes that a piece of evidence names; NULL: none. */
struct named {
	struct change *v[NAMED_MAX];
};

static struct named find_named(
	const struct entry *e, const struct entered_check *ec, const struct event_detail *d)
{
	uint64_t facts = ec->check->facts;

	return (struct named){{
		[NAMED_OWN] = d->subject ? find_change(e, facts, d->subject) : NULL,
		[NAMED_ITEM] = d->item ? find_change(e, facts, d->item) : NULL,
		[NAMED_FILE] = find_file(e, d->path),
	}};
}

/* What is told together: checks that got worse, and those that got better. */
enum { WORSE, BETTER, ALONE };

/* Whether the step is only about evidence that is no more: not that nobody can see it. */
static bool has_lost_only(const struct step *s)
{
	for (size_t i = 0; i < s->n_details; i++) {
		if (!s->details[i].gone)
			return false;
	}
	return s->n_details > 0;
}

static int class_of(const struct entered_check *ec)
{
	switch (ec->step.kind) {
	case EVENT_OPENED:
		return WORSE;
	case EVENT_CHANGED:
		return ec->verdict->result == RESULT_FAIL && has_lost_only(&ec->step) ? BETTER
										       : WORSE;
	case EVENT_RESOLVED:
		return BETTER;
	default:
		return ALONE;
	}
}

/*
 * Of two that tell of one change the worse leads, then the one that can be worse,
 * then the one that is about the item itself.
 */
static bool leads(const struct entered_check *x, const struct entered_check *y)
{
	enum severity of_x = entered_severity(x), of_y = entered_severity(y);

	if (of_x != of_y)
		return of_x > of_y;
	if (x->check->severity != y->check->severity)
		return x->check->severity > y->check->severity;
	if (x->own != y->own)
		return x->own;
	return x->step.kind < y->step.kind;
}

static struct entered_check *leader_of(struct entered_check *ec)
{
	while (ec->leader)
		ec = ec->leader;
	return ec;
}

/* The change is told by this check's event: and so with those that tell it as well. */
static void join(struct entry *e, struct entered_check *ec, struct change *c)
{
	int class = class_of(ec);

	if (class == ALONE)
		return;
	if (c->teller[class] == 0) {
		c->teller[class] = (size_t)(ec - e->checks) + 1;
		return;
	}
	struct entered_check *other = leader_of(&e->checks[c->teller[class] - 1]);
	struct entered_check *own = leader_of(ec);
	if (other == own)
		return;
	if (leads(own, other))
		other->leader = own;
	else
		own->leader = other;
}

static void hold(struct change *c)
{
	if (c->fate == CHANGE_TELL)
		c->fate = CHANGE_HELD;
}

/*
 * A change that evidence of this step names is the step's to tell: now, or
 * when the step itself is told.
 */
static void claim(struct entry *e, struct entered_check *ec)
{
	for (size_t i = 0; i < ec->step.n_details; i++) {
		struct event_detail *d = &ec->step.details[i];
		const struct named n = find_named(e, ec, d);
		struct change *c = n.v[NAMED_OWN], *item = n.v[NAMED_ITEM], *file = n.v[NAMED_FILE];
		ec->own = ec->own || c;
		if (c && ec->tell)
			absorb(d, c);
		if (item && ec->tell)
			absorb_item(d, item);
		if (file && ec->tell)
			file->fate = CHANGE_TOLD;
		for (size_t k = 0; k < NAMED_MAX; k++) {
			if (n.v[k])
				hold(n.v[k]);
		}
		for (int id = 0; d->subject && !c && d->gone && id < FACT_MAX; id++) {
			if (ec->check->facts & FACT_BIT(id))
				find_place(d, factset_get(&e->judge->facts, (enum fact_id)id));
		}
	}
}

/* Once it is known which check is about the item itself. */
static void gather(struct entry *e, struct entered_check *ec)
{
	for (size_t i = 0; i < ec->step.n_details; i++) {
		const struct named n = find_named(e, ec, &ec->step.details[i]);
		for (size_t k = 0; k < NAMED_MAX; k++) {
			if (n.v[k])
				join(e, ec, n.v[k]);
		}
	}
}

void claim_all(struct entry *e)
{
	for (size_t i = 0; i < e->n_checks; i++) {
		if (e->checks[i].tell)
			claim(e, &e->checks[i]);
	}
	for (size_t i = 0; i < e->n_checks; i++) {
		if (!e->checks[i].tell && e->checks[i].step.differs)
			claim(e, &e->checks[i]);
	}
	for (size_t i = 0; i < e->n_checks; i++) {
		if (e->checks[i].tell)
			gather(e, &e->checks[i]);
	}
	for (size_t i = 0; i < e->n_checks; i++) {
		if (e->checks[i].leader)
			e->checks[i].leader = leader_of(&e->checks[i]);
	}
}
