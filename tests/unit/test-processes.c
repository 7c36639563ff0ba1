/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "alloc-fail.h"
#include "fact/processes.h"
#include "fact/updates.h"
#include "update-fixture.h"

#define FACTS                                                                    \
	(FACT_BIT(FACT_OS) | FACT_BIT(FACT_PACKAGES) | FACT_BIT(FACT_APT_CONF) | \
		FACT_BIT(FACT_REPOS) | FACT_BIT(FACT_UPDATES) | FACT_BIT(FACT_PROCESSES))

static void test_stat(void **state)
{
	static const struct {
		const char *text;
		int r;
		const char *command;
		bool kernel;
		uint64_t start;
	} vectors[] = {
		{"7 (sshd) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 1 2\n", 0, "sshd",
			false, 4242},
		{"7 (a) b) (c) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 1 1 2\n", 0,
			"a) b) (c", false, 1},
		{"2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 9 0\n", 0, "kthreadd",
			true, 9},
		{"7 (x) S 1 7 7", -EBADMSG, NULL, false, 0},
		{"7 sshd S", -EBADMSG, NULL, false, 0},
		{")(", -EBADMSG, NULL, false, 0},
		{"", -EBADMSG, NULL, false, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct process_stat s;
		assert_int_equal(process_stat_parse(vectors[i].text, &s), vectors[i].r);
		if (vectors[i].r < 0)
			continue;
		assert_string_equal(s.command, vectors[i].command);
		assert_int_equal(s.kernel_thread, vectors[i].kernel);
		assert_int_equal(s.start_ticks, vectors[i].start);
	}
}

static void test_map(void **state)
{
	static const struct {
		const char *line, *path;
	} vectors[] = {
		{"7f-80 r-xp 0 fe:01 12   /usr/lib/libz.so.1.2 (deleted)", "/usr/lib/libz.so.1.2"},
		{"7f-80 r-xp 0 fe:01 12   /lib/x86_64-linux-gnu/libc.so.6 (deleted)",
			"/lib/x86_64-linux-gnu/libc.so.6"},
		{"7f-80 r-xp 0 fe:01 12   /opt/my prog/x (deleted)", "/opt/my prog/x"},
		{"7f-80 r--p 0 fe:01 12   /usr/lib/libz.so.1.2 (deleted)", NULL},
		{"7f-80 r-xp 0 fe:01 12   /usr/lib/libz.so.1.2", NULL},
		{"7f-80 rwxs 0 00:01 12   /memfd:x (deleted)", NULL},
		{"7f-80 rwxs 0 00:01 12   /dev/zero (deleted)", NULL},
		{"7f-80 r-xs 0 00:01 12   /SYSV00000000 (deleted)", NULL},
		{"7f-80 r-xs 0 00:01 12   /dev/shm/x (deleted)", NULL},
		{"7f-80 r-xp 0 fe:01 12   /tmp/jna123.so (deleted)", NULL},
		{"7f-80 r-xp 0 00:00 0    [vdso]", NULL},
		{"/usr/x (deleted)", NULL},
		{" /usr/x (deleted)", NULL},
		{" (deleted)", NULL},
		{"", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const char *path = NULL;
		size_t n = 0;
		bool stale = process_map_stale(vectors[i].line, strlen(vectors[i].line), &path, &n);
		assert_int_equal(stale, !!vectors[i].path);
		if (!stale)
			continue;
		assert_int_equal(n, strlen(vectors[i].path));
		assert_memory_equal(path, vectors[i].path, n);
	}
}

static void test_group(void **state)
{
	static const struct {
		const char *text, *unit, *slice;
	} vectors[] = {
		{"0::/system.slice/ssh.service\n", "ssh.service", ""},
		{"0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.service\n",
			"user@1000.service", "user-1000.slice"},
		{"0::/user.slice/user-1000.slice/session-3.scope\n", "session-3.scope",
			"user-1000.slice"},
		/* What a user names in his own part of the tree. */
		{"0::/user.slice/user-7.slice/user@7.service/user-8.slice/x-docker.scope\n",
			"user@7.service", "user-7.slice"},
		{"0::/system.slice/a.service/user-8.slice/x.scope\n", "a.service", ""},
		{"0::/init.scope\n", "init.scope", ""},
		{"12:pids:/system.slice/a.service\n1:name=systemd:/system.slice/b.service\n0::/\n",
			"b.service", ""},
		{"0::/system.slice/docker-0123.scope\n", "docker-0123.scope", ""},
		{"0::/\n", "", ""},
		{"nonsense", "", ""},
		{"", "", ""},
	};
	_cleanup_(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct process_group g;
		assert_int_equal(process_group_parse(a, vectors[i].text, &g), 0);
		assert_string_equal(g.unit, vectors[i].unit);
		assert_string_equal(g.slice, vectors[i].slice);
	}
}

#define HOST	 "pid:[4026531836]"
#define HOST_MNT "mnt:[4026531832]"

/* The namespaces and the root directory of a process, that as seen from /proc/PID. */
static void write_place(
	struct test_root *t, int pid, const char *pid_ns, const char *mnt_ns, const char *root)
{
	const char *const links[][2] = {{"ns/pid", pid_ns}, {"ns/mnt", mnt_ns}, {"root", root}};
	char path[128];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/x", pid);
	test_write(t, path, "");
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, links[i][0]);
		(void)unlink(test_path(t, path));
		assert_int_equal(symlink(links[i][1], test_path(t, path)), 0);
	}
}

