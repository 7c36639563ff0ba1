/* SPDX-License-Identifier: ISC */
/* service-scanner, and what timers and cron jobs run, on facts made by hand. */
#include "test.h"

#include "alloc-fail.h"
#include "check-fixture.h"
#include "check/check.h"
#include "check/schedule.h"
#include "conf/conf.h"
#include "fact/cron.h"
#include "fact/fact.h"
#include "fact/units.h"

#define SCANNER "service-scanner"
#define ATTEST(until)                                                                   \
	"[attestation service-scanner]\nstatement = OpenVAS scans the project weekly\n" \
	"owner = alice\nstated = 2026-01-01\nuntil = " until "\n"
#define NOW (UINT64_C(1800000000) * USEC_PER_SEC) /* 2027-01-15 */

static const struct vector {
	struct unit_row units[3];
	struct cron_job jobs[2];
	bool no_daemon;
	const char *conf, *init;
	enum result result;
	const char *subject, *observed; /* of the first evidence; a part of observed */
} vectors[] = {
	{.result = RESULT_FAIL, .subject = "scanner", .observed = "no timer and no cron job"},
	{.units = {{"lynis.timer", true, UNIT_ACTIVE},
		 {"lynis.service", false, UNIT_INACTIVE, "ExecStart",
			 "/usr/sbin/lynis audit system"}},
		.result = RESULT_PASS,
		.subject = "unit lynis.timer",
		.observed = "runs lynis"},
	{.units = {{"weekly.timer", true, UNIT_ACTIVE, "Unit", "scan.service"},
		 {"scan.service", false, UNIT_INACTIVE, "ExecStart",
			 "/bin/sh -c 'trivy rootfs /'"}},
		.result = RESULT_PASS,
		.subject = "unit weekly.timer",
		.observed = "runs trivy"},
	{.units = {{"lynis.timer", false, UNIT_INACTIVE}},
		.result = RESULT_FAIL,
		.subject = "unit lynis.timer",
		.observed = "not started at boot"},
	{.units = {{"wazuh-agent.service", true, UNIT_ACTIVE}},
		.result = RESULT_PASS,
		.subject = "unit wazuh-agent.service",
		.observed = "by itself"},
	{.units = {{"hardend.service", true, UNIT_ACTIVE}},
		.result = RESULT_NOTCHECKED,
		.subject = "unit hardend.service",
		.observed = "configuration"},
	{.jobs = {{.kind = CRON_TABLE,
		 .user = "root",
		 .when = "@daily",
		 .command = "test -x /usr/bin/debsecan && /usr/bin/debsecan --cron",
		 .path = "/etc/cron.d/debsecan",
		 .line = 3}},
		.result = RESULT_PASS,
		.subject = "cron job /etc/cron.d/debsecan: test, /usr/bin/debsecan",
		.observed = "runs debsecan"},
	{.jobs = {{.kind = CRON_TABLE,
		 .user = "root",
		 .when = "@daily",
		 .command = "xargs debsecan",
		 .path = "/etc/cron.d/debsecan",
		 .line = 3}},
		.result = RESULT_UNKNOWN,
		.subject = "cron job /etc/cron.d/debsecan: xargs",
		.observed = "can't be followed"},
	{.jobs = {{.kind = CRON_SCRIPT,
		 .command = "/etc/cron.weekly/lynis",
		 .path = "/etc/cron.weekly/lynis"}},
		.result = RESULT_PASS,
		.subject = "cron job /etc/cron.weekly/lynis",
		.observed = "runs lynis"},
	{.jobs = {{.kind = CRON_SCRIPT,
		 .command = "/etc/cron.weekly/lynis",
		 .path = "/etc/cron.weekly/lynis"}},
		.no_daemon = true,
		.result = RESULT_FAIL,
		.subject = "cron job /etc/cron.weekly/lynis",
		.observed = "no cron daemon"},
	{.jobs = {{.kind = CRON_SCRIPT,
		 .command = "/etc/cron.weekly/lynis.sh",
		 .path = "/etc/cron.weekly/lynis.sh",
		 .idle = "its name has a dot"}},
		.result = RESULT_FAIL,
		.observed = "its name has a dot"},
	{.jobs = {{.kind = CRON_AT, .command = "lynis audit system", .path = "/var/spool/at/x"}},
		.result = RESULT_FAIL,
		.subject = "scanner"},
	/* What users schedule for themselves proves nothing. */
	{.jobs = {{.kind = CRON_USER,
		 .user = "alice",
		 .command = "lynis audit system",
		 .path = "/var/spool/cron/crontabs/alice"}},
		.result = RESULT_FAIL,
		.subject = "scanner"},
	{.jobs = {{.kind = CRON_USER,
		 .user = "root",
		 .command = "lynis audit system",
		 .path = "/var/spool/cron/crontabs/root"}},
		.result = RESULT_PASS,
		.subject = "cron job /var/spool/cron/crontabs/root: lynis",
		.observed = "runs lynis"},
	{.conf = ATTEST("2027-12-31"),
		.result = RESULT_PASS,
		.subject = "attestation service-scanner",
		.observed = "OpenVAS"},
	{.conf = ATTEST("2026-12-31"),
		.result = RESULT_FAIL,
		.subject = "attestation service-scanner",
		.observed = "lapsed"},
	{.init = "openrc", .result = RESULT_UNKNOWN},
	{.init = "none", .result = RESULT_NOTAPPLICABLE},
};

