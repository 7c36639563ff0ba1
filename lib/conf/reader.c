/* SPDX-License-Identifier: ISC */
#include "conf/reader.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <string.h>

#include "base/util.h"

struct reader {
	const char *path, *p, *end;
	unsigned line;
	struct errlist *errors;
	const struct conf_sink *sink;
	bool in_section;   /* some header was seen, right or wrong */
	bool skip_section; /* the section is unknown or its header was wrong */
	bool after_key;	   /* an indented line continues a value: inih's rule */
	bool skip_value;   /* the key above was refused, what continues it goes too */
	bool continued;	   /* the line that inih has is such a line */
};

static const char blanks[] = " \t\v\f\r"; /* isspace(3) without the line feed, as inih strips */

/* Where an inline comment begins: a ';' after a blank; else the end. */
static char *comment(char *s)
{
	bool blank = false;

	for (; *s; s++) {
		if (*s == ';' && blank)
			return s;
		blank = isspace((unsigned char)*s);
	}
	return s;
}

static void strip_end(char *s)
{
	size_t n = strlen(s);

	while (n > 0 && isspace((unsigned char)s[n - 1]))
		s[--n] = '\0';
}

/* A line that is not understood: what hangs on it is not to be misread. */
static void drop(struct reader *r, bool header, bool continued)
{
	if (header) {
		r->in_section = r->skip_section = true;
		r->after_key = false;
	} else if (!continued) {
		r->after_key = r->skip_value = true;
	}
}

/* "[name]" and nothing but a comment behind it. */
static bool take_header(struct reader *r, char *s)
{
	drop(r, true, false);
	*comment(s) = '\0';
	strip_end(s);
	char *close = strchr(s, ']');
	if (!close) {
		errlist_add(
			r->errors, r->path, r->line, "\"%s\": a section header without \"]\"", s);
		return false;
	}
	*close = '\0';
	const char *rest = close + 1 + strspn(close + 1, blanks);
	if (*rest && *rest != '#' && *rest != ';') {
		errlist_add(r->errors, r->path, r->line,
			"\"%s\": nothing may follow the section header [%s]", rest, s + 1);
		return false;
	}
	if (strlen(s + 1) > CONF_NAME_MAX) {
		errlist_add(r->errors, r->path, r->line,
			"[%s]: a section name has at most %d bytes", s + 1, CONF_NAME_MAX);
		return false;
	}
	r->skip_section = !r->sink->section(s + 1, r->line, r->sink->arg);
	*close = ']';
	close[1] = '\0';
	return !r->skip_section;
}

static bool take_key(struct reader *r, char *s)
{
	drop(r, false, false);
	if (!r->in_section) {
		errlist_add(r->errors, r->path, r->line,
			"\"%s\": outside of any section; put a header such as [policy] above it",
			s);
		return false;
	}
	size_t name = strcspn(s, "=:");
	if (!s[name] || comment(s) < s + name) {
		errlist_add(r->errors, r->path, r->line,
			"\"%s\": expected `key = value`, a [section] or a comment", s);
		return false;
	}
	while (name > 0 && isspace((unsigned char)s[name - 1]))
		name--;
	if (name == 0) {
		errlist_add(
			r->errors, r->path, r->line, "\"%s\": no key before the \"%c\"", s, s[0]);
		return false;
	}
	if (name > CONF_NAME_MAX) {
		errlist_add(r->errors, r->path, r->line, "\"%.*s\": a key has at most %d bytes",
			(int)name, s, CONF_NAME_MAX);
		return false;
	}
	r->skip_value = r->skip_section;
	return !r->skip_section;
}

/* Whether it begins like `key =`. */
static bool looks_like_key(const char *s)
{
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || s[n] == '_' || s[n] == '-')
		n++;
	return n > 0 && s[n + strspn(s + n, blanks)] == '=';
}

static bool take_continuation(struct reader *r, char *s)
{
	if (*s == '[' || looks_like_key(s)) {
		errlist_add(r->errors, r->path, r->line,
			"\"%s\": an indented line continues the value above it; remove the blanks "
			"before it",
			s);
		drop(r, *s == '[', false);
		return false;
	}
	if (r->skip_section || r->skip_value)
		return false;
	/* Some versions of inih leave a comment in here, others take it away. */
	*comment(s) = '\0';
	strip_end(s);
	r->continued = true;
	return true;
}

/* The length of a line that may be passed on, or -EINVAL when it was refused. */
static int check_raw(struct reader *r, const char *s, size_t n, bool continued)
{
	if (n > CONF_LINE_MAX) {
		errlist_add(r->errors, r->path, r->line,
			"the line has %zu bytes, at most %d can be read; continue a long value on "
			"indented lines",
			n, CONF_LINE_MAX);
		drop(r, *s == '[', continued);
		return -EINVAL;
	}
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		if ((c >= 0x20 && c != 0x7f) || c == '\t')
			continue;
		errlist_add(r->errors, r->path, r->line,
			"byte %zu of the line is the control character 0x%02x", i + 1, c);
		drop(r, *s == '[', continued);
		return -EINVAL;
	}
	return 0;
}

/* Judges one raw line; writes what inih shall see of it into out. */
static bool take_line(struct reader *r, const char *s, size_t n, char *out)
{
	const char *start = s;

	while (n > 0 && memchr(blanks, s[n - 1], sizeof(blanks) - 1))
		n--;
	while (n > 0 && memchr(blanks, *s, sizeof(blanks) - 1)) {
		s++;
		n--;
	}
	if (n == 0 || *s == '#' || *s == ';')
		return false;
	bool continued = s > start && r->after_key;
	if (check_raw(r, s, n, continued) < 0)
		return false;
	/* One blank is indentation enough; the room for it is in CONF_LINE_MAX + 1. */
	*out = ' ';
	char *text = out + continued;
	memcpy(text, s, n);
	text[n] = '\0';
	if (continued)
		return take_continuation(r, text);
	return *text == '[' ? take_header(r, text) : take_key(r, text);
}

/* The reader that inih calls: a line that is not for it becomes an empty one. */
static char *next_line(char *str, int num, void *stream)
{
	struct reader *r = stream;

	if (r->p >= r->end || num < CONF_LINE_MAX + 3)
		return NULL;
	const char *eol = memchr(r->p, '\n', (size_t)(r->end - r->p));
	size_t n = (size_t)((eol ? eol : r->end) - r->p);
	const char *s = r->p;
	r->p += n + (eol ? 1 : 0);
	r->line++;
	r->continued = false;
	if (r->line == 1 && n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0) {
		s += 3;
		n -= 3;
	}
	if (!take_line(r, s, n, str))
		*str = '\0';
	return str;
}

/* Always content: what is wrong was added to the list, and the rest is still to be read. */
static int handle(void *user, const char *section, const char *name, const char *value)
{
	struct reader *r = user;

	r->after_key = true;
	r->sink->key(name, value ? value : "", r->line, r->continued, r->sink->arg);
	return 1;
}

int conf_read(const char *path, const char *text, size_t size, struct errlist *errors,
	const struct conf_sink *sink)
{
	struct reader r = {
		.path = path,
		.p = text,
		.end = text + size,
		.errors = errors,
		.sink = sink,
	};

	int err = ini_parse_stream(next_line, &r, handle, &r);
	if (err == -2 || arena_failed(errors->arena))
		return -ENOMEM;
	if (r.p < r.end || err != 0)
		errlist_add(errors, path, r.line, "the library inih cannot read this file");
	return arena_failed(errors->arena) ? -ENOMEM : 0;
}