/* One process of a /proc in a directory. */
static void write_process(struct test_root *t, int pid, const char *command, unsigned start,
	const char *exe, const char *maps, const char *group, const char *pid_ns)
{
	char path[128], text[512];

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	(void)snprintf(text, sizeof(text),
		"%d (%s) S 1 7 7 0 -1 %u 1 2 3 4 5 6 7 8 20 0 1 0 %u 1 2\n", pid, command,
		*exe ? 4194560u : 2129984u, start);
	test_write(t, path, text);
	(void)snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	test_write(t, path, maps);
	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	test_write(t, path, group);
	write_place(t, pid, pid_ns, HOST_MNT, "../..");
	(void)snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (*exe)
		assert_int_equal(symlink(exe, test_path(t, path)), 0);
}

#define LIBZ	"7f0000-7f1000 r-xp 0 fe:01 12 /usr/lib/libz.so.1 (deleted)\n"
#define LIBC	"7f0000-7f1000 r-xp 0 fe:01 13 /usr/lib/libc.so.6 (deleted)\n"
#define PRESENT "7f0000-7f1000 r-xp 0 fe:01 14 /usr/lib/libm.so.6\n"
#define SSH	"0::/system.slice/ssh.service\n"
#define OTHER	"pid:[4026532000]"
#define OWN_MNT "mnt:[4026532001]"

static void write_machine(struct test_root *t)
{
	test_write(t, "/var/lib/dpkg/status",
		"Package: libc6\nStatus: install ok installed\nVersion: 1\n\n");
	test_set_mtime(t, "/var/lib/dpkg/status", "2026-11-01");
	test_write(t, "/var/lib/dpkg/info/libc6:amd64.list", "/lib\n/lib/libc.so.6\n");
	test_write(t, "/var/lib/dpkg/info/zlib1g.list", "/usr/lib/libz.so.1\n");
	test_write(
		t, "/var/lib/dpkg/info/other.list", "/usr/lib/libz.so.11\n/x/usr/lib/libz.so.1\n");
	test_write(t, "/proc/stat", "cpu 1\nbtime 1793000000\n");
	write_place(t, 1, HOST, HOST_MNT, "../..");
	write_process(t, 2, "kthreadd", 1, "", "", "0::/\n", HOST);
	t->root.live = true;
}

