/* SPDX-License-Identifier: ISC */
#include "check/group-passes.h"

#include <errno.h>
#include <netinet/in.h>

#include "filter/through.h"

enum {
	USUAL_PORT = 1024,  /* unnamed ports are looked for from here on */
	NAMING_MAX = 60000, /* a range with more ports names none of them */
};

/* A port that none of the chosen rules of this direction names; 0: they name all. */
static int unnamed_port(const struct group_view *w, bool egress, uint16_t *ret)
{
	_cleanup_addrs_ struct addrs left = {0}, named = {0};
	int r = addrs_add(&left, (struct span){USUAL_PORT, UINT16_MAX});

	for (size_t i = 0; r == 0 && i < w->groups->n_rules; i++) {
		const struct group_rule *x = &w->groups->rules[i];
		if (x->egress == egress && w->choice.chosen[x->group - w->groups->v] &&
			x->ports.hi - x->ports.lo < NAMING_MAX)
			r = addrs_add(&named, x->ports);
	}
	if (r == 0)
		r = addrs_subtract(&left, &named);
	if (r == 0)
		*ret = left.n > 0 ? (uint16_t)left.v[left.n - 1].lo : 0;
	return r;
}

/* Addresses outside that none of the chosen rules of this direction names. */
static int unnamed_peers(const struct group_view *w, int family, bool egress, struct addrs *ret)
{
	_cleanup_addrs_ struct addrs all = {0}, named = {0}, left = {0};
	int r = addrs_add(&all, addrs_all(family));

	for (size_t i = 0; r == 0 && i < w->groups->n_rules; i++) {
		const struct group_rule *x = &w->groups->rules[i];
		if (x->egress == egress && w->choice.chosen[x->group - w->groups->v] &&
			!x->remote && x->net.family == family && x->net.bits > 0)
			r = addrs_add(&named, addrs_net(&x->net));
	}
	if (r == 0)
		r = addrs_subtract(&all, &named);
	if (r == 0)
		r = outside_of(w->outside, family, &all, &left);
	if (r < 0)
		return r;
	*ret = left;
	left = (struct addrs){0};
	return 0;
}

/* An address of this machine, which no rule of a group asks for: 192.0.2.1, 2001:db8::1. */
#define DOCUMENTATION_V4 ((u128)0xc0000201)
#define DOCUMENTATION_V6 ((u128)0x20010db8 << 96 | 1)

/* Whose connection is followed through the groups. */
struct asking {
	int family;
	bool out;
	uint8_t l4proto;
	uint16_t port;
	const struct addrs *peers; /* NULL: all */
};

/*
 * Whether it passes: 1, and *ret_reason says by which rule; 0 no; -ENOMEM.
 * sure: what only may pass does not.
 */
static int passes(
	const struct group_view *w, const struct asking *q, bool sure, const char **ret_reason)
{
	_cleanup_flow_answer_ struct flow_answer answer = {0};
	const struct flow_query query = {.family = q->family,
		.out = q->out,
		.interface = "eth0",
		.local = q->family == AF_INET ? DOCUMENTATION_V4 : DOCUMENTATION_V6,
		.port = q->port,
		.l4proto = q->l4proto,
		.peers = q->peers,
		.uid = FLOW_ANY_UID};
	int r = through_group(w->rules, &query, &answer);

	for (size_t i = 0; r == 0 && i < answer.n; i++) {
		if (!flow_arrives(answer.v[i].outcome) || (sure && answer.v[i].may))
			continue;
		*ret_reason = flow_part_reason(w->arena, &answer.v[i]);
		return *ret_reason ? 1 : -ENOMEM;
	}
	return r;
}

static const struct {
	const char *name;
	uint8_t l4proto;
} transports[] = {{"tcp", IPPROTO_TCP}, {"udp", IPPROTO_UDP}};

int group_passes_unnamed(const struct group_view *w, bool out, const char **ret_observed)
{
	static const int families[] = {AF_INET, AF_INET6};
	const char *reason = NULL;
	uint16_t port = 0;
	int r = unnamed_port(w, out, &port);

	for (size_t i = 0; r == 0 && port > 0 && i < 2 * ARRAY_SIZE(transports); i++) {
		_cleanup_addrs_ struct addrs peers = {0};
		struct asking q = {.family = families[i / 2],
			.out = out,
			.l4proto = transports[i % 2].l4proto,
			.port = port,
			.peers = &peers};
		r = unnamed_peers(w, q.family, out, &peers);
		if (r == 0 && !addrs_is_empty(&peers))
			r = passes(w, &q, true, &reason);
		if (r <= 0)
			continue;
		*ret_observed = arena_printf(w->arena,
			"a connection that no rule names (%s port %u) %s, by %s",
			transports[i % 2].name, port, out ? "goes out" : "gets in", reason);
		return *ret_observed ? 1 : -ENOMEM;
	}
	return r;
}

int group_lets_out(const struct group_view *w, uint8_t l4proto, uint16_t port)
{
	struct asking q = {.family = AF_INET, .out = true, .l4proto = l4proto, .port = port};
	const char *reason;
	int r = passes(w, &q, false, &reason);

	q.family = AF_INET6;
	return r == 0 ? passes(w, &q, false, &reason) : r;
}
