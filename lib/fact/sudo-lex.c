/* SPDX-License-Identifier: ISC */
#include "fact/sudo-lex.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fact/sudo-scan.h"
#include "fact/sudo-source.h"

enum {
	SKIP = -1, /* the rule gave no token: go on */
};

struct rule {
	unsigned states;
	/* Length of the longest match at s, of which n bytes are left; 0: none. */
	size_t (*match)(struct sudo_lex *lx, const char *s, size_t n);
	const char *word; /* or: exactly these bytes */
	/* What to do with a match of len bytes: a token or SKIP. NULL: token. */
	int (*action)(struct sudo_lex *lx, const char *s, size_t len);
	enum sudo_token token;
	int arg; /* of the token */
};

/* Adds bytes to the string or the arguments under construction. */
static void push(struct sudo_lex *lx, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *slot = arena_grow(lx->tree->arena, &lx->buf, lx->n_buf, 1);
		if (!slot) {
			lx->fatal = -ENOMEM;
			return;
		}
		*slot = s[i];
		lx->n_buf++;
	}
	lx->have_buf = true;
}

/* A backslash and what it quotes become that; \xHH becomes the byte. */
static size_t unescape(char *dst, const char *s, size_t n)
{
	size_t w = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\\' && i + 3 < n && s[i + 1] == 'x' && hex_value(s[i + 2]) >= 0 &&
			hex_value(s[i + 3]) >= 0) {
			dst[w++] = (char)(hex_value(s[i + 2]) << 4 | hex_value(s[i + 3]));
			i += 3;
			continue;
		}
		if (s[i] == '\\' && i + 1 < n)
			i++;
		dst[w++] = s[i];
	}
	return w;
}

static char *word(struct sudo_lex *lx, const char *s, size_t n)
{
	char *out = arena_alloc(lx->tree->arena, n + 1);

	if (out)
		(void)unescape(out, s, n); /* a NUL from \x00 ends it, as in sudo */
	else
		lx->fatal = -ENOMEM;
	return out;
}

/* A command's path: only what is special to sudoers is unquoted, the rest is for fnmatch(3). */
static char *command_word(struct sudo_lex *lx, const char *s, size_t n)
{
	char *out = arena_alloc(lx->tree->arena, n + 1), *w = out;

	for (size_t i = 0; out && i < n; i++) {
		if (s[0] != '^' && s[i] == '\\' && i + 1 < n && in(s[i + 1], ",:= \t#"))
			i++;
		*w++ = s[i];
	}
	if (!out)
		lx->fatal = -ENOMEM;
	const char *base = out ? strrchr(out, '/') : NULL;
	if (base && *s != '^' && strcmp(base, "/sudoedit") == 0)
		memmove(out, base + 1, sizeof("sudoedit"));
	return out;
}

static int fail(struct sudo_lex *lx, const char *why)
{
	lx->text = why;
	return TOKEN_ERROR;
}

static int act_word(struct sudo_lex *lx, const char *s, size_t len)
{
	lx->text = word(lx, s, len);
	return 0;
}

static int act_blank(struct sudo_lex *lx, _unused_ const char *s, _unused_ size_t len)
{
	lx->saw_space = true;
	return SKIP;
}

static int act_continuation(struct sudo_lex *lx, _unused_ const char *s, _unused_ size_t len)
{
	if (lx->state != IN_STRING)
		lx->saw_space = true;
	lx->continued = true;
	return SKIP;
}

static int act_bangs(_unused_ struct sudo_lex *lx, _unused_ const char *s, size_t len)
{
	return len % 2 ? TOKEN_BANG : SKIP;
}

static void begin_token(struct sudo_lex *lx)
{
	lx->path = lx->top->path;
	lx->line = lx->top->line;
	lx->raw = lx->top->text + lx->top->pos;
	lx->raw_size = 0;
}

static int act_newline(struct sudo_lex *lx, _unused_ const char *s, _unused_ size_t len)
{
	bool string = lx->state == IN_STRING;

	/* Where a command's arguments were going on, the token began lines above. */
	begin_token(lx);
	lx->state = INITIAL;
	if (string) {
		lx->take = 0;
		return fail(lx, "unexpected line break in string");
	}
	lx->continued = false;
	return TOKEN_NEWLINE;
}

