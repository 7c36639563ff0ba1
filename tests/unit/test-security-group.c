/* SPDX-License-Identifier: ISC */
/* Exports in a root, the fact that is made of them, and what is judged. */
#include <fcntl.h>

#include "alloc-collect.h"
#include "check-fixture.h"
#include "check/check.h"
#include "fact/security-groups.h"
#include "test.h"

#define CHECK "security-group"
#define DIR   "/etc/hardend/security-groups.d/"
#define DAY   USEC_PER_DAY

/* When the exports were written, and 10 days later. */
#define WRITTEN (UINT64_C(1780000000) * USEC_PER_SEC)
#define NOW	(WRITTEN + 10 * DAY)

#define RULE_(id, group, dir, type, proto, net, ports, remote)                                 \
	"{'ID':'" id "','Security Group':'" group "','Direction':'" dir "','Ethertype':'" type \
	"','IP Protocol':" proto ",'IP Range':'" net "','Port Range':'" ports                  \
	"','Remote Security Group':" remote ",'Remote Address Group':null}"
#define IN(id, group, proto, net, ports) \
	RULE_(id, group, "ingress", "IPv4", "'" proto "'", net, ports, "null")
#define IN6(id, group, proto, net, ports) \
	RULE_(id, group, "ingress", "IPv6", "'" proto "'", net, ports, "null")
#define OUT(id, group, proto, ports) \
	RULE_(id, group, "egress", "IPv4", "'" proto "'", "0.0.0.0/0", ports, "null")
#define NEEDED(group)                    \
	OUT("o1", group, "tcp", "80:80") \
	"," OUT("o2", group, "tcp", "443:443") "," OUT("o3", group, "udp", "53:53")
#define SSH "[" IN("s", "web", "tcp", "203.0.113.0/24", "22:22") "," NEEDED("web") "]"

struct expected {
	const char *subject;
	enum result result;
	enum severity severity;
	const char *observed, *path; /* a part of it; of an export's name */
};

struct vector {
	const char *what;
	const char *exports[3]; /* a.json, b.json, c.json; with ' for " */
	const char *conf;
	enum result result;
	struct expected evidence[5];
	const char *summary; /* a part of it, or NULL */
};

