/* SPDX-License-Identifier: ISC */
/* Names, files and the collector of units. tests/system/units-diff.py asks systemctl. */
#include "test.h"

#include "alloc-collect.h"
#include "fact/fact.h"
#include "fact/unit-file.h"
#include "fact/units.h"

#define LIB "/usr/lib/systemd/system/"
#define ETC "/etc/systemd/system/"

static void test_names(void **state)
{
	static const struct {
		const char *name;
		enum unit_name_kind kind;
	} vectors[] = {
		{"ssh.service", UNIT_NAME_PLAIN},
		{"a.b.socket", UNIT_NAME_PLAIN},
		{"dev-disk-by\\x2did.device", UNIT_NAME_PLAIN},
		{"getty@.service", UNIT_NAME_TEMPLATE},
		{"getty@tty1.service", UNIT_NAME_INSTANCE},
		{"a@b@c.service", UNIT_NAME_INSTANCE},
		{"a@b.service.timer", UNIT_NAME_INSTANCE},
		{"", UNIT_NAME_INVALID},
		{".service", UNIT_NAME_INVALID},
		{"@.service", UNIT_NAME_INVALID},
		{"ssh", UNIT_NAME_INVALID},
		{"ssh.", UNIT_NAME_INVALID},
		{"ssh.conf", UNIT_NAME_INVALID},
		{"a b.service", UNIT_NAME_INVALID},
		{"a/b.service", UNIT_NAME_INVALID},
		{"\xc3\xa4.service", UNIT_NAME_INVALID},
	};
	_cleanup_(arena_freep) struct arena *a = arena_new();
	char big[300];

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		if (unit_name_kind(vectors[i].name) != vectors[i].kind)
			fail_msg("%s", vectors[i].name);
	}
	memset(big, 'a', sizeof(big));
	memcpy(big + 247, ".service", 9);
	assert_int_equal(unit_name_kind(big), UNIT_NAME_PLAIN);
	memcpy(big + 248, ".service", 9);
	big[247] = 'a';
	assert_int_equal(unit_name_kind(big), UNIT_NAME_INVALID);
	assert_string_equal(unit_name_template(a, "a@b@c.service"), "a@.service");
	assert_string_equal(unit_name_with_type(a, "a.b.timer", "service"), "a.b.service");
	assert_string_equal(unit_name_instance(a, "x@.timer", "y@i.j.service"), "x@i.j.timer");
}

struct lines {
	char text[512];
};

static int each_line(const struct unit_line *l, void *arg)
{
	struct lines *lines = arg;
	size_t len = strlen(lines->text);

	(void)snprintf(lines->text + len, sizeof(lines->text) - len, "%s.%s=%s:%u|", l->section,
		l->key, l->value, l->line);
	return strcmp(l->key, "Stop") == 0 ? -ECANCELED : 0;
}

