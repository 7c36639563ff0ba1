/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "alloc-fail.h"
#include "report/report.h"

#define CHECK_ID "monitor-coverage"
/* 2026-11-21T12:00:00Z */
#define NOON (UINT64_C(1795262400) * USEC_PER_SEC)

/* A judge with one verdict, and nothing for the other checks. */
struct fixture {
	struct judge judge;
	struct report report;
};

static void setup(struct fixture *f)
{
	*f = (struct fixture){0};
	f->judge.verdicts = calloc(check_count(), sizeof(*f->judge.verdicts));
	f->report = (struct report){
		.judge = &f->judge,
		.root = "/mnt/\x1b[31m",
		.host = {.hostname = "web1", .os = "Debian"},
		.started_realtime_usec = NOON,
		.duration_usec = 12345,
	};
	assert_non_null(f->judge.verdicts);
}

static void teardown(struct fixture *f)
{
	for (size_t i = 0; i < check_count(); i++)
		verdict_free(f->judge.verdicts[i]);
	free(f->judge.verdicts);
}

static struct verdict *failing_verdict(void)
{
	struct verdict *v = verdict_new();

	verdict_add(v, &(struct evidence){
			       .result = RESULT_FAIL,
			       .severity = SEV_HIGH,
			       .subject = "account \x1b[1mroot",
			       .path = "/etc/ssh/sshd_config",
			       .line = 33,
			       .observed = "PermitRootLogin yes",
			       .expected = "no",
		       });
	verdict_add(v, &(struct evidence){.result = RESULT_PASS, .subject = "account b"});
	verdict_summary(v, "root can log in");
	return v;
}

static void test_json(void **state)
{
	static const struct waiver waiver = {
		.name = "w",
		.check = CHECK_ID,
		.subject = "\xff*",
		.reason = "why",
		.owner = "who",
		.until_realtime_usec = NOON + 12 * USEC_PER_HOUR - 1,
		.path = "/etc/hardend/hardend.conf",
		.line = 7,
	};
	static const char expected[] =
		"{\"check\":\"" CHECK_ID
		"\",\"title\":\"T\",\"result\":\"fail\",\"severity\":\"high\","
		"\"summary\":\"root can log in\",\"guides\":[\"P\",\"N01\"],\"evidence\":["
		"{\"subject\":\"account "
		"\\\\x1b[1mroot\",\"path\":\"/etc/ssh/sshd_config\",\"line\":33,"
		"\"observed\":\"PermitRootLogin yes\",\"expected\":\"no\",\"result\":\"fail\","
		"\"severity\":\"high\",\"waiver\":\"w\"},"
		"{\"subject\":\"account b\",\"path\":null,\"line\":null,\"observed\":null,"
		"\"expected\":null,\"result\":\"pass\",\"severity\":\"low\",\"waiver\":null}],"
		"\"remedy\":\"R\",\"waiver\":{\"name\":\"w\",\"subject\":\"\\\\xff*\",\"reason\":"
		"\"why\","
		"\"owner\":\"who\",\"until\":\"2026-11-21\",\"path\":\"/etc/hardend/hardend.conf\","
		"\"line\":7}}";
	const struct check c = {.id = CHECK_ID, .title = "T", .guides = "P N01", .remedy = "R"};
	const struct factset facts = {0};
	struct verdict *v = failing_verdict();

	v->waiver = v->evidence[0].waiver = &waiver;
	json_t *o = report_finding(&c, v, &facts);
	assert_non_null(o);
	char *text = json_dumps(o, JSON_COMPACT);
	assert_string_equal(text, expected);
	free(text);
	json_decref(o);
	/* What could not be looked at needs no remedy for what may well be in order. */
	static const enum result open[] = {RESULT_ERROR, RESULT_UNKNOWN};
	static const char *const words[] = {"looked at", "decided"};
	for (size_t i = 0; i < ARRAY_SIZE(open); i++) {
		v->result = open[i];
		o = report_finding(&c, v, &facts);
		assert_non_null(strstr(json_string_value(json_object_get(o, "remedy")), words[i]));
		json_decref(o);
	}
	verdict_free(v);
}

