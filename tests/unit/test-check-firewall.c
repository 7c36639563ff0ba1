/* SPDX-License-Identifier: ISC */
/* What the checks of the firewall make of rules as iptables-save prints them. */
#include "alloc-fail.h"
#include "check-fixture.h"
#include "check/check.h"
#include "firewall-fixture.h"

#include "fact/logging.h"

static const struct vector {
	const char *check;
	const char *save4, *save6;
	enum result result;
	const char *says; /* in the summary or in an evidence */
	const char *conf;
	const char *listeners;
	const struct flow_host *host;
} vectors[] = {
	/* Both families count, each by itself. */
	{"firewall-active", SAVE(""), SAVE(""), RESULT_PASS, "policy drop of ip filter INPUT"},
	{"firewall-active", NULL, NULL, RESULT_FAIL, "input of IPv4"},
	{"firewall-active", SAVE(""), NULL, RESULT_FAIL, "input of IPv6"},
	{"firewall-active", NULL, SAVE(""), RESULT_FAIL, "input of IPv4"},
	{"firewall-active", SAVE(""), NULL, RESULT_PASS, NULL, NULL, NULL, &fixture_host_v4},
	{"firewall-active", NULL, NULL, RESULT_NOTAPPLICABLE, NULL, NULL, NULL, &fixture_host_none},
	/* A word is no filter: the policy says drop, and a rule before it lets all in. */
	{"firewall-active", SAVE("-A INPUT -j ACCEPT\n"), SAVE(""), RESULT_FAIL,
		"ip filter INPUT: -j ACCEPT"},
	/* And no word is one: the last rule drops. */
	{"firewall-active",
		SAVE_POLICY("ACCEPT", "ACCEPT") TCP("22") "-A INPUT -i eth0 -j DROP\nCOMMIT\n",
		SAVE(""), RESULT_PASS},
	/* Rules that only shut out some sources leave the rest of the world. */
	{"firewall-active",
		SAVE_POLICY("ACCEPT", "ACCEPT") "-A INPUT -s 203.0.113.9/32 -j DROP\nCOMMIT\n",
		SAVE(""), RESULT_FAIL},
	{"firewall-active", SAVE("-A INPUT -m nobody --knows -j ACCEPT\n"), SAVE(""),
		RESULT_UNKNOWN, "nobody"},

	{"firewall-default-deny", SAVE(TCP("22")), SAVE(""), RESULT_PASS, "policy drop"},
	{"firewall-default-deny", NULL, NULL, RESULT_FAIL, "unnamed tcp on eth0 IPv4"},
	{"firewall-default-deny", SAVE_POLICY("ACCEPT", "ACCEPT") "COMMIT\n", SAVE(""), RESULT_FAIL,
		"no rule stops it"},
	{"firewall-default-deny",
		SAVE_POLICY(
			"ACCEPT", "ACCEPT") "-A INPUT -p tcp -m tcp --dport 23 -j DROP\nCOMMIT\n",
		SAVE(""), RESULT_FAIL, "no rule names gets in"},
	/* One protocol is dropped, the other is not. */
	{"firewall-default-deny",
		SAVE_POLICY("ACCEPT", "ACCEPT") "-A INPUT -p tcp -j DROP\nCOMMIT\n", SAVE(""),
		RESULT_FAIL, "unnamed udp"},
	{"firewall-default-deny", SAVE(FROM("10.0.0.0/8")), SAVE(""), RESULT_PASS},
	/* A network that a rule names is named, trusted or not. */
	{"firewall-default-deny", SAVE(FROM("203.0.113.0/24")), SAVE(""), RESULT_PASS},
	{"firewall-default-deny", SAVE(FROM("0.0.0.0/1") FROM("128.0.0.0/1")), SAVE(""),
		RESULT_FAIL},
	{"firewall-default-deny", SAVE(TCP("1:65535")), SAVE(""), RESULT_FAIL, "--dport 1:65535"},
	{"firewall-default-deny", SAVE("-A INPUT -m nobody --knows -j ACCEPT\n"), SAVE(""),
		RESULT_UNKNOWN, "nobody"},
	{"firewall-open-to-world", SAVE(FROM("203.0.113.0/24") TCP("22")), SAVE(""), RESULT_FAIL,
		"open to anywhere but 203.0.113.0/24"},
	{"firewall-default-deny", NULL, NULL, RESULT_NOTAPPLICABLE, NULL, NULL, NULL,
		&fixture_host_none},

	{"firewall-open-to-world", SAVE(TCP("80") TCP("443")), SAVE(TCP("443")), RESULT_PASS},
	{"firewall-open-to-world", SAVE(TCP("22")), SAVE(""), RESULT_FAIL,
		"opening tcp 22 on eth0 IPv4"},
	{"firewall-open-to-world", SAVE(""), SAVE(TCP("22")), RESULT_FAIL,
		"opening tcp 22 on eth0 IPv6"},
	{"firewall-open-to-world", SAVE(TCP("22")), SAVE(""), RESULT_PASS, NULL,
		"[firewall-open-to-world]\npublic_ports = 22/tcp\n"},
	{"firewall-open-to-world", SAVE(TCP("22")), SAVE(""), RESULT_FAIL, NULL,
		"[firewall-open-to-world]\npublic_ports = 22/udp\n"},
	{"firewall-open-to-world",
		SAVE("-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT\n"), SAVE(""),
		RESULT_PASS},
	{"firewall-open-to-world",
		SAVE("-A INPUT -s 203.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT\n"), SAVE(""),
		RESULT_FAIL, "203.0.0.0/8"},
	{"firewall-open-to-world",
		SAVE("-A INPUT -s 203.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT\n"), SAVE(""),
		RESULT_PASS, NULL, "[firewall-open-to-world]\nmax_prefix = 8\n"},
	{"firewall-open-to-world",
		SAVE("-A INPUT -s 203.0.0.0/16 -p tcp -m tcp --dport 22 -j ACCEPT\n"), SAVE(""),
		RESULT_PASS},
	{"firewall-open-to-world", SAVE(""),
		SAVE("-A INPUT -s 2001::/16 -p tcp -m tcp --dport 22 -j ACCEPT\n"), RESULT_FAIL,
		"2001::/16"},
	/* A limit slows the world down and lets it in. */
	{"firewall-open-to-world",
		SAVE("-A INPUT -p tcp -m tcp --dport 22 -m limit --limit 3/min -j ACCEPT\n"),
		SAVE(""), RESULT_FAIL, "tcp 22"},
	{"firewall-open-to-world",
		SAVE("-A INPUT -p tcp -m tcp --dport 22 -m nobody --knows -j ACCEPT\n"), SAVE(""),
		RESULT_UNKNOWN, "--knows"},
	/* The answers of DHCP servers; but not from any port. */
	{"firewall-open-to-world", SAVE("-A INPUT -p udp -m udp --sport 67 --dport 68 -j ACCEPT\n"),
		SAVE(""), RESULT_PASS},
	{"firewall-open-to-world", SAVE("-A INPUT -p udp -m udp --dport 68 -j ACCEPT\n"), SAVE(""),
		RESULT_FAIL, "udp 68"},
	{"firewall-open-to-world", NULL, NULL, RESULT_FAIL, "all of tcp"},
	/* Of addresses of the link, neighbours are no world. */
	{"firewall-open-to-world", SAVE(""),
		SAVE("-A INPUT -s fe80::/10 -p tcp -m tcp --dport 22 -j ACCEPT\n"), RESULT_PASS},

	{"firewall-port-ranges", SAVE(TCP("22")), SAVE(""), RESULT_PASS},
	{"firewall-port-ranges", SAVE(TCP("8000:8010")), SAVE(""), RESULT_FAIL, "tcp 8000-8010"},
	{"firewall-port-ranges", SAVE(TCP("8000:8010")), SAVE(""), RESULT_PASS, NULL,
		"[firewall-port-ranges]\nranges = 8000-8010/tcp\n"},
	{"firewall-port-ranges", SAVE(TCP("8000:8010")), SAVE(""), RESULT_PASS, NULL,
		"[firewall-port-ranges]\nmax_ports = 11\n"},
	{"firewall-port-ranges", SAVE(TCP("8000:8010")), SAVE(""), RESULT_FAIL, NULL,
		"[firewall-port-ranges]\nmax_ports = 10\n"},
	/* Ports one by one are no range, though they lie side by side. */
	{"firewall-port-ranges", SAVE("-A INPUT -p tcp -m multiport --dports 80,81,82 -j ACCEPT\n"),
		SAVE(""), RESULT_PASS},
	/* Nor is what is left when a network is let in and one port is not. */
	{"firewall-port-ranges",
		SAVE("-A INPUT -p tcp -m tcp --dport 22 -j DROP\n" FROM("10.0.0.0/8")), SAVE(""),
		RESULT_PASS},

	{"firewall-orphan-opening", SAVE(TCP("22")), SAVE(""), RESULT_PASS, NULL, NULL, "tcp 22"},
	{"firewall-orphan-opening", SAVE(TCP("22")), SAVE(""), RESULT_PASS, NULL, NULL, "tcpd 22"},
	{"firewall-orphan-opening", SAVE(TCP("22")), SAVE(""), RESULT_FAIL, "tcp 22", NULL,
		"tcp6 22"},
	{"firewall-orphan-opening", SAVE(TCP("22")), SAVE(""), RESULT_FAIL, NULL, NULL, "tcplo 22"},
	{"firewall-orphan-opening", SAVE(TCP("22")), SAVE(""), RESULT_FAIL, NULL, NULL, "udp 22"},
	{"firewall-orphan-opening", SAVE(TCP("22")), SAVE(TCP("80")), RESULT_FAIL, "IPv6", NULL,
		"tcp 22 tcp 80"},
	{"firewall-orphan-opening", SAVE(TCP("8000:8010")), SAVE(""), RESULT_PASS, NULL, NULL,
		"tcp 8004"},
	{"firewall-orphan-opening", NULL, NULL, RESULT_PASS, NULL, NULL, ""},
	{"firewall-orphan-opening",
		"*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
		":POSTROUTING ACCEPT [0:0]\n"
		"-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080\nCOMMIT\n" SAVE(
			TCP("8080")),
		SAVE(""), RESULT_PASS, NULL, NULL, "tcp 8080"},
};

