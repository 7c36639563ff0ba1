/* SPDX-License-Identifier: ISC */
/* What takes more than one line to see: lookups by name, duplicates, groups that are not there. */
#include <errno.h>
#include <string.h>

#include "fact/accounts-parse.h"

enum {
	SLOTS_MIN = 16,
};

/* Names in an array of structs. */
struct names {
	const void *v;
	size_t n, size, offset; /* of each struct, and of the name in it */
};

static struct names account_names(const struct accounts *acc)
{
	return (struct names){
		acc->v, acc->n, sizeof(struct account), offsetof(struct account, name)};
}

static struct names group_names(const struct accounts *acc)
{
	return (struct names){acc->groups, acc->n_groups, sizeof(struct account_group),
		offsetof(struct account_group, name)};
}

static const char *name_at(const struct names *names, size_t i)
{
	return *(const char *const *)((const char *)names->v + i * names->size + names->offset);
}

/* FNV-1a. Who could make names collide is root, and would only slow this down. */
static size_t hash_name(const char *name)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return (size_t)(h ^ h >> 32);
}

/* The slot that has the name, or the free one where it would go. */
static size_t find_slot(
	const struct names *names, const uint32_t *slots, size_t mask, const char *name)
{
	size_t i = hash_name(name) & mask;

	while (slots[i] && strcmp(name_at(names, slots[i] - 1), name) != 0)
		i = (i + 1) & mask;
	return i;
}

static int make_index(struct arena *a, const struct names *names, struct accounts_index *ret)
{
	size_t n = SLOTS_MIN;

	while (n < 2 * names->n)
		n *= 2;
	uint32_t *slots = names->n < UINT32_MAX ? arena_alloc(a, n * sizeof(*slots)) : NULL;
	uint32_t *twins = arena_alloc(a, names->n * sizeof(*twins));
	if (!slots || !twins)
		return -ENOMEM;
	/* Backwards, so that the first of a name is the last to come. */
	for (size_t i = names->n; i > 0; i--) {
		size_t slot = find_slot(names, slots, n - 1, name_at(names, i - 1));
		twins[i - 1] = slots[slot];
		slots[slot] = (uint32_t)i;
	}
	*ret = (struct accounts_index){slots, twins, n - 1};
	return 0;
}

/* The first place of the name; n when there is none. */
static size_t find_name(
	const struct names *names, const struct accounts_index *index, const char *name)
{
	size_t i = 0;

	if (index->slots) {
		i = index->slots[find_slot(names, index->slots, index->mask, name)];
		return i ? i - 1 : names->n;
	}
	while (i < names->n && strcmp(name_at(names, i), name) != 0)
		i++;
	return i;
}

int accounts_index(struct arena *a, struct accounts *acc)
{
	struct names accounts = account_names(acc), groups = group_names(acc);
	int r = make_index(a, &accounts, &acc->by_name);

	return r < 0 ? r : make_index(a, &groups, &acc->groups_by_name);
}

const struct account *accounts_find(const struct accounts *a, const char *name)
{
	struct names names = account_names(a);
	size_t i = find_name(&names, &a->by_name, name);

	return i < a->n ? &a->v[i] : NULL;
}

const struct account_group *accounts_find_group(const struct accounts *a, const char *name)
{
	struct names names = group_names(a);
	size_t i = find_name(&names, &a->groups_by_name, name);

	return i < a->n_groups ? &a->groups[i] : NULL;
}

bool account_in_group(const struct account *account, const struct account_group *group)
{
	if (account->gid == group->gid)
		return true;
	for (size_t i = 0; i < group->n_members; i++) {
		if (strcmp(group->members[i], account->name) == 0)
			return true;
	}
	return false;
}

static int twin_defect(
	struct arena *a, struct accounts *acc, const char *kind, const char *what[3], unsigned line)
{
	bool group = kind[0] == 'g';
	struct account_defect d = {
		.path = accounts_paths[group ? ACCOUNTS_GROUP : ACCOUNTS_PASSWD],
		.line = line,
		.subject = arena_printf(a, "%s %s", kind, what[0]),
		.what = arena_printf(a, "%s is also %s", what[1], what[2]),
	};

	return accounts_defect(a, acc, &d);
}

/* Ids with their places, sorted by both. */
struct id_place {
	uint32_t id, place;
};

