/* SPDX-License-Identifier: ISC */
/* What becomes of items: drift, evidence of a check, the baseline again. */
#include "ledger-fixture.h"

static void test_drift(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f);
	fixture_fact(f, FACT_ACCOUNTS, BOB);
	fixture_expect(f, F_ACCOUNTS,
		"drift accounts: account alice removed: was uid=1001 shell=/bin/sh (/etc/passwd)",
		NULL);
	assert_int_equal(f->event.kind, EVENT_DRIFT);
	assert_string_equal(f->event.fact, "accounts");
	assert_null(f->event.check);
	assert_int_equal(event_priority(&f->event), 5);
	fixture_reopen(f);
	fixture_expect(f, F_ACCOUNTS, NULL);
	/* Off the baseline and back to it, in one batch. */
	fixture_fact(f, FACT_ACCOUNTS,
		ALICE
		"account bob|uid=1002 shell=/bin/bash|/etc/passwd|32\naccount eve|uid=0|-|-\n");
	fixture_expect(f, F_ACCOUNTS,
		"drift accounts: 2 changed: bob: shell=/bin/sh → shell=/bin/bash (/etc/passwd:32); "
		"eve uid=0 added",
		"resolved drift accounts: account alice is as in the baseline again "
		"(uid=1001 shell=/bin/sh; was absent)",
		NULL);
	/* Elsewhere is not otherwise. */
	fixture_fact(f, FACT_ACCOUNTS,
		"account alice|uid=1001 shell=/bin/sh|/etc/passwd|1\n"
		"account bob|uid=1002 shell=/bin/bash|/etc/passwd|7\naccount eve|uid=0|/x|2\n");
	fixture_expect(f, F_ACCOUNTS, NULL);
	fixture_fact(f, FACT_ACCOUNTS, ALICE BOB);
	fixture_expect(f, F_ACCOUNTS,
		"resolved drift accounts: 2 are as in the baseline again: bob (uid=1002 "
		"shell=/bin/sh; was uid=1002 shell=/bin/bash); eve (absent; was uid=0)",
		NULL);
	assert_int_equal(f->event.kind, EVENT_RESOLVED);
}

/* Not seeing is not disappearing; having gone is. */
static void test_unreadable(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f);
	fixture_fact_fails(f, FACT_PACKAGES, -EACCES);
	fixture_expect(f, F_PACKAGES, NULL);
	fixture_fact_fails(f, FACT_PACKAGES, -EIO);
	fixture_expect(f, F_PACKAGES, NULL);
	fixture_fact(f, FACT_PACKAGES, "package curl|7.88.1\npackage foo|1.3\n");
	fixture_expect(f, F_PACKAGES, "drift packages: package foo 1.2 → 1.3", NULL);
	fixture_fact_fails(f, FACT_PACKAGES, -ENOENT);
	fixture_expect(f, F_PACKAGES,
		"drift packages: 2 changed: curl 7.88.1 removed; foo 1.3 removed", NULL);
	fixture_fact_fails(f, FACT_COVERAGE, -EACCES);
	fixture_expect(f, F_COVERAGE, NULL);
	/* It was never seen before, so what is there now is its baseline. */
	fixture_fact(f, FACT_COVERAGE, "a|b\n");
	fixture_expect(f, F_COVERAGE, NULL);
}

/* It is not on the machine at first: what comes later is drift. */
static void test_absent_baseline(void **state)
{
	struct fixture *f = *state;

	fixture_fact_fails(f, FACT_OS, -ENOENT);
	fixture_expect(f, FACT_ALL, NULL);
	fixture_reopen(f);
	fixture_fact(f, FACT_OS, NO);
	fixture_expect(
		f, F_OS, "drift os: PermitRootLogin no added (/etc/ssh/sshd_config:33)", NULL);
}

static void test_drift_check(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f);
	fixture_fact(f, FACT_PACKAGES, "package foo|1.2\n");
	fixture_expect(f, F_PACKAGES, "drift packages: package curl 7.88.1 removed", NULL);
	assert_string_equal(f->event.check, "package-drift");
	assert_string_equal(f->event.title, "Packages stay");
	assert_int_equal(f->event.severity, SEV_MEDIUM);
	assert_int_equal(event_priority(&f->event), 5);
	/* Switched off: taken up without a word. */
	fixture_set(f, CHECK_PACKAGES, RESULT_NOTCHECKED, "switched off in the configuration");
	fixture_fact(f, FACT_PACKAGES, "package foo|1.3\n");
	fixture_expect(f, F_PACKAGES, NULL);
	fixture_set(f, CHECK_PACKAGES, RESULT_INFORMATIONAL, "packages");
	fixture_expect(f, FACT_ALL, NULL);
	fixture_fact(f, FACT_PACKAGES, "package foo|1.2\npackage curl|7.88.1\n");
	fixture_expect(f, F_PACKAGES,
		"resolved drift packages: 2 are as in the baseline again: "
		"curl (7.88.1; was absent); foo (1.2; was 1.3)",
		NULL);
	assert_string_equal(f->event.check, "package-drift");
}