/* Rules for both families, with the policy of OUTPUT. */
#define OUT(policy, rules) SAVE_POLICY("DROP", policy) ESTABLISHED rules "COMMIT\n"
#define OUT_TCP(port)	   "-A OUTPUT -p tcp -m tcp --dport " port " -j ACCEPT\n"
#define DNS		   "-A OUTPUT -p udp -m udp --dport 53 -j ACCEPT\n"
#define OUT_ESTABLISHED	   "-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
#define ND                                                                   \
	"-A INPUT -p ipv6-icmp -j ACCEPT\n-A OUTPUT -p ipv6-icmp -j ACCEPT\n" \
	OUT_ESTABLISHED

/* The way out and what is about connections. */
static const struct vector ways_out[] = {
	{"firewall-egress", OUT("DROP", OUT_TCP("80") OUT_TCP("443") DNS), OUT("DROP", ""),
		RESULT_PASS},
	{"firewall-egress", OUT("ACCEPT", ""), OUT("DROP", ""), RESULT_FAIL, "output of IPv4"},
	{"firewall-egress", OUT("DROP", OUT_TCP("80") OUT_TCP("443") DNS), OUT("ACCEPT", ""),
		RESULT_FAIL, "output of IPv6"},
	{"firewall-egress", OUT("DROP", OUT_TCP("80") DNS), OUT("DROP", ""), RESULT_FAIL, "tcp 443"},
	{"firewall-egress", OUT("DROP", OUT_TCP("80") OUT_TCP("443")), OUT("DROP", ""), RESULT_FAIL,
		"policy drop of ip filter OUTPUT"},
	/* To one mirror and one resolver is enough. */
	{"firewall-egress",
		OUT("DROP", "-A OUTPUT -d 192.0.2.0/24 -j ACCEPT\n"), OUT("DROP", ""), RESULT_PASS},
	{"firewall-egress", OUT("DROP", "-A OUTPUT -m nobody --knows -j ACCEPT\n"), OUT("DROP", ""),
		RESULT_UNKNOWN, "nobody"},
	{"firewall-egress", NULL, NULL, RESULT_NOTAPPLICABLE, NULL, NULL, NULL, &fixture_host_none},

	{"firewall-icmp", OUT("ACCEPT", ""), SAVE(ND), RESULT_PASS},
	{"firewall-icmp", NULL, NULL, RESULT_PASS},
	{"firewall-icmp", NULL, NULL, RESULT_NOTAPPLICABLE, NULL, NULL, NULL, &fixture_host_none},
	{"firewall-icmp", SAVE_POLICY("DROP", "ACCEPT") "COMMIT\n", SAVE(ND), RESULT_FAIL,
		"fragmentation needed (ICMP 3/4), in"},
	{"firewall-icmp", OUT("DROP", ""), SAVE(ND), RESULT_FAIL,
		"fragmentation needed (ICMP 3/4), out"},
	{"firewall-icmp", OUT("DROP", OUT_ESTABLISHED), SAVE(ND), RESULT_PASS},
	/* Conntrack knows nothing of neighbours. */
	{"firewall-icmp", OUT("ACCEPT", ""), SAVE(""), RESULT_FAIL, "neighbour solicitation"},
	{"firewall-icmp", OUT("ACCEPT", ""), SAVE_POLICY("DROP", "ACCEPT") ND "COMMIT\n",
		RESULT_PASS},
	/* A block list of some sources stops nothing in general. */
	{"firewall-icmp",
		SAVE_POLICY("DROP", "ACCEPT") "-A INPUT -s 203.0.113.0/24 -j DROP\n" ESTABLISHED
					      "COMMIT\n",
		SAVE(ND), RESULT_PASS},

	{"metadata-reachable", NULL, NULL, RESULT_FAIL, "metadata service 169.254.169.254"},
	{"metadata-reachable", NULL, NULL, RESULT_NOTAPPLICABLE, NULL, NULL, NULL,
		&fixture_host_none},
	{"metadata-reachable",
		OUT("ACCEPT", "-A OUTPUT -d 169.254.169.254/32 -m owner ! --uid-owner 0 -j REJECT\n"),
		NULL, RESULT_FAIL, "fd00:ec2::254"},
	{"metadata-reachable",
		OUT("ACCEPT", "-A OUTPUT -d 169.254.169.254/32 -m owner ! --uid-owner 0 -j REJECT\n"),
		NULL, RESULT_PASS, "--uid-owner 0", NULL, NULL, &fixture_host_v4},
	/* Root's alone is what matters. */
	{"metadata-reachable",
		OUT("ACCEPT", "-A OUTPUT -d 169.254.169.254/32 -m owner --uid-owner 0 -j REJECT\n"),
		NULL, RESULT_FAIL, NULL, NULL, NULL, &fixture_host_v4},
};

