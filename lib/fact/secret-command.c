/* SPDX-License-Identifier: ISC */
#include "fact/secret-command.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "fact/secret-chars.h"
#include "fact/secret-text.h"

enum {
	WORDS_MAX = 256,  /* of a command that are looked at; no more can be shown */
	DEPTH_MAX = 3,	  /* sh -c "ssh host 'mysql -p...'" */
	CHOSEN_MIN = 20,  /* of a word that must be a key or token */
	OPTION_MAX = 512, /* bytes of an option's name */
};

struct word {
	const char *p;
	size_t n;
};

struct masking {
	const char *text; /* all the arguments */
	char *hidden;	  /* for each byte of them: 1 when it must not be shown */
	struct word *words;
	size_t n_words;
};

static void hide(struct masking *m, const char *from, const char *to)
{
	if (from < to)
		memset(m->hidden + (from - m->text), 1, (size_t)(to - from));
}

static bool word_is(struct word w, const char *text)
{
	return strlen(text) == w.n && memcmp(w.p, text, w.n) == 0;
}

/* Whether it is one of the list's, which has a blank behind each. */
static bool is_listed(const char *list, struct word w)
{
	const char *p = list, *end = list + strlen(list);

	for (; w.n > 0 && (p = memmem(p, (size_t)(end - p), w.p, w.n)); p++) {
		if ((p == list || p[-1] == ' ') && p[w.n] == ' ')
			return true;
	}
	return false;
}

/* ---- what is a secret wherever it stands ---- */

static bool names_secret(const char *name, size_t n)
{
	static const char *const headers[] = {
		"Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "psk", "passwort"};

	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		if (strlen(headers[i]) == n && strncasecmp(headers[i], name, n) == 0)
			return true;
	}
	/* They say where the secret comes from. */
	static const char *const elsewhere[] = {"-stdin", "-fd"};
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++) {
		size_t len = strlen(elsewhere[i]);
		if (n > len && memcmp(name + n - len, elsewhere[i], len) == 0)
			return false;
	}
	return secret_name(name, n) != SECRET_NAME_NONE;
}

/* A file in which the secret is can be shown; all else is hidden, placeholders too. */
static bool is_shown(const char *p, size_t n)
{
	return n == 0 || ((*p == '/' || *p == '.' || *p == '~') &&
				 secret_value(p, n, SECRET_DOLLAR_TEXT) == SECRET_VALUE_NONE);
}

/* Letters of both kinds and two digits, and nothing that a path or a sentence has. */
static bool looks_made(const char *p, size_t n)
{
	unsigned upper = 0, lower = 0, digits = 0;

	for (size_t i = 0; i < n; i++) {
		upper += is_upper(p[i]);
		lower += is_lower(p[i]);
		digits += is_digit(p[i]);
		if (!is_word(p[i]) && p[i] != '-' && p[i] != '+' && p[i] != '/')
			return false;
	}
	return n >= CHOSEN_MIN && upper > 0 && lower > 0 && digits > 1 &&
	       (n == 40 || !memchr(p, '/', n));
}

static bool is_token(const char *p, size_t n)
{
	return looks_made(p, n) || secret_shape(p, n, SECRET_DOLLAR_TEXT);
}

/* Keys and tokens by their form, as parts of a word: "Bearer eyJ...", "key=ghp_..." */
static void hide_tokens(struct masking *m, struct word w)
{
	static const char marks[] = " \t\n=:,;'\"@&?|<>(){}[]";

	for (size_t i = 0; i < w.n;) {
		size_t end = i;
		while (end < w.n && !memchr(marks, w.p[end], sizeof(marks) - 1))
			end++;
		if (end > i && is_token(w.p + i, end - i))
			hide(m, w.p + i, w.p + end);
		i = end + 1;
	}
	if (memmem(w.p, w.n, "PRIVATE KEY-----", 16))
		hide(m, w.p, w.p + w.n);
}

/* scheme://user:password@host, and a token in place of both. */
static void hide_urls(struct masking *m, struct word w)
{
	const char *p = w.p, *end = w.p + w.n;

	while ((p = memmem(p, (size_t)(end - p), "://", 3))) {
		p += 3;
		size_t n = 0;
		while (p + n < end && !memchr(" \t\n'\"", p[n], 5))
			n++;
		/* A password may hold "/" and "#" where nobody encoded it. */
		const char *at = memrchr(p, '@', n);
		const char *slash = memchr(p, '/', n), *colon = memchr(p, ':', n);
		if (!at || (slash && slash < at && (!colon || slash < colon)))
			continue;
		if (colon && colon < at)
			hide(m, colon + 1, at);
		else if ((size_t)(at - p) >= CHOSEN_MIN)
			hide(m, p, at);
	}
}

