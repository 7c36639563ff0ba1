/* SPDX-License-Identifier: ISC */
#include "fact/homes.h"

#include <errno.h>
#include <string.h>

#include "base/acl.h"
#include "fact/collectors.h"

enum {
	GRANTS_ASKED = 8,
};

static const char *const place_names[] = {
	[HOME_DIR] = "",
	[HOME_SSH] = ".ssh",
	[HOME_AUTHORIZED_KEYS] = ".ssh/authorized_keys",
	[HOME_AUTHORIZED_KEYS2] = ".ssh/authorized_keys2",
};

const char *home_place_name(enum home_place p)
{
	return place_names[p];
}

const struct home *homes_of(
	const struct homes *h, const struct accounts *a, const struct account *x)
{
	size_t place = (size_t)(x - a->v);

	return place < h->n && strcmp(h->v[place].account, x->name) == 0 ? &h->v[place] : NULL;
}

struct look {
	struct root root; /* its deps are taken away once enough is watched */
	struct fact *f;
	struct homes *homes;
	const struct accounts *accounts;
	const struct account **by_gid; /* sorted, to tell who shares a group */
};

static int compare_gid(const void *a, const void *b)
{
	gid_t x = (*(const struct account *const *)a)->gid,
	      y = (*(const struct account *const *)b)->gid;

	return (x > y) - (x < y);
}

/* Its primary group has its name, no other account and no other member. */
static bool has_private_group(const struct look *look, const struct account *x)
{
	const struct accounts *a = look->accounts;
	const struct account_group *g = accounts_find_group(a, x->name);
	size_t low = 0, high = a->n;

	if (!g || g->gid != x->gid)
		return false;
	for (size_t i = 0; i < g->n_members; i++) {
		if (strcmp(g->members[i], x->name) != 0)
			return false;
	}
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (look->by_gid[mid]->gid < x->gid)
			low = mid + 1;
		else
			high = mid;
	}
	/* Itself is there: is the next one in the group as well? */
	return low + 1 >= a->n || look->by_gid[low + 1]->gid != x->gid;
}

/* More grants than are asked for are too many to be harmless. */
static bool grants_write(const struct acl_grant *v, int n, uid_t uid)
{
	for (int i = 0; i < MIN(n, GRANTS_ASKED); i++) {
		bool harmless = !v[i].group && (v[i].id == 0 || v[i].id == uid);
		if ((v[i].perms & 2) && !harmless)
			return true;
	}
	return n > GRANTS_ASKED;
}

static int look_at(struct look *look, struct home *home, enum home_place place)
{
	struct home_entry *e = &home->at[place];
	struct acl_grant grants[GRANTS_ASKED];
	struct stat st;

	_cleanup_close_ int fd = place == HOME_DIR ? root_open_path(&look->root, home->path)
						   : root_open_path_beneath(&look->root, home->path,
							     place_names[place]);
	int r = fd < 0 ? fd : fstat(fd, &st) < 0 ? -errno : 0;
	/* Named grants are within the mask, which the group's bits show. */
	int n = r == 0 && (st.st_mode & 020) ? acl_read(fd, grants, GRANTS_ASKED) : r;
	if (n == -ENOMEM)
		return n;
	e->state = fact_state_from_errno(n < 0 ? n : 0);
	if (n < 0) {
		e->reason = e->state == FACT_STATE_ABSENT
				    ? "does not exist"
				    : arena_printf(look->f->arena, "%s%s%s %s", home->path,
					      place == HOME_DIR ? "" : "/", place_names[place],
					      fsio_strerror(n));
		return e->reason ? 0 : -ENOMEM;
	}
	e->uid = st.st_uid;
	e->gid = st.st_gid;
	e->mode = st.st_mode;
	e->size = st.st_size > 0 ? (uint64_t)st.st_size : 0;
	e->acl_write = grants_write(grants, n, home->uid);
	return 0;
}

static int add_home(struct look *look, const struct account *x)
{
	struct home *home = &look->homes->v[look->homes->n];

	if (look->homes->n >= HOMES_MAX) {
		look->homes->unlooked++;
		return 0;
	}
	if (look->homes->n >= HOMES_WATCHED) {
		look->root.deps = NULL;
		look->homes->unwatched++;
	}
	*home = (struct home){
		.account = arena_strdup(look->f->arena, x->name),
		.path = arena_strdup(look->f->arena, x->home),
		.uid = x->uid,
		.gid = x->gid,
		.login = account_is_login(look->accounts, x),
		.private_group = has_private_group(look, x),
	};
	if (!home->account || !home->path)
		return -ENOMEM;
	look->homes->n++;
	int r = look_at(look, home, HOME_DIR);
	for (int p = HOME_SSH; r >= 0 && p < HOME_PLACE_MAX; p++) {
		/* Without the directory above there is nothing to look for; why, it says itself. */
		if (home->at[HOME_DIR].state != FACT_STATE_OK ||
			(p > HOME_SSH && home->at[HOME_SSH].state != FACT_STATE_OK)) {
			home->at[p].state = FACT_STATE_ABSENT;
			home->at[p].reason = "does not exist";
			continue;
		}
		r = look_at(look, home, (enum home_place)p);
	}
	return r;
}

static int homes_collect(const struct collect *c, struct fact *f)
{
	const struct fact *accounts = factset_get(c->facts, FACT_ACCOUNTS);
	struct look look = {.root = *c->root, .f = f};

	if (!accounts || accounts->state != FACT_STATE_OK) {
		f->state = accounts ? accounts->state : FACT_STATE_ERROR;
		f->reason = accounts ? arena_strdup(f->arena, accounts->reason) : "no accounts";
		return f->reason ? 0 : -ENOMEM;
	}
	const struct accounts *a = look.accounts = accounts->u.accounts;
	look.homes = arena_alloc(f->arena, sizeof(*look.homes));
	look.by_gid = arena_alloc(f->arena, a->n * sizeof(*look.by_gid));
	if (!look.homes || !look.by_gid)
		return -ENOMEM;
	look.homes->v = arena_alloc(
		f->arena, MIN(a->n, (size_t)HOMES_MAX) * sizeof(*look.homes->v));
	if (!look.homes->v)
		return -ENOMEM;
	for (size_t i = 0; i < a->n; i++)
		look.by_gid[i] = &a->v[i];
	if (a->n > 1)
		qsort(look.by_gid, a->n, sizeof(*look.by_gid), compare_gid);
	int r = 0;
	for (size_t i = 0; r >= 0 && i < a->n; i++)
		r = add_home(&look, &a->v[i]);
	f->u.homes = look.homes;
	return r;
}

const struct collector collector_homes = {
	.id = FACT_HOMES,
	.name = "homes",
	.needs = FACT_BIT(FACT_ACCOUNTS),
	.collect = homes_collect,
};
