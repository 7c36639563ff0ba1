/* SPDX-License-Identifier: ISC */
#include "ssh-fixture.h"

#include <sys/syscall.h>
#include <time.h>

#include "alloc-fail.h"
#include "check/check.h"
#include "conf/conf.h"
#include "fact/credentials.h"
#include "growth.h"

#define AWS_SECRET "abcdEFGH1234abcdEFGH1234abcdEFGH12345678"
#define AWS	   "[default]\naws_access_key_id = AKIA0\naws_secret_access_key = " AWS_SECRET "\n"
#define CHECK_ID   "secret-cloud-credentials"

/* How much later it is each time that somebody asks; 0: the machine's own clock. */
static uint64_t clock_step_usec;

/* Instead of libc's, for all that is linked here. */
int clock_gettime(clockid_t id, struct timespec *ts)
{
	static uint64_t now_usec;

	if (clock_step_usec == 0 || id != CLOCK_MONOTONIC)
		return (int)syscall(SYS_clock_gettime, id, ts);
	now_usec += clock_step_usec;
	*ts = (struct timespec){.tv_sec = (time_t)(now_usec / USEC_PER_SEC),
		.tv_nsec = (long)(now_usec % USEC_PER_SEC) * 1000};
	return 0;
}

static struct account people[] = {
	{.name = "root", .home = "/root", .shell = "/bin/sh", .uid = 0, .login_shell = true},
	{.name = "postgres",
		.home = "/var/lib/postgresql",
		.shell = "/bin/sh",
		.uid = 110,
		.gid = 110,
		.login_shell = true},
	{.name = "nobody",
		.home = "/nonexistent",
		.shell = "/bin/false",
		.uid = 65534,
		.gid = 65534},
	{.name = "alice",
		.home = "/home/alice",
		.shell = "/bin/sh",
		.uid = 1000,
		.gid = 1000,
		.login_shell = true},
	{.name = "bob",
		.home = "/home/bob",
		.shell = "/bin/sh",
		.uid = 1001,
		.gid = 50,
		.login_shell = true},
	{.name = "svc", .home = "/home/svc/", .shell = "/usr/sbin/nologin", .uid = 991, .gid = 991},
	{.name = "www-data",
		.home = "/var/www",
		.shell = "/usr/sbin/nologin",
		.uid = 33,
		.gid = 33},
	{.name = "deploy",
		.home = "/opt",
		.shell = "/bin/sh",
		.uid = 1002,
		.gid = 1002,
		.login_shell = true},
};

static const char *const staff[] = {"alice", NULL};
static struct account_group groups[] = {
	{.name = "staff", .gid = 50, .members = staff, .n_members = 1},
	{.name = "alice", .gid = 1000},
};

static void setup(struct ssh_fixture *x, const char *conf)
{
	struct errlist errors = {0};
	struct policy *policy = NULL;

	fixture_init(x, NULL);
	fixture_accounts(x, people, ARRAY_SIZE(people));
	x->accounts.groups = groups;
	x->accounts.n_groups = ARRAY_SIZE(groups);
	assert_int_equal(conf_load_text("test", conf, strlen(conf), &errors, &policy), 0);
	errlist_fini(&errors);
	x->c.policy = policy;
	assert_int_equal(chmod(x->t.dir, 0755), 0);
}

static void teardown(struct ssh_fixture *x)
{
	policy_free((struct policy *)x->c.policy);
	fixture_fini(x);
}

static void put(struct ssh_fixture *x, const char *path, const char *text, mode_t mode)
{
	test_write(&x->t, path, text);
	assert_int_equal(chmod(test_path(&x->t, path), mode), 0);
}

static struct verdict *judge(struct ssh_fixture *x)
{
	struct verdict *v = verdict_new();

	assert_non_null(v);
	(void)fixture_collect(x, FACT_CREDENTIALS);
	assert_int_equal(check_judge(check_find(CHECK_ID), &x->facts, x->c.policy, 0, v), 0);
	return v;
}

