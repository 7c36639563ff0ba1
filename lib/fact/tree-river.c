/* SPDX-License-Identifier: ISC */
/*
 * River, the language of Grafana Alloy: blocks and attributes. Literals become
 * texts, lists and maps; any other expression stays as it is written.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "fact/tree.h"

static bool more(const struct tree_reader *r)
{
	return r->p < r->end;
}

static bool starts(const struct tree_reader *r, const char *s)
{
	return (size_t)(r->end - r->p) >= strlen(s) && strncmp(r->p, s, strlen(s)) == 0;
}

/* Over n bytes, counting lines. */
static void skip(struct tree_reader *r, size_t n)
{
	for (; n > 0 && more(r); n--)
		r->line += *r->p++ == '\n';
}

static void skip_comment(struct tree_reader *r)
{
	if (starts(r, "//")) {
		skip(r, strcspn(r->p, "\n"));
		return;
	}
	skip(r, 2);
	while (more(r) && !starts(r, "*/"))
		skip(r, 1);
	skip(r, 2);
}

static void skip_space(struct tree_reader *r)
{
	while (more(r)) {
		if (isspace((unsigned char)*r->p))
			skip(r, 1);
		else if (starts(r, "//") || starts(r, "/*"))
			skip_comment(r);
		else
			return;
	}
}

/* Over a string with its quotes. */
static int skip_string(struct tree_reader *r)
{
	char quote = *r->p;

	skip(r, 1);
	while (more(r) && *r->p != quote)
		skip(r, *r->p == '\\' && quote == '"' ? 2 : 1);
	if (!more(r))
		return tree_refuse(r, "a string has no end");
	skip(r, 1);
	return 0;
}

/* The text of a string; escapes of letters beyond ASCII stay as they are. */
static const char *unquote(struct arena *a, const char *s, size_t n)
{
	static const char from[] = "abfnrtv\\\"'", to[] = "\a\b\f\n\r\t\v\\\"'";
	char *out = arena_alloc(a, n + 1);
	size_t len = 0;

	if (!out || *s == '`')
		return out ? arena_strndup(a, s + 1, n - 2) : NULL;
	for (size_t i = 1; i + 1 < n; i++) {
		const char *at = s[i] == '\\' && i + 2 < n ? strchr(from, s[i + 1]) : NULL;
		out[len++] = at && *at ? to[at - from] : s[i];
		i += at && *at;
	}
	return out;
}

/*
 * Over an expression, to the end of its line or of what it stands in; *ret_end is
 * behind the last of it that is neither blank nor comment.
 */
static int skip_expression(struct tree_reader *r, const char **ret_end)
{
	unsigned depth = 0;

	*ret_end = r->p;

	while (more(r)) {
		if (*r->p == '"' || *r->p == '`') {
			int e = skip_string(r);
			if (e < 0)
				return e;
			*ret_end = r->p;
			continue;
		}
		if (starts(r, "//") || starts(r, "/*")) {
			skip_comment(r);
			continue;
		}
		if (depth == 0 && strchr("\n,]})", *r->p))
			return 0;
		depth += *r->p == '[' || *r->p == '{' || *r->p == '(';
		depth -= *r->p == ']' || *r->p == '}' || *r->p == ')';
		const bool blank = isspace((unsigned char)*r->p);
		skip(r, 1);
		if (!blank)
			*ret_end = r->p;
	}
	return depth > 0 ? tree_refuse(r, "a bracket has no end") : 0;
}

static int read_name(struct tree_reader *r, const char **ret)
{
	const char *begin = r->p;

	while (more(r) && (isalnum((unsigned char)*r->p) || *r->p == '_' || *r->p == '.'))
		r->p++;
	if (r->p == begin)
		return tree_refuse(r, "a name was expected");
	*ret = arena_strndup(r->a, begin, (size_t)(r->p - begin));
	return *ret ? 0 : -ENOMEM;
}

static int read_quoted(struct tree_reader *r, const char **ret)
{
	const char *begin = r->p;
	int e = skip_string(r);

	if (e < 0)
		return e;
	*ret = unquote(r->a, begin, (size_t)(r->p - begin));
	return *ret ? 0 : -ENOMEM;
}

static int read_expression(struct tree_reader *r, struct tree *parent, const char *key);

/* Behind "[" or "{". */
static int read_elements(struct tree_reader *r, struct tree *t)
{
	const bool map = t->kind == TREE_MAP;

	for (;;) {
		const char *key = NULL;
		int e = 0;
		skip_space(r);
		if (more(r) && *r->p == (map ? '}' : ']')) {
			skip(r, 1);
			return 0;
		}
		if (map) {
			e = more(r) && *r->p == '"' ? read_quoted(r, &key) : read_name(r, &key);
			skip_space(r);
			if (e == 0 && !starts(r, "="))
				e = tree_refuse(r, "\"=\" was expected in an object");
			skip(r, 1);
		}
		if (e == 0)
			e = read_expression(r, t, key);
		if (e < 0)
			return e;
		skip_space(r);
		if (starts(r, ","))
			skip(r, 1);
		else if (!more(r) || *r->p != (map ? '}' : ']'))
			return tree_refuse(r, "\",\" or a closing bracket was expected");
	}
}