/* One change is told once: what the check's evidence names is no drift beside it. */
static void test_absorbed(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f);
	fixture_fact(f, FACT_ACCOUNTS,
		ALICE "account bob|uid=1002 password=yescrypt\n"
		      "account eve|uid=1003 password=yescrypt\n"
		      "account fay|uid=1004\n");
	fixture_fail(f, CHECK_PASSWORD, "2 accounts have a password",
		"account bob|has a password\naccount eve|has a password\n");
	fixture_expect(f, F_ACCOUNTS,
		"account-password FAIL high: 2 accounts have a password: account bob: has a "
		"password "
		"(shell=/bin/sh → password=yescrypt); account eve: has a password "
		"(new: uid=1003 password=yescrypt)",
		"drift accounts: account fay uid=1004 added", NULL);
	fixture_fact(f, FACT_ACCOUNTS,
		ALICE BOB "account eve|uid=1003 password=yescrypt\n"
			  "account fay|uid=1004\n");
	fixture_fail(f, CHECK_PASSWORD, "1 account has a password", "account eve|has a password\n");
	fixture_expect(f, F_ACCOUNTS,
		"account-password FAIL high changed: 1 account has a password; no longer: "
		"account bob: uid=1002 shell=/bin/sh (was has a password) at /etc/passwd:32 "
		"(open since 2025-11-21T23:35:57Z)",
		NULL);
	/* The item that evidence goes on naming has changed in another way: that is drift. */
	fixture_fact(f, FACT_ACCOUNTS,
		ALICE BOB "account eve|uid=0 password=yescrypt\n"
			  "account fay|uid=1004\n");
	fixture_expect(f, F_ACCOUNTS, "drift accounts: account eve: uid=1003 → uid=0", NULL);
	fixture_fact(f, FACT_ACCOUNTS, ALICE BOB "account fay|uid=1004\n");
	fixture_set(f, CHECK_PASSWORD, RESULT_PASS, "nobody has a password");
	f->now_usec = 50 * USEC_PER_SEC;
	fixture_expect(f, F_ACCOUNTS,
		"resolved account-password after 48 s: nobody has a password: "
		"account eve is gone (was has a password)",
		NULL);
	fixture_reopen(f);
	fixture_expect(f, FACT_ALL, NULL);
}

