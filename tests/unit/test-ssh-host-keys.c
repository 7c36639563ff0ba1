/* SPDX-License-Identifier: ISC */
#include "ssh-fixture.h"

#include <fcntl.h>

#include "alloc-fail.h"
#include "fact/first-boot.h"
#include "fact/ssh-host-keys.h"

static const struct sshd_value defaults[] = {
	{"hostcertificate", "none", NULL, 0},
	{"hostkey",
		"/etc/ssh/ssh_host_rsa_key /etc/ssh/ssh_host_ecdsa_key "
		"/etc/ssh/ssh_host_ed25519_key",
		NULL, 0},
	{NULL, NULL, NULL, 0},
};

static void set_mtime(const struct ssh_fixture *x, const char *path, time_t t)
{
	const struct timespec ts[2] = {{.tv_sec = t}, {.tv_sec = t}};

	assert_int_equal(utimensat(AT_FDCWD, test_path(&x->t, path), ts, 0), 0);
}

static void test_defaults(void **state)
{
	struct ssh_fixture x;

	fixture_init(&x, defaults);
	fixture_install(&x, "rsa-2048", "/etc/ssh/ssh_host_rsa_key", 0640);
	fixture_install(&x, "ed25519-0", "/etc/ssh/ssh_host_ed25519_key", 0600);
	test_write(&x.t, "/etc/ssh/sshd_config", "");
	test_write(&x.t, "/etc/ssh/sshd_config.d/50-cloud-init.conf", "");
	set_mtime(&x, "/etc/ssh/ssh_host_rsa_key", 1700000000);
	const struct fact *f = fixture_collect(&x, FACT_SSH_HOST_KEYS);
	const struct ssh_host_keys *h = f->u.ssh_host_keys;

	assert_int_equal(f->state, FACT_STATE_OK);
	assert_int_equal(h->n_keys, 2); /* the default that isn't there is no key */
	assert_string_equal(h->keys[0].path, "/etc/ssh/ssh_host_rsa_key");
	assert_int_equal(h->keys[0].key.bits, 2048);
	assert_int_equal(h->keys[0].mode, 0640);
	assert_int_equal(h->keys[0].protection, SSH_PROTECTION_NONE);
	assert_true(h->keys[0].seen);
	assert_int_equal(h->keys[0].mtime_realtime_usec, 1700000000 * USEC_PER_SEC);
	assert_null(h->keys[0].conf_path);
	assert_int_equal(f->n_items, 2);
	assert_string_equal(fixture_item(f, "host key ssh-ed25519"), KEY_A_FINGERPRINT " 256 bits");
	assert_non_null(fixture_item(f, "host key ssh-rsa"));
	/* sshd_config, its drop-in, and both directories */
	assert_int_equal(h->n_files, 4);
	fixture_fini(&x);
}

static void test_configured(void **state)
{
	struct ssh_fixture x;
	static const struct sshd_value values[] = {
		{"hostcertificate", "/etc/ssh/cert.pub", "/etc/ssh/sshd_config", 3},
		{"hostkey", "/k/one\n/k/two /k/none /k/agent /k/fifo /k/text /k/enc",
			"/etc/ssh/sshd_config", 2},
		{NULL, NULL, NULL, 0},
	};

	fixture_init(&x, values);
	fixture_install(&x, "ed25519-0", "/k/one", 0600);
	fixture_install(&x, "ed25519-pkcs8", "/k/two", 0600);
	fixture_install(&x, "sk-ed25519.pub", "/k/agent.pub", 0644);
	fixture_install(&x, "rsa-pkcs8-enc", "/k/enc", 0600);
	fixture_install(&x, "rsa-pkcs8-enc.pub", "/k/enc.pub", 0644);
	fixture_install(&x, "ecdsa-256-cert.pub", "/etc/ssh/cert.pub", 0644);
	test_write(&x.t, "/k/text", "no key\n");
	assert_int_equal(mkfifo(test_path(&x.t, "/k/fifo"), 0600), 0);
	const struct fact *f = fixture_collect(&x, FACT_SSH_HOST_KEYS);
	const struct ssh_host_keys *h = f->u.ssh_host_keys;
	static const struct {
		const char *path, *subject;
		enum fact_state state;
		enum ssh_key_type type;
		bool seen;
	} expected[] = {
		{"/k/one", "host key ssh-ed25519", FACT_STATE_OK, SSH_KEY_ED25519, true},
		{"/k/two", "host key ssh-ed25519 in /k/two", FACT_STATE_OK, SSH_KEY_ED25519, true},
		{"/k/none", "host key file /k/none", FACT_STATE_ABSENT, SSH_KEY_OTHER, false},
		{"/k/agent", "host key sk-ssh-ed25519@openssh.com", FACT_STATE_ABSENT,
			SSH_KEY_ED25519_SK, false},
		{"/k/fifo", "host key file /k/fifo", FACT_STATE_MALFORMED, SSH_KEY_OTHER, true},
		{"/k/text", "host key file /k/text", FACT_STATE_MALFORMED, SSH_KEY_OTHER, true},
		{"/k/enc", "host key ssh-rsa", FACT_STATE_OK, SSH_KEY_RSA, true},
	};

	assert_int_equal(h->n_keys, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_string_equal(h->keys[i].path, expected[i].path);
		assert_string_equal(h->keys[i].subject, expected[i].subject);
		assert_int_equal(h->keys[i].state, expected[i].state);
		assert_int_equal(h->keys[i].key.type, expected[i].type);
		assert_int_equal(h->keys[i].seen, expected[i].seen);
		assert_string_equal(h->keys[i].conf_path, "/etc/ssh/sshd_config");
		assert_non_null(fixture_item(f, expected[i].subject));
	}
	assert_int_equal(h->keys[6].protection, SSH_PROTECTION_ENCRYPTED);
	assert_int_equal(h->n_certificates, 1);
	assert_true(h->certificates[0].key.cert->host);
	assert_string_equal(fixture_item(f, "host certificate /etc/ssh/cert.pub"),
		KEY_EC_FINGERPRINT " signed by " KEY_A_FINGERPRINT ", valid until ever");
	fixture_fini(&x);
}

