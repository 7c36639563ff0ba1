/* SPDX-License-Identifier: ISC */
/*
 * The inotify source at its limits: full queues, too few watches, no memory,
 * users who build mazes, and mounts over what is watched.
 */
#include "alloc-fail.h"
#include "namespace.h"
#include "watch-fixture.h"

#include <dirent.h>
#include <limits.h>
#include <sys/inotify.h>

static void start(struct fixture *f, const char *before, const char *deps)
{
	fixture_init(f);
	script(&f->t, before);
	add_deps(f, deps);
	arm(f, FACT);
}

static struct watch_stats stats(const struct fixture *f)
{
	struct watch_stats s;

	watch_get_stats(f->w, &s);
	return s;
}

static unsigned long number_in(const char *path)
{
	unsigned long n = 0;
	FILE *file = fopen(path, "re");

	if (file) {
		if (fscanf(file, "%lu", &n) != 1)
			n = 0;
		(void)fclose(file);
	}
	return n;
}

static void test_overflow(void **state)
{
	unsigned long queue = number_in("/proc/sys/fs/inotify/max_queued_events");
	struct fixture f;
	unsigned reads = 0;

	if (queue == 0 || queue > 200000)
		skip();
	start(&f, "mkdir /etc; write /etc/f; mkdir /a; mkdir /a/b", "/etc/f /a/b/c");
	/* Each makes three events at least, and no two that the kernel would merge. */
	for (unsigned long i = 0; i < queue / 3 + 100; i++)
		script(&f.t, "rm /etc/f; write /etc/f");
	/* The end of these is not told. */
	script(&f.t, "rename /a /x; mkdir /a; mkdir /a/b");
	while (readable(&f)) {
		uint64_t before = stats(&f).events;
		assert_int_equal(watch_read(f.w), 0);
		/* Bounded work: a storm does not hold up who calls. */
		assert_in_range(stats(&f).events - before, 1, 1024);
		reads++;
	}
	assert_in_range(reads, queue / 1024, queue);
	assert_int_equal(f.overflows, 1);
	assert_int_equal(stats(&f).overflows, 1);
	/* What was lost is made up for: the new directory is found. */
	assert_int_equal(watch_set(f.w, FACT, &f.deps), 1);
	arm(&f, FACT);
	script(&f.t, "write /a/b/c");
	assert_int_equal(drain(&f, FACT), SETTLE);
	fixture_fini(&f);
}

static void test_renamed_over_many_times(void **state)
{
	struct fixture f;

	start(&f, "mkdir /etc; write /etc/f", "/etc/f");
	size_t watches = stats(&f).watches;
	for (int i = 0; i < 10000; i++) {
		script(&f.t, "write /etc/f.new; rename /etc/f.new /etc/f");
		assert_int_equal(drain(&f, FACT), NOW);
		/* As the engine does: once before it reads and once after. */
		(void)watch_set(f.w, FACT, &f.deps);
		assert_int_equal(watch_set(f.w, FACT, &f.deps), 0);
	}
	assert_int_equal(stats(&f).watches, watches);
	fixture_fini(&f);
}

static void test_same_deps_are_cheap(void **state)
{
	struct fixture f;

	start(&f, "mkdir /etc; write /etc/f; mkdir /d", "/etc/f /d/");
	uint64_t walks = stats(&f).walks;
	for (int i = 0; i < 100; i++) {
		script(&f.t, "append /etc/f; chmod 600 /etc/f; mkdir /etc/x; rmdir /etc/x");
		assert_int_equal(drain(&f, FACT), NOW);
		assert_int_equal(watch_set(f.w, FACT, &f.deps), 0);
	}
	assert_int_equal(stats(&f).walks, walks);
	script(&f.t, "rm /etc/f");
	assert_int_equal(drain(&f, FACT), SETTLE);
	assert_int_equal(watch_set(f.w, FACT, &f.deps), 0);
	assert_int_equal(stats(&f).walks, walks + 1);
	fixture_fini(&f);
}

/* What the kernel was asked to tell of the only inotify instance, by inode. */
static uint32_t kernel_mask(ino_t inode)
{
	DIR *dir = opendir("/proc/self/fd");
	uint32_t found = 0;

	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir));) {
		char link[PATH_MAX], info[300], line[512];
		ssize_t n = readlinkat(dirfd(dir), e->d_name, link, sizeof(link) - 1);
		link[MAX(n, 0)] = '\0';
		if (!strstr(link, "inotify"))
			continue;
		(void)snprintf(info, sizeof(info), "/proc/self/fdinfo/%s", e->d_name);
		FILE *file = fopen(info, "re");
		assert_non_null(file);
		while (fgets(line, sizeof(line), file)) {
			unsigned long ino = 0;
			unsigned mask = 0;
			if (sscanf(line, "inotify wd:%*x ino:%lx sdev:%*x mask:%x", &ino, &mask) ==
					2 &&
				ino == inode)
				found = mask;
		}
		(void)fclose(file);
	}
	(void)closedir(dir);
	return found;
}