static bool says(const struct verdict *v, const char *text)
{
	bool found = !text || strstr(v->summary, text);

	for (size_t i = 0; i < v->n_evidence && !found; i++)
		found = (v->evidence[i].subject && strstr(v->evidence[i].subject, text)) ||
			(v->evidence[i].observed && strstr(v->evidence[i].observed, text));
	return found;
}

static void judge_vectors(const struct vector *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct vector *x = &all[i];
		struct policy *policy = fixture_policy(x->conf);
		struct verdict *v = verdict_new();
		struct factset facts = {0};

		factset_put(&facts,
			fixture_firewall(x->host ? x->host : &fixture_host, x->save4, x->save6));
		factset_put(&facts, fixture_listeners(x->listeners ? x->listeners : ""));
		assert_int_equal(check_judge(check_find(x->check), &facts, policy, 0, v), 0);
		if (v->result != x->result || !says(v, x->says))
			fail_msg("vector %zu, %s: %s, %s; %s", i, x->check, result_name(v->result),
				v->summary, v->n_evidence ? v->evidence[0].observed : "");
		verdict_free(v);
		policy_free(policy);
		factset_fini(&facts);
	}
}

static void test_vectors(void **state)
{
	judge_vectors(vectors, ARRAY_SIZE(vectors));
	judge_vectors(ways_out, ARRAY_SIZE(ways_out));
}