/* Nor what it follows from, nor that the file came or went in which that stands. */
static void test_absorbed_item(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f);
	fixture_fact(f, FACT_OS, NO "file /etc/sudoers.d/x|mode=0440|/etc/sudoers.d/x\n");
	fixture_fact(f, FACT_ACCOUNTS, ALICE BOB "sudo bob|ALL|/etc/sudoers.d/x|1\n");
	fixture_fail(f, CHECK_PASSWORD, "bob is root",
		"account bob|can be root||/etc/sudoers.d/x|1|sudo bob\n");
	fixture_expect(f, F_OS | F_ACCOUNTS,
		"account-password FAIL high: bob is root: account bob: can be root at "
		"/etc/sudoers.d/x:1",
		NULL);
	/* It still is, by another rule. */
	fixture_fact(f, FACT_ACCOUNTS, ALICE BOB "sudo bob|sh|/etc/sudoers.d/x|1\n");
	fixture_fail(f, CHECK_PASSWORD, "bob is root",
		"account bob|can be root by a shell||/etc/sudoers.d/x|1|sudo bob\n");
	fixture_expect(f, F_OS | F_ACCOUNTS,
		"account-password FAIL high changed: bob is root: account bob: can be root by a "
		"shell (was can be root) at /etc/sudoers.d/x:1 (open since 2025-11-21T23:35:57Z)",
		NULL);
	fixture_fact(f, FACT_OS, NO);
	fixture_fact(f, FACT_ACCOUNTS, ALICE BOB);
	fixture_set(f, CHECK_PASSWORD, RESULT_PASS, "nobody is root");
	fixture_expect(f, F_OS | F_ACCOUNTS,
		"resolved account-password after 2 s: nobody is root: account bob (was can be root "
		"by a shell) at /etc/passwd:32",
		NULL);
	/* Without evidence it is one drift, of what stands in the file. */
	fixture_fact(f, FACT_OS, NO "file /etc/sudoers.d/x|mode=0440|/etc/sudoers.d/x\n");
	fixture_fact(f, FACT_ACCOUNTS, ALICE BOB "sudo bob|ls|/etc/sudoers.d/x|1\n");
	fixture_expect(f, F_OS | F_ACCOUNTS,
		"drift accounts: sudo bob ls added (/etc/sudoers.d/x:1)", NULL);
	fixture_fact(f, FACT_OS, NO);
	fixture_fact(f, FACT_ACCOUNTS, ALICE BOB);
	fixture_expect(f, F_OS | F_ACCOUNTS,
		"resolved drift accounts: sudo bob is as in the baseline again (absent; was ls)",
		NULL);
	/* By itself it is told, and so is another mode. */
	fixture_fact(f, FACT_OS, NO "file /etc/sudoers.d/x|mode=0440|/etc/sudoers.d/x\n");
	fixture_expect(f, F_OS | F_ACCOUNTS,
		"drift os: file /etc/sudoers.d/x mode=0440 added (/etc/sudoers.d/x)", NULL);
	fixture_fact(f, FACT_OS, NO "file /etc/sudoers.d/x|mode=0666|/etc/sudoers.d/x\n");
	fixture_fact(f, FACT_ACCOUNTS, ALICE BOB "sudo bob|ls|/etc/sudoers.d/x|1\n");
	fixture_expect(f, F_OS | F_ACCOUNTS,
		"drift os: file /etc/sudoers.d/x mode=0440 → mode=0666 (/etc/sudoers.d/x)",
		"drift accounts: sudo bob ls added (/etc/sudoers.d/x:1)", NULL);
	fixture_reopen(f);
	fixture_expect(f, FACT_ALL, NULL);
}

/* What was taken away and comes back otherwise is told with what the baseline has. */
static void test_replaced(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f);
	fixture_fact(f, FACT_ACCOUNTS, ALICE);
	fixture_expect(f, F_ACCOUNTS,
		"drift accounts: account bob removed: was uid=1002 shell=/bin/sh (/etc/passwd)",
		NULL);
	fixture_fact(f, FACT_ACCOUNTS, ALICE "account bob|uid=0\n");
	fixture_expect(f, F_ACCOUNTS,
		"drift accounts: account bob uid=0 added; the baseline has uid=1002 shell=/bin/sh",
		NULL);
}

/* Two facts have an item of the same name: evidence can speak of one only. */
static void test_absorbed_of_two(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f);
	fixture_fact(f, FACT_OS, NO "account bob|sudo\n");
	fixture_fact(f, FACT_ACCOUNTS, ALICE "account bob|uid=0\n");
	fixture_fail(f, CHECK_ROOT, "bob is root", "account bob|sudo\n");
	fixture_expect(f, F_OS | F_ACCOUNTS,
		"ssh-root-login FAIL high: bob is root: account bob sudo",
		"drift accounts: account bob: uid=1002 shell=/bin/sh → uid=0", NULL);
}

/* Several checks that one change concerns are one event; each keeps a finding of its own. */
static void test_one_act(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f);
	fixture_fact(f, FACT_ACCOUNTS, ALICE BOB "account eve|uid=0|/etc/passwd|33\n");
	fixture_fail(f, CHECK_ROOT, "eve can log in as root",
		"Match User eve|yes|no|/etc/ssh/sshd_config|7|account eve\n");
	fixture_fail(f, CHECK_PASSWORD, "a password", "account eve|has a password||/etc/passwd|33\n");
	/* Both are high: the one about the account itself leads, and tells what it was before. */
	fixture_expect(f, F_ACCOUNTS,
		"account-password FAIL high: a password: account eve: has a password (new: uid=0) "
		"at /etc/passwd:33; so also ssh-root-login FAIL high (Match User eve)",
		NULL);
	assert_string_equal(f->event.remedy, "lock it");
	assert_int_equal(f->event.n_also, 1);
	assert_string_equal(f->event.also->check, "ssh-root-login");
	assert_string_equal(f->event.also->title, "Root stays out");
	assert_int_equal(f->event.also->kind, EVENT_OPENED);
	assert_int_equal(f->event.also->result, RESULT_FAIL);
	assert_int_equal(f->event.also->n_details, 1);
	assert_string_equal(f->event.also->details->observed, "yes");
	fixture_reopen(f);
	fixture_expect(f, FACT_ALL, NULL);
	/* They are well again one by one, and each says so. */
	fixture_set(f, CHECK_ROOT, RESULT_PASS, "root cannot log in");
	fixture_expect(f, F_OS,
		"resolved ssh-root-login after 2 s: root cannot log in: Match User eve (was yes) at "
		"/etc/ssh/sshd_config:7",
		NULL);
	assert_int_equal(f->event.n_also, 0);
}

