/* SPDX-License-Identifier: ISC */
/* One condition, asked of a cell: which part of it is in a set, and which is not. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "filter/flow-value.h"

static const struct span all_ports = {.hi = UINT16_MAX};

void flow_mark(struct cell *c, const char *why, bool may)
{
	c->why = !c->why || (may && !c->may) ? why : c->why;
	c->may = c->may || may;
}

void flow_hits_fini(struct flow_hits *h)
{
	cells_fini(&h->in);
	cells_fini(&h->out);
	free(h->elems);
	*h = (struct flow_hits){0};
}

static int hit(struct flow_hits *h, struct cell *c, const struct rule_elem *elem)
{
	if (h->in.n == h->room) {
		size_t room = MAX(h->room * 2, (size_t)4);
		const struct rule_elem **v = reallocarray(h->elems, room, sizeof(*v));
		if (!v)
			return -ENOMEM;
		h->elems = v;
		h->room = room;
	}
	h->elems[h->in.n] = elem;
	return cells_push(&h->in, c);
}

/* The cell on the one side or on both, as it is held. */
static int place(struct flow_walk *w, struct flow_hits *h, struct cell *c, enum held how,
	const struct rule_elem *elem)
{
	_cleanup_cell_ struct cell copy = {0};

	if (how == HELD_NO)
		return cells_push(&h->out, c);
	if (how == HELD_YES)
		return hit(h, c, elem);
	flow_mark(c, w->rule->text, how == HELD_UNKNOWN);
	int r = cell_copy(&copy, c);
	if (r == 0)
		r = hit(h, &copy, elem);
	return r == 0 ? cells_push(&h->out, c) : r;
}

/* Cuts the cell by its source ports. */
static int cut_ports(struct flow_hits *h, struct cell *c, const struct addrs *set)
{
	_cleanup_cell_ struct cell in = {0};
	struct addrs everyone = {.v = (struct span[]){{.hi = ~(u128)0}}, .n = 1};
	_cleanup_cells_ struct cells rest = {0};
	int r = cell_take(c, &everyone, set, &in, &rest);

	if (r == 0)
		r = hit(h, &in, NULL);
	return r == 0 ? cells_move(&h->out, &rest) : r;
}

/* Cuts the cell by its sources. */
static int cut(struct flow_hits *h, struct cell *c, const struct addrs *set)
{
	_cleanup_cell_ struct cell in = *c;
	int r = 0;

	in.peers = in.minus = in.sports = (struct addrs){0};
	if (set->n == 1) {
		r = cell_cut_span(c, set->v[0], &in.peers);
	} else {
		r = cell_settle(c);
		if (r == 0)
			r = addrs_split(&c->peers, set, &in.peers);
	}
	if (r == 0 && !addrs_is_empty(&in.peers))
		r = addrs_copy(&in.sports, &c->sports);
	if (r == 0)
		r = hit(h, &in, NULL);
	return r == 0 ? cells_push(&h->out, c) : r;
}

/* The same by a long set of the rules, which other rules may name again. */
static int cut_once(struct flow_hits *h, struct cell *c, const struct addrs *set)
{
	int known = set->n > 1 ? cell_knows(c, set) : -1;

	if (known >= 0)
		return known ? hit(h, c, NULL) : cells_push(&h->out, c);
	int r = cut(h, c, set);
	for (size_t i = 0; r == 0 && set->n > 1 && i < h->in.n; i++)
		cell_note(&h->in.v[i], set, true);
	for (size_t i = 0; r == 0 && set->n > 1 && i < h->out.n; i++)
		cell_note(&h->out.v[i], set, false);
	return r;
}

enum { HOLES_MAX = 10 };

/*
 * All numbers of the family of which (number & mask) ^ flip is in the set.
 * -ERANGE when they are too many spans to write down.
 */
static int preimage(const struct flow_walk *w, const struct rule_key *key, const struct addrs *set,
	struct addrs *ret)
{
	u128 all = addrs_all(w->query->family).hi, mask = key->mask & all, holes;
	u128 low = mask & -mask; /* below it, whatever */
	unsigned n = 0;
	int r = 0;

