/* SPDX-License-Identifier: ISC */
/* The configuration languages of agents: what is read as what, and what is refused. */
#include "test.h"

#include <errno.h>

#include "alloc-fail.h"
#include "fact/tree.h"

typedef int read_fn(struct arena *a, const struct tree_source *source, const struct tree **ret,
	struct tree_problem *ret_problem);

#define YAML   tree_read_yaml
#define TOML   tree_read_toml
#define RIVER  tree_read_river
#define FLUENT tree_read_fluent

static int read_text(read_fn *read, struct arena *a, const char *text, const struct tree **ret,
	struct tree_problem *problem)
{
	return read(a, &(struct tree_source){text, strlen(text)}, ret, problem);
}

/* What stands at a path, and in which line. */
static const struct {
	read_fn *read;
	const char *text, *path, *value;
	unsigned line;
} values[] = {
	{YAML, "a:\n  b: 'x y'\n", "a.b", "x y", 2},
	{YAML, "a.b: x\n", "a.b", "x", 1},
	{YAML, "a.b:\n  c.d: x\n", "a.b.c.d", "x", 2},
	{YAML, "{\"a\": {\n\t\"b\": true}}", "A.B", "true", 2},
	{YAML, "x: &n {b: 1}\na: *n\n", "a.b", "1", 1},
	{YAML, "# nothing\n", "a", NULL, 0},
	{TOML, "a.b = 'x'\n", "a.b", "x", 1},
	{TOML, "# x\n[a]\nb = \"x\\ty\" # z\n", "a.b", "x\ty", 3},
	{TOML, "[a]\nc = { b = 0x10, d = [1,\n2] }\n", "a.c.b", "0x10", 2},
	{TOML, "[a]\nb = \"\"\"\nx\ny\"\"\"\n", "a.b", "x\ny", 2},
	{TOML, "[a.\"b\"]\nc = 1979-05-27T07:32:00Z\n", "a.b.c", "1979-05-27T07:32:00Z", 2},
	{TOML, "a = '''x\"'''\nb = 1\n", "b", "1", 2},
	{RIVER, "a {\n  b = \"x\\ny\" // c\n}\n", "a.b", "x\ny", 2},
	{RIVER, "/* x\n*/ a = { \"b\" = true, }\n", "a.b", "true", 2},
	{RIVER, "a = [\n\"x\", // c\n]\nb = \"y\"\n", "b", "y", 4},
	{RIVER, "a = {\n b = `c\\`,\n}", "a.b", "c\\", 2},
	{RIVER, "a.b \"label\" {\n c = f(\"}\")\n d = \"e\"\n}", "a.b.d", "e", 3},
	{RIVER, "a = \"x\" + \"y\"\n", "a", NULL, 1}, /* computed: no text */
	{FLUENT, "[A]\n  b   x y \n", "a.b", "x y", 2},
	{FLUENT, "@SET x=1\n# c\n[a]\n  B ${x}", "a.b", "${x}", 4},
};

static void test_values(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct arena *a = arena_new();
		struct tree_problem problem = {0};
		const struct tree *t = NULL;
		if (read_text(values[i].read, a, values[i].text, &t, &problem) != 0)
			fail_msg("%s: line %u: %s", values[i].text, problem.line, problem.what);
		const char *text = tree_text(t, values[i].path);
		if (!values[i].value)
			assert_null(text);
		else if (!text || strcmp(text, values[i].value) != 0)
			fail_msg("%s: %s", values[i].text, text ? text : "not there");
		if (text)
			assert_int_equal(tree_get(t, values[i].path)->line, values[i].line);
		arena_free(a);
	}
}

/* What is refused, where, and why. */
static const struct {
	read_fn *read;
	const char *text;
	unsigned line;
	const char *why;
} refused[] = {
	{YAML, "a: 1\na: 2\n", 2, "twice"},
	{YAML, "a: [\n", 2, "not YAML"},
	{YAML, "a: 1\n---\nb: 2\n", 2, "second YAML document"},
	{YAML, "x: &x {a: b}\ny:\n  <<: *x\n", 3, "merge"},
	{YAML, "a: *x\n", 1, ""},
	{YAML, "a: &a [*a]\n", 1, ""},
	{YAML, "a: !secret x\n", 1, "tag"},
	{YAML, "? [a]\n: b\n", 1, "plain text"},
	{TOML, "a = 1\na = 2\n", 2, "twice"},
	{TOML, "a = 1 b = 2\n", 1, "goes on"},
	{TOML, "\n[a\n", 2, "\"]\""},
	{TOML, "a = \"x\n\"\n", 1, "does not end"},
	{TOML, "a = \"\\q\"\n", 1, "escape"},
	{TOML, "a = '''x", 1, "no end"},
	{TOML, "a = 1\n[a]\nb = 1\n", 2, "something else"},
	{TOML, "a\n", 1, "\"=\""},
	{TOML, "a = [1 2]\n", 1, "\",\""},
	{RIVER, "a {\n", 2, "no end"},
	{RIVER, "a = \"x\n", 2, "no end"},
	{RIVER, "a = f(1\n", 2, "no end"},
	{RIVER, "a\n", 2, "\"=\""},
	{RIVER, "}\n", 1, "closes nothing"},
	{RIVER, "a = \n", 1, "a value"},
	{RIVER, "a = { b: 1 }\n", 1, "\"=\""},
	{FLUENT, "a b\n", 1, "before the first section"},
	{FLUENT, "[a]\n@INCLUDE b\n", 2, "not followed"},
	{FLUENT, "[a\n", 1, "\"]\""},
};

