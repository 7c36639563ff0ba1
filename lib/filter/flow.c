/* SPDX-License-Identifier: ISC */
#include "filter/flow.h"

#include <assert.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "filter/flow-walk.h"

static_assert(FIELD_MAX <= 32, "cell.unknown has a bit for each field");

/* Of nf_conntrack in the kernel: NF_IP_PRI_CONNTRACK. */
enum { CONNTRACK_PRIORITY = -200 };

static const char *const outcome_text[] = {
	[FLOW_LOCAL] = "local",
	[FLOW_FORWARD] = "forward",
	[FLOW_SENT] = "sent",
	[FLOW_DROP] = "drop",
	[FLOW_REJECT] = "reject",
};
static_assert(ARRAY_SIZE(outcome_text) == FLOW_OUTCOME_MAX, "each outcome has a name");

const char *flow_outcome_text(enum flow_outcome outcome)
{
	return outcome_text[outcome];
}

bool flow_arrives(enum flow_outcome outcome)
{
	return outcome == FLOW_LOCAL || outcome == FLOW_FORWARD || outcome == FLOW_SENT;
}

void flow_answer_fini(struct flow_answer *a)
{
	for (size_t i = 0; i < a->n; i++) {
		addrs_fini(&a->v[i].peers);
		addrs_fini(&a->v[i].sports);
	}
	free(a->v);
	*a = (struct flow_answer){0};
}

const char *flow_part_reason(struct arena *a, const struct flow_part *part)
{
	const struct rule_chain *c = part->chain;

	if (part->rule)
		return part->rule->text;
	if (part->note || !c)
		return part->note ? part->note : "no rule";
	return arena_printf(a, "policy %s of %s %s %s",
		c->policy == VERDICT_DROP ? "drop" : "accept", rule_family_text(c->table->family),
		c->table->name, c->name);
}

static bool names(const struct rule_chain *chain, const char *device)
{
	for (size_t i = 0; chain->devices && chain->devices[i]; i++) {
		if (strcmp(chain->devices[i], device) == 0)
			return true;
	}
	return chain->device && strcmp(chain->device, device) == 0;
}

static bool is_bridge(const struct flow_walk *w)
{
	for (size_t i = 0; w->iif && i < w->host->n_interfaces; i++) {
		if (strcmp(w->host->interfaces[i].name, w->iif) == 0)
			return w->host->interfaces[i].bridge;
	}
	return false;
}

enum passage {
	PASS_NOT,
	PASS_MAYBE, /* it is not known whether packets come through it */
	PASS_YES,
};

static enum passage passage(const struct flow_walk *w, const struct rule_chain *chain)
{
	const char *device = w->hook == HOOK_EGRESS ? w->oif : w->iif;

	if (chain->table->family == RULE_BRIDGE)
		return is_bridge(w) && !w->query->out ? PASS_MAYBE : PASS_NOT;
	if (chain->table->flagged)
		return PASS_MAYBE;
	/* Whoever else may have the kernel track connections, the rules do not. */
	if (chain->type == CHAIN_NAT && !w->rs->tracks[w->query->family == AF_INET6])
		return PASS_MAYBE;
	if (w->hook != HOOK_INGRESS && w->hook != HOOK_EGRESS)
		return PASS_YES;
	if (!chain->device && !chain->devices)
		return PASS_MAYBE;
	if (!device)
		return w->oif_unknown ? PASS_MAYBE : PASS_NOT;
	return names(chain, device) ? PASS_YES : PASS_NOT;
}

static enum flow_tracking tracking(const struct flow_walk *w, const struct rule_chain *chain)
{
	bool early = w->hook == HOOK_PREROUTING || w->hook == HOOK_OUTPUT;

	if (w->looped && w->hook != HOOK_OUTPUT)
		return TRACK_AFTER;
	if (w->hook == HOOK_INGRESS)
		return TRACK_BEFORE;
	if (!early || chain->type == CHAIN_NAT || chain->priority > CONNTRACK_PRIORITY)
		return TRACK_AFTER;
	return chain->priority < CONNTRACK_PRIORITY ? TRACK_BEFORE : TRACK_UNSURE;
}

/* Whether a nat chain looks at the cell: at a new connection that has no binding yet. */
static bool is_bound(const struct flow_walk *w, const struct cell *c)
{
	if (c->state != CT_NEW && c->state != CT_RELATED)
		return true;
	if (w->hook == HOOK_PREROUTING)
		return c->bound || w->looped; /* the output hook has decided */
	return w->hook == HOOK_OUTPUT ? c->bound : c->snat;
}

static bool can_matter(const struct rule_chain *chain)
{
	for (const struct rule *r = chain->rules; r; r = r->next) {
		if (r->matters)
			return true;
	}
	return chain->policy == VERDICT_DROP;
}

