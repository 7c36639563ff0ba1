/* SPDX-License-Identifier: ISC */
/*
 * What the packet filter lets in. Judged is what becomes of connections that are
 * followed through its rules (see filter/survey.h), not the words of the rules.
 */
#include <errno.h>
#include <string.h>

#include "check/checks.h"
#include "check/firewall-remedy.h"
#include "check/outside.h"
#include "fact/firewall.h"
#include "fact/listeners.h"

/* Answers of DHCP servers come to these ports as new connections, from such a source port. */
static const struct {
	uint16_t port, from;
} dhcp[] = {{68, 67}, {546, 547}};

static const struct param world_params[] = {
	{"public_ports", PARAM_LIST, "80 443",
		.doc = "Ports that any address may reach: 80, 443/tcp, 60000-61000/udp. Without a "
		       "protocol it is both TCP and UDP.",
		.form = "PORT, LOW-HIGH, with /tcp or /udp behind it or not",
		.fits = outside_fits_ports},
	{"max_prefix", PARAM_UINT, "16", .min = 0, .max = 32,
		.doc = "A source network of IPv4 with a shorter prefix than this is too wide for "
		       "any other port."},
	{"max_prefix6", PARAM_UINT, "32", .min = 0, .max = 128, .doc = "The same for IPv6."},
	{NULL},
};

static const struct param ranges_params[] = {
	{"ranges", PARAM_LIST, "",
		.doc = "Ranges of ports that are opened on purpose: 60000-61000/udp.",
		.form = "LOW-HIGH, with /tcp or /udp behind it or not", .fits = outside_fits_ports},
	{"max_ports", PARAM_UINT, "1", .min = 1, .max = 65535,
		.doc = "How many ports in a row a rule may open by a range."},
	{NULL},
};

struct judging {
	const struct check *c;
	const struct firewall *w;
	enum filter_maker maker; /* who filters on this machine: the check's remedy is theirs */
	struct verdict *ret;
	struct outside outside;
	struct addrs allowed[SURVEY_PROTOCOL_MAX]; /* ports, by the policy */
};

static void judging_fini(struct judging *j)
{
	outside_fini(&j->outside);
	for (unsigned p = 0; p < SURVEY_PROTOCOL_MAX; p++)
		addrs_fini(&j->allowed[p]);
}

/* Memory was short: the verdict is not to be believed, and nobody will. */
static void short_of_memory(const struct judging *j)
{
	arena_fail(j->ret->arena);
}

static bool begin(struct judging *j, const struct factset *facts, const struct policy *policy,
	const char *ports)
{
	if (!check_facts_usable(facts, j->c->facts, j->ret))
		return false;
	j->w = factset_get(facts, FACT_FIREWALL)->u.firewall;
	j->maker = maker_of_ruleset(j->w->rules);
	const char *const *words = ports ? policy_list(policy, j->c->id, ports) : NULL;
	int r = outside_init(&j->outside, policy);
	for (unsigned p = 0; r == 0 && words && p < SURVEY_PROTOCOL_MAX; p++)
		r = outside_ports(words, p, &j->allowed[p]);
	if (r < 0)
		short_of_memory(j);
	return r == 0;
}

static const char *family_name(int family)
{
	return family == AF_INET ? "IPv4" : "IPv6";
}

/* A finding about an opening; one that is not certain is unknown, with the rule of which it hangs.
 */
static void report(struct judging *j, const struct opening *o, enum severity severity,
	const char *observed, const char *expected)
{
	struct arena *a = j->ret->arena;
	const char *doubt = o->may ? arena_printf(a,
					     "; not certain, for nobody can tell what this "
					     "does: %s",
					     o->doubt ? o->doubt : "a rule")
				   : "";
	const char *how = firewall_hint(a, j->maker, o);

	verdict_add(
		j->ret, &(struct evidence){
				.result = o->may ? RESULT_UNKNOWN : RESULT_FAIL,
				.severity = severity,
				.subject = firewall_subject(a, o),
				.observed = arena_printf(a, "%s: %s%s", observed ? observed : "",
					o->reason, doubt ? doubt : ""),
				.expected = arena_printf(
					a, "%s%s", expected ? expected : "", how ? how : ""),
			});
}

