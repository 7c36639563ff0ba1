/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "alloc-fail.h"
#include "fact/package-list.h"
#include "fact/packages.h"
#include "judge-default.h"

#define PACKAGE(name, arch, status, version)                                               \
	"Package: " name "\nStatus: " status "\nArchitecture: " arch "\nVersion: " version \
	"\nDescription: x\n .\n y\n\n"
#define OK "install ok installed"

static char *dpkg_list(const char *text, bool assume_installed, int *ret_r, unsigned *ret_line)
{
	struct package_list l;
	char *out = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&out, &size);

	assert_non_null(f);
	assert_int_equal(package_list_init(&l), 0);
	*ret_r = package_list_dpkg(&l, text, strlen(text), assume_installed, ret_line);
	package_list_sort(&l);
	for (size_t i = 0; i < l.n; i++)
		(void)fprintf(f, "%s:%s=%s;", l.v[i].name, l.v[i].arch,
			l.v[i].version ? l.v[i].version : "-");
	package_list_fini(&l);
	assert_int_equal(fclose(f), 0);
	return out;
}

static void test_dpkg_states(void **state)
{
	static const struct {
		const char *text, *list;
	} vectors[] = {
		{"", ""},
		{"\n\n", ""},
		{PACKAGE("b", "amd64", OK, "2") PACKAGE("a", "all", OK, "1"), "a:all=1;b:amd64=2;"},
		{PACKAGE("a", "amd64", "hold ok installed", "1:1-2"), "a:amd64=1:1-2;"},
		{PACKAGE("a", "amd64", "install ok half-configured", "1"), "a:amd64=1;"},
		{PACKAGE("a", "amd64", "install reinstreq half-installed", "1"), "a:amd64=1;"},
		{PACKAGE("a", "amd64", "install ok unpacked", "1"), "a:amd64=1;"},
		{PACKAGE("a", "amd64", "install ok triggers-pending", "1"), "a:amd64=1;"},
		{PACKAGE("a", "amd64", "install ok triggers-awaited", "1"), "a:amd64=1;"},
		{PACKAGE("a", "amd64", "deinstall ok config-files", "1"), "a:amd64=-;"},
		{PACKAGE("a", "amd64", "purge ok not-installed", "1"), "a:amd64=-;"},
		{"Package: a\nStatus: unknown ok not-installed\n\n", "a:=-;"},
		{"Package: a\nStatus: install reinstreq half-installed\n", "a:=unknown;"},
		{"package :  a \nSTATUS:install ok  installed\nversion:1\n", "a:=1;"},
		{"Package: a\nVersion: 1\n", "a:=-;"},
		{"Package: a\n  \nStatus: install ok installed\nVersion: 0:1\n", "a:=1;"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		int r;
		unsigned line;
		_cleanup_free_ char *list = dpkg_list(vectors[i].text, false, &r, &line);
		assert_int_equal(r, 0);
		assert_string_equal(list, vectors[i].list);
	}
}

static void test_dpkg_malformed(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
	} vectors[] = {
		{"Package a\n", 1},
		{" Package: a\n", 1},
		{"Package: a\nStatus: install ok installed\nVersion: 1", 0},
		{"Package: a\nStatus: install ok installed\n\n", 3},
		{"Package: a\nStatus: install ok\nVersion: 1\n\n", 4},
		{"Package: a\nStatus: install ok installed now\nVersion: 1\n\n", 4},
		{"Package: a\nStatus: install ok great\nVersion: 1\n\n", 4},
		{"Version: 1\nStatus: install ok installed\n\n", 3},
		{"Package: a\nPackage: b\n", 2},
		{"\n  \nVersion: 1\n", 2},
		{"Pack age: a\n", 1},
		{"-Package: a\n", 1},
		{": a\n", 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		int r;
		unsigned line = 99;
		free(dpkg_list(vectors[i].text, false, &r, &line));
		assert_int_equal(r, -EBADMSG);
		assert_int_equal(line, vectors[i].line);
	}
	struct package_list l;
	unsigned line = 0;
	assert_int_equal(package_list_init(&l), 0);
	assert_int_equal(package_list_dpkg(&l, "Package: a\0b\n", 13, false, &line), -EBADMSG);
	package_list_fini(&l);
}

static void test_alloc(void **state)
{
	static const char text[] = PACKAGE("a", "amd64", OK, "1") PACKAGE("b", "all", OK, "2");
	static const char rpm[] = "a\t1\t2-3\tnoarch\nb\t0\t2-3\t(none)\n";
	struct package_list l;
	unsigned line;
	int r;

	for (alloc_fail_at = 1;; alloc_fail_at++) {
		alloc_count = 0;
		r = package_list_init(&l);
		if (r == 0) {
			r = package_list_dpkg(&l, text, sizeof(text) - 1, false, &line);
			if (r == 0)
				r = package_list_rpm(&l, rpm, sizeof(rpm) - 1, &line);
			package_list_fini(&l);
		}
		if (alloc_count < alloc_fail_at)
			break;
		assert_int_equal(r, -ENOMEM);
	}
	assert_int_equal(r, 0);
	assert_true(alloc_fail_at > 3);
	alloc_fail_at = 0;
}

static void test_too_many(void **state)
{
	struct package_list l;
	unsigned line = 0;

	assert_int_equal(package_list_init(&l), 0);
	for (size_t i = 0; i < PACKAGE_LIST_MAX; i++)
		assert_int_equal(package_list_add(&l, "x", "", "1"), 0);
	assert_int_equal(package_list_add(&l, "x", "", "1"), -EFBIG);
	assert_int_equal(package_list_rpm(&l, "x\t0\t1\t\n", 7, &line), -EFBIG);
	assert_int_equal(package_list_apk(&l, "P:x\nV:1\n", 8, &line), -EFBIG);
	assert_int_equal(package_list_dpkg(&l, "Package: x\n", 11, false, &line), -EFBIG);
	package_list_fini(&l);
}

static struct fact *collect(const struct test_root *t)
{
	_cleanup_(memo_freep) struct memo *m = memo_new();
	struct factset facts = {0};
	const struct collect c = {.root = &t->root, .facts = &facts, .memo = m};
	struct fact *f = NULL;

	assert_int_equal(fact_collect(FACT_OS, &c, &f), 0);
	factset_put(&facts, f);
	assert_int_equal(fact_collect(FACT_PACKAGES, &c, &f), 0);
	factset_fini(&facts);
	return f;
}

static void expect(const struct test_root *t, enum fact_state state, const char *reason_or_items)
{
	_cleanup_(fact_freep) struct fact *f = collect(t);
	char items[512] = "";

	assert_int_equal(f->state, state);
	if (state != FACT_STATE_OK) {
		assert_int_equal(f->n_items, 0);
		assert_null(f->u.packages);
		if (!strstr(f->reason, reason_or_items))
			fail_msg("%s: no \"%s\"", f->reason, reason_or_items);
		return;
	}
	assert_ptr_equal(f->u.packages->v, f->items);
	assert_int_equal(f->u.packages->n, f->n_items);
	for (size_t i = 0; i < f->n_items; i++) {
		size_t len = strlen(items);
		(void)snprintf(items + len, sizeof(items) - len, "%s=%s;",
			package_name(&f->items[i]), f->items[i].value);
	}
	assert_string_equal(items, reason_or_items);
}

static void test_collect_dpkg(void **state)
{
	struct test_root t;

	test_root_init(&t);
	expect(&t, FACT_STATE_ABSENT, "no package database");
	test_write(&t, "/var/lib/dpkg/status", "");
	expect(&t, FACT_STATE_ABSENT, "no package database");
	/* Multi-arch: the suffix for the foreign one only, whatever the order. */
	test_write(&t, "/var/lib/dpkg/status",
		PACKAGE("libc6", "i386", OK, "2.36") PACKAGE("libc6", "amd64", OK, "2.36")
			PACKAGE("bash", "amd64", OK, "5.2") PACKAGE("base", "all", OK, "12")
				PACKAGE("gone", "amd64", "deinstall ok config-files", "1"));
	expect(&t, FACT_STATE_OK, "base=12;bash=5.2;libc6=2.36;libc6:i386=2.36;");
	test_write(&t, "/var/lib/dpkg/arch", "i386\namd64\n");
	expect(&t, FACT_STATE_OK, "base=12;bash:amd64=5.2;libc6=2.36;libc6:amd64=2.36;");
	test_write(&t, "/var/lib/dpkg/arch", "amd64\n");
	/* The journal of a run that was killed: newer than status, later files newest. */
	test_write(&t, "/var/lib/dpkg/updates/0001", PACKAGE("bash", "amd64", OK, "5.3"));
	test_write(&t, "/var/lib/dpkg/updates/0002", PACKAGE("bash", "amd64", OK, "5.4"));
	test_write(&t, "/var/lib/dpkg/updates/0003",
		PACKAGE("base", "all", "purge ok not-installed", "12"));
	test_write(&t, "/var/lib/dpkg/updates/tmp.i", "half a");
	expect(&t, FACT_STATE_OK, "bash=5.4;libc6=2.36;libc6:i386=2.36;");
	test_write(&t, "/var/lib/dpkg/updates/0004", "half a");
	expect(&t, FACT_STATE_MALFORMED, "/var/lib/dpkg/updates/0004 was cut short");
	test_write(&t, "/var/lib/dpkg/status", "Package: a\nnonsense\n");
	expect(&t, FACT_STATE_MALFORMED, "/var/lib/dpkg/status:2");
	assert_int_equal(unlink(test_path(&t, "/var/lib/dpkg/status")), 0);
	assert_int_equal(mkfifo(test_path(&t, "/var/lib/dpkg/status"), 0600), 0);
	expect(&t, FACT_STATE_MALFORMED, "/var/lib/dpkg/status is a FIFO");
	test_root_fini(&t);
}

static void test_collect_others(void **state)
{
	struct test_root t;

	test_root_init(&t);
	test_write(&t, "/var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 12\n");
	test_write(&t, "/var/lib/dpkg/status.d/base.md5sums", "0123  usr/x\n");
	test_write(&t, "/var/lib/dpkg/status.d/tzdata", "Package: tzdata\nVersion: 2024a");
	expect(&t, FACT_STATE_OK, "base-files=12;tzdata=2024a;");

	/* The distribution's own manager comes first. */
	test_write(&t, "/lib/apk/db/installed",
		"C:Q1x\nP:musl\nV:1.2.4-r2\nA:x86_64\nF:lib\n\nP:busybox\nV:1.36\nA:x86_64\n\n");
	expect(&t, FACT_STATE_OK, "base-files=12;tzdata=2024a;");
	test_write(&t, "/etc/os-release", "ID=alpine\n");
	expect(&t, FACT_STATE_OK, "busybox=1.36;musl=1.2.4-r2;");
	test_write(&t, "/lib/apk/db/installed", "P:musl\nA:x86_64\n\n");
	expect(&t, FACT_STATE_MALFORMED, "/lib/apk/db/installed:3");

	test_write(&t, "/etc/os-release", "ID=rhel\n");
	test_write(&t, "/var/lib/rpm/Packages", "");
	expect(&t, FACT_STATE_ERROR, "Berkeley DB");
	test_write(&t, "/usr/lib/sysimage/rpm/Packages.db", "");
	expect(&t, FACT_STATE_ERROR, "ndb");
	test_write(&t, "/usr/lib/sysimage/rpm/rpmdb.sqlite", "SQLite format 3, or is it?");
	expect(&t, FACT_STATE_MALFORMED, "rpmdb.sqlite is damaged");
	test_root_fini(&t);
}

static void test_check_drift(void **state)
{
	static const struct {
		const char *status;
		enum result result;
		const char *summary;
	} vectors[] = {
		{PACKAGE("a", "amd64", OK, "1"), RESULT_INFORMATIONAL, "dpkg has 1 packages"},
		{"", RESULT_NOTAPPLICABLE, "no package database"},
		{"nonsense\n", RESULT_ERROR, "/var/lib/dpkg/status:1"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_(verdict_freep) struct verdict *v = verdict_new();
		struct factset facts = {0};
		struct test_root t;
		test_root_init(&t);
		test_write(&t, "/var/lib/dpkg/status", vectors[i].status);
		facts.v[FACT_PACKAGES] = collect(&t);
		judge_default("package-drift", &facts, v);
		assert_int_equal(v->result, vectors[i].result);
		assert_non_null(strstr(v->summary, vectors[i].summary));
		factset_fini(&facts);
		test_root_fini(&t);
	}
}

static void test_rpm_lines(void **state)
{
	static const char text[] = "bash\t0\t5.1-9\tx86_64\nshadow\t2\t4.9-8\tx86_64\n"
				   "gpg-pubkey\t0\tfd431d51-4ae0493b\t(none)\n";
	struct package_list l;
	unsigned line = 0;

	assert_int_equal(package_list_init(&l), 0);
	assert_int_equal(package_list_rpm(&l, text, sizeof(text) - 1, &line), 0);
	assert_int_equal(l.n, 3);
	assert_string_equal(l.v[0].version, "5.1-9");
	assert_string_equal(l.v[1].version, "2:4.9-8");
	assert_string_equal(l.v[2].arch, "");
	assert_string_equal(package_list_native(&l), "x86_64");
	assert_int_equal(package_list_rpm(&l, "a\t0\t1\tx\nno tabs\n", 17, &line), -EBADMSG);
	assert_int_equal(line, 2);
	package_list_fini(&l);
}

static void test_lookup(void **state)
{
	const struct fact_item items[] = {
		{"package a", "1"},
		{"package linux-image-6.1.0-18-amd64", "6.1.76-1"},
		{"package linux-image-6.1.0-9-amd64", "6.1.27-1"},
		{"package linux-image-amd64", "6.1.76-1"},
		{"package z", "1.0-1, 1.0-2"},
	};
	const struct packages p = {.v = items, .n = ARRAY_SIZE(items)}, none = {.n = 0};
	size_t n;

	assert_string_equal(packages_version(&p, "a"), "1");
	assert_string_equal(packages_version(&p, "linux-image-6.1.0-9-amd64"), "6.1.27-1");
	assert_null(packages_version(&p, "linux-image"));
	assert_null(packages_version(&p, "zz"));
	assert_null(packages_version(&none, "a"));
	assert_ptr_equal(packages_prefix(&p, "linux-image-", &n), &items[1]);
	assert_int_equal(n, 3);
	(void)packages_prefix(&p, "q", &n);
	assert_int_equal(n, 0);
	assert_string_equal(package_newest("1.0-1, 1.0-2"), "1.0-2");
	assert_string_equal(package_newest("1.0-1"), "1.0-1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dpkg_states),
		cmocka_unit_test(test_dpkg_malformed),
		cmocka_unit_test(test_alloc),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_collect_dpkg),
		cmocka_unit_test(test_collect_others),
		cmocka_unit_test(test_check_drift),
		cmocka_unit_test(test_rpm_lines),
		cmocka_unit_test(test_lookup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
