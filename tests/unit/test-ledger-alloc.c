/* SPDX-License-Identifier: ISC */
/* Without memory, the library's or SQLite's, a batch fails as a whole and succeeds later. */
#include "alloc-fail.h"
#include "ledger-fixture.h"

#include <sqlite3.h>

static unsigned sqlite_count, sqlite_fail_at;
static sqlite3_mem_methods sqlite_real;

static void *sqlite_malloc(int n)
{
	return ++sqlite_count == sqlite_fail_at ? NULL : sqlite_real.xMalloc(n);
}

static void *sqlite_realloc(void *p, int n)
{
	return ++sqlite_count == sqlite_fail_at ? NULL : sqlite_real.xRealloc(p, n);
}

enum {
	STEPS = 4,
};

static void set_facts(struct fixture *f, int step)
{
	bool root = step == 1;

	fixture_fact(f, FACT_OS, root ? "login|yes|/c|1\n" : "login|no|/c|1\n");
	fixture_fact(f, FACT_ACCOUNTS, step < 2 ? "account a|1\naccount b|1\n" : "account b|2\n");
	if (root)
		fixture_fail(f, CHECK_ROOT, "root can log in", "login|yes|no|/c|1\n");
	else
		fixture_set(f, CHECK_ROOT, RESULT_PASS, "all is well");
}

static int run_step(struct fixture *f, int step)
{
	int r = f->ledger ? 0 : fixture_open(f);

	if (r < 0) {
		fixture_close(f);
		return r;
	}
	r = step < STEPS - 1
		    ? fixture_enter(f, FACT_ALL)
		    : ledger_accept(f->ledger, NULL, "a*", "root", NULL, START + f->now_usec);
	return r < 0 ? r : 0;
}

static void assert_told(struct fixture *f)
{
	static const char *const want[] = {
		"ssh-root-login FAIL high: root can log in: login yes (was no) at /c:1",
		"resolved ssh-root-login after 60 min: all is well: login no (was yes) at /c:1",
		"drift accounts: 2 changed: a 1 removed; b 1 → 2",
		"accepted as the baseline by root: accounts: 2 changed: a 1 removed; b 1 → 2",
	};

	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		const char *got = fixture_next(f);
		assert_string_equal(got ? got : "no event", want[i]);
	}
	assert_null(fixture_next(f));
}

/* A life in which one of the counters' allocations fails; whether there were so many. */
static bool live(struct fixture *f, unsigned *at, const unsigned *count, unsigned n)
{
	bool failed = false;

	fixture_close(f);
	(void)unlink(f->path);
	f->seen = 0;
	alloc_count = sqlite_count = 0;
	for (int step = 0; step < STEPS; step++) {
		set_facts(f, step);
		f->now_usec = (uint64_t)(step + 1) * USEC_PER_HOUR;
		unsigned before = *count;
		*at = failed ? 0 : n - before;
		alloc_count = sqlite_count = 0;
		int r = run_step(f, step);
		unsigned used = *count;
		*at = 0;
		/* SQLite can do without some of its memory. */
		failed |= used >= n - before;
		if (r < 0) {
			assert_int_equal(r, -ENOMEM);
			assert_true(failed);
			assert_int_equal(run_step(f, step), 0);
		}
		alloc_count = sqlite_count = before + used;
	}
	assert_told(f);
	return failed;
}

static void test_own_memory(void **state)
{
	unsigned n = 1;

	while (live(*state, &alloc_fail_at, &alloc_count, n))
		n++;
	printf("%u allocations\n", n - 1);
	assert_true(n > 20);
}

static void test_sqlite_memory(void **state)
{
	unsigned n = 1;

	while (live(*state, &sqlite_fail_at, &sqlite_count, n))
		n += 1 + n / 16;
	printf("%u allocations\n", n - 1);
	assert_true(n > 50);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_own_memory),
		TEST(test_sqlite_memory),
	};

	sqlite3_mem_methods mine;
	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_real) != SQLITE_OK)
		return 1;
	mine = sqlite_real;
	mine.xMalloc = sqlite_malloc;
	mine.xRealloc = sqlite_realloc;
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &mine) != SQLITE_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
