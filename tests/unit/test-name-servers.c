/* SPDX-License-Identifier: ISC */
/* Name servers in private roots, and dns-recursion over them; lists of addresses, regions of nets.
 */
#include "root-fixture.h"

#include "alloc-fail.h"
#include "fact/listeners.h"
#include "fact/name-servers.h"
#include "fact/units.h"

#define NAMED                         \
	{                             \
		"/usr/sbin/named", "" \
	}
#define UNBOUND                         \
	{                               \
		"/usr/sbin/unbound", "" \
	}
#define DNSMASQ                         \
	{                               \
		"/usr/sbin/dnsmasq", "" \
	}
#define BIND	  "/etc/bind/named.conf"
#define RECURSIVE "answers recursive queries for "
#define ONE(subject, result, severity, observed)            \
	{                                                   \
		{                                           \
			subject, result, severity, observed \
		}                                           \
	}
#define PASSES(program)	  ONE("dns " program, RESULT_PASS, SEV_LOW, "answers no more")
#define LOOPBACK(program) ONE("dns " program, RESULT_PASS, SEV_LOW, "loopback")
#define OPEN(program)	  ONE("dns " program, RESULT_FAIL, SEV_HIGH, RECURSIVE)
#define ZONES(program) \
	ONE("dns " program, RESULT_FAIL, SEV_MEDIUM, "answers from its own zones for 0.0.0.0/0")
#define PRIVATE	      "allow-query { localhost; 10.0.0.0/8; };"
#define AUTHORITATIVE "[dns-recursion]\nauthoritative = yes\n"

