/* SPDX-License-Identifier: ISC */
#include "test.h"

#include <crypt.h>

#include "fact/password.h"

static void test_forms(void **state)
{
	static const struct {
		const char *field;
		enum password_kind kind;
		const char *scheme;
	} vectors[] = {
		{"", PASSWORD_NONE, ""},
		{"x", PASSWORD_LOCKED, ""},
		{"*", PASSWORD_LOCKED, ""},
		{"!", PASSWORD_LOCKED, ""},
		{"!!", PASSWORD_LOCKED, ""},
		{"*LK*", PASSWORD_LOCKED, ""},
		{"!*", PASSWORD_LOCKED, ""},
		{"password", PASSWORD_LOCKED, ""},
		{"NP", PASSWORD_LOCKED, ""},
		{"ab0123456789.", PASSWORD_USABLE, "descrypt"},
		{"ab0123456789.,..", PASSWORD_USABLE, "descrypt"},
		{"ab0123456789.0", PASSWORD_LOCKED, ""},
		{"ab0123456789.0123456789", PASSWORD_LOCKED, ""},
		{"ab0123456789.0123456789a", PASSWORD_USABLE, "bigcrypt"},
		{"ab0123456789.0123456789ab", PASSWORD_LOCKED, ""},
		{"!ab0123456789.", PASSWORD_LOCKED, "descrypt"},
		{"_J9..6HbZ1SLg/F/MkU6", PASSWORD_USABLE, "bsdicrypt"},
		{"_J9..6HbZ1SLg/F/MkU", PASSWORD_LOCKED, ""},
		{"$", PASSWORD_LOCKED, ""},
		{"$$", PASSWORD_LOCKED, ""},
		{"$6$", PASSWORD_LOCKED, ""},
		{"$6$salt$short", PASSWORD_LOCKED, ""},
		{"$1$abcdefgh$0123456789012345678901", PASSWORD_USABLE, "md5crypt"},
		{"$1$abcdefgh$012345678901234567890:", PASSWORD_LOCKED, ""},
		{"!$1$abcdefgh$0123456789012345678901", PASSWORD_LOCKED, "md5crypt"},
		{"$3$$a9f0dd57e1edab5bb55a9ac0a99c15ec", PASSWORD_USABLE, "nt"},
		{"$argon2id$v=19$m=65536$c2FsdA$aGFzaA", PASSWORD_USABLE, "unknown"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const char *scheme = "unset", *field = vectors[i].field;
		enum password_kind kind = password_classify(field, &scheme);
		if (kind != vectors[i].kind || strcmp(scheme, vectors[i].scheme) != 0)
			fail_msg("'%s' is %d '%s'", field, kind, scheme);
	}
}

/* What the real libcrypt makes is usable; a character less or more is not. */
static void test_real(void **state)
{
	static const struct {
		const char *prefix, *scheme;
		unsigned long cost;
	} vectors[] = {
		{"$y$", "yescrypt", 1},
		{"$gy$", "gost-yescrypt", 1},
		{"$7$", "scrypt", 6},
		{"$2b$", "bcrypt", 4},
		{"$2a$", "bcrypt", 4},
		{"$2y$", "bcrypt", 4},
		{"$6$", "sha512crypt", 1000},
		{"$5$", "sha256crypt", 1000},
		{"$sha1", "sha1crypt", 10},
		{"$md5", "sunmd5", 0},
		{"$1$", "md5crypt", 0},
		{"_", "bsdicrypt", 1},
		{"", "descrypt", 0},
		{"$3$", "nt", 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		char setting[CRYPT_GENSALT_OUTPUT_SIZE], longer[CRYPT_OUTPUT_SIZE + 1];
		struct crypt_data data = {0};
		const char *scheme;

		if (!crypt_gensalt_rn(vectors[i].prefix, vectors[i].cost, "0123456789abcdef", 16,
			    setting, sizeof(setting)))
			continue; /* a libcrypt built without it */
		char *hash = crypt_r("secret", setting, &data);
		assert_non_null(hash);
		assert_int_equal(password_classify(hash, &scheme), PASSWORD_USABLE);
		assert_string_equal(scheme, vectors[i].scheme);
		(void)snprintf(longer, sizeof(longer), "%s.", hash);
		assert_int_equal(password_classify(longer, &scheme), PASSWORD_LOCKED);
		hash[strlen(hash) - 1] = '\0';
		assert_int_equal(password_classify(hash, &scheme), PASSWORD_LOCKED);
	}
}

static void test_weak(void **state)
{
	assert_true(password_scheme_weak("descrypt"));
	assert_true(password_scheme_weak("MD5"));
	assert_true(password_scheme_weak("sha1crypt"));
	assert_false(password_scheme_weak("SHA512"));
	assert_false(password_scheme_weak("yescrypt"));
	assert_false(password_scheme_weak(""));
}

static void test_fingerprint(void **state)
{
	struct arena *a = arena_new();

	assert_string_equal(password_fingerprint(a, "!"), "");
	const char *one = password_fingerprint(a, "$1$abcdefgh$0123456789012345678901");
	const char *two = password_fingerprint(a, "$1$abcdefgh$0123456789012345678902");
	assert_int_equal(strlen(one), strlen("sha256:01234567"));
	assert_string_not_equal(one, two);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_real),
		cmocka_unit_test(test_weak),
		cmocka_unit_test(test_fingerprint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
