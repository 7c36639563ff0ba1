/* SPDX-License-Identifier: ISC */
#include "ssh-fixture.h"

#include "check/check.h"
#include "conf/conf.h"
#include "fact/ssh-host-keys.h"
#include "fact/ssh-private-keys.h"
#include "fact/ssh-user-keys.h"

/* Judges one check over the set, under a configuration (NULL: none). */
static struct verdict *judge(struct ssh_fixture *x, const char *id, const char *conf)
{
	_cleanup_(policy_freep) struct policy *policy = NULL;
	struct errlist errors = {0};
	struct verdict *v = verdict_new();

	assert_int_equal(
		conf_load_text("test", conf ? conf : "", conf ? strlen(conf) : 0, &errors, &policy),
		0);
	errlist_fini(&errors);
	assert_non_null(v);
	assert_int_equal(check_judge(check_find(id), &x->facts, policy, 0, v), 0);
	assert_non_null(v->summary);
	for (size_t i = 0; i < v->n_evidence; i++)
		v->evidence[i].waiver = NULL; /* of the policy that is gone */
	return v;
}

static void expect(struct ssh_fixture *x, const char *id, const char *conf, enum result result,
	enum severity severity, size_t n_evidence)
{
	struct verdict *v = judge(x, id, conf);

	if (v->result != result || v->n_evidence != n_evidence)
		fail_msg("%s: %s, %zu pieces of evidence: %s", id, result_name(v->result),
			v->n_evidence, v->summary);
	if (result == RESULT_FAIL)
		assert_int_equal(v->severity, severity);
	verdict_free(v);
}

/* What every check makes of a fact that isn't there, or that can't be read. */
static void test_unusable(void **state)
{
	static const struct {
		const char *check;
		enum fact_id fact;
	} vectors[] = {
		{"ssh-host-key-strength", FACT_SSH_HOST_KEYS},
		{"ssh-host-keys-unique", FACT_SSH_HOST_KEYS},
		{"ssh-key-files-private", FACT_SSH_HOST_KEYS},
		{"ssh-authorized-key-strength", FACT_SSH_USER_KEYS},
		{"ssh-private-keys-on-host", FACT_SSH_PRIVATE_KEYS},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct ssh_fixture x;
		fixture_init(&x, NULL);
		expect(&x, vectors[i].check, NULL, RESULT_ERROR, 0, 0);
		fact_fail(fixture_put(&x, vectors[i].fact, NULL), -ENOENT, "no SSH server");
		expect(&x, vectors[i].check, NULL, RESULT_NOTAPPLICABLE, 0, 0);
		fact_fail(fixture_put(&x, vectors[i].fact, NULL), -EACCES, "permission denied");
		expect(&x, vectors[i].check, NULL, RESULT_ERROR, 0, 0);
		fact_fail(fixture_put(&x, vectors[i].fact, NULL), -EBADMSG, "malformed");
		expect(&x, vectors[i].check, NULL, RESULT_ERROR, 0, 0);
		fixture_fini(&x);
	}
}

