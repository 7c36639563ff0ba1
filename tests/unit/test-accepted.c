/* SPDX-License-Identifier: ISC */
/* The baseline as a scan reads it from the daemon's database, whoever has that open. */
#include "alloc-fail.h"

#include <fcntl.h>
#include <sqlite3.h>

#include "ledger/accepted.h"
#include "store/rows.h"

#define DB "/state.db"

struct fixture {
	struct test_root root;
	struct store *store;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	test_root_init(&f->root);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	test_root_fini(&f->root);
	free(f);
	return 0;
}

/* A baseline of three, one of which is another now, and one that came since. */
static void record(struct fixture *f)
{
	static const struct item_row rows[] = {
		{.subject = "listener tcp 0.0.0.0:22", .value = "sshd"},
		{.subject = "listener tcp 0.0.0.0:80",
			.value = "evil",
			.baseline = "nginx",
			.since_realtime_usec = 5},
		{.subject = "listener tcp 0.0.0.0:81", .value = "new", .since_realtime_usec = 5},
		{.subject = "listener tcp 0.0.0.0:82",
			.baseline = "gone",
			.since_realtime_usec = 5},
	};
	int64_t number, other;

	assert_int_equal(store_open(test_path(&f->root, DB), &f->store), 0);
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_add_fact(f->store, "kernel", &other), 0);
	assert_int_equal(store_add_fact(f->store, "listeners", &number), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(store_put_item(f->store, number, &rows[i]), 0);
	assert_int_equal(
		store_put_item(f->store, other,
			&(struct item_row){.subject = "listener tcp 0.0.0.0:99", .value = "x"}),
		0);
	assert_int_equal(store_commit(f->store), 0);
}

static struct fact *read_fact(const struct fixture *f)
{
	struct fact *fact = NULL;

	assert_int_equal(accepted_of_file(&f->root.root, DB, &fact), 0);
	return fact;
}

static void expect_failed(const struct fixture *f, enum fact_state state, const char *reason)
{
	_cleanup_(fact_freep) struct fact *fact = read_fact(f);

	if (fact->state != state || !strstr(fact->reason, reason) || !strstr(fact->reason, DB))
		fail_msg("%d, %s: not %s", fact->state, fact->reason ? fact->reason : "", reason);
}

static void expect_recorded(const struct fixture *f)
{
	_cleanup_(fact_freep) struct fact *fact = read_fact(f);

	assert_int_equal(fact->state, FACT_STATE_OK);
	const struct accepted *a = fact->u.accepted;
	assert_int_equal(a->n_listeners, 3);
	assert_false(a->recording);
	assert_true(accepted_listener(a, "listener tcp 0.0.0.0:22", "sshd"));
	assert_true(accepted_listener(a, "listener tcp 0.0.0.0:80", "nginx"));
	assert_false(accepted_listener(a, "listener tcp 0.0.0.0:80", "evil"));
	assert_false(accepted_listener(a, "listener tcp 0.0.0.0:81", "new"));
	assert_true(accepted_listener(a, "listener tcp 0.0.0.0:82", "gone"));
	assert_false(accepted_listener(a, "listener tcp 0.0.0.0:99", "x"));
}

/* While the daemon has it open and locked, and after; not a byte of its files is another. */
static void test_recorded(void **state)
{
	struct fixture *f = *state;
	struct stat before, after;

	record(f);
	expect_recorded(f);
	assert_int_equal(store_check(f->store), 0);
	store_close(f->store);
	f->store = NULL;
	assert_int_equal(stat(test_path(&f->root, DB), &before), 0);
	expect_recorded(f);
	assert_int_equal(stat(test_path(&f->root, DB), &after), 0);
	assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof(after.st_mtim));
	assert_int_equal(access(test_path(&f->root, DB "-shm"), F_OK), -1);
}

static void test_nothing(void **state)
{
	struct fixture *f = *state;

	expect_failed(f, FACT_STATE_ABSENT, "the daemon has not run here");
	assert_int_equal(store_open(test_path(&f->root, DB), &f->store), 0);
	expect_failed(f, FACT_STATE_ERROR, "recorded none yet");
}

static void execute(const struct fixture *f, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(test_path(&f->root, DB), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Another program's, a newer version's, one that somebody filled with something else. */
static void test_foreign(void **state)
{
	struct fixture *f = *state;

	test_write(&f->root, DB, "no database at all, and longer than nothing");
	expect_failed(f, FACT_STATE_MALFORMED, "corrupt");
	assert_int_equal(unlink(test_path(&f->root, DB)), 0);
	execute(f, "CREATE TABLE t (x)");
	expect_failed(f, FACT_STATE_ERROR, "not a database of this version");
	execute(f, "PRAGMA user_version = 1");
	expect_failed(f, FACT_STATE_MALFORMED, "corrupt");
	execute(f, "CREATE TABLE fact (number, name); INSERT INTO fact VALUES (1, 'listeners');"
		   "CREATE VIEW item AS WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
		   "FROM c)"
		   "SELECT 1 AS fact, 'x' || i AS subject, 'v' AS value, NULL AS baseline,"
		   "NULL AS path, 0 AS line, 0 AS since FROM c");
	expect_failed(f, FACT_STATE_MALFORMED, "corrupt");
	execute(f, "PRAGMA user_version = 1000");
	expect_failed(f, FACT_STATE_ERROR, "not a database of this version");
	assert_int_equal(unlink(test_path(&f->root, DB)), 0);
	assert_int_equal(symlink("/etc/passwd", test_path(&f->root, DB)), 0);
	_cleanup_(fact_freep) struct fact *fact = read_fact(f);
	assert_int_not_equal(fact->state, FACT_STATE_OK);
}

/* Each page in turn becomes something else: said, or what is left is right; never a crash. */
static void test_corrupt(void **state)
{
	struct fixture *f = *state;
	unsigned failed = 0;
	char page[4096], old[4096];
	struct stat st;

	record(f);
	store_close(f->store);
	f->store = NULL;
	memset(page, 0xa5, sizeof(page));
	_cleanup_close_ int fd = open(test_path(&f->root, DB), O_RDWR | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = 0; at < st.st_size; at += (off_t)sizeof(page)) {
		assert_int_equal(pread(fd, old, sizeof(old), at), sizeof(old));
		assert_int_equal(pwrite(fd, page, sizeof(page), at), sizeof(page));
		_cleanup_(fact_freep) struct fact *fact = read_fact(f);
		failed += fact->state != FACT_STATE_OK;
		assert_int_equal(pwrite(fd, old, sizeof(old), at), sizeof(old));
	}
	assert_true(failed >= 2);
	expect_recorded(f);
}

static void test_owner(void **state)
{
	struct fixture *f = *state;

	if (geteuid() != 0)
		skip();
	record(f);
	assert_int_equal(chown(test_path(&f->root, DB), 65534, 65534), 0);
	expect_failed(f, FACT_STATE_DENIED, "not root's");
}

static int read_once(void *arg)
{
	const struct fixture *f = arg;
	_cleanup_(fact_freep) struct fact *fact = NULL;
	int r = accepted_of_file(&f->root.root, DB, &fact);

	assert_true(r < 0 || fact->state == FACT_STATE_OK);
	return r;
}

static void test_memory(void **state)
{
	record(*state);
	alloc_each(read_once, *state, 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_recorded),
		TEST(test_nothing),
		TEST(test_foreign),
		TEST(test_corrupt),
		TEST(test_owner),
		TEST(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
