/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "fact/sshd-conf.h"

enum {
	FILE_MAX = 4 * 1024 * 1024,
	FILES_MAX = 1024, /* of one pattern, and of all */
	DEPTH_MAX = 16,	  /* of sshd */
	SERVICES_MAX = 1024 * 1024,
};

#define BLANKS " \t\r\n"

void sshd_conf_init(struct sshd_conf *c, struct arena *a, const struct sshd_env *env)
{
	*c = (struct sshd_conf){.arena = a, .env = *env};
}

static bool error_known(const struct sshd_conf *c, const struct sshd_error *e)
{
	for (size_t i = 0; i < c->n_errors; i++) {
		const struct sshd_error *o = &c->errors[i];
		if (o->line == e->line && strcmp(o->path, e->path) == 0 &&
			strcmp(o->text, e->text) == 0)
			return true;
	}
	return false;
}

static _printf_(4, 0) void add_error(
	struct sshd_conf *c, const char *path, unsigned line, const char *fmt, va_list ap)
{
	char *text = arena_vprintf(c->arena, fmt, ap);
	struct sshd_error e = {
		.path = text_clean(c->arena, path),
		.line = line,
		.text = text ? text_clean(c->arena, text) : NULL,
	};

	/* Each connection that is tried meets the same error again. */
	if (!e.path || !e.text || error_known(c, &e))
		return;
	struct sshd_error *slot = arena_grow(c->arena, &c->errors, c->n_errors, sizeof(*slot));
	if (!slot)
		return;
	*slot = e;
	c->n_errors++;
}

void sshd_conf_error(struct sshd_conf *c, const char *path, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_error(c, path, line, fmt, ap);
	va_end(ap);
}

int sshd_refuse(struct sshd_line *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *what = arena_vprintf(l->conf->arena, fmt, ap);
	va_end(ap);
	if (what)
		sshd_conf_error(l->conf, l->path, l->line, "%s: %s", l->keyword, what);
	return -EINVAL;
}

char *sshd_line_word(struct sshd_line *l)
{
	return l->next < l->n_words ? l->words[l->next++] : NULL;
}