static void test_report(void **state)
{
	struct fixture f;
	bool *none = calloc(check_count(), sizeof(*none));

	setup(&f);
	f.judge.verdicts[check_index(check_find(CHECK_ID))] = failing_verdict();
	json_t *o = report_json(&f.report);
	assert_int_equal(json_integer_value(json_object_get(o, "schema")), 1);
	assert_int_equal(json_integer_value(json_object_get(o, "duration_ms")), 12);
	assert_string_equal(json_string_value(json_object_get(o, "root")), "/mnt/\\x1b[31m");
	assert_string_equal(
		json_string_value(json_object_get(o, "started")), "2026-11-21T12:00:00Z");
	const json_t *summary = json_object_get(o, "summary");
	assert_int_equal(json_object_size(summary), RESULT_MAX + 1);
	assert_int_equal(json_integer_value(json_object_get(summary, "fail")), 1);
	assert_int_equal(json_array_size(json_object_get(o, "findings")), 1);
	json_decref(o);
	f.report.selected = none;
	o = report_json(&f.report);
	assert_int_equal(json_array_size(json_object_get(o, "findings")), 0);
	json_decref(o);
	free(none);
	teardown(&f);
}

static char *render(const char *json, bool whole, const struct report_style *style)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	json_t *o = json_loads(json, 0, NULL);

	assert_non_null(o);
	assert_int_equal(
		whole ? report_text(out, o, style) : report_text_findings(out, o, style), 0);
	assert_int_equal(fclose(out), 0);
	json_decref(o);
	return text;
}

#define EVIDENCE                                                                           \
	"[{\"subject\":\"account a\",\"observed\":\"x\\u001b[1m\",\"expected\":\"y\","     \
	"\"path\":\"/p\",\"line\":3,\"result\":\"fail\"},"                                 \
	"{\"subject\":\"account b\",\"observed\":\"x\",\"expected\":null,\"path\":\"/q\"," \
	"\"line\":null,\"result\":\"fail\",\"waiver\":\"w\"},"                             \
	"{\"subject\":\"account c\",\"result\":\"pass\"}]"

static const char findings[] =
	"[{\"check\":\"account-a\",\"result\":\"pass\",\"severity\":\"high\",\"summary\":\"fine\"},"
	"{\"check\":\"account-low\",\"result\":\"fail\",\"severity\":\"low\",\"summary\":\"s\","
	"\"since\":\"2026-11-21T12:00:00Z\"},"
	"{\"check\":\"account-high\",\"result\":\"fail\",\"severity\":\"high\",\"summary\":\"two\","
	"\"remedy\":\"do `this and that`.\",\"evidence\":" EVIDENCE "},"
	"{\"check\":\"account-w\",\"result\":\"fail\",\"severity\":\"high\",\"summary\":\"known\","
	"\"remedy\":\"r\",\"waiver\":{\"until\":\"2027-01-01\",\"owner\":\"bob\",\"reason\":"
	"\"because\"}},"
	"{\"check\":\"ssh-x\",\"result\":\"error\",\"severity\":\"medium\",\"summary\":\"denied\"},"
	"{\"check\":\"ssh-broken\",\"result\":\"nonsense\"}, 7, null]";

static void test_text(void **state)
{
	char *got = render(findings, false, &(struct report_style){0});

	assert_string_equal(got, "ssh\n"
				 "  ERROR          medium    ssh-x         denied\n"
				 "\n"
				 "accounts\n"
				 "  FAIL           high      account-high  two\n"
				 "      account a: x?[1m; expected: y (/p:3)\n"
				 "      account b: x (/q) [waived: w]\n"
				 "      remedy: do `this and that`.\n"
				 "  fail           high      account-w     known\n"
				 "      waived until 2027-01-01 by bob: because\n"
				 "  FAIL           low       account-low   s\n"
				 "      open since 2026-11-21T12:00:00Z\n"
				 "  pass                     account-a     fine\n");
	free(got);
	got = render(findings, false, &(struct report_style){.quiet = true});
	assert_null(strstr(got, "account-w"));
	assert_null(strstr(got, "account-a "));
	assert_null(strstr(got, "remedy"));
	assert_non_null(strstr(got, "account-low"));
	assert_null(strchr(got, '\033'));
	free(got);
	got = render(findings, false, &(struct report_style){.color = true});
	assert_non_null(strstr(got, "\033[1;31mFAIL         \033[0m"));
	assert_null(strstr(got, "x\033"));
	free(got);
}

