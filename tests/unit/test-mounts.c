/* SPDX-License-Identifier: ISC */
#include "alloc-fail.h"
#include "test.h"

#include <fcntl.h>

#include "mounts.h"

#define ROOT "21 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
#define HOME "30 21 254:1 / /home rw shared:1 - ext4 /dev/vdb rw\n"
#define RUN  "25 21 0:22 / /run rw - tmpfs tmpfs rw\n"

struct told {
	char text[256];
	size_t n;
};

static void each(const struct mount_change *c, void *arg)
{
	struct told *t = arg;

	t->n += (size_t)snprintf(t->text + t->n, sizeof(t->text) - t->n, "[%c%u %s]",
		c->gone ? '-' : '+', c->id, c->path);
}

static const struct {
	const char *a, *b, *told;
} vectors[] = {
	{ROOT HOME, ROOT HOME, ""},
	{ROOT HOME RUN, RUN ROOT HOME, ""},
	{ROOT, ROOT HOME, "[+30 /home]"},
	{ROOT HOME, ROOT, "[-30 /home]"},
	{"", ROOT HOME, "[+21 /][+30 /home]"},
	/* Options are nothing that anybody reads through a path. */
	{HOME, "30 21 254:1 / /home ro,nosuid - ext4 /dev/vdb ro\n", ""},
	/* The same place, another file system; another directory of the same. */
	{HOME, "30 21 254:2 / /home rw - ext4 /dev/vdc rw\n", "[-30 /home][+30 /home]"},
	{HOME, "30 21 254:1 /x /home rw - ext4 /dev/vdb rw\n", "[-30 /home][+30 /home]"},
	/* One upon the other. */
	{HOME, HOME "31 30 0:40 / /home rw - tmpfs x rw\n", "[+31 /home]"},
	{"", "40 21 0:50 / /home/a\\040b\\134\\012/.ssh rw - fuse.x x rw\n",
		"[+40 /home/a b\\\n/.ssh]"},
	{"", "40 21 0:50 / /\\04 rw - x x rw\n", "[+40 /\\04]"},
	{"", "40 21 0:50 / /\\ rw\n", "[+40 /\\]"},
	/* What is no line of a table. */
	{"", "\n\n40\n40 21\n40 21 0:50 /\n40 21 0:50  /x\n", ""},
	{"", "40 21 0:50 / /end", "[+40 /end]"},
};

static void test_diff(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct mounts a, b;
		struct told t = {0};
		assert_int_equal(mounts_parse(strdup(vectors[i].a), &a), 0);
		assert_int_equal(mounts_parse(strdup(vectors[i].b), &b), 0);
		mounts_diff(&a, &b, each, &t);
		if (strcmp(t.text, vectors[i].told) != 0)
			fail_msg("vector %zu: told %s, expected %s", i, t.text, vectors[i].told);
		mounts_fini(&a);
		mounts_fini(&b);
	}
}

/* The machine's own table, twice, from one descriptor. */
static void test_read(void **state)
{
	_cleanup_close_ int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	struct mounts a, b, none = {0};
	struct told t = {0};

	if (fd < 0)
		skip();
	assert_int_equal(mounts_read(fd, &a), 0);
	assert_int_equal(mounts_read(fd, &b), 0);
	assert_true(a.n > 0);
	mounts_diff(&a, &b, each, &t);
	assert_string_equal(t.text, "");
	mounts_diff(&none, &none, each, &t);
	assert_string_equal(t.text, "");
	mounts_fini(&a);
	mounts_fini(&b);
	mounts_fini(&none);
	assert_int_equal(mounts_read(-1, &a), -EBADF);
}

static void test_no_memory(void **state)
{
	_cleanup_close_ int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	struct mounts m;

	if (fd < 0)
		skip();
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		alloc_count = 0;
		int r = mounts_read(fd, &m);
		if (alloc_count < alloc_fail_at) {
			assert_int_equal(r, 0);
			break;
		}
		assert_int_equal(r, -ENOMEM);
	}
	alloc_fail_at = 0;
	mounts_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_diff),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
