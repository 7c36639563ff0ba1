/* SPDX-License-Identifier: ISC */
/* Settings of the kernel, written into a directory, and what is judged of them. */
#include "test.h"

#include "check/check.h"
#include "conf/conf.h"
#include "fact/fact.h"
#include "fact/sysctl.h"

#define CHECK  "ip-forwarding"
#define ROUTER "[ip-forwarding]\nrouter = yes\n"

struct vector {
	const char *set[6]; /* "net/ipv4/ip_forward=1", beside a host that is as it should be */
	const char *conf;
	enum result result;
	size_t n_evidence;
	const char *subject, *observed; /* of the first evidence */
};

static const struct vector vectors[] = {
	{{0}, NULL, RESULT_PASS},
	{{0}, ROUTER, RESULT_PASS},
	{{"net/ipv4/ip_forward=1", "net/ipv4/conf/eth0/forwarding=1"}, NULL, RESULT_FAIL, 1,
		"sysctl net.ipv4.ip_forward", "1: packets for others are passed on"},
	{{"net/ipv4/ip_forward=1", "net/ipv4/conf/eth0/forwarding=1"}, ROUTER, RESULT_PASS},
	/* One interface alone, and one whose name has a dot. */
	{{"net/ipv4/conf/eth0.7/forwarding=1"}, NULL, RESULT_FAIL, 1,
		"sysctl net.ipv4.conf.eth0/7.forwarding", "passed on"},
	{{"net/ipv6/conf/all/forwarding=1"}, NULL, RESULT_FAIL, 1,
		"sysctl net.ipv6.conf.all.forwarding", "passed on"},
	/* By itself it only says that no router is asked. */
	{{"net/ipv6/conf/eth0/forwarding=1"}, NULL, RESULT_PASS},
	{{"net/ipv6/conf/eth0/force_forwarding=1"}, NULL, RESULT_FAIL, 1,
		"sysctl net.ipv6.conf.eth0.force_forwarding", "passed on"},
	/* A host: one of both is enough. A router: both. */
	{{"net/ipv4/conf/all/accept_redirects=1"}, NULL, RESULT_FAIL, 1,
		"sysctl net.ipv4.conf.all.accept_redirects", "1: redirects are followed"},
	{{"net/ipv4/conf/eth0/accept_redirects=1"}, NULL, RESULT_FAIL, 1,
		"sysctl net.ipv4.conf.eth0.accept_redirects", "followed"},
	{{"net/ipv4/conf/all/accept_redirects=1", "net/ipv4/conf/eth0/accept_redirects=1"}, NULL,
		RESULT_FAIL, 2, "sysctl net.ipv4.conf.all.accept_redirects", "followed"},
	{{"net/ipv4/conf/lo/accept_redirects=1"}, NULL, RESULT_PASS},
	{{"net/ipv4/conf/default/accept_redirects=1"}, NULL, RESULT_FAIL, 1,
		"sysctl net.ipv4.conf.default.accept_redirects", "new interfaces"},
	{{"net/ipv4/conf/eth0/forwarding=1", "net/ipv4/conf/eth0/accept_redirects=1"}, ROUTER,
		RESULT_PASS},
	{{"net/ipv4/conf/eth0/forwarding=1", "net/ipv4/conf/all/accept_redirects=1",
		 "net/ipv4/conf/eth0/accept_redirects=1"},
		ROUTER, RESULT_FAIL, 1, "sysctl net.ipv4.conf.all.accept_redirects", "followed"},
	/* IPv6: "all" decides nothing. */
	{{"net/ipv6/conf/all/accept_redirects=1"}, NULL, RESULT_PASS},
	{{"net/ipv6/conf/eth0/accept_redirects=1"}, NULL, RESULT_FAIL, 1,
		"sysctl net.ipv6.conf.eth0.accept_redirects", "followed"},
	{{"net/ipv6/conf/eth0/accept_redirects=1", "net/ipv6/conf/eth0/forwarding=1"}, NULL,
		RESULT_PASS},
	{{"net/ipv6/conf/eth0/accept_redirects=1", "net/ipv6/conf/eth0/disable_ipv6=1"}, NULL,
		RESULT_PASS},
	/* Source routes: both must say so. */
	{{"net/ipv4/conf/all/accept_source_route=1"}, NULL, RESULT_PASS},
	{{"net/ipv4/conf/eth0/accept_source_route=1"}, NULL, RESULT_PASS},
	{{"net/ipv4/conf/all/accept_source_route=1", "net/ipv4/conf/eth0/accept_source_route=1"},
		NULL, RESULT_FAIL, 1, "sysctl net.ipv4.conf.all.accept_source_route", "sender"},
	{{"net/ipv6/conf/all/accept_source_route=-1", "net/ipv6/conf/eth0/accept_source_route=1"},
		NULL, RESULT_PASS},
	/* The policy's own. */
	{{"net/ipv4/tcp_syncookies=1"}, "[ip-forwarding]\nsysctls = net.ipv4.tcp_syncookies=1\n",
		RESULT_PASS},
	{{"net/ipv4/tcp_syncookies=0"}, "[ip-forwarding]\nsysctls = net.ipv4.tcp_syncookies=1\n",
		RESULT_FAIL, 1, "sysctl net.ipv4.tcp_syncookies", "0: not as the policy has it"},
	{{0}, "[ip-forwarding]\nsysctls = net.ipv4.none=1\n", RESULT_ERROR, 1,
		"sysctl net.ipv4.none", "no such setting"},
	{{"net/ipv4/ip_forward"}, NULL, RESULT_ERROR, 1, "sysctl net.ipv4.ip_forward", "directory"},
};

