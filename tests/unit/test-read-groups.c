/* SPDX-License-Identifier: ISC */
/* Exports of security groups, what follows from them, and both layers together. */
#include "alloc-fail.h"
#include "flow-fixture.h"
#include "test.h"

#include "filter/read-groups.h"
#include "filter/through.h"

#define ANY_RULE                                                                             \
	"'Direction':'ingress','Ethertype':'IPv4','IP Protocol':null,'IP Range':null,'Port " \
	"Range':'',"                                                                         \
	"'Remote Security Group':null"

/* With ' for ". */
static char *quoted(const char *text)
{
	char *s = strdup(text);

	for (char *p = s; s && *p; p++)
		*p = *p == '\'' ? '"' : *p;
	return s;
}

static int read_text(struct groups *g, const char *path, const char *text, const char **ret_why)
{
	unsigned line = 0;
	char *s = quoted(text);

	if (!s)
		return -ENOMEM;
	int r = groups_read(g, path, s, strlen(s), &line, ret_why);
	free(s);
	return r;
}

static int read_data(struct groups *g, const char *name)
{
	_cleanup_free_ char *text = calloc(1, 1 << 16);
	char path[4096];
	const char *why = NULL;
	unsigned line = 0;

	if (!text)
		return -ENOMEM;
	(void)snprintf(path, sizeof(path), "%s/security-groups/%s", getenv("TEST_DATA"), name);
	unsigned at = alloc_fail_at; /* stdio's own are not under test */
	alloc_fail_at = 0;
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	size_t n = fread(text, 1, (1 << 16) - 1, f);
	assert_int_equal(fclose(f), 0);
	alloc_fail_at = at;
	int r = groups_read(g, name, text, n, &line, &why);
	assert_true(r == 0 || r == -ENOMEM);
	return r;
}

static const char *const data[] = {"openstack-rules.json", "openstack-names.json",
	"openstack-show.json", "exoscale-show.json"};

static void read_all(struct groups *g)
{
	for (size_t i = 0; i < ARRAY_SIZE(data); i++)
		assert_int_equal(read_data(g, data[i]), 0);
	assert_int_equal(groups_finish(g), 0);
}

static void test_forms(void **state)
{
	static const char *const expected[] = {
		"group default rule 0a7f2c1e-0002-4c39-9d8e-000000000002: ingress IPv4 any "
		"protocol from members of default",
		"group default rule 0a7f2c1e-0001-4c39-9d8e-000000000001: egress IPv4 any protocol "
		"to 0.0.0.0/0",
		"group web rule 0a7f2c1e-0003-4c39-9d8e-000000000003: ingress IPv4 tcp 22 from "
		"192.0.2.0/24",
		"group web rule 0a7f2c1e-0004-4c39-9d8e-000000000004: ingress IPv6 tcp 8000-8010 "
		"from ::/0",
		"group web rule 0a7f2c1e-0005-4c39-9d8e-000000000005: ingress IPv4 icmp type 3 "
		"code 4 from 0.0.0.0/0",
		"group db rule 0a7f2c1e-0006-4c39-9d8e-000000000006: ingress IPv4 tcp 5432 from "
		"members of web",
		"group db rule 0a7f2c1e-0007-4c39-9d8e-000000000007: egress IPv6 udp 53 to "
		"2001:db8::/32",
		"group front rule 7b2f1d3c-2222-4a4a-9b9b-000000000002: ingress IPv4 tcp 22 from "
		"0.0.0.0/0",
		"group front rule 7b2f1d3c-3333-4a4a-9b9b-000000000003: ingress udp 4000-4001 from "
		"members of front",
		"group front rule 7b2f1d3c-4444-4a4a-9b9b-000000000004: ingress IPv6 icmpv6 type 8 "
		"code 0 from ::/0",
	};
	struct groups g = {.arena = arena_new()};

	read_all(&g);
	assert_int_equal(g.n, 4);
	assert_int_equal(g.n_rules, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		bool found = false;
		for (size_t k = 0; k < g.n_rules; k++)
			found = found || strcmp(g.rules[k].text, expected[i]) == 0;
		if (!found)
			fail_msg("no %s", expected[i]);
	}
	assert_string_equal(groups_find(&g, "web")->id, "5e000000-0000-4000-8000-00000000000a");
	assert_ptr_equal(
		groups_find(&g, "5e000000-0000-4000-8000-00000000000a"), groups_find(&g, "web"));
	assert_null(groups_find(&g, "none"));
	arena_free(g.arena);
}

