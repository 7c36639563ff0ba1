/* SPDX-License-Identifier: ISC */
#include "test.h"

#include <arpa/inet.h>

#include "fact/accounts.h"
#include "ledger/attribute.h"

#define T0 UINT64_C(1763768154000000)

struct fixture {
	struct acts *acts;
	struct arena *arena;
	struct factset facts;
	struct accounts accounts;
};

static struct account people[] = {
	{.name = "root", .uid = 0},
	{.name = "alice", .uid = 1000},
};

/* A fact with one dep of a file and one of a directory. */
static void put_fact(struct fixture *f, enum fact_id id, const char *file, const char *dir)
{
	struct fact *fact = fact_new(id);

	deps_add(&fact->deps, file, DEP_FILE);
	if (dir)
		deps_add(&fact->deps, dir, DEP_DIR);
	if (id == FACT_ACCOUNTS)
		fact->u.accounts = &f->accounts;
	assert_int_equal(fact_seal(fact), 0);
	factset_put(&f->facts, fact);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(acts_new(&f->acts), 0);
	f->arena = arena_new();
	f->accounts = (struct accounts){.v = people, .n = ARRAY_SIZE(people)};
	put_fact(f, FACT_ACCOUNTS, "/etc/passwd", NULL);
	put_fact(f, FACT_SSHD, "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d");
	put_fact(f, FACT_FIREWALL, "/run/xtables.lock", NULL);
	put_fact(f, FACT_LISTENERS, "/proc", NULL);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	acts_free(f->acts);
	arena_free(f->arena);
	factset_fini(&f->facts);
	free(f);
	return 0;
}

static struct actor person(uint32_t pid)
{
	static char commands[256][16];

	(void)snprintf(commands[pid], sizeof(commands[pid]), "x %u", pid);
	return (struct actor){
		.auid = 1000,
		.uid = 0,
		.euid = 0,
		.session = 3,
		.pid = pid,
		.tty = "pts0",
		.comm = "x",
		.exe = "/usr/bin/x",
		.command = commands[pid],
	};
}

static void put_file(struct fixture *f, uint64_t second, const char *path, struct actor who)
{
	const struct act_path paths[] = {{.path = path}};
	const struct act act = {
		.kind = ACT_FILE,
		.realtime_usec = T0 + second * USEC_PER_SEC,
		.serial = second,
		.success = true,
		.whole = true,
		.actor = who,
		.paths = paths,
		.n_paths = 1,
		.op = "",
		.object = "",
		.peer = "",
	};

	assert_int_equal(acts_put(f->acts, &act, NULL), 0);
}

static int ask(struct fixture *f, uint64_t changed, uint64_t since, struct event *e)
{
	const struct attribute_question q = {
		.facts = &f->facts,
		.changed = changed,
		.since_usec = T0 + since * USEC_PER_SEC,
		.until_usec = T0 + 100 * USEC_PER_SEC,
	};

	e->n_actors = 0;
	return attribute_event(f->arena, f->acts, &q, e);
}

static int ask_until(struct fixture *f, uint64_t since, uint64_t until, struct event *e)
{
	const struct attribute_question q = {
		.facts = &f->facts,
		.changed = FACT_BIT(FACT_SSHD),
		.since_usec = T0 + since * USEC_PER_SEC,
		.until_usec = T0 + until * USEC_PER_SEC,
	};

	e->n_actors = 0;
	return attribute_event(f->arena, f->acts, &q, e);
}