static void report_cut(struct judging *j)
{
	if (j->w->openings.cut)
		verdict_add(
			j->ret, &(struct evidence){
					.result = RESULT_UNKNOWN,
					.subject = "openings",
					.observed = "too many rules and ports: not all ports "
						    "were followed through the rules",
					.expected = "asked port by port: fewer rules, with sets "
						    "of ports and addresses in them",
				});
}

/* Rules that were flushed are in their file still; a second firewall would only confuse. */
#define LOAD_RULES                                                                      \
	"If rules were here and are gone, load them again: `systemctl restart nftables`, " \
	"`netfilter-persistent start`, `ufw enable` or `systemctl restart firewalld`. "    \
	"Where there never were any: "
#define NO_RULES "No rules filter what comes in: see firewall-active."

/* What must come in is accepted first, or SSH is lost. */
#define DENY_NFT                                                                          \
	"Accept first what must come in, in the input chain: `ct state "                  \
	"established,related accept`, `iif lo accept`, `ip saddr 192.0.2.0/24 tcp dport " \
	"22 accept` with your own network, ICMP (see firewall-icmp); then give the "      \
	"chain `policy drop;`. `nft -c -f FILE` tries the file, `nft -f FILE` loads it."
#define DENY_IPTABLES                                                                     \
	"Accept first what must come in: `iptables -A INPUT -m conntrack --ctstate "      \
	"ESTABLISHED,RELATED -j ACCEPT`, `iptables -A INPUT -i lo -j ACCEPT`, `iptables " \
	"-A INPUT -s 192.0.2.0/24 -p tcp --dport 22 -j ACCEPT` with your own network, "   \
	"and ICMP (see firewall-icmp); then `iptables -P INPUT DROP`. IPv6 counts by "    \
	"itself: the same with ip6tables."

/* ---- firewall-active ---- */

/* What of unnamed connections gets in, of one family: the first, a certain one before others. */
static const struct opening *find_unnamed(const struct firewall *w, int family)
{
	const struct opening *found = NULL;

	for (size_t i = 0; i < w->openings.n_unnamed; i++) {
		const struct opening *o = &w->openings.unnamed[i];
		if (o->way->family == family && (!found || (found->may && !o->may)))
			found = o;
	}
	return found;
}

static void judge_family(struct judging *j, unsigned v6)
{
	const struct opening *o = find_unnamed(j->w, v6 ? AF_INET6 : AF_INET);
	bool may = o && o->may;

	if (!j->w->openings.asked[v6] || j->w->openings.shut[v6])
		return;
	const char *observed = arena_printf(j->ret->arena, "every connection %s in: %s",
		may ? "may get" : "gets", o ? o->reason : "no rule stops it");
	verdict_add(j->ret, &(struct evidence){
				    .result = may ? RESULT_UNKNOWN : RESULT_FAIL,
				    .severity = j->c->severity,
				    .subject = v6 ? "input of IPv6" : "input of IPv4",
				    .observed = observed,
				    .expected = "rules that stop what is not wanted",
			    });
}

static void evaluate_active(const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	_cleanup_(judging_fini) struct judging j = {.c = c, .ret = ret};

	if (!begin(&j, facts, policy, NULL))
		return;
	const struct openings *o = &j.w->openings;
	if (!o->asked[0] && !o->asked[1]) {
		verdict_set(ret, RESULT_NOTAPPLICABLE, "no address beyond the loopback");
		return;
	}
	judge_family(&j, 0);
	judge_family(&j, 1);
	if (ret->result == RESULT_PASS)
		verdict_summary(ret, "what comes in is filtered: %s%s%s",
			o->shut[0] ? o->shut[0] : "", o->shut[0] && o->shut[1] ? "; IPv6: " : "",
			o->shut[1] ? o->shut[1] : "");
}

