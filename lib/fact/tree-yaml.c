/* SPDX-License-Identifier: ISC */
/* YAML, and JSON, which is YAML but for corners that are refused. */
#include <errno.h>
#include <string.h>
#include <yaml.h>

#include "fact/tree.h"

struct event {
	yaml_event_type_t type;
	const char *text, *anchor;
};

struct anchor {
	const char *name;
	const struct tree *node;
};

struct reading {
	struct tree_reader r;
	yaml_parser_t parser;
	struct anchor *anchors;
	size_t n_anchors;
};

static void reading_fini(struct reading *y)
{
	yaml_parser_delete(&y->parser);
}

/* What an event says beside its type; strings are copied before it is deleted. */
static int take(struct reading *y, const yaml_event_t *ev, struct event *ret)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	*ret = (struct event){.type = ev->type};
	if (ev->type == YAML_SCALAR_EVENT) {
		anchor = ev->data.scalar.anchor;
		tag = ev->data.scalar.tag;
		if (strlen((char *)ev->data.scalar.value) != ev->data.scalar.length)
			return tree_refuse(&y->r, "there is a NUL in a text");
		ret->text = arena_strdup(y->r.a, (char *)ev->data.scalar.value);
	} else if (ev->type == YAML_ALIAS_EVENT) {
		anchor = ev->data.alias.anchor;
	} else if (ev->type == YAML_SEQUENCE_START_EVENT) {
		anchor = ev->data.sequence_start.anchor;
		tag = ev->data.sequence_start.tag;
	} else if (ev->type == YAML_MAPPING_START_EVENT) {
		anchor = ev->data.mapping_start.anchor;
		tag = ev->data.mapping_start.tag;
	}
	ret->anchor = arena_strdup(y->r.a, (const char *)anchor);
	if (tag && strncmp((const char *)tag, "tag:yaml.org,2002:", 18) != 0)
		return tree_refuse(&y->r, "a YAML tag of its own is not understood");
	return arena_failed(y->r.a) ? -ENOMEM : 0;
}

static int next_event(struct reading *y, struct event *ret)
{
	yaml_event_t ev;

	if (!yaml_parser_parse(&y->parser, &ev)) {
		y->r.line = (unsigned)y->parser.problem_mark.line + 1;
		return y->parser.error == YAML_MEMORY_ERROR
			       ? -ENOMEM
			       : tree_refuse(&y->r, "this is not YAML");
	}
	y->r.line = (unsigned)ev.start_mark.line + 1;
	int e = take(y, &ev, ret);
	yaml_event_delete(&ev);
	return e;
}

static int remember(struct reading *y, const char *name, const struct tree *node)
{
	if (!name)
		return 0;
	struct anchor *place = arena_grow(y->r.a, &y->anchors, y->n_anchors, sizeof(*place));
	if (!place)
		return -ENOMEM;
	*place = (struct anchor){name, node};
	y->n_anchors++;
	return y->n_anchors > TREE_KEYS_MAX ? tree_refuse(&y->r, "there are too many anchors") : 0;
}

/* The node that an alias names, sharing what is below it. */
static int alias(struct reading *y, const char *name, struct tree *ret)
{
	for (size_t i = y->n_anchors; i > 0; i--) {
		if (strcmp(y->anchors[i - 1].name, name) != 0)
			continue;
		*ret = *y->anchors[i - 1].node;
		return 0;
	}
	return tree_refuse(&y->r, "a YAML alias has no anchor before it");
}

static int add(struct reading *y, struct tree *parent, const struct tree *node, struct tree **ret)
{
	return parent && parent->kind == TREE_MAP ? tree_add_once(&y->r, parent, node, ret)
						  : tree_add(&y->r, parent, node, ret);
}

static int read_value(struct reading *y, const struct event *ev, struct tree *parent,
	const char *key, struct tree **ret);

static int read_map(struct reading *y, struct tree *map)
{
	struct tree *child;
	struct event ev;

	for (;;) {
		int e = next_event(y, &ev);
		if (e < 0 || ev.type == YAML_MAPPING_END_EVENT)
			return e;
		if (ev.type != YAML_SCALAR_EVENT || ev.anchor)
			return tree_refuse(&y->r, "a key is not a plain text");
		if (strcmp(ev.text, "<<") == 0)
			return tree_refuse(&y->r, "YAML's merge key is not followed");
		const char *key = ev.text;
		e = next_event(y, &ev);
		if (e == 0)
			e = read_value(y, &ev, map, key, &child);
		if (e < 0)
			return e;
		map->weight += child->weight;
	}
}

static int read_list(struct reading *y, struct tree *list)
{
	struct tree *child;
	struct event ev;

	for (;;) {
		int e = next_event(y, &ev);
		if (e < 0 || ev.type == YAML_SEQUENCE_END_EVENT)
			return e;
		e = read_value(y, &ev, list, NULL, &child);
		if (e < 0)
			return e;
		list->weight += child->weight;
	}
}

static int read_value(struct reading *y, const struct event *ev, struct tree *parent,
	const char *key, struct tree **ret)
{
	struct tree node = {.kind = TREE_TEXT, .text = ev->text};
	int e = 0;

	if (y->r.depth >= TREE_DEPTH_MAX)
		return tree_refuse(&y->r, "the configuration is nested too deeply");
	if (ev->type == YAML_ALIAS_EVENT)
		e = alias(y, ev->anchor, &node);
	else if (ev->type == YAML_MAPPING_START_EVENT)
		node.kind = TREE_MAP;
	else if (ev->type == YAML_SEQUENCE_START_EVENT)
		node.kind = TREE_LIST;
	node.key = key;
	if (e == 0)
		e = add(y, parent, &node, ret);
	if (e < 0)
		return e;
	y->r.depth++;
	if (ev->type == YAML_MAPPING_START_EVENT)
		e = read_map(y, *ret);
	else if (ev->type == YAML_SEQUENCE_START_EVENT)
		e = read_list(y, *ret);
	y->r.depth--;
	/* An alias inside of what it names finds no anchor yet. */
	return e < 0 || ev->type == YAML_ALIAS_EVENT ? e : remember(y, ev->anchor, *ret);
}

static int read_stream(struct reading *y, struct tree **ret)
{
	struct event ev;
	int e = next_event(y, &ev); /* the stream's start */

	if (e == 0)
		e = next_event(y, &ev);
	if (e < 0)
		return e;
	if (ev.type == YAML_STREAM_END_EVENT)
		return tree_add(&y->r, NULL, &(struct tree){.kind = TREE_MAP}, ret);
	e = next_event(y, &ev);
	if (e == 0)
		e = read_value(y, &ev, NULL, NULL, ret);
	if (e == 0)
		e = next_event(y, &ev); /* the document's end */
	if (e == 0)
		e = next_event(y, &ev);
	if (e == 0 && ev.type != YAML_STREAM_END_EVENT)
		return tree_refuse(&y->r, "a second YAML document is not read");
	return e;
}

int tree_read_yaml(struct arena *a, const struct tree_source *source, const struct tree **ret,
	struct tree_problem *ret_problem)
{
	_cleanup_(reading_fini) struct reading y = {.r = {.a = a, .line = 1}};
	struct tree *root = NULL;

	if (!yaml_parser_initialize(&y.parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&y.parser, (const unsigned char *)source->text, source->size);
	int e = read_stream(&y, &root);
	return tree_end(&y.r, e, root, ret, ret_problem);
}