static bool has_dep(const struct fact *f, const char *path, enum dep_kind kind)
{
	for (size_t i = 0; i < f->deps.n; i++) {
		if (strcmp(f->deps.v[i].path, path) == 0)
			return (f->deps.v[i].kinds & kind) != 0;
	}
	return false;
}

static void test_search(void **state)
{
	struct ssh_fixture x;

	setup(&x, "");
	put(&x, "/home/alice/.aws/credentials", AWS, 0600);
	put(&x, "/home/alice/work/deep/er/secure.yaml", "clouds:\n  c:\n    password: x1\n", 0600);
	put(&x, "/home/alice/a/b/c/d/e/f/.netrc", "default password x1\n", 0600); /* too deep */
	put(&x, "/home/alice/x/node_modules/y/.netrc", "default password x1\n", 0600);
	put(&x, "/home/left/.pgpass", "h:1:d:u:hunter2\n", 0600); /* of no account */
	put(&x, "/var/lib/postgresql/.pgpass", "h:1:d:u:hunter2\n", 0600);
	put(&x, "/var/lib/postgresql/data/.netrc", "default password x1\n", 0600);
	put(&x, "/srv/app/.env", "OS_PASSWORD=hunter2\n", 0600);
	put(&x, "/home/bob/.kube/config", "clusters: []\nusers: []\n", 0644);
	put(&x, "/home/bob/secret", AWS, 0644);
	assert_int_equal(symlink("/etc/shadow", test_path(&x.t, "/home/bob/.netrc")), 0);
	assert_int_equal(mkfifo(test_path(&x.t, "/home/bob/.pgpass"), 0644), 0);
	const struct fact *f = fixture_collect(&x, FACT_CREDENTIALS);
	const struct credentials *k = f->u.credentials;

	assert_int_equal(f->state, FACT_STATE_OK);
	assert_int_equal(k->n_gaps, 0);
	assert_null(k->limit);
	assert_int_equal(k->n, 5);
	assert_string_equal(k->v[0].path, "/home/alice/.aws/credentials");
	assert_int_equal(k->v[0].find.kind, CREDENTIAL_AWS);
	assert_int_equal(k->v[0].find.line, 3);
	assert_string_equal(k->v[0].fingerprint, ""); /* there is no host key */
	assert_string_equal(k->v[1].path, "/home/alice/work/deep/er/secure.yaml");
	assert_string_equal(k->v[2].path, "/home/left/.pgpass");
	assert_string_equal(k->v[3].path, "/srv/app/.env");
	assert_string_equal(k->v[4].path, "/var/lib/postgresql/.pgpass");
	/* Watched is where something was found, and where programs put it; not what was walked. */
	assert_true(has_dep(f, "/home/alice/.aws/credentials", DEP_FILE));
	assert_true(has_dep(f, "/home/alice/.aws", DEP_DIR));
	assert_true(has_dep(f, "/home/alice/work/deep/er", DEP_DIR));
	assert_true(has_dep(f, "/home/bob/.aws/credentials", DEP_FILE));
	assert_true(has_dep(f, "/srv", DEP_DIR));
	assert_false(has_dep(f, "/home/alice", DEP_DIR));
	assert_false(has_dep(f, "/home/alice/a", DEP_DIR));
	assert_false(has_dep(f, "/etc", DEP_DIR));
	teardown(&x);
}

/* That a service has it as its home keeps no directory from being searched. */
static void test_services(void **state)
{
	static const char *const paths[] = {"/home/svc/.pgpass", "/home/svc/app/.env",
		"/opt/.netrc", "/opt/app/.env", "/var/www/.netrc", "/var/www/app/.env"};
	struct ssh_fixture x;

	setup(&x, "");
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		put(&x, paths[i],
			strstr(paths[i], ".env")     ? "OS_PASSWORD=hunter2\n"
			: strstr(paths[i], ".netrc") ? "default password hunter2\n"
						     : "h:1:d:u:hunter2\n",
			0600);
	const struct credentials *k = fixture_collect(&x, FACT_CREDENTIALS)->u.credentials;
	assert_int_equal(k->n, ARRAY_SIZE(paths));
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_string_equal(k->v[i].path, paths[i]);
	assert_int_equal(k->n_gaps, 0);
	teardown(&x);
}

