/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "alloc-fail.h"
#include "fact/pending.h"
#include "fact/updates.h"
#include "rpm-header.h"
#include "update-fixture.h"

#define FACTS                                                                    \
	(FACT_BIT(FACT_OS) | FACT_BIT(FACT_PACKAGES) | FACT_BIT(FACT_APT_CONF) | \
		FACT_BIT(FACT_REPOS) | FACT_BIT(FACT_UPDATES))

#define STATUS                                                                         \
	{                                                                              \
		"/var/lib/dpkg/status",                                                \
			"Package: bash\nStatus: install ok installed\nVersion: 1\n\n", \
			"2026-11-01"                                                   \
	}
#define SOURCES                                                                                   \
	{                                                                                         \
		"/etc/apt/sources.list",                                                          \
			"deb http://deb.debian.org/debian bookworm main\n"                        \
			"deb http://security.debian.org/debian-security bookworm-security main\n" \
			"deb http://example.com/x y main\n",                                      \
			NULL                                                                      \
	}
#define LISTS	"/var/lib/apt/lists/"
#define MAIN	LISTS "deb.debian.org_debian_dists_bookworm_InRelease"
#define SECURE	LISTS "security.debian.org_debian-security_dists_bookworm-security_InRelease"
#define OTHER	LISTS "example.com_x_dists_y_InRelease"
#define PARTIAL LISTS "partial/x"
#define RELEASE "Origin: Debian\nSuite: stable\n"

static void test_conf(void **state)
{
	static const struct {
		const char *text;
		bool apply, security;
		unsigned line;
	} vectors[] = {
		{"[commands]\napply_updates = yes\nupgrade_type = security\n", true, true, 2},
		{"[commands]\napply_updates=no\n", false, false, 2},
		{"[base]\napply_updates = yes\n", false, false, 0},
		{"[commands]\n# apply_updates = yes\n; apply_updates = yes\n", false, false, 0},
		{"[commands]\napply_updates = yes\n[emitters]\napply_updates = no\n", true, false,
			2},
		{"[commands]\nupdate_cmd = security-severity:Critical\n\napply_updates: 1\n", false,
			true, 0},
		{"[COMMANDS]\r\nApply_Updates =  On \r\n", true, false, 2},
		{"apply_updates = yes", false, false, 0},
		{"[commands]\n=yes\n=\n[", false, false, 0},
		{"", false, false, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct update_conf c = {0};
		update_conf_parse(vectors[i].text, &c);
		assert_int_equal(c.apply, vectors[i].apply);
		assert_int_equal(c.security_only, vectors[i].security);
		assert_int_equal(c.line, vectors[i].line);
	}
}

struct vector {
	const char *what;
	struct test_file files[8];
	const char *checked, *checked_path; /* day; NULL: never */
	const char *installed;
};

static const struct vector vectors[] = {
	{"nothing was ever fetched", {STATUS, SOURCES}, NULL, NULL, "2026-11-01"},
	{"stamps without lists",
		{STATUS, SOURCES, {"/var/lib/apt/periodic/update-stamp", "", "2026-11-02"},
			{"/var/lib/apt/periodic/update-success-stamp", "", "2026-11-03"}},
		"2026-11-03", "/var/lib/apt/periodic/update-success-stamp", "2026-11-01"},
	{"the security archive counts",
		{STATUS, SOURCES, {MAIN, RELEASE, "2026-11-09"}, {SECURE, RELEASE, "2026-11-05"},
			{OTHER, RELEASE, "2026-11-20"}},
		"2026-11-05", SECURE, "2026-11-01"},
	{"no security archive was fetched",
		{STATUS, SOURCES, {MAIN, RELEASE, "2026-11-09"}, {OTHER, RELEASE, "2026-11-20"}},
		"2026-11-20", OTHER, "2026-11-01"},
	{"an archive that is no source any more",
		{STATUS,
			{"/etc/apt/sources.list",
				"deb http://deb.debian.org/debian bookworm main\n"},
			{MAIN, RELEASE, "2026-11-09"}, {OTHER, RELEASE, "2026-11-20"}},
		"2026-11-09", MAIN, "2026-11-01"},
};

static void test_marks(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct factset facts = {0};
		struct test_root t;
		char day[16];
		test_root_init(&t);
		test_write_files(&t, v->files, ARRAY_SIZE(v->files));
		assert_int_equal(test_collect(&t, FACTS, &facts), 0);
		const struct updates *u = facts.v[FACT_UPDATES]->u.updates;
		if (v->checked) {
			assert_string_equal(u->checked.path, v->checked_path);
			assert_string_equal(text_day(day, u->checked.realtime_usec), v->checked);
		} else {
			assert_null(u->checked.path);
		}
		assert_string_equal(text_day(day, u->installed.realtime_usec), v->installed);
		assert_null(u->reason);
		factset_fini(&facts);
		test_root_fini(&t);
	}
}