static const struct root_vector vectors[] = {
	{"nothing", {{0}}, NULL, RESULT_NOTAPPLICABLE, {{0}}, "no DNS server is installed"},
	/* BIND. Without a word it looks up for its own nets, and answers all from its zones. */
	{"bind's defaults", {NAMED, {BIND, ""}}, NULL, RESULT_FAIL, ZONES("BIND"), NULL},
	{"bind's defaults, meant", {NAMED, {BIND, ""}}, AUTHORITATIVE, RESULT_PASS, PASSES("BIND"),
		"the nets of this machine's interfaces are taken for trusted"},
	{"an open resolver, meant as authoritative",
		{NAMED, {BIND, "options { allow-recursion { any; }; };"}}, AUTHORITATIVE,
		RESULT_FAIL, OPEN("BIND"), NULL},
	{"queries of trusted nets", {NAMED, {BIND, "options { " PRIVATE " };"}}, NULL, RESULT_PASS,
		PASSES("BIND"), NULL},
	{"allow-query is what allow-recursion is taken from",
		{NAMED, {BIND, "options { allow-query { any; }; };"}}, AUTHORITATIVE, RESULT_FAIL,
		OPEN("BIND"), NULL},
	{"a net of the public",
		{NAMED, {BIND, "options { " PRIVATE " allow-recursion { 203.0.113.0/24; }; "
			       "allow-query-cache { any; }; };"}},
		NULL, RESULT_FAIL,
		ONE("dns BIND", RESULT_FAIL, SEV_HIGH, "recursive queries for 203.0.113.0/24"),
		NULL},
	{"recursion without a cache to answer from",
		{NAMED, {BIND, "options { " PRIVATE " allow-recursion { any; }; "
			       "allow-query-cache { localhost; }; };"}},
		NULL, RESULT_PASS, PASSES("BIND"), NULL},
	{"from the cache",
		{NAMED, {BIND, "options { " PRIVATE " allow-query-cache { any; }; "
			       "allow-recursion { none; }; };"}},
		NULL, RESULT_FAIL,
		ONE("dns BIND", RESULT_FAIL, SEV_MEDIUM, "answers from its cache"), NULL},
	{"recursion switched off, and no zones",
		{NAMED, {BIND, "options { recursion no; allow-recursion { any; }; };"}}, NULL,
		RESULT_PASS, PASSES("BIND"), NULL},
	{"recursion switched off",
		{NAMED, {BIND, "options { recursion no; allow-query-cache { any; }; };\n"
			       "zone x { type primary; };"}},
		NULL, RESULT_FAIL, ZONES("BIND"), NULL},
	{"where to ask is no zone",
		{NAMED, {BIND, "options { recursion no; };\nzone x { type hint; };"}}, NULL,
		RESULT_PASS, PASSES("BIND"), NULL},
	{"on loopback",
		{NAMED, {BIND, "options { listen-on { 127.0.0.1; }; "
			       "listen-on-v6 { ::1; }; allow-recursion { any; }; };"}},
		NULL, RESULT_PASS, LOOPBACK("BIND"), NULL},
	{"on loopback for IPv4 alone",
		{NAMED, {BIND, "options { listen-on { 127.0.0.1; }; allow-recursion { any; }; };"}},
		NULL, RESULT_FAIL,
		ONE("dns BIND", RESULT_FAIL, SEV_HIGH, "queries for ::/0 outside"), NULL},
	{"the acl and its file",
		{NAMED,
			{BIND, "include \"/etc/bind/acl\";\noptions {\n" PRIVATE
			       "\nallow-recursion { mine; };\n};"},
			{"/etc/bind/acl", "acl mine { !10.0.0.1; 10/8; localhost; };"}},
		NULL, RESULT_PASS, PASSES("BIND"), NULL},
	{"a negated list that is no list of friends",
		{NAMED, {BIND, "acl bad { 203.0.113.0/24; };\n"
			       "options { " PRIVATE " allow-recursion { !bad; any; }; "
			       "allow-query-cache { any; }; };"}},
		NULL, RESULT_FAIL, OPEN("BIND"), NULL},
	{"a double negation takes nobody",
		{NAMED, {BIND, "acl none-of { !any; };\noptions { " PRIVATE
			       " allow-recursion { !none-of; }; };"}},
		NULL, RESULT_PASS, PASSES("BIND"), NULL},
	{"views",
		{NAMED, {BIND, "view in { match-clients { localhost; 10/8; }; recursion yes; };\n"
			       "view out { recursion no; " PRIVATE " };"}},
		NULL, RESULT_PASS, PASSES("BIND"), NULL},
	{"a view that is open",
		{NAMED, {BIND, "view in { match-clients { 10/8; }; };\n"
			       "view out { allow-recursion { any; }; };"}},
		NULL, RESULT_FAIL, OPEN("BIND view out"), NULL},
	{"a zone for all",
		{NAMED, {BIND, "options { " PRIVATE " };\nzone x { type primary; "
			       "allow-query { any; }; };"}},
		NULL, RESULT_FAIL, ZONES("BIND"), NULL},
	{"a key is no address",
		{NAMED, {BIND, "options { " PRIVATE " allow-recursion { key k; }; };"}}, NULL,
		RESULT_PASS, PASSES("BIND"), NULL},
	{"a country",
		{NAMED, {BIND, "options { " PRIVATE " allow-recursion { geoip country FI; }; };"}},
		NULL, RESULT_UNKNOWN,
		ONE("dns BIND", RESULT_UNKNOWN, SEV_LOW, "maybe answers recursive"), NULL},
	{"black hole", {NAMED, {BIND, "options { blackhole { !10/8; any; }; };"}}, NULL,
		RESULT_PASS, PASSES("BIND"), NULL},
	{"an include that is not there", {NAMED, {BIND, "\n\ninclude \"/etc/bind/x\";"}}, NULL,
		RESULT_ERROR, ONE("dns BIND", RESULT_ERROR, SEV_LOW, "/etc/bind/x is not there"),
		NULL},
	{"a file that cannot be read", {NAMED, {BIND, NULL}}, NULL, RESULT_ERROR,
		ONE("dns BIND", RESULT_ERROR, SEV_LOW, "FIFO"), NULL},
	{"a block without an end", {NAMED, {BIND, "options {\nrecursion no;\n"}}, NULL,
		RESULT_ERROR, ONE("dns BIND", RESULT_ERROR, SEV_LOW, "has no end"), NULL},
	{"an acl that is not there", {NAMED, {BIND, "options { allow-query { mine; }; };"}}, NULL,
		RESULT_ERROR, ONE("dns BIND", RESULT_ERROR, SEV_LOW, "no acl mine"), NULL},
	{"an acl of itself",
		{NAMED, {BIND, "acl a { b; }; acl b { a; };\n"
			       "options { allow-query { a; }; };"}},
		NULL, RESULT_ERROR, ONE("dns BIND", RESULT_ERROR, SEV_LOW, "part of itself"), NULL},
	{"an include of itself", {NAMED, {BIND, "include \"" BIND "\";"}}, NULL, RESULT_ERROR,
		ONE("dns BIND", RESULT_ERROR, SEV_LOW, "included by itself"), NULL},
	{"its configuration alone", {{BIND, ""}}, NULL, RESULT_NOTAPPLICABLE, {{0}}, NULL},
	/* unbound */
	{"unbound's defaults", {UNBOUND, {"/etc/unbound/unbound.conf", ""}}, NULL, RESULT_PASS,
		LOOPBACK("unbound"), NULL},
	{"unbound beyond loopback",
		{UNBOUND, {"/etc/unbound/unbound.conf", "server: interface: 0.0.0.0\n"}}, NULL,
		RESULT_PASS, PASSES("unbound"), NULL},
	{"unbound for all",
		{UNBOUND, {"/etc/unbound/unbound.conf", "include: /etc/unbound/u.d/*.conf\n"},
			{"/etc/unbound/u.d/a.conf", "server:\n interface: 192.0.2.1@53\n"
						    " access-control: 0.0.0.0/0 allow\n"}},
		NULL, RESULT_FAIL, OPEN("unbound"), NULL},
	{"the longest prefix decides, not the first",
		{UNBOUND, {"/etc/unbound/unbound.conf",
				  "server: interface: 0.0.0.0\n access-control: 0.0.0.0/0 allow\n"
				  " access-control: 0.0.0.0/1 refuse\n"
				  " access-control: 128.0.0.0/1 deny # all\n"}},
		NULL, RESULT_PASS, PASSES("unbound"), NULL},
	{"unbound's local data for all",
		{UNBOUND, {"/etc/unbound/unbound.conf",
				  "server:\n interface: \"0.0.0.0\"\n"
				  " access-control: 0.0.0.0/0 refuse_non_local\n"}},
		NULL, RESULT_FAIL, ZONES("unbound"), NULL},
	{"an interface for all",
		{UNBOUND, {"/etc/unbound/unbound.conf", "server:\n interface: 192.0.2.1\n"
							" access-control: 203.0.113.0/24 refuse\n"
							" interface-action: 192.0.2.1 allow\n"}},
		NULL, RESULT_FAIL, OPEN("unbound"), NULL},
	{"an action that is none",
		{UNBOUND, {"/etc/unbound/unbound.conf", "server: access-control: 10.0.0.0/8 open"}},
		NULL, RESULT_ERROR, ONE("dns unbound", RESULT_ERROR, SEV_LOW, "10.0.0.0/8 open"),
		NULL},
	/* dnsmasq */
	{"dnsmasq's defaults", {DNSMASQ, {"/etc/dnsmasq.conf", ""}}, NULL, RESULT_FAIL,
		OPEN("dnsmasq"), NULL},
	{"as Debian starts it",
		{DNSMASQ, {"/etc/dnsmasq.conf", ""},
			{"/usr/share/dnsmasq/init-system-common", "--local-service"}},
		NULL, RESULT_PASS, PASSES("dnsmasq"), NULL},
	{"local-service counts only without interface",
		{DNSMASQ, {"/etc/dnsmasq.conf", "local-service\nconf-dir=/etc/dnsmasq.d,.bak\n"},
			{"/etc/dnsmasq.d/x", "interface=eth0"}, {"/etc/dnsmasq.d/y.bak", "port=0"}},
		NULL, RESULT_FAIL, OPEN("dnsmasq"), NULL},
	{"dnsmasq on loopback", {DNSMASQ, {"/etc/dnsmasq.conf", "interface = lo # eth0\n"}}, NULL,
		RESULT_PASS, LOOPBACK("dnsmasq"), NULL},
	{"dnsmasq on an address",
		{DNSMASQ, {"/etc/dnsmasq.conf", "listen-address=127.0.0.1,192.0.2.1"}}, NULL,
		RESULT_FAIL, OPEN("dnsmasq"), NULL},
	{"dnsmasq for DHCP alone", {DNSMASQ, {"/etc/dnsmasq.conf", "port=0"}}, NULL,
		RESULT_NOTAPPLICABLE, {{0}}, NULL},
	{"an interface of Debian's defaults",
		{DNSMASQ, {"/etc/dnsmasq.conf", ""},
			{"/usr/share/dnsmasq/init-system-common", "--local-service"},
			{"/etc/default/dnsmasq", "DNSMASQ_OPTS=\"--interface=eth0\"\n"}},
		NULL, RESULT_FAIL, OPEN("dnsmasq"), NULL},
	/* systemd-resolved */
	{"the stub", {{"/usr/lib/systemd/systemd-resolved", ""}}, NULL, RESULT_PASS,
		LOOPBACK("systemd-resolved"), NULL},
	{"another stub",
		{{"/usr/lib/systemd/systemd-resolved", ""},
			{"/etc/systemd/resolved.conf.d/x.conf",
				"[Resolve]\nDNSStubListenerExtra=udp:192.0.2.1:53\n"}},
		NULL, RESULT_FAIL, OPEN("systemd-resolved"), NULL},
	{"another stub, taken back",
		{{"/usr/lib/systemd/systemd-resolved", ""},
			{"/etc/systemd/resolved.conf", "[Resolve]\nDNSStubListenerExtra=[::]:53\n"},
			{"/etc/systemd/resolved.conf.d/x.conf",
				"[Resolve]\nDNSStubListenerExtra=\n"}},
		NULL, RESULT_PASS, LOOPBACK("systemd-resolved"), NULL},
};

