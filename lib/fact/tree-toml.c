/* SPDX-License-Identifier: ISC */
/* TOML 1.0; numbers, dates and truth values stay the text that they are. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "fact/tree.h"

static bool more(const struct tree_reader *r)
{
	return r->p < r->end;
}

static void skip_blank(struct tree_reader *r)
{
	while (more(r) && (*r->p == ' ' || *r->p == '\t'))
		r->p++;
}

/* Blanks, comments and the ends of lines. */
static void skip_space(struct tree_reader *r)
{
	for (; more(r); r->p++) {
		if (*r->p == '#')
			r->p += strcspn(r->p, "\n");
		if (!more(r) || !isspace((unsigned char)*r->p))
			return;
		r->line += *r->p == '\n';
	}
}

static bool eat(struct tree_reader *r, const char *s)
{
	size_t n = strlen(s);

	if ((size_t)(r->end - r->p) < n || strncmp(r->p, s, n) != 0)
		return false;
	r->p += n;
	return true;
}

/* What stands behind a backslash; letters beyond ASCII stay escaped, nothing here asks for them. */
static int unescape(struct tree_reader *r, char *out, size_t *n)
{
	static const char from[] = "btnfre\"\\", to[] = "\b\t\n\f\r\033\"\\";
	const char *at = more(r) && *r->p ? strchr(from, *r->p) : NULL;

	if (at) {
		out[(*n)++] = to[at - from];
		r->p++;
	} else if (more(r) && (*r->p == 'u' || *r->p == 'U')) {
		out[(*n)++] = '\\';
	} else if (more(r) && isspace((unsigned char)*r->p)) {
		while (more(r) && isspace((unsigned char)*r->p))
			r->line += *r->p++ == '\n';
	} else {
		return tree_refuse(r, "an escape in a string is not one of TOML's");
	}
	return 0;
}

/* Behind the opening quotes: up to the closing ones. */
static int read_string(struct tree_reader *r, const char *quotes, const char **ret)
{
	bool lines = quotes[1], raw = *quotes == '\'';
	size_t n = 0;
	char *out = arena_alloc(r->a, (size_t)(r->end - r->p) + 1);

	if (!out)
		return -ENOMEM;
	if (lines && eat(r, "\n"))
		r->line++;
	while (more(r) && !eat(r, quotes)) {
		if (*r->p == '\n' && !lines)
			return tree_refuse(r, "a string does not end in its line");
		r->line += *r->p == '\n';
		if (*r->p == '\\' && !raw) {
			r->p++;
			int e = unescape(r, out, &n);
			if (e < 0)
				return e;
		} else {
			out[n++] = *r->p++;
		}
	}
	/* Up to two quotes may stand before the three that end it. */
	while (lines && r->p[-1] == *quotes && more(r) && *r->p == *quotes)
		out[n++] = *r->p++;
	if (r->p[-1] != *quotes)
		return tree_refuse(r, "a string has no end");
	*ret = arena_strndup(r->a, out, n);
	return *ret ? 0 : -ENOMEM;
}

static const char *opening(struct tree_reader *r)
{
	return eat(r, "\"\"\"") ? "\"\"\""
	       : eat(r, "'''")	? "'''"
	       : eat(r, "\"")	? "\""
	       : eat(r, "'")	? "'"
				: NULL;
}

static int read_word(struct tree_reader *r, const char **ret)
{
	const char *begin = r->p, *quotes = opening(r);

	if (quotes)
		return quotes[1] ? tree_refuse(r, "a key is no string of lines")
				 : read_string(r, quotes, ret);
	while (more(r) && (isalnum((unsigned char)*r->p) || *r->p == '-' || *r->p == '_'))
		r->p++;
	if (r->p == begin)
		return tree_refuse(r, "a key was expected");
	*ret = arena_strndup(r->a, begin, (size_t)(r->p - begin));
	return *ret ? 0 : -ENOMEM;
}

/* The map of a key in map, made when it is not there; of a list of tables its last. */
static int enter(struct tree_reader *r, struct tree *map, const char *key, struct tree **ret)
{
	struct tree *t = tree_child(map, key);
	int e = 0;

	if (!t)
		e = tree_add_once(r, map, &(struct tree){.kind = TREE_MAP, .key = key}, &t);
	if (e == 0 && t->kind == TREE_LIST && t->last)
		t = t->last;
	if (e == 0 && t->kind != TREE_MAP)
		return tree_refuse(r, "a key is a table and something else");
	if (e == 0)
		*ret = t;
	return e;
}

/* "a.b.c": goes into all but the last, which is returned. */
static int read_key(struct tree_reader *r, struct tree **map, const char **ret)
{
	for (unsigned n = 0;; n++) {
		skip_blank(r);
		int e = read_word(r, ret);
		skip_blank(r);
		if (e < 0 || !eat(r, "."))
			return e;
		if (n >= TREE_DEPTH_MAX)
			return tree_refuse(r, "the configuration is nested too deeply");
		e = enter(r, *map, *ret, map);
		if (e < 0)
			return e;
	}
}

