/* SPDX-License-Identifier: ISC */
#include "fact/unit-file.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum {
	UNIT_NAME_SIZE = 256, /* UNIT_NAME_MAX of systemd, its NUL included */
};

#define BLANKS " \t\n\r"

static const char *const types[] = {"service", "socket", "target", "device", "mount", "automount",
	"swap", "timer", "path", "slice", "scope"};

const char *unit_name_type(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot + 1 : "";
}

static bool is_type(const char *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (strcmp(types[i], s) == 0)
			return true;
	}
	return false;
}

enum unit_name_kind unit_name_kind(const char *name)
{
	static const char valid[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ:-_.\\@";
	const char *type = unit_name_type(name), *at = strchr(name, '@');
	size_t len = strlen(name);

	if (len >= UNIT_NAME_SIZE || type - name <= 1 || at == name || !is_type(type))
		return UNIT_NAME_INVALID;
	if (strspn(name, valid) < len)
		return UNIT_NAME_INVALID;
	if (!at)
		return UNIT_NAME_PLAIN;
	return at + 2 == type ? UNIT_NAME_TEMPLATE : UNIT_NAME_INSTANCE;
}

char *unit_name_template(struct arena *a, const char *instance)
{
	return arena_printf(
		a, "%.*s@.%s", (int)strcspn(instance, "@"), instance, unit_name_type(instance));
}

char *unit_name_with_type(struct arena *a, const char *name, const char *type)
{
	return arena_printf(a, "%.*s%s", (int)(unit_name_type(name) - name), name, type);
}

char *unit_name_instance(struct arena *a, const char *template, const char *instance_of)
{
	const char *at = instance_of + strcspn(instance_of, "@");
	const char *type = unit_name_type(instance_of);

	return arena_printf(a, "%.*s%.*s.%s", (int)strcspn(template, "@"), template,
		(int)(type - at - 1), at, unit_name_type(template));
}

/* Length of the UTF-8 sequence at s, 0 when it is none that is allowed. */
static size_t utf8_length(const unsigned char *s)
{
	static const unsigned min[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc0 ? 2 : 0;
	unsigned c = s[0] & (n == 1 ? 0x7fU : 0xffU >> (n + 1));

	if (n == 0 || s[0] >= 0xf8)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < min[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	return n;
}

static bool is_utf8(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	while (*p) {
		size_t n = utf8_length(p);
		if (n == 0)
			return false;
		p += n;
	}
	return true;
}

static char *strip(char *s)
{
	s += strspn(s, BLANKS);
	size_t len = strlen(s);
	while (len > 0 && strchr(BLANKS, s[len - 1]))
		len--;
	s[len] = '\0';
	return s;
}

/* Whether the line ends in the middle of an escape: it goes on in the next. */
static bool is_continued(const char *s)
{
	bool escaped = false;

	for (; *s; s++)
		escaped = !escaped && *s == '\\';
	return escaped;
}

struct parsing {
	char *at, *end; /* what is left of the text */
	unsigned line;	/* of the line last taken */
	const char *section;
	int (*each)(const struct unit_line *l, void *arg);
	void *arg;
};

/* The next physical line, its end replaced by NUL; NULL after the last. */
static char *take_line(struct parsing *p)
{
	char *s = p->at;

	if (s >= p->end)
		return NULL;
	/* The manager takes a NUL for the end of a line, too, and "\r\n" for one end. */
	size_t len = strcspn(s, "\n\r");
	char *stop = s + len;
	p->at = stop + 1;
	if (*stop == '\r' && stop + 1 < p->end && stop[1] == '\n')
		p->at++;
	*stop = '\0';
	p->line++;
	return s;
}

/* The next line with those that continue it, or NULL. */
static char *take_logical(struct parsing *p, unsigned *ret_line)
{
	char *whole = NULL, *s;

	while ((s = take_line(p))) {
		const char *first = s + strspn(s, BLANKS);
		if (*first == '#' || *first == ';')
			continue;
		if (!whole) {
			whole = s;
			*ret_line = p->line;
		} else {
			memmove(whole + strlen(whole), s, strlen(s) + 1); /* it stands before s */
		}
		if (!is_continued(whole))
			break;
		whole[strlen(whole) - 1] = ' ';
	}
	return whole;
}

/* No control characters, quotes or backslashes: the manager takes no such name of a section. */
static bool is_safe(const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < ' ' || strchr("\"'\\\x7f", *s))
			return false;
	}
	return true;
}

static int parse_line(struct parsing *p, char *s, unsigned line)
{
	s = strip(s);
	if (*s == '\0')
		return 0;
	if (!is_utf8(s))
		return -EBADMSG;
	size_t len = strlen(s);
	if (*s == '[') {
		if (s[len - 1] != ']')
			return -EBADMSG;
		s[len - 1] = '\0';
		p->section = s + 1;
		return is_safe(p->section) ? 0 : -EBADMSG;
	}
	char *equals = strchr(s, '=');
	if (!p->section || !equals || equals == s)
		return 0;
	*equals = '\0';
	return p->each(
		&(struct unit_line){
			.section = p->section,
			.key = strip(s),
			.value = strip(equals + 1),
			.line = line,
		},
		p->arg);
}

int unit_file_parse(
	char *text, size_t size, int (*each)(const struct unit_line *l, void *arg), void *arg)
{
	struct parsing p = {.at = text, .end = text + size, .each = each, .arg = arg};
	unsigned line = 0;
	int r = 0;

	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		p.at += 3;
	for (char *s; r == 0 && (s = take_logical(&p, &line));)
		r = parse_line(&p, s, line);
	return r;
}

char *unit_word(struct arena *a, const char **p)
{
	const char *s = *p + strspn(*p, BLANKS);
	char quote = '\0';
	size_t n = 0;

	if (*s == '\0')
		return NULL;
	char *out = arena_alloc(a, strlen(s) + 1);
	if (!out)
		return NULL;
	for (; *s && (quote || !strchr(BLANKS, *s)); s++) {
		if (quote && *s == quote)
			quote = '\0';
		else if (!quote && (*s == '"' || *s == '\''))
			quote = *s;
		else
			out[n++] = *s;
	}
	*p = s;
	return out;
}

int unit_boolean(const char *value)
{
	static const char *const yes[] = {"1", "yes", "y", "true", "t", "on"};
	static const char *const no[] = {"0", "no", "n", "false", "f", "off"};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcasecmp(value, yes[i]) == 0)
			return 1;
		if (strcasecmp(value, no[i]) == 0)
			return 0;
	}
	return -EINVAL;
}