static void test_very_file(void **state)
{
	struct fixture *f = *state;
	struct event_detail d = {.subject = "sshd x", .path = "/etc/ssh/sshd_config.d/a.conf"};
	struct event e = {.details = &d, .n_details = 1};
	const struct acts_session login = {
		.session = 3, .auid = 1000, .user = "alice", .peer = "203.0.113.5"};

	assert_int_equal(acts_put_session(f->acts, &login), 0);
	put_file(f, 10, "/etc/ssh/sshd_config", person(7));
	put_file(f, 11, "/etc/ssh/sshd_config.d/a.conf", person(8));
	assert_int_equal(ask(f, FACT_BIT(FACT_SSHD), 5, &e), 1);
	/* Only who wrote that very file. */
	assert_int_equal(e.n_actors, 1);
	assert_int_equal(e.actors[0].pid, 8);
	assert_int_equal(e.actors[0].auid, 1000);
	assert_int_equal(e.actors[0].uid, 0);
	assert_int_equal(e.actors[0].session, 3);
	assert_string_equal(e.actors[0].user, "alice");
	assert_string_equal(e.actors[0].run_as, "root");
	assert_string_equal(e.actors[0].exe, "/usr/bin/x");
	assert_string_equal(e.actors[0].command, "x 8");
	assert_string_equal(e.actors[0].tty, "pts0");
	assert_string_equal(e.actors[0].peer, "203.0.113.5");
	assert_null(e.actors[0].behalf);
	/* It was read after that: unless it was opened long before it was written. */
	assert_int_equal(ask_until(f, 12, 70, &e), 1);
	assert_int_equal(e.n_actors, 1);
	assert_int_equal(e.actors[0].pid, 8);
	assert_int_equal(ask_until(f, 12, 72, &e), 0);
	assert_int_equal(e.n_actors, 0);
}

/* The evidence is in a file that nobody touched: what was read with it was. */
static void test_deps(void **state)
{
	static const struct {
		const char *path;
		bool found;
	} vectors[] = {
		{"/etc/ssh/sshd_config", true},
		{"/etc/ssh/sshd_config.d/new.conf", true},
		{"/etc/ssh", true},
		{"/etc/ssh/sshd_config.d", true},
		{"/etc/ssh/sshd_config.d/deeper/x", false},
		{"/etc/ssh/other", false},
		{"/etc/ss", false},
		{"/etc/ssh/sshd_config2", false},
		{"etc/ssh/sshd_config", false},
		{"", false},
	};
	struct event_detail d = {.subject = "sshd x", .path = "/usr/share/y"};
	struct event e = {.details = &d, .n_details = 1};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		void *inner = NULL;
		assert_int_equal(setup(&inner), 0);
		struct fixture *f = inner;
		put_file(f, 10, vectors[i].path, person(7));
		int r = ask(f, FACT_BIT(FACT_SSHD), 5, &e);
		if ((r > 0) != vectors[i].found)
			fail_msg("%s", vectors[i].path);
		/* Another fact changed. */
		assert_int_equal(ask(f, FACT_BIT(FACT_ACCOUNTS), 5, &e), 0);
		teardown(&inner);
	}
}

static void test_several(void **state)
{
	struct fixture *f = *state;
	struct event_detail d[] = {
		{.subject = "a", .path = "/etc/passwd"}, {.subject = "b", .path = "/etc/shadow"}};
	struct event e = {.details = d, .n_details = 2};

	put_file(f, 12, "/etc/passwd", person(1));
	put_file(f, 10, "/etc/shadow", person(2));
	put_file(f, 13, "/etc/shadow", person(1));
	assert_int_equal(ask(f, FACT_BIT(FACT_ACCOUNTS), 5, &e), 1);
	/* Each once, the latest last. */
	assert_int_equal(e.n_actors, 2);
	assert_int_equal(e.actors[0].pid, 2);
	assert_int_equal(e.actors[1].pid, 1);
	for (uint32_t i = 0; i < 20; i++)
		put_file(f, 20 + i, i % 2 ? "/etc/passwd" : "/etc/shadow", person(100 + i));
	assert_int_equal(ask(f, FACT_BIT(FACT_ACCOUNTS), 5, &e), 1);
	assert_int_equal(e.n_actors, EVENT_ACTORS_MAX);
	assert_int_equal(e.actors[EVENT_ACTORS_MAX - 1].pid, 119);
	for (size_t i = 1; i < e.n_actors; i++)
		assert_true(e.actors[i].pid > e.actors[i - 1].pid);
}

