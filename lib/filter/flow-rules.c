/* SPDX-License-Identifier: ISC */
/* Cells through the rules of one chain and of those that it jumps to. */
#include <errno.h>
#include <string.h>

#include "filter/flow-walk.h"

/* The chain that is being walked. */
struct frame {
	struct flow_walk *w;
	const struct rule *rule;
	unsigned depth;
	struct cells next;     /* go on with the next rule */
	struct cells returned; /* go on behind the jump that led here */
};

static int walk_chain(
	struct flow_walk *w, const struct rule_chain *chain, struct cells *cells, unsigned depth);
static int run(struct frame *f, size_t at, struct cell *c);

int flow_result_add(struct flow_results *s, struct cell *c, struct flow_result how)
{
	if (cell_is_empty(c)) {
		cell_fini(c);
		return 0;
	}
	if (s->n == s->room) {
		size_t room = MAX(s->room * 2, (size_t)8);
		struct flow_result *v = reallocarray(s->v, room, sizeof(*v));
		if (!v)
			return -ENOMEM;
		s->v = v;
		s->room = room;
	}
	how.cell = *c;
	s->v[s->n++] = how;
	*c = (struct cell){0};
	return 0;
}

void flow_results_fini(struct flow_results *s)
{
	for (size_t i = 0; i < s->n; i++)
		cell_fini(&s->v[i].cell);
	free(s->v);
	*s = (struct flow_results){0};
}

/*
 * The cell goes on behind this base chain. Where connections are let in or
 * not, it is written down who did: the answer names it.
 */
static int accept_cell(struct flow_walk *w, struct cell *c, const struct rule *rule,
	const struct rule_chain *chain)
{
	_cleanup_cell_ struct cell copy = {0};
	bool decisive = w->query->out ? w->hook == HOOK_OUTPUT
				      : w->hook == HOOK_INPUT || w->hook == HOOK_FORWARD;
	int r = 0;

	if (decisive && chain->type != CHAIN_NAT) {
		r = cell_copy(&copy, c);
		if (r == 0)
			r = flow_result_add(&w->accepts, &copy,
				(struct flow_result){.rule = rule, .chain = chain});
	}
	return r == 0 ? cells_push(&w->accepted, c) : r;
}

static int end(struct frame *f, struct cell *c, enum flow_outcome outcome)
{
	struct flow_result how = {.outcome = outcome, .rule = f->rule, .chain = f->rule->chain};

	return flow_result_add(&f->w->results, c, how);
}

/* Nobody knows what the rule does with it: it may be let through here, or dropped. */
static int accept_or_drop(struct frame *f, struct cell *c)
{
	_cleanup_cell_ struct cell copy = {0};
	int r;

	flow_mark(c, f->rule->text, true);
	r = cell_copy(&copy, c);
	if (r == 0)
		r = accept_cell(f->w, &copy, f->rule, f->rule->chain);
	return r == 0 ? end(f, c, FLOW_DROP) : r;
}

static int jump(struct frame *f, struct cell *c, const struct rule_verdict *v)
{
	_cleanup_cells_ struct cells through = {0};
	int r;

	if (f->depth >= FLOW_DEPTH_MAX) {
		f->w->too_much = "jumps are nested too deep";
		cell_fini(c);
		return 0;
	}
	r = cells_push(&through, c);
	if (r == 0)
		r = walk_chain(f->w, v->chain, &through, f->depth + 1);
	if (r < 0)
		return r;
	f->w->rule = f->rule;
	return cells_move(v->kind == VERDICT_GOTO ? &f->returned : &f->next, &through);
}

static int decide(struct frame *f, struct cell *c, const struct rule_verdict *v)
{
	switch (v->kind) {
	case VERDICT_CONTINUE:
		return cells_push(&f->next, c);
	case VERDICT_ACCEPT:
		return accept_cell(f->w, c, f->rule, f->rule->chain);
	case VERDICT_DROP:
		return end(f, c, FLOW_DROP);
	case VERDICT_REJECT:
		return end(f, c, FLOW_REJECT);
	case VERDICT_RETURN:
		return cells_push(&f->returned, c);
	case VERDICT_JUMP:
	case VERDICT_GOTO:
		return jump(f, c, v);
	case VERDICT_QUEUE:
		return accept_or_drop(f, c);
	}
	return -EINVAL;
}

