/* SPDX-License-Identifier: ISC */
#include "ssh-fixture.h"

#include "alloc-fail.h"
#include "fact/ssh-user-keys.h"

static const struct sshd_value defaults[] = {
	{"authorizedkeyscommand", "none", NULL, 0},
	{"authorizedkeysfile", ".ssh/authorized_keys .ssh/authorized_keys2", NULL, 0},
	{NULL, NULL, NULL, 0},
};

static struct account people[] = {
	{.name = "root", .home = "/root", .shell = "/bin/sh", .uid = 0, .login_shell = true},
	{.name = "daemon", .home = "/", .shell = "/usr/sbin/nologin", .uid = 1},
	{.name = "bin", .home = "/", .shell = "/usr/sbin/nologin", .uid = 2},
	{.name = "alice",
		.home = "/home/alice",
		.shell = "/bin/sh",
		.uid = 1000,
		.login_shell = true},
	{.name = "nobody", .home = "/nonexistent", .shell = "/usr/sbin/nologin", .uid = 65534},
};

static void test_expand(void **state)
{
	static const struct {
		const char *pattern, *home;
		int r;
		const char *path;
	} vectors[] = {
		{".ssh/authorized_keys", "/home/alice", 0, "/home/alice/.ssh/authorized_keys"},
		{"%h/.ssh/k", "/home/alice", 0, "/home/alice/.ssh/k"},
		{"/etc/ssh/keys/%u", "/home/alice", 0, "/etc/ssh/keys/alice"},
		{"/etc/%U/100%%", "/home/alice", 0, "/etc/1000/100%"},
		{"%u/x", "/home/alice", 0, "/home/alice/alice/x"},
		{".ssh/a", "", 0, "/.ssh/a"},
		{"%h/a", "rel", 0, "rel/rel/a"},
		{"/k/%x", "/", -EINVAL, NULL},
		{"/k/%", "/", -EINVAL, NULL},
	};
	struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		char *path = NULL;
		assert_int_equal(ssh_user_keys_expand(a, vectors[i].pattern, "alice",
					 vectors[i].home, 1000, &path),
			vectors[i].r);
		if (vectors[i].path)
			assert_string_equal(path, vectors[i].path);
		else
			assert_null(path);
	}
	arena_free(a);
}

static void test_accounts(void **state)
{
	struct ssh_fixture x;

	fixture_init(&x, defaults);
	fixture_accounts(&x, people, ARRAY_SIZE(people));
	test_write(&x.t, "/root/.ssh/authorized_keys", "# me\n" KEY_A " root@laptop\n");
	test_write(
		&x.t, "/home/alice/.ssh/authorized_keys", "junk\n\n" KEY_EC " alice\nmore junk\n");
	test_write(&x.t, "/home/alice/.ssh/authorized_keys2",
		"from=\"192.0.2.0/24\" " KEY_A " second\r\n");
	test_write(&x.t, "/.ssh/authorized_keys", KEY_A "\n");
	const struct fact *f = fixture_collect(&x, FACT_SSH_USER_KEYS);
	const struct ssh_user_keys *u = f->u.ssh_user_keys;

	assert_int_equal(f->state, FACT_STATE_OK);
	assert_int_equal(u->n_keys, 5);
	assert_int_equal(u->n_files, 10);
	assert_int_equal(u->n_commands, 0);
	assert_string_equal(u->keys[0].account, "root");
	assert_string_equal(u->keys[0].path, "/root/.ssh/authorized_keys");
	assert_int_equal(u->keys[0].line, 2);
	assert_string_equal(u->keys[1].account, "daemon");
	assert_string_equal(u->keys[2].account, "bin");
	assert_ptr_equal(u->keys[1].l, u->keys[2].l); /* read once */
	assert_string_equal(u->keys[3].account, "alice");
	assert_int_equal(u->keys[3].line, 3);
	assert_int_equal(u->files[6].n_ignored, 2);
	assert_int_equal(u->files[6].first_ignored, 1);
	assert_int_equal(u->files[8].state, FACT_STATE_ABSENT);

	assert_int_equal(f->n_items, 5);
	assert_string_equal(fixture_item(f, "key " KEY_A_FINGERPRINT " of root"),
		"ssh-ed25519 256 root@laptop");
	assert_string_equal(fixture_item(f, "key " KEY_A_FINGERPRINT " of alice"),
		"ssh-ed25519 256 second [from=\"192.0.2.0/24\"]");
	assert_string_equal(fixture_item(f, "key " KEY_EC_FINGERPRINT " of alice"),
		"ecdsa-sha2-nistp256 256 alice");
	assert_string_equal(fixture_item(f, "key " KEY_A_FINGERPRINT " of bin"), "ssh-ed25519 256");
	fixture_fini(&x);
}