/* Leaves in cells what the chain is asked about; the others are accepted at once. */
static int set_aside(struct flow_walk *w, const struct rule_chain *chain, struct cells *cells)
{
	_cleanup_cells_ struct cells asked = {0};
	bool doubtful = passage(w, chain) == PASS_MAYBE;
	int r = 0;

	for (size_t i = 0; r == 0 && i < cells->n; i++) {
		_cleanup_cell_ struct cell copy = {0};
		struct cell *c = &cells->v[i];
		if (doubtful) {
			flow_mark(c, chain->rules ? chain->rules->text : chain->name, true);
			r = cell_copy(&copy, c);
			if (r == 0)
				r = cells_push(&w->accepted, &copy);
		}
		if (r == 0)
			r = cells_push(
				chain->type == CHAIN_NAT && is_bound(w, c) ? &w->accepted : &asked,
				c);
	}
	cells_fini(cells);
	*cells = asked;
	asked = (struct cells){0};
	return r;
}

/* All base chains of a hook. Those that go on are left in *cells. */
static int walk_hook(struct flow_walk *w, enum rule_hook hook, struct cells *cells)
{
	unsigned v6 = w->query->family == AF_INET6;

	w->hook = hook;
	for (size_t i = 0; i < w->rs->n_base[v6][hook] && cells->n > 0 && !w->too_much; i++) {
		const struct rule_chain *chain = w->rs->base[v6][hook][i];
		if (passage(w, chain) == PASS_NOT || !can_matter(chain))
			continue;
		w->tracking = tracking(w, chain);
		int r = set_aside(w, chain, cells);
		if (r == 0)
			r = flow_base_chain(w, chain, cells);
		if (r == 0)
			r = cells_move(cells, &w->accepted);
		if (r < 0)
			return r;
	}
	return 0;
}

static int stop(struct flow_walk *w, struct cell *c, const char *note)
{
	return flow_result_add(
		&w->results, c, (struct flow_result){.outcome = FLOW_DROP, .note = note});
}

static int finish(struct flow_walk *w, struct cells *cells, enum flow_outcome outcome)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < cells->n; i++)
		r = flow_result_add(
			&w->results, &cells->v[i], (struct flow_result){.outcome = outcome});
	return r;
}

static int walk_forward(struct flow_walk *w, struct cell *c)
{
	_cleanup_cells_ struct cells cells = {0};
	int family = w->query->family;
	int found = flow_route_to(w->host, family, c->dst, &w->oif);

	if (!w->host->forwards[family == AF_INET6])
		return stop(w, c,
			family == AF_INET ? "forwarding of IPv4 is off"
					  : "forwarding of IPv6 is off");
	if (found == 0 && !w->oif)
		return stop(w, c, "no route to the address that it is sent on to");
	w->oif_unknown = found < 0;
	int r = cells_push(&cells, c);
	if (r == 0)
		r = walk_hook(w, HOOK_FORWARD, &cells);
	if (r == 0)
		r = walk_hook(w, HOOK_POSTROUTING, &cells);
	if (r == 0)
		r = walk_hook(w, HOOK_EGRESS, &cells);
	w->oif = NULL;
	w->oif_unknown = false;
	return r == 0 ? finish(w, &cells, FLOW_FORWARD) : r;
}

/* A binding to one out of several addresses, of which some are this machine's. */
static int route_range(
	struct flow_walk *w, struct cell *c, struct cells *local, struct cells *beyond)
{
	_cleanup_cell_ struct cell copy = {0};

	if (!flow_any_local(w->host, w->query->family, c->dst))
		return cells_push(beyond, c);
	flow_mark(c, c->why ? c->why : "one of several addresses", true);
	int r = cell_copy(&copy, c);
	if (r == 0)
		r = cells_push(beyond, &copy);
	return r == 0 ? cells_push(local, c) : r;
}

/* Where the routing decision takes a cell. */
static int route(struct flow_walk *w, struct cell *c, struct cells *local, struct cells *beyond)
{
	int family = w->query->family;
	bool is_lo = w->iif && strcmp(w->iif, "lo") == 0;

	if (c->unknown & UINT32_C(1) << FIELD_DADDR) {
		flow_mark(c, c->why ? c->why : "its destination is rewritten", true);
		return cells_push(local, c);
	}
	if (c->dst.lo != c->dst.hi)
		return route_range(w, c, local, beyond);
	if (family == AF_INET && c->dst.lo >> 24 == 127 && !is_lo && !w->host->route_localnet)
		return stop(w, c, "127.0.0.0/8 is not taken from another interface than lo");
	if (flow_address_type(w->host, family, c->dst.lo, NULL) == RTN_UNICAST)
		return cells_push(beyond, c);
	return cells_push(local, c);
}

