/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fact/units-scan.h"

static int info_compare(const void *a, const void *b)
{
	return strcmp((*(struct unit_info *const *)a)->name, (*(struct unit_info *const *)b)->name);
}

struct unit_info *units_info(const struct units_work *w, const char *name)
{
	const struct unit_info key = {.name = name}, *k = &key;
	struct unit_info *const *found = w->n_sorted == 0 ? NULL
							  : bsearch(&k, w->v, w->n_sorted,
								    sizeof(*w->v), info_compare);

	if (found)
		return *found;
	for (size_t i = w->n_sorted; i < w->n; i++) {
		if (strcmp(w->v[i]->name, name) == 0)
			return w->v[i];
	}
	return NULL;
}

struct unit_info *units_add(struct units_work *w, const char *name)
{
	struct unit_info *u = units_info(w, name);

	if (u)
		return u;
	struct unit_info **slot = arena_grow(w->a, &w->v, w->n, sizeof(struct unit_info *));
	u = arena_alloc(w->a, sizeof(*u));
	char *copy = arena_strdup(w->f->arena, name);
	if (!slot || !u || !copy)
		return NULL;
	u->name = copy;
	*slot = u;
	w->n++;
	return u;
}

void units_sort_infos(struct units_work *w)
{
	if (w->n > 1)
		qsort(w->v, w->n, sizeof(struct unit_info *), info_compare);
	w->n_sorted = w->n;
}

/*
 * Whether a link by that name may be an alias of the target: of one type that
 * may have aliases, of one kind (or an instance of a template), with one instance.
 */
static bool alias_is_valid(const char *name, const char *target)
{
	static const char *const never[] = {"mount", "slice", "swap"};
	enum unit_name_kind x = unit_name_kind(name), y = unit_name_kind(target);
	const char *type = unit_name_type(name);

	for (size_t i = 0; i < ARRAY_SIZE(never); i++) {
		if (strcmp(type, never[i]) == 0)
			return false;
	}
	if (y == UNIT_NAME_INVALID || strcmp(name, target) == 0 ||
		strcmp(type, unit_name_type(target)) != 0)
		return false;
	if (x == UNIT_NAME_INSTANCE && y == UNIT_NAME_TEMPLATE)
		return true;
	if (x != y)
		return false;
	return x != UNIT_NAME_INSTANCE || strcmp(strchr(name, '@'), strchr(target, '@')) == 0;
}

/* The entry of that name, or of its template. */
static const struct unit_entry *find_entry(struct units_work *w, const char *name, int *ret_error)
{
	const struct unit_entry *e = units_scan_entry(&w->scan, name);

	if (e || unit_name_kind(name) != UNIT_NAME_INSTANCE)
		return e;
	const char *template = unit_name_template(w->a, name);
	if (!template)
		*ret_error = -ENOMEM;
	return template ? units_scan_entry(&w->scan, template) : NULL;
}

/* The end of a link that leaves the directories: the file, after all links. */
static int follow_linked(struct units_work *w, struct unit_info *u, const char *target)
{
	struct stat st;
	int r = root_stat(w->scan.root, target, &st);

	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		u->bad = true;
		return 0;
	}
	u->path = arena_strdup(w->f->arena, target);
	return u->path ? 0 : -ENOMEM;
}

/*
 * One step: what the name is by itself. *ret_next is the name that it is an
 * alias of, or NULL.
 */
static int step(struct units_work *w, struct unit_info *u, const char **ret_next)
{
	int error = 0;
	const struct unit_entry *e = find_entry(w, u->name, &error);

	*ret_next = NULL;
	if (!e) {
		u->bad = true;
		return error;
	}
	const char *path = units_scan_path(&w->scan, w->f->arena, e->dir, e->name);
	if (!path)
		return -ENOMEM;
	if (!e->target) {
		u->path = path;
		return 0;
	}
	u->link = path;
	if (e->null) {
		u->masked = true;
		return 0;
	}
	if (!units_scan_inside(&w->scan, e->target))
		return follow_linked(w, u, e->target);
	const char *target = text_base_name(e->target);
	if (!alias_is_valid(e->name, target)) {
		u->bad = true;
		return 0;
	}
	if (unit_name_kind(u->name) == UNIT_NAME_INSTANCE &&
		unit_name_kind(target) == UNIT_NAME_TEMPLATE) {
		target = unit_name_instance(w->a, target, u->name);
		if (!target)
			return -ENOMEM;
		/* getty@tty1.service -> getty@.service is the instance itself. */
		if (strcmp(target, u->name) == 0)
			return follow_linked(w, u, e->target);
	}
	*ret_next = target;
	return 0;
}

static int resolve(struct units_work *w, struct unit_info *u)
{
	struct unit_info *at = u;
	const char *next = NULL;

	for (unsigned hops = 0; hops < UNIT_HOPS_MAX; hops++) {
		int r = step(w, at, &next);
		if (r < 0)
			return r;
		if (!next) {
			u->final = at->bad ? NULL : at;
			if (at->bad)
				u->bad = true;
			return 0;
		}
		at = units_add(w, next);
		if (!at)
			return -ENOMEM;
	}
	u->bad = true;
	return 0;
}

int units_resolve(struct units_work *w)
{
	/* Names that only an alias mentions are added at the end, and resolved in their turn. */
	for (size_t i = 0; i < w->n; i++) {
		int r = resolve(w, w->v[i]);
		if (r < 0)
			return r;
	}
	units_sort_infos(w);
	for (size_t i = 0; i < w->n; i++) {
		struct unit_info *u = w->v[i], *final = u->final;
		if (final && final != u && unit_words_add(w->a, &final->names, u->name) < 0)
			return -ENOMEM;
	}
	for (size_t i = 0; i < w->n; i++) {
		struct unit_info *u = w->v[i];
		if (u->final != u || u->masked)
			continue;
		int r = units_load(w, u);
		if (r < 0)
			return r;
	}
	return 0;
}
