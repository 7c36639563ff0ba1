/* SPDX-License-Identifier: ISC */
#include "fact/logrotate-internal.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

enum {
	NESTING_MAX = 16, /* logrotate's own limit */
	ENTRIES_MAX = 10000,
	FILES_MAX = 10000,
};

/* The name patterns that are left out when nothing else is said. */
static const char *const taboo_default[] = {"*,v", "*.bak", "*.cfsaved", "*.disabled", "*.dpkg-bak",
	"*.dpkg-del", "*.dpkg-dist", "*.dpkg-new", "*.dpkg-old", "*.dpkg-tmp", "*.rhn-cfg-tmp-*",
	"*.rpmnew", "*.rpmorig", "*.rpmsave", "*.swp", "*.ucf-dist", "*.ucf-new", "*.ucf-old",
	"*~"};

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

int logrotate_problem(struct logrotate_reader *r, const char *what)
{
	if (!r->ret->problem) {
		r->ret->problem = what;
		r->ret->problem_path = r->path;
		r->ret->problem_line = r->line;
	}
	return -EINVAL;
}

static bool is_taboo(const struct logrotate_reader *r, const char *name)
{
	for (size_t i = 0; i < r->n_taboo; i++) {
		if (fnmatch(r->taboo[i], name, FNM_PERIOD) == 0)
			return true;
	}
	return false;
}

/* 1: with an error in it, so that its defaults were forgotten. */
static int read_file(struct logrotate_reader *r, const struct logrotate_file *file,
	struct logrotate_entry *defaults);

int logrotate_include(
	struct logrotate_reader *r, const char *path, struct logrotate_entry *defaults)
{
	struct logrotate_file *v = NULL;
	bool dir = false;
	size_t n = 0;
	int bad = 0;

	if (r->depth >= NESTING_MAX) {
		(void)logrotate_problem(r, "includes too deeply");
		return 1;
	}
	int e = r->files->load(r->files->arg, path, &v, &n, &dir);
	if (e == -ENOMEM)
		return e;
	if (e < 0) {
		(void)logrotate_problem(r, "includes what is not there or cannot be read");
		return 1;
	}
	r->depth++;
	for (size_t i = 0; e >= 0 && i < n; i++) {
		if (dir && is_taboo(r, v[i].name))
			continue;
		if (++r->n_files > FILES_MAX)
			e = logrotate_problem(r, "includes too many files");
		else
			e = read_file(r, &v[i], defaults);
		bad |= e;
	}
	r->depth--;
	return e == -ENOMEM ? e : bad != 0;
}

/* The patterns before "{", split as popt does: blanks, quotes, backslashes. */
static int split_globs(
	struct logrotate_reader *r, const char *s, size_t n, struct logrotate_entry *e)
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
			return logrotate_problem(r, "a quoted name has no end");
		v[count++] = one;
	}
	e->globs = v;
	return count > 0 ? 0 : logrotate_problem(r, "no name before \"{\"");
}

/* Length up to the "{" that begins an entry; names may stand on several lines, with comments. */
static int begin_entry(struct logrotate_reader *r, struct logrotate_entry *e)
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
			logrotate_skip_line(r);
		if (!*r->p)
			break;
		if (*r->p == '\n') {
			r->line++;
			start = true;
		} else if (!isspace((unsigned char)*r->p)) {
			start = false;
		}
		if (*r->p == '}')
			return logrotate_problem(r, "unexpected \"}\"");
		if (quote ? *r->p == quote : *r->p == '"' || *r->p == '\'')
			quote = quote ? 0 : *r->p;
		if (quote && *r->p == '{')
			return logrotate_problem(r, "\"{\" in a name");
		names[n++] = *r->p;
	}
	if (!*r->p)
		return logrotate_problem(r, "\"{\" expected after the names of files");
	r->p++;
	return split_globs(r, names, n, e);
}

/*
 * After an error in an entry, to behind its end, as logrotate gets there: it
 * looks at the first word of each line, so that a "}" behind blanks is none.
 * False when the file ends before.
 */
static bool drop_entry(struct logrotate_reader *r)
{
	static const char *const scripts[] = {
		"postrotate", "prerotate", "firstaction", "lastaction", "preremove"};

	logrotate_next(r);
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
			(void)logrotate_skip_script(r);
		else
			logrotate_skip_line(r);
		logrotate_next(r);
	}
	logrotate_next(r);
	return r->p[-1] == '}';
}

static int end_entry(struct logrotate_reader *r, const struct logrotate_entry *e)
{
	if (r->ret->n >= ENTRIES_MAX)
		return logrotate_problem(r, "has too many entries");
	struct logrotate_entry *place = arena_grow(r->a, &r->v, r->ret->n, sizeof(*place));
	if (!place)
		return -ENOMEM;
	*place = *e;
	r->ret->n++;
	return 0;
}

/* What begins at the cursor: a blank, a comment, a keyword, an entry or its end. */
static int read_one(struct logrotate_reader *r, bool *inside, struct logrotate_entry *entry,
	struct logrotate_entry *defaults)
{
	int e;

	if (isspace((unsigned char)*r->p)) {
		logrotate_next(r);
		return 0;
	}
	if (*r->p == '#') {
		logrotate_skip_line(r);
		return 0;
	}
	if (isalpha((unsigned char)*r->p))
		return logrotate_keyword(r, *inside, *inside ? entry : defaults);
	if (!*inside && strchr("/\"'~", *r->p)) {
		*entry = *defaults;
		e = begin_entry(r, entry);
		*inside = e == 0;
		return e;
	}
	if (!*inside || *r->p != '}') {
		logrotate_next(r);
		return logrotate_problem(r, "neither a keyword nor the name of a file");
	}
	logrotate_skip_line(r);
	*inside = false;
	return end_entry(r, entry);
}

/* One file, in which entries and defaults follow each other. */
static int read_text(struct logrotate_reader *r, struct logrotate_entry *defaults)
{
	struct logrotate_entry entry = {0};
	bool inside = false;

	while (*r->p) {
		int e = read_one(r, &inside, &entry, defaults);
		if (e == -EPROTO)
			return logrotate_problem(r, "is no day of the week");
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

static int read_file(struct logrotate_reader *r, const struct logrotate_file *file,
	struct logrotate_entry *defaults)
{
	const struct logrotate_entry before = *defaults;

	r->path = file->path;
	r->line = 1;
	r->bad = false;
	if (file->error == -ENODEV || file->error == -EISDIR)
		return 0; /* no regular file: passed over */
	if (file->error < 0) {
		(void)logrotate_problem(r, "cannot be read");
		return 1;
	}
	if (file->unsafe) {
		(void)logrotate_problem(
			r, "is passed over by logrotate: not root's, or writable by others");
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
	struct logrotate_reader *r = arena_alloc(a, sizeof(*r));
	struct logrotate_entry defaults = {.when = LOGROTATE_SIZE, .size = 1 << 20};
	struct logrotate_file *v = NULL;
	bool dir = false;
	size_t n = 0;

	if (!r)
		return -ENOMEM;
	*r = (struct logrotate_reader){.a = a, .files = files, .ret = &conf};
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