static void test_configured(void **state)
{
	static struct sshd_value alices[] = {
		{"authorizedkeyscommand", "/usr/bin/sss_ssh_authorizedkeys %u",
			"/etc/ssh/sshd_config", 7},
		{"authorizedkeysfile", "/etc/ssh/keys/%u %h/mine .ssh/%Z none",
			"/etc/ssh/sshd_config", 9},
	};
	struct ssh_fixture x;

	fixture_init(
		&x, (const struct sshd_value[]){{"authorizedkeysfile", "none", NULL, 0}, {NULL}});
	fixture_accounts(&x, people, ARRAY_SIZE(people));
	x.contexts[1] = (struct sshd_context){
		.label = "user alice", .user = "alice", .values = alices, .n_values = 2};
	x.members[0] = (struct sshd_member){"alice", 1};
	x.sshd.members = x.members;
	x.sshd.n_members = 1;
	x.sshd.n_contexts = 2;
	test_write(&x.t, "/etc/ssh/keys/alice", KEY_A " managed\n");
	test_write(&x.t, "/home/alice/mine", KEY_EC " own\n");
	test_write(&x.t, "/home/alice/.ssh/authorized_keys", KEY_A " not asked\n");
	const struct fact *f = fixture_collect(&x, FACT_SSH_USER_KEYS);
	const struct ssh_user_keys *u = f->u.ssh_user_keys;

	assert_int_equal(u->n_keys, 2);
	assert_string_equal(u->keys[0].path, "/etc/ssh/keys/alice");
	assert_string_equal(u->keys[1].path, "/home/alice/mine");
	assert_int_equal(u->n_files, 3);
	assert_int_equal(u->files[2].state, FACT_STATE_MALFORMED);
	assert_string_equal(u->files[2].reason,
		"AuthorizedKeysFile .ssh/%Z has a token that sshd does not know");
	assert_int_equal(u->n_commands, 1);
	assert_string_equal(u->commands[0].command, "/usr/bin/sss_ssh_authorizedkeys %u");
	assert_int_equal(u->commands[0].n_accounts, 1);
	assert_int_equal(u->commands[0].line, 7);
	fixture_fini(&x);
}

/* Keys that are good from some addresses only are keys. */
static void test_match_address(void **state)
{
	static struct sshd_value inside[] = {
		{"authorizedkeysfile", ".ssh/authorized_keys /etc/ssh/inside/%u",
			"/etc/ssh/sshd_config", 9},
	};
	static struct sshd_value bobs[] = {
		{"authorizedkeysfile", "/etc/ssh/bob", "/etc/ssh/sshd_config", 12},
	};
	struct ssh_fixture x;

	fixture_init(&x, defaults);
	fixture_accounts(&x, people, ARRAY_SIZE(people));
	x.contexts[1] = (struct sshd_context){
		.label = "from 10.0.0.1", .address = "10.0.0.1", .values = inside, .n_values = 1};
	x.contexts[2] = (struct sshd_context){.label = "user bob from 10.0.0.1",
		.user = "bob",
		.address = "10.0.0.1",
		.values = bobs,
		.n_values = 1};
	x.sshd.n_contexts = 3;
	test_write(&x.t, "/home/alice/.ssh/authorized_keys", KEY_A "\n");
	test_write(&x.t, "/etc/ssh/inside/alice", KEY_EC "\n");
	test_write(&x.t, "/etc/ssh/bob", KEY_EC "\n");
	const struct ssh_user_keys *u = fixture_collect(&x, FACT_SSH_USER_KEYS)->u.ssh_user_keys;

	assert_int_equal(u->n_files, ARRAY_SIZE(people) * 3);
	assert_int_equal(u->n_keys, 2);
	assert_string_equal(u->keys[0].path, "/home/alice/.ssh/authorized_keys");
	assert_string_equal(u->keys[1].path, "/etc/ssh/inside/alice");
	fixture_fini(&x);
}

static struct fact *collect_text(const char *text)
{
	struct ssh_fixture x;
	struct fact *f = NULL;

	fixture_init(&x, defaults);
	fixture_accounts(&x, &people[3], 1);
	test_write(&x.t, "/home/alice/.ssh/authorized_keys", text);
	assert_int_equal(fact_collect(FACT_SSH_USER_KEYS, &x.c, &f), 0);
	fixture_fini(&x);
	return f;
}

static bool same_items(const struct fact *x, const struct fact *y)
{
	if (x->n_items != y->n_items)
		return false;
	for (size_t i = 0; i < x->n_items; i++) {
		if (strcmp(x->items[i].subject, y->items[i].subject) != 0 ||
			strcmp(x->items[i].value, y->items[i].value) != 0)
			return false;
	}
	return true;
}

