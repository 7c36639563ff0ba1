/* SPDX-License-Identifier: ISC */
/* Tables of cron and the collector. tests/system/cron-diff.py asks crontab and run-parts. */
#include "test.h"

#include "alloc-collect.h"
#include "fact/cron-command.h"
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

static void test_programs(void **state)
{
	static const struct {
		const char *command, *want;
	} vectors[] = {
		{"run-parts /etc/cron.daily", "run-parts"},
		{"cd / && run-parts --report /etc/cron.hourly", "cd, run-parts"},
		{"test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }",
			"test, cd, run-parts"},
		{"[ -x /usr/bin/debsecan ] && exec debsecan --cron", "test, exec, debsecan"},
		{"if true; then ./x; else y; fi", "true, ./x, y"},
		{"for i in geheim b; do x; done", "x"},
		{"a | b > /dev/null 2>&1 && c </dev/null", "a, b, c"},
		{"2>/dev/null a &> geheim b", "a"},
		{"a <<< geheim", "a"},
		{"(a; b)", "a, b"},
		{"a; b; c; d; e", "a, b, c, d, ..."},
		{"a # && geheim", "a"},
		{"a -x % && geheim", "a"},
		{"a \\% && b", "a, b"},
		/* Wrappers, as far as their options are known. */
		{"nice -n 10 ionice -c2 -n 7 restic backup", "nice, ionice, restic"},
		{"timeout -k 5 60 a", "timeout, a"},
		{"flock -n /run/lock a", "flock, a"},
		{"flock /run/lock -c geheim", "flock, ..."},
		{"sudo -u alice -p geheim a", "sudo, a"},
		{"sudo --prompt geheim a", "sudo, ..."},
		{"env -i A=geheim a", "env, a"},
		{"env -S geheim", "env, ..."},
		/* Of secrets nothing is told, wherever they stand. */
		{"sshpass -p geheim ssh h", "sshpass"},
		{"curl -u user:geheim https://h", "curl"},
		{"x --password='a b geheim'", "x"},
		{"x --passphrase=a\\ geheim", "x"},
		{"mysqldump -p'a geheim' db", "mysqldump"},
		{"PASSWORD=$'geheim x' y", "a shell command"},
		{"PASSWORD=$'a\\' geheim' y", "a shell command"},
		{"PASSWORD='geheim x' y", "y"},
		{"PASSWORD=a\\ geheim y", "y"},
		{"PASSWORD=\"a $(cat geheim; geheim) \" y", "a shell command"},
		{"PASSWORD=`geheim` y", "a shell command"},
		{"PASSWORD=${A:-b geheim} y", "a shell command"},
		{"'PASSWORD=a' geheim", "a shell command"},
		{"A=(geheim geheim) y", "a shell command"},
		{"curl -H \"Authorization: Token geheim\" u", "curl"},
		{"ldapsearch -w geheim", "ldapsearch"},
		{"smbclient -U u%geheim", "smbclient"},
		{"openssl enc -k geheim", "openssl"},
		{"RESTIC_KEY=geheim restic", "restic"},
		{"curl https://hooks.example/services/geheim", "curl"},
		{"curl https://h/x?a=b&sig=geheim", "curl, ..."},
		{"curl https://h/x?a=b&geheim", "curl, ..."},
		{"echo geheim|x", "echo, ..."},
		{"case geheim in geheim) x;; geheim) y;; esac", "a shell command"},
		{"[[ a && geheim ]] && x", "a shell command"},
		{"echo 'no end geheim && geheim", "echo, ..."},
		{"\"$(x)\" geheim", "a shell command"},
		{"", "a shell command"},
	};
	_cleanup_(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const char *got = cron_programs(a, vectors[i].command);
		if (strstr(got, "geheim"))
			fail_msg("a secret: %s", got);
		if (strcmp(got, vectors[i].want) != 0)
			fail_msg("%s: %s", vectors[i].command, got);
	}
}

static struct fact *collect(const struct test_root *t)
{
	struct factset facts = {0};
	const struct collect c = {.root = &t->root, .facts = &facts};
	struct fact *f = NULL;

	assert_int_equal(fact_collect(FACT_ACCOUNTS, &c, &f), 0);
	factset_put(&facts, f);
	assert_int_equal(fact_collect(FACT_CRON, &c, &f), 0);
	factset_fini(&facts);
	return f;
}

static void script(const struct test_root *t, const char *path, mode_t mode)
{
	test_write(t, path, "#!/bin/sh\n");
	assert_int_equal(chmod(test_path(t, path), mode), 0);
}

