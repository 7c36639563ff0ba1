/* SPDX-License-Identifier: ISC */
/* How long logs are kept: journald.conf, the journal's files, logrotate, and the verdict. */
#include "test.h"

#include <endian.h>

#include "alloc-fail.h"
#include "check/check.h"
#include "conf/conf.h"
#include "fact/cron.h"
#include "fact/log-kept.h"
#include "fact/logging.h"
#include "fact/units.h"

#define NOW	(UINT64_C(1795305600) * USEC_PER_SEC) /* 2026-11-22 */
#define JCONF	"/etc/systemd/journald.conf"
#define ROTATE	"/etc/logrotate.conf"
#define SYSLOG	"module(load=\"imuxsock\")\n*.* /var/log/syslog\n"
#define PASS	RESULT_PASS
#define FAIL	RESULT_FAIL
#define INFO	RESULT_INFORMATIONAL
#define UNK	RESULT_UNKNOWN
#define ERR	RESULT_ERROR
#define FOREVER "[Journal]\nStorage=persistent\nMaxRetentionSec=0\n"

struct vector {
	const char *name;
	const char *journald;  /* NULL: no journald.conf */
	unsigned journal_days; /* age of the journal's first entry; 0: no journal */
	const char *logrotate, *rsyslog;
	enum result result;
	const char *observed;
	const char *conf;
};

static const struct vector vectors[] = {
	{"an old journal", "[Journal]\n", 100, NULL, NULL, PASS, "(the journal)", NULL},
	{"a younger one suffices", "[Journal]\n", 40, NULL, NULL, PASS, NULL,
		"[log-retention]\nretention_days = 30\n"},
	{"no directory", "[Journal]\n", 0, NULL, NULL, FAIL, "Storage=auto without", NULL},
	{"volatile", "[Journal]\nStorage=volatile\n", 100, NULL, NULL, FAIL, "lost at each boot",
		NULL},
	{"none", "[Journal]\nStorage=none\n", 100, NULL, NULL, FAIL, "keeps nothing", NULL},
	{"by age", "[Journal]\nMaxRetentionSec=1month\n", 100, NULL, NULL, FAIL,
		"removes entries after 30 days", NULL},
	{"by age, long enough", "[Journal]\nMaxRetentionSec=6month\n", 100, NULL, NULL, PASS, NULL,
		NULL},
	{"by size, full soon", "[Journal]\nSystemMaxUse=4K\n", 20, NULL, NULL, FAIL,
		"bounded by SystemMaxUse, which fills up in less than 90 days", NULL},
	{"by size, with room", "[Journal]\nSystemMaxUse=1G\nSystemKeepFree=1M\n", 20, NULL, NULL, PASS, NULL, NULL},
	{"by size, too young", "[Journal]\nSystemMaxUse=1G\n", 2, NULL, NULL, INFO,
		"too little is logged yet", NULL},
	{"no journal at all", NULL, 0, NULL, NULL, FAIL, "there is no journal", NULL},
	{"files that nothing rotates", "[Journal]\nStorage=none\n", 0, NULL, SYSLOG, PASS,
		"files of the syslog daemon", NULL},
	{"files kept for long", "[Journal]\nStorage=none\n", 0,
		"/var/log/syslog { weekly\nrotate 13\n}\n", SYSLOG, PASS, NULL, NULL},
	{"files kept for short", "[Journal]\nStorage=none\n", 0,
		"rotate 4\nweekly\n/var/log/syslog { }\n", SYSLOG, FAIL,
		"kept 28 days (weekly, rotate 4)", NULL},
	{"what the journal has, too", "[Journal]\n", 100, "/var/log/syslog {\ndaily\nrotate 1\n}\n",
		SYSLOG, PASS, NULL, NULL},
	{"another log", "[Journal]\n", 100, "/var/log/ng*/*.log {\ndaily\nrotate 14\n}\n", NULL,
		FAIL, "kept 14 days", NULL},
	{"one that is not there", "[Journal]\n", 100, "/var/log/none {\ndaily\nrotate 1\n}\n", NULL,
		PASS, NULL, NULL},
	{"maxage", "[Journal]\n", 100, "/var/log/nginx/a.log {\nweekly\nrotate -1\nmaxage 20\n}\n",
		NULL, FAIL, "by maxage", NULL},
	{"kept for ever", "[Journal]\n", 100, "/var/log/nginx/a.log {\nsize 1k\nrotate -1\n}\n",
		NULL, PASS, NULL, NULL},
	{"by size", "[Journal]\n", 100, "/var/log/nginx/a.log {\nsize 1k\nrotate 99\n}\n", NULL,
		INFO, "rotated by size", NULL},
	{"maxsize", "[Journal]\n", 100,
		"/var/log/nginx/a.log {\nmonthly\nmaxsize 1k\nrotate 12\n}\n", NULL, INFO,
		"earlier when maxsize", NULL},
	{"months", "[Journal]\n", 100, "/var/log/nginx/a.log {\nmonthly\nrotate 3\n}\n", NULL, PASS,
		NULL, NULL},
	{"hours", "[Journal]\n", 100, "/var/log/nginx/a.log {\nhourly\nrotate 100\n}\n", NULL, FAIL,
		"kept 4 days (hourly, rotate 100)", NULL},
	{"records of logins, in the journal too", "[Journal]\n", 100,
		"/var/log/wtmp {\nmonthly\nrotate 1\n}\n/var/log/btmp {\nmonthly\nrotate 1\n}\n",
		NULL, PASS, NULL, NULL},
	{"records of logins alone", "[Journal]\nStorage=none\n", 0,
		"/var/log/btmp {\nmonthly\nrotate 1\n}\n", NULL, FAIL,
		"kept 30 days (monthly, rotate 1)", NULL},
	{"an error", "[Journal]\n", 100, "rotate x\n", NULL, UNK, "is not a whole number", NULL},
};