/* Where the value at p ends, which stands in a word up to end. */
static const char *value_end(const char *p, const char *end, bool whole)
{
	if (p < end && (*p == '"' || *p == '\'')) {
		const char *close = memchr(p + 1, *p, (size_t)(end - p - 1));
		return close ? close : end;
	}
	while (!whole && p < end && !memchr(" \t\n;&,|'\"", *p, 9))
		p++;
	return whole ? end : p;
}

/* The name that ends in front of the "=" or ":" at p, in quotes or not. */
static struct word name_before(const char *start, const char *p)
{
	while (p > start && (is_blank(p[-1]) || p[-1] == '"' || p[-1] == '\''))
		p--;
	const char *end = p;
	while (p > start && is_name(p[-1]) && end - p < OPTION_MAX)
		p--;
	return (struct word){p, (size_t)(end - p)};
}

/* NAME=VALUE, --name=value, "Header: value", {"name": "value"}, -o name=value,name=value */
static void hide_pairs(struct masking *m, struct word w)
{
	const char *end = w.p + w.n;

	for (const char *p = w.p; p < end; p++) {
		if (*p != '=' && *p != ':')
			continue;
		struct word name = name_before(w.p, p);
		if (name.n == 0 || !names_secret(name.p, name.n))
			continue;
		const char *value = p + 1;
		while (value < end && is_blank(*value))
			value++;
		const char *to = value_end(value, end, name.p == w.p || *p == ':');
		value += value < to && (*value == '"' || *value == '\'');
		if (!is_shown(value, (size_t)(to - value)))
			hide(m, value, to);
	}
}

/* ---- what is a secret because of the program ---- */

/* Options of one letter, but for `whole`, which are words; "" where there are none. */
struct program {
	const char *names;    /* with a blank behind each */
	const char *verb;     /* a word that must stand before; NULL: none */
	const char *joined;   /* -pSECRET only: -p alone asks */
	const char *separate; /* -p SECRET and -pSECRET */
	const char *whole;    /* words behind which one stands; with a blank behind each */
	bool operands;	      /* every word that is no option */
};

static const struct program programs[] = {
	{"mysql mysqldump mysqladmin mysqlimport mysqlshow mysqlcheck mysqlslap mysqlbinlog "
	 "mysql_upgrade mysqlsh mariadb mariadb-dump mariadb-admin mariadb-import "
	 "mariadb-check mariadb-show mariadb-slap mariadb-binlog mariadb-upgrade "
	 "mariadb-backup mydumper myloader mytop innotop ",
		NULL, "p", "", "", false},
	{"7z 7za 7zr rar unrar ", NULL, "p", "", "", false},
	{"sshpass ", NULL, "", "p", "", false},
	{"redis-cli valkey-cli keydb-cli ", NULL, "", "a", "", false},
	{"ldapsearch ldapmodify ldapadd ldapdelete ldappasswd ldapwhoami ldapcompare "
	 "ldapmodrdn ldapexop ",
		NULL, "", "was", "", false},
	{"curl ", NULL, "", "uU", "--user --proxy-user --pass --proxy-pass --oauth2-bearer ",
		false},
	{"lftp ncftpget ncftpput ncftpls ", NULL, "", "up", "", false},
	{"useradd usermod groupadd groupmod adduser ", NULL, "", "p", "", false},
	{"smbclient rpcclient smbget smbpasswd net mount.cifs ", NULL, "", "U", "--user ", false},
	{"docker podman nerdctl buildah skopeo helm oras crane az oc ", "login", "", "p", "",
		false},
	{"zip unzip zipcloak bsdtar funzip ", NULL, "", "P", "", false},
	{"ipmitool ipmi-sensors ipmipower ", NULL, "", "Pkp", "", false},
	{"snmpget snmpwalk snmpset snmpbulkwalk snmpgetnext snmptrap snmptable ", NULL, "", "AXc",
		"", false},
	{"mongo mongosh mongodump mongorestore mongoexport mongoimport mongostat mongotop ", NULL,
		"", "p", "", false},
	{"sqlcmd bcp tsql fisql ", NULL, "", "PU", "", false},
	{"cqlsh influx rdesktop mosquitto_pub mosquitto_sub ", NULL, "", "pP", "", false},
	{"openssl ", NULL, "", "kK", "-k -K -passin -passout -pass -iv -passwd -password ", false},
	{"openssl ", "passwd", "", "", "", true},
	{"mkpasswd wpa_passphrase vncpasswd ", NULL, "", "", "", true},
	{"rclone ", "obscure", "", "", "", true},
	{"vault ", "login", "", "", "", true},
	{"htpasswd ", NULL, "", "", "", true},
	{"sqlplus rman expdp impdp isql ", NULL, "", "", "", true},
	{"kadmin kadmin.local ktutil ", NULL, "", "w", "-pw ", false},
	{"iwconfig ", NULL, "", "", "key enc encryption ", false},
	{"newusers ", NULL, "", "", "", true},
	{"caddy ", "hash-password", "", "p", "--plaintext ", false},
	{"xfreerdp wlfreerdp ", NULL, "", "", "/p ", false},
	{"borg restic duplicity cryptsetup ", NULL, "", "", "--passphrase ", false},
};