static const struct {
	struct ssh_key key;
	const char *conf; /* section missing */
	enum result result;
	enum severity severity;
} strengths[] = {
	{{SSH_KEY_ED25519, "ssh-ed25519", 256, "SHA256:x", NULL}, NULL, RESULT_PASS, 0},
	{{SSH_KEY_ED25519_SK, "sk-ssh-ed25519@openssh.com", 256, "SHA256:x", NULL}, NULL,
		RESULT_PASS, 0},
	{{SSH_KEY_ECDSA_SK, "sk-ecdsa-sha2-nistp256@openssh.com", 256, "SHA256:x", NULL}, NULL,
		RESULT_PASS, 0},
	{{SSH_KEY_RSA, "ssh-rsa", 4096, "SHA256:x", NULL}, NULL, RESULT_PASS, 0},
	{{SSH_KEY_RSA, "ssh-rsa", 4095, "SHA256:x", NULL}, NULL, RESULT_FAIL, SEV_MEDIUM},
	{{SSH_KEY_RSA, "ssh-rsa", 3072, "SHA256:x", NULL}, NULL, RESULT_FAIL, SEV_MEDIUM},
	{{SSH_KEY_RSA, "ssh-rsa", 3072, "SHA256:x", NULL}, "rsa_min_bits = 3072", RESULT_PASS, 0},
	{{SSH_KEY_RSA, "ssh-rsa", 3071, "SHA256:x", NULL}, "rsa_min_bits = 3072", RESULT_FAIL,
		SEV_MEDIUM},
	{{SSH_KEY_RSA, "ssh-rsa", 2047, "SHA256:x", NULL}, NULL, RESULT_FAIL, SEV_HIGH},
	{{SSH_KEY_RSA, "ssh-rsa", 1024, "SHA256:x", NULL}, NULL, RESULT_FAIL, SEV_HIGH},
	{{SSH_KEY_DSA, "ssh-dss", 1024, "SHA256:x", NULL}, NULL, RESULT_FAIL, SEV_HIGH},
	{{SSH_KEY_DSA, "ssh-dss", 4096, "SHA256:x", NULL}, NULL, RESULT_FAIL, SEV_HIGH},
	{{SSH_KEY_ECDSA, "ecdsa-sha2-nistp256", 256, "SHA256:x", NULL}, NULL, RESULT_PASS, 0},
	{{SSH_KEY_ECDSA, "ecdsa-sha2-nistp256", 256, "SHA256:x", NULL}, "ecdsa_min_bits = 384",
		RESULT_FAIL, SEV_MEDIUM},
	{{SSH_KEY_OTHER, "future@example.com", 0, "SHA256:x", NULL}, NULL, RESULT_UNKNOWN, 0},
};

static const char *configure(char *buf, size_t n, const char *id, const char *key)
{
	(void)snprintf(buf, n, "[%s]\n%s\n", id, key ? key : "");
	return buf;
}

static void test_host_strength(void **state)
{
	static const char id[] = "ssh-host-key-strength";
	char conf[128];

	for (size_t i = 0; i < ARRAY_SIZE(strengths); i++) {
		struct ssh_fixture x;
		struct ssh_host_key k = {
			.path = "/k", .subject = "host key", .key = strengths[i].key};
		struct ssh_host_keys h = {.keys = &k, .n_keys = 1};
		fixture_init(&x, NULL);
		(void)fixture_put(&x, FACT_SSH_HOST_KEYS, &h);
		expect(&x, id, configure(conf, sizeof(conf), id, strengths[i].conf),
			strengths[i].result, strengths[i].severity,
			strengths[i].result != RESULT_PASS);
		fixture_fini(&x);
	}
}

