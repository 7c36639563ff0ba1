/* SPDX-License-Identifier: ISC */
#include "fact/firewall.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fact/collectors.h"
#include "fact/firewall-internal.h"

enum { SUBJECT_MAX = 256 };

static const char *family_name(int family)
{
	return family == AF_INET ? "IPv4" : "IPv6";
}

/* "anywhere", "10.0.0.0/8; not certain", "anywhere, from port 67, sent on to 172.17.0.2 port 80" */
static const char *opening_value(struct arena *a, const struct opening *o)
{
	const char *peers = survey_peers_text(a, o->way, &o->peers), *ports = "", *where = "";
	const struct addrs *s = &o->sports;

	if (s->n != 1 || s->v[0].lo > 0 || s->v[0].hi < UINT16_MAX)
		ports = arena_printf(a, ", from port%s %u%s",
			s->n == 1 && s->v[0].lo == s->v[0].hi ? "" : "s", (unsigned)s->v[0].lo,
			s->n == 1 && s->v[0].lo == s->v[0].hi ? "" : " and others");
	if (o->translated)
		where = arena_printf(a, ", sent on to %s port %u",
			survey_address_text(a, o->way->family, o->address.lo),
			(unsigned)o->port.lo);
	return peers && ports && where ? arena_printf(a, "%s%s%s%s", peers, ports, where,
						 o->may ? "; not certain" : "")
				       : NULL;
}

const char *firewall_subject(struct arena *a, const struct opening *o)
{
	const char *ports = survey_ports_text(a, o->protocol, o->lo, o->hi), *address = "";

	if (!o->every_address)
		address = survey_address_text(a, o->way->family, o->way->address);
	return ports && address
		       ? arena_printf(a, "opening %s on %s%s%s %s%s", ports, o->way->interface,
				 *address ? " " : "", address, family_name(o->way->family),
				 o->way->link ? " of the link" : "")
		       : NULL;
}

static int add_opening(struct fact *f, const struct opening *o)
{
	const char *value = opening_value(f->arena, o);
	const char *subject = firewall_subject(f->arena, o);

	if (!subject || !value)
		return -ENOMEM;
	fact_add_item(f, subject, value, NULL, 0);
	return 0;
}

/* Whether both are told as one item: only the rules differ, and who they let in. */
static bool same_item(const struct opening *a, const struct opening *b)
{
	return a->way == b->way && a->protocol == b->protocol && a->lo == b->lo && a->hi == b->hi &&
	       a->every_address == b->every_address && a->may == b->may &&
	       a->translated == b->translated && a->port.lo == b->port.lo &&
	       (!a->translated || a->address.lo == b->address.lo) &&
	       addrs_equal(&a->sports, &b->sports);
}

/* Openings of one port stand together: see struct openings. */
static bool same_port(const struct opening *a, const struct opening *b)
{
	return a->way == b->way && a->protocol == b->protocol && a->lo == b->lo;
}

static int add_openings(struct fact *f, const struct openings *all)
{
	size_t first = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < all->n; i++) {
		_cleanup_addrs_ struct addrs peers = {0};
		struct opening o = all->v[i];
		bool told = false;
		if (!same_port(&all->v[first], &o))
			first = i;
		for (size_t k = first; k < i && !told; k++)
			told = same_item(&all->v[k], &o);
		if (told)
			continue;
		r = addrs_copy(&peers, &o.peers);
		for (size_t k = i + 1; r == 0 && k < all->n && same_port(&all->v[k], &o); k++)
			r = same_item(&all->v[k], &o) ? addrs_union(&peers, &all->v[k].peers) : 0;
		o.peers = peers;
		if (r == 0)
			r = add_opening(f, &o);
	}
	return r;
}

static void add_policies(struct fact *f, const struct ruleset *rs)
{
	char subject[SUBJECT_MAX];

	for (const struct rule_table *t = rs->tables; t; t = t->next) {
		for (const struct rule_chain *c = t->chains; c && !t->replaced; c = c->next) {
			if (c->hook == HOOK_NONE || c->type == CHAIN_NAT)
				continue;
			(void)snprintf(subject, sizeof(subject), "policy %s %s %s%s",
				rule_family_text(t->family), t->name, c->name,
				t->legacy ? " (legacy)" : "");
			const char *value = arena_printf(f->arena, "%s (%s hook%s)",
				c->policy == VERDICT_DROP ? "drop" : "accept",
				rule_hook_text(c->hook), t->dormant ? ", dormant" : "");
			fact_add_item(f, subject, value ? value : "", NULL, 0);
		}
	}
}

int firewall_complete(struct fact *f, const struct ruleset *rules, const struct flow_host *host)
{
	_cleanup_(arena_freep) struct arena *tmp = arena_new();
	struct survey survey = {.arena = f->arena, .tmp = tmp, .rules = rules, .host = host};
	struct firewall *w = arena_alloc(f->arena, sizeof(*w));
	int r = tmp && w ? survey_init(&survey) : -ENOMEM;

	if (r == 0)
		r = survey_openings(&survey, &w->openings);
	if (r < 0)
		return r;
	w->rules = rules;
	w->host = host;
	w->ways = survey.ways;
	w->n_ways = survey.n_ways;
	f->u.firewall = w;
	add_policies(f, rules);
	r = add_openings(f, &w->openings);
	if (w->openings.cut)
		fact_add_unseen(f, "opening *");
	return r;
}

static bool has_legacy(const struct ruleset *rs)
{
	for (const struct rule_table *t = rs->tables; t; t = t->next) {
		if (t->legacy)
			return true;
	}
	return false;
}

static int firewall_collect(const struct collect *c, struct fact *f)
{
	const struct fact *addresses = factset_get(c->facts, FACT_ADDRESSES);
	struct ruleset *rules = NULL;
	struct flow_host *host = NULL;
	const char *why = NULL;

	if (!collect_may_run(c)) {
		fact_fail(f, -ENOENT,
			"the packet filter is a running machine's: its rules are "
			"not read from files");
		return 0;
	}
	if (!addresses || addresses->state != FACT_STATE_OK) {
		fact_fail(f, -EIO, "without the machine's addresses: %s",
			addresses ? addresses->reason : "not read");
		return 0;
	}
	int r = firewall_read(c, f->arena, &rules, &why);
	f->heard = r == 0 && !has_legacy(rules);
	if (r == 0)
		r = firewall_host(c, f->arena, &host);
	if (r < 0 && r != -ENOMEM) {
		f->moving = r == -EAGAIN;
		fact_fail(f, r == -ENOENT ? -EIO : r, "%s", why ? why : strerror(-r));
		return 0;
	}
	return r == 0 ? firewall_complete(f, rules, host) : r;
}

/*
 * ufw empties its chains and opens the policies on the way to the rules that it
 * loads. iptables-legacy takes its lock for each change (iptables(8), -w).
 */
static const struct fact_lock firewall_locks[] = {
	{"/run/ufw.lock", LOCK_FCNTL, 10 * USEC_PER_SEC},
	{"/run/xtables.lock", LOCK_FLOCK, 10 * USEC_PER_SEC},
	{0},
};

const struct collector collector_firewall = {
	.id = FACT_FIREWALL,
	.name = "firewall",
	.locks = firewall_locks,
	.needs = FACT_BIT(FACT_ADDRESSES) | FACT_BIT(FACT_SYSCTL),
	/* For who changes iptables-legacy past its lock; then a reading starts a unit
	   (firewall_legacy()). */
	.refresh_first_usec = USEC_PER_MIN / 2,
	.refresh_usec = USEC_PER_HOUR,
	.collect = firewall_collect,
};
