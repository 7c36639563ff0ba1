/* SPDX-License-Identifier: ISC */
/* Command lines of shells, cron and systemd: what they run. */
#include "test.h"

#include "alloc-fail.h"
#include "base/command.h"

/*
 * Each command as "word word", behind it "!" when it is never reached, "?" when
 * perhaps, "$" when its name is known only at run time, "~" when a word runs
 * something; separated by " | ". NULL: it can't be followed.
 */
static const struct {
	enum command_syntax syntax;
	const char *text, *expected;
} rows[] = {
	{COMMAND_SHELL, "restic backup /", "restic backup /"},
	{COMMAND_SHELL, "", ""},
	{COMMAND_SHELL, "# restic backup /", ""},
	{COMMAND_SHELL, "true # restic backup /", "true"},
	{COMMAND_SHELL, "a#b 'c d' \"e\\\"f\" g\\ h", "a#b c d e\"f g h"},
	{COMMAND_SHELL, "false && a && b; c", "false | a! | b! | c"},
	{COMMAND_SHELL, "false &&\n a", "false | a!"},
	{COMMAND_SHELL, "true || a && b", "true | a! | b"},
	{COMMAND_SHELL, "! true && a", "true | a!"},
	{COMMAND_SHELL, "x && a || b", "x | a | b?"},
	{COMMAND_SHELL, "x || exit 1; a", "x | exit 1? | a"},
	{COMMAND_SHELL, "exit 0; a", "exit 0 | a!"},
	{COMMAND_SHELL, "(exit 0); a", "exit 0 | a"},
	{COMMAND_SHELL, "exec a; b", "a | b!"},
	{COMMAND_SHELL, "false && { x; a; }", "false | x! | a!"},
	{COMMAND_SHELL, "false && (x; a) && b", "false | x! | a! | b!"},
	{COMMAND_SHELL, "{ x; a; } >log 2>&1", "x | a"},
	{COMMAND_SHELL, "if test -x y; then a; else b; fi; c", "test -x y | a? | b? | c"},
	{COMMAND_SHELL, "if a; then :; fi", "a | :?"},
	{COMMAND_SHELL, "if false; then a; else b; fi; c", "false | a! | b | c"},
	{COMMAND_SHELL, "if true; then exit 0; fi; a", "true | exit 0 | a!"},
	{COMMAND_SHELL, "if x; then exit 0; fi; a", "x | exit 0? | a"},
	{COMMAND_SHELL, "if ! true; then a; fi; b", "true | a! | b"},
	{COMMAND_SHELL, "if true; then a; elif x; then b; else c; fi", "true | a | x! | b! | c!"},
	{COMMAND_SHELL, "if false; then a; elif x; then b; else c; fi", "false | a! | x | b? | c?"},
	{COMMAND_SHELL, "if x; then a; elif true; then b; else c; fi", "x | a? | true? | b? | c?"},
	{COMMAND_SHELL, "if true; then if false; then a; fi; b; fi", "true | false | a! | b"},
	{COMMAND_SHELL, "while false; do a; done; b", "false | a? | b"},
	{COMMAND_SHELL, "for i in 1 2; do a $i; done", "a $i?"},
	{COMMAND_SHELL, "while sleep 1; do a; done", "sleep 1 | a?"},
	{COMMAND_SHELL, "a | b 2>&1 | c &", "a | b | c"},
	{COMMAND_SHELL, "x=1 y=2 a b=3", "a b=3"},
	{COMMAND_SHELL, "x=$(a b)", "x=$(a b)$~"},
	{COMMAND_SHELL, "$(which a) b", "$(which a) b$~"},
	{COMMAND_SHELL, "\"$A\" b", "$A b$"},
	{COMMAND_SHELL, "a `b c` \"$(d)\" '$e'", "a `b c` $(d) $e~"},
	{COMMAND_SHELL, "nice -n 10 ionice -c3 -n 7 a b", "a b"},
	{COMMAND_SHELL, "nice -19 /usr/bin/a", "/usr/bin/a"},
	{COMMAND_SHELL, "ionice -c 3 -p 12", "ionice -c 3 -p 12"},
	{COMMAND_SHELL, "flock -n /run/lock a b", "a b"},
	{COMMAND_SHELL, "flock -w 5 /run/lock -c 'true && a b'", "true | a b"},
	{COMMAND_SHELL, "flock -n 9 || exit 1; a", "flock -n 9 | exit 1? | a"},
	{COMMAND_SHELL, "env -i -u X A=1 B=2 a b", "a b"},
	{COMMAND_SHELL, "env -S 'a b'", "env -S a b"},
	{COMMAND_SHELL, "systemd-cat -t x --priority info -- a -b", "a -b"},
	{COMMAND_SHELL, "timeout --signal KILL 5m sudo -u x -n a", "a"},
	{COMMAND_SHELL, "command -v a && a", "command -v a | a"},
	{COMMAND_SHELL, "command a", "a"},
	{COMMAND_SHELL, "sh -c 'cd / && a \"$X\"'", "cd / | a $X"},
	{COMMAND_SHELL, "false && bash -lc 'a; b'", "false | a! | b!"},
	{COMMAND_SHELL, "bash -o pipefail -c 'exit'; b", "exit | b"},
	{COMMAND_SHELL, "sh -e /x/a.sh b", "/x/a.sh b"},
	{COMMAND_SHELL, "xargs a b", "xargs a b"},
	{COMMAND_SHELL, "a 'b", NULL},
	{COMMAND_SHELL, "a \"b", NULL},
	{COMMAND_SHELL, "a $(b", NULL},
	{COMMAND_SHELL, "a <<E\nb\nE\n", NULL},
	{COMMAND_SHELL, "case x in x) a;; esac", NULL},
	{COMMAND_SHELL, "f() { a; }", NULL},
	{COMMAND_SHELL, "{ a;", NULL},
	{COMMAND_SHELL, "a; done", NULL},
	{COMMAND_SHELL, "a )", NULL},
	{COMMAND_SHELL, "((((((((((((((((((a))))))))))))))))))", NULL},
	{COMMAND_CRON, "a \\%F b % -c", "a %F b"},
	{COMMAND_CRON, "a % 'b", "a"},
	{COMMAND_SHELL, "a % b", "a % b"},
	{COMMAND_EXEC, "-/usr/bin/a b && c # d", "/usr/bin/a b && c # d"},
	{COMMAND_EXEC, "@/usr/bin/a name b ; c\nd 'e f'", "/usr/bin/a b | c | d e f"},
	{COMMAND_EXEC, "/bin/sh -c 'a; b | c'", "a | b | c"},
	{COMMAND_EXEC, "a $B ${C}", "a $B ${C}"},
	{COMMAND_EXEC, "a 'b", NULL},
};