/* From the network to where it ends. */
static int walk_in(struct flow_walk *w, struct cells *cells)
{
	_cleanup_cells_ struct cells local = {0}, beyond = {0};
	int r = walk_hook(w, HOOK_INGRESS, cells);

	if (r == 0)
		r = walk_hook(w, HOOK_PREROUTING, cells);
	for (size_t i = 0; r == 0 && i < cells->n; i++)
		r = route(w, &cells->v[i], &local, &beyond);
	if (r == 0)
		r = walk_hook(w, HOOK_INPUT, &local);
	if (r == 0)
		r = finish(w, &local, FLOW_LOCAL);
	for (size_t i = 0; r == 0 && i < beyond.n; i++)
		r = walk_forward(w, &beyond.v[i]);
	return r;
}

/* Whether a packet that was sent from here is for here. */
static bool comes_back(const struct flow_walk *w, const struct cell *c)
{
	if (w->query->out && !c->bound)
		return false;
	return c->dst.lo == c->dst.hi &&
	       flow_address_type(w->host, w->query->family, c->dst.lo, NULL) == RTN_LOCAL;
}

/* From a socket of this machine out, or back in by lo. */
static int walk_out(struct flow_walk *w, struct cells *cells)
{
	_cleanup_cells_ struct cells back = {0}, out = {0};
	int r = walk_hook(w, HOOK_OUTPUT, cells);

	for (size_t i = 0; r == 0 && i < cells->n; i++) {
		bool home = comes_back(w, &cells->v[i]);
		r = cells_push(home ? &back : &out, &cells->v[i]);
	}
	if (r == 0)
		r = walk_hook(w, HOOK_POSTROUTING, &out);
	if (r == 0)
		r = walk_hook(w, HOOK_EGRESS, &out);
	if (r == 0)
		r = finish(w, &out, w->query->out ? FLOW_SENT : FLOW_FORWARD);
	if (r < 0 || back.n == 0)
		return r;
	w->oif = "lo";
	r = walk_hook(w, HOOK_POSTROUTING, &back);
	if (r == 0)
		r = walk_hook(w, HOOK_EGRESS, &back);
	w->iif = "lo";
	w->oif = NULL;
	w->looped = true;
	return r == 0 ? walk_in(w, &back) : r;
}

/* Given up: it may arrive from anywhere. */
static int too_much(const struct flow_walk *w, const struct cell *all, struct flow_answer *ret)
{
	const struct flow_query *q = w->query;
	_cleanup_flow_answer_ struct flow_answer a = {.v = calloc(1, sizeof(*a.v))};
	struct cell copy;

	if (!a.v || cell_copy(&copy, all) < 0)
		return -ENOMEM;
	a.n = 1;
	a.v[0] = (struct flow_part){
		.peers = copy.peers,
		.sports = copy.sports,
		.outcome = q->out ? FLOW_SENT : FLOW_LOCAL,
		.address = {.lo = q->local, .hi = q->local},
		.port = {.lo = q->port, .hi = q->port},
		.may = true,
		.why = w->too_much,
		.note = w->too_much,
	};
	*ret = a;
	a = (struct flow_answer){0};
	return 0;
}

static int first_cell(const struct flow_query *q, struct cell *ret)
{
	struct span family = addrs_all(q->family), any = {.hi = UINT16_MAX};
	struct addrs all = {.v = &family, .n = 1};
	struct addrs sports = {.v = q->sports.hi == 0 ? &any : (struct span *)&q->sports, .n = 1};
	struct cell c = {
		.peers = q->peers ? *q->peers : all,
		.sports = sports,
		.state = q->state ? q->state : CT_NEW,
		.dst = {.lo = q->out ? 0 : q->local, .hi = q->out ? family.hi : q->local},
		.dport = {.lo = q->port, .hi = q->port},
	};
	return cell_copy(ret, &c);
}

int flow_ask(const struct ruleset *rs, const struct flow_host *host, const struct flow_query *q,
	struct flow_answer *ret)
{
	bool lo = !q->out && strcmp(q->interface, "lo") == 0;
	struct flow_query query = *q;
	struct flow_walk w = {.rs = rs, .host = host, .query = &query};
	_cleanup_cells_ struct cells cells = {0};
	_cleanup_cell_ struct cell all = {0}, first = {0};

	query.state = q->state ? q->state : CT_NEW;
	int r = first_cell(&query, &all);
	if (r == 0)
		r = cell_copy(&first, &all);
	if (r == 0)
		r = cells_push(&cells, &first);
	if (lo || q->out)
		w.oif = q->interface;
	else
		w.iif = q->interface;
	if (r == 0)
		r = lo || q->out ? walk_out(&w, &cells) : walk_in(&w, &cells);
	if (r == 0)
		r = w.too_much ? too_much(&w, &all, ret) : flow_answer_make(&w, ret);
	cells_fini(&w.accepted);
	flow_results_fini(&w.results);
	flow_results_fini(&w.accepts);
	return r;
}
