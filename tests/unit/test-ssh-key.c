/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "alloc-fail.h"
#include "fact/ssh-key-line.h"
#include "fact/ssh-key-private.h"

#define ED25519 "AAAAC3NzaC1lZDI1NTE5AAAAIJtJ2o8YeBkh3IrhDdTHOjzyMzJVLXbuHbkMeZUXf8wo"

/* Key files made by ssh-keygen, openssl and puttygen serve the fuzzer and this test alike. */
static char *load(const char *name, size_t *ret_n)
{
	static char buf[65536];
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/ssh-keys/%s", getenv("TEST_DATA"), name);
	FILE *f = fopen(path, "re");
	if (!f)
		fail_msg("%s: %s", path, strerror(errno));
	*ret_n = fread(buf, 1, sizeof(buf) - 1, f);
	buf[*ret_n] = '\0';
	assert_int_equal(fclose(f), 0);
	return buf;
}

/* As `ssh-keygen -l` prints them. */
static void test_public(void **state)
{
	static const struct {
		const char *file;
		enum ssh_key_type type;
		unsigned bits;
		const char *name, *fingerprint, *comment, *ca;
	} vectors[] = {
		{"rsa-2048.pub", SSH_KEY_RSA, 2048, "ssh-rsa",
			"SHA256:YaQ1CPGldOU6tVk+Mi/Y4FXQYf/mdETzK/0zbeG8CAE", "rsa-2048 test",
			NULL},
		{"dsa-1024.pub", SSH_KEY_DSA, 1024, "ssh-dss",
			"SHA256:4dQn44/9Gf5CHBRxcGqQziffPemjqe1PfQ5st3DXB0w", "dsa-1024 test",
			NULL},
		{"ecdsa-256.pub", SSH_KEY_ECDSA, 256, "ecdsa-sha2-nistp256",
			"SHA256:ljtpHq0Ww8pnmypuu8Dwy/Rva80jQdrXcDVaD6yFolY", "ecdsa-256 test",
			NULL},
		{"ecdsa-384.pub", SSH_KEY_ECDSA, 384, "ecdsa-sha2-nistp384",
			"SHA256:THyjbdp6m/tWiLLMPbbZbPPEU2Ej0lltplfcmIdTG5U", "ecdsa-384 test",
			NULL},
		{"ecdsa-521.pub", SSH_KEY_ECDSA, 521, "ecdsa-sha2-nistp521",
			"SHA256:ExQjouDOtzlEH5z0RyL8NSa3qqNUCvEkliE1Lo8Fymo", "ecdsa-521 test",
			NULL},
		{"ed25519-0.pub", SSH_KEY_ED25519, 256, "ssh-ed25519",
			"SHA256:mxn/iO6NYtxag+Z6pf5G4McWsq69CNLHDKO2eKsjfxc", "ed25519-0 test",
			NULL},
		{"sk-ed25519.pub", SSH_KEY_ED25519_SK, 256, "sk-ssh-ed25519@openssh.com",
			"SHA256:50KYPAZrVd9EaeZL6Que66++EQcgSPPw0O85wh30uhw", "token", NULL},
		{"sk-ecdsa.pub", SSH_KEY_ECDSA_SK, 256, "sk-ecdsa-sha2-nistp256@openssh.com",
			"SHA256:elLtR/usiV7ggF4SU0e+1d7D8Rea7MgbXO2A0hiriQY", "token2", NULL},
		{"ed25519-0-cert.pub", SSH_KEY_ED25519, 256, "ssh-ed25519-cert-v01@openssh.com",
			"SHA256:mxn/iO6NYtxag+Z6pf5G4McWsq69CNLHDKO2eKsjfxc", "ed25519-0 test",
			"SHA256:YaQ1CPGldOU6tVk+Mi/Y4FXQYf/mdETzK/0zbeG8CAE"},
		{"ecdsa-256-cert.pub", SSH_KEY_ECDSA, 256,
			"ecdsa-sha2-nistp256-cert-v01@openssh.com",
			"SHA256:ljtpHq0Ww8pnmypuu8Dwy/Rva80jQdrXcDVaD6yFolY", "ecdsa-256 test",
			"SHA256:mxn/iO6NYtxag+Z6pf5G4McWsq69CNLHDKO2eKsjfxc"},
	};
	struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct ssh_key_line line;
		size_t n;
		char *text = load(vectors[i].file, &n);
		assert_int_equal(ssh_key_parse_line(a, text, strcspn(text, "\n"), &line), 1);
		assert_int_equal(line.key.type, vectors[i].type);
		assert_int_equal(line.key.bits, vectors[i].bits);
		assert_string_equal(line.key.name, vectors[i].name);
		assert_string_equal(line.key.fingerprint, vectors[i].fingerprint);
		assert_string_equal(line.comment, vectors[i].comment);
		assert_string_equal(line.options, "");
		assert_int_equal(line.key.cert != NULL, vectors[i].ca != NULL);
		assert_int_equal(line.refused != NULL, vectors[i].ca != NULL);
		if (vectors[i].ca)
			assert_string_equal(line.key.cert->ca_fingerprint, vectors[i].ca);
	}
	arena_free(a);
}

