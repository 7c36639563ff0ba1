/* SPDX-License-Identifier: ISC */
/*
 * A disk that refuses for a while: what was committed meanwhile is read like
 * all else, and on the disk afterwards, whatever was rolled back in between.
 */
#include "test.h"

#include "fault-vfs.h"
#include "store/rows.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

enum {
	N_CHECKS = 5,
	N_ITEMS = 40,
	KEEP = 256 * 1024,
};

struct fixture {
	struct test_root root;
	char path[128];
	struct store *store;
	uint32_t random;
};

/* What should be there. */
struct model {
	uint64_t seq, cursor;
	int64_t number;
	unsigned findings[N_CHECKS], items[N_ITEMS]; /* 0: none */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	fault.mode = FAULT_NONE;
	test_root_init(&f->root);
	(void)snprintf(f->path, sizeof(f->path), "%s/state.db", f->root.dir);
	assert_int_equal(store_open(f->path, &f->store), 0);
	store_keep(f->store, KEEP);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fault.mode = FAULT_NONE;
	store_close(f->store);
	test_root_fini(&f->root);
	free(f);
	return 0;
}

static void refuse(int error)
{
	fault.mode = FAULT_FULL;
	fault.at = 1;
	fault.count = 0;
	fault.error = error;
}

static void accept_all(void)
{
	fault.mode = FAULT_NONE;
}

static unsigned dice(struct fixture *f, unsigned n)
{
	f->random = f->random * 1664525 + 1013904223;
	return (f->random >> 16) % n;
}

static int append(struct store *s, uint64_t seq, const char *json)
{
	return store_append(s, seq, "epoch", json, HASH);
}

/* One event as a transaction; what store_commit() says of it. */
static int event(struct fixture *f, uint64_t seq)
{
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(append(f->store, seq, "{}"), 0);
	return store_commit(f->store);
}

static uint64_t count_events(struct store *s)
{
	struct outbox_row row = {0};
	uint64_t n = 0, seq = 0;

	while (store_next(s, "nobody", seq, &row) == 1) {
		assert_true(row.seq > seq);
		seq = row.seq;
		outbox_row_fini(&row);
		n++;
	}
	return n;
}

static void test_kept(void **state)
{
	static const struct {
		int sqlite, error;
	} refusals[] = {{SQLITE_FULL, -ENOSPC}, {SQLITE_IOERR_WRITE, -EIO}};
	struct fixture *f = *state;
	uint64_t seq = 0;

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		assert_int_equal(event(f, ++seq), 0);
		refuse(refusals[i].sqlite);
		assert_int_equal(store_kept(f->store), 0);
		assert_int_equal(event(f, ++seq), 1);
		assert_int_equal(event(f, ++seq), 1);
		assert_int_equal(store_kept(f->store), refusals[i].error);
		assert_int_equal(store_ack(f->store, "sink", seq - 1), 0);
		assert_int_equal(store_flush(f->store), refusals[i].error);
		assert_int_equal(count_events(f->store), seq);
		accept_all();
		assert_int_equal(store_flush(f->store), 0);
		assert_int_equal(store_kept(f->store), 0);
		assert_int_equal(store_kept_size(f->store), 0);
		store_close(f->store);
		assert_int_equal(store_open(f->path, &f->store), 0);
		store_keep(f->store, KEEP);
		uint64_t cursor = 0;
		assert_int_equal(store_cursor(f->store, "sink", &cursor), 0);
		assert_int_equal(cursor, seq - 1);
		assert_int_equal(count_events(f->store), seq);
	}
}

/* Nothing is kept unless it was asked for, and what the disk never took is not there. */
static void test_not_kept(void **state)
{
	struct fixture *f = *state;

	store_keep(f->store, 0);
	refuse(SQLITE_FULL);
	assert_int_equal(event(f, 1), -ENOSPC);
	store_rollback(f->store);
	assert_int_equal(store_kept(f->store), 0);
	store_keep(f->store, KEEP);
	assert_int_equal(event(f, 1), 1);
	store_close(f->store);
	accept_all();
	assert_int_equal(store_open(f->path, &f->store), 0);
	assert_int_equal(count_events(f->store), 0);
}

