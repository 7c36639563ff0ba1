/* SPDX-License-Identifier: ISC */
#include "fact/sudo-scan.h"

#include "fact/sudo-source.h"

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static size_t span_line(const char *s, size_t n)
{
	const char *end = memchr(s, '\n', n);

	return end ? (size_t)(end - s) : n;
}

/* \r?\n at s */
static size_t span_newline(const char *s, size_t n)
{
	if (n > 0 && s[0] == '\n')
		return 1;
	return n > 1 && s[0] == '\r' && s[1] == '\n' ? 2 : 0;
}

/* ([^EXCLUDED\\]|\\[^NOT_ESCAPED])* */
static size_t span_escaped(const char *s, size_t n, const char *excluded, const char *not_escaped)
{
	size_t i = 0;

	while (i < n) {
		if (s[i] == '\\') {
			if (i + 1 >= n || in(s[i + 1], not_escaped))
				break;
			i += 2;
		} else if (in(s[i], excluded)) {
			break;
		} else {
			i++;
		}
	}
	return i;
}

static size_t span_word(const char *s, size_t n)
{
	return span_escaped(s, n, "#>!=:,() \t\r\n\"", "\t\n");
}

static size_t span_id(const char *s, size_t n)
{
	size_t i = n > 1 && s[0] == '#' ? (s[1] == '-' ? 2u : 1u) : n;
	size_t first = i;

	while (i < n && is_digit(s[i]))
		i++;
	return i > first ? i : 0;
}

static size_t span_id_or_word(const char *s, size_t n)
{
	size_t id = span_id(s, n), word = span_word(s, n);

	return MAX(id, word);
}

size_t sudo_match_id_or_word(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	return span_id_or_word(s, n);
}

size_t sudo_match_path(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	size_t i = 1;

	if (s[0] != '/')
		return 0;
	while (i < n) {
		if (s[i] == '\\' && i + 1 < n && in(s[i + 1], ",:= \t#"))
			i += 2;
		else if (in(s[i], ",:=\\ \t\r\n#"))
			break;
		else
			i++;
	}
	return i > 1 ? i : 0;
}

size_t sudo_match_path_or_word(struct sudo_lex *lx, const char *s, size_t n)
{
	size_t path = sudo_match_path(lx, s, n), word = span_word(s, n);

	return MAX(path, word);
}

/* \^([^#\r\n\$]|\\[#\$])*\$: up to the last $ that is not beyond an unescaped one. */
size_t sudo_match_regex(struct sudo_lex *lx, const char *s, size_t n)
{
	size_t end = 0, i;
	size_t here = (size_t)(s - lx->top->text);

	if (s[0] != '^' || here < lx->top->no_regex)
		return 0;
	for (i = 1; i < n && s[i] != '\r' && s[i] != '\n'; i++) {
		bool escaped = i > 1 && s[i - 1] == '\\';
		if (s[i] == '#' && !escaped)
			break;
		if (s[i] == '$') {
			end = i + 1;
			if (!escaped)
				break;
		}
	}
	/* Without this a line of circumflexes takes the square of its length. */
	if (end == 0)
		lx->top->no_regex = here + i;
	return end;
}

size_t sudo_match_command(struct sudo_lex *lx, const char *s, size_t n)
{
	size_t path = sudo_match_path(lx, s, n), regex = sudo_match_regex(lx, s, n);
	size_t edit = n >= 8 && memcmp(s, "sudoedit", 8) == 0 ? 8 : 0;

	return MAX(MAX(path, regex), edit);
}

size_t sudo_match_netgroup(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	size_t word = s[0] == '+' ? span_word(s + 1, n - 1) : 0;

	return word ? word + 1 : 0;
}

size_t sudo_match_group(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	size_t at = s[0] == '%' ? (n > 1 && s[1] == ':' ? 2u : 1u) : n;
	size_t word = at < n ? span_id_or_word(s + at, n - at) : 0;

	return word ? at + word : 0;
}

size_t sudo_match_empty_group(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	if (s[0] == '%' && n > 1 && s[1] == ':')
		return 2;
	return s[0] == '%' || s[0] == '+' ? 1 : 0;
}

/* (1?[0-9]{1,2})|(2[0-4][0-9])|(25[0-5]) */
static size_t span_octet(const char *s, size_t n)
{
	size_t d = 0;

	while (d < n && d < 3 && is_digit(s[d]))
		d++;
	if (d < 3)
		return d;
	if (s[0] == '1' || (s[0] == '2' && (s[1] < '5' || (s[1] == '5' && s[2] <= '5'))))
		return 3;
	return 2;
}

static size_t span_ipv4(const char *s, size_t n)
{
	size_t i = span_octet(s, n);

	for (int k = 0; k < 3 && i > 0; k++) {
		size_t octet = i < n && s[i] == '.' ? span_octet(s + i + 1, n - i - 1) : 0;
		i = octet ? i + 1 + octet : 0;
	}
	return i;
}

static size_t span_hex16(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && i < 4 && hex_value(s[i]) >= 0)
		i++;
	return i;
}