/* On a running machine the time at which a Release file was put in place. */
static void test_live(void **state)
{
	static const struct test_file files[] = {STATUS, SOURCES, {SECURE, RELEASE, "2020-01-01"}};
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	test_write_files(&t, files, ARRAY_SIZE(files));
	t.root.live = true;
	assert_int_equal(test_collect(&t, FACTS, &facts), 0);
	const struct updates *u = facts.v[FACT_UPDATES]->u.updates;
	assert_true(u->checked.realtime_usec > test_day("2026-01-01"));
	factset_fini(&facts);
	test_root_fini(&t);
}

static void test_rpm(void **state)
{
	static const struct test_file files[] = {
		{"/etc/yum.repos.d/x.repo", "[x]\nbaseurl=http://x/\n"},
		{"/var/lib/rpm/.rpm.lock", ""},
		{"/var/cache/dnf/x-1/repodata/repomd.xml", "", "2026-11-02"},
		{"/var/cache/dnf/x-1/repodata/primary.xml.gz", "", "2026-11-04"},
		{"/etc/dnf/automatic.conf", "[commands]\napply_updates = yes\n"},
		{"/usr/share/dnf5/dnf5-plugins/automatic.conf",
			"[commands]\nupgrade_type=security\n"},
	};
	struct factset facts = {0};
	struct rpm_header h;
	struct test_root t;
	char day[16];

	test_root_init(&t);
	test_write_files(&t, files, ARRAY_SIZE(files));
	sqlite3 *db = rpm_db_create(test_path(&t, "/var/lib/rpm/rpmdb.sqlite"), "DELETE");
	rpm_header_make(&h, "bash", 0, "5", "1", "x86_64");
	rpm_db_add(db, &h);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	test_set_mtime(&t, "/var/lib/rpm/rpmdb.sqlite", "2026-11-01");
	assert_int_equal(test_collect(&t, FACTS, &facts), 0);
	const struct updates *u = facts.v[FACT_UPDATES]->u.updates;
	assert_non_null(u);
	assert_string_equal(text_day(day, u->checked.realtime_usec), "2026-11-04");
	assert_string_equal(text_day(day, u->installed.realtime_usec), "2026-11-01");
	assert_true(u->tools[UPDATE_DNF_AUTOMATIC].apply);
	assert_true(u->tools[UPDATE_DNF_AUTOMATIC].security_only);
	assert_string_equal(u->tools[UPDATE_DNF_AUTOMATIC].path, "/etc/dnf/automatic.conf");
	assert_null(u->tools[UPDATE_YUM_CRON].path);
	factset_fini(&facts);
	test_root_fini(&t);
}