int sshd_line_value(struct sshd_line *l, const char *value)
{
	const char **slot = arena_grow(l->conf->arena, &l->v, l->n, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = arena_strdup(l->conf->arena, value);
	if (!*slot)
		return -ENOMEM;
	l->n++;
	return 0;
}

static int service_port(const struct sshd_conf *c, const char *name)
{
	_cleanup_file_ struct file f = {0};
	size_t n = strlen(name);

	if (root_read(c->env.root, "/etc/services", SERVICES_MAX, &f) < 0)
		return -EINVAL;
	for (const char *p = f.data; *p; p += *p == '\n') {
		unsigned port;
		if (strncmp(p, name, n) == 0 && (p[n] == ' ' || p[n] == '\t') &&
			sscanf(p + n, " %u/tcp", &port) == 1 &&
			strstr(p + n, "/tcp") < p + n + strcspn(p + n, "\n"))
			return (int)port;
		p += strcspn(p, "\n");
	}
	return -EINVAL;
}

int sshd_port(const struct sshd_conf *c, const char *s)
{
	char *end;

	errno = 0;
	long n = strtol(s, &end, 10);
	if (errno == 0 && end != s && !*end && n >= 0 && n <= 65535)
		return (int)n;
	return *s ? service_port(c, s) : -EINVAL;
}

/* ---- one line ---- */

/* Words as sshd before 8.7 takes them one by one; an empty one ends them. */
static int split_old(struct sshd_line *l)
{
	char *rest = arena_strdup(l->conf->arena, l->rest);
	bool equals = strcasecmp(l->keyword, "setenv") != 0;

	if (!rest)
		return -ENOMEM;
	for (char *word; (word = sshd_word(&rest, equals)) && *word;) {
		char **slot = arena_grow(l->conf->arena, &l->words, l->n_words, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		*slot = word;
		l->n_words++;
	}
	return 0;
}

static int split_line(struct sshd_line *l)
{
	if (l->conf->env.version < SSHD_VERSION_ARGV)
		return split_old(l);
	int r = sshd_words(l->conf->arena, l->rest, &l->words, &l->n_words);
	return r == -EINVAL ? sshd_refuse(l, "invalid quotes") : r;
}

/* Cuts off the keyword. 1 when there is a setting, 0 when the line is empty or a comment. */
static int take_keyword(struct sshd_line *l, char *text)
{
	for (size_t n = strlen(text); n > 1 && strchr(BLANKS "\f", text[n - 1]); n--)
		text[n - 1] = '\0';
	char *keyword = *text ? sshd_word(&text, true) : NULL;
	if (keyword && !*keyword)
		keyword = sshd_word(&text, true);
	if (!keyword || !*keyword || *keyword == '#')
		return 0;
	l->keyword = keyword;
	l->rest = text;
	return text && *text ? 1 : sshd_refuse(l, "no argument");
}

/* Adds an empty node of this line. */
static struct sshd_node *add_node(struct sshd_line *l, struct sshd_node **v, size_t *n)
{
	struct sshd_node *node = arena_grow(l->conf->arena, v, *n, sizeof(*node));

	if (!node)
		return NULL;
	node->path = l->path;
	node->line = l->line;
	++*n;
	return node;
}

static bool allowed_in_match(const struct sshd_keyword *k, unsigned version)
{
	return k->flags & SSHD_MATCH || (k->flags & SSHD_MATCH95 && version >= 905);
}

static int parse_setting(
	struct sshd_line *l, const struct sshd_keyword *k, struct sshd_node **v, size_t *n)
{
	const struct sshd_keyword *real = sshd_keyword_real(k);
	int r = real->parse(l, real);

	if (r < 0)
		return r;
	if (l->next < l->n_words)
		return sshd_refuse(l, "extra arguments at end of line");
	struct sshd_node *node = add_node(l, v, n);
	if (!node)
		return -ENOMEM;
	node->kind = SSHD_SET;
	node->keyword = real;
	node->allowed_in_match = allowed_in_match(k, l->conf->env.version);
	node->v = l->v;
	node->n = l->n;
	node->late_error = l->late_error;
	return 0;
}

/* Whether the sshd of this vendor has the keyword, whatever the version says. */
static bool vendor_has(const struct sshd_keyword *k, enum sshd_vendor vendor)
{
	if (vendor == SSHD_VENDOR_UNKNOWN)
		return true;
	return (!(k->flags & SSHD_DEBIAN) || vendor == SSHD_VENDOR_DEBIAN) &&
	       (!(k->flags & SSHD_RHEL) || vendor == SSHD_VENDOR_RHEL);
}

/* The row, or NULL after an error; also NULL for what a newer sshd may well know. */
static const struct sshd_keyword *find_keyword(struct sshd_line *l)
{
	const struct sshd_env *env = &l->conf->env;
	const struct sshd_keyword *k = sshd_keyword_find(l->keyword, env->version);

	if (!k && (env->vendor == SSHD_VENDOR_RHEL || env->vendor == SSHD_VENDOR_UNKNOWN)) {
		k = sshd_keyword_find(l->keyword, SSHD_VERSION_MAX);
		if (k && !(k->flags & SSHD_RHEL_TOO))
			k = NULL;
	}
	if (k && vendor_has(k, env->vendor))
		return k;
	if (env->version <= SSHD_VERSION_MAX)
		(void)sshd_refuse(l, "bad configuration option");
	return NULL;
}

static int parse_line(
	struct sshd_conf *c, struct sshd_file *f, unsigned line, char *text, unsigned depth);

/* ---- files ---- */

static void note_mtime(struct sshd_conf *c, const char *path, const struct stat *st)
{
	uint64_t usec = (uint64_t)st->st_mtim.tv_sec * USEC_PER_SEC +
			(uint64_t)st->st_mtim.tv_nsec / 1000;

	if (usec <= c->newest_usec)
		return;
	c->newest_usec = usec;
	c->newest_path = path;
}

/* Where a line ends as sshd loads it: before 8.7 at any '#', even within quotes. */
static const char *line_stop(const char *line, const char *next, bool old)
{
	const char *nul = memchr(line, '\0', (size_t)(next - line));
	const char *stop = nul ? nul : next;
	const char *hash = old ? memchr(line, '#', (size_t)(stop - line)) : NULL;

	return hash ? hash : stop;
}

/*
 * The text as sshd keeps it: blanks at the start of lines dropped, and a line
 * cut at a NUL together with its end, so that the next one continues it.
 */
static char *load_text(struct arena *a, const char *data, size_t size, bool old)
{
	/* A comment at the very end gets the newline that it lacks. */
	char *out = arena_alloc(a, size + 2), *w = out;

	for (const char *p = data, *end = data + size; out && p < end;) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *next = newline ? newline + 1 : end;
		while (p < next && (*p == ' ' || *p == '\t' || *p == '\r'))
			p++;
		const char *stop = line_stop(p, next, old);
		memcpy(w, p, (size_t)(stop - p));
		w += stop - p;
		if (old && stop < next && *stop == '#')
			*w++ = '\n';
		p = next;
	}
	return out;
}

static int parse_text(
	struct sshd_conf *c, struct sshd_file *f, const char *data, size_t size, unsigned depth)
{
	char *text = load_text(c->arena, data, size, c->env.version < SSHD_VERSION_ARGV);
	int r = text ? 0 : -ENOMEM;

	f->busy = true;
	for (unsigned line = 1; r == 0 && text; line++) {
		char *next = strchr(text, '\n');
		if (next)
			*next++ = '\0';
		r = parse_line(c, f, line, text, depth);
		text = next;
	}
	f->busy = false;
	return r;
}

static struct sshd_file *new_file(struct sshd_conf *c, const char *path)
{
	struct sshd_file *f = arena_alloc(c->arena, sizeof(*f));

	if (!f)
		return NULL;
	f->path = arena_strdup(c->arena, path);
	if (!f->path)
		return NULL;
	f->next = c->files;
	c->files = f;
	return f;
}

/* What sshd makes of a file that root_read() did not read. */
static int judge_unread(struct sshd_conf *c, const char *path, int r)
{
	/* A directory opens and reads as nothing; so does /dev/null. */
	if (r == -EISDIR || (r == -ENODEV && strcmp(path, "/dev/null") == 0))
		return 0;
	if (r == -ENOMEM)
		return r;
	if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP) {
		sshd_conf_error(c, path, 0, "cannot be opened: %s", fsio_strerror(r));
	} else if (c->unreadable == 0) {
		c->unreadable = r;
		c->unreadable_path = path;
	}
	return 0;
}

