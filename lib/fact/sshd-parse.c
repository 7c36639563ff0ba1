/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/services.h"
#include "base/text.h"
#include "fact/sshd-conf.h"

enum {
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

	if (root_read(c->env.root, "/etc/services", SERVICES_MAX, &f) < 0)
		return -EINVAL;
	unsigned port = services_port(f.data, name, strlen(name), "tcp");
	return port > 0 ? (int)port : -EINVAL;
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

struct sshd_node *sshd_line_node(struct sshd_line *l, struct sshd_node **v, size_t *n)
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
	struct sshd_node *node = sshd_line_node(l, v, n);
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

/* ---- all lines ---- */

/* One that holds for nobody, in the place of a line that sshd refuses. */
static const struct sshd_criterion nobody = {.type = SSHD_CRIT_USER, .arg = ""};

static int parse_match(struct sshd_line *l, struct sshd_file *f)
{
	struct sshd_node *node = sshd_line_node(l, &f->nodes, &f->n);

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

int sshd_line_parse(
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
			r = sshd_include_parse(&l, f, depth);
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