/* Keys as other versions write them; each is one rule, with this text. */
static void test_variants(void **state)
{
	static const struct {
		const char *text, *expected;
	} vectors[] = {
		/* A list of one group does not name it: the file does. Older clients: no prefix. */
		{"[{'ID':'a'," ANY_RULE "}]",
			"group edge rule a: ingress IPv4 any protocol from 0.0.0.0/0"},
		{"[{'ID':'a','Direction':'egress','Ethertype':'ipv6','IP Protocol':'None',"
		 "'IP Range':'None','Port Range':'None','Remote Security Group':'None'}]",
			"group edge rule a: egress IPv6 any protocol to ::/0"},
		/* Newer ones write the prefix of everything beside a remote group. */
		{"[{'ID':'a','Direction':'ingress','Ethertype':'IPv4','IP Protocol':'17',"
		 "'IP Range':'0.0.0.0/0','Port Range':'53:53','Remote Security Group':'x'}]",
			"group edge rule a: ingress IPv4 udp 53 from members of x"},
		{"[{'ID':'a','Direction':'ingress','Ethertype':'IPv4','IP Protocol':'tcp',"
		 "'IP Range':'0.0.0.0/0','Port Range':'53:53','Remote Security Group':null,"
		 "'Remote Address Group':'ag'}]",
			"group edge rule a: ingress IPv4 tcp 53 from members of ag"},
		{"[{'ID':'a','Direction':'ingress','Ethertype':'IPv6','IP Protocol':'icmp',"
		 "'IP Range':null,'Port Range':'type=128','Remote Security Group':null}]",
			"group edge rule a: ingress IPv6 icmpv6 type 128 from ::/0"},
		{"[{'ID':'a','Direction':'ingress','Ethertype':'IPv4','IP Protocol':'vrrp',"
		 "'IP Range':'10.0.0.1/8','Port Range':'','Remote Security Group':null}]",
			"group edge rule a: ingress IPv4 protocol 112 from 10.0.0.0/8"},
		{"{'security_groups':[{'id':'i','name':'n','security_group_rules':[{'id':'a',"
		 "'direction':'ingress','ethertype':'IPv4','protocol':'tcp','port_range_min':1,"
		 "'port_range_max':65535,'remote_ip_prefix':'192.0.2.1','remote_group_id':null}]}]"
		 "}",
			"group n rule a: ingress IPv4 tcp 1-65535 from 192.0.2.1"},
		{"{'ID':'i','Name':'n','IngressRules':[{'ID':'a','Protocol':'tcp','Network':'::/"
		 "0'}],"
		 "'EgressRules':[]}",
			"group n rule a: ingress IPv6 tcp from ::/0"},
		{"{'name':'n','ingress_rules':[{'id':'a','protocol':'icmp','icmp_code':0,"
		 "'security_group':'PUBLIC-SG:health'}],'egress_rules':[]}",
			"group n rule a: ingress IPv4 icmp from members of health"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct groups g = {.arena = arena_new()};
		const char *why = "";
		if (read_text(&g, "/x/edge.json", vectors[i].text, &why) < 0)
			fail_msg("%zu: %s", i, why);
		assert_int_equal(groups_finish(&g), 0);
		assert_int_equal(g.n_rules, 1);
		assert_string_equal(g.rules[0].text, vectors[i].expected);
		arena_free(g.arena);
	}
}

#define WITH(key) "[{'ID':'a'," key "}]"

/* Half an export, and what is none: refused, with what was found. */
static void test_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} vectors[] = {
		{"", "no JSON"},
		{"[{'ID':'a',", "no JSON"},
		{"[]", "empty list"},
		{"7", "no JSON"},
		{"[7]", "entry 1 is not an object"},
		{"{'x':1}", "entry 1 is neither a rule nor a group"},
		{"[{'ID':'a','Name':'n'},{'x':1}]", "entry 2 is neither"},
		{"[{'ID':'a'," ANY_RULE "},{'ID':'b'}]", "entry 2 is neither"},
		/* Without --long, clients up to 2022 leave out direction and ethertype. */
		{"[{'ID':'a','IP Protocol':'tcp','IP Range':null,'Port Range':'',"
		 "'Remote Security Group':null}]",
			"rule a: \"Direction\" is missing: export all columns"},
		{WITH("'Direction':'ingress','IP Protocol':null"), "\"Ethertype\" is missing"},
		{WITH("'Direction':'ingress','Ethertype':'IPv4'"), "\"IP Protocol\" is missing"},
		{WITH("'Direction':'ingress','Ethertype':'IPv4','IP Protocol':null"),
			"\"Port Range\" is missing"},
		{WITH("'Direction':'ingress','Ethertype':'IPv4','IP Protocol':null,"
		      "'Port Range':''"),
			"\"Remote Security Group\" is missing"},
		{WITH("'Direction':'ingress','Ethertype':'IPv4','IP Protocol':null,"
		      "'Port Range':'','Remote Security Group':null"),
			"\"IP Range\" is missing"},
		{"[{" ANY_RULE "}]", "rule 1: \"id\" is missing"},
		{WITH("'Direction':'in','Ethertype':'IPv4','IP Protocol':null"),
			"direction \"in\": expected ingress or egress"},
		{WITH("'Direction':'ingress','Ethertype':'IPX','IP Protocol':null"),
			"ethertype \"IPX\""},
		{WITH("'Direction':'ingress','Ethertype':'IPv4','IP Protocol':'quic'"),
			"protocol \"quic\" is not known"},
		{WITH("'Direction':'ingress','Ethertype':'IPv4','IP Protocol':'256'"),
			"protocol \"256\""},
		{WITH("'Direction':'ingress','Ethertype':'IPv4','IP Protocol':'tcp',"
		      "'Port Range':'80:22'"),
			"ports from 80 to 22"},
		{WITH("'Direction':'ingress','Ethertype':'IPv4','IP Protocol':'tcp',"
		      "'Port Range':'80:65536'"),
			"ports from \"80\" to \"65536\""},
		{WITH("'Direction':'ingress','Ethertype':'IPv4','IP Protocol':{}"),
			"IP Protocol is neither a text nor a number"},
		{WITH("'Direction':'ingress','Ethertype':'IPv4','IP Protocol':null,"
		      "'Port Range':'','Remote Security Group':null,'IP Range':'10.0.0.0/33'"),
			"\"10.0.0.0/33\" is no network"},
		{WITH("'Direction':'ingress','Ethertype':'IPv4','IP Protocol':null,"
		      "'Port Range':'','Remote Security Group':null,'IP Range':'::/0'"),
			"\"::/0\" is not of the rule's address family"},
		{"{'id':'i','name':'n','rules':'direction=ingress'}", "no list of objects"},
		{"{'name':'n','ingress_rules':[]}", "\"egress_rules\" is missing"},
		{"{'name':'n','ingress_rules':[{'id':'a','protocol':'tcp'}],'egress_rules':[]}",
			"rule a: names neither network nor security_group"},
		{"{'name':'n','ingress_rules':[{'id':'a','network':'::/0'}],'egress_rules':[]}",
			"\"protocol\" is missing"},
		{"{'name':'n','external_sources':['x'],'ingress_rules':[],'egress_rules':[]}",
			"external source \"x\" is no network"},
		{"{'ingress_rules':[],'egress_rules':[]}", "neither id nor name"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct groups g = {.arena = arena_new()};
		const char *why = NULL;
		assert_int_equal(read_text(&g, "/x/a.json", "[{'ID':'1'," ANY_RULE "}]", &why), 0);
		int r = read_text(&g, "/x/b.json", vectors[i].text, &why);
		if (r != -EBADMSG || !strstr(why, vectors[i].why))
			fail_msg("%zu: %d, %s", i, r, why);
		/* The other export is as it was. */
		assert_int_equal(g.n_rules, 1);
		assert_int_equal(g.n, 1);
		arena_free(g.arena);
	}
}

