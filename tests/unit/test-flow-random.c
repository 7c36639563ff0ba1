/* SPDX-License-Identifier: ISC */
#include "filter/read-save.h"
#include "flow-fixture.h"

static uint32_t state;

static unsigned pick(unsigned n)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % n;
}

static u128 random_address(void)
{
	/* Few enough that rules meet, many enough that they differ. */
	return V4(10, pick(2), pick(8), pick(256));
}

static void add_random_rule(struct ruleset *rs, struct rule_table *t, struct rule_chain *c)
{
	static const enum rule_verdict_kind kinds[] = {
		VERDICT_ACCEPT, VERDICT_DROP, VERDICT_DROP, VERDICT_REJECT, VERDICT_RETURN};
	struct rule_key source = {.field = FIELD_SADDR, .mask = RULE_NO_MASK};
	struct rule_key port = {.field = FIELD_SPORT, .mask = RULE_NO_MASK};
	struct rule_key mark = {.field = FIELD_MARK, .mask = RULE_NO_MASK};
	struct rule *r = ruleset_rule(rs, c, 0, "random");
	struct span s = {.lo = random_address()}, p = {.lo = pick(4), .hi = pick(4) + 4};
	struct span m = {.lo = pick(3)};
	struct rule_stmt end = {.kind = STMT_VERDICT, .verdict.kind = kinds[pick(5)]};

	s.hi = pick(3) > 0 ? s.lo : s.lo | 0xff;
	m.hi = m.lo;
	assert_int_equal(ruleset_match(rs, r, &source, &s, 1, pick(40) == 0), 0);
	if (pick(5) == 0)
		assert_int_equal(ruleset_match(rs, r, &port, &p, 1, pick(2)), 0);
	if (pick(5) == 0)
		assert_int_equal(ruleset_match(rs, r, &mark, &m, 1, false), 0);
	if (pick(6) == 0)
		end = (struct rule_stmt){.kind = STMT_ASSIGN,
			.assign = {.field = FIELD_MARK,
				.value = {.kind = OPERAND_SPAN, .span = {1, 1}}}};
	else if (pick(20) == 0 && strcmp(c->name, "in") == 0)
		end.verdict = (struct rule_verdict){
			.kind = VERDICT_JUMP, .chain = ruleset_chain(rs, t, "sub")};
	assert_int_equal(ruleset_stmt(rs, r, &end), 0);
}

/* A blocked set of every other address, then many single ones: more spans than are moved. */
static struct ruleset *random_rules(unsigned rules)
{
	struct rule_key source = {.field = FIELD_SADDR, .mask = RULE_NO_MASK};
	struct ruleset *rs = ruleset_new();
	struct rule_table *t = ruleset_table(rs, RULE_IP, "t", false);
	struct rule_chain *in = ruleset_chain(rs, t, "in"), *sub = ruleset_chain(rs, t, "sub");
	struct span blocked[3000];

	in->hook = HOOK_INPUT;
	for (unsigned i = 0; i < ARRAY_SIZE(blocked); i++)
		blocked[i].lo = blocked[i].hi = V4(10, 0, 0, 0) + (u128)i * 2;
	struct rule *r = ruleset_rule(rs, in, 0, "blocked");
	assert_int_equal(ruleset_match(rs, r, &source, blocked, ARRAY_SIZE(blocked), false), 0);
	assert_int_equal(
		ruleset_stmt(rs, r,
			&(struct rule_stmt){.kind = STMT_VERDICT, .verdict.kind = VERDICT_DROP}),
		0);
	for (unsigned i = 0; i < rules; i++)
		add_random_rule(rs, t, pick(3) == 0 ? sub : in);
	assert_int_equal(ruleset_finish(rs), 0);
	return rs;
}

