/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "alloc-fail.h"
#include "base/text.h"
#include "check/check.h"
#include "conf/conf.h"
#include "fact/os.h"
#include "fact/support.h"

#define HEAD "version,codename,series,created,release,eol,eol-lts,eol-elts\n"
#define CSV                                                                                  \
	HEAD "12,Bookworm,bookworm,2021-08-14,2023-06-10,2026-07-11,2028-06-30,2033-06-30\n" \
	     "13,Trixie,trixie,2023-06-10,2025-08-09,2028-08-09,2030-06-30\n"                \
	     "14,Forky,forky,2025-08-09\n,Sid,sid,1993-08-16\n"
#define UBUNTU                                                                                 \
	"version,codename,series,created,release,eol,eol-server,eol-esm,eol-legacy\n"          \
	"24.04 LTS,Noble Numbat,noble,2023-10-12,2024-04-25,2029-05-31,2029-05-31,2034-04-25," \
	"2036-04-29\n"                                                                         \
	"25.10,Questing Quokka,questing,2025-04-17,2025-10-09,2026-07-09\n"

static uint64_t day(const char *text)
{
	uint64_t t = 0;

	assert_int_equal(text_date(text, &t), 0);
	return t - USEC_PER_DAY / 2;
}

static void test_csv(void **state)
{
	static const struct {
		const char *text, *version, *codename;
		int r;
		unsigned line;
		const char *end[SUPPORT_PHASE_MAX];
		bool unreleased;
	} vectors[] = {
		{CSV, "12", "bookworm", 1, 2, {"2026-07-11", "2028-06-30", "2033-06-30"}, false},
		{CSV, "13", "", 1, 3, {"2028-08-09", "2030-06-30", NULL}, false},
		{CSV, "", "forky", 1, 4, {NULL}, true},
		{CSV, "", "sid", 1, 5, {NULL}, true},
		{CSV, "1", "", 0, 0, {NULL}, false},
		{CSV, "", "", 0, 0, {NULL}, false},
		{UBUNTU, "24.04", "", 1, 2, {"2029-05-31", NULL, "2034-04-25"}, false},
		{UBUNTU, "25.10", "", 1, 3, {"2026-07-09"}, false},
		{HEAD "12,a,b,c,2020-01-01,2026-02-30", "12", "", 1, 2, {NULL}, false},
		{"version,series\n12,bookworm\n", "12", "", -EBADMSG, 0, {NULL}, false},
		{"", "12", "", -EBADMSG, 0, {NULL}, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct support s = {0};
		assert_int_equal(support_from_csv(vectors[i].text, vectors[i].version,
					 vectors[i].codename, &s),
			vectors[i].r);
		assert_int_equal(s.line, vectors[i].line);
		assert_int_equal(s.unreleased, vectors[i].unreleased);
		for (int p = 0; p < SUPPORT_PHASE_MAX; p++) {
			char text[16] = "";
			if (s.end_realtime_usec[p])
				(void)text_day(text, s.end_realtime_usec[p]);
			assert_string_equal(text, vectors[i].end[p] ? vectors[i].end[p] : "");
		}
	}
}

struct vector {
	const char *what, *now;
	struct {
		const char *path, *text;
	} files[4];
	const char *conf; /* policy; NULL: defaults */
	enum result result;
	enum severity severity;
	const char *text; /* part of the summary */
	const char *until;
};

#define OS	   "/etc/os-release"
#define DEBIAN_CSV "/usr/share/distro-info/debian.csv"
#define UBUNTU_CSV "/usr/share/distro-info/ubuntu.csv"
#define DEBIAN_12  "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n"
#define UBUNTU_24  "ID=ubuntu\nVERSION_ID=\"24.04\"\nID_LIKE=debian\n"
#define TOKEN	   "/var/lib/ubuntu-advantage/private/machine-token.json"
#define ESM	   "/etc/apt/sources.list.d/ubuntu-esm-infra.sources"

static const struct vector vectors[] = {
	{"supported", "2024-01-01", {{OS, DEBIAN_12}, {DEBIAN_CSV, CSV}}, NULL, RESULT_PASS,
		SEV_HIGH, "debian 12 has long-term support until 2028-06-30, by distro-info-data",
		"2028-04-02"},
	{"lts counts", "2026-11-22", {{OS, DEBIAN_12}, {DEBIAN_CSV, CSV}}, NULL, RESULT_PASS,
		SEV_HIGH, "long-term support until 2028-06-30", NULL},
	{"lts does not count", "2026-11-22", {{OS, DEBIAN_12}, {DEBIAN_CSV, CSV}},
		"[os-supported]\nlts = no\n", RESULT_FAIL, SEV_HIGH,
		"support ended on 2026-07-11, by distro-info-data; extended support until "
		"2033-06-30 "
		"is not counted",
		NULL},
	{"near the end", "2028-05-01", {{OS, DEBIAN_12}, {DEBIAN_CSV, CSV}}, NULL, RESULT_FAIL,
		SEV_LOW, "long-term support ends on 2028-06-30", "2028-07-01"},
	{"near the end, later warned of", "2028-05-01", {{OS, DEBIAN_12}, {DEBIAN_CSV, CSV}},
		"[os-supported]\neol_days = 10\n", RESULT_PASS, SEV_HIGH, "until 2028-06-30",
		"2028-06-21"},
	{"the last day", "2028-06-30", {{OS, DEBIAN_12}, {DEBIAN_CSV, CSV}}, NULL, RESULT_FAIL,
		SEV_LOW, "ends on 2028-06-30", NULL},
	{"the day after", "2028-07-01", {{OS, DEBIAN_12}, {DEBIAN_CSV, CSV}}, NULL, RESULT_FAIL,
		SEV_HIGH, "long-term support ended on 2028-06-30", NULL},
	{"extended counts", "2028-07-01", {{OS, DEBIAN_12}, {DEBIAN_CSV, CSV}},
		"[os-supported]\nextended = yes\n", RESULT_PASS, SEV_HIGH,
		"extended support until 2033-06-30", NULL},
	{"no distro-info-data", "2026-11-22", {{OS, DEBIAN_12}}, NULL, RESULT_PASS, SEV_HIGH,
		"until 2028-06-30, by the table of this program", NULL},
	{"distro-info-data without it", "2026-11-22", {{OS, DEBIAN_12}, {DEBIAN_CSV, HEAD}}, NULL,
		RESULT_PASS, SEV_HIGH, "by the table of this program", NULL},
	{"testing", "2026-11-22", {{OS, "ID=debian\nVERSION_CODENAME=forky\n"}, {DEBIAN_CSV, CSV}},
		NULL, RESULT_INFORMATIONAL, SEV_HIGH, "development release", NULL},
	{"Ubuntu", "2026-11-22", {{OS, UBUNTU_24}, {UBUNTU_CSV, UBUNTU}}, NULL, RESULT_PASS,
		SEV_HIGH, "ubuntu 24.04 has support until 2029-05-31", NULL},
	{"Ubuntu after its end", "2030-01-01", {{OS, UBUNTU_24}, {UBUNTU_CSV, UBUNTU}}, NULL,
		RESULT_FAIL, SEV_HIGH, "extended support until 2034-04-25 is not counted", NULL},
	{"Ubuntu Pro", "2030-01-01",
		{{OS, UBUNTU_24}, {UBUNTU_CSV, UBUNTU}, {TOKEN, "{}"}, {ESM, ""}}, NULL,
		RESULT_PASS, SEV_HIGH, "extended support until 2034-04-25", NULL},
	{"Ubuntu Pro that must not count", "2030-01-01",
		{{OS, UBUNTU_24}, {UBUNTU_CSV, UBUNTU}, {TOKEN, "{}"}, {ESM, ""}},
		"[os-supported]\nextended = no\n", RESULT_FAIL, SEV_HIGH, "support ended", NULL},
	{"Ubuntu Pro detached", "2030-01-01", {{OS, UBUNTU_24}, {UBUNTU_CSV, UBUNTU}, {ESM, ""}},
		NULL, RESULT_FAIL, SEV_HIGH, "support ended", NULL},
	{"Ubuntu Pro unreadable", "2030-01-01",
		{{OS, UBUNTU_24}, {UBUNTU_CSV, UBUNTU}, {"/loop", ""}}, NULL, RESULT_UNKNOWN,
		SEV_HIGH, "whether Ubuntu Pro is attached", NULL},
	{"Fedora says it itself", "2026-11-22",
		{{OS, "ID=fedora\nVERSION_ID=99\nSUPPORT_END=2027-12-01\n"}}, NULL, RESULT_PASS,
		SEV_HIGH, "until 2027-12-01, by SUPPORT_END of os-release", NULL},
	{"Rocky", "2026-11-22", {{OS, "ID=rocky\nVERSION_ID=9.4\n"}}, NULL, RESULT_PASS, SEV_HIGH,
		"rocky 9.4 has support until 2032-05-31", NULL},
	{"CentOS 7", "2026-11-22", {{OS, "ID=centos\nVERSION_ID=7\n"}}, NULL, RESULT_FAIL, SEV_HIGH,
		"support ended on 2024-06-30", NULL},
	{"Alpine 3.2 is not 3.20", "2026-01-01", {{OS, "ID=alpine\nVERSION_ID=3.2.3\n"}}, NULL,
		RESULT_UNKNOWN, SEV_HIGH, "alpine 3.2.3", NULL},
	{"Tumbleweed", "2026-01-01", {{OS, "ID=opensuse-tumbleweed\nVERSION_ID=20260101\n"}}, NULL,
		RESULT_PASS, SEV_HIGH, "rolling release", NULL},
	{"nobody knows", "2026-11-22", {{OS, "ID=my\nVERSION_ID=1\n"}}, NULL, RESULT_UNKNOWN,
		SEV_HIGH, "until when my 1 gets security updates is known neither", NULL},
	{"no os-release", "2026-11-22", {{"/x", ""}}, NULL, RESULT_NOTAPPLICABLE, SEV_HIGH,
		"os-release does not exist", NULL},
	{"a directory for os-release", "2026-11-22", {{"/etc/os-release/x", ""}}, NULL,
		RESULT_ERROR, SEV_HIGH, "is a directory", NULL},
};

static int collect(struct test_root *t, struct factset *facts)
{
	static const enum fact_id ids[] = {FACT_OS, FACT_SUPPORT};
	const struct collect c = {.root = &t->root, .facts = facts};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(ids) && r == 0; i++) {
		struct fact *f = NULL;
		r = fact_collect(ids[i], &c, &f);
		if (r == 0)
			factset_put(facts, f);
	}
	return r;
}