static void test_vectors(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		root_judge("dns-recursion", &vectors[i]);
}

/* With addresses that are known: who is a neighbour, and where it can be reached at all. */
static void test_places(void **state)
{
	static const struct net inside[] = {{.family = AF_INET, .bits = 8, .addr = {10}}};
	static const struct net own[] = {{.family = AF_INET, .bits = 32, .addr = {203, 0, 113, 1}}};
	static const struct net nets[] = {{.family = AF_INET, .bits = 24, .addr = {203, 0, 113}}};
	static const struct dns_places places = {own, nets, 1};
	static const struct {
		const char *text;
		enum dns_answer answer;
		bool local;
	} rows[] = {
		{"options { allow-query { localnets; localhost; }; };", DNS_RECURSES, true},
		{"options { allow-query { localnets; }; recursion no; }; zone x { type primary; };",
			DNS_ZONES, true},
		{"options { allow-query { 10/8; localhost; }; };", DNS_REFUSED, false},
		{"options { listen-on { 203.0.113.2; }; allow-query { any; }; };", DNS_REFUSED,
			false},
		{"options { allow-query { any; }; allow-recursion-on { 203.0.113.2; }; };",
			DNS_ZONES, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct arena *a = arena_new();
		struct dns_exposure x;
		struct name_server s;
		assert_int_equal(name_server_bind_text(a, arena_strdup(a, rows[i].text), &s), 0);
		assert_null(s.fault);
		assert_int_equal(name_server_exposure(a, &s, inside, 1, &places, &x), 0);
		assert_int_equal(x.sure, rows[i].answer);
		assert_int_equal(x.maybe, rows[i].answer);
		assert_int_equal(x.local, rows[i].local);
		arena_free(a);
	}
}

/* What is too much is said to be, at once: the work grows with the square. */
static void test_many(void **state)
{
	static const struct dns_places nowhere = {0};

	for (unsigned n = 4000; n <= 6000; n += 2000) {
		struct arena *a = arena_new();
		char *text = arena_alloc(a, 64 + (size_t)n * 20), *p = text;
		struct dns_exposure x;
		struct name_server s;
		p += sprintf(p, "options { recursion no; blackhole {");
		for (unsigned i = 0; i < n; i++)
			p += sprintf(p, " 203.%u.%u.0/24;", i / 256, i % 256);
		(void)sprintf(p, " }; };");
		assert_int_equal(name_server_bind_text(a, text, &s), 0);
		int r = name_server_exposure(a, &s, NULL, 0, &nowhere, &x);
		assert_int_equal(r, n > 5000 ? -E2BIG : 0);
		arena_free(a);
	}
}

static void judge_with(const struct listener *l, const struct unit *u, enum result want)
{
	struct factset facts = {0};
	struct listeners listeners = {.v = l, .n = l ? 1 : 0};
	struct name_servers *servers;
	struct verdict *v = verdict_new();
	struct fact *f[3] = {
		fact_new(FACT_NAME_SERVERS), fact_new(FACT_LISTENERS), fact_new(FACT_UNITS)};
	static const char *const names[] = {"named.service", NULL};
	struct policy *policy = root_policy(NULL);
	struct units units = {0};

	servers = arena_alloc(f[0]->arena, sizeof(*servers));
	struct name_server *s = arena_alloc(f[0]->arena, sizeof(*s));
	assert_int_equal(
		name_server_bind_text(f[0]->arena,
			arena_strdup(f[0]->arena, "options { allow-query { any; }; };"), s),
		0);
	s->units = names;
	*servers = (struct name_servers){s, 1};
	f[0]->u.name_servers = servers;
	f[1]->u.listeners = &listeners;
	units = (struct units){.v = u, .n = u ? 1 : 0, .init = "systemd"};
	f[2]->u.units = &units;
	for (size_t i = 0; i < ARRAY_SIZE(f); i++)
		factset_put(&facts, f[i]);
	assert_int_equal(check_judge(check_find("dns-recursion"), &facts, policy, 0, v), 0);
	assert_int_equal(v->result, want);
	factset_fini(&facts);
	policy_free(policy);
	verdict_free(v);
}

/* Of dnsmasq no words of BIND are told; of one that starts at boot, that it does not run. */
static void test_words(void **state)
{
	static const char *const names[] = {"dnsmasq.service", NULL};
	const struct unit on = {.name = "dnsmasq.service", .starts = true};
	struct units units = {.v = &on, .n = 1, .init = "systemd"};
	struct listeners listeners = {0};
	struct policy *policy = root_policy(NULL);
	struct verdict *v = verdict_new();
	struct factset facts = {0};
	struct fact *f[3] = {
		fact_new(FACT_NAME_SERVERS), fact_new(FACT_LISTENERS), fact_new(FACT_UNITS)};
	struct name_server *s = arena_alloc(f[0]->arena, sizeof(*s));
	struct name_servers servers = {s, 1};

	assert_int_equal(name_server_dnsmasq_text(
				 f[0]->arena, arena_strdup(f[0]->arena, "interface=eth0\n"), s),
		0);
	s->units = names;
	s->setting = "interface";
	assert_string_equal(name_server_listen_text(f[0]->arena, s, s->listen[0]), "every address");
	assert_string_equal(name_server_clients_text(f[0]->arena, s, &address_list_own),
		"the nets of its interfaces, this machine");
	f[0]->u.name_servers = &servers;
	f[1]->u.listeners = &listeners;
	f[2]->u.units = &units;
	for (size_t i = 0; i < ARRAY_SIZE(f); i++)
		factset_put(&facts, f[i]);
	assert_int_equal(check_judge(check_find("dns-recursion"), &facts, policy, 0, v), 0);
	assert_int_equal(v->result, RESULT_FAIL);
	assert_non_null(strstr(v->evidence[0].observed,
		": anybody; it does not run now, and is started at the next boot"));
	factset_fini(&facts);
	policy_free(policy);
	verdict_free(v);
}

/* A server that is switched off serves nobody; a socket that nothing explains is not passed over.
 */
static void test_machine(void **state)
{
	const struct unit off = {.name = "named.service", .state = UNIT_FILE_DISABLED};
	const struct unit on = {.name = "named.service", .starts = true};
	const struct listener own = {.protocol = LISTENER_UDP,
		.port = 53,
		.unit = "named.service",
		.text = "udp 0.0.0.0:53"};
	const struct listener other = {
		.port = 53, .unit = "coredns.service", .text = "udp 0.0.0.0:53"};
	const struct listener_program program = {"/usr/sbin/named", "named", NULL};
	const struct listener named = {.protocol = LISTENER_UDP,
		.port = 5353,
		.program = &program,
		.text = "udp 0.0.0.0:5353"};
	const struct listener dark = {
		.protocol = LISTENER_UDP, .port = 53, .text = "udp 0.0.0.0:53"};
	const struct listener local = {
		.protocol = LISTENER_UDP, .port = 53, .loopback = true, .text = "udp 127.0.0.1:53"};

	judge_with(NULL, &on, RESULT_FAIL);
	judge_with(&own, &on, RESULT_FAIL);
	/* No unit would start it, and it holds no socket: installed, and no more. */
	judge_with(NULL, NULL, RESULT_NOTAPPLICABLE);
	judge_with(&named, NULL, RESULT_FAIL);
	judge_with(&dark, NULL, RESULT_FAIL);
	judge_with(NULL, &off, RESULT_NOTAPPLICABLE);
	judge_with(&local, &off, RESULT_NOTAPPLICABLE);
	judge_with(&own, &off, RESULT_UNKNOWN);
	judge_with(&other, &off, RESULT_UNKNOWN);
}

static void test_items(void **state)
{
	struct test_root t;
	struct factset facts = {0};
	struct fact *f = NULL;
	const struct collect col = {.root = &t.root, .facts = &facts};

	test_root_init(&t);
	test_write(&t, "/usr/sbin/named", "");
	test_write(&t, BIND,
		"options {\n allow-recursion { 10/8; !192.0.2.0/24; };\n"
		" listen-on { 192.0.2.1; };\n};\n");
	assert_int_equal(fact_collect(FACT_NAME_SERVERS, &col, &f), 0);
	assert_int_equal(f->n_items, 2);
	assert_string_equal(f->items[0].subject, "dns BIND");
	assert_string_equal(f->items[0].value, "listens on IPv4 { { 192.0.2.1; }; } IPv6 { any; }");
	assert_string_equal(f->items[1].subject, "dns BIND clients");
	assert_string_equal(f->items[1].value, "for { any; }: recursion for { 10.0.0.0/8; "
					       "!192.0.2.0/24; }, own zones for { any; }");
	assert_int_equal(f->items[1].line, 2);
	bool watched = false;
	for (size_t i = 0; i < f->deps.n; i++)
		watched = watched || strcmp(f->deps.v[i].path, BIND) == 0;
	assert_true(watched);
	fact_free(f);
	test_root_fini(&t);
}

static const char *const texts[] = {
	("acl a { !10/8; { any; }; \"b\"; }; acl b { ::1; };\nview x { match-clients { a; }; "
	 "zone y { allow-query { b; }; }; };\noptions { listen-on { a; }; };"),
	"server: interface: 0.0.0.0 access-control: 10.0.0.0/8 allow interface-action: v0 allow",
	"interface=lo\nlisten-address=192.0.2.1\nconf-dir=/x,*.conf\nlocal-service",
};

static void test_alloc(void **state)
{
	int (*const readers[])(struct arena *, char *, struct name_server *) = {
		name_server_bind_text, name_server_unbound_text, name_server_dnsmasq_text};
	static const struct dns_places nowhere = {0};

	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		for (alloc_fail_at = 1;; alloc_fail_at++) {
			struct name_server s;
			struct dns_exposure x;
			alloc_count = 0;
			struct arena *a = arena_new();
			char *text = a ? arena_strdup(a, texts[i]) : NULL;
			int r = text ? readers[i](a, text, &s) : -ENOMEM;
			if (r == 0)
				r = name_server_exposure(a, &s, NULL, 0, &nowhere, &x);
			arena_free(a);
			if (alloc_count < alloc_fail_at) {
				assert_int_equal(r, 0);
				break;
			}
			assert_int_equal(r, -ENOMEM);
		}
		alloc_fail_at = 0;
	}
}

