/* SPDX-License-Identifier: ISC */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