/* A user of this library path; compares with what is known of the process. */
static void expect(const struct processes *p, size_t i, const char *unit, int pid, const char *path,
	bool program, const char *package)
{
	assert_true(i < p->n);
	assert_string_equal(p->v[i].unit, unit);
	assert_int_equal(p->v[i].pid, pid);
	assert_string_equal(p->v[i].path, path);
	assert_int_equal(p->v[i].program, program);
	if (package)
		assert_string_equal(p->v[i].package, package);
	else
		assert_null(p->v[i].package);
}

static void test_collect_uses(void **state)
{
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	write_machine(&t);
	write_process(&t, 700, "sshd", 5, "/usr/sbin/sshd", LIBZ PRESENT LIBC LIBZ, SSH, HOST);
	write_process(&t, 701, "sshd", 6, "/usr/sbin/sshd (deleted)", PRESENT, SSH, HOST);
	write_process(&t, 800, "bash", 7, "/usr/bin/bash", LIBC, "0::/\n", HOST);
	test_write(&t, "/image/usr/lib/x", "");
	write_process(&t, 901, "nginx", 9, "/usr/bin/nginx", LIBC, "0::/\n", OTHER);
	write_place(&t, 901, OTHER, OWN_MNT, "../../image");
	write_process(&t, 950, "fine", 9, "/usr/bin/fine", PRESENT, "0::/\n", HOST);
	assert_int_equal(test_collect(&t, FACTS, &facts), 0);
	const struct fact *f = facts.v[FACT_PROCESSES];
	assert_int_equal(f->state, FACT_STATE_OK);
	const struct processes *p = f->u.processes;
	expect(p, 0, "", 800, "/usr/lib/libc.so.6", false, "libc6");
	expect(p, 1, "ssh.service", 700, "/usr/lib/libc.so.6", false, "libc6");
	expect(p, 2, "ssh.service", 700, "/usr/lib/libz.so.1", false, "zlib1g");
	expect(p, 3, "ssh.service", 701, "/usr/sbin/sshd", true, NULL);
	assert_int_equal(p->n, 4);
	assert_int_equal(p->looked, 5);
	assert_int_equal(p->contained, 1);
	assert_int_equal(p->denied, 0);
	/* Nothing of /proc is watched. */
	for (size_t i = 0; i < f->deps.n; i++)
		assert_null(strstr(f->deps.v[i].path, "/proc"));
	struct verdict *v = test_judge("update-restart", &facts, NULL, 1);
	assert_int_equal(v->result, RESULT_FAIL);
	assert_int_equal(v->n_evidence, 2);
	assert_string_equal(v->evidence[0].subject, "process bash");
	assert_string_equal(v->evidence[0].observed,
		"pid 800 bash uses the replaced /usr/lib/libc.so.6 (package libc6)");
	assert_string_equal(v->evidence[1].subject, "unit ssh.service");
	assert_string_equal(v->evidence[1].observed,
		"pid 700 sshd uses the replaced /usr/lib/libc.so.6 (package libc6); in all 3 files "
		"in 2 processes");
	verdict_free(v);
	factset_fini(&facts);
	test_root_fini(&t);
}