	if (mask == 0)
		return addrs_contains(set, (struct span){.lo = key->flip, .hi = key->flip})
			       ? addrs_add(ret, addrs_all(w->query->family))
			       : 0;
	holes = all & ~mask & ~(low - 1);
	for (u128 h = holes; h; h &= h - 1)
		n++;
	if (n > HOLES_MAX || set->n > 4096)
		return -ERANGE;
	for (size_t i = 0; r == 0 && i < set->n; i++) {
		/* Only what the mask leaves can be equal; a range of masked values is rare. */
		if (set->v[i].hi - set->v[i].lo > (low == 1 ? 0 : 4096) && n > 0)
			return -ERANGE;
		struct span s = {.lo = set->v[i].lo ^ key->flip, .hi = set->v[i].hi ^ key->flip};
		if (s.lo != s.hi && (key->flip != 0 || n > 0))
			return -ERANGE;
		if (n == 0) {
			/* A prefix: round inwards to what the mask can give. */
			u128 lo = (s.lo + low - 1) & mask;
			if (lo < s.lo || lo > s.hi || s.lo > all)
				continue;
			r = addrs_add(
				ret, (struct span){.lo = lo,
					     .hi = ((MIN(s.hi, all) & mask) | (low - 1)) & all});
			continue;
		}
		if ((s.lo & ~mask) != 0)
			continue;
		u128 sub = 0;
		do {
			u128 lo = s.lo | sub;
			r = addrs_add(ret, (struct span){.lo = lo, .hi = lo | (low - 1)});
			sub = (sub - holes) & holes;
		} while (r == 0 && sub != 0);
	}
	return r;
}

static int cut_by_peer(struct flow_walk *w, struct flow_hits *h, struct cell *c,
	const struct rule_key *key, const struct addrs *set)
{
	_cleanup_addrs_ struct addrs wanted = {0};

	if (key->mask == RULE_NO_MASK && key->flip == 0)
		return cut_once(h, c, set);
	int r = preimage(w, key, set, &wanted);
	if (r == -ERANGE)
		return place(w, h, c, HELD_UNKNOWN, NULL);
	return r < 0 ? r : cut(h, c, &wanted);
}

static int cut_by_type(
	struct flow_walk *w, struct flow_hits *h, struct cell *c, const struct addrs *set)
{
	_cleanup_addrs_ struct addrs wanted = {0};
	int r = 0;

	for (unsigned type = RTN_UNSPEC; r == 0 && type <= RTN_MULTICAST; type++) {
		if (addrs_contains(set, (struct span){.lo = type, .hi = type}))
			r = flow_addresses_of_type(w->host, w->query->family, type, &wanted);
	}
	return r < 0 ? r : cut(h, c, &wanted);
}

/* Whether the route back leaves by where the packet came in, for each source. */
static int cut_by_reverse(
	struct flow_walk *w, struct flow_hits *h, struct cell *c, const struct addrs *set)
{
	_cleanup_addrs_ struct addrs yes = {0}, unsure = {0};
	_cleanup_cell_ struct cell open = *c;
	bool with = addrs_contains(set, (struct span){.lo = 1, .hi = 1});
	bool without = addrs_contains(set, (struct span){0});

	open.peers = open.minus = open.sports = (struct addrs){0};
	if (with == without)
		return place(w, h, c, with ? HELD_YES : HELD_NO, NULL);
	int r = flow_routed_by(w->host, w->query->family, w->iif, &yes, &unsure);
	if (r == 0)
		r = addrs_copy(&open.sports, &c->sports);
	if (r == 0)
		r = cell_settle(c);
	if (r == 0)
		r = addrs_split(&c->peers, &unsure, &open.peers);
	if (r == 0)
		r = place(w, h, &open, HELD_UNKNOWN, NULL);
	if (r < 0)
		return r;
	if (with)
		return cut(h, c, &yes);
	_cleanup_addrs_ struct addrs no = {0};
	r = addrs_add(&no, addrs_all(w->query->family));
	if (r == 0)
		r = addrs_subtract(&no, &yes);
	return r < 0 ? r : cut(h, c, &no);
}

/* The source ports whose value under the key's mask is in the set. */
static int cut_by_sport(
	struct flow_hits *h, struct cell *c, const struct rule_key *key, const struct addrs *set)
{
	_cleanup_addrs_ struct addrs wanted = {0};
	int r = 0;

	if (key->mask == RULE_NO_MASK && key->flip == 0)
		return cut_ports(h, c, set);
	for (u128 port = 0, first; r == 0 && port <= all_ports.hi; port++) {
		for (first = port; port <= all_ports.hi; port++) {
			u128 v = (port & key->mask) ^ key->flip;
			if (!addrs_contains(set, (struct span){.lo = v, .hi = v}))
				break;
		}
		if (port > first)
			r = addrs_add(&wanted, (struct span){.lo = first, .hi = port - 1});
	}
	return r < 0 ? r : cut_ports(h, c, &wanted);
}