/* What a check says of an opening has the subject of its item: one change is one alert. */
static void test_subjects(void **state)
{
	static const char *const checks[] = {
		"firewall-open-to-world", "firewall-port-ranges", "firewall-orphan-opening"};
	struct policy *policy = fixture_policy("[policy]\ntrusted_networks = 127.0.0.0/8\n");
	struct factset facts = {0};
	unsigned n = 0;

	factset_put(&facts,
		fixture_firewall(&fixture_host, SAVE(TCP("22") TCP("7000:7010")),
			SAVE(TCP("8000:8010") "-A INPUT -d fe80::10/128 -p tcp -m tcp --dport 9 -j "
					      "ACCEPT\n")));
	factset_put(&facts, fixture_listeners(""));
	const struct fact *f = factset_get(&facts, FACT_FIREWALL);
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		struct verdict *v = verdict_new();
		assert_int_equal(check_judge(check_find(checks[i]), &facts, policy, 0, v), 0);
		for (size_t k = 0; k < v->n_evidence; k++, n++) {
			bool found = false;
			for (size_t m = 0; m < f->n_items; m++)
				found = found ||
					strcmp(f->items[m].subject, v->evidence[k].subject) == 0;
			if (!found)
				fail_msg("%s is no item", v->evidence[k].subject);
		}
		verdict_free(v);
	}
	assert_true(n > 8);
	policy_free(policy);
	factset_fini(&facts);
}

