/* SPDX-License-Identifier: ISC */
#include "ssh-fixture.h"

#include "alloc-fail.h"
#include "fact/ssh-private-keys.h"

static struct account people[] = {
	{.name = "root", .home = "/root", .shell = "/bin/sh", .uid = 0, .login_shell = true},
	{.name = "www-data", .home = "/var/www", .shell = "/usr/sbin/nologin", .uid = 33},
	{.name = "alice",
		.home = "/home/alice",
		.shell = "/bin/sh",
		.uid = 1000,
		.login_shell = true},
	{.name = "twin",
		.home = "/home/alice",
		.shell = "/bin/sh",
		.uid = 1001,
		.login_shell = true},
};

static void test_homes(void **state)
{
	struct ssh_fixture x;

	fixture_init(&x, NULL);
	fixture_accounts(&x, people, ARRAY_SIZE(people));
	fixture_install(&x, "ed25519-0", "/home/alice/.ssh/id_ed25519", 0600);
	fixture_install(&x, "rsa-pkcs8-enc", "/home/alice/.ssh/work.pem", 0644);
	fixture_install(&x, "rsa-pkcs8-enc.pub", "/home/alice/.ssh/work.pem.pub", 0644);
	test_write(&x.t, "/home/alice/.ssh/known_hosts", "h ssh-ed25519 AAAA\n");
	fixture_install(&x, "rsa-pem-enc", "/root/.ssh/id_rsa", 0600);
	fixture_install(
		&x, "ed25519-0", "/var/www/.ssh/id_ed25519", 0600); /* nobody logs in there */
	fixture_install(&x, "ed25519-0", "/etc/ssh/ssh_host_ed25519_key", 0600);
	fixture_install(&x, "rsa-pem", "/etc/ssh/backup.pem", 0600);
	const struct fact *f = fixture_collect(&x, FACT_SSH_PRIVATE_KEYS);
	const struct ssh_private_keys *p = f->u.ssh_private_keys;

	assert_int_equal(f->state, FACT_STATE_OK);
	assert_int_equal(p->n_keys, 4);
	assert_int_equal(p->n_gaps, 0);
	assert_int_equal(p->n_directories, 3);
	assert_string_equal(p->keys[0].path, "/root/.ssh/id_rsa");
	assert_string_equal(p->keys[0].account, "root");
	assert_string_equal(p->keys[1].path, "/home/alice/.ssh/id_ed25519");
	assert_string_equal(p->keys[1].account, "alice");
	assert_string_equal(p->keys[2].path, "/home/alice/.ssh/work.pem");
	assert_int_equal(p->keys[2].private.key.type, SSH_KEY_RSA); /* by the .pub beside it */
	assert_string_equal(p->keys[3].path, "/etc/ssh/backup.pem");
	assert_null(p->keys[3].account);
	/* A new file belongs to whoever runs the test; what is said of root is in every system. */
	if (geteuid() == 0 && getegid() == 0)
		assert_string_equal(fixture_item(f, "private key /home/alice/.ssh/id_ed25519"),
			"ssh-ed25519 256, no passphrase, root:0, 0600, " KEY_A_FINGERPRINT);
	fixture_fini(&x);
}

static void test_needs(void **state)
{
	struct ssh_fixture x;

	fixture_init(&x, NULL);
	fact_fail(fixture_put(&x, FACT_ACCOUNTS, NULL), -EACCES, "/etc/passwd permission denied");
	const struct fact *f = fixture_collect(&x, FACT_SSH_PRIVATE_KEYS);
	assert_int_equal(f->state, FACT_STATE_DENIED);
	fixture_fini(&x);
}

static void test_no_memory(void **state)
{
	struct ssh_fixture x;

	fixture_init(&x, NULL);
	fixture_accounts(&x, people, ARRAY_SIZE(people));
	fixture_install(&x, "rsa-pkcs8-enc", "/home/alice/.ssh/work.pem", 0600);
	fixture_install(&x, "rsa-pkcs8-enc.pub", "/home/alice/.ssh/work.pem.pub", 0644);
	assert_int_equal(symlink("/etc/passwd", test_path(&x.t, "/home/alice/.ssh/away")), 0);
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		struct fact *f = NULL;
		alloc_count = 0;
		int r = fact_collect(FACT_SSH_PRIVATE_KEYS, &x.c, &f);
		if (alloc_count < alloc_fail_at) {
			alloc_fail_at = 0;
			assert_int_equal(r, 0);
			assert_int_equal(f->u.ssh_private_keys->n_keys, 1);
			assert_int_equal(f->u.ssh_private_keys->n_gaps, 1);
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
		cmocka_unit_test(test_homes),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
