/* SPDX-License-Identifier: ISC */
/* For how long the kernel's word is waited for, and who is named meanwhile. */
#include "test.h"

#include "attribution.h"

#define T0    UINT64_C(1763768154000000)
#define MONO0 USEC_PER_DAY

struct fixture {
	struct acts *acts;
	struct arena *arena;
	struct judge judge;
	struct attribution t;
};

static void put_file(struct fixture *f, uint64_t usec, const char *path, uint32_t pid)
{
	const struct act_path paths[] = {{.path = path}};
	const struct act act = {
		.kind = ACT_FILE,
		.realtime_usec = T0 + usec,
		.success = true,
		.actor = {1000, 0, 0, 3, pid, 1, "", "", "", ""},
		.paths = paths,
		.n_paths = 1,
		.op = "",
		.object = "",
		.peer = "",
	};

	assert_int_equal(acts_put(f->acts, &act, NULL), 0);
}

static struct now at(uint64_t usec)
{
	return (struct now){T0 + usec, MONO0 + usec};
}

static void read_fact(struct fixture *f, enum fact_id id, uint64_t usec)
{
	attribution_read(&f->t, FACT_BIT(id), 0, at(usec));
}

static int ask(struct fixture *f, enum fact_id id, uint64_t usec, struct event *e)
{
	e->n_actors = 0;
	e->unattributed = NULL;
	attribution_begin(&f->t, at(usec));
	return attribution_ask(&f->t, f->arena, FACT_BIT(id), e);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(acts_new(&f->acts), 0);
	f->arena = arena_new();
	struct fact *fact = fact_new(FACT_SSHD);
	deps_add(&fact->deps, "/etc/ssh/sshd_config", DEP_FILE);
	deps_add(&fact->deps, "/etc/ssh/sshd_config.d", DEP_DIR);
	assert_int_equal(fact_seal(fact), 0);
	factset_put(&f->judge.facts, fact);
	attribution_init(&f->t, &f->judge, T0);
	attribution_set(&f->t, &(struct attribution_source){.acts = f->acts});
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	factset_fini(&f->judge.facts);
	acts_free(f->acts);
	arena_free(f->arena);
	free(f);
	return 0;
}

/* The one before, who was told of already, is not named while the record is under way. */
static void test_not_the_one_before(void **state)
{
	struct fixture *f = *state;
	struct event_detail d = {.subject = "x", .path = "/etc/ssh/sshd_config"};
	struct event e = {.details = &d, .n_details = 1};

	put_file(f, 10 * USEC_PER_SEC, d.path, 7);
	read_fact(f, FACT_SSHD, 10 * USEC_PER_SEC + 1);
	assert_int_equal(ask(f, FACT_SSHD, 10 * USEC_PER_SEC + 2, &e), 0);
	assert_int_equal(e.n_actors, 1);
	attribution_entered(&f->t);

	read_fact(f, FACT_SSHD, 30 * USEC_PER_SEC);
	assert_int_equal(ask(f, FACT_SSHD, 30 * USEC_PER_SEC + 1, &e), -EAGAIN);
	put_file(f, 30 * USEC_PER_SEC - 1, d.path, 8);
	assert_int_equal(ask(f, FACT_SSHD, 30 * USEC_PER_SEC + 5, &e), 0);
	assert_int_equal(e.n_actors, 1);
	assert_int_equal(e.actors[0].pid, 8);
}

/* Nor who did something near at the same time. */
static void test_not_the_neighbour(void **state)
{
	struct fixture *f = *state;
	struct event_detail d = {.subject = "x", .path = "/etc/ssh/sshd_config"};
	struct event e = {.details = &d, .n_details = 1};

	read_fact(f, FACT_SSHD, 0);
	attribution_entered(&f->t);
	put_file(f, 10, "/etc/ssh/sshd_config.d/other.conf", 7);
	read_fact(f, FACT_SSHD, 20);
	assert_int_equal(ask(f, FACT_SSHD, 21, &e), -EAGAIN);
	put_file(f, 15, d.path, 8);
	assert_int_equal(ask(f, FACT_SSHD, 22, &e), 0);
	assert_int_equal(e.n_actors, 1);
	assert_int_equal(e.actors[0].pid, 8);
}

/* When no record has come in that time, they are the next best. */
static void test_in_the_end(void **state)
{
	struct fixture *f = *state;
	struct event_detail d = {.subject = "x", .path = "/etc/ssh/sshd_config"};
	struct event e = {.details = &d, .n_details = 1};

	put_file(f, 10, d.path, 7);
	read_fact(f, FACT_SSHD, 20);
	attribution_entered(&f->t);
	read_fact(f, FACT_SSHD, USEC_PER_SEC);
	assert_int_equal(ask(f, FACT_SSHD, USEC_PER_SEC, &e), -EAGAIN);
	/* Once: what is read again meanwhile does not put it off. */
	read_fact(f, FACT_SSHD, USEC_PER_SEC + ATTRIBUTION_WAIT_USEC / 2);
	uint64_t end = USEC_PER_SEC + ATTRIBUTION_WAIT_USEC;
	assert_int_equal(ask(f, FACT_SSHD, end - 1, &e), -EAGAIN);
	assert_int_equal(ask(f, FACT_SSHD, end, &e), 0);
	assert_int_equal(e.n_actors, 1);
	assert_int_equal(e.actors[0].pid, 7);
	assert_null(e.unattributed);
	attribution_entered(&f->t);

	read_fact(f, FACT_SSHD, USEC_PER_DAY);
	assert_int_equal(ask(f, FACT_SSHD, USEC_PER_DAY, &e), -EAGAIN);
	assert_int_equal(ask(f, FACT_SSHD, USEC_PER_DAY + ATTRIBUTION_WAIT_USEC, &e), 0);
	assert_int_equal(e.n_actors, 0);
	assert_string_equal(e.unattributed, "no audit record tells of it");
}

/* Nobody waits for what audit cannot tell, nor where it does not tell at all. */
static void test_no_wait(void **state)
{
	struct fixture *f = *state;
	struct event e = {0};

	read_fact(f, FACT_SYSCTL, 10);
	assert_int_equal(ask(f, FACT_SYSCTL, 10, &e), 0);
	assert_non_null(strstr(e.unattributed, "audit does not tell"));
	attribution_set(&f->t, &(struct attribution_source){.why = "attribution = no"});
	read_fact(f, FACT_SSHD, 20);
	assert_int_equal(ask(f, FACT_SSHD, 20, &e), 0);
	assert_string_equal(e.unattributed, "attribution = no");
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_not_the_one_before),
		TEST(test_not_the_neighbour),
		TEST(test_in_the_end),
		TEST(test_no_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