/* A list and a group shown tell the same rule; a name may come before or after. */
static void test_together(void **state)
{
	static const char rule[] = "[{'ID':'a','Security Group':'U'," ANY_RULE
				   "},{'ID':'b','Security Group':'U'," ANY_RULE "}]";
	static const char names[] = "[{'ID':'U','Name':'web'},{'ID':'V','Name':'mute'}]";
	static const char one[] = "[{'ID':'b'," ANY_RULE "}]";
	const char *why = NULL;

	for (int order = 0; order < 3; order++) {
		struct groups g = {.arena = arena_new()};
		const char *const texts[] = {rule, names, one};
		for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
			assert_int_equal(
				read_text(&g, "/x/web.json", texts[(i + (size_t)order) % 3], &why),
				0);
		assert_int_equal(groups_finish(&g), 0);
		assert_int_equal(g.n, 2);
		assert_int_equal(g.n_rules, 2);
		assert_string_equal(g.rules[0].group->name, "web");
		assert_string_equal(g.rules[1].id, "b");
		assert_true(groups_find(&g, "U")->described);
		assert_false(groups_find(&g, "mute")->described);
		arena_free(g.arena);
	}
}

/* What passes of an answer: "192.0.2.0/24; 198.51.100.0/24 may". */
static const char *passing(struct arena *a, const struct flow_answer *found, int family)
{
	const char *text = "";

	for (size_t i = 0; i < found->n; i++) {
		const struct flow_part *p = &found->v[i];
		if (flow_arrives(p->outcome))
			text = arena_printf(a, "%s%s%s%s", text, *text ? "; " : "",
				addrs_text(a, &p->peers, family, 3), p->may ? " may" : "");
	}
	return text;
}