const struct check check_firewall_active = {
	.id = "firewall-active",
	.title = "A firewall on this host filters what comes in, for IPv4 and IPv6",
	.severity = SEV_HIGH,
	.guides = "P N08 X",
	.references = "nft(8), ufw(8)",
	.rationale = "The cloud's security group is one layer, and one wrong click opens it. The "
		     "host's own filter holds when that layer fails.",
	.remedy = LOAD_RULES
		"`apt-get install ufw && ufw allow from 192.0.2.0/24 to any port 22 proto tcp && "
		"ufw enable`, with your own network in the place of 192.0.2.0/24.",
	.remedy_rhel = LOAD_RULES "`dnf install firewalld && systemctl enable --now firewalld`.",
	.remedy_by =
		REMEDIES{
			[MAKER_NFT] = DENY_NFT NFT_KEEP,
			[MAKER_IPTABLES] = DENY_IPTABLES IPTABLES_KEEP,
			[MAKER_UFW] = "`ufw allow from 192.0.2.0/24 to any port 22 proto tcp && "
				      "ufw default deny "
				      "incoming && ufw enable`, with your own network in the place "
				      "of 192.0.2.0/24.",
			[MAKER_FIREWALLD] = "See that the zone's target is not ACCEPT: "
					    "`firewall-cmd --permanent "
					    "--zone=public --set-target=default && firewall-cmd "
					    "--reload`, with the zone "
					    "that `firewall-cmd --get-active-zones` names.",
		},
	.facts = FACT_BIT(FACT_FIREWALL),
	.evaluate = evaluate_active,
};

/* ---- firewall-default-deny ---- */

/* One finding for each interface and protocol; of sources that are trusted, none. */
static int judge_unnamed(struct judging *j, const struct opening *o)
{
	_cleanup_addrs_ struct addrs outside = {0};
	struct arena *a = j->ret->arena;
	int r = outside_of(&j->outside, o->way->family, &o->peers, &outside);

	if (r < 0 || addrs_is_empty(&outside))
		return r;
	const char *doubt = o->may && o->doubt ? o->doubt : NULL;
	verdict_add(j->ret,
		&(struct evidence){
			.result = o->may ? RESULT_UNKNOWN : RESULT_FAIL,
			.severity = j->c->severity,
			.subject = arena_printf(a, "unnamed %s on %s %s",
				survey_protocol_name(o->protocol), o->way->interface,
				family_name(o->way->family)),
			.observed = arena_printf(a, "a connection that no rule names %s in: %s%s%s",
				o->may ? "may get" : "gets", o->reason,
				doubt ? "; not certain: " : "", doubt ? doubt : ""),
			.expected = "dropped or rejected",
		});
	return 0;
}

static void evaluate_default(const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	_cleanup_(judging_fini) struct judging j = {.c = c, .ret = ret};
	int r = 0;

	if (!begin(&j, facts, policy, NULL))
		return;
	const struct openings *o = &j.w->openings;
	if (!o->asked[0] && !o->asked[1]) {
		verdict_set(ret, RESULT_NOTAPPLICABLE, "no address beyond the loopback");
		return;
	}
	for (size_t i = 0; r == 0 && i < o->n_unnamed; i++)
		r = judge_unnamed(&j, &o->unnamed[i]);
	if (r < 0)
		short_of_memory(&j);
	if (ret->result == RESULT_PASS)
		verdict_summary(ret, "a connection that no rule names is stopped: %s",
			o->shut[0] ? o->shut[0] : o->shut[1]);
}

const struct check check_firewall_default_deny = {
	.id = "firewall-default-deny",
	.title = "What no firewall rule names is not let in",
	.severity = SEV_HIGH,
	.guides = "P X",
	.references = "nft(8), ufw(8)",
	.rationale = "A list of what is allowed stays right when a new service appears; a list of "
		     "what is forbidden does not.",
	.remedy = NO_RULES,
	.remedy_by =
		REMEDIES{
			[MAKER_NFT] = DENY_NFT NFT_KEEP,
			[MAKER_IPTABLES] = DENY_IPTABLES IPTABLES_KEEP,
			[MAKER_UFW] = "`ufw default deny incoming`.",
			[MAKER_FIREWALLD] = "See that the zone's target is not ACCEPT: "
					    "`firewall-cmd --permanent "
					    "--zone=public --set-target=default && firewall-cmd "
					    "--reload`, with the zone "
					    "that `firewall-cmd --get-active-zones` names.",
		},
	.facts = FACT_BIT(FACT_FIREWALL),
	.evaluate = evaluate_default,
};