/* What makes no difference to who may log in makes no drift; what does, does. */
static void test_drift(void **state)
{
	static const struct {
		const char *text;
		bool same;
	} vectors[] = {
		{KEY_A " a\n" KEY_EC " b\n", true},
		{KEY_EC " b\n" KEY_A " a\n", true},
		{"# note\n\n\n" KEY_A " a\r\n\n" KEY_EC "  b", true},
		{KEY_A " a\n", false},
		{KEY_A " other\n" KEY_EC " b\n", false},
		{"restrict " KEY_A " a\n" KEY_EC " b\n", false},
		{KEY_A " a\n" KEY_EC " b\ncommand=\"x\" " KEY_A " a\n", false},
	};
	struct fact *base = collect_text(vectors[0].text);

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct fact *f = collect_text(vectors[i].text);
		assert_int_equal(same_items(base, f), vectors[i].same);
		fact_free(f);
	}
	fact_free(base);
}

/* The same key in several lines is one item; a change in any of the lines shows. */
static void test_duplicates(void **state)
{
	struct fact *f = collect_text(KEY_A " b\n" KEY_A " a\n" KEY_A " a\n");

	assert_int_equal(f->n_items, 1);
	assert_string_equal(f->items[0].value, "ssh-ed25519 256 a, and ssh-ed25519 256 b");
	assert_int_equal(f->u.ssh_user_keys->n_keys, 3);
	fact_free(f);

	f = collect_text(KEY_A " 1\n" KEY_A " 2\n" KEY_A " 3\n" KEY_A " 4\n" KEY_A " 5\n");
	struct fact *g = collect_text(
		KEY_A " 1\n" KEY_A " 2\n" KEY_A " 3\n" KEY_A " 4\n" KEY_A " 6\n");
	assert_int_equal(f->n_items, 1);
	assert_non_null(strstr(f->items[0].value, "ssh-ed25519 256 3, and 2 more (SHA256:"));
	assert_false(same_items(f, g));
	fact_free(f);
	fact_free(g);
}

/* What is beyond the length of a value is in its hash. */
static void test_long_values(void **state)
{
	char one[4096], two[4096], wild[512] = "", hosts[512] = "";

	for (int i = 0; i < 128; i++)
		(void)strcat(wild, "\x1b");
	for (int i = 0; i < 60; i++)
		(void)strcat(hosts, "h,");
	(void)snprintf(one, sizeof(one), "from=\"%sa\" %s %s\n", hosts, KEY_A, wild);
	(void)snprintf(two, sizeof(two), "from=\"%sb\" %s %s\n", hosts, KEY_A, wild);
	struct fact *f = collect_text(one), *g = collect_text(two);
	assert_null(strchr(f->items[0].value, '\x1b'));
	assert_false(same_items(f, g));
	fact_free(f);
	fact_free(g);
}

static void test_needs(void **state)
{
	struct ssh_fixture x;

	fixture_init(&x, defaults);
	fact_fail(fixture_put(&x, FACT_SSHD, NULL), -ENOENT, "no sshd");
	assert_int_equal(fixture_collect(&x, FACT_SSH_USER_KEYS)->state, FACT_STATE_ABSENT);
	fact_fail(fixture_put(&x, FACT_SSHD, NULL), -EACCES,
		"/etc/ssh/sshd_config permission denied");
	const struct fact *f = fixture_collect(&x, FACT_SSH_USER_KEYS);
	assert_int_equal(f->state, FACT_STATE_DENIED);
	assert_non_null(strstr(f->reason, "/etc/ssh/sshd_config permission denied"));
	factset_put(&x.facts, fact_new(FACT_SSHD));
	x.facts.v[FACT_SSHD]->u.sshd = &x.sshd;
	fact_fail(fixture_put(&x, FACT_ACCOUNTS, NULL), -EBADMSG, "passwd");
	assert_int_equal(fixture_collect(&x, FACT_SSH_USER_KEYS)->state, FACT_STATE_MALFORMED);
	fixture_fini(&x);
}

static void test_no_memory(void **state)
{
	struct ssh_fixture x;

	fixture_init(&x, defaults);
	fixture_accounts(&x, people, ARRAY_SIZE(people));
	test_write(&x.t, "/home/alice/.ssh/authorized_keys",
		KEY_A " a\n" KEY_A " b\nfrom=\"x\" " KEY_EC);
	test_write(&x.t, "/.ssh/authorized_keys", KEY_A "\n");
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		struct fact *f = NULL;
		alloc_count = 0;
		int r = fact_collect(FACT_SSH_USER_KEYS, &x.c, &f);
		if (alloc_count < alloc_fail_at) {
			alloc_fail_at = 0;
			assert_int_equal(r, 0);
			assert_int_equal(f->n_items, 4);
			fact_free(f);
			break;
		}
		assert_int_equal(r, -ENOMEM);
		assert_null(f);
	}
	fixture_fini(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_accounts),
		cmocka_unit_test(test_configured),
		cmocka_unit_test(test_match_address),
		cmocka_unit_test(test_drift),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_long_values),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
