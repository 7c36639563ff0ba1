/* SPDX-License-Identifier: ISC */
#include "filter/maker.h"

#include <assert.h>
#include <string.h>

static const char *const maker_names[] = {
	[MAKER_NONE] = "",
	[MAKER_NFT] = "nftables",
	[MAKER_IPTABLES] = "iptables",
	[MAKER_UFW] = "ufw",
	[MAKER_FIREWALLD] = "firewalld",
	[MAKER_CONTAINER] = "container",
};
static_assert(ARRAY_SIZE(maker_names) == MAKER_MAX, "each maker has a name");

const char *maker_name(enum filter_maker maker)
{
	return maker_names[maker];
}

static bool begins_with(const char *s, const char *const *prefixes)
{
	for (; *prefixes; prefixes++) {
		if (strncmp(s, *prefixes, strlen(*prefixes)) == 0)
			return true;
	}
	return false;
}

static bool is_one_of(const char *s, const char *const *names)
{
	for (; *names; names++) {
		if (strcmp(s, *names) == 0)
			return true;
	}
	return false;
}

static bool is_of_iptables(const struct rule_table *t)
{
	static const char *const tables[] = {"filter", "nat", "mangle", "raw", "security", NULL};

	return t->legacy ||
	       ((t->family == RULE_IP || t->family == RULE_IP6) && is_one_of(t->name, tables));
}

enum filter_maker maker_of_chain(const struct rule_chain *chain)
{
	static const char *const ufw[] = {"ufw-", "ufw6-", NULL};
	static const char *const containers[] = {
		"DOCKER", "NETAVARK", "CNI-", "KUBE-", "cali-", "CILIUM_", NULL};
	static const char *const engines[] = {"docker-bridges", "netavark", "kube-proxy", NULL};
	/* Of firewalld's backend iptables; that of nftables has a table of its own. */
	static const char *const firewalld[] = {"INPUT_ZONES", "INPUT_direct", "FORWARD_IN_ZONES",
		"FORWARD_OUT_ZONES", "FORWARD_direct", "OUTPUT_direct", "IN_", "FWDI_", "FWDO_",
		"FWD_", NULL};

	if (strcmp(chain->table->name, "firewalld") == 0)
		return MAKER_FIREWALLD;
	if (is_one_of(chain->table->name, engines) || begins_with(chain->name, containers))
		return MAKER_CONTAINER;
	if (!is_of_iptables(chain->table))
		return MAKER_NFT;
	if (begins_with(chain->name, ufw))
		return MAKER_UFW;
	return begins_with(chain->name, firewalld) ? MAKER_FIREWALLD : MAKER_IPTABLES;
}

static bool jumps_to_ufw(const struct rule *x)
{
	for (size_t i = 0; i < x->n_stmts; i++) {
		const struct rule_stmt *s = &x->stmts[i];
		if (s->kind == STMT_VERDICT && s->verdict.kind == VERDICT_JUMP &&
			maker_of_chain(s->verdict.chain) == MAKER_UFW)
			return true;
	}
	return false;
}

/* Whether it filters what comes in or goes out by more than its presence, and a way to ufw. */
static bool filters(const struct rule_chain *c)
{
	bool more = c->policy == VERDICT_DROP;

	for (const struct rule *x = c->rules; x && !more; x = x->next)
		more = !jumps_to_ufw(x);
	return more && c->type == CHAIN_FILTER &&
	       (c->hook == HOOK_INPUT || c->hook == HOOK_OUTPUT) &&
	       strncmp(c->table->name, "f2b-", 4) != 0;
}

enum filter_maker maker_of_ruleset(const struct ruleset *rs)
{
	bool found[MAKER_MAX] = {false};

	for (const struct rule_table *t = rs->tables; t; t = t->next) {
		for (const struct rule_chain *c = t->chains; c && !t->replaced; c = c->next) {
			enum filter_maker maker = maker_of_chain(c);
			bool tool = maker == MAKER_UFW || maker == MAKER_FIREWALLD;
			/* ufw leaves its chains, empty, when it is switched off. */
			if (tool ? c->n_rules > 0 : filters(c))
				found[maker] = true;
		}
	}
	if (found[MAKER_FIREWALLD])
		return MAKER_FIREWALLD;
	if (found[MAKER_UFW])
		return MAKER_UFW;
	if (found[MAKER_NFT])
		return MAKER_NFT;
	return found[MAKER_IPTABLES] ? MAKER_IPTABLES : MAKER_NONE;
}
