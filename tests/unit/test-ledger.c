/* SPDX-License-Identifier: ISC */
#include "ledger-fixture.h"

#include "store/rows.h"

#define YES	  "PermitRootLogin|yes|/etc/ssh/sshd_config|33\n"
#define YES_FAILS "PermitRootLogin|yes|no|/etc/ssh/sshd_config|33\n"

static void open_root(struct fixture *f)
{
	fixture_fact(f, FACT_OS, YES);
	fixture_fail(f, CHECK_ROOT, "root can log in", YES_FAILS);
}

static void close_root(struct fixture *f)
{
	fixture_fact(f, FACT_OS, NO);
	fixture_set(f, CHECK_ROOT, RESULT_PASS, "root cannot log in");
}

#define OPENED                                                                        \
	"ssh-root-login FAIL high: root can log in: PermitRootLogin yes (was no) at " \
	"/etc/ssh/sshd_config:33"
#define OPENED_AGAIN                                                                             \
	"ssh-root-login FAIL high: root can log in: PermitRootLogin yes (was without-password; " \
	"should be no) at /etc/ssh/sshd_config:33"
#define RESOLVED(after)                                          \
	"resolved ssh-root-login after " after                   \
	": root cannot log in: PermitRootLogin no (was yes) at " \
	"/etc/ssh/sshd_config:33"

static void test_first_start(void **state)
{
	struct fixture *f = *state;

	assert_true(ledger_is_fresh(f->ledger));
	assert_int_equal(ledger_seq(f->ledger), 0);
	assert_string_equal(ledger_head(f->ledger), EVENT_CHAIN_START);
	fixture_fact(f, FACT_ACCOUNTS, ALICE BOB);
	fixture_fact(f, FACT_OS, YES);
	fixture_fail(f, CHECK_ROOT, "root can log in", YES_FAILS);
	fixture_expect(f, FACT_ALL,
		"ssh-root-login FAIL high: root can log in: PermitRootLogin yes (should be no) at "
		"/etc/ssh/sshd_config:33",
		NULL);
	assert_int_equal(f->event.kind, EVENT_OPENED);
	assert_string_equal(f->event.epoch, EPOCH);
	assert_string_equal(f->event.title, "Root stays out");
	assert_string_equal(f->event.remedy, "set it to no");
	assert_int_equal(f->event.since_realtime_usec, START + f->now_usec);
	assert_int_equal(
		ledger_open_since(f->ledger, &fixture_checks[CHECK_ROOT]), START + f->now_usec);
	fixture_expect(f, FACT_ALL, NULL);
	fixture_reopen(f);
	assert_false(ledger_is_fresh(f->ledger));
	assert_int_equal(ledger_seq(f->ledger), 1);
	assert_int_not_equal(ledger_open_since(f->ledger, &fixture_checks[CHECK_ROOT]), 0);
	assert_int_equal(ledger_open_since(f->ledger, &fixture_checks[CHECK_PASSWORD]), 0);
	fixture_expect(f, FACT_ALL, NULL);
	/* A fact of a later version: its items are no news either. */
	fixture_fact(f, FACT_PACKAGES, "package curl|7.88.1\n");
	fixture_expect(f, FACT_ALL, NULL);
	fixture_fact(f, FACT_PACKAGES, "package curl|7.88.2\n");
	fixture_expect(f, F_PACKAGES, "drift packages: package curl 7.88.1 → 7.88.2", NULL);
}

static void test_open_and_resolve(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f);
	open_root(f);
	fixture_expect(f, F_OS, OPENED, NULL);
	assert_string_equal(f->event.details[0].old, "no");
	assert_null(f->event.details[0].value);
	assert_int_equal(event_priority(&f->event), 3);
	f->now_usec += 250 * USEC_PER_SEC;
	close_root(f);
	fixture_reopen(f);
	fixture_expect(f, F_OS, RESOLVED("4 min"), NULL);
	assert_int_equal(f->event.kind, EVENT_RESOLVED);
	assert_int_equal(f->event.result, RESULT_PASS);
	assert_null(f->event.remedy);
	assert_int_equal(event_priority(&f->event), 5);
	assert_int_equal(ledger_open_since(f->ledger, &fixture_checks[CHECK_ROOT]), 0);
	fixture_reopen(f);
	fixture_expect(f, FACT_ALL, NULL);
}