static void test_also(void **state)
{
	struct fixture *f = *state;
	struct event_detail d = {.subject = "a", .path = "/etc/passwd"};
	struct event also = {.details = &d, .n_details = 1};
	struct event e = {.also = &also, .n_also = 1};

	put_file(f, 10, "/etc/passwd", person(7));
	assert_int_equal(ask(f, FACT_BIT(FACT_SSHD), 5, &e), 1);
}

static void put_act(struct fixture *f, uint64_t second, struct act act)
{
	act.realtime_usec = T0 + second * USEC_PER_SEC;
	act.serial = second;
	act.success = act.whole = true;
	act.op = act.op ? act.op : "";
	act.object = act.object ? act.object : "";
	act.peer = "";
	assert_int_equal(acts_put(f->acts, &act, NULL), 0);
}

static void test_kinds(void **state)
{
	struct fixture *f = *state;
	struct event_detail d = {.subject = "listener tcp [::]:7777", .item = "opening tcp 7777"};
	struct event e = {.details = &d, .n_details = 1};
	struct act bind = {.kind = ACT_BIND, .actor = person(7)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(7778)};

	memcpy(&bind.address, &in6, sizeof(in6));
	put_act(f, 9, bind);
	assert_int_equal(ask(f, FACT_BIT(FACT_LISTENERS), 5, &e), 0);
	in6.sin6_port = htons(7777);
	bind.actor.pid = 8;
	memcpy(&bind.address, &in6, sizeof(in6));
	put_act(f, 10, bind);
	assert_int_equal(ask(f, FACT_BIT(FACT_LISTENERS), 5, &e), 1);
	assert_int_equal(e.n_actors, 1);
	assert_int_equal(e.actors[0].pid, 8);

	d = (struct event_detail){.subject = "opening tcp 22 on eth0 IPv4"};
	put_act(f, 11, (struct act){.kind = ACT_FILTER, .actor = person(9)});
	assert_int_equal(ask(f, FACT_BIT(FACT_LISTENERS), 5, &e), 0);
	assert_int_equal(ask(f, FACT_BIT(FACT_FIREWALL), 5, &e), 1);
	assert_int_equal(e.actors[0].pid, 9);
}

static void test_objects(void **state)
{
	struct fixture *f = *state;
	struct event_detail d = {.subject = "account eve", .path = "/etc/nobody"};
	struct event e = {.details = &d, .n_details = 1};

	put_act(f, 10, (struct act){.kind = ACT_ACCOUNT, .object = "mallory", .actor = person(6)});
	assert_int_equal(ask(f, FACT_BIT(FACT_ACCOUNTS), 5, &e), 0);
	put_act(f, 11, (struct act){.kind = ACT_ACCOUNT, .object = "eve", .actor = person(7)});
	assert_int_equal(ask(f, FACT_BIT(FACT_ACCOUNTS), 5, &e), 1);
	assert_int_equal(e.actors[0].pid, 7);
}

/* Nobody logged in: the account it ran as; or on whose behalf it was. */
static void test_behalf(void **state)
{
	struct fixture *f = *state;
	struct event_detail d = {.subject = "a", .path = "/etc/passwd"};
	struct event e = {.details = &d, .n_details = 1};
	struct actor who = person(7);
	const struct act_path paths[] = {{.path = "/etc/passwd"}};
	struct act act = {.kind = ACT_FILE,
		.realtime_usec = T0 + 10 * USEC_PER_SEC,
		.success = true,
		.paths = paths,
		.n_paths = 1,
		.op = "",
		.object = "",
		.peer = ""};
	struct actor_chain chain = {.kind = BEHALF_UNIT, .what = "backup.service", .by = person(1)};

	who.auid = who.session = AUDIT_ID_UNSET;
	chain.by.auid = chain.by.session = AUDIT_ID_UNSET;
	act.actor = who;
	assert_int_equal(acts_put(f->acts, &act, &chain), 0);
	assert_int_equal(ask(f, FACT_BIT(FACT_ACCOUNTS), 5, &e), 1);
	assert_int_equal(e.actors[0].auid, EVENT_ID_UNSET);
	assert_string_equal(e.actors[0].user, "root");
	assert_null(e.actors[0].run_as);
	assert_string_equal(e.actors[0].behalf, "backup.service");

	act.actor.pid = 8;
	act.actor.uid = 1004;
	act.realtime_usec += 20 * USEC_PER_SEC;
	chain = (struct actor_chain){BEHALF_PACKAGES, "apt-get install nginx", person(1)};
	assert_int_equal(acts_put(f->acts, &act, &chain), 0);
	assert_int_equal(ask(f, FACT_BIT(FACT_ACCOUNTS), 20, &e), 1);
	assert_int_equal(e.actors[0].auid, 1000);
	assert_string_equal(e.actors[0].user, "alice");
	assert_string_equal(e.actors[0].run_as, "uid 1004");
	assert_string_equal(e.actors[0].behalf, "apt-get install nginx");
}