static struct policy *make_policy(const char *text)
{
	struct errlist errors = {0};
	struct policy *policy = NULL;
	int r = conf_load_text("test.conf", text, strlen(text), &errors, &policy);

	if (r < 0)
		fail_msg("%s", errors.n ? errors.v[0].text : "no policy");
	errlist_fini(&errors);
	return policy;
}

/* A file of the system's journal whose first entry is that old, and 64 KiB large. */
static void make_journal(const struct test_root *t, unsigned days)
{
	static const char path[] =
		"/var/log/journal/0123456789abcdef0123456789abcdef/system.journal";
	char header[65536] = "LPKSHHRH";
	uint64_t first = htole64(NOW - days * USEC_PER_DAY);

	memcpy(header + 184, &first, sizeof(first));
	memset(header + 192, 'x', sizeof(header) - 192);
	test_write(t, path, "");
	FILE *f = fopen(test_path(t, path), "we");
	assert_non_null(f);
	assert_int_equal(fwrite(header, 1, sizeof(header), f), sizeof(header));
	assert_int_equal(fclose(f), 0);
}

static void make_root(struct test_root *t, const struct vector *v)
{
	test_root_init(t);
	test_write(t, "/var/log/syslog", "");
	test_write(t, "/var/log/btmp", "");
	test_write(t, "/var/log/wtmp", "");
	test_write(t, "/var/log/nginx/a.log", "");
	if (v->journald)
		test_write(t, JCONF, v->journald);
	if (v->journal_days)
		make_journal(t, v->journal_days);
	if (v->logrotate)
		test_write(t, ROTATE, v->logrotate);
	if (v->rsyslog)
		test_write(t, "/etc/rsyslog.conf", v->rsyslog);
}

static int collect(const struct test_root *t, struct factset *facts)
{
	static const enum fact_id ids[] = {FACT_LOGGING, FACT_LOG_KEPT};
	const struct collect c = {.root = &t->root, .facts = facts, .realtime_usec = NOW};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(ids); i++) {
		struct fact *f = NULL;
		r = fact_collect(ids[i], &c, &f);
		if (r == 0)
			factset_put(facts, f);
	}
	return r;
}

/* rsyslog runs, and logrotate by its timer unless that is not started. */
static void put_schedule(struct factset *facts, bool timer)
{
	struct fact *f = fact_new(FACT_UNITS);
	struct units *u = arena_alloc(f->arena, sizeof(*u));
	struct unit *v = arena_alloc(f->arena, 3 * sizeof(*v));
	static const struct unit_setting daily = {"OnCalendar", "daily", "/t", 1},
					 rotate = {"ExecStart", "/usr/sbin/logrotate x", "/s", 1};
	struct fact *cron = fact_new(FACT_CRON);

	v[0] = (struct unit){.name = "logrotate.timer",
		.path = "/t",
		.starts = timer,
		.settings = &daily,
		.n_settings = 1};
	v[1] = (struct unit){.name = "rsyslog.service", .path = "/x", .starts = true};
	v[2] = (struct unit){
		.name = "logrotate.service", .path = "/s", .settings = &rotate, .n_settings = 1};
	assert_int_equal(units_sort(f->arena, v, 3, u), 0);
	cron->u.cron = arena_alloc(cron->arena, sizeof(*cron->u.cron));
	factset_put(facts, cron);
	u->init = "systemd";
	f->u.units = u;
	factset_put(facts, f);
}

static void judge(const struct vector *v, const struct factset *facts)
{
	struct policy *policy = make_policy(v->conf ? v->conf : "");
	struct verdict *verdict = verdict_new();
	bool found = !v->observed;

	assert_int_equal(check_judge(check_find("log-retention"), facts, policy, NOW, verdict), 0);
	if (verdict->result != v->result)
		fail_msg("%s: %s (%s)", v->name, result_name(verdict->result), verdict->summary);
	found = found || strstr(verdict->summary, v->observed);
	for (size_t i = 0; i < verdict->n_evidence; i++)
		found = found || strstr(verdict->evidence[i].observed, v->observed);
	if (!found)
		fail_msg("%s: %s", v->name, verdict->summary);
	verdict_free(verdict);
	policy_free(policy);
}

static void test_vectors(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct factset facts = {0};
		struct test_root t;
		make_root(&t, &vectors[i]);
		assert_int_equal(collect(&t, &facts), 0);
		put_schedule(&facts, true);
		judge(&vectors[i], &facts);
		factset_fini(&facts);
		test_root_fini(&t);
	}
}

