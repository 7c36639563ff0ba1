/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "fact/collectors.h"
#include "fact/packages.h"
#include "fact/units-scan.h"

enum {
	COMM_MAX = 4096,
};

/* Every name that a directory, a link or the running manager knows. */
static int add_names(struct units_work *w, const struct unit_live *live, size_t n_live)
{
	for (size_t i = 0; i < w->scan.n_entries; i++) {
		const char *name = w->scan.entries[i].name;
		/* They are sorted: each name is looked for once, and those before are in order. */
		if (i > 0 && strcmp(w->scan.entries[i - 1].name, name) == 0)
			continue;
		w->n_sorted = w->n;
		if (!units_add(w, name))
			return -ENOMEM;
	}
	units_sort_infos(w);
	for (size_t i = 0; i < w->scan.n_links; i++) {
		const char *name = w->scan.links[i].name;
		if (unit_name_kind(name) == UNIT_NAME_INSTANCE && !units_add(w, name))
			return -ENOMEM;
	}
	units_sort_infos(w);
	for (size_t i = 0; i < n_live; i++) {
		if (live[i].active == UNIT_ACTIVE &&
			unit_name_kind(live[i].name) == UNIT_NAME_INSTANCE &&
			!units_add(w, live[i].name))
			return -ENOMEM;
	}
	units_sort_infos(w);
	return 0;
}

static void set_active(struct units_work *w, const struct unit_live *live, size_t n_live)
{
	for (size_t i = 0; i < w->n; i++)
		w->v[i]->active = UNIT_INACTIVE;
	for (size_t i = 0; i < n_live; i++) {
		struct unit_info *u = units_info(w, live[i].name);
		if (u)
			u->active = live[i].active;
	}
	for (size_t i = 0; i < w->n; i++) {
		if (w->v[i]->final)
			w->v[i]->active = w->v[i]->final->active;
	}
}

/* Who is process 1 of this root when it is booted: from what /sbin/init leads to. */
static int find_init(const struct root *root, struct arena *a, const char **ret)
{
	static const struct {
		const char *path, *name;
	} others[] = {
		{"/sbin/openrc-init", "openrc"},
		{"/sbin/openrc", "openrc"},
		{"/sbin/runit", "runit"},
		{"/usr/bin/s6-svscan", "s6"},
		{"/etc/inittab", "sysvinit"},
	};
	static const char *const systemd[] = {"/usr/lib/systemd/systemd", "/lib/systemd/systemd"};
	_cleanup_free_ char *target = NULL;
	struct stat st;
	int r = root_readlink(root, "/sbin/init", &target);

	if (r == -ENOMEM)
		return r;
	*ret = "systemd";
	if (r == 0 && strcmp(text_base_name(target), "systemd") == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (root_stat(root, others[i].path, &st) == 0) {
			*ret = others[i].name;
			return 0;
		}
	}
	/* A container's image has the manager, and who starts it says how. */
	for (size_t i = 0; i < ARRAY_SIZE(systemd); i++) {
		if (root_stat(root, systemd[i], &st) == 0)
			return 0;
	}
	*ret = r == 0 ? arena_strdup(a, text_base_name(target)) : "none";
	return *ret ? 0 : -ENOMEM;
}

/* What the manager says, or why it says nothing. */
static int ask(const struct collect *c, struct units_work *w, struct units *units,
	struct unit_live **ret, size_t *ret_n)
{
	_cleanup_file_ struct file comm = {0};
	struct root quiet = *c->root;
	struct stat st;

	if (!c->root->live)
		return 0;
	/* As sd_booted(3). */
	if (root_lstat(c->root, "/run/systemd/system", &st) < 0) {
		quiet.deps = NULL; /* process 1 stays what it is */
		int r = root_read(&quiet, "/proc/1/comm", COMM_MAX, &comm);
		units->live_reason = arena_printf(w->f->arena,
			"systemd is not running: process 1 is %.*s",
			(int)(r == 0 ? strcspn(comm.data, "\n") : 7),
			r == 0 ? comm.data : "unknown");
		return units->live_reason ? 0 : -ENOMEM;
	}
	const char *reason = NULL;
	units->booted = true;
	int r = units_ask(w->a, ret, ret_n, &reason);
	if (r == -ENOMEM)
		return r;
	units->live = r == 0;
	units->live_reason = arena_strdup(w->f->arena, reason);
	return arena_failed(w->f->arena) ? -ENOMEM : 0;
}