static struct ruleset *rules_of(
	const struct groups *g, const char *group, const struct group_member *member)
{
	bool chosen[8] = {false};
	const struct groups_choice choice = {
		.chosen = group ? chosen : NULL, .members = member, .n_members = member != NULL};
	struct ruleset *rs = NULL;

	if (group)
		chosen[groups_find(g, group) - g->v] = true;
	assert_int_equal(groups_ruleset(g, &choice, &rs), 0);
	return rs;
}

/* Who gets in to the group's machines (NULL: of all groups); out: where they get out to. */
static void test_answers(void **state)
{
	static const struct group_member web = {"web", {AF_INET, 28, {198, 51, 100, 16}}};
	static const struct {
		const char *group;
		bool out, known; /* where the members of web are */
		const char *address;
		uint8_t proto;
		uint16_t port;
		const char *expected;
	} vectors[] = {
		{"web", false, false, "192.0.2.1", IPPROTO_TCP, 22, "192.0.2.0/24"},
		{"web", false, false, "192.0.2.1", IPPROTO_UDP, 22, ""},
		{"web", false, false, "192.0.2.1", IPPROTO_TCP, 23, ""},
		{"web", false, false, "192.0.2.1", IPPROTO_TCP, 8000, ""},
		{"web", false, false, "2001:db8::1", IPPROTO_TCP, 8000, "any"},
		{"web", false, false, "2001:db8::1", IPPROTO_TCP, 8010, "any"},
		{"web", false, false, "2001:db8::1", IPPROTO_TCP, 8011, ""},
		{"db", false, false, "192.0.2.1", IPPROTO_TCP, 5432, "any may"},
		{"db", false, true, "192.0.2.1", IPPROTO_TCP, 5432, "198.51.100.16/28"},
		{"db", false, true, "2001:db8::1", IPPROTO_TCP, 5432, ""},
		/* What the export tells of members is certain, the rest is not. */
		{"front", false, false, "192.0.2.1", IPPROTO_UDP, 4001,
			"203.0.113.8; "
			"0.0.0.0/1, 128.0.0.0/2, 192.0.0.0/5 and 29 more may"},
		{"front", false, false, "192.0.2.1", IPPROTO_UDP, 4002, ""},
		/* In several groups at once: what each lets in. */
		{NULL, false, false, "192.0.2.1", IPPROTO_TCP, 22,
			"0.0.0.0/1, 128.0.0.0/2, 192.0.0.0/23 and 21 more; 192.0.2.0/24"},
		/* Egress: denied by default, but by Exoscale while no rule says otherwise. */
		{"default", true, false, "192.0.2.1", IPPROTO_TCP, 443, "any"},
		{"default", true, false, "2001:db8::1", IPPROTO_TCP, 443, ""},
		{"web", true, false, "192.0.2.1", IPPROTO_TCP, 443, ""},
		{"db", true, false, "2001:db8::1", IPPROTO_UDP, 53, "2001:db8::/32"},
		{"front", true, false, "192.0.2.1", IPPROTO_TCP, 443, "any"},
		{"front", true, false, "2001:db8::1", IPPROTO_TCP, 443, "any"},
	};
	struct groups g = {.arena = arena_new()};

	read_all(&g);
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct ruleset *rs = rules_of(&g, vectors[i].group, vectors[i].known ? &web : NULL);
		struct flow_answer found = {0};
		struct flow_query q;
		test_query(&q, vectors[i].address, vectors[i].proto, vectors[i].port);
		q.out = vectors[i].out;
		assert_int_equal(through_group(rs, &q, &found), 0);
		const char *text = passing(g.arena, &found, q.family);
		if (strcmp(text, vectors[i].expected) != 0)
			fail_msg("%zu: %s, not %s", i, text, vectors[i].expected);
		flow_answer_fini(&found);
		ruleset_free(rs);
	}
	arena_free(g.arena);
}