static const struct vector vectors[] = {
	{"no export", {NULL}, NULL, RESULT_NOTCHECKED, {{NULL}},
		DIR "*.json: make one with the cloud's client, `openstack security group rule list "
		    "--long -f json`"},
	{"as it should be", {SSH}, NULL, RESULT_PASS, {{NULL}}, "4 rules of 1 group"},
	{"public ports",
		{"[" IN("a", "w", "tcp", "0.0.0.0/0", "443:443") "," IN6(
			"b", "w", "tcp", "::/0", "80:80") "," NEEDED("w") "]"},
		NULL, RESULT_PASS, {{NULL}}, NULL},
	{"open to the world",
		{"[" IN("a", "w", "tcp", "0.0.0.0/0", "22:22") "," IN6(
			"b", "w", "tcp", "::/0", "5432:5432") "," NEEDED("w") "]"},
		NULL, RESULT_FAIL,
		{{"group w rule a", RESULT_FAIL, SEV_HIGH,
			 "ingress IPv4 tcp 22 from 0.0.0.0/0: open to any source", "a.json"},
			{"group w rule b", RESULT_FAIL, SEV_HIGH, "open to any source", "a.json"}},
		NULL},
	{"a port that the policy calls public",
		{"[" IN("a", "w", "tcp", "0.0.0.0/0", "22:22") "," NEEDED("w") "]"},
		"[firewall-open-to-world]\npublic_ports = 22/tcp\n", RESULT_PASS, {{NULL}}, NULL},
	{"... of another protocol",
		{"[" IN("a", "w", "udp", "0.0.0.0/0", "22:22") "," NEEDED("w") "]"},
		"[firewall-open-to-world]\npublic_ports = 22/tcp\n", RESULT_FAIL,
		{{"group w rule a", RESULT_FAIL, SEV_HIGH, "open to any source", "a.json"}}, NULL},
	{"too wide",
		{"[" IN("a", "w", "tcp", "203.0.0.0/15", "22:22") "," IN(
			"b", "w", "tcp", "203.0.0.0/16", "22:22") "," NEEDED("w") "]"},
		NULL, RESULT_FAIL,
		{{"group w rule a", RESULT_FAIL, SEV_HIGH, "open to 203.0.0.0/15", "a.json"}},
		NULL},
	{"wide, but trusted", {"[" IN("a", "w", "tcp", "10.0.0.0/8", "22:22") "," NEEDED("w") "]"},
		NULL, RESULT_PASS, {{NULL}}, NULL},
	{"ping from anywhere",
		{"[" IN("a", "w", "icmp", "0.0.0.0/0", "type=8") "," NEEDED("w") "]"}, NULL,
		RESULT_PASS, {{NULL}}, NULL},
	{"a range",
		{"[" IN("a", "w", "tcp", "203.0.113.0/24", "8000:8010") "," IN(
			"b", "w", "tcp", "10.1.0.0/16", "8000:8010") "," NEEDED("w") "]"},
		NULL, RESULT_FAIL,
		{{"group w rule a", RESULT_FAIL, SEV_MEDIUM, "11 ports at once", "a.json"},
			{"group w rule b", RESULT_FAIL, SEV_LOW, "11 ports at once", "a.json"}},
		NULL},
	{"a range that is meant",
		{"[" IN("a", "w", "udp", "203.0.113.0/24", "60000:61000") "," NEEDED("w") "]"},
		"[firewall-port-ranges]\nranges = 60000-61000/udp\n", RESULT_PASS, {{NULL}}, NULL},
	{"everything from anywhere",
		{"[" RULE_("a", "w", "ingress", "IPv4", "null", "0.0.0.0/0", "", "null") "," NEEDED(
			"w") "]"},
		NULL, RESULT_FAIL,
		{{"group w rule a", RESULT_FAIL, SEV_HIGH, "any protocol from 0.0.0.0/0", "a.json"},
			{"group w", RESULT_FAIL, SEV_HIGH,
				"a connection that no rule names (tcp port 1024) gets in, by group "
				"w rule a",
				"a.json"}},
		NULL},
	{"all of tcp by IPv6, as a range",
		{"[" IN6("a", "w", "tcp", "::/0", "1:65535") "," NEEDED("w") "]"}, NULL,
		RESULT_FAIL,
		{{"group w rule a", RESULT_FAIL, SEV_HIGH,
			 "open to any source; 65535 ports at once", "a.json"},
			{"group w", RESULT_FAIL, SEV_HIGH, "by group w rule a", "a.json"}},
		NULL},
	{"the group default is for nobody in particular",
		{"[" IN("a", "U", "tcp", "0.0.0.0/0", "443:443") "," NEEDED("U") "]",
			"[{'ID':'U','Name':'default'}]"},
		NULL, RESULT_FAIL,
		{{"group default rule a", RESULT_FAIL, SEV_HIGH,
			"in the group default, and from anywhere", "a.json"}},
		NULL},
	{"... also where this machine is in another",
		{"[" IN("a", "default", "icmp", "0.0.0.0/0", "") "]", SSH},
		"[security-group]\ngroups = web\n", RESULT_FAIL,
		{{"group default rule a", RESULT_FAIL, SEV_HIGH, "from anywhere", "a.json"}}, NULL},
	{"the group default as it comes",
		{"[" RULE_("a", "default", "ingress", "IPv4", "null", "0.0.0.0/0", "",
			"'default'") "," NEEDED("default") "]"},
		NULL, RESULT_PASS, {{NULL}},
		"addresses of the members of default are told by no export: see 1 rule"},
	{"members that the policy knows",
		{"[" RULE_("a", "default", "ingress", "IPv4", "null", "0.0.0.0/0", "",
			"'default'") "," NEEDED("default") "]"},
		"[security-group]\nmembers = default=192.168.7.0/24\n", RESULT_PASS, {{NULL}},
		"should be: 4 rules of 1 group"},
	{"another group, in which this machine is not",
		{"[" IN("a", "other", "tcp", "0.0.0.0/0", "22:22") "]", SSH},
		"[security-group]\ngroups = web\n", RESULT_PASS, {{NULL}}, "4 rules of 1 group"},
	{"a group that no export has", {SSH}, "[security-group]\ngroups = web db\n", RESULT_ERROR,
		{{"group db", RESULT_ERROR, SEV_LOW, "in no export", NULL}}, NULL},
	{"a group without its rules", {SSH, "[{'ID':'D','Name':'db'}]"},
		"[security-group]\ngroups = web D\n", RESULT_ERROR,
		{{"group D", RESULT_ERROR, SEV_LOW, "its rules are in none", NULL}}, NULL},
	{"everything goes out",
		{"[" RULE_("a", "w", "egress", "IPv6", "null", "::/0", "", "null") "]"}, NULL,
		RESULT_FAIL,
		{{"egress", RESULT_FAIL, SEV_LOW,
			"a connection that no rule names (tcp port 1024) goes out, by group w rule "
			"a",
			NULL}},
		NULL},
	{"nothing goes out", {"[" IN("s", "web", "tcp", "203.0.113.0/24", "22:22") "]"}, NULL,
		RESULT_FAIL,
		{{"egress tcp 80", RESULT_FAIL, SEV_LOW, "no rule lets it out", NULL},
			{"egress tcp 443", RESULT_FAIL, SEV_LOW, "no rule lets it out", NULL},
			{"egress udp 53", RESULT_FAIL, SEV_LOW, "no rule lets it out", NULL}},
		NULL},
	{"Exoscale: everything goes out until a rule says otherwise",
		{"{'id':'i','name':'n','external_sources':['0.0.0.0/0'],'ingress_rules':[{'id':'a',"
		 "'protocol':'tcp','security_group':'SG:n','start_port':22,'end_port':22}],"
		 "'egress_rules':[]}"},
		NULL, RESULT_FAIL,
		{{"group n rule a", RESULT_FAIL, SEV_HIGH, "open to any source", "a.json"},
			{"egress", RESULT_FAIL, SEV_LOW,
				"goes out, by policy accept of inet security-groups egress", NULL}},
		NULL},
	{"half an export", {SSH, "[{'ID':'a','IP Protocol':'tcp'}]"}, NULL, RESULT_ERROR,
		{{"export " DIR "b.json", RESULT_ERROR, SEV_LOW, "rule a: \"Direction\" is missing",
			"b.json"}},
		NULL},
	{"no JSON", {"[{\n'ID':'a',"}, NULL, RESULT_ERROR,
		{{"export " DIR "a.json", RESULT_ERROR, SEV_LOW, "no JSON", "a.json"}}, NULL},
	{"an empty file", {""}, NULL, RESULT_ERROR,
		{{"export " DIR "a.json", RESULT_ERROR, SEV_LOW, "no JSON", "a.json"}}, NULL},
	{"a file that is named and not there", {SSH},
		"[security-group]\nfiles = /srv/groups.json\n", RESULT_ERROR,
		{{"export /srv/groups.json", RESULT_ERROR, SEV_LOW, "", "groups.json"}}, NULL},
	{"an old export", {SSH}, "[security-group]\nmax_age = 9d\n", RESULT_FAIL,
		{{"export " DIR "a.json", RESULT_FAIL, SEV_MEDIUM, "written 2026-05-28T",
			"a.json"}},
		NULL},
};

