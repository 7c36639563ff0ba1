/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "fact/syslog-ng.h"

enum {
	DEPTH_MAX = 40,
	NODES_MAX = 200000,
	FILES_MAX = 500,
};

struct reader {
	struct arena *a;
	const struct rsyslog_files *files;
	struct sng_conf *conf;
	const char *path, *p, *end;
	unsigned line, nodes, n_files, includes;
};

static int malformed(struct reader *r, const char *what)
{
	if (!r->conf->malformed) {
		r->conf->malformed = what;
		r->conf->malformed_path = r->path;
		r->conf->malformed_line = r->line;
	}
	return -EINVAL;
}

static void next_char(struct reader *r)
{
	r->line += *r->p == '\n';
	r->p++;
}

static void skip_blank(struct reader *r)
{
	while (r->p < r->end) {
		if (*r->p == '#') {
			while (r->p < r->end && *r->p != '\n')
				r->p++;
		} else if (isspace((unsigned char)*r->p) || *r->p == ',' ||
			   (*r->p == '\\' && r->p + 1 < r->end &&
				   isspace((unsigned char)r->p[1]))) {
			next_char(r);
		} else {
			break;
		}
	}
}

static int quoted(struct reader *r, const char **ret)
{
	char quote = *r->p;
	char *out = arena_alloc(r->a, (size_t)(r->end - r->p));
	size_t n = 0;

	if (!out)
		return -ENOMEM;
	for (next_char(r); r->p < r->end && *r->p != quote; next_char(r)) {
		if (*r->p == '\\' && quote == '"' && r->p + 1 < r->end)
			next_char(r);
		out[n++] = *r->p;
	}
	if (r->p == r->end)
		return malformed(r, "a string has no end");
	next_char(r);
	*ret = out;
	return 0;
}

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_-.+*/$@:%&|^?~`<>=!\\", c));
}

/* A word: what has no meaning of its own; ".." between two of them stands alone. */
static int word(struct reader *r, const char **ret)
{
	size_t n = 0, left = (size_t)(r->end - r->p);

	if (left >= 2 && r->p[0] == '.' && r->p[1] == '.') {
		n = 2;
	} else {
		while (n < left && in_word(r->p[n]) &&
			!(n + 1 < left && r->p[n] == '.' && r->p[n + 1] == '.'))
			n++;
	}
	if (n == 0)
		return malformed(r, "a character that begins nothing");
	*ret = arena_strndup(r->a, r->p, n);
	r->p += n;
	return *ret ? 0 : -ENOMEM;
}

static int parse_list(struct reader *r, char close, unsigned depth, const struct sng_node **ret);

static int parse_group(
	struct reader *r, char open, unsigned depth, bool *ret_has, const struct sng_node **ret)
{
	skip_blank(r);
	if (r->p == r->end || *r->p != open)
		return 0;
	next_char(r);
	*ret_has = true;
	return parse_list(r, open == '(' ? ')' : '}', depth + 1, ret);
}

static int parse_node(struct reader *r, unsigned depth, struct sng_node *node)
{
	int e = 0;

	node->path = r->path;
	node->line = r->line;
	if (*r->p == '"' || *r->p == '\'')
		e = quoted(r, &node->text);
	else if (*r->p != '(' && *r->p != '{')
		e = word(r, &node->text);
	if (e == 0)
		e = parse_group(r, '(', depth, &node->has_args, &node->args);
	if (e == 0)
		e = parse_group(r, '{', depth, &node->has_body, &node->body);
	if (e < 0)
		return e;
	skip_blank(r);
	while (r->p < r->end && *r->p == ';') {
		node->ends = true;
		next_char(r);
		skip_blank(r);
	}
	return 0;
}

static int include(struct reader *r, const char *name, struct sng_node ***tail);

/* @include "x"; other pragmas (@version, @define, @module) say nothing of where messages go. */
static int pragma(struct reader *r, struct sng_node ***tail)
{
	const char *name = NULL;

	if (r->end - r->p < 8 || strncmp(r->p, "@include", 8) != 0) {
		while (r->p < r->end && *r->p != '\n')
			r->p++;
		return 0;
	}
	r->p += 8;
	skip_blank(r);
	if (r->p == r->end)
		return malformed(r, "@include without a name");
	int e = *r->p == '"' || *r->p == '\'' ? quoted(r, &name) : word(r, &name);
	return e < 0 ? e : include(r, name, tail);
}

/* Nodes up to close; '\0': to the end of the file. They are appended at *tail. */
static int parse_into(struct reader *r, char close, unsigned depth, struct sng_node ***tail)
{
	if (depth > DEPTH_MAX)
		return malformed(r, "is nested too deeply");
	for (;;) {
		skip_blank(r);
		if (r->p == r->end) {
			return close ? malformed(r, "a block has no end") : 0;
		} else if (*r->p == ')' || *r->p == '}') {
			if (*r->p != close)
				return malformed(r, "an end without its beginning");
			next_char(r);
			return 0;
		} else if (*r->p == ';') {
			next_char(r);
			continue;
		}
		if (++r->nodes > NODES_MAX)
			return malformed(r, "is too long");
		int e;
		if (*r->p == '@' && !close) {
			e = pragma(r, tail);
		} else {
			struct sng_node *node = arena_alloc(r->a, sizeof(*node));
			e = node ? parse_node(r, depth, node) : -ENOMEM;
			if (e == 0) {
				**tail = node;
				*tail = (struct sng_node **)&node->next;
			}
		}
		if (e < 0)
			return e;
	}
}

static int parse_list(struct reader *r, char close, unsigned depth, const struct sng_node **ret)
{
	struct sng_node *first = NULL, **tail = &first;
	int e = parse_into(r, close, depth, &tail);

	*ret = first;
	return e;
}

static int parse_text(struct reader *r, const struct rsyslog_text *text, struct sng_node ***tail)
{
	r->path = text->path;
	r->p = text->text;
	r->end = text->text + strnlen(text->text, text->size);
	r->line = 1;
	return parse_into(r, '\0', 0, tail);
}

static int include(struct reader *r, const char *name, struct sng_node ***tail)
{
	const struct reader before = *r;
	struct rsyslog_text *texts = NULL;
	size_t n = 0;

	/* The library defines blocks only. */
	if (strcmp(name, "scl.conf") == 0 || strncmp(name, "scl/", 4) == 0 ||
		strstr(name, "`scl-root`"))
		return 0;
	const char *path = *name == '/' ? name : arena_printf(r->a, "/etc/syslog-ng/%s", name);
	if (!path)
		return -ENOMEM;
	if (r->includes++ >= FILES_MAX)
		return malformed(r, "includes too many files");
	int e = r->files->load(r->files->arg, path, &texts, &n);
	if (e == -ENOENT && strpbrk(path, "*?["))
		return 0;
	if (e == -ENOMEM)
		return e;
	if (e < 0) {
		(void)malformed(r, "includes what is not there or cannot be read");
		return 0;
	}
	for (size_t i = 0; e == 0 && i < n; i++) {
		if (++r->n_files > FILES_MAX)
			e = malformed(r, "includes too many files");
		else
			e = parse_text(r, &texts[i], tail);
	}
	r->path = before.path;
	r->p = before.p;
	r->end = before.end;
	r->line = before.line;
	return e;
}

int sng_read(
	struct arena *a, const struct rsyslog_files *files, const char *path, struct sng_conf *ret)
{
	struct sng_conf conf = {0};
	struct reader r = {.a = a, .files = files, .conf = &conf};
	struct rsyslog_text *texts = NULL;
	struct sng_node *first = NULL, **tail = &first;
	size_t n = 0;

	int e = files->load(files->arg, path, &texts, &n);
	if (e == 0)
		e = n > 0 ? parse_text(&r, &texts[0], &tail) : -ENOENT;
	if (e == -EINVAL && conf.malformed)
		e = 0;
	if (e == 0 && arena_failed(a))
		e = -ENOMEM;
	conf.first = first;
	if (e == 0)
		*ret = conf;
	return e;
}