/* What isn't a matter of bits: files that can't be read, keys that are never shown. */
static void test_host_strength_files(void **state)
{
	static const struct ssh_key none = {.name = "", .fingerprint = ""};
	static const struct ssh_key rsa = {SSH_KEY_RSA, "ssh-rsa", 2048, "SHA256:x", NULL};
	static const struct ssh_key p256 = {
		SSH_KEY_ECDSA, "ecdsa-sha2-nistp256", 256, "SHA256:x", NULL};
	static const struct {
		enum fact_state state;
		const struct ssh_key *key;
		const char *algorithms;
		enum result result;
		size_t n;
	} vectors[] = {
		{FACT_STATE_DENIED, &none, NULL, RESULT_ERROR, 1},
		{FACT_STATE_MALFORMED, &none, NULL, RESULT_ERROR, 1},
		{FACT_STATE_DENIED, &rsa, NULL, RESULT_FAIL, 1}, /* its .pub can be read */
		{FACT_STATE_ABSENT, &rsa, NULL, RESULT_FAIL, 1}, /* in an agent */
		{FACT_STATE_ABSENT, &none, NULL, RESULT_PASS, 0},
		{FACT_STATE_OK, &none, NULL, RESULT_UNKNOWN, 1}, /* encrypted */
		{FACT_STATE_OK, &rsa, "ssh-ed25519,rsa-sha2-512", RESULT_FAIL, 1},
		{FACT_STATE_OK, &rsa, "ssh-ed25519,ecdsa-sha2-nistp256", RESULT_PASS, 0},
		{FACT_STATE_OK, &p256, "ssh-ed25519", RESULT_PASS, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct ssh_fixture x;
		struct ssh_host_key k = {.path = "/k",
			.subject = "host key",
			.state = vectors[i].state,
			.reason = "/k reason",
			.key = *vectors[i].key};
		struct ssh_host_keys h = {.keys = &k, .n_keys = 1};
		const struct sshd_value values[] = {
			{"hostkeyalgorithms", vectors[i].algorithms, NULL, 0},
			{NULL, NULL, NULL, 0}};
		fixture_init(&x, vectors[i].algorithms ? values : NULL);
		(void)fixture_put(&x, FACT_SSH_HOST_KEYS, &h);
		expect(&x, "ssh-host-key-strength", NULL, vectors[i].result, SEV_MEDIUM,
			vectors[i].n);
		fixture_fini(&x);
	}

	struct ssh_fixture x;
	struct ssh_host_keys h = {.n_keys = 0};
	fixture_init(&x, NULL);
	(void)fixture_put(&x, FACT_SSH_HOST_KEYS, &h);
	expect(&x, "ssh-host-key-strength", NULL, RESULT_NOTAPPLICABLE, 0, 0);
	fixture_fini(&x);
}

static void test_user_strength(void **state)
{
	static const char id[] = "ssh-authorized-key-strength";
	char conf[128];

	for (size_t i = 0; i < ARRAY_SIZE(strengths); i++) {
		struct ssh_fixture x;
		struct ssh_key_line line = {.key = strengths[i].key, .comment = "c", .options = ""};
		struct ssh_user_key k = {.account = "alice", .path = "/a", .line = 3, .l = &line};
		struct ssh_user_keys u = {.keys = &k, .n_keys = 1};
		fixture_init(&x, NULL);
		(void)fixture_put(&x, FACT_SSH_USER_KEYS, &u);
		expect(&x, id, configure(conf, sizeof(conf), id, strengths[i].conf),
			strengths[i].result, strengths[i].severity,
			strengths[i].result != RESULT_PASS);
		struct verdict *v = judge(&x, id, NULL);
		if (v->n_evidence > 0) {
			assert_string_equal(v->evidence[0].subject, "key SHA256:x of alice");
			assert_string_equal(v->evidence[0].path, "/a");
			assert_int_equal(v->evidence[0].line, 3);
			assert_non_null(strstr(v->evidence[0].observed, ", comment c"));
		}
		verdict_free(v);
		fixture_fini(&x);
	}
}

static void test_user_gaps(void **state)
{
	static const struct ssh_certificate cert = {.ca_name = "ssh-rsa"};
	static const struct ssh_key_line line = {
		.key = {SSH_KEY_RSA, "ssh-rsa-cert-v01@openssh.com", 1024, "SHA256:x", &cert},
		.comment = "",
		.options = ""};
	static const struct ssh_user_key certificate = {"alice", "/a", 1, &line};
	static const struct ssh_user_keys_file fifo = {
		"alice", "/a", FACT_STATE_MALFORMED, "/a is a FIFO", 0, 0, 0};
	static const struct ssh_user_keys_file absent = {
		"alice", "/a", FACT_STATE_ABSENT, "/a", 0, 0, 0};
	static const struct ssh_user_keys_command command = {"/usr/bin/sss", "alice", 3, "/c", 7};
	static const struct {
		struct ssh_user_keys u;
		enum result result;
		size_t n;
	} vectors[] = {
		{{.n_keys = 0}, RESULT_NOTAPPLICABLE, 0},
		{{.keys = &certificate, .n_keys = 1}, RESULT_PASS, 0},
		{{.files = &fifo, .n_files = 1}, RESULT_ERROR, 1},
		{{.files = &absent, .n_files = 1}, RESULT_NOTAPPLICABLE, 0},
		{{.commands = &command, .n_commands = 1}, RESULT_UNKNOWN, 1},
		{{.files = &fifo, .n_files = 1, .commands = &command, .n_commands = 1},
			RESULT_ERROR, 2},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct ssh_fixture x;
		fixture_init(&x, NULL);
		(void)fixture_put(&x, FACT_SSH_USER_KEYS, &vectors[i].u);
		expect(&x, "ssh-authorized-key-strength", NULL, vectors[i].result, 0, vectors[i].n);
		fixture_fini(&x);
	}
}

#define DAY(n) ((n)*USEC_PER_DAY)

static void test_unique(void **state)
{
	static const struct {
		uint64_t boot, doubt, mtime, birth;
		bool seen;
		enum fact_state state;
		enum result result;
		size_t n;
	} vectors[] = {
		{DAY(100), 0, DAY(100) + 1, DAY(100) + 1, true, FACT_STATE_OK, RESULT_PASS, 0},
		{DAY(100), 0, DAY(90), DAY(90), true, FACT_STATE_OK, RESULT_FAIL, 1},
		{DAY(100), 0, DAY(90), 0, true, FACT_STATE_OK, RESULT_FAIL, 1},
		{DAY(100), 0, DAY(90), DAY(101), true, FACT_STATE_OK, RESULT_PASS,
			0}, /* brought here */
		{DAY(100), 0, DAY(101), DAY(90), true, FACT_STATE_OK, RESULT_PASS,
			0}, /* made anew */
		/* unpacked just before the first boot */
		{DAY(100), 0, DAY(90), DAY(100) - USEC_PER_MIN, true, FACT_STATE_OK, RESULT_FAIL,
			1},
		/* the clock was set back a little in between */
		{DAY(100), 0, DAY(100) - USEC_PER_MIN, 0, true, FACT_STATE_OK, RESULT_PASS, 0},
		{DAY(100), 0, DAY(100) - USEC_PER_MIN, DAY(100) - USEC_PER_MIN, true, FACT_STATE_OK,
			RESULT_PASS, 0},
		{DAY(100), DAY(200), DAY(150), 0, true, FACT_STATE_OK, RESULT_UNKNOWN, 1},
		{DAY(100), DAY(200), DAY(99), 0, true, FACT_STATE_OK, RESULT_FAIL, 1},
		{DAY(100), DAY(200), DAY(201), 0, true, FACT_STATE_OK, RESULT_PASS, 0},
		{0, 0, DAY(201), 0, true, FACT_STATE_OK, RESULT_UNKNOWN, 0},
		{DAY(100), 0, DAY(90), 0, true, FACT_STATE_MALFORMED, RESULT_FAIL, 1},
		{DAY(100), 0, 0, 0, false, FACT_STATE_DENIED, RESULT_ERROR, 1},
		{DAY(100), 0, 0, 0, false, FACT_STATE_ABSENT, RESULT_PASS, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct ssh_fixture x;
		struct ssh_host_key k = {.path = "/k",
			.subject = "host key ssh-ed25519",
			.state = vectors[i].state,
			.reason = "/k reason",
			.seen = vectors[i].seen,
			.mtime_realtime_usec = vectors[i].mtime,
			.birth_realtime_usec = vectors[i].birth};
		struct ssh_host_keys h = {.keys = &k,
			.n_keys = 1,
			.first_boot = {
				vectors[i].boot, "/etc/machine-id", vectors[i].doubt, "/seed"}};
		fixture_init(&x, NULL);
		(void)fixture_put(&x, FACT_SSH_HOST_KEYS, &h);
		print_message("vector %zu\n", i);
		expect(&x, "ssh-host-keys-unique", NULL, vectors[i].result, SEV_HIGH, vectors[i].n);
		h.first_boot = (struct first_boot){.ahead = true};
		expect(&x, "ssh-host-keys-unique", NULL,
			vectors[i].state == FACT_STATE_ABSENT ? RESULT_PASS
			: vectors[i].seen		      ? RESULT_FAIL
							      : RESULT_ERROR,
			SEV_HIGH, vectors[i].state != FACT_STATE_ABSENT);
		h.n_keys = 0;
		expect(&x, "ssh-host-keys-unique", NULL, RESULT_NOTAPPLICABLE, 0, 0);
		fixture_fini(&x);
	}
}

static void test_private(void **state)
{
	static const struct {
		enum fact_state state;
		bool seen;
		uid_t uid;
		gid_t gid;
		mode_t mode;
		enum result result;
		enum severity severity;
	} vectors[] = {
		{FACT_STATE_OK, true, 0, 0, 0600, RESULT_PASS, 0},
		{FACT_STATE_OK, true, 0, 0, 0400, RESULT_PASS, 0},
		{FACT_STATE_OK, true, 0, 42, 0640, RESULT_PASS, 0}, /* ssh_keys */
		{FACT_STATE_OK, true, 0, 43, 0640, RESULT_FAIL, SEV_HIGH},
		{FACT_STATE_OK, true, 0, 42, 0660, RESULT_FAIL, SEV_HIGH},
		{FACT_STATE_OK, true, 0, 0, 0644, RESULT_FAIL, SEV_CRITICAL},
		{FACT_STATE_OK, true, 0, 0, 0602, RESULT_FAIL, SEV_CRITICAL},
		{FACT_STATE_OK, true, 1000, 0, 0600, RESULT_FAIL, SEV_HIGH},
		{FACT_STATE_MALFORMED, true, 0, 0, 0644, RESULT_FAIL, SEV_CRITICAL},
		{FACT_STATE_DENIED, false, 0, 0, 0, RESULT_ERROR, 0},
		{FACT_STATE_ABSENT, false, 0, 0, 0, RESULT_PASS, 0},
	};
	static struct account_group groups[] = {{.name = "ssh_keys", .gid = 42}};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct ssh_fixture x;
		struct ssh_host_key k = {.path = "/k",
			.subject = "host key",
			.state = vectors[i].state,
			.reason = "/k reason",
			.seen = vectors[i].seen,
			.uid = vectors[i].uid,
			.gid = vectors[i].gid,
			.mode = vectors[i].mode};
		struct ssh_host_keys h = {.keys = &k, .n_keys = 1};
		fixture_init(&x, NULL);
		x.accounts.groups = groups;
		x.accounts.n_groups = 1;
		(void)fixture_put(&x, FACT_SSH_HOST_KEYS, &h);
		expect(&x, "ssh-key-files-private", NULL, vectors[i].result, vectors[i].severity,
			vectors[i].result != RESULT_PASS);
		fixture_fini(&x);
	}
}

static void test_conf_files(void **state)
{
	static const struct {
		struct ssh_host_file file;
		enum result result;
	} vectors[] = {
		{{"/etc/ssh/sshd_config", FACT_STATE_OK, NULL, 0, 0, S_IFREG | 0644}, RESULT_PASS},
		{{"/etc/ssh", FACT_STATE_OK, NULL, 0, 0, S_IFDIR | 0755}, RESULT_PASS},
		{{"/etc/ssh/sshd_config", FACT_STATE_OK, NULL, 0, 0, S_IFREG | 0664}, RESULT_FAIL},
		{{"/etc/ssh/sshd_config", FACT_STATE_OK, NULL, 0, 0, S_IFREG | 0646}, RESULT_FAIL},
		{{"/etc/ssh/sshd_config", FACT_STATE_OK, NULL, 5, 0, S_IFREG | 0644}, RESULT_FAIL},
		{{"/etc/ssh", FACT_STATE_OK, NULL, 0, 0, S_IFDIR | 01777}, RESULT_FAIL},
		{{"/etc/ssh/sshd_config", FACT_STATE_ABSENT, "gone", 0, 0, 0}, RESULT_PASS},
		{{"/etc/ssh/sshd_config", FACT_STATE_DENIED, "denied", 0, 0, 0}, RESULT_ERROR},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct ssh_fixture x;
		struct ssh_host_keys h = {.files = &vectors[i].file, .n_files = 1};
		fixture_init(&x, NULL);
		(void)fixture_put(&x, FACT_SSH_HOST_KEYS, &h);
		expect(&x, "ssh-key-files-private", NULL, vectors[i].result, SEV_HIGH,
			vectors[i].result != RESULT_PASS);
		fixture_fini(&x);
	}
}

static void test_stray(void **state)
{
	static const struct {
		enum ssh_key_type type;
		enum ssh_protection protection;
		enum result result;
		enum severity severity;
	} vectors[] = {
		{SSH_KEY_ED25519, SSH_PROTECTION_NONE, RESULT_FAIL, SEV_HIGH},
		{SSH_KEY_ED25519, SSH_PROTECTION_ENCRYPTED, RESULT_FAIL, SEV_MEDIUM},
		{SSH_KEY_OTHER, SSH_PROTECTION_UNKNOWN, RESULT_FAIL, SEV_MEDIUM},
		{SSH_KEY_ED25519_SK, SSH_PROTECTION_NONE, RESULT_PASS, 0},
		{SSH_KEY_ECDSA_SK, SSH_PROTECTION_NONE, RESULT_PASS, 0},
	};
	static const struct ssh_stray_gap gap = {
		"alice", "/home/alice/.ssh/x", FACT_STATE_MALFORMED, "loop"};
	struct ssh_fixture x;

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct ssh_stray_key k = {.account = "alice",
			.path = "/home/alice/.ssh/id",
			.private = {"OpenSSH", vectors[i].protection,
				{.type = vectors[i].type, .name = "", .fingerprint = ""}}};
		struct ssh_private_keys p = {.keys = &k, .n_keys = 1, .n_directories = 1};
		fixture_init(&x, NULL);
		(void)fixture_put(&x, FACT_SSH_PRIVATE_KEYS, &p);
		expect(&x, "ssh-private-keys-on-host", NULL, vectors[i].result, vectors[i].severity,
			vectors[i].result != RESULT_PASS);
		fixture_fini(&x);
	}
	fixture_init(&x, NULL);
	const struct ssh_private_keys nowhere = {.n_directories = 0}, clean = {.n_directories = 2},
				      blind = {.gaps = &gap, .n_gaps = 1, .n_directories = 1};
	(void)fixture_put(&x, FACT_SSH_PRIVATE_KEYS, &nowhere);
	expect(&x, "ssh-private-keys-on-host", NULL, RESULT_NOTAPPLICABLE, 0, 0);
	(void)fixture_put(&x, FACT_SSH_PRIVATE_KEYS, &clean);
	expect(&x, "ssh-private-keys-on-host", NULL, RESULT_PASS, 0, 0);
	(void)fixture_put(&x, FACT_SSH_PRIVATE_KEYS, &blind);
	expect(&x, "ssh-private-keys-on-host", NULL, RESULT_ERROR, 0, 1);
	fixture_fini(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unusable),
		cmocka_unit_test(test_host_strength),
		cmocka_unit_test(test_host_strength_files),
		cmocka_unit_test(test_user_strength),
		cmocka_unit_test(test_user_gaps),
		cmocka_unit_test(test_unique),
		cmocka_unit_test(test_private),
		cmocka_unit_test(test_conf_files),
		cmocka_unit_test(test_stray),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
