/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "alloc-fail.h"
#include "fact/kernel.h"
#include "rpm-header.h"
#include "judge-default.h"

static void test_compare(void **state)
{
	static const struct {
		bool rpm;
		const char *a, *b;
		int order;
		bool same_flavour;
	} vectors[] = {
		{false, "6.1.0-18-amd64", "6.1.0-9-amd64", 1, true},
		{false, "6.1.0-18-cloud-amd64", "6.1.0-18-amd64", 0, false},
		{false, "6.1.0-18-cloud-amd64", "6.1.0-17-amd64", 1, false},
		{false, "6.12.38+deb13-amd64", "6.12.9+deb13-amd64", 1, true},
		{false, "5.15.0-1052-aws", "5.15.0-91-generic", 1, false},
		{false, "6.5.0-14-generic", "5.15.0-91-generic", 1, true},
		{false, "6.1.0-0.deb11.17-amd64", "6.1.0-0.deb11.7-amd64", 1, true},
		{false, "6.18.44-fc-v669", "6.1.0-18-amd64", 1, false},
		{false, "6.8.12-1-pve", "6.8.8-4-pve", 1, true},
		{true, "5.14.0-362.13.1.el9_3.x86_64", "5.14.0-362.8.1.el9_3.x86_64", 1, true},
		{true, "5.14.0-362.8.1.el9_3.x86_64+rt", "5.14.0-362.8.1.el9_3.x86_64", 0, false},
		{true, "6.1.61-85.141.amzn2023.x86_64", "6.1.9-85.141.amzn2023.x86_64", 1, true},
		{true, "5.14.21-150500.55.39-default", "5.14.21-150500.55.7-default", 1, true},
		{true, "6.18.44-fc-v669", "5.14.0-362.8.1.el9_3.x86_64", 1, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		bool rpm = vectors[i].rpm;
		const char *a = vectors[i].a, *b = vectors[i].b;
		int r = kernel_compare(rpm, a, b), back = kernel_compare(rpm, b, a);
		if ((r > 0) - (r < 0) != vectors[i].order ||
			(back > 0) - (back < 0) != -vectors[i].order)
			fail_msg("%s %s: %d, %d back", a, b, r, back);
		if (kernel_same_flavour(rpm, a, b) != vectors[i].same_flavour)
			fail_msg("%s %s: flavours", a, b);
	}
}

#define DEBIAN_17                                                                                \
	"Linux version 6.1.0-17-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian "         \
	"12.2.0-14) "                                                                            \
	"12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.69-1 " \
	"(2023-12-30)\n"
#define UBUNTU_91                                                                                \
	"Linux version 5.15.0-91-generic (buildd@lcy02-amd64-045) (gcc (Ubuntu 11.4.0-1ubuntu1~" \
	"22.04) 11.4.0, GNU ld (GNU Binutils for Ubuntu) 2.38) #101~20.04.1-Ubuntu SMP Tue Nov " \
	"14 "                                                                                    \
	"13:30:08 UTC 2023\n"
#define RHEL_8                                                                                 \
	"Linux version 5.14.0-362.8.1.el9_3.x86_64 "                                           \
	"(mockbuild@x86-64-01.build.eng.rdu2.redhat.com) "                                     \
	"(gcc (GCC) 11.4.1 20230605 (Red Hat 11.4.1-2), GNU ld version 2.35.2-42.el9) #1 SMP " \
	"PREEMPT_DYNAMIC Fri Oct 27 12:00:00 EDT 2023\n"
#define FOREIGN                                                                                  \
	"Linux version 6.18.44-fc-v669 (builder@host) (gcc (GCC) 15.3.0, GNU ld (GNU Binutils) " \
	"2.46) #1 SMP PREEMPT_DYNAMIC @0\n"

static void test_build(void **state)
{
	static const struct {
		const char *text, *build;
	} vectors[] = {
		{DEBIAN_17, "6.1.69-1"},
		{UBUNTU_91, "5.15.0-91.101~20.04.1"},
		{RHEL_8, NULL},
		{FOREIGN, NULL},
		{"Linux version 6.8.12-1-pve (build@proxmox) (gcc (Debian 12.2.0-14) 12.2.0, GNU "
		 "ld "
		 "2.40) #1 SMP PREEMPT_DYNAMIC PMX 6.8.12-1 (2024-08-05T16:17Z)\n",
			"6.8.12-1"},
		{"Linux version 6.1.0 (x) (gcc) #1 SMP Debian kernel\n", NULL},
		{"", NULL},
		{"Linux version", NULL},
		{"Linux version 5.15.0-91-generic (x) #-Ubuntu SMP", NULL},
	};
	struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const char *build = kernel_build(a, vectors[i].text);
		if (vectors[i].build)
			assert_string_equal(build, vectors[i].build);
		else
			assert_null(build);
	}
	arena_free(a);
}

