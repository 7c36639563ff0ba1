/* SPDX-License-Identifier: ISC */
#include "fact/secret-text.h"

#include <string.h>
#include <strings.h>

#include "fact/secret-chars.h"

enum {
	KEY_MIN = 8,   /* what is shorter under the name of a key is a number or a word */
	WORD_MAX = 64, /* of a name */
};

/* ---- names ---- */

static bool starts_with(const char *v, size_t n, const char *prefix)
{
	size_t len = strlen(prefix);

	return n >= len && strncasecmp(v, prefix, len) == 0;
}

static bool word_is(const char *word, size_t n, const char *const *list, size_t n_list)
{
	for (size_t i = 0; i < n_list; i++) {
		if (strlen(list[i]) == n && strncasecmp(word, list[i], n) == 0)
			return true;
	}
	return false;
}

static bool ends_with(const char *word, size_t n, const char *const *list, size_t n_list)
{
	for (size_t i = 0; i < n_list; i++) {
		size_t len = strlen(list[i]);
		if (len <= n && strncasecmp(word + n - len, list[i], len) == 0)
			return true;
	}
	return false;
}

/* What a name is about when it ends so: not the secret itself. */
static const char *const about[] = {"FILE", "FILES", "PATH", "DIR", "DIRECTORY", "URL", "URI", "ID",
	"IDS", "NAME", "NAMES", "USER", "USERNAME", "LENGTH", "LEN", "TTL", "EXPIRY", "EXPIRES",
	"EXPIRATION", "TIMEOUT", "ENABLED", "DISABLED", "TYPE", "ALGORITHM", "POLICY", "MIN", "MAX",
	"SIZE", "HEADER", "FIELD", "PROMPT", "COMMAND", "CMD", "PROVIDER", "REQUIRED", "ISSUER",
	"AUDIENCE", "ENDPOINT", "REGION", "STORE", "MODE", "PREFIX", "COUNT", "AGE", "HASH",
	"FORMAT", "SOURCE", "VERSION", "ATTEMPTS", "RETRIES", "LIFETIME", "PUBLIC", "FINGERPRINT",
	"OPTIONS", "ARGS", "HELPER", "BACKEND", "LOCATION", "INTERVAL", "WORDS", "COST", "CHECK",
	"LIMIT"};
static const char *const passwords[] = {"PASSWORD", "PASSWD", "PASSPHRASE", "PASSWORT", "DBPASS",
	"SQLPASS", "USERPASS", "ROOTPASS", "ADMINPASS", "SMTPPASS", "MAILPASS", "LDAPPASS",
	"FTPPASS"};
static const char *const short_passwords[] = {"PWD", "PASS", "PW"};
static const char *const keys[] = {
	"SECRET", "TOKEN", "APIKEY", "CREDENTIAL", "CREDENTIALS", "SECRETKEY", "ACCESSKEY"};
/* What makes a "..._KEY" one that is kept to oneself. */
static const char *const key_of[] = {"API", "ACCESS", "PRIVATE", "SECRET", "ENCRYPTION", "SIGNING",
	"MASTER", "AUTH", "ACCOUNT", "STORAGE", "APPLICATION", "APP", "JWT", "HMAC"};
/* Whole names that say less than they hold. */
static const char *const whole_passwords[] = {
	"PASS", "REDIS_AUTH", "REDISCLI_AUTH", "VALKEY_AUTH", "VALKEYCLI_AUTH"};

struct name_word {
	const char *p;
	size_t n;
};

/* The words of a name, at most max; 0 when there are more. */
static size_t split_name(const char *name, size_t n, struct name_word *v, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (name[i] == '_' || name[i] == '-' || name[i] == '.')
			continue;
		if (count == max)
			return 0;
		size_t start = i;
		while (i < n && name[i] != '_' && name[i] != '-' && name[i] != '.')
			i++;
		v[count++] = (struct name_word){name + start, i - start};
	}
	return count;
}

static enum secret_name judge_word(const struct name_word *w, size_t i, size_t n)
{
	static const char *const key[] = {"KEY"}, *const perhaps[] = {"AUTH"};
	const struct name_word *x = &w[i];