/* A statement that nobody knows: behind it, not behind it, and if it decides, both ends. */
static int opaque(struct frame *f, size_t at, struct cell *c, const struct rule_stmt *s)
{
	_cleanup_cell_ struct cell copy = {0};
	int r;

	flow_mark(c, f->rule->text, s->kind == STMT_OPAQUE);
	r = cell_copy(&copy, c);
	if (r == 0)
		r = cells_push(&f->next, &copy);
	if (r == 0 && s->kind == STMT_OPAQUE && s->opaque.decides) {
		r = cell_copy(&copy, c);
		if (r == 0)
			r = accept_or_drop(f, &copy);
	}
	return r == 0 ? run(f, at + 1, c) : r;
}

static int match(struct frame *f, size_t at, struct cell *c, const struct rule_match *m)
{
	_cleanup_flow_hits_ struct flow_hits hits = {0};
	int r = flow_lookup(f->w, c, m, &hits);
	bool negate = m->negate && !hits.broken;
	struct cells *on = negate ? &hits.out : &hits.in;

	if (r == 0)
		r = cells_move(&f->next, negate ? &hits.in : &hits.out);
	for (size_t i = 0; r == 0 && i < on->n; i++)
		r = run(f, at + 1, &on->v[i]);
	return r;
}

static int vmap(struct frame *f, struct cell *c, const struct rule_match *m)
{
	_cleanup_flow_hits_ struct flow_hits hits = {0};
	int r = flow_lookup(f->w, c, m, &hits);

	if (r == 0)
		r = cells_move(&f->next, &hits.out);
	for (size_t i = 0; r == 0 && i < hits.in.n; i++) {
		const struct rule_elem *e = hits.elems[i];
		r = e ? decide(f, &hits.in.v[i], &e->verdict) : accept_or_drop(f, &hits.in.v[i]);
	}
	return r;
}

/* What an operand is for a cell, without maps. */
static int operand_span(
	const struct frame *f, const struct cell *c, const struct rule_operand *o, struct span *ret)
{
	if (o->kind == OPERAND_SPAN)
		*ret = o->span;
	else if (o->kind == OPERAND_KEY)
		*ret = flow_key_span(f->w, c, o->keys);
	else
		return -ENODATA;
	return 0;
}

typedef int apply_fn(struct frame *f, size_t at, struct cell *c, const struct rule_stmt *s,
	const struct rule_elem *elem);

/*
 * Calls apply for each part of the cell with what the operand's map has for
 * it (NULL: not known); what is not in the map goes on with the next rule.
 */
static int through_map(
	struct frame *f, size_t at, struct cell *c, const struct rule_operand *o, apply_fn *apply)
{
	_cleanup_flow_hits_ struct flow_hits hits = {0};
	struct rule_match m = {.keys = o->keys, .n_keys = o->n_keys, .set = o->map};
	int r = flow_lookup(f->w, c, &m, &hits);

	if (r == 0)
		r = cells_move(&f->next, &hits.out);
	for (size_t i = 0; r == 0 && i < hits.in.n; i++)
		r = apply(f, at, &hits.in.v[i], &f->rule->stmts[at], hits.elems[i]);
	return r;
}

