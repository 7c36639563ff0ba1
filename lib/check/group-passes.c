/* SPDX-License-Identifier: ISC */
#include "check/group-passes.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "filter/through.h"

enum {
	USUAL_PORT = 1024,  /* unnamed ports are looked for from here on */
	NAMING_MAX = 60000, /* a range with more ports names none of them */
};

static bool parse_member(const char *word, size_t *ret_name, struct net *ret)
{
	const char *equals = strrchr(word, '=');

	*ret_name = equals ? (size_t)(equals - word) : 0;
	return *ret_name > 0 && net_parse(equals + 1, ret) != -EINVAL;
}

bool group_fits_member(const char *word)
{
	struct net net;
	size_t n;

	return parse_member(word, &n, &net);
}

static int choose_members(struct arena *a, const char *const *words, struct groups_choice *c)
{
	struct group_member *v = NULL;
	size_t name;

	for (; *words; words++) {
		struct net net;
		if (!parse_member(*words, &name, &net))
			continue; /* not so: the policy was checked when it was read */
		struct group_member *x = arena_grow(a, &v, c->n_members, sizeof(*x));
		if (!x)
			return -ENOMEM;
		*x = (struct group_member){arena_strndup(a, *words, name), net};
		if (!x->group)
			return -ENOMEM;
		c->n_members++;
	}
	c->members = v;
	return 0;
}

int group_choose(struct arena *a, const struct policy *policy, const struct groups *g,
	struct groups_choice *ret)
{
	const char *const *names = policy_list(policy, "security-group", "groups");
	bool *chosen = arena_alloc(a, g->n * sizeof(*chosen));
	struct groups_choice c = {.chosen = chosen};

	if (!chosen)
		return -ENOMEM;
	for (size_t i = 0; i < g->n; i++)
		chosen[i] = !*names && g->v[i].described;
	for (; *names; names++) {
		const struct group *x = groups_find(g, *names);
		if (x && x->described)
			chosen[x - g->v] = true;
	}
	int r = choose_members(a, policy_list(policy, "security-group", "members"), &c);
	if (r == 0)
		*ret = c;
	return r;
}

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
