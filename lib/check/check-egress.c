/* SPDX-License-Identifier: ISC */
/*
 * What the packet filter lets out, and which messages of ICMP it lets through
 * either way: single questions to it (filter/flow.h).
 */
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#include "check/checks.h"
#include "check/outside.h"
#include "fact/firewall.h"

enum { NOBODY = 65534, WEB = 80 };

/* What became of a question: of the sources or targets asked about. */
enum fate {
	FATE_STOPPED, /* all of them, or nearly so: more than half */
	FATE_PERHAPS,
	FATE_THROUGH,
};

struct asking {
	const struct check *c;
	const struct firewall *w;
	struct verdict *ret;
	const char *reason; /* of the last fate: the rule that decided */
};

static bool begin(struct asking *a, const struct factset *facts)
{
	if (!check_facts_usable(facts, a->c->facts, a->ret))
		return false;
	a->w = factset_get(facts, FACT_FIREWALL)->u.firewall;
	return true;
}

static const char *family_name(int family)
{
	return family == AF_INET ? "IPv4" : "IPv6";
}

static bool has_default_route(const struct flow_host *h, const struct survey_way *way)
{
	for (size_t i = 0; i < h->n_routes; i++) {
		const struct flow_route *r = &h->routes[i];
		if (r->to.family == way->family && r->to.bits == 0 && r->interface &&
			strcmp(r->interface, way->interface) == 0)
			return true;
	}
	return false;
}

/* The way to the world, of one family: that of the default route where it is known. NULL: none. */
static const struct survey_way *way_out(const struct firewall *w, int family)
{
	const struct survey_way *found = NULL;

	for (size_t i = 0; i < w->n_ways; i++) {
		const struct survey_way *way = &w->ways[i];
		if (way->family != family || way->link)
			continue;
		if (has_default_route(w->host, way))
			return way;
		found = found ? found : way;
	}
	return found;
}

static double size_of(const struct addrs *a)
{
	double n = 0;

	for (size_t i = 0; i < a->n; i++)
		n += (double)(a->v[i].hi - a->v[i].lo) + 1;
	return n;
}

/*
 * Asks, and weighs: a block list of some sources stops nothing in general. -1
 * and the arena knows when memory was short.
 */
static int ask(struct asking *a, const struct flow_query *q, enum fate *ret)
{
	_cleanup_flow_answer_ struct flow_answer answer = {0};
	double through = 0, perhaps = 0, stopped = 0;
	const struct flow_part *why = NULL;

	if (flow_ask(a->w->rules, a->w->host, q, &answer) < 0) {
		arena_fail(a->ret->arena);
		return -1;
	}
	for (size_t i = 0; i < answer.n; i++) {
		const struct flow_part *p = &answer.v[i];
		double *sum = !flow_arrives(p->outcome) ? &stopped : p->may ? &perhaps : &through;
		*sum += size_of(&p->peers) * size_of(&p->sports);
	}
	*ret = stopped >= through + perhaps ? FATE_STOPPED
	       : perhaps >= through	    ? FATE_PERHAPS
					    : FATE_THROUGH;
	for (size_t i = 0; i < answer.n && !why; i++) {
		const struct flow_part *p = &answer.v[i];
		if (flow_arrives(p->outcome) == (*ret != FATE_STOPPED) &&
			(*ret == FATE_STOPPED || p->may == (*ret == FATE_PERHAPS)))
			why = p;
	}
	struct arena *arena = a->ret->arena;
	const char *reason = why && why->may && why->why ? survey_rule_text(arena, why->why)
			     : why			 ? survey_reason(arena, why)
							 : "no rule stops it";
	a->reason = arena_strdup(arena, reason); /* NULL is remembered by the arena */
	return 0;
}

static void report(const struct asking *a, enum result result, const char *subject,
	const char *observed, const char *expected)
{
	verdict_add(a->ret,
		&(struct evidence){
			.result = result,
			.severity = a->c->severity,
			.subject = subject,
			.observed = observed && a->reason ? arena_printf(a->ret->arena, "%s: %s",
								    observed, a->reason)
							  : NULL,
			.expected = expected,
		});
}

static struct flow_query query_out(const struct survey_way *way, uint8_t l4proto, uint16_t port)
{
	return (struct flow_query){
		.family = way->family,
		.out = true,
		.interface = way->interface,
		.local = way->address,
		.port = port,
		.l4proto = l4proto,
		.peers = &way->peers,
		.uid = FLOW_ANY_UID,
	};
}

static const int families[] = {AF_INET, AF_INET6};

/* ---- firewall-egress ---- */