static void test_parse(void **state)
{
	static const struct {
		const char *text, *want;
		int r;
	} vectors[] = {
		{"[Unit]\nA=1\nB = 2 \n", "Unit.A=1:2|Unit.B=2:3|", 0},
		{"A=1\n[U]\n# A=2\n ; A=3\nA=4", "U.A=4:5|", 0},
		{"[U]\nA=1 \\\n 2\\\n# no\n3\nB=4", "U.A=1   2 3:2|U.B=4:6|", 0},
		{"[U]\nA=1\\\\\nB=2", "U.A=1\\\\:2|U.B=2:3|", 0},
		{"[U]\nA=1\\", "U.A=1:2|", 0},
		{"[U]\r\nA=1\r\nB=2\r\n", "U.A=1:2|U.B=2:3|", 0},
		{"\xef\xbb\xbf[U]\nA=1", "U.A=1:2|", 0},
		{"[U]\nA=\n=2\nnothing\nB=x=y", "U.A=:2|U.B=x=y:5|", 0},
		{"[U]\nStop=1\nA=2", "U.Stop=1:2|", -ECANCELED},
		{"[U\nA=1", "", -EBADMSG},
		{"[U\"]\nA=1", "", -EBADMSG},
		{"[U]\nA=\xff\n", "", -EBADMSG},
		{"[U]\n# \xff\nA=\xc3\xa4\n", "U.A=\xc3\xa4:3|", 0},
		{"[U]\nA=\xed\xa0\x80\n", "", -EBADMSG},
		{"[U]\nA=\xc0\x80\n", "", -EBADMSG},
		{"", "", 0},
		{"\\", "", 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct lines lines = {0};
		char *text = strdup(vectors[i].text);
		int r = unit_file_parse(text, strlen(text), each_line, &lines);
		if (r != vectors[i].r || strcmp(lines.text, vectors[i].want) != 0)
			fail_msg("%zu: %d %s", i, r, lines.text);
		free(text);
	}
	char zero[] = "[U]\nA=1\0B=2\n";
	struct lines lines = {0};
	assert_int_equal(unit_file_parse(zero, sizeof(zero) - 1, each_line, &lines), 0);
	assert_string_equal(lines.text, "U.A=1:2|U.B=2:3|");
}

static void test_words(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *p = " a.service\t\"b c\"d  dev\\x2d.mount ''";

	assert_string_equal(unit_word(a, &p), "a.service");
	assert_string_equal(unit_word(a, &p), "b cd");
	assert_string_equal(unit_word(a, &p), "dev\\x2d.mount");
	assert_string_equal(unit_word(a, &p), "");
	assert_null(unit_word(a, &p));
	assert_int_equal(unit_boolean("Yes"), 1);
	assert_int_equal(unit_boolean("off"), 0);
	assert_int_equal(unit_boolean("maybe"), -EINVAL);
}

static struct fact *collect(const struct test_root *t)
{
	static struct factset none;
	const struct collect c = {.root = &t->root, .facts = &none};
	struct fact *f = NULL;

	assert_int_equal(fact_collect(FACT_UNITS, &c, &f), 0);
	return f;
}

static void link_to(const struct test_root *t, const char *path, const char *target)
{
	char dummy[512];

	/* Makes the directories of it. */
	(void)snprintf(dummy, sizeof(dummy), "%s.x", path);
	test_write(t, dummy, "");
	assert_int_equal(unlink(test_path(t, dummy)), 0);
	assert_int_equal(symlink(target, test_path(t, path)), 0);
}

static void machine(const struct test_root *t)
{
	link_to(t, "/sbin/init", "/lib/systemd/systemd");
	link_to(t, LIB "default.target", "graphical.target");
	test_write(t, LIB "graphical.target", "[Unit]\nRequires=multi-user.target\n");
	test_write(t, LIB "multi-user.target", "[Unit]\nWants=timers.target sockets.target\n");
	test_write(t, LIB "timers.target", "[Unit]\n");
	test_write(t, LIB "sockets.target", "[Unit]\n");
	test_write(t, LIB "ssh.service",
		"[Service]\nUser=root\nExecStart=/usr/sbin/sshd -D\nRestart=always\n"
		"Environment=A=1\n[Install]\nWantedBy=multi-user.target\nAlias=sshd.service\n");
	link_to(t, ETC "sshd.service", "/lib/systemd/system/ssh.service");
	link_to(t, ETC "multi-user.target.wants/ssh.service", "/lib/systemd/system/ssh.service");
	/* By its other name, by its own, by a prefix, for all services. */
	test_write(t, ETC "sshd.service.d/30.conf", "[Service]\nUser=other\n");
	test_write(t, ETC "ssh.service.d/20.conf", "[Service]\nExecStart=\n");
	test_write(t, LIB "ssh.service.d/20.conf", "[Service]\nUser=hidden\n");
	test_write(t, LIB "service.d/10.conf", "[Service]\nUser=first\n");
	test_write(t, LIB "job.timer",
		"[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n");
	test_write(t, LIB "job.service", "[Service]\nExecStart=/bin/job\n");
	link_to(t, ETC "timers.target.wants/job.timer", LIB "job.timer");
	test_write(t, LIB "web.socket",
		"[Socket]\nListenStream=80\nAccept=yes\n[Install]\nWantedBy=sockets.target\n");
	test_write(t, LIB "web@.service", "[Service]\nExecStart=/bin/web\nUser=www\n");
	link_to(t, ETC "sockets.target.wants/web.socket", LIB "web.socket");
	test_write(t, LIB "tty@.service", "[Install]\nWantedBy=multi-user.target\n");
	link_to(t, ETC "multi-user.target.wants/tty@one.service", LIB "tty@.service");
	test_write(t, LIB "off.service",
		"[Service]\nExecStart=/bin/off\n[Install]\nWantedBy=multi-user.target\n");
	test_write(t, LIB "hidden.service", "[Service]\n[Install]\nWantedBy=multi-user.target\n");
	link_to(t, ETC "hidden.service", "/dev/null");
	link_to(t, ETC "multi-user.target.wants/hidden.service", LIB "hidden.service");
	/* Wanted by the distribution, and masked for this target alone. */
	test_write(t, LIB "wanted.service", "[Service]\n");
	link_to(t, LIB "multi-user.target.wants/wanted.service", "../wanted.service");
	link_to(t, ETC "multi-user.target.wants/wanted.service", "/dev/null");
	link_to(t, ETC "circle.service", "circle2.service");
	link_to(t, ETC "circle2.service", "circle.service");
	test_write(t, "/etc/init.d/old", "#!/bin/sh\n");
	test_write(t, "/etc/init.d/never", "#!/bin/sh\n");
	assert_int_equal(chmod(test_path(t, "/etc/init.d/old"), 0755), 0);
	assert_int_equal(chmod(test_path(t, "/etc/init.d/never"), 0755), 0);
	link_to(t, "/etc/rc5.d/S01old", "../init.d/old");
}

static void test_collect(void **state)
{
	static const struct {
		const char *name;
		enum unit_file_state state;
		bool starts;
		const char *item; /* NULL: none */
	} vectors[] = {
		{"circle.service", UNIT_FILE_BAD, false, "bad"},
		{"default.target", UNIT_FILE_ALIAS, true, NULL},
		{"hidden.service", UNIT_FILE_MASKED, false, "masked"},
		{"job.service", UNIT_FILE_STATIC, true, NULL},
		{"job.timer", UNIT_FILE_ENABLED, true, "enabled, " LIB "job.timer"},
		{"never.service", UNIT_FILE_DISABLED, false, NULL},
		{"off.service", UNIT_FILE_DISABLED, false, NULL},
		{"old.service", UNIT_FILE_ENABLED, true, "enabled, /etc/init.d/old"},
		{"ssh.service", UNIT_FILE_ENABLED, true, "enabled, " LIB "ssh.service"},
		{"sshd.service", UNIT_FILE_ALIAS, true, NULL},
		{"tty@.service", UNIT_FILE_INDIRECT, false, NULL},
		{"tty@one.service", UNIT_FILE_ENABLED, true, "enabled, " LIB "tty@.service"},
		{"wanted.service", UNIT_FILE_ENABLED, false, "enabled, " LIB "wanted.service"},
		{"web.socket", UNIT_FILE_ENABLED, true, "enabled, " LIB "web.socket"},
		{"web@.service", UNIT_FILE_STATIC, true, NULL},
	};
	struct test_root t;

	test_root_init(&t);
	machine(&t);
	_cleanup_(fact_freep) struct fact *f = collect(&t);
	assert_int_equal(f->state, FACT_STATE_OK);
	const struct units *u = f->u.units;
	assert_string_equal(u->init, "systemd");
	assert_false(u->live);
	assert_null(u->live_reason);
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct unit *unit = NULL;
		const char *item = NULL, *name = vectors[i].name;
		for (size_t k = 0; k < u->n; k++) {
			if (strcmp(u->v[k].name, name) == 0)
				unit = &u->v[k];
		}
		for (size_t k = 0; k < f->n_items; k++) {
			if (strcmp(f->items[k].subject + strlen("unit "), name) == 0)
				item = f->items[k].value;
		}
		if (!unit) {
			fail_msg("%s is missing", name);
			continue;
		}
		if (unit->state != vectors[i].state || unit->starts != vectors[i].starts)
			fail_msg(
				"%s: %s %d", name, unit_file_state_name(unit->state), unit->starts);
		if (!item != !vectors[i].item || (item && strcmp(item, vectors[i].item) != 0))
			fail_msg("%s: item %s", name, item ? item : "none");
	}
	test_root_fini(&t);
}

