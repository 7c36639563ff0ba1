/* SPDX-License-Identifier: ISC */
#include "fact/ssh-key-line.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

enum {
	COMMENT_MAX = 128,
	OPTIONS_MAX = 256,
	VALUE_MAX = 96,
};

/* Text with an end instead of a NUL. */
struct span {
	const char *p, *end;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blank(struct span *s)
{
	while (s->p < s->end && is_blank(*s->p))
		s->p++;
}

/* The word at the cursor, which moves behind it. */
static struct span next_word(struct span *s)
{
	struct span word = {s->p, s->p};

	while (word.end < s->end && !is_blank(*word.end))
		word.end++;
	s->p = word.end;
	return word;
}

static size_t length(struct span s)
{
	return (size_t)(s.end - s.p);
}

/* Type and key at the cursor, which is left at the comment; as sshkey_read() in OpenSSH. */
static int read_key(struct arena *a, struct span *s, struct ssh_key *ret)
{
	struct span in = *s;
	struct span name = next_word(&in);
	_cleanup_free_ uint8_t *blob = NULL;
	struct ssh_key key;
	size_t n;

	skip_blank(&in);
	struct span base64 = next_word(&in);
	if (length(name) == 0 || length(base64) == 0)
		return -EBADMSG;
	int r = ssh_base64_decode(base64.p, length(base64), &blob, &n);
	if (r < 0)
		return r;
	r = ssh_key_parse_named(a, name.p, length(name), blob, n, &key);
	if (r < 0)
		return r;
	skip_blank(&in);
	*s = in;
	*ret = key;
	return 0;
}

/* To the first blank outside quotes; false when a quote is left open. */
static bool skip_options(struct span *s)
{
	bool quoted = false;

	for (; s->p < s->end && (quoted || !is_blank(*s->p)); s->p++) {
		if (*s->p == '\\' && s->p + 1 < s->end && s->p[1] == '"')
			s->p++;
		else if (*s->p == '"')
			quoted = !quoted;
	}
	return s->p < s->end || !quoted;
}

enum option_kind {
	OPTION_FLAG,	/* "pty" */
	OPTION_NEGATED, /* "pty" or "no-pty" */
	OPTION_ONCE,	/* name="value", a second one is an error */
	OPTION_VALUE,
};

enum option_show {
	SHOW_ALL,
	SHOW_PROGRAM, /* the rest may be a secret */
	SHOW_NAME,
};

static const struct option {
	const char *name;
	enum option_kind kind;
	enum option_show show;
} options[] = {
	/* in the order in which sshd tries them, since it compares beginnings */
	{"restrict", OPTION_FLAG, SHOW_ALL},
	{"cert-authority", OPTION_FLAG, SHOW_ALL},
	{"port-forwarding", OPTION_NEGATED, SHOW_ALL},
	{"agent-forwarding", OPTION_NEGATED, SHOW_ALL},
	{"x11-forwarding", OPTION_NEGATED, SHOW_ALL},
	{"touch-required", OPTION_NEGATED, SHOW_ALL},
	{"verify-required", OPTION_NEGATED, SHOW_ALL},
	{"pty", OPTION_NEGATED, SHOW_ALL},
	{"user-rc", OPTION_NEGATED, SHOW_ALL},
	{"command", OPTION_ONCE, SHOW_PROGRAM},
	{"principals", OPTION_ONCE, SHOW_ALL},
	{"from", OPTION_ONCE, SHOW_ALL},
	{"expiry-time", OPTION_VALUE, SHOW_ALL},
	{"environment", OPTION_VALUE, SHOW_NAME},
	{"permitopen", OPTION_VALUE, SHOW_ALL},
	{"permitlisten", OPTION_VALUE, SHOW_ALL},
	{"tunnel", OPTION_VALUE, SHOW_ALL},
};
static_assert(ARRAY_SIZE(options) <= 32, "a bit for each");

struct summary {
	char text[OPTIONS_MAX];
	size_t n;
	bool partial; /* something is not in the text */
};

static void add(struct summary *sum, const char *p, size_t n)
{
	if (n > sizeof(sum->text) - sum->n) {
		n = sizeof(sum->text) - sum->n;
		sum->partial = true;
	}
	memcpy(sum->text + sum->n, p, n);
	sum->n += n;
}

static bool starts_with(const struct span *s, const char *word)
{
	size_t n = strlen(word);

	return length(*s) >= n && strncasecmp(s->p, word, n) == 0;
}

/* The value between quotes at the cursor, which moves behind them; false without closing quote. */
static bool next_quoted(struct span *s, struct span *ret)
{
	if (s->p == s->end || *s->p != '"')
		return false;
	struct span value = {s->p + 1, s->p + 1};
	for (; value.end < s->end; value.end++) {
		if (*value.end == '"') {
			s->p = value.end + 1;
			*ret = value;
			return true;
		}
		if (*value.end == '\\' && value.end + 1 < s->end && value.end[1] == '"')
			value.end++;
	}
	return false;
}

static void add_value(struct summary *sum, const struct option *o, struct span value)
{
	size_t all = length(value), shown = MIN(all, (size_t)VALUE_MAX);
	const char *stop = o->show == SHOW_PROGRAM ? " \t;|&<>" : o->show == SHOW_NAME ? "=" : "";

	for (size_t i = 0; *stop && i < shown; i++) {
		if (strchr(stop, value.p[i]))
			shown = i;
	}
	add(sum, o->name, strlen(o->name));
	add(sum, "=\"", 2);
	add(sum, value.p, shown);
	if (shown < all) {
		add(sum, "...", 3);
		sum->partial = true;
	}
	add(sum, "\"", 1);
}

/* Matches the row at the cursor, which moves behind it. 1 matched, 0 not, -EBADMSG no value. */
static int match_option(const struct option *o, struct span *s, struct summary *sum)
{
	size_t n = strlen(o->name);

	if (o->kind == OPTION_FLAG || o->kind == OPTION_NEGATED) {
		bool no = o->kind == OPTION_NEGATED && starts_with(s, "no-");
		struct span rest = {s->p + (no ? 3 : 0), s->end};
		if (!starts_with(&rest, o->name))
			return 0;
		s->p = rest.p + n;
		add(sum, "no-", no ? 3 : 0);
		add(sum, o->name, n);
		return 1;
	}
	struct span value;
	if (!starts_with(s, o->name) || length(*s) == n || s->p[n] != '=')
		return 0;
	s->p += n + 1;
	if (!next_quoted(s, &value))
		return -EBADMSG;
	add_value(sum, o, value);
	return 1;
}

/* What judges want to know of the options. */
static void note(struct ssh_key_line *line, const char *name)
{
	line->cert_authority |= strcmp(name, "cert-authority") == 0;
	line->from |= strcmp(name, "from") == 0;
	line->command |= strcmp(name, "command") == 0;
}

/* Goes through the options as sshd does; returns why it would refuse them, or NULL. */
static const char *read_options(struct span s, struct ssh_key_line *line, struct summary *sum)
{
	uint32_t seen = 0;

	while (s.p < s.end && !is_blank(*s.p)) {
		size_t i = 0;
		int r = 0;
		for (; i < ARRAY_SIZE(options) && r == 0; i++)
			r = match_option(&options[i], &s, sum);
		if (r < 0)
			return "an option has no quoted value";
		if (r > 0 && options[--i].kind == OPTION_ONCE && (seen & 1u << i))
			return "an option is given twice";
		if (r > 0) {
			seen |= 1u << i;
			note(line, options[i].name);
		}
		if (s.p == s.end || is_blank(*s.p))
			break;
		if (*s.p != ',')
			return "an option is not known";
		s.p++;
		add(sum, ",", 1);
	}
	return NULL;
}

/* 8 characters of base64 are 48 bits: enough to tell a change, useless to guess from. */
static int summarise(struct arena *a, struct span raw, struct ssh_key_line *line)
{
	struct summary sum = {.n = 0};

	line->options = "";
	if (length(raw) == 0)
		return 0;
	line->refused = read_options(raw, line, &sum);
	if (line->refused)
		sum.partial = true; /* what follows the offence was not read */
	if (!sum.partial) {
		line->options = arena_strndup(a, sum.text, sum.n);
		return line->options ? 0 : -ENOMEM;
	}
	const char *hash = text_sha256(a, raw.p, length(raw));
	if (!hash)
		return -ENOMEM;
	line->options = arena_printf(a, "%.*s%s%.*s", (int)sum.n, sum.text, sum.n > 0 ? "; " : "",
		(int)strlen("SHA256:") + 8, hash);
	return line->options ? 0 : -ENOMEM;
}

/* Without what trails it, and not cut inside a UTF-8 character. */
static char *copy_comment(struct arena *a, struct span s)
{
	while (s.end > s.p && (is_blank(s.end[-1]) || s.end[-1] == '\r'))
		s.end--;
	if (length(s) > COMMENT_MAX) {
		s.end = s.p + COMMENT_MAX;
		for (int i = 0; i < 3 && ((unsigned char)*s.end & 0xc0) == 0x80; i++)
			s.end--;
	}
	return arena_strndup(a, s.p, length(s));
}

int ssh_key_parse_line(struct arena *a, const char *line, size_t n, struct ssh_key_line *ret)
{
	struct ssh_key_line out = {.options = ""};
	struct span s = {line, line + strnlen(line, n)}, raw;

	skip_blank(&s);
	if (s.p == s.end || *s.p == '#')
		return 0;
	raw = (struct span){s.p, s.p};
	int r = read_key(a, &s, &out.key);
	if (r == -EBADMSG) {
		if (!skip_options(&s))
			return -EBADMSG;
		raw.end = s.p;
		skip_blank(&s);
		r = read_key(a, &s, &out.key);
	}
	if (r < 0)
		return r;
	r = summarise(a, raw, &out);
	if (r < 0)
		return r;
	out.comment = copy_comment(a, s);
	if (!out.comment)
		return -ENOMEM;
	if (!out.refused && out.key.cert)
		out.refused = "a certificate is no authorized key";
	*ret = out;
	return 1;
}

char *ssh_key_line_describe(struct arena *a, const struct ssh_key_line *line)
{
	const struct ssh_key *k = &line->key;
	char bits[16] = "";

	if (k->bits > 0)
		(void)snprintf(bits, sizeof(bits), " %u", k->bits);
	bool bracket = *line->options || line->refused;
	return arena_printf(a, "%s%s%s%s%s%s%s%s%s", k->name, bits, *line->comment ? " " : "",
		line->comment, bracket ? " [" : "", line->options,
		line->refused && *line->options ? "; " : "", line->refused ? line->refused : "",
		bracket ? "]" : "");
}