#define DPKG(name, version)                                                                       \
	"Package: " name "\nStatus: install ok installed\nArchitecture: amd64\nVersion: " version \
	"\n\n"
#define STATUS	 "/var/lib/dpkg/status"
#define IMAGE_17 DPKG("linux-image-6.1.0-17-amd64", "6.1.69-1")
#define IMAGE_18 DPKG("linux-image-6.1.0-18-amd64", "6.1.76-1")
#define META	 DPKG("linux-image-amd64", "6.1.76-1")

struct vector {
	const char *what;
	const char *release, *version; /* of the running kernel; NULL: the root is not live */
	struct {
		const char *path, *text;
	} files[6];
	enum result result;
	const char *summary; /* a part of it */
};

static const struct vector vectors[] = {
	{"no root of a running machine", NULL, NULL, {{STATUS, IMAGE_17}}, RESULT_NOTAPPLICABLE,
		"no kernel runs from this root; the newest installed is 6.1.0-17-amd64"},
	{"the newest runs", "6.1.0-17-amd64", DEBIAN_17,
		{{STATUS, IMAGE_17 META}, {"/boot/vmlinuz-6.1.0-17-amd64", ""}}, RESULT_PASS,
		"kernel 6.1.0-17-amd64 (6.1.69-1) runs, the newest installed"},
	{"the image alone, older than the boot, no package", "6.1.0-17-amd64", DEBIAN_17,
		{{"/boot/vmlinuz-6.1.0-17-amd64", ""}}, RESULT_PASS, "the newest installed"},
	{"a newer one is installed", "6.1.0-17-amd64", DEBIAN_17,
		{{STATUS, IMAGE_17 IMAGE_18 META}, {"/boot/vmlinuz-6.1.0-17-amd64", ""},
			{"/boot/vmlinuz-6.1.0-18-amd64", ""}},
		RESULT_FAIL,
		"kernel 6.1.0-17-amd64 (6.1.69-1) runs; 6.1.0-18-amd64 (6.1.76-1) is installed "
		"since 2"},
	{"a newer one without /boot", "6.1.0-17-amd64", DEBIAN_17, {{STATUS, IMAGE_17 IMAGE_18}},
		RESULT_FAIL, "6.1.0-18-amd64 (6.1.76-1) is installed"},
	{"a newer one without its package", "6.1.0-17-amd64", DEBIAN_17,
		{{STATUS, IMAGE_17}, {"/boot/vmlinuz-6.2.1", ""}}, RESULT_FAIL,
		"6.2.1 is installed"},
	{"the same release, rebuilt", "6.1.0-17-amd64", DEBIAN_17,
		{{STATUS, DPKG("linux-image-6.1.0-17-amd64", "6.1.69-2")},
			{"/boot/vmlinuz-6.1.0-17-amd64", ""}},
		RESULT_FAIL,
		"kernel 6.1.0-17-amd64 (6.1.69-1) runs; 6.1.0-17-amd64 (6.1.69-2) is installed"},
	{"Ubuntu, rebuilt", "5.15.0-91-generic", UBUNTU_91,
		{{STATUS, DPKG("linux-image-5.15.0-91-generic", "5.15.0-91.102~20.04.1")}},
		RESULT_FAIL,
		"5.15.0-91-generic (5.15.0-91.101~20.04.1) runs; 5.15.0-91-generic "
		"(5.15.0-91.102~20.04.1)"},
	{"Ubuntu, the same", "5.15.0-91-generic", UBUNTU_91,
		{{STATUS, DPKG("linux-image-unsigned-5.15.0-91-generic", "5.15.0-91.101~20.04.1")}},
		RESULT_PASS, "the newest installed"},
	{"another flavour of the same version", "6.1.0-17-amd64", DEBIAN_17,
		{{STATUS, IMAGE_17 DPKG("linux-image-6.1.0-17-rt-amd64", "6.1.69-1")}}, RESULT_PASS,
		"the newest installed"},
	{"the running one is removed", "6.1.0-17-amd64", DEBIAN_17, {{STATUS, IMAGE_18}},
		RESULT_FAIL, "whose own image is no longer installed; 6.1.0-18-amd64"},
	{"a foreign kernel beside installed ones", "6.18.44-fc-v669", FOREIGN, {{STATUS, IMAGE_18}},
		RESULT_UNKNOWN, "none of the installed kernels"},
	{"a foreign kernel on a root without any", "6.18.44-fc-v669", FOREIGN,
		{{STATUS, DPKG("bash", "5")}, {"/usr/lib/modules/6.18.44-fc-v669/modules.dep", ""}},
		RESULT_NOTAPPLICABLE, "comes from outside"},
	{"no packages known, a newer image", "6.1.0-17-amd64", DEBIAN_17,
		{{STATUS, "broken"}, {"/boot/vmlinuz-6.1.0-17-amd64", ""},
			{"/boot/vmlinuz-6.1.0-18-amd64", ""}},
		RESULT_FAIL, "6.1.0-18-amd64 is installed"},
	{"no packages known, none newer", "6.1.0-17-amd64", DEBIAN_17,
		{{STATUS, "broken"}, {"/boot/vmlinuz-6.1.0-17-amd64", ""}}, RESULT_ERROR,
		"/var/lib/dpkg/status was cut short"},
	{"a container", "6.1.0-17-amd64", DEBIAN_17,
		{{STATUS, IMAGE_18}, {"/run/systemd/container", "lxc"}}, RESULT_NOTAPPLICABLE,
		"a container (by /run/systemd/container)"},
	{"an image that was a container's", "6.1.0-17-amd64", DEBIAN_17,
		{{STATUS, IMAGE_18}, {"/.dockerenv", ""}}, RESULT_FAIL, "6.1.0-18-amd64"},
	{"WSL", "5.15.133.1-microsoft-standard-WSL2", FOREIGN, {{STATUS, IMAGE_18}},
		RESULT_NOTAPPLICABLE, "WSL"},
	{"a restart is asked for", "6.1.0-17-amd64", DEBIAN_17,
		{{STATUS, IMAGE_17}, {"/run/reboot-required", "*** System restart required ***\n"},
			{"/run/reboot-required.pkgs", "libc6\nlinux-base\nlibc6\n"}},
		RESULT_FAIL,
		"reboot required: a restart is asked for by libc6, linux-base, since"},
	{"a restart of a container is asked for", "6.1.0-17-amd64", DEBIAN_17,
		{{"/run/systemd/container", "lxc"}, {"/run/reboot-required", ""}}, RESULT_FAIL,
		"a restart is asked for, since"},
	{"RHEL, the newest", "5.14.0-362.8.1.el9_3.x86_64", RHEL_8,
		{{"/usr/lib/modules/5.14.0-362.8.1.el9_3.x86_64/vmlinuz", ""},
			{"/boot/vmlinuz-5.14.0-362.8.1.el9_3.x86_64", ""},
			{"/boot/vmlinuz-0-rescue-0123456789abcdef", ""}},
		RESULT_PASS, "kernel 5.14.0-362.8.1.el9_3.x86_64 runs, the newest"},
	{"RHEL, a newer one", "5.14.0-362.8.1.el9_3.x86_64", RHEL_8,
		{{"/usr/lib/modules/5.14.0-362.8.1.el9_3.x86_64/vmlinuz", ""},
			{"/usr/lib/modules/5.14.0-362.13.1.el9_3.x86_64/vmlinuz", ""}},
		RESULT_FAIL, "5.14.0-362.13.1.el9_3.x86_64 is installed since"},
	{"Alpine", "6.6.14-0-virt", FOREIGN,
		{{"/usr/share/kernel/virt/kernel.release", "6.6.16-0-virt\n"}}, RESULT_FAIL,
		"6.6.16-0-virt is installed"},
	{"debris of removed kernels", "6.1.0-17-amd64", DEBIAN_17,
		{{STATUS, IMAGE_17}, {"/boot/vmlinuz-6.9.0.old", ""},
			{"/usr/lib/modules/6.8.0/modules.dep", ""}, {"/boot/vmlinuz-lts", ""}},
		RESULT_PASS, "the newest installed"},
};

