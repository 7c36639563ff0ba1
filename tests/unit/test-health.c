/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "alloc-fail.h"
#include "fact/coverage.h"
#include "health.h"

#define SSHD  FACT_BIT(FACT_SSHD)
#define UNITS FACT_BIT(FACT_UNITS)

static const struct engine_source bus = {.name = "systemd", .facts = UNITS};
static const struct engine_source no_bus = {
	.name = "systemd", .facts = UNITS, .detail = "no bus answers", .remedy = "start dbus"};

/* What is told now must be this; NULL: nothing new. */
static void told(struct health *h, uint64_t unwatched, const char *inotify, const char *systemd)
{
	_cleanup_(fact_freep) struct fact *f = NULL;

	assert_int_equal(health_fact(h, unwatched, &f), 1);
	const struct coverage *c = f->u.coverage;
	assert_int_equal(f->id, FACT_COVERAGE);
	assert_int_equal(c->n, h->n);
	assert_int_equal(c->sources[0].degraded, *inotify != '\0');
	if (*inotify)
		assert_non_null(strstr(c->sources[0].detail, inotify));
	if (!systemd)
		return;
	assert_int_equal(c->sources[1].degraded, *systemd != '\0');
	if (*systemd)
		assert_string_equal(c->sources[1].detail, systemd);
}

static void silent(struct health *h, uint64_t unwatched)
{
	struct fact *f = NULL;

	assert_int_equal(health_fact(h, unwatched, &f), 0);
	assert_null(f);
}

static void test_life(void **state)
{
	struct health h;

	health_init(&h);
	told(&h, 0, "", NULL); /* the first time, though all is well */
	assert_false(health_degraded(&h));
	silent(&h, 0);
	health_source(&h, &bus);
	told(&h, 0, "", "");
	told(&h, SSHD, "too few watches", "");
	assert_int_equal(h.told.blind, SSHD);
	health_source(&h, &no_bus);
	told(&h, SSHD, "too few watches", "no bus answers");
	assert_int_equal(h.told.blind, SSHD | UNITS);
	told(&h, 0, "", "no bus answers");
	assert_true(health_degraded(&h));
	health_source(&h, &bus);
	told(&h, 0, "", "");
	assert_int_equal(h.told.blind, 0);
	assert_int_equal(h.n, 2);
}

/* What a source does not do, as the policy wants, is said and is no fault. */
static void test_note(void **state)
{
	static const struct engine_source unused = {.name = "audit", .note = "not used"};
	_cleanup_(fact_freep) struct fact *f = NULL;
	struct health h;

	health_init(&h);
	health_source(&h, &unused);
	assert_int_equal(health_fact(&h, 0, &f), 1);
	assert_false(f->u.coverage->sources[1].degraded);
	assert_string_equal(f->u.coverage->sources[1].detail, "not used");
	assert_false(health_degraded(&h));
	health_lost(&h, "audit", SSHD);
	fact_free(TAKE_PTR(f));
	assert_int_equal(health_fact(&h, 0, &f), 1);
	assert_true(f->u.coverage->sources[1].degraded);
}

static void test_overflow(void **state)
{
	struct health h;

	health_init(&h);
	told(&h, 0, "", NULL);
	health_lost(&h, HEALTH_WATCH, SSHD | UNITS);
	told(&h, SSHD, "queue overflow, 1 since the start", NULL);
	assert_true(health_degraded(&h));
	health_read(&h, SSHD);
	health_settle(&h);
	silent(&h, SSHD); /* units are still to be read */
	health_lost(&h, HEALTH_WATCH, SSHD | UNITS);
	health_read(&h, SSHD | UNITS);
	assert_true(health_lossy(&h)); /* until what it hid was told */
	health_settle(&h);
	told(&h, 0, "", NULL);
	assert_false(health_degraded(&h));
	assert_int_equal(h.v[0].losses, 2);
}

/* Another source's loss is its own, and over when what it tells of was read. */
static void test_lost(void **state)
{
	struct health h;

	health_init(&h);
	health_source(&h, &bus);
	told(&h, 0, "", "");
	health_lost(&h, "systemd", UNITS);
	told(&h, 0, "", "queue overflow, 1 since the start: what it tells of is read again");
	assert_true(health_degraded(&h));
	assert_int_equal(h.told.blind, 0); /* it tells again: no timer is needed */
	health_read(&h, SSHD);
	health_settle(&h);
	silent(&h, 0);
	health_lost(&h, "systemd", UNITS);
	health_read(&h, UNITS);
	health_settle(&h);
	told(&h, 0, "", "");
	assert_false(health_lossy(&h));
	assert_int_equal(h.v[1].losses, 2);
	health_settle(&h);
	silent(&h, 0);
	/* One that does not work at all says so, whatever it lost before. */
	health_lost(&h, "systemd", UNITS);
	health_source(&h, &no_bus);
	told(&h, 0, "", "no bus answers");
}

/* Without memory nothing counts as told. */
static void test_memory(void **state)
{
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		_cleanup_(fact_freep) struct fact *f = NULL;
		struct health h;
		health_init(&h);
		health_lost(&h, HEALTH_WATCH, SSHD);
		alloc_count = 0;
		int r = health_fact(&h, 0, &f);
		if (alloc_count < alloc_fail_at) {
			assert_int_equal(r, 1);
			break;
		}
		assert_int_equal(r, -ENOMEM);
		assert_null(f);
		assert_false(h.told.lossy);
	}
	alloc_fail_at = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_note),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