static void test_unreadable(void **state)
{
	static const struct vector good = {.journald = FOREVER, .journal_days = 100};
	static const struct vector rotate = {
		"logrotate.conf", NULL, 0, NULL, NULL, ERR, "/etc/logrotate.conf is a FIFO", NULL};
	static const struct vector journald = {
		"journald.conf", NULL, 0, NULL, NULL, ERR, "journald.conf is a FIFO", NULL};
	static const struct {
		const char *path;
		const struct vector *v;
	} rows[] = {{ROTATE, &rotate}, {JCONF, &journald}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct factset facts = {0};
		struct test_root t;
		make_root(&t, &good);
		(void)remove(test_path(&t, rows[i].path));
		assert_int_equal(mkfifo(test_path(&t, rows[i].path), 0644), 0);
		assert_int_equal(collect(&t, &facts), 0);
		put_schedule(&facts, true);
		judge(rows[i].v, &facts);
		factset_fini(&facts);
		test_root_fini(&t);
	}
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t usec;
		int result;
	} spans[] = {
		{"90d", 90 * USEC_PER_DAY, 0},
		{"1month 2w", UINT64_C(2629800000000) + 14 * USEC_PER_DAY, 0},
		{"5", 5 * USEC_PER_SEC, 0},
		{"1.5h", 90 * USEC_PER_MIN, 0},
		{"2M", UINT64_C(5259600000000), 0},
		{"2m", 2 * USEC_PER_MIN, 0},
		{"infinity", USEC_INFINITY, 0},
		{"", 0, -EINVAL},
		{"d", 0, -EINVAL},
		{"5 parsecs", 0, -EINVAL},
		{"-1d", 0, -EINVAL},
		{"99999999999999999999y", 0, -EINVAL},
	};
	static const struct {
		const char *text;
		uint64_t size;
		int result;
	} sizes[] = {{"200M", 200 << 20, 0}, {"1.5K", 1536, 0}, {"512", 512, 0}, {"1G", 1 << 30, 0},
		{"1X", 0, -EINVAL}, {"", 0, -EINVAL}, {"1MB", 0, -EINVAL}, {"9999E", 0, -EINVAL}};

	for (size_t i = 0; i < ARRAY_SIZE(spans); i++) {
		uint64_t n = 0;
		assert_int_equal(journal_parse_span(spans[i].text, &n), spans[i].result);
		assert_int_equal(n, spans[i].usec);
	}
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint64_t n = 0;
		assert_int_equal(journal_parse_size(sizes[i].text, &n), sizes[i].result);
		assert_int_equal(n, sizes[i].size);
	}
}

static int collect_once(void *t)
{
	struct factset facts = {0};
	int r = collect(t, &facts);

	factset_fini(&facts);
	return r;
}

static void test_alloc(void **state)
{
	static const struct vector v = {.journald = "[Journal]\nSystemMaxUse=1G\n",
		.journal_days = 10,
		.logrotate =
			"tabooext + .x\n/var/log/syslog \"/var/log/nginx/a.log\" {\nrotate 1\n}\n"
			"include /etc/logrotate.d\n"};
	struct test_root t;

	make_root(&t, &v);
	test_write(&t, "/etc/logrotate.d/a", "/var/log/nginx/*.log {\n rotate x\n}\n");
	alloc_each(collect_once, &t, 5);
	test_root_fini(&t);
}

/* What nothing rotates grows; where that cannot be told, it is not passed over. */
static void test_schedule(void **state)
{
	static const char rotate[] = "/var/log/nginx/a.log {\nmonthly\nrotate 3\n}\n";
	static const struct vector on = {
		"on", FOREVER, 100, rotate, NULL, PASS, "the journal", NULL};
	static const struct vector off = {
		"off", FOREVER, 100, rotate, NULL, FAIL, "nothing runs logrotate", NULL};
	static const struct vector none = {
		"none", FOREVER, 100, rotate, NULL, FAIL, "no timer and no cron job", NULL};
	static const struct vector unread = {
		"unread", FOREVER, 100, rotate, NULL, UNK, "cannot be told", NULL};
	struct cron_job job = {.path = "/etc/cron.daily/logrotate",
		.user = "root",
		.command = "/etc/cron.daily/logrotate"};
	struct factset facts = {0};
	struct test_root t;

	make_root(&t, &on);
	assert_int_equal(collect(&t, &facts), 0);
	judge(&unread, &facts);
	put_schedule(&facts, true);
	judge(&on, &facts);
	put_schedule(&facts, false);
	judge(&off, &facts);
	struct cron *cron = (struct cron *)facts.v[FACT_CRON]->u.cron;
	*cron = (struct cron){.v = &job, .n = 1, .daemon = "cron"};
	judge(&on, &facts);
	((struct units *)facts.v[FACT_UNITS]->u.units)->n = 0;
	job.idle = "leaves it to systemd's timer";
	judge(&off, &facts);
	cron->n = 0;
	judge(&none, &facts);
	factset_fini(&facts);
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_schedule),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
