/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "alloc-fail.h"
#include "audit/rules.h"

static void add(struct deps *d, const char *path)
{
	deps_add(d, path, DEP_FILE);
}

/* The places as "/tree/ /single". */
static const char *show(struct arena *a, const struct audit_places *p)
{
	const char *text = "";

	for (size_t i = 0; i < p->n; i++)
		text = arena_printf(
			a, "%s%s%s%s", text, i ? " " : "", p->v[i].path, p->v[i].tree ? "/" : "");
	return text;
}

static int fold(struct arena *a, const char *const *paths, struct audit_places *ret)
{
	struct deps d;

	deps_init(&d, a);
	audit_places_init(ret, a);
	for (; *paths; paths++)
		add(&d, *paths);
	deps_seal(&d);
	if (d.failed)
		return -ENOMEM;
	int r = audit_places_add_deps(ret, &d);
	return r < 0 ? r : audit_places_fold(ret);
}

static void test_places(void **state)
{
	static const struct {
		const char *paths[12];
		const char *want;
	} vectors[] = {
		{{"/etc/passwd", "/etc/ssh/sshd_config.d", "/etc"}, "/etc/"},
		{{"/etcetera/x"}, "/etcetera/x"},
		/* never as a whole, whatever is read there */
		{{"/", "/home", "/home/alice", "/var", "/var/log/wtmp", "/tmp", "/run/sshd.pid",
			 "/proc/sys/net/ipv4/ip_forward", "/usr", "/usr/lib", "/root"},
			""},
		{{"/var/lib/dpkg/status", "/var/lib/dpkg/lock", "/var/lib/apt/lists"},
			"/var/lib/dpkg/status"},
		{{"/var/lib/dpkg/info/a", "/var/lib/dpkg/info/b", "/var/lib/dpkg/info/c"},
			"/var/lib/dpkg/info/a /var/lib/dpkg/info/b /var/lib/dpkg/info/c"},
		{{"/var/lib/dpkg/info/a", "/var/lib/dpkg/info/b", "/var/lib/dpkg/info/c",
			 "/var/lib/dpkg/info/d", "/var/lib/dpkg/info-x"},
			"/var/lib/dpkg/info/ /var/lib/dpkg/info-x"},
		/* four of one directory, though others stand between them */
		{{"/opt/x/a", "/opt/x/b", "/opt/x/b/c", "/opt/x/d", "/opt/x/e", "/opt/x-y"},
			"/opt/x/ /opt/x-y"},
		{{"/usr/lib/a", "/usr/lib/b", "/usr/lib/c", "/usr/lib/d"},
			"/usr/lib/a /usr/lib/b /usr/lib/c /usr/lib/d"},
		{{"/var/spool/cron/crontabs/alice", "/var/spool/cron/atjobs"}, "/var/spool/cron/"},
		{{"/home/alice/.ssh/authorized_keys", "/home/alice/.ssh", "/home/alice/.netrc",
			 "/root/.ssh", "/opt/z"},
			"/opt/z /home/alice/.ssh /root/.ssh /home/alice/.ssh/authorized_keys"},
		{{"/home/alice/.sshd", "/home/a/../b/.ssh"}, ""},
		{{"/usr/bin/sudo", "/usr/sbin/sshd", "/usr/local/bin/restic", "/usr/bin/.ssh"},
			"/usr/bin/ /usr/local/bin/ /usr/sbin/"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		struct audit_places p;
		assert_int_equal(fold(a, vectors[i].paths, &p), 0);
		assert_string_equal(show(a, &p), vectors[i].want);
	}
}

static void test_resolve(void **state)
{
	static const char *const paths[] = {"/bin/su", "/lib/systemd/system", "/usr/lib/systemd/x",
		"/usr/local/bin/x", "/opt/link", "/opt/gone/x", "/home/eve/.ssh",
		"/home/eve/.ssh/authorized_keys", "/home/bob/.ssh",
		"/home/bob/.ssh/authorized_keys", "/home/nobody/.ssh",
		"/srv/homes/ann/.ssh/authorized_keys", NULL};
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct audit_places p, real;
	struct test_root t;

	test_root_init(&t);
	test_write(&t, "/usr/bin/su", "");
	test_write(&t, "/usr/lib/systemd/system/x", "");
	test_write(&t, "/opt/target", "");
	test_write(&t, "/etc/precious/authorized_keys", "");
	test_write(&t, "/home/bob/.ssh/authorized_keys", "");
	test_write(&t, "/home/eve/x", "");
	test_write(&t, "/data/ann/.ssh/authorized_keys", "");
	assert_int_equal(symlink("usr/bin", test_path(&t, "/bin")), 0);
	assert_int_equal(symlink("usr/lib", test_path(&t, "/lib")), 0);
	assert_int_equal(symlink("target", test_path(&t, "/opt/link")), 0);
	/* A user leads us elsewhere: only the link itself is looked at. */
	assert_int_equal(symlink("/etc/precious", test_path(&t, "/home/eve/.ssh")), 0);
	/* An administrator's link on the way to a home is followed. */
	assert_int_equal(mkdir(test_path(&t, "/srv"), 0755), 0);
	assert_int_equal(symlink("/data", test_path(&t, "/srv/homes")), 0);
	assert_int_equal(fold(a, paths, &p), 0);
	audit_places_init(&real, a);
	assert_int_equal(audit_places_resolve(&p, &t.root, &real), 0);
	assert_string_equal(show(a, &real),
		"/usr/bin/ /usr/lib/systemd/ /opt/link /opt/target /home/bob/.ssh "
		"/home/eve/.ssh /data/ann/.ssh/authorized_keys /home/bob/.ssh/authorized_keys");
	assert_true(audit_places_same(&real, &real));
	assert_false(audit_places_same(&real, &p));
	test_root_fini(&t);
}

static int plan(struct arena *a, size_t places, enum audit_machine machine, const char *dpkg,
	struct audit_ruleset *ret)
{
	static const struct audit_place v[] = {{"/etc", true}, {"/usr/bin", true},
		{"/usr/lib/systemd", true}, {"/usr/sbin", true}, {"/var/lib/dpkg/status", false},
		{"/root/.ssh", false}};
	const struct audit_places p = {.v = (void *)v, .n = places};
	size_t left_out;

	audit_ruleset_init(ret, a);
	return audit_ruleset_plan(ret, &(struct audit_plan){&p, machine, dpkg, false}, &left_out);
}

static void test_texts(void **state)
{
	static const char *const want[] = {
		"-a always,exit -F arch=b64 -S listen -F success=1 -F key=hardend",
		"-a always,exit -F arch=b64 -S bind -F saddr_fam=2 -F success=1 -F key=hardend",
		"-a always,exit -F arch=b64 -S bind -F saddr_fam=10 -F success=1 -F key=hardend",
		"-a always,exit -F arch=b32 -S listen -F success=1 -F key=hardend",
		"-a always,exit -F arch=b32 -S bind -F saddr_fam=2 -F success=1 -F key=hardend",
		"-a always,exit -F arch=b32 -S bind -F saddr_fam=10 -F success=1 -F key=hardend",
		"-a always,exit -F dir=/etc -F perm=wa -F key=hardend",
		"-a always,exit -F dir=/usr/bin -F exe!=/usr/bin/dpkg -F perm=wa -F key=hardend",
	};
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct audit_ruleset s;

	assert_int_equal(plan(a, 2, AUDIT_MACHINE_AARCH64, "/usr/bin/dpkg", &s), 0);
	assert_int_equal(s.n, ARRAY_SIZE(want));
	for (size_t i = 0; i < s.n; i++) {
		assert_true(audit_rule_is_ours(s.v[i]));
		assert_string_equal(audit_rule_text(a, s.v[i]), want[i]);
	}
	assert_int_equal(plan(a, 1, audit_machine_of("riscv64"), NULL, &s), 0);
	assert_int_equal(s.n, 1);
	/* Where programs bind all the time only listen is left. */
	const struct audit_places none = {0};
	const struct audit_plan quiet = {&none, AUDIT_MACHINE_AARCH64, NULL, true};
	size_t left_out;
	audit_ruleset_init(&s, a);
	assert_int_equal(audit_ruleset_plan(&s, &quiet, &left_out), 0);
	assert_int_equal(s.n, 2);
	assert_string_equal(audit_rule_text(a, s.v[1]), want[3]);
}

static void test_left_out(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct audit_places p;
	struct audit_ruleset s;
	size_t left_out;

	audit_places_init(&p, a);
	for (int i = 0; i < AUDIT_PLACES_MAX + 7; i++)
		assert_int_equal(
			audit_places_add(&p, arena_printf(a, "/home/u%04d/.ssh", i), false), 0);
	assert_int_equal(audit_places_add(&p, "/etc", true), 0);
	assert_int_equal(audit_places_fold(&p), 0);
	audit_ruleset_init(&s, a);
	const struct audit_plan params = {&p, AUDIT_MACHINE_OTHER, NULL, false};
	assert_int_equal(audit_ruleset_plan(&s, &params, &left_out), 0);
	assert_int_equal(left_out, 8);
	assert_int_equal(s.n, AUDIT_PLACES_MAX);
	assert_non_null(strstr(audit_rule_text(a, s.v[0]), "dir=/etc "));
}

/* A rule of somebody else, with these fields. */
static void other(
	struct audit_ruleset *s, uint32_t list, uint32_t action, uint32_t type, uint32_t value)
{
	struct audit_rule_data r = {.flags = list, .action = action};

	memset(r.mask, 0xff, sizeof(r.mask) - sizeof(r.mask[0]));
	if (type) {
		r.field_count = 1;
		r.fields[0] = type;
		r.values[0] = value;
		r.fieldflags[0] = AUDIT_EQUAL;
	}
	assert_int_equal(audit_ruleset_add(s, &r, sizeof(r)), 0);
}

static void keyed(struct audit_ruleset *s, const char *key)
{
	_Alignas(struct audit_rule_data) char bytes[sizeof(struct audit_rule_data) + 64] = {0};
	struct audit_rule_data *r = (void *)bytes;

	r->flags = AUDIT_FILTER_EXIT;
	r->action = AUDIT_ALWAYS;
	r->field_count = 1;
	r->fields[0] = AUDIT_FILTERKEY;
	r->fieldflags[0] = AUDIT_EQUAL;
	r->buflen = r->values[0] = (uint32_t)strlen(key);
	memcpy(r->buf, key, strlen(key));
	assert_int_equal(audit_ruleset_add(s, r, audit_rule_size(r)), 0);
}

static void test_compare(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct audit_ruleset want, have;
	struct audit_difference d;

	assert_int_equal(plan(a, 3, AUDIT_MACHINE_X86_64, NULL, &want), 0);
	audit_ruleset_init(&have, a);
	assert_int_equal(audit_ruleset_compare(&want, &have, &d), 0);
	assert_int_equal(d.n_add, want.n);
	assert_int_equal(d.n_del + d.n_others, 0);
	/* As the kernel gives it back, padded; one of another day; and those of others. */
	for (size_t i = 1; i < want.n; i++) {
		char bytes[sizeof(struct audit_rule_data) + 128] = {0};
		memcpy(bytes, want.v[i], audit_rule_size(want.v[i]));
		assert_int_equal(audit_ruleset_add(&have, bytes, sizeof(bytes)), 0);
	}
	keyed(&have, "hardend");
	keyed(&have, "hardened");
	keyed(&have, "hard");
	other(&have, AUDIT_FILTER_EXIT, AUDIT_ALWAYS, AUDIT_PID, 1);
	assert_int_equal(audit_ruleset_compare(&want, &have, &d), 0);
	assert_int_equal(d.n_add, 1);
	assert_ptr_equal(d.add[0], want.v[0]);
	assert_int_equal(d.n_del, 1);
	assert_ptr_equal(d.del[0], have.v[want.n - 1]);
	assert_int_equal(d.n_others, 3);
	assert_int_equal(d.obstacle, AUDIT_CLEAR);
}

static void test_obstacles(void **state)
{
	static const struct {
		uint32_t list, action, type, value;
		enum audit_obstacle before, after; /* our rules */
	} vectors[] = {
		{AUDIT_FILTER_TASK, AUDIT_NEVER, 0, 0, AUDIT_TASK_NEVER, AUDIT_TASK_NEVER},
		{AUDIT_FILTER_TASK, AUDIT_NEVER, AUDIT_UID, 1, AUDIT_CLEAR, AUDIT_CLEAR},
		{AUDIT_FILTER_EXIT, AUDIT_NEVER, 0, 0, AUDIT_EXIT_NEVER, AUDIT_CLEAR},
		{AUDIT_FILTER_EXIT, AUDIT_NEVER, AUDIT_UID, 1, AUDIT_CLEAR, AUDIT_CLEAR},
		{AUDIT_FILTER_EXIT, AUDIT_NEVER, AUDIT_ARCH, AUDIT_ARCH_X86_64, AUDIT_EXIT_NEVER,
			AUDIT_CLEAR},
		{AUDIT_FILTER_EXIT, AUDIT_NEVER, AUDIT_ARCH, AUDIT_ARCH_I386, AUDIT_CLEAR,
			AUDIT_CLEAR},
		{AUDIT_FILTER_EXIT, AUDIT_ALWAYS, 0, 0, AUDIT_CLEAR, AUDIT_CLEAR},
		{AUDIT_FILTER_FS, AUDIT_NEVER, 0, 0, AUDIT_FILESYSTEM_CUT, AUDIT_FILESYSTEM_CUT},
		{AUDIT_FILTER_EXCLUDE, AUDIT_ALWAYS, AUDIT_MSGTYPE, AUDIT_PATH, AUDIT_RECORDS_CUT,
			AUDIT_RECORDS_CUT},
		{AUDIT_FILTER_EXCLUDE, AUDIT_ALWAYS, AUDIT_MSGTYPE, AUDIT_CWD, AUDIT_CLEAR,
			AUDIT_CLEAR},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors) * 2; i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		struct audit_ruleset want, have;
		struct audit_difference d;
		size_t k = i / 2;
		assert_int_equal(plan(a, 1, AUDIT_MACHINE_X86_64, NULL, &want), 0);
		audit_ruleset_init(&have, a);
		if (i % 2)
			keyed(&have, AUDIT_KEY);
		other(&have, vectors[k].list, vectors[k].action, vectors[k].type, vectors[k].value);
		assert_int_equal(audit_ruleset_compare(&want, &have, &d), 0);
		assert_int_equal(d.obstacle, i % 2 ? vectors[k].after : vectors[k].before);
	}
}