static void test_lines(void **state)
{
	static const struct {
		const char *line;
		int r;
		const char *describe;
	} vectors[] = {
		{"", 0, NULL},
		{"  \t", 0, NULL},
		{"# ssh-ed25519 " ED25519, 0, NULL},
		{"ssh-ed25519 " ED25519 " alice@laptop", 1, "ssh-ed25519 256 alice@laptop"},
		{" \tssh-ed25519\t " ED25519 "  a b \r", 1, "ssh-ed25519 256 a b"},
		{"ssh-ed25519 " ED25519 "\r", 1, "ssh-ed25519 256"},
		{"ssh-ed25519 " ED25519, 1, "ssh-ed25519 256"},
		{"restrict,pty ssh-ed25519 " ED25519, 1, "ssh-ed25519 256 [restrict,pty]"},
		{"No-PTY ssh-ed25519 " ED25519 " c", 1, "ssh-ed25519 256 c [no-pty]"},
		{"from=\"10.0.0.0/8,*.example\",command=\"/bin/date\" ssh-ed25519 " ED25519 " c", 1,
			"ssh-ed25519 256 c [from=\"10.0.0.0/8,*.example\",command=\"/bin/date\"]"},
		{"command=\"say \\\"a b\\\" # c\" ssh-ed25519 " ED25519 " c", 1,
			"ssh-ed25519 256 c [command=\"say...\"; SHA256:0S5NlCiU]"},
		{"environment=\"TOKEN=hunter2\" ssh-ed25519 " ED25519, 1,
			"ssh-ed25519 256 [environment=\"TOKEN...\"; SHA256:des20/lI]"},
		{"cert-authority,principals=\"root\" ssh-ed25519 " ED25519, 1,
			"ssh-ed25519 256 [cert-authority,principals=\"root\"]"},
		{"from=\"a\",from=\"b\" ssh-ed25519 " ED25519, 1,
			"ssh-ed25519 256 [from=\"a\",from=\"b\"; SHA256:Ry5gK0D7; an option is "
			"given twice]"},
		{"frobnicate ssh-ed25519 " ED25519, 1,
			"ssh-ed25519 256 [SHA256:zeZ4psGB; an option is not known]"},
		{"from=a ssh-ed25519 " ED25519, 1,
			"ssh-ed25519 256 [SHA256:UTi8YAlK; an option has no quoted value]"},
		/* sshd finds no key in these */
		{"ssh-ed25519", -EBADMSG, NULL},
		{"ssh-ed25519 ", -EBADMSG, NULL},
		{"ssh-ed25519 AAAA", -EBADMSG, NULL},
		{"ssh-rsa " ED25519, -EBADMSG, NULL},
		{"ssh-ed25519 " ED25519 "AAAA", -EBADMSG, NULL},
		{"command=\"open ssh-ed25519 " ED25519, -EBADMSG, NULL},
		{"\xef\xbb\xbfssh-ed25519 " ED25519, -EBADMSG, NULL},
		{"future-key@example.com AAAAC3NzaC1lZDI1NTE5", -EBADMSG, NULL},
	};
	struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct ssh_key_line line;
		int r = ssh_key_parse_line(a, vectors[i].line, strlen(vectors[i].line), &line);
		if (r != vectors[i].r)
			fail_msg("%s: %d", vectors[i].line, r);
		if (r == 1)
			assert_string_equal(ssh_key_line_describe(a, &line), vectors[i].describe);
	}
	arena_free(a);
}

static void test_flags(void **state)
{
	struct arena *a = arena_new();
	struct ssh_key_line line;
	const char *text = "cert-authority,from=\"h\",command=\"x\" ssh-ed25519 " ED25519;

	assert_int_equal(ssh_key_parse_line(a, text, strlen(text), &line), 1);
	assert_true(line.cert_authority && line.from && line.command && !line.refused);
	/* A NUL ends the line, as it does for sshd. */
	assert_int_equal(ssh_key_parse_line(a, "\0ssh-ed25519 " ED25519, 80, &line), 0);
	arena_free(a);
}

/* "future@example.com" and bytes: nobody knows how strong it is, but it is there. */
static void test_unknown_type(void **state)
{
	struct arena *a = arena_new();
	struct ssh_key_line line;
	const char *text = "future@example.com AAAAEmZ1dHVyZUBleGFtcGxlLmNvbQECAw== c";

	assert_int_equal(ssh_key_parse_line(a, text, strlen(text), &line), 1);
	assert_int_equal(line.key.type, SSH_KEY_OTHER);
	assert_int_equal(line.key.bits, 0);
	assert_string_equal(ssh_key_line_describe(a, &line), "future@example.com c");
	arena_free(a);
}