static char *shown(struct arena *a, const struct commands *x)
{
	char *out = arena_strdup(a, "");

	for (size_t i = 0; i < x->n; i++) {
		const struct command *c = &x->v[i];
		for (size_t k = 0; k < c->n; k++)
			out = arena_printf(
				a, "%s%s%s", out, k ? " " : i ? " | " : "", c->argv[k]);
		assert_null(c->argv[c->n]);
		out = arena_printf(a, "%s%s%s%s", out,
			c->reach == COMMAND_NEVER   ? "!"
			: c->reach == COMMAND_MAYBE ? "?"
						    : "",
			c->dynamic ? "$" : "", c->substitutes ? "~" : "");
	}
	return out;
}

static void test_rows(_unused_ void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct arena *a = arena_new();
		struct commands x;
		int r = command_parse(a, rows[i].text, rows[i].syntax, &x);
		if (r != (rows[i].expected ? 0 : -EINVAL))
			fail_msg("%s: %d", rows[i].text, r);
		if (r == 0 && strcmp(shown(a, &x), rows[i].expected) != 0)
			fail_msg("%s: \"%s\"", rows[i].text, shown(a, &x));
		arena_free(a);
	}
}

static void test_questions(_unused_ void **state)
{
	struct arena *a = arena_new();
	struct commands x;

	assert_int_equal(command_parse(a,
				 "/usr/bin/xargs -0 '/opt/restic' \"$(borg list)\" >>/etc/hosts.deny; "
				 "echo restic; echo $(restic); ls 2>/dev/null >&2; rm x",
				 COMMAND_SHELL, &x),
		0);
	assert_int_equal(x.n, 5);
	assert_string_equal(command_name(&x.v[0]), "xargs");
	assert_true(command_has(&x.v[0], "-0"));
	assert_false(command_has(&x.v[0], "xargs"));
	assert_true(command_mentions(&x.v[0], "restic"));
	assert_true(command_mentions(&x.v[0], "borg"));
	assert_false(command_mentions(&x.v[0], "rest"));
	assert_false(command_is_idle(&x.v[0]));
	assert_string_equal(x.v[0].output, "/etc/hosts.deny");
	assert_true(command_is_idle(&x.v[1]));
	assert_null(x.v[1].output);
	assert_false(command_is_idle(&x.v[2]));
	assert_string_equal(x.v[3].output, "/dev/null");
	assert_true(command_is_idle(&x.v[4]));
	arena_free(a);
}

/* Memory grows as the text does, and not as its square. */
static void test_size(_unused_ void **state)
{
	static const struct {
		enum command_syntax syntax;
		const char *piece;
	} texts[] = {{COMMAND_EXEC, "a "}, {COMMAND_EXEC, "a\n"}, {COMMAND_SHELL, "a;"},
		{COMMAND_CRON, "a|"}, {COMMAND_SHELL, "''>x "}, {COMMAND_SHELL, "a b;"}};
	static char text[COMMAND_SIZE_MAX + 2];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		size_t len = strlen(texts[i].piece);
		for (size_t k = 0; k < COMMAND_SIZE_MAX; k++)
			text[k] = k < COMMAND_SIZE_MAX / len * len ? texts[i].piece[k % len] : ' ';
		text[COMMAND_SIZE_MAX - 2] = ' ';
		text[COMMAND_SIZE_MAX - 1] = 'a';
		text[COMMAND_SIZE_MAX] = '\0';
		struct arena *a = arena_new();
		struct commands x;
		assert_int_equal(command_parse(a, text, texts[i].syntax, &x), 0);
		const struct command *last = &x.v[x.n - 1];
		assert_string_equal(last->argv[last->n - 1], "a");
		assert_true(arena_size(a) < (size_t)COMMAND_SIZE_MAX * 256);
		text[COMMAND_SIZE_MAX] = 'a';
		assert_int_equal(command_parse(a, text, texts[i].syntax, &x), -EINVAL);
		text[COMMAND_SIZE_MAX + 1] = '\0';
		arena_free(a);
	}
}

static int parse_once(_unused_ void *arg)
{
	struct arena *a = arena_new();
	struct commands x = {.n = 77};
	int r = a ? command_parse(a, "nice sh -c 'a \\% && { b; }' > c % d", COMMAND_CRON, &x)
		  : -ENOMEM;

	arena_free(a);
	assert_true(r == 0 || x.n == 77);
	return r;
}

static void test_memory(_unused_ void **state)
{
	alloc_each(parse_once, NULL, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
