/* SPDX-License-Identifier: ISC */
/* What a walk reports, where it does not go, and where it ends. */
#include "namespace.h"

#include <limits.h>

#include "base/walk.h"

/* What was reported, one after the other. */
struct seen {
	char text[1024];
	uint64_t *deadline; /* set to the past by a file of the name "late" */
};

static void note(struct seen *s, const char *what, const char *rel)
{
	size_t n = strlen(s->text);

	(void)snprintf(s->text + n, sizeof(s->text) - n, "%s%s;", what, rel);
}

static int on_file(const char *rel, const char *directory, const char *name, void *arg)
{
	struct seen *s = arg;

	note(s, "", rel);
	if (strcmp(name, "late") == 0 && s->deadline)
		*s->deadline = 0;
	return strcmp(name, "stop") == 0 ? -EINTR : 0;
}

static bool on_enter(const char *directory, const char *name, void *arg)
{
	return strcmp(name, "no") != 0;
}

static int on_unread(const char *rel, int r, void *arg)
{
	note(arg, strerrorname_np(-r), rel);
	return 0;
}

static struct walk walk_of(struct seen *s)
{
	*s = (struct seen){0};
	return (struct walk){.depth = 8,
		.entries_left = 100,
		.deadline_monotonic_usec = UINT64_MAX,
		.file = on_file,
		.enter = on_enter,
		.unread = on_unread,
		.arg = s};
}

static void test_order(void **state)
{
	struct test_root t;
	struct seen s;
	struct walk w = walk_of(&s);

	test_root_init(&t);
	test_write(&t, "/home/x/a/b/deep", "");
	test_write(&t, "/home/x/no/file", "");
	test_write(&t, "/home/x/near", "");
	test_write(&t, "/etc/elsewhere", "");
	assert_int_equal(symlink("../../etc", test_path(&t, "/home/x/a/link")), 0);
	assert_int_equal(mkfifo(test_path(&t, "/home/x/fifo"), 0600), 0);
	assert_int_equal(root_walk(&t.root, "/home/x", &w), 0);
	assert_string_equal(s.text, "near;a/link;a/b/deep;");
	assert_int_equal(w.entries_left, 100 - 7);
	w = walk_of(&s);
	w.depth = 1;
	assert_int_equal(root_walk(&t.root, "/home/x", &w), 0);
	assert_string_equal(s.text, "near;a/link;");
	assert_int_equal(root_walk(&t.root, "/home/none", &w), -ENOENT);
	assert_int_equal(root_walk(&t.root, "/home/x/near", &w), -ENOTDIR);
	test_root_fini(&t);
}

static void test_end(void **state)
{
	struct test_root t;
	struct seen s;
	struct walk w = walk_of(&s);

	test_root_init(&t);
	test_write(&t, "/a/late", "");
	test_write(&t, "/a/b/file", "");
	/* The name after the last that there was time for, in its directory or in the next. */
	s.deadline = &w.deadline_monotonic_usec;
	assert_int_equal(root_walk(&t.root, "/a", &w), 1);
	assert_string_equal(s.text, "late;");
	test_write(&t, "/a/stop", "");
	w = walk_of(&s);
	assert_int_equal(root_walk(&t.root, "/a", &w), -EINTR);
	w = walk_of(&s);
	w.entries_left = 2;
	assert_int_equal(unlink(test_path(&t, "/a/stop")), 0);
	assert_int_equal(root_walk(&t.root, "/a", &w), 1);
	assert_int_equal(w.entries_left, 0);
	assert_string_equal(s.text, "late;");
	test_root_fini(&t);
}

static bool prepare(int arg)
{
	return namespace_enter(CLONE_NEWNS | arg);
}

/* A directory or file on which a server of FUSE is mounted that never answers; its descriptor. */
static int mount_stalled(const char *path, mode_t type)
{
	char options[128];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		skip();
	(void)snprintf(options, sizeof(options), "fd=%d,rootmode=%o,user_id=0,group_id=0", fd,
		(unsigned)type);
	if (mount("x", path, "fuse", MS_NOSUID | MS_NODEV, options) < 0)
		skip();
	return fd;
}

/* Who asks it for anything waits until the alarm ends this process. */
static void test_stalled(void **state)
{
	struct test_root t;
	struct stat st;
	struct seen s;
	struct walk w = walk_of(&s);

	test_root_init(&t);
	test_write(&t, "/a/mnt/under", "");
	test_write(&t, "/a/file", "");
	test_write(&t, "/a/z/last", "");
	int dir = mount_stalled(test_path(&t, "/a/mnt"), S_IFDIR);
	int file = mount_stalled(test_path(&t, "/a/file"), S_IFREG);
	(void)alarm(20);
	assert_int_equal(root_walk(&t.root, "/a", &w), 0);
	assert_string_equal(s.text, "file;z/last;");
	assert_int_equal(root_open_file_in_mount(&t.root, "/a", "file", &st), -EXDEV);
	assert_int_equal(root_open_file_in_mount(&t.root, "/a", "mnt/x", &st), -EXDEV);
	assert_int_equal(root_open_path_in_mount(&t.root, "/a", "mnt"), -EXDEV);
	(void)alarm(0);
	assert_int_equal(umount2(test_path(&t, "/a/mnt"), MNT_DETACH), 0);
	assert_int_equal(umount2(test_path(&t, "/a/file"), MNT_DETACH), 0);
	assert_int_equal(close(dir), 0);
	assert_int_equal(close(file), 0);
	test_root_fini(&t);
}

/* Nor is any other mount entered; base may be one. */
static void test_mounted(void **state)
{
	struct test_root t;
	struct seen s;
	struct walk w = walk_of(&s);

	test_root_init(&t);
	test_write(&t, "/a/mnt/under", "");
	test_write(&t, "/a/z/last", "");
	if (mount("x", test_path(&t, "/a/mnt"), "tmpfs", 0, NULL) < 0)
		skip();
	test_write(&t, "/a/mnt/over", "");
	assert_int_equal(root_walk(&t.root, "/a", &w), 0);
	assert_string_equal(s.text, "z/last;");
	w = walk_of(&s);
	assert_int_equal(root_walk(&t.root, "/a/mnt", &w), 0);
	assert_string_equal(s.text, "over;");
	assert_int_equal(umount(test_path(&t, "/a/mnt")), 0);
	test_root_fini(&t);
}

static void test_stalled_apart(void **state)
{
	run_apart(prepare, 0, test_stalled);
}

static void test_mounted_apart(void **state)
{
	run_apart(prepare, 0, test_mounted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_mounted_apart),
		cmocka_unit_test(test_stalled_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
