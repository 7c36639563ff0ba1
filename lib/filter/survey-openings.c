/* SPDX-License-Identifier: ISC */
/* All ports of all ways, class by class, put together to openings. */
#include <errno.h>
#include <string.h>

#include "filter/survey.h"

enum {
	WORK_MAX = 10 * 1000 * 1000, /* rules asked, over all questions: about a second */
	WAYS_MAX = 256,
};

/* What was found of a way: n openings from first on. */
struct found {
	size_t first, n;
	bool folded; /* the same as the first way of its kind has: none of its own */
	bool apart;  /* of the first way of a kind: another way of the kind has others */
};

struct finding {
	const struct survey *r;
	struct found *found; /* by way */
	const struct survey_way *way;
	enum survey_protocol protocol;
	size_t first; /* opening of this way and protocol */
	struct opening *v;
	size_t n;
	struct openings *all;
	struct addrs unnamed; /* sources of the way that no rule names */
};

static bool same_span(struct span a, struct span b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

/* Whether the port that it arrives at is the one that was asked. */
static bool keeps_port(const struct opening *o, uint16_t asked)
{
	return o->port.lo == asked && o->port.hi == asked;
}

/* Whether what arrives at a port continues what arrives at those below it. */
static bool continues(const struct opening *o, const struct opening *next)
{
	bool port = keeps_port(o, o->lo) ? keeps_port(next, next->lo)
					 : same_span(o->port, next->port);

	return o->hi + 1 == next->lo && o->rule == next->rule && o->outcome == next->outcome &&
	       o->may == next->may && o->translated == next->translated && port &&
	       same_span(o->address, next->address) && strcmp(o->reason, next->reason) == 0 &&
	       addrs_equal(&o->sports, &next->sports) && addrs_equal(&o->peers, &next->peers);
}

static int make_opening(const struct finding *f, const struct flow_part *p, struct opening *ret)
{
	struct opening o = {
		.way = f->way,
		.protocol = f->protocol,
		.every_address = true,
		.peers = p->peers,
		.anywhere = addrs_equal(&p->peers, &f->way->peers),
		.sports = p->sports,
		.outcome = p->outcome,
		.address = p->address,
		.port = p->port,
		.translated = p->translated,
		.may = p->may,
		.rule = p->rule,
		.reason = survey_reason(f->r->arena, p),
		.doubt = p->may && p->why ? survey_rule_text(f->r->arena, p->why) : NULL,
	};

	if (!o.reason || (p->may && p->why && !o.doubt))
		return -ENOMEM;
	*ret = o;
	return 0;
}

/* Adds a part of what arrives at the ports from lo to hi. Its sets are copied when they are new. */
static int add_part(struct finding *f, const struct flow_part *p, uint16_t lo, uint16_t hi)
{
	struct opening o;
	int r = make_opening(f, p, &o);

	if (r < 0)
		return r;
	o.lo = lo;
	o.hi = hi;
	for (size_t i = f->n; i-- > f->first;) {
		if (!continues(&f->v[i], &o))
			continue;
		f->v[i].hi = hi;
		return 0;
	}
	struct opening *place = arena_grow(f->r->arena, &f->v, f->n, sizeof(*place));
	if (!place || addrs_keep(f->r->arena, &p->peers, &o.peers) < 0 ||
		addrs_keep(f->r->arena, &p->sports, &o.sports) < 0)
		return -ENOMEM;
	*place = o;
	f->n++;
	return 0;
}

/* Notes that connections which no rule names do not get in, where that is so. */
static int note_shut(struct finding *f, const struct flow_part *p)
{
	const char **shut = &f->all->shut[f->way->family == AF_INET6];
	bool unnamed = false;

	for (size_t i = 0; i < f->unnamed.n && !unnamed; i++)
		unnamed = addrs_overlaps(&p->peers, f->unnamed.v[i]);
	if (*shut || p->may || p->chosen || !unnamed)
		return 0;
	*shut = survey_reason(f->r->arena, p);
	return *shut ? 0 : -ENOMEM;
}

static int find_class(struct finding *f, uint16_t lo, uint16_t hi)
{
	_cleanup_flow_answer_ struct flow_answer a = {0};
	int r = survey_ask(f->r, f->way, survey_l4proto(f->protocol), lo, &a);

	for (size_t i = 0; r == 0 && i < a.n; i++)
		r = flow_arrives(a.v[i].outcome) ? add_part(f, &a.v[i], lo, hi)
						 : note_shut(f, &a.v[i]);
	return r;
}

static bool is_range(const struct survey *r, const struct opening *o)
{
	for (size_t i = 0; i < r->n_ranges && o->lo < o->hi; i++) {
		if (o->lo >= r->ranges[i].lo && o->hi <= r->ranges[i].hi)
			return true;
	}
	return false;
}

static int find_ports(struct finding *f)
{
	const struct survey *r = f->r;
	int e = 0;

	f->first = f->n;
	for (size_t i = 0; e == 0 && i < r->n_starts; i++) {
		uint32_t next = i + 1 < r->n_starts ? r->starts[i + 1] : UINT16_MAX + 1;
		e = find_class(f, r->starts[i], (uint16_t)(next - 1));
	}
	for (size_t i = f->first; e == 0 && i < f->n; i++) {
		const struct span ports = {f->v[i].lo, f->v[i].hi};
		f->v[i].named = addrs_contains(&r->named_ports[f->protocol], ports);
		f->v[i].range = is_range(r, &f->v[i]);
	}
	return e;
}

static bool same_opening(const struct opening *a, const struct opening *b)
{
	bool where = a->translated ? same_span(a->address, b->address) : true;

	return a->protocol == b->protocol && a->lo == b->lo && a->hi == b->hi &&
	       a->outcome == b->outcome && a->may == b->may && a->translated == b->translated &&
	       a->rule == b->rule && where && addrs_equal(&a->peers, &b->peers) &&
	       addrs_equal(&a->sports, &b->sports);
}

static bool same_kind(const struct survey_way *a, const struct survey_way *b)
{
	return a->family == b->family && a->link == b->link &&
	       strcmp(a->interface, b->interface) == 0;
}

static bool same_openings(const struct finding *f, const struct found *a, const struct found *b)
{
	for (size_t i = 0; i < a->n && a->n == b->n; i++) {
		if (!same_opening(&f->v[a->first + i], &f->v[b->first + i]))
			return false;
	}
	return a->n == b->n;
}

static size_t first_of_kind(const struct survey *r, size_t way)
{
	size_t first = 0;

	while (!same_kind(&r->ways[first], &r->ways[way]))
		first++;
	return first;
}

static bool is_first(const struct survey *r, size_t way)
{
	return first_of_kind(r, way) == way;
}

/* Drops the openings of a way, the last ones, when the first of its kind has the same. */
static void fold_way(struct finding *f, size_t way)
{
	size_t first = first_of_kind(f->r, way);

	if (first == way)
		return;
	if (!same_openings(f, &f->found[first], &f->found[way])) {
		f->found[first].apart = true;
		return;
	}
	f->n = f->found[way].first;
	f->found[way].n = 0;
	f->found[way].folded = true;
}

/* Adds those of mine as openings of the way, of its own address alone where they are apart. */
static int tell_way(struct finding *to, const struct finding *f, const struct found *mine,
	const struct survey_way *way, bool apart)
{
	for (size_t i = 0; i < mine->n; i++) {
		struct opening *o = arena_grow(f->r->arena, &to->v, to->n, sizeof(*o));
		if (!o)
			return -ENOMEM;
		*o = f->v[mine->first + i];
		o->way = way;
		o->every_address = !apart;
		if (!o->translated)
			o->address = (struct span){way->address, way->address};
		to->n++;
	}
	return 0;
}

/*
 * Where the addresses of a kind do not all have the same openings, each is told
 * with its own, also those that were dropped.
 */
static int unfold(struct finding *f)
{
	struct finding all = {0};
	bool apart = false;
	int e = 0;

	for (size_t i = 0; i < f->r->n_ways; i++)
		apart = apart || f->found[i].apart;
	for (size_t i = 0; e == 0 && apart && i < f->r->n_ways; i++) {
		const struct found *mine = &f->found[i], *first = &f->found[first_of_kind(f->r, i)];
		if (!mine->folded)
			e = tell_way(&all, f, mine, &f->r->ways[i], first->apart);
		else if (first->apart)
			e = tell_way(&all, f, first, &f->r->ways[i], true);
	}
	if (e == 0 && apart) {
		f->v = all.v;
		f->n = all.n;
	}
	return e;
}

static int set_unnamed(struct finding *f)
{
	addrs_fini(&f->unnamed);
	f->unnamed = (struct addrs){0};
	f->all->asked[f->way->family == AF_INET6] = true;
	return survey_unnamed_peers(f->r, f->way, &f->unnamed);
}

/* Connections that no rule names, neither by port nor by source. */
static int find_unnamed(struct finding *f)
{
	for (size_t i = 0; i < f->r->n_ways; i++) {
		f->way = &f->r->ways[i];
		if (!is_first(f->r, i))
			continue;
		int r = set_unnamed(f);
		for (unsigned p = 0; r == 0 && p < SURVEY_PROTOCOL_MAX; p++) {
			struct survey_way way = *f->way;
			_cleanup_flow_answer_ struct flow_answer a = {0};
			uint16_t port = survey_unnamed_port(f->r, p);
			f->all->port[p] = port;
			f->protocol = p;
			f->first = f->n;
			way.peers = f->unnamed;
			r = survey_ask(f->r, &way, survey_l4proto(p), port, &a);
			for (size_t k = 0; r == 0 && k < a.n; k++)
				r = flow_arrives(a.v[k].outcome) ? add_part(f, &a.v[k], port, port)
								 : note_shut(f, &a.v[k]);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static int find_all(struct finding *f)
{
	const struct survey *r = f->r;
	size_t ways = 0;
	int e = 0;

	for (size_t i = 0; i < r->n_ways; i++)
		ways += r->by_address || is_first(r, i);
	f->all->cut = ways > WAYS_MAX ||
		      (r->rules->n_rules + 10) * r->n_starts * ways * SURVEY_PROTOCOL_MAX >
			      WORK_MAX;
	for (size_t i = 0; e == 0 && i < r->n_ways && !f->all->cut; i++) {
		if (!r->by_address && !is_first(r, i))
			continue;
		f->way = &r->ways[i];
		f->found[i].first = f->n;
		e = set_unnamed(f);
		for (unsigned p = 0; e == 0 && p < SURVEY_PROTOCOL_MAX; p++) {
			f->protocol = p;
			e = find_ports(f);
		}
		f->found[i].n = f->n - f->found[i].first;
		if (e == 0)
			fold_way(f, i);
	}
	return e == 0 ? unfold(f) : e;
}

int survey_openings(const struct survey *r, struct openings *ret)
{
	struct openings all = {0};
	struct finding f = {.r = r, .all = &all}, rest = {.r = r, .all = &all};
	f.found = arena_alloc(r->tmp, r->n_ways * sizeof(*f.found));
	int e = f.found ? find_all(&f) : -ENOMEM;

	if (e == 0)
		e = find_unnamed(&rest);
	addrs_fini(&f.unnamed);
	addrs_fini(&rest.unnamed);
	if (e < 0)
		return e;
	all.v = f.v;
	all.n = f.n;
	all.unnamed = rest.v;
	all.n_unnamed = rest.n;
	*ret = all;
	return 0;
}
