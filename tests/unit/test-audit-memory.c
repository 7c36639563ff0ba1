/* SPDX-License-Identifier: ISC */
/* Who is told when it is asked who changed a file, and how much is kept for that. */
#include "alloc-fail.h"
#include "audit/memory.h"
#include "test.h"

#define T0 UINT64_C(1700000000000000)

static struct act act_by(enum act_kind kind, uint64_t at, const char *command)
{
	return (struct act){
		.kind = kind,
		.realtime_usec = at,
		.success = true,
		.actor = {1000, 0, 0, 3, 901, 900, "pts1", "x", "/usr/bin/x", command},
		.op = "",
		.object = "",
		.peer = "",
		.new_session = AUDIT_ID_UNSET,
		.new_auid = AUDIT_ID_UNSET,
	};
}

/* Each path with its change in front: "+", "-", "=". */
static void put_file(struct acts *m, uint64_t at, const char *command, const char *paths)
{
	struct act_path v[ACT_PATHS_MAX] = {0};
	char text[512], *save = NULL;
	struct act act = act_by(ACT_FILE, at, command);

	(void)snprintf(text, sizeof(text), "%s", paths);
	bool created = false, removed = false;
	for (char *p = strtok_r(text, " ", &save); p; p = strtok_r(NULL, " ", &save)) {
		struct act_path *path = &v[act.n_paths++];
		path->path = p + 1;
		path->change = *p == '+'   ? ACT_PATH_CREATED
			       : *p == '-' ? ACT_PATH_REMOVED
					   : ACT_PATH_CHANGED;
		path->device = 1;
		path->inode = 100 + act.n_paths;
		created |= *p == '+';
		removed |= *p == '-';
		path->directory = p[strlen(p) - 1] == '/';
		if (path->directory)
			p[strlen(p) - 1] = '\0';
	}
	act.paths = v;
	act.renamed = created && removed;
	assert_int_equal(acts_put(m, &act, NULL), 0);
	memset(text, 'x', sizeof(text)); /* it has a copy */
	memset(v, 0xff, sizeof(v));
}

/* Who is found, oldest first: "cmd*2" for two acts of one, "~" for those that only may be. */
static const char *who(const struct acts_found *f, char *out, size_t size)
{
	int n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < f->n; i++) {
		n += snprintf(out + n, size - (size_t)n, "%s%s%s%s", i ? " " : "",
			f->v[i].match == ACTS_PERHAPS	  ? "~"
			: f->v[i].match == ACTS_DIRECTORY ? "/"
							  : "",
			f->v[i].act->actor.command, f->v[i].count > 1 ? "*" : "");
	}
	return out;
}

static const char *found(const struct acts *m, const char *path, uint64_t inode, char *out)
{
	struct acts_found f;

	acts_find_path(
		m, &(struct acts_file){path, inode ? 1 : 0, inode}, T0, T0 + USEC_PER_HOUR, &f);
	return who(&f, out, 256);
}

static struct acts *fresh(void)
{
	struct acts *m = NULL;

	assert_int_equal(acts_new(&m), 0);
	return m;
}