/* What is a container is decided by where a process stands, and not by what it is called. */
static void test_containers(void **state)
{
	static const struct {
		const char *group, *pid_ns, *mnt_ns, *root;
		bool contained;
	} vectors[] = {
		{"0::/system.slice/docker-registry.service\n", HOST, HOST_MNT, "../..", false},
		{"0::/system.slice/lxcfs.service\n", HOST, HOST_MNT, "../..", false},
		{"0::/system.slice/docker-compose@app.service\n", HOST, OWN_MNT, "../..", false},
		{"0::/system.slice/containerd.service/x\n", HOST, HOST_MNT, "../..", false},
		{"0::/user.slice/user-1.slice/user@1.service/x-docker.scope\n", HOST, HOST_MNT,
			"../..", false},
		/* unshare --pid --mount; a chroot; a service with both a sandbox and a chroot */
		{"0::/user.slice/user-1.slice/session-1.scope\n", OTHER, OWN_MNT, "../..", false},
		{"0::/system.slice/a.service\n", OTHER, HOST_MNT, "../../image", false},
		{"0::/system.slice/a.service\n", HOST, OWN_MNT, "../../image", false},
		{"0::/system.slice/a.service\n", OTHER, OWN_MNT, "nowhere", false},
		{"0::/system.slice/docker-0123.scope\n", OTHER, OWN_MNT, "../../image", true},
		{"0::/system.slice/a.service\n", OTHER, OWN_MNT, "../../image", true},
	};
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	write_machine(&t);
	test_write(&t, "/image/usr/lib/x", "");
	write_process(&t, 700, "x", 5, "/usr/sbin/x", LIBZ, "", HOST);
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		test_write(&t, "/proc/700/cgroup", vectors[i].group);
		write_place(&t, 700, vectors[i].pid_ns, vectors[i].mnt_ns, vectors[i].root);
		assert_int_equal(test_collect(&t, FACTS, &facts), 0);
		const struct processes *p = facts.v[FACT_PROCESSES]->u.processes;
		if ((p->n == 0) != vectors[i].contained)
			fail_msg("%zu: %s", i, vectors[i].group);
		assert_int_equal(p->contained, vectors[i].contained);
	}
	factset_fini(&facts);
	test_root_fini(&t);
}

/* Processes of a user with mappings of his own invention leave room for the others'. */
static void test_crowd(void **state)
{
	struct factset facts = {0};
	struct test_root t;
	char *maps = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&maps, &size);

	assert_non_null(f);
	for (int i = 0; i < 300; i++)
		(void)fprintf(f, "7f-80 r-xp 0 00:01 1 /usr/lib/forged.so.%d (deleted)\n", i);
	assert_int_equal(fclose(f), 0);
	test_root_init(&t);
	write_machine(&t);
	for (int i = 0; i < 20; i++) {
		char group[128];
		(void)snprintf(group, sizeof(group),
			"0::/user.slice/user-1000.slice/session-%d.scope\n", i);
		write_process(&t, 300 + i, "x", 5, "/usr/bin/x", maps, group, OTHER);
		write_place(&t, 300 + i, OTHER, OWN_MNT, "../..");
	}
	free(maps);
	write_process(&t, 700, "sshd", 5, "/usr/sbin/sshd", LIBZ, SSH, HOST);
	write_process(&t, 800, "bash", 5, "/usr/bin/bash", LIBC, "0::/\n", HOST);
	assert_int_equal(test_collect(&t, FACTS, &facts), 0);
	const struct processes *p = facts.v[FACT_PROCESSES]->u.processes;
	/* Of 300 in each, 256 are kept of a process and 256 of a user. */
	assert_int_equal(p->n, 256 + 2);
	assert_int_equal(p->cut, 20 * 300 - 256);
	size_t found = 0;
	for (size_t i = 0; i < p->n; i++)
		found += p->v[i].pid >= 700;
	assert_int_equal(found, 2);
	struct verdict *v = test_judge("update-restart", &facts, NULL, 1);
	assert_int_equal(v->result, RESULT_FAIL);
	assert_string_equal(v->evidence[v->n_evidence - 1].subject, "processes");
	assert_int_equal(v->evidence[v->n_evidence - 1].result, RESULT_UNKNOWN);
	verdict_free(v);
	factset_fini(&facts);
	test_root_fini(&t);
}

/* A process that ends while it is read leaves nothing behind. */
static void test_half_read(void **state)
{
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	write_machine(&t);
	write_process(&t, 700, "sshd", 5, "/usr/sbin/sshd (deleted)", LIBZ, SSH, HOST);
	assert_int_equal(unlink(test_path(&t, "/proc/700/maps")), 0);
	assert_int_equal(test_collect(&t, FACTS, &facts), 0);
	const struct processes *p = facts.v[FACT_PROCESSES]->u.processes;
	assert_int_equal(p->n, 0);
	assert_int_equal(p->denied, 0);
	factset_fini(&facts);
	test_root_fini(&t);
}

