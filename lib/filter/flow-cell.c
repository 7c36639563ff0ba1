/* SPDX-License-Identifier: ISC */
#include "filter/flow-cell.h"

#include <errno.h>
#include <string.h>

void cell_fini(struct cell *c)
{
	addrs_fini(&c->peers);
	addrs_fini(&c->sports);
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
	_cleanup_addrs_ struct addrs peers = {0};
	struct cell c = *from;
	int r = addrs_copy(&peers, &from->peers);

	if (r == 0)
		r = addrs_copy(&c.sports, &from->sports);
	if (r < 0)
		return r;
	c.peers = peers;
	peers = (struct addrs){0};
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
static int join(struct cell *a, const struct cell *b)
{
	int r;

	if (!cell_alike(a, b))
		return 0;
	if (addrs_equal(&a->sports, &b->sports))
		r = addrs_union(&a->peers, &b->peers);
	else if (addrs_equal(&a->peers, &b->peers))
		r = addrs_union(&a->sports, &b->sports);
	else
		return 0;
	if (!a->why)
		a->why = b->why;
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
	_cleanup_cell_ struct cell other = *c, in = *c;
	int r;

	in.peers = in.sports = other.peers = other.sports = (struct addrs){0};
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