/* A unit's process that nobody saw: by the one unit that started then. */
static void test_unit(void **state)
{
	struct fixture *f = *state;
	struct event_detail d = {.subject = "a", .path = "/etc/passwd"};
	struct event e = {.details = &d, .n_details = 1};
	struct actor who = person(7), systemd = person(1);

	who.auid = who.session = systemd.auid = systemd.session = AUDIT_ID_UNSET;
	who.ppid = 1;
	put_file(f, 10, "/etc/passwd", who);
	put_act(f, 11, (struct act){.kind = ACT_UNIT_START, .object = "fixit.service",
			       .actor = systemd});
	put_act(f, 20, (struct act){.kind = ACT_UNIT_START, .object = "other.service",
			       .actor = systemd});
	assert_int_equal(ask(f, FACT_BIT(FACT_ACCOUNTS), 5, &e), 1);
	assert_string_equal(e.actors[0].user, "root");
	assert_string_equal(e.actors[0].behalf, "fixit.service");
	/* Of two it is not known which. */
	put_file(f, 20, "/etc/passwd", who);
	put_act(f, 21, (struct act){.kind = ACT_UNIT_START, .object = "third.service",
			       .actor = systemd});
	assert_int_equal(ask(f, FACT_BIT(FACT_ACCOUNTS), 15, &e), 1);
	assert_null(e.actors[0].behalf);
	/* Whoever has another parent, or logged in, is none of them. */
	who.ppid = 5;
	put_file(f, 30, "/etc/passwd", who);
	put_act(f, 30, (struct act){.kind = ACT_UNIT_START, .object = "x.service",
			       .actor = systemd});
	assert_int_equal(ask(f, FACT_BIT(FACT_ACCOUNTS), 25, &e), 1);
	assert_null(e.actors[0].behalf);
}

/* What one transaction of the package manager runs is named once. */
static void test_transaction(void **state)
{
	struct fixture *f = *state;
	struct event_detail d = {.subject = "a", .path = "/etc/passwd"};
	struct event e = {.details = &d, .n_details = 1};
	const struct act_path paths[] = {{.path = "/etc/passwd"}};
	const struct actor_chain chain = {BEHALF_PACKAGES, "apt-get install nginx", person(1)};

	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(acts_put(f->acts, &(struct act){.kind = ACT_FILE,
							   .realtime_usec = T0 + (10 + i) * USEC_PER_SEC,
							   .success = true,
							   .actor = person(20 + i),
							   .paths = paths,
							   .n_paths = 1,
							   .op = "",
							   .object = "",
							   .peer = ""},
					 &chain),
			0);
	assert_int_equal(ask(f, FACT_BIT(FACT_ACCOUNTS), 5, &e), 1);
	assert_int_equal(e.n_actors, 1);
	assert_int_equal(e.actors[0].pid, 22);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_very_file),
		TEST(test_deps),
		TEST(test_several),
		TEST(test_also),
		TEST(test_kinds),
		TEST(test_objects),
		TEST(test_behalf),
		TEST(test_unit),
		TEST(test_transaction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
