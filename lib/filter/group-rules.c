/* SPDX-License-Identifier: ISC */
/* Security groups as a ruleset. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "filter/read-groups.h"

struct building {
	const struct groups *g;
	const struct groups_choice *choice;
	struct ruleset *rs;
};

static bool is_called(const struct group *group, const char *name)
{
	return strcmp(group->name, name) == 0 || (group->id && strcmp(group->id, name) == 0);
}

const struct group *groups_find(const struct groups *g, const char *name)
{
	for (size_t i = 0; i < g->n; i++) {
		if (is_called(&g->v[i], name))
			return &g->v[i];
	}
	return NULL;
}

static bool is_chosen(const struct groups *g, const struct groups_choice *c, const struct group *x)
{
	return !c->chosen || c->chosen[x - g->v];
}

/* Whether the administrator's entry is about the group that a rule names. */
static bool is_member(const struct groups *g, const struct group_member *m, const char *remote)
{
	const struct group *group = groups_find(g, remote);

	return group ? is_called(group, m->group) : strcmp(m->group, remote) == 0;
}

const char *groups_unknown(
	const struct groups *g, const struct groups_choice *choice, const struct group_rule *rule)
{
	const struct group *group = rule->remote ? groups_find(g, rule->remote) : NULL;

	for (size_t i = 0; rule->remote && i < choice->n_members; i++) {
		if (is_member(g, &choice->members[i], rule->remote))
			return NULL;
	}
	return group ? group->name : rule->remote;
}

static int match(struct building *b, struct rule *r, const struct rule_key *key, struct span s)
{
	struct rule_key k = *key;

	k.mask = RULE_NO_MASK;
	return ruleset_match(b->rs, r, &k, &s, 1, false);
}

static int match_one(struct building *b, struct rule *r, const struct rule_key *key, int value)
{
	return match(b, r, key, (struct span){(u128)value, (u128)value});
}

static int add_verdict(struct building *b, struct rule *r)
{
	return ruleset_stmt(b->rs, r,
		&(struct rule_stmt){.kind = STMT_VERDICT, .verdict = {.kind = VERDICT_ACCEPT}});
}

/* Family, protocol and ports: what does not depend on who is at the other end. */
static int match_service(struct building *b, struct rule *r, const struct group_rule *x)
{
	const uint8_t l4 = (uint8_t)MAX(x->l4proto, 0);
	bool all = x->ports.lo == 0 && x->ports.hi == UINT16_MAX;
	int e = 0;

	if (x->family != AF_UNSPEC)
		e = match_one(b, r, &(struct rule_key){.field = FIELD_NFPROTO},
			x->family == AF_INET ? 2 : 10); /* NFPROTO_IPV4, NFPROTO_IPV6 */
	if (e == 0 && x->l4proto != GROUP_ANY)
		e = match_one(b, r, &(struct rule_key){.field = FIELD_L4PROTO}, x->l4proto);
	if (e == 0 && !all)
		e = match(b, r, &(struct rule_key){.field = FIELD_DPORT, .l4proto = l4}, x->ports);
	if (e == 0 && x->icmp_type != GROUP_ANY)
		e = match_one(b, r, &(struct rule_key){.field = FIELD_ICMP_TYPE, .l4proto = l4},
			x->icmp_type);
	if (e == 0 && x->icmp_code != GROUP_ANY)
		e = match_one(b, r, &(struct rule_key){.field = FIELD_ICMP_CODE, .l4proto = l4},
			x->icmp_code);
	return e;
}

/* The rule that lets in from (or out to) the net; NULL: from members that nobody knows. */
static int add_rule(struct building *b, struct rule_chain *chain, const struct group_rule *x,
	const struct net *net)
{
	struct rule *r;

	if (net && x->family != AF_UNSPEC && net->family != x->family)
		return 0;
	r = ruleset_rule(b->rs, chain, 0, x->text);
	if (!r)
		return -ENOMEM;
	r->text = x->text;
	int e = match_service(b, r, x);
	if (e == 0 && net)
		e = match(b, r,
			&(struct rule_key){.field = x->egress ? FIELD_DADDR : FIELD_SADDR,
				.family = net->family},
			addrs_net(net));
	if (e == 0 && !net)
		e = ruleset_opaque(b->rs, r, x->remote, false);
	return e == 0 ? add_verdict(b, r) : e;
}

