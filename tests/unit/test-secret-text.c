/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "fact/secret-text.h"
#include "growth.h"

static void test_scan(void **state)
{
	static const struct {
		const char *text, *name, *value;
		unsigned line;
	} vectors[] = {
		{"a = b\npassword = x y \n", "password", "x y", 2},
		{"password: 'it is # this' # that\n", "password", "it is # this", 1},
		{"password: plain # comment\n", "password", "plain", 1},
		{"password: with#hash\n", "password", "with#hash", 1},
		{"export password=\"a\\\"b\"; x\n", "password", "a\\\"b", 1},
		{"x=1; export password=b; z=2\n", "password", "b", 1},
		{"{\"a\": {\"password\": \"p,q}\"}, \"b\": 1}", "password", "p,q}", 1},
		{"auth: {url: http://h:80/, password: p, x: y}\n", "password", "p", 1},
		{"auth: {x: y,\n  password: p}\n", "password", "p", 2},
		{"password: |\n  block\nz: 1\n", "password", "block", 1},
		{"password: >-\r\n  block\r\n", "password", "block", 1},
		{"password = \"\"\"\nlong\n\"\"\"\nz = 2", "password", "\nlong\n", 1},
		{"\"a b\" = 1\n[x]\npassword=p", "password", "p", 3},
		{"password := p\n", "password", "p", 1},
		{"password =\nz = 1\n", "password", "", 1},
		{"password: {\n}\n", "password", "", 1},
		{"password = 'no end\n", "password", "'no end", 1},
		{"x = \"a\nb\nc\"\npassword = p\n", "password", "p", 4},
		{"password=p}q,r\n", "password", "p}q,r", 1},
		{"f() {\n\tpassword=p\n}\n", "password", "p", 2},
		{"# password = p\n", "password", NULL, 0},
		{" ; password = p\n", "password", NULL, 0},
		{"// password = p\n", "password", NULL, 0},
		{"if x == password == p\n", "password", NULL, 0},
		{"password\n", "password", NULL, 0},
		{"say \"password\" twice\n", "password", NULL, 0},
		{"", "password", NULL, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const char *name = vectors[i].name, *value = vectors[i].value;
		struct secret_scan s;
		struct secret_pair p;
		bool found = false;
		secret_scan_init(&s, vectors[i].text, strlen(vectors[i].text));
		while (!found && secret_scan_next(&s, &p))
			found = p.name_size == strlen(name) &&
				memcmp(p.name, name, p.name_size) == 0;
		if (found != (value != NULL))
			fail_msg("%s: %s", vectors[i].text, found ? "found" : "not found");
		if (!found)
			continue;
		/* Long strings keep their newlines out of the value's ends or not: only text
		 * counts. */
		if (p.value_size != strlen(value) || memcmp(p.value, value, p.value_size) != 0)
			fail_msg("%s: value '%.*s'", vectors[i].text, (int)p.value_size, p.value);
		assert_int_equal(p.line, vectors[i].line);
	}
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		enum secret_name kind;
	} vectors[] = {
		{"PASSWORD", SECRET_NAME_PASSWORD},
		{"DB_PASSWORD", SECRET_NAME_PASSWORD},
		{"PGPASSWORD", SECRET_NAME_PASSWORD},
		{"MYSQL_PWD", SECRET_NAME_PASSWORD},
		{"MYSQL_ROOT_PASS", SECRET_NAME_PASSWORD},
		{"administrator_login_password", SECRET_NAME_PASSWORD},
		{"PASSWORD_FOR_BACKUP", SECRET_NAME_PASSWORD},
		{"AWS_SECRET_ACCESS_KEY", SECRET_NAME_KEY},
		{"SECRET_KEY_BASE", SECRET_NAME_KEY},
		{"API_KEY", SECRET_NAME_KEY},
		{"STRIPE_APIKEY", SECRET_NAME_KEY},
		{"clientSecret", SECRET_NAME_KEY},
		{"access-token", SECRET_NAME_KEY},
		{"GITHUB_TOKEN", SECRET_NAME_KEY},
		{"PWD", SECRET_NAME_NONE},
		{"OLDPWD", SECRET_NAME_NONE},
		{"PASS", SECRET_NAME_PASSWORD},
		{"DBPASS", SECRET_NAME_PASSWORD},
		{"mysqlpass", SECRET_NAME_PASSWORD},
		{"JWT_KEY", SECRET_NAME_KEY},
		{"SSH_ASKPASS", SECRET_NAME_NONE},
		{"BYPASS", SECRET_NAME_NONE},
		{"COMPASS", SECRET_NAME_NONE},
		{"KEYMAP", SECRET_NAME_NONE},
		{"KEY", SECRET_NAME_NONE},
		{"XKBKEY", SECRET_NAME_NONE},
		{"PUBLIC_KEY", SECRET_NAME_NONE},
		{"AWS_ACCESS_KEY_ID", SECRET_NAME_NONE},
		{"PASSWORD_FILE", SECRET_NAME_NONE},
		{"MYSQL_ROOT_PASSWORD_FILE", SECRET_NAME_NONE},
		{"PASSWORD_MIN_LENGTH", SECRET_NAME_NONE},
		{"TOKEN_TTL", SECRET_NAME_NONE},
		{"TOKENIZERS_PARALLELISM", SECRET_NAME_NONE},
		{"SECRET_NAME", SECRET_NAME_NONE},
		{"CREDENTIALS_DIRECTORY", SECRET_NAME_NONE},
		{"GOOGLE_APPLICATION_CREDENTIALS_PATH", SECRET_NAME_NONE},
		{"HOME", SECRET_NAME_NONE},
		{"SMTP_PASSWORD_SET", SECRET_NAME_PASSWORD},
		{"REDIS_AUTH", SECRET_NAME_PASSWORD},
		{"REDISCLI_AUTH", SECRET_NAME_PASSWORD},
		{"SMTP_AUTH", SECRET_NAME_PERHAPS},
		{"AUTH", SECRET_NAME_NONE},
		{"AUTH_METHOD", SECRET_NAME_NONE},
		{"TF_TOKEN_app_terraform_io", SECRET_NAME_KEY},
		{"TF_TOKEN_app_store", SECRET_NAME_KEY},
		{"", SECRET_NAME_NONE},
		{"____", SECRET_NAME_NONE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const char *name = vectors[i].name;
		if (secret_name(name, strlen(name)) != vectors[i].kind)
			fail_msg("%s: %d", name, secret_name(name, strlen(name)));
	}
}

static void test_values(void **state)
{
	static const struct {
		const char *value;
		bool clear;
	} vectors[] = {
		{"hunter2", true},
		{"changeme", true},
		{"p", true},
		{"123456", true},
		{"$ecret!", false}, /* could be a variable; see below for those that cannot */
		{"$1ck", true},
		{"wJalrXUtnFEMIK7MDENGbPxRfiCYabcdefghij12", true},
		{"/JalrXUtnFEMI/K7MDENG/bPxRfiCYabcdefghi1", true}, /* AWS makes such */
		{"with/slash", true},
		{"/p@ss w", true},
		{"", false},
		{"$PASSWORD", false},
		{"${PASSWORD}", false},
		{"${PASSWORD:-x}", false},
		{"$(pass show x)", false},
		{"`pass show x`", false},
		{"$6$salt$hash", false},
		{"%(password)s", false},
		{"{{ password }}", false},
		{"@PASSWORD@", false},
		{"<your password>", false},
		{"your-password", false},
		{"YOUR_API_KEY", false},
		{"xxxxxxxx", false},
		{"********", false},
		{"null", false},
		{"None", false},
		{"true", false},
		{"~", false},
		{"/run/secrets/db", false},
		{"./secret.txt", false},
		{"~/.secret", false},
		{"%d/credential", false},
		{"vault:secret/data/x", false},
		{"op://vault/item", false},
		{"ENC[AES256_GCM,data:x]", false},
		{"arn:aws:secretsmanager:eu-west-1:1:secret:x", false},
		{"file:///etc/x", false},
		{"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const char *value = vectors[i].value;
		enum secret_value want = vectors[i].clear ? SECRET_VALUE_CLEAR : SECRET_VALUE_NONE;
		if (secret_value(value, strlen(value), SECRET_DOLLAR_VARIABLE) != want)
			fail_msg("%s", value);
	}
}

/* What depends on the format, and what nobody can decide: told, but as no more than it is. */
static void test_doubt(void **state)
{
	enum {
		NONE = SECRET_VALUE_NONE,
		DOUBT = SECRET_VALUE_DOUBTFUL,
		CLEAR = SECRET_VALUE_CLEAR
	};
	static const struct {
		const char *value;
		int text, unknown, variable;
	} vectors[] = {
		{"$ecretHunter", CLEAR, DOUBT, NONE},
		{"$ecret!", CLEAR, DOUBT, NONE},
		{"$ecret$hunter", CLEAR, DOUBT, NONE},
		{"$PASSWORD", DOUBT, DOUBT, NONE},
		{"${PASSWORD}", NONE, NONE, NONE},
		{"$(pass x)", NONE, NONE, NONE},
		{"${PASSWORD:-hunter22}", DOUBT, DOUBT, DOUBT},
		{"${PASSWORD=hunter22}", DOUBT, DOUBT, DOUBT},
		{"${PASSWORD:-$OTHER_1x}", NONE, NONE, NONE},
		{"${PASSWORD:-/run/secrets/db1}", NONE, NONE, NONE},
		{"${PASSWORD:-}", NONE, NONE, NONE},
		{"${PASSWORD:-hunter22", NONE, NONE, NONE},
		{"${", NONE, NONE, NONE},
		{"$6$salt$hash", NONE, NONE, NONE},
		{"$2y$10$hash", NONE, NONE, NONE},
		{"$1ck$x", CLEAR, CLEAR, CLEAR},
		{"$", CLEAR, CLEAR, CLEAR},
		{"/Hunter2secret", DOUBT, DOUBT, DOUBT},
		{"/", NONE, NONE, NONE},
		{"/Hunter2!", CLEAR, CLEAR, CLEAR},
		{"/run/Hunter2", NONE, NONE, NONE},
		{"data.Hunter22", DOUBT, DOUBT, DOUBT},
		{"var.password", NONE, NONE, NONE},
		{"data.x_y.z.password", NONE, NONE, NONE},
		{"Your s3cret pass", DOUBT, DOUBT, DOUBT},
		{"your secret pass", NONE, NONE, NONE},
		{"Yourself2", CLEAR, CLEAR, CLEAR},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const char *v = vectors[i].value;
		size_t n = strlen(v);
		if ((int)secret_value(v, n, SECRET_DOLLAR_TEXT) != vectors[i].text ||
			(int)secret_value(v, n, SECRET_DOLLAR_UNKNOWN) != vectors[i].unknown ||
			(int)secret_value(v, n, SECRET_DOLLAR_VARIABLE) != vectors[i].variable)
			fail_msg("%s", v);
	}
}

static void test_pairs(void **state)
{
	static const struct {
		const char *name, *value;
		bool clear;
	} vectors[] = {
		{"DB_PASSWORD", "x", true},
		{"DB_PASSWORD", "a b", true},
		{"API_KEY", "0123456789abcdef", true},
		{"API_KEY", "short", false},
		{"TOKEN", "not a token", false},
		{"LANG", "0123456789abcdef", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct secret_pair p = {
			.name = vectors[i].name,
			.name_size = strlen(vectors[i].name),
			.value = vectors[i].value,
			.value_size = strlen(vectors[i].value),
		};
		enum secret_value want = vectors[i].clear ? SECRET_VALUE_CLEAR : SECRET_VALUE_NONE;
		if (secret_pair_value(&p, SECRET_DOLLAR_VARIABLE) != want)
			fail_msg("%s=%s", vectors[i].name, vectors[i].value);
	}
}

static void test_shapes(void **state)
{
	static const struct {
		const char *value, *what;
	} vectors[] = {
		{"ghp_0123456789abcdefghijABCDEFGHIJ012345", "a token of GitHub"},
		{"glpat-0123456789abcdefghij", "a token of GitLab"},
		{"-----BEGIN RSA PRIVATE KEY-----\\nMII", "a private key"},
		{"postgres://app:hunter2@db/app", "a URL with a password"},
		{"redis://:hunter2@cache:6379/0", "a URL with a password"},
		{"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_"
		 "XgL0n3I9P",
			"a signed token (JWT)"},
		{"-----BEGIN PUBLIC KEY-----", NULL},
		{"postgres://app@db/app", NULL},
		{"Server=h;Password=Hunter22;x=y", "settings with a password"},
		{"host=h pwd='Hunter22' x=y", "settings with a password"},
		{"https://h/x?a=b&password=Hunter22", "settings with a password"},
		{"--password=Hunter22", "settings with a password"},
		{"run --password hunter2 -x", "a command with a password"},
		{"--token='0123456789abcdef'", "a command with a password"},
		{"--token=", NULL},
		{"--token", NULL},
		{"--password \"", NULL},
		{"ask for --password first", NULL},
		{"--password --user x1", NULL},
		{"--password $P1 --token short", NULL},
		{"Password=${P};pwd=;passwd=/run/secrets/x", NULL},
		{"use_password=Hunter22", NULL},
		{"postgres://app:${PASSWORD}@db/app", NULL},
		{"http://h/a:b@c", NULL},
		{"http://h:80/", NULL},
		{"ghp_short", NULL},
		{"eyJhbGciOiJIUzI1NiJ9", NULL},
		{"", NULL},
		{"plain", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const char *what = secret_shape(
			vectors[i].value, strlen(vectors[i].value), SECRET_DOLLAR_VARIABLE);
		if ((what == NULL) != (vectors[i].what == NULL) ||
			(what && strcmp(what, vectors[i].what) != 0))
			fail_msg("%s: %s", vectors[i].value, what ? what : "nothing");
	}
}

static void scan_all(const char *text, size_t n)
{
	struct secret_scan s;
	struct secret_pair p;

	secret_scan_init(&s, text, n);
	while (secret_scan_next(&s, &p)) {
		(void)secret_pair_value(&p, SECRET_DOLLAR_TEXT);
		(void)secret_shape(p.value, p.value_size, SECRET_DOLLAR_TEXT);
	}
}

/* Whatever somebody writes, it is read once, not once for each of its parts. */
static void test_growth(void **state)
{
	static const struct growth_text texts[] = {
		{"", "\""},
		{"", "'"},
		{"", "\"\\"},
		{"", "\"\n"},
		{"", "\"'"},
		{"'", "\""},
		{"", "a=\"\\\" "},
		{"", "a=\"\"\"b"},
		{"", "a=\"\"\"b='''"},
		{"a='''", "\"\"\" "},
		{"", "\"a\": "},
		{"{", "\"a\":\"b\","},
		{"{", "a:b,"},
		{"{", "a:|1,"},
		{"", "a=\"b\";"},
		{"", "a='b' "},
		{"", "{a=["},
		{"", "a = "},
		{"", "a   "},
		{"a=", " \t"},
		{"", "a: |\n"},
		{"", "://"},
		{"password=", "http://a:"},
		{"", "-----BEGIN "},
		{"", "\n#"},
		{"", "a.b-c_"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_linear(scan_all, &texts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_doubt),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_growth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