static void write_exports(const struct test_root *t, const struct vector *x)
{
	const struct timespec at = {.tv_sec = WRITTEN / USEC_PER_SEC};
	const struct timespec times[2] = {at, at};

	test_write(t, DIR "README", "no export\n");
	for (size_t i = 0; i < ARRAY_SIZE(x->exports) && x->exports[i]; i++) {
		char path[64], *text = strdup(x->exports[i]);
		assert_non_null(text);
		for (char *p = text; *p; p++)
			*p = *p == '\'' ? '"' : *p;
		(void)snprintf(path, sizeof(path), DIR "%c.json", (int)('a' + i));
		test_write(t, path, text);
		assert_int_equal(utimensat(AT_FDCWD, test_path(t, path), times, 0), 0);
		free(text);
	}
}

static struct fact *collect(const struct test_root *t, const struct policy *policy)
{
	static struct factset none;
	const struct collect c = {.root = &t->root, .facts = &none, .policy = policy};
	struct fact *f = NULL;

	assert_int_equal(fact_collect(FACT_SECURITY_GROUPS, &c, &f), 0);
	return f;
}

static void compare(const struct vector *x, const struct verdict *v)
{
	size_t n = 0;

	while (n < ARRAY_SIZE(x->evidence) && x->evidence[n].subject)
		n++;
	bool same = v->result == x->result && v->n_evidence == n &&
		    (!x->summary || strstr(v->summary, x->summary));
	for (size_t i = 0; same && i < n; i++) {
		const struct expected *w = &x->evidence[i];
		const struct evidence *e = &v->evidence[i];
		same = strcmp(e->subject, w->subject) == 0 && e->result == w->result &&
		       (e->result != RESULT_FAIL || e->severity == w->severity) &&
		       strstr(e->observed, w->observed) && e->expected &&
		       (!w->path || (e->path && strstr(e->path, w->path)));
	}
	if (same)
		return;
	print_error("%s: %s, \"%s\"\n", x->what, result_name(v->result), v->summary);
	for (size_t i = 0; i < v->n_evidence; i++)
		print_error("  %s %s [%s] %s \"%s\"\n", result_name(v->evidence[i].result),
			severity_name(v->evidence[i].severity), v->evidence[i].subject,
			v->evidence[i].path, v->evidence[i].observed);
	fail();
}

