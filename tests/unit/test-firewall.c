/* SPDX-License-Identifier: ISC */
/* The firewall as a fact: what is found of rules, and of a network of the test's own. */
#include "alloc-fail.h"
#include "firewall-fixture.h"
#include "namespace.h"

#include "fact/addresses.h"

static const char *item(const struct fact *f, const char *subject)
{
	for (size_t i = 0; i < f->n_items; i++) {
		if (strcmp(f->items[i].subject, subject) == 0)
			return f->items[i].value;
	}
	return NULL;
}

static void expect(const struct fact *f, const char *subject, const char *value)
{
	const char *found = item(f, subject);

	if (!found || strcmp(found, value) != 0)
		fail_msg("%s: %s, not %s", subject, found ? found : "missing", value);
}

static void test_items(void **state)
{
	static const char save4[] =
		"*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
		":POSTROUTING ACCEPT [0:0]\n"
		"-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\n"
		"COMMIT\n"
		"*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n" TCP(
			"22") "-A INPUT -s 10.0.0.0/8 -p udp -m udp --dport 60000:61000 -j ACCEPT\n"
			      "-A INPUT -p udp -m udp --sport 67 --dport 68 -j ACCEPT\n"
			      "-A INPUT -p tcp -m tcp --dport 25 -m nobody --knows -j ACCEPT\n"
			      "COMMIT\n";
	_cleanup_(fact_freep) struct fact *f = fixture_firewall(&fixture_host, save4, SAVE(""));

	expect(f, "opening tcp 22 on eth0 IPv4", "anywhere");
	expect(f, "opening udp 60000-61000 on eth0 IPv4", "10.0.0.0/8");
	expect(f, "opening udp 68 on eth0 IPv4", "anywhere, from port 67");
	expect(f, "opening tcp 25 on eth0 IPv4", "anywhere; not certain");
	expect(f, "opening tcp 8080 on eth0 IPv4", "anywhere, sent on to 172.17.0.2 port 80");
	expect(f, "policy ip filter INPUT", "drop (input hook)");
	expect(f, "policy ip filter OUTPUT", "accept (output hook)");
	expect(f, "policy ip6 filter INPUT", "drop (input hook)");
	assert_int_equal(f->n_items, 5 + 6);
	assert_int_equal(f->u.firewall->openings.n, 5);
}

/* Two rules for one port are one item, of all whom they let in; what lets nearly all in says so. */
static void test_one_port(void **state)
{
	static const char save4[] = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n"
				    ":OUTPUT ACCEPT [0:0]\n"
				    "-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT\n"
				    "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n"
				    "-A INPUT ! -s 10.0.0.0/8 -p tcp -m tcp --dport 25 -j ACCEPT\n"
				    "COMMIT\n";
	_cleanup_(fact_freep) struct fact *f = fixture_firewall(&fixture_host, save4, SAVE(""));

	expect(f, "opening tcp 22 on eth0 IPv4", "anywhere");
	expect(f, "opening tcp 25 on eth0 IPv4", "anywhere but 10.0.0.0/8");
	assert_int_equal(f->n_items, 2 + 6);
	assert_int_equal(f->u.firewall->openings.n, 3);
}

static void test_no_rules(void **state)
{
	_cleanup_(fact_freep) struct fact *f = fixture_firewall(&fixture_host, NULL, NULL);

	expect(f, "opening all of tcp on eth0 IPv4", "anywhere");
	expect(f, "opening all of udp on eth0 IPv6", "anywhere");
	expect(f, "opening all of tcp on eth0 IPv6 of the link", "neighbours on the link");
	assert_int_equal(f->n_items, 6);
}

