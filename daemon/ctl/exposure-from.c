/* SPDX-License-Identifier: ISC */
/* hardenctl exposure --from: what becomes of the connections of one source. */
#include <errno.h>
#include <string.h>

#include "exposure.h"

static uint8_t l4proto_of(const struct listener *l)
{
	return survey_l4proto(l->protocol == LISTENER_TCP ? SURVEY_TCP : SURVEY_UDP);
}

static const char *family_name(int family)
{
	return family == AF_INET ? "IPv4" : "IPv6";
}

static bool can_come(const struct exposure *x, const struct survey_way *way)
{
	return way->family == x->net.family && addrs_contains(&way->peers, addrs_net(&x->net));
}

/* Asks for the one source. 0 or -ENOMEM. */
static int ask(const struct exposure *x, const struct survey_way *way, uint8_t l4proto,
	uint16_t port, struct flow_answer *ret)
{
	struct span one = addrs_net(&x->net);
	const struct survey survey = {.rules = x->firewall->rules, .host = x->firewall->host};
	struct survey_way alone = *way;

	alone.peers = (struct addrs){.v = &one, .n = 1};
	return survey_ask(&survey, &alone, l4proto, port, ret);
}

/* ---- sources that cannot be ---- */

static bool is_this_machine(const struct exposure *x, struct span one)
{
	const struct flow_host *h = x->firewall->host;

	for (size_t i = 0; i < h->n_addresses; i++) {
		if (h->addresses[i].family == x->net.family && h->addresses[i].number == one.lo)
			return true;
	}
	return x->net.family == AF_INET ? one.lo >> 24 == 127 : one.lo == 1;
}

const char *from_fault(const struct exposure *x)
{
	struct span one = addrs_net(&x->net);
	bool asked = false;

	if (is_this_machine(x, one))
		return "that is this machine itself; expected the address of another one";
	for (size_t i = 0; i < x->firewall->n_ways; i++) {
		const struct survey_way *way = &x->firewall->ways[i];
		if (can_come(x, way))
			return NULL;
		asked = asked || way->family == x->net.family;
	}
	return asked ? "no connection comes from such an address to this machine; expected that of "
		       "another machine"
		     : NULL;
}

const char *from_no_way(const struct exposure *x, const struct listener *l)
{
	int family = x->net.family;
	bool asked = l->protocol == LISTENER_TCP || l->protocol == LISTENER_UDP, has = false;

	for (size_t i = 0; i < x->firewall->n_ways; i++)
		has = has || x->firewall->ways[i].family == family;
	if (!asked)
		return "what becomes of the connections of a source is asked of TCP and UDP only";
	if (!has)
		return arena_printf(x->arena,
			"no connection: this machine has no %s address beyond the loopback",
			family_name(family));
	if (l->family != family && !l->dual)
		return arena_printf(
			x->arena, "no connection: the socket takes no %s", family_name(family));
	return arena_printf(x->arena,
		"no connection: no interface by which %s can come has the socket's address",
		x->from);
}

/* ---- one question ---- */

/* What becomes of a connection to a port: p is of an answer to it. */
struct fate {
	const struct survey_way *way;
	const struct opening *o; /* by which the port is led elsewhere; NULL: it is not */
	const struct flow_part *part;
	const char *text;
};

static json_t *fate_json(
	const struct exposure *x, const struct fate *f, const struct flow_query *asked)
{
	const struct flow_part *p = f->part;
	const char *by = p->rule || p->chain || p->note ? flow_part_reason(x->arena, p)
							: "no rule stops it";
	json_t *j = exposure_way(x, f->way);

	if (!j || !by ||
		json_object_update_new(j, json_pack("{s:s, s:s, s:s*}", "connection", f->text, "by",
						  by, "doubt", p->may ? p->why : NULL)) < 0 ||
		(f->o && exposure_add_target(x, f->o, j) < 0) ||
		exposure_groups(x, f->way, &p->peers, asked, j) < 0) {
		json_decref(j);
		return NULL;
	}
	return j;
}

/* ---- to a listener ---- */

static const char *own_fate(const struct flow_part *p)
{
	if (!flow_arrives(p->outcome))
		return "is stopped";
	if (p->translated)
		return "is sent elsewhere";
	return p->may ? "may arrive" : "arrives";
}