/* The link that makes it start or gives it another name: the first there is. NULL: none. */
static const char *enabling_link(const struct units_work *w, const struct unit_info *u)
{
	static const char *const suffixes[] = {
		[LINK_WANTS] = "wants", [LINK_REQUIRES] = "requires", [LINK_UPHOLDS] = "upholds"};
	const struct units_scan *s = &w->scan;

	for (size_t i = 0; i < s->n_links; i++) {
		const struct unit_link *l = &s->links[i];
		if (l->link && !l->null && strcmp(l->name, u->name) == 0)
			return arena_printf(w->a, "%s/%s.%s/%s", s->dirs[l->dir], l->unit,
				suffixes[l->kind], l->name);
	}
	for (size_t i = 0; i < s->n_entries; i++) {
		const struct unit_entry *e = &s->entries[i];
		if (e->target && strcmp(text_base_name(e->target), u->name) == 0)
			return units_scan_path(s, w->a, e->dir, e->name);
	}
	return u->path;
}

/* The enablement of units with a choice about it: what an administrator decides. */
static void add_item(const struct units_work *w, const struct unit_info *u)
{
	char subject[300], value[1024];
	const char *path = u->link ? u->link : u->path, *file = NULL;

	switch (u->state) {
	case UNIT_FILE_ENABLED:
	case UNIT_FILE_ENABLED_RUNTIME:
		path = u->sysv ? NULL : enabling_link(w, u);
		file = u->path;
		break;
	case UNIT_FILE_LINKED:
	case UNIT_FILE_LINKED_RUNTIME:
		file = u->path;
		break;
	case UNIT_FILE_BAD:
		/* Of systemd-run, read while it was written or already gone. */
		if (path && strncmp(path, UNIT_DIR_TRANSIENT "/",
				    strlen(UNIT_DIR_TRANSIENT "/")) == 0)
			return;
		break;
	case UNIT_FILE_MASKED:
	case UNIT_FILE_MASKED_RUNTIME:
		break;
	default:
		return;
	}
	(void)snprintf(subject, sizeof(subject), "unit %s", u->name);
	(void)snprintf(value, sizeof(value), "%s%s%s", unit_file_state_name(u->state),
		file ? ", " : "", file ? file : "");
	fact_add_item(w->f, subject, value, path, 0);
}

static int fill(struct units_work *w, struct units *units)
{
	struct fact *f = w->f;
	struct unit *v = arena_alloc(f->arena, MAX(w->n, (size_t)1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < w->n; i++) {
		const struct unit_info *u = w->v[i], *final = u->final;
		bool alias = final && final != u;
		v[i] = (struct unit){
			.name = u->name,
			.path = alias || u->masked ? NULL : u->path,
			.target = alias ? final->name : NULL,
			.state = u->state,
			.starts = u->starts,
			.active = u->active,
			.settings = u->masked || u->bad ? NULL : u->settings,
			.n_settings = u->masked || u->bad ? 0 : u->n_settings,
		};
		add_item(w, u);
	}
	return units_sort(f->arena, v, w->n, units);
}

static int build(const struct collect *c, struct units_work *w, struct units *units)
{
	struct unit_live *live = NULL;
	size_t n_live = 0;
	int r = find_init(c->root, w->f->arena, &units->init);

	if (r < 0 || strcmp(units->init, "systemd") != 0)
		return r;
	r = ask(c, w, units, &live, &n_live);
	if (r == 0)
		r = units_scan(&w->scan, c->root, w->a);
	if (r == 0)
		r = add_names(w, live, n_live);
	if (r == 0)
		r = units_resolve(w);
	if (r == 0)
		r = units_sysv(w);
	if (r < 0)
		return r;
	units_states(w);
	r = units_reach(w);
	if (r < 0)
		return r;
	if (units->live)
		set_active(w, live, n_live);
	return fill(w, units);
}

static int units_collect(const struct collect *c, struct fact *f)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct units *units = arena_alloc(f->arena, sizeof(*units));
	struct units_work w = {.a = scratch, .f = f};

	if (!scratch || !units)
		return -ENOMEM;
	int r = build(c, &w, units);
	if (r == -ENOMEM || arena_failed(scratch))
		return -ENOMEM;
	if (r < 0) {
		fact_fail(f, r == -ENOENT ? -EIO : r, "%s %s",
			w.scan.failed ? w.scan.failed : "the directories of units",
			fsio_strerror(r));
		return 0;
	}
	f->u.units = units;
	return 0;
}

const struct collector collector_units = {
	.id = FACT_UNITS,
	.name = "units",
	/* A package enables and masks its units in several steps. */
	.locks = packages_locks,
	.collect = units_collect,
};