static int read_file(struct sshd_conf *c, const char *path, unsigned depth, struct sshd_file **ret)
{
	_cleanup_file_ struct file data = {0};

	for (struct sshd_file *f = c->files; f; f = f->next) {
		if (strcmp(f->path, path) == 0) {
			*ret = f;
			return 0;
		}
	}
	struct sshd_file *f = new_file(c, path);
	if (!f)
		return -ENOMEM;
	int r = root_read(c->env.root, path, FILE_MAX, &data);
	if (r < 0)
		r = judge_unread(c, f->path, r);
	else {
		note_mtime(c, f->path, &data.st);
		r = parse_text(c, f, data.data, data.size, depth);
	}
	if (r == 0)
		*ret = f;
	return r;
}

int sshd_conf_read(struct sshd_conf *c, const char *path)
{
	struct sshd_file *f;
	int r = read_file(c, path, 0, &f);

	if (r == 0)
		c->main = f;
	return r;
}

int sshd_conf_text(struct sshd_conf *c, const char *path, const char *text, size_t size)
{
	struct sshd_file *f = new_file(c, path);

	if (!f)
		return -ENOMEM;
	c->main = f;
	return parse_text(c, f, text, size, 0);
}

/* ---- Include ---- */

static size_t count_files(const struct sshd_conf *c)
{
	size_t n = 0;

	for (const struct sshd_file *f = c->files; f; f = f->next)
		n++;
	return n;
}

static int include_file(
	struct sshd_line *l, struct sshd_node *node, const char *path, unsigned depth)
{
	struct sshd_file *f = NULL;

