/* SPDX-License-Identifier: ISC */
#include "fact/pending.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fact/collectors.h"
#include "fact/pending-read.h"

enum {
	NAME_MAX_LEN = 512,
};

/* A copy for the fact, from whatever arena it lives in; NULL stays NULL. */
static const char *copy(struct pending_list *l, const char *s)
{
	return arena_strdup(l->arena, s);
}

int pending_add_update(struct pending_list *l, const struct pending_update *u)
{
	struct pending_update *slot = arena_grow(
		l->arena, &l->updates, l->n_updates, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = *u;
	slot->candidate = copy(l, u->candidate);
	slot->security = copy(l, u->security);
	slot->source = copy(l, u->source);
	slot->pin_path = copy(l, u->pin_path);
	l->n_updates++;
	return arena_failed(l->arena) ? -ENOMEM : 0;
}

int pending_add_orphan(struct pending_list *l, const struct pending_orphan *o)
{
	struct pending_orphan *slot = arena_grow(
		l->arena, &l->orphans, l->n_orphans, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = *o;
	slot->offered = copy(l, o->offered);
	l->n_orphans++;
	return arena_failed(l->arena) ? -ENOMEM : 0;
}

int pending_add_gap(struct pending_list *l, const char *subject, const char *path, const char *what)
{
	struct pending_gap *slot = arena_grow(l->arena, &l->gaps, l->n_gaps, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = (struct pending_gap){copy(l, subject), copy(l, path), copy(l, what)};
	l->n_gaps++;
	return arena_failed(l->arena) ? -ENOMEM : 0;
}

static int by_name(const void *key, const void *item)
{
	return strcmp(key, package_name(item));
}

const struct fact_item *pending_package(
	const struct pending_list *l, const char *name, const char *arch)
{
	const struct packages *p = l->packages;
	bool own = strcmp(arch, "all") == 0 || strcmp(arch, "noarch") == 0 ||
		   strcmp(arch, "-") == 0 || !*p->arch || strcmp(arch, p->arch) == 0;
	char full[NAME_MAX_LEN];

	int n = snprintf(full, sizeof(full), "%s%s%s", name, own ? "" : ":", own ? "" : arch);
	if (n < 0 || (size_t)n >= sizeof(full) || p->n == 0)
		return NULL;
	return bsearch(full, p->v, p->n, sizeof(*p->v), by_name);
}

static int finish(const struct pending_list *l, struct fact *f)
{
	struct pending *p = arena_alloc(f->arena, sizeof(*p));
	bool dpkg = l->packages->manager == PACKAGES_DPKG;

	if (!p)
		return -ENOMEM;
	*p = (struct pending){
		.updates = l->updates,
		.n_updates = l->n_updates,
		.orphans = l->orphans,
		.n_orphans = l->n_orphans,
		.gaps = l->gaps,
		.n_gaps = l->n_gaps,
		.n_lists = l->n_lists,
		.knows_security = l->knows_security,
		.knows_others = dpkg,
		.knows_origin = dpkg || l->packages->knows_signatures,
		.by_signature = !dpkg,
	};
	if (l->valid_until_realtime_usec != USEC_INFINITY)
		p->valid_until_realtime_usec = l->valid_until_realtime_usec;
	f->u.pending = p;
	return 0;
}

/* The names of packages and sources live in other facts, which may go first. */
static int own_names(struct pending_list *l)
{
	for (size_t i = 0; i < l->n_updates; i++) {
		l->updates[i].name = copy(l, l->updates[i].name);
		l->updates[i].installed = copy(l, l->updates[i].installed);
	}
	for (size_t i = 0; i < l->n_orphans; i++) {
		l->orphans[i].name = copy(l, l->orphans[i].name);
		l->orphans[i].installed = copy(l, l->orphans[i].installed);
	}
	return arena_failed(l->arena) ? -ENOMEM : 0;
}

static int pending_collect(const struct collect *c, struct fact *f)
{
	const struct fact *packages = factset_get(c->facts, FACT_PACKAGES);
	struct pending_list l = {
		.c = c, .arena = f->arena, .valid_until_realtime_usec = USEC_INFINITY};
	int r;

	if (packages->state != FACT_STATE_OK) {
		fact_fail(f, -EIO, "%s", packages->reason);
		f->state = packages->state;
		return 0;
	}
	l.packages = packages->u.packages;
	l.tmp = arena_new();
	if (!l.tmp)
		return -ENOMEM;
	if (l.packages->manager == PACKAGES_DPKG)
		r = pending_apt(&l);
	else if (l.packages->manager == PACKAGES_RPM)
		r = pending_rpm(&l);
	else
		r = pending_add_gap(&l, "package sources", NULL,
			"the lists of this package manager are not read");
	if (r == 0)
		r = own_names(&l);
	arena_free(l.tmp);
	return r < 0 ? r : finish(&l, f);
}

static const struct fact_lock pending_locks[] = {
	{"/var/lib/apt/lists/lock", LOCK_FCNTL, 30 * USEC_PER_MIN},
	{NULL},
};

const struct collector collector_pending = {
	.id = FACT_PENDING,
	.name = "pending",
	.needs = FACT_BIT(FACT_PACKAGES) | FACT_BIT(FACT_APT_CONF) | FACT_BIT(FACT_REPOS),
	.locks = pending_locks,
	.collect = pending_collect,
};