/* The image files are made now, so that a boot in 2100 is after and one in 2001 before. */
static void collect(
	struct test_root *t, const struct vector *v, const char *btime, struct factset *facts)
{
	_cleanup_(memo_freep) struct memo *m = memo_new();
	const struct collect c = {.root = &t->root, .facts = facts, .memo = m};
	static const enum fact_id ids[] = {FACT_OS, FACT_PACKAGES, FACT_KERNEL};

	for (size_t i = 0; i < ARRAY_SIZE(v->files) && v->files[i].path; i++)
		test_write(t, v->files[i].path, v->files[i].text);
	if (v->release) {
		char line[128];
		t->root.live = true;
		(void)snprintf(line, sizeof(line), "%s\n", v->release);
		test_write(t, "/proc/sys/kernel/osrelease", line);
		test_write(t, "/proc/version", v->version);
		test_write(t, "/proc/stat", btime);
	}
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct fact *f = NULL;
		assert_int_equal(fact_collect(ids[i], &c, &f), 0);
		factset_put(facts, f);
	}
}

static void judge(
	const struct vector *v, const char *btime, enum result result, const char *summary)
{
	_cleanup_(verdict_freep) struct verdict *verdict = verdict_new();
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	collect(&t, v, btime, &facts);
	judge_default("update-kernel", &facts, verdict);
	if (verdict->result != result || !strstr(verdict->summary, summary))
		fail_msg("%s: %s, \"%s\"", v->what, result_name(verdict->result), verdict->summary);
	factset_fini(&facts);
	test_root_fini(&t);
}

