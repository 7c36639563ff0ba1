/* SPDX-License-Identifier: ISC */
#include "fact/readers.h"

#include <errno.h>
#include <string.h>

#include "base/acl.h"

enum {
	GRANTS_ASKED = 8,
};

/* Whether somebody beside its owner and root is in the group. */
static bool group_has_others(const struct accounts *a, gid_t gid, uid_t owner)
{
	for (size_t i = 0; i < a->n; i++) {
		if (a->v[i].gid == gid && a->v[i].uid != owner && a->v[i].uid != 0)
			return true;
	}
	for (size_t i = 0; i < a->n_groups; i++) {
		const struct account_group *g = &a->groups[i];
		for (size_t k = 0; g->gid == gid && k < g->n_members; k++) {
			const struct account *x = accounts_find(a, g->members[k]);
			if (!x || (x->uid != owner && x->uid != 0))
				return true;
		}
	}
	return false;
}

/* Somebody named in an access control list; more than are asked for are too many to be its owner.
 */
static bool acl_has_others(int fd, uid_t owner)
{
	struct acl_grant v[GRANTS_ASKED];
	int n = fd < 0 ? 0 : acl_read(fd, v, GRANTS_ASKED);

	for (int i = 0; i < MIN(n, GRANTS_ASKED); i++) {
		if ((v[i].perms & 4) && (v[i].group || (v[i].id != 0 && v[i].id != owner)))
			return true;
	}
	return n > GRANTS_ASKED;
}

/* Takes away whom a directory on the way to path does not let through. */
static int judge_way(const struct root *r, char *path, gid_t gid, bool *others, bool *group)
{
	struct stat st;

	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		int err = root_stat(r, path, &st);
		*slash = '/';
		if (err == -ENOMEM)
			return err;
		if (err < 0)
			continue; /* gone meanwhile: judged as if open */
		if (!(st.st_mode & S_IXOTH))
			*others = false;
		if (!(st.st_gid == gid ? st.st_mode & S_IXGRP : st.st_mode & S_IXOTH))
			*group = false;
	}
	return 0;
}

int readers_of(const struct root *r, const struct accounts *a, const char *path,
	const struct stat *st, int fd, enum readers *ret)
{
	bool others = st->st_mode & S_IROTH, group = st->st_mode & S_IRGRP;
	_cleanup_free_ char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	int err = judge_way(r, copy, st->st_gid, &others, &group);
	if (err < 0)
		return err;
	if (group && !group_has_others(a, st->st_gid, st->st_uid))
		group = false;
	/* The group's bits are the mask of what a list grants. */
	if (!group && (st->st_mode & S_IRGRP))
		group = acl_has_others(fd, st->st_uid);
	*ret = others ? READERS_OTHERS : group ? READERS_GROUP : READERS_OWNER;
	return 0;
}

const char *readers_owner(struct arena *arena, const struct accounts *a, uid_t uid)
{
	for (size_t i = 0; i < a->n; i++) {
		if (a->v[i].uid == uid)
			return a->v[i].name;
	}
	return arena_printf(arena, "uid %u", uid);
}

static const char *group_name(struct arena *arena, const struct accounts *a, gid_t gid)
{
	for (size_t i = 0; i < a->n_groups; i++) {
		if (a->groups[i].gid == gid)
			return a->groups[i].name;
	}
	return arena_printf(arena, "gid %u", gid);
}

const char *readers_text(
	struct arena *arena, const struct accounts *a, enum readers readers, gid_t gid)
{
	switch (readers) {
	case READERS_OTHERS:
		return "readable by every user";
	case READERS_GROUP:
		return arena_printf(arena, "readable by the group %s or those whom its list names",
			group_name(arena, a, gid));
	case READERS_OWNER:
		break;
	}
	return "readable by its owner and root";
}
