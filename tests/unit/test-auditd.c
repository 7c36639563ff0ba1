/* SPDX-License-Identifier: ISC */
/* The audit trail's configuration in a private root, and intrusion-audit on it. */
#include "test.h"

#include "alloc-collect.h"
#include "check-fixture.h"
#include "check/check.h"
#include "conf/conf.h"
#include "fact/auditd.h"
#include "fact/fact.h"
#include "fact/kernel.h"
#include "fact/units.h"

static const struct {
	const char *text;
	bool merged;
	size_t n;
	const char *off, *never; /* the line's text */
	unsigned line;		 /* of either */
} rules[] = {
	{"", false, 0, NULL, NULL, 0},
	{"-D\n-b 8192\n-f 1\n", true, 0, NULL, NULL, 0},
	{"# -e 0\n  -w /etc/passwd -p wa -k x\n-a always,exit -F arch=b64 -S execve\r\n", true, 2,
		NULL, NULL, 0},
	{"-w /x\n-D\n-w /y\n", false, 1, NULL, NULL, 0},
	{"-w /x\n-D\n-w /y\n", true, 2, NULL, NULL, 0},
	{"-e 0\n-e 1\n", true, 0, NULL, NULL, 0},
	{"-e 2\n\t-e 0 \n", true, 0, "-e 0", NULL, 2},
	{"-e0", true, 0, "-e0", NULL, 1},
	{"-a task,never\n-w /x\n", true, 1, NULL, "-a task,never", 1},
	{"-w /x\n-A never,task\n", true, 1, NULL, "-A never,task", 2},
	{"-a never,task -F uid=5\n", true, 1, NULL, NULL, 0},
	{"-a exit,never -S all\n-w /x\n", true, 1, NULL, "-a exit,never -S all", 1},
	{"-a exit,never -S open\n", true, 1, NULL, NULL, 0},
	{"-w /x\n-a never,exit\n", true, 2, NULL, NULL, 0},
	{"-w /x\n-A never,exit\n", true, 1, NULL, "-A never,exit", 2},
	{"-a task,never\n-D\n", false, 0, NULL, NULL, 0},
};

static void same_rule(const struct audit_rule *rule, const char *text, unsigned line)
{
	assert_int_equal(rule != NULL, text != NULL);
	if (!rule || !text)
		return;
	assert_string_equal(rule->text, text);
	assert_int_equal(rule->line, line);
}

static void test_rules(_unused_ void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		struct arena *a = arena_new();
		struct audit_rules r = {0};
		assert_int_equal(audit_rules_add(a, "/r", rules[i].text, rules[i].merged, &r), 0);
		if (r.n != rules[i].n)
			fail_msg("row %zu: %zu rules", i, r.n);
		same_rule(r.off, rules[i].off, rules[i].line);
		same_rule(r.never, rules[i].never, rules[i].line);
		arena_free(a);
	}
}

static void test_boot(_unused_ void **state)
{
	static const struct {
		const char *cmdline, *off;
	} rows[] = {{"quiet audit=0\n", "audit=0"}, {"audit=off ro", "audit=off"},
		{"audit=0 audit=1", NULL}, {"xaudit=0 audit=on", NULL}, {"", NULL},
		{"audit_backlog_limit=0", NULL}};
	struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *off = audit_boot_off(a, rows[i].cmdline);
		assert_int_equal(off != NULL, rows[i].off != NULL);
		if (off)
			assert_string_equal(off, rows[i].off);
	}
	arena_free(a);
}

/* The kernel answers or says why not; it never hangs and never makes something up. */
static void test_kernel(_unused_ void **state)
{
	int r = audit_kernel_enabled();

	assert_true(r <= 2);
	if (geteuid() != 0)
		assert_true(r < 0);
}

struct file_row {
	const char *path, *text;
};

enum around {
	HOST,
	CONTAINER,
};

#define RULES(text)                                    \
	{                                              \
		"/etc/audit/rules.d/audit.rules", text \
	}
#define CONF(text)                             \
	{                                      \
		"/etc/audit/auditd.conf", text \
	}
#define AUDITD                                      \
	{                                           \
		"auditd.service", true, UNIT_ACTIVE \
	}
#define JOURNAL                                                    \
	{                                                          \
		"systemd-journald-audit.socket", true, UNIT_ACTIVE \
	}