static void test_paths(_unused_ void **state)
{
	static const struct {
		const char *acts, *path; /* acts: one for each word between "|", by a, b, c ... */
		uint64_t inode;
		const char *who;
	} vectors[] = {
		{"=/etc/a", "/etc/a", 0, "a"},
		{"=/etc/a|=/etc/b|=/etc/a", "/etc/a", 0, "a c"},
		{"=/etc/ab", "/etc/a", 0, ""},
		{"=/etc/a", "/etc/ab", 0, ""},
		/* both ends of a rename */
		{"-/etc/x +/etc/a", "/etc/a", 0, "a"},
		{"-/etc/x +/etc/a", "/etc/x", 0, "a"},
		/* by the file itself, whatever it is called */
		{"=/other/name", "/etc/a", 101, "a"},
		{"=/other/name", "/etc/a", 102, ""},
		{"-/other/name", "/etc/a", 101, ""},
		{"=", "/etc/a", 101, "a"},
		{"=", "/etc/a", 0, ""},
		/* a directory above it */
		{"-/etc/d/ +/etc/e/", "/etc/e/a", 0, "/a"},
		{"-/etc/d/ +/etc/e/", "/etc/d/s/a", 0, "/a"},
		{"-/etc/d/", "/etc/d/a", 0, "/a"},
		{"+/etc/d", "/etc/d/a", 0, "/a"},
		{"+/etc/d/", "/etc/d/a", 0, ""},
		{"=/etc/d/", "/etc/d/a", 0, ""},
		{"-/etc/d/", "/etc/da", 0, ""},
		{"-/etc/d/|=/etc/d/a", "/etc/d/a", 0, "/a b"},
		/* of a directory that nobody knows: only when nothing better is found */
		{"=a", "/etc/a", 0, "~a"},
		{"=ssh/a", "/etc/ssh/a", 0, "~a"},
		{"=ssh/a", "/etc/xssh/a", 0, ""},
		{"=a|=/etc/a", "/etc/a", 0, "b"},
		/* names that are made to confuse are compared as they are shown */
		{"=/etc/a\\n", "/etc/a\n", 0, "a"},
		{"=/etc/a\\\\n", "/etc/a\\n", 0, "a"},
		{"=/etc/a\\n", "/etc/a\\n", 0, ""},
	};
	char acts[256], out[256];

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_(acts_freep) struct acts *m = fresh();
		char *save = NULL, name[2] = "a";
		(void)snprintf(acts, sizeof(acts), "%s", vectors[i].acts);
		for (char *p = strtok_r(acts, "|", &save); p; p = strtok_r(NULL, "|", &save)) {
			put_file(m, T0 + (uint64_t)name[0], name, p);
			name[0]++;
		}
		if (strcmp(found(m, vectors[i].path, vectors[i].inode, out), vectors[i].who) != 0)
			fail_msg("row %zu, %s: %s", i, vectors[i].path, out);
	}
}

static void test_window(_unused_ void **state)
{
	_cleanup_(acts_freep) struct acts *m = fresh();
	struct acts_file file = {.path = "/etc/a"};
	struct acts_found f;
	char out[256];

	put_file(m, T0 + 10, "a", "=/etc/a");
	put_file(m, T0 + 20, "b", "=/etc/a");
	put_file(m, T0 + 30, "c", "=/etc/a");
	acts_find_path(m, &file, T0 + 10, T0 + 20, &f);
	assert_string_equal(who(&f, out, sizeof(out)), "a b");
	acts_find_path(m, &file, T0 + 11, T0 + 19, &f);
	assert_int_equal(f.n, 0);
	acts_find_kind(m, ACT_FILE, T0 + 20, T0 + 30, &f);
	assert_string_equal(who(&f, out, sizeof(out)), "b c");
	acts_find_kind(m, ACT_LISTEN, T0, T0 + 30, &f);
	assert_int_equal(f.n, 0);
}