/* Facts share a watch: none takes from another, and what nobody needs is given up. */
static void test_shared_watch(void **state)
{
	struct fixture f;
	struct arena *a = arena_new();
	struct deps deeper;
	struct stat st;

	start(&f, "mkdir /d; write /d/f; mkdir /d/e", "/d/f");
	assert_int_equal(stat(test_path(&f.t, "/d"), &st), 0);
	assert_true(kernel_mask(st.st_ino) & IN_CLOSE_WRITE);
	deps_init(&deeper, a);
	deps_add(&deeper, "/d/e/x/y", DEP_FILE);
	deps_seal(&deeper);
	assert_int_equal(watch_set(f.w, OTHER, &deeper), 1);
	assert_true(kernel_mask(st.st_ino) & IN_CLOSE_WRITE);
	assert_false(kernel_mask(st.st_ino) & IN_MODIFY);
	script(&f.t, "rm /d/f; write /d/f");
	assert_int_equal(drain(&f, FACT), SETTLE);
	assert_int_equal(drain(&f, OTHER), QUIET);
	script(&f.t, "rmdir /d/e");
	assert_int_equal(drain(&f, FACT), QUIET);
	assert_int_equal(drain(&f, OTHER), SETTLE);

	deps_start(&f);
	add_deps(&f, "/elsewhere");
	arm(&f, FACT);
	assert_int_equal(watch_set(f.w, OTHER, &deeper), 0);
	assert_true(kernel_mask(st.st_ino) & IN_CREATE);
	assert_false(kernel_mask(st.st_ino) & IN_CLOSE_WRITE);
	assert_int_equal(stats(&f).watches, 2);
	arena_free(a);
	fixture_fini(&f);
}

/* A user's directory with more files than are worth a watch each. */
static void test_crowd(void **state)
{
	struct fixture f;
	char line[64];

	fixture_init(&f);
	script(&f.t, "mkdir /h");
	for (int i = 0; i < 400; i++) {
		(void)snprintf(line, sizeof(line), "/h/%03d", i);
		script_write(&f.t, line, "x", 0);
		deps_add(&f.deps, line, DEP_FILE);
	}
	deps_seal(&f.deps);
	arm(&f, FACT);
	assert_in_range(stats(&f).watches, 100, 300);
	script(&f.t, "hold /h/000; put x");
	assert_int_equal(drain(&f, FACT), SETTLE);
	script(&f.t, "release; hold /h/399");
	assert_int_equal(drain(&f, FACT), NOW);
	script(&f.t, "put x");
	assert_int_equal(drain(&f, FACT), SETTLE);
	script(&f.t, "release");
	assert_int_equal(drain(&f, FACT), NOW);
	fixture_fini(&f);
}

/* The same by links: what they lead to lies in directories of its own. */
static void test_crowd_of_links(void **state)
{
	struct fixture f;
	char line[128];

	fixture_init(&f);
	script(&f.t, "mkdir /h; mkdir /h/.ssh; mkdir /h/x");
	for (int i = 0; i < 400; i++) {
		(void)snprintf(
			line, sizeof(line), "mkdir /h/x/%d; symlink ../x/%d/f /h/.ssh/%d", i, i, i);
		script(&f.t, line);
		(void)snprintf(line, sizeof(line), "/h/x/%d/f", i);
		script_write(&f.t, line, "x", 0);
		(void)snprintf(line, sizeof(line), ".ssh/%d", i);
		deps_add_beneath(&f.deps, "/h", line, DEP_FILE);
	}
	deps_seal(&f.deps);
	arm(&f, FACT);
	/* 400 directories, and not 400 files. */
	assert_in_range(stats(&f).watches, 400, 700);
	script(&f.t, "append /h/x/399/f");
	assert_int_equal(drain(&f, FACT), NOW);
	fixture_fini(&f);
}

/* A user's storm beside what is looked at is no business of anybody. */
static void test_storm_beside(void **state)
{
	struct fixture f;
	char line[128];

	start(&f, "mkdir /h; mkdir /h/.ssh; write /h/.ssh/0", "/h|.ssh/k");
	for (int i = 0; i < 5000; i++) {
		(void)snprintf(line, sizeof(line), "rename /h/.ssh/%d /h/.ssh/%d", i, i + 1);
		script(&f.t, line);
		if (i % 1000 == 0)
			assert_int_equal(drain(&f, FACT), QUIET);
	}
	assert_int_equal(drain(&f, FACT), QUIET);
	assert_int_equal(f.overflows, 0);
	fixture_fini(&f);
}