/* Of all sources at once, each fares as it does when it is asked about alone. */
static void test_alone(_unused_ void **unused)
{
	for (state = 1; state < 9; state += 1) {
		uint32_t seed = state;
		_cleanup_(ruleset_freep) struct ruleset *rs = random_rules(1500);
		_cleanup_flow_answer_ struct flow_answer all = {0};
		struct flow_query q;

		test_query(&q, "192.0.2.1", IPPROTO_TCP, 22);
		assert_int_equal(flow_ask(rs, &test_host, &q, &all), 0);
		for (unsigned i = 0; i < 1500; i++) {
			struct span s = {.lo = random_address()}, port = {.lo = 1 + pick(9)};
			_cleanup_flow_answer_ struct flow_answer one = {0};
			size_t found = 0;
			s.hi = s.lo;
			port.hi = port.lo;
			q.peers = &(struct addrs){.v = &s, .n = 1};
			q.sports = port;
			assert_int_equal(flow_ask(rs, &test_host, &q, &one), 0);
			assert_int_equal(one.n, 1);
			for (size_t k = 0; k < all.n; k++) {
				if (!addrs_contains(&all.v[k].peers, s) ||
					!addrs_contains(&all.v[k].sports, port))
					continue;
				found++;
				assert_int_equal(all.v[k].outcome, one.v[0].outcome);
				assert_ptr_equal(all.v[k].rule, one.v[0].rule);
			}
			assert_int_equal(found, 1);
		}
		state = seed;
	}
}

/* Jumps that fan out without end are given up, and said to be. */
static void test_too_much(_unused_ void **unused)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	char *text = strdup(TABLE "," INPUT), *more;
	struct flow_query q;

	for (unsigned i = 0; i < 40; i++) {
		assert_true(
			asprintf(&more, "%s,{'chain':{'family':'inet','table':'t','name':'c%u'}}",
				text, i) > 0);
		free(text);
		text = more;
		for (unsigned k = 0; k < 3; k++) {
			assert_true(asprintf(&more,
					    "%s,{'rule':{'family':'inet','table':'t','chain':'c%u',"
					    "'handle':1,'expr':[" JUMP("c%u") "]}}",
					    text, i, i + 1) > 0);
			free(text);
			text = more;
		}
	}
	assert_true(asprintf(&more, "%s," RULE("in", JUMP("c0")), text) > 0);
	_cleanup_(ruleset_freep) struct ruleset *rs = test_rules(more);
	free(text);
	free(more);
	test_query(&q, "192.0.2.1", IPPROTO_TCP, 22);
	assert_string_equal(test_ask(a, rs, &q), "any local may");
}

/* A loop, which the kernel refuses, ends too. */
static void test_loop(_unused_ void **unused)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(ruleset_freep) struct ruleset *rs = test_rules(
		TABLE "," INPUT "," PLAIN("c") "," RULE("c", JUMP("c")) "," RULE("in", JUMP("c")));
	struct flow_query q;

	test_query(&q, "192.0.2.1", IPPROTO_TCP, 22);
	assert_string_equal(test_ask(a, rs, &q), "any local may");
}

/* Whoever let it in is named: the rule, else the policy, else that none filters. */
static void test_reason(_unused_ void **unused)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(ruleset_freep) struct ruleset *rs = test_rules(
		TABLE "," INPUT "," CHAIN_("late", "filter", "input", "10", "accept") "," RULE("in",
			SADDR(NET("0.0.0.0", "1")) "," DPORT("22") "," ACCEPT) "," RULE("late",
			DPORT("23") "," DROP));
	_cleanup_flow_answer_ struct flow_answer found = {0};
	struct flow_query q;

	test_query(&q, "192.0.2.1", IPPROTO_TCP, 22);
	assert_int_equal(flow_ask(rs, &test_host, &q, &found), 0);
	assert_int_equal(found.n, 2);
	assert_string_equal(flow_part_reason(a, &found.v[0]), "policy drop of inet t in");
	assert_string_equal(flow_part_reason(a, &found.v[1]),
		"inet t in handle 1: ip saddr 0.0.0.0/1 tcp dport 22 accept");
	assert_int_equal(found.v[1].outcome, FLOW_LOCAL);
}