static struct word base_name(struct word w)
{
	const char *slash = memrchr(w.p, '/', w.n);

	return slash ? (struct word){slash + 1, (size_t)(w.p + w.n - slash - 1)} : w;
}

/* "-up": whether one of its letters takes what follows them as its value; sets where that is. */
static bool joined_value(struct word w, const char *letters, const char **ret)
{
	if (w.n < 2 || w.p[0] != '-' || w.p[1] == '-' || !strchr(letters, w.p[1]))
		return false;
	*ret = w.p + 2;
	return true;
}

/* "-sSu": the last of several letters takes the next word. */
static bool is_cluster(struct word w, const char *letters)
{
	if (w.n < 3 || w.n > 6 || w.p[0] != '-' || !strchr(letters, w.p[w.n - 1]))
		return false;
	for (size_t i = 1; i < w.n; i++) {
		if (!is_upper(w.p[i]) && !is_lower(w.p[i]))
			return false;
	}
	return true;
}

static void hide_next(struct masking *m, const struct word *w, size_t i, size_t n)
{
	if (i + 1 < n)
		hide(m, w[i + 1].p, w[i + 1].p + w[i + 1].n);
}

/* The n words behind the program's name. */
static void hide_arguments(
	struct masking *m, const struct program *row, const struct word *w, size_t n)
{
	bool verb = row->verb == NULL, operand = false;
	const char *value;

	for (size_t i = 0; i < n; i++) {
		const char *end = w[i].p + w[i].n;
		if (!verb) {
			verb = word_is(w[i], row->verb);
		} else if (is_listed(row->whole, w[i]) || is_cluster(w[i], row->separate)) {
			hide_next(m, w, i, n);
		} else if (joined_value(w[i], row->joined, &value)) {
			hide(m, value, end);
		} else if (joined_value(w[i], row->separate, &value)) {
			hide(m, value, end);
			if (value == end)
				hide_next(m, w, i, n);
		} else if (row->operands && w[i].n > 0 && w[i].p[0] != '-') {
			/* The first may be a file, as of htpasswd. */
			if (operand || !is_shown(w[i].p, w[i].n))
				hide(m, w[i].p, end);
			operand = true;
		}
	}
}

/* "echo NAME:PASSWORD | chpasswd" */
static void hide_chpasswd(struct masking *m, const struct word *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *colon = memchr(w[i].p, ':', w[i].n);
		if (colon)
			hide(m, colon + 1, w[i].p + w[i].n);
	}
}

/* Every program of the table that is named among the words: behind sudo, env, ssh HOST. */
static void hide_of_programs(struct masking *m, const struct word *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct word name = base_name(w[i]);
		if (word_is(name, "chpasswd"))
			hide_chpasswd(m, w, n);
		for (size_t k = 0; name.n > 0 && k < ARRAY_SIZE(programs); k++) {
			if (is_listed(programs[k].names, name))
				hide_arguments(m, &programs[k], w + i + 1, n - i - 1);
		}
	}
}

/* A word that is no option, but says what the next one is: "nmcli ... password X". */
static bool is_label(const char *p, size_t n)
{
	/* "passwd NAME" */
	return n < 6 || memcmp(p + n - 6, "passwd", 6) != 0;
}

