/* SPDX-License-Identifier: ISC */
/*
 * Configuration as a tree of maps, lists and texts with the lines that they
 * stand in: what YAML, JSON, TOML, Grafana's River and Fluent Bit's classic
 * files have in common. Each reader refuses what it does not understand, so
 * that nothing is taken for a setting which is none.
 *
 * Depth, size and what YAML's aliases expand to are bounded; walking a tree of
 * these readers costs no more than TREE_NODES_MAX steps.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum {
	TREE_NODES_MAX = 20000, /* aliases expanded */
	TREE_DEPTH_MAX = 32,
	TREE_KEYS_MAX = 1000, /* of one map */
};

enum tree_kind {
	TREE_MAP,
	TREE_LIST,
	TREE_TEXT, /* a scalar: numbers and truth values as they are written */
	TREE_EXPR, /* what is computed at run time, as written */
};

struct tree {
	enum tree_kind kind;
	const char *key;   /* in a map; else NULL */
	const char *label; /* of a River block; else NULL */
	const char *text;  /* of TREE_TEXT and TREE_EXPR; else NULL */
	const struct tree *first, *next;
	unsigned line;
	/* for the readers */
	struct tree *last;
	unsigned weight; /* nodes that it expands to, itself included */
};

struct tree_source {
	const char *text; /* NUL stands behind it */
	size_t size;
};

struct tree_problem {
	const char *what;
	unsigned line;
};

/*
 * Read a whole text. The tree and its strings belong to the arena. 0, -ENOMEM,
 * or -EBADMSG with *ret_problem: what is not understood, or beyond the bounds.
 *   YAML 1.1 (libyaml) and with it JSON; no merge keys, no tags, one document
 *   TOML 1.0
 *   River (Alloy): blocks are maps with a label; expressions are not computed
 *   Fluent Bit's classic format: a map of sections, keys may come again
 */
int tree_read_yaml(struct arena *a, const struct tree_source *source, const struct tree **ret,
	struct tree_problem *ret_problem);
int tree_read_toml(struct arena *a, const struct tree_source *source, const struct tree **ret,
	struct tree_problem *ret_problem);
int tree_read_river(struct arena *a, const struct tree_source *source, const struct tree **ret,
	struct tree_problem *ret_problem);
int tree_read_fluent(struct arena *a, const struct tree_source *source, const struct tree **ret,
	struct tree_problem *ret_problem);

/*
 * What stands at a dotted path below t, whether it is written "a: {b: x}" or
 * "a.b: x"; NULL when nothing does, or t is NULL. Case does not matter.
 */
const struct tree *tree_get(const struct tree *t, const char *path);

/* The text there; NULL when there is none, or it is no text. */
const char *tree_text(const struct tree *t, const char *path);

/*
 * Whether anything stands at a dotted path or below it, however it is written: "a.b.c: x" is
 * below "a.b". Case does not matter. NULL has nothing.
 */
bool tree_has(const struct tree *t, const char *path);

/* Whether a map with that key is anywhere in the tree; "a.b" is the key "a" and the key "b". */
bool tree_has_key(const struct tree *t, const char *key);

/* For the readers: where they are, and what went wrong first. */
struct tree_reader {
	struct arena *a;
	const char *p, *end;
	unsigned line, depth, nodes;
	struct tree_problem problem;
};

/* Remembers the problem. Always -EBADMSG. */
int tree_refuse(struct tree_reader *r, const char *what);

/*
 * A new node, the last of parent (NULL: the root). key and text are borrowed.
 * 0, -ENOMEM, or -EBADMSG when there are too many.
 */
int tree_add(
	struct tree_reader *r, struct tree *parent, const struct tree *node, struct tree **ret);

/* The same for a map in which each key stands once. */
int tree_add_once(
	struct tree_reader *r, struct tree *parent, const struct tree *node, struct tree **ret);

/* Ends a reading: moves the result or the problem out. Returns e. */
int tree_end(struct tree_reader *r, int e, const struct tree *root, const struct tree **ret,
	struct tree_problem *ret_problem);

/* The child of that very key (case matters), or NULL. */
struct tree *tree_child(const struct tree *t, const char *key);
