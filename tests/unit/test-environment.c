/* SPDX-License-Identifier: ISC */
#include "ssh-fixture.h"

#include "alloc-fail.h"
#include "check/check.h"
#include "conf/conf.h"
#include "fact/environment.h"
#include "fact/units.h"
#include "growth.h"

static struct policy *policy;

static const char *const staff[] = {"alice", NULL};
static struct account_group groups[] = {
	{.name = "staff", .gid = 50, .members = staff, .n_members = 1},
};
static struct account people[] = {
	{.name = "root", .home = "/root", .shell = "/bin/sh", .uid = 0, .login_shell = true},
	{.name = "alice", .home = "/home/alice", .shell = "/bin/sh", .uid = 1000, .gid = 1000},
};

struct found {
	char text[512];
};

static int note(const struct environment_hit *hit, void *arg)
{
	struct found *f = arg;
	size_t n = strlen(f->text);

	(void)snprintf(f->text + n, sizeof(f->text) - n, "%.*s:%u%s%s;", (int)hit->size, hit->name,
		hit->line, hit->what ? "!" : "", hit->doubtful ? "?" : "");
	return 0;
}

static void test_parse(void **state)
{
	static const struct {
		enum environment_form form;
		const char *text, *found;
	} vectors[] = {
		{ENVIRONMENT_SHELL, "PATH=/bin\nDB_PASSWORD=hunter2\n", "DB_PASSWORD:2;"},
		{ENVIRONMENT_SHELL, "export DB_PASSWORD='hunter 2'\n", "DB_PASSWORD:1;"},
		{ENVIRONMENT_SHELL, "declare -x API_KEY=0123456789\n", "API_KEY:1;"},
		{ENVIRONMENT_SHELL, "\tAPI_KEY=0123456789; x\n", "API_KEY:1;"},
		{ENVIRONMENT_SHELL, "http_proxy=http://u:hunter2@proxy:3128/\n", "http_proxy:1!;"},
		{ENVIRONMENT_SHELL, "http_proxy=http://proxy:3128/\n", ""},
		{ENVIRONMENT_SHELL, "#DB_PASSWORD=hunter2\n", ""},
		{ENVIRONMENT_SHELL, "DB_PASSWORD=\nDB_PASSWORD_FILE=/run/x\n", ""},
		{ENVIRONMENT_SHELL, "DB_PASSWORD=${OTHER}\nDB_PASSWORD=$(pass x)\n", ""},
		{ENVIRONMENT_SHELL, "DB_PASSWORD=/run/credentials/db\n", ""},
		{ENVIRONMENT_SHELL, "if [ $PASSWORD = hunter2 ]; then\n", ""},
		{ENVIRONMENT_SHELL, "if [ \"$PASSWORD\" = \"hunter2\" ]; then\n", ""},
		{ENVIRONMENT_SHELL, "echo password: hunter2\n", ""},
		{ENVIRONMENT_SHELL, "password: hunter2\n", ""},
		{ENVIRONMENT_SHELL, "DB-PASSWORD=hunter2\n", ""},
		{ENVIRONMENT_SHELL, "if true; then export DB_PASSWORD=hunter2; fi\n",
			"DB_PASSWORD:1;"},
		{ENVIRONMENT_SHELL, "", ""},
		/* A dollar: what it means is the format's. */
		{ENVIRONMENT_SHELL, "A_PASSWORD=$ecretHunter\n", ""},
		{ENVIRONMENT_SHELL, "A_PASSWORD=\"$ecretHunter\"\n", ""},
		{ENVIRONMENT_SHELL, "A_PASSWORD='$ecretHunter'\n", "A_PASSWORD:1;"},
		{ENVIRONMENT_PLAIN, "A_PASSWORD=$ecretHunter\n", "A_PASSWORD:1;"},
		{ENVIRONMENT_PLAIN, "A_PASSWORD=$OTHER_PASSWORD\n", "A_PASSWORD:1?;"},
		{ENVIRONMENT_PLAIN, "A_PASSWORD=${OTHER_PASSWORD}\n", ""},
		{ENVIRONMENT_EITHER, "A_PASSWORD=$ecretHunter\n", "A_PASSWORD:1?;"},
		{ENVIRONMENT_EITHER, "A_PASSWORD='$ecretHunter'\n", "A_PASSWORD:1;"},
		{ENVIRONMENT_PAM_ENV, "A_PASSWORD DEFAULT=$ecretHunter\n", "A_PASSWORD:1;"},
		/* By its name, by its form, or nobody knows. */
		{ENVIRONMENT_PLAIN, "SMTP_PASSWORD_SET=Hunter22\n", "SMTP_PASSWORD_SET:1;"},
		{ENVIRONMENT_PLAIN, "SMTP_PASSWORD_SET=yes\n", ""},
		{ENVIRONMENT_PLAIN, "REDIS_AUTH=hunter\n", "REDIS_AUTH:1;"},
		{ENVIRONMENT_PLAIN, "SMTP_AUTH=Hunter22x\n", "SMTP_AUTH:1?;"},
		{ENVIRONMENT_PLAIN, "SMTP_AUTH=login\nSMTP_AUTH=cram-md5\n", "SMTP_AUTH:2?;"},
		{ENVIRONMENT_PLAIN, "TF_TOKEN_app_store=0123456789abcdef\n",
			"TF_TOKEN_app_store:1;"},
		{ENVIRONMENT_PLAIN, "DSN='Server=h;Uid=u;Password=Hunter22;Port=1'\n", "DSN:1!;"},
		{ENVIRONMENT_SHELL, "O='--host=h --password=$1'\nP=\"--password=$P\"\n", "O:1!;"},
		{ENVIRONMENT_SHELL, "DSN='Server=h;Password=;Port=1'\n", ""},
		{ENVIRONMENT_PAM_ENV, "# X_PASSWORD DEFAULT=a\nX_PASSWORD DEFAULT=hunter2\n",
			"X_PASSWORD:2;"},
		{ENVIRONMENT_PAM_ENV, "X_PASSWORD DEFAULT=${A} OVERRIDE=\"hunter 2\"\n",
			"X_PASSWORD:1;"},
		{ENVIRONMENT_PAM_ENV, "X_PASSWORD\tDEFAULT=${A} OVERRIDE=@{HOME}\n", ""},
		{ENVIRONMENT_PAM_ENV, "PAGER DEFAULT=less\nX_PASSWORD\nDEFAULT=hunter2\n", ""},
		{ENVIRONMENT_PAM_ENV, "X_PASSWORD DEFAULT=\n", ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct found f = {""};
		assert_int_equal(environment_parse(vectors[i].form, vectors[i].text,
					 strlen(vectors[i].text), note, &f),
			0);
		if (strcmp(f.text, vectors[i].found) != 0)
			fail_msg("%s: %s, not %s", vectors[i].text, f.text, vectors[i].found);
	}
}

static int ignore(const struct environment_hit *hit, void *arg)
{
	return 0;
}

static void parse_shell(const char *text, size_t n)
{
	assert_int_equal(environment_parse(ENVIRONMENT_SHELL, text, n, ignore, NULL), 0);
}

static void parse_pam_env(const char *text, size_t n)
{
	assert_int_equal(environment_parse(ENVIRONMENT_PAM_ENV, text, n, ignore, NULL), 0);
}

/* Whatever stands in a file, it is read once, not once for each of its parts. */
static void test_growth(void **state)
{
	static const struct growth_text texts[] = {
		{"{", "a=b,"},
		{"{", "a='b'"},
		{"", "a='b'"},
		{"a,", "a='b'\t"},
		{"", "a='b' "},
		{"", "a=b\n"},
		{"a ", " "},
		{"X ", "DEFAULT=\""},
		{"", "X DEFAULT=\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_linear(parse_shell, &texts[i]);
		assert_linear(parse_pam_env, &texts[i]);
	}
}

#define UNIT_PATH "/etc/systemd/system/app.service"

static const struct unit_setting settings[] = {
	{"Environment", "OLD_PASSWORD=hunter2", UNIT_PATH, 3},
	{"Environment", "", UNIT_PATH, 4},
	{"Environment", "\"DB_PASSWORD=hunter 2\" LANG=C KEY_FILE=%d/key", UNIT_PATH, 5},
	{"Environment", "DB_PASSWORD=other1", UNIT_PATH ".d/x.conf", 2},
	{"EnvironmentFile", "-/etc/app.env", UNIT_PATH, 6},
	{"EnvironmentFile", "/etc/app.d/*.env", UNIT_PATH, 7},
	{"EnvironmentFile", "/etc/%i.env", UNIT_PATH, 8},
	{"LoadCredential", "db:/etc/secret", UNIT_PATH, 9},
};

static const struct unit_setting instances[] = {
	{"EnvironmentFile", "-/etc/job/%i.env", "/etc/systemd/system/job@.service", 2},
	{"EnvironmentFile", "/etc/%H%i%", "/etc/systemd/system/job@.service", 3},
};

static void put(struct ssh_fixture *x, const char *path, const char *text, mode_t mode)
{
	test_write(&x->t, path, text);
	assert_int_equal(chmod(test_path(&x->t, path), mode), 0);
}

static void setup(struct ssh_fixture *x, struct units *units, struct unit *v, size_t n)
{
	fixture_init(x, NULL);
	fixture_accounts(x, people, ARRAY_SIZE(people));
	x->accounts.groups = groups;
	x->accounts.n_groups = ARRAY_SIZE(groups);
	*units = (struct units){.v = v, .n = n, .init = "systemd"};
	(void)fixture_put(x, FACT_UNITS, units);
	assert_int_equal(chmod(x->t.dir, 0755), 0);
}

static struct verdict *judge(struct ssh_fixture *x)
{
	struct verdict *v = verdict_new();

	assert_non_null(v);
	(void)fixture_collect(x, FACT_ENVIRONMENT);
	assert_int_equal(
		check_judge(check_find("secret-in-environment"), &x->facts, policy, 0, v), 0);
	for (size_t i = 0; i < v->n_evidence; i++) {
		assert_null(strstr(v->evidence[i].observed, "hunter"));
		assert_null(strstr(v->evidence[i].observed, "other1"));
	}
	return v;
}

static void test_units(void **state)
{
	struct unit v[] = {
		{.name = "alias.service",
			.target = "app.service",
			.settings = settings,
			.n_settings = ARRAY_SIZE(settings)},
		{.name = "app.service",
			.path = UNIT_PATH,
			.settings = settings,
			.n_settings = ARRAY_SIZE(settings)},
		{.name = "job@.service", .settings = instances, .n_settings = 2},
		{.name = "job@one.service", .settings = instances, .n_settings = 2},
	};
	struct ssh_fixture x;
	struct units units;

	setup(&x, &units, v, ARRAY_SIZE(v));
	put(&x, "/etc/job/one.env", "I_PASSWORD=hunter2\n", 0644);
	put(&x, "/etc/app.env", "API_TOKEN=0123456789abcdef\n", 0600);
	put(&x, "/etc/app.d/a.env", "A_PASSWORD=hunter2\n", 0644);
	struct verdict *verdict = judge(&x);

	assert_int_equal(verdict->result, RESULT_FAIL);
	assert_int_equal(verdict->severity, SEV_HIGH);
	assert_int_equal(verdict->n_evidence, 4);
	const struct evidence *e = verdict->evidence;
	assert_string_equal(e[0].subject, "variable DB_PASSWORD of app.service");
	assert_string_equal(e[0].path, UNIT_PATH ".d/x.conf");
	assert_int_equal(e[0].line, 2);
	assert_string_equal(e[1].subject, "variable API_TOKEN in /etc/app.env");
	assert_int_equal(e[1].severity, SEV_LOW);
	assert_string_equal(e[2].subject, "variable A_PASSWORD in /etc/app.d/a.env");
	assert_int_equal(e[2].severity, SEV_HIGH);
	assert_string_equal(e[3].subject, "variable I_PASSWORD in /etc/job/one.env");
	verdict_free(verdict);
	fixture_fini(&x);
}

/* What systemd gives to all services, and cron to its jobs. */
static void test_manager(void **state)
{
	struct ssh_fixture x;
	struct units units;

	setup(&x, &units, NULL, 0);
	put(&x, "/etc/systemd/system.conf", "[Manager]\nDefaultEnvironment=LANG=C\n", 0644);
	put(&x, "/etc/systemd/system.conf.d/x.conf",
		"[Manager]\nDefaultEnvironment=\"DB_PASSWORD=hunter2\" A=b\n[X]\n"
		"DefaultEnvironment=C_PASSWORD=hunter2\n",
		0644);
	put(&x, "/etc/cron.d/backup",
		"RESTIC_PASSWORD=hunter2\nMAILTO=root\n0 1 * * * root restic backup /etc\n", 0644);
	put(&x, "/var/spool/cron/crontabs/root", "B_PASSWORD = hunter2\n", 0600);
	struct verdict *v = judge(&x);
	assert_int_equal(v->result, RESULT_FAIL);
	assert_int_equal(v->n_evidence, 3);
	const struct evidence *e = v->evidence;
	assert_string_equal(e[2].subject, "variable DB_PASSWORD of systemd's system.conf");
	assert_string_equal(e[2].path, "/etc/systemd/system.conf.d/x.conf");
	assert_int_equal(e[2].severity, SEV_HIGH);
	assert_string_equal(e[0].subject, "variable RESTIC_PASSWORD in /etc/cron.d/backup");
	assert_int_equal(e[0].severity, SEV_HIGH);
	assert_string_equal(e[1].subject, "variable B_PASSWORD in /var/spool/cron/crontabs/root");
	assert_int_equal(e[1].severity, SEV_LOW);
	verdict_free(v);

	put(&x, "/etc/systemd/system.conf.d/y.conf", "[Manager]\nDefaultEnvironment=\n", 0644);
	v = judge(&x);
	assert_int_equal(v->n_evidence, 2);
	verdict_free(v);
	fixture_fini(&x);
}

static void test_files(void **state)
{
	struct ssh_fixture x;
	struct units units;

	setup(&x, &units, NULL, 0);
	struct verdict *v = judge(&x);
	assert_int_equal(v->result, RESULT_NOTAPPLICABLE);
	verdict_free(v);

	put(&x, "/etc/environment", "PATH=/bin\n", 0644);
	put(&x, "/etc/profile.d/x.sh", "export EDITOR=vi\n", 0644);
	put(&x, "/etc/default/app", "APP_PASSWORD_FILE=/etc/app.key\n", 0644);
	v = judge(&x);
	assert_int_equal(v->result, RESULT_PASS);
	assert_string_equal(
		v->summary, "no key or password in the variables of 3 files and 0 units");
	verdict_free(v);

	put(&x, "/etc/default/app", "APP_PASSWORD=$ecretHunter\n", 0644);
	v = judge(&x);
	assert_int_equal(v->result, RESULT_FAIL);
	assert_int_equal(v->severity, SEV_LOW); /* although every user can read it */
	assert_string_equal(v->evidence[0].observed,
		"set in clear: perhaps a key or password by its name; mode 0644, readable by every "
		"user");
	verdict_free(v);

	put(&x, "/etc/environment", "PATH=/bin\nAWS_SECRET_ACCESS_KEY=0123456789hunter\n", 0600);
	put(&x, "/etc/security/pam_env.conf", "X_PASSWORD DEFAULT=hunter2\n", 0644);
	put(&x, "/etc/default/app", "APP_PASSWORD=hunter2\n", 0640);
	if (geteuid() == 0)
		assert_int_equal(chown(test_path(&x.t, "/etc/default/app"), 0, 50), 0);
	v = judge(&x);
	assert_int_equal(v->n_evidence, 3);
	assert_string_equal(
		v->evidence[0].subject, "variable X_PASSWORD in /etc/security/pam_env.conf");
	assert_string_equal(
		v->evidence[1].subject, "variable AWS_SECRET_ACCESS_KEY in /etc/environment");
	assert_int_equal(v->evidence[1].line, 2);
	assert_int_equal(v->evidence[1].severity, SEV_HIGH); /* whatever its mode */
	if (geteuid() == 0)
		assert_int_equal(v->evidence[2].severity, SEV_MEDIUM);
	verdict_free(v);
	fixture_fini(&x);
}

/* A search that ends before its end says so, and is no pass. */
static void test_limits(void **state)
{
	struct ssh_fixture x;
	struct units units;

	setup(&x, &units, NULL, 0);
	for (int i = 0; i <= ENVIRONMENT_FILES_MAX; i++) {
		char path[64];
		(void)snprintf(
			path, sizeof(path), "/etc/%s/%d", i % 2 ? "default" : "sysconfig", i);
		put(&x, path, "A=b\n", 0644);
	}
	struct verdict *v = judge(&x);
	assert_int_equal(v->result, RESULT_UNKNOWN);
	assert_int_equal(v->n_evidence, 1);
	assert_string_equal(v->evidence[0].subject, "search for variables");
	assert_non_null(strstr(v->evidence[0].observed, "as many files as are looked at, at "
							"/etc/sysconfig/"));
	verdict_free(v);
	fixture_fini(&x);
}

/* So does one that finds more than it keeps. */
static void test_many(void **state)
{
	struct ssh_fixture x;
	struct units units;
	char *text = calloc(ENVIRONMENT_SECRETS_MAX + 1, 32), *p = text;

	assert_non_null(text);
	setup(&x, &units, NULL, 0);
	for (int i = 0; i <= ENVIRONMENT_SECRETS_MAX; i++)
		p += sprintf(p, "A%d_PASSWORD=hunter2\n", i);
	put(&x, "/etc/default/many", text, 0644);
	free(text);
	struct verdict *v = judge(&x);
	assert_int_equal(v->n_evidence, ENVIRONMENT_SECRETS_MAX + 1);
	assert_int_equal(v->evidence[ENVIRONMENT_SECRETS_MAX].result, RESULT_UNKNOWN);
	verdict_free(v);
	fixture_fini(&x);
}

static void test_unreadable(void **state)
{
	struct ssh_fixture x;
	struct units units;

	setup(&x, &units, NULL, 0);
	assert_int_equal(mkdir(test_path(&x.t, "/etc"), 0755), 0);
	assert_int_equal(mkfifo(test_path(&x.t, "/etc/environment"), 0644), 0);
	struct verdict *v = judge(&x);
	assert_int_equal(v->result, RESULT_ERROR);
	assert_string_equal(v->evidence[0].observed,
		"/etc/environment is a FIFO, device or socket, not a regular file");
	verdict_free(v);
	assert_int_equal(unlink(test_path(&x.t, "/etc/environment")), 0);
	fact_fail(fixture_put(&x, FACT_UNITS, NULL), -EACCES, "/etc/systemd permission denied");
	v = judge(&x);
	assert_int_equal(v->result, RESULT_ERROR);
	verdict_free(v);
	fact_fail(fixture_put(&x, FACT_UNITS, NULL), -ENOENT, "no systemd");
	v = judge(&x);
	assert_int_equal(v->result, RESULT_NOTAPPLICABLE);
	verdict_free(v);
	fact_fail(fixture_put(&x, FACT_ACCOUNTS, NULL), -EACCES, "/etc/passwd permission denied");
	v = judge(&x);
	assert_int_equal(v->result, RESULT_ERROR);
	verdict_free(v);
	fixture_fini(&x);
}

static void test_no_memory(void **state)
{
	struct unit v[] = {
		{.name = "app.service",
			.path = UNIT_PATH,
			.settings = settings,
			.n_settings = ARRAY_SIZE(settings)},
	};
	struct ssh_fixture x;
	struct units units;

	setup(&x, &units, v, ARRAY_SIZE(v));
	put(&x, "/etc/app.env", "API_TOKEN=0123456789abcdef\n", 0600);
	put(&x, "/etc/security/pam_env.conf", "X_PASSWORD DEFAULT=hunter2\n", 0644);
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		struct fact *f = NULL;
		alloc_count = 0;
		int r = fact_collect(FACT_ENVIRONMENT, &x.c, &f);
		if (alloc_count < alloc_fail_at) {
			alloc_fail_at = 0;
			assert_int_equal(r, 0);
			assert_int_equal(f->u.environment->n, 3);
			fact_free(f);
			break;
		}
		assert_int_equal(r, -ENOMEM);
	}
	fixture_fini(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_manager),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_no_memory),
	};

	policy = policy_new_default();
	if (!policy)
		return 1;
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	policy_free(policy);
	return r;
}