static int assign(struct frame *f, size_t at, struct cell *c, const struct rule_stmt *s,
	const struct rule_elem *elem)
{
	const struct rule_operand *o = &s->assign.value;
	enum rule_field field = s->assign.field;
	struct span v;
	int r = -ENODATA;

	if (o->kind == OPERAND_KEY && flow_key_missing(f->w, c, o->keys))
		return cells_push(&f->next, c); /* `mark set ct mark` without a connection */
	if (elem && o->data < elem->n_data) {
		v = elem->data[o->data];
		r = 0;
	} else if (o->kind != OPERAND_MAP) {
		r = operand_span(f, c, o, &v);
	}
	if (field == FIELD_CT_MARK && (f->w->tracking == TRACK_BEFORE || c->state == CT_UNTRACKED))
		return run(f, at + 1, c); /* no connection to write it to */
	c->unknown &= ~(UINT32_C(1) << field);
	if (r == 0 && v.lo == v.hi && field == FIELD_MARK)
		c->mark = (uint32_t)v.lo;
	else if (r == 0 && v.lo == v.hi && field == FIELD_CT_MARK && f->w->tracking == TRACK_AFTER)
		c->ct_mark = (uint32_t)v.lo;
	else
		c->unknown |= UINT32_C(1) << field;
	return run(f, at + 1, c);
}

/* Where it goes now; a redirect stays here, a map of prefixes keeps the host's bits. */
static int new_address(
	struct frame *f, const struct cell *c, const struct rule_stmt *s, struct span *addr)
{
	u128 own;

	if (s->nat.kind == NAT_REDIRECT) {
		if (flow_redirect_address(f->w->host, f->w, c->dst.lo, &own) < 0)
			return -ENOENT;
		*addr = (struct span){.lo = own, .hi = own};
	} else if (s->nat.kind == NAT_NETMAP) {
		u128 host = addr->hi - addr->lo;
		*addr = (struct span){
			.lo = addr->lo | (c->dst.lo & host), .hi = addr->lo | (c->dst.hi & host)};
	}
	return 0;
}

/* The part that an operand has in a NAT: from the map's element or by itself. */
static int nat_part(const struct frame *f, const struct cell *c, const struct rule_operand *o,
	const struct rule_elem *elem, struct span *part)
{
	if (o->kind == OPERAND_NONE)
		return 0;
	if (o->kind != OPERAND_MAP)
		return operand_span(f, c, o, part);
	if (!elem)
		return -ENODATA;
	if (o->data >= elem->n_data)
		return 0; /* a map without ports: the port stays */
	*part = elem->data[o->data];
	return 0;
}

static int bind_dst(struct frame *f, size_t at, struct cell *c, const struct rule_stmt *s,
	const struct rule_elem *elem)
{
	struct span addr = c->dst, port = c->dport;
	int r = nat_part(f, c, &s->nat.addr, elem, &addr);

	if (r == 0)
		r = nat_part(f, c, &s->nat.port, elem, &port);
	if (r == 0)
		r = new_address(f, c, s, &addr);
	if (r == -ENODATA || r == -ENOENT) {
		flow_mark(c, f->rule->text, true);
		c->unknown |= UINT32_C(1) << FIELD_DADDR | UINT32_C(1) << FIELD_DPORT;
	}
	if (f->w->query->out && !c->bound && s->nat.addr.kind == OPERAND_NONE &&
		s->nat.kind != NAT_REDIRECT)
		c->unknown |= UINT32_C(1) << FIELD_DPORT; /* the address stays whatever it is */
	else
		c->bound = true;
	c->dst = addr;
	c->dport = port;
	return cells_push(&f->w->accepted, c);
}

static int nat(struct frame *f, size_t at, struct cell *c, const struct rule_stmt *s)
{
	const struct rule_operand *a = &s->nat.addr, *p = &s->nat.port;

	if (s->nat.family != AF_UNSPEC && s->nat.family != f->w->query->family)
		return cells_push(&f->next, c);
	if (s->nat.kind == NAT_SNAT) {
		c->snat = true;
		return cells_push(&f->w->accepted, c);
	}
	if (a->kind == OPERAND_MAP && p->kind == OPERAND_MAP && a->map != p->map)
		return bind_dst(f, at, c, s, NULL); /* nobody asks two maps at once: not known */
	if (a->kind == OPERAND_MAP)
		return through_map(f, at, c, a, bind_dst);
	if (p->kind == OPERAND_MAP)
		return through_map(f, at, c, p, bind_dst);
	return bind_dst(f, at, c, s, NULL);
}

