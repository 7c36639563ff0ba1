/* SPDX-License-Identifier: ISC */
/*
 * What became of the cells, as disjoint parts. Cells overlap where a condition
 * was taken both ways. Of those that cover a source, one that certainly arrives
 * stands for it, else one that may, else one that does not; and where all of
 * them end alike, the doubt did not matter and is forgotten.
 */
#include <errno.h>
#include <string.h>

#include "filter/flow-walk.h"

enum { CLASSES_MAX = 64 };

/* Results that end alike: the area that they cover. */
struct ending {
	enum flow_outcome outcome;
	struct span dst, dport;
	struct cells area; /* by source ports; only peers and sports are used */
};

struct making {
	struct flow_walk *w;
	struct ending endings[CLASSES_MAX];
	size_t n_endings;
	struct cells covered; /* of parts made already */
	struct flow_answer *answer;
	size_t room;
};

static bool same_span(struct span a, struct span b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

static bool ends_like(const struct ending *e, const struct flow_result *r)
{
	if (e->outcome != r->outcome)
		return false;
	return !flow_arrives(r->outcome) ||
	       (same_span(e->dst, r->cell.dst) && same_span(e->dport, r->cell.dport));
}

/* Its class; the last one takes all that there is no room for. */
static struct ending *ending_of(struct making *m, const struct flow_result *r)
{
	for (size_t i = 0; i < m->n_endings; i++) {
		if (ends_like(&m->endings[i], r))
			return &m->endings[i];
	}
	if (m->n_endings == CLASSES_MAX)
		return &m->endings[CLASSES_MAX - 1];
	struct ending *e = &m->endings[m->n_endings++];
	*e = (struct ending){.outcome = r->outcome, .dst = r->cell.dst, .dport = r->cell.dport};
	return e;
}

/* Adds a cell's sources to the area of the same source ports. */
static int area_add(struct cells *area, const struct cell *c)
{
	_cleanup_cell_ struct cell copy = {0};

	for (size_t i = 0; i < area->n; i++) {
		if (addrs_equal(&area->v[i].sports, &c->sports))
			return addrs_union(&area->v[i].peers, &c->peers);
	}
	int r = cell_copy(&copy, c);
	return r == 0 ? cells_push(area, &copy) : r;
}

/* Cuts all cells of from by the area: what is inside and what is outside. */
static int area_cut(struct cells *from, const struct cells *area, struct cells *inside)
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < area->n && from->n > 0; k++) {
		_cleanup_cells_ struct cells rest = {0};
		for (size_t i = 0; r == 0 && i < from->n; i++) {
			_cleanup_cell_ struct cell in = {0};
			r = cell_take(
				&from->v[i], &area->v[k].peers, &area->v[k].sports, &in, &rest);
			if (r == 0)
				r = cells_push(inside, &in);
		}
		if (r < 0)
			break;
		from->n = 0; /* all handed over */
		r = cells_move(from, &rest);
	}
	return r;
}

static bool continues(const struct flow_part *p, const struct flow_part *next)
{
	return p->outcome == next->outcome && p->rule == next->rule && p->chain == next->chain &&
	       p->note == next->note && p->may == next->may && p->chosen == next->chosen &&
	       p->why == next->why && same_span(p->address, next->address) &&
	       same_span(p->port, next->port) && addrs_equal(&p->sports, &next->sports);
}

/* Adds the cell, which is taken over, as a part or to the part before it. */
static int emit(struct making *m, const struct flow_result *r, struct cell *c, bool contested)
{
	const struct flow_query *q = m->w->query;
	bool where = flow_arrives(r->outcome) && (!q->out || c->bound);
	struct flow_answer *a = m->answer;
	struct flow_part part = {
		.outcome = r->outcome,
		.peers = c->peers,
		.sports = c->sports,
		.address = where ? c->dst : (struct span){0},
		.port = flow_arrives(r->outcome) ? c->dport : (struct span){0},
		.may = contested && c->may,
		.chosen = contested && !c->may,
		.why = contested ? c->why : NULL,
		.rule = r->rule,
		.chain = r->chain,
		.note = r->note,
	};
	part.translated = where && (part.address.lo != q->local || part.address.hi != q->local ||
					   part.port.lo != q->port || part.port.hi != q->port);
	if (a->n > 0 && continues(&a->v[a->n - 1], &part))
		return addrs_union(&a->v[a->n - 1].peers, &part.peers);
	if (a->n == m->room) {
		size_t room = MAX(m->room * 2, (size_t)4);
		struct flow_part *v = reallocarray(a->v, room, sizeof(*v));
		if (!v)
			return -ENOMEM;
		a->v = v;
		m->room = room;
	}
	a->v[a->n++] = part;
	c->peers = c->sports = (struct addrs){0};
	return 0;
}

static int emit_all(
	struct making *m, const struct flow_result *r, struct cells *cells, bool contested)
{
	int e = 0;