/* A root that does not run has none; one that cannot be listed is an error. */
static void test_unusable(void **state)
{
	static const char *const checks[] = {"firewall-active", "firewall-default-deny",
		"firewall-open-to-world", "firewall-port-ranges", "firewall-orphan-opening",
		"firewall-egress", "firewall-icmp", "metadata-reachable"};
	static const struct {
		int error;
		enum result result;
	} states[] = {
		{-ENOENT, RESULT_NOTAPPLICABLE}, {-EPERM, RESULT_ERROR}, {-EIO, RESULT_ERROR}};

	for (size_t i = 0; i < ARRAY_SIZE(checks) * ARRAY_SIZE(states); i++) {
		const char *id = checks[i / ARRAY_SIZE(states)];
		struct policy *policy = fixture_policy(NULL);
		struct verdict *v = verdict_new();
		struct factset facts = {0};
		struct fact *f = fact_new(FACT_FIREWALL);

		fact_fail(f, states[i % ARRAY_SIZE(states)].error, "nft is not installed");
		factset_put(&facts, f);
		factset_put(&facts, fixture_listeners(""));
		assert_int_equal(check_judge(check_find(id), &facts, policy, 0, v), 0);
		assert_int_equal(v->result, states[i % ARRAY_SIZE(states)].result);
		assert_non_null(strstr(v->summary, "nft is not installed"));
		verdict_free(v);
		policy_free(policy);
		factset_fini(&facts);
	}
}

#define NFT_TABLE(family, name) "{\"table\": {\"family\": \"" family "\", \"name\": \"" name "\"}},"
#define NFT_INPUT                                                                               \
	"{\"metainfo\": {\"json_schema_version\": 1}}," NFT_TABLE("inet",                       \
		"f") "{\"chain\": {\"family\": \"inet\", \"table\": \"f\", \"name\": \"inp\", " \
		     "\"type\": "                                                               \
		     "\"filter\", \"hook\": \"input\", \"prio\": 0, \"policy\": \"drop\"}},"
#define NFT_ACCEPT(family, table, chain)                                                        \
	"{\"rule\": {\"family\": \"" family "\", \"table\": \"" table "\", \"chain\": \"" chain \
	"\", \"handle\": 4, \"expr\": [{\"match\": {\"op\": \"==\", \"left\": {\"payload\": {"  \
	"\"protocol\": \"tcp\", \"field\": \"dport\"}}, \"right\": 22}}, {\"accept\": null}]}}"
#define UFW(rules)                                                                \
	"*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n" \
	":ufw-user-input - [0:0]\n-A INPUT -j ufw-user-input\n" rules "COMMIT\n"
#define UFW_OFF                                                                \
	"*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT " \
	"[0:0]\n:ufw-user-input - [0:0]\n-A INPUT -j ufw-user-input\nCOMMIT\n"
#define DOCKER                                                                                  \
	"*nat\n:PREROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\n-A PREROUTING -j DOCKER\n"            \
	"-A DOCKER -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\nCOMMIT\n" \
	"*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"             \
	":DOCKER - [0:0]\n-A FORWARD -j DOCKER\n-A DOCKER -d 172.17.0.2/32 -p tcp -m tcp "      \
	"--dport 80 -j ACCEPT\nCOMMIT\n"

