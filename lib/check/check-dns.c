/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "check/checks.h"
#include "check/exposed.h"
#include "fact/addresses.h"
#include "fact/listeners.h"
#include "fact/name-servers.h"
#include "fact/units.h"

enum {
	SERVERS_MAX = 8,
};

/* What is asked of each server. */
struct asking {
	const struct check *check;
	const struct name_servers *servers;
	struct dns_places places;
	const struct net *trusted;
	size_t n_trusted;
	bool authoritative; /* the policy means its zones for everybody */
	const char *later;  /* of the server asked about: that it does not run now, or "" */
	struct arena *arena;
};

static const struct param params[] = {
	{"authoritative", PARAM_BOOL, "no",
		.doc = "A name server here is meant to answer everybody from zones of its own. "
		       "That it looks up other names for anybody outside of trusted_networks "
		       "fails all the same."},
	{NULL},
};

static const char *subject_of(
	const struct asking *q, const struct name_server *s, const struct dns_view *v)
{
	return v && v->name ? arena_printf(q->arena, "dns %s view %s", s->program, v->name)
			    : arena_printf(q->arena, "dns %s", s->program);
}

static const char *const words[] = {
	[DNS_ZONES] = "answers from its own zones",
	[DNS_CACHE] = "answers from its cache",
	[DNS_RECURSES] = "answers recursive queries",
};

/* What is given to sources outside, and by which list. */
static void report(const struct asking *q, const struct name_server *s,
	const struct dns_exposure *x, enum dns_answer answer, struct verdict *ret)
{
	const struct address_list *list = x->list;
	const char *text = name_server_clients_text(q->arena, s, list);
	bool sure = answer == x->sure;
	char from[NET_TEXT_MAX];

	verdict_add(ret,
		&(struct evidence){
			.result = sure ? RESULT_FAIL : RESULT_UNKNOWN,
			.severity = answer == DNS_RECURSES ? q->check->severity : SEV_MEDIUM,
			.subject = subject_of(q, s, x->view),
			.path = list->path ? list->path : s->path,
			.line = list->line,
			.observed = arena_printf(q->arena,
				"%s%s for %s outside of the trusted networks%s: %s%s",
				sure ? "" : "maybe ", words[answer], net_text(&x->from, from),
				x->local ? ", a net of this machine's interfaces" : "",
				text ? text : "", q->later),
			.expected =
				answer == DNS_ZONES
					? "refused to sources outside; or `authoritative = yes` in "
					  "the section [dns-recursion], where it is meant"
					: arena_printf(q->arena, "%s for trusted networks only",
						  s->setting),
		});
}

static void report_error(
	const struct asking *q, const struct name_server *s, const char *why, struct verdict *ret)
{
	verdict_add(ret, &(struct evidence){
				 .result = RESULT_ERROR,
				 .subject = subject_of(q, s, NULL),
				 .path = s->fault_path ? s->fault_path : s->path,
				 .line = s->fault_line,
				 .observed = why,
				 .expected = "a configuration that can be read to its end",
			 });
}

/* 0 or -ENOMEM. */
static int judge(const struct asking *q, const struct name_server *s, struct verdict *ret)
{
	struct dns_exposure x;

	if (s->fault) {
		report_error(q, s, s->fault, ret);
		return 0;
	}
	int listens = name_server_listens(q->arena, s, &q->places);
	int r = listens < 0 ? listens
			    : name_server_exposure(
				      q->arena, s, q->trusted, q->n_trusted, &q->places, &x);
	if (r == -E2BIG) {
		report_error(q, s, "its lists hold more nets than are followed", ret);
		return 0;
	}
	if (r < 0)
		return r;
	enum dns_answer meant = q->authoritative ? DNS_ZONES : DNS_REFUSED;
	if (x.sure > meant)
		report(q, s, &x, x.sure, ret);
	else if (x.maybe > meant)
		report(q, s, &x, x.maybe, ret);
	else
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_PASS,
					 .subject = subject_of(q, s, NULL),
					 .path = s->path,
					 .observed = listens ? "answers no more than it should to "
							       "sources outside"
							     : "listens on loopback only",
				 });
	return 0;
}

/* Whether it serves its own nets while nobody knows which these are. */
static bool takes_nets_on_trust(const struct asking *q, const struct name_server *s)
{
	bool any = false;

	for (size_t i = 0; i < s->n_views && q->places.n == 0; i++)
		any = any || address_list_names_own(s->views[i].recurse) ||
		      address_list_names_own(s->views[i].clients);
	return any;
}

static void conclude(const struct asking *q, size_t judged, bool trust, struct verdict *ret)
{
	if (ret->n_evidence == 0)
		verdict_set(ret, RESULT_NOTAPPLICABLE,
			q->servers->n > 0 ? "the DNS servers that are installed are switched off "
					    "or do not run"
					  : "no DNS server is installed");
	else if (ret->result == RESULT_PASS)
		verdict_summary(ret,
			"%zu DNS server%s: nobody outside of the trusted networks is "
			"served, by configuration",
			judged, judged == 1 ? "" : "s");
	if (trust && ret->result == RESULT_PASS)
		verdict_note(ret, "the nets of this machine's interfaces are taken for trusted");
}