/* However a number is padded or a type is spelt, it is the same key to sshd. */
static void test_spellings(void **state)
{
	struct arena *a = arena_new();
	struct ssh_blob plain = {.n = 0}, padded = {.n = 0};
	uint8_t modulus[256], zeros[259] = {0};
	struct ssh_key x, y;

	memset(modulus, 0xa5, sizeof(modulus));
	memcpy(zeros + 3, modulus, sizeof(modulus));
	ssh_put_string(&plain, "ssh-rsa", 7);
	ssh_put_number(&plain, (const uint8_t *)"\1\0\1", 3);
	ssh_put_number(&plain, modulus, sizeof(modulus));
	ssh_put_string(&padded, "rsa", 3);
	ssh_put_string(&padded, "\0\1\0\1", 4);
	ssh_put_string(&padded, zeros, sizeof(zeros));
	assert_int_equal(ssh_key_parse_blob(a, plain.data, plain.n, &x), 0);
	assert_int_equal(ssh_key_parse_blob(a, padded.data, padded.n, &y), 0);
	assert_int_equal(x.bits, 2048);
	assert_int_equal(y.bits, 2048);
	assert_string_equal(x.fingerprint, y.fingerprint);
	assert_string_equal(y.name, "ssh-rsa");
	/* Negative, too long, trailing bytes: refused. */
	padded.data[padded.n] = 0;
	assert_int_equal(ssh_key_parse_blob(a, padded.data, padded.n + 1, &y), -EBADMSG);
	struct ssh_blob negative = {.n = 0};
	ssh_put_string(&negative, "ssh-rsa", 7);
	ssh_put_string(&negative, "\1\0\1", 3);
	ssh_put_string(&negative, modulus, sizeof(modulus));
	assert_int_equal(ssh_key_parse_blob(a, negative.data, negative.n, &y), -EBADMSG);
	arena_free(a);
}

static void test_private(void **state)
{
	static const struct {
		const char *file, *format;
		enum ssh_protection protection;
		const char *name;
		unsigned bits;
		const char *pub; /* has the same fingerprint; NULL: none is to be seen */
	} vectors[] = {
		{"ed25519-0", "OpenSSH", SSH_PROTECTION_NONE, "ssh-ed25519", 256, "ed25519-0.pub"},
		{"ed25519-enc", "OpenSSH", SSH_PROTECTION_ENCRYPTED, "ssh-ed25519", 256,
			"ed25519-enc.pub"},
		{"rsa-2048", "OpenSSH", SSH_PROTECTION_NONE, "ssh-rsa", 2048, "rsa-2048.pub"},
		{"ecdsa-256", "OpenSSH", SSH_PROTECTION_NONE, "ecdsa-sha2-nistp256", 256,
			"ecdsa-256.pub"},
		{"dsa-1024", "OpenSSH", SSH_PROTECTION_NONE, "ssh-dss", 1024, "dsa-1024.pub"},
		{"sk-ed25519", "OpenSSH", SSH_PROTECTION_NONE, "sk-ssh-ed25519@openssh.com", 256,
			"sk-ed25519.pub"},
		{"rsa-pem", "PEM", SSH_PROTECTION_NONE, "ssh-rsa", 2048, "rsa-pem.pub"},
		{"rsa-pem-preamble", "PEM", SSH_PROTECTION_NONE, "ssh-rsa", 2048, "rsa-pem.pub"},
		{"rsa-pem-enc", "PEM", SSH_PROTECTION_ENCRYPTED, "ssh-rsa", 0, NULL},
		{"dsa-pem", "PEM", SSH_PROTECTION_NONE, "ssh-dss", 1024, "dsa-1024.pub"},
		{"ecdsa-pem", "PEM", SSH_PROTECTION_NONE, "ecdsa-sha2-nistp256", 256,
			"ecdsa-pem.pub"},
		{"rsa-pkcs8", "PKCS#8", SSH_PROTECTION_NONE, "ssh-rsa", 2048, "rsa-pkcs8.pub"},
		{"rsa-pkcs8-enc", "PKCS#8", SSH_PROTECTION_ENCRYPTED, "", 0, NULL},
		{"dsa-pkcs8", "PKCS#8", SSH_PROTECTION_NONE, "ssh-dss", 1024, NULL},
		{"ecdsa-pkcs8", "PKCS#8", SSH_PROTECTION_NONE, "ecdsa-sha2-nistp384", 384,
			"ecdsa-pkcs8.pub"},
		{"ec-k1-pkcs8", "PKCS#8", SSH_PROTECTION_NONE, "ecdsa", 0, NULL},
		{"ed25519-pkcs8", "PKCS#8", SSH_PROTECTION_NONE, "ssh-ed25519", 256, NULL},
		{"ed25519.ppk", "PuTTY", SSH_PROTECTION_NONE, "ssh-ed25519", 256, "ed25519-0.pub"},
		{"rsa-enc.ppk", "PuTTY", SSH_PROTECTION_ENCRYPTED, "ssh-rsa", 2048, "rsa-2048.pub"},
		{"rsa-v2.ppk", "PuTTY", SSH_PROTECTION_NONE, "ssh-rsa", 2048, "rsa-2048.pub"},
		{"rsa-sshcom", "ssh.com", SSH_PROTECTION_NONE, "ssh-rsa", 0, NULL},
		{"rsa-sshcom-enc", "ssh.com", SSH_PROTECTION_ENCRYPTED, "ssh-rsa", 0, NULL},
		{"rsa1-enc", "SSH-1", SSH_PROTECTION_ENCRYPTED, "rsa1", 1024, NULL},
		{"damaged", "PEM", SSH_PROTECTION_UNKNOWN, "ssh-rsa", 0, NULL},
		{"cut", "PEM", SSH_PROTECTION_UNKNOWN, "", 0, NULL},
	};
	struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct ssh_private_key k;
		struct ssh_key_line line;
		size_t n;
		char *text = load(vectors[i].file, &n);
		print_message("%s\n", vectors[i].file);
		assert_int_equal(ssh_key_parse_private(a, text, n, &k), 1);
		assert_string_equal(k.format, vectors[i].format);
		assert_int_equal(k.protection, vectors[i].protection);
		assert_string_equal(k.key.name, vectors[i].name);
		assert_int_equal(k.key.bits, vectors[i].bits);
		if (!vectors[i].pub) {
			assert_string_equal(k.key.fingerprint, "");
			continue;
		}
		text = load(vectors[i].pub, &n);
		assert_int_equal(ssh_key_parse_line(a, text, strcspn(text, "\n"), &line), 1);
		assert_string_equal(k.key.fingerprint, line.key.fingerprint);
	}
	arena_free(a);
}

