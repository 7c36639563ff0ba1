/* SPDX-License-Identifier: ISC */
/*
 * What the inotify source keeps from one walk for the next must not be taken
 * for true where it no longer is: each of these once was, or could be.
 */
#include "namespace.h"
#include "watch-fixture.h"

static void start(struct fixture *f, const char *before, const char *deps)
{
	fixture_init(f);
	script(&f->t, before);
	add_deps(f, deps);
	arm(f, FACT);
}

static void other_set(struct fixture *f, const char *path)
{
	struct arena *a = arena_new();
	struct deps deps;

	deps_init(&deps, a);
	deps_add(&deps, path, DEP_FILE);
	deps_seal(&deps);
	assert_in_range(watch_set(f->w, OTHER, &deps), 0, 1);
	assert_int_equal(watch_set(f->w, OTHER, &deps), 0);
	(void)drain(f, OTHER);
	arena_free(a);
}

/* Directories change places, and before that is told somebody looks into both. */
static void test_looked_before_told(void **state)
{
	struct fixture f;

	start(&f, "mkdir /c; mkdir /d; mkdir /c/b; mkdir /d/b", "/c/x /d/x");
	script(&f.t, "exchange /c /d");
	deps_start(&f);
	add_deps(&f, "/c/x /d/x /d/b/f");
	assert_int_equal(watch_set(f.w, FACT, &f.deps), 1);
	assert_int_equal(drain(&f, FACT), NOW);
	deps_start(&f);
	add_deps(&f, "/c/x /d/x /c/b/f");
	arm(&f, FACT);
	script(&f.t, "write /c/b/f");
	assert_int_equal(drain(&f, FACT), SETTLE);
	fixture_fini(&f);
}

/* A directory that one fact only looks at, while another goes through it. */
static void test_looked_at_and_entered(void **state)
{
	struct fixture f;

	start(&f, "mkdir /d; mkdir /d/e; write /d/e/f", "/d/e/f");
	other_set(&f, "/d/e");
	script(&f.t, "chmod 700 /d/e");
	assert_int_equal(drain(&f, OTHER), NOW);
	other_set(&f, "/d/e");
	arm(&f, FACT);
	script(&f.t, "write /d/e/f");
	assert_int_equal(drain(&f, FACT), NOW);
	script(&f.t, "mkdir /x; rename /d/e /x/e; mkdir /d/e");
	assert_int_equal(drain(&f, FACT), SETTLE);
	other_set(&f, "/d/e");
	arm(&f, FACT);
	script(&f.t, "write /d/e/f");
	assert_int_equal(drain(&f, FACT), SETTLE);
	fixture_fini(&f);
}

/* One directory at two places, with another mount upon what is in it at one of them. */
static void two_ways(void **state)
{
	struct fixture f;

	fixture_init(&f);
	script(&f.t, "mkdir /x; mkdir /x/s; mkdir /y; bind /x /y; mount /y/s; write /x/s/f");
	add_deps(&f, "/x/s/f /y/s/f");
	arm(&f, FACT);
	script(&f.t, "rm /x/s/f");
	assert_int_equal(drain(&f, FACT), SETTLE);
	arm(&f, FACT);
	script(&f.t, "write /y/s/f");
	assert_int_equal(drain(&f, FACT), SETTLE);
	arm(&f, FACT);
	script(&f.t, "write /x/s/f");
	assert_int_equal(drain(&f, FACT), SETTLE);
	script(&f.t, "umount /y/s");
	assert_int_equal(drain(&f, FACT), SETTLE);
	script(&f.t, "umount /y");
	fixture_fini(&f);
}

static void test_two_ways(void **state)
{
	run_apart(namespace_enter, CLONE_NEWNS, two_ways);
}

/* A mount's root that is an ordinary directory as well, for somebody else. */
static void root_and_not(void **state)
{
	struct fixture f;

	fixture_init(&f);
	script(&f.t, "mkdir /x; mkdir /y; bind /y /x; mkdir /z");
	add_deps(&f, "/x /z/f");
	arm(&f, FACT);
	other_set(&f, "/y/g");
	script(&f.t, "write /z/f");
	assert_int_equal(drain(&f, FACT), SETTLE);
	arm(&f, FACT);
	script(&f.t, "chmod 700 /y");
	assert_int_equal(drain(&f, FACT), SETTLE);
	script(&f.t, "umount /x");
	fixture_fini(&f);
}

static void test_root_and_not(void **state)
{
	run_apart(namespace_enter, CLONE_NEWNS, root_and_not);
}

/* The table of mounts is newer than the events that have been read so far. */
static void mounted_in_a_storm(void **state)
{
	struct fixture f;

	start(&f, "mkdir /c; mkdir /c/s; mkdir /d; mkdir /d/s; write /z", "/c/s/f /d/s/f /z");
	for (int i = 0; i < 2000; i++)
		script(&f.t, "rm /z; write /z");
	script(&f.t, "exchange /c /d; mount /d/s");
	assert_int_equal(drain(&f, FACT), NOW);
	arm(&f, FACT);
	script(&f.t, "write /d/s/f");
	assert_int_equal(drain(&f, FACT), SETTLE);
	script(&f.t, "umount /d/s");
	assert_int_equal(drain(&f, FACT), SETTLE);
	fixture_fini(&f);
}

static void test_mounted_in_a_storm(void **state)
{
	run_apart(namespace_enter, CLONE_NEWNS, mounted_in_a_storm);
}

/* A mount that is as before was not there meanwhile, when somebody looked. */
static void mounted_again(void **state)
{
	struct fixture f;

	fixture_init(&f);
	script(&f.t, "mkdir /m; mkdir /n; mkdir /x; bind /n /m");
	add_deps(&f, "/m/f");
	arm(&f, FACT);
	script(&f.t, "umount /m");
	(void)watch_set(f.w, FACT, &f.deps);
	script(&f.t, "bind /n /m");
	assert_int_equal(drain(&f, FACT), SETTLE);
	arm(&f, FACT);
	/* Nobody looked: what is nowhere near what is watched is nobody's business. */
	script(&f.t, "mount /x; umount /x");
	assert_int_equal(drain(&f, FACT), QUIET);
	script(&f.t, "umount /m");
	fixture_fini(&f);
}

static void test_mounted_again(void **state)
{
	run_apart(namespace_enter, CLONE_NEWNS, mounted_again);
}

/* What lay above a mount was renamed before the mount went. */
static void renamed_and_unmounted(void **state)
{
	struct fixture f;

	start(&f, "mkdir /a; mkdir /a/m; write /a/m/f; mkdir /o", "/b/m/f /b/m/");
	script(&f.t, "mount /a/m; write /a/m/g; rename /a /b");
	assert_int_equal(drain(&f, FACT), NOW);
	arm(&f, FACT);
	script(&f.t, "umount /b/m");
	assert_int_equal(drain(&f, FACT), SETTLE);
	arm(&f, FACT);
	script(&f.t, "write /b/m/f");
	assert_int_equal(drain(&f, FACT), NOW);
	fixture_fini(&f);
}

static void test_renamed_and_unmounted(void **state)
{
	run_apart(namespace_enter, CLONE_NEWNS, renamed_and_unmounted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_looked_before_told),
		cmocka_unit_test(test_looked_at_and_entered),
		cmocka_unit_test(test_two_ways),
		cmocka_unit_test(test_root_and_not),
		cmocka_unit_test(test_mounted_in_a_storm),
		cmocka_unit_test(test_mounted_again),
		cmocka_unit_test(test_renamed_and_unmounted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