/* ICMP is told apart by type and code, and errors about a known connection pass. */
static void test_icmp(void **state)
{
	static const struct {
		uint8_t type, code;
		enum ct_state state;
		const char *expected;
	} vectors[] = {{3, 4, CT_NEW, "any"}, {3, 3, CT_NEW, ""}, {8, 0, CT_NEW, ""},
		{3, 3, CT_RELATED, "any"}};
	struct groups g = {.arena = arena_new()};

	read_all(&g);
	struct ruleset *rs = rules_of(&g, "web", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct flow_answer found = {0};
		struct flow_query q;
		test_query(&q, "192.0.2.1", IPPROTO_ICMP, 0);
		q.icmp_type = vectors[i].type;
		q.icmp_code = vectors[i].code;
		q.state = vectors[i].state;
		assert_int_equal(through_group(rs, &q, &found), 0);
		assert_string_equal(passing(g.arena, &found, q.family), vectors[i].expected);
		flow_answer_fini(&found);
	}
	ruleset_free(rs);
	arena_free(g.arena);
}

/* The rule that let it in names group and id. */
static void test_reason(void **state)
{
	struct groups g = {.arena = arena_new()};
	struct flow_answer found = {0};
	struct flow_query q;

	read_all(&g);
	struct ruleset *rs = rules_of(&g, "front", NULL);
	test_query(&q, "192.0.2.1", IPPROTO_TCP, 22);
	assert_int_equal(through_group(rs, &q, &found), 0);
	assert_int_equal(found.n, 1);
	assert_string_equal(flow_part_reason(g.arena, &found.v[0]),
		"group front rule 7b2f1d3c-2222-4a4a-9b9b-000000000002: ingress IPv4 tcp 22 from "
		"0.0.0.0/0");
	flow_answer_fini(&found);
	ruleset_free(rs);
	arena_free(g.arena);
}

/* ---- both layers ---- */

