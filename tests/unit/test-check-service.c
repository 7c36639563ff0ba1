/* SPDX-License-Identifier: ISC */
/* The checks of services, on units made by hand. */
#include "test.h"

#include "check/check.h"
#include "conf/conf.h"
#include "fact/cron.h"
#include "fact/listeners.h"
#include "fact/units.h"

struct vector {
	const char *check;
	struct unit units[4];
	const char *init;
	bool booted, live;
	const char *conf;
	const struct listener *listener; /* NULL: nothing listens */
	enum result result;
	size_t n_evidence;
	const char *subject, *observed; /* of the first evidence; observed a part of it */
};

#define DRIFT	 "service-drift"
#define UNNEEDED "service-unneeded"
#define SANDBOX	 "service-sandbox"

static const struct listener open_web = {
	.port = 80, .unit = "web.service", .text = "tcp 0.0.0.0:80"};
static const struct listener own_web = {
	.port = 80, .unit = "web.service", .loopback = true, .text = "tcp 127.0.0.1:80"};
static const struct listener by_socket = {.port = 80, .unit = "web.socket", .text = "tcp [::]:80"};
static const struct listener nobodys = {
	.protocol = LISTENER_UDP, .port = 53, .uid = 7, .text = "udp 0.0.0.0:53"};

static const struct unit_setting as_www[] = {{"User", "www", NULL, 0}};
static const struct unit_setting as_zero[] = {{"User", "0", NULL, 0}};
static const struct unit_setting as_dynamic[] = {{"DynamicUser", "yes", NULL, 0}};
static const struct unit_setting on_80[] = {
	{"ListenStream", "[::]:80", NULL, 0}, {"Accept", "yes", NULL, 0}};
#define WITH(s) .settings = s, .n_settings = ARRAY_SIZE(s)

static const struct vector vectors[] = {
	{UNNEEDED, {{"ssh.service", .state = UNIT_FILE_ENABLED, .starts = true}}, "systemd",
		.result = RESULT_PASS},
	{UNNEEDED,
		{{"cups.service", .path = "/usr/lib/systemd/system/cups.service",
			.state = UNIT_FILE_ENABLED, .starts = true}},
		"systemd", .result = RESULT_FAIL, .n_evidence = 1, .subject = "unit cups.service",
		.observed = "enabled, boot starts it"},
	{UNNEEDED, {{"cups.service", .state = UNIT_FILE_DISABLED}}, "systemd",
		.result = RESULT_PASS},
	{UNNEEDED, {{"cups.service", .state = UNIT_FILE_MASKED}}, "systemd", .result = RESULT_PASS},
	{UNNEEDED, {{"cups.service", .state = UNIT_FILE_DISABLED, .active = UNIT_ACTIVE}},
		"systemd", true, true, .result = RESULT_FAIL, .n_evidence = 1,
		.subject = "unit cups.service", .observed = "disabled, runs now"},
	/* Wanted by what no boot reaches, but enabled: hardware that appears would start it. */
	{UNNEEDED, {{"bluetooth.service", .state = UNIT_FILE_ENABLED}}, "systemd",
		.result = RESULT_FAIL, .n_evidence = 1, .subject = "unit bluetooth.service",
		.observed = "enabled"},
	/* By a socket, and the instance that a connection made. */
	{UNNEEDED,
		{{"telnet.socket", .state = UNIT_FILE_ENABLED, .starts = true},
			{"telnet@.service", .state = UNIT_FILE_STATIC, .starts = true},
			{"telnet@1.service", .state = UNIT_FILE_STATIC, .active = UNIT_ACTIVE}},
		"systemd", true, true, .result = RESULT_FAIL, .n_evidence = 3,
		.subject = "unit telnet.socket", .observed = "boot starts it"},
	/* An alias is told by its own name once; a target is no service. */
	{UNNEEDED,
		{{"avahi-daemon.service", .state = UNIT_FILE_ENABLED, .starts = true},
			{"dbus-org.freedesktop.Avahi.service", .target = "avahi-daemon.service",
				.state = UNIT_FILE_ALIAS, .starts = true},
			{"bluetooth.target", .state = UNIT_FILE_STATIC, .starts = true}},
		"systemd", .result = RESULT_FAIL, .n_evidence = 1,
		.subject = "unit avahi-daemon.service", .observed = "enabled"},
	{UNNEEDED, {{"cups.service", .state = UNIT_FILE_ENABLED, .starts = true}}, "systemd",
		.conf = "[service-unneeded]\nunneeded = avahi-daemon\n", .result = RESULT_PASS},
	{UNNEEDED, {{"own-1.service", .state = UNIT_FILE_ENABLED, .starts = true}}, "systemd",
		.conf = "[service-unneeded]\nunneeded = own-*\n", .result = RESULT_FAIL,
		.n_evidence = 1, .subject = "unit own-1.service", .observed = "enabled"},
	/* The manager is there and does not answer. */
	{UNNEEDED, {{"ssh.service", .state = UNIT_FILE_ENABLED, .starts = true}}, "systemd", true,
		false, .result = RESULT_ERROR, .n_evidence = 1, .subject = "systemd",
		.observed = "no answer"},
	{UNNEEDED, {{0}}, "none", .result = RESULT_NOTAPPLICABLE},
	{UNNEEDED, {{0}}, "openrc", .result = RESULT_UNKNOWN},
	{SANDBOX, {{"web.service"}}, "systemd", .listener = &open_web,
		.result = RESULT_INFORMATIONAL, .n_evidence = 1, .subject = "unit web.service",
		.observed = "as root and holds tcp 0.0.0.0:80"},
	{SANDBOX, {{"web.service", WITH(as_zero)}}, "systemd", .listener = &open_web,
		.result = RESULT_INFORMATIONAL, .n_evidence = 1, .subject = "unit web.service",
		.observed = "as root"},
	{SANDBOX, {{"web.service"}}, "systemd", .listener = &own_web, .result = RESULT_PASS},
	{SANDBOX, {{"web.service", WITH(as_www)}}, "systemd", .listener = &open_web,
		.result = RESULT_PASS},
	{SANDBOX, {{"web.service", WITH(as_dynamic)}}, "systemd", .listener = &open_web,
		.result = RESULT_PASS},
	/* systemd holds the socket, and an instance of the template does the work. */
	{SANDBOX, {{"web.socket", WITH(on_80)}, {"web@.service"}}, "systemd",
		.listener = &by_socket, .result = RESULT_INFORMATIONAL, .n_evidence = 1,
		.subject = "unit web@.service", .observed = "as root"},
	{SANDBOX, {{"web.socket", WITH(on_80)}, {"web@.service", WITH(as_www)}}, "systemd",
		.listener = &by_socket, .result = RESULT_PASS},
	{SANDBOX, {{"web.service"}}, "systemd", .listener = &nobodys,
		.result = RESULT_INFORMATIONAL, .n_evidence = 1,
		.subject = "listener udp 0.0.0.0:53", .observed = "uid 7"},
	{SANDBOX, {{0}}, "none", .result = RESULT_NOTAPPLICABLE},
	{DRIFT, {{"ssh.service", .state = UNIT_FILE_ENABLED, .starts = true}}, "systemd",
		.result = RESULT_INFORMATIONAL},
	{DRIFT, {{0}}, "none", .result = RESULT_NOTAPPLICABLE},
	{DRIFT, {{0}}, "openrc", .result = RESULT_UNKNOWN},
};

