/* SPDX-License-Identifier: ISC */
/* Backup clients in a private root, and the checks on them with units made by hand. */
#include "test.h"

#include <sys/time.h>

#include "alloc-collect.h"
#include "check-fixture.h"
#include "check/check.h"
#include "conf/conf.h"
#include "fact/backups.h"
#include "fact/fact.h"
#include "fact/units.h"

#define CONFIGURED "backup-configured"
#define RECENT	   "backup-recent"
#define NOW	   (UINT64_C(1800000000) * USEC_PER_SEC)
#define NOW_S	   1800000000

struct file_row {
	const char *path, *text;
	long age; /* seconds before NOW at which it was written */
};

#define HOUR	3600L
#define DAYS(n) ((n)*24 * HOUR)
#define RESTIC                           \
	{                                \
		"/usr/bin/restic", "", 0 \
	}
#define TIMER(name, cmd)                                                 \
	{                                                                \
		{name ".timer", true, UNIT_ACTIVE, NULL},                \
		{                                                        \
			name ".service", false, UNIT_INACTIVE, NULL, cmd \
		}                                                        \
	}
#define SNAPSHOT(age)                                                 \
	{                                                             \
		"/root/.cache/restic/e86b/snapshots/97/97b1", "", age \
	}
#define STAMP(name, age)                                                \
	{                                                               \
		"/var/lib/systemd/timers/stamp-" name ".timer", "", age \
	}
#define RSNAPSHOT                                                                        \
	{"/usr/bin/rsnapshot", "", 0},                                                   \
	{                                                                                \
		"/etc/rsnapshot.conf",                                                   \
			"snapshot_root\t/srv/snap/\nretain\talpha\t6\nretain\tbeta\t7\n" \
			"backup\t/home/\tlocalhost/\n",                                  \
			0                                                                \
	}
#define BACULA(text)                                  \
	{"/usr/sbin/bacula-fd", "", 0},               \
	{                                             \
		"/etc/bacula/bacula-fd.conf", text, 0 \
	}
#define BORGMATIC(text)                               \
	{"/usr/bin/borgmatic", "", 0},                \
	{                                             \
		"/etc/borgmatic/config.yaml", text, 0 \
	}
#define CONF_OWN                                            \
	"source_directories:\n    - /home\nrepositories:\n" \
	"    - path: ssh://b@vault.corp.net/./b.borg\n"
#define CONF_SAMPLE                                                                   \
	"source_directories:\n    - /home\n    - /etc\nrepositories:\n"               \
	"    - path: ssh://user@backupserver/./sourcehostname.borg\n      label: a\n" \
	"    - path: /mnt/backup\n"
#define DIRECTOR "Director {\n  Name = dir\n}\n"