	if (ends_with(x->p, x->n, passwords, ARRAY_SIZE(passwords)))
		return SECRET_NAME_PASSWORD;
	/* "PWD" alone is the shell's directory. */
	if (i > 0 && i + 1 == n &&
		word_is(x->p, x->n, short_passwords, ARRAY_SIZE(short_passwords)))
		return SECRET_NAME_PASSWORD;
	if (ends_with(x->p, x->n, keys, ARRAY_SIZE(keys)))
		return SECRET_NAME_KEY;
	if (i > 0 && word_is(x->p, x->n, key, 1) &&
		word_is(w[i - 1].p, w[i - 1].n, key_of, ARRAY_SIZE(key_of)))
		return SECRET_NAME_KEY;
	/* Of SMTP_AUTH and the like the value says more than the name. */
	return i > 0 && i + 1 == n && word_is(x->p, x->n, perhaps, 1) ? SECRET_NAME_PERHAPS
								      : SECRET_NAME_NONE;
}

enum secret_name secret_name(const char *name, size_t n)
{
	struct name_word w[16];
	enum secret_name found = SECRET_NAME_NONE;
	size_t count = n <= WORD_MAX ? split_name(name, n, w, ARRAY_SIZE(w)) : 0;

	if (word_is(name, n, whole_passwords, ARRAY_SIZE(whole_passwords)))
		return SECRET_NAME_PASSWORD;
	/* Terraform's: what follows is the name of a host, whatever that ends with. */
	if (starts_with(name, n, "TF_TOKEN_"))
		return SECRET_NAME_KEY;
	if (count == 0 || word_is(w[count - 1].p, w[count - 1].n, about, ARRAY_SIZE(about)))
		return SECRET_NAME_NONE;
	for (size_t i = 0; i < count && found != SECRET_NAME_PASSWORD; i++) {
		enum secret_name word = judge_word(w, i, count);
		if (word != SECRET_NAME_NONE)
			found = word;
	}
	return found;
}

/* ---- values ---- */

static bool contains(const char *v, size_t n, const char *needle)
{
	return memmem(v, n, needle, strlen(needle)) != NULL;
}

/* crypt(5), and what other programs write in its form. */
static bool is_hash(const char *v, size_t n)
{
	static const char *const methods[] = {"1", "2a", "2b", "2y", "5", "6", "7", "y", "gy",
		"apr1", "argon2i", "argon2d", "argon2id", "md5", "scrypt", "sha1", "pbkdf2",
		"pbkdf2-sha256", "pbkdf2-sha512"};
	const char *end = memchr(v + 1, '$', n - 1);

	return end && word_is(v + 1, (size_t)(end - v - 1), methods, ARRAY_SIZE(methods));
}

/* What nobody would choose as the name of a method: letters and digits, and no blanks. */
static bool looks_chosen(const char *v, size_t n)
{
	bool letter = false, digit = false;

	for (size_t i = 0; i < n; i++) {
		letter |= is_upper(v[i]) || is_lower(v[i]);
		digit |= is_digit(v[i]);
		if (is_blank(v[i]) || v[i] == ':')
			return false;
	}
	return n >= KEY_MIN && letter && digit;
}

/* What "${NAME:-TEXT}", or "-", "=", ":=" in place of ":-", is without NAME; size 0: nothing. */
static size_t default_of(const char *v, size_t n, const char **ret)
{
	size_t i = 2;

	while (i < n && is_word(v[i]))
		i++;
	i += i < n && v[i] == ':';
	if (i + 1 >= n || (v[i] != '-' && v[i] != '=') || v[n - 1] != '}')
		return 0;
	*ret = v + i + 1;
	return n - i - 2;
}

static enum secret_value judge_value(const char *v, size_t n, enum secret_dollar dollar);

/* $NAME, ${NAME}, $(command), and passwords that begin with a dollar. */
static enum secret_value judge_dollar(const char *v, size_t n, enum secret_dollar dollar)
{
	bool upper = true;
	const char *text = v;
	size_t len = v[1] == '{' ? default_of(v, n, &text) : 0;