static void test_malformed(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct audit_rule_data r = {.field_count = AUDIT_MAX_FIELDS + 1};
	struct audit_ruleset s;

	audit_ruleset_init(&s, a);
	assert_int_equal(audit_ruleset_add(&s, &r, sizeof(r) - 1), -EBADMSG);
	assert_int_equal(audit_ruleset_add(&s, &r, sizeof(r)), -EBADMSG);
	r.field_count = 1;
	r.buflen = 1;
	assert_int_equal(audit_ruleset_add(&s, &r, sizeof(r)), -EBADMSG);
	r.buflen = 0;
	r.fields[0] = AUDIT_DIR;
	r.values[0] = 1;
	assert_int_equal(audit_ruleset_add(&s, &r, sizeof(r)), -EBADMSG);
	assert_int_equal(s.n, 0);
}

/* The file that is shipped has the rules of the places that every machine has. */
static void test_file(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct audit_ruleset s;
	char line[512];
	size_t i = 0;

	assert_int_equal(plan(a, 6, AUDIT_MACHINE_X86_64, "/usr/bin/dpkg", &s), 0);
	FILE *f = fopen(getenv("AUDIT_RULES"), "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		line[strcspn(line, "\n")] = '\0';
		assert_true(i < s.n);
		assert_string_equal(line, audit_rule_text(a, s.v[i++]));
	}
	assert_int_equal(i, s.n);
	assert_int_equal(fclose(f), 0);
}