static void put_units(struct factset *facts, const struct vector *x)
{
	fixture_units(facts, x->units, ARRAY_SIZE(x->units), x->init, NULL);
}

static void put_cron(struct factset *facts, const struct vector *x)
{
	struct fact *f = fact_new(FACT_CRON);
	struct cron *c = arena_alloc(f->arena, sizeof(*c));

	*c = (struct cron){.v = x->jobs, .daemon = x->no_daemon ? NULL : "cron"};
	while (c->n < ARRAY_SIZE(x->jobs) && x->jobs[c->n].path)
		c->n++;
	f->u.cron = c;
	factset_put(facts, f);
}

static struct verdict *judge(const struct factset *facts, const char *conf)
{
	_cleanup_(policy_freep) struct policy *policy = fixture_policy(conf);
	struct verdict *v = verdict_new();

	assert_int_equal(check_judge(check_find(SCANNER), facts, policy, NOW, v), 0);
	return v;
}

static void test_vectors(_unused_ void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *x = &vectors[i];
		struct factset facts = {0};
		put_units(&facts, x);
		put_cron(&facts, x);
		struct verdict *v = judge(&facts, x->conf);
		if (v->result != x->result)
			fail_msg("vector %zu: %s: %s", i, result_name(v->result), v->summary);
		if (x->subject)
			assert_string_equal(v->evidence[0].subject, x->subject);
		if (x->observed && !strstr(v->evidence[0].observed, x->observed))
			fail_msg("vector %zu: %s", i, v->evidence[0].observed);
		verdict_free(v);
		factset_fini(&facts);
	}
}

static void test_unreadable(_unused_ void **state)
{
	static const struct vector none = {0};
	struct factset facts = {0};

	struct verdict *v = judge(&facts, NULL);
	assert_int_equal(v->result, RESULT_ERROR);
	verdict_free(v);
	/* Nothing found proves nothing while the cron jobs could not be read. */
	put_units(&facts, &none);
	struct fact *f = fact_new(FACT_CRON);
	fact_fail(f, -EACCES, "/etc/crontab permission denied");
	factset_put(&facts, f);
	v = judge(&facts, NULL);
	assert_int_equal(v->result, RESULT_UNKNOWN);
	assert_non_null(strstr(v->evidence[0].observed, "/etc/crontab"));
	verdict_free(v);
	factset_fini(&facts);
}

static int find_jobs(void *facts)
{
	static const char *const programs[] = {"lynis", "debsecan", NULL};
	struct schedule_job *jobs;
	struct arena *a = arena_new();
	size_t n;
	int r = a ? schedule_find(a, facts, programs, &jobs, &n) : -ENOMEM;

	arena_free(a);
	return r;
}

static void test_memory(_unused_ void **state)
{
	for (size_t i = 1; i < 9; i++) {
		struct factset facts = {0};
		put_units(&facts, &vectors[i]);
		put_cron(&facts, &vectors[i]);
		alloc_each(find_jobs, &facts, 0);
		factset_fini(&facts);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
