/* SPDX-License-Identifier: ISC */
/* Time servers in private roots, and ntp-exposure over them. */
#include "root-fixture.h"

#include "alloc-fail.h"
#include "fact/address-reach.h"
#include "fact/listeners.h"
#include "fact/time-servers.h"
#include "fact/units.h"

#define CHRONYD "/usr/sbin/chronyd"
#define NTPD	"/usr/sbin/ntpd"
#define CHRONY	"/etc/chrony/chrony.conf"
#define NTPSEC	"/etc/ntpsec/ntp.conf"
#define OPEN	"/etc/openntpd/ntpd.conf"
#define NTP	"/etc/ntp.conf"

#define SERVES "serves the time to 0.0.0.0/0"

static const struct root_vector vectors[] = {
	{"nothing", {{0}}, NULL, RESULT_NOTAPPLICABLE, {{0}}, "no time server is installed"},
	{"chrony as a client", {{CHRONYD, ""}, {CHRONY, "pool 2.debian.pool.ntp.org iburst\n"}},
		NULL, RESULT_PASS, {{"ntp chrony", RESULT_PASS, SEV_LOW, "serves nobody"}}, NULL},
	{"chrony for all", {{CHRONYD, ""}, {CHRONY, "\nallow\n"}}, NULL, RESULT_FAIL,
		{{"ntp chrony", RESULT_FAIL, SEV_MEDIUM, SERVES}}, NULL},
	{"chrony for trusted nets",
		{{CHRONYD, ""}, {CHRONY, "allow 10/8\nallow 192.168\nallow fd00::/8\n"}}, NULL,
		RESULT_PASS, {{"ntp chrony", RESULT_PASS, SEV_LOW, "serves nobody"}}, NULL},
	{"chrony for a public net, in a drop-in",
		{{CHRONYD, ""}, {CHRONY, "confdir /etc/chrony/conf.d\n"},
			{"/etc/chrony/conf.d/a.conf", "allow 203.0.113.0/24"},
			{"/etc/chrony/conf.d/b.txt", "allow"}},
		NULL, RESULT_FAIL,
		{{"ntp chrony", RESULT_FAIL, SEV_MEDIUM, "serves the time to 203.0.113.0/24"}},
		NULL},
	{"all takes back what was allowed inside",
		{{CHRONYD, ""}, {CHRONY, "allow 203.0.113.0/24\ndeny all\n"}}, NULL, RESULT_PASS,
		{{"ntp chrony", RESULT_PASS, SEV_LOW, "serves nobody"}}, NULL},
	{"deny alone does not", {{CHRONYD, ""}, {CHRONY, "allow 203.0.113.0/24\ndeny\n"}}, NULL,
		RESULT_FAIL, {{"ntp chrony", RESULT_FAIL, SEV_MEDIUM, "203.0.113.0/24"}}, NULL},
	{"a port that is closed", {{CHRONYD, ""}, {CHRONY, "allow\nport 0\n"}}, NULL, RESULT_PASS,
		{{"ntp chrony", RESULT_PASS, SEV_LOW, "serves nobody"}}, NULL},
	{"a host by its name", {{CHRONYD, ""}, {CHRONY, "allow time.example\n"}}, NULL,
		RESULT_UNKNOWN, {{"ntp chrony", RESULT_UNKNOWN, SEV_LOW, "maybe serves the time"}},
		NULL},
	{"chronyc from everywhere",
		{{CHRONYD, ""}, {CHRONY, "bindcmdaddress 0.0.0.0\ncmdallow all\n"}}, NULL,
		RESULT_FAIL,
		{{"ntp chrony", RESULT_FAIL, SEV_MEDIUM,
			"answers chronyc's commands of 0.0.0.0/0"}},
		NULL},
	{"chronyc's socket on loopback", {{CHRONYD, ""}, {CHRONY, "cmdallow all\n"}}, NULL,
		RESULT_PASS, {{"ntp chrony", RESULT_PASS, SEV_LOW, "serves nobody"}}, NULL},
	{"chrony, unreadable", {{CHRONYD, ""}, {CHRONY, NULL}}, NULL, RESULT_ERROR,
		{{"ntp chrony", RESULT_ERROR, SEV_LOW, "FIFO"}}, NULL},
	{"ntpsec as Debian brings it",
		{{NTPD, ""}, {NTPSEC, "restrict default kod nomodify nopeer noquery limited\n"
				      "restrict 127.0.0.1\nrestrict ::1\n"}},
		NULL, RESULT_FAIL, {{"ntp ntpsec", RESULT_FAIL, SEV_MEDIUM, SERVES}}, NULL},
	{"ntpsec without a word answers no queries", {{NTPD, ""}, {NTPSEC, ""}}, NULL, RESULT_FAIL,
		{{"ntp ntpsec", RESULT_FAIL, SEV_MEDIUM, SERVES}}, NULL},
	{"ntp without a word does", {{NTPD, ""}, {NTP, ""}}, NULL, RESULT_FAIL,
		{{"ntp ntpd", RESULT_FAIL, SEV_MEDIUM, SERVES},
			{"ntp ntpd", RESULT_FAIL, SEV_MEDIUM, "answers mode 6 queries (ntpq) of"}},
		NULL},
	{"ntp with monlist", {{NTPD, ""}, {NTP, "restrict default noserve\nenable mode7\n"}}, NULL,
		RESULT_FAIL, {{"ntp ntpd", RESULT_FAIL, SEV_MEDIUM, "and mode 7 (monlist)"}}, NULL},
	{"ntp for nobody but its servers",
		{{NTPD, ""}, {NTP, "restrict default ignore\nrestrict source nomodify noquery\n"
				   "restrict 10.0.0.0 mask 255.0.0.0 nomodify # ours\n"}},
		NULL, RESULT_PASS, {{"ntp ntpd", RESULT_PASS, SEV_LOW, "serves nobody"}}, NULL},
	{"lines for one net add to each other",
		{{NTPD, ""}, {NTP, "restrict default noserve\nrestrict default noquery\n"}}, NULL,
		RESULT_PASS, {{"ntp ntpd", RESULT_PASS, SEV_LOW, "serves nobody"}}, NULL},
	{"IPv6 is left open", {{NTPD, ""}, {NTP, "restrict -4 default ignore\n"}}, NULL,
		RESULT_FAIL,
		{{"ntp ntpd", RESULT_FAIL, SEV_MEDIUM, "the time to ::/0"},
			{"ntp ntpd", RESULT_FAIL, SEV_MEDIUM, "(ntpq) of ::/0"}},
		NULL},
	{"ntp on loopback",
		{{NTPD, ""}, {NTP, "interface ignore wildcard\ninterface listen 127.0.0.1\n"}},
		NULL, RESULT_PASS, {{"ntp ntpd", RESULT_PASS, SEV_LOW, "serves nobody"}}, NULL},
	{"a net of no length is none",
		{{NTPD, ""}, {NTPSEC, "restrict 0.0.0.0/0 ignore\nrestrict -6 default ignore\n"}},
		NULL, RESULT_FAIL, {{"ntp ntpsec", RESULT_FAIL, SEV_MEDIUM, SERVES}}, NULL},
	{"a mask with holes",
		{{NTPD, ""}, {NTP, "restrict default ignore\n"
				   "restrict 192.0.2.0 mask 255.0.255.0 noquery\n"}},
		NULL, RESULT_UNKNOWN,
		{{"ntp ntpd", RESULT_UNKNOWN, SEV_LOW, "maybe serves the time"}}, NULL},
	{"an include", {{NTPD, ""}, {NTP, "includefile /etc/ntp.keys.conf\n"}}, NULL, RESULT_ERROR,
		{{"ntp ntpd", RESULT_ERROR, SEV_LOW, "/etc/ntp.keys.conf is not there"}}, NULL},
	{"openntpd as a client", {{NTPD, ""}, {OPEN, "servers pool.ntp.org\n"}}, NULL, RESULT_PASS,
		{{"ntp openntpd", RESULT_PASS, SEV_LOW, "serves nobody"}}, NULL},
	{"openntpd for all", {{NTPD, ""}, {OPEN, "listen on *\n"}}, NULL, RESULT_FAIL,
		{{"ntp openntpd", RESULT_FAIL, SEV_MEDIUM, SERVES}}, NULL},
	{"trusted by policy", {{CHRONYD, ""}, {CHRONY, "allow 203.0.113.0/24\n"}},
		"[policy]\ntrusted_networks = 203.0.113.0/24\n", RESULT_PASS,
		{{"ntp chrony", RESULT_PASS, SEV_LOW, "serves nobody"}}, NULL},
};