/* A set with one key. */
static int lookup_set(struct flow_walk *w, struct flow_hits *h, struct cell *c,
	const struct rule_key *key, const struct rule_set *set)
{
	struct value v = flow_value(w, c, key);

	switch (v.kind) {
	case VALUE_NONE:
		h->broken = true;
		return cells_push(&h->out, c);
	case VALUE_PEER:
		return cut_by_peer(w, h, c, key, &set->spans);
	case VALUE_SPORT:
		return cut_by_sport(h, c, key, &set->spans);
	case VALUE_PEER_TYPE:
		return cut_by_type(w, h, c, &set->spans);
	case VALUE_REVERSE:
		return cut_by_reverse(w, h, c, &set->spans);
	default:
		return place(w, h, c, flow_held(&v, key, &set->spans), NULL);
	}
}

/* Which sources and source ports one element is about. */
struct rect {
	struct span peers, sports;
	const struct rule_elem *elem;
	enum held how;
};

struct rects {
	struct rect *v;
	size_t n, room;
};

static void rects_fini(struct rects *s)
{
	free(s->v);
}

static bool narrow(struct span *s, struct span by)
{
	s->lo = MAX(s->lo, by.lo);
	s->hi = MIN(s->hi, by.hi);
	return s->lo <= s->hi;
}

static struct rect rect_of(const struct flow_walk *w, const struct rule_match *m,
	const struct value *values, const struct rule_elem *e)
{
	struct rect rect = {.peers = addrs_all(w->query->family),
		.sports = all_ports,
		.elem = e,
		.how = HELD_YES};

	for (unsigned i = 0; i < m->n_keys && rect.how != HELD_NO; i++) {
		const struct rule_key *key = &m->keys[i];
		bool plain = key->mask == RULE_NO_MASK && key->flip == 0;
		struct addrs set = {.v = (struct span *)&e->keys[i], .n = 1};
		enum held how = HELD_UNKNOWN; /* types and routes of sources, in a tuple */

		if (values[i].kind == VALUE_PEER && plain)
			how = narrow(&rect.peers, e->keys[i]) ? HELD_YES : HELD_NO;
		else if (values[i].kind == VALUE_SPORT && plain)
			how = narrow(&rect.sports, e->keys[i]) ? HELD_YES : HELD_NO;
		else if (values[i].kind == VALUE_SPAN || values[i].kind == VALUE_FLAGS)
			how = flow_held(&values[i], key, &set);
		if (how == HELD_NO || how > rect.how)
			rect.how = how;
	}
	return rect;
}

static int compare(u128 a, u128 b)
{
	return a < b ? -1 : a > b;
}

/* Certain ones first; then alike results, alike ports, and their sources in order. */
static int by_result(const void *a, const void *b)
{
	const struct rect *x = a, *y = b;
	int c = (int)x->how - (int)y->how;

	if (c == 0)
		c = rule_elem_compare(x->elem, y->elem);
	if (c == 0)
		c = compare(x->sports.lo, y->sports.lo);
	if (c == 0)
		c = compare(x->sports.hi, y->sports.hi);
	return c != 0 ? c : compare(x->peers.lo, y->peers.lo);
}

static bool same_group(const struct rect *x, const struct rect *y)
{
	return x->how == y->how && rule_elem_compare(x->elem, y->elem) == 0 &&
	       compare(x->sports.lo, y->sports.lo) == 0 && compare(x->sports.hi, y->sports.hi) == 0;
}

static int take_group(struct flow_walk *w, struct flow_hits *h, const struct rect *v, size_t n)
{
	_cleanup_free_ struct span *spans = reallocarray(NULL, n, sizeof(*spans));
	_cleanup_cells_ struct cells left = h->out;
	struct addrs sports = {.v = (struct span *)&v[0].sports, .n = 1};
	int r = spans ? 0 : -ENOMEM;

	h->out = (struct cells){0};
	for (size_t i = 0; r == 0 && i < n; i++)
		spans[i] = v[i].peers;
	struct addrs peers = {.v = spans, .n = r == 0 ? addrs_normalize(spans, n) : 0};
	for (size_t i = 0; r == 0 && i < left.n; i++) {
		_cleanup_cell_ struct cell in = {0};
		r = cell_take(&left.v[i], &peers, &sports, &in, &h->out);
		if (r == 0 && !cell_is_empty(&in))
			r = place(w, h, &in, v[0].how, v[0].elem);
	}
	return r;
}

enum { COVER_MAX = 256 }; /* back ends of a load balancer */

/* Whether one of the elements is meant, whatever the value turns out to be. */
static bool covers(const struct rule_match *m, const struct value *v)
{
	u128 next = v->span.lo;
	bool found = true;

	if (m->n_keys != 1 || v->kind != VALUE_SPAN || m->set->n_elems > COVER_MAX)
		return false;
	while (found && next <= v->span.hi) {
		found = false;
		for (size_t i = 0; !found && i < m->set->n_elems; i++) {
			struct span s = m->set->elems[i].keys[0];
			found = s.lo <= next && s.hi >= next;
			if (found && s.hi >= v->span.hi)
				return true;
			next = found ? s.hi + 1 : next;
		}
	}
	return false;
}