static void judge(const struct vector *v)
{
	_cleanup_(verdict_freep) struct verdict *verdict = verdict_new();
	const struct check *c = check_find("os-supported");
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	for (size_t i = 0; i < ARRAY_SIZE(v->files) && v->files[i].path; i++)
		test_write(&t, v->files[i].path, v->files[i].text);
	if (strstr(v->what, "unreadable")) {
		test_write(&t, "/var/lib/ubuntu-advantage/x", "");
		assert_int_equal(
			symlink("private", test_path(&t, "/var/lib/ubuntu-advantage/private")), 0);
	}
	_cleanup_(policy_freep) struct policy *policy = NULL;
	struct errlist errors = {0};
	const char *conf = v->conf ? v->conf : "";
	assert_int_equal(conf_load_text("t.conf", conf, strlen(conf), &errors, &policy), 0);
	errlist_fini(&errors);
	assert_int_equal(collect(&t, &facts), 0);
	assert_int_equal(check_judge(c, &facts, policy, day(v->now), verdict), 0);
	if (verdict->result != v->result || verdict->severity != v->severity ||
		!strstr(verdict->summary, v->text))
		fail_msg("%s: %s %s, \"%s\"", v->what, result_name(verdict->result),
			severity_name(verdict->severity), verdict->summary);
	char until[16];
	if (v->until)
		assert_string_equal(text_day(until, verdict->until_realtime_usec), v->until);
	factset_fini(&facts);
	test_root_fini(&t);
}