static void machine(const struct test_root *t)
{
	test_write(t, "/etc/ssh/ssh_host_ed25519_key", "one machine's key\n");
	test_write(t, "/etc/passwd",
		"root:x:0:0::/root:/bin/sh\nwww:x:33:33::/:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n");
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
	assert_int_equal(chmod(test_path(t, "/var/spool/cron/crontabs/alice"), 0600), 0);
	test_write(t, "/var/spool/cron/crontabs/tmp.x1y2z3", "@reboot /tmp/up\n");
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
			"root, 1970-01-01T04:15:00Z: touch, command "},
		{"cron job /etc/anacrontab: run-parts", "root, every 1 days, command "},
		{"cron job /etc/cron.d/good: x", "www, */5 * * * *, command "},
		{"cron job /etc/cron.daily/run", "root, daily"},
		{"cron job /etc/crontab: cd, run-parts", "root, 17 *\\t* * *, command "},
		{"cron job /var/spool/cron/crontabs/alice: /home/alice/up",
			"alice, @reboot, command "},
		{"cron job /var/spool/cron/crontabs/root: /root/up", "root, @reboot, command "},
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
		size_t n = strlen(items[i].value);
		assert_memory_equal(f->items[i].value, items[i].value, n);
		assert_int_equal(
			strlen(f->items[i].value), n + (items[i].value[n - 1] == ' ' ? 12 : 0));
	}
	assert_int_equal(f->n_items, ARRAY_SIZE(items));
	/* What is not run is there with why. */
	size_t idle = 0;
	for (size_t i = 0; i < f->u.cron->n; i++)
		idle += f->u.cron->v[i].idle != NULL;
	assert_int_equal(idle, 5); /* named.sh, bad's first, open, off, dot.sh */
	test_root_fini(&t);
}

static const char *value_of(const struct fact *f, const char *subject)
{
	for (size_t i = 0; i < f->n_items; i++) {
		if (strcmp(f->items[i].subject, subject) == 0)
			return f->items[i].value;
	}
	fail_msg("no item %s", subject);
	return NULL;
}

/* Each change of an argument is told, and no argument is. */
static void test_change(void **state)
{
	static const char subject[] = "cron job /etc/cron.d/good: x";
	static const struct {
		const char *text;
		bool same;
	} changes[] = {
		{"* * * * * root x -p geheim\n", true},
		{"# a\n* * * * * root x -p geheim\n", true},
		{"* * * * * root x -p geheim2\n", false},
		{"* * * * * root x -p geheim # y\n", false},
		{"* * * * * www x -p geheim\n", false},
	};
	struct test_root t;

	if (geteuid() != 0)
		skip();
	test_root_init(&t);
	machine(&t);
	test_write(&t, "/etc/cron.d/good", changes[0].text);
	_cleanup_(fact_freep) struct fact *before = collect(&t);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		test_write(&t, "/etc/cron.d/good", changes[i].text);
		_cleanup_(fact_freep) struct fact *f = collect(&t);
		bool same = strcmp(value_of(f, subject), value_of(before, subject)) == 0;
		if (same != changes[i].same)
			fail_msg("%s%s", changes[i].text, value_of(f, subject));
		for (size_t k = 0; k < f->n_items; k++) {
			assert_null(strstr(f->items[k].subject, "geheim"));
			assert_null(strstr(f->items[k].value, "geheim"));
		}
	}
	/* Of another machine it is another one: nobody can try passwords against it. */
	test_write(&t, "/etc/cron.d/good", changes[0].text);
	test_write(&t, "/etc/ssh/ssh_host_ed25519_key", "another machine's key\n");
	_cleanup_(fact_freep) struct fact *other = collect(&t);
	assert_string_not_equal(value_of(other, subject), value_of(before, subject));
	/* And without a key there is none, but when the file changed. */
	assert_int_equal(unlink(test_path(&t, "/etc/ssh/ssh_host_ed25519_key")), 0);
	_cleanup_(fact_freep) struct fact *none = collect(&t);
	assert_memory_equal(value_of(none, subject), "root, * * * * *, file of 2",
		strlen("root, * * * * *, file of 2"));
	test_root_fini(&t);
}

