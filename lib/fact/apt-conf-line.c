/* SPDX-License-Identifier: ISC */
#include "fact/apt-conf-line.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

enum {
	TAB_WIDTH = 8,
};

/* Not isspace(): what is a blank must not depend on the locale of the daemon. */
static bool is_blank(char c)
{
	return c && strchr(" \t\n\v\f\r", c);
}

static bool in_quotes(const char *line, const char *at)
{
	bool quoted = false;

	for (; line < at; line++)
		quoted ^= *line == '"';
	return quoted;
}

/* Where a comment to the end of the line begins: "//", or "#" but in directives. */
static void cut_comment(char *line)
{
	static const char *const directives[] = {"#clear", "#include", "#x-apt-configure-index"};

	for (char *p = line; (p = strstr(p, "//")); p++) {
		if (!in_quotes(line, p)) {
			*p = '\0';
			break;
		}
	}
	for (char *p = line; (p = strchr(p, '#')); p++) {
		bool keep = in_quotes(line, p);
		for (size_t i = 0; i < ARRAY_SIZE(directives); i++)
			keep = keep || strncmp(p, directives[i], strlen(directives[i])) == 0;
		if (!keep) {
			*p = '\0';
			break;
		}
	}
}

/* Takes out the comments between slash-star and star-slash; true when the last one does not end. */
static bool cut_inner(char *line)
{
	char *from = line; /* apt counts quotes from behind the last comment */

	for (char *p = line; (p = strstr(p, "/*"));) {
		if (in_quotes(from, p)) {
			p += 2;
			continue;
		}
		char *end = strstr(p + 2, "*/");
		if (!end) {
			*p = '\0';
			return true;
		}
		memmove(p, end + 2, strlen(end + 2) + 1);
		from = p;
	}
	return false;
}

/* As apt writes it: tabs as blanks, none at the ends. */
static void expand(const char *line, size_t n, char *out)
{
	char *w = out;

	for (size_t i = 0; i < n; i++) {
		if (line[i] == '\t')
			w = (char *)memset(w, ' ', TAB_WIDTH) + TAB_WIDTH;
		else
			*w++ = line[i];
	}
	while (w > out && is_blank(w[-1]))
		w--;
	*w = '\0';
}

int apt_line_strip(const char *line, size_t n, bool *comment, char **ret)
{
	while (n && is_blank(*line)) {
		line++;
		n--;
	}
	char *out = malloc(n * TAB_WIDTH + 1);
	if (!out)
		return -ENOMEM;
	expand(line, n, out);
	if (*comment) {
		const char *end = strstr(out, "*/");
		if (end)
			memmove(out, end + 2, strlen(end + 2) + 1);
		else
			*out = '\0';
		*comment = !end;
	}
	cut_comment(out);
	if (cut_inner(out))
		*comment = true;
	*ret = out;
	return 0;
}

int apt_statement_add(struct apt_statement *s, const char *text, size_t n)
{
	for (; n && is_blank(*text); n--)
		text++;
	while (n && is_blank(text[n - 1]))
		n--;
	if (n == 0)
		return 0;
	if (s->room < s->size + n + 2) {
		size_t room = 2 * (s->size + n + 2);
		char *more = realloc(s->text, room);
		if (!more)
			return -ENOMEM;
		s->text = more;
		s->room = room;
	}
	if (s->size)
		s->text[s->size++] = ' ';
	memcpy(s->text + s->size, text, n);
	s->size += n;
	s->text[s->size] = '\0';
	return 0;
}

static int hex(char c)
{
	return isxdigit((unsigned char)c) ? (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10) : -1;
}

/* One word up to a blank, where "..." and [...] hide blanks; %XX is a byte. 1: read; 0: none. */
static int quote_word(const char **text, struct arena *a, const char **ret)
{
	const char *p = *text, *start = *text;

	if (!*(p + strspn(p, " ")))
		return 0;
	for (p += strspn(p, " "); *p && !is_blank(*p); p++) {
		if (*p == '"' && !(p = strchr(p + 1, '"')))
			return 0;
		if (*p == '[' && !(p = strchr(p + 1, ']')))
			return 0;
	}
	char *out = arena_alloc(a, (size_t)(p - start) + 1), *w = out;
	if (!out)
		return -ENOMEM;
	for (; start < p; start++) {
		if (*start == '%' && start + 2 < p && hex(start[1]) >= 0 && hex(start[2]) >= 0) {
			*w++ = (char)(hex(start[1]) << 4 | hex(start[2]));
			start += 2;
		} else if (*start != '"') {
			*w++ = *start;
		}
	}
	while (is_blank(*p))
		p++;
	*text = p;
	*ret = out;
	return 1;
}

/* Words in quotes up to the end, joined by one blank where there are blanks between. 1, or 0. */
static int quoted_words(const char **text, struct arena *a, const char **ret)
{
	const char *p = *text + strspn(*text, " ");
	char *out = *p ? arena_alloc(a, strlen(p) + 1) : NULL, *w = out;

	if (!*p)
		return 0;
	if (!out)
		return -ENOMEM;
	for (; *p; p++) {
		if (*p == '"') {
			const char *end = strchr(p + 1, '"');
			if (!end)
				return 0;
			w = mempcpy(w, p + 1, (size_t)(end - p - 1));
			p = end;
		} else if (!is_blank(*p)) {
			return 0;
		} else if (p == *text || !is_blank(p[-1])) {
			*w++ = ' ';
		}
	}
	*text = p;
	*ret = out;
	return 1;
}

int apt_statement_split(const struct apt_statement *s, struct arena *a, struct apt_words *ret,
	const char **ret_fault)
{
	struct apt_words words = {0};
	const char *p = s->text;
	int r = quote_word(&p, a, &words.tag);

	if (r == 0) {
		*ret_fault = "Malformed tag";
		return 0;
	}
	if (r > 0)
		r = quoted_words(&p, a, &words.word);
	if (r == 0)
		r = quote_word(&p, a, &words.word);
	if (r < 0)
		return r;
	if (*p)
		*ret_fault = "Extra junk after value";
	else
		*ret = words;
	return 0;
}