static void test_vectors(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		root_judge("ntp-exposure", &vectors[i]);
}

/* A socket on the port that no configuration explains is not passed over. */
static void test_stranger(void **state)
{
	static const struct listener l = {.protocol = LISTENER_UDP,
		.port = 123,
		.unit = "other.service",
		.text = "udp 0.0.0.0:123"};
	struct listeners listeners = {.v = &l, .n = 1};
	static const struct time_servers none = {0};
	struct factset facts = {0};
	struct verdict *v = verdict_new();
	struct policy *policy = root_policy(NULL);
	struct fact *f = fact_new(FACT_TIME_SERVERS), *g = fact_new(FACT_LISTENERS);

	f->u.time_servers = &none;
	g->u.listeners = &listeners;
	factset_put(&facts, f);
	factset_put(&facts, g);
	assert_int_equal(check_judge(check_find("ntp-exposure"), &facts, policy, 0, v), 0);
	assert_int_equal(v->result, RESULT_UNKNOWN);
	assert_string_equal(v->evidence[0].subject, "unit other.service");
	factset_fini(&facts);
	policy_free(policy);
	verdict_free(v);
}

static void test_items(void **state)
{
	struct test_root t;
	struct factset facts = {0};
	struct fact *f = NULL;
	const struct collect col = {.root = &t.root, .facts = &facts};

	test_root_init(&t);
	test_write(&t, CHRONYD, "");
	test_write(&t, CHRONY, "allow 10/8\n");
	assert_int_equal(fact_collect(FACT_TIME_SERVERS, &col, &f), 0);
	assert_int_equal(f->n_items, 2);
	assert_string_equal(f->items[0].subject, "ntp chrony");
	assert_string_equal(
		f->items[0].value, "listens on { 0.0.0.0/0; ::/0; }, serves { 10.0.0.0/8; }");
	assert_int_equal(f->items[0].line, 1);
	assert_string_equal(f->items[1].value, "listens on { 127.0.0.1; ::1; }, answers { }");
	fact_free(f);
	test_root_fini(&t);
}

static void test_alloc(void **state)
{
	int (*const readers[])(struct arena *, char *, struct time_server *) = {
		time_server_chrony_text, time_server_ntpd_text, time_server_openntpd_text};
	static const char *const texts[] = {
		"allow 10/8\nallow all\ncmdallow\nbindaddress 10.0.0.1\nconfdir /x\n",
		"restrict 10.0.0.0 mask 255.0.0.0 ignore\nrestrict default\ninterface listen all\n",
		"listen on *\n"};

	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		for (alloc_fail_at = 1;; alloc_fail_at++) {
			struct time_server s;
			struct net from;
			alloc_count = 0;
			struct arena *a = arena_new();
			char *text = a ? arena_strdup(a, texts[i]) : NULL;
			int r = text ? readers[i](a, text, &s) : -ENOMEM;
			if (r == 0)
				r = address_reach_outside(a, s.serve, AF_INET, NULL, &from);
			arena_free(a);
			if (alloc_count < alloc_fail_at) {
				assert_true(r >= 0);
				break;
			}
			assert_int_equal(r, -ENOMEM);
		}
		alloc_fail_at = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_stranger),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