/* With the routes known, the reverse path is: the longest prefix decides, a blackhole is none. */
static void test_routes(_unused_ void **unused)
{
	static const struct flow_route routes[] = {
		{{AF_INET, 0, {0}}, "eth0"},
		{{AF_INET, 8, {10}}, "eth1"},
		{{AF_INET, 16, {10, 7}}, "eth0"},
		{{AF_INET, 24, {10, 7, 1}}, NULL},
	};
	struct flow_host host = test_host;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(ruleset_freep) struct ruleset *rs = test_rules(TABLE "," CHAIN_(
		"in", "filter", "input", "0", "accept") "," RULE("in",
		MATCH("==", "{'fib':{'result':'oif','flags':['saddr','iif']}}", "false") "," DROP));
	struct span peers = addrs_net(&(struct net){AF_INET, 7, {10}});
	_cleanup_flow_answer_ struct flow_answer found = {0};
	struct flow_query q;

	host.routes = routes;
	host.n_routes = ARRAY_SIZE(routes);
	host.routes_known = true;
	test_query(&q, "192.0.2.1", IPPROTO_TCP, 22);
	q.peers = &(struct addrs){.v = &peers, .n = 1};
	assert_int_equal(flow_ask(rs, &host, &q, &found), 0);
	assert_string_equal(test_answer_text(a, &found, &q),
		"10.0.0.0/14, 10.4.0.0/15, 10.6.0.0/16, 10.7.1.0/24 and 5 more drop; "
		"10.7.0.0/24, 10.7.2.0/23, 10.7.4.0/22, 10.7.8.0/21 and 5 more local");
}

/* To iptables a packet without a connection has no NAT; to nft it has no such field. */
static void test_no_connection(_unused_ void **unused)
{
	static const char save[] = "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j CT --notrack\n"
				   "COMMIT\n*filter\n:INPUT ACCEPT [0:0]\n"
				   "-A INPUT -m conntrack ! --ctstate DNAT -j DROP\nCOMMIT\n";
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(ruleset_freep) struct ruleset *rs = ruleset_new();
	_cleanup_(ruleset_freep) struct ruleset *nft = test_rules(TABLE "," CHAIN_("raw", "filter",
		"prerouting", "-300",
		"accept") "," CHAIN_("in", "filter", "input", "0", "accept") "," RULE("raw",
		"{'notrack':null}") "," RULE("in", MATCH("!=", CT("status"), "'dnat'") "," DROP));
	struct flow_query q;
	const char *why;
	unsigned line;

	assert_int_equal(read_save(rs, RULE_IP, true, save, &line, &why), 0);
	assert_int_equal(ruleset_finish(rs), 0);
	test_query(&q, "192.0.2.1", IPPROTO_TCP, 22);
	assert_string_equal(test_ask(a, rs, &q), "any drop");
	assert_string_equal(test_ask(a, nft, &q), "any local");
}

/* A part of the sources only, and of the source ports. */
static void test_asked_peers(_unused_ void **unused)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(ruleset_freep) struct ruleset *rs = test_rules(
		TABLE "," INPUT "," RULE("in", SADDR("'10.0.0.1'") "," ACCEPT));
	struct span peer = {.lo = V4(10, 0, 0, 0), .hi = V4(10, 0, 0, 3)};
	struct flow_query q;

	test_query(&q, "192.0.2.1", IPPROTO_TCP, 22);
	q.peers = &(struct addrs){.v = &peer, .n = 1};
	q.sports = (struct span){.lo = 7, .hi = 9};
	assert_string_equal(test_ask(a, rs, &q),
		"10.0.0.0, 10.0.0.2/31 from 7-9 drop; 10.0.0.1 from 7-9 local");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_reason),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_no_connection),
		cmocka_unit_test(test_asked_peers),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_loop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