static void test_needs(void **state)
{
	struct ssh_fixture x;

	fixture_init(&x, defaults);
	fact_fail(fixture_put(&x, FACT_SSHD, NULL), -ENOENT, "no SSH server");
	const struct fact *f = fixture_collect(&x, FACT_SSH_HOST_KEYS);
	assert_int_equal(f->state, FACT_STATE_ABSENT);
	assert_string_equal(f->reason, "no SSH server");
	fixture_fini(&x);
}

#define ID "0123456789abcdef0123456789abcdef\n"

/* The birth of files can't be set, so it is always now: what is tested is what goes by mtime. */
static void test_first_boot(void **state)
{
	static const char *const none[] = {"", "uninitialized\n", "0123\n"};
	struct ssh_fixture x;

	fixture_init(&x, defaults);
	struct first_boot boot = first_boot_find(&x.t.root);
	assert_int_equal(boot.realtime_usec, 0);
	assert_null(boot.evidence);
	assert_true(boot.ahead);
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		test_write(&x.t, "/etc/machine-id", none[i]);
		assert_int_equal(first_boot_find(&x.t.root).realtime_usec, 0);
		assert_int_equal(first_boot_find(&x.t.root).ahead, i < 2);
		x.t.root.live = true; /* as a container may run */
		assert_false(first_boot_find(&x.t.root).ahead);
		x.t.root.live = false;
	}
	test_write(&x.t, "/etc/machine-id", ID);
	set_mtime(&x, "/etc/machine-id", 1700000000);
	boot = first_boot_find(&x.t.root);
	assert_int_equal(boot.realtime_usec, 1700000000 * USEC_PER_SEC);
	assert_false(boot.ahead);
	assert_string_equal(boot.evidence, "/etc/machine-id");
	assert_int_equal(boot.doubt_realtime_usec, 0);

	/* The system was first started later than its machine-id was written... */
	test_write(&x.t, "/var/lib/systemd/random-seed", "x");
	boot = first_boot_find(&x.t.root);
	uint64_t birth;
	if (root_birth(&x.t.root, "/var/lib/systemd/random-seed", &birth) == 0) {
		assert_int_equal(boot.doubt_realtime_usec, birth);
		assert_string_equal(boot.doubt, "/var/lib/systemd/random-seed");
	}
	/* ...since it was installed before that, in its place. */
	assert_int_equal(mkdir(test_path(&x.t, "/var/log"), 0755), 0);
	assert_int_equal(mkdir(test_path(&x.t, "/var/log/installer"), 0755), 0);
	assert_int_equal(first_boot_find(&x.t.root).doubt_realtime_usec, 0);

	/* A directory that was made in an image build without a clock says nothing. */
	set_mtime(&x, "/etc/machine-id", 0);
	assert_int_equal(first_boot_find(&x.t.root).realtime_usec, 0);

	/* cloud-init's instance wins; its oldest semaphore counts. */
	test_write(&x.t, "/var/lib/cloud/instances/i-1/sem/config_ssh", "");
	test_write(&x.t, "/var/lib/cloud/instances/i-1/sem/config_users", "");
	assert_int_equal(
		symlink("/var/lib/cloud/instances/i-1", test_path(&x.t, "/var/lib/cloud/instance")),
		0);
	set_mtime(&x, "/var/lib/cloud/instances/i-1/sem/config_ssh", 1710000000);
	set_mtime(&x, "/var/lib/cloud/instances/i-1/sem/config_users", 1710000005);
	boot = first_boot_find(&x.t.root);
	assert_int_equal(boot.realtime_usec, 1710000000 * USEC_PER_SEC);
	assert_string_equal(boot.evidence, "/var/lib/cloud/instance");
	fixture_fini(&x);
}

static void test_no_memory(void **state)
{
	struct ssh_fixture x;

	fixture_init(&x, defaults);
	fixture_install(&x, "ed25519-pkcs8", "/etc/ssh/ssh_host_ed25519_key", 0600);
	fixture_install(&x, "rsa-pem", "/etc/ssh/ssh_host_rsa_key", 0600);
	fixture_install(&x, "ed25519-0.pub", "/etc/ssh/ssh_host_ed25519_key.pub", 0644);
	test_write(&x.t, "/etc/ssh/sshd_config", "");
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		struct fact *f = NULL;
		alloc_count = 0;
		int r = fact_collect(FACT_SSH_HOST_KEYS, &x.c, &f);
		if (alloc_count < alloc_fail_at) {
			alloc_fail_at = 0;
			assert_int_equal(r, 0);
			assert_int_equal(f->n_items, 2);
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
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_configured),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_first_boot),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
