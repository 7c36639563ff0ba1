/* SPDX-License-Identifier: ISC */
/*
 * Whatever happens to the disk, the process or the power, at whichever
 * operation: the outbox has no gap, its chain holds, each change is told
 * exactly once, and what was said to be committed is there.
 */
#include "fault-vfs.h"
#include "ledger-fixture.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "store/rows.h"

/* Of the empty file when it is made; the rest goes by the faulty way. Real ones are slow. */
int fsync(int fd)
{
	return 0;
}

/* The life of a machine in a few batches, each a second after the other. */
static const struct {
	const char *os, *accounts;
	bool root;    /* root can log in */
	bool accept;  /* then everything is accepted */
	bool ack;     /* a sink has seen everything so far */
	bool restart; /* before it */
} script[] = {
	{.os = "login|no\n", .accounts = "account a|1\naccount b|1\naccount c|1\n"},
	{.os = "login|yes\n", .accounts = "account a|1\naccount b|1\naccount c|1\n", .root = true},
	{.os = "login|yes\n", .accounts = "account a|2\naccount d|1\n", .root = true, .ack = true},
	{.os = "login|yes\n",
		.accounts = "account a|1\naccount d|2\n",
		.root = true,
		.restart = true},
	{.os = "login|no\n", .accounts = "account a|1\naccount d|2\n", .accept = true},
	{.os = "login|no\n",
		.accounts = "account d|2\naccount e|1\n",
		.restart = true,
		.ack = true},
	{.os = "login|yes\n", .accounts = "account d|2\n", .root = true},
};

/* Shared with the child: how far it has come. */
struct progress {
	unsigned steps; /* that it was told were done */
	uint64_t seq;
};

static void set_facts(struct fixture *f, size_t i)
{
	fixture_fact(f, FACT_OS, script[i].os);
	fixture_fact(f, FACT_ACCOUNTS, script[i].accounts);
	if (script[i].root)
		fixture_fail(f, CHECK_ROOT, "root can log in", "login|yes|no\n");
	else
		fixture_set(f, CHECK_ROOT, RESULT_PASS, "root cannot log in");
}

/* One step; may be done again when it failed or when nobody knows whether it was done. */
static int run_step(struct fixture *f, size_t i)
{
	int r = 0;

	if (script[i].restart)
		fixture_close(f);
	if (!f->ledger) {
		fixture_close(f);
		r = fixture_open(f);
	}
	set_facts(f, i);
	f->now_usec = (i + 1) * 100 * USEC_PER_SEC;
	if (r >= 0)
		r = fixture_enter(f, FACT_ALL);
	if (r >= 0 && script[i].accept)
		r = ledger_accept(f->ledger, NULL, NULL, "root", NULL, START + f->now_usec);
	if (r >= 0 && script[i].ack)
		r = store_ack(f->store, "sink", ledger_seq(f->ledger));
	return r < 0 ? r : 0;
}

/* All messages of the outbox, after checking that they are a chain; ret NULL: they are not wanted. */
static void read_outbox(struct fixture *f, char *ret, size_t size)
{
	struct outbox_row row = {0};
	char hash[65] = EVENT_CHAIN_START;
	uint64_t seq = 0;

	if (ret)
		ret[0] = '\0';
	while (store_next(f->store, "nobody", seq, &row) == 1) {
		struct event e;
		assert_int_equal(row.seq, seq + 1);
		event_chain(hash, row.json, hash);
		assert_string_equal(row.hash, hash);
		assert_int_equal(event_decode(f->arena, row.json, &e), 0);
		assert_int_equal(e.seq, row.seq);
		size_t n = ret ? strlen(ret) : 0;
		assert_true(!ret || n + strlen(e.message) + 2 < size);
		if (ret)
			(void)snprintf(ret + n, size - n, "%s\n", e.message);
		seq = row.seq;
		outbox_row_fini(&row);
	}
	assert_int_equal(ledger_seq(f->ledger), seq);
	assert_string_equal(ledger_head(f->ledger), hash);
}

static int on_difference(const struct difference *d, void *arg)
{
	char *s = arg;

	(void)sprintf(s + strlen(s), "%s %s %s;", d->subject, d->baseline ? d->baseline : "-",
		d->current ? d->current : "-");
	return 0;
}

static char expected[4096];

static void start_over(struct fixture *f)
{
	fixture_close(f);
	(void)unlink(f->path);
	(void)unlink(test_path(&f->root, "/state.db-wal"));
	arena_free(f->arena);
	f->arena = arena_new();
}

/* The script from a step on, to its end, then all that can be said about the end. */
static void finish(struct fixture *f, size_t from)
{
	char outbox[4096], differences[256] = "";
	uint64_t cursor = 0;

	for (size_t i = from; i < ARRAY_SIZE(script); i++)
		assert_int_equal(run_step(f, i), 0);
	read_outbox(f, outbox, sizeof(outbox));
	if (!*expected)
		memcpy(expected, outbox, sizeof(expected));
	assert_string_equal(outbox, expected);
	assert_int_equal(ledger_diff(f->ledger, on_difference, differences), 0);
	assert_string_equal(differences, "account a 1 -;login no yes;");
	assert_int_equal(store_cursor(f->store, "sink", &cursor), 0);
	assert_int_equal(cursor, ledger_seq(f->ledger) - 2);
	fixture_reopen(f);
	assert_int_equal(fixture_enter(f, FACT_ALL), 0);
}