/* What is to be done fits who made the rule, and who filters on the machine. */
static const struct {
	const char *check, *nft, *save4;
	const char *remedy, *expected; /* must be in it; expected NULL: must hold no command */
} remedies[] = {
	{"firewall-open-to-world", NULL,
		UFW("-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT\n"),
		"`ufw delete NUMBER`", NULL},
	{"firewall-open-to-world", "{\"nftables\": [" NFT_INPUT NFT_ACCEPT("inet", "f", "inp") "]}",
		NULL, "`nft replace rule FAMILY TABLE CHAIN handle HANDLE ip saddr", NULL},
	{"firewall-orphan-opening",
		"{\"nftables\": [" NFT_INPUT NFT_ACCEPT("inet", "f", "inp") "]}", NULL,
		"`nft delete rule FAMILY", NULL},
	{"ssh-exposure", "{\"nftables\": [" NFT_INPUT NFT_ACCEPT("inet", "f", "inp") "]}", NULL,
		"`nft replace rule", NULL},
	{"firewall-default-deny", NULL, NULL, "see firewall-active", NULL},
	{"firewall-open-to-world", NULL, SAVE(TCP("22")), "`iptables -I CHAIN -s", NULL},
	/* By hand, beside ufw. */
	{"firewall-open-to-world", NULL,
		UFW("-A ufw-user-input -s 10.0.0.0/8 -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 22 "
		    "-j "
		    "ACCEPT\n"),
		"`ufw delete NUMBER`", "beside those of ufw: `nft -a list chain ip filter INPUT`"},
	/* ufw's chains stay, empty, when it is off. */
	{"firewall-open-to-world", "{\"nftables\": [" NFT_INPUT NFT_ACCEPT("inet", "f", "inp") "]}",
		UFW_OFF, "`nft replace rule", NULL},
	{"firewall-active", NULL, UFW_OFF, "ufw enable", NULL},
	{"firewall-open-to-world", NULL, DOCKER, "see firewall-active",
		"-I DOCKER-USER -i eth0 ! -s 192.0.2.0/24 -p tcp -m conntrack --ctorigdstport "
		"8080:8080"},
	/* A rule for fail2ban is no filter of the machine's. */
	{"firewall-default-deny",
		"{\"nftables\": [" NFT_TABLE(
			"inet", "f2b-table") "{\"chain\": {\"family\": \"inet\", "
					     "\"table\": \"f2b-table\", \"name\": \"c\", \"type\": "
					     "\"filter\", \"hook\": \"input\", "
					     "\"prio\": -1, \"policy\": \"accept\"}},"
					     "{\"rule\": {\"family\": \"inet\", \"table\": "
					     "\"f2b-table\", \"chain\": \"c\", "
					     "\"handle\": 4, \"expr\": [{\"counter\": null}]}}]}",
		NULL, "see firewall-active", NULL},
	{"firewall-default-deny",
		"{\"nftables\": [" NFT_TABLE(
			"inet", "firewalld") "{\"chain\": {\"family\": \"inet\", "
					     "\"table\": \"firewalld\", \"name\": "
					     "\"filter_INPUT\", \"type\": \"filter\", \"hook\": "
					     "\"input\", \"prio\": 10, \"policy\": \"accept\"}},"
					     "{\"rule\": {\"family\": \"inet\", \"table\": "
					     "\"firewalld\", \"chain\": "
					     "\"filter_INPUT\", \"handle\": 4, \"expr\": "
					     "[{\"counter\": null}]}}]}",
		NULL, "--set-target=default", NULL},
};

static void test_remedies(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(remedies); i++) {
		const struct firewall_texts texts = {
			.nft = remedies[i].nft, .save = {remedies[i].save4}};
		const struct check *c = check_find(remedies[i].check);
		struct policy *policy = fixture_policy(NULL);
		struct verdict *v = verdict_new();
		struct factset facts = {0};
		struct fact *listeners = fixture_listeners("tcp 22");
		struct ruleset *rules;
		const char *why = NULL;
		struct fact *f = fact_new(FACT_FIREWALL);

		((struct listener *)listeners->u.listeners->v)->unit = "ssh.socket";
		if (strcmp(c->id, "firewall-orphan-opening") == 0)
			((struct listeners *)listeners->u.listeners)->n = 0;
		if (firewall_parse(f->arena, &texts, &rules, &why) < 0)
			fail_msg("%zu: %s", i, why);
		assert_int_equal(firewall_complete(f, rules, &fixture_host), 0);
		factset_put(&facts, f);
		factset_put(&facts, listeners);
		assert_int_equal(check_judge(c, &facts, policy, 0, v), 0);
		const char *text = remedies[i].expected ? remedies[i].expected : "`", *all = "";
		for (size_t k = 0; k < v->n_evidence; k++)
			all = arena_printf(v->arena, "%s\n%s", all, v->evidence[k].expected);
		if (v->result != RESULT_FAIL ||
			!strstr(check_remedy(c, &facts, v->result), remedies[i].remedy) ||
			!strstr(all, text) == (remedies[i].expected != NULL))
			fail_msg("%zu: %s: %s; %s; %s", i, c->id, result_name(v->result),
				check_remedy(c, &facts, v->result), all);
		verdict_free(v);
		policy_free(policy);
		factset_fini(&facts);
	}
}

