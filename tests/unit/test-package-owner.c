/* SPDX-License-Identifier: ISC */
/* Which package has a file: lists as dpkg writes them, a database in rpm's form. */
#include "test.h"

#include "alloc-fail.h"
#include "fact/package-files.h"
#include "fact/package-owner.h"
#include "rpm-files.h"

#define RPMDB "/usr/lib/sysimage/rpm/rpmdb.sqlite"

struct asked {
	const char *path, *package;
};

static void ask(const struct test_root *t, const struct asked *v, size_t n)
{
	struct package_owner owners[16] = {0};
	struct arena *a = arena_new();

	assert_true(n <= ARRAY_SIZE(owners));
	for (size_t i = 0; i < n; i++)
		owners[i].path = v[i].path;
	assert_int_equal(package_owners(&t->root, a, owners, n), 0);
	for (size_t i = 0; i < n; i++) {
		if (!v[i].package && owners[i].package)
			fail_msg("%s: %s", v[i].path, owners[i].package);
		if (v[i].package && !owners[i].package)
			fail_msg("%s: no package", v[i].path);
		if (v[i].package)
			assert_string_equal(owners[i].package, v[i].package);
	}
	arena_free(a);
}

static void make_dpkg(struct test_root *t)
{
	test_root_init(t);
	test_write(t, "/var/lib/dpkg/info/openssh-server.list",
		"/.\n/usr\n/usr/sbin\n/usr/sbin/sshd\n");
	test_write(t, "/var/lib/dpkg/info/libc6:amd64.list", "/lib/ld.so\n/usr/bin/ldd");
	test_write(t, "/var/lib/dpkg/info/openssh-server.md5sums", "x  usr/sbin/other\n");
	test_write(t, "/var/lib/dpkg/info/passwd.list", "/usr/bin/passwd\n");
}

static void test_dpkg(void **state)
{
	static const struct asked v[] = {
		{"/usr/sbin/sshd", "openssh-server"},
		{"/usr/lib/ld.so", "libc6"}, /* listed as it was before /usr was merged */
		{"/lib/ld.so", "libc6"},
		{"/bin/passwd", "passwd"},
		{"/usr/bin/ldd", "libc6"}, /* the last line has no end */
		{"/usr/sbin/ssh", NULL},
		{"/usr/sbin/sshd2", NULL},
		{"/usr/sbin/other", NULL},
		{"/usr/sbin/sshd", "openssh-server"}, /* once more */
		{"relative", NULL},
	};
	struct test_root t;

	make_dpkg(&t);
	ask(&t, v, ARRAY_SIZE(v));
	ask(&t, v, 0);
	test_root_fini(&t);
}

static const char *no_hash(const char *text)
{
	return text;
}

static void test_rpm(void **state)
{
	static const struct rpm_file files[] = {
		{"/usr/bin/", "sshd", "", 0100755, 0, 0},
		{"/usr/sbin/", "sshd", "", 0100755, 0, 0},
		{"/usr/share/", "it's", "", 0100644, 0, 0},
	};
	static const struct asked v[] = {
		{"/usr/sbin/sshd", "openssh-server"},
		{"/usr/bin/sshd", "openssh-server"},
		{"/usr/local/sbin/sshd", NULL},
		{"/usr/share/it's", NULL}, /* not in the index, and no end of the question */
		{"/usr/sbin/none", NULL},
	};
	struct rpm_files_header h;
	struct test_root t;
	const char *name;

	test_root_init(&t);
	test_write(&t, "/usr/lib/sysimage/rpm/x", "");
	rpm_files_make(&h, "openssh-server", files, ARRAY_SIZE(files), no_hash);
	rpm_files_db(test_path(&t, RPMDB), "openssh-server", &h);
	rpm_files_index(test_path(&t, RPMDB), "sshd");
	ask(&t, v, ARRAY_SIZE(v));
	assert_int_equal(package_files_owns(h.bytes, h.n, "/usr/sbin/sshd", &name), 1);
	for (size_t n = 0; n < h.n; n++)
		assert_true(package_files_owns(h.bytes, n, "/usr/sbin/sshd", &name) <= 0);
	test_root_fini(&t);
}

static void test_signature(void **state)
{
	char none[STAT_SIGNATURE_MAX], before[STAT_SIGNATURE_MAX], after[STAT_SIGNATURE_MAX];
	struct test_root t;

	test_root_init(&t);
	assert_string_equal(package_owner_signature(&t.root, none), "");
	test_write(&t, "/var/lib/dpkg/info/a.list", "/a\n");
	assert_string_not_equal(package_owner_signature(&t.root, before), "");
	assert_string_equal(package_owner_signature(&t.root, after), before);
	test_write(&t, "/var/lib/dpkg/info/b/c.list", "/a\n"); /* another directory: more links */
	assert_string_not_equal(package_owner_signature(&t.root, after), before);
	test_root_fini(&t);
}

static void test_memory(void **state)
{
	struct test_root t;

	make_dpkg(&t);
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		struct package_owner owners[] = {{"/usr/sbin/sshd", NULL}, {"/usr/bin/x", NULL}};
		alloc_count = 0;
		struct arena *a = arena_new();
		int r = a ? package_owners(&t.root, a, owners, 2) : -ENOMEM;
		arena_free(a);
		if (alloc_count < alloc_fail_at) {
			assert_int_equal(r, 0);
			break;
		}
		assert_int_equal(r, -ENOMEM);
	}
	alloc_fail_at = 0;
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dpkg),
		cmocka_unit_test(test_rpm),
		cmocka_unit_test(test_signature),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