/* Not of the batch: neither its fact nor its check. */
static void test_mask(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f);
	open_root(f);
	fixture_fail(f, CHECK_STATED, "nobody reads them", "");
	f->verdicts[CHECK_STATED]->result = RESULT_FAIL;
	fixture_expect(f, F_PACKAGES, NULL);
	fixture_expect(f, FACT_ALL, "announcements FAIL low: nobody reads them", OPENED, NULL);
}

static void test_moved(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f);
	fixture_fail(f, CHECK_ROOT, "root can log in",
		"Match User a|yes|no|/c|1\nMatch User b|yes|no|/c|2\n");
	fixture_expect(f, F_OS,
		"ssh-root-login FAIL high: root can log in: Match User a yes (should be no) at "
		"/c:1; "
		"Match User b yes (should be no) at /c:2",
		NULL);
	/* Another order, another place, another sentence, other evidence that fails nothing. */
	fixture_fail(f, CHECK_ROOT, "root may log in",
		"Match User b|yes|no|/c|4\nMatch User a|yes|no|/d|5\n");
	verdict_add(f->verdicts[CHECK_ROOT],
		&(struct evidence){
			.result = RESULT_PASS, .subject = "Match User c", .observed = "no"});
	fixture_expect(f, F_OS, NULL);
	/* The place was kept all the same. */
	fixture_reopen(f);
	fixture_fail(f, CHECK_ROOT, "root can log in", "Match User a|yes|no|/d|6\n");
	f->now_usec = 10 * USEC_PER_SEC;
	fixture_expect(f, F_OS,
		"ssh-root-login FAIL high changed: root can log in; no longer: Match User b (was "
		"yes) "
		"at /c:4 (open since 2025-11-21T23:35:57Z)",
		NULL);
}

static void test_changed(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f);
	open_root(f);
	fixture_expect(f, F_OS, OPENED, NULL);
	fixture_fact(f, FACT_OS, "PermitRootLogin|prohibit-password|/etc/ssh/sshd_config|33\n");
	fixture_fail(f, CHECK_ROOT, "root can log in",
		"PermitRootLogin|prohibit-password|no|/etc/ssh/sshd_config|33\n");
	f->verdicts[CHECK_ROOT]->severity = SEV_MEDIUM;
	fixture_expect(f, F_OS,
		"ssh-root-login FAIL medium changed: root can log in: PermitRootLogin "
		"prohibit-password (was yes; should be no) at /etc/ssh/sshd_config:33 "
		"(open since 2025-11-21T23:35:57Z)",
		NULL);
	assert_int_equal(f->event.kind, EVENT_CHANGED);
	assert_int_equal(event_priority(&f->event), 4);
	/* Only the severity: the policy's. */
	f->verdicts[CHECK_ROOT]->severity = SEV_CRITICAL;
	fixture_expect(f, F_OS,
		"ssh-root-login FAIL critical changed: root can log in: severity critical "
		"(was medium) (open since 2025-11-21T23:35:57Z)",
		NULL);
	/* It can no longer be judged, for one reason and another. */
	fixture_set(f, CHECK_ROOT, RESULT_ERROR, "/etc/a may not be read");
	fixture_expect(f, F_OS,
		"ssh-root-login ERROR high changed: /etc/a may not be read; last known: "
		"PermitRootLogin (was prohibit-password) at /etc/ssh/sshd_config:33 "
		"(open since 2025-11-21T23:35:57Z)",
		NULL);
	assert_string_equal(f->event.remedy, "let it be judged");
	fixture_reopen(f);
	fixture_expect(f, F_OS, NULL);
	fixture_set(f, CHECK_ROOT, RESULT_ERROR, "/etc/b may not be read");
	fixture_expect(f, F_OS,
		"ssh-root-login ERROR high changed: /etc/b may not be read; no longer: "
		"/etc/a may not be read (open since 2025-11-21T23:35:57Z)",
		NULL);
	close_root(f);
	f->now_usec = 64 * USEC_PER_SEC;
	/* The item went back with it, but no evidence spoke of it any more. */
	fixture_expect(f, F_OS,
		"resolved ssh-root-login after 62 s: root cannot log in: was /etc/b may not be "
		"read",
		"resolved drift os: PermitRootLogin is as in the baseline again "
		"(no; was prohibit-password)",
		NULL);
}