/* What else this machine sends is noted where it is stopped, and fails nothing. */
static void test_egress_wants(void **state)
{
	static const struct unit_row units[] = {
		{"systemd-timesyncd.service", .starts = true}, {NULL}};
	static const struct log_forward logs[] = {{.program = LOG_RSYSLOG,
							  .transport = "tls",
							  .host = "logs.example",
							  .port = "6514"},
		{.program = LOG_RSYSLOG,
			.transport = "tcp",
			.host = "own",
			.port = "9",
			.own = true}};
	static const struct {
		const char *rules, *note;
		bool units, logs;
	} wants[] = {
		{OUT_TCP("80") OUT_TCP("443") DNS, NULL, false, false},
		{OUT_TCP("80") OUT_TCP("443") DNS,
			"the time from NTP servers (udp 123), for which "
			"systemd-timesyncd.service asks",
			true, false},
		{OUT_TCP("80") OUT_TCP("443") DNS,
			"log messages to logs.example (tcp 6514), which "
			"rsyslog sends",
			false, true},
		{OUT_TCP("80") OUT_TCP("443") DNS
			"-A OUTPUT -p udp -m udp --dport 123 -j ACCEPT\n" OUT_TCP("6514"),
			NULL, true, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wants); i++) {
		const struct check *c = check_find("firewall-egress");
		struct policy *policy = fixture_policy(NULL);
		struct verdict *v = verdict_new();
		struct factset facts = {0};
		struct fact *f = fact_new(FACT_LOGGING);
		struct logging *log = arena_alloc(f->arena, sizeof(*log));
		char save4[1024];

		log->v = logs;
		log->n = wants[i].logs ? ARRAY_SIZE(logs) : 0;
		f->u.logging = log;
		factset_put(&facts, f);
		fixture_units(
			&facts, wants[i].units ? units : &units[1], wants[i].units, NULL, NULL);
		(void)snprintf(save4, sizeof(save4), "%s%sCOMMIT\n", SAVE_POLICY("ACCEPT", "DROP"),
			wants[i].rules);
		factset_put(&facts, fixture_firewall(&fixture_host_v4, save4, NULL));
		assert_int_equal(check_judge(c, &facts, policy, 0, v), 0);
		assert_int_equal(v->result, RESULT_PASS);
		const char *at = strstr(v->summary, "but stopped on the way out: ");
		if (wants[i].note ? !at || !strstr(at, wants[i].note) : at != NULL)
			fail_msg("%zu: %s", i, v->summary);
		verdict_free(v);
		policy_free(policy);
		factset_fini(&facts);
	}
}

struct judged {
	const struct check *check;
	const struct policy *policy;
	const struct factset *facts;
};

static int judge_once(void *arg)
{
	const struct judged *j = arg;
	_cleanup_(verdict_freep) struct verdict *v = verdict_new();

	return v ? check_judge(j->check, j->facts, j->policy, 0, v) : -ENOMEM;
}

/* Memory that is short is no verdict: neither a pass nor a finding that lacks its half. */
static void test_memory(void **state)
{
	struct policy *policy = fixture_policy(NULL);
	struct factset facts = {0};
	struct judged j = {.policy = policy, .facts = &facts};
	const uint64_t judged = FACT_BIT(FACT_FIREWALL) | FACT_BIT(FACT_LISTENERS) |
				FACT_BIT(FACT_UNITS) | FACT_BIT(FACT_LOGGING);

	factset_put(&facts, fixture_firewall(&fixture_host, SAVE(TCP("22:25")), NULL));
	factset_put(&facts, fixture_listeners(""));
	for (size_t i = 0; i < check_count(); i++) {
		j.check = check_at(i);
		if (j.check->facts & FACT_BIT(FACT_FIREWALL) && !(j.check->facts & ~judged))
			alloc_each(judge_once, &j, 2);
	}
	policy_free(policy);
	factset_fini(&facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_unusable),
		cmocka_unit_test(test_remedies),
		cmocka_unit_test(test_egress_wants),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