static int run(void *arg)
{
	static const char *const paths[] = {"/etc/a", "/usr/bin/b", "/opt/x/1", "/opt/x/2",
		"/opt/x/3", "/opt/x/4", "/root/.ssh", NULL};
	const struct test_root *t = arg;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct audit_places p, real;
	struct audit_ruleset want, have;
	struct audit_difference d;
	size_t left_out;

	int r = a ? fold(a, paths, &p) : -ENOMEM;
	if (r < 0)
		return r;
	audit_places_init(&real, a);
	r = audit_places_resolve(&p, &t->root, &real);
	if (r < 0)
		return r;
	audit_ruleset_init(&want, a);
	audit_ruleset_init(&have, a);
	const struct audit_plan params = {&real, AUDIT_MACHINE_X86_64, "/usr/bin/dpkg", false};
	r = audit_ruleset_plan(&want, &params, &left_out);
	for (size_t i = 0; r == 0 && i < want.n; i++) {
		r = audit_ruleset_add(&have, want.v[i], audit_rule_size(want.v[i]));
		if (r == 0 && !audit_rule_text(a, want.v[i]))
			r = -ENOMEM;
	}
	return r < 0 ? r : audit_ruleset_compare(&want, &have, &d);
}

static void test_alloc(void **state)
{
	struct test_root t;

	test_root_init(&t);
	test_write(&t, "/etc/a", "");
	test_write(&t, "/usr/bin/b", "");
	test_write(&t, "/opt/x/1", "");
	test_write(&t, "/root/x", "");
	alloc_each(run, &t, 5);
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_obstacles),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