static void test_whole_text(void **state)
{
	static const char report[] =
		"{\"host\":{\"hostname\":\"web1\",\"os\":\"Debian\",\"kernel\":null},\"root\":\"/"
		"mnt\","
		"\"summary\":{\"fail\":2,\"pass\":1,\"waived\":1},\"findings\":[]}";
	char *got = render(report, true, &(struct report_style){0});

	assert_string_equal(
		got, "web1: Debian, in /mnt\n\n\n3 checks: 2 fail (1 waived), 1 pass\n");
	free(got);
	got = render(report, true, &(struct report_style){.quiet = true});
	assert_string_equal(got, "");
	free(got);
}

static void test_many_evidence(void **state)
{
	json_t *list = json_array(), *evidence = json_array();

	for (int i = 0; i < 25; i++)
		json_array_append_new(
			evidence, json_pack("{s:s, s:s}", "subject", "x", "result", "fail"));
	json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o}", "check", "ssh-x", "result",
					    "fail", "severity", "low", "evidence", evidence));
	char *text = json_dumps(list, 0);
	char *got = render(text, false, &(struct report_style){0});
	assert_non_null(strstr(got, "... and 15 more; --format json shows all\n"));
	free(got);
	free(text);
	json_decref(list);
}

static void test_wrap(void **state)
{
	static const struct {
		const char *in, *out;
	} vectors[] = {
		{"", "\n"},
		{"a  b", "a b\n"},
		{"a\nb", "a\n  b\n"},
		{"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		 "xxxxxxx "
		 "yyyyyyyyyyyyyyy z",
			"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			"xxxxxxx"
			"xxxxxxx\n  yyyyyyyyyyyyyyy z\n"},
		{"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		 "xxxxxxx "
		 "`a b c d e f g h` z",
			"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			"xxxxxxx"
			"xxxxxxx\n  `a b c d e f g h` z\n"},
		{"an ` alone", "an ` alone\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);
		report_wrap(out, vectors[i].in, 0, 2);
		assert_int_equal(fclose(out), 0);
		assert_string_equal(text, vectors[i].out);
		free(text);
	}
}

static void test_host(void **state)
{
	struct test_root t;
	struct report_host h;
	struct arena *a = arena_new();

	test_root_init(&t);
	assert_int_equal(report_host(a, &t.root, &h), 0);
	assert_null(h.hostname);
	assert_null(h.machine_id);
	assert_null(h.os);
	test_write(&t, "/etc/hostname", "evil\x1b[0m\nsecond\n");
	test_write(&t, "/etc/machine-id", "\n");
	test_write(&t, "/usr/lib/os-release", "PRETTY_NAME=\"Some OS\"\n");
	assert_int_equal(report_host(a, &t.root, &h), 0);
	assert_string_equal(h.hostname, "evil\\x1b[0m");
	assert_null(h.machine_id);
	assert_string_equal(h.os, "Some OS");
	assert_null(h.kernel);
	arena_free(a);
	test_root_fini(&t);
}

static void test_areas(void **state)
{
	assert_string_equal(report_area("ssh-root-login"), "ssh");
	assert_string_equal(report_area("nonsense"), "other");
	for (size_t i = 0; i < check_count(); i++)
		assert_string_not_equal(report_area(check_at(i)->id), "other");
}

/* jansson allocates through these, out of reach of the linker's --wrap. */
static void *failing_malloc(size_t n)
{
	return alloc_fails() ? NULL : __real_malloc(n);
}

static void test_out_of_memory(void **state)
{
	struct fixture f;
	const struct check *c = check_find(CHECK_ID);

	setup(&f);
	f.judge.verdicts[check_index(c)] = failing_verdict();
	json_set_alloc_funcs(failing_malloc, free);
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		alloc_count = 0;
		json_t *whole = report_json(&f.report);
		json_t *row = whole ? report_check(c) : NULL;
		bool done = alloc_count < alloc_fail_at;
		assert_int_equal(whole && row, done);
		json_decref(whole);
		json_decref(row);
		if (done)
			break;
	}
	assert_true(alloc_fail_at > 50);
	alloc_fail_at = 0;
	json_set_alloc_funcs(malloc, free);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_whole_text),
		cmocka_unit_test(test_many_evidence),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_areas),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
