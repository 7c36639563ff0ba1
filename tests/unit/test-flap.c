/* SPDX-License-Identifier: ISC */
#include "ledger-fixture.h"

#include "ledger/flap.h"

#define SECONDS(n) ((n)*USEC_PER_SEC)

/* The check and its item go yes (odd) and no (even). */
static void flip(struct fixture *f, int n)
{
	if (n % 2) {
		fixture_fact(f, FACT_OS, "PermitRootLogin|yes|/c|1\n");
		fixture_fail(f, CHECK_ROOT, "root can log in", "PermitRootLogin|yes|no|/c|1\n");
	} else {
		fixture_fact(f, FACT_OS, "PermitRootLogin|no|/c|1\n");
		fixture_set(f, CHECK_ROOT, RESULT_PASS, "root cannot log in");
	}
}

/* n changes a second apart, from the first; how many of them were told. */
static int flip_many(struct fixture *f, int from, int n)
{
	int told = 0;

	for (int i = from; i < from + n; i++) {
		flip(f, i);
		f->now_usec += USEC_PER_SEC;
		int r = fixture_enter(f, F_OS);
		assert_true(r >= 0);
		told += r;
	}
	for (int i = 0; i < told; i++)
		assert_non_null(fixture_next(f));
	return told;
}

static uint64_t due(struct fixture *f)
{
	return ledger_due(f->ledger);
}

/* At a time (monotonic), with nothing new: these messages. */
#define expect_at(f, usec, ...)                      \
	do {                                         \
		(f)->now_usec = (usec)-USEC_PER_SEC; \
		fixture_expect(f, 0, __VA_ARGS__);   \
	} while (0)

static void test_check_held(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(flip_many(f, 0, 1), 0);
	assert_int_equal(flip_many(f, 1, 5), 5);
	assert_int_equal(due(f), USEC_INFINITY);
	/* Told: fails. Held: passes, fails, passes; the item with it, so that it is no drift. */
	assert_int_equal(flip_many(f, 6, 3), 0);
	assert_int_equal(due(f), f->now_usec + SECONDS(30));
	uint64_t quiet = due(f);
	expect_at(f, quiet - 1, NULL);
	expect_at(f, quiet,
		"resolved ssh-root-login after 33 s: root cannot log in: PermitRootLogin no "
		"(was yes) at /c:1; it flapped: 2 changes were not told",
		NULL);
	assert_int_equal(f->event.untold, 2);
	assert_int_equal(due(f), USEC_INFINITY);
	fixture_reopen(f);
	fixture_expect(f, FACT_ALL, NULL);
}

/* While one thing flaps another fails: that is told at once, and only that. */
static void test_news(void **state)
{
	struct fixture *f = *state;

	(void)flip_many(f, 0, 6);
	assert_int_equal(flip_many(f, 6, 3), 0);
	fixture_fact(f, FACT_OS, "PermitRootLogin|yes|/c|1\nPermitEmpty|yes|/c|2\n");
	fixture_fail(f, CHECK_ROOT, "many can log in",
		"PermitRootLogin|yes|no|/c|1\nPermitEmpty|yes|no|/c|2\n");
	fixture_expect(f, F_OS,
		"ssh-root-login FAIL high changed: many can log in: PermitEmpty yes (should be no) "
		"at /c:2 (open since 2025-11-21T23:36:01Z); it flapped: 2 changes were not told",
		NULL);
	/* Nothing is left to be told of it; what flaps is damped as before. */
	fixture_expect(f, F_OS, NULL);
	assert_int_equal(flip_many(f, 10, 4), 0);
}

/* Drift as well, and not for ever: who brings up more and more is damped in the end. */
static void test_news_bounded(void **state)
{
	struct fixture *f = *state;
	char items[4096] = "";
	int told = 0;

	fixture_begin(f);
	for (int i = 0; i < 60; i++) {
		size_t n = strlen(items);
		(void)snprintf(items + n, sizeof(items) - n, "package p%03d|1\n", i);
		fixture_fact(f, FACT_PACKAGES, items);
		f->now_usec += USEC_PER_SEC / 2;
		int r = fixture_enter(f, F_PACKAGES);
		assert_true(r >= 0);
		told += r;
	}
	/* Two packages of the baseline are gone in the first. */
	assert_in_range(told, FLAP_SUBJECTS / 2, FLAP_SUBJECTS);
}

