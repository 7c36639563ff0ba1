/* SPDX-License-Identifier: ISC */
#include "fact/bind-conf.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

enum {
	DEPTH_MAX = 32,
	NODES_MAX = 200000,
};

struct reader {
	struct conf_files *files;
	const char *p;
	struct conf_place at;
	unsigned nodes;
	const char *directory; /* that relative includes are beneath; NULL: not said so far */
	struct bind_statement **tail;
};

/* Ends the reading of this configuration: named would not start with it. */
static int fault(struct reader *r, const char *what)
{
	int e = conf_files_fault(r->files, &r->at, "%s", what);

	return e < 0 ? e : -EINVAL;
}

static void step(struct reader *r)
{
	r->at.line += *r->p == '\n';
	r->p++;
}

/* Blanks and comments. 0, or a comment has no end. */
static int skip(struct reader *r)
{
	for (;;) {
		if (isspace((unsigned char)*r->p)) {
			step(r);
		} else if (*r->p == '#' || (r->p[0] == '/' && r->p[1] == '/')) {
			r->p += strcspn(r->p, "\n");
		} else if (r->p[0] == '/' && r->p[1] == '*') {
			const char *end = strstr(r->p + 2, "*/");
			if (!end)
				return fault(r, "a comment has no end");
			while (r->p < end + 2)
				step(r);
		} else {
			return 0;
		}
	}
}

static int read_string(struct reader *r, struct bind_node *n)
{
	size_t len = 1, k = 0;

	while (r->p[len] && r->p[len] != '"')
		len += r->p[len] == '\\' && r->p[len + 1] ? 2 : 1;
	char *out = arena_alloc(r->files->a, len);
	if (!out)
		return -ENOMEM;
	for (step(r); *r->p && *r->p != '"'; step(r)) {
		if (*r->p == '\\' && r->p[1])
			step(r);
		out[k++] = *r->p;
	}
	if (!*r->p)
		return fault(r, "a string has no end");
	step(r);
	n->text = out;
	n->string = true;
	return 0;
}

static int read_word(struct reader *r, struct bind_node *n)
{
	size_t k = 0;

	while (r->p[k] && !isspace((unsigned char)r->p[k]) && !strchr("{};\"#", r->p[k]) &&
		!(r->p[k] == '/' && (r->p[k + 1] == '/' || r->p[k + 1] == '*')))
		k++;
	if (*r->p == '!')
		k = 1;
	n->text = arena_strndup(r->files->a, r->p, k);
	r->p += k;
	return n->text ? 0 : -ENOMEM;
}

static int read_block(struct reader *r, unsigned depth, bool inner);

/* "{ ... }", into node. */
static int read_braces(struct reader *r, unsigned depth, struct bind_node *n)
{
	struct bind_statement **tail = r->tail, *first = NULL;

	r->p++;
	r->tail = &first;
	int e = read_block(r, depth + 1, true);
	r->tail = tail;
	n->block = first;
	return e;
}

static int read_statement(struct reader *r, unsigned depth, struct bind_statement *s)
{
	struct bind_node **tail = (struct bind_node **)&s->first;

	s->at = r->at;
	for (;;) {
		int e = skip(r);
		if (e < 0)
			return e;
		if (*r->p == ';' && s->first) {
			r->p++;
			return 0;
		}
		if (!*r->p || *r->p == '}' || *r->p == ';')
			return fault(r, "a statement does not end with \";\"");
		if (++r->nodes > NODES_MAX)
			return fault(r, "is too long to be read");
		struct bind_node *n = arena_alloc(r->files->a, sizeof(*n));
		if (!n)
			return -ENOMEM;
		e = *r->p == '{'   ? read_braces(r, depth, n)
		    : *r->p == '"' ? read_string(r, n)
				   : read_word(r, n);
		if (e < 0)
			return e;
		*tail = n;
		tail = (struct bind_node **)&n->next;
	}
}

static int each_file(const char *path, char *text, void *arg)
{
	struct reader *r = arg;
	const struct reader before = *r;

	r->p = text;
	r->at = (struct conf_place){path, 1};
	int e = read_block(r, 0, false);
	r->p = before.p;
	r->at = before.at;
	return e;
}

/* named has gone to its directory by then, if that was set before. */
static int include(struct reader *r, const struct bind_statement *s)
{
	const char *path = bind_word(s, 1);

	if (!path)
		return fault(r, "include without the name of a file");
	if (*path != '/')
		path = arena_printf(r->files->a, "%s/%s", r->directory ? r->directory : "", path);
	return path ? conf_files_read(r->files, path, &s->at, false, each_file, r) : -ENOMEM;
}

/* Statements up to "}" (inner) or to the end, appended at r->tail. */
static int read_block(struct reader *r, unsigned depth, bool inner)
{
	if (depth > DEPTH_MAX)
		return fault(r, "blocks stand too deeply in each other");
	for (;;) {
		int e = skip(r);
		if (e < 0)
			return e;
		if (!*r->p)
			return inner ? fault(r, "a block has no end") : 0;
		if (*r->p == '}') {
			r->p++;
			return inner ? 0 : fault(r, "\"}\" without its beginning");
		}
		if (*r->p == ';') {
			r->p++;
			continue;
		}
		struct bind_statement *s = arena_alloc(r->files->a, sizeof(*s));
		e = s ? read_statement(r, depth, s) : -ENOMEM;
		if (e < 0)
			return e;
		const char *word = bind_word(s, 0);
		if (word && strcasecmp(word, "include") == 0) {
			e = include(r, s);
			if (e < 0)
				return e;
			continue;
		}
		if (word && strcasecmp(word, "directory") == 0 && bind_word(s, 1))
			r->directory = bind_word(s, 1);
		*r->tail = s;
		r->tail = (struct bind_statement **)&s->next;
	}
}

/* What was read up to a fault stands; the fault is told beside it. */
static int finish(int e)
{
	return e == -ENOMEM ? e : 0;
}

int bind_conf_parse(struct conf_files *files, const char *path, const char *text,
	const struct bind_statement **ret)
{
	struct bind_statement *first = NULL;
	struct reader r = {.files = files, .p = text, .at = {path, 1}, .tail = &first};
	int e = finish(read_block(&r, 0, false));

	if (e == 0)
		*ret = first;
	return e;
}

int bind_conf_read(struct conf_files *files, const char *path, const struct bind_statement **ret)
{
	struct bind_statement *first = NULL;
	struct reader r = {.files = files, .p = "", .at = {path, 1}, .tail = &first};
	int e = finish(conf_files_read(files, path, NULL, false, each_file, &r));

	if (e == 0)
		*ret = first;
	return e;
}

const char *bind_word(const struct bind_statement *s, unsigned i)
{
	const struct bind_node *n = s->first;

	while (n && i-- > 0)
		n = n->next;
	return n ? n->text : NULL;
}

const struct bind_node *bind_block(const struct bind_statement *s)
{
	const struct bind_node *n = s->first;

	while (n && n->text)
		n = n->next;
	return n;
}

const struct bind_statement *bind_find(const struct bind_statement *block, const char *word)
{
	const struct bind_statement *last = NULL;

	for (const struct bind_statement *s = block; s; s = s->next) {
		const char *first = bind_word(s, 0);
		if (first && strcasecmp(first, word) == 0)
			last = s;
	}
	return last;
}