static const struct {
	uint8_t l4proto;
	uint16_t port;
	const char *subject;
} needed[] = {
	{IPPROTO_UDP, 53, "name lookups (udp 53)"},
	{IPPROTO_TCP, 80, "updates over HTTP (tcp 80)"},
	{IPPROTO_TCP, 443, "updates over HTTPS (tcp 443)"},
};

/* What updates and lookups need: one family will do, and any target. */
static void judge_needed(struct asking *a)
{
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		const char *reason = NULL;
		bool out = false, asked = false;
		for (size_t k = 0; k < ARRAY_SIZE(families); k++) {
			const struct survey_way *way = way_out(a->w, families[k]);
			_cleanup_flow_answer_ struct flow_answer answer = {0};
			if (!way)
				continue;
			struct flow_query q = query_out(way, needed[i].l4proto, needed[i].port);
			if (flow_ask(a->w->rules, a->w->host, &q, &answer) < 0) {
				arena_fail(a->ret->arena);
				return;
			}
			asked = true;
			for (size_t n = 0; n < answer.n; n++) {
				out = out || flow_arrives(answer.v[n].outcome);
				reason = reason ? reason
						: survey_reason(a->ret->arena, &answer.v[n]);
			}
		}
		a->reason = out || !reason ? "" : arena_strdup(a->ret->arena, reason);
		if (asked && !out)
			report(a, RESULT_FAIL, needed[i].subject, "stopped on the way out",
				"let out to where updates and answers come from");
	}
}

static void evaluate_egress(const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	struct asking a = {.c = c, .ret = ret};
	unsigned asked = 0;

	if (!begin(&a, facts))
		return;
	for (size_t k = 0; k < ARRAY_SIZE(families); k++) {
		const struct survey_way *way = way_out(a.w, families[k]);
		enum fate fate;
		if (!way)
			continue;
		struct flow_query q = query_out(way, IPPROTO_TCP, a.w->openings.port[SURVEY_TCP]);
		if (ask(&a, &q, &fate) < 0)
			return;
		asked++;
		if (fate != FATE_STOPPED)
			report(&a, fate == FATE_PERHAPS ? RESULT_UNKNOWN : RESULT_FAIL,
				arena_printf(ret->arena, "output of %s", family_name(families[k])),
				arena_printf(ret->arena, "a connection that no rule names %s out",
					fate == FATE_PERHAPS ? "may get" : "gets"),
				"dropped or rejected");
	}
	if (asked > 0)
		judge_needed(&a);
	else
		verdict_set(ret, RESULT_NOTAPPLICABLE, "no address by which to get out");
	if (ret->result == RESULT_PASS)
		verdict_summary(ret, "what goes out is filtered, and updates and name lookups get "
				     "through");
}

const struct check check_firewall_egress = {
	.id = "firewall-egress",
	.title = "What goes out is filtered, and updates and name lookups still get through",
	.severity = SEV_LOW,
	.guides = "X",
	.references = "nft(8), ufw(8)",
	.rationale = "A filter on the way out takes the attacker's tools and the way home from "
		     "them. One that also stops updates or name lookups does harm.",
	.remedy = "`ufw default deny outgoing && ufw allow out 53 && ufw allow out 80/tcp && ufw "
		  "allow out 443/tcp`, and what else the machine needs.",
	.remedy_rhel = "With nftables: an output chain with `policy drop;` that accepts `ct state "
		       "established,related`, `udp dport 53` and `tcp dport { 53, 80, 443 }`.",
	.facts = FACT_BIT(FACT_FIREWALL),
	.evaluate = evaluate_egress,
};

/* ---- firewall-icmp ---- */

static const struct message {
	int family;
	uint8_t type, code;
	bool link; /* between neighbours, without a connection that it is about */
	const char *name;
} messages[] = {
	{AF_INET, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, false, "fragmentation needed (ICMP 3/4)"},
	{AF_INET6, ICMP6_PACKET_TOO_BIG, 0, false, "packet too big (ICMPv6 2)"},
	{AF_INET6, ND_NEIGHBOR_SOLICIT, 0, true, "neighbour solicitation (ICMPv6 135)"},
	{AF_INET6, ND_NEIGHBOR_ADVERT, 0, true, "neighbour advertisement (ICMPv6 136)"},
};

/* The way of a message: between neighbours by an address of the link. NULL: none. */
static const struct survey_way *way_of(const struct firewall *w, const struct message *m)
{
	for (size_t i = 0; i < w->n_ways && m->link; i++) {
		if (w->ways[i].family == m->family && w->ways[i].link)
			return &w->ways[i];
	}
	return m->link ? NULL : way_out(w, m->family);
}

