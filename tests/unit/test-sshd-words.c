/* SPDX-License-Identifier: ISC */
/* What sshd_config is made of: words, patterns, addresses, algorithms, keywords. */
#include "test.h"

#include "fact/sshd-conf.h"
#include "fact/sshd-version.h"

/* ---- words ---- */

static void test_words(void **state)
{
	static const struct {
		const char *in, *out; /* joined with '|'; NULL: refused */
	} vectors[] = {
		{"", ""},
		{"a b\tc", "a|b|c"},
		{"  a  ", "a"},
		{"\"a b\" c", "a b|c"},
		{"'a \"b' c", "a \"b|c"},
		{"a\\ b", "a b"},
		{"\"a\\ b\"", "a\\ b"},
		{"\"a\\\"b\"", "a\"b"},
		{"a\"b c\"d", "ab cd"},
		{"a \"\" b", "a||b"},
		{"a # b", "a"},
		{"a#b", "a#b"},
		{"#a", ""},
		{"\"#a\"", "#a"},
		{"a\\", "a\\"},
		{"\\x", "\\x"},
		{"\"a", NULL},
		{"a '", NULL},
	};
	struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		char **words = NULL, joined[64] = "";
		size_t n = 0;
		int r = sshd_words(a, vectors[i].in, &words, &n);
		assert_int_equal(r, vectors[i].out ? 0 : -EINVAL);
		for (size_t k = 0; r == 0 && k < n; k++) {
			if (k > 0)
				strcat(joined, "|");
			strcat(joined, words[k]);
		}
		if (r == 0)
			assert_string_equal(joined, vectors[i].out);
	}
	arena_free(a);
}