/* It ends as it was told last: that it went to and fro is told all the same. */
static void test_came_and_went(void **state)
{
	struct fixture *f = *state;

	(void)flip_many(f, 0, 6);
	assert_int_equal(flip_many(f, 6, 4), 0);
	expect_at(f, due(f),
		"ssh-root-login FAIL high changed: root can log in (open since "
		"2025-11-21T23:36:01Z); it flapped: 4 changes were not told",
		NULL);
	assert_int_equal(f->event.kind, EVENT_CHANGED);
	assert_int_equal(due(f), USEC_INFINITY);
}

/* Somebody who keeps it moving does not keep it secret. */
static void test_never_quiet(void **state)
{
	struct fixture *f = *state;

	(void)flip_many(f, 0, 6);
	uint64_t held = f->now_usec + USEC_PER_SEC;
	int told = flip_many(f, 6, 120);
	assert_int_equal(told, 0);
	assert_int_equal(due(f), held + SECONDS(120));
	assert_int_equal(flip_many(f, 126, 1), 1);
	assert_int_equal(f->event.untold, 120);
	/* However long it goes on, the events stay few. */
	told = flip_many(f, 127, 3600);
	assert_int_equal(told, 30);
	/* The last of them was told for want of quiet, and then it is quiet: nothing to add. */
	assert_int_equal(due(f), f->now_usec + SECONDS(30));
	expect_at(f, due(f), NULL);
	assert_int_equal(due(f), USEC_INFINITY);
	assert_int_equal(flip_many(f, 3727, 1), 1);
}

/* What a daemon that was stopped had not told, the next one tells at once. */
static void test_restart_tells(void **state)
{
	struct fixture *f = *state;

	(void)flip_many(f, 0, 6);
	assert_int_equal(flip_many(f, 6, 1), 0);
	fixture_reopen(f);
	assert_int_equal(due(f), USEC_INFINITY);
	fixture_expect(f, FACT_ALL,
		"resolved ssh-root-login after 2 s: root cannot log in: PermitRootLogin no "
		"(was yes) at /c:1",
		NULL);
}

static void test_window(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(flip_many(f, 0, 1), 0);
	for (int i = 1; i < 30; i++) {
		f->now_usec += SECONDS(15);
		assert_int_equal(flip_many(f, i, 1), 1);
	}
}

static void set_package(struct fixture *f, int n)
{
	char item[64];

	(void)snprintf(item, sizeof(item), "package p|%d\n", n);
	fixture_fact(f, FACT_PACKAGES, item);
	f->now_usec += USEC_PER_SEC;
}

static void test_fact_held(void **state)
{
	struct fixture *f = *state;

	set_package(f, 0);
	assert_int_equal(fixture_enter(f, F_PACKAGES), 0);
	for (int i = 1; i <= 5; i++) {
		set_package(f, i);
		assert_int_equal(fixture_enter(f, F_PACKAGES), 1);
		assert_non_null(fixture_next(f));
	}
	for (int i = 6; i <= 9; i++) {
		set_package(f, i);
		assert_int_equal(fixture_enter(f, F_PACKAGES), 0);
	}
	/* Seen again without a change it is quiet. */
	uint64_t quiet = due(f);
	f->now_usec += SECONDS(10);
	assert_int_equal(fixture_enter(f, F_PACKAGES), 0);
	assert_int_equal(due(f), quiet);
	/* Another fact is not held with it. */
	fixture_fact(f, FACT_OS, "a|b\n");
	fixture_expect(f, F_OS, NULL);
	fixture_fact(f, FACT_OS, "a|c\n");
	fixture_expect(f, F_OS, "drift os: a b → c", NULL);
	expect_at(f, quiet, "drift packages: package p 5 → 9; it flapped: 3 changes were not told",
		NULL);
	assert_int_equal(due(f), USEC_INFINITY);
}

static void test_fact_came_and_went(void **state)
{
	struct fixture *f = *state;

	set_package(f, 0);
	assert_int_equal(fixture_enter(f, F_PACKAGES), 0);
	for (int i = 1; i <= 9; i++) {
		set_package(f, i % 2);
		(void)fixture_enter(f, F_PACKAGES);
	}
	while (fixture_next(f))
		;
	/* Told: 1. Held: 0, 1, 0, 1. */
	expect_at(f, due(f),
		"drift packages: all is as last told; it flapped: 4 changes were not told", NULL);
	set_package(f, 0);
	f->now_usec += SECONDS(60);
	fixture_expect(f, F_PACKAGES,
		"resolved drift packages: package p is as in the baseline again (0; was 1)", NULL);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_check_held),
		TEST(test_came_and_went),
		TEST(test_news),
		TEST(test_news_bounded),
		TEST(test_never_quiet),
		TEST(test_restart_tells),
		TEST(test_window),
		TEST(test_fact_held),
		TEST(test_fact_came_and_went),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
