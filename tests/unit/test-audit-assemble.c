/* SPDX-License-Identifier: ISC */
/* Records that come interleaved, late or not at all, put together into events. */
#include "test.h"

#include "alloc-fail.h"
#include "audit/assemble.h"

static void add(struct audit_assembler *s, unsigned type, unsigned serial, uint64_t now)
{
	char text[96];
	struct audit_record record;

	(void)snprintf(text, sizeof(text), "audit(1700000000.%03u:%u): n=%u", serial % 1000, serial,
		serial);
	assert_int_equal(audit_record_parse(type, text, strlen(text), &record), 0);
	assert_int_equal(audit_assembler_add(s, &record, now), 0);
	memset(text, 'x', sizeof(text)); /* it has a copy */
}

/* The next event must have this serial and so many records; 0: there is none. */
static void expect(struct audit_assembler *s, uint64_t now, unsigned serial, size_t n, bool whole)
{
	_cleanup_(audit_event_freep) struct audit_event *e = audit_assembler_next(s, now);

	assert_int_equal(e != NULL, serial != 0);
	if (!e)
		return;
	assert_int_equal(e->stamp.serial, serial);
	assert_int_equal(e->n, n);
	assert_int_equal(e->whole, whole);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(e->records[i].stamp.serial, serial);
		assert_memory_equal(e->records[i].body, "n=", 2);
	}
}

static struct audit_assembler *fresh(void)
{
	struct audit_assembler *s = NULL;

	assert_int_equal(audit_assembler_new(AUDIT_EVENT_AGE_USEC, &s), 0);
	return s;
}

static void test_ends(_unused_ void **state)
{
	_cleanup_(audit_assembler_freep) struct audit_assembler *s = fresh();

	add(s, RECORD_SYSCALL, 5, 0);
	add(s, RECORD_PATH, 5, 0);
	expect(s, 0, 0, 0, false);
	add(s, RECORD_PROCTITLE, 5, 0);
	expect(s, 0, 5, 3, true);
	add(s, RECORD_EOE, 5, 0); /* of what is gone */
	expect(s, 0, 0, 0, false);
	add(s, RECORD_SYSCALL, 6, 0);
	add(s, RECORD_EOE, 6, 0);
	expect(s, 0, 6, 1, true);
	add(s, RECORD_USER_LOGIN, 7, 0);
	expect(s, 0, 7, 1, true);
	assert_int_equal(audit_assembler_deadline(s), USEC_INFINITY);
}

/* Since Linux 5.3 these come with the system call that made them. */
static void test_not_single(_unused_ void **state)
{
	_cleanup_(audit_assembler_freep) struct audit_assembler *s = fresh();

	add(s, RECORD_CONFIG_CHANGE, 5, 0);
	expect(s, 0, 0, 0, false);
	add(s, RECORD_SYSCALL, 5, 0);
	add(s, RECORD_PROCTITLE, 5, 0);
	expect(s, 0, 5, 3, true);
	add(s, RECORD_LOGIN, 6, 10);
	expect(s, 10 + AUDIT_EVENT_AGE_USEC - 1, 0, 0, false);
	expect(s, 10 + AUDIT_EVENT_AGE_USEC, 6, 1, false);
}

static void test_interleaved(_unused_ void **state)
{
	_cleanup_(audit_assembler_freep) struct audit_assembler *s = fresh();

	add(s, RECORD_SYSCALL, 8, 0);
	add(s, RECORD_SYSCALL, 7, 0);
	add(s, RECORD_USER_START, 9, 0); /* between the records of others */
	add(s, RECORD_PATH, 8, 0);
	add(s, RECORD_PATH, 7, 0);
	add(s, RECORD_PROCTITLE, 8, 0);
	add(s, RECORD_PROCTITLE, 7, 0);
	expect(s, 0, 7, 3, true);
	expect(s, 0, 8, 3, true);
	expect(s, 0, 9, 1, true);
	expect(s, 0, 0, 0, false);
}

/* A serial comes again after a boot, and each machine of a log has its own. */
static void test_same_serial(_unused_ void **state)
{
	static const char *const lines[] = {
		"node=a type=SYSCALL msg=audit(1.000:5): n=5",
		"node=b type=SYSCALL msg=audit(1.000:5): n=5",
		"type=SYSCALL msg=audit(1.000:5): n=5",
		"type=SYSCALL msg=audit(2.000:5): n=5",
		"node=a type=PATH msg=audit(1.000:5): n=5",
	};
	_cleanup_(audit_assembler_freep) struct audit_assembler *s = fresh();
	struct audit_record record;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_int_equal(audit_line_parse(lines[i], strlen(lines[i]), &record), 0);
		assert_int_equal(audit_assembler_add(s, &record, 0), 0);
	}
	expect(s, 0, 0, 0, false);
	audit_assembler_flush(s);
	expect(s, 0, 5, 2, false);
	expect(s, 0, 5, 1, false);
	expect(s, 0, 5, 1, false);
	expect(s, 0, 5, 1, false);
	expect(s, 0, 0, 0, false);
}