static const struct vector {
	const char *check;
	struct file_row files[5];
	struct unit_row units[3];
	const char *conf;
	enum result result;
	const char *subject, *observed; /* of the first evidence; a part of observed */
	uint64_t until;
} vectors[] = {
	{CONFIGURED, {{0}}, {{0}}, NULL, RESULT_FAIL, "backup", "no backup client", 0},
	{CONFIGURED, {RESTIC}, TIMER("nightly", "/usr/bin/restic backup /"), NULL, RESULT_PASS,
		"unit nightly.timer", "restic is scheduled", 0},
	{CONFIGURED, {RESTIC}, TIMER("restic-backup", "/usr/local/bin/b.sh"), NULL, RESULT_UNKNOWN,
		"unit restic-backup.timer", "can't be followed", 0},
	{CONFIGURED, {RESTIC}, {{"restic.timer", false, UNIT_INACTIVE, NULL}}, NULL, RESULT_FAIL,
		"unit restic.timer", "not started at boot", 0},
	{CONFIGURED, {RSNAPSHOT}, TIMER("rsnapshot-alpha", "/usr/bin/rsnapshot alpha"), NULL,
		RESULT_PASS, "unit rsnapshot-alpha.timer", "scheduled", 0},
	{CONFIGURED,
		{{"/usr/bin/rsnapshot", "", 0},
			{"/etc/rsnapshot.conf", "snapshot_root\t/x/\nretain\ta\t6\n", 0}},
		{{0}}, NULL, RESULT_FAIL, "backup rsnapshot", "nothing is backed up", 0},
#define RUN(cmd, result, subject, words)                                                     \
	{                                                                                    \
		CONFIGURED, {RESTIC}, TIMER("nightly", cmd), NULL, result, subject, words, 0 \
	}
#define RUN_DUPLY(cmd, result, subject, words)                                                    \
	{                                                                                         \
		CONFIGURED, {{"/usr/bin/duplicity", "", 0}}, TIMER("nightly", cmd), NULL, result, \
			subject, words, 0                                                         \
	}
	/* What names it, and saves nothing. */
	RUN("/bin/echo restic backup", RESULT_UNKNOWN, "backup restic", "cron"),
	RUN("/bin/sh -c 'true # restic backup /'", RESULT_UNKNOWN, "backup restic", "cron"),
	RUN("/bin/sh -c 'false && restic backup /'", RESULT_UNKNOWN, "backup restic", "cron"),
	RUN("/usr/bin/restic --help backup", RESULT_UNKNOWN, "backup restic", "cron"),
	RUN("/usr/bin/restic backup --dry-run /", RESULT_UNKNOWN, "backup restic", "cron"),
	RUN("/usr/bin/restic backup -n /", RESULT_UNKNOWN, "backup restic", "cron"),
	RUN("/usr/bin/restic -r backup-repo snapshots", RESULT_UNKNOWN, "backup restic", "cron"),
	/* What saves, whatever stands around it. */
	RUN("/usr/bin/nice -n 19 ionice -c3 flock -n /run/l restic -r x backup /", RESULT_PASS,
		"unit nightly.timer", "scheduled"),
	RUN("/bin/sh -c 'restic forget && restic backup /'", RESULT_PASS, "unit nightly.timer",
		"scheduled"),
	RUN("/usr/bin/restic forget\n/usr/bin/restic backup /", RESULT_PASS, "unit nightly.timer",
		"scheduled"),
	RUN("/usr/bin/restic backup /etc --exclude help", RESULT_PASS, "unit nightly.timer",
		"scheduled"),
	RUN("/usr/bin/restic $OPTS -r x backup /", RESULT_PASS, "unit nightly.timer", "scheduled"),
	RUN_DUPLY("duply prod pre_bkp_post", RESULT_PASS, "unit nightly.timer", "scheduled"),
	RUN("resticprofile -n x x.backup", RESULT_PASS, "unit nightly.timer", "scheduled"),
	RUN("autorestic backup -a", RESULT_PASS, "unit nightly.timer", "scheduled"),
	RUN_DUPLY("duply prod status", RESULT_UNKNOWN, "backup duplicity", "cron"),
	/* A verb is the first operand, and no value of an option. */
	RUN("restic forget --tag backup --prune", RESULT_UNKNOWN, "backup restic", "cron"),
	RUN("restic restore latest --include backup", RESULT_UNKNOWN, "backup restic", "cron"),
	RUN("restic -r backup prune", RESULT_UNKNOWN, "backup restic", "cron"),
	RUN("restic -vn backup /etc", RESULT_UNKNOWN, "backup restic", "cron"),
	RUN("resticprofile -n backup check", RESULT_UNKNOWN, "backup restic", "cron"),
	RUN("autorestic forget -a", RESULT_UNKNOWN, "backup restic", "cron"),
	/* What is merely named after it. */
	RUN("/usr/local/bin/restic-prune.sh", RESULT_UNKNOWN, "unit nightly.timer",
		"can't be followed"),
	RUN("/usr/bin/restic.exporter --port 9", RESULT_UNKNOWN, "unit nightly.timer",
		"can't be followed"),
	/* What nobody can follow. */
	RUN("/usr/bin/xargs restic backup", RESULT_UNKNOWN, "unit nightly.timer",
		"can't be followed"),
	RUN("/bin/sh -c 'case x in *) restic backup;; esac'", RESULT_UNKNOWN, "unit nightly.timer",
		"can't be followed"),
	/* A name is no backup either. */
	{CONFIGURED, {RESTIC}, TIMER("restic", "/bin/true"), NULL, RESULT_UNKNOWN, "backup restic",
		"cron", 0},
	{CONFIGURED, {RESTIC}, TIMER("nightly", "/usr/bin/restic forget --prune"), NULL,
		RESULT_UNKNOWN, "backup restic", "cron", 0},
	{CONFIGURED,
		{{"/usr/bin/rsnapshot", "", 0},
			{"/etc/rsnapshot.conf",
				"snapshot_root\t/x/\nretain\ta\t6\nbackup /home/ l/\n", 0}},
		TIMER("rsnapshot", "rsnapshot a"), NULL, RESULT_FAIL, "backup rsnapshot",
		"takes tabs only", 0},
	{CONFIGURED, {RESTIC}, TIMER("nightly", "/usr/local/bin/restic-all.sh"), NULL,
		RESULT_UNKNOWN, "unit nightly.timer", "can't be followed", 0},
	{CONFIGURED,
		{{"/usr/bin/rsnapshot", "", 0},
			{"/etc/rsnapshot.conf", "include_conf\t/etc/x\n", 0}},
		TIMER("rsnapshot", "/usr/bin/rsnapshot alpha"), NULL, RESULT_PASS,
		"unit rsnapshot.timer", "scheduled", 0},
	{CONFIGURED, {{"/usr/bin/kopia", "", 0}}, {{0}}, NULL, RESULT_FAIL, "backup kopia",
		"not configured", 0},
	/* Its timer is on as installed, and its service does nothing without a configuration. */
	{CONFIGURED, {{"/usr/bin/borgmatic", "", 0}}, TIMER("borgmatic", "/usr/bin/borgmatic"),
		NULL, RESULT_FAIL, "backup borgmatic", "not configured", 0},
	{CONFIGURED,
		{{"/usr/bin/borgmatic", "", 0}, {"/usr/bin/borg", "", 0},
			{"/etc/borgmatic/config.yaml", "", 0}},
		TIMER("borgmatic", "systemd-inhibit /usr/bin/borgmatic"), NULL, RESULT_PASS,
		"unit borgmatic.timer", "borgmatic is scheduled", 0},
	{CONFIGURED, {BORGMATIC(CONF_OWN)}, TIMER("borgmatic", "borgmatic prune check"), NULL,
		RESULT_UNKNOWN, "backup borgmatic", "cron", 0},
	{CONFIGURED, {BORGMATIC(CONF_OWN)}, TIMER("borgmatic", "borgmatic prune create"), NULL,
		RESULT_PASS, "unit borgmatic.timer", "scheduled", 0},
	/* As its own generator writes it: repositories of example hosts. */
	{CONFIGURED, {BORGMATIC(CONF_SAMPLE)}, TIMER("borgmatic", "borgmatic"), NULL, RESULT_FAIL,
		"backup borgmatic", "sample", 0},
	{CONFIGURED, {BORGMATIC(CONF_SAMPLE), {"/etc/borgmatic.d/own.yaml", CONF_OWN, 0}},
		TIMER("borgmatic", "borgmatic"), NULL, RESULT_PASS, "unit borgmatic.timer",
		"scheduled", 0},
	{CONFIGURED, {BACULA(DIRECTOR)}, {{"bacula-fd.service", true, UNIT_ACTIVE, NULL}}, NULL,
		RESULT_PASS, "unit bacula-fd.service", "scheduled", 0},
	{CONFIGURED, {BACULA("FileDaemon {\n}\n")},
		{{"bacula-fd.service", true, UNIT_ACTIVE, NULL}}, NULL, RESULT_FAIL,
		"backup bacula", "no Director", 0},
	/* As Debian installs it: it can be called from this machine only. */
	{CONFIGURED, {BACULA(DIRECTOR "FDAddress = 127.0.0.1\n")},
		{{"bacula-fd.service", true, UNIT_ACTIVE, NULL}}, NULL, RESULT_FAIL,
		"unit bacula-fd.service", "loopback", 0},
	{CONFIGURED, {BACULA(DIRECTOR "FDAddress = 127.0.0.1\n")},
		{{"bacula-fd.service", true, UNIT_ACTIVE, NULL},
			{"bacula-director.service", true, UNIT_ACTIVE, NULL}},
		NULL, RESULT_PASS, NULL, NULL, 0},
	{CONFIGURED, {BACULA(DIRECTOR)}, {{"bacula-fd.service", true, UNIT_FAILED, NULL}}, NULL,
		RESULT_FAIL, "unit bacula-fd.service", "has failed", 0},
	{CONFIGURED, {{0}}, TIMER("dump", "/usr/local/bin/dump"),
		"[backup-configured]\nunits = dump.timer\n", RESULT_PASS, "unit dump.timer",
		"scheduled", 0},
	{CONFIGURED, {RESTIC}, TIMER("restic", "/usr/bin/restic backup /"),
		"[backup-configured]\nunits = dump.timer\n", RESULT_FAIL, "unit dump.timer",
		"is not there", 0},
	{CONFIGURED, {RESTIC}, {{0}}, NULL, RESULT_UNKNOWN, "backup restic", "cron", 0},
	{RECENT, {{0}}, {{0}}, NULL, RESULT_NOTAPPLICABLE, NULL, NULL, 0},
#define TIMES(key, value, result, words)                                       \
	{                                                                      \
		CONFIGURED, {RESTIC},                                          \
			{{"restic.timer", true, UNIT_ACTIVE, key, value},      \
				{"restic.service", false, UNIT_INACTIVE, NULL, \
					"/usr/bin/restic backup /"}},          \
			NULL, result, "unit restic.timer", words, 0            \
	}
	/* A timer must start something, again and again. */
	TIMES("OnBootSec", "15min", RESULT_PASS, "scheduled"),
	TIMES("OnCalendar", "dayly", RESULT_UNKNOWN, "OnCalendar=dayly"),
	TIMES("OnCalendar", "2020-01-01", RESULT_UNKNOWN, "OnCalendar=2020-01-01"),
	TIMES("OnCalendar", "", RESULT_FAIL, "has no time"),
	TIMES("Unit", "other.service", RESULT_FAIL, "other.service, which is not there"),
	{CONFIGURED, {RESTIC}, {{"restic.timer", true, UNIT_ACTIVE}}, NULL, RESULT_FAIL,
		"unit restic.timer", "restic.service, which is not there", 0},
	{CONFIGURED, {RESTIC}, TIMER("restic", NULL), NULL, RESULT_FAIL, "unit restic.timer",
		"restic.service, which runs nothing", 0},
	{CONFIGURED, {{0}}, {{"dump.timer", true, UNIT_ACTIVE}},
		"[backup-configured]\nunits = dump.timer\n", RESULT_FAIL, "unit dump.timer",
		"dump.service, which is not there", 0},
	{RECENT, {RESTIC, SNAPSHOT(HOUR)}, TIMER("restic", "/usr/bin/restic backup /"), NULL,
		RESULT_PASS, "backup restic", "last success 2027-01-15T07:00:00Z",
		NOW - HOUR *USEC_PER_SEC + 2 * USEC_PER_DAY + 1},
	{RECENT, {RESTIC, SNAPSHOT(DAYS(3))}, TIMER("restic", "/usr/bin/restic backup /"), NULL,
		RESULT_FAIL, "backup restic", "last success", 0},
	{RECENT, {RESTIC, SNAPSHOT(DAYS(3))}, TIMER("restic", "/usr/bin/restic backup /"),
		"[backup-recent]\nmax_age = 1w\n", RESULT_PASS, "backup restic", "last success",
		NOW + 4 * USEC_PER_DAY + 1},
	{RECENT, {RESTIC, SNAPSHOT(HOUR)},
		{{"restic.timer", true, UNIT_ACTIVE, NULL},
			{"restic.service", false, UNIT_FAILED, NULL, "/usr/bin/restic backup /"}},
		NULL, RESULT_FAIL, "unit restic.service", "last run failed", 0},
	/* Such a record would do for ever. */
	{RECENT, {RESTIC, SNAPSHOT(-DAYS(3))}, TIMER("restic", "/usr/bin/restic backup /"), NULL,
		RESULT_UNKNOWN, "backup restic",
		"last success 2027-01-18T08:00:00Z, which is in the future",
		NOW + 3 * USEC_PER_DAY - 10 * USEC_PER_MIN},
	{RECENT, {RESTIC, SNAPSHOT(-60)}, TIMER("restic", "/usr/bin/restic backup /"), NULL,
		RESULT_PASS, "backup restic", "last success", 0},
	{RECENT, {{"/var/lib/backup/last", "", -DAYS(3)}}, {{0}},
		"[backup-recent]\nstamp = /var/lib/backup/last\n", RESULT_UNKNOWN,
		"file /var/lib/backup/last", "in the future", 0},
	{RECENT, {RESTIC, STAMP("restic", HOUR)}, TIMER("restic", "/usr/bin/restic backup /"), NULL,
		RESULT_UNKNOWN, "unit restic.timer", "no record",
		NOW - HOUR *USEC_PER_SEC + 2 * USEC_PER_DAY + 1},
	{RECENT, {RESTIC, STAMP("other", HOUR)}, TIMER("restic", "/usr/bin/restic backup /"), NULL,
		RESULT_UNKNOWN, "unit restic.timer", "no record", 0},
	{RECENT, {RSNAPSHOT, {"/srv/snap/alpha.0/x", "", 0}},
		TIMER("rsnapshot", "/usr/bin/rsnapshot alpha"), NULL, RESULT_PASS,
		"backup rsnapshot", "last success", 0},
	{RECENT, {BACULA(DIRECTOR)}, {{"bacula-fd.service", true, UNIT_ACTIVE, NULL}}, NULL,
		RESULT_UNKNOWN, "unit bacula-fd.service", "no record", 0},
	{RECENT, {BACULA(DIRECTOR), {"/var/lib/backup/last", "", DAYS(1)}},
		{{"bacula-fd.service", true, UNIT_ACTIVE, NULL}},
		"[backup-recent]\nstamp = /var/lib/backup/last\n", RESULT_PASS,
		"file /var/lib/backup/last", "last success", NOW + USEC_PER_DAY + 1},
	{RECENT, {{0}}, {{0}}, "[backup-recent]\nstamp = /var/lib/backup/last\n", RESULT_FAIL,
		"file /var/lib/backup/last", "", 0},
	{RECENT, {STAMP("dump", DAYS(4))}, TIMER("dump", "/usr/local/bin/dump"),
		"[backup-configured]\nunits = dump.timer\n", RESULT_FAIL, "unit dump.timer",
		"not started since", 0},
};