static void test_script(void **state)
{
	struct fixture *f = *state;

	start_over(f);
	finish(f, 0);
	puts(expected);
}

static void child(struct fixture *f, struct progress *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(script); i++) {
		if (run_step(f, i) < 0)
			_exit(1);
		p->seq = ledger_seq(f->ledger);
		p->steps++;
	}
	fixture_close(f);
	_exit(0);
}

/* Runs the script in a child up to the n-th operation. Whether it was ended by that. */
static bool crash(struct fixture *f, struct progress *p, enum fault_mode mode, unsigned at)
{
	int status;

	*p = (struct progress){0};
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		fault.mode = mode;
		fault.at = at;
		fault.count = 0;
		fault.random = at;
		child(f, p);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == FAULT_EXIT || WEXITSTATUS(status) == 0);
	return WEXITSTATUS(status) == FAULT_EXIT;
}

static void crash_everywhere(struct fixture *f, enum fault_mode mode)
{
	struct progress *p = mmap(
		NULL, sizeof(*p), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned at = 1;

	assert_true(p != MAP_FAILED);
	for (;; at++) {
		start_over(f);
		if (!crash(f, p, mode, at))
			break;
		assert_int_equal(fixture_open(f), 0);
		assert_true(ledger_seq(f->ledger) >= p->seq);
		finish(f, p->steps);
	}
	printf("%u operations\n", at - 1);
	assert_true(at > 100);
	assert_int_equal(munmap(p, sizeof(*p)), 0);
}

static void test_kill(void **state)
{
	crash_everywhere(*state, FAULT_KILL);
}

static void test_power(void **state)
{
	crash_everywhere(*state, FAULT_POWER);
}

static void test_power_part(void **state)
{
	crash_everywhere(*state, FAULT_POWER_PART);
}

/* Errors that come and go: each step is done again until it succeeds. */
static void fail_everywhere(struct fixture *f, enum fault_mode mode, int error, int want)
{
	char outbox[4096];
	unsigned at = 1, failed;

	for (;; at++) {
		start_over(f);
		fault.mode = mode;
		fault.at = at;
		fault.count = 0;
		fault.error = error;
		failed = 0;
		for (size_t i = 0; i < ARRAY_SIZE(script); i++) {
			int r = run_step(f, i);
			if (r == 0)
				continue;
			assert_int_equal(r, want);
			failed++;
			/*
			 * And again while it lasts. A commit whose sync failed is undone, but
			 * a restart finds it in the log: then it is done.
			 */
			if (mode == FAULT_FULL) {
				r = run_step(f, i);
				assert_true(r == want || (r == 0 && script[i].restart));
			}
			fault.at = 0;
			if (f->ledger)
				read_outbox(f, outbox, sizeof(outbox));
			assert_int_equal(run_step(f, i), 0);
		}
		bool done = fault.count < at;
		fault.mode = FAULT_NONE;
		finish(f, ARRAY_SIZE(script));
		if (done)
			break;
	}
	printf("%u operations\n", at - 1);
	assert_int_equal(failed, 0);
	assert_true(at > 100);
}

static void test_full(void **state)
{
	fail_everywhere(*state, FAULT_FULL, SQLITE_FULL, -ENOSPC);
}

static void test_full_once(void **state)
{
	fail_everywhere(*state, FAULT_ERROR, SQLITE_FULL, -ENOSPC);
}

static void test_io_error(void **state)
{
	fail_everywhere(*state, FAULT_ERROR, SQLITE_IOERR_WRITE, -EIO);
}

/* Twelve items that change at random, and their present values. */
enum {
	N_ITEMS = 12,
};
struct machine {
	char values[N_ITEMS]; /* 0: absent */
	uint32_t random;
	uint64_t hour;
};

static unsigned dice(struct machine *m, unsigned n)
{
	m->random = m->random * 1664525 + 1013904223;
	return (m->random >> 16) % n;
}

static void change(struct machine *m, struct fixture *f)
{
	char items[256] = "", *w = items;

	for (unsigned n = 1 + dice(m, 3); n > 0; n--)
		m->values[dice(m, N_ITEMS)] = (char)dice(m, 4);
	for (int i = 0; i < N_ITEMS; i++) {
		if (m->values[i])
			w += sprintf(w, "%c|%d\n", 'a' + i, m->values[i]);
	}
	fixture_fact(f, FACT_OS, items);
	/* Every item is its own evidence, odd values fail. */
	char evidence[256] = "";
	w = evidence;
	for (int i = 0; i < N_ITEMS; i++) {
		if (m->values[i] % 2)
			w += sprintf(w, "%c|%d|even\n", 'a' + i, m->values[i]);
	}
	if (*evidence)
		fixture_fail(f, CHECK_ROOT, "odd", evidence);
	else
		fixture_set(f, CHECK_ROOT, RESULT_PASS, "even");
	f->now_usec = ++m->hour * USEC_PER_HOUR;
}

static char value_of(const char *s)
{
	return s ? (char)(*s - '0') : 0;
}

/* Applies an event to what its reader knows; each detail's old value must be what he knew. */
static void hear(char known[static N_ITEMS], const struct event *e)
{
	assert_int_equal(e->n_details, e->n_all);
	for (size_t i = 0; i < e->n_details; i++) {
		const struct event_detail *d = &e->details[i];
		char *value = &known[*d->subject - 'a'];
		/* Evidence by itself says nothing of an item that has not changed. */
		if (e->check && !d->old && !d->value && value_of(d->observed) == *value)
			continue;
		assert_int_equal(*value, value_of(d->old));
		*value = value_of(d->observed);
	}
}

static void hear_all(struct fixture *f, char known[static N_ITEMS])
{
	read_outbox(f, NULL, 0); /* how much the child did in its life is not known */
	while (fixture_next(f))
		hear(known, &f->event);
}

static void live(struct fixture *f, struct machine *m, int fd)
{
	if (fixture_open(f) < 0)
		_exit(1);
	for (;;) {
		change(m, f);
		if (fixture_enter(f, FACT_ALL) < 0)
			_exit(1);
		uint64_t seq = ledger_seq(f->ledger);
		if (write(fd, &seq, sizeof(seq)) != sizeof(seq))
			_exit(1);
	}
}

/* A child that changes things until it is killed from outside, wherever it is then. */
static uint64_t live_and_die(struct fixture *f, struct machine *m)
{
	unsigned batches = dice(m, 20);
	int fds[2], status;
	uint64_t seq = 0;

	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		live(f, m, fds[1]);
	(void)close(fds[1]);
	while (batches-- > 0)
		assert_int_equal(read(fds[0], &seq, sizeof(seq)), sizeof(seq));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	while (read(fds[0], &seq, sizeof(seq)) > 0)
		;
	(void)close(fds[0]);
	return seq;
}

static void test_sigkill(void **state)
{
	struct fixture *f = *state;
	struct machine m = {.values = {1, 2, 3}, .random = 7};
	char known[N_ITEMS];

	start_over(f);
	assert_int_equal(fixture_open(f), 0);
	change(&m, f);
	assert_true(fixture_enter(f, FACT_ALL) >= 0);
	memcpy(known, m.values, sizeof(known));
	f->seen = ledger_seq(f->ledger);
	for (int round = 0; round < 40; round++) {
		fixture_close(f);
		uint64_t seq = live_and_die(f, &m);
		/* The next daemon finds the machine in yet another state. */
		m.hour += 1000;
		(void)dice(&m, 2);
		change(&m, f);
		assert_int_equal(fixture_open(f), 0);
		assert_true(ledger_seq(f->ledger) >= seq);
		assert_true(fixture_enter(f, FACT_ALL) >= 0);
		hear_all(f, known);
		assert_memory_equal(known, m.values, sizeof(known));
	}
	assert_true(ledger_seq(f->ledger) > 200);
}

/* A file system of this process's own that is full, and then not. */
static int fill_disk(struct fixture *f)
{
	char dir[96], ballast[112];

	(void)snprintf(dir, sizeof(dir), "%s/disk", f->root.dir);
	(void)snprintf(ballast, sizeof(ballast), "%s/ballast", dir);
	(void)snprintf(f->path, sizeof(f->path), "%s/state.db", dir);
	if (mkdir(dir, 0700) < 0 || unshare(CLONE_NEWNS) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("tmpfs", dir, "tmpfs", 0, "size=512k") < 0)
		return 77;
	test_write(&f->root, "/disk/ballast", "");
	if (truncate(ballast, 0) < 0 || fixture_open(f) < 0)
		return 1;
	int fd = open(ballast, O_WRONLY | O_CLOEXEC);
	while (write(fd, "x", 1) == 1)
		(void)lseek(fd, 4095, SEEK_CUR);
	size_t step = 0;
	int r;
	while ((r = run_step(f, step)) == 0)
		step++;
	if (r != -ENOSPC || ftruncate(fd, 0) < 0)
		return 1;
	finish(f, step);
	fixture_close(f);
	return 0;
}

static void test_disk_full(void **state)
{
	struct fixture *f = *state;
	int status;

	fixture_close(f);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fill_disk(f));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		puts("no mount namespace to be had");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int setup(void **state)
{
	fault.mode = FAULT_NONE;
	return fixture_setup(state);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_script),
		TEST(test_kill),
		TEST(test_power),
		TEST(test_power_part),
		TEST(test_full),
		TEST(test_full_once),
		TEST(test_io_error),
		TEST(test_sigkill),
		TEST(test_disk_full),
	};

	fault_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