/* The statements of the rule from one on. Takes the cell over. */
static int run(struct frame *f, size_t at, struct cell *c)
{
	for (; at < f->rule->n_stmts; at++) {
		const struct rule_stmt *s = &f->rule->stmts[at];
		switch (s->kind) {
		case STMT_MATCH:
			return match(f, at, c, &s->match);
		case STMT_CHOSEN:
		case STMT_OPAQUE:
			return opaque(f, at, c, s);
		case STMT_STOP:
			return cells_push(&f->next, c);
		case STMT_VERDICT:
			return decide(f, c, &s->verdict);
		case STMT_VMAP:
			return vmap(f, c, &s->match);
		case STMT_ASSIGN:
			return s->assign.value.kind == OPERAND_MAP
				       ? through_map(f, at, c, &s->assign.value, assign)
				       : assign(f, at, c, s, NULL);
		case STMT_NAT:
			return nat(f, at, c, s);
		case STMT_NOTRACK:
			if (f->w->tracking == TRACK_BEFORE && !f->w->looped)
				c->state = CT_UNTRACKED;
			break;
		}
	}
	return cells_push(&f->next, c);
}

/*
 * Whether a condition that comes before anything else leaves none of the cell:
 * most rules are about another port, and are passed over without a copy.
 */
static bool passes_by(struct flow_walk *w, const struct rule *rule, const struct cell *c)
{
	for (size_t i = 0; i < rule->n_stmts && rule->stmts[i].kind == STMT_MATCH; i++) {
		if (flow_misses(w, c, &rule->stmts[i].match))
			return true;
	}
	return false;
}

/* One rule for all cells that come to it; those that go on are left in *cells. */
static int one_rule(struct frame *f, const struct rule *rule, struct cells *cells)
{
	size_t kept = 0;
	int r = 0;

	f->rule = f->w->rule = rule;
	for (size_t i = 0; r == 0 && i < cells->n; i++) {
		struct cell c = cells->v[i];
		cells->v[i] = (struct cell){0};
		if (passes_by(f->w, rule, &c))
			cells->v[kept++] = c;
		else
			r = run(f, 0, &c);
		if (r < 0)
			cell_fini(&c);
	}
	f->w->work += cells->n;
	if (r < 0)
		return r;
	cells->n = kept;
	if (f->next.n == 0)
		return 0;
	r = cells_move(cells, &f->next);
	return r == 0 && cells->n > 1 ? cells_merge(cells) : r;
}

/* Those that come to its end or return are left in *cells. */
static int walk_chain(
	struct flow_walk *w, const struct rule_chain *chain, struct cells *cells, unsigned depth)
{
	struct frame f = {.w = w, .depth = depth};
	int r = 0;

	for (const struct rule *rule = chain->rules; r == 0 && rule && cells->n > 0;
		rule = rule->next) {
		if (rule->matters)
			r = one_rule(&f, rule, cells);
		if (w->work > FLOW_WORK_MAX || cells->n > FLOW_CELLS_MAX)
			w->too_much = w->work > FLOW_WORK_MAX ? "the rules take too long to follow"
							      : "the rules split it too often";
		if (w->too_much)
			break;
	}
	if (r == 0)
		r = cells_move(cells, &f.returned);
	if (r == 0 && cells->n > 1)
		r = cells_merge(cells);
	cells_fini(&f.next);
	cells_fini(&f.returned);
	return r;
}

int flow_base_chain(struct flow_walk *w, const struct rule_chain *chain, struct cells *cells)
{
	int r = walk_chain(w, chain, cells, 0);

	for (size_t i = 0; r == 0 && i < cells->n; i++) {
		struct flow_result how = {.outcome = FLOW_DROP, .chain = chain};
		r = chain->policy == VERDICT_DROP ? flow_result_add(&w->results, &cells->v[i], how)
						  : accept_cell(w, &cells->v[i], NULL, chain);
	}
	if (r == 0)
		cells->n = 0;
	return r == 0 ? cells_merge(&w->accepted) : r;
}