static void judge(const struct vector *x, uint64_t now, struct verdict *ret)
{
	struct policy *policy = fixture_policy(x->conf);
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	write_exports(&t, x);
	factset_put(&facts, collect(&t, policy));
	assert_int_equal(check_judge(check_find(CHECK), &facts, policy, now, ret), 0);
	policy_free(policy);
	factset_fini(&facts);
	test_root_fini(&t);
}

static void test_vectors(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct verdict *v = verdict_new();
		judge(&vectors[i], NOW, v);
		compare(&vectors[i], v);
		verdict_free(v);
	}
}

/* Time alone makes an export too old, and one from the future proves nothing. */
static void test_age(void **state)
{
	static const struct vector x = {"age", {SSH}};
	static const struct {
		uint64_t now;
		enum result result;
		uint64_t until;
	} moments[] = {
		{WRITTEN, RESULT_PASS, WRITTEN + 30 * DAY + 1},
		{WRITTEN + 30 * DAY, RESULT_PASS, WRITTEN + 30 * DAY + 1},
		{WRITTEN + 30 * DAY + 1, RESULT_FAIL, USEC_INFINITY},
		{WRITTEN - DAY, RESULT_UNKNOWN, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(moments); i++) {
		struct verdict *v = verdict_new();
		judge(&x, moments[i].now, v);
		assert_int_equal(v->result, moments[i].result);
		if (moments[i].until > 0)
			assert_true(v->until_realtime_usec == moments[i].until);
		else
			assert_true(v->until_realtime_usec > moments[i].now &&
				    v->until_realtime_usec <= WRITTEN);
		verdict_free(v);
	}
}

/* Each rule is an item; those of an export that is broken are not gone. */
static void test_items(void **state)
{
	static const struct vector whole = {"", {SSH}}, broken = {"", {SSH, "["}};
	struct policy *policy = fixture_policy(NULL);
	struct test_root t;

	test_root_init(&t);
	write_exports(&t, &whole);
	struct fact *f = collect(&t, policy);
	assert_int_equal(f->n_items, 4);
	assert_string_equal(f->items[3].subject, "security-group web rule s");
	assert_string_equal(f->items[3].value, "ingress IPv4 tcp 22 from 203.0.113.0/24");
	assert_string_equal(f->items[3].path, DIR "a.json");
	assert_false(fact_is_unseen(f, "security-group db rule x"));
	fact_free(f);
	write_exports(&t, &broken);
	f = collect(&t, policy);
	assert_int_equal(f->n_items, 4);
	assert_true(fact_is_unseen(f, "security-group db rule x"));
	assert_int_equal(f->u.security_groups->n_exports, 2);
	assert_int_equal(f->u.security_groups->exports[1].line, 1);
	fact_free(f);
	policy_free(policy);
	test_root_fini(&t);
}

/* The directory is watched before there is an export in it. */
static void test_watched(void **state)
{
	struct policy *policy = fixture_policy(NULL);
	bool watched = false;
	struct test_root t;

	test_root_init(&t);
	test_write(&t, DIR "README", "");
	struct fact *f = collect(&t, policy);
	for (size_t i = 0; i < f->deps.n; i++)
		watched = watched ||
			  strcmp(f->deps.v[i].path, "/etc/hardend/security-groups.d") == 0;
	assert_true(watched);
	fact_free(f);
	policy_free(policy);
	test_root_fini(&t);
}

static void test_alloc(void **state)
{
	static struct factset none;
	static const struct vector x = {"", {SSH, "[{'ID':'web','Name':'front'}]"}};
	struct policy *policy = fixture_policy(NULL);
	struct test_root t;

	test_root_init(&t);
	write_exports(&t, &x);
	const struct collect c = {.root = &t.root, .facts = &none, .policy = policy};
	alloc_each_collect(FACT_SECURITY_GROUPS, &c, 10);
	policy_free(policy);
	test_root_fini(&t);
}

static int judge_again(void *arg)
{
	struct verdict *v = verdict_new();
	struct factset *const *facts = arg;
	int r = v ? check_judge(check_find(CHECK), facts[0], ((struct policy **)arg)[1], NOW, v)
		  : -ENOMEM;

	verdict_free(v);
	return r;
}

static void test_judge_alloc(void **state)
{
	static const struct vector x = {
		"", {"[" IN("a", "w", "tcp", "0.0.0.0/0", "20:22") "]", SSH, "["}};
	struct policy *policy = fixture_policy(
		"[security-group]\nmembers = a=10.0.0.0/8\ngroups = web w x\n");
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	write_exports(&t, &x);
	factset_put(&facts, collect(&t, policy));
	void *arg[] = {&facts, policy};
	alloc_each(judge_again, arg, 50);
	policy_free(policy);
	factset_fini(&facts);
	test_root_fini(&t);
}

static void test_conf(void **state)
{
	static const char *const wrong[] = {"files = groups.json", "files = /", "members = web",
		"members = =10.0.0.0/8", "members = web=10.0.0.0/33", "max_age = 1s"};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct errlist errors = {0};
		struct policy *policy = NULL;
		char conf[128];
		(void)snprintf(conf, sizeof(conf), "[security-group]\n%s\n", wrong[i]);
		assert_int_equal(
			conf_load_text("test", conf, strlen(conf), &errors, &policy), -EINVAL);
		assert_int_equal(errors.n, 1);
		errlist_fini(&errors);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_watched),
		cmocka_unit_test(test_alloc),
		cmocka_unit_test(test_judge_alloc),
		cmocka_unit_test(test_conf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