/* ---- firewall-open-to-world ---- */

static bool is_dhcp(const struct opening *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(dhcp); i++) {
		if (o->protocol == SURVEY_UDP && o->lo == dhcp[i].port && o->hi == o->lo &&
			o->sports.n == 1 && o->sports.v[0].lo == dhcp[i].from &&
			o->sports.v[0].hi == dhcp[i].from)
			return true;
	}
	return false;
}

static int widest(const struct net *net, void *arg)
{
	struct net *found = arg;

	if (found->family == 0 || net->bits < found->bits)
		*found = *net;
	return 0;
}

static const char *open_to(struct judging *j, const struct opening *o)
{
	const char *peers = survey_peers_text(j->ret->arena, o->way, &o->peers);

	return arena_printf(j->ret->arena, "open to %s", peers ? peers : "");
}

static int judge_world(struct judging *j, const struct opening *o, unsigned bits)
{
	_cleanup_addrs_ struct addrs outside = {0}, all = {0};
	struct net net = {0};
	const struct span ports = {o->lo, o->hi};
	int r = outside_of(&j->outside, o->way->family, &o->peers, &outside);

	if (r == 0)
		r = outside_of(&j->outside, o->way->family, &o->way->peers, &all);
	if (r < 0 || addrs_is_empty(&outside) || is_dhcp(o) ||
		addrs_contains(&j->allowed[o->protocol], ports))
		return r;
	(void)addrs_each_net(&outside, o->way->family, widest, &net); /* never says other than 0 */
	if (addrs_equal(&outside, &all))
		report(j, o, j->c->severity, "open to any source",
			"open to the networks that need it, or one of the policy's public_ports");
	else if (net.bits < bits)
		report(j, o, j->c->severity, open_to(j, o),
			arena_printf(j->ret->arena,
				"a network of at least /%u, or one of the policy's public_ports",
				bits));
	return 0;
}

static void evaluate_world(const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	_cleanup_(judging_fini) struct judging j = {.c = c, .ret = ret};
	int r = 0;

	if (!begin(&j, facts, policy, "public_ports"))
		return;
	for (size_t i = 0; r == 0 && i < j.w->openings.n; i++) {
		const struct opening *o = &j.w->openings.v[i];
		r = judge_world(&j, o,
			(unsigned)policy_uint(policy, c->id,
				o->way->family == AF_INET ? "max_prefix" : "max_prefix6"));
	}
	if (r < 0)
		short_of_memory(&j);
	report_cut(&j);
	if (ret->result == RESULT_PASS)
		verdict_summary(ret, "no port but the public ones is open to any address");
}

#define OPEN_TO_WORLD_UFW                                                             \
	"Name the source: `ufw allow from 192.0.2.0/24 to any port PORT proto tcp`, " \
	"then delete the rule for Anywhere (`ufw status numbered`, `ufw delete "      \
	"NUMBER`). A port that is meant for everybody belongs into `public_ports`."
#define OPEN_TO_WORLD_FIREWALLD                                                         \
	"Name the source: `firewall-cmd --permanent --add-rich-rule='rule family=ipv4 " \
	"source address=192.0.2.0/24 port port=PORT protocol=tcp accept' && "           \
	"firewall-cmd --permanent --remove-port=PORT/tcp && firewall-cmd --reload` "    \
	"(`--remove-service=NAME` where a service opens it). A port that is meant for " \
	"everybody belongs into `public_ports`."

