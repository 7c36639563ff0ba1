/* SPDX-License-Identifier: ISC */
#include "fact/logrotate.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
	NESTING_MAX = 16, /* logrotate's own limit */
	TABOO_MAX = 256,
	ENTRIES_MAX = 10000,
	FILES_MAX = 10000,
};

/* The name patterns that are left out when nothing else is said. */
static const char *const taboo_default[] = {"*,v", "*.bak", "*.cfsaved", "*.disabled", "*.dpkg-bak",
	"*.dpkg-del", "*.dpkg-dist", "*.dpkg-new", "*.dpkg-old", "*.dpkg-tmp", "*.rhn-cfg-tmp-*",
	"*.rpmnew", "*.rpmorig", "*.rpmsave", "*.swp", "*.ucf-dist", "*.ucf-new", "*.ucf-old",
	"*~"};

struct reader {
	struct arena *a;
	const struct logrotate_files *files;
	struct logrotate *ret;
	struct logrotate_entry *v;
	const char *taboo[TABOO_MAX];
	size_t n_taboo, n_files;
	unsigned depth;
	/* the file that is being read */
	const char *path, *p;
	unsigned line;
	bool bad; /* an entry of it, or a file that it includes, has an error */
};

const char *logrotate_when_name(enum logrotate_when w)
{
	static const char *const names[] = {
		[LOGROTATE_SIZE] = "size",
		[LOGROTATE_HOURLY] = "hourly",
		[LOGROTATE_DAILY] = "daily",
		[LOGROTATE_WEEKLY] = "weekly",
		[LOGROTATE_MONTHLY] = "monthly",
		[LOGROTATE_YEARLY] = "yearly",
	};

	return names[w];
}

uint64_t logrotate_days(const struct logrotate_entry *e, bool *ret_by_size)
{
	static const unsigned days[] = {
		[LOGROTATE_DAILY] = 1,
		[LOGROTATE_WEEKLY] = 7,
		[LOGROTATE_MONTHLY] = 30,
		[LOGROTATE_YEARLY] = 365,
	};
	uint64_t n = UINT64_MAX;

	*ret_by_size = e->rotate >= 0 && (e->when == LOGROTATE_SIZE || e->maxsize > 0);
	if (e->rotate >= 0 && e->when == LOGROTATE_HOURLY)
		n = (uint64_t)e->rotate / 24;
	else if (e->rotate >= 0 && e->when != LOGROTATE_SIZE)
		n = (uint64_t)e->rotate * days[e->when];
	return e->maxage > 0 && e->maxage < n ? e->maxage : n;
}

/* Remembers the first problem. Always -EINVAL. */
static int problem(struct reader *r, const char *what)
{
	if (!r->ret->problem) {
		r->ret->problem = what;
		r->ret->problem_path = r->path;
		r->ret->problem_line = r->line;
	}
	return -EINVAL;
}

static void next_char(struct reader *r)
{
	r->line += *r->p == '\n';
	r->p += *r->p != '\0';
}

static void skip_line(struct reader *r)
{
	r->p += strcspn(r->p, "\n");
}

/* The rest of the line without the blanks around it, and without "=" before it. */
static char *rest_of_line(struct reader *r, bool value)
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

static int to_size(struct reader *r, const char *s, uint64_t *ret)
{
	char *end;
	uint64_t n = strtoull(s, &end, 0);
	unsigned shift = *end == 'k' || *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;

	if (!isdigit((unsigned char)*s) || end[shift > 0])
		return problem(r, "is not a size");
	*ret = n > UINT64_MAX >> shift ? UINT64_MAX : n << shift;
	return 0;
}

/* tabooext, taboopat: more patterns after "+", else in place of those before. */
static int set_taboo(struct reader *r, const char *s, bool suffix)
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
		if (r->n_taboo == TABOO_MAX)
			return problem(r, "names too many patterns");
		const char *one = arena_printf(r->a, "%s%.*s", suffix ? "*" : "", (int)n, s);
		if (!one)
			return -ENOMEM;
		r->taboo[r->n_taboo++] = one;
		s += n;
	}
}