static int act_comment(struct sudo_lex *lx, const char *s, size_t len)
{
	if (s[len - 1] != '\n')
		return fail(lx, "neither a comment nor an id");
	return act_newline(lx, s, len);
}

static int act_start_defaults(struct sudo_lex *lx, _unused_ const char *s, _unused_ size_t len)
{
	lx->state = START_DEFAULTS;
	return SKIP;
}

static int act_next_default(struct sudo_lex *lx, _unused_ const char *s, _unused_ size_t len)
{
	lx->state = START_DEFAULTS;
	return TOKEN_COMMA;
}

static int act_defvar(struct sudo_lex *lx, const char *s, size_t len)
{
	lx->state = IN_DEFAULTS;
	return act_word(lx, s, len);
}

static int act_defaults(struct sudo_lex *lx, const char *s, size_t len)
{
	size_t i = span_blank(s, len) + 8;

	if (lx->continued)
		return fail(lx, "invalid line continuation");
	lx->state = GOT_DEFAULTS;
	lx->scope = SUDO_SCOPE_ALL;
	if (i < len) {
		lx->scope = s[i] == ':'	  ? SUDO_SCOPE_USER
			    : s[i] == '>' ? SUDO_SCOPE_RUNAS
			    : s[i] == '@' ? SUDO_SCOPE_HOST
					  : SUDO_SCOPE_COMMAND;
		i++;
		lx->take = i + span_blank(s + i, len - i);
	}
	return 0;
}

static int act_line_start(struct sudo_lex *lx, _unused_ const char *s, _unused_ size_t len)
{
	return lx->continued ? fail(lx, "invalid line continuation") : 0;
}

static int act_include(struct sudo_lex *lx, const char *s, size_t len)
{
	if (lx->continued)
		return fail(lx, "invalid line continuation");
	if (*s == '#') {
		lx->take = 1 + strspn(s + 1, "includedir");
		lx->top->bol = false;
		lx->take = MIN(lx->take, len);
	}
	lx->state = GOT_INCLUDE;
	return 0;
}

static int act_include_path(struct sudo_lex *lx, const char *s, size_t len)
{
	lx->state = INITIAL;
	return act_word(lx, s, len);
}

static int act_string(struct sudo_lex *lx, _unused_ const char *s, _unused_ size_t len)
{
	lx->string_state = lx->state == GOT_INCLUDE ? INITIAL : lx->state;
	lx->state = IN_STRING;
	lx->buf = NULL;
	lx->n_buf = 0;
	lx->have_buf = false;
	return SKIP;
}

static int act_string_body(struct sudo_lex *lx, const char *s, size_t len)
{
	char *text = arena_alloc(lx->tree->arena, len + 1);

	if (!text) {
		lx->fatal = -ENOMEM;
		return SKIP;
	}
	push(lx, text, unescape(text, s, len));
	lx->have_buf = true;
	return SKIP;
}

static const char *buf_text(struct sudo_lex *lx)
{
	push(lx, "", 1);
	return lx->buf;
}

static int act_string_end(struct sudo_lex *lx, _unused_ const char *s, _unused_ size_t len)
{
	lx->state = lx->string_state;
	if (!lx->have_buf)
		return fail(lx, "empty string");
	const char *text = lx->text = buf_text(lx);
	if (lx->fatal || !(lx->state & (INITIAL | GOT_DEFAULTS)))
		return TOKEN_WORD;
	if (*text == '%') {
		text += text[1] == ':' ? 2 : 1;
		return *text ? TOKEN_GROUP : fail(lx, "empty group");
	}
	if (*text == '+')
		return text[1] ? TOKEN_NETGROUP : fail(lx, "empty netgroup");
	return TOKEN_WORD;
}

static int act_empty_group(struct sudo_lex *lx, const char *s, _unused_ size_t len)
{
	return fail(lx, *s == '+' ? "empty netgroup" : "empty group");
}

static int act_ipv6(struct sudo_lex *lx, const char *s, size_t len)
{
	int doubles = 0;

	for (size_t i = 0; i + 1 < len && doubles < 2; i++) {
		if (s[i] == '/')
			doubles = 0;
		doubles += s[i] == ':' && s[i + 1] == ':';
	}
	return doubles > 1 ? fail(lx, "invalid IPv6 address") : act_word(lx, s, len);
}