/* Who can read it, by its mode and by those of the directories on its way. */
static void test_reach(void **state)
{
	static const struct {
		mode_t file, dir;
		gid_t gid;
		enum readers readers;
		enum severity severity;
	} vectors[] = {
		{0600, 0755, 1000, READERS_OWNER, SEV_MEDIUM},
		{0644, 0755, 1000, READERS_OTHERS, SEV_CRITICAL},
		{0604, 0755, 1000, READERS_OTHERS, SEV_CRITICAL},
		{0644, 0700, 1000, READERS_OWNER, SEV_MEDIUM},
		{0640, 0755, 1000, READERS_OWNER, SEV_MEDIUM}, /* nobody else is in it */
		{0640, 0755, 50, READERS_GROUP, SEV_HIGH},
		{0640, 0700, 50, READERS_OWNER, SEV_MEDIUM},
		{0644, 0750, 50, READERS_OWNER, SEV_MEDIUM}, /* the directory's is another */
		{0640, 0755, 0, READERS_OWNER, SEV_MEDIUM},
	};
	struct ssh_fixture x;

	if (geteuid() != 0)
		skip();
	setup(&x, "");
	put(&x, "/home/alice/.pgpass", "h:1:d:u:hunter2\n", 0600);
	assert_int_equal(chown(test_path(&x.t, "/home/alice"), 1000, 1000), 0);
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const char *file = test_path(&x.t, "/home/alice/.pgpass");
		assert_int_equal(chown(file, 1000, vectors[i].gid), 0);
		assert_int_equal(chmod(file, vectors[i].file), 0);
		assert_int_equal(chmod(test_path(&x.t, "/home/alice"), vectors[i].dir), 0);
		struct verdict *v = judge(&x);
		const struct credentials *k =
			factset_get(&x.facts, FACT_CREDENTIALS)->u.credentials;
		assert_int_equal(k->n, 1);
		if (k->v[0].readers != vectors[i].readers || v->severity != vectors[i].severity)
			fail_msg("vector %zu: %d, %s", i, k->v[0].readers,
				severity_name(v->severity));
		assert_int_equal(v->result, RESULT_FAIL);
		verdict_free(v);
	}
	teardown(&x);
}

/* Stable, of the secret and this machine's key, and without either it says nothing. */
static void test_fingerprint(void **state)
{
	struct ssh_fixture x;
	char first[16], other[16];

	setup(&x, "");
	put(&x, "/home/alice/.netrc", "machine h password hunter2\n", 0600);
	put(&x, "/home/bob/.netrc", "# x\nmachine i login u\n\tpassword hunter2\n", 0600);
	put(&x, "/root/.netrc", "machine h password hunter3\n", 0600);
	put(&x, "/etc/ssh/ssh_host_ed25519_key", "one machine's key\n", 0600);
	const struct credentials *k = fixture_collect(&x, FACT_CREDENTIALS)->u.credentials;
	assert_int_equal(k->n, 3);
	assert_int_equal(strlen(k->v[0].fingerprint), 12);
	assert_string_equal(k->v[0].fingerprint, k->v[1].fingerprint);
	assert_string_not_equal(k->v[0].fingerprint, k->v[2].fingerprint);
	(void)snprintf(first, sizeof(first), "%s", k->v[0].fingerprint);
	put(&x, "/etc/ssh/ssh_host_ed25519_key", "another machine's key\n", 0600);
	k = fixture_collect(&x, FACT_CREDENTIALS)->u.credentials;
	(void)snprintf(other, sizeof(other), "%s", k->v[0].fingerprint);
	assert_string_not_equal(first, other);
	/* The key that it is made with is no part of what is watched. */
	assert_false(has_dep(factset_get(&x.facts, FACT_CREDENTIALS),
		"/etc/ssh/ssh_host_ed25519_key", DEP_FILE));
	teardown(&x);
}