/* A link through more directories than anybody needs: it costs some watches, and is told. */
static void test_maze(void **state)
{
	struct fixture f;
	char path[4096] = "/h", target[4096] = "";

	fixture_init(&f);
	script(&f.t, "mkdir /h");
	for (int i = 0; i < 600; i++) {
		(void)strcat(path, "/d");
		(void)strcat(target, i ? "/d" : "d");
		assert_int_equal(mkdir(test_path(&f.t, path), 0755), 0);
	}
	assert_int_equal(symlink(target, test_path(&f.t, "/h/.ssh")), 0);
	add_deps(&f, "/h|.ssh/k");
	assert_int_equal(watch_set(f.w, FACT, &f.deps), -ELOOP);
	assert_int_equal(watch_blind(f.w), FACT_BIT(FACT));
	assert_in_range(stats(&f).watches, 500, 520);
	script(&f.t, "rm /h/.ssh; mkdir /h/.ssh");
	assert_int_equal(drain(&f, FACT), SETTLE);
	arm(&f, FACT);
	assert_int_equal(watch_blind(f.w), 0);
	assert_int_equal(stats(&f).watches, 3);
	fixture_fini(&f);
}

/* The kernel tells nothing of /proc: it is not watched, and not called blind for ever. */
static void test_proc(void **state)
{
	struct fixture f;

	fixture_init(&f);
	watch_free(f.w);
	root_close(&f.t.root);
	assert_int_equal(root_open("/", &f.t.root), 0);
	assert_int_equal(watch_new(&f.t.root, &ops, &f, &f.w), 0);
	add_deps(&f, "/proc/self/status /proc/sys/kernel/");
	arm(&f, FACT);
	assert_int_equal(stats(&f).watches, 1);
	assert_int_equal(watch_blind(f.w), 0);
	fixture_fini(&f);
}

static void test_no_memory(void **state)
{
	struct fixture f;

	for (alloc_fail_at = 1;; alloc_fail_at++) {
		struct test_root t;
		struct watch *w = NULL;
		unsigned fail_at = alloc_fail_at;

		alloc_fail_at = 0;
		test_root_init(&t);
		alloc_fail_at = fail_at;
		alloc_count = 0;
		int r = watch_new(&t.root, &ops, NULL, &w);
		alloc_fail_at = 0;
		test_root_fini(&t);
		watch_free(w);
		alloc_fail_at = fail_at;
		if (alloc_count < fail_at)
			break;
		assert_int_equal(r, -ENOMEM);
	}
	for (unsigned fail_at = 1;; fail_at++) {
		alloc_fail_at = 0;
		start(&f, "mkdir /a; write /a/f; symlink a /l", "/a/f");
		deps_start(&f);
		add_deps(&f, "/a/f /l/g /b /c /d/e");
		alloc_count = 0;
		alloc_fail_at = fail_at;
		int r = watch_set(f.w, FACT, &f.deps);
		alloc_fail_at = 0;
		if (alloc_count >= fail_at) {
			assert_int_equal(r, -ENOMEM);
			assert_int_equal(watch_blind(f.w), FACT_BIT(FACT));
			/* What was watched before still is. */
			script(&f.t, "write /a/f");
			assert_int_equal(drain(&f, FACT), NOW);
		}
		arm(&f, FACT);
		assert_int_equal(watch_blind(f.w), 0);
		script(&f.t, "write /a/g; write /c");
		assert_int_equal(drain(&f, FACT), SETTLE);
		fixture_fini(&f);
		if (alloc_count < fail_at)
			break;
	}
}

/* In a process of run_apart()'s own: 77 is a skip. */
static void limit_watches(const char *n)
{
	if (access("/proc/sys/user/max_inotify_watches", W_OK) < 0) {
		puts("skipped: /proc/sys is read-only here");
		(void)fflush(NULL);
		_exit(77);
	}
	assert_true(namespace_put("/proc/sys/user/max_inotify_watches", n));
}

static void few_watches(void **state)
{
	struct fixture f;

	limit_watches("5");
	fixture_init(&f);
	script(&f.t, "mkdir /a; write /a/f; mkdir /b; write /b/f; mkdir /c; write /c/f");
	add_deps(&f, "/a/f /b/f /c/f");
	assert_int_equal(watch_set(f.w, FACT, &f.deps), -ENOSPC);
	assert_int_equal(watch_blind(f.w), FACT_BIT(FACT));
	assert_int_equal(stats(&f).watches, 5);
	(void)drain(&f, FACT);
	script(&f.t, "write /a/f");
	assert_int_equal(drain(&f, FACT), NOW);
	/* It is tried again each time. */
	assert_int_equal(watch_set(f.w, FACT, &f.deps), -ENOSPC);
	limit_watches("7");
	assert_int_equal(watch_set(f.w, FACT, &f.deps), 1);
	arm(&f, FACT);
	assert_int_equal(watch_blind(f.w), 0);
	script(&f.t, "write /c/f");
	assert_int_equal(drain(&f, FACT), NOW);
	/* Another fact finds none left, until this one needs fewer. */
	struct arena *a = arena_new();
	struct deps other;
	deps_init(&other, a);
	deps_add(&other, "/n/f", DEP_FILE);
	deps_seal(&other);
	script(&f.t, "mkdir /n");
	assert_int_equal(watch_set(f.w, OTHER, &other), -ENOSPC);
	assert_int_equal(watch_blind(f.w), FACT_BIT(OTHER));
	deps_start(&f);
	add_deps(&f, "/a/f");
	assert_int_equal(watch_set(f.w, FACT, &f.deps), 0);
	assert_int_equal(watch_set(f.w, OTHER, &other), 1);
	assert_int_equal(watch_blind(f.w), 0);
	arena_free(a);
	fixture_fini(&f);
}