/* ({HEX16}?:){2,7}{HEX16}?|({HEX16}?:){2,6}:{IPV4ADDR} */
static size_t span_ipv6(const char *s, size_t n)
{
	size_t i = 0, best = 0;

	for (int groups = 1; groups <= 7; groups++) {
		i += span_hex16(s + i, n - i);
		if (i >= n || s[i] != ':')
			break;
		i++;
		if (groups < 2)
			continue;
		best = MAX(best, i + span_hex16(s + i, n - i));
		size_t v4 = groups <= 6 && i < n && s[i] == ':' ? span_ipv4(s + i + 1, n - i - 1)
								: 0;
		if (v4)
			best = MAX(best, i + 1 + v4);
	}
	return best;
}

/* A decimal number from 0 to max without leading zeros, as long as it can be: 0 when none. */
static size_t span_prefix(const char *s, size_t n, unsigned max)
{
	size_t best = 0;
	unsigned value = 0;

	for (size_t i = 0; i < n && i < 3 && is_digit(s[i]); i++) {
		value = value * 10 + (unsigned)(s[i] - '0');
		if (value > max)
			break;
		best = i + 1;
		if (value == 0)
			break;
	}
	return best;
}

size_t sudo_match_ipv4(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	size_t i = span_ipv4(s, n);

	if (i == 0 || i >= n || s[i] != '/')
		return i;
	size_t mask = span_ipv4(s + i + 1, n - i - 1);
	size_t bits = span_prefix(s + i + 1, n - i - 1, 32);
	return mask || bits ? i + 1 + MAX(mask, bits) : i;
}

size_t sudo_match_ipv6(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	size_t i = span_ipv6(s, n);

	if (i == 0 || i >= n || s[i] != '/')
		return i;
	size_t mask = span_ipv6(s + i + 1, n - i - 1),
	       bits = span_prefix(s + i + 1, n - i - 1, 128);
	return mask || bits ? i + 1 + MAX(mask, bits) : i;
}

size_t sudo_match_alias(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && (is_upper(s[i]) || (i > 0 && (is_digit(s[i]) || s[i] == '_'))))
		i++;
	return i;
}

size_t sudo_match_defvar(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && (is_lower(s[i]) || s[i] == '_'))
		i++;
	return i;
}

size_t sudo_match_envar(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	return s[0] == '!' ? 0 : span_escaped(s, n, "#=, \t\r\n\"", "\r\n");
}

size_t sudo_match_blank(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	return span_blank(s, n);
}

size_t sudo_match_newline(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	return span_newline(s, n);
}

size_t sudo_match_bangs(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] == '!')
		i++;
	return i;
}

size_t sudo_match_any(_unused_ struct sudo_lex *lx, const char *s, _unused_ size_t n)
{
	return s[0] != '\n' ? 1 : 0;
}

/* A backslash at the end of a line; in a string the blanks that follow go too. */
size_t sudo_match_continuation(struct sudo_lex *lx, const char *s, size_t n)
{
	if (s[0] != '\\')
		return 0;
	size_t i = 1 + span_blank(s + 1, n - 1);
	size_t newline = span_newline(s + i, n - i);
	if (newline == 0)
		return 0;
	i += newline;
	return lx->state == IN_STRING ? i + span_blank(s + i, n - i) : i;
}

size_t sudo_match_comment(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	size_t i = 1;

	if (s[0] != '#')
		return 0;
	if (n > 1 && !in(s[1], "\r\n-") && !is_digit(s[1]))
		i += span_line(s + 1, n - 1);
	else if (n > 2 && s[1] == '-' && !in(s[2], "\r\n") && !is_digit(s[2]))
		i += span_line(s + 1, n - 1);
	return i + span_newline(s + i, n - i);
}

/* ^#include and ^#includedir, each with a blank and the whole line; only the word is taken. */
static size_t match_hash_include(struct sudo_lex *lx, const char *s, size_t n, const char *word)
{
	size_t len = strlen(word);

	if (!lx->top->bol || n <= len || memcmp(s, word, len) != 0 || !is_blank(s[len]))
		return 0;
	size_t line = span_line(s, n);
	return line + (line < n);
}

size_t sudo_match_hash_file(struct sudo_lex *lx, const char *s, size_t n)
{
	return match_hash_include(lx, s, n, "#include");
}

size_t sudo_match_hash_dir(struct sudo_lex *lx, const char *s, size_t n)
{
	return match_hash_include(lx, s, n, "#includedir");
}

size_t sudo_match_defaults(struct sudo_lex *lx, const char *s, size_t n)
{
	size_t i = span_blank(s, n);

	if (!lx->top->bol || n - i < 8 || memcmp(s + i, "Defaults", 8) != 0)
		return 0;
	i += 8;
	if (i >= n || !in(s[i], ":@>!"))
		return i;
	size_t at = i + 1 + span_blank(s + i + 1, n - i - 1);
	while (at < n && s[at] == '!')
		at++;
	if (at < n && s[at] == '"')
		at++;
	size_t word = at < n ? span_id_or_word(s + at, n - at) : 0;
	return word ? at + word : i;
}

