/* SPDX-License-Identifier: ISC */
/* Names and values in a text: what stands for a value, whatever the format. */
#include <string.h>

#include "fact/secret-chars.h"
#include "fact/secret-text.h"

enum {
	QUOTED_NAME_MAX = 256,
	QUOTED_VALUE_MAX = 16 * 1024,
};

void secret_scan_init(struct secret_scan *s, const char *text, size_t n)
{
	*s = (struct secret_scan){.p = text, .end = text + n, .line = 1, .line_start = true};
}

static const char *end_of_line(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	return nl ? nl : end;
}

/* The same of the line at p, which is never before where the scan looked last. */
static const char *line_end(struct secret_scan *s, const char *p)
{
	if (!s->eol || s->eol < p)
		s->eol = end_of_line(p, s->end);
	return s->eol;
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	return p;
}

/*
 * The quote that closes the one at p, or NULL. Far away there is none: what is not closed
 * must not be read to the end of the text for each quote in it. A backslash guards in double
 * quotes only.
 */
static const char *closing_quote(const char *p, const char *end)
{
	if (end - p > QUOTED_VALUE_MAX)
		end = p + QUOTED_VALUE_MAX;
	for (const char *q = p + 1; q < end; q++) {
		if (*q == '\\' && *p == '"')
			q++;
		else if (*q == *p)
			return q;
	}
	return NULL;
}

/* Counts the lines that the scan leaves behind on its way to p. */
static void advance(struct secret_scan *s, const char *p)
{
	for (; s->p < p; s->p++)
		s->line += *s->p == '\n';
}

static void set_value(struct secret_pair *pair, const char *from, const char *to)
{
	from = skip_blanks(from, to);
	while (to > from && is_blank(to[-1]))
		to--;
	pair->value = from;
	pair->value_size = (size_t)(to - from);
}

/* TOML's and Python's long strings. The place behind it, or NULL when it is none. */
static const char *read_long_string(const char *p, const char *end, struct secret_pair *pair)
{
	if (end - p < 6 || p[1] != *p || p[2] != *p)
		return NULL;
	const char *close = memmem(p + 3, (size_t)(end - p - 3), p, 3);
	if (!close)
		return NULL;
	set_value(pair, p + 3, close);
	return close + 3;
}

static const char *read_quoted(const char *p, const char *end, struct secret_pair *pair)
{
	const char *after = read_long_string(p, end, pair);

	if (after)
		return after;
	const char *close = closing_quote(p, end);
	if (!close)
		return NULL;
	set_value(pair, p + 1, close);
	return close + 1;
}

/* "|" or ">" of YAML, with its modifiers: the value is on the next line. */
static bool is_block(const char *p, const char *eol)
{
	if (p == eol || (*p != '|' && *p != '>'))
		return false;
	while (++p < eol && (*p == '-' || *p == '+' || is_digit(*p)))
		;
	return skip_blanks(p, eol) == eol;
}

/* Where what is not quoted ends: at the line's, a comment's, a command's, a flow's end. */
static const char *end_of_bare(const char *p, const char *eol, bool flow)
{
	for (const char *q = p; q < eol; q++) {
		if (flow && (*q == ',' || *q == '}'))
			return q;
		if (*q == '#' && q > p && is_blank(q[-1]))
			return q;
		if (*q == ';' && q + 1 < eol && is_blank(q[1]))
			return q;
	}
	return eol;
}

/* Reads the value that begins at p; returns the place behind it. */
static const char *read_value(struct secret_scan *s, const char *p, struct secret_pair *pair)
{
	const char *eol = line_end(s, p);

	pair->value = p;
	pair->value_size = 0;
	pair->quote = '\0';
	if (p == eol || *p == '{' || *p == '[')
		return p;
	if (*p == '"' || *p == '\'') {
		const char *after = read_quoted(p, s->end, pair);
		if (after) {
			pair->quote = *p;
			return after;
		}
	}
	if (is_block(p, eol)) {
		if (eol == s->end)
			return eol;
		const char *next = end_of_line(eol + 1, s->end);
		set_value(pair, eol + 1, next);
		return next;
	}
	const char *end = end_of_bare(p, eol, s->depth > 0);
	set_value(pair, p, end);
	return end;
}

/* Whether what separates a name from its value stands at p; sets the value's place. */
static bool separator(const char *p, const char *end, const char **ret_value)
{
	p = skip_blanks(p, end);
	if (p == end || (*p != '=' && *p != ':'))
		return false;
	if (p + 1 < end && *p == '=' && p[1] == '=')
		return false;
	if (p + 2 < end && *p == ':' && p[1] == '/' && p[2] == '/')
		return false;
	/* HCL's and make's ":=". */
	p += p + 1 < end && *p == ':' && p[1] == '=' ? 2 : 1;
	*ret_value = skip_blanks(p, end);
	return true;
}

/*
 * The quote that closes the name at p, or NULL. No name that counts holds a newline or a
 * backslash, and to stop there keeps a text of guarded quotes from being read for each.
 */
static const char *end_of_quoted_name(const char *p, const char *end)
{
	if (end - p > QUOTED_NAME_MAX)
		end = p + QUOTED_NAME_MAX;
	for (const char *q = p + 1; q < end && *q != '\n' && *q != '\\'; q++) {
		if (*q == *p)
			return q;
	}
	return NULL;
}

/* A name at the scan's place, quoted or not; the place behind it, or NULL. */
static const char *read_name(struct secret_scan *s, struct secret_pair *pair)
{
	const char *p = s->p;

	if (*p == '"' || *p == '\'') {
		const char *close = end_of_quoted_name(p, s->end);
		if (!close)
			return NULL;
		pair->name = p + 1;
		pair->name_size = (size_t)(close - p - 1);
		return close + 1;
	}
	if (!is_word(*p))
		return NULL;
	while (p < s->end && is_name(*p))
		p++;
	pair->name = s->p;
	pair->name_size = (size_t)(p - s->p);
	return p;
}

/* A line that is a comment in any of the formats. */
static bool at_comment(const struct secret_scan *s)
{
	return s->line_start && (*s->p == '#' || *s->p == ';' ||
					(*s->p == '/' && s->end - s->p > 1 && s->p[1] == '/'));
}

/* Takes a character that begins no name. */
static void pass_over(struct secret_scan *s)
{
	char c = *s->p;

	if (c == '{')
		s->depth++;
	else if (c == '}' && s->depth > 0)
		s->depth--;
	if (c == '\n') {
		s->line++;
		s->line_start = true;
	} else if (!is_blank(c)) {
		s->line_start = false;
	}
	s->p++;
}

bool secret_scan_next(struct secret_scan *s, struct secret_pair *ret)
{
	while (s->p < s->end) {
		struct secret_pair pair = {.line = s->line};
		const char *value = NULL;
		if (at_comment(s)) {
			s->p = end_of_line(s->p, s->end);
			continue;
		}
		const char *after = read_name(s, &pair);
		if (!after) {
			pass_over(s);
			continue;
		}
		s->line_start = false;
		if (!separator(after, s->end, &value)) {
			advance(s, after);
			continue;
		}
		const char *end = read_value(s, value, &pair);
		/* A value may have been the line's end: the name's line is told already. */
		advance(s, end);
		*ret = pair;
		return true;
	}
	return false;
}