	/* What stands in for a variable that nobody set is a secret as long as nobody does. */
	if (looks_chosen(text, len) && *text != '$' &&
		judge_value(text, len, dollar) != SECRET_VALUE_NONE)
		return SECRET_VALUE_DOUBTFUL;
	if (v[1] == '{' || v[1] == '(' || is_hash(v, n))
		return SECRET_VALUE_NONE;
	if (!is_word(v[1]) || is_digit(v[1]))
		return SECRET_VALUE_CLEAR;
	if (dollar == SECRET_DOLLAR_UNKNOWN || dollar == SECRET_DOLLAR_VARIABLE)
		return dollar == SECRET_DOLLAR_VARIABLE ? SECRET_VALUE_NONE : SECRET_VALUE_DOUBTFUL;
	/* Something else may fill in what the format does not know. */
	for (size_t i = 1; i < n; i++)
		upper &= is_word(v[i]) && !is_lower(v[i]);
	return upper ? SECRET_VALUE_DOUBTFUL : SECRET_VALUE_CLEAR;
}

/* @{ITEM}, %(name)s, {{ template }}, @NAME@, <your password>, `command`, a vault. */
static bool is_reference(const char *v, size_t n)
{
	if (v[0] == '@' && n > 1 && v[1] == '{')
		return true;
	if (n > 2 && ((v[0] == '<' && v[n - 1] == '>') || (v[0] == '@' && v[n - 1] == '@') ||
			     (v[0] == '%' && v[1] == '(') || (v[0] == '`' && v[n - 1] == '`')))
		return true;
	static const char *const elsewhere[] = {"{{", "ENC[", "vault:", "!vault", "$ANSIBLE_VAULT",
		"op://", "arn:", "ssm:", "file:", "secret://", "secrets://", "sm://", "gcp:secret",
		"encrypted:", "env:", "data.", "var."};
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++) {
		if (starts_with(v, n, elsewhere[i]))
			return true;
	}
	return false;
}

/* Forty characters of base64 with all three classes: AWS makes some that begin with "/". */
static bool is_base64_key(const char *v, size_t n)
{
	bool upper = false, lower = false, digit = false;

	for (size_t i = 0; i < n; i++) {
		upper |= is_upper(v[i]);
		lower |= is_lower(v[i]);
		digit |= is_digit(v[i]);
		if (!is_word(v[i]) && v[i] != '/' && v[i] != '+' && v[i] != '=')
			return false;
		if (v[i] == '_')
			return false;
	}
	return n == 40 && upper && lower && digit;
}

static bool is_path(const char *v, size_t n)
{
	/* "%d/": systemd's own specifiers, of which each that begins a path is a directory. */
	if (!(v[0] == '/' || (v[0] == '%' && n > 2 && v[2] == '/') || starts_with(v, n, "./") ||
		    starts_with(v, n, "../") || starts_with(v, n, "~/")))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_name(v[i]) && v[i] != '/' && v[i] != '~' && v[i] != '@' && v[i] != '%')
			return false;
	}
	return !is_base64_key(v, n);
}

/* What stands there until somebody fills it in. */
static bool is_placeholder(const char *v, size_t n)
{
	static const char *const words[] = {"null", "none", "nil", "true", "false", "yes", "no",
		"on", "off", "undefined", "~", "-", "0", "1"};
	static const char *const prefixes[] = {"your-", "your_", "your ", "replace-", "replace_",
		"replace ", "insert-", "insert_", "insert ", "placeholder", "(sensitive"};
	size_t i = 1;

	while (i < n && v[i] == v[0])
		i++;
	if ((i == n && n > 1) || word_is(v, n, words, ARRAY_SIZE(words)))
		return true;
	for (i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (starts_with(v, n, prefixes[i]))
			return true;
	}
	return contains(v, n, "EXAMPLE");
}

static bool is_small(const char *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!is_lower(v[i]) && !memchr("_.-[]", v[i], 5))
			return false;
	}
	return true;
}