static void test_few_watches(void **state)
{
	run_apart(namespace_enter, 0, few_watches);
}

static void mount_on(const struct fixture *f, const char *path)
{
	assert_int_equal(mount("none", test_path(&f->t, path), "tmpfs", 0, NULL), 0);
}

static void mounts(void **state)
{
	struct fixture f;

	start(&f, "mkdir /m; mkdir /m/d; write /m/d/f; mkdir /x; mkdir /x/y", "/m/d/f /m/d/");
	mount_on(&f, "/x");
	assert_int_equal(drain(&f, FACT), QUIET);
	mount_on(&f, "/m");
	assert_int_equal(drain(&f, FACT), SETTLE);
	arm(&f, FACT);
	script(&f.t, "mkdir /m/d");
	assert_int_equal(drain(&f, FACT), SETTLE);
	arm(&f, FACT);
	script(&f.t, "write /m/d/f");
	assert_int_equal(drain(&f, FACT), SETTLE);
	arm(&f, FACT);
	mount_on(&f, "/m/d");
	assert_int_equal(drain(&f, FACT), SETTLE);
	arm(&f, FACT);
	assert_int_equal(umount2(test_path(&f.t, "/m"), MNT_DETACH), 0);
	assert_int_equal(drain(&f, FACT), SETTLE);
	arm(&f, FACT);
	script(&f.t, "write /m/d/f");
	assert_int_equal(drain(&f, FACT), NOW);
	assert_int_equal(umount2(test_path(&f.t, "/x"), 0), 0);
	assert_int_equal(drain(&f, FACT), QUIET);
	fixture_fini(&f);
}

static void test_mounts(void **state)
{
	run_apart(namespace_enter, CLONE_NEWNS, mounts);
}

/* A file mounted on a file: who writes the one writes the other. */
static void bound_file(void **state)
{
	struct fixture f;

	start(&f, "mkdir /m; write /m/f; mkdir /x; write /x/g", "/m/f");
	assert_int_equal(
		mount(test_path(&f.t, "/x/g"), test_path(&f.t, "/m/f"), NULL, MS_BIND, NULL), 0);
	assert_int_equal(drain(&f, FACT), SETTLE);
	arm(&f, FACT);
	script(&f.t, "write /x/g");
	assert_int_equal(drain(&f, FACT), NOW);
	assert_int_equal(umount2(test_path(&f.t, "/m/f"), 0), 0);
	assert_int_equal(drain(&f, FACT), SETTLE);
	arm(&f, FACT);
	script(&f.t, "write /x/g");
	assert_int_equal(drain(&f, FACT), QUIET);
	fixture_fini(&f);
}

static void test_bound_file(void **state)
{
	run_apart(namespace_enter, CLONE_NEWNS, bound_file);
}

/* The directory above a mount is not told when the mount's own root changes. */
static void mounted_directory(void **state)
{
	struct fixture f;

	fixture_init(&f);
	script(&f.t, "mkdir /m");
	mount_on(&f, "/m");
	add_deps(&f, "/m");
	arm(&f, FACT);
	script(&f.t, "chmod 700 /m");
	assert_int_equal(drain(&f, FACT), SETTLE);
	assert_int_equal(umount2(test_path(&f.t, "/m"), 0), 0);
	assert_int_equal(drain(&f, FACT), SETTLE);
	fixture_fini(&f);
}

static void test_mounted_directory(void **state)
{
	run_apart(namespace_enter, CLONE_NEWNS, mounted_directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_renamed_over_many_times),
		cmocka_unit_test(test_same_deps_are_cheap),
		cmocka_unit_test(test_shared_watch),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_crowd_of_links),
		cmocka_unit_test(test_storm_beside),
		cmocka_unit_test(test_maze),
		cmocka_unit_test(test_proc),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_few_watches),
		cmocka_unit_test(test_mounts),
		cmocka_unit_test(test_bound_file),
		cmocka_unit_test(test_mounted_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