static void put_units(struct factset *facts, const struct vector *x)
{
	fixture_units(facts, x->units, ARRAY_SIZE(x->units), NULL, NULL);
}

static void write_files(const struct test_root *t, const struct vector *x)
{
	for (size_t i = 0; i < ARRAY_SIZE(x->files) && x->files[i].path; i++) {
		const struct timeval v[2] = {
			{.tv_sec = NOW_S - x->files[i].age}, {.tv_sec = NOW_S - x->files[i].age}};
		test_write(t, x->files[i].path, x->files[i].text);
		assert_int_equal(utimes(test_path(t, x->files[i].path), v), 0);
		/* The directory as well: rsnapshot's record is one. */
		char dir[256];
		(void)snprintf(dir, sizeof(dir), "%s", x->files[i].path);
		*strrchr(dir, '/') = '\0';
		assert_int_equal(utimes(test_path(t, dir), v), 0);
	}
}

static void test_vectors(_unused_ void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *x = &vectors[i];
		struct policy *policy = fixture_policy(x->conf);
		struct factset facts = {0};
		struct fact *f = NULL;
		struct test_root t;
		test_root_init(&t);
		write_files(&t, x);
		const struct collect c = {.root = &t.root, .facts = &facts, .policy = policy};
		assert_int_equal(fact_collect(FACT_BACKUPS, &c, &f), 0);
		factset_put(&facts, f);
		put_units(&facts, x);
		struct verdict *v = verdict_new();
		assert_int_equal(check_judge(check_find(x->check), &facts, policy, NOW, v), 0);
		if (v->result != x->result)
			fail_msg("vector %zu: %s: %s", i, result_name(v->result), v->summary);
		if (x->subject) {
			assert_true(v->n_evidence > 0);
			assert_string_equal(v->evidence[0].subject, x->subject);
			if (!strstr(v->evidence[0].observed, x->observed))
				fail_msg("vector %zu: %s", i, v->evidence[0].observed);
		}
		if (x->until)
			assert_int_equal(v->until_realtime_usec, x->until);
		verdict_free(v);
		policy_free(policy);
		factset_fini(&facts);
		test_root_fini(&t);
	}
}

