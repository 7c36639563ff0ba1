/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "sched.h"

#define MS(n)  ((n)*USEC_PER_MSEC)
#define FACT   FACT_BIT(FACT_SSHD)
#define OTHER  FACT_BIT(FACT_ACCOUNTS)
#define LOCKED MS(3000)
#define NEVER  USEC_INFINITY

/* One row: what happens at a time, what is taken then, when to ask again. */
struct step {
	uint64_t at;
	enum { NOW, SETTLE, LOCK, UNLOCK, ASK } what;
	uint64_t mask; /* of the marks, or of the lock */
	uint64_t taken, next;
};

static uint64_t busy(enum fact_id id, void *arg)
{
	return *(uint64_t *)arg & FACT_BIT(id) ? LOCKED : 0;
}

static void play(const struct step *steps, size_t n)
{
	uint64_t locked = 0;
	struct sched s;

	sched_init(&s, busy, &locked);
	for (size_t i = 0; i < n; i++) {
		const struct step *p = &steps[i];
		/* Far from 0, where a difference that goes below it would not show. */
		uint64_t now = USEC_PER_DAY + p->at, next = 0;

		if (p->what == LOCK)
			locked |= p->mask;
		else if (p->what == UNLOCK)
			locked &= ~p->mask;
		else if (p->what != ASK)
			sched_mark(&s, p->mask, p->what == SETTLE, now);
		uint64_t taken = sched_take(&s, now, &next);
		if (next != NEVER)
			next -= USEC_PER_DAY;
		if (taken != p->taken || next != p->next)
			fail_msg("step %zu at %lu: took %#lx, next %lu", i, p->at, taken, next);
		assert_int_equal(sched_dirty(&s) & taken, 0);
		assert_int_equal(sched_dirty(&s) == 0, next == NEVER);
	}
}
#define PLAY(...) \
	play((const struct step[])__VA_ARGS__, ARRAY_SIZE(((const struct step[])__VA_ARGS__)))

static void test_idle(void **state)
{
	PLAY({{0, ASK, 0, 0, NEVER}, {MS(1), NOW, 0, 0, NEVER}, {MS(9000), ASK, 0, 0, NEVER}});
}

static void test_first_at_once_burst_together(void **state)
{
	PLAY({
		{0, NOW, FACT, FACT, NEVER},
		{MS(1), NOW, FACT, 0, MS(50)},
		{MS(2), NOW, FACT, 0, MS(50)},
		{MS(49), NOW, FACT, 0, MS(50)},
		{MS(50), ASK, 0, FACT, NEVER},
		{MS(1000), NOW, FACT, FACT, NEVER},
	});
}

static void test_settle(void **state)
{
	PLAY({
		{0, SETTLE, FACT, 0, MS(100)},
		{MS(99), ASK, 0, 0, MS(100)},
		{MS(99), SETTLE, FACT, 0, MS(199)},
		{MS(199), ASK, 0, FACT, NEVER},
		/* The end of a change ends the wait. */
		{MS(1000), SETTLE, FACT, 0, MS(1100)},
		{MS(1010), NOW, FACT, FACT, NEVER},
	});
}

static void test_settle_max(void **state)
{
	uint64_t locked = 0, next = 0;
	struct sched s;

	sched_init(&s, busy, &locked);
	for (uint64_t t = 0; t < 1000; t += 10) {
		sched_mark(&s, FACT, true, MS(t + 1));
		assert_int_equal(sched_take(&s, MS(t + 1), &next), 0);
		assert_int_equal(next, MIN(MS(t + 101), MS(1001)));
	}
	sched_mark(&s, FACT, true, MS(1001));
	assert_int_equal(sched_take(&s, MS(1001), &next), FACT);
	/* The next one has a second of its own. */
	sched_mark(&s, FACT, true, MS(1500));
	assert_int_equal(sched_take(&s, MS(1500), &next), 0);
	assert_int_equal(next, MS(1600));
}

