/* SPDX-License-Identifier: ISC */
/* Items by the thousand: the comparison block by block against one that knows no blocks. */
#include "ledger-fixture.h"

#include <time.h>

#include "ledger/baseline.h"

static uint32_t state_of_dice = 1;

static unsigned dice(unsigned n)
{
	state_of_dice = state_of_dice * 1664525 + 1013904223;
	return (unsigned)(((uint64_t)state_of_dice * n) >> 32);
}

/* The items 0 ... n - 1 with these values; 0: absent. */
static void put_items(struct fixture *f, const unsigned *values, size_t n)
{
	struct fact *fact = fact_new(FACT_PACKAGES);
	char subject[32], value[16];

	for (size_t i = 0; i < n; i++) {
		(void)snprintf(subject, sizeof(subject), "item %07zu", i);
		(void)snprintf(value, sizeof(value), "%u", values[i]);
		if (values[i])
			fact_add_item(fact, subject, value, "/var/lib/items", (unsigned)i + 1);
	}
	assert_int_equal(fact_seal(fact), 0);
	factset_put(&f->judge.facts, fact);
}

static unsigned value_of(const char *s)
{
	return s ? (unsigned)atoi(s) : 0;
}

/* All events since then, applied to what was known. */
static void hear(struct fixture *f, unsigned *known)
{
	while (fixture_next(f)) {
		assert_int_equal(f->event.n_all, f->event.n_details);
		for (size_t i = 0; i < f->event.n_details; i++) {
			const struct event_detail *d = &f->event.details[i];
			unsigned *value = &known[atoi(d->subject + strlen("item "))];
			assert_int_equal(*value, value_of(d->old));
			assert_int_not_equal(*value, value_of(d->observed));
			*value = value_of(d->observed);
		}
	}
}

static void mutate(unsigned *values, size_t n, size_t used)
{
	for (unsigned k = dice(30); k > 0; k--)
		values[dice((unsigned)used)] = dice(4);
	/* Runs that come and go move the borders of what is left. */
	size_t first = dice((unsigned)used), length = dice(30);
	for (size_t i = first; i < first + length && i < n; i++)
		values[i] = dice(2);
}

static void test_random(void **state)
{
	enum {
		N = 3000,
	};
	static unsigned values[N], known[N], base[N];
	struct fixture *f = *state;

	for (size_t i = 0; i < N; i++)
		base[i] = known[i] = values[i] = dice(4);
	put_items(f, values, N);
	assert_int_equal(fixture_enter(f, F_PACKAGES), 0);
	for (int batch = 0; batch < 300; batch++) {
		/* The number of items changes by more than a half now and then. */
		size_t used = batch / 50 % 2 ? N / 8 : N;
		mutate(values, N, used);
		for (size_t i = used; batch % 50 == 0 && used < N && i < N; i += 97)
			values[i] = 0;
		put_items(f, values, N);
		f->now_usec += USEC_PER_HOUR;
		assert_true(fixture_enter(f, F_PACKAGES) >= 0);
		hear(f, known);
		assert_memory_equal(known, values, sizeof(known));
		if (dice(20) == 0)
			fixture_reopen(f);
	}
	/* Back to the baseline, piece by piece: then nothing differs any more. */
	for (size_t i = 0; i < N; i += 50) {
		memcpy(values + i, base + i, 50 * sizeof(*values));
		put_items(f, values, N);
		f->now_usec += USEC_PER_HOUR;
		assert_true(fixture_enter(f, F_PACKAGES) >= 0);
		hear(f, known);
	}
	assert_memory_equal(known, base, sizeof(known));
	assert_int_equal(ledger_accept(f->ledger, NULL, NULL, NULL, NULL, START), 0);
}

/* A row that is not read is not missed: only the block of the change was looked at. */
static void test_reads_little(void **state)
{
	enum {
		N = 3000,
	};
	static unsigned values[N];
	struct fixture *f = *state;

	for (size_t i = 0; i < N; i++)
		values[i] = 1;
	put_items(f, values, N);
	fixture_expect(f, F_PACKAGES, NULL);
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_delete_item(f->store, 1, "item 0000010"), 0);
	assert_int_equal(store_delete_item(f->store, 1, "item 0002990"), 0);
	assert_int_equal(store_commit(f->store), 0);
	fixture_expect(f, F_PACKAGES, NULL);
	values[1500] = 2;
	put_items(f, values, N);
	fixture_expect(
		f, F_PACKAGES, "drift packages: item 0001500 1 → 2 (/var/lib/items:1501)", NULL);
	fixture_reopen(f);
	fixture_expect(f, F_PACKAGES,
		"drift packages: 2 changed: item 0000010 1 added (/var/lib/items:11); "
		"item 0002990 1 added (/var/lib/items:2991)",
		NULL);
}

static double now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void timed(struct fixture *f, const char *what, int events)
{
	double start = now();

	f->now_usec += USEC_PER_HOUR;
	assert_int_equal(fixture_enter(f, F_PACKAGES), events);
	printf("%-40s %8.2f ms\n", what, now() - start);
}

/* The figures of a machine with very many items; printed, not judged. */
static void test_many(void **state)
{
	enum {
		N = 200000,
	};
	static unsigned values[N];
	struct fixture *f = *state;

	for (size_t i = 0; i < N; i++)
		values[i] = 1 + (unsigned)i % 5;
	put_items(f, values, N);
	timed(f, "baseline of 200,000 items", 0);
	timed(f, "the same again", 0);
	values[100000] = 9;
	put_items(f, values, N);
	timed(f, "one of them changed", 1);
	fixture_reopen(f);
	timed(f, "after a restart", 0);
	for (size_t i = 0; i < N; i += 2)
		values[i] = 0;
	put_items(f, values, N);
	timed(f, "half of them gone", 1);
	double start = now();
	assert_int_equal(ledger_accept(f->ledger, NULL, NULL, NULL, NULL, START), N / 2);
	printf("%-40s %8.2f ms\n", "accepted", now() - start);
}

/* What a change costs on a machine of common size, the way to the disk included. */
static void test_common(void **state)
{
	enum {
		N = 1000,
		TIMES = 50,
	};
	static unsigned values[N];
	struct fixture *f = *state;
	double spent = 0;

	for (size_t i = 0; i < N; i++)
		values[i] = 1;
	put_items(f, values, N);
	assert_int_equal(fixture_enter(f, F_PACKAGES), 0);
	for (unsigned i = 0; i < TIMES; i++) {
		values[dice(N)] = i + 2;
		put_items(f, values, N);
		f->now_usec += USEC_PER_HOUR;
		double start = now();
		assert_int_equal(fixture_enter(f, F_PACKAGES), 1);
		spent += now() - start;
	}
	printf("%-40s %8.2f ms\n", "one of 1,000 items changed, mean", spent / TIMES);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_random),
		TEST(test_reads_little),
		TEST(test_many),
		TEST(test_common),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