static bool is_taboo(const struct reader *r, const char *name)
{
	for (size_t i = 0; i < r->n_taboo; i++) {
		if (fnmatch(r->taboo[i], name, FNM_PERIOD) == 0)
			return true;
	}
	return false;
}

/* 1: with an error in it, so that its defaults were forgotten. */
static int read_file(
	struct reader *r, const struct logrotate_file *file, struct logrotate_entry *defaults);

/* 1: one of the files has an error in it. */
static int include(struct reader *r, const char *path, struct logrotate_entry *defaults)
{
	struct logrotate_file *v = NULL;
	bool dir = false;
	size_t n = 0;
	int bad = 0;

	if (r->depth >= NESTING_MAX) {
		(void)problem(r, "includes too deeply");
		return 1;
	}
	int e = r->files->load(r->files->arg, path, &v, &n, &dir);
	if (e == -ENOMEM)
		return e;
	if (e < 0) {
		(void)problem(r, "includes what is not there or cannot be read");
		return 1;
	}
	r->depth++;
	for (size_t i = 0; e >= 0 && i < n; i++) {
		if (dir && is_taboo(r, v[i].name))
			continue;
		if (++r->n_files > FILES_MAX)
			e = problem(r, "includes too many files");
		else
			e = read_file(r, &v[i], defaults);
		bad |= e;
	}
	r->depth--;
	return e == -ENOMEM ? e : bad != 0;
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

/* Past a script: to behind the line whose first word is "endscript". */
static int skip_script(struct reader *r)
{
	while (*r->p) {
		skip_line(r);
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
	return problem(r, "a script has no end");
}

/* What is not a number counts as far as it is one, in an entry that is kept all the same. */
static int set_number(struct reader *r, enum key key, const char *s, struct logrotate_entry *e)
{
	char *end;
	long n = strtol(s, &end, 0);

	n = MAX(MIN(n, INT_MAX), -1);
	if (key == KEY_ROTATE)
		e->rotate = (int)n;
	else
		e->maxage = (unsigned)MAX(n, 0);
	if (*end || (n < 0 && key == KEY_MAXAGE))
		return problem(r, "is not a whole number");
	return 0;
}

static int set_value(
	struct reader *r, enum key key, const char *s, bool inside, struct logrotate_entry *e)
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
			return problem(r, "tabooext may not stand in an entry");
		return set_taboo(r, s, key == KEY_TABOOEXT);
	default:
		return 0;
	}
}

/* A file included while its includer is read; where that stands is kept. */
static int set_include(struct reader *r, const char *s, struct logrotate_entry *e)
{
	const char *path = r->path, *p = r->p;
	unsigned line = r->line;
	bool bad = r->bad;
	int ret = include(r, s, e);

	r->path = path;
	r->p = p;
	r->line = line;
	r->bad = bad || ret > 0;
	return ret < 0 ? ret : 0;
}

static int set_weekly(struct reader *r, struct logrotate_entry *e)
{
	const char *day = rest_of_line(r, false);

	e->when = LOGROTATE_WEEKLY;
	if (!day)
		return -ENOMEM;
	if (*day && !(day[0] >= '0' && day[0] <= '7' && !day[1]))
		return -EPROTO; /* ends the file, not the entry */
	return 0;
}

static int set_key(struct reader *r, size_t i, bool inside, struct logrotate_entry *e)
{
	const enum key key = keys[i].key;

	switch (key) {
	case KEY_FLAG:
		return 0;
	case KEY_WHEN:
		e->when = keys[i].when;
		return 0;
	case KEY_SCRIPT:
		return skip_script(r);
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
			next_char(r); /* where logrotate goes on is a character later */
		return needed ? problem(r, "has no value") : 0;
	}
	return key == KEY_INCLUDE ? set_include(r, s, e) : set_value(r, key, s, inside, e);
}

