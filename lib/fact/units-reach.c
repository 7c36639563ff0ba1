/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fact/units-scan.h"

/*
 * What boot starts: everything that default.target wants or requires, by links
 * or by settings, and what wants on. A socket, a timer or a path that is reached
 * starts its service sooner or later. Conditions are not looked at: what they
 * say can change.
 */
struct reach {
	struct units_work *w;
	struct unit_info **queue; /* each unit at most once */
	size_t n;
};

static int visit(struct reach *r, const char *name)
{
	struct unit_info *u = units_info(r->w, name);

	u = u ? u->final : NULL;
	if (!u || u->bad || u->masked || u->starts)
		return 0;
	struct unit_info **slot = arena_grow(r->w->a, &r->queue, r->n, sizeof(struct unit_info *));
	if (!slot)
		return -ENOMEM;
	u->starts = true;
	*slot = u;
	r->n++;
	return 0;
}

/* NAME.wants and the like; of two links of one name the first counts, and may be a mask. */
static int visit_links(struct reach *r, const char *unit)
{
	size_t n = 0;
	const struct unit_link *v = units_scan_links(&r->w->scan, unit, &n);

	for (size_t i = 0; i < n; i++) {
		if (i > 0 && strcmp(v[i - 1].name, v[i].name) == 0 && v[i - 1].kind == v[i].kind)
			continue;
		if (v[i].null || !v[i].link)
			continue;
		int error = visit(r, v[i].name);
		if (error < 0)
			return error;
	}
	return 0;
}

/* The unit that a timer, a path or a socket starts. */
static int visit_trigger(struct reach *r, const struct unit_info *u)
{
	const char *type = unit_name_type(u->name), *name = u->trigger;
	bool socket = strcmp(type, "socket") == 0;

	if (!socket && strcmp(type, "timer") != 0 && strcmp(type, "path") != 0)
		return 0;
	if (socket && u->accept)
		name = arena_printf(r->w->a, "%.*s@.service", (int)(type - 1 - u->name), u->name);
	else if (!name || *name == '\0')
		name = unit_name_with_type(r->w->a, u->name, "service");
	return name ? visit(r, name) : -ENOMEM;
}

static int visit_all(struct reach *r, const struct unit_info *u)
{
	int error = visit_links(r, u->name);

	for (size_t i = 0; i < u->names.n && error == 0; i++)
		error = visit_links(r, u->names.v[i]);
	if (error == 0 && unit_name_kind(u->name) == UNIT_NAME_INSTANCE) {
		const char *template = unit_name_template(r->w->a, u->name);
		error = template ? visit_links(r, template) : -ENOMEM;
	}
	for (size_t i = 0; i < u->needs.n && error == 0; i++)
		error = visit(r, u->needs.v[i]);
	return error == 0 ? visit_trigger(r, u) : error;
}

int units_reach(struct units_work *w)
{
	struct reach r = {.w = w};
	int error = visit(&r, "default.target");

	for (size_t i = 0; i < w->n && error == 0; i++) {
		/* What sysv-rc or a runlevel's links start; the generator makes units of them. */
		if (w->v[i]->sysv && w->v[i]->state == UNIT_FILE_ENABLED)
			error = visit(&r, w->v[i]->name);
	}
	for (size_t i = 0; i < r.n && error == 0; i++)
		error = visit_all(&r, r.queue[i]);
	for (size_t i = 0; i < w->n; i++) {
		if (w->v[i]->final)
			w->v[i]->starts = w->v[i]->final->starts;
	}
	return error;
}
