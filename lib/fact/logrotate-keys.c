/* SPDX-License-Identifier: ISC */
/* The keywords of logrotate's configuration, and what the values of those that matter mean. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "fact/logrotate-internal.h"

/* The rest of the line without the blanks around it, and without "=" before it. */
static char *rest_of_line(struct logrotate_reader *r, bool value)
{
	r->p += strspn(r->p, " \t");
	if (value && *r->p == '=') {
		r->p++;
		r->p += strspn(r->p, " \t");
	}
	size_t n = strcspn(r->p, "\n"), len = n;
	while (len > 0 && isspace((unsigned char)r->p[len - 1]))
		len--;
	char *s = arena_strndup(r->a, r->p, len);
	r->p += n;
	return s;
}

static int to_size(struct logrotate_reader *r, const char *s, uint64_t *ret)
{
	char *end;
	uint64_t n = strtoull(s, &end, 0);
	unsigned shift = *end == 'k' || *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;

	if (!isdigit((unsigned char)*s) || end[shift > 0])
		return logrotate_problem(r, "is not a size");
	*ret = n > UINT64_MAX >> shift ? UINT64_MAX : n << shift;
	return 0;
}

/* tabooext, taboopat: more patterns after "+", else in place of those before. */
static int set_taboo(struct logrotate_reader *r, const char *s, bool suffix)
{
	if (*s == '+')
		s++;
	else
		r->n_taboo = 0;
	for (;;) {
		s += strspn(s, " \t,");
		size_t n = strcspn(s, " \t,");
		if (n == 0)
			return 0;
		if (r->n_taboo == LOGROTATE_TABOO_MAX)
			return logrotate_problem(r, "names too many patterns");
		const char *one = arena_printf(r->a, "%s%.*s", suffix ? "*" : "", (int)n, s);
		if (!one)
			return -ENOMEM;
		r->taboo[r->n_taboo++] = one;
		s += n;
	}
}

enum key {
	KEY_SIZE,
	KEY_MINSIZE,
	KEY_MAXSIZE,
	KEY_ROTATE,
	KEY_MAXAGE,
	KEY_WEEKLY,
	KEY_TABOOEXT,
	KEY_TABOOPAT,
	KEY_INCLUDE,
	KEY_LINE,   /* takes the rest of the line; may be empty */
	KEY_VALUE,  /* takes a value, which may not */
	KEY_SCRIPT, /* takes all up to endscript */
	KEY_WHEN,
	KEY_FLAG,
};

static const struct {
	const char *name;
	enum key key;
	enum logrotate_when when;
} keys[] = {
	{"addextension", KEY_VALUE, 0},
	{"allowhardlink", KEY_FLAG, 0},
	{"compress", KEY_FLAG, 0},
	{"compresscmd", KEY_VALUE, 0},
	{"compressext", KEY_VALUE, 0},
	{"compressoptions", KEY_LINE, 0},
	{"copy", KEY_FLAG, 0},
	{"copytruncate", KEY_FLAG, 0},
	{"create", KEY_LINE, 0},
	{"createolddir", KEY_LINE, 0},
	{"daily", KEY_WHEN, LOGROTATE_DAILY},
	{"dateext", KEY_FLAG, 0},
	{"dateformat", KEY_VALUE, 0},
	{"datehourago", KEY_FLAG, 0},
	{"dateyesterday", KEY_FLAG, 0},
	{"delaycompress", KEY_FLAG, 0},
	{"errors", KEY_FLAG, 0},
	{"extension", KEY_VALUE, 0},
	{"firstaction", KEY_SCRIPT, 0},
	{"hourly", KEY_WHEN, LOGROTATE_HOURLY},
	{"ifempty", KEY_FLAG, 0},
	{"ignoreduplicates", KEY_FLAG, 0},
	{"include", KEY_INCLUDE, 0},
	{"lastaction", KEY_SCRIPT, 0},
	{"mail", KEY_VALUE, 0},
	{"mailfirst", KEY_FLAG, 0},
	{"maillast", KEY_FLAG, 0},
	{"maxage", KEY_MAXAGE, 0},
	{"maxsize", KEY_MAXSIZE, 0},
	{"minage", KEY_VALUE, 0},
	{"minsize", KEY_MINSIZE, 0},
	{"missingok", KEY_FLAG, 0},
	{"monthly", KEY_WHEN, LOGROTATE_MONTHLY},
	{"noallowhardlink", KEY_FLAG, 0},
	{"nocompress", KEY_FLAG, 0},
	{"nocopy", KEY_FLAG, 0},
	{"nocopytruncate", KEY_FLAG, 0},
	{"nocreate", KEY_FLAG, 0},
	{"nocreateolddir", KEY_FLAG, 0},
	{"nodateext", KEY_FLAG, 0},
	{"nodelaycompress", KEY_FLAG, 0},
	{"nomail", KEY_FLAG, 0},
	{"nomissingok", KEY_FLAG, 0},
	{"noolddir", KEY_FLAG, 0},
	{"norenamecopy", KEY_FLAG, 0},
	{"nosharedscripts", KEY_FLAG, 0},
	{"noshred", KEY_FLAG, 0},
	{"notifempty", KEY_FLAG, 0},
	{"olddir", KEY_VALUE, 0},
	{"postrotate", KEY_SCRIPT, 0},
	{"preremove", KEY_SCRIPT, 0},
	{"prerotate", KEY_SCRIPT, 0},
	{"renamecopy", KEY_FLAG, 0},
	{"rotate", KEY_ROTATE, 0},
	{"sharedscripts", KEY_FLAG, 0},
	{"shred", KEY_FLAG, 0},
	{"shredcycles", KEY_VALUE, 0},
	{"size", KEY_SIZE, 0},
	{"start", KEY_VALUE, 0},
	{"su", KEY_LINE, 0},
	{"tabooext", KEY_TABOOEXT, 0},
	{"taboopat", KEY_TABOOPAT, 0},
	{"weekly", KEY_WEEKLY, 0},
	{"yearly", KEY_WHEN, LOGROTATE_YEARLY},
};