/* A burst of one program is one actor, however many processes it was; newest last. */
static void test_actors(_unused_ void **state)
{
	_cleanup_(acts_freep) struct acts *m = fresh();
	struct acts_file file = {.path = "/etc/a"};
	struct act_path path = {.path = "/etc/a"};
	struct acts_found f;
	char out[256];

	for (unsigned i = 0; i < 6; i++) {
		struct act act = act_by(ACT_FILE, T0 + i, i % 2 ? "b" : "a");
		act.actor.pid = 1000 + i;
		act.paths = &path;
		act.n_paths = 1;
		assert_int_equal(acts_put(m, &act, NULL), 0);
	}
	acts_find_path(m, &file, T0, T0 + 9, &f);
	assert_string_equal(who(&f, out, sizeof(out)), "a* b*");
	assert_int_equal(f.v[0].count, 3);
	assert_int_equal(f.v[1].act->actor.pid, 1005);
	assert_int_equal(f.v[0].behalf->kind, BEHALF_NONE);
	assert_int_equal(f.v[0].behalf->by.auid, AUDIT_ID_UNSET);
	assert_string_equal(f.v[0].behalf->what, "");
	assert_false(f.more);
	/* Another session is another actor, and so is another transaction. */
	struct act act = act_by(ACT_FILE, T0 + 9, "a");
	struct actor_chain chain = {BEHALF_PACKAGES, "apt-get install x",
		{1001, 0, 0, 4, 77, 1, "pts2", "apt-get", "/usr/bin/apt-get", "apt-get install x"}};
	act.paths = &path;
	act.n_paths = 1;
	assert_int_equal(acts_put(m, &act, &chain), 0);
	act.actor.session = 4;
	assert_int_equal(acts_put(m, &act, NULL), 0);
	acts_find_path(m, &file, T0, T0 + 9, &f);
	assert_string_equal(who(&f, out, sizeof(out)), "a* b* a a");
	assert_int_equal(f.v[2].behalf->kind, BEHALF_PACKAGES);
	assert_string_equal(f.v[2].behalf->what, "apt-get install x");
	assert_string_equal(f.v[2].behalf->by.exe, "/usr/bin/apt-get");
	assert_int_equal(f.v[2].behalf->by.auid, 1001);
	/* More than can be told: the oldest are left out. */
	for (unsigned i = 0; i < ACTS_FOUND_MAX; i++) {
		char command[16];
		(void)snprintf(command, sizeof(command), "n%u", i);
		put_file(m, T0 + 10 + i, command, "=/etc/a");
	}
	acts_find_path(m, &file, T0, T0 + 99, &f);
	assert_string_equal(who(&f, out, sizeof(out)), "n0 n1 n2 n3 n4 n5 n6 n7");
	assert_true(f.more);
}

/* What one system call did to a rule and to a file is asked for as the file. */
static void test_also(_unused_ void **state)
{
	_cleanup_(acts_freep) struct acts *m = fresh();
	struct act_path path = {.path = "/etc/passwd", .change = ACT_PATH_CREATED};
	struct act file = act_by(ACT_FILE, T0, "vipw"), act = act_by(ACT_AUDIT_CHANGE, T0, "vipw");
	struct acts_found f;
	char out[256];

	file.paths = &path;
	file.n_paths = 1;
	act.also = &file;
	assert_int_equal(acts_put(m, &act, NULL), 0);
	assert_string_equal(found(m, "/etc/passwd", 0, out), "vipw");
	acts_find_kind(m, ACT_AUDIT_CHANGE, T0, T0, &f);
	assert_int_equal(f.n, 1);
	assert_null(f.v[0].act->also);
}

static void test_objects(_unused_ void **state)
{
	_cleanup_(acts_freep) struct acts *m = fresh();
	struct act act = act_by(ACT_ACCOUNT, T0, "useradd bob");
	struct acts_found f;

	act.object = "bob";
	assert_int_equal(acts_put(m, &act, NULL), 0);
	acts_find_object(m, ACT_ACCOUNT, "bob", T0, &f);
	assert_int_equal(f.n, 1);
	acts_find_object(m, ACT_ACCOUNT, "bo", T0, &f);
	assert_int_equal(f.n, 0);
	acts_find_object(m, ACT_UNIT_START, "bob", T0, &f);
	assert_int_equal(f.n, 0);
	acts_find_object(m, ACT_ACCOUNT, "bob", T0 + 1, &f);
	assert_int_equal(f.n, 0);
	assert_string_equal(acts_find_process(m, 901)->object, "bob");
	assert_null(acts_find_process(m, 902));
	assert_null(acts_find_process(m, 0));
}