/* A transaction that is larger than the cache goes to the disk before its end. */
static void test_large(void **state)
{
	struct fixture *f = *state;
	char json[4001] = "";

	memset(json, 'x', sizeof(json) - 1);
	refuse(SQLITE_FULL);
	assert_int_equal(store_begin(f->store), 0);
	for (uint64_t seq = 1; seq <= 50; seq++)
		assert_int_equal(append(f->store, seq, json), 0);
	assert_int_equal(store_commit(f->store), 1);
	assert_int_equal(count_events(f->store), 50);
	/* And one more like it is too much. */
	int r = store_begin(f->store);
	for (uint64_t seq = 51; r == 0 && seq <= 100; seq++)
		r = append(f->store, seq, json);
	assert_int_equal(r, -ENOSPC);
	store_rollback(f->store);
	assert_int_equal(count_events(f->store), 50);
	assert_int_equal(store_kept(f->store), -ENOSPC);
	accept_all();
	assert_int_equal(store_flush(f->store), 0);
	assert_int_equal(count_events(f->store), 50);
}

static void test_too_large(void **state)
{
	struct fixture *f = *state;
	char json[4001] = "";
	int r = 0;

	memset(json, 'x', sizeof(json) - 1);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(store_begin(f->store), 0);
		for (uint64_t seq = 1; r == 0 && seq <= 200; seq++)
			r = append(f->store, seq, json);
		if (r == 0)
			r = store_commit(f->store);
		if (round == 1)
			break;
		assert_int_equal(r, 0);
		assert_int_equal(store_prune(f->store, (const char *const[]){NULL}, 0), 199);
		refuse(SQLITE_FULL);
	}
	assert_true(r < 0);
	store_rollback(f->store);
	assert_int_equal(store_kept(f->store), 0);
	accept_all();
	assert_int_equal(count_events(f->store), 1);
}

static void in_dir(struct fixture *f, const char *command)
{
	char line[256];

	(void)snprintf(line, sizeof(line), "cd %s && %s", f->root.dir, command);
	assert_int_equal(system(line), 0);
}

/* Somebody takes the files away under it, or puts others in their place. */
static void test_restore(void **state)
{
	static const struct {
		const char *command;
		bool aside, full;
	} cases[] = {
		{"rm state.db", false, false},
		{"rm state.db-wal", false, false},
		{"rm state.db state.db-wal", false, true},
		{"echo mine > x; mv x state.db", true, false},
		{"cp state.db x; cp state.db-wal y; rm state.db*; mv x state.db; mv y state.db-wal",
			true, true},
		{"rm state.db; mkdir x; echo 1 > state.db-wal", false, false},
	};
	struct fixture *f = *state;
	uint64_t seq = 0, now = UINT64_C(1795262400) * USEC_PER_SEC;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++, now += USEC_PER_MIN) {
		_cleanup_free_ char *aside = NULL;
		if (cases[i].full)
			refuse(SQLITE_FULL);
		assert_int_equal(event(f, ++seq), cases[i].full);
		assert_int_equal(store_check(f->store), 0);
		in_dir(f, cases[i].command);
		assert_int_equal(store_check(f->store), -ESTALE);
		assert_int_equal(event(f, ++seq), cases[i].full);
		if (cases[i].full)
			assert_true(store_restore(f->store, now, &aside) < 0);
		accept_all();
		assert_int_equal(count_events(f->store), seq);
		assert_int_equal(store_restore(f->store, now, &aside), 0);
		assert_int_equal(aside != NULL, cases[i].aside);
		assert_int_equal(store_check(f->store), 0);
		assert_int_equal(count_events(f->store), seq);
		assert_int_equal(store_flush(f->store), 0);
		assert_int_equal(event(f, ++seq), 0);
		store_close(f->store);
		assert_int_equal(store_open(f->path, &f->store), 0);
		store_keep(f->store, KEEP);
		assert_int_equal(store_check(f->store), 0);
		assert_int_equal(count_events(f->store), seq);
	}
	in_dir(f, ": > state.db");
	assert_int_equal(store_check(f->store), -EUCLEAN);
	in_dir(f, "rm state.db*; mkdir state.db");
	_cleanup_free_ char *aside = NULL;
	assert_int_equal(store_check(f->store), -ESTALE);
	assert_true(store_restore(f->store, now, &aside) < 0);
	in_dir(f, "rmdir state.db");
}

static void test_shed(void **state)
{
	struct fixture *f = *state;
	struct finding_row row = {
		.check = "check", .result = "fail", .severity = "low", .evidence = "[]"};
	char hash[65];
	uint64_t last = 0;

	refuse(SQLITE_FULL);
	for (uint64_t seq = 1; seq <= 100; seq++) {
		row.since_realtime_usec = seq;
		assert_int_equal(store_begin(f->store), 0);
		assert_int_equal(append(f->store, seq, "{}"), 0);
		assert_int_equal(store_put_finding(f->store, &row), 0);
		assert_int_equal(store_commit(f->store), 1);
		assert_int_equal(store_ack(f->store, "sink", MIN(seq, UINT64_C(90))), 0);
	}
	size_t before = store_kept_size(f->store);
	assert_int_equal(store_shed(f->store, 90), 90);
	assert_true(store_kept_size(f->store) < before / 5);
	assert_int_equal(count_events(f->store), 10);
	assert_int_equal(store_shed(f->store, 100), 9); /* the newest stays */
	accept_all();
	assert_int_equal(store_flush(f->store), 0);
	assert_int_equal(store_last(f->store, &last, hash), 1);
	assert_int_equal(last, 100);
	assert_int_equal(store_cursor(f->store, "sink", &last), 0);
	assert_int_equal(last, 90);
}