static void write_setting(const struct test_root *t, const char *setting)
{
	char path[256];
	const char *equals = strchr(setting, '=');

	(void)snprintf(path, sizeof(path), "/proc/sys/%s", setting);
	if (!equals) {
		/* In the place of the file: what cannot be read. */
		assert_int_equal(unlink(test_path(t, path)), 0);
		assert_int_equal(mkdir(test_path(t, path), 0755), 0);
		return;
	}
	path[strcspn(path, "=")] = '\0';
	test_write(t, path, equals + 1);
}

/* A host as it should be: settings as the kernel has them by default, but for redirects. */
static void make_host(struct test_root *t)
{
	static const char *const interfaces[] = {"all", "default", "lo", "eth0", "eth0.7"};
	static const char *const keys[] = {"forwarding", "accept_redirects", "accept_source_route",
		"force_forwarding", "disable_ipv6"};
	char setting[128];

	test_root_init(t);
	write_setting(t, "net/ipv4/ip_forward=0");
	for (size_t i = 0; i < ARRAY_SIZE(interfaces) * ARRAY_SIZE(keys); i++) {
		const char *name = interfaces[i % ARRAY_SIZE(interfaces)],
			   *key = keys[i / ARRAY_SIZE(interfaces)];
		(void)snprintf(setting, sizeof(setting), "net/ipv6/conf/%s/%s=0\n", name, key);
		write_setting(t, setting);
		(void)snprintf(setting, sizeof(setting), "net/ipv4/conf/%s/%s=0\n", name, key);
		if (i / ARRAY_SIZE(interfaces) < 3)
			write_setting(t, setting);
	}
	t->root.live = true;
}

static struct policy *load(const char *conf)
{
	struct errlist errors = {0};
	struct policy *policy = NULL;

	conf = conf ? conf : "";
	assert_int_equal(conf_load_text("test", conf, strlen(conf), &errors, &policy), 0);
	errlist_fini(&errors);
	return policy;
}

static struct fact *collect(const struct test_root *t, const struct policy *policy)
{
	static struct factset none;
	const struct collect c = {.root = &t->root, .facts = &none, .policy = policy};
	struct fact *f = NULL;

	assert_int_equal(fact_collect(FACT_SYSCTL, &c, &f), 0);
	return f;
}