/* A path begins a command; its arguments follow in a state of their own. */
static int act_command(struct sudo_lex *lx, const char *s, size_t len)
{
	bool plain = lx->state == GOT_DEFAULTS; /* Defaults!/path takes no arguments */

	lx->text = command_word(lx, s, len);
	lx->args = NULL;
	lx->buf = NULL;
	lx->n_buf = 0;
	lx->have_buf = false;
	if (plain || (*s == '/' && s[len - 1] == '/'))
		return TOKEN_COMMAND;
	lx->state = GOT_COMMAND;
	return SKIP;
}

static void push_arg(struct sudo_lex *lx, const char *s, size_t len)
{
	if (lx->have_buf && lx->saw_space)
		push(lx, " ", 1);
	push(lx, s, len);
	lx->saw_space = false;
}

static int act_arg_glob(struct sudo_lex *lx, const char *s, size_t len)
{
	push_arg(lx, s, len);
	return SKIP;
}

static int act_arg_special(struct sudo_lex *lx, const char *s, _unused_ size_t len)
{
	push_arg(lx, s + 1, 1);
	return SKIP;
}

static int act_arg(struct sudo_lex *lx, const char *s, size_t len)
{
	if (!lx->have_buf && *s == '^') {
		lx->state = GOT_REGEX;
		lx->take = 0;
		lx->top->bol = false;
	} else {
		push_arg(lx, s, len);
	}
	return SKIP;
}

static int end_command(struct sudo_lex *lx)
{
	if (lx->have_buf)
		lx->args = buf_text(lx);
	lx->state = INITIAL;
	return TOKEN_COMMAND;
}

static int act_arg_end(struct sudo_lex *lx, _unused_ const char *s, _unused_ size_t len)
{
	lx->take = 0;
	lx->top->bol = false;
	return end_command(lx);
}

static int act_regex_escape(struct sudo_lex *lx, const char *s, size_t len)
{
	push(lx, s, len);
	return SKIP;
}

static int act_regex_end(struct sudo_lex *lx, _unused_ const char *s, _unused_ size_t len)
{
	lx->take = 0;
	lx->top->bol = false;
	lx->state = INITIAL;
	return fail(lx, "unterminated regular expression");
}

static int act_regex_dollar(struct sudo_lex *lx, const char *s, size_t len)
{
	push(lx, s, len);
	lx->continued = false;
	return end_command(lx);
}

static int act_regex_body(struct sudo_lex *lx, const char *s, size_t len)
{
	size_t blank = lx->continued ? span_blank(s, len) : 0;

	lx->continued = false;
	push(lx, s + blank, len - blank);
	return SKIP;
}

static int act_sha(struct sudo_lex *lx, const char *s, size_t len)
{
	lx->state = WANT_DIGEST;
	lx->digest_size = (unsigned)((s[3] - '0') * 100 + (s[4] - '0') * 10 + (s[5] - '0')) / 8;
	return act_word(lx, s, len);
}

static int act_hex(struct sudo_lex *lx, const char *s, size_t len)
{
	lx->state = INITIAL;
	if (len != lx->digest_size * 2)
		return SKIP;
	(void)act_word(lx, s, len);
	return TOKEN_DIGEST;
}

static int act_base64(struct sudo_lex *lx, const char *s, size_t len)
{
	unsigned size = lx->digest_size;

	lx->state = INITIAL;
	if (len != (s[len - 1] == '=' ? 4 * ((size + 2) / 3) : (4 * size + 2) / 3))
		return SKIP;
	(void)act_word(lx, s, len);
	return TOKEN_DIGEST;
}

static int act_expect_path(struct sudo_lex *lx, _unused_ const char *s, _unused_ size_t len)
{
	lx->string_state = lx->state;
	lx->state = EXPECT_PATH;
	return 0;
}

static int act_path(struct sudo_lex *lx, const char *s, size_t len)
{
	lx->state = lx->string_state;
	return act_word(lx, s, len);
}

#define OPTION(name, option)                                    \
	{                                                       \
		INITIAL, NULL, name, NULL, TOKEN_OPTION, option \
	}
#define SHA(name)                                         \
	{                                                 \
		COMMON, NULL, name, act_sha, TOKEN_SHA, 0 \
	}