static bool has_digit(const char *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (is_digit(v[i]))
			return true;
	}
	return false;
}

static bool is_doubtful(const char *v, size_t n)
{
	static const char *const phrases[] = {"your", "replace", "insert"};

	/* A path of one name, which is no place for a file of secrets. */
	if (v[0] == '/' && n > 1 && !memchr(v + 1, '/', n - 1))
		return is_path(v, n);
	/* Terraform's references are written small, and without digits as a rule. */
	if (starts_with(v, n, "var.") || starts_with(v, n, "data."))
		return !is_small(v, n);
	/* "Your s3cret": who asks for one writes no digits. */
	for (size_t i = 0; i < ARRAY_SIZE(phrases); i++) {
		if (starts_with(v, n, phrases[i]))
			return is_placeholder(v, n) && has_digit(v, n);
	}
	return false;
}

static enum secret_value judge_value(const char *v, size_t n, enum secret_dollar dollar)
{
	if (v[0] == '$' && n > 1 && !starts_with(v, n, "$ANSIBLE_VAULT"))
		return judge_dollar(v, n, dollar);
	if (is_doubtful(v, n))
		return SECRET_VALUE_DOUBTFUL;
	return is_reference(v, n) || is_path(v, n) || is_placeholder(v, n) ? SECRET_VALUE_NONE
									   : SECRET_VALUE_CLEAR;
}

enum secret_value secret_value(const char *v, size_t n, enum secret_dollar dollar)
{
	if (n == 0)
		return SECRET_VALUE_NONE;
	enum secret_value value = judge_value(v, n, dollar);
	return value == SECRET_VALUE_NONE && dollar == SECRET_DOLLAR_LITERAL ? SECRET_VALUE_DOUBTFUL
									     : value;
}

enum secret_value secret_quoted_value(const struct secret_pair *pair, enum secret_dollar dollar)
{
	if (pair->quote == '\'' && dollar != SECRET_DOLLAR_LITERAL)
		dollar = SECRET_DOLLAR_TEXT;
	return secret_value(pair->value, pair->value_size, dollar);
}

enum secret_value secret_pair_value(const struct secret_pair *pair, enum secret_dollar dollar)
{
	enum secret_value value = secret_quoted_value(pair, dollar);

	switch (secret_name(pair->name, pair->name_size)) {
	case SECRET_NAME_NONE:
		break;
	case SECRET_NAME_PASSWORD:
		return value;
	case SECRET_NAME_KEY:
		/* A sentence or a list is no key. */
		if (pair->value_size >= KEY_MIN && !memchr(pair->value, ' ', pair->value_size))
			return value;
		break;
	case SECRET_NAME_PERHAPS:
		if (value != SECRET_VALUE_NONE && looks_chosen(pair->value, pair->value_size))
			return SECRET_VALUE_DOUBTFUL;
		break;
	}
	return SECRET_VALUE_NONE;
}

/* scheme://user:password@host */
static bool is_url_with_password(const char *v, size_t n, enum secret_dollar dollar)
{
	const char *p = memmem(v, n, "://", 3), *end = v + n;

	if (!p || memchr(v, ' ', (size_t)(p - v)))
		return false;
	p += 3;
	size_t authority = 0;
	while (p + authority < end && !memchr("/?# \t\n", p[authority], 6))
		authority++;
	const char *at = memrchr(p, '@', authority);
	const char *colon = at ? memchr(p, ':', (size_t)(at - p)) : NULL;
	return colon &&
	       secret_value(colon + 1, (size_t)(at - colon - 1), dollar) == SECRET_VALUE_CLEAR;
}

/* What an option of a command has at from: behind a blank it may be prose, and digits tell. */
static bool is_option_secret(
	const char *from, const char *end, size_t min, enum secret_dollar dollar)
{
	bool blank = *from++ == ' ';

	from += from < end && (*from == '"' || *from == '\'');
	const char *to = from;
	while (to < end && !memchr("'\" \t\n", *to, 5))
		to++;
	size_t n = (size_t)(to - from);
	return n >= min && *from != '-' && (!blank || has_digit(from, n)) &&
	       secret_value(from, n, dollar) == SECRET_VALUE_CLEAR;
}

