/* SPDX-License-Identifier: ISC */
/*
 * What the packet filter lets out, and which messages of ICMP it lets through
 * either way: single questions to it (filter/flow.h).
 */
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>

#include "check/checks.h"
#include "check/firewall-remedy.h"
#include "check/outside.h"
#include "fact/firewall.h"
#include "fact/logging.h"
#include "fact/units.h"

enum { NOBODY = 65534, WEB = 80, NTP = 123 };

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
	if (!check_facts_usable(facts, FACT_BIT(FACT_FIREWALL), a->ret))
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

/*
 * Whether what goes to the port is stopped for every target, by each family that
 * has a way: one family will do. Sets a->reason. -1 as ask().
 */
static int is_stopped(struct asking *a, uint8_t l4proto, uint16_t port)
{
	const char *reason = NULL;
	bool out = false;

	for (size_t k = 0; k < ARRAY_SIZE(families); k++) {
		const struct survey_way *way = way_out(a->w, families[k]);
		_cleanup_flow_answer_ struct flow_answer answer = {0};
		if (!way)
			continue;
		struct flow_query q = query_out(way, l4proto, port);
		if (flow_ask(a->w->rules, a->w->host, &q, &answer) < 0) {
			arena_fail(a->ret->arena);
			return -1;
		}
		for (size_t n = 0; n < answer.n; n++) {
			out = out || flow_arrives(answer.v[n].outcome);
			reason = reason ? reason : survey_reason(a->ret->arena, &answer.v[n]);
		}
	}
	a->reason = out || !reason ? "" : arena_strdup(a->ret->arena, reason);
	return !out && reason;
}

static void judge_needed(struct asking *a)
{
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		int r = is_stopped(a, needed[i].l4proto, needed[i].port);
		if (r < 0)
			return;
		if (r > 0)
			report(a, RESULT_FAIL, needed[i].subject, "stopped on the way out",
				"let out to where updates and answers come from");
	}
}

/* ---- what this machine sends besides: noted, and no reason to fail ---- */

/* The unit that asks servers for the time; NULL: none is on, or units are not known. */
static const char *time_client(const struct factset *facts)
{
	static const char *const units[] = {"chrony.service", "chronyd.service", "ntp.service",
		"ntpd.service", "ntpsec.service", "openntpd.service", "systemd-timesyncd.service"};
	const struct fact *f = factset_get(facts, FACT_UNITS);

	for (size_t i = 0; f && f->state == FACT_STATE_OK && i < ARRAY_SIZE(units); i++) {
		if (unit_is_on(f->u.units, units[i]))
			return units[i];
	}
	return NULL;
}

/* The protocol and port of a forwarding to another machine. False: they are not told. */
static bool log_target(const struct log_forward *f, uint8_t *ret_l4proto, uint16_t *ret_port)
{
	static const struct {
		const char *transport;
		uint8_t l4proto;
		uint16_t port; /* 0: none that is usual */
	} usual[] = {{"udp", IPPROTO_UDP, 514}, {"tcp", IPPROTO_TCP, 514},
		{"tls", IPPROTO_TCP, 6514}, {"relp", IPPROTO_TCP, 0}, {"relp+tls", IPPROTO_TCP, 0},
		{"http", IPPROTO_TCP, 80}, {"https", IPPROTO_TCP, 443}};

	for (size_t i = 0; i < ARRAY_SIZE(usual) && !f->own && !f->broken; i++) {
		unsigned long port = usual[i].port;
		const char *end = "";
		if (strcmp(f->transport, usual[i].transport) != 0)
			continue;
		if (*f->port)
			port = strtoul(f->port, (char **)&end, 10);
		if (*end || port == 0 || port > UINT16_MAX)
			return false;
		*ret_l4proto = usual[i].l4proto;
		*ret_port = (uint16_t)port;
		return true;
	}
	return false;
}

/* The first forwarding whose port is stopped, as a text; "": none. NULL: memory was short. */
static const char *stopped_log(struct asking *a, const struct factset *facts)
{
	const struct fact *f = factset_get(facts, FACT_LOGGING);

	for (size_t i = 0; f && f->state == FACT_STATE_OK && i < f->u.logging->n; i++) {
		const struct log_forward *x = &f->u.logging->v[i];
		uint8_t l4proto;
		uint16_t port;
		if (!log_target(x, &l4proto, &port))
			continue;
		int r = is_stopped(a, l4proto, port);
		if (r < 0)
			return NULL;
		if (r > 0)
			return arena_printf(a->ret->arena,
				"log messages to %s (%s %u), which %s sends", x->host,
				l4proto == IPPROTO_UDP ? "udp" : "tcp", port,
				log_program_name(x->program));
	}
	return "";
}