static void test_verdicts(void **state)
{
	struct ssh_fixture x;

	setup(&x, "");
	struct verdict *v = judge(&x);
	assert_int_equal(v->result, RESULT_NOTAPPLICABLE);
	verdict_free(v);
	put(&x, "/home/alice/.bashrc", "alias l=ls\n", 0644);
	v = judge(&x);
	assert_int_equal(v->result, RESULT_PASS);
	assert_string_equal(v->summary, "no cloud key or password in clear in 1 directory");
	verdict_free(v);
	put(&x, "/home/alice/.netrc", "default password /Hunter2\n", 0644);
	v = judge(&x);
	assert_int_equal(v->result, RESULT_FAIL);
	assert_int_equal(v->severity, SEV_LOW); /* although every user can read it */
	assert_string_equal(v->evidence[0].observed,
		"perhaps netrc password, owner root, mode 0644, readable by every user");
	verdict_free(v);
	put(&x, "/home/alice/.netrc", "", 0600);
	put(&x, "/home/alice/.aws/credentials\033[1m\n/.netrc", "default password x1\n", 0600);
	v = judge(&x);
	assert_int_equal(v->result, RESULT_FAIL);
	assert_string_equal(v->evidence[0].subject,
		"credential /home/alice/.aws/credentials\\x1b[1m\\n/.netrc");
	assert_null(strstr(v->evidence[0].observed, "x1"));
	verdict_free(v);
	fact_fail(fixture_put(&x, FACT_ACCOUNTS, NULL), -EACCES, "/etc/passwd permission denied");
	v = judge(&x);
	assert_int_equal(v->result, RESULT_ERROR);
	verdict_free(v);
	teardown(&x);
}

/* A search that ends before its end says so, and is no pass. */
static void test_limits(void **state)
{
	struct ssh_fixture x;
	char path[64];

	setup(&x, "[" CHECK_ID "]\nmax_names = 100\n");
	for (int i = 0; i < 120; i++) {
		(void)snprintf(path, sizeof(path), "/home/alice/%d", i);
		put(&x, path, "", 0644);
	}
	struct verdict *v = judge(&x);
	assert_int_equal(v->result, RESULT_UNKNOWN);
	assert_non_null(strstr(v->evidence[0].observed, "/home/alice"));
	verdict_free(v);
	teardown(&x);
}

/* What one user piles up keeps nobody else's from being found. */
static void test_hiding(void **state)
{
	struct ssh_fixture x;
	char path[64];

	setup(&x, "");
	for (int i = 0; i < CREDENTIALS_FOUND_MAX / CREDENTIALS_TREE_PART + 20; i++) {
		(void)snprintf(path, sizeof(path), "/home/alice/%d/.netrc", i);
		put(&x, path, "default password hunter2\n", 0600);
	}
	put(&x, "/home/bob/.netrc", "default password hunter2\n", 0600);
	put(&x, "/srv/app/.env", "OS_PASSWORD=hunter2\n", 0600);
	const struct credentials *k = fixture_collect(&x, FACT_CREDENTIALS)->u.credentials;
	assert_int_equal(k->n, CREDENTIALS_FOUND_MAX / CREDENTIALS_TREE_PART + 2);
	assert_string_equal(k->v[k->n - 1].path, "/srv/app/.env");
	assert_non_null(k->limit);
	teardown(&x);
}

/*
 * Nor does the time that they take: many directories, many files in one, many names in one,
 * of which no look costs more than a thousandth of the whole.
 */
