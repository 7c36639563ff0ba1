/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "pace.h"

#define FACT  FACT_LISTENERS /* 1 s, 3 s, 9 s, then every 5 min */
#define WALL  FACT_FIREWALL  /* 30 s, 90 s, 270 s, then every hour; heard: every hour */
#define PLAIN FACT_PROCESSES /* every hour */
#define NONE  FACT_SSHD

#define S USEC_PER_SEC
#define M USEC_PER_MIN

static void note(struct pace *p, enum fact_id id, bool news, uint64_t now)
{
	pace_note(p, &(struct fact){.id = id}, news, now);
}

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
	note(&p, FACT, true, now);
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		due_at(&p, FACT, now + waits[i]);
		now += waits[i];
		note(&p, FACT, false, now);
	}
	/* The long wait: a wakeup of its own at its end, but any other some time before. */
	assert_int_equal(pace_due(&p, now + 149 * S, &next), 0);
	assert_int_equal(next, now + 5 * M);
	due_at(&p, FACT, now + 150 * S);
	now += 150 * S;
	note(&p, FACT, false, now);
	due_at(&p, FACT, now + 150 * S);
	note(&p, FACT, true, now + 10 * S);
	due_at(&p, FACT, now + 11 * S);
}

/* Where everything tells of its changes nothing is looked at soon after one. */
static void test_heard(void **state)
{
	static const uint64_t waits[] = {30 * S, 90 * S - 45 * S, 270 * S - 135 * S};
	const struct fact heard = {.id = WALL, .heard = true};
	struct pace p = {0};
	uint64_t now = USEC_PER_DAY, next;

	note(&p, WALL, true, now);
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		due_at(&p, WALL, now + waits[i]);
		now += waits[i];
		note(&p, WALL, false, now);
	}
	due_at(&p, WALL, now + USEC_PER_HOUR - 150 * S);
	for (int news = 0; news < 2; news++) {
		pace_note(&p, &heard, news, now);
		(void)pace_due(&p, now, &next);
		assert_int_equal(next, now + USEC_PER_HOUR);
	}
	note(&p, WALL, true, now); /* the first table of iptables-legacy */
	due_at(&p, WALL, now + 30 * S);
}

/* While a source tells of it, it is read rarely; when that ends, soon. */
static void test_covered(void **state)
{
	struct pace p = {0};
	uint64_t now = USEC_PER_DAY;

	pace_cover(&p, FACT_BIT(FACT), now);
	note(&p, FACT, true, now);
	due_at(&p, FACT, now + 150 * S);
	pace_cover(&p, 0, now + 10 * S);
	due_at(&p, FACT, now + 11 * S);
	pace_cover(&p, FACT_BIT(FACT), now + 10 * S);
	due_at(&p, FACT, now + 160 * S);
}

static void test_plain(void **state)
{
	struct pace p = {0};
	uint64_t now = USEC_PER_DAY, next;

	for (int news = 0; news < 2; news++) {
		note(&p, PLAIN, news, now);
		due_at(&p, PLAIN, now + USEC_PER_HOUR - 150 * S);
		(void)pace_due(&p, now, &next);
		assert_int_equal(next, now + USEC_PER_HOUR);
	}
	note(&p, NONE, true, now);
	note(&p, FACT_COVERAGE, true, now);
	(void)pace_due(&p, now, &next);
	assert_int_equal(next, now + USEC_PER_HOUR);
	/* First read by what is no news: as rarely as it may be. */
	note(&p, FACT, false, now);
	(void)pace_due(&p, now, &next);
	assert_int_equal(next, now + 5 * M);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backs_off),
		cmocka_unit_test(test_heard),
		cmocka_unit_test(test_covered),
		cmocka_unit_test(test_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
