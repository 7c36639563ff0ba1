/* SPDX-License-Identifier: ISC */
#include "check/firewall-remedy.h"

#include <string.h>

/* How to close what a container publishes, and ufw and firewalld know nothing of. */
static const char *container_hint(struct arena *a, const struct opening *o)
{
	const char *publish = "; a port that a container publishes: publish it on 127.0.0.1 "
			      "alone, as in -p 127.0.0.1:PORT:PORT";
	bool v4 = o->way->family == AF_INET;

	if (strncmp(o->rule->chain->name, "DOCKER", strlen("DOCKER")) != 0)
		return publish;
	return arena_printf(a,
		"%s, or `%s -I DOCKER-USER -i %s ! -s %s -p %s -m conntrack --ctorigdstport %u:%u "
		"--ctdir ORIGINAL -j DROP` with your own network",
		publish, v4 ? "iptables" : "ip6tables", o->way->interface,
		v4 ? "192.0.2.0/24" : "2001:db8::/32", survey_protocol_name(o->protocol), o->lo,
		o->hi);
}

const char *firewall_hint(struct arena *a, enum filter_maker filters, const struct opening *o)
{
	const struct rule_chain *c = o->rule ? o->rule->chain : NULL;
	enum filter_maker maker = c ? maker_of_chain(c) : filters;
	bool tool = filters == MAKER_UFW || filters == MAKER_FIREWALLD;
	const char *name = filters == MAKER_UFW ? "ufw" : "firewalld";

	if (maker == MAKER_CONTAINER)
		return container_hint(a, o);
	if (!tool && c && c->table->legacy)
		return "; the rules are of iptables-legacy: say `iptables-legacy` for `iptables` "
		       "in the remedy";
	if (!tool || (maker != MAKER_NFT && maker != MAKER_IPTABLES))
		return "";
	if (c->table->legacy)
		return arena_printf(a,
			"; a rule beside those of %s: `iptables-legacy -t %s -S %s` shows it, the "
			"same with -D deletes it",
			name, c->table->name, c->name);
	return arena_printf(a,
		"; a rule beside those of %s: `nft -a list chain %s %s %s` shows its handle, `nft "
		"delete rule %s %s %s handle HANDLE` deletes it",
		name, rule_family_text(c->table->family), c->table->name, c->name,
		rule_family_text(c->table->family), c->table->name, c->name);
}