/* A configuration that can't be read is none that passes, nor one that fails. */
static void test_config_unread(_unused_ void **state)
{
	static const struct vector x = {
		.files = {{"/usr/bin/borgmatic", "", 0}, {"/usr/bin/rsnapshot", "", 0}},
		.units = TIMER("borgmatic", "borgmatic")};
	static const char *const paths[] = {"/etc/borgmatic/config.yaml", "/etc/rsnapshot.conf"};
	struct policy *policy = fixture_policy(NULL);

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct factset facts = {0};
		struct fact *f = NULL;
		struct test_root t;
		test_root_init(&t);
		write_files(&t, &x);
		test_write(&t, paths[i], "");
		assert_int_equal(truncate(test_path(&t, paths[i]), 64 << 20), 0);
		const struct collect c = {.root = &t.root, .facts = &facts, .policy = policy};
		assert_int_equal(fact_collect(FACT_BACKUPS, &c, &f), 0);
		factset_put(&facts, f);
		put_units(&facts, &x);
		struct verdict *v = verdict_new();
		assert_int_equal(check_judge(check_find(CONFIGURED), &facts, policy, NOW, v), 0);
		assert_int_equal(v->evidence[i].result, RESULT_ERROR);
		assert_non_null(strstr(v->evidence[i].observed, paths[i]));
		verdict_free(v);
		factset_fini(&facts);
		test_root_fini(&t);
	}
	policy_free(policy);
}