const struct check check_firewall_open_to_world = {
	.id = "firewall-open-to-world",
	.title = "No port but the public ones is open to any address",
	.severity = SEV_HIGH,
	.guides = "P A X",
	.references = "nft(8), ufw(8)",
	.rationale =
		"All of IPv4 can be searched in hours. What is not meant for the public should "
		"be let in from as few addresses as possible.",
	.remedy = OPEN_TO_WORLD_UFW,
	.remedy_rhel = OPEN_TO_WORLD_FIREWALLD,
	.remedy_by =
		REMEDIES{
			[MAKER_NONE] = NO_RULES,
			[MAKER_NFT] = NFT_RULE
			"`nft replace rule FAMILY TABLE CHAIN handle HANDLE ip saddr 192.0.2.0/24 "
			"tcp "
			"dport PORT accept` names the source. A port that is meant for everybody "
			"belongs into `public_ports`." NFT_KEEP,
			[MAKER_IPTABLES] = IPTABLES_RULE
			"put one that names the source before it, `iptables -I CHAIN -s "
			"192.0.2.0/24 -p "
			"tcp --dport PORT -j ACCEPT`, and delete it by its own words, with -D in "
			"the "
			"place of -A. A port that is meant for everybody belongs into "
			"`public_ports`." IPTABLES_KEEP,
			[MAKER_UFW] = OPEN_TO_WORLD_UFW,
			[MAKER_FIREWALLD] = OPEN_TO_WORLD_FIREWALLD,
		},
	.facts = FACT_BIT(FACT_FIREWALL),
	.params = world_params,
	.evaluate = evaluate_world,
};

/* ---- firewall-port-ranges ---- */

static int judge_range(struct judging *j, const struct opening *o, uint64_t max_ports)
{
	_cleanup_addrs_ struct addrs outside = {0};
	const struct span ports = {o->lo, o->hi};

	if (!o->range || (uint64_t)o->hi - o->lo < max_ports ||
		addrs_contains(&j->allowed[o->protocol], ports))
		return 0;
	int r = outside_of(&j->outside, o->way->family, &o->peers, &outside);
	if (r < 0)
		return r;
	const char *from = survey_peers_text(j->ret->arena, o->way, &o->peers);
	report(j, o, addrs_is_empty(&outside) ? SEV_LOW : j->c->severity,
		arena_printf(j->ret->arena, "%u ports at once, from %s",
			(unsigned)(o->hi - o->lo + 1), from ? from : ""),
		"a rule for each port that a service needs, or one of the policy's ranges");
	return 0;
}

static void evaluate_ranges(const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	_cleanup_(judging_fini) struct judging j = {.c = c, .ret = ret};
	int r = 0;

	if (!begin(&j, facts, policy, "ranges"))
		return;
	for (size_t i = 0; r == 0 && i < j.w->openings.n; i++)
		r = judge_range(&j, &j.w->openings.v[i], policy_uint(policy, c->id, "max_ports"));
	if (r < 0)
		short_of_memory(&j);
	report_cut(&j);
	if (ret->result == RESULT_PASS)
		verdict_summary(ret, "no rule opens a range of ports");
}

#define PORT_RANGES_UFW                                                            \
	"Replace the rule by one for each port that a service needs: `ufw status " \
	"numbered`, `ufw delete NUMBER`, `ufw allow PORT/tcp`."
#define PORT_RANGES_FIREWALLD                                                        \
	"Replace the rule by one for each port that a service needs: `firewall-cmd " \
	"--permanent --remove-port=LOW-HIGH/tcp && firewall-cmd --permanent "        \
	"--add-port=PORT/tcp && firewall-cmd --reload`."

const struct check check_firewall_port_ranges = {
	.id = "firewall-port-ranges",
	.title = "No firewall rule opens a range of ports in one go",
	.severity = SEV_MEDIUM,
	.guides = "A",
	.references = "nft(8), ufw(8)",
	.rationale = "A range opens ports that nobody thought of, and whatever listens there "
		     "tomorrow.",
	.remedy = PORT_RANGES_UFW,
	.remedy_rhel = PORT_RANGES_FIREWALLD,
	.remedy_by =
		REMEDIES{
			[MAKER_NFT] = NFT_RULE
			"replace it by one for the ports that services need, `nft replace rule "
			"FAMILY "
			"TABLE CHAIN handle HANDLE tcp dport { PORT, PORT } accept`." NFT_KEEP,
			[MAKER_IPTABLES] = IPTABLES_RULE "put one for each port that a service "
							 "needs before it, `iptables -I CHAIN -p "
							 "tcp --dport PORT -j ACCEPT`, and delete "
							 "it by its own words, with -D in the "
							 "place of -A." IPTABLES_KEEP,
			[MAKER_UFW] = PORT_RANGES_UFW,
			[MAKER_FIREWALLD] = PORT_RANGES_FIREWALLD,
		},
	.facts = FACT_BIT(FACT_FIREWALL),
	.params = ranges_params,
	.evaluate = evaluate_ranges,
};