/* In the order of sudo's own rules, which decides between matches of one length. */
static const struct rule rules[] = {
	{GOT_DEFAULTS, sudo_match_comma, NULL, NULL, TOKEN_COMMA, 0},
	{GOT_DEFAULTS, sudo_match_blank, NULL, act_start_defaults, 0, 0},
	{START_DEFAULTS, sudo_match_defvar, NULL, act_defvar, TOKEN_DEFVAR, 0},
	{IN_DEFAULTS, NULL, ",", act_next_default, 0, 0},
	{IN_DEFAULTS, NULL, "=", NULL, TOKEN_EQUALS, 0},
	{IN_DEFAULTS, NULL, "+=", NULL, TOKEN_PLUS, 0},
	{IN_DEFAULTS, NULL, "-=", NULL, TOKEN_MINUS, 0},
	{IN_DEFAULTS, NULL, "\"", act_string, 0, 0},
	{IN_DEFAULTS, sudo_match_envar, NULL, act_word, TOKEN_WORD, 0},
	{IN_STRING, sudo_match_continuation, NULL, act_continuation, 0, 0},
	{IN_STRING, NULL, "\"", act_string_end, 0, 0},
	{IN_STRING, NULL, "\\", act_string_body, 0, 0},
	{IN_STRING, sudo_match_string_body, NULL, act_string_body, 0, 0},
	{GOT_COMMAND, sudo_match_arg_glob, NULL, act_arg_glob, 0, 0},
	{GOT_COMMAND, sudo_match_arg_special, NULL, act_arg_special, 0, 0},
	{GOT_COMMAND, sudo_match_arg_end, NULL, act_arg_end, 0, 0},
	{GOT_COMMAND, sudo_match_arg, NULL, act_arg, 0, 0},
	{GOT_REGEX, sudo_match_regex_escape, NULL, act_regex_escape, 0, 0},
	{GOT_REGEX, sudo_match_regex_end, NULL, act_regex_end, 0, 0},
	{GOT_REGEX, NULL, "$", act_regex_dollar, 0, 0},
	{GOT_REGEX, sudo_match_regex_body, NULL, act_regex_body, 0, 0},
	{WANT_DIGEST, sudo_match_hex, NULL, act_hex, 0, 0},
	{WANT_DIGEST, sudo_match_base64, NULL, act_base64, 0, 0},
	{INITIAL, NULL, "@include", act_include, TOKEN_INCLUDE, 0},
	{INITIAL, NULL, "@includedir", act_include, TOKEN_INCLUDEDIR, 0},
	{INITIAL, sudo_match_hash_file, NULL, act_include, TOKEN_INCLUDE, 0},
	{INITIAL, sudo_match_hash_dir, NULL, act_include, TOKEN_INCLUDEDIR, 0},
	{INITIAL, sudo_match_defaults, NULL, act_defaults, TOKEN_DEFAULTS, 0},
	{INITIAL, sudo_match_aliases, NULL, act_line_start, TOKEN_ALIASES, 0},
	{COMMON, sudo_match_tag, NULL, NULL, TOKEN_TAG, 0},
	{INITIAL | GOT_DEFAULTS, sudo_match_empty_group, NULL, act_empty_group, 0, 0},
	{COMMON, sudo_match_netgroup, NULL, act_word, TOKEN_NETGROUP, 0},
	{COMMON, sudo_match_group, NULL, act_word, TOKEN_GROUP, 0},
	{COMMON, sudo_match_ipv4, NULL, act_word, TOKEN_NETWORK, 0},
	{COMMON, sudo_match_ipv6, NULL, act_ipv6, TOKEN_NETWORK, 0},
	{COMMON, NULL, "ALL", NULL, TOKEN_ALL, 0},
	OPTION("TIMEOUT", SUDO_OPTION_TIMEOUT),
	OPTION("NOTBEFORE", SUDO_OPTION_NOTBEFORE),
	OPTION("NOTAFTER", SUDO_OPTION_NOTAFTER),
	{INITIAL, NULL, "CWD", act_expect_path, TOKEN_OPTION, SUDO_OPTION_CWD},
	{INITIAL, NULL, "CHROOT", act_expect_path, TOKEN_OPTION, SUDO_OPTION_CHROOT},
	OPTION("ROLE", SUDO_OPTION_ROLE),
	OPTION("TYPE", SUDO_OPTION_TYPE),
	OPTION("APPARMOR_PROFILE", SUDO_OPTION_APPARMOR),
	{COMMON, sudo_match_alias, NULL, act_word, TOKEN_ALIAS, 0},
	{GOT_DEFAULTS, sudo_match_command, NULL, act_command, 0, 0},
	SHA("sha224"),
	SHA("sha256"),
	SHA("sha384"),
	SHA("sha512"),
	{COMMON, NULL, "sudoedit", act_command, 0, 0},
	{EXPECT_PATH, sudo_match_path_or_word, NULL, act_path, TOKEN_WORD, 0},
	{COMMON, sudo_match_path, NULL, act_command, 0, 0},
	{COMMON, sudo_match_regex, NULL, act_command, 0, 0},
	{INITIAL | GOT_DEFAULTS, NULL, "\"", act_string, 0, 0},
	{INITIAL | GOT_DEFAULTS, sudo_match_id_or_word, NULL, act_word, TOKEN_WORD, 0},
	{GOT_INCLUDE, sudo_match_include_path, NULL, act_include_path, TOKEN_WORD, 0},
	{GOT_INCLUDE, NULL, "\"", act_string, 0, 0},
	{COMMON, NULL, "(", NULL, TOKEN_OPEN, 0},
	{COMMON, NULL, ")", NULL, TOKEN_CLOSE, 0},
	{COMMON, NULL, ",", NULL, TOKEN_COMMA, 0},
	{COMMON, NULL, "=", NULL, TOKEN_EQUALS, 0},
	{COMMON, NULL, ":", NULL, TOKEN_COLON, 0},
	{EVERY, sudo_match_bangs, NULL, act_bangs, 0, 0},
	{EVERY, sudo_match_newline, NULL, act_newline, 0, 0},
	{EVERY, sudo_match_blank, NULL, act_blank, 0, 0},
	{EVERY, sudo_match_continuation, NULL, act_continuation, 0, 0},
	{INITIAL | START_DEFAULTS | IN_DEFAULTS, sudo_match_comment, NULL, act_comment, 0, 0},
	{EVERY, sudo_match_any, NULL, NULL, TOKEN_NOMATCH, 0},
};