static void test_bounds(_unused_ void **state)
{
	_cleanup_(acts_freep) struct acts *m = fresh();
	char out[256], long_path[ACT_PATH_MAX];

	assert_int_equal(acts_since(m), USEC_INFINITY);
	acts_lost(m, T0 - 5);
	assert_int_equal(acts_since(m), T0 - 5);
	for (unsigned i = 0; i < ACTS_MAX; i++)
		put_file(m, T0 + i, i ? "b" : "a", "=/etc/a");
	assert_string_equal(found(m, "/etc/a", 0, out), "a b*");
	assert_int_equal(acts_since(m), T0 - 5);
	put_file(m, T0 + ACTS_MAX, "c", "=/etc/a");
	assert_string_equal(found(m, "/etc/a", 0, out), "b* c");
	assert_int_equal(acts_since(m), T0 + 1);
	/* by size */
	memset(long_path, 'x', sizeof(long_path));
	long_path[0] = '/';
	long_path[sizeof(long_path) - 1] = '\0';
	struct act_path path = {.path = long_path};
	struct act act = act_by(ACT_FILE, T0 + 5000, "d");
	act.paths = &path;
	act.n_paths = 1;
	for (unsigned i = 0; i < 2 * ACTS_SIZE_MAX / sizeof(long_path); i++)
		assert_int_equal(acts_put(m, &act, NULL), 0);
	assert_true(acts_size(m) < ACTS_SIZE_MAX + 32 * 1024);
	assert_string_equal(found(m, "/etc/a", 0, out), "");
	assert_string_equal(found(m, long_path, 0, out), "d*");
	/* by age */
	acts_expire(m, T0 + 5000 + ACTS_AGE_USEC);
	assert_string_equal(found(m, long_path, 0, out), "d*");
	acts_expire(m, T0 + 5001 + ACTS_AGE_USEC);
	assert_string_equal(found(m, long_path, 0, out), "");
	assert_int_equal(acts_since(m), T0 + 5001);
	acts_expire(m, 5);
	act.success = false;
	assert_int_equal(acts_put(m, &act, NULL), 0);
	assert_string_equal(found(m, long_path, 0, out), "");
}

/* A transaction that goes on for longer than acts are kept is still known at its end. */
static void test_transaction(_unused_ void **state)
{
	static const struct actor_chain chain = {BEHALF_PACKAGES, "apt-get dist-upgrade",
		{1001, 0, 0, 4, 77, 1, "pts2", "apt-get", "/usr/bin/apt-get", "apt-get"}};
	_cleanup_(acts_freep) struct acts *m = fresh();
	struct act_path path = {.path = "/etc/a"};
	struct act act = act_by(ACT_FILE, T0 + 1, "dpkg");
	char out[256];

	put_file(m, T0, "a", "=/etc/a");
	act.paths = &path;
	act.n_paths = 1;
	assert_int_equal(acts_put(m, &act, &chain), 0);
	put_file(m, T0 + 2, "b", "=/etc/a");
	acts_expire(m, T0 + 1 + ACTS_AGE_USEC);
	assert_string_equal(found(m, "/etc/a", 0, out), "dpkg b");
	acts_expire(m, T0 + 1 + ACTS_PACKAGES_AGE_USEC);
	assert_string_equal(found(m, "/etc/a", 0, out), "dpkg b");
	acts_expire(m, T0 + 2 + ACTS_PACKAGES_AGE_USEC);
	assert_string_equal(found(m, "/etc/a", 0, out), "");
	assert_int_equal(acts_since(m), T0 + 3);
}

static void put_session(
	struct acts *m, enum act_kind kind, uint64_t at, const char *exe, struct act act)
{
	act.kind = kind;
	act.realtime_usec = at;
	act.actor.exe = exe;
	act.new_session = 7;
	assert_int_equal(acts_put(m, &act, NULL), 0);
}