/* Together they are well again; what gets worse by the same change is another event. */
static void test_one_act_undone(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f);
	fixture_fact(f, FACT_ACCOUNTS, ALICE BOB "account eve|uid=0|/etc/passwd|33\n");
	fixture_fail(f, CHECK_ROOT, "eve is root", "account eve|yes|no|/etc/passwd|33\n");
	fixture_fail(f, CHECK_PASSWORD, "a password", "account eve|has one||/etc/passwd|33\n");
	f->verdicts[CHECK_ROOT]->severity = SEV_CRITICAL;
	fixture_expect(f, F_ACCOUNTS,
		"ssh-root-login FAIL critical: eve is root: account eve yes (new: uid=0; should be "
		"no) at /etc/passwd:33; so also account-password FAIL high",
		NULL);
	assert_int_equal(event_priority(&f->event), 2);
	fixture_fact(f, FACT_ACCOUNTS, ALICE BOB);
	fixture_set(f, CHECK_ROOT, RESULT_PASS, "nobody");
	fixture_set(f, CHECK_PASSWORD, RESULT_PASS, "nobody has one");
	fixture_expect(f, F_ACCOUNTS,
		"resolved ssh-root-login after 1 s: nobody: account eve is gone (was yes) at "
		"/etc/passwd; so also account-password",
		NULL);
	fixture_fact(f, FACT_ACCOUNTS, ALICE BOB "account eve|uid=0|/etc/passwd|33\n");
	fixture_fail(f, CHECK_ROOT, "eve is root", "account eve|yes|no|/etc/passwd|33\n");
	fixture_expect(f, F_ACCOUNTS,
		"ssh-root-login FAIL high: eve is root: account eve yes (new: uid=0; should be "
		"no) at /etc/passwd:33",
		NULL);
	fixture_fact(f, FACT_ACCOUNTS, ALICE BOB "account eve|uid=7|/etc/passwd|33\n");
	fixture_set(f, CHECK_ROOT, RESULT_PASS, "nobody");
	fixture_fail(f, CHECK_PASSWORD, "a password", "account eve|has one||/etc/passwd|33\n");
	f->now_usec += USEC_PER_SEC;
	assert_int_equal(fixture_enter(f, F_ACCOUNTS), 2);
	fixture_next(f);
	assert_int_equal(f->event.kind, EVENT_OPENED);
	assert_int_equal(f->event.n_also, 0);
	fixture_next(f);
	assert_int_equal(f->event.kind, EVENT_RESOLVED);
}

static void test_details_cap(void **state)
{
	struct fixture *f = *state;
	char items[8192] = "", *w = items;

	fixture_begin(f);
	for (int i = 0; i < 200; i++)
		w += sprintf(w, "package p%03d|1.%d\n", i, i);
	fixture_fact(f, FACT_PACKAGES, items);
	f->now_usec += USEC_PER_SEC;
	assert_int_equal(fixture_enter(f, F_PACKAGES), 1);
	const char *m = fixture_next(f);
	assert_int_equal(f->event.n_all, 202);
	assert_int_equal(f->event.n_details, EVENT_DETAILS_MAX);
	assert_true(strlen(m) < 1200);
	assert_ptr_equal(strstr(m, "drift packages: 202 changed: curl 7.88.1 removed; foo 1.2 "
				   "removed; p000 1.0 added; "),
		m);
	assert_string_equal(strstr(m, " and "), " and 144 more");
	/* Few, but long. */
	char value[1001];
	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	struct fact *fact = fact_new(FACT_PACKAGES);
	for (int i = 0; i < 50; i++) {
		(void)snprintf(items, sizeof(items), "package p%03d", i);
		fact_add_item(fact, items, value, value, 1);
	}
	assert_int_equal(fact_seal(fact), 0);
	factset_put(&f->judge.facts, fact);
	f->now_usec += USEC_PER_HOUR;
	assert_int_equal(fixture_enter(f, F_PACKAGES), 2);
	assert_non_null(fixture_next(f));
	assert_int_equal(f->event.n_all, 50);
	assert_int_equal(f->event.n_details, 16);
	assert_non_null(fixture_next(f));
	fixture_reopen(f);
	fixture_expect(f, FACT_ALL, NULL);
}