static struct verdict *judge(const struct factset *facts, const char *id, const char *conf)
{
	_cleanup_(policy_freep) struct policy *policy = NULL;
	struct errlist errors = {0};
	struct verdict *v = verdict_new();

	conf = conf ? conf : "";
	assert_int_equal(conf_load_text("test", conf, strlen(conf), &errors, &policy), 0);
	errlist_fini(&errors);
	assert_non_null(v);
	assert_int_equal(check_judge(check_find(id), facts, policy, 0, v), 0);
	return v;
}

static void test_vectors(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *x = &vectors[i];
		struct factset facts = {0};
		struct fact *f = fact_new(FACT_UNITS);
		struct units u = {.init = x->init,
			.booted = x->booted,
			.live = x->live,
			.live_reason = x->booted && !x->live ? "no answer" : NULL};
		struct unit units[4];
		size_t n = 0;
		memcpy(units, x->units, sizeof(units));
		while (n < 4 && units[n].name)
			n++;
		assert_int_equal(units_sort(f->arena, units, n, &u), 0);
		f->u.units = &u;
		factset_put(&facts, f);
		struct fact *jobs = fact_new(FACT_CRON);
		static const struct cron cron;
		jobs->u.cron = &cron;
		factset_put(&facts, jobs);
		struct fact *sockets = fact_new(FACT_LISTENERS);
		const struct listeners listeners = {.v = x->listener, .n = x->listener ? 1 : 0};
		sockets->u.listeners = &listeners;
		factset_put(&facts, sockets);
		struct verdict *v = judge(&facts, x->check, x->conf);
		if (v->result != x->result || v->n_evidence != x->n_evidence)
			fail_msg("vector %zu: %s, %zu: %s", i, result_name(v->result),
				v->n_evidence, v->summary);
		assert_non_null(v->summary);
		if (x->subject) {
			assert_string_equal(v->evidence[0].subject, x->subject);
			assert_non_null(strstr(v->evidence[0].observed, x->observed));
		}
		verdict_free(v);
		factset_fini(&facts);
	}
}

static void test_unreadable(void **state)
{
	static const char *const checks[] = {DRIFT, SANDBOX, UNNEEDED};

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		struct factset facts = {0};
		struct verdict *v = judge(&facts, checks[i], NULL);
		assert_int_equal(v->result, RESULT_ERROR);
		verdict_free(v);
		struct fact *f = fact_new(FACT_UNITS);
		fact_fail(f, -EACCES, "/etc/systemd/system permission denied");
		factset_put(&facts, f);
		static const struct cron cron;
		f = fact_new(FACT_CRON);
		f->u.cron = &cron;
		factset_put(&facts, f);
		static const struct listeners listeners;
		f = fact_new(FACT_LISTENERS);
		f->u.listeners = &listeners;
		factset_put(&facts, f);
		v = judge(&facts, checks[i], NULL);
		assert_int_equal(v->result, RESULT_ERROR);
		assert_non_null(strstr(v->summary, "permission denied"));
		verdict_free(v);
		factset_fini(&facts);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