struct seen {
	char text[1024];
};

static int each_region(const struct net *address, const struct net *within, void *arg)
{
	struct seen *s = arg;
	char a[NET_TEXT_MAX], w[NET_TEXT_MAX];
	size_t len = strlen(s->text);

	assert_true(net_contains(within, address));
	(void)snprintf(s->text + len, sizeof(s->text) - len, "%s in %s\n", net_text(address, a),
		net_text(within, w));
	return strcmp(w, "203.0.113.0/24") == 0 ? 7 : 0;
}

static void test_regions(void **state)
{
	static const struct {
		const char *nets[6];
		int family;
		const char *want;
		int result;
	} rows[] = {
		{{NULL}, AF_INET, "0.0.0.0 in 0.0.0.0/0\n", 0},
		{{"0.0.0.0/0", "0.0.0.0/1"}, AF_INET,
			"0.0.0.0 in 0.0.0.0/1\n128.0.0.0 in 0.0.0.0/0\n", 0},
		/* A net that others fill has no region. */
		{{"0.0.0.0/1", "128.0.0.0/1", "::/0"}, AF_INET,
			"0.0.0.0 in 0.0.0.0/1\n128.0.0.0 in 128.0.0.0/1\n", 0},
		{{"10.0.0.0/8", "10.0.0.0/24", "10.0.0.0/24", "10.0.1.0/24"}, AF_INET,
			"0.0.0.0 in 0.0.0.0/0\n10.0.0.0 in 10.0.0.0/24\n"
			"10.0.1.0 in 10.0.1.0/24\n10.0.2.0 in 10.0.0.0/8\n",
			0},
		{{"255.255.255.255"}, AF_INET,
			"0.0.0.0 in 0.0.0.0/0\n255.255.255.255 in 255.255.255.255\n", 0},
		{{"::/1", "8000::/1", "::1"}, AF_INET6,
			":: in ::/1\n::1 in ::1\n8000:: in 8000::/1\n", 0},
		{{"203.0.113.0/24", "203.0.113.0/25", "203.0.113.128/25"}, AF_INET,
			"0.0.0.0 in 0.0.0.0/0\n203.0.113.0 in 203.0.113.0/25\n"
			"203.0.113.128 in 203.0.113.128/25\n",
			0},
		{{"203.0.113.0/24"}, AF_INET,
			"0.0.0.0 in 0.0.0.0/0\n203.0.113.0 in 203.0.113.0/24\n", 7},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct net v[6];
		struct seen s = {""};
		size_t n = 0;
		for (; n < 6 && rows[i].nets[n]; n++)
			assert_int_equal(net_parse(rows[i].nets[n], &v[n]), 0);
		assert_int_equal(
			net_regions(v, n, rows[i].family, each_region, &s), rows[i].result);
		assert_string_equal(s.text, rows[i].want);
	}
}

static void test_short(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {{"10/8", "10.0.0.0/8"}, {"192.168", "192.168.0.0/16"}, {"10", "10.0.0.0/8"},
		{"1.2.3", "1.2.3.0/24"}, {"192.168.7/24", "192.168.7.0/24"},
		{"192.0.2.1", "192.0.2.1"}, {"2001:db8::/32", "2001:db8::/32"}, {"", NULL},
		{"10.", NULL}, {"x", NULL}, {"10/33", NULL}, {"300/8", NULL}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[NET_TEXT_MAX];
		struct net n;
		int r = net_parse_short(rows[i].text, &n);
		assert_int_equal(r, rows[i].want ? 0 : -EINVAL);
		if (rows[i].want)
			assert_string_equal(net_text(&n, text), rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_machine),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_alloc),
		cmocka_unit_test(test_regions),
		cmocka_unit_test(test_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