static void test_unreadable(_unused_ void **state)
{
	static const char *const checks[] = {CONFIGURED, RECENT};
	struct policy *policy = fixture_policy(NULL);

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		struct factset facts = {0};
		struct verdict *v = verdict_new();
		assert_int_equal(check_judge(check_find(checks[i]), &facts, policy, NOW, v), 0);
		assert_int_equal(v->result, RESULT_ERROR);
		verdict_free(v);
		struct fact *f = fact_new(FACT_BACKUPS);
		f->u.backups = arena_alloc(f->arena, sizeof(*f->u.backups));
		factset_put(&facts, f);
		v = verdict_new();
		assert_int_equal(check_judge(check_find(checks[i]), &facts, policy, NOW, v), 0);
		assert_int_equal(v->result, RESULT_ERROR);
		verdict_free(v);
		factset_fini(&facts);
	}
	policy_free(policy);
}

static void test_unreadable_config(_unused_ void **state)
{
	static const struct vector x = {
		.check = CONFIGURED, .files = {{"/usr/bin/rsnapshot", "", 0}}};
	struct policy *policy = fixture_policy(NULL);
	struct factset facts = {0};
	struct fact *f = NULL;
	struct test_root t;

	test_root_init(&t);
	write_files(&t, &x);
	test_write(&t, "/etc/rsnapshot.conf", "");
	assert_int_equal(truncate(test_path(&t, "/etc/rsnapshot.conf"), 1 << 30), 0);
	const struct collect c = {.root = &t.root, .facts = &facts, .policy = policy};
	assert_int_equal(fact_collect(FACT_BACKUPS, &c, &f), 0);
	factset_put(&facts, f);
	assert_int_equal(f->u.backups->n, 1);
	assert_non_null(strstr(f->u.backups->v[0].fault, "/etc/rsnapshot.conf"));
	policy_free(policy);
	factset_fini(&facts);
	test_root_fini(&t);
}

