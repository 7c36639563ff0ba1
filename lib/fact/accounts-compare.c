/* SPDX-License-Identifier: ISC */
/* What takes more than one line to see: lookups by name, duplicates, groups that are not there. */
#include <errno.h>
#include <string.h>

#include "fact/accounts-parse.h"

static int by_place(uintptr_t a, uintptr_t b)
{
	return (a > b) - (a < b);
}

static int account_by_name(const void *a, const void *b)
{
	const struct account *x = *(const struct account *const *)a;
	const struct account *y = *(const struct account *const *)b;
	int r = strcmp(x->name, y->name);

	return r ? r : by_place((uintptr_t)x, (uintptr_t)y);
}

static int account_by_uid(const void *a, const void *b)
{
	const struct account *x = *(const struct account *const *)a;
	const struct account *y = *(const struct account *const *)b;
	int r = (x->uid > y->uid) - (x->uid < y->uid);

	return r ? r : by_place((uintptr_t)x, (uintptr_t)y);
}

static int group_by_name(const void *a, const void *b)
{
	const struct account_group *x = *(const struct account_group *const *)a;
	const struct account_group *y = *(const struct account_group *const *)b;
	int r = strcmp(x->name, y->name);

	return r ? r : by_place((uintptr_t)x, (uintptr_t)y);
}

static int group_by_gid(const void *a, const void *b)
{
	const struct account_group *x = *(const struct account_group *const *)a;
	const struct account_group *y = *(const struct account_group *const *)b;
	int r = (x->gid > y->gid) - (x->gid < y->gid);

	return r ? r : by_place((uintptr_t)x, (uintptr_t)y);
}

static const struct account **sort_accounts(
	struct arena *a, const struct accounts *acc, int (*compare)(const void *, const void *))
{
	const struct account **v = arena_alloc(a, acc->n * sizeof(*v));

	for (size_t i = 0; v && i < acc->n; i++)
		v[i] = &acc->v[i];
	if (v && acc->n > 1)
		qsort(v, acc->n, sizeof(*v), compare);
	return v;
}

static const struct account_group **sort_groups(
	struct arena *a, const struct accounts *acc, int (*compare)(const void *, const void *))
{
	const struct account_group **v = arena_alloc(a, acc->n_groups * sizeof(*v));

	for (size_t i = 0; v && i < acc->n_groups; i++)
		v[i] = &acc->groups[i];
	if (v && acc->n_groups > 1)
		qsort(v, acc->n_groups, sizeof(*v), compare);
	return v;
}

int accounts_index(struct arena *a, struct accounts *acc)
{
	const struct account **v = sort_accounts(a, acc, account_by_name);
	const struct account_group **groups = sort_groups(a, acc, group_by_name);

	if (!v || !groups)
		return -ENOMEM;
	acc->by_name = v;
	acc->groups_by_name = groups;
	return 0;
}