static const struct {
	const char *word;
	enum sudo_alias_type type;
} alias_words[] = {
	{"Host_Alias", SUDO_ALIAS_HOST},
	{"Cmnd_Alias", SUDO_ALIAS_COMMAND},
	{"Cmd_Alias", SUDO_ALIAS_COMMAND},
	{"User_Alias", SUDO_ALIAS_USER},
	{"Runas_Alias", SUDO_ALIAS_RUNAS},
};

size_t sudo_match_aliases(struct sudo_lex *lx, const char *s, size_t n)
{
	size_t i = span_blank(s, n);

	for (size_t k = 0; lx->top->bol && k < ARRAY_SIZE(alias_words); k++) {
		size_t len = strlen(alias_words[k].word);
		if (n - i >= len && memcmp(s + i, alias_words[k].word, len) == 0) {
			lx->alias_type = alias_words[k].type;
			return i + len;
		}
	}
	return 0;
}

/* [[:blank:]]*,[[:blank:]]* */
size_t sudo_match_comma(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	size_t i = span_blank(s, n);

	return i < n && s[i] == ',' ? i + 1 + span_blank(s + i + 1, n - i - 1) : 0;
}

size_t sudo_match_string_body(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && !in(s[i], "\"\r\n")) {
		if (s[i] != '\\')
			i++;
		else if (i + 1 < n && s[i + 1] == '"')
			i += 2;
		else
			break;
	}
	return i;
}

size_t sudo_match_arg_glob(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	return n > 1 && s[0] == '\\' && in(s[1], "*?[]!^") ? 2 : 0;
}

size_t sudo_match_arg_special(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	return n > 1 && s[0] == '\\' && in(s[1], ":\\,= \t#") ? 2 : 0;
}

size_t sudo_match_arg_end(_unused_ struct sudo_lex *lx, const char *s, _unused_ size_t n)
{
	return in(s[0], "#:,=\r\n") ? 1 : 0;
}

size_t sudo_match_arg(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && !in(s[i], "#\\:, \t\r\n"))
		i++;
	return i;
}

size_t sudo_match_regex_escape(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	return n > 1 && s[0] == '\\' && !in(s[1], "\r\n") ? 2 : 0;
}

size_t sudo_match_regex_end(_unused_ struct sudo_lex *lx, const char *s, _unused_ size_t n)
{
	return in(s[0], "#\r\n") ? 1 : 0;
}

size_t sudo_match_regex_body(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && !in(s[i], "#\\\r\n$"))
		i++;
	return i;
}

size_t sudo_match_hex(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && hex_value(s[i]) >= 0)
		i++;
	return i;
}

size_t sudo_match_base64(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && (is_digit(s[i]) || is_upper(s[i]) || is_lower(s[i]) || in(s[i], "+/=")))
		i++;
	return i;
}

/* [^\"[:space:]]([^[:space:]]|\\[[:blank:]])* */
size_t sudo_match_include_path(_unused_ struct sudo_lex *lx, const char *s, size_t n)
{
	size_t i = 0;

	if (s[0] == '"')
		return 0;
	while (i < n && (!in(s[i], " \t\n\v\f\r") || (i > 1 && is_blank(s[i]) && s[i - 1] == '\\')))
		i++;
	return i;
}

/* NAME[[:blank:]]*: of a tag */
static const struct {
	const char *word;
	enum sudo_tag tag;
	bool on;
} tag_words[] = {
	{"NOPASSWD", SUDO_TAG_NOPASSWD, true},
	{"PASSWD", SUDO_TAG_NOPASSWD, false},
	{"NOEXEC", SUDO_TAG_NOEXEC, true},
	{"EXEC", SUDO_TAG_NOEXEC, false},
	{"INTERCEPT", SUDO_TAG_INTERCEPT, true},
	{"NOINTERCEPT", SUDO_TAG_INTERCEPT, false},
	{"SETENV", SUDO_TAG_SETENV, true},
	{"NOSETENV", SUDO_TAG_SETENV, false},
	{"LOG_OUTPUT", SUDO_TAG_LOG_OUTPUT, true},
	{"NOLOG_OUTPUT", SUDO_TAG_LOG_OUTPUT, false},
	{"LOG_INPUT", SUDO_TAG_LOG_INPUT, true},
	{"NOLOG_INPUT", SUDO_TAG_LOG_INPUT, false},
	{"MAIL", SUDO_TAG_MAIL, true},
	{"NOMAIL", SUDO_TAG_MAIL, false},
	{"FOLLOW", SUDO_TAG_FOLLOW, true},
	{"NOFOLLOW", SUDO_TAG_FOLLOW, false},
};

size_t sudo_match_tag(struct sudo_lex *lx, const char *s, size_t n)
{
	for (size_t k = 0; k < ARRAY_SIZE(tag_words); k++) {
		size_t len = strlen(tag_words[k].word);
		if (n <= len || memcmp(s, tag_words[k].word, len) != 0)
			continue;
		len += span_blank(s + len, n - len);
		if (len < n && s[len] == ':') {
			lx->tag = tag_words[k].tag;
			lx->tag_on = tag_words[k].on;
			return len + 1;
		}
	}
	return 0;
}