static void test_age(void **state)
{
	static const struct {
		const char *what, *now, *conf;
		struct test_file files[4];
		enum result result;
		const char *text, *until;
	} cases[] = {
		{"fresh", "2026-11-07", NULL, {STATUS, SOURCES, {SECURE, RELEASE, "2026-11-05"}},
			RESULT_PASS, "checked for updates 2026-11-05T12:00:00Z, by " SECURE,
			"2026-11-12"},
		{"stale", "2026-11-13", NULL, {STATUS, SOURCES, {SECURE, RELEASE, "2026-11-05"}},
			RESULT_FAIL, "last: 2026-11-05T12:00:00Z", NULL},
		{"stale as stated", "2026-11-07", "[update-age]\nmax_days = 1\n",
			{STATUS, SOURCES, {SECURE, RELEASE, "2026-11-05"}}, RESULT_FAIL,
			"the last successful check for updates was 2026-11-05T12:00:00Z", NULL},
		/* Such a stamp would do for ever. */
		{"of the future", "2026-11-07", NULL,
			{STATUS, SOURCES, {SECURE, RELEASE, "2099-01-01"}}, RESULT_UNKNOWN,
			"last: 2099-01-01T12:00:00Z, by " SECURE ", which is in the future",
			"2099-01-01"},
		{"never", "2026-11-07", NULL, {STATUS, SOURCES}, RESULT_FAIL, "never", NULL},
		{"no packages", "2026-11-07", NULL, {SOURCES}, RESULT_NOTAPPLICABLE, "", NULL},
		{"packages cut short", "2026-11-07", NULL,
			{{"/var/lib/dpkg/status", "Package: x"}, SOURCES}, RESULT_ERROR,
			"cut short", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct factset facts = {0};
		struct test_root t;
		char day[16];
		test_root_init(&t);
		test_write_files(&t, cases[i].files, ARRAY_SIZE(cases[i].files));
		assert_int_equal(test_collect(&t, FACTS, &facts), 0);
		struct verdict *v = test_judge(
			"update-age", &facts, cases[i].conf, test_day(cases[i].now));
		test_verdict(cases[i].what, v, cases[i].result, cases[i].text);
		if (cases[i].until)
			assert_string_equal(text_day(day, v->until_realtime_usec), cases[i].until);
		verdict_free(v);
		factset_fini(&facts);
		test_root_fini(&t);
	}
}

/* Updates that wait while nothing is installed; those that nobody would install don't count. */
static void test_idle(void **state)
{
	static const struct {
		const char *what, *now;
		struct pending_update update;
		enum result result;
		const char *text;
	} cases[] = {
		{"in time", "2026-11-06", {.name = "bash", .candidate = "2"}, RESULT_PASS,
			"checked"},
		{"idle", "2026-11-10", {.name = "bash", .candidate = "2"}, RESULT_FAIL,
			"1 update (bash) waits, and nothing was installed since "
			"2026-11-01T12:00:00Z"},
		{"installed in the future", "2026-10-01", {.name = "bash", .candidate = "2"},
			RESULT_UNKNOWN, "last: 2026-11-01T12:00:00Z, by"},
		{"held", "2026-11-10", {.name = "bash", .candidate = "2", .held = true},
			RESULT_PASS, "checked"},
		{"phased", "2026-11-10", {.name = "bash", .candidate = "2", .phased = true},
			RESULT_PASS, "checked"},
		{"nothing newer", "2026-11-10", {.name = "bash", .security = "2"}, RESULT_PASS,
			"checked"},
	};
	static const struct test_file files[] = {STATUS, SOURCES, {SECURE, RELEASE, "2026-11-05"}};
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	test_write_files(&t, files, ARRAY_SIZE(files));
	assert_int_equal(test_collect(&t, FACTS, &facts), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fact *f = fact_new(FACT_PENDING);
		const struct pending p = {.updates = &cases[i].update, .n_updates = 1};
		f->u.pending = &p;
		factset_put(&facts, f);
		struct verdict *v = test_judge("update-age", &facts, NULL, test_day(cases[i].now));
		test_verdict(cases[i].what, v, cases[i].result, cases[i].text);
		verdict_free(v);
	}
	struct fact *f = fact_new(FACT_PENDING);
	fact_fail(f, -EACCES, "a list is not to be read");
	factset_put(&facts, f);
	struct verdict *v = test_judge("update-age", &facts, NULL, test_day("2026-11-06"));
	test_verdict("pending unreadable", v, RESULT_UNKNOWN, "a list is not to be read");
	verdict_free(v);
	factset_fini(&facts);
	test_root_fini(&t);
}

/* A stamp that can't be looked at might be newer: not a fail, and never a pass. */
static void test_unreadable(void **state)
{
	static const struct test_file files[] = {STATUS, SOURCES, {"/var/lib/apt/x", ""}};
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	test_write_files(&t, files, ARRAY_SIZE(files));
	assert_int_equal(symlink("periodic", test_path(&t, "/var/lib/apt/periodic")), 0);
	assert_int_equal(test_collect(&t, FACTS, &facts), 0);
	struct verdict *v = test_judge("update-age", &facts, NULL, test_day("2026-11-07"));
	test_verdict("a loop", v, RESULT_ERROR, "/var/lib/apt/periodic");
	verdict_free(v);
	factset_fini(&facts);
	test_root_fini(&t);
}

static void test_alloc(void **state)
{
	static const struct test_file files[] = {STATUS, SOURCES, {SECURE, RELEASE, "2026-11-05"},
		{"/etc/dnf/automatic.conf", "[commands]\napply_updates = yes\n"}};
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	test_write_files(&t, files, ARRAY_SIZE(files));
	assert_int_equal(test_collect(&t, FACTS & ~FACT_BIT(FACT_UPDATES), &facts), 0);
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		alloc_count = 0;
		int r = test_collect(&t, FACT_BIT(FACT_UPDATES), &facts);
		if (alloc_count < alloc_fail_at) {
			assert_int_equal(r, 0);
			break;
		}
		assert_int_equal(r, -ENOMEM);
	}
	assert_true(alloc_fail_at > 4);
	alloc_fail_at = 0;
	factset_fini(&facts);
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conf),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_rpm),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