/* ---- firewall-orphan-opening ---- */

static bool serves(const struct listener *l, const struct opening *o)
{
	enum listener_protocol p = o->protocol == SURVEY_TCP ? LISTENER_TCP : LISTENER_UDP;
	bool family = l->family == o->way->family || (o->way->family == AF_INET && l->dual);

	return l->protocol == p && family && l->port >= o->port.lo && l->port <= o->port.hi &&
	       (o->translated || !l->loopback);
}

static bool has_service(const struct listeners *all, const struct opening *o)
{
	struct opening asked = *o;

	/* The port that it arrives at is the one asked, unless NAT made it another. */
	if (!o->translated)
		asked.port = (struct span){o->lo, o->hi};
	for (size_t i = 0; i < all->n; i++) {
		if (serves(&all->v[i], &asked))
			return true;
	}
	return false;
}

static void evaluate_orphan(const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	_cleanup_(judging_fini) struct judging j = {.c = c, .ret = ret};

	if (!begin(&j, facts, policy, NULL))
		return;
	const struct listeners *all = factset_get(facts, FACT_LISTENERS)->u.listeners;
	for (size_t i = 0; i < j.w->openings.n; i++) {
		const struct opening *o = &j.w->openings.v[i];
		/* All ports, or what happens to be left of them: no port was opened. */
		if (!o->rule || !o->named || o->outcome != FLOW_LOCAL || is_dhcp(o) ||
			(o->lo <= 1 && o->hi == UINT16_MAX) || has_service(all, o))
			continue;
		const char *from = survey_peers_text(ret->arena, o->way, &o->peers);
		report(&j, o, c->severity,
			arena_printf(
				ret->arena, "no socket waits there; open to %s", from ? from : ""),
			"a service that listens, or no opening");
	}
	report_cut(&j);
	if (all->cut > 0 && ret->result != RESULT_PASS)
		verdict_set(ret, RESULT_UNKNOWN, "there are more sockets than were looked at");
	if (ret->result == RESULT_PASS)
		verdict_summary(ret, "behind every opened port a socket waits");
}

#define ORPHAN_OPENING_UFW "Close it: `ufw status numbered`, `ufw delete NUMBER`."
#define ORPHAN_OPENING_FIREWALLD                                                      \
	"Close it: `firewall-cmd --permanent --remove-port=PORT/tcp && firewall-cmd " \
	"--reload`."

const struct check check_firewall_orphan_opening = {
	.id = "firewall-orphan-opening",
	.title = "Behind every port that the firewall opens there is a service",
	.severity = SEV_LOW,
	.guides = "N15",
	.references = "nft(8), ss(8)",
	.rationale = "An opening that was left behind lets in whatever listens on that port next.",
	.remedy = ORPHAN_OPENING_UFW,
	.remedy_rhel = ORPHAN_OPENING_FIREWALLD,
	.remedy_by =
		REMEDIES{
			[MAKER_NFT] = NFT_RULE
			"`nft delete rule FAMILY TABLE CHAIN handle HANDLE` closes it; a port in a "
			"set: "
			"`nft delete element FAMILY TABLE SET { PORT }`." NFT_KEEP,
			[MAKER_IPTABLES] = IPTABLES_RULE
			"delete it by its own words, with -D in the place of -A." IPTABLES_KEEP,
			[MAKER_UFW] = ORPHAN_OPENING_UFW,
			[MAKER_FIREWALLD] = ORPHAN_OPENING_FIREWALLD,
		},
	.facts = FACT_BIT(FACT_FIREWALL) | FACT_BIT(FACT_LISTENERS),
	.evaluate = evaluate_orphan,
};