/* Of addresses that fare alike the first stands for all; one that does not is told by itself. */
static void test_addresses(void **state)
{
	static const struct flow_address two[] = {
		{"eth0", AF_INET, FIXTURE_V4, 24}, {"eth0", AF_INET, FIXTURE_V4 + 1, 24}};
	static const struct flow_host host = {.interfaces = fixture_interfaces,
		.n_interfaces = ARRAY_SIZE(fixture_interfaces),
		.addresses = two,
		.n_addresses = 2};
	_cleanup_(fact_freep) struct fact *same = fixture_firewall(&host, SAVE(TCP("22")), NULL);
	_cleanup_(fact_freep) struct fact *other = fixture_firewall(&host,
		SAVE("-A INPUT -d 192.0.2.11/32 -p tcp -m tcp --dport 22 -j ACCEPT\n"), NULL);

	assert_int_equal(same->u.firewall->openings.n, 1);
	expect(same, "opening tcp 22 on eth0 IPv4", "anywhere");
	expect(other, "opening tcp 22 on eth0 192.0.2.11 IPv4", "anywhere");
	assert_int_equal(other->u.firewall->openings.n, 1);
}

/* Two alike and a third that is not: each is told, or a socket of the second is nobody's. */
static void test_addresses_apart(void **state)
{
	static const struct flow_address three[] = {{"eth0", AF_INET, FIXTURE_V4, 24},
		{"eth0", AF_INET, FIXTURE_V4 + 1, 24}, {"eth0", AF_INET, FIXTURE_V4 + 2, 24}};
	static const struct flow_host host = {.interfaces = fixture_interfaces,
		.n_interfaces = ARRAY_SIZE(fixture_interfaces),
		.addresses = three,
		.n_addresses = ARRAY_SIZE(three)};
	_cleanup_(fact_freep) struct fact *f = fixture_firewall(
		&host, SAVE("-A INPUT -d 192.0.2.12/32 -j DROP\n" TCP("22")), NULL);
	const struct openings *all = &f->u.firewall->openings;

	expect(f, "opening tcp 22 on eth0 192.0.2.10 IPv4", "anywhere");
	expect(f, "opening tcp 22 on eth0 192.0.2.11 IPv4", "anywhere");
	assert_int_equal(all->n, 2);
	for (size_t i = 0; i < all->n; i++)
		assert_true(all->v[i].address.lo == all->v[i].way->address);
}

/* Half a text would be an open firewall. */
static void test_malformed(void **state)
{
	static const struct firewall_texts texts[] = {
		{.nft = "{\"nftables\": ["},
		{.save = {"*filter\n:INPUT DROP [0:0]\n"}},
		{.legacy = {NULL, "no such thing\n"}},
	};
	static const char *const says[] = {
		"nft -j list ruleset", "iptables-nft-save: line", "ip6tables-legacy-save: line 1"};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		struct ruleset *rs = NULL;
		const char *why = NULL;
		assert_int_equal(firewall_parse(a, &texts[i], &rs, &why), -EBADMSG);
		assert_null(rs);
		if (!why || !strstr(why, says[i]))
			fail_msg("%s, not %s", why ? why : "no reason", says[i]);
	}
}

static int build_once(void *arg)
{
	const struct firewall_texts *texts = arg;
	_cleanup_(fact_freep) struct fact *f = fact_new(FACT_FIREWALL);
	struct ruleset *rules = NULL;
	const char *why = NULL;
	int r = f ? firewall_parse(f->arena, texts, &rules, &why) : -ENOMEM;

	if (r == 0)
		r = firewall_complete(f, rules, &fixture_host);
	return r == 0 ? fact_seal(f) : r;
}

static void test_memory(void **state)
{
	struct firewall_texts texts = {
		.save = {SAVE(TCP("22") TCP("8000:8010")), SAVE(FROM("2001:db8::/32"))}};

	alloc_each(build_once, &texts, 50);
}

/* ---- the running machine ---- */

static bool network(int arg)
{
	return namespace_enter(CLONE_NEWNET);
}

/* The fact, with those that it needs. */
static struct fact *collect(const char *dir)
{
	static const enum fact_id needs[] = {FACT_ADDRESSES, FACT_SYSCTL};
	struct factset facts = {0};
	struct root root;
	struct fact *f = NULL;

	assert_int_equal(root_open(dir, &root), 0);
	struct memo *memo = memo_new();
	const struct collect c = {.root = &root, .facts = &facts, .memo = memo};
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		assert_int_equal(fact_collect(needs[i], &c, &f), 0);
		factset_put(&facts, f);
	}
	assert_int_equal(fact_collect(FACT_FIREWALL, &c, &f), 0);
	factset_fini(&facts); /* nothing of them may be left in the firewall's */
	memo_free(memo);
	root_close(&root);
	return f;
}