static void test_not_private(void **state)
{
	static const char *const texts[] = {"", "\n", "-----BEGIN CERTIFICATE-----\nAAAA\n",
		"x -----BEGIN PRIVATE KEY-----\n", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n",
		"# -----BEGIN RSA PRIVATE KEY-----"};
	struct arena *a = arena_new();
	struct ssh_private_key k;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(ssh_key_parse_private(a, texts[i], strlen(texts[i]), &k), 0);
	arena_free(a);
}

static int line_with(struct arena *a, const char *text, struct ssh_key_line *line)
{
	int r = ssh_key_parse_line(a, text, strlen(text), line);

	return r < 0 ? r : ssh_key_line_describe(a, line) ? 0 : -ENOMEM;
}

static void test_no_memory_line(void **state)
{
	size_t n;
	char *cert = load("ed25519-0-cert.pub", &n);
	const char *const texts[] = {
		"command=\"a b\" ssh-ed25519 " ED25519 " c",
		"future@example.com AAAAEmZ1dHVyZUBleGFtcGxlLmNvbQECAw== c",
		cert,
	};

	cert[strcspn(cert, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		for (alloc_fail_at = 1;; alloc_fail_at++) {
			struct ssh_key_line line;
			alloc_count = 0;
			struct arena *a = arena_new();
			int r = a ? line_with(a, texts[i], &line) : -ENOMEM;
			arena_free(a);
			if (alloc_count < alloc_fail_at) {
				assert_int_equal(r, 0);
				break;
			}
			assert_int_equal(r, -ENOMEM);
		}
	}
	alloc_fail_at = 0;
}

static void test_no_memory_private(void **state)
{
	static const char *const files[] = {"rsa-2048", "rsa-pem", "ecdsa-pkcs8", "ed25519.ppk"};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		size_t n;
		char *text = load(files[i], &n);
		for (alloc_fail_at = 1;; alloc_fail_at++) {
			struct ssh_private_key k;
			alloc_count = 0;
			struct arena *a = arena_new();
			int r = a ? ssh_key_parse_private(a, text, n, &k) : -ENOMEM;
			arena_free(a);
			if (alloc_count < alloc_fail_at) {
				assert_int_equal(r, 1);
				break;
			}
			assert_int_equal(r, -ENOMEM);
		}
	}
	alloc_fail_at = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_public),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_unknown_type),
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_private),
		cmocka_unit_test(test_not_private),
		cmocka_unit_test(test_no_memory_line),
		cmocka_unit_test(test_no_memory_private),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
