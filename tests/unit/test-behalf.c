/* SPDX-License-Identifier: ISC */
/* Ancestors of processes, in a /proc that the test writes. */
#include "test.h"

#include "alloc-fail.h"
#include "behalf.h"

/* A process: command is its words with blanks between. */
struct process {
	uint32_t pid, ppid, auid;
	const char *exe, *command, *cgroup;
	uint32_t euid;
};

static void write_process(const struct test_root *t, const struct process *p)
{
	char path[64], text[256];

	(void)snprintf(path, sizeof(path), "/proc/%u/status", p->pid);
	(void)snprintf(
		text, sizeof(text), "Name:\tx\nPPid:\t%u\nUid:\t0\t%u\t0\t0\n", p->ppid, p->euid);
	test_write(t, path, text);
	(void)snprintf(path, sizeof(path), "/proc/%u/loginuid", p->pid);
	(void)snprintf(text, sizeof(text), "%u", p->auid);
	test_write(t, path, text);
	(void)snprintf(path, sizeof(path), "/proc/%u/sessionid", p->pid);
	test_write(t, path, text);
	(void)snprintf(path, sizeof(path), "/proc/%u/cgroup", p->pid);
	test_write(t, path,
		p->cgroup ? p->cgroup : "0::/user.slice/user-1000.slice/session-3.scope\n");
	(void)snprintf(path, sizeof(path), "/proc/%u/exe", p->pid);
	assert_int_equal(symlink(p->exe, test_path(t, path)), 0);
	(void)snprintf(path, sizeof(path), "/proc/%u/cmdline", p->pid);
	FILE *f = fopen(test_path(t, path), "w");
	assert_non_null(f);
	for (const char *s = p->command; *s; s++)
		assert_true(fputc(*s == ' ' ? '\0' : *s, f) >= 0);
	assert_true(fputc('\0', f) >= 0);
	assert_int_equal(fclose(f), 0);
}

#define CRON_GROUP "0::/system.slice/cron.service\n"

static const struct process all[] = {
	{1, 0, AUDIT_ID_UNSET, "/usr/lib/systemd/systemd", "/sbin/init", "0::/init.scope\n"},
	{50, 1, AUDIT_ID_UNSET, "/usr/sbin/sshd", "sshd: alice", NULL},
	{51, 50, 1000, "/usr/bin/bash", "-bash", NULL},
	{52, 51, 1000, "/usr/bin/sudo", "sudo -u root env PASSWORD=hunter2 sh", NULL},
	{53, 52, 1000, "/usr/bin/dash", "sh", NULL},
	{54, 53, 1000, "/usr/bin/sed", "sed -i s/a/b/ /etc/hosts", NULL},
	{60, 52, 1000, "/usr/bin/apt-get", "apt-get install nginx", NULL},
	{61, 60, 1000, "/usr/bin/dpkg", "dpkg --configure -a", NULL},
	{62, 61, 1000, "/usr/bin/dash", "/bin/sh /var/lib/dpkg/info/nginx.postinst", NULL},
	{70, 1, AUDIT_ID_UNSET, "/usr/sbin/cron", "/usr/sbin/cron -f", CRON_GROUP},
	{71, 70, 0, "/usr/sbin/cron", "/usr/sbin/CRON -f", CRON_GROUP},
	{72, 71, 0, "/usr/bin/dash", "/bin/sh -c /usr/local/bin/job", CRON_GROUP},
	{73, 72, 0, "/usr/bin/python3.11", "python3 /usr/local/bin/job", CRON_GROUP},
	{80, 1, AUDIT_ID_UNSET, "/usr/bin/restic", "restic backup",
		"0::/system.slice/system-backup.slice/backup@home.service/x\n"},
	{90, 1, AUDIT_ID_UNSET, "/usr/bin/python3.11",
		"/usr/bin/python3 /usr/bin/unattended-upgrade", "0::/system.slice/apt.service\n"},
	{91, 1, AUDIT_ID_UNSET, "/tmp/x", "apt-get install me", "0::/user.slice/x\n"},
	/* a user's own file by that name; a user's own words for an interpreter */
	{92, 51, 1000, "/home/alice/apt-get", "apt-get install nginx", NULL, 1000},
	{93, 51, 1000, "/usr/bin/python3.11", "python3 x.py unattended-upgrade", NULL, 1000},
	{94, 92, 1000, "/home/alice/x", "x", NULL, 1000},
	/* each other's parents, as /proc may show while pids are used again */
	{95, 96, AUDIT_ID_UNSET, "/bin/a", "a", "0::/user.slice/x\n"},
	{96, 95, AUDIT_ID_UNSET, "/bin/b", "b", "0::/user.slice/x\n"},
};