static const struct vector {
	struct file_row files[4];
	struct unit_row units[2];
	enum around around;
	bool mute; /* systemd does not answer */
	enum result result;
	const char *observed; /* of the first evidence: a part of it */
	const char *path, *summary;
} vectors[] = {
	{{{0}}, {{0}}, .result = RESULT_FAIL, .observed = "auditd.service is not there"},
	{{{0}}, {{0}}, .around = CONTAINER, .result = RESULT_NOTAPPLICABLE},
	{{RULES("-w /x\n")}, {AUDITD}, .result = RESULT_PASS},
	{{RULES("-D\n")}, {AUDITD}, .result = RESULT_INFORMATIONAL,
		.summary = "no rule is set"},
	{{RULES("-w /x\n")}, {AUDITD}, .mute = true, .result = RESULT_ERROR,
		.observed = "no answer"},
	{{RULES("-w /x\n-e 0\n")}, {AUDITD}, .result = RESULT_FAIL, .observed = "-e 0",
		.path = "/etc/audit/rules.d/audit.rules"},
	/* A later file has the last word, and 10 comes after 9. */
	{{{"/etc/audit/rules.d/9.rules", "-e 0\n"}, {"/etc/audit/rules.d/10.rules", "-e 2\n-w /x"}},
		{AUDITD}, .result = RESULT_PASS},
	/* As ls -v, the name without its suffix is what counts. */
	{{{"/etc/audit/rules.d/audit.rules", "-e 0\n"},
		 {"/etc/audit/rules.d/audit-x.rules", "-e 1\n-w /x"}},
		{AUDITD}, .result = RESULT_PASS},
	{{{"/etc/audit/rules.d/a.rules", "-w /x\n"}, {"/etc/audit/rules.d/b.rules~", "-e 0\n"},
		 {"/etc/audit/audit.rules", "-e 0\n"}},
		{AUDITD}, .result = RESULT_PASS},
	{{{"/etc/audit/audit.rules", "-e 0\n"}}, {AUDITD}, .result = RESULT_FAIL,
		.observed = "-e 0", .path = "/etc/audit/audit.rules"},
	{{RULES("-a task,never\n-w /x\n")}, {AUDITD}, .result = RESULT_FAIL,
		.observed = "task,never"},
	{{RULES("-w /x\n"), CONF("local_events = no\n")}, {AUDITD}, .result = RESULT_FAIL,
		.observed = "local_events = no", .path = "/etc/audit/auditd.conf"},
	{{RULES("-w /x\n"), CONF("write_logs = no\n")}, {AUDITD}, .result = RESULT_FAIL,
		.observed = "write_logs = no"},
	{{RULES("-w /x\n"), CONF("write_logs = no\n"),
		 {"/etc/audit/plugins.d/laurel.conf", "active = yes\n"}},
		{AUDITD}, .result = RESULT_PASS},
	{{{0}}, {{"auditd.service", true, UNIT_FAILED}}, .result = RESULT_FAIL,
		.observed = "auditd.service has failed"},
	{{{0}}, {{"go-audit.service", true, UNIT_ACTIVE}},
		.result = RESULT_INFORMATIONAL},
	{{{0}}, {JOURNAL}, .result = RESULT_FAIL, .observed = "is not there"},
	{{{"/etc/systemd/journald.conf", "[Journal]\nAudit=yes\n"}}, {JOURNAL},
		.result = RESULT_INFORMATIONAL},
	{{{"/etc/systemd/journald.conf", "[Journal]\nAudit=yes\n"},
		 {"/usr/lib/systemd/journald.conf.d/z.conf", "[Journal]\nAudit=no\n"}},
		{JOURNAL}, .result = RESULT_FAIL, .observed = "is not there"},
	{{{"/etc/systemd/journald.conf.d/z.conf", "[Journal]\nAudit=yes\n"},
		 {"/usr/lib/systemd/journald.conf.d/z.conf", "[Journal]\nAudit=no\n"}},
		{JOURNAL}, .result = RESULT_INFORMATIONAL},
};

static void put_units(struct factset *facts, const struct vector *x)
{
	fixture_units(facts, x->units, ARRAY_SIZE(x->units), NULL, x->mute ? "no answer" : NULL);
}

