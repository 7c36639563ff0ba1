/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "alloc-collect.h"
#include "fact/apt-conf.h"
#include "fact/fact.h"

static int no_include(struct apt_conf *c, const char *path, void *arg)
{
	return 1;
}

static void test_texts(void **state)
{
	static const struct {
		const char *text, *name, *value; /* value NULL: the item isn't there */
		const char *fault;
		unsigned line; /* of the value, or of the fault */
	} vectors[] = {
		{"APT::Periodic::Enable \"1\";", "apt::PERIODIC::enable", "1", NULL, 1},
		{"APT { Periodic {\nEnable \"0\"; }; };", "APT::Periodic::Enable", "0", NULL, 2},
		{"A \"1\";\nA \"2\";", "A", "2", NULL, 2},
		{"A\n\"1\"\n;", "A", "1", NULL, 3},
		{"A \"x;y{z}\";", "A", "x;y{z}", NULL, 1},
		{"A \"http://x\"; // c", "A", "http://x", NULL, 1},
		{"# A \"1\";\n/* A \"2\"; */", "A", NULL, NULL, 0},
		{"/* x\ny */ A \"1\";", "A", "1", NULL, 2},
		{"A \"a\" \"b\";", "A", "a b", NULL, 1},
		{"A %41;", "A", "A", NULL, 1},
		{"A::B \"1\"; #clear A;", "A::B", NULL, NULL, 0},
		{"A::B \"1\"; #clear A; A::C \"2\";", "A::C", "2", NULL, 1},
		{"A \"v\" { B \"1\"; };", "A", "v", NULL, 1},
		{"A { B \"1\" }", "A::B", "1", NULL, 1},
		{"A", "A", NULL, "Extra junk at end of file", 1},
		{"\n{ x; };", "A", NULL, "Block starts with no name", 2},
		{"A \"1\";\nB x y;\nA \"2\";", "A", "1", "Extra junk after value", 2},
		{"[x;", "A", NULL, "Malformed tag", 1},
		{"#clear;", "A", NULL, "clear directive requires an option tree as argument", 1},
		{"#clears A;", "A", NULL, "Unsupported directive", 1},
		{"A { #clear B; };", "A", NULL, "Directives can only be done at the top level", 1},
		{"#include \"/x\"; A \"1\";", "A", NULL, "Included from here", 1},
		{"", "A", NULL, NULL, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		struct apt_conf c;
		apt_conf_init(&c, a);
		int r = apt_conf_parse(&c, "/f", vectors[i].text, no_include, NULL);
		assert_int_equal(r, vectors[i].fault ? 1 : 0);
		const struct apt_item *item = apt_conf_find(&c, vectors[i].name);
		if (!item != !vectors[i].value)
			fail_msg("\"%s\": %s", vectors[i].text, item ? item->value : "not there");
		if (item)
			assert_string_equal(item->value, vectors[i].value);
		if (vectors[i].fault) {
			assert_string_equal(c.fault, vectors[i].fault);
			assert_int_equal(c.fault_line, vectors[i].line);
		} else if (item) {
			assert_int_equal(item->line, vectors[i].line);
		}
	}
}

static void test_list(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	static const char *const want[] = {"a", "b", "c"};
	struct apt_conf c;
	size_t n = 0;

	apt_conf_init(&c, a);
	assert_int_equal(
		apt_conf_parse(&c, "/f", "L { \"a\"; \"b\"; }; l:: \"c\";", no_include, NULL), 0);
	const struct apt_item *list = apt_conf_find(&c, "L");
	for (const struct apt_item *i = list->child; i; i = i->next)
		assert_string_equal(i->value, want[n++]);
	assert_int_equal(n, ARRAY_SIZE(want));
	assert_null(apt_conf_find(&c, "L::"));
}

static void test_typed(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	static const struct {
		const char *value;
		bool dflt, want;
	} bools[] = {{"1", false, true}, {"0", true, false}, {"Off", true, false},
		{"enable", false, true}, {"2", true, true}, {"2", false, false}, {"", true, true},
		{"0x1", false, true}, {"maybe", false, false}};
	struct apt_conf c;

	apt_conf_init(&c, a);
	for (size_t i = 0; i < ARRAY_SIZE(bools); i++) {
		assert_int_equal(apt_conf_set(&c, "B", bools[i].value), 0);
		assert_int_equal(apt_conf_bool(&c, "B", bools[i].dflt), bools[i].want);
	}
	assert_int_equal(apt_conf_bool(&c, "none", true), true);
	assert_string_equal(apt_conf_string(&c, "none", "d"), "d");
	assert_int_equal(apt_conf_set(&c, "Dir", "/x//"), 0);
	assert_int_equal(apt_conf_set(&c, "Dir::Etc", "etc/apt"), 0);
	assert_int_equal(apt_conf_set(&c, "Dir::Etc::main", "apt.conf"), 0);
	assert_int_equal(apt_conf_set(&c, "Dir::Etc::parts", "/dev/null"), 0);
	assert_int_equal(apt_conf_set(&c, "Dir::Etc::other", "/a/./b"), 0);
	assert_string_equal(apt_conf_path(&c, "Dir::Etc::main", "y"), "/x/etc/apt/apt.conf");
	assert_string_equal(apt_conf_path(&c, "Dir::Etc::parts", "y"), "/dev/null");
	assert_string_equal(apt_conf_path(&c, "Dir::Etc::other", "y"), "/a/b");
	assert_string_equal(apt_conf_path(&c, "Dir::Etc::none", "y"), "y");
}

static void test_names(void **state)
{
	static const char *const ok[] = {"10a", "a.conf", "a:b", "a_b-C", "a.b.conf"};
	static const char *const bad[] = {
		".a", "a.bak", "a~", "a.", "a,b", "a.conf.dpkg-old", ".conf"};

	for (size_t i = 0; i < ARRAY_SIZE(ok); i++)
		assert_true(apt_conf_name_ok(ok[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(apt_conf_name_ok(bad[i]));
}

/* Names and numbers that are too many, not a crash and not a guess. */
static void test_bounds(void **state)
{
	_cleanup_free_ char *text = malloc(1 << 20);
	static const char *const parts[] = {"a{", "x;", "L::x{b;}#clear L;"};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		struct apt_conf c;
		char *w = text;
		for (size_t n = 0; n < 5000; n++)
			w = stpcpy(w, parts[i]);
		apt_conf_init(&c, a);
		assert_int_equal(
			apt_conf_parse(&c, "/f", text, no_include, NULL), i < 2 ? -EFBIG : 0);
		assert_true(arena_size(a) < 4 << 20);
	}
	memset(text, 'a', 5000);
	(void)stpcpy(text + 5000, " b;");
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct apt_conf c;
	apt_conf_init(&c, a);
	assert_int_equal(apt_conf_parse(&c, "/f", text, no_include, NULL), -EFBIG);
}

static struct fact *collect(struct test_root *t)
{
	struct factset facts = {0};
	const struct collect c = {.root = &t->root, .facts = &facts};
	struct fact *f = NULL;

	assert_int_equal(fact_collect(FACT_APT_CONF, &c, &f), 0);
	return f;
}

static void test_files(void **state)
{
	struct test_root t;

	test_root_init(&t);
	struct fact *f = collect(&t);
	assert_int_equal(f->state, FACT_STATE_ABSENT);
	fact_free(f);
	test_write(&t, "/etc/apt/apt.conf.d/20b", "X \"20b\"; Y \"20b\"; Z \"20b\";\n");
	test_write(&t, "/etc/apt/apt.conf.d/10a", "X \"10a\"; #include \"/etc/more/\";\n");
	test_write(&t, "/etc/apt/apt.conf.d/30c.bak", "X \"30c\";\n");
	test_write(&t, "/etc/apt/apt.conf", "\nZ \"main\";\n");
	test_write(&t, "/etc/more/x", "M \"x\";\n");
	assert_int_equal(mkfifo(test_path(&t, "/etc/apt/apt.conf.d/25fifo"), 0600), 0);
	assert_int_equal(symlink("/none", test_path(&t, "/etc/apt/apt.conf.d/26link")), 0);
	f = collect(&t);
	assert_int_equal(f->state, FACT_STATE_OK);
	const struct apt_conf *c = f->u.apt_conf;
	assert_null(c->fault);
	assert_string_equal(apt_conf_string(c, "X", ""), "20b");
	assert_string_equal(apt_conf_string(c, "M", ""), "x");
	assert_string_equal(apt_conf_string(c, "Z", ""), "main");
	assert_string_equal(apt_conf_find(c, "Z")->path, "/etc/apt/apt.conf");
	assert_int_equal(apt_conf_find(c, "Z")->line, 2);
	fact_free(f);
	/* What a file names and isn't there, and a file that includes itself, stop apt. */
	test_write(&t, "/etc/apt/apt.conf.d/10a", "#include \"/etc/none\";\n");
	f = collect(&t);
	assert_string_equal(f->u.apt_conf->fault, "Unable to read");
	assert_string_equal(apt_conf_string(f->u.apt_conf, "X", ""), "20b");
	fact_free(f);
	test_write(&t, "/etc/apt/apt.conf.d/10a", "#include \"/etc/apt/apt.conf.d/10a\";\n");
	f = collect(&t);
	assert_string_equal(f->u.apt_conf->fault, "Too many nested includes");
	fact_free(f);
	test_write(&t, "/etc/apt/apt.conf.d/10a", "#include \"/etc/apt/apt.conf.d/\";\n");
	f = collect(&t);
	assert_int_equal(f->state, FACT_STATE_OK);
	assert_non_null(f->u.apt_conf->fault);
	fact_free(f);
	test_root_fini(&t);
}

static void test_unreadable(void **state)
{
	struct test_root t;

	test_root_init(&t);
	test_write(&t, "/etc/apt/apt.conf.d/10a", "X \"1\";\n");
	assert_int_equal(truncate(test_path(&t, "/etc/apt/apt.conf.d/10a"), 1 << 30), 0);
	struct fact *f = collect(&t);
	assert_int_equal(f->state, FACT_STATE_MALFORMED);
	assert_string_equal(f->reason, "/etc/apt/apt.conf.d/10a is larger than the limit");
	fact_free(f);
	test_root_fini(&t);
}

/* The file that APT_CONFIG names comes first and may say where the others are. */
static void test_environment(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *failed = NULL;
	struct test_root t;
	struct apt_conf c;

	test_root_init(&t);
	test_write(&t, "/x.conf", "Dir::Etc::parts \"/p\"; A \"env\"; B \"env\";\n");
	test_write(&t, "/p/1", "B \"part\"; Dir::Etc::main \"/m\";\n");
	test_write(&t, "/m", "C \"main\";\n");
	apt_conf_init(&c, a);
	assert_int_equal(apt_conf_load(&c, &t.root, "/x.conf", &failed), 0);
	assert_string_equal(apt_conf_string(&c, "A", ""), "env");
	assert_string_equal(apt_conf_string(&c, "B", ""), "part");
	assert_string_equal(apt_conf_string(&c, "C", ""), "main");
	test_root_fini(&t);
}

static void test_alloc(void **state)
{
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	test_write(&t, "/etc/apt/apt.conf.d/10a",
		"A { B \"1\" { \"x\"; } }\n\tC /* c */\n \"%41\"; #clear A; #include \"/i\";\n");
	test_write(&t, "/i", "D \"x\";\n");
	test_write(&t, "/etc/apt/apt.conf", "E;\n");
	const struct collect c = {.root = &t.root, .facts = &facts};
	alloc_each_collect(FACT_APT_CONF, &c, 10);
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_typed),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