static void test_old_words(void **state)
{
	static const struct {
		const char *in, *out;
	} vectors[] = {
		{"a b", "a|b"},
		{"a=b", "a|b"},
		{"a = b", "a|b"},
		{"a==b", "a||b"},
		{"\"a b\" c", "a b|c"},
		{"a\"b c\"d", "ab c|d"},
		{"a \"b", "a"},
		{"'a b'", "'a|b'"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		char text[64], joined[64] = "", *rest = text;
		strcpy(text, vectors[i].in);
		for (char *word; (word = sshd_word(&rest, true));) {
			if (*joined)
				strcat(joined, "|");
			strcat(joined, word);
		}
		assert_string_equal(joined, vectors[i].out);
	}
}

/* ---- patterns and addresses ---- */

static void test_patterns(void **state)
{
	static const struct {
		const char *s, *list;
		int expected;
		bool fold;
	} vectors[] = {
		{"alice", "alice", 1, false},
		{"alice", "Alice", 0, false},
		{"ALICE", "alice", 1, true},
		{"alice", "bob,al*", 1, false},
		{"alice", "!alice,*", -1, false},
		{"bob", "!alice,*", 1, false},
		{"bob", "!alice", 0, false},
		{"alice", "a?ice", 1, false},
		{"alice", "a*i*e", 1, false},
		{"alice", "*x*", 0, false},
		{"", "*", 1, false},
		{"", "", 0, false},
		{"a", "", 0, false},
		{"a", ",a", 1, false},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", 0, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		assert_int_equal(sshd_pattern_list(vectors[i].s, vectors[i].list, vectors[i].fold),
			vectors[i].expected);
}

static void test_addresses(void **state)
{
	static const struct {
		const char *address, *list;
		int expected;
	} vectors[] = {
		{"10.1.2.3", "10.0.0.0/8", 1},
		{"11.1.2.3", "10.0.0.0/8", 0},
		{"10.1.2.3", "!10.1.0.0/16,10.0.0.0/8", -1},
		{"10.1.2.3", "10.*", 1},
		{"10.1.2.3", "10.1.2.3", 1},
		{"10.1.2.3", "::/0", 0},
		{"::ffff", "::/0", 1},
		{"2001:db8::1", "2001:DB8::/32", 1},
		{"fe80::1%eth0", "fe80::/10", 1},
		{"10.1.2.3", "0.0.0.0/0", 1},
		{"nonsense", "*", 0},
		{NULL, "10.0.0.1/8", -EINVAL},
		{NULL, "10.0.0.0/33", -EINVAL},
		{NULL, "10.0.0.0/x", 0},
		{NULL, "", -EINVAL},
		{NULL, "a,,b", -EINVAL},
		{NULL, "!", -EINVAL},
		{NULL, "10.0.0.0/8,*.example.com", 0},
		{NULL, "127.1/32", 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		assert_int_equal(sshd_address_list(vectors[i].address, vectors[i].list),
			vectors[i].expected);
}

/* ---- algorithms ---- */

static void test_algs(void **state)
{
	static const struct {
		const char *value, *expected; /* NULL: refused */
	} vectors[] = {
		{"aes128-ctr", "aes128-ctr"},
		{"aes128-ctr,aes128-ctr", "aes128-ctr"},
		{"+aes256-cbc", "aes128-ctr,aes256-ctr,aes256-cbc"},
		{"+aes128-ctr", "aes128-ctr,aes256-ctr"},
		{"^3des-cbc", "3des-cbc,aes128-ctr,aes256-ctr"},
		{"^aes256-ctr", "aes256-ctr,aes128-ctr"},
		{"-aes128*", "aes256-ctr"},
		{"-*-cbc", "aes128-ctr,aes256-ctr"},
		{"-*", ""},
		{"!aes128-ctr", NULL},
	};
	const struct sshd_algs algs = {SSHD_ALG_CIPHER, 902, "aes128-ctr,aes256-ctr"};
	struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const char *out = NULL;
		int r = sshd_algs_assemble(a, &algs, vectors[i].value, &out);
		assert_int_equal(r, vectors[i].expected ? 0 : -EINVAL);
		if (r == 0)
			assert_string_equal(out, vectors[i].expected);
	}
	assert_true(sshd_algs_valid(SSHD_ALG_KEY, "ssh-*", 902));
	assert_false(sshd_algs_valid(SSHD_ALG_CIPHER, "aes*", 902));
	assert_true(sshd_algs_valid(SSHD_ALG_CIPHER, "-nonsense", 902));
	assert_false(sshd_algs_valid(SSHD_ALG_CIPHER, "+", 902));
	assert_false(sshd_algs_valid(SSHD_ALG_KEY, "ssh-dss", 1000));
	assert_false(sshd_algs_valid(SSHD_ALG_KEX, "mlkem768x25519-sha256", 902));
	assert_true(sshd_algs_valid(SSHD_ALG_KEX, "mlkem768x25519-sha256", 909));
	assert_true(sshd_algs_valid(SSHD_ALG_KEX, "what-comes-later", SSHD_VERSION_MAX + 1));
	arena_free(a);
}

/* ---- the table ---- */

static void test_keywords(void **state)
{
	for (size_t i = 0; i < sshd_keyword_count(); i++) {
		const struct sshd_keyword *k = sshd_keyword_at(i);
		if (i > 0)
			assert_true(strcmp(sshd_keyword_at(i - 1)->name, k->name) <= 0);
		const struct sshd_keyword *real = sshd_keyword_real(k);
		assert_non_null(real);
		assert_non_null(real->parse);
		assert_true(sshd_keyword_index(k) == i);
	}
	assert_null(sshd_keyword_find("nonsense", 902));
	assert_null(sshd_keyword_find("include", 800));
	assert_non_null(sshd_keyword_find("INCLUDE", 802));
	assert_string_equal(
		sshd_keyword_real(sshd_keyword_find("ChallengeResponseAuthentication", 902))->name,
		"kbdinteractiveauthentication");
	assert_string_equal(
		sshd_keyword_real(sshd_keyword_find("ChallengeResponseAuthentication", 804))->name,
		"challengeresponseauthentication");
}

/* Every default belongs to a keyword that is shown, in the same order. */
static void test_defaults(void **state)
{
	static const unsigned versions[] = {704, 800, 802, 804, 807, 809, 902, 906, 909, 1000};
	struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		const struct sshd_value *v;
		size_t n;
		assert_int_equal(sshd_defaults_table(a, versions[i], &v, &n), 0);
		assert_true(n > 60);
		for (size_t k = 0; k < n; k++) {
			const struct sshd_keyword *row = sshd_keyword_find(
				v[k].keyword, SSHD_VERSION_MAX);
			assert_non_null(row);
			assert_true(row->flags & SSHD_SHOWN);
			if (k > 0)
				assert_true(strcmp(v[k - 1].keyword, v[k].keyword) < 0);
		}
	}
	const struct sshd_value *v;
	size_t n;
	assert_int_equal(sshd_defaults_text(a, 902, "usage: sshd\n", &v, &n), -EBADMSG);
	static const char text[] = "port 22\npermitrootlogin yes\nkexalgorithms a,b\n"
				   "acceptenv LANG\nacceptenv LC_*\nunknown x\nusedns no\n";
	assert_int_equal(sshd_defaults_text(a, 902, text, &v, &n), 0);
	const struct sshd_conf c = {.defaults = v, .n_defaults = n};
	assert_string_equal(sshd_default(&c, "permitrootlogin")->value, "yes");
	assert_string_equal(sshd_default(&c, "acceptenv")->value, "LANG LC_*");
	assert_string_equal(sshd_default(&c, "maxauthtries")->value, "6");
	assert_null(sshd_default(&c, "unknown"));
	arena_free(a);
}

static void test_version_text(void **state)
{
	static const char data[] = "x\0OpenSSH_7.4*\0OpenSSH_6.6.1*,OpenSSH_2*\0"
				   "OpenSSH_9.2\0OpenSSH_9.2p1 Debian-2+deb12u10\0";
	struct arena *a = arena_new();
	const char *v;

	assert_int_equal(sshd_version_find(a, data, sizeof(data), &v), 0);
	assert_string_equal(v, "9.2p1");
	assert_int_equal(sshd_version_number(v), 902);
	assert_int_equal(sshd_version_number("10.0p2"), 1000);
	assert_int_equal(sshd_version_number(""), 0);
	assert_int_equal(sshd_version_find(a, "nothing", 8, &v), 0);
	assert_string_equal(v, "");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_old_words),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_algs),
		cmocka_unit_test(test_keywords),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_version_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
