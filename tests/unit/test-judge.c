/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "check/judge.h"

static bool moving;
static int value;

int __wrap_fact_collect(enum fact_id id, const struct collect *c, struct fact **ret);

int __wrap_fact_collect(enum fact_id id, const struct collect *c, struct fact **ret)
{
	struct fact *f = fact_new(id);

	assert_non_null(f);
	f->moving = moving;
	if (moving)
		fact_fail(f, -EAGAIN, "it changed each time");
	else
		fact_add_item(f, "rule", arena_printf(f->arena, "%d", value), NULL, 0);
	assert_int_equal(fact_seal(f), 0);
	*ret = f;
	return 0;
}

static enum fact_state collect(struct judge *j)
{
	assert_int_equal(judge_collect(j, FACT_BIT(FACT_FIREWALL), 1), 0);
	return factset_get(&j->facts, FACT_FIREWALL)->state;
}

/* What changes while it is read stays what it was: for a while, and not at the first time. */
static void test_moving(void **state)
{
	struct judge j;
	struct root root;

	assert_int_equal(root_open("/", &root), 0);
	assert_int_equal(judge_init(&j, &root, NULL), 0);
	moving = true;
	assert_int_equal(collect(&j), FACT_STATE_ERROR);
	assert_int_equal(j.moving, 0);
	for (int round = 0; round < 2; round++) {
		moving = false;
		value = round;
		assert_int_equal(collect(&j), FACT_STATE_OK);
		assert_int_equal(j.news, FACT_BIT(FACT_FIREWALL));
		moving = true;
		for (int i = 0; i < JUDGE_MOVING_TRIES; i++) {
			assert_int_equal(collect(&j), FACT_STATE_OK);
			assert_int_equal(j.moving, FACT_BIT(FACT_FIREWALL));
			assert_int_equal(j.news, 0);
		}
		assert_int_equal(collect(&j), FACT_STATE_ERROR);
		assert_int_equal(j.moving, 0);
		assert_int_equal(j.news, FACT_BIT(FACT_FIREWALL));
	}
	judge_fini(&j);
	root_close(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moving),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