static int judge_message(struct asking *a, const struct message *m, bool out)
{
	const struct survey_way *way = way_of(a->w, m);
	enum fate fate;

	if (!way)
		return 0;
	struct flow_query q = query_out(
		way, m->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6, 0);
	q.out = out;
	q.icmp_type = m->type;
	q.icmp_code = m->code;
	q.state = m->link ? CT_UNTRACKED : CT_RELATED;
	if (ask(a, &q, &fate) < 0)
		return -1;
	if (fate != FATE_THROUGH)
		report(a, fate == FATE_PERHAPS ? RESULT_UNKNOWN : RESULT_FAIL,
			arena_printf(a->ret->arena, "%s, %s", m->name, out ? "out" : "in"),
			fate == FATE_PERHAPS ? "may be stopped" : "stopped", "let through");
	return 1;
}

static void evaluate_icmp(const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	struct asking a = {.c = c, .ret = ret};
	int asked = 0;

	if (!begin(&a, facts))
		return;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(messages); i++) {
		int r = judge_message(&a, &messages[i / 2], i % 2);
		if (r < 0)
			return;
		asked += r;
	}
	if (asked == 0)
		verdict_set(ret, RESULT_NOTAPPLICABLE, "no address beyond the loopback");
	else if (ret->result == RESULT_PASS)
		verdict_summary(ret, "errors about the size of packets, and IPv6's neighbours, get "
				     "through");
}

const struct check check_firewall_icmp = {
	.id = "firewall-icmp",
	.title = "The ICMP messages that the network needs get through",
	.severity = SEV_LOW,
	.guides = "X",
	.references = "RFC 1191, RFC 4890",
	.rationale =
		"Without \"fragmentation needed\" and \"packet too big\", connections of users "
		"behind tunnels hang; without neighbour discovery there is no IPv6.",
	.remedy = "With nftables: `icmp type destination-unreachable accept` and `icmpv6 type { "
		  "packet-too-big, nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } "
		  "accept`. ufw's defaults let them through: see /etc/ufw/before.rules.",
	.remedy_rhel = "`firewall-cmd --permanent --remove-icmp-block-inversion && firewall-cmd "
		       "--reload`, and no block of destination-unreachable or packet-too-big.",
	.facts = FACT_BIT(FACT_FIREWALL),
	.evaluate = evaluate_icmp,
};

/* ---- metadata-reachable ---- */

static const struct {
	const char *text;
} services[] = {{"169.254.169.254"}, {"fd00:ec2::254"}};

static void evaluate_metadata(const struct check *c, const struct factset *facts,
	_unused_ const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	struct asking a = {.c = c, .ret = ret};
	unsigned asked = 0;

	if (!begin(&a, facts))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
		const struct survey_way *way = way_out(a.w, families[i]);
		struct net net;
		enum fate fate;
		if (!way || net_parse(services[i].text, &net) < 0)
			continue;
		struct span target = addrs_net(&net);
		const struct addrs peers = {.v = &target, .n = 1};
		struct flow_query q = query_out(way, IPPROTO_TCP, WEB);
		q.peers = &peers;
		q.uid = NOBODY;
		if (ask(&a, &q, &fate) < 0)
			return;
		asked++;
		if (fate != FATE_STOPPED)
			report(&a, fate == FATE_PERHAPS ? RESULT_UNKNOWN : RESULT_FAIL,
				arena_printf(ret->arena, "metadata service %s", services[i].text),
				fate == FATE_PERHAPS
					? "a process without privileges may get through to it"
					: "the host's firewall lets a process without privileges "
					  "through to it",
				"let through for root only");
	}
	if (asked == 0)
		verdict_set(ret, RESULT_NOTAPPLICABLE, "no address by which to ask it");
	else if (ret->result == RESULT_PASS)
		verdict_summary(ret,
			"the host's firewall stops what a process without privileges "
			"asks the metadata service: %s",
			a.reason);
}

const struct check check_metadata_reachable = {
	.id = "metadata-reachable",
	.title = "Only root can ask the cloud's metadata service",
	.severity = SEV_MEDIUM,
	.guides = "X",
	.references = "nft(8)",
	.rationale = "The metadata service gives user-data, often with secrets in it, to whoever "
		     "asks from this machine, also to a web application that was tricked into "
		     "asking. Judged is the host's firewall, not whether there is such a service.",
	.remedy = "With nftables, in an output chain: `ip daddr 169.254.169.254 meta skuid != 0 "
		  "reject`, and the same for `ip6 daddr fd00:ec2::254`.",
	.facts = FACT_BIT(FACT_FIREWALL),
	.evaluate = evaluate_metadata,
};