static void test_sessions(_unused_ void **state)
{
	_cleanup_(acts_freep) struct acts *m = fresh();
	struct act act = act_by(ACT_SESSION_BEGIN, T0, "sshd");

	assert_null(acts_find_session(m, 7));
	act.new_auid = 1000;
	put_session(m, ACT_SESSION_BEGIN, T0, "/usr/sbin/sshd", act);
	const struct acts_session *s = acts_find_session(m, 7);
	assert_non_null(s);
	assert_int_equal(s->auid, 1000);
	assert_string_equal(s->user, "");
	act.said = true;
	act.object = "alice";
	act.peer = "203.0.113.5";
	act.actor.tty = "ssh";
	put_session(m, ACT_SESSION_BEGIN, T0 + 1, "/usr/sbin/sshd", act);
	/* What sudo and su open and close within it is not the session. */
	act.object = "root";
	act.peer = "";
	act.new_auid = 0;
	act.actor.tty = "/dev/pts/0";
	put_session(m, ACT_SESSION_BEGIN, T0 + 2, "/usr/bin/sudo", act);
	put_session(m, ACT_SESSION_END, T0 + 3, "/usr/bin/sudo", act);
	s = acts_find_session(m, 7);
	assert_string_equal(s->user, "alice");
	assert_string_equal(s->peer, "203.0.113.5");
	assert_string_equal(s->tty, "ssh");
	assert_string_equal(s->exe, "/usr/sbin/sshd");
	assert_int_equal(s->auid, 1000);
	assert_int_equal(s->begin_realtime_usec, T0);
	assert_int_equal(s->end_realtime_usec, 0);
	put_session(m, ACT_SESSION_END, T0 + 4, "/usr/sbin/sshd", act);
	assert_int_equal(acts_find_session(m, 7)->end_realtime_usec, T0 + 4);
	/* A log that reaches into the boot before has the number twice. */
	act.said = false;
	act.new_auid = 1001;
	put_session(m, ACT_SESSION_BEGIN, T0 + 9, "/usr/sbin/cron", act);
	s = acts_find_session(m, 7);
	assert_int_equal(s->auid, 1001);
	assert_string_equal(s->peer, "");
	assert_int_equal(s->end_realtime_usec, 0);
	/* They outlive acts. */
	acts_expire(m, T0 + USEC_PER_DAY);
	acts_lost(m, T0 + USEC_PER_DAY);
	assert_non_null(acts_find_session(m, 7));
	assert_null(acts_find_session(m, 8));
}

static void test_session_table(_unused_ void **state)
{
	_cleanup_(acts_freep) struct acts *m = fresh();
	struct acts_session s = {.auid = 1000, .user = "alice", .begin_realtime_usec = T0};

	memset(s.peer, 'x', sizeof(s.peer) - 1);
	for (uint32_t i = 1; i <= ACTS_SESSIONS_MAX; i++) {
		s.session = i;
		s.end_realtime_usec = i == 5 ? T0 : 0;
		assert_int_equal(acts_put_session(m, &s), 0);
	}
	assert_int_equal(strlen(acts_find_session(m, 1)->peer), sizeof(s.peer) - 1);
	s.session = 1000;
	s.end_realtime_usec = 0;
	assert_int_equal(acts_put_session(m, &s), 0);
	assert_null(acts_find_session(m, 5)); /* it had ended */
	assert_non_null(acts_find_session(m, 1));
	s.session = 1001;
	assert_int_equal(acts_put_session(m, &s), 0);
	assert_null(acts_find_session(m, 1));
	/* What is known already stays. */
	struct acts_session other = {.session = 2, .auid = 5, .user = "bob", .peer = "p"};
	assert_int_equal(acts_put_session(m, &other), 0);
	assert_string_equal(acts_find_session(m, 2)->user, "alice");
	assert_int_equal(acts_find_session(m, 2)->auid, 1000);
}

static int run(_unused_ void *arg)
{
	_cleanup_(acts_freep) struct acts *m = NULL;
	struct act act = act_by(ACT_SESSION_BEGIN, T0, "sshd");
	struct acts_session s = {.session = 9};

	int r = acts_new(&m);
	if (r < 0)
		return r;
	act.new_session = 7;
	r = acts_put(m, &act, NULL);
	/* Nothing of it is there when it failed. */
	struct acts_found f;
	acts_find_kind(m, ACT_SESSION_BEGIN, 0, USEC_INFINITY, &f);
	assert_int_equal(f.n, r == 0);
	return r < 0 ? r : acts_put_session(m, &s);
}

static void test_alloc(_unused_ void **state)
{
	alloc_each(run, NULL, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_actors),
		cmocka_unit_test(test_also),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_transaction),
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_session_table),
		cmocka_unit_test(test_alloc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
