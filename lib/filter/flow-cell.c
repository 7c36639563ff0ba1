/* SPDX-License-Identifier: ISC */
#include "filter/flow-cell.h"

#include <errno.h>
#include <string.h>

void cell_fini(struct cell *c)
{
	addrs_fini(&c->peers);
	addrs_fini(&c->minus);
	addrs_fini(&c->sports);
}

enum {
	MINUS_MAX = 512,   /* more are worth a pass over all sources */
	PEERS_MANY = 2048, /* fewer are moved in place at no cost to speak of */
};

int cell_settle(struct cell *c)
{
	int r = c->minus.n > 0 ? addrs_subtract(&c->peers, &c->minus) : 0;

	if (r == 0)
		addrs_fini(&c->minus);
	return r;
}

int cell_cut_span(struct cell *c, struct span s, struct addrs *ret_in)
{
	_cleanup_addrs_ struct addrs in = {0};
	struct addrs set = {.v = &s, .n = 1};
	int r;

	if (c->peers.n < PEERS_MANY) {
		r = cell_settle(c);
		return r < 0 ? r : addrs_split(&c->peers, &set, ret_in);
	}
	r = addrs_common(&c->peers, s, &in);
	if (r == 0)
		r = addrs_subtract(&in, &c->minus);
	if (r == 0)
		r = addrs_union(&c->minus, &in);
	if (r == 0 && c->minus.n > MINUS_MAX)
		r = cell_settle(c);
	if (r < 0)
		return r;
	*ret_in = in;
	in = (struct addrs){0};
	return 0;
}

int cell_knows(const struct cell *c, const void *set)
{
	for (unsigned i = 0; i < MIN(c->n_cuts, (unsigned)CELL_CUTS); i++) {
		if (c->cuts[i].set == set)
			return c->cuts[i].in;
	}
	return -1;
}

void cell_note(struct cell *c, const void *set, bool in)
{
	c->cuts[c->n_cuts++ % CELL_CUTS] = (struct cell_cut){.set = set, .in = in};
}

/* Keeps of what is known of a what is known of b as well. */
static void forget(struct cell *a, const struct cell *b)
{
	unsigned n = MIN(a->n_cuts, (unsigned)CELL_CUTS), kept = 0;

	for (unsigned i = 0; i < n; i++) {
		if (cell_knows(b, a->cuts[i].set) == a->cuts[i].in)
			a->cuts[kept++] = a->cuts[i];
	}
	a->n_cuts = kept;
}

void cells_fini(struct cells *s)
{
	for (size_t i = 0; i < s->n; i++)
		cell_fini(&s->v[i]);
	free(s->v);
	*s = (struct cells){0};
}

int cell_copy(struct cell *ret, const struct cell *from)
{
	_cleanup_addrs_ struct addrs peers = {0}, minus = {0};
	struct cell c = *from;
	int r = addrs_copy(&peers, &from->peers);

	if (r == 0 && from->minus.n > 0)
		r = addrs_copy(&minus, &from->minus);
	if (r == 0)
		r = addrs_copy(&c.sports, &from->sports);
	if (r < 0)
		return r;
	c.peers = peers;
	c.minus = minus;
	peers = minus = (struct addrs){0};
	*ret = c;
	return 0;
}

bool cell_is_empty(const struct cell *c)
{
	return addrs_is_empty(&c->peers) || addrs_is_empty(&c->sports);
}

int cells_push(struct cells *s, struct cell *c)
{
	if (cell_is_empty(c)) {
		cell_fini(c);
		return 0;
	}
	if (s->n == s->room) {
		size_t room = MAX(s->room * 2, (size_t)4);
		struct cell *v = reallocarray(s->v, room, sizeof(*v));
		if (!v)
			return -ENOMEM;
		s->v = v;
		s->room = room;
	}
	s->v[s->n++] = *c;
	*c = (struct cell){0};
	return 0;
}

int cells_move(struct cells *s, struct cells *from)
{
	for (size_t i = 0; i < from->n; i++) {
		int r = cells_push(s, &from->v[i]);
		if (r < 0)
			return r;
	}
	cells_fini(from);
	return 0;
}

static bool same_span(struct span a, struct span b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

bool cell_alike(const struct cell *a, const struct cell *b)
{
	return a->mark == b->mark && a->ct_mark == b->ct_mark && a->state == b->state &&
	       same_span(a->dst, b->dst) && same_span(a->dport, b->dport) && a->bound == b->bound &&
	       a->snat == b->snat && a->unknown == b->unknown && a->may == b->may;
}

/* 1 when b went into a, 0 when it has to stay, -ENOMEM. */
static int join(struct cell *a, struct cell *b)
{
	int r;

	if (!cell_alike(a, b))
		return 0;
	r = cell_settle(a);
	if (r == 0)
		r = cell_settle(b);
	if (r < 0)
		return r;
	if (addrs_equal(&a->sports, &b->sports))
		r = addrs_union(&a->peers, &b->peers);
	else if (addrs_equal(&a->peers, &b->peers))
		r = addrs_union(&a->sports, &b->sports);
	else
		return 0;
	if (!a->why)
		a->why = b->why;
	forget(a, b);
	return r < 0 ? r : 1;
}

int cells_merge(struct cells *s)
{
	for (size_t i = 0; i + 1 < s->n; i++) {
		for (size_t k = i + 1; k < s->n;) {
			int r = join(&s->v[i], &s->v[k]);
			if (r < 0)
				return r;
			if (r == 0) {
				k++;
				continue;
			}
			cell_fini(&s->v[k]);
			s->v[k] = s->v[--s->n];
			k = i + 1; /* a longer one may fit where it did not before */
		}
	}
	return 0;
}

int cell_take(struct cell *c, const struct addrs *peers, const struct addrs *sports,
	struct cell *ret_in, struct cells *rest)
{
	int r = cell_settle(c);
	_cleanup_cell_ struct cell other = *c, in = *c;

	in.peers = in.sports = other.peers = other.sports = (struct addrs){0};
	in.minus = other.minus = (struct addrs){0};
	if (r == 0)
		r = addrs_split(&c->peers, peers, &in.peers);
	if (r == 0 && !addrs_is_empty(&in.peers)) {
		r = addrs_copy(&other.sports, &c->sports);
		if (r == 0)
			r = addrs_split(&other.sports, sports, &in.sports);
		if (r == 0 && !addrs_is_empty(&other.sports))
			r = addrs_copy(&other.peers, &in.peers);
		if (r == 0)
			r = cells_push(rest, &other);
	}
	if (r == 0)
		r = cells_push(rest, c);
	if (r < 0)
		return r;
	*ret_in = in;
	in.peers = in.sports = (struct addrs){0};
	return 0;
}