static struct waiver old = {
	.name = "old",
	.check = "ssh-root-login",
	.subject = "*",
	.reason = "it moves\nsoon",
	.owner = "ops",
	.until_realtime_usec = START / USEC_PER_DAY * USEC_PER_DAY + USEC_PER_DAY,
};

static void waive(struct fixture *f, size_t i)
{
	f->verdicts[CHECK_ROOT]->evidence[i].waiver = &old;
	f->verdicts[CHECK_ROOT]->waiver = &old;
	for (size_t k = 0; k < f->verdicts[CHECK_ROOT]->n_evidence; k++) {
		if (!f->verdicts[CHECK_ROOT]->evidence[k].waiver)
			f->verdicts[CHECK_ROOT]->waiver = NULL;
	}
}

#define WAIVER "waiver old of ops until 2025-11-21: it moves\\nsoon"

static void test_waived(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f);
	open_root(f);
	waive(f, 0);
	fixture_expect(f, F_OS,
		"waived ssh-root-login FAIL high: root can log in: PermitRootLogin yes (was no) at "
		"/etc/ssh/sshd_config:33; " WAIVER,
		NULL);
	assert_int_equal(f->event.kind, EVENT_WAIVED);
	fixture_expect(f, F_OS, NULL);
	fixture_reopen(f);
	fixture_expect(f, F_OS, NULL);
	/* Under the waiver it is about something else: no news of the check, but of the fact. */
	fixture_fact(f, FACT_OS, "PermitRootLogin|without-password\n");
	fixture_fail(f, CHECK_ROOT, "root can log in", "PermitRootLogin|without-password|no\n");
	waive(f, 0);
	fixture_expect(f, F_OS, "drift os: PermitRootLogin yes → without-password", NULL);
	/* It lapses. */
	open_root(f);
	fixture_expect(f, F_OS,
		OPENED_AGAIN "; no longer covered by " WAIVER " (open since 2025-11-21T23:35:57Z)",
		NULL);
	assert_int_equal(f->event.kind, EVENT_OPENED);
	/* Covered again, and mended meanwhile. */
	waive(f, 0);
	fixture_expect(f, F_OS,
		"waived ssh-root-login FAIL high: root can log in: PermitRootLogin yes "
		"(should be no) at /etc/ssh/sshd_config:33; " WAIVER
		" (open since 2025-11-21T23:35:57Z)",
		NULL);
	close_root(f);
	f->now_usec = 122 * USEC_PER_SEC;
	fixture_expect(f, F_OS, RESOLVED("2 min"), NULL);
}

/* Of two, one is covered: the other is the finding. */
static void test_waived_in_part(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f);
	fixture_fail(f, CHECK_ROOT, "root can log in", "a|yes|no\nb|yes|no\n");
	waive(f, 0);
	fixture_expect(
		f, F_OS, "ssh-root-login FAIL high: root can log in: b yes (should be no)", NULL);
	fixture_fail(f, CHECK_ROOT, "root can log in", "a|yes|no\nb|yes|no\n");
	fixture_expect(f, F_OS,
		"ssh-root-login FAIL high changed: root can log in: a yes (should be no) "
		"(open since 2025-11-21T23:35:57Z)",
		NULL);
}

