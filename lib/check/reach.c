/* SPDX-License-Identifier: ISC */
#include "check/reach.h"

#include <assert.h>
#include <string.h>

#include "check/outside.h"

static const char *const kind_names[] = {
	[REACH_NOBODY] = "nobody",
	[REACH_LINK] = "link",
	[REACH_TRUSTED] = "trusted",
	[REACH_UNKNOWN] = "unknown",
	[REACH_PUBLIC] = "public",
};
static_assert(ARRAY_SIZE(kind_names) == REACH_KIND_MAX, "a name for each kind");

const char *reach_kind_name(enum reach_kind kind)
{
	return kind_names[kind];
}

static bool is_any(const struct listener *l)
{
	static const unsigned char any[16];

	return memcmp(l->addr, any, l->family == AF_INET ? 4 : 16) == 0;
}

/* ::ffff:192.0.2.1 is an IPv4 address that an IPv6 socket is bound to. */
static bool is_mapped(const struct listener *l)
{
	static const unsigned char prefix[12] = {[10] = 0xff, [11] = 0xff};

	return l->family == AF_INET6 && memcmp(l->addr, prefix, sizeof(prefix)) == 0;
}

static bool takes_address(const struct listener *l, int family, u128 address)
{
	if (is_mapped(l))
		return family == AF_INET && addrs_number(AF_INET, l->addr + 12) == address;
	if (is_any(l))
		return family == l->family || (family == AF_INET && l->dual);
	return family == l->family && addrs_number(family, l->addr) == address;
}

bool reach_takes(const struct listener *l, const struct survey_way *way)
{
	bool bound = l->interface && strcmp(l->interface, way->interface) != 0;

	return !bound && takes_address(l, way->family, way->address);
}

/* Whether it is bound to an address for which the opening stands. */
static bool takes_way(const struct firewall *w, const struct opening *o, const struct listener *l)
{
	for (size_t i = 0; i < w->n_ways && o->every_address; i++) {
		const struct survey_way *way = &w->ways[i];
		if (way->link == o->way->link && strcmp(way->interface, o->way->interface) == 0 &&
			way->family == o->way->family &&
			takes_address(l, way->family, way->address))
			return true;
	}
	return takes_address(l, o->way->family, o->way->address);
}

bool reach_leads_to(const struct firewall *w, const struct opening *o, const struct listener *l)
{
	static const enum listener_protocol protocols[] = {
		[SURVEY_TCP] = LISTENER_TCP, [SURVEY_UDP] = LISTENER_UDP};
	bool bound = l->interface && strcmp(l->interface, o->way->interface) != 0;

	if (o->outcome != FLOW_LOCAL || l->protocol != protocols[o->protocol] || bound)
		return false;
	if (o->translated)
		return l->port >= o->port.lo && l->port <= o->port.hi &&
		       (o->address.lo != o->address.hi ||
			       takes_address(l, o->way->family, o->address.lo));
	return !l->loopback && l->port >= o->lo && l->port <= o->hi && takes_way(w, o, l);
}

/* 0 or -ENOMEM. */
static int kind_of(const struct outside *outside, const struct opening *o, enum reach_kind *ret)
{
	_cleanup_addrs_ struct addrs left = {0};

	int r = outside_of(outside, o->way->family, &o->peers, &left);
	if (r < 0)
		return r;
	if (addrs_is_empty(&left))
		*ret = o->way->link ? REACH_LINK : REACH_TRUSTED;
	else
		*ret = o->may ? REACH_UNKNOWN : REACH_PUBLIC;
	return 0;
}

static const char *say(struct arena *a, const struct opening *o, enum reach_kind kind)
{
	const char *from = survey_peers_text(a, o->way, &o->peers);
	const char *port = "";

	if (o->translated)
		port = arena_printf(a, " port %u", o->lo);
	return arena_printf(a, "reached from %s by %s%s: %s%s%s", from ? from : "",
		o->way->interface, port ? port : "", o->reason,
		kind == REACH_UNKNOWN ? "; not certain: " : "",
		kind == REACH_UNKNOWN && o->doubt ? o->doubt : "");
}

static int keep_widest(const struct net *net, void *arg)
{
	const struct net *had = arg;

	if (net->bits < had->bits)
		*(struct net *)arg = *net;
	return 0;
}

/* Whether it lets a larger network through than the other does. */
static bool is_wider(const struct opening *o, const struct opening *other)
{
	struct net a = {.bits = UINT8_MAX}, b = {.bits = UINT8_MAX};

	(void)addrs_each_net(&o->peers, o->way->family, keep_widest, &a); /* never says other than 0 */
	(void)addrs_each_net(&other->peers, other->way->family, keep_widest, &b);
	return o->way->family == other->way->family && a.bits < b.bits;
}

/* By all openings: the widest of what they let through. */
static struct reach through(struct arena *a, const struct firewall *w, const struct policy *policy,
	const struct listener *l)
{
	struct reach found = {.kind = REACH_NOBODY,
		.by = "the host's firewall lets nobody through to it"};
	_cleanup_outside_ struct outside outside = {0};
	const struct opening *widest = NULL;
	enum reach_kind kind;

	if (l->loopback)
		found.by = "its address is of the loopback";
	if (outside_init(&outside, policy) < 0)
		goto short_of_memory;
	for (size_t i = 0; i < w->openings.n; i++) {
		const struct opening *o = &w->openings.v[i];
		if (!reach_leads_to(w, o, l))
			continue;
		if (kind_of(&outside, o, &kind) < 0)
			goto short_of_memory;
		if (kind > found.kind || (widest && kind == found.kind && is_wider(o, widest))) {
			found.kind = kind;
			widest = o;
		}
	}
	if (widest) {
		found.by = say(a, widest, found.kind);
		found.item = firewall_subject(a, widest);
	}
	if (found.by)
		return found;
short_of_memory:
	arena_fail(a);
	return (struct reach){.kind = REACH_UNKNOWN, .by = "memory was short"};
}

struct reach reach_of(struct arena *a, const struct factset *facts, const struct policy *policy,
	const struct listener *l)
{
	const struct fact *f = factset_get(facts, FACT_FIREWALL);
	bool usable = f && f->state == FACT_STATE_OK;
	bool asked = l->protocol == LISTENER_TCP || l->protocol == LISTENER_UDP;

	if (usable && asked && !f->u.firewall->openings.cut)
		return through(a, f->u.firewall, policy, l);
	if (l->loopback)
		return (struct reach){.kind = REACH_NOBODY, .by = "its address is of the loopback"};
	if (l->interface && strcmp(l->interface, "lo") == 0)
		return (struct reach){.kind = REACH_NOBODY, .by = "it takes from the loopback only"};
	if (l->link_local)
		return (struct reach){.kind = REACH_LINK, .by = "its address is of one link"};
	if (usable)
		return (struct reach){.kind = REACH_UNKNOWN,
			.by = asked ? "whether the host's firewall lets others reach it is not known: "
				"too many rules to ask for each port"
			      : "whether the host's firewall lets others reach it is asked of TCP "
				"and UDP only"};
	return (struct reach){.kind = REACH_UNKNOWN,
		.by = f && a ? arena_printf(a,
				 "whether the host's firewall lets others reach it is not "
				 "known: %s",
				 f->reason)
		       : "whether the host's firewall lets others reach it is not known"};
}

enum result reach_result(enum reach_kind kind)
{
	return kind == REACH_PUBLIC    ? RESULT_FAIL
	       : kind == REACH_UNKNOWN ? RESULT_UNKNOWN
				       : RESULT_PASS;
}