size_t accounts_lower_bound(const struct accounts *acc, const char *name)
{
	size_t low = 0, high = acc->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (strcmp(acc->by_name[mid]->name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct account *accounts_find(const struct accounts *a, const char *name)
{
	if (a->by_name) {
		size_t i = accounts_lower_bound(a, name);
		bool found = i < a->n && strcmp(a->by_name[i]->name, name) == 0;
		return found ? a->by_name[i] : NULL;
	}
	for (size_t i = 0; i < a->n; i++) {
		if (strcmp(a->v[i].name, name) == 0)
			return &a->v[i];
	}
	return NULL;
}

const struct account_group *accounts_find_group(const struct accounts *a, const char *name)
{
	size_t low = 0, high = a->groups_by_name ? a->n_groups : 0;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (strcmp(a->groups_by_name[mid]->name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (a->groups_by_name)
		return low < a->n_groups && strcmp(a->groups_by_name[low]->name, name) == 0
			       ? a->groups_by_name[low]
			       : NULL;
	for (size_t i = 0; i < a->n_groups; i++) {
		if (strcmp(a->groups[i].name, name) == 0)
			return &a->groups[i];
	}
	return NULL;
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

/* Neighbours in by_name and by uid; a run of equals is told against its first. */
static int compare_accounts(struct arena *a, struct accounts *acc)
{
	const struct account **by_uid = sort_accounts(a, acc, account_by_uid);
	size_t name = 0, uid = 0;
	int r = by_uid ? 0 : -ENOMEM;

	for (size_t i = 1; r >= 0 && i < acc->n; i++) {
		const struct account *x = acc->by_name[i], *y = acc->by_name[name];
		if (strcmp(x->name, y->name) != 0)
			name = i;
		else
			r = twin_defect(a, acc, "account",
				(const char *[]){x->name, "the name",
					arena_printf(a, "that of line %u, which counts", y->line)},
				x->line);
		x = by_uid[i];
		y = by_uid[uid];
		if (x->uid != y->uid)
			uid = i;
		else if (r >= 0 && strcmp(x->name, y->name) != 0)
			r = twin_defect(a, acc, "account",
				(const char *[]){x->name, arena_printf(a, "uid %u", x->uid),
					arena_printf(a, "%s's (line %u)", y->name, y->line)},
				x->line);
	}
	return r;
}

static int compare_groups(
	struct arena *a, struct accounts *acc, const struct account_group *const *by_gid)
{
	size_t name = 0, gid = 0;
	int r = 0;

	for (size_t i = 1; r >= 0 && i < acc->n_groups; i++) {
		const struct account_group *x = acc->groups_by_name[i],
					   *y = acc->groups_by_name[name];
		if (strcmp(x->name, y->name) != 0)
			name = i;
		else
			r = twin_defect(a, acc, "group",
				(const char *[]){x->name, "the name",
					arena_printf(a, "that of line %u, which counts", y->line)},
				x->line);
		x = by_gid[i];
		y = by_gid[gid];
		if (x->gid != y->gid)
			gid = i;
		else if (r >= 0 && strcmp(x->name, y->name) != 0)
			r = twin_defect(a, acc, "group",
				(const char *[]){x->name, arena_printf(a, "gid %u", x->gid),
					arena_printf(a, "%s's (line %u)", y->name, y->line)},
				x->line);
	}
	return r;
}

static bool gid_exists(const struct account_group *const *by_gid, size_t n, gid_t gid)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (by_gid[mid]->gid < gid)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && by_gid[low]->gid == gid;
}

/* A file that nobody could read says nothing about what is not in it: then no defect. */
static const char *missing(struct arena *a, const struct accounts *acc, const struct account *x,
	const struct account_group *const *by_gid)
{
	if (acc->file_state[ACCOUNTS_GROUP] == FACT_STATE_OK &&
		!gid_exists(by_gid, acc->n_groups, x->gid))
		return arena_printf(a, "its primary group %u does not exist", x->gid);
	if (acc->file_state[ACCOUNTS_SHADOW] == FACT_STATE_OK && x->password_line == 0)
		return "has no line in /etc/shadow";
	return NULL;
}

int accounts_compare(struct arena *a, struct accounts *acc)
{
	const struct account_group **by_gid = sort_groups(a, acc, group_by_gid);
	int r = by_gid ? compare_accounts(a, acc) : -ENOMEM;

	if (r >= 0)
		r = compare_groups(a, acc, by_gid);
	for (size_t i = 0; r >= 0 && i < acc->n; i++) {
		const char *what = missing(a, acc, &acc->v[i], by_gid);
		if (!what)
			continue;
		struct account_defect d = {
			.path = accounts_paths[ACCOUNTS_PASSWD],
			.line = acc->v[i].line,
			.subject = arena_printf(a, "account %s", acc->v[i].name),
			.what = what,
		};
		r = accounts_defect(a, acc, &d);
	}
	return r;
}