static void test_judge(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		judge(&vectors[i], "cpu 1\nbtime 4102444800\nx\n", vectors[i].result,
			vectors[i].summary);
}

static void test_namespace(void **state)
{
	static const struct {
		const char *ns;
		enum result result;
		const char *summary;
	} cases[] = {
		{"pid:[4026531836]", RESULT_FAIL, "6.1.0-18-amd64"},
		{"pid:[4026532178]", RESULT_NOTAPPLICABLE, "a container (by its PID namespace)"},
	};
	static const struct vector v = {
		"namespace", "6.1.0-17-amd64", DEBIAN_17, {{STATUS, IMAGE_17 IMAGE_18}}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(verdict_freep) struct verdict *verdict = verdict_new();
		struct factset facts = {0};
		struct test_root t;
		test_root_init(&t);
		test_write(&t, "/proc/self/ns/x", "");
		assert_int_equal(symlink(cases[i].ns, test_path(&t, "/proc/self/ns/pid")), 0);
		collect(&t, &v, "x\n", &facts);
		judge_default("update-kernel", &facts, verdict);
		assert_int_equal(verdict->result, cases[i].result);
		assert_non_null(strstr(verdict->summary, cases[i].summary));
		factset_fini(&facts);
		test_root_fini(&t);
	}
}

/* No package names the build: an image that was changed after the boot may be another. */
static void test_replaced(void **state)
{
	static const struct vector v = {
		"replaced", "6.1.0-17-amd64", FOREIGN, {{"/boot/vmlinuz-6.1.0-17-amd64", ""}}};

	judge(&v, "cpu 1\nbtime 4102444800\nx\n", RESULT_PASS, "the newest installed");
	judge(&v, "cpu 1\nbtime 1000000000\nx\n", RESULT_UNKNOWN, "cannot be told");
	judge(&v, "cpu 1\n", RESULT_UNKNOWN, "cannot be told");
}

/* The database names the owner; the release names the build, whatever was touched since. */
static void test_rpm(void **state)
{
	static const struct vector v = {"rpm", "5.14.0-362.8.1.el9_3.x86_64", RHEL_8,
		{{"/etc/os-release", "ID=rhel\n"},
			{"/usr/lib/modules/5.14.0-362.8.1.el9_3.x86_64/vmlinuz", ""}}};
	static const char *const releases[] = {"362.8.1.el9_3", "362.13.1.el9_3"};
	_cleanup_(verdict_freep) struct verdict *verdict = verdict_new();
	struct factset facts = {0};
	struct rpm_header h;
	struct test_root t;

	test_root_init(&t);
	test_write(&t, "/var/lib/rpm/.rpm.lock", "");
	sqlite3 *db = rpm_db_create(test_path(&t, "/var/lib/rpm/rpmdb.sqlite"), "WAL");
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		rpm_header_make(&h, "kernel-core", 0, "5.14.0", releases[i], "x86_64");
		rpm_db_add(db, &h);
	}
	collect(&t, &v, "cpu 1\nbtime 1000000000\n", &facts);
	const struct kernel *k = facts.v[FACT_KERNEL]->u.kernel;
	assert_true(k->rpm);
	assert_int_equal(k->n, 1);
	assert_string_equal(k->v->package, "kernel-core");
	assert_string_equal(k->v->version, "5.14.0-362.8.1.el9_3");
	judge_default("update-kernel", &facts, verdict);
	assert_int_equal(verdict->result, RESULT_PASS);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	factset_fini(&facts);
	test_root_fini(&t);
}