	if (count_files(l->conf) >= FILES_MAX || depth >= DEPTH_MAX)
		return sshd_refuse(l, "too many includes, one inside of the other");
	int r = read_file(l->conf, path, depth + 1, &f);
	if (r < 0)
		return r;
	if (f->busy)
		return sshd_refuse(l, "%s includes itself", path);
	const struct sshd_file **slot = arena_grow(
		l->conf->arena, &node->files, node->n_files, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = f;
	node->n_files++;
	return 0;
}

/* A file that comes or goes changes the directory, and no file that is read. */
static int note_directory(struct sshd_conf *c, const char *pattern)
{
	size_t n = strcspn(pattern, "*?[");
	struct stat st;

	if (!pattern[n])
		return 0;
	while (n > 1 && pattern[n - 1] != '/')
		n--;
	char *dir = arena_strndup(c->arena, pattern, n > 1 ? n - 1 : 1);
	if (!dir)
		return -ENOMEM;
	if (root_stat(c->env.root, dir, &st) == 0)
		note_mtime(c, dir, &st);
	return 0;
}

/* Where a pattern starts: relative ones in /etc/ssh; '~' means nothing to sshd here. */
static const char *include_pattern(struct arena *a, const char *word)
{
	if (*word == '/')
		return word;
	return arena_printf(a, *word == '~' ? "/%s" : "/etc/ssh/%s", word);
}

static int include_word(
	struct sshd_line *l, struct sshd_node *node, const char *word, unsigned depth)
{
	struct sshd_conf *c = l->conf;
	const char *pattern = include_pattern(c->arena, word);
	char **paths = NULL;
	size_t n = 0;

	if (!*word)
		return sshd_refuse(l, "empty argument");
	if (!pattern)
		return -ENOMEM;
	int r = note_directory(c, pattern);
	if (r == 0)
		r = root_glob(c->env.root, c->arena, pattern, FILES_MAX, &paths, &n);
	if (r == -ENOMEM)
		return r;
	if (r < 0 && c->unreadable == 0) {
		c->unreadable = r;
		c->unreadable_path = pattern;
	}
	for (size_t i = 0; r == 0 && i < n; i++)
		r = include_file(l, node, paths[i], depth);
	return r == -ENOMEM || r == -EINVAL ? r : 0;
}

static int parse_include(struct sshd_line *l, struct sshd_file *f, unsigned depth)
{
	struct sshd_node node = {.kind = SSHD_INCLUDE, .path = l->path, .line = l->line};
	int r = l->n_words == 0 ? sshd_refuse(l, "missing file name") : 0;

	for (char *word; r == 0 && (word = sshd_line_word(l));)
		r = include_word(l, &node, word, depth);
	if (r < 0)
		return r;
	struct sshd_node *slot = add_node(l, &f->nodes, &f->n);
	if (!slot)
		return -ENOMEM;
	*slot = node;
	return 0;
}

/* ---- all lines ---- */

/* One that holds for nobody, in the place of a line that sshd refuses. */
static const struct sshd_criterion nobody = {.type = SSHD_CRIT_USER, .arg = ""};

static int parse_match(struct sshd_line *l, struct sshd_file *f)
{
	struct sshd_node *node = add_node(l, &f->nodes, &f->n);

	if (!node)
		return -ENOMEM;
	node->kind = SSHD_MATCHES;
	int r = sshd_match_parse(l, node);
	if (r == -EINVAL) {
		node->criteria = &nobody;
		node->n_criteria = 1;
	}
	return r;
}

static int parse_line(
	struct sshd_conf *c, struct sshd_file *f, unsigned line, char *text, unsigned depth)
{
	struct sshd_line l = {.conf = c, .path = f->path, .line = line};
	int r = take_keyword(&l, text);

	if (r > 0) {
		const struct sshd_keyword *k = find_keyword(&l);
		r = k ? split_line(&l) : 0;
		if (!k || r < 0)
			;
		else if (strcmp(k->name, "include") == 0)
			r = parse_include(&l, f, depth);
		else if (strcmp(k->name, "match") == 0)
			r = parse_match(&l, f);
		else
			r = parse_setting(&l, k, &f->nodes, &f->n);
	}
	return r == -EINVAL ? 0 : r;
}

int sshd_conf_option(struct sshd_conf *c, const char *option, const char *path, unsigned line)
{
	struct sshd_line l = {.conf = c, .path = path, .line = line};
	char *text = arena_strdup(c->arena, option);

	if (!text)
		return -ENOMEM;
	int r = take_keyword(&l, text);
	const struct sshd_keyword *k = r > 0 ? find_keyword(&l) : NULL;
	if (k) {
		r = split_line(&l);
		if (r == 0 && (strcmp(k->name, "include") == 0 || strcmp(k->name, "match") == 0))
			r = sshd_refuse(&l, "not supported as a command-line option");
		if (r == 0)
			r = parse_setting(&l, k, &c->options, &c->n_options);
	}
	return r == -ENOMEM ? r : 0;
}