static void test_age(_unused_ void **state)
{
	_cleanup_(audit_assembler_freep) struct audit_assembler *s = fresh();

	add(s, RECORD_SYSCALL, 5, 100);
	assert_int_equal(audit_assembler_deadline(s), 100 + AUDIT_EVENT_AGE_USEC);
	add(s, RECORD_SYSCALL, 6, 200);
	add(s, RECORD_PATH, 5, 300); /* makes it no younger */
	expect(s, 50, 0, 0, false);  /* a clock that went back */
	expect(s, 100 + AUDIT_EVENT_AGE_USEC, 5, 2, false);
	expect(s, 100 + AUDIT_EVENT_AGE_USEC, 0, 0, false);
	add(s, RECORD_SYSCALL, 7, 300 + AUDIT_EVENT_AGE_USEC); /* the next one's coming does it */
	expect(s, 0, 6, 1, false);
}

static void test_pushed_by_count(_unused_ void **state)
{
	_cleanup_(audit_assembler_freep) struct audit_assembler *s = fresh();

	for (unsigned i = 1; i <= AUDIT_OPEN_MAX; i++)
		add(s, RECORD_SYSCALL, i, 0);
	expect(s, 0, 0, 0, false);
	assert_int_equal(audit_assembler_pushed(s), 0);
	add(s, RECORD_SYSCALL, 999, 0);
	assert_int_equal(audit_assembler_pushed(s), 1);
	expect(s, 0, 1, 1, false);
	expect(s, 0, 0, 0, false);
	/* More than can be kept: nothing more is taken until what is finished is. */
	audit_assembler_flush(s);
	struct audit_record record = {.type = RECORD_SYSCALL, .body = "n=1", .size = 3};
	assert_int_equal(audit_assembler_add(s, &record, 0), -ENOBUFS);
	for (unsigned i = 2; i <= AUDIT_OPEN_MAX; i++)
		expect(s, 0, i, 1, false);
	expect(s, 0, 999, 1, false);
	assert_int_equal(audit_assembler_add(s, &record, 0), 0);
}

static char big[AUDIT_RECORD_MAX];

static void add_big(struct audit_assembler *s, uint64_t serial)
{
	struct audit_record record = {
		.type = RECORD_PATH, .stamp = {1, serial}, .body = big, .size = sizeof(big)};

	assert_int_equal(audit_assembler_add(s, &record, 0), 0);
}

static void test_pushed_by_size(_unused_ void **state)
{
	_cleanup_(audit_assembler_freep) struct audit_assembler *s = fresh();
	_cleanup_(audit_event_freep) struct audit_event *e = NULL;
	uint64_t n = AUDIT_OPEN_SIZE_MAX / sizeof(big);

	for (uint64_t i = 1; i < n; i++)
		add_big(s, i);
	assert_int_equal(audit_assembler_pushed(s), 0);
	add_big(s, n);
	assert_int_equal(audit_assembler_pushed(s), 1);
	e = audit_assembler_next(s, 0);
	assert_int_equal(e->stamp.serial, 1);
	assert_int_equal(e->records[0].size, sizeof(big));
}

static void test_size_of_event(_unused_ void **state)
{
	_cleanup_(audit_assembler_freep) struct audit_assembler *s = fresh();
	_cleanup_(audit_event_freep) struct audit_event *e = NULL;

	for (int i = 0; i < 6; i++)
		add_big(s, 5);
	struct audit_record end = {
		.type = RECORD_PROCTITLE, .stamp = {1, 5}, .body = "", .size = 0};
	assert_int_equal(audit_assembler_add(s, &end, 0), 0);
	e = audit_assembler_next(s, 0);
	assert_int_equal(e->n, 4);
	assert_int_equal(e->left_out, 3);
	assert_false(e->whole);
	assert_null(audit_event_find(e, RECORD_SYSCALL));
	assert_ptr_equal(audit_event_find(e, RECORD_PATH), &e->records[0]);
}

/* An event of more records and more text than have room in it, and a single one. */
static int run(_unused_ void *arg)
{
	static const char single[] = "type=USER_LOGIN msg=audit(1.000:6): pid=1";
	_cleanup_(audit_assembler_freep) struct audit_assembler *s = NULL;
	_cleanup_(audit_event_freep) struct audit_event *e = NULL;
	struct audit_record record;
	char line[512];

	int r = audit_assembler_new(USEC_PER_SEC, &s);
	for (int i = 0; r == 0 && i < 20; i++) {
		(void)snprintf(line, sizeof(line),
			"node=a type=PATH msg=audit(1.000:5): item=%d name=%0200d\x1dOUID=\"root\"",
			i, i);
		assert_int_equal(audit_line_parse(line, strlen(line), &record), 0);
		r = audit_assembler_add(s, &record, 0);
	}
	if (r == 0) {
		assert_int_equal(audit_line_parse(single, strlen(single), &record), 0);
		r = audit_assembler_add(s, &record, 0);
	}
	if (r < 0)
		return r;
	audit_assembler_flush(s);
	e = audit_assembler_next(s, 0);
	assert_int_equal(e->n, 20);
	for (int i = 0; i < 20; i++) {
		(void)snprintf(line, sizeof(line), "item=%d name=%0200d", i, i);
		assert_int_equal(e->records[i].size, strlen(line));
		assert_memory_equal(e->records[i].body, line, strlen(line));
		assert_string_equal(e->records[i].enriched, "OUID=\"root\"");
		assert_string_equal(e->records[i].node, "a");
	}
	return 0;
}

static void test_alloc(_unused_ void **state)
{
	alloc_each(run, NULL, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_not_single),
		cmocka_unit_test(test_interleaved),
		cmocka_unit_test(test_same_serial),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_pushed_by_count),
		cmocka_unit_test(test_pushed_by_size),
		cmocka_unit_test(test_size_of_event),
		cmocka_unit_test(test_alloc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