static int read_value(struct tree_reader *r, struct tree *parent, const char *key);

static int read_array(struct tree_reader *r, struct tree *list)
{
	for (;;) {
		skip_space(r);
		if (eat(r, "]"))
			return 0;
		int e = read_value(r, list, NULL);
		if (e < 0)
			return e;
		skip_space(r);
		if (!eat(r, ",") && (!more(r) || *r->p != ']'))
			return tree_refuse(r, "\",\" or \"]\" was expected");
	}
}

static int read_pair(struct tree_reader *r, struct tree *map)
{
	const char *key;
	int e = read_key(r, &map, &key);

	if (e < 0)
		return e;
	if (!eat(r, "="))
		return tree_refuse(r, "\"=\" was expected behind a key");
	skip_blank(r);
	return read_value(r, map, key);
}

static int read_inline(struct tree_reader *r, struct tree *map)
{
	for (;;) {
		skip_space(r);
		if (eat(r, "}"))
			return 0;
		int e = read_pair(r, map);
		if (e < 0)
			return e;
		skip_space(r);
		if (!eat(r, ",") && (!more(r) || *r->p != '}'))
			return tree_refuse(r, "\",\" or \"}\" was expected");
	}
}

/* A number, a truth value, a date. */
static int read_bare(struct tree_reader *r, const char **ret)
{
	const char *begin = r->p;

	while (more(r) && (isalnum((unsigned char)*r->p) || strchr("+-_.:", *r->p)) && *r->p)
		r->p++;
	if (r->p == begin)
		return tree_refuse(r, "a value was expected");
	*ret = arena_strndup(r->a, begin, (size_t)(r->p - begin));
	return *ret ? 0 : -ENOMEM;
}

static int read_value(struct tree_reader *r, struct tree *parent, const char *key)
{
	struct tree node = {.kind = TREE_TEXT, .key = key}, *t;
	const char *quotes = opening(r);
	bool list = !quotes && eat(r, "["), map = !quotes && !list && eat(r, "{");
	unsigned line = r->line;
	int e = 0;

	if (r->depth >= TREE_DEPTH_MAX)
		return tree_refuse(r, "the configuration is nested too deeply");
	if (list || map)
		node.kind = list ? TREE_LIST : TREE_MAP;
	else
		e = quotes ? read_string(r, quotes, &node.text) : read_bare(r, &node.text);
	if (e == 0)
		e = parent->kind == TREE_MAP ? tree_add_once(r, parent, &node, &t)
					     : tree_add(r, parent, &node, &t);
	if (e < 0)
		return e;
	t->line = line;
	if (!list && !map)
		return 0;
	r->depth++;
	e = list ? read_array(r, t) : read_inline(r, t);
	r->depth--;
	return e;
}

/* "[a.b]" and "[[a.b]]": the table that what follows belongs to. */
static int read_header(struct tree_reader *r, struct tree *root, struct tree **ret)
{
	bool list = eat(r, "[");
	struct tree *map = root, *t;
	const char *key;
	int e = read_key(r, &map, &key);

	if (e < 0)
		return e;
	if (!eat(r, list ? "]]" : "]"))
		return tree_refuse(r, "\"]\" was expected");
	if (!list)
		return enter(r, map, key, ret);
	t = tree_child(map, key);
	if (!t)
		e = tree_add_once(r, map, &(struct tree){.kind = TREE_LIST, .key = key}, &t);
	if (e == 0 && t->kind != TREE_LIST)
		return tree_refuse(r, "a key is a list of tables and something else");
	return e < 0 ? e : tree_add(r, t, &(struct tree){.kind = TREE_MAP}, ret);
}

static int read_line(struct tree_reader *r, struct tree *root, struct tree **table)
{
	int e = eat(r, "[") ? read_header(r, root, table) : read_pair(r, *table);

	if (e < 0)
		return e;
	skip_blank(r);
	if (more(r) && !strchr("#\r\n", *r->p))
		return tree_refuse(r, "the line goes on behind its value");
	skip_space(r);
	return 0;
}

int tree_read_toml(struct arena *a, const struct tree_source *source, const struct tree **ret,
	struct tree_problem *ret_problem)
{
	struct tree_reader r = {
		.a = a, .p = source->text, .end = source->text + source->size, .line = 1};
	struct tree *root = NULL, *table;
	int e = tree_add(&r, NULL, &(struct tree){.kind = TREE_MAP}, &root);

	if (strlen(source->text) != source->size)
		e = tree_refuse(&r, "there is a NUL in it");
	table = root;
	skip_space(&r);
	while (e == 0 && more(&r))
		e = read_line(&r, root, &table);
	return tree_end(&r, e, root, ret, ret_problem);
}