/* "--password X", "-passwd X", "password X": a word that promises a secret, and the next. */
static void hide_named(struct masking *m, const struct word *w, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++) {
		const char *p = w[i].p, *end = p + w[i].n;
		while (p < end && *p == '-')
			p++;
		bool option = p > w[i].p;
		struct word next = w[i + 1];
		if (p == end || next.n == 0 || (option && next.p[0] == '-' && next.n > 1) ||
			memchr(p, '=', (size_t)(end - p)) || memchr(p, '/', (size_t)(end - p)))
			continue;
		if ((option || (i > 0 && is_label(p, (size_t)(end - p)))) &&
			names_secret(p, (size_t)(end - p)) && !is_shown(next.p, next.n))
			hide(m, next.p, next.p + next.n);
	}
}

/* ---- words ---- */

static bool is_between(char c)
{
	return is_blank(c) || memchr("\n;|&()", c, 6);
}

/* Splits a text as a shell would, more or less: quotes hold words together. */
static size_t split(struct word text, struct word *v, size_t max)
{
	const char *p = text.p, *end = text.p + text.n;
	size_t n = 0;

	while (p < end && n < max) {
		if (is_between(*p)) {
			p++;
			continue;
		}
		const char *close = NULL, *from = p;
		if (*p == '\'' || *p == '"')
			close = memchr(p + 1, *p, (size_t)(end - p - 1));
		if (close && (close + 1 == end || is_between(close[1]))) {
			v[n++] = (struct word){p + 1, (size_t)(close - p - 1)};
			p = close + 1;
			continue;
		}
		while (p < end && !is_between(*p))
			p++;
		v[n++] = (struct word){from, (size_t)(p - from)};
	}
	return n;
}

static bool has_blank(struct word w)
{
	for (size_t i = 0; i < w.n; i++) {
		if (is_blank(w.p[i]) || w.p[i] == '\n')
			return true;
	}
	return false;
}

static void hide_words(struct masking *m, struct word *w, size_t n, unsigned depth)
{
	hide_of_programs(m, w, n);
	hide_named(m, w, n);
	for (size_t i = 0; i < n; i++) {
		hide_pairs(m, w[i]);
		hide_urls(m, w[i]);
		hide_tokens(m, w[i]);
		/* Room for the words of a text is what the words around it have left. */
		struct word *inner = w + n;
		size_t room = (size_t)(m->words + WORDS_MAX * DEPTH_MAX - inner);
		if (depth + 1 < DEPTH_MAX && has_blank(w[i]))
			hide_words(m, inner, split(w[i], inner, MIN(room, (size_t)WORDS_MAX)),
				depth + 1);
	}
}

/* A word as it is shown, behind those before; out has room for three times its size. */
static char *show(const struct masking *m, struct word w, char *out)
{
	bool quote = w.n == 0 || has_blank(w);

	if (quote)
		*out++ = '\'';
	for (size_t i = 0; i < w.n; i++) {
		const char *hidden = m->hidden + (w.p - m->text) + i;
		if (!*hidden)
			*out++ = w.p[i];
		else if (i == 0 || !hidden[-1])
			out = mempcpy(out, "***", 3);
	}
	if (quote)
		*out++ = '\'';
	return out;
}

static size_t split_arguments(const char *args, size_t n, struct word *v)
{
	const char *p = args, *end = args + n;
	size_t count = 0;

	/* The NULs at the end are none's beginning. */
	while (end > p && end[-1] == '\0')
		end--;
	while (p < end && count < WORDS_MAX) {
		const char *nul = memchr(p, '\0', (size_t)(end - p));
		size_t len = (size_t)((nul ? nul : end) - p);
		v[count++] = (struct word){p, len};
		p += len + 1;
	}
	return count;
}

char *secret_command(struct arena *a, const char *args, size_t n, size_t max)
{
	struct masking m = {.text = args};

	n = MIN(n, (size_t)SECRET_COMMAND_MAX);
	_cleanup_free_ char *hidden = calloc(1, n + 1), *out = malloc(3 * n + 8);
	_cleanup_free_ struct word *words = calloc((size_t)WORDS_MAX * DEPTH_MAX, sizeof(*words));
	if (!hidden || !out || !words) {
		arena_fail(a);
		return NULL;
	}
	m.hidden = hidden;
	m.words = words;
	m.n_words = split_arguments(args, n, words);
	hide_words(&m, words, m.n_words, 0);
	char *to = out;
	for (size_t i = 0; i < m.n_words; i++) {
		if (i > 0)
			*to++ = ' ';
		to = show(&m, words[i], to);
	}
	return text_escape(a, out, (size_t)(to - out), max);
}
