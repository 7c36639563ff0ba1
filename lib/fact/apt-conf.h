/* SPDX-License-Identifier: ISC */
/*
 * apt's configuration as apt itself ends up with it: apt.conf(5), all files in
 * apt's order, later settings over earlier ones, with the file and line that
 * each value comes from.
 *
 * It is a tree. An item has a tag, perhaps a value, and children; a list is an
 * item whose children have the tag "". Names are paths in it, with "::"
 * between tags, and do not care for case.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct root;

struct apt_item {
	const char *tag;   /* as it was first written; "" in a list */
	const char *value; /* "" when it has none */
	const char *path;  /* where the value was set last; NULL: built in, or never set */
	unsigned line;
	struct apt_item *parent, *child, *next;
	struct apt_item *last; /* of the children */
};

struct apt_conf {
	struct arena *arena; /* borrowed: all strings and items live there */
	struct apt_item root;
	size_t n_items;
	/* The first thing for which apt refuses to work at all ("Extra junk after value"); NULL. */
	const char *fault;
	const char *fault_path;
	unsigned fault_line;
};

/* An empty configuration whose parts live in the arena. */
void apt_conf_init(struct apt_conf *c, struct arena *arena);

/*
 * Reads more settings from a text, as from the file path, by the rules of apt
 * 2.6 (ReadConfigFile): comments, scopes, lists, quotes, #clear. For an
 * #include calls include(c, PATH, arg), which returns as this does; PATH ends
 * in "/" for a directory. 0; 1 when apt would refuse it (c->fault; as with apt,
 * what stood before it holds); -ENOMEM; -EFBIG beyond the bounds of this reader
 * (scopes 64 deep, names of 4096 bytes, 4000 items); what include returned.
 */
int apt_conf_parse(struct apt_conf *c, const char *path, const char *text,
	int (*include)(struct apt_conf *c, const char *path, void *arg), void *arg);

/* Sets one value, as built in; name and value must live as long as c. 0, -ENOMEM or -EFBIG. */
int apt_conf_set(struct apt_conf *c, const char *name, const char *value);

/* Notes a fault, the first of several; what is not copied. */
void apt_conf_fault(struct apt_conf *c, const char *what, const char *path, unsigned line);

/*
 * Whether apt reads a file of this name in a directory: no extension or
 * ".conf", of letters, digits and _ - : . only, not hidden.
 */
bool apt_conf_name_ok(const char *name);

/*
 * Reads everything as apt does: the built-in paths, the file that the
 * environment variable APT_CONFIG names (apt_config, or NULL), apt.conf.d,
 * apt.conf. 0, -ENOMEM, or -errno with *ret_path naming the file that could
 * not be read (in the arena).
 */
int apt_conf_load(
	struct apt_conf *c, const struct root *root, const char *apt_config, const char **ret_path);

/* The item of that name, or NULL. */
const struct apt_item *apt_conf_find(const struct apt_conf *c, const char *name);

/* Its value; dflt when there is none or it is empty. */
const char *apt_conf_string(const struct apt_conf *c, const char *name, const char *dflt);

/* The value as apt reads a boolean ("0", "no", "false", "off", ...); dflt when it is none. */
bool apt_conf_bool(const struct apt_conf *c, const char *name, bool dflt);

/*
 * The path that a setting means (FindFile): relative ones lie below their
 * parents' values, as "Dir::Etc::sourcelist" below "Dir::Etc" below "Dir".
 * dflt when it isn't set. In the arena of c; NULL on ENOMEM.
 */
const char *apt_conf_path(const struct apt_conf *c, const char *name, const char *dflt);
