/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "pace.h"

#define FACT  FACT_LISTENERS /* 1 s, 3 s, 9 s, then every 5 min */
#define PLAIN FACT_PROCESSES /* every hour */
#define NONE  FACT_SSHD

#define S USEC_PER_SEC
#define M USEC_PER_MIN

/* Due at this time, and not a moment before. */
static void due_at(const struct pace *p, enum fact_id id, uint64_t at)
{
	uint64_t next;

	assert_false(pace_due(p, at - 1, &next) & FACT_BIT(id));
	assert_true(next >= at);
	assert_true(pace_due(p, at, &next) & FACT_BIT(id));
}

static void test_backs_off(void **state)
{
	struct pace p = {0};
	uint64_t now = USEC_PER_DAY, next;
	static const uint64_t waits[] = {1 * S, 3 * S, 9 * S};

	assert_int_equal(pace_due(&p, now, &next), 0);
	assert_int_equal(next, USEC_INFINITY);
	pace_note(&p, FACT, true, now);
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		due_at(&p, FACT, now + waits[i]);
		now += waits[i];
		pace_note(&p, FACT, false, now);
	}
	/* The long wait: a wakeup of its own at its end, but any other some time before. */
	assert_int_equal(pace_due(&p, now + 149 * S, &next), 0);
	assert_int_equal(next, now + 5 * M);
	due_at(&p, FACT, now + 150 * S);
	now += 150 * S;
	pace_note(&p, FACT, false, now);
	due_at(&p, FACT, now + 150 * S);
	pace_note(&p, FACT, true, now + 10 * S);
	due_at(&p, FACT, now + 11 * S);
}

static void test_plain(void **state)
{
	struct pace p = {0};
	uint64_t now = USEC_PER_DAY, next;

	for (int news = 0; news < 2; news++) {
		pace_note(&p, PLAIN, news, now);
		due_at(&p, PLAIN, now + USEC_PER_HOUR - 150 * S);
		(void)pace_due(&p, now, &next);
		assert_int_equal(next, now + USEC_PER_HOUR);
	}
	pace_note(&p, NONE, true, now);
	pace_note(&p, FACT_COVERAGE, true, now);
	(void)pace_due(&p, now, &next);
	assert_int_equal(next, now + USEC_PER_HOUR);
	/* First read by what is no news: as rarely as it may be. */
	pace_note(&p, FACT, false, now);
	(void)pace_due(&p, now, &next);
	assert_int_equal(next, now + 5 * M);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backs_off),
		cmocka_unit_test(test_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