/* Members that are known, from the policy or the export; and those that are not. */
static int add_remote(struct building *b, struct rule_chain *chain, const struct group_rule *x)
{
	const struct groups_choice *c = b->choice;
	const struct group *group = groups_find(b->g, x->remote);
	int e = 0;

	for (size_t i = 0; e == 0 && i < c->n_members; i++) {
		if (is_member(b->g, &c->members[i], x->remote))
			e = add_rule(b, chain, x, &c->members[i].net);
	}
	for (size_t i = 0; e == 0 && group && i < group->n_sources; i++)
		e = add_rule(b, chain, x, &group->sources[i]);
	if (e == 0 && groups_unknown(b->g, c, x))
		e = add_rule(b, chain, x, NULL);
	return e;
}

/* Answers to what this machine began, and errors about it: groups keep track of connections. */
static int add_known(struct building *b, struct rule_chain *chain)
{
	static const struct rule_key state = {.field = FIELD_CT_STATE, .mask = RULE_NO_MASK};
	static const struct span known[] = {
		{CT_ESTABLISHED, CT_ESTABLISHED}, {CT_RELATED, CT_RELATED}};
	struct rule *r = ruleset_rule(b->rs, chain, 0, "of a connection that is known");

	if (!r)
		return -ENOMEM;
	r->text = "security groups: of a connection that is known";
	int e = ruleset_match(b->rs, r, &state, known, ARRAY_SIZE(known), false);
	return e == 0 ? add_verdict(b, r) : e;
}

/* Exoscale lets out everything until a group says what may go out. */
static bool lets_out(const struct building *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->g->n; i++) {
		if (!is_chosen(b->g, b->choice, &b->g->v[i]) || !b->g->v[i].described)
			continue;
		if (!b->g->v[i].exoscale)
			return false;
		n++;
	}
	for (size_t i = 0; i < b->g->n_rules; i++) {
		const struct group_rule *x = &b->g->rules[i];
		if (x->egress && is_chosen(b->g, b->choice, x->group))
			return false;
	}
	return n > 0;
}

static int build_chain(struct building *b, struct rule_table *table, bool egress)
{
	struct rule_chain *chain = ruleset_chain(b->rs, table, egress ? "egress" : "ingress");
	int e = 0;

	if (!chain)
		return -ENOMEM;
	chain->defined = true;
	chain->hook = egress ? HOOK_OUTPUT : HOOK_INPUT;
	chain->policy = egress && lets_out(b) ? VERDICT_ACCEPT : VERDICT_DROP;
	e = add_known(b, chain);
	for (size_t i = 0; e == 0 && i < b->g->n_rules; i++) {
		const struct group_rule *x = &b->g->rules[i];
		if (x->egress != egress || !is_chosen(b->g, b->choice, x->group))
			continue;
		e = x->remote ? add_remote(b, chain, x) : add_rule(b, chain, x, &x->net);
	}
	return e;
}

int groups_ruleset(const struct groups *g, const struct groups_choice *choice, struct ruleset **ret)
{
	_cleanup_(ruleset_freep) struct ruleset *rs = ruleset_new();
	struct building b = {.g = g, .choice = choice, .rs = rs};
	struct rule_table *table = rs ? ruleset_table(rs, RULE_INET, "security-groups", false)
				      : NULL;

	if (!table)
		return -ENOMEM;
	for (int egress = 0; egress < 2; egress++) {
		int e = build_chain(&b, table, egress);
		if (e < 0)
			return e;
	}
	int e = ruleset_finish(rs);
	if (e == 0)
		*ret = TAKE_PTR(rs);
	return e;
}