static int on_difference(const struct difference *d, void *arg)
{
	char *s = arg;

	(void)sprintf(s + strlen(s), "%s %s: %s, %s %s:%u %ju;", d->fact, d->subject,
		d->baseline ? d->baseline : "-", d->current ? d->current : "-",
		d->path ? d->path : "-", d->line,
		(uintmax_t)((d->since_realtime_usec - START) / USEC_PER_SEC));
	return 0;
}

static void assert_diff(struct fixture *f, const char *want)
{
	char s[1024] = "";

	assert_int_equal(ledger_diff(f->ledger, on_difference, s), 0);
	assert_string_equal(s, want);
}

static int stop(const struct difference *d, void *arg)
{
	++*(int *)arg;
	return -ECANCELED;
}

static void test_accept(void **state)
{
	struct fixture *f = *state;
	int calls = 0;

	fixture_begin(f);
	assert_diff(f, "");
	fixture_fact(f, FACT_ACCOUNTS, "account bob|uid=0|/etc/passwd|1\naccount eve|uid=3\n");
	fixture_fact(f, FACT_PACKAGES, "package curl|7.88.1\npackage foo|1.3\n");
	f->now_usec += USEC_PER_SEC;
	assert_int_equal(fixture_enter(f, FACT_ALL), 2);
	f->seen += 2;
	fixture_fact(f, FACT_ACCOUNTS, "account bob|uid=0|/etc/passwd|9\naccount eve|uid=3\n");
	fixture_expect(f, FACT_ALL, NULL);
#define ALICE_DIFF "accounts account alice: uid=1001 shell=/bin/sh, - /etc/passwd:0 3;"
#define BOB_DIFF   "accounts account bob: uid=1002 shell=/bin/sh, uid=0 /etc/passwd:9 3;"
#define EVE_DIFF   "accounts account eve: -, uid=3 -:0 3;"
#define FOO_DIFF   "packages package foo: 1.2, 1.3 -:0 3;"
	assert_diff(f, ALICE_DIFF BOB_DIFF EVE_DIFF FOO_DIFF);
	assert_int_equal(ledger_diff(f->ledger, stop, &calls), -ECANCELED);
	assert_int_equal(calls, 1);

	assert_int_equal(ledger_accept(f->ledger, "none such", NULL, NULL, NULL, START), -EINVAL);
	assert_int_equal(ledger_accept(f->ledger, "accounts", "group *", NULL, NULL, START), 0);
	assert_null(fixture_next(f));
	assert_int_equal(
		ledger_accept(f->ledger, NULL, "account [be]*", "root\n", "planned", START), 2);
	assert_string_equal(fixture_next(f),
		"accepted as the baseline by root\\n (planned): accounts: 2 changed: "
		"bob: uid=1002 shell=/bin/sh → uid=0 (/etc/passwd:9); eve uid=3 added");
	assert_int_equal(f->event.kind, EVENT_ACCEPTED);
	assert_string_equal(f->event.fact, "accounts");
	assert_diff(f, ALICE_DIFF FOO_DIFF);
	assert_int_equal(ledger_accept(f->ledger, NULL, NULL, NULL, NULL, START), 2);
	assert_string_equal(fixture_next(f),
		"accepted as the baseline: 2 changed: account alice removed: was uid=1001 "
		"shell=/bin/sh (/etc/passwd); package foo 1.2 → 1.3");
	assert_null(f->event.fact);
	assert_diff(f, "");
	assert_int_equal(ledger_accept(f->ledger, NULL, NULL, NULL, NULL, START), 0);
	fixture_expect(f, FACT_ALL, NULL);
	fixture_reopen(f);
	fixture_expect(f, FACT_ALL, NULL);
	/* What was accepted is what drift is measured from. */
	fixture_fact(f, FACT_ACCOUNTS,
		ALICE "account bob|uid=0|/etc/passwd|9\n"
		      "account eve|uid=3\n");
	fixture_expect(f, F_ACCOUNTS,
		"drift accounts: account alice added: uid=1001 shell=/bin/sh (/etc/passwd:31)",
		NULL);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_drift),
		TEST(test_unreadable),
		TEST(test_absent_baseline),
		TEST(test_drift_check),
		TEST(test_absorbed),
		TEST(test_absorbed_of_two),
		TEST(test_absorbed_item),
		TEST(test_replaced),
		TEST(test_one_act),
		TEST(test_one_act_undone),
		TEST(test_details_cap),
		TEST(test_accept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