static void test_monitor(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f);
	fixture_fail(f, CHECK_COVERAGE, "inotify: full", "inotify|full\n");
	fixture_expect(f, F_COVERAGE, "monitor-coverage DEGRADED high: inotify full", NULL);
	assert_int_equal(f->event.kind, EVENT_DEGRADED);
	assert_int_equal(event_priority(&f->event), 3);
	fixture_set(f, CHECK_COVERAGE, RESULT_PASS, "all event sources work");
	fixture_expect(f, F_COVERAGE,
		"recovered monitor-coverage after 1 s: all event sources work: inotify (was full)",
		NULL);
	assert_int_equal(f->event.kind, EVENT_RECOVERED);
}

static void test_notes(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ledger_note(f->ledger, EVENT_STARTED, SEV_LOW,
				 "hardend started; the baseline was recorded\x1b", START),
		1);
	assert_string_equal(fixture_next(f), "hardend started; the baseline was recorded\\x1b");
	assert_int_equal(f->event.kind, EVENT_STARTED);
	fixture_reopen(f);
	assert_int_equal(ledger_note(f->ledger, EVENT_HEARTBEAT, SEV_LOW, "heartbeat", START), 1);
	assert_string_equal(fixture_next(f), "heartbeat");
	assert_int_equal(f->event.realtime_usec, START);
	assert_int_equal(ledger_seq(f->ledger), 2);
}

/* An older version takes over: what only the newer one knew is closed. */
static void test_orphan(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f);
	open_root(f);
	fixture_expect(f, F_OS, OPENED, NULL);
	fixture_close(f);
	fixture_n_checks = CHECK_ROOT;
	assert_int_equal(fixture_open(f), 0);
	f->now_usec = 300 * USEC_PER_SEC;
	fixture_expect(f, FACT_ALL,
		"resolved ssh-root-login after 4 min: this version has no such check", NULL);
	fixture_expect(f, FACT_ALL, NULL);
	fixture_reopen(f);
	fixture_expect(f, FACT_ALL, NULL);
}

static void test_bad_arguments(void **state)
{
	struct fixture *f = *state;
	struct ledger *l = NULL;

	assert_int_equal(ledger_new(f->store, "0123", &f->config, &l), -EINVAL);
	assert_int_equal(
		ledger_new(f->store, "0123456789abcdef0123456789abcdeX", &f->config, &l), -EINVAL);
	f->config.flap_max = 0;
	assert_int_equal(ledger_new(f->store, EPOCH, &f->config, &l), -EINVAL);
	assert_null(l);
}

/* Rows that somebody has written into the database. */
static void test_senseless_rows(void **state)
{
	static const struct finding_row rows[] = {
		{.check = "ssh-root-login", .result = "good", .severity = "high", .evidence = "[]"},
		{.check = "ssh-root-login", .result = "pass", .severity = "high", .evidence = "[]"},
		{.check = "ssh-root-login", .result = "fail", .severity = "big", .evidence = "[]"},
		{.check = "ssh-root-login", .result = "fail", .severity = "high", .evidence = "{}"},
		{.check = "ssh-root-login",
			.result = "fail",
			.severity = "high",
			.evidence = "[1]"},
		{.check = "ssh-root-login", .result = "fail", .severity = "high", .evidence = "["},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(store_begin(f->store), 0);
		assert_int_equal(store_put_finding(f->store, &rows[i]), 0);
		assert_int_equal(store_commit(f->store), 0);
		fixture_close(f);
		assert_int_equal(fixture_open(f), -EUCLEAN);
	}
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_first_start),
		TEST(test_open_and_resolve),
		TEST(test_mask),
		TEST(test_moved),
		TEST(test_changed),
		TEST(test_waived),
		TEST(test_waived_in_part),
		TEST(test_monitor),
		TEST(test_notes),
		TEST(test_orphan),
		TEST(test_bad_arguments),
		TEST(test_senseless_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