static int collect(const struct flow_walk *w, const struct rule_match *m,
	const struct value *values, struct rects *ret)
{
	for (size_t i = 0; i < m->set->n_elems; i++) {
		struct rect rect = rect_of(w, m, values, &m->set->elems[i]);
		if (rect.how == HELD_NO)
			continue;
		if (ret->n == ret->room) {
			size_t room = MAX(ret->room * 2, (size_t)16);
			struct rect *v = reallocarray(ret->v, room, sizeof(*v));
			if (!v)
				return -ENOMEM;
			ret->v = v;
			ret->room = room;
		}
		ret->v[ret->n++] = rect;
	}
	return 0;
}

/* A map, or a set of tuples. */
static int lookup_elems(
	struct flow_walk *w, struct flow_hits *h, struct cell *c, const struct rule_match *m)
{
	_cleanup_(rects_fini) struct rects rects = {0};
	struct value values[RULE_KEYS_MAX];

	for (unsigned i = 0; i < m->n_keys; i++) {
		values[i] = flow_value(w, c, &m->keys[i]);
		h->broken = h->broken || values[i].kind == VALUE_NONE;
	}
	int r = cells_push(&h->out, c);
	if (r < 0 || h->broken)
		return r;
	r = collect(w, m, values, &rects);
	if (r == 0 && rects.n > 1)
		qsort(rects.v, rects.n, sizeof(*rects.v), by_result);
	for (size_t i = 0, end; r == 0 && i < rects.n && h->out.n > 0; i = end) {
		end = i + 1;
		while (end < rects.n && same_group(&rects.v[i], &rects.v[end]))
			end++;
		r = take_group(w, h, &rects.v[i], end - i);
	}
	if (r == 0 && rects.n > 0 && rects.v[rects.n - 1].how > HELD_YES && covers(m, &values[0]))
		cells_fini(&h->out);
	return r;
}

/* What packets or time may change: the other way is possible too, now or later. */
static int doubt(struct flow_walk *w, struct flow_hits *h)
{
	size_t n_in = h->in.n, n_out = h->out.n;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n_in; i++) {
		_cleanup_cell_ struct cell copy = {0};
		r = cell_copy(&copy, &h->in.v[i]);
		flow_mark(&copy, w->rule->text, true);
		flow_mark(&h->in.v[i], w->rule->text, false);
		if (r == 0)
			r = cells_push(&h->out, &copy);
	}
	for (size_t i = 0; r == 0 && i < n_out; i++) {
		_cleanup_cell_ struct cell copy = {0};
		r = cell_copy(&copy, &h->out.v[i]);
		flow_mark(&copy, w->rule->text, true);
		flow_mark(&h->out.v[i], w->rule->text, false);
		if (r == 0)
			r = hit(h, &copy, NULL);
	}
	return r;
}

int flow_lookup(
	struct flow_walk *w, struct cell *c, const struct rule_match *match, struct flow_hits *ret)
{
	_cleanup_flow_hits_ struct flow_hits h = {0};
	const struct rule_set *set = match->set;
	int r;

	if (set->opaque || match->n_keys != set->n_keys)
		r = place(w, &h, c, HELD_UNKNOWN, NULL);
	else if (set->n_keys == 1 && !set->is_map)
		r = lookup_set(w, &h, c, &match->keys[0], set);
	else
		r = lookup_elems(w, &h, c, match);
	if (r == 0 && set->dynamic && !h.broken)
		r = doubt(w, &h);
	if (r < 0)
		return r;
	*ret = h;
	h = (struct flow_hits){0};
	return 0;
}

bool flow_misses(const struct flow_walk *w, const struct cell *c, const struct rule_match *match)
{
	const struct rule_key *key = &match->keys[0];
	const struct rule_set *set = match->set;

	if (match->n_keys != 1 || set->n_keys != 1 || set->opaque || set->dynamic)
		return false;
	struct value v = flow_value(w, c, key);
	if (v.kind == VALUE_NONE)
		return true;
	if (v.kind == VALUE_SPAN || v.kind == VALUE_FLAGS)
		return flow_held(&v, key, &set->spans) == (match->negate ? HELD_YES : HELD_NO);
	if (v.kind != VALUE_PEER || key->mask != RULE_NO_MASK || key->flip != 0)
		return false;
	/* One address or prefix that is not in the cell: the usual list of such rules. */
	if (set->spans.n == 1)
		return !match->negate && !addrs_overlaps(&c->peers, set->spans.v[0]);
	int known = cell_knows(c, &set->spans);
	return known >= 0 && (known == 1) == match->negate;
}