/* The patterns before "{", split as popt does: blanks, quotes, backslashes. */
static int split_globs(struct reader *r, const char *s, size_t n, struct logrotate_entry *e)
{
	const char **v = NULL;
	size_t count = 0, i = 0;

	for (;;) {
		char quote = 0;
		size_t len = 0;
		while (i < n && isspace((unsigned char)s[i]))
			i++;
		const char **place = arena_grow(r->a, &v, count, sizeof(*v));
		char *one = arena_alloc(r->a, n + 1);
		if (!place || !one)
			return -ENOMEM;
		if (i == n)
			break;
		for (; i < n && (quote || !isspace((unsigned char)s[i])); i++) {
			if (quote ? s[i] == quote : s[i] == '"' || s[i] == '\'')
				quote = quote ? 0 : s[i];
			else if (s[i] == '\\' && i + 1 < n && quote != '\'')
				one[len++] = s[++i];
			else
				one[len++] = s[i];
		}
		if (quote)
			return problem(r, "a quoted name has no end");
		v[count++] = one;
	}
	e->globs = v;
	return count > 0 ? 0 : problem(r, "no name before \"{\"");
}

/* Length up to the "{" that begins an entry; names may stand on several lines, with comments. */
static int begin_entry(struct reader *r, struct logrotate_entry *e)
{
	char *names = arena_alloc(r->a, strcspn(r->p, "{") + 1);
	char quote = 0;
	size_t n = 0;
	bool start = true;

	if (!names)
		return -ENOMEM;
	e->path = r->path;
	e->line = r->line;
	for (; *r->p && (*r->p != '{' || quote); r->p++) {
		if (start && *r->p == '#')
			skip_line(r);
		if (!*r->p)
			break;
		if (*r->p == '\n') {
			r->line++;
			start = true;
		} else if (!isspace((unsigned char)*r->p)) {
			start = false;
		}
		if (*r->p == '}')
			return problem(r, "unexpected \"}\"");
		if (quote ? *r->p == quote : *r->p == '"' || *r->p == '\'')
			quote = quote ? 0 : *r->p;
		if (quote && *r->p == '{')
			return problem(r, "\"{\" in a name");
		names[n++] = *r->p;
	}
	if (!*r->p)
		return problem(r, "\"{\" expected after the names of files");
	r->p++;
	return split_globs(r, names, n, e);
}

/*
 * After an error in an entry, to behind its end, as logrotate gets there: it
 * looks at the first word of each line, so that a "}" behind blanks is none.
 * False when the file ends before.
 */
static bool drop_entry(struct reader *r)
{
	static const char *const scripts[] = {
		"postrotate", "prerotate", "firstaction", "lastaction", "preremove"};

	next_char(r);
	while (*r->p && *r->p != '}') {
		const char *word = r->p + strspn(r->p, " \t");
		size_t n = 0;
		bool script = false;
		while (isalpha((unsigned char)word[n]))
			n++;
		for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
			script |= strlen(scripts[i]) == n && strncmp(scripts[i], word, n) == 0;
		r->p = word + n;
		if (script)
			(void)skip_script(r);
		else
			skip_line(r);
		next_char(r);
	}
	next_char(r);
	return r->p[-1] == '}';
}

static int keyword(struct reader *r, bool inside, struct logrotate_entry *e)
{
	size_t n = 0, i = 0;

	while (isalpha((unsigned char)r->p[n]))
		n++;
	const char *word = r->p;
	r->p += n;
	if (*r->p && !isspace((unsigned char)*r->p) && *r->p != '=') {
		next_char(r);
		return problem(r, "a keyword is not separated from what follows");
	}
	while (i < sizeof(keys) / sizeof(keys[0]) &&
		(strlen(keys[i].name) != n || strncmp(keys[i].name, word, n) != 0))
		i++;
	if (i == sizeof(keys) / sizeof(keys[0])) {
		skip_line(r); /* logrotate says so and goes on */
		return 0;
	}
	return set_key(r, i, inside, e);
}

