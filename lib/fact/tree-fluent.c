/* SPDX-License-Identifier: ISC */
/* Fluent Bit's classic format: "[SECTION]", and below it lines of a key and a value. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "fact/tree.h"

struct line {
	const char *s;
	size_t n;
};

/* The next line without the blanks around it. */
static struct line next_line(struct tree_reader *r)
{
	struct line l = {r->p, strcspn(r->p, "\n")};

	r->line++;
	r->p += l.n + (r->p + l.n < r->end);
	while (l.n > 0 && isspace((unsigned char)*l.s)) {
		l.s++;
		l.n--;
	}
	while (l.n > 0 && isspace((unsigned char)l.s[l.n - 1]))
		l.n--;
	return l;
}

static int read_section(
	struct tree_reader *r, const struct line *l, struct tree *root, struct tree **ret)
{
	struct tree node = {.kind = TREE_MAP};

	if (l->n < 3 || l->s[l->n - 1] != ']')
		return tree_refuse(r, "a section has no name or no \"]\"");
	node.key = arena_strndup(r->a, l->s + 1, l->n - 2);
	return node.key ? tree_add(r, root, &node, ret) : -ENOMEM;
}

static int read_entry(struct tree_reader *r, const struct line *l, struct tree *section)
{
	struct tree node = {.kind = TREE_TEXT}, *t;
	size_t n = 0;

	while (n < l->n && !isspace((unsigned char)l->s[n]))
		n++;
	node.key = arena_strndup(r->a, l->s, n);
	while (n < l->n && isspace((unsigned char)l->s[n]))
		n++;
	node.text = arena_strndup(r->a, l->s + n, l->n - n);
	return node.key && node.text ? tree_add(r, section, &node, &t) : -ENOMEM;
}

static int read_line(struct tree_reader *r, struct tree *root, struct tree **section)
{
	struct line l = next_line(r);

	if (l.n == 0 || *l.s == '#')
		return 0;
	if (*l.s == '[')
		return read_section(r, &l, root, section);
	if (l.n > 4 && strncasecmp(l.s, "@SET", 4) == 0)
		return 0; /* what uses it shows a "${...}" */
	if (*l.s == '@')
		return tree_refuse(r, "@INCLUDE and other commands are not followed");
	return *section ? read_entry(r, &l, *section)
			: tree_refuse(r, "a setting stands before the first section");
}

int tree_read_fluent(struct arena *a, const struct tree_source *source, const struct tree **ret,
	struct tree_problem *ret_problem)
{
	struct tree_reader r = {.a = a, .p = source->text, .end = source->text + source->size};
	struct tree *root = NULL, *section = NULL;
	int e = tree_add(&r, NULL, &(struct tree){.kind = TREE_MAP}, &root);

	if (strlen(source->text) != source->size)
		e = tree_refuse(&r, "there is a NUL in it");
	while (e == 0 && r.p < r.end)
		e = read_line(&r, root, &section);
	return tree_end(&r, e, root, ret, ret_problem);
}
