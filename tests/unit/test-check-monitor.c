/* SPDX-License-Identifier: ISC */
/* What the monitor says of its own eyes; and the checks that it has no eyes for yet. */
#include "test.h"

#include "fact/coverage.h"
#include "judge-default.h"

static void test_coverage(void **state)
{
	static const struct coverage_source good[] = {{.name = "inotify"}, {.name = "systemd"}};
	static const struct coverage_source bad[] = {
		{.name = "inotify",
			.degraded = true,
			.detail = "too few watches",
			.remedy = "more of them"},
		{.name = "systemd", .degraded = true, .detail = "no bus"},
		{.name = "audit"},
	};
	static const struct coverage_source noted[] = {
		{.name = "inotify"}, {.name = "audit", .detail = "not used"}};
	static const struct {
		const struct coverage_source *sources;
		size_t n, n_evidence;
		enum result result;
		const char *summary;
	} vectors[] = {
		{NULL, 0, 0, RESULT_NOTAPPLICABLE},
		{good, 2, 0, RESULT_PASS, "all event sources work"},
		{noted, 2, 0, RESULT_PASS, "all event sources work; audit: not used"},
		{bad, 3, 2, RESULT_FAIL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct coverage coverage = {.sources = vectors[i].sources, .n = vectors[i].n};
		struct factset facts = {0};
		struct verdict *v = verdict_new();
		if (vectors[i].sources) {
			facts.v[FACT_COVERAGE] = fact_new(FACT_COVERAGE);
			facts.v[FACT_COVERAGE]->u.coverage = &coverage;
		}
		judge_default("monitor-coverage", &facts, v);
		assert_int_equal(v->result, vectors[i].result);
		assert_int_equal(v->n_evidence, vectors[i].n_evidence);
		if (vectors[i].summary)
			assert_string_equal(v->summary, vectors[i].summary);
		if (vectors[i].n_evidence) {
			assert_string_equal(v->evidence[0].expected, "more of them");
			assert_non_null(v->evidence[1].expected);
		}
		verdict_free(v);
		factset_fini(&facts);
	}
}

static void test_later(void **state)
{
	static const struct factset no_facts;

	for (size_t i = 0; i < check_count(); i++) {
		struct verdict *v = verdict_new();
		if (check_at(i)->kind == CHECK_LATER) {
			judge_default(check_at(i)->id, &no_facts, v);
			assert_int_equal(v->result, RESULT_NOTCHECKED);
			assert_non_null(strstr(v->summary, "not built yet"));
		}
		verdict_free(v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_coverage),
		cmocka_unit_test(test_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
