/* SPDX-License-Identifier: ISC */
#include "fact/cron-table.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

enum {
	COMMAND_MAX = 999, /* Debian's cron refuses a table with a longer one */
	NUMBER_MAX = 100,  /* letters and digits of one number or name */
	LINES_MAX = 10000,
};

#define BLANKS " \t"

static const char *const months[] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", NULL};
static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", NULL};

static const struct field {
	long low, high;
	const char *const *names;
	const char *wrong;
} fields[] = {
	{0, 59, NULL, "its minute is wrong"},
	{0, 23, NULL, "its hour is wrong"},
	{1, 31, NULL, "its day of the month is wrong"},
	{1, 12, months, "its month is wrong"},
	{0, 7, days, "its day of the week is wrong"},
};

/* A number or a name; -EINVAL when it is neither. */
static long take_number(const char **p, long low, const char *const *names)
{
	const char *s = *p;
	size_t len = 0, digits = strspn(s, "0123456789");
	char word[NUMBER_MAX + 1];

	while (isalnum((unsigned char)s[len]))
		len++;
	if (len == 0 || len >= NUMBER_MAX)
		return -EINVAL;
	*p = s + len;
	memcpy(word, s, len);
	word[len] = '\0';
	for (long i = 0; names && names[i]; i++) {
		if (strcasecmp(names[i], word) == 0)
			return low + i;
	}
	return digits == len && len < 10 ? strtol(word, NULL, 10) : -EINVAL;
}

/* One of the ranges of a list; what follows it is looked at by the caller. */
static int take_range(const char **p, const struct field *f, bool cronie)
{
	long from = f->low, to = f->high, every = 1;

	if (**p == '*') {
		(*p)++;
	} else {
		from = to = take_number(p, f->low, f->names);
		if (from < f->low || from > f->high)
			return -EINVAL;
		if (**p == '-' || (cronie && **p == '~')) {
			(*p)++;
			to = take_number(p, f->low, f->names);
		} else if (**p == '/') {
			return -EINVAL;
		}
	}
	if (**p == '/') {
		(*p)++;
		every = take_number(p, 0, NULL);
	}
	return to < f->low || to > f->high || every <= 0 ? -EINVAL : 0;
}

/* A field and the blanks behind it. Odd signs behind a list are passed over, as there. */
static int take_field(const char **p, const struct field *f, bool cronie)
{
	do {
		if (take_range(p, f, cronie) < 0)
			return -EINVAL;
	} while (**p == ',' && (*p)++);
	*p += strcspn(*p, BLANKS "\n");
	*p += strspn(*p, BLANKS);
	return 0;
}

static bool is_special(const char *s, size_t len)
{
	static const char *const words[] = {
		"reboot", "yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strlen(words[i]) == len && strncmp(words[i], s, len) == 0)
			return true;
	}
	return false;
}

/* Behind the times; NULL with *ret_why when they are wrong. */
static const char *pass_times(const char *s, bool cronie, const char **ret_why)
{
	if (*s == '@') {
		size_t len = strcspn(s + 1, BLANKS "\n");
		*ret_why = "it begins with a @word that is unknown";
		if (!is_special(s + 1, len))
			return NULL;
		s += 1 + len;
		return s + strspn(s, BLANKS);
	}
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		*ret_why = fields[i].wrong;
		if (take_field(&s, &fields[i], cronie) < 0)
			return NULL;
	}
	return s;
}

/* Length without the blanks at the end. */
static size_t trimmed(const char *s, size_t len)
{
	while (len > 0 && strchr(BLANKS, s[len - 1]))
		len--;
	return len;
}

/* NAME = VALUE, either in quotes. Else it is taken for a job. */
static bool is_assignment(const char *s, size_t len)
{
	const char *end = s + len;
	char quote = *s == '"' || *s == '\'' ? *s : '\0';

	if (quote) {
		for (s++; s < end && *s != quote; s++) {
			if (*s == '=')
				return false;
		}
		if (s++ >= end)
			return false;
	} else {
		s += strcspn(s, " \t\f\v\r=\n");
	}
	while (s < end && isspace((unsigned char)*s))
		s++;
	if (s >= end || *s != '=')
		return false;
	for (s++; s < end && isspace((unsigned char)*s);)
		s++;
	if (s >= end)
		return false; /* NAME= with nothing behind */
	quote = *s == '"' || *s == '\'' ? *s : '\0';
	if (!quote)
		return true;
	const char *close = memchr(s + 1, quote, (size_t)(end - s - 1));
	for (s = close ? close + 1 : end; s < end && isspace((unsigned char)*s);)
		s++;
	return close && s >= end;
}