static void test_rsnapshot(_unused_ void **state)
{
	struct arena *a = arena_new();
	struct rsnapshot c;

	assert_int_equal(rsnapshot_parse(a,
				 "# snapshot_root /no\nsnapshot_root\t/a/b/\r\n"
				 "#retain x 1\ninterval\thourly\t6\nretain\tdaily\t7\n"
				 "backup\t/etc/\tlocalhost/ # x\nbackup_script\tx y\tz\n",
				 &c),
		0);
	assert_string_equal(c.root, "/a/b/");
	assert_string_equal(c.interval, "hourly");
	assert_int_equal(c.n_backups, 2);
	assert_false(c.includes);
	assert_int_equal(c.blanks_line, 0);
	assert_int_equal(rsnapshot_parse(a, "# a b\nretain\tx\t1\nbackup /etc/ l/\n", &c), 0);
	assert_int_equal(c.blanks_line, 3);
	assert_int_equal(c.n_backups, 0);
	assert_int_equal(rsnapshot_parse(a, "include_conf\t/etc/x\n", &c), 0);
	assert_true(c.includes);
	arena_free(a);
}

static void test_bacula(_unused_ void **state)
{
	static const struct {
		const char *text;
		bool director, local;
		unsigned line;
	} rows[] = {
		{"", false, false, 0},
		{"director{Name=x}\n", true, false, 0},
		{"# Director {\n", false, false, 0},
		{"Director {\nName = m\nMonitor = Yes\n}\n", false, false, 0},
		{"Director {\nName = m\nMonitor = Yes\n}\nDirector {\n}\nFD Address = "
		 "\"127.0.0.1\"\n",
			true, true, 7},
		{"FDAddress = 10.0.0.1\n", false, false, 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool director, local;
		unsigned line;
		bacula_fd_parse(rows[i].text, &director, &local, &line);
		if (director != rows[i].director || local != rows[i].local || line != rows[i].line)
			fail_msg("row %zu: %d %d %u", i, director, local, line);
	}
}

static void test_memory(_unused_ void **state)
{
	static const struct vector x = {.files = {RSNAPSHOT, RESTIC, SNAPSHOT(1), STAMP("a", 1)}};
	struct policy *policy = fixture_policy("[backup-recent]\nstamp = /none\n");
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	write_files(&t, &x);
	const struct collect c = {.root = &t.root, .facts = &facts, .policy = policy};
	alloc_each_collect(FACT_BACKUPS, &c, 20);
	policy_free(policy);
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_config_unread),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_unreadable_config),
		cmocka_unit_test(test_rsnapshot),
		cmocka_unit_test(test_bacula),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
