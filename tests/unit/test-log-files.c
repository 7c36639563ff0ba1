/* SPDX-License-Identifier: ISC */
/* Modes below /var/log, and what log-modes makes of them. */
#include "test.h"

#include "alloc-fail.h"
#include "check/check.h"
#include "conf/conf.h"
#include "fact/log-files.h"
#include "judge-default.h"

static void test_judge(void **state)
{
	static const struct {
		enum os_family family;
		const char *rel;
		mode_t mode;
		uid_t uid;
		bool reachable;
		const char *what; /* part of it; NULL: nothing is wrong */
	} rows[] = {
		{OS_DEBIAN, "auth.log", S_IFREG | 0640, 0, true, NULL},
		{OS_DEBIAN, "auth.log.1", S_IFREG | 0644, 0, true, "read"},
		{OS_DEBIAN, "auth.log.2.gz", S_IFREG | 0644, 0, false, NULL},
		{OS_DEBIAN, "auth.log", S_IFREG | 0660, 0, true, "group may write"},
		{OS_DEBIAN, "auth.log", S_IFREG | 0640, 1000, true, "person"},
		{OS_DEBIAN, "syslog", S_IFREG | 0666, 102, true, "others may write"},
		{OS_DEBIAN, "syslog", S_IFREG | 0640, 102, true, NULL},
		{OS_DEBIAN, "dpkg.log", S_IFREG | 0644, 0, true, NULL},
		{OS_DEBIAN, "dpkg.log", S_IFREG | 0664, 0, true, NULL},
		{OS_DEBIAN, "own/x.log", S_IFREG | 0666, 1000, true, "others may write"},
		{OS_DEBIAN, "own/x.log", S_IFREG | 0666, 1000, false, NULL},
		{OS_DEBIAN, "own", S_IFDIR | 01777, 0, true, "others may write to it"},
		{OS_DEBIAN, "", S_IFDIR | 0775, 0, true, NULL},
		{OS_DEBIAN, "", S_IFDIR | 0777, 0, true, "others may write to it"},
		{OS_DEBIAN, "audit", S_IFDIR | 0755, 0, true, "look into"},
		{OS_DEBIAN, "audit", S_IFDIR | 0750, 0, true, NULL},
		{OS_DEBIAN, "x", S_IFSOCK | 0777, 0, true, NULL},
		{OS_DEBIAN, "x", S_IFLNK | 0777, 0, true, NULL},
		{OS_RHEL, "secure", S_IFREG | 0600, 0, true, NULL},
		{OS_RHEL, "secure-20261101", S_IFREG | 0604, 0, true, "read"},
		{OS_RHEL, "auth.log", S_IFREG | 0644, 0, true, NULL},
		{OS_RHEL, "messages", S_IFREG | 0640, 0, true, NULL},
		{OS_OTHER, "btmp", S_IFREG | 0664, 0, true, "read"},
		{OS_OTHER, "wtmp", S_IFREG | 0664, 0, true, NULL},
		{OS_OTHER, "journal/0/system.journal", S_IFREG | 0640, 0, true, NULL},
		{OS_OTHER, "journal/0/system.journal", S_IFREG | 0644, 0, true, "read"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct stat st = {.st_mode = rows[i].mode, .st_uid = rows[i].uid};
		struct log_mode_fault f;
		bool fault = log_mode_judge(
			rows[i].family, rows[i].rel, &st, rows[i].reachable, &f);
		if (fault != (rows[i].what != NULL) || (fault && !strstr(f.what, rows[i].what)))
			fail_msg("%zu %s: %s", i, rows[i].rel, fault ? f.what : "nothing");
	}
}

static int collect(const struct test_root *t, struct factset *facts)
{
	static const enum fact_id ids[] = {FACT_OS, FACT_LOG_FILES};
	const struct collect c = {.root = &t->root, .facts = facts};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(ids); i++) {
		struct fact *f = NULL;
		r = fact_collect(ids[i], &c, &f);
		if (r == 0)
			factset_put(facts, f);
	}
	return r;
}

static void expect(const struct test_root *t, enum result result, const char *subject)
{
	struct errlist errors = {0};
	struct policy *policy = NULL;
	struct factset facts = {0};
	struct verdict *v = verdict_new();

	assert_int_equal(conf_load_text("test.conf", "", 0, &errors, &policy), 0);
	assert_int_equal(collect(t, &facts), 0);
	assert_int_equal(check_judge(check_find("log-modes"), &facts, policy, 0, v), 0);
	if (v->result != result)
		fail_msg("%s (%s)", result_name(v->result), v->summary);
	if (subject)
		assert_string_equal(v->evidence[0].subject, subject);
	verdict_free(v);
	factset_fini(&facts);
	policy_free(policy);
	errlist_fini(&errors);
}

/* What cannot be looked into is no pass, with or without a fault beside it. */
static void test_unreadable(void **state)
{
	struct log_files files = {
		.unread = "permission denied", .unread_path = "/var/log/private"};
	struct factset facts = {0};
	struct verdict *v = verdict_new();

	facts.v[FACT_LOG_FILES] = fact_new(FACT_LOG_FILES);
	facts.v[FACT_LOG_FILES]->u.log_files = &files;
	judge_default("log-modes", &facts, v);
	assert_int_equal(v->result, RESULT_ERROR);
	assert_string_equal(v->evidence[0].path, "/var/log/private");
	verdict_free(v);
	factset_fini(&facts);
}