	for (size_t i = 0; i < cells->n; i++) {
		if (e == 0)
			e = emit(m, r, &cells->v[i], contested);
		cell_fini(&cells->v[i]);
	}
	cells->n = 0;
	return e;
}

/* What one entry of those that let it in covers of the cells. */
static int emit_accepted(struct making *m, const struct flow_result *r, struct cells *cells,
	const struct flow_result *by, bool contested)
{
	_cleanup_cells_ struct cells in = {0};
	struct flow_result how = *r;
	struct cells area = {.v = (struct cell *)&by->cell, .n = 1};
	int e = area_cut(cells, &area, &in);

	how.rule = by->rule;
	how.chain = by->chain;
	return e == 0 ? emit_all(m, &how, &in, contested) : e;
}

/*
 * Cells that arrive, by who let them in: the last rule that did, over all base
 * chains, and where no rule did, the last policy.
 */
static int emit_arrived(
	struct making *m, const struct flow_result *r, struct cells *cells, bool contested)
{
	const struct flow_results *by = &m->w->accepts;
	int e = 0;

	for (unsigned rules = 2; rules-- > 0;) {
		for (size_t i = by->n; e == 0 && cells->n > 0 && i-- > 0;) {
			if (!by->v[i].rule == !rules)
				e = emit_accepted(m, r, cells, &by->v[i], contested);
		}
	}
	return e == 0 ? emit_all(m, r, cells, contested) : e;
}

/* The part of a result that none before it covers, told apart by whether others end otherwise. */
static int make_part(struct making *m, struct flow_result *r)
{
	_cleanup_cells_ struct cells left = {0}, gone = {0}, contested = {0};
	_cleanup_cell_ struct cell copy = {0};
	const struct ending *own = ending_of(m, r);
	int e = cell_copy(&copy, &r->cell);

	if (e == 0)
		e = cells_push(&left, &copy);
	if (e == 0)
		e = area_cut(&left, &m->covered, &gone);
	if (e == 0)
		e = area_add(&m->covered, &r->cell);
	for (size_t i = 0; e == 0 && i < m->n_endings && left.n > 0; i++) {
		if (&m->endings[i] != own)
			e = area_cut(&left, &m->endings[i].area, &contested);
	}
	if (e < 0)
		return e;
	bool arrived = flow_arrives(r->outcome), full = m->n_endings == CLASSES_MAX;
	e = arrived ? emit_arrived(m, r, &left, full) : emit_all(m, r, &left, full);
	if (e == 0)
		e = arrived ? emit_arrived(m, r, &contested, true)
			    : emit_all(m, r, &contested, true);
	return e;
}

static int rank(const struct flow_result *r)
{
	return (flow_arrives(r->outcome) ? 0 : 2) + r->cell.may;
}

/* Nothing was taken both ways: what there is is disjoint. */
static int make_plain(struct making *m)
{
	int e = 0;

	for (size_t i = 0; e == 0 && i < m->w->results.n; i++) {
		struct flow_result *r = &m->w->results.v[i];
		_cleanup_cells_ struct cells one = {0};
		bool arrived = flow_arrives(r->outcome);
		e = cells_push(&one, &r->cell);
		if (e == 0)
			e = arrived ? emit_arrived(m, r, &one, false) : emit_all(m, r, &one, false);
	}
	return e;
}

static int make_ranked(struct making *m)
{
	struct flow_walk *w = m->w;
	int e = 0;

	for (size_t i = 0; e == 0 && i < w->results.n; i++)
		e = area_add(&ending_of(m, &w->results.v[i])->area, &w->results.v[i].cell);
	for (int at = 0; at <= 3; at++) {
		for (size_t i = 0; e == 0 && i < w->results.n; i++) {
			if (rank(&w->results.v[i]) == at)
				e = make_part(m, &w->results.v[i]);
		}
	}
	return e;
}

int flow_answer_make(struct flow_walk *w, struct flow_answer *ret)
{
	_cleanup_flow_answer_ struct flow_answer answer = {0};
	struct making m = {.w = w, .answer = &answer};
	bool doubts = false;
	int e = 0;

	for (size_t i = 0; e == 0 && i < w->results.n; i++) {
		doubts = doubts || w->results.v[i].cell.why;
		e = cell_settle(&w->results.v[i].cell);
	}
	for (size_t i = 0; e == 0 && i < w->accepts.n; i++)
		e = cell_settle(&w->accepts.v[i].cell);
	if (e == 0)
		e = doubts ? make_ranked(&m) : make_plain(&m);
	for (size_t i = 0; i < m.n_endings; i++)
		cells_fini(&m.endings[i].area);
	cells_fini(&m.covered);
	if (e < 0)
		return e;
	*ret = answer;
	answer = (struct flow_answer){0};
	return 0;
}
