/* SPDX-License-Identifier: ISC */
/* Tables of cron and the collector. tests/system/cron-diff.py asks crontab and run-parts. */
#include "test.h"

#include "alloc-fail.h"
#include "fact/cron-table.h"
#include "fact/cron.h"
#include "fact/fact.h"

struct got {
	char text[1024];
};

static int each(const struct cron_line *l, void *arg)
{
	struct got *g = arg;
	size_t len = strlen(g->text);

	(void)snprintf(g->text + len, sizeof(g->text) - len, "%u:%s:%s:%s|", l->line, l->when,
		l->user ? l->user : "", l->command);
	return 0;
}

static void test_parse(void **state)
{
	enum {
		USER,
		SYSTEM = CRON_SYNTAX_SYSTEM,
		CRONIE = CRON_SYNTAX_CRONIE,
		ANACRON = CRON_SYNTAX_ANACRON
	};
	static const struct {
		unsigned syntax;
		const char *text, *want;
		unsigned bad; /* line; 0: the table is taken */
	} vectors[] = {
		{USER, "17 * * * * true\n", "1:17 * * * *::true|", 0},
		{SYSTEM, "17 *\t* * *\troot  true x \n", "1:17 *\t* * *:root:true x |", 0},
		{SYSTEM, "# c\n\nA=b\nC = 'd e'\n@daily root x\n", "5:@daily:root:x|", 0},
		{USER, "*/5 1-3,7 1 jan-Mar sun x\n", "1:*/5 1-3,7 1 jan-Mar sun::x|", 0},
		{USER, "@reboot x=1 y\n", "1:@reboot::x=1 y|", 0},
		{USER, "60 * * * * x\n", "", 1},
		{USER, "* 24 * * * x\n", "", 1},
		{USER, "* * 0 * * x\n", "", 1},
		{USER, "* * * 13 * x\n", "", 1},
		{USER, "* * * * 8 x\n", "", 1},
		{USER, "1/2 * * * * x\n", "", 1},
		{USER, "*/0 * * * * x\n", "", 1},
		{USER, "* * * * x\n", "", 1},
		{USER, "* * * * * * x\n", "", 1},
		{USER, "@never x\n", "", 1},
		{SYSTEM, "* * * * * root\n", "", 1},
		{USER, "1 * * * * a\n2 * * * * b", "1:1 * * * *::a|", 2},
		{USER, "1 * * * * a\nx\n3 * * * * c\n", "1:1 * * * *::a|", 2},
		{CRONIE, "1 * * * * a\nx\n3 * * * * c", "1:1 * * * *::a|3:3 * * * *::c|", 0},
		{CRONIE, "-1~5 * * * * a\n", "1:1~5 * * * *::a|", 0},
		{ANACRON,
			"SHELL=/bin/sh\n7\t10\tcron.weekly\trun-parts x\n@monthly 45 m y\n1 2 z\n",
			"2:every 7 days::run-parts x|3:@monthly::y|", 0},
		{USER, "", "", 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		struct got got = {0};
		const char *why = NULL;
		unsigned line = 0;
		int r = cron_table_parse(
			a, vectors[i].text, vectors[i].syntax, each, &got, &line, &why);
		if (r != (vectors[i].bad ? -EBADMSG : 0) || line != vectors[i].bad ||
			!why != !line || strcmp(got.text, vectors[i].want) != 0)
			fail_msg("%zu: %d line %u %s: %s", i, r, line, why ? why : "", got.text);
	}
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		bool debian, cronie_table, cronie_script;
	} vectors[] = {
		{"logrotate", true, true, true},
		{"0anacron_X-1", true, true, true},
		{"a.sh", false, true, true},
		{".placeholder", false, false, false},
		{"a~", false, false, false},
		{"a.rpmsave", false, false, false},
		{"a.bak", false, true, false},
		{"a.dpkg-old", false, true, true},
		{"#a", false, false, false},
		{"", false, false, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const char *name = vectors[i].name;
		if (cron_name_is_run(name, false, true) != vectors[i].debian ||
			cron_name_is_run(name, false, false) != vectors[i].debian ||
			cron_name_is_run(name, true, false) != vectors[i].cronie_table ||
			cron_name_is_run(name, true, true) != vectors[i].cronie_script)
			fail_msg("%s", name);
	}
}

static void test_mask(void **state)
{
	static const struct {
		const char *command, *want;
	} vectors[] = {
		{"run-parts /etc/cron.daily", "run-parts /etc/cron.daily"},
		{"x --password=geheim -v", "x --password=*** -v"},
		{"x --password geheim", "x --password ***"},
		{"DB_PASSWORD='geheim' x", "DB_PASSWORD='***' x"},
		{"PGPASSWORD=geheim pg_dump", "PGPASSWORD=*** pg_dump"},
		{"curl -H 'Authorization: Bearer geheim' u",
			"curl -H 'Authorization: Bearer ***' u"},
		{"curl https://u:geheim@h/p", "curl https://u:***@h/p"},
		{"curl https://u:p@geheim@h/p", "curl https://u:***@h/p"},
		{"curl 'https://h/?token=geheim&a=b'", "curl 'https://h/?token=***&a=b'"},
		{"mysqldump -u root -pgeheim db", "mysqldump -u root -p*** db"},
		{"mkdir -p x", "mkdir -p x"},
		{"passwd -l x", "passwd -l x"},
		{"", ""},
	};
	_cleanup_(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		char *got = cron_mask(a, vectors[i].command, CRON_COMMAND_MAX);
		if (strstr(got, "geheim"))
			fail_msg("a secret: %s", got);
		if (strcmp(got, vectors[i].want) != 0)
			fail_msg("%s: %s", vectors[i].command, got);
	}
	assert_string_equal(cron_mask(a, "aaaa\xc3\xa4", 5), "aaaa");
}

static struct fact *collect(const struct test_root *t)
{
	static struct factset none;
	const struct collect c = {.root = &t->root, .facts = &none};
	struct fact *f = NULL;

	assert_int_equal(fact_collect(FACT_CRON, &c, &f), 0);
	return f;
}

static void script(const struct test_root *t, const char *path, mode_t mode)
{
	test_write(t, path, "#!/bin/sh\n");
	assert_int_equal(chmod(test_path(t, path), mode), 0);
}

static void machine(const struct test_root *t)
{
	script(t, "/usr/sbin/cron", 0755);
	script(t, "/usr/sbin/anacron", 0755);
	script(t, "/usr/sbin/atd", 0755);
	test_write(t, "/etc/crontab", "17 *\t* * *\troot\tcd / && run-parts /etc/cron.hourly\n");
	test_write(t, "/etc/cron.d/good", "A=b\n*/5 * * * * www x --token=geheim\n");
	test_write(t, "/etc/cron.d/named.sh", "* * * * * root x\n");
	test_write(t, "/etc/cron.d/bad", "* * * * * root x\n* * * * root y\n");
	test_write(t, "/etc/cron.d/open", "* * * * * root open\n");
	assert_int_equal(chmod(test_path(t, "/etc/cron.d/open"), 0666), 0);
	script(t, "/etc/cron.daily/run", 0755);
	script(t, "/etc/cron.daily/off", 0644);
	script(t, "/etc/cron.daily/dot.sh", 0755);
	test_write(t, "/etc/anacrontab", "1 5 cron.daily run-parts /etc/cron.daily\n");
	test_write(t, "/var/spool/cron/crontabs/root", "@reboot /root/up\n");
	assert_int_equal(chmod(test_path(t, "/var/spool/cron/crontabs/root"), 0600), 0);
	test_write(t, "/var/spool/cron/crontabs/alice", "@reboot /home/alice/up\n");
	test_write(t, "/var/spool/cron/atjobs/a00001000000ff",
		"#!/bin/sh\numask 22\nX=geheim; export X\n${SHELL:-/bin/sh} << 'marcinDELIMITER1'\n"
		"\ntouch /x\nmarcinDELIMITER1\n");
	assert_int_equal(chmod(test_path(t, "/var/spool/cron/atjobs/a00001000000ff"), 0700), 0);
}

static void test_collect(void **state)
{
	static const struct {
		const char *subject, *value;
	} items[] = {
		{"at job /var/spool/cron/atjobs/a00001000000ff",
			"root, 1970-01-01T04:15:00Z: touch /x"},
		{"cron job /etc/anacrontab: run-parts /etc/cron.daily", "root, every 1 days"},
		{"cron job /etc/cron.d/good: x --token=***", "www, */5 * * * *"},
		{"cron job /etc/cron.daily/run", "root, daily"},
		{"cron job /etc/crontab: cd / && run-parts /etc/cron.hourly", "root, 17 *\\t* * *"},
		{"cron job /var/spool/cron/crontabs/root: /root/up", "root, @reboot"},
	};
	struct test_root t;

	if (geteuid() != 0)
		skip(); /* tables must be root's */
	test_root_init(&t);
	machine(&t);
	_cleanup_(fact_freep) struct fact *f = collect(&t);
	assert_int_equal(f->state, FACT_STATE_OK);
	assert_string_equal(f->u.cron->daemon, "cron");
	for (size_t i = 0; i < f->n_items && i < ARRAY_SIZE(items); i++) {
		assert_string_equal(f->items[i].subject, items[i].subject);
		assert_string_equal(f->items[i].value, items[i].value);
	}
	assert_int_equal(f->n_items, ARRAY_SIZE(items));
	/* What is not run is there with why. */
	size_t idle = 0;
	for (size_t i = 0; i < f->u.cron->n; i++)
		idle += f->u.cron->v[i].idle != NULL;
	assert_int_equal(idle, 5); /* named.sh, bad's first, open, off, dot.sh */
	test_root_fini(&t);
}

static void test_none(void **state)
{
	struct test_root t;

	if (geteuid() != 0)
		skip();
	test_root_init(&t);
	_cleanup_(fact_freep) struct fact *empty = collect(&t);
	assert_int_equal(empty->state, FACT_STATE_OK);
	assert_int_equal(empty->u.cron->n, 0);
	machine(&t);
	assert_int_equal(unlink(test_path(&t, "/usr/sbin/cron")), 0);
	assert_int_equal(unlink(test_path(&t, "/usr/sbin/anacron")), 0);
	assert_int_equal(unlink(test_path(&t, "/usr/sbin/atd")), 0);
	_cleanup_(fact_freep) struct fact *f = collect(&t);
	assert_null(f->u.cron->daemon);
	assert_int_equal(f->n_items, 0); /* nothing runs any of it */
	test_root_fini(&t);
}

static void test_unreadable(void **state)
{
	struct test_root t;

	test_root_init(&t);
	machine(&t);
	assert_int_equal(truncate(test_path(&t, "/etc/cron.d/good"), 1 << 30), 0);
	assert_int_equal(mkfifo(test_path(&t, "/etc/cron.d/fifo"), 0600), 0);
	_cleanup_(fact_freep) struct fact *f = collect(&t);
	assert_int_equal(f->state, FACT_STATE_MALFORMED);
	assert_non_null(strstr(f->reason, "/etc/cron.d/good"));
	assert_true(fact_is_unseen(f, "cron job /etc/cron.d/good: x"));
	assert_false(fact_is_unseen(f, "cron job /etc/crontab: x"));
	test_root_fini(&t);
}

static void test_memory(void **state)
{
	static struct factset none;
	struct test_root t;

	test_root_init(&t);
	machine(&t);
	const struct collect c = {.root = &t.root, .facts = &none};
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		struct fact *f = NULL;
		alloc_count = 0;
		int r = fact_collect(FACT_CRON, &c, &f);
		fact_free(f);
		if (alloc_count < alloc_fail_at)
			break;
		assert_int_equal(r, -ENOMEM);
	}
	assert_true(alloc_fail_at > 20);
	alloc_fail_at = 0;
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_collect),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