static void run(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s", command);
}

static void in_network(void **state)
{
	if (system("ip link add eth7 type veth peer name far7 2>/dev/null") != 0 ||
		system("nft list ruleset >/dev/null 2>&1") != 0)
		skip();
	run("ip addr add 192.0.2.9/24 dev eth7; ip link set eth7 up; ip link set far7 up");
	_cleanup_(fact_freep) struct fact *open = collect("/");
	if (open->state != FACT_STATE_OK)
		fail_msg("%s", open->reason);
	expect(open, "opening all of tcp on eth7 IPv4", "anywhere");
	assert_true(open->u.firewall->host->routes_known);
	assert_true(open->u.firewall->host->n_routes > 0);

	run("nft add table inet f; nft add chain inet f in '{ type filter hook input priority 0; "
	    "policy drop; }'; nft add rule inet f in ip saddr 10.0.0.0/8 tcp dport 22 accept");
	_cleanup_(fact_freep) struct fact *f = collect("/");
	if (f->state != FACT_STATE_OK)
		fail_msg("%s", f->reason);
	assert_null(item(f, "opening all of tcp on eth7 IPv4"));
	expect(f, "opening tcp 22 on eth7 IPv4", "10.0.0.0/8");
	expect(f, "policy inet f in", "drop (input hook)");
	assert_true(f->heard);
}

/* What nft cannot tell, iptables' own program does. */
static void with_iptables(void **state)
{
	if (system("ip link add eth7 type veth peer name far7 2>/dev/null") != 0 ||
		system("iptables-nft -A INPUT -p tcp --dport 22 -m recent --name x --rcheck "
		       "-j DROP 2>/dev/null") != 0)
		skip();
	run("ip addr add 192.0.2.9/24 dev eth7; ip link set eth7 up; ip link set far7 up");
	run("iptables-nft -A INPUT -p tcp -m multiport --dports 22,443 -m comment --comment x "
	    "-j ACCEPT; iptables-nft -P INPUT DROP");
	_cleanup_(fact_freep) struct fact *f = collect("/");
	if (f->state != FACT_STATE_OK)
		fail_msg("%s", f->reason);
	expect(f, "opening tcp 443 on eth7 IPv4", "anywhere");
	expect(f, "opening tcp 22 on eth7 IPv4", "anywhere");
}

/* Tables of iptables-legacy are told by nobody but their own program. */
static void with_legacy(void **state)
{
	if (system("ip link add eth7 type veth peer name far7 2>/dev/null") != 0 ||
		system("iptables-legacy -P INPUT DROP 2>/dev/null") != 0 ||
		access("/proc/net/ip_tables_names", R_OK) < 0)
		skip();
	run("ip addr add 192.0.2.9/24 dev eth7; ip link set eth7 up; ip link set far7 up");
	run("iptables-legacy -A INPUT -p tcp --dport 443 -j ACCEPT");
	_cleanup_(fact_freep) struct fact *f = collect("/");
	if (f->state != FACT_STATE_OK)
		fail_msg("%s", f->reason);
	expect(f, "opening tcp 443 on eth7 IPv4", "anywhere");
	expect(f, "policy ip filter INPUT (legacy)", "drop (input hook)");
	assert_null(item(f, "opening all of tcp on eth7 IPv4"));
	assert_false(f->heard);
}

static void test_legacy(void **state)
{
	run_apart(network, 0, with_legacy);
}

static void test_network(void **state)
{
	run_apart(network, 0, in_network);
}

static void test_iptables(void **state)
{
	run_apart(network, 0, with_iptables);
}

static void test_other_root(void **state)
{
	struct test_root t;

	test_root_init(&t);
	_cleanup_(fact_freep) struct fact *f = collect(t.dir);
	assert_int_equal(f->state, FACT_STATE_ABSENT);
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_one_port),
		cmocka_unit_test(test_no_rules),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_addresses_apart),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_iptables),
		cmocka_unit_test(test_legacy),
		cmocka_unit_test(test_other_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