/* The machine's addresses and the nets that they are in, where these are known. 0 or -ENOMEM. */
static int find_places(struct asking *q, const struct factset *facts)
{
	const struct fact *f = factset_get(facts, FACT_ADDRESSES);
	struct net *own = NULL, *nets = NULL;
	size_t n = 0;

	for (size_t i = 0; f && f->state == FACT_STATE_OK && i < f->u.addresses->n; i++) {
		const struct address *a = &f->u.addresses->v[i];
		char text[NET_TEXT_MAX], with_prefix[NET_TEXT_MAX + 8];
		if (net_is_loopback(&a->net))
			continue;
		struct net *place = arena_grow(q->arena, &own, n, sizeof(*place));
		struct net *net = arena_grow(q->arena, &nets, n, sizeof(*net));
		if (!place || !net)
			return -ENOMEM;
		*place = a->net;
		(void)snprintf(with_prefix, sizeof(with_prefix), "%s/%u", net_text(&a->net, text),
			a->prefix);
		n += net_parse(with_prefix, net) != -EINVAL;
	}
	q->places = (struct dns_places){own, nets, n};
	return 0;
}

/* Whether a process of the server holds a socket now; where that cannot be told, it may. */
static bool holds_socket(const struct factset *facts, const struct name_server *s)
{
	static const struct {
		const char *program, *command;
	} commands[] = {{"BIND", "named"}, {"unbound", "unbound"}, {"dnsmasq", "dnsmasq"},
		{"systemd-resolved", "systemd-resolve"}};
	const struct fact *f = factset_get(facts, FACT_LISTENERS);

	if (!f || f->state != FACT_STATE_OK || f->u.listeners->cut > 0)
		return true;
	for (size_t i = 0; i < f->u.listeners->n; i++) {
		const struct listener *l = &f->u.listeners->v[i];
		if (!l->program && l->port == 53)
			return true;
		for (size_t k = 0; l->program && k < ARRAY_SIZE(commands); k++) {
			if (strcmp(commands[k].program, s->program) == 0 &&
				strcmp(commands[k].command, l->program->command) == 0)
				return true;
		}
	}
	return false;
}

/*
 * Whether it is to be judged: it runs, or will at the next boot, which is said.
 * One that no unit starts, and that holds no socket, is installed and no more.
 */
static bool is_on(struct asking *q, const struct factset *facts, const struct name_server *s)
{
	const struct fact *f = factset_get(facts, FACT_UNITS);
	bool holds = holds_socket(facts, s), unit = false;

	q->later = "";
	if (!exposed_is_on(facts, s->units))
		return false;
	for (size_t i = 0; f && f->state == FACT_STATE_OK && s->units[i]; i++)
		unit = unit || unit_is_on(f->u.units, s->units[i]);
	if (!holds && unit)
		q->later = "; it does not run now, and is started at the next boot";
	return holds || unit;
}

static void evaluate_dns(const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	struct asking q = {.check = c,
		.arena = ret->arena,
		.authoritative = policy_bool(policy, c->id, "authoritative")};
	const char *const *units[SERVERS_MAX + 1] = {NULL};
	bool trust = false;
	size_t n = 0;

	if (!check_facts_usable(facts, FACT_BIT(FACT_NAME_SERVERS), ret))
		return;
	q.servers = factset_get(facts, FACT_NAME_SERVERS)->u.name_servers;
	int r = exposed_trusted(q.arena, policy, &q.trusted, &q.n_trusted);
	r = r < 0 ? r : find_places(&q, facts);
	for (size_t i = 0; r == 0 && i < q.servers->n && n < SERVERS_MAX; i++) {
		const struct name_server *s = &q.servers->v[i];
		if (!is_on(&q, facts, s))
			continue;
		units[n++] = s->units;
		trust = trust || takes_nets_on_trust(&q, s);
		r = judge(&q, s, ret);
	}
	if (r < 0)
		return; /* the arena remembers */
	exposed_strangers(facts,
		&(struct exposed_port){
			.port = 53, .tcp = true, .udp = true, .service = "DNS", .judged = units},
		ret);
	conclude(&q, n, trust, ret);
}

const struct check check_dns_recursion = {
	.id = "dns-recursion",
	.title = "A DNS server here answers recursive queries for trusted hosts only",
	.severity = SEV_HIGH,
	.guides = "N05 X",
	.references = "named.conf(5), unbound.conf(5), dnsmasq(8), resolved.conf(5)",
	.rationale = "An open resolver is used to flood others with its answers, and its cache can "
		     "be poisoned by anybody. Judged by the configuration of BIND, unbound, "
		     "dnsmasq and systemd-resolved: neither was the port asked, nor the firewall "
		     "before it.",
	.remedy = "BIND: `allow-recursion { localhost; 192.0.2.0/24; };` and the same for "
		  "`allow-query` in the options of /etc/bind/named.conf.options, then "
		  "`named-checkconf && rndc reconfig`. unbound: `access-control: 192.0.2.0/24 "
		  "allow` and no wider one, then `unbound-checkconf && systemctl restart "
		  "unbound`. dnsmasq: `listen-address=127.0.0.1,192.0.2.1` with the private "
		  "address, and `bind-interfaces` (without it the socket stays open to every "
		  "address) in /etc/dnsmasq.conf, then `systemctl restart dnsmasq`. "
		  "systemd-resolved: no "
		  "`DNSStubListenerExtra=`.",
	.remedy_rhel = "BIND: `allow-recursion { localhost; 192.0.2.0/24; };` and the same for "
		       "`allow-query` in the options of /etc/named.conf, then `named-checkconf && "
		       "rndc reconfig`. unbound: `access-control: 192.0.2.0/24 allow` in "
		       "/etc/unbound/conf.d/, then `systemctl restart unbound`. dnsmasq: "
		       "`interface=lo` and `bind-interfaces` in /etc/dnsmasq.conf, then `systemctl "
		       "restart dnsmasq`. "
		       "systemd-resolved: no `DNSStubListenerExtra=`.",
	.facts = FACT_BIT(FACT_NAME_SERVERS) | FACT_BIT(FACT_UNITS) | FACT_BIT(FACT_LISTENERS) |
		 FACT_BIT(FACT_ADDRESSES),
	.params = params,
	.evaluate = evaluate_dns,
};
