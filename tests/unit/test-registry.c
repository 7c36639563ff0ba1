/* SPDX-License-Identifier: ISC */
/* What must hold for every row of the tables of checks and collectors. */
#include "test.h"

#include "check/check.h"

static void test_checks(void **state)
{
	assert_true(check_count() > 0);
	for (size_t i = 0; i < check_count(); i++) {
		const struct check *c = check_at(i);
		const char *const texts[] = {c->id, c->title, c->guides, c->rationale, c->remedy};
		for (size_t k = 0; k < ARRAY_SIZE(texts); k++) {
			if (!texts[k] || !*texts[k])
				fail_msg("check %zu (%s): text %zu is missing", i, c->id, k);
		}
		if (i > 0 && strcmp(check_at(i - 1)->id, c->id) >= 0)
			fail_msg("%s does not sort behind %s", c->id, check_at(i - 1)->id);
		assert_ptr_equal(check_find(c->id), c);
		assert_int_equal(check_index(c), i);
		assert_true(c->severity < SEV_MAX);
		assert_non_null(c->evaluate);
		assert_int_not_equal(check_triggers(c), 0);
	}
	assert_null(check_find("no-such-check"));
	assert_null(check_find(""));
}

/* The catalogue says which checks there are, and from which guides. */
static void test_catalogue(void **state)
{
	char path[4096], id[64], guides[64];
	size_t n = 0;

	(void)snprintf(path, sizeof(path), "%s/catalogue", getenv("TEST_DATA"));
	bool *named = calloc(check_count(), sizeof(*named));
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	for (char line[256]; fgets(line, sizeof(line), f);) {
		if (line[0] == '#' || sscanf(line, "%63s %63[^\n]", id, guides) != 2)
			continue;
		const struct check *c = check_find(id);
		if (!c)
			fail_msg("%s is of the catalogue, and no check", id);
		assert_string_equal(c->guides, guides);
		named[check_index(c)] = true;
		n++;
	}
	assert_int_equal(fclose(f), 0);
	for (size_t i = 0; i < check_count(); i++) {
		if (!named[i])
			fail_msg("%s is not in the catalogue", check_at(i)->id);
	}
	assert_int_equal(n, check_count());
	free(named);
}

static void test_facts_have_collectors(void **state)
{
	for (size_t i = 0; i < check_count(); i++) {
		for (int f = 0; f < FACT_MAX; f++) {
			bool needs = check_at(i)->facts & FACT_BIT(f);
			if (needs && !(FACT_GIVEN & FACT_BIT(f)) && !collector_get((enum fact_id)f))
				fail_msg("%s reads fact %d, which nothing collects",
					check_at(i)->id, f);
		}
	}
}

static void test_collectors(void **state)
{
	for (int i = 0; i < FACT_MAX; i++) {
		const struct collector *c = collector_get((enum fact_id)i);
		if (!c)
			continue;
		assert_int_equal(c->id, i);
		assert_int_equal(fact_from_name(c->name), i);
		/* Only what stands above, so that one pass in order collects all. */
		assert_int_equal(c->needs & ~(FACT_BIT(i) - 1), 0);
	}
	assert_int_equal(fact_from_name("no-such-fact"), -EINVAL);
}

static void test_params(void **state)
{
	for (size_t i = 0; i < check_count(); i++) {
		for (const struct param *p = check_at(i)->params; p && p->key; p++) {
			assert_non_null(p->def);
			if (!p->doc || !*p->doc)
				fail_msg("%s: key %s has no text", check_at(i)->id, p->key);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_checks),
		cmocka_unit_test(test_catalogue),
		cmocka_unit_test(test_facts_have_collectors),
		cmocka_unit_test(test_collectors),
		cmocka_unit_test(test_params),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