/* Whether from begin to end there is one literal, so that nothing is computed. */
static enum tree_kind kind_of(const struct tree_reader *at, const char *end)
{
	struct tree_reader r = *at;

	if (*r.p == '"' || *r.p == '`') {
		(void)skip_string(&r); /* it was skipped before: it ends */
		return r.p == end ? TREE_TEXT : TREE_EXPR;
	}
	if (*r.p == '[' || *r.p == '{') {
		unsigned depth = 0;
		while (r.p < end) {
			if (*r.p == '"' || *r.p == '`') {
				(void)skip_string(&r);
				continue;
			}
			depth += *r.p == '[' || *r.p == '{';
			depth -= *r.p == ']' || *r.p == '}';
			skip(&r, 1);
			if (depth == 0)
				break;
		}
		return r.p != end ? TREE_EXPR : *at->p == '[' ? TREE_LIST : TREE_MAP;
	}
	size_t n = (size_t)(end - r.p);
	return (n == 4 && strncmp(r.p, "true", 4) == 0) || (n == 5 && strncmp(r.p, "false", 5) == 0)
		       ? TREE_TEXT
		       : TREE_EXPR;
}

static int read_expression(struct tree_reader *r, struct tree *parent, const char *key)
{
	while (more(r) && (*r->p == ' ' || *r->p == '\t'))
		r->p++;
	struct tree_reader at = *r;
	struct tree node = {.key = key}, *t;
	const char *end;
	int e = skip_expression(r, &end);

	if (e < 0)
		return e;
	if (end == at.p)
		return tree_refuse(r, "a value was expected");
	if (r->depth >= TREE_DEPTH_MAX)
		return tree_refuse(r, "the configuration is nested too deeply");
	node.kind = kind_of(&at, end);
	if (node.kind == TREE_TEXT && (*at.p == '"' || *at.p == '`'))
		node.text = unquote(r->a, at.p, (size_t)(end - at.p));
	else
		node.text = arena_strndup(r->a, at.p, (size_t)(end - at.p));
	if (!node.text)
		return -ENOMEM;
	e = tree_add(r, parent, &node, &t);
	if (e < 0)
		return e;
	t->line = at.line;
	if (node.kind == TREE_TEXT || node.kind == TREE_EXPR)
		return 0;
	/* Back to its beginning: what it holds is read once more for each level, up to the bound.
	 */
	r->p = at.p;
	r->line = at.line;
	skip(r, 1);
	r->depth++;
	e = read_elements(r, t);
	r->depth--;
	return e;
}

static int read_body(struct tree_reader *r, struct tree *block);

static int read_statement(struct tree_reader *r, struct tree *block)
{
	struct tree node = {.kind = TREE_MAP}, *t;
	int e = read_name(r, &node.key);

	if (e < 0)
		return e;
	while (more(r) && (*r->p == ' ' || *r->p == '\t'))
		r->p++;
	if (starts(r, "=")) {
		skip(r, 1);
		return read_expression(r, block, node.key);
	}
	if (starts(r, "\""))
		e = read_quoted(r, &node.label);
	skip_space(r);
	if (e == 0 && !starts(r, "{"))
		e = tree_refuse(r, "\"=\" or a block was expected behind a name");
	if (e == 0 && r->depth >= TREE_DEPTH_MAX)
		e = tree_refuse(r, "the configuration is nested too deeply");
	if (e == 0)
		e = tree_add(r, block, &node, &t);
	if (e < 0)
		return e;
	skip(r, 1);
	r->depth++;
	e = read_body(r, t);
	r->depth--;
	if (e == 0 && !starts(r, "}"))
		e = tree_refuse(r, "a block has no end");
	skip(r, 1);
	return e;
}

/* To the "}" of the block, or the end of the text. */
static int read_body(struct tree_reader *r, struct tree *block)
{
	int e = 0;

	skip_space(r);
	while (e == 0 && more(r) && *r->p != '}') {
		e = read_statement(r, block);
		skip_space(r);
	}
	return e;
}

int tree_read_river(struct arena *a, const struct tree_source *source, const struct tree **ret,
	struct tree_problem *ret_problem)
{
	struct tree_reader r = {
		.a = a, .p = source->text, .end = source->text + source->size, .line = 1};
	struct tree *root = NULL;
	int e = tree_add(&r, NULL, &(struct tree){.kind = TREE_MAP}, &root);

	if (strlen(source->text) != source->size)
		e = tree_refuse(&r, "there is a NUL in it");
	if (e == 0)
		e = read_body(&r, root);
	if (e == 0 && more(&r))
		e = tree_refuse(&r, "\"}\" closes nothing");
	return tree_end(&r, e, root, ret, ret_problem);
}