static void test_refused(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct arena *a = arena_new();
		struct tree_problem problem = {0};
		const struct tree *t = NULL;
		int r = read_text(refused[i].read, a, refused[i].text, &t, &problem);
		assert_null(t);
		if (r != -EBADMSG || problem.line != refused[i].line ||
			!strstr(problem.what, refused[i].why))
			fail_msg("%s: %d, line %u: %s", refused[i].text, r, problem.line,
				problem.what ? problem.what : "");
		arena_free(a);
	}
}

/* A text of n times what is given, between a beginning and an end. */
static char *repeat(struct arena *a, const char *begin, const char *s, unsigned n, const char *end)
{
	size_t len = strlen(begin), one = strlen(s);
	char *text = arena_alloc(a, len + n * one + strlen(end) + 1);

	memcpy(text, begin, len);
	for (unsigned i = 0; i < n; i++, len += one)
		memcpy(text + len, s, one);
	memcpy(text + len, end, strlen(end) + 1);
	return text;
}

/* Deep, long, and what grows when it is expanded. */
static void test_bounds(void **state)
{
	struct arena *a = arena_new();
	const struct {
		read_fn *read;
		const char *text, *why;
	} rows[] = {
		{YAML, repeat(a, "a: ", "[", 100, ""), "too deeply"},
		{YAML, repeat(a, "a: [", "1, ", 30000, "]"), "larger than"},
		{YAML,
			"a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
			"c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
			"d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
			"e: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n",
			"larger than"},
		{TOML, repeat(a, "a = ", "[", 100, ""), "too deeply"},
		{TOML, repeat(a, "a = ", "{a=", 100, ""), "too deeply"},
		{TOML, repeat(a, "a", ".a", 100, " = 1"), "too deeply"},
		{TOML, repeat(a, "a = [", "1, ", 30000, "]"), "larger than"},
		{RIVER, repeat(a, "a = ", "[", 100, repeat(a, "", "]", 100, "")), "too deeply"},
		{RIVER, repeat(a, "", "a {\n", 100, ""), "too deeply"},
		{RIVER, repeat(a, "a = [", "1, ", 30000, "]"), "larger than"},
		{FLUENT, repeat(a, "[a]\n", "b c\n", 30000, ""), "larger than"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct tree_problem problem = {0};
		const struct tree *t = NULL;
		assert_int_equal(read_text(rows[i].read, a, rows[i].text, &t, &problem), -EBADMSG);
		if (!strstr(problem.what, rows[i].why))
			fail_msg("%.20s: %s", rows[i].text, problem.what);
	}
	arena_free(a);
}

static void test_nul(void **state)
{
	static read_fn *const all[] = {YAML, TOML, RIVER, FLUENT};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct arena *a = arena_new();
		struct tree_problem problem = {0};
		const struct tree *t = NULL;
		const struct tree_source source = {"a\0b", 3};
		assert_int_equal(all[i](a, &source, &t, &problem), -EBADMSG);
		assert_non_null(problem.what);
		arena_free(a);
	}
}

static void test_alloc(void **state)
{
	static const struct {
		read_fn *read;
		const char *text;
	} rows[] = {
		{YAML, "a: &x [b, {c: 'd'}]\ne: *x\n"},
		{TOML, "a = [{b = \"c\"}]\n[[d.e]]\nf = '''g'''\n"},
		{RIVER, "a.b \"c\" {\n d = [e.f, { g = \"h\" }]\n i { }\n}\n"},
		{FLUENT, "[A]\n b c\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = -ENOMEM;
		for (alloc_fail_at = 1; r != 0; alloc_fail_at++) {
			struct tree_problem problem = {0};
			const struct tree *t = NULL;
			alloc_count = 0;
			struct arena *a = arena_new();
			r = a ? read_text(rows[i].read, a, rows[i].text, &t, &problem) : -ENOMEM;
			if (alloc_count < alloc_fail_at)
				assert_int_equal(r, 0);
			else
				assert_int_equal(r, -ENOMEM);
			arena_free(a);
		}
		assert_true(alloc_fail_at > 2);
	}
	alloc_fail_at = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