static void note_wanted(struct asking *a, const struct factset *facts)
{
	const char *client = time_client(facts), *log = stopped_log(a, facts), *clock = "";
	int r = client ? is_stopped(a, IPPROTO_UDP, NTP) : 0;

	if (!log || r < 0)
		return;
	if (r > 0)
		clock = arena_printf(a->ret->arena,
			"the time from NTP servers (udp 123), for which "
			"%s asks",
			client);
	if (clock && (*clock || *log))
		verdict_note(a->ret, "but stopped on the way out: %s%s%s", clock,
			*clock && *log ? "; " : "", log);
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
	if (asked > 0) {
		judge_needed(&a);
		note_wanted(&a, facts);
	} else {
		verdict_set(ret, RESULT_NOTAPPLICABLE, "no address by which to get out");
	}
	if (ret->result == RESULT_PASS)
		verdict_summary(ret, "what goes out is filtered, and updates and name lookups get "
				     "through");
}

#define EGRESS_UFW                                                                   \
	"`ufw allow out 53 && ufw allow out 80/tcp && ufw allow out 443/tcp && ufw " \
	"default deny outgoing`, and what else the machine needs: udp 123 for its "  \
	"clock, the port of the log server."
#define EGRESS_FIREWALLD                                                                  \
	"A policy for what goes out: `firewall-cmd --permanent --new-policy out && "      \
	"firewall-cmd --permanent --policy out --add-ingress-zone HOST && firewall-cmd "  \
	"--permanent --policy out --add-egress-zone ANY && firewall-cmd --permanent "     \
	"--policy out --add-service dns --add-service http --add-service https && "       \
	"firewall-cmd --permanent --policy out --set-target REJECT && firewall-cmd "      \
	"--reload`, and what else the machine needs: udp 123 for its clock, the port of " \
	"the log server."