static void test_unreadable(void **state)
{
	_cleanup_(verdict_freep) struct verdict *verdict = verdict_new();
	static const struct vector v = {"no /proc", NULL, NULL, {{"/boot", "a file"}}};
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	t.root.live = true;
	collect(&t, &v, NULL, &facts);
	assert_int_equal(facts.v[FACT_KERNEL]->state, FACT_STATE_ERROR);
	judge_default("update-kernel", &facts, verdict);
	assert_int_equal(verdict->result, RESULT_ERROR);
	assert_non_null(strstr(verdict->summary, "osrelease"));
	factset_fini(&facts);
	test_root_fini(&t);
}

static void test_items(void **state)
{
	static const struct vector v = {"items", "6.1.0-17-amd64", DEBIAN_17,
		{{STATUS, IMAGE_17 IMAGE_18}, {"/boot/vmlinuz-6.1.0-18-amd64", ""},
			{"/run/reboot-required", ""}, {"/run/reboot-required.pkgs", "libc6\n"},
			{"/var/lib/dpkg/info/linux-image-6.1.0-18-amd64.list", ""}}};
	static const char *const items[][2] = {
		{"kernel newest installed", "6.1.0-18-amd64 (6.1.76-1)"},
		{"kernel running", "6.1.0-17-amd64 (6.1.69-1)"},
		{"reboot required", "libc6"},
	};
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	collect(&t, &v, "x\nbtime 1700000000\n", &facts);
	const struct fact *f = facts.v[FACT_KERNEL];
	const struct kernel *k = f->u.kernel;
	assert_int_equal(f->n_items, ARRAY_SIZE(items));
	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		assert_string_equal(f->items[i].subject, items[i][0]);
		assert_string_equal(f->items[i].value, items[i][1]);
	}
	assert_string_equal(f->items[0].path, "/boot/vmlinuz-6.1.0-18-amd64");
	assert_int_equal(k->booted_realtime_usec, 1700000000 * USEC_PER_SEC);
	assert_string_equal(k->newest->package, "linux-image-6.1.0-18-amd64");
	assert_true(k->newest->since_realtime_usec > 0);
	/* What is in /proc is read at each start, and is not watched. */
	for (size_t i = 0; i < f->deps.n; i++)
		assert_null(strstr(f->deps.v[i].path, "/proc"));
	factset_fini(&facts);
	test_root_fini(&t);
}

static void test_alloc(void **state)
{
	static const struct vector v = {"alloc", "6.1.0-17-amd64", DEBIAN_17,
		{{STATUS, IMAGE_17 IMAGE_18}, {"/boot/vmlinuz-6.1.0-18-amd64", ""},
			{"/run/reboot-required", ""}, {"/run/reboot-required.pkgs", "libc6\n"}}};
	static const enum fact_id ids[] = {FACT_PACKAGES, FACT_KERNEL};
	_cleanup_(memo_freep) struct memo *m = memo_new();
	struct factset facts = {0};
	struct test_root t;
	int r = 0;

	test_root_init(&t);
	collect(&t, &v, "x\nbtime 1700000000\n", &facts);
	const struct collect c = {.root = &t.root, .facts = &facts, .memo = m};
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		for (alloc_fail_at = 1;; alloc_fail_at++) {
			struct fact *f = NULL;
			alloc_count = 0;
			r = fact_collect(ids[i], &c, &f);
			fact_free(f);
			if (alloc_count < alloc_fail_at)
				break;
			assert_int_equal(r, -ENOMEM);
		}
		assert_true(alloc_fail_at > 5);
		alloc_fail_at = 0;
		assert_int_equal(r, 0);
	}
	factset_fini(&facts);
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_build),
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_namespace),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_rpm),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