/* --password X, --token=X */
static bool is_command_with_password(const char *v, size_t n, enum secret_dollar dollar)
{
	static const struct {
		const char *name;
		size_t min; /* of what is a secret behind it */
	} options[] = {{"password", 1}, {"passwd", 1}, {"passphrase", 1}, {"token", KEY_MIN},
		{"api-key", KEY_MIN}, {"apikey", KEY_MIN}, {"secret", KEY_MIN}};
	const char *end = v + n;

	for (const char *p = v; (p = memmem(p, (size_t)(end - p), "--", 2)); p += 2) {
		for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
			size_t len = strlen(options[i].name);
			if ((p > v && !is_blank(p[-1])) || (size_t)(end - p) <= 2 + len ||
				!starts_with(p + 2, len, options[i].name))
				continue;
			const char *from = p + 2 + len;
			if ((*from == ' ' || *from == '=') &&
				is_option_secret(from, end, options[i].min, dollar))
				return true;
		}
	}
	return false;
}

/* password=..., as one setting among others: ODBC's strings, options, queries of a URL. */
static bool is_string_with_password(const char *v, size_t n, enum secret_dollar dollar)
{
	static const char *const names[] = {"password=", "passwd=", "passphrase=", "pwd="};
	const char *end = v + n;

	for (const char *p = v; p < end; p++) {
		const char *from = NULL;
		for (size_t i = 0; i < ARRAY_SIZE(names) && (*p | 0x20) == 'p' && !from; i++)
			from = starts_with(p, (size_t)(end - p), names[i]) ? p + strlen(names[i])
									   : NULL;
		if (!from || (p > v && is_word(p[-1])))
			continue;
		from += from < end && (*from == '"' || *from == '\'');
		const char *to = from;
		while (to < end && !memchr(";&,'\" \t\n", *to, 8))
			to++;
		if (secret_value(from, (size_t)(to - from), dollar) == SECRET_VALUE_CLEAR)
			return true;
		p = to - 1;
	}
	return false;
}

/* Three parts of base64url, the first of which is a JSON object. */
static bool is_jwt(const char *v, size_t n)
{
	unsigned dots = 0;

	if (n < 60 || !starts_with(v, n, "eyJ"))
		return false;
	for (size_t i = 0; i < n; i++) {
		dots += v[i] == '.';
		if (!is_name(v[i]))
			return false;
	}
	return dots == 2;
}

const char *secret_shape(const char *v, size_t n, enum secret_dollar dollar)
{
	static const struct {
		const char *prefix;
		size_t min;
		const char *what;
	} forms[] = {
		{"ghp_", 36, "a token of GitHub"},
		{"gho_", 36, "a token of GitHub"},
		{"ghs_", 36, "a token of GitHub"},
		{"github_pat_", 50, "a token of GitHub"},
		{"glpat-", 20, "a token of GitLab"},
		{"xoxb-", 20, "a token of Slack"},
		{"xoxp-", 20, "a token of Slack"},
		{"sk_live_", 20, "a key of Stripe"},
		{"rk_live_", 20, "a key of Stripe"},
		{"AIza", 39, "a key of Google"},
		{"dop_v1_", 64, "a token of DigitalOcean"},
		{"hvs.", 24, "a token of Vault"},
		{"SG.", 60, "a key of SendGrid"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (n >= forms[i].min && memcmp(v, forms[i].prefix, strlen(forms[i].prefix)) == 0 &&
			!contains(v, n, " "))
			return forms[i].what;
	}
	if (contains(v, n, "-----BEGIN ") && contains(v, n, "PRIVATE KEY-----"))
		return "a private key";
	if (is_jwt(v, n))
		return "a signed token (JWT)";
	if (is_url_with_password(v, n, dollar))
		return "a URL with a password";
	if (is_string_with_password(v, n, dollar))
		return "settings with a password";
	return is_command_with_password(v, n, dollar) ? "a command with a password" : NULL;
}