static size_t rule_match(const struct rule *rule, struct sudo_lex *lx, const char *s, size_t n)
{
	if (rule->match)
		return rule->match(lx, s, n);
	size_t len = strlen(rule->word);
	return len <= n && memcmp(s, rule->word, len) == 0 ? len : 0;
}

/* Applies the best rule at the present place. A token or SKIP. */
static int step(struct sudo_lex *lx)
{
	struct sudo_source *src = lx->top;
	const char *s = src->text + src->pos;
	size_t n = src->size - src->pos, best = 0;
	const struct rule *rule = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		size_t len = rules[i].states & lx->state ? rule_match(&rules[i], lx, s, n) : 0;
		if (len > best) {
			best = len;
			rule = &rules[i];
		}
	}
	/* sudo_match_any or sudo_match_newline holds everywhere. */
	lx->take = best;
	lx->option = (enum sudo_option)rule->arg;
	src->bol = s[best - 1] == '\n';
	int token = rule->action ? rule->action(lx, s, best) : 0;
	for (size_t i = 0; i < lx->take; i++)
		src->line += s[i] == '\n';
	src->pos += lx->take;
	lx->raw_size += lx->take;
	return token == 0 ? (int)rule->token : token;
}

enum sudo_token sudo_lex_next(struct sudo_lex *lx)
{
	for (;;) {
		if (!lx->fatal && lx->top->pos >= lx->top->size) {
			/* What was begun may go on in the file that included this one. */
			int r = sudo_source_pop(lx);
			begin_token(lx);
			if (r > 0)
				continue;
			lx->fatal = r;
			return lx->token = TOKEN_END;
		}
		if (lx->fatal)
			return lx->token = TOKEN_END;
		/* A string or a command with its arguments is one token of many matches. */
		if (!(lx->state & (IN_STRING | GOT_COMMAND | GOT_REGEX)))
			begin_token(lx);
		int token = step(lx);
		if (token != SKIP)
			return lx->token = lx->fatal ? TOKEN_END : (enum sudo_token)token;
	}
}

int sudo_lex_init(
	struct sudo_lex *lx, struct sudo_tree *t, const struct sudo_files *files, const char *path)
{
	*lx = (struct sudo_lex){.tree = t, .files = files, .state = INITIAL};
	return sudo_source_push(lx, path, false, NULL);
}