static void put_kernel(struct factset *facts, enum around around)
{
	struct fact *f = fact_new(FACT_KERNEL);
	struct kernel *k = arena_alloc(f->arena, sizeof(*k));

	*k = (struct kernel){.container = around == CONTAINER ? "/run/x" : NULL};
	f->u.kernel = k;
	factset_put(facts, f);
}

static void collect(struct test_root *t, struct factset *facts)
{
	const struct collect c = {.root = &t->root, .facts = facts};
	struct fact *f = NULL;

	assert_int_equal(fact_collect(FACT_AUDITD, &c, &f), 0);
	factset_put(facts, f);
}

static struct verdict *judge(const struct factset *facts)
{
	_cleanup_(policy_freep) struct policy *policy = fixture_policy(NULL);
	struct verdict *v = verdict_new();

	assert_int_equal(check_judge(check_find("intrusion-audit"), facts, policy, 0, v), 0);
	return v;
}

static void test_vectors(_unused_ void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *x = &vectors[i];
		struct factset facts = {0};
		struct test_root t;
		test_root_init(&t);
		for (size_t k = 0; k < ARRAY_SIZE(x->files) && x->files[k].path; k++)
			test_write(&t, x->files[k].path, x->files[k].text);
		collect(&t, &facts);
		put_units(&facts, x);
		put_kernel(&facts, x->around);
		struct verdict *v = judge(&facts);
		if (v->result != x->result)
			fail_msg("vector %zu: %s: %s", i, result_name(v->result), v->summary);
		if (x->observed) {
			assert_true(v->n_evidence > 0);
			if (!strstr(v->evidence[0].observed, x->observed))
				fail_msg("vector %zu: %s", i, v->evidence[0].observed);
		}
		if (x->summary)
			assert_non_null(strstr(v->summary, x->summary));
		if (x->path)
			assert_string_equal(v->evidence[0].path, x->path);
		verdict_free(v);
		factset_fini(&facts);
		test_root_fini(&t);
	}
}

/* What the kernel itself says is more than any file. */
static void test_live(_unused_ void **state)
{
	static const struct vector on = {.units = {AUDITD}};
	struct factset facts = {0};
	struct fact *f = fact_new(FACT_AUDITD);
	struct auditd *d = arena_alloc(f->arena, sizeof(*d));

	*d = (struct auditd){.rules = {.n = 1}};
	f->u.auditd = d;
	factset_put(&facts, f);
	put_units(&facts, &on);
	struct verdict *v = judge(&facts);
	assert_int_equal(v->result, RESULT_FAIL);
	assert_non_null(strstr(v->summary, "switched off"));
	verdict_free(v);
	d->boot_off = "audit=0";
	v = judge(&facts);
	assert_string_equal(v->evidence[0].observed, "audit=0");
	verdict_free(v);
	d->boot_off = NULL;
	d->enabled = 1;
	v = judge(&facts);
	assert_int_equal(v->result, RESULT_PASS);
	verdict_free(v);
	factset_fini(&facts);
}

static void test_unreadable(_unused_ void **state)
{
	static const struct vector on = {.units = {AUDITD}};
	struct factset facts = {0};
	struct test_root t;

	struct verdict *v = judge(&facts);
	assert_int_equal(v->result, RESULT_ERROR);
	verdict_free(v);
	test_root_init(&t);
	test_write(&t, "/etc/audit/rules.d/a.rules", "-w /x\n");
	assert_int_equal(mkfifo(test_path(&t, "/etc/audit/rules.d/b.rules"), 0600), 0);
	collect(&t, &facts);
	put_units(&facts, &on);
	v = judge(&facts);
	assert_int_equal(v->result, RESULT_ERROR);
	assert_non_null(strstr(v->evidence[0].observed, "b.rules"));
	verdict_free(v);
	factset_fini(&facts);
	test_root_fini(&t);
}

static void test_memory(_unused_ void **state)
{
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	test_write(&t, "/etc/audit/rules.d/a.rules", "-e 0\n-a task,never\n-w /x\n");
	test_write(&t, "/etc/audit/auditd.conf", "write_logs = no\n");
	test_write(&t, "/etc/audit/plugins.d/x.conf", "active = no\n");
	test_write(&t, "/etc/systemd/journald.conf", "Audit=yes\n");
	const struct collect c = {.root = &t.root, .facts = &facts};
	alloc_each_collect(FACT_AUDITD, &c, 10);
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_boot),
		cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