static int set_up(void **state)
{
	static struct test_root t;

	test_root_init(&t);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		write_process(&t, &all[i]);
	*state = &t;
	return 0;
}

static int tear_down(void **state)
{
	test_root_fini(*state);
	return 0;
}

static void test_chains(void **state)
{
	static const struct {
		uint32_t pid, ppid;
		bool login;
		enum behalf_kind kind;
		const char *what;
		uint32_t by;
	} vectors[] = {
		{54, 53, true, BEHALF_SUDO, "sudo -u root env PASSWORD=*** sh", 52},
		/* ended already: by the parent that the record names */
		{999, 53, true, BEHALF_SUDO, "sudo -u root env PASSWORD=*** sh", 52},
		{51, 50, true, BEHALF_NONE, NULL, 0},
		{62, 61, true, BEHALF_PACKAGES, "apt-get install nginx", 60},
		{61, 60, true, BEHALF_PACKAGES, "apt-get install nginx", 60},
		{73, 72, true, BEHALF_CRON, "/bin/sh -c /usr/local/bin/job", 72},
		{72, 71, true, BEHALF_CRON, "/bin/sh -c /usr/local/bin/job", 72},
		{80, 1, false, BEHALF_UNIT, "backup@home.service", 0},
		{999, 80, false, BEHALF_UNIT, "backup@home.service", 0},
		{90, 1, false, BEHALF_PACKAGES, "/usr/bin/python3 /usr/bin/unattended-upgrade", 90},
		/* who only calls itself so */
		{91, 1, false, BEHALF_NONE, NULL, 0},
		{94, 92, true, BEHALF_NONE, NULL, 0},
		{93, 51, true, BEHALF_NONE, NULL, 0},
		{95, 96, false, BEHALF_NONE, NULL, 0},
		{999, 998, false, BEHALF_NONE, NULL, 0},
	};
	const struct test_root *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		const struct actor x = {.pid = vectors[i].pid,
			.ppid = vectors[i].ppid,
			.session = vectors[i].login ? 3 : AUDIT_ID_UNSET};
		struct actor_chain c;
		assert_int_equal(behalf_find(&t->root, a, &x, &c), 0);
		assert_int_equal(c.kind, vectors[i].kind);
		if (vectors[i].what)
			assert_string_equal(c.what, vectors[i].what);
		assert_int_equal(c.by.pid, vectors[i].by);
		if (c.by.pid)
			assert_true(
				c.by.auid == 1000 || c.by.auid == 0 || c.by.auid == AUDIT_ID_UNSET);
	}
}

/* Asked again within a second it is not looked for anew. */
static void test_memo(void **state)
{
	const struct test_root *t = *state;
	struct actor x = {.pid = 999, .ppid = 80, .session = AUDIT_ID_UNSET};
	struct behalf_memo m = {0};
	struct actor_chain c;

	assert_int_equal(behalf_find_memo(&m, &t->root, &x, USEC_PER_DAY, &c), 0);
	assert_string_equal(c.what, "backup@home.service");
	test_write(t, "/proc/80/cgroup", "0::/system.slice/other.service\n");
	assert_int_equal(behalf_find_memo(&m, &t->root, &x, USEC_PER_DAY + 1, &c), 0);
	assert_string_equal(c.what, "backup@home.service");
	assert_int_equal(
		behalf_find_memo(&m, &t->root, &x, USEC_PER_DAY + BEHALF_MEMO_USEC, &c), 0);
	assert_string_equal(c.what, "other.service");
	x.ppid = 51;
	assert_int_equal(
		behalf_find_memo(&m, &t->root, &x, USEC_PER_DAY + BEHALF_MEMO_USEC, &c), 0);
	assert_int_equal(c.kind, BEHALF_NONE);
	behalf_memo_fini(&m);
}

static int run(void *arg)
{
	const struct test_root *t = arg;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct actor x = {.pid = 62, .ppid = 61, .session = 3};
	const struct actor y = {.pid = 80, .ppid = 1, .session = AUDIT_ID_UNSET};
	struct actor_chain c;

	int r = a ? behalf_find(&t->root, a, &x, &c) : -ENOMEM;
	return r < 0 ? r : behalf_find(&t->root, a, &y, &c);
}

static void test_alloc(void **state)
{
	alloc_each(run, *state, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_memo),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