static void test_walk(void **state)
{
	struct test_root t;

	test_root_init(&t);
	expect(&t, RESULT_NOTAPPLICABLE, NULL);
	test_write(&t, "/etc/os-release", "ID=debian\n");
	test_write(&t, "/var/log/auth.log", "");
	test_write(&t, "/var/log/a/b/c", "");
	assert_int_equal(chmod(test_path(&t, "/var/log/auth.log"), 0640), 0);
	assert_int_equal(symlink("/etc", test_path(&t, "/var/log/link")), 0);
	assert_int_equal(mkfifo(test_path(&t, "/var/log/fifo"), 0666), 0);
	expect(&t, RESULT_PASS, NULL);
	assert_int_equal(chmod(test_path(&t, "/var/log/a/b/c"), 0666), 0);
	expect(&t, RESULT_FAIL, "file /var/log/a/b/c");
	assert_int_equal(chmod(test_path(&t, "/var/log/a"), 0750), 0);
	expect(&t, RESULT_PASS, NULL);
	assert_int_equal(chmod(test_path(&t, "/var/log/auth.log"), 0644), 0);
	expect(&t, RESULT_FAIL, "file /var/log/auth.log");
	assert_int_equal(chmod(test_path(&t, "/var/log/auth.log"), 0640), 0);
	test_write(&t, "/var/log/1/2/3/4/5/6/7/8/9/10", "");
	expect(&t, RESULT_UNKNOWN, "log files");
	test_root_fini(&t);
}

/* A link in the place of a log: what it names is the log, and who may replace that matters. */
static void test_linked(void **state)
{
	struct test_root t;

	test_root_init(&t);
	test_write(&t, "/etc/os-release", "ID=debian\n");
	test_write(&t, "/srv/logs/auth.log", "");
	test_write(&t, "/srv/audit/audit.log", "");
	test_write(&t, "/var/log/x", "");
	assert_int_equal(chmod(test_path(&t, "/srv/logs/auth.log"), 0640), 0);
	assert_int_equal(symlink("../../srv/logs/auth.log", test_path(&t, "/var/log/auth.log")), 0);
	assert_int_equal(symlink("/nowhere", test_path(&t, "/var/log/syslog")), 0);
	expect(&t, RESULT_PASS, NULL);
	assert_int_equal(chmod(test_path(&t, "/srv/logs/auth.log"), 0666), 0);
	expect(&t, RESULT_FAIL, "file /var/log/auth.log");
	assert_int_equal(chmod(test_path(&t, "/srv"), 0750), 0); /* nobody gets there */
	assert_int_equal(chmod(test_path(&t, "/srv/logs/auth.log"), 0644), 0);
	expect(&t, RESULT_PASS, NULL);
	assert_int_equal(chmod(test_path(&t, "/srv"), 0755), 0);
	assert_int_equal(chmod(test_path(&t, "/srv/logs/auth.log"), 0640), 0);
	assert_int_equal(chmod(test_path(&t, "/srv/logs"), 0777), 0);
	expect(&t, RESULT_FAIL, "file /var/log/auth.log");
	assert_int_equal(chmod(test_path(&t, "/srv/logs"), 01777), 0);
	expect(&t, RESULT_PASS, NULL);
	/* A directory in the place of one, and what is in it. */
	assert_int_equal(symlink("/srv/audit", test_path(&t, "/var/log/audit")), 0);
	expect(&t, RESULT_FAIL, "file /var/log/audit");
	assert_int_equal(chmod(test_path(&t, "/srv/audit"), 0750), 0);
	assert_int_equal(chmod(test_path(&t, "/srv/audit/audit.log"), 0660), 0);
	expect(&t, RESULT_FAIL, "file /var/log/audit/audit.log");
	assert_int_equal(chmod(test_path(&t, "/srv/audit/audit.log"), 0640), 0);
	expect(&t, RESULT_PASS, NULL);
	/* Round and round. */
	assert_int_equal(symlink("kern.log", test_path(&t, "/var/log/kern.log")), 0);
	expect(&t, RESULT_ERROR, "log files");
	test_root_fini(&t);
}

static void test_no_directory(void **state)
{
	struct test_root t;

	test_root_init(&t);
	test_write(&t, "/var/log", "");
	expect(&t, RESULT_ERROR, NULL);
	test_root_fini(&t);
}

static int collect_once(void *t)
{
	struct factset facts = {0};
	int r = collect(t, &facts);

	factset_fini(&facts);
	return r;
}

static void test_alloc(void **state)
{
	struct test_root t;

	test_root_init(&t);
	test_write(&t, "/etc/os-release", "ID=debian\n");
	for (int i = 0; i < 200; i++) {
		char path[64];
		(void)snprintf(path, sizeof(path), "/var/log/x/auth.log.%d", i);
		test_write(&t, path, "");
		assert_int_equal(chmod(test_path(&t, path), 0666), 0);
	}
	alloc_each(collect_once, &t, 5);
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_linked),
		cmocka_unit_test(test_no_directory),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