/* A user that is none may be a word of the command: it is not told, and such a table not run. */
static void test_strangers(void **state)
{
	static const char subject[] = "cron job /etc/cron.d/good: pg_dump";
	static const char table[] = "1 * * * * root a\n0 1 * * * PGPASSWORD=geheim pg_dump x\n";
	static const char prefix[] = "(unknown user), 0 1 * * *, command ";
	struct test_root t;

	if (geteuid() != 0)
		skip();
	test_root_init(&t);
	machine(&t);
	test_write(&t, "/etc/cron.d/good", table);
	_cleanup_(fact_freep) struct fact *local = collect(&t);
	for (size_t i = 0; i < local->n_items; i++)
		assert_null(strstr(local->items[i].subject, "/etc/cron.d/good"));
	size_t found = 0;
	for (size_t i = 0; i < local->u.cron->n; i++) {
		const struct cron_job *j = &local->u.cron->v[i];
		if (strcmp(j->path, "/etc/cron.d/good") != 0)
			continue;
		found++;
		assert_string_equal(
			j->idle, "cron ignores the file: line 2: its user is no account");
		assert_null(strstr(j->user, "geheim"));
	}
	assert_int_equal(found, 2);
	/* A directory may know it: it is run then, for all that is known. */
	test_write(&t, "/etc/nsswitch.conf", "passwd: files sss\n");
	_cleanup_(fact_freep) struct fact *one = collect(&t);
	assert_memory_equal(value_of(one, subject), prefix, strlen(prefix));
	test_write(&t, "/etc/cron.d/good", "0 1 * * * PGPASSWORD=geheim2 pg_dump x\n");
	_cleanup_(fact_freep) struct fact *other = collect(&t);
	assert_memory_equal(value_of(other, subject), prefix, strlen(prefix));
	assert_string_not_equal(value_of(one, subject), value_of(other, subject));
	/* Cronie leaves out that line alone. */
	assert_int_equal(unlink(test_path(&t, "/etc/nsswitch.conf")), 0);
	test_write(&t, "/etc/cron.d/good", table);
	script(&t, "/usr/sbin/crond", 0755);
	_cleanup_(fact_freep) struct fact *cronie = collect(&t);
	(void)value_of(cronie, "cron job /etc/cron.d/good: a");
	for (size_t i = 0; i < cronie->n_items; i++)
		assert_string_not_equal(cronie->items[i].subject, subject);
	/* A table whose user is gone. */
	assert_int_equal(unlink(test_path(&t, "/usr/sbin/crond")), 0);
	test_write(&t, "/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
	_cleanup_(fact_freep) struct fact *gone = collect(&t);
	for (size_t i = 0; i < gone->n_items; i++)
		assert_null(strstr(gone->items[i].subject, "alice"));
	test_root_fini(&t);
}

static void write_many(const struct test_root *t, unsigned n, const char *last)
{
	FILE *f = fopen(test_path(t, "/var/spool/cron/crontabs/alice"), "we");

	assert_non_null(f);
	for (unsigned i = 0; i < n; i++)
		assert_true(fprintf(f, "%u * * * * x\n", i % 60) > 0);
	assert_true(fprintf(f, "1 2 3 4 5 %s\n", last) > 0);
	assert_int_equal(fclose(f), 0);
}

/* Whatever a user writes, a change of it is told, and it costs the others nothing. */
static void test_users(void **state)
{
	static const char rest[] = "cron job /var/spool/cron/crontabs/alice: the rest";
	const char *path;
	struct test_root t;

	if (geteuid() != 0)
		skip();
	test_root_init(&t);
	machine(&t);
	path = "/var/spool/cron/crontabs/alice";
	assert_int_equal(chown(test_path(&t, path), 1000, 1000), 0);
	write_many(&t, CRON_USER_JOBS_MAX - 1, "y");
	_cleanup_(fact_freep) struct fact *few = collect(&t);
	assert_int_equal(few->n_items, 6 + CRON_USER_JOBS_MAX);
	write_many(&t, 1000, "y");
	_cleanup_(fact_freep) struct fact *many = collect(&t);
	assert_int_equal(many->n_items, 6 + CRON_USER_JOBS_MAX + 1);
	write_many(&t, 1000, "z");
	_cleanup_(fact_freep) struct fact *changed = collect(&t);
	assert_string_not_equal(value_of(many, rest), value_of(changed, rest));
	assert_memory_equal(value_of(many, rest), "alice, 937 more, command ", 25);
	/* One that is too large is no reason to know nothing of root's. */
	assert_int_equal(truncate(test_path(&t, path), 1 << 30), 0);
	_cleanup_(fact_freep) struct fact *large = collect(&t);
	assert_int_equal(large->state, FACT_STATE_OK);
	assert_int_equal(large->n_items, 7);
	assert_non_null(strstr(value_of(large, rest), "too large"));
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
	alloc_each_collect(FACT_CRON, &c, 20);
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_collect),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