static int compare_ids(const void *a, const void *b)
{
	const struct id_place *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

/* NULL on ENOMEM. */
static struct id_place *sort_uids(struct arena *a, const struct accounts *acc)
{
	struct id_place *v = arena_alloc(a, acc->n * sizeof(*v));

	for (size_t i = 0; v && i < acc->n; i++)
		v[i] = (struct id_place){acc->v[i].uid, (uint32_t)i};
	if (v && acc->n > 1)
		qsort(v, acc->n, sizeof(*v), compare_ids);
	return v;
}

/* Those that getgrgid(3) finds. NULL on ENOMEM. */
static struct id_place *sort_gids(struct arena *a, const struct accounts *acc, size_t *ret_n)
{
	struct id_place *v = arena_alloc(a, acc->n_groups * sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; v && i < acc->n_groups; i++) {
		if (!acc->groups[i].legacy)
			v[n++] = (struct id_place){acc->groups[i].gid, (uint32_t)i};
	}
	if (n > 1)
		qsort(v, n, sizeof(*v), compare_ids);
	*ret_n = n;
	return v;
}

/* Who has the name already; and, by neighbours in by_uid, who was first to have the uid. */
static int compare_accounts(struct arena *a, struct accounts *acc, const struct id_place *by_uid)
{
	size_t first = 0;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < acc->n; i++) {
		if (!acc->by_name.twins[i])
			continue;
		const struct account *x = &acc->v[acc->by_name.twins[i] - 1];
		const struct account *y = accounts_find(acc, x->name);
		r = twin_defect(a, acc, "account",
			(const char *[]){x->name, "the name",
				arena_printf(a, "that of line %u, which counts", y->line)},
			x->line);
	}
	for (size_t i = 1; r >= 0 && i < acc->n; i++) {
		const struct account *x = &acc->v[by_uid[i].place];
		const struct account *y = &acc->v[by_uid[first].place];
		if (x->uid != y->uid)
			first = i;
		else if (strcmp(x->name, y->name) != 0)
			r = twin_defect(a, acc, "account",
				(const char *[]){x->name, arena_printf(a, "uid %u", x->uid),
					arena_printf(a, "%s's (line %u)", y->name, y->line)},
				x->line);
	}
	return r;
}

static int compare_groups(
	struct arena *a, struct accounts *acc, const struct id_place *by_gid, size_t n)
{
	size_t first = 0;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < acc->n_groups; i++) {
		if (!acc->groups_by_name.twins[i])
			continue;
		const struct account_group *x = &acc->groups[acc->groups_by_name.twins[i] - 1];
		const struct account_group *y = accounts_find_group(acc, x->name);
		r = twin_defect(a, acc, "group",
			(const char *[]){x->name, "the name",
				arena_printf(a, "that of line %u, which counts", y->line)},
			x->line);
	}
	for (size_t i = 1; r >= 0 && i < n; i++) {
		const struct account_group *x = &acc->groups[by_gid[i].place];
		const struct account_group *y = &acc->groups[by_gid[first].place];
		if (x->gid != y->gid)
			first = i;
		else if (strcmp(x->name, y->name) != 0)
			r = twin_defect(a, acc, "group",
				(const char *[]){x->name, arena_printf(a, "gid %u", x->gid),
					arena_printf(a, "%s's (line %u)", y->name, y->line)},
				x->line);
	}
	return r;
}

static bool gid_exists(const struct id_place *by_gid, size_t n, gid_t gid)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (by_gid[mid].id < gid)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && by_gid[low].id == gid;
}

/* A file that nobody could read says nothing about what is not in it: then no defect. */
static const char *account_lacks(struct arena *a, const struct accounts *acc,
	const struct account *x, const struct id_place *by_gid, size_t n_gids)
{
	if (acc->file_state[ACCOUNTS_GROUP] == FACT_STATE_OK && !gid_exists(by_gid, n_gids, x->gid))
		return arena_printf(a, "its primary group %u does not exist", x->gid);
	if (acc->file_state[ACCOUNTS_SHADOW] != FACT_STATE_OK)
		return NULL;
	if (x->password_path == accounts_paths[ACCOUNTS_PASSWD])
		return "has its password in /etc/passwd, not in /etc/shadow";
	return x->password_line == 0 ? "has no line in /etc/shadow" : NULL;
}

static int add_lack(struct arena *a, struct accounts *acc, const char *kind, const char *name,
	const struct account_defect *d)
{
	struct account_defect mine = *d;

	mine.subject = arena_printf(a, "%s %s", kind, name);
	return accounts_defect(a, acc, &mine);
}

int accounts_compare(struct arena *a, struct accounts *acc)
{
	size_t n_gids = 0;
	const struct id_place *by_uid = sort_uids(a, acc), *by_gid = sort_gids(a, acc, &n_gids);
	int r = by_uid && by_gid ? compare_accounts(a, acc, by_uid) : -ENOMEM;
	bool gshadow = acc->file_state[ACCOUNTS_GSHADOW] == FACT_STATE_OK;

	if (r >= 0)
		r = compare_groups(a, acc, by_gid, n_gids);
	for (size_t i = 0; r >= 0 && i < acc->n; i++) {
		const struct account *x = &acc->v[i];
		const char *what = account_lacks(a, acc, x, by_gid, n_gids);
		if (what)
			r = add_lack(a, acc, "account", x->name,
				&(struct account_defect){.path = accounts_paths[ACCOUNTS_PASSWD],
					.line = x->line,
					.what = what});
	}
	for (size_t i = 0; r >= 0 && gshadow && i < acc->n_groups; i++) {
		const struct account_group *g = &acc->groups[i];
		/* A duplicate is told as one, and only its first has the line. */
		if (!g->legacy && g->gshadow_line == 0 && accounts_find_group(acc, g->name) == g)
			r = add_lack(a, acc, "group", g->name,
				&(struct account_defect){.path = accounts_paths[ACCOUNTS_GROUP],
					.line = g->line,
					.what = "has no line in /etc/gshadow"});
	}
	return r;
}