static int end_entry(struct reader *r, const struct logrotate_entry *e)
{
	if (r->ret->n >= ENTRIES_MAX)
		return problem(r, "has too many entries");
	struct logrotate_entry *place = arena_grow(r->a, &r->v, r->ret->n, sizeof(*place));
	if (!place)
		return -ENOMEM;
	*place = *e;
	r->ret->n++;
	return 0;
}

/* What begins at the cursor: a blank, a comment, a keyword, an entry or its end. */
static int read_one(struct reader *r, bool *inside, struct logrotate_entry *entry,
	struct logrotate_entry *defaults)
{
	int e;

	if (isspace((unsigned char)*r->p)) {
		next_char(r);
		return 0;
	}
	if (*r->p == '#') {
		skip_line(r);
		return 0;
	}
	if (isalpha((unsigned char)*r->p))
		return keyword(r, *inside, *inside ? entry : defaults);
	if (!*inside && strchr("/\"'~", *r->p)) {
		*entry = *defaults;
		e = begin_entry(r, entry);
		*inside = e == 0;
		return e;
	}
	if (!*inside || *r->p != '}') {
		next_char(r);
		return problem(r, "neither a keyword nor the name of a file");
	}
	skip_line(r);
	*inside = false;
	return end_entry(r, entry);
}

/* One file, in which entries and defaults follow each other. */
static int read_text(struct reader *r, struct logrotate_entry *defaults)
{
	struct logrotate_entry entry = {0};
	bool inside = false;

	while (*r->p) {
		int e = read_one(r, &inside, &entry, defaults);
		if (e == -EPROTO)
			return problem(r, "is no day of the week");
		if (e == -EINVAL && inside) {
			r->bad = true;
			inside = !drop_entry(r);
		} else if (e < 0) {
			return e;
		}
	}
	/* An entry without an end counts, with what was read of it. */
	return inside ? end_entry(r, &entry) : 0;
}

static int read_file(
	struct reader *r, const struct logrotate_file *file, struct logrotate_entry *defaults)
{
	const struct logrotate_entry before = *defaults;

	r->path = file->path;
	r->line = 1;
	r->bad = false;
	if (file->error == -ENODEV || file->error == -EISDIR)
		return 0; /* no regular file: passed over */
	if (file->error < 0) {
		(void)problem(r, "cannot be read");
		return 1;
	}
	if (file->unsafe) {
		(void)problem(r, "is passed over by logrotate: not root's, or writable by others");
		return 0;
	}
	char *text = arena_strndup(r->a, file->text, file->size);
	if (!text)
		return -ENOMEM;
	r->p = text;
	int e = read_text(r, defaults);
	bool bad = e == -EINVAL || r->bad;
	if (bad)
		*defaults = before;
	return e < 0 && e != -EINVAL ? e : bad;
}

int logrotate_read(struct arena *a, const struct logrotate_files *files, const char *path,
	struct logrotate *ret)
{
	struct logrotate conf = {0};
	struct reader *r = arena_alloc(a, sizeof(*r));
	struct logrotate_entry defaults = {.when = LOGROTATE_SIZE, .size = 1 << 20};
	struct logrotate_file *v = NULL;
	bool dir = false;
	size_t n = 0;

	if (!r)
		return -ENOMEM;
	*r = (struct reader){.a = a, .files = files, .ret = &conf};
	memcpy(r->taboo, taboo_default, sizeof(taboo_default));
	r->n_taboo = sizeof(taboo_default) / sizeof(taboo_default[0]);
	int e = files->load(files->arg, path, &v, &n, &dir);
	if (e == 0 && (dir || n != 1))
		e = -EISDIR;
	if (e == 0)
		e = v->error;
	if (e == 0)
		e = read_file(r, v, &defaults);
	if (e > 0)
		e = 0;
	conf.v = r->v;
	if (e == 0 && arena_failed(a))
		e = -ENOMEM;
	if (e == 0)
		*ret = conf;
	return e;
}
