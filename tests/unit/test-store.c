/* SPDX-License-Identifier: ISC */
#include "test.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "store/rows.h"

struct fixture {
	struct test_root root;
	char path[128];
	struct store *store;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	test_root_init(&f->root);
	(void)snprintf(f->path, sizeof(f->path), "%s/state.db", f->root.dir);
	assert_int_equal(store_open(f->path, &f->store), 0);
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

static void reopen(struct fixture *f)
{
	store_close(f->store);
	f->store = NULL;
	assert_int_equal(store_open(f->path, &f->store), 0);
}

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void append(struct store *s, uint64_t first, uint64_t last)
{
	assert_int_equal(store_begin(s), 0);
	for (uint64_t seq = first; seq <= last; seq++)
		assert_int_equal(store_append(s, seq, "epoch", "{}", HASH), 0);
	assert_int_equal(store_commit(s), 0);
}

static void test_created(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	store_close(f->store);
	assert_int_equal(chmod(f->path, 0644), 0);
	assert_int_equal(store_open(f->path, &f->store), 0);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

/* A second daemon, in a process of its own as locks are per process. */
static void test_busy(void **state)
{
	struct fixture *f = *state;
	int status;

	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct store *other = NULL;
		bool busy = store_open(f->path, &other) == -EBUSY && !other;
		_exit(busy && store_holder(f->path) == getppid() ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	append(f->store, 1, 1);
}

static void test_bad_paths(void **state)
{
	struct fixture *f = *state;
	struct store *s = NULL;

	assert_int_equal(symlink(f->path, test_path(&f->root, "/link")), 0);
	assert_int_equal(store_open(test_path(&f->root, "/link"), &s), -ELOOP);
	assert_int_equal(mkfifo(test_path(&f->root, "/fifo"), 0600), 0);
	assert_int_equal(store_open(test_path(&f->root, "/fifo"), &s), -ENODEV);
	assert_int_equal(store_open(test_path(&f->root, "/none/state.db"), &s), -ENOENT);
	assert_null(s);
}

static void test_outbox(void **state)
{
	struct fixture *f = *state;
	struct outbox_row row = {0};
	uint64_t seq = 99;
	char hash[65];

	assert_int_equal(store_last(f->store, &seq, hash), 0);
	assert_int_equal(store_next(f->store, "journald", 0, &row), 0);
	append(f->store, 1, 3);
	assert_int_equal(store_last(f->store, &seq, hash), 1);
	assert_int_equal(seq, 3);
	assert_string_equal(hash, HASH);

	assert_int_equal(store_next(f->store, "journald", 0, &row), 1);
	assert_int_equal(row.seq, 1);
	assert_string_equal(row.json, "{}");
	outbox_row_fini(&row);
	assert_int_equal(store_next(f->store, "journald", 2, &row), 1);
	assert_int_equal(row.seq, 3);
	outbox_row_fini(&row);
	assert_int_equal(store_next(f->store, "journald", 3, &row), 0);
	assert_int_equal(store_next(f->store, "journald", UINT64_MAX, &row), 0);

	assert_int_equal(store_cursor(f->store, "journald", &seq), 0);
	assert_int_equal(seq, 0);
	assert_int_equal(store_ack(f->store, "journald", 2), 0);
	assert_int_equal(store_ack(f->store, "journald", 1), 0);
	assert_int_equal(store_ack(f->store, "journald", 4), -ERANGE);
	assert_int_equal(store_ack(f->store, "journald", UINT64_MAX), -ERANGE);
	reopen(f);
	assert_int_equal(store_cursor(f->store, "journald", &seq), 0);
	assert_int_equal(seq, 2);
	assert_int_equal(store_next(f->store, "journald", 0, &row), 1);
	assert_int_equal(row.seq, 3);
	outbox_row_fini(&row);
	assert_int_equal(store_next(f->store, "relay", 0, &row), 1);
	assert_int_equal(row.seq, 1);
	outbox_row_fini(&row);
}

static uint64_t oldest(struct store *s)
{
	struct outbox_row row = {0};

	assert_int_equal(store_next(s, "nobody", 0, &row), 1);
	uint64_t seq = row.seq;
	outbox_row_fini(&row);
	return seq;
}

static void test_prune(void **state)
{
	struct fixture *f = *state;
	static const char *const sinks[] = {"journald", "relay", NULL}, *const none[] = {NULL};

	append(f->store, 1, 100);
	assert_int_equal(store_prune(f->store, sinks, 0), 0);
	assert_int_equal(store_ack(f->store, "journald", 100), 0);
	assert_int_equal(store_prune(f->store, sinks, 0), 0);
	assert_int_equal(store_ack(f->store, "relay", 60), 0);
	assert_int_equal(store_prune(f->store, sinks, 60), 0);
	assert_int_equal(store_prune(f->store, sinks, 50), 10);
	assert_int_equal(oldest(f->store), 11);
	assert_int_equal(store_prune(f->store, none, 20), 70);
	assert_int_equal(oldest(f->store), 81);
	/* The chain's end stays even when nobody wants to keep anything. */
	assert_int_equal(store_prune(f->store, none, 0), 19);
	assert_int_equal(oldest(f->store), 100);
}

static void test_rollback(void **state)
{
	struct fixture *f = *state;
	uint64_t seq = 0;
	char hash[65];

	append(f->store, 1, 1);
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_append(f->store, 2, "epoch", "{}", HASH), 0);
	assert_int_equal(store_append(f->store, 2, "epoch", "{}", HASH), -EUCLEAN);
	store_rollback(f->store);
	store_rollback(f->store);
	assert_int_equal(store_last(f->store, &seq, hash), 1);
	assert_int_equal(seq, 1);
	/* A transaction left open is not half a transaction afterwards. */
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(store_append(f->store, 2, "epoch", "{}", HASH), 0);
	reopen(f);
	assert_int_equal(store_last(f->store, &seq, hash), 1);
	assert_int_equal(seq, 1);
}

static void test_meta(void **state)
{
	struct fixture *f = *state;
	char *value = NULL;

	assert_int_equal(store_meta_get(f->store, "machine", &value), 0);
	assert_int_equal(store_meta_set(f->store, "machine", "one"), 0);
	assert_int_equal(store_meta_set(f->store, "machine", "two"), 0);
	reopen(f);
	assert_int_equal(store_meta_get(f->store, "machine", &value), 1);
	assert_string_equal(value, "two");
	free(value);
}

/* Each reader's rows as one text. */
struct text {
	char s[512];
	int stop;
};

static _printf_(2, 3) int add(struct text *t, const char *fmt, ...)
{
	size_t n = strlen(t->s);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(t->s + n, sizeof(t->s) - n, fmt, ap);
	va_end(ap);
	return t->stop;
}

static int on_finding(const struct finding_row *r, void *arg)
{
	return add(arg, "%s %s %s %s %s %ju;", r->check, r->result, r->severity,
		r->waiver ? r->waiver : "-", r->evidence, (uintmax_t)r->since_realtime_usec);
}

static int on_fact(const char *name, int64_t number, void *arg)
{
	return add(arg, "%s %jd;", name, (intmax_t)number);
}

static int on_item(const struct item_row *r, void *arg)
{
	return add(arg, "%s %s %s %s:%u %ju;", r->subject, r->value ? r->value : "-",
		r->baseline ? r->baseline : "-", r->path ? r->path : "-", r->line,
		(uintmax_t)r->since_realtime_usec);
}

static void test_findings(void **state)
{
	struct fixture *f = *state;
	struct text all = {0}, one = {0}, none = {0}, stopped = {.stop = 5}, left = {0};
	struct finding_row a = {.check = "a",
				   .result = "fail",
				   .severity = "high",
				   .evidence = "[]",
				   .since_realtime_usec = 12},
			   b = a;

	b.check = "b";
	b.waiver = "w";
	assert_int_equal(store_put_finding(f->store, &b), 0);
	assert_int_equal(store_put_finding(f->store, &a), 0);
	a.severity = "low";
	assert_int_equal(store_put_finding(f->store, &a), 0);
	reopen(f);
	assert_int_equal(store_findings(f->store, on_finding, &all), 0);
	assert_string_equal(all.s, "a fail low - [] 12;b fail high w [] 12;");
	assert_int_equal(store_finding(f->store, "b", on_finding, &one), 0);
	assert_string_equal(one.s, "b fail high w [] 12;");
	assert_int_equal(store_finding(f->store, "c", on_finding, &none), 0);
	assert_string_equal(none.s, "");
	assert_int_equal(store_findings(f->store, on_finding, &stopped), 5);
	assert_string_equal(stopped.s, "a fail low - [] 12;");
	assert_int_equal(store_delete_finding(f->store, "a"), 0);
	assert_int_equal(store_delete_finding(f->store, "a"), 0);
	assert_int_equal(store_findings(f->store, on_finding, &left), 0);
	assert_string_equal(left.s, "b fail high w [] 12;");
}

static void test_items(void **state)
{
	struct fixture *f = *state;
	struct text facts = {0}, all = {0}, some = {0}, differing = {0}, left = {0};
	int64_t n, m;

	assert_int_equal(store_add_fact(f->store, "sshd", &n), 0);
	assert_int_equal(store_add_fact(f->store, "accounts", &m), 0);
	assert_int_equal(store_facts(f->store, on_fact, &facts), 0);
	assert_string_equal(facts.s, "accounts 2;sshd 1;");

	const struct item_row rows[] = {
		{.subject = "b", .value = "2", .path = "/p", .line = 3},
		{.subject = "a", .value = "1"},
		{.subject = "c", .baseline = "was", .since_realtime_usec = 5},
		{.subject = "d", .value = "new", .since_realtime_usec = 6},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(store_put_item(f->store, n, &rows[i]), 0);
	assert_int_equal(store_put_item(f->store, m, &rows[0]), 0);
	reopen(f);
	assert_int_equal(store_items(f->store, n, "", on_item, &all), 0);
	assert_string_equal(all.s, "a 1 - -:0 0;b 2 - /p:3 0;c - was -:0 5;d new - -:0 6;");
	assert_int_equal(store_items(f->store, n, "b", on_item, &some), 0);
	assert_string_equal(some.s, "b 2 - /p:3 0;c - was -:0 5;d new - -:0 6;");
	assert_int_equal(store_differing(f->store, n, on_item, &differing), 0);
	assert_string_equal(differing.s, "c - was -:0 5;d new - -:0 6;");
	assert_int_equal(store_delete_item(f->store, n, "c"), 0);
	assert_int_equal(store_differing(f->store, n, on_item, &left), 0);
	assert_string_equal(left.s, "d new - -:0 6;");
}

/* Changes the closed database behind the store's back. */
static void run_sql(struct fixture *f, const char *sql)
{
	sqlite3 *db = NULL;

	store_close(f->store);
	f->store = NULL;
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void overwrite(const char *path, off_t at, const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, at), n);
	close(fd);
}

/* A database that this version must not touch is not touched. */
static void assert_untouched(struct fixture *f, int error)
{
	struct file before = {0}, after = {0};

	assert_int_equal(root_read(&f->root.root, "/state.db", 1 << 24, &before), 0);
	assert_int_equal(store_open(f->path, &f->store), error);
	assert_null(f->store);
	assert_int_equal(root_read(&f->root.root, "/state.db", 1 << 24, &after), 0);
	assert_int_equal(before.size, after.size);
	assert_memory_equal(before.data, after.data, after.size);
	file_fini(&before);
	file_fini(&after);
}

static void test_future(void **state)
{
	struct fixture *f = *state;

	run_sql(f, "PRAGMA user_version = 1000");
	assert_untouched(f, -EPROTO);
	run_sql(f, "PRAGMA user_version = -1");
	assert_int_equal(store_open(f->path, &f->store), -EPROTO);
}

static void test_foreign(void **state)
{
	struct fixture *f = *state;
	struct text t = {0};

	run_sql(f, "DROP TABLE finding");
	assert_int_equal(store_open(f->path, &f->store), 0);
	assert_int_equal(store_findings(f->store, on_finding, &t), -EUCLEAN);
	run_sql(f, "PRAGMA user_version = 0");
	assert_int_equal(store_open(f->path, &f->store), -EUCLEAN);
}

/* Rows that are well-formed to SQLite and make no sense. */
static void test_senseless(void **state)
{
	struct fixture *f = *state;
	struct outbox_row row = {0};
	struct text t = {0};
	uint64_t seq = 0;
	char hash[65];

	run_sql(f, "INSERT INTO outbox VALUES (1, '', '', 'short');"
		   "INSERT INTO item VALUES (1, 'a', NULL, NULL, NULL, 0, 0)");
	assert_int_equal(store_open(f->path, &f->store), 0);
	assert_int_equal(store_last(f->store, &seq, hash), -EUCLEAN);
	assert_int_equal(store_next(f->store, "s", 0, &row), -EUCLEAN);
	assert_int_equal(store_items(f->store, 1, "", on_item, &t), -EUCLEAN);
}

static void test_corrupt(void **state)
{
	struct fixture *f = *state;
	char junk[4096];

	append(f->store, 1, 5000);
	store_close(f->store);
	f->store = NULL;
	memset(junk, 0x5a, sizeof(junk));
	/* A page in the middle: only the integrity check sees it. */
	overwrite(f->path, 40 * 4096, junk, sizeof(junk));
	assert_untouched(f, -EUCLEAN);
	overwrite(f->path, 0, junk, 100);
	assert_int_equal(store_open(f->path, &f->store), -EUCLEAN);
	assert_null(f->store);
}

static void test_short_file(void **state)
{
	struct fixture *f = *state;

	append(f->store, 1, 5000);
	store_close(f->store);
	f->store = NULL;
	assert_int_equal(truncate(f->path, 30 * 4096), 0);
	assert_int_equal(store_open(f->path, &f->store), -EUCLEAN);
	assert_int_equal(truncate(f->path, 10), 0);
	assert_int_equal(store_open(f->path, &f->store), -EUCLEAN);
	/* Nothing at all is a new database. */
	assert_int_equal(truncate(f->path, 0), 0);
	assert_int_equal(store_open(f->path, &f->store), 0);
}

/* What a killed process leaves: the log of its last transactions, not yet in the database. */
static void leave_log(struct fixture *f, off_t log_size)
{
	int status;

	store_close(f->store);
	f->store = NULL;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct store *s = NULL;
		if (store_open(f->path, &s) < 0)
			_exit(1);
		append(s, 1, 1);
		append(s, 2, 2);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	char wal[256];
	struct stat st;
	(void)snprintf(wal, sizeof(wal), "%s-wal", f->path);
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(truncate(wal, st.st_size + log_size), 0);
	assert_int_equal(store_open(f->path, &f->store), 0);
}

static void test_log(void **state)
{
	struct fixture *f = *state;
	uint64_t seq = 0;
	char hash[65];

	leave_log(f, 0);
	assert_int_equal(store_last(f->store, &seq, hash), 1);
	assert_int_equal(seq, 2);
}

static void test_log_cut(void **state)
{
	struct fixture *f = *state;
	uint64_t seq = 0;
	char hash[65];

	leave_log(f, -1);
	assert_int_equal(store_last(f->store, &seq, hash), 1);
	assert_int_equal(seq, 1);
	append(f->store, 2, 2);
}

static void test_set_aside(void **state)
{
	struct fixture *f = *state;
	char path[256];
	struct stat st;

	append(f->store, 1, 1);
	store_close(f->store);
	f->store = NULL;
	(void)snprintf(path, sizeof(path), "%s-wal", f->path);
	test_write(&f->root, "/state.db-wal", "log");
	for (int i = 0; i < 2; i++) {
		_cleanup_free_ char *where = NULL;
		assert_int_equal(store_set_aside(f->path, 1763768154123456, &where), 0);
		(void)snprintf(path, sizeof(path), "%s.20251121T233554Z%s.bad", f->path,
			i == 0 ? "" : "-2");
		assert_string_equal(where, path);
		assert_int_equal(stat(path, &st), 0);
		(void)strcat(path, "-wal");
		assert_int_equal(stat(path, &st), i == 0 ? 0 : -1);
		assert_int_equal(store_open(f->path, &f->store), 0);
		store_close(f->store);
		f->store = NULL;
	}
	_cleanup_free_ char *where = NULL;
	assert_int_equal(store_set_aside(test_path(&f->root, "/none"), 1, &where), -ENOENT);
	assert_null(where);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_created),
		TEST(test_busy),
		TEST(test_bad_paths),
		TEST(test_outbox),
		TEST(test_prune),
		TEST(test_rollback),
		TEST(test_meta),
		TEST(test_findings),
		TEST(test_items),
		TEST(test_future),
		TEST(test_foreign),
		TEST(test_senseless),
		TEST(test_corrupt),
		TEST(test_short_file),
		TEST(test_log),
		TEST(test_log_cut),
		TEST(test_set_aside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