const struct check check_firewall_egress = {
	.id = "firewall-egress",
	.title = "What goes out is filtered, and updates and name lookups still get through",
	.severity = SEV_LOW,
	.guides = "X",
	.references = "nft(8), ufw(8)",
	.rationale = "A filter on the way out takes the attacker's tools and the way home from "
		     "them. One that also stops updates or name lookups does harm.",
	.remedy = EGRESS_UFW,
	.remedy_rhel = EGRESS_FIREWALLD,
	.remedy_by =
		REMEDIES{
			[MAKER_NFT] = "An output chain that accepts `ct state "
				      "established,related`, `oif lo`, `udp "
				      "dport 53` and `tcp dport { 53, 80, 443 }`, with `policy "
				      "drop;`, and what else "
				      "the machine needs: udp 123 for its clock, the port of the "
				      "log server." NFT_KEEP,
			[MAKER_IPTABLES] = "`iptables -A OUTPUT -m conntrack --ctstate "
					   "ESTABLISHED,RELATED -j ACCEPT`, "
					   "`iptables -A OUTPUT -o lo -j ACCEPT`, `iptables -A "
					   "OUTPUT -p udp --dport 53 -j "
					   "ACCEPT`, `iptables -A OUTPUT -p tcp -m multiport "
					   "--dports 53,80,443 -j "
					   "ACCEPT`, and what else the machine needs: udp 123 for "
					   "its clock, the port of "
					   "the log server. Then `iptables -P OUTPUT DROP`; IPv6 "
					   "counts by itself: the "
					   "same with ip6tables, and ICMPv6 accepted (see "
					   "firewall-icmp)." IPTABLES_KEEP,
			[MAKER_UFW] = EGRESS_UFW,
			[MAKER_FIREWALLD] = EGRESS_FIREWALLD,
		},
	.facts = FACT_BIT(FACT_FIREWALL) | FACT_BIT(FACT_UNITS) | FACT_BIT(FACT_LOGGING),
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

#define ICMP_NFT                                                                          \
	"In the input and output chains: `icmp type destination-unreachable accept` and " \
	"`icmpv6 type { packet-too-big, nd-neighbor-solicit, nd-neighbor-advert, "        \
	"nd-router-advert } accept`."
#define ICMP_FIREWALLD                                                             \
	"`firewall-cmd --permanent --remove-icmp-block-inversion && firewall-cmd " \
	"--reload`, and no block of destination-unreachable or packet-too-big."

const struct check check_firewall_icmp = {
	.id = "firewall-icmp",
	.title = "The ICMP messages that the network needs get through",
	.severity = SEV_LOW,
	.guides = "X",
	.references = "RFC 1191, RFC 4890",
	.rationale =
		"Without \"fragmentation needed\" and \"packet too big\", connections of users "
		"behind tunnels hang; without neighbour discovery there is no IPv6.",
	.remedy = ICMP_NFT,
	.remedy_rhel = ICMP_FIREWALLD,
	.remedy_by =
		REMEDIES{
			[MAKER_NFT] = ICMP_NFT NFT_KEEP,
			[MAKER_IPTABLES] =
				"`iptables -I INPUT -p icmp --icmp-type fragmentation-needed -j "
				"ACCEPT`, and "
				"`ip6tables -I INPUT -p icmpv6 --icmpv6-type TYPE -j ACCEPT` with "
				"packet-too-big, neighbour-solicitation, neighbour-advertisement "
				"and "
				"router-advertisement; the same for OUTPUT where that "
				"filters." IPTABLES_KEEP,
			[MAKER_UFW] =
				"ufw's defaults let them through: see /etc/ufw/before.rules and "
				"/etc/ufw/before6.rules, then `ufw reload`.",
			[MAKER_FIREWALLD] = ICMP_FIREWALLD,
		},
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

#define METADATA_WHY                                                                       \
	" Only port 80 is closed: on some clouds chrony (udp 123) and name lookups (port " \
	"53) go to the same address. cloud-init asks as root and still gets through; a "   \
	"program that must ask without root, as an agent with a role of the machine's, "   \
	"needs a rule that accepts its user before."
#define METADATA_NFT                                                                             \
	"`nft add table inet metadata && nft add chain inet metadata output '{ type "            \
	"filter hook output priority 0; }' && nft add rule inet metadata output ip "             \
	"daddr 169.254.169.254 tcp dport 80 meta skuid != 0 reject && nft add rule inet "        \
	"metadata output ip6 daddr fd00:ec2::254 tcp dport 80 meta skuid != 0 reject`." NFT_KEEP \
		METADATA_WHY

const struct check check_metadata_reachable = {
	.id = "metadata-reachable",
	.title = "Only root can ask the cloud's metadata service",
	.severity = SEV_MEDIUM,
	.guides = "X",
	.references = "nft(8)",
	.rationale = "The metadata service gives user-data, often with secrets in it, to whoever "
		     "asks from this machine, also to a web application that was tricked into "
		     "asking. Judged is the host's firewall, not whether there is such a service.",
	.remedy = METADATA_NFT,
	.remedy_by =
		REMEDIES{
			[MAKER_IPTABLES] = "`iptables -I OUTPUT -d 169.254.169.254 -p tcp --dport "
					   "80 -m owner ! "
					   "--uid-owner 0 -j REJECT && ip6tables -I OUTPUT -d "
					   "fd00:ec2::254 -p tcp --dport "
					   "80 -m owner ! --uid-owner 0 -j REJECT`." IPTABLES_KEEP
						   METADATA_WHY,
			[MAKER_UFW] = "Put `-A ufw-before-output -d 169.254.169.254 -p tcp --dport "
				      "80 -m owner ! "
				      "--uid-owner 0 -j REJECT` before COMMIT into "
				      "/etc/ufw/before.rules, `-A "
				      "ufw6-before-output -d fd00:ec2::254 -p tcp --dport 80 -m "
				      "owner ! --uid-owner 0 "
				      "-j REJECT` into /etc/ufw/before6.rules, then `ufw "
				      "reload`." METADATA_WHY,
			[MAKER_FIREWALLD] = "`firewall-cmd --permanent --direct --add-rule ipv4 "
					    "filter OUTPUT 0 -d "
					    "169.254.169.254 -p tcp --dport 80 -m owner ! "
					    "--uid-owner 0 -j REJECT && "
					    "firewall-cmd --permanent --direct --add-rule ipv6 "
					    "filter OUTPUT 0 -d "
					    "fd00:ec2::254 -p tcp --dport 80 -m owner ! "
					    "--uid-owner 0 -j REJECT && "
					    "firewall-cmd --reload`." METADATA_WHY,
		},
	.facts = FACT_BIT(FACT_FIREWALL),
	.evaluate = evaluate_metadata,
};
