/* SPDX-License-Identifier: ISC */
#include "fact/tree.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

const struct tree *tree_get(const struct tree *t, const char *path)
{
	if (!t || t->kind != TREE_MAP)
		return NULL;
	for (const struct tree *c = t->first; c; c = c->next) {
		size_t n = strlen(c->key);
		if (strncasecmp(c->key, path, n) != 0)
			continue;
		if (!path[n])
			return c;
		const struct tree *found = path[n] == '.' ? tree_get(c, path + n + 1) : NULL;
		if (found)
			return found;
	}
	return NULL;
}

const char *tree_text(const struct tree *t, const char *path)
{
	const struct tree *found = tree_get(t, path);

	return found && found->kind == TREE_TEXT ? found->text : NULL;
}

bool tree_has(const struct tree *t, const char *path)
{
	size_t len = strlen(path);

	for (const struct tree *c = t && t->kind == TREE_MAP ? t->first : NULL; c; c = c->next) {
		size_t n = strlen(c->key);
		if (strncasecmp(c->key, path, MIN(n, len)) != 0)
			continue;
		if (n == len || (n > len && c->key[len] == '.'))
			return true;
		if (n < len && path[n] == '.' && tree_has(c, path + n + 1))
			return true;
	}
	return false;
}

/* Whether the key, which may be dotted itself, is a part of a dotted one. */
static bool names_key(const char *dotted, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = dotted; *p; p += *p == '.') {
		if (strncasecmp(p, key, len) == 0 && (!p[len] || p[len] == '.'))
			return true;
		p += strcspn(p, ".");
	}
	return false;
}

bool tree_has_key(const struct tree *t, const char *key)
{
	if (t->key && names_key(t->key, key))
		return true;
	for (const struct tree *c = t->first; c; c = c->next) {
		if (tree_has_key(c, key))
			return true;
	}
	return false;
}

int tree_refuse(struct tree_reader *r, const char *what)
{
	if (!r->problem.what)
		r->problem = (struct tree_problem){what, r->line};
	return -EBADMSG;
}

int tree_add(struct tree_reader *r, struct tree *parent, const struct tree *node, struct tree **ret)
{
	if (r->nodes > TREE_NODES_MAX - MIN(node->weight, TREE_NODES_MAX))
		return tree_refuse(r, "the configuration is larger than what is read of one");
	struct tree *t = arena_alloc(r->a, sizeof(*t));
	if (!t)
		return -ENOMEM;
	*t = *node;
	t->next = NULL;
	t->line = r->line;
	t->weight = MAX(node->weight, 1u);
	r->nodes += t->weight;
	if (parent && parent->last)
		parent->last->next = t;
	else if (parent)
		parent->first = t;
	if (parent)
		parent->last = t;
	*ret = t;
	return 0;
}

struct tree *tree_child(const struct tree *t, const char *key)
{
	for (const struct tree *c = t->first; c; c = c->next) {
		if (strcmp(c->key, key) == 0)
			return (struct tree *)c;
	}
	return NULL;
}

int tree_add_once(
	struct tree_reader *r, struct tree *parent, const struct tree *node, struct tree **ret)
{
	unsigned n = 0;

	for (const struct tree *c = parent->first; c; c = c->next) {
		if (++n >= TREE_KEYS_MAX)
			return tree_refuse(r, "there are too many keys in one place");
		if (strcmp(c->key, node->key) == 0)
			return tree_refuse(r, "a key stands here twice");
	}
	return tree_add(r, parent, node, ret);
}

int tree_end(struct tree_reader *r, int e, const struct tree *root, const struct tree **ret,
	struct tree_problem *ret_problem)
{
	if (e == 0 && arena_failed(r->a))
		e = -ENOMEM;
	if (e == 0)
		*ret = root;
	else if (e == -EBADMSG)
		*ret_problem = r->problem;
	return e;
}