/* What was started after the last change need not be read. */
static void test_younger(void **state)
{
	uint64_t booted = UINT64_C(1793000000) * USEC_PER_SEC;
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	write_machine(&t);
	uint64_t ticks = (test_day("2026-11-01") - booted) / (USEC_PER_SEC / hz);
	write_process(&t, 700, "old", (unsigned)(ticks - 100 * hz), "/usr/sbin/a", LIBZ, SSH, HOST);
	write_process(&t, 701, "late", (unsigned)(ticks + 30 * hz), "/usr/sbin/a", LIBZ, SSH, HOST);
	write_process(&t, 702, "new", (unsigned)(ticks + 100 * hz), "/usr/sbin/a", LIBZ, SSH, HOST);
	assert_int_equal(test_collect(&t, FACTS, &facts), 0);
	const struct processes *p = facts.v[FACT_PROCESSES]->u.processes;
	assert_int_equal(p->n, 2);
	assert_int_equal(p->looked, 2);
	assert_int_equal(p->skipped, 1);
	/* A file that somebody put there by hand is a change, too. */
	test_write(&t, "/usr/sbin/x", "");
	test_set_mtime(&t, "/usr/sbin", "2026-11-02");
	assert_int_equal(test_collect(&t, FACT_BIT(FACT_PROCESSES), &facts), 0);
	assert_int_equal(facts.v[FACT_PROCESSES]->u.processes->n, 3);
	factset_fini(&facts);
	test_root_fini(&t);
}

static void test_states(void **state)
{
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	test_write(&t, "/var/lib/dpkg/status", "\n");
	assert_int_equal(test_collect(&t, FACTS, &facts), 0);
	struct verdict *v = test_judge("update-restart", &facts, NULL, 1);
	test_verdict("not live", v, RESULT_NOTAPPLICABLE, "nothing runs from this root");
	verdict_free(v);
	t.root.live = true;
	assert_int_equal(test_collect(&t, FACTS, &facts), 0);
	v = test_judge("update-restart", &facts, NULL, 1);
	test_verdict("no /proc", v, RESULT_ERROR, "/proc does not exist");
	verdict_free(v);
	write_machine(&t);
	write_process(&t, 700, "sshd", 5, "/usr/sbin/sshd", PRESENT, SSH, HOST);
	assert_int_equal(test_collect(&t, FACTS, &facts), 0);
	v = test_judge("update-restart", &facts, NULL, 1);
	test_verdict("all is new", v, RESULT_PASS, "1 looked at");
	verdict_free(v);
	/* In place of a file that may not be read. */
	assert_int_equal(unlink(test_path(&t, "/proc/700/maps")), 0);
	assert_int_equal(symlink("maps", test_path(&t, "/proc/700/maps")), 0);
	assert_int_equal(test_collect(&t, FACTS, &facts), 0);
	v = test_judge("update-restart", &facts, NULL, 1);
	test_verdict("unreadable", v, RESULT_ERROR, "1 processes could not be looked at");
	verdict_free(v);
	factset_fini(&facts);
	test_root_fini(&t);
}

static void test_alloc(void **state)
{
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	write_machine(&t);
	write_process(&t, 700, "sshd", 5, "/usr/sbin/sshd", LIBZ PRESENT LIBC LIBZ, SSH, HOST);
	assert_int_equal(test_collect(&t, FACTS, &facts), 0);
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		alloc_count = 0;
		int r = test_collect(&t, FACT_BIT(FACT_PROCESSES), &facts);
		if (alloc_count < alloc_fail_at) {
			assert_int_equal(r, 0);
			break;
		}
		assert_int_equal(r, -ENOMEM);
	}
	assert_true(alloc_fail_at > 10);
	alloc_fail_at = 0;
	factset_fini(&facts);
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stat),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_group),
		cmocka_unit_test(test_collect_uses),
		cmocka_unit_test(test_containers),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_half_read),
		cmocka_unit_test(test_younger),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