int logrotate_skip_script(struct logrotate_reader *r)
{
	while (*r->p) {
		logrotate_skip_line(r);
		if (!*r->p)
			break;
		r->p++;
		r->line++;
		const char *s = r->p + strspn(r->p, " \t");
		if (strncmp(s, "endscript", 9) == 0 && !isalpha((unsigned char)s[9])) {
			r->p = s + 9;
			return 0;
		}
	}
	return logrotate_problem(r, "a script has no end");
}

/* What is not a number counts as far as it is one, in an entry that is kept all the same. */
static int set_number(
	struct logrotate_reader *r, enum key key, const char *s, struct logrotate_entry *e)
{
	char *end;
	long n = strtol(s, &end, 0);

	n = MAX(MIN(n, INT_MAX), -1);
	if (key == KEY_ROTATE)
		e->rotate = (int)n;
	else
		e->maxage = (unsigned)MAX(n, 0);
	if (*end || (n < 0 && key == KEY_MAXAGE))
		return logrotate_problem(r, "is not a whole number");
	return 0;
}

static int set_value(struct logrotate_reader *r, enum key key, const char *s, bool inside,
	struct logrotate_entry *e)
{
	int ret;

	switch (key) {
	case KEY_SIZE:
		ret = to_size(r, s, &e->size);
		if (ret == 0)
			e->when = LOGROTATE_SIZE;
		return ret;
	case KEY_MINSIZE:
		return to_size(r, s, &e->minsize);
	case KEY_MAXSIZE:
		return to_size(r, s, &e->maxsize);
	case KEY_ROTATE:
	case KEY_MAXAGE:
		return set_number(r, key, s, e);
	case KEY_TABOOEXT:
	case KEY_TABOOPAT:
		if (inside)
			return logrotate_problem(r, "tabooext may not stand in an entry");
		return set_taboo(r, s, key == KEY_TABOOEXT);
	default:
		return 0;
	}
}

/* A file included while its includer is read; where that stands is kept. */
static int set_include(struct logrotate_reader *r, const char *s, struct logrotate_entry *e)
{
	const char *path = r->path, *p = r->p;
	unsigned line = r->line;
	bool bad = r->bad;
	int ret = logrotate_include(r, s, e);

	r->path = path;
	r->p = p;
	r->line = line;
	r->bad = bad || ret > 0;
	return ret < 0 ? ret : 0;
}

static int set_weekly(struct logrotate_reader *r, struct logrotate_entry *e)
{
	const char *day = rest_of_line(r, false);

	e->when = LOGROTATE_WEEKLY;
	if (!day)
		return -ENOMEM;
	if (*day && !(day[0] >= '0' && day[0] <= '7' && !day[1]))
		return -EPROTO; /* ends the file, not the entry */
	return 0;
}

static int set_key(struct logrotate_reader *r, size_t i, bool inside, struct logrotate_entry *e)
{
	const enum key key = keys[i].key;

	switch (key) {
	case KEY_FLAG:
		return 0;
	case KEY_WHEN:
		e->when = keys[i].when;
		return 0;
	case KEY_SCRIPT:
		return logrotate_skip_script(r);
	case KEY_WEEKLY:
		return set_weekly(r, e);
	default:
		break;
	}
	char *s = rest_of_line(r, key != KEY_LINE);
	if (!s)
		return -ENOMEM;
	if (!*s) {
		/* Some are passed over without their value, others are an error. */
		bool needed = key == KEY_ROTATE || key == KEY_MAXAGE || key == KEY_INCLUDE ||
			      key == KEY_VALUE;
		if (needed && *r->p)
			logrotate_next(r); /* where logrotate goes on is a character later */
		return needed ? logrotate_problem(r, "has no value") : 0;
	}
	return key == KEY_INCLUDE ? set_include(r, s, e) : set_value(r, key, s, inside, e);
}

int logrotate_keyword(struct logrotate_reader *r, bool inside, struct logrotate_entry *e)
{
	size_t n = 0, i = 0;

	while (isalpha((unsigned char)r->p[n]))
		n++;
	const char *word = r->p;
	r->p += n;
	if (*r->p && !isspace((unsigned char)*r->p) && *r->p != '=') {
		logrotate_next(r);
		return logrotate_problem(r, "a keyword is not separated from what follows");
	}
	while (i < sizeof(keys) / sizeof(keys[0]) &&
		(strlen(keys[i].name) != n || strncmp(keys[i].name, word, n) != 0))
		i++;
	if (i == sizeof(keys) / sizeof(keys[0])) {
		logrotate_skip_line(r); /* logrotate says so and goes on */
		return 0;
	}
	return set_key(r, i, inside, e);
}