static int on_finding(const struct finding_row *row, void *arg)
{
	((unsigned *)arg)[row->check[0] - 'a'] = (unsigned)row->since_realtime_usec;
	return 0;
}

static int on_item(const struct item_row *row, void *arg)
{
	((unsigned *)arg)[atoi(row->subject)] = (unsigned)atoi(row->value);
	return 0;
}

static void assert_model(struct store *s, const struct model *m)
{
	struct model is = {.number = m->number};

	is.seq = count_events(s);
	assert_int_equal(store_cursor(s, "sink", &is.cursor), 0);
	assert_int_equal(store_findings(s, on_finding, is.findings), 0);
	assert_int_equal(store_items(s, m->number, "", on_item, is.items), 0);
	assert_memory_equal(&is, m, sizeof(is));
}

static void change(struct fixture *f, struct model *m)
{
	unsigned i = dice(f, N_CHECKS), k = dice(f, N_ITEMS), n = 1 + dice(f, 9);
	const char check[] = {(char)('a' + i), '\0'};
	char subject[16], value[16];

	if (dice(f, 3) > 0) {
		assert_int_equal(append(f->store, ++m->seq, "{}"), 0);
	} else if (dice(f, 2) > 0) {
		m->findings[i] = m->findings[i] ? 0 : n;
		const struct finding_row row = {.check = check,
			.result = "fail",
			.severity = "low",
			.evidence = "[]",
			.since_realtime_usec = n};
		assert_int_equal(m->findings[i] ? store_put_finding(f->store, &row)
						: store_delete_finding(f->store, check),
			0);
	} else {
		m->items[k] = m->items[k] ? 0 : n;
		(void)snprintf(subject, sizeof(subject), "%02u", k);
		(void)snprintf(value, sizeof(value), "%u", n);
		const struct item_row row = {.subject = subject, .value = value};
		assert_int_equal(m->items[k] ? store_put_item(f->store, m->number, &row)
					     : store_delete_item(f->store, m->number, subject),
			0);
	}
}

/* A disk that comes and goes, transactions that are given up: beside a model. */
static void test_random(void **state)
{
	struct fixture *f = *state;
	struct model m = {0};

	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_add_fact(f->store, "os", &m.number), 0);
	assert_int_equal(store_commit(f->store), 0);
	for (int round = 0; round < 2000; round++) {
		struct model next = m;
		if (dice(f, 20) == 0)
			refuse(dice(f, 2) ? SQLITE_FULL : SQLITE_IOERR_WRITE);
		if (dice(f, 20) == 0)
			accept_all();
		assert_int_equal(store_begin(f->store), 0);
		for (unsigned n = dice(f, 6); n > 0; n--)
			change(f, &next);
		if (dice(f, 4) == 0) {
			store_rollback(f->store);
		} else {
			assert_true(store_commit(f->store) >= 0);
			m = next;
		}
		if (m.seq > 0 && dice(f, 3) == 0) {
			uint64_t seen = dice(f, (unsigned)m.seq);
			m.cursor = MAX(m.cursor, seen);
			assert_int_equal(store_ack(f->store, "sink", m.cursor), 0);
		}
		if (dice(f, 8) == 0)
			(void)store_flush(f->store);
		if (dice(f, 10) == 0)
			assert_int_equal(store_shed(f->store, 0), 0);
		if (store_kept_size(f->store) > KEEP / 2)
			accept_all();
		assert_model(f->store, &m);
		if (store_kept(f->store) == 0 && dice(f, 30) == 0) {
			accept_all();
			store_close(f->store);
			assert_int_equal(store_open(f->path, &f->store), 0);
			store_keep(f->store, KEEP);
			assert_model(f->store, &m);
		}
	}
	accept_all();
	assert_int_equal(store_flush(f->store), 0);
	store_close(f->store);
	assert_int_equal(store_open(f->path, &f->store), 0);
	assert_model(f->store, &m);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_kept),
		TEST(test_not_kept),
		TEST(test_large),
		TEST(test_too_large),
		TEST(test_restore),
		TEST(test_shed),
		TEST(test_random),
	};

	fault_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