/* Ended, then begun again before it was looked at: what is there is half a change. */
static void test_begun_again(void **state)
{
	PLAY({
		{0, NOW, FACT, FACT, NEVER},
		{MS(10), NOW, FACT, 0, MS(50)},
		{MS(40), SETTLE, FACT, 0, MS(140)},
		{MS(50), ASK, 0, 0, MS(140)},
		{MS(60), NOW, FACT, FACT, NEVER},
	});
}

static void test_gap_doubles_and_halves(void **state)
{
	static const uint64_t gaps[] = {50, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000};
	uint64_t locked = 0, next = 0, t = MS(1);
	struct sched s;

	sched_init(&s, busy, &locked);
	sched_mark(&s, FACT, false, t);
	assert_int_equal(sched_take(&s, t, &next), FACT);
	for (size_t i = 0; i < ARRAY_SIZE(gaps); i++) {
		sched_mark(&s, FACT, false, t + 1);
		assert_int_equal(sched_take(&s, t + 1, &next), 0);
		assert_int_equal(next, t + MS(gaps[i]));
		t = next;
		assert_int_equal(sched_take(&s, t, &next), FACT);
	}
	/* After quiet the first is at once; the gap is what the quiet left of it. */
	t += MS(10001);
	sched_mark(&s, FACT, false, t);
	assert_int_equal(sched_take(&s, t, &next), FACT);
	assert_int_equal(s.v[FACT_SSHD].gap_usec, MS(2500));
	t += USEC_PER_HOUR;
	sched_mark(&s, FACT, false, t);
	assert_int_equal(sched_take(&s, t, &next), FACT);
	assert_int_equal(s.v[FACT_SSHD].gap_usec, MS(50));
}

static void test_lock(void **state)
{
	PLAY({
		/* Held, asked again, released. */
		{0, LOCK, FACT, 0, NEVER},
		{0, NOW, FACT, 0, MS(100)},
		{MS(100), ASK, 0, 0, MS(200)},
		{MS(150), UNLOCK, FACT, 0, MS(200)},
		{MS(200), ASK, 0, FACT, NEVER},
		/* Released, told by an event: at once. */
		{MS(5000), LOCK, FACT, 0, NEVER},
		{MS(5000), NOW, FACT, 0, MS(5100)},
		{MS(5020), UNLOCK, FACT, 0, MS(5100)},
		{MS(5020), NOW, FACT, FACT, NEVER},
	});
}

static void test_lock_too_long(void **state)
{
	uint64_t locked = FACT, next = 0, t = MS(7);
	struct sched s;

	sched_init(&s, busy, &locked);
	sched_mark(&s, FACT, false, t);
	assert_int_equal(sched_take(&s, t, &next), 0);
	assert_int_equal(s.v[FACT_SSHD].held_usec, t);
	while (next < MS(7) + LOCKED) {
		assert_true(next - t <= SCHED_LOCK_USEC);
		t = next;
		/* Marks without end put the end of the wait no further off. */
		sched_mark(&s, FACT, true, t);
		assert_int_equal(sched_take(&s, t, &next), 0);
	}
	assert_int_equal(next, MS(7) + LOCKED);
	assert_int_equal(sched_take(&s, next, &next), FACT);
	assert_int_equal(s.v[FACT_SSHD].held_usec, 0);
}

static void test_many_deadlines(void **state)
{
	PLAY({
		{0, LOCK, OTHER, 0, NEVER},
		{0, SETTLE, FACT, 0, MS(100)},
		/* What holds one fact holds up no other. */
		{MS(30), NOW, OTHER, 0, MS(100)},
		{MS(40), NOW, FACT_BIT(FACT_OS), FACT_BIT(FACT_OS), MS(100)},
		{MS(100), ASK, 0, FACT, MS(130)},
		{MS(130), ASK, 0, 0, MS(230)},
		{MS(131), UNLOCK, OTHER, 0, MS(230)},
		{MS(230), NOW, FACT, FACT | OTHER, NEVER},
	});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_first_at_once_burst_together),
		cmocka_unit_test(test_settle),
		cmocka_unit_test(test_settle_max),
		cmocka_unit_test(test_begun_again),
		cmocka_unit_test(test_gap_doubles_and_halves),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_lock_too_long),
		cmocka_unit_test(test_many_deadlines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