static int add_own_port(const struct exposure *x, const struct listener *l,
	const struct survey_way *way, json_t *ways)
{
	_cleanup_flow_answer_ struct flow_answer answer = {0};
	const struct flow_query asked = {
		.l4proto = l4proto_of(l), .port = l->port, .uid = FLOW_ANY_UID};

	if (ask(x, way, asked.l4proto, l->port, &answer) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < answer.n; i++) {
		const struct fate f = {way, NULL, &answer.v[i], own_fate(&answer.v[i])};
		if (json_array_append_new(ways, fate_json(x, &f, &asked)) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Whether it leads to the listener from another port; l NULL: whether it is sent on. */
static bool leads(const struct exposure *x, const struct opening *o, const struct listener *l)
{
	return l ? o->translated && reach_leads_to(x->firewall, o, l) : o->outcome == FLOW_FORWARD;
}

/* Whether an opening before this one asks for the same ports: one answer says all of them. */
static bool was_asked(const struct exposure *x, size_t at, const struct listener *l)
{
	const struct opening *v = x->firewall->openings.v, *o = &v[at];

	for (size_t i = at; i-- > 0 && v[i].way == o->way;) {
		if (v[i].protocol == o->protocol && v[i].lo == o->lo && v[i].hi == o->hi &&
			leads(x, &v[i], l))
			return true;
	}
	return false;
}

/*
 * Of a port that the packet filter leads to the listener, for this source or for
 * others. NULL: for this source it is another socket's, and told there.
 */
static const char *led_fate(const struct exposure *x, const struct listener *l,
	const struct opening *o, const struct flow_part *p)
{
	struct opening here = *o;

	if (!flow_arrives(p->outcome))
		return "is stopped";
	if (!p->translated)
		return NULL;
	here.outcome = p->outcome;
	here.address = p->address;
	here.port = p->port;
	if (!reach_leads_to(x->firewall, &here, l))
		return "is sent elsewhere";
	return p->may ? "may arrive" : "arrives";
}

static int add_led_port(
	const struct exposure *x, const struct listener *l, const struct opening *o, json_t *ways)
{
	_cleanup_flow_answer_ struct flow_answer answer = {0};
	const struct flow_query asked = {
		.l4proto = survey_l4proto(o->protocol), .port = o->lo, .uid = FLOW_ANY_UID};

	if (ask(x, o->way, asked.l4proto, o->lo, &answer) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < answer.n; i++) {
		const struct flow_part *p = &answer.v[i];
		const struct fate f = {o->way, o, p, led_fate(x, l, o, p)};
		if (f.text && json_array_append_new(ways, fate_json(x, &f, &asked)) < 0)
			return -ENOMEM;
	}
	return 0;
}

int from_ways(const struct exposure *x, const struct listener *l, json_t *ways)
{
	const struct openings *all = &x->firewall->openings;
	int r = 0;

	for (size_t i = 0; r == 0 && i < x->firewall->n_ways; i++) {
		const struct survey_way *way = &x->firewall->ways[i];
		if (!l->loopback && can_come(x, way) && reach_takes(l, way))
			r = add_own_port(x, l, way, ways);
	}
	for (size_t i = 0; r == 0 && i < all->n; i++) {
		const struct opening *o = &all->v[i];
		if (can_come(x, o->way) && leads(x, o, l) && !was_asked(x, i, l))
			r = add_led_port(x, l, o, ways);
	}
	return r;
}

/* ---- to what is sent on ---- */

/* Of a port that is sent on, for this source or for others. NULL: this one's comes to a socket. */
static const char *sent_fate(const struct flow_part *p)
{
	if (!flow_arrives(p->outcome))
		return "is stopped";
	if (p->outcome != FLOW_FORWARD)
		return NULL;
	return p->may ? "may be sent on" : "is sent on";
}

static int add_forward(const struct exposure *x, const struct opening *o, json_t *list)
{
	_cleanup_flow_answer_ struct flow_answer answer = {0};
	const struct flow_query asked = {
		.l4proto = survey_l4proto(o->protocol), .port = o->lo, .uid = FLOW_ANY_UID};

	if (ask(x, o->way, asked.l4proto, o->lo, &answer) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < answer.n; i++) {
		struct flow_part *p = &answer.v[i];
		struct opening there = *o;
		const struct fate f = {o->way, &there, p, sent_fate(p)};
		if (!f.text)
			continue;
		if (p->outcome == FLOW_FORWARD) {
			there.address = p->address;
			there.port = p->port;
		}
		json_t *j = fate_json(x, &f, &asked);
		if (!j || json_object_update_new(j, json_pack("{s:s, s:b}", "from", x->from,
							    "certain", !p->may)) < 0) {
			json_decref(j);
			return -ENOMEM;
		}
		if (json_array_append_new(list, j) < 0)
			return -ENOMEM;
	}
	return 0;
}

json_t *from_forwards(const struct exposure *x)
{
	const struct openings *all = &x->firewall->openings;
	json_auto_t *list = json_array();

	for (size_t i = 0; i < all->n; i++) {
		const struct opening *o = &all->v[i];
		if (can_come(x, o->way) && leads(x, o, NULL) && !was_asked(x, i, NULL) &&
			add_forward(x, o, list) < 0)
			return NULL;
	}
	return json_incref(list);
}