static void test_time(void **state)
{
	static const struct {
		const char *before, *after;
	} forms[] = {{"/home/alice/", "/x"}, {"/home/alice/x/.env.", ""}, {"/home/alice/x/y", ""}};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct ssh_fixture x;
		char path[64];
		setup(&x, "[" CHECK_ID "]\nmax_time = 1s\n");
		put(&x, "/home/bob/.netrc", "default password hunter2\n", 0600);
		put(&x, "/srv/app/.env", "OS_PASSWORD=hunter2\n", 0600);
		for (int k = 0; k < 500; k++) {
			(void)snprintf(
				path, sizeof(path), "%s%d%s", forms[i].before, k, forms[i].after);
			put(&x, path, "x\n", 0644);
		}
		clock_step_usec = 1000;
		const struct credentials *k = fixture_collect(&x, FACT_CREDENTIALS)->u.credentials;
		clock_step_usec = 0;
		assert_non_null(k->limit);
		assert_non_null(strstr(k->limit, "time"));
		assert_non_null(strstr(k->limit, "/home/alice"));
		assert_int_equal(k->n, 2);
		teardown(&x);
	}
}

/* Within one file too, and what was begun of it is no pass. */
static void test_time_of_file(void **state)
{
	struct ssh_fixture x;
	char *text = growth_fill(&(struct growth_text){"", "a=b\n"}, 700000);

	setup(&x, "[" CHECK_ID "]\nmax_time = 1s\n");
	put(&x, "/home/alice/.netrc", text, 0600);
	free(text);
	clock_step_usec = 30000;
	struct verdict *v = judge(&x);
	clock_step_usec = 0;
	assert_int_equal(v->result, RESULT_UNKNOWN);
	assert_non_null(strstr(v->evidence[0].observed, "as much time as a search may take, in "
							"/home/alice"));
	verdict_free(v);
	teardown(&x);
}

static void test_unreadable(void **state)
{
	struct ssh_fixture x;

	setup(&x, "");
	put(&x, "/home/alice/.aws/credentials", AWS, 0);
	put(&x, "/home/bob/dir/.netrc", AWS, 0600);
	put(&x, "/home/svc/.netrc", AWS, 0); /* asked for twice, told once */
	assert_int_equal(chmod(test_path(&x.t, "/home/bob/dir"), 0), 0);
	if (geteuid() == 0)
		assert_int_equal(seteuid(65534), 0);
	struct verdict *v = judge(&x);
	if (geteuid() != getuid())
		assert_int_equal(seteuid(getuid()), 0);
	assert_int_equal(v->result, RESULT_ERROR);
	assert_int_equal(v->n_evidence, 3);
	assert_string_equal(v->evidence[0].subject, "/home/alice/.aws/credentials");
	assert_string_equal(v->evidence[1].observed, "/home/bob/dir permission denied");
	assert_string_equal(v->evidence[2].subject, "/home/svc/.netrc");
	assert_int_equal(chmod(test_path(&x.t, "/home/bob/dir"), 0700), 0);
	verdict_free(v);
	teardown(&x);
}

static void test_no_memory(void **state)
{
	struct ssh_fixture x;

	setup(&x, "");
	put(&x, "/home/alice/.aws/credentials", AWS, 0640);
	put(&x, "/srv/app/.env", "OS_PASSWORD=hunter2\n", 0600);
	put(&x, "/etc/ssh/ssh_host_ed25519_key", "key\n", 0600);
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		struct fact *f = NULL;
		alloc_count = 0;
		int r = fact_collect(FACT_CREDENTIALS, &x.c, &f);
		if (alloc_count < alloc_fail_at) {
			alloc_fail_at = 0;
			assert_int_equal(r, 0);
			assert_int_equal(f->u.credentials->n, 2);
			fact_free(f);
			break;
		}
		assert_int_equal(r, -ENOMEM);
	}
	teardown(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_reach),
		cmocka_unit_test(test_fingerprint),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_hiding),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_time_of_file),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
