/* SPDX-License-Identifier: ISC */
#include "test.h"

#include <fcntl.h>
#include <time.h>

#include "base/child.h"
#include "base/services.h"
#include "base/siphash.h"
#include "base/text.h"

static void test_text_escape(void **state)
{
	static const struct {
		const char *in, *out;
	} vectors[] = {
		{"plain", "plain"},
		{"a\nb\tc", "a\\nb\\tc"},
		{"\x1b[31m", "\\x1b[31m"},
		{"back\\slash", "back\\\\slash"},
		{"\xff\xc0\x80", "\\xff\\xc0\\x80"},
		{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
		{"\xe2\x80\xae", "\\u{202e}"},
		{"\xc2\x9b", "\\u{9b}"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},
	};
	struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		assert_string_equal(text_clean(a, vectors[i].in), vectors[i].out);
	assert_string_equal(text_escape(a, "abcdefghij", 10, 8), "abcde...");
	assert_string_equal(text_escape(a, "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", 8, 6), "\xc3\xbc...");
	arena_free(a);
}

static void test_read_refuses(void **state)
{
	struct test_root t;
	struct file f = {0};

	test_root_init(&t);
	test_write(&t, "/etc/file", "hello\n");
	assert_int_equal(mkfifo(test_path(&t, "/etc/fifo"), 0600), 0);
	assert_int_equal(symlink("/etc/file", test_path(&t, "/etc/link")), 0);
	assert_int_equal(symlink("../../../../../etc/file", test_path(&t, "/etc/dots")), 0);
	assert_int_equal(symlink("loop", test_path(&t, "/etc/loop")), 0);
	assert_int_equal(truncate(test_path(&t, "/etc/file"), 6), 0);

	assert_int_equal(root_read(&t.root, "/etc/file", 6, &f), 0);
	assert_string_equal(f.data, "hello\n");
	file_fini(&f);
	assert_int_equal(root_read(&t.root, "/etc/link", 6, &f), 0);
	file_fini(&f);
	assert_int_equal(root_read(&t.root, "/etc/dots", 6, &f), 0);
	file_fini(&f);
	assert_int_equal(root_read(&t.root, "/etc/file", 5, &f), -EFBIG);
	assert_int_equal(root_read(&t.root, "/etc/fifo", 6, &f), -ENODEV);
	assert_int_equal(root_read(&t.root, "/etc", 6, &f), -EISDIR);
	assert_int_equal(root_read(&t.root, "/etc/none", 6, &f), -ENOENT);
	assert_int_equal(root_read(&t.root, "/etc/loop", 6, &f), -ELOOP);
	assert_int_equal(root_read_beneath(&t.root, "/etc", "dots", 6, &f), -EXDEV);
	assert_int_equal(root_read_beneath(&t.root, "/etc", "link", 6, &f), -EXDEV);
	assert_int_equal(root_read_beneath(&t.root, "/etc", "file", 6, &f), 0);
	file_fini(&f);

	struct stat st;
	int fd = root_open_file_beneath(&t.root, "/etc", "file", &st);
	assert_true(fd >= 0);
	assert_int_equal(st.st_size, 6);
	assert_int_equal(close(fd), 0);
	assert_int_equal(root_open_file_beneath(&t.root, "/etc", "fifo", &st), -ENODEV);
	assert_int_equal(root_open_file_beneath(&t.root, "/etc", "link", &st), -EXDEV);

	uint64_t birth = 0;
	int r = root_birth(&t.root, "/etc/file", &birth);
	assert_true(r == -ENODATA || (r == 0 && birth <= ((uint64_t)time(NULL) + 1) * USEC_PER_SEC));
	assert_int_equal(root_birth(&t.root, "/etc/none", &birth), -ENOENT);
	test_root_fini(&t);
}

static void test_glob_records(void **state)
{
	struct test_root t;
	struct arena *a = arena_new();
	struct deps deps;
	char **paths = NULL;
	size_t n = 0;

	test_root_init(&t);
	deps_init(&deps, a);
	t.root.deps = &deps;
	test_write(&t, "/etc/d/20.conf", "");
	test_write(&t, "/etc/d/10.conf", "");
	test_write(&t, "/etc/d/.hidden.conf", "");
	test_write(&t, "/etc/d/note", "");
	assert_int_equal(root_glob(&t.root, a, "/etc/d/*.conf", 10, &paths, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(paths[0], "/etc/d/10.conf");
	assert_string_equal(paths[1], "/etc/d/20.conf");
	assert_int_equal(root_glob(&t.root, a, "/etc/d/*.conf", 1, &paths, &n), -EFBIG);
	assert_int_equal(root_glob(&t.root, a, "/none/*.conf", 1, &paths, &n), 0);
	assert_int_equal(n, 0);
	deps_seal(&deps);
	assert_int_equal(deps.n, 2);
	assert_string_equal(deps.v[0].path, "/etc/d");
	assert_int_equal(deps.v[0].kinds, DEP_DIR);
	assert_string_equal(deps.v[1].path, "/none");
	test_root_fini(&t);
	arena_free(a);
}

static void test_deps(void **state)
{
	struct arena *a = arena_new();
	struct deps deps;

	deps_init(&deps, a);
	deps_add(&deps, "//etc/./ssh//", DEP_DIR);
	deps_add(&deps, "/", DEP_FILE);
	/* Where ".." leads depends on what /etc/x is: it must not be taken out. */
	deps_add(&deps, "/etc/x/../y", DEP_FILE);
	deps_add_beneath(&deps, "/home/a/", "./.ssh/k", DEP_FILE);
	deps_add_beneath(&deps, "/home/a", "", DEP_DIR);
	deps_add_beneath(&deps, "/home/b", ".ssh", DEP_DIR);
	deps_add(&deps, "/home/b/.ssh", DEP_FILE);
	deps_seal(&deps);
	static const struct dep expected[] = {
		{"/", DEP_FILE, 0}, {"/etc/ssh", DEP_DIR, 0}, {"/etc/x/../y", DEP_FILE, 0},
		{"/home/a", DEP_DIR, 7}, {"/home/a/.ssh/k", DEP_FILE, 7},
		{"/home/b/.ssh", DEP_DIR | DEP_FILE, 0},
	};
	assert_int_equal(deps.n, ARRAY_SIZE(expected));
	for (size_t i = 0; i < deps.n; i++) {
		assert_string_equal(deps.v[i].path, expected[i].path);
		assert_int_equal(deps.v[i].kinds, expected[i].kinds);
		assert_int_equal(deps.v[i].beneath, expected[i].beneath);
	}
	arena_free(a);
}

static void test_child(void **state)
{
	struct memo *m = memo_new();
	struct child_result res = {0};
	const char *const cat[] = {"/bin/cat", NULL}, *const sleeper[] = {"/bin/sleep", "60", NULL};
	const char *const yes[] = {"/usr/bin/yes", NULL}, *const none[] = {"/nonexistent", NULL};

	assert_int_equal(child_run(m, cat, "hello", USEC_PER_SEC * 10, 100, &res), 0);
	assert_string_equal(res.out, "hello");
	assert_int_equal(res.status, 0);
	child_result_fini(&res);
	assert_int_equal(child_run(m, sleeper, NULL, USEC_PER_MSEC * 50, 100, &res), -ETIMEDOUT);
	assert_int_equal(child_run(m, yes, NULL, USEC_PER_SEC * 10, 100, &res), -EFBIG);
	assert_int_equal(child_run(m, none, NULL, USEC_PER_SEC, 100, &res), -ENOENT);
	assert_int_equal(memo_children(m), 3);

	assert_int_equal(memo_put(m, "k", "1", "one"), 0);
	assert_string_equal(memo_get(m, "k", "1"), "one");
	assert_null(memo_get(m, "k", "2"));
	assert_int_equal(memo_put(m, "k", "2", "two"), 0);
	assert_string_equal(memo_get(m, "k", "2"), "two");
	memo_free(m);
}

/* The first values of the reference implementation, key 00 01 ... 0f, input 00 01 ... */
static void test_siphash(void **state)
{
	static const struct {
		size_t n;
		uint64_t digest;
	} vectors[] = {
		{0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd}, {2, 0x0d6c8009d9a94f5a},
		{7, 0xab0200f58b01d137}, {8, 0x93f5f5799a932462}, {15, 0xa129ca6149be45e5},
	};
	uint8_t key[16], in[16];
	struct siphash h;

	for (uint8_t i = 0; i < 16; i++)
		key[i] = in[i] = i;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		/* In two parts, wherever it is cut. */
		for (size_t cut = 0; cut <= vectors[i].n; cut++) {
			siphash_init(&h, key);
			siphash_update(&h, in, cut);
			siphash_update(&h, in + cut, vectors[i].n - cut);
			assert_int_equal(siphash_digest(&h), vectors[i].digest);
		}
	}
	siphash_init(&h, key);
	siphash_string(&h, "a");
	siphash_string(&h, NULL);
	uint64_t first = siphash_digest(&h);
	siphash_init(&h, key);
	siphash_string(&h, "a");
	siphash_string(&h, "");
	assert_int_not_equal(siphash_digest(&h), first);
}

static void test_services(void **state)
{
	static const char text[] = "# ssh 1/tcp\nssh\t\t22/tcp # sftp\n\nsyslog 514/udp\n"
				   "shell 514/tcp cmd   syslog\nbad x/tcp\nbad 7\nbig 70000/tcp\n"
				   "bad 9/tcp";
	static const struct {
		const char *name, *protocol;
		unsigned port;
	} rows[] = {{"ssh", "tcp", 22}, {"ssh", "udp", 0}, {"sftp", "tcp", 0}, {"cmd", "tcp", 514},
		{"syslog", "udp", 514}, {"syslog", "tcp", 514}, {"22/tcp", "tcp", 0},
		{"bad", "tcp", 9}, {"big", "tcp", 0}, {"", "tcp", 0}, {"ss", "tcp", 0},
		{"ssh", "t", 0}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(
			services_port(text, rows[i].name, strlen(rows[i].name), rows[i].protocol),
			rows[i].port);
	assert_int_equal(services_port(text, "sshd", 3, "tcp"), 22);
	assert_int_equal(services_port(NULL, "ssh", 3, "tcp"), 0);
}

static void test_parts(void **state)
{
	assert_string_equal(text_base_name("/a/b.service"), "b.service");
	assert_string_equal(text_base_name("b"), "b");
	assert_string_equal(text_base_name("a/"), "");
	assert_true(text_ends_with("a.list", ".list"));
	assert_true(text_ends_with(".list", ".list"));
	assert_true(text_ends_with("a", ""));
	assert_false(text_ends_with("list", ".list"));
	assert_false(text_ends_with("a.LIST", ".list"));
	assert_false(text_ends_with("a.list.d", ".list"));
	for (int c = -128; c < 128; c++)
		assert_int_equal(is_digit((char)c), c >= 48 && c <= 57);
	assert_int_equal(timespec_usec((struct timespec){2, 3999}), 2000003);
	assert_int_equal(timespec_usec((struct timespec){-1, 5000}), 0);
}

static void test_arena_path(void **state)
{
	static const struct {
		const char *dir, *name, *path;
	} vectors[] = {
		{"/home/alice", ".netrc", "/home/alice/.netrc"},
		{"/home/alice//", "a/b", "/home/alice/a/b"},
		{"/", "a", "/a"},
		{"a", "b", "a/b"},
	};
	_cleanup_(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		assert_string_equal(
			arena_path(a, vectors[i].dir, vectors[i].name), vectors[i].path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_escape),
		cmocka_unit_test(test_arena_path),
		cmocka_unit_test(test_read_refuses),
		cmocka_unit_test(test_glob_records),
		cmocka_unit_test(test_deps),
		cmocka_unit_test(test_child),
		cmocka_unit_test(test_siphash),
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