/* One job; *ret_why: what is wrong with it, or NULL. 0 or -ENOMEM. */
static int parse_job(struct arena *a, const char *s, size_t len, unsigned syntax,
	struct cron_line *ret, const char **ret_why)
{
	bool cronie = syntax & CRON_SYNTAX_CRONIE;
	const char *end = s + len, *begin;

	if (cronie && *s == '-')
		s++; /* its output is not logged */
	begin = s;
	s = pass_times(s, cronie, ret_why);
	if (!s)
		return 0;
	ret->when = arena_strndup(a, begin, trimmed(begin, (size_t)(s - begin)));
	ret->user = NULL;
	*ret_why = "it has no command";
	if (syntax & CRON_SYNTAX_SYSTEM) {
		size_t n = strcspn(s, BLANKS "\n");
		if (n == 0 || s + n >= end)
			return 0;
		ret->user = arena_strndup(a, s, n);
		s += n + strspn(s + n, BLANKS);
	} else if (*s == '*') {
		return 0;
	}
	if (!cronie && end - s >= COMMAND_MAX) {
		*ret_why = "its command is longer than 998 bytes";
		return 0;
	}
	*ret_why = NULL;
	ret->command = arena_strndup(a, s, (size_t)(end - s));
	return ret->when && ret->command ? 0 : -ENOMEM;
}

/* PERIOD DELAY NAME COMMAND of anacrontab(5); the period may be @monthly. */
static int parse_anacron(
	struct arena *a, const char *s, size_t len, struct cron_line *ret, const char **ret_why)
{
	const char *end = s + len;
	size_t n = strcspn(s, BLANKS "\n");
	bool days_given = strspn(s, "0123456789") == n;

	*ret_why = "it is no line of anacrontab(5)";
	if (!days_given && *s != '@')
		return 0;
	ret->when = days_given ? arena_printf(a, "every %.*s days", (int)n, s)
			       : arena_strndup(a, s, n);
	s += n + strspn(s + n, BLANKS);
	n = strspn(s, "0123456789");
	if (n == 0 || !strchr(BLANKS, s[n]))
		return 0;
	s += n + strspn(s + n, BLANKS);
	n = strcspn(s, BLANKS "\n"); /* its name */
	s += n + strspn(s + n, BLANKS);
	if (s >= end)
		return 0;
	*ret_why = NULL;
	ret->command = arena_strndup(a, s, (size_t)(end - s));
	return ret->when && ret->command ? 0 : -ENOMEM;
}

int cron_table_parse(struct arena *a, const char *text, unsigned syntax,
	int (*each)(const struct cron_line *l, void *arg), void *arg, unsigned *ret_line,
	const char **ret_why)
{
	bool strict = !(syntax & (CRON_SYNTAX_CRONIE | CRON_SYNTAX_ANACRON));
	struct cron_line l = {0};
	const char *why = NULL;
	int r = 0;

	for (const char *p = text; *p && r == 0 && !why; p += *p == '\n') {
		const char *s = p + strspn(p, BLANKS);
		size_t len = strcspn(s, "\n");
		p = s + len;
		l.line++;
		if (len == 0 || *s == '#')
			continue;
		if (strict && *p == '\0') {
			why = "its last line has no end";
		} else if (strict && l.line > LINES_MAX) {
			why = "it has more than 10000 lines";
		} else if (!is_assignment(s, len)) {
			r = syntax & CRON_SYNTAX_ANACRON ? parse_anacron(a, s, len, &l, &why)
							 : parse_job(a, s, len, syntax, &l, &why);
			if (r == 0 && !why)
				r = each(&l, arg);
			if (!strict)
				why = NULL;
		}
	}
	if (r == 0 && why) {
		*ret_line = l.line;
		*ret_why = why;
		return -EBADMSG;
	}
	return arena_failed(a) ? -ENOMEM : r;
}

bool cron_name_is_run(const char *name, bool cronie, bool script)
{
	static const char *const no_table[] = {"~", ".rpmsave", ".rpmorig", ".rpmnew"};
	static const char *const no_script[] = {",", ".swp", ",v", ".cfsaved", ".bak"};

	if (!cronie)
		return *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					     "0123456789_-") == strlen(name);
	if (*name == '.' || *name == '#' || *name == '\0')
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(no_table); i++) {
		if (text_ends_with(name, no_table[i]))
			return false;
	}
	for (size_t i = 0; script && i < ARRAY_SIZE(no_script); i++) {
		if (text_ends_with(name, no_script[i]))
			return false;
	}
	return true;
}