static void test_vectors(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *x = &vectors[i];
		struct factset facts = {0};
		struct test_root t;
		make_host(&t);
		for (size_t k = 0; k < ARRAY_SIZE(x->set) && x->set[k]; k++)
			write_setting(&t, x->set[k]);
		struct policy *policy = load(x->conf);
		factset_put(&facts, collect(&t, policy));
		struct verdict *v = verdict_new();
		assert_int_equal(check_judge(check_find(CHECK), &facts, policy, 0, v), 0);
		if (v->result != x->result || v->n_evidence != x->n_evidence)
			fail_msg("vector %zu: %s, %zu: %s", i, result_name(v->result),
				v->n_evidence, v->summary);
		if (x->subject) {
			assert_string_equal(v->evidence[0].subject, x->subject);
			if (!strstr(v->evidence[0].observed, x->observed))
				fail_msg("vector %zu: %s", i, v->evidence[0].observed);
			assert_non_null(v->evidence[0].expected);
		}
		assert_non_null(v->summary);
		verdict_free(v);
		policy_free(policy);
		factset_fini(&facts);
		test_root_fini(&t);
	}
}

/* Items are of what lasts; values are as sysctl(8) shows them. */
static void test_items(void **state)
{
	struct policy *policy = load("[ip-forwarding]\nsysctls = net.ipv4.tcp_rmem=4096\n");
	struct test_root t;
	bool forward = false, rmem = false;

	make_host(&t);
	write_setting(&t, "net/ipv4/tcp_rmem=4096\t131072\t6291456\n");
	struct fact *f = collect(&t, policy);
	for (size_t i = 0; i < f->n_items; i++) {
		const struct fact_item *x = &f->items[i];
		assert_null(strstr(x->subject, "eth0"));
		assert_null(strstr(x->subject, "net.ipv4.conf.all.forwarding"));
		if (strcmp(x->subject, "sysctl net.ipv4.ip_forward") == 0) {
			assert_string_equal(x->value, "0");
			assert_string_equal(x->path, "/proc/sys/net/ipv4/ip_forward");
			forward = true;
		} else if (strcmp(x->subject, "sysctl net.ipv4.tcp_rmem") == 0) {
			assert_string_equal(x->value, "4096 131072 6291456");
			rmem = true;
		}
	}
	assert_true(forward && rmem);
	const struct sysctls *s = f->u.sysctls;
	assert_int_equal(s->n_interfaces, 3);
	assert_non_null(sysctls_of(s, "ipv6", "eth0/7", "accept_redirects"));
	assert_null(sysctls_of(s, "ipv4", "eth1", "accept_redirects"));
	fact_free(f);
	policy_free(policy);
	test_root_fini(&t);
}

static void test_absent(void **state)
{
	struct factset facts = {0};
	struct policy *policy = load(NULL);
	struct test_root t;

	test_root_init(&t);
	for (int live = 0; live < 2; live++) {
		t.root.live = live;
		struct fact *f = collect(&t, policy);
		assert_int_equal(f->state, live ? FACT_STATE_ERROR : FACT_STATE_ABSENT);
		factset_put(&facts, f);
		struct verdict *v = verdict_new();
		assert_int_equal(check_judge(check_find(CHECK), &facts, policy, 0, v), 0);
		assert_int_equal(v->result, live ? RESULT_ERROR : RESULT_NOTAPPLICABLE);
		verdict_free(v);
	}
	factset_fini(&facts);
	policy_free(policy);
	test_root_fini(&t);
}

/* What the policy asks for must be a name and a value. */
static void test_conf(void **state)
{
	static const char *const wrong[] = {
		"net.ipv4.ip_forward", "ip_forward=1", "net.x=", "=1", "/proc/sys/net.x=1"};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct errlist errors = {0};
		struct policy *policy = NULL;
		char conf[128];
		(void)snprintf(conf, sizeof(conf), "[ip-forwarding]\nsysctls = %s\n", wrong[i]);
		assert_int_equal(
			conf_load_text("test", conf, strlen(conf), &errors, &policy), -EINVAL);
		assert_int_equal(errors.n, 1);
		assert_non_null(strstr(errors.v[0].text, "is not of the form NAME=VALUE"));
		errlist_fini(&errors);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_conf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