static void test_judge(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		judge(&vectors[i]);
}

/* Each release of the table is found as itself, and its phases follow each other. */
static void test_table(void **state)
{
	static const struct os known[] = {
		{.id = "debian", .version_id = "13"},
		{.id = "ubuntu", .version_id = "22.04"},
		{.id = "rhel", .version_id = "8.10"},
		{.id = "centos", .version_id = "9"},
		{.id = "almalinux", .version_id = "10.0"},
		{.id = "ol", .version_id = "9.5"},
		{.id = "amzn", .version_id = "2023"},
		{.id = "sles", .version_id = "15.7"},
		{.id = "opensuse-leap", .version_id = "16.0"},
		{.id = "alpine", .version_id = "3.22.1"},
		{.id = "fedora", .version_id = "43"},
	};
	uint64_t made = day(support_table_date);

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		struct support s = {0};
		uint64_t before = made;
		assert_true(support_from_table(&known[i], &s));
		for (int p = 0; p < SUPPORT_PHASE_MAX; p++) {
			if (!s.end_realtime_usec[p])
				continue;
			assert_true(s.end_realtime_usec[p] > before);
			before = s.end_realtime_usec[p];
		}
		assert_true(before > made);
	}
}

static void test_alloc(void **state)
{
	struct test_root t;

	test_root_init(&t);
	test_write(&t, OS, UBUNTU_24);
	test_write(&t, UBUNTU_CSV, UBUNTU);
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		struct factset facts = {0};
		alloc_count = 0;
		int r = collect(&t, &facts);
		factset_fini(&facts);
		if (alloc_count < alloc_fail_at) {
			assert_int_equal(r, 0);
			break;
		}
		assert_int_equal(r, -ENOMEM);
	}
	assert_true(alloc_fail_at > 8);
	alloc_fail_at = 0;
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