static void test_settings(void **state)
{
	struct test_root t;

	test_root_init(&t);
	machine(&t);
	_cleanup_(fact_freep) struct fact *f = collect(&t);
	const struct units *u = f->u.units;
	const struct unit *ssh = units_find(u, "sshd.service");
	assert_non_null(ssh);
	assert_string_equal(ssh->name, "ssh.service");
	assert_string_equal(ssh->path, LIB "ssh.service");
	/* 10 for all services, 20 of /etc hides 20 of /usr/lib, 30 by the other name. */
	assert_string_equal(unit_setting(ssh, "User"), "other");
	assert_null(unit_setting(ssh, "ExecStart"));
	assert_string_equal(unit_setting(ssh, "Environment"), "A=1");
	assert_null(unit_setting(ssh, "Restart"));
	const struct unit_setting *last = &ssh->settings[ssh->n_settings - 1];
	assert_string_equal(last->path, ETC "sshd.service.d/30.conf");
	assert_int_equal(last->line, 2);
	for (size_t i = 0; i < ssh->n_settings; i++)
		assert_string_not_equal(ssh->settings[i].value, "hidden");
	assert_true(unit_is_on(u, "sshd.service"));
	assert_true(unit_is_effective(u, "job.timer"));
	assert_false(unit_is_effective(u, "off.service"));
	assert_false(unit_is_on(u, "nothing.service"));
	assert_null(units_find(u, "nothing.service"));
	test_root_fini(&t);
}

