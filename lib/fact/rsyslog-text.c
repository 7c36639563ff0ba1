/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "fact/rsyslog-internal.h"

/*
 * Lines that end with a backslash are joined before anything else is looked at,
 * comments as well; blanks at the end of each line are dropped, and those at the
 * beginning of one that continues another.
 */
static int join_lines(struct arena *a, const struct rsyslog_text *in, struct rsyslog_source *ret)
{
	size_t n_lines = 2, out = 0;

	for (size_t i = 0; i < in->size; i++)
		n_lines += in->text[i] == '\n';
	char *text = arena_alloc(a, in->size + 2);
	unsigned *lines = arena_alloc(a, n_lines * sizeof(*lines));
	if (!text || !lines)
		return -ENOMEM;
	unsigned number = 0;
	size_t line = 0;
	bool more = false;
	for (size_t at = 0; at < in->size;) {
		const char *s = in->text + at;
		const char *nl = memchr(s, '\n', in->size - at);
		size_t len = nl ? (size_t)(nl - s) : in->size - at;
		at += len + 1;
		number++;
		len = strnlen(s, len);
		while (more && len > 0 && isspace((unsigned char)*s))
			s++, len--;
		while (len > 0 && isspace((unsigned char)s[len - 1]))
			len--;
		if (!more)
			lines[line] = number;
		more = len > 0 ? s[len - 1] == '\\' : more;
		len -= len > 0 && more;
		memcpy(text + out, s, len);
		out += len;
		if (!more) {
			text[out++] = '\n';
			line++;
		}
	}
	if (!more)
		lines[line] = number;
	ret->text = ret->p = text;
	ret->end = text + out;
	ret->lines = lines;
	return 0;
}

int rsyslog_push(struct rsyslog_reader *r, const struct rsyslog_text *text)
{
	for (const struct rsyslog_source *s = r->src; s; s = s->up) {
		if (strcmp(s->path, text->path) == 0)
			return 0;
	}
	if (++r->n_files > RSYSLOG_FILES_MAX)
		return rsyslog_malformed(r, "includes too many files");
	struct rsyslog_source *src = arena_alloc(r->a, sizeof(*src));
	const char *path = arena_strdup(r->a, text->path);
	int ret = src && path ? join_lines(r->a, text, src) : -ENOMEM;
	if (ret < 0)
		return ret;
	src->path = path;
	src->up = r->src;
	r->src = src;
	return 0;
}

void rsyslog_advance(struct rsyslog_reader *r, size_t n)
{
	struct rsyslog_source *s = r->src;

	for (; n > 0 && s->p < s->end; n--, s->p++)
		s->line += *s->p == '\n';
}

unsigned rsyslog_line(const struct rsyslog_reader *r)
{
	return r->src->lines[r->src->line];
}

bool rsyslog_at_start(const struct rsyslog_reader *r)
{
	const char *p = r->src->p;

	while (p > r->src->text && (p[-1] == ' ' || p[-1] == '\t'))
		p--;
	return p == r->src->text || p[-1] == '\n';
}

/* Past a comment of C's kind; one without an end takes the rest of the file. */
static bool skip_comment(struct rsyslog_reader *r)
{
	struct rsyslog_source *s = r->src;

	if (s->end - s->p < 2 || s->p[0] != '/' || s->p[1] != '*')
		return false;
	const char *end = memmem(s->p + 2, (size_t)(s->end - s->p) - 2, "*/", 2);
	rsyslog_advance(r, end ? (size_t)(end + 2 - s->p) : (size_t)(s->end - s->p));
	return true;
}

static void skip_line(struct rsyslog_reader *r)
{
	struct rsyslog_source *s = r->src;
	const char *nl = memchr(s->p, '\n', (size_t)(s->end - s->p));

	rsyslog_advance(r, nl ? (size_t)(nl + 1 - s->p) : (size_t)(s->end - s->p));
}

void rsyslog_skip_inside(struct rsyslog_reader *r)
{
	struct rsyslog_source *s = r->src;

	while (s->p < s->end) {
		if (isspace((unsigned char)*s->p))
			rsyslog_advance(r, 1);
		else if (*s->p == '#')
			skip_line(r);
		else if (!skip_comment(r))
			break;
	}
}

bool rsyslog_skip(struct rsyslog_reader *r)
{
	for (;;) {
		rsyslog_skip_inside(r);
		if (r->src->p < r->src->end)
			return true;
		if (!r->src->up)
			return false;
		r->src = r->src->up;
	}
}

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_-+,;", c));
}

bool rsyslog_word(const struct rsyslog_reader *r, const char *word)
{
	size_t n = strlen(word);

	return strncasecmp(r->src->p, word, n) == 0 && !in_word(r->src->p[n]);
}

int rsyslog_malformed(struct rsyslog_reader *r, const char *what)
{
	if (!r->conf->malformed) {
		r->conf->malformed = what;
		r->conf->malformed_path = r->src ? r->src->path : NULL;
		r->conf->malformed_line = r->src ? rsyslog_line(r) : 0;
	}
	return -EINVAL;
}

int rsyslog_string(struct rsyslog_reader *r, const char **ret)
{
	struct rsyslog_source *s = r->src;
	char quote = *s->p;
	const char *p = s->p + 1;
	size_t n = 0;

	if (quote != '"' && quote != '\'' && quote != '`')
		return rsyslog_malformed(r, "a quoted string was expected");
	char *out = arena_alloc(r->a, (size_t)(s->end - s->p));
	if (!out)
		return -ENOMEM;
	while (p < s->end && *p != quote) {
		if (*p == '\\' && p + 1 < s->end)
			p++;
		out[n++] = *p++;
	}
	if (p == s->end)
		return rsyslog_malformed(r, "a string has no end");
	rsyslog_advance(r, (size_t)(p + 1 - s->p));
	*ret = quote == '`' ? NULL : out;
	return 0;
}