static const char *through_text(struct arena *a, const struct through *t)
{
	const char *text = "";

	for (size_t i = 0; i < t->n; i++)
		text = arena_printf(a, "%s%s%s%s", text, *text ? "; " : "",
			addrs_text(a, &t->v[i].peers, AF_INET, 3), t->v[i].may ? " may" : "");
	return text;
}

static void test_through(void **state)
{
	static const struct {
		const char *rules, *group;
		uint16_t port;
		const char *expected;
	} vectors[] = {
		/* The host is open: the group decides, and the other way about. */
		{"", "web", 22, "192.0.2.0/24"},
		{INPUT "," RULE("in", DPORT("22") "," ACCEPT), "front", 22, "any"},
		{INPUT "," RULE("in", DPORT("80") "," ACCEPT), "front", 22, ""},
		{INPUT "," RULE("in", DPORT("22") "," ACCEPT), "front", 23, ""},
		/* Both cut. */
		{INPUT "," RULE("in", SADDR(NET("192.0.2.128", "25")) "," ACCEPT), "web", 22,
			"192.0.2.128/25"},
		{INPUT "," RULE("in", SADDR(NET("10.0.0.0", "8")) "," ACCEPT), "web", 22, ""},
		/* Not certain on one side: not certain. */
		{INPUT "," RULE("in", "{'xt':{'type':'match','name':'x'}}," ACCEPT), "web", 22,
			"192.0.2.0/24 may"},
		{"", "db", 5432, "any may"},
	};
	struct groups g = {.arena = arena_new()};

	read_all(&g);
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		char *objects = NULL;
		assert_true(asprintf(&objects, "%s%s%s", TABLE, *vectors[i].rules ? "," : "",
				    vectors[i].rules) > 0);
		struct ruleset *host = test_rules(objects);
		struct ruleset *rs = rules_of(&g, vectors[i].group, NULL);
		struct through t = {0};
		struct flow_query q;
		test_query(&q, "192.0.2.1", IPPROTO_TCP, vectors[i].port);
		assert_int_equal(through_ask(host, &test_host, rs, &q, &t), 0);
		const char *text = through_text(g.arena, &t);
		if (strcmp(text, vectors[i].expected) != 0)
			fail_msg("%zu: %s, not %s", i, text, vectors[i].expected);
		for (size_t k = 0; k < t.n; k++) {
			assert_true(flow_arrives(t.v[k].host->outcome));
			assert_non_null(t.v[k].group->rule);
		}
		through_fini(&t);
		ruleset_free(rs);
		ruleset_free(host);
		free(objects);
	}
	arena_free(g.arena);
}

/* ---- memory ---- */

static int read_and_ask(void *arg)
{
	static const struct group_member web = {"web", {AF_INET, 28, {198, 51, 100, 16}}};
	const struct groups_choice choice = {.members = &web, .n_members = 1};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(ruleset_freep) struct ruleset *rs = NULL;
	_cleanup_through_ struct through t = {0};
	struct groups g = {.arena = arena};
	struct flow_query q;
	const char *why = NULL;
	int r = arena ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(data); i++)
		r = read_data(&g, data[i]);
	if (r == 0)
		r = read_text(&g, "/x/y.json", "[{'ID':'a'}]", &why);
	r = r == -EBADMSG ? 0 : r;
	if (r == 0)
		r = groups_finish(&g);
	if (r == 0)
		r = groups_ruleset(&g, &choice, &rs);
	test_query(&q, "192.0.2.1", IPPROTO_TCP, 5432);
	return r == 0 ? through_ask(arg, &test_host, rs, &q, &t) : r;
}

static void test_alloc(void **state)
{
	struct ruleset *host = test_rules(
		TABLE "," INPUT "," RULE("in", SADDR(NET("198.0.0.0", "8")) "," ACCEPT));

	alloc_each(read_and_ask, host, 100);
	ruleset_free(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_variants),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_icmp),
		cmocka_unit_test(test_reason),
		cmocka_unit_test(test_through),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