static void test_no_systemd(void **state)
{
	struct test_root t;

	test_root_init(&t);
	_cleanup_(fact_freep) struct fact *none = collect(&t);
	assert_string_equal(none->u.units->init, "none");
	link_to(&t, "/sbin/init", "/bin/busybox");
	_cleanup_(fact_freep) struct fact *busybox = collect(&t);
	assert_string_equal(busybox->u.units->init, "busybox");
	assert_int_equal(busybox->u.units->n, 0);
	test_write(&t, "/sbin/openrc", "");
	_cleanup_(fact_freep) struct fact *openrc = collect(&t);
	assert_string_equal(openrc->u.units->init, "openrc");
	test_root_fini(&t);
}

/* What somebody put there to hurt: each is bad by itself, and the rest is read. */
static void test_hostile(void **state)
{
	struct test_root t;

	test_root_init(&t);
	machine(&t);
	assert_int_equal(mkfifo(test_path(&t, LIB "fifo.service"), 0600), 0);
	link_to(&t, ETC "tofifo.service", "/opt/fifo");
	assert_int_equal(mkdir(test_path(&t, "/opt"), 0755), 0);
	assert_int_equal(mkfifo(test_path(&t, "/opt/fifo"), 0600), 0);
	test_write(&t, ETC "big.service", "[Unit]\n");
	assert_int_equal(truncate(test_path(&t, ETC "big.service"), 1 << 30), 0);
	link_to(&t, ETC "self.service", "self.service");
	link_to(&t, ETC "zero.service", "/dev/zero");
	_cleanup_(fact_freep) struct fact *f = collect(&t);
	assert_int_equal(f->state, FACT_STATE_OK);
	static const char *const bad[] = {
		"big.service", "self.service", "tofifo.service", "zero.service"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct unit *u = units_find(f->u.units, bad[i]);
		if (!u || u->state != UNIT_FILE_BAD)
			fail_msg("%s: %s", bad[i], u ? unit_file_state_name(u->state) : "missing");
	}
	assert_true(unit_is_on(f->u.units, "ssh.service"));
	test_root_fini(&t);
}

/* systemd-run's own, of which nothing is left but a broken file: it is nobody's to keep. */
static void test_transient(void **state)
{
	struct test_root t;
	bool etc = false;

	test_root_init(&t);
	machine(&t);
	link_to(&t, "/run/systemd/transient/fixit.service", "fixit.service");
	link_to(&t, ETC "broken.service", "broken.service");
	_cleanup_(fact_freep) struct fact *f = collect(&t);
	assert_int_equal(f->state, FACT_STATE_OK);
	const struct unit *u = units_find(f->u.units, "fixit.service");
	assert_non_null(u);
	assert_int_equal(u->state, UNIT_FILE_BAD);
	for (size_t i = 0; i < f->n_items; i++) {
		if (strstr(f->items[i].subject, "fixit"))
			fail_msg("%s is an item", f->items[i].subject);
		etc = etc || strcmp(f->items[i].subject, "unit broken.service") == 0;
	}
	assert_true(etc);
	test_root_fini(&t);
}

static void test_unreadable(void **state)
{
	struct test_root t;

	test_root_init(&t);
	machine(&t);
	/* A directory of units that leads in a circle cannot be listed. */
	link_to(&t, "/usr/local/lib/systemd/system", "/usr/local/lib/systemd/system");
	_cleanup_(fact_freep) struct fact *f = collect(&t);
	assert_int_equal(f->state, FACT_STATE_MALFORMED);
	assert_non_null(strstr(f->reason, "/usr/local/lib/systemd/system"));
	test_root_fini(&t);
}

static void test_memory(void **state)
{
	static struct factset none;
	struct test_root t;

	test_root_init(&t);
	machine(&t);
	const struct collect c = {.root = &t.root, .facts = &none};
	alloc_each_collect(FACT_UNITS, &c, 100);
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_collect),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_no_systemd),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_transient),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
