/* SPDX-License-Identifier: ISC */
#include "watch-place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/vfs.h>

enum {
	/* What a user may put in one directory must not use up all watches. */
	FILES_MAX = 256,

	DIR_MASK = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
		   IN_DELETE_SELF | IN_MOVE_SELF,
	SELF_MASK = IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB,
};

/* Sets of roles. */
enum {
	PATH = 1 << OBJECT_PATH,
	FINAL = 1 << OBJECT_FINAL,
	CROWD = 1 << OBJECT_CROWD,
	LIST = 1 << OBJECT_LIST,
	SELF = 1 << OBJECT_SELF,
	LOCK = 1 << OBJECT_LOCK,
};

void place_fini(struct place *p)
{
	closep(&p->fd);
}

void walk_note(struct walk *k, int error)
{
	if (k->error == 0 || error == -ENOSPC)
		k->error = error;
}

void walk_note_open(struct walk *k)
{
	if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
		walk_note(k, -errno);
}

uint32_t walk_mask(const struct object *o)
{
	unsigned roles = o->next;

	for (int i = 0; i < OBJECT_ROLE_MAX; i++)
		roles |= o->role[i] ? 1U << i : 0;
	if (!o->dir)
		return SELF_MASK | (roles & LOCK ? IN_CLOSE_NOWRITE : 0);
	return DIR_MASK | (roles & (FINAL | LIST) ? IN_CLOSE_WRITE : 0) |
	       (roles & CROWD ? IN_MODIFY : 0);
}

/* Watches the very object that the place is open on, for more roles. Returns its wd or 0. */
static int watch_object(struct walk *k, const struct place *p, bool dir, unsigned roles)
{
	const struct object probe = {.dir = dir, .next = (uint8_t)roles};
	const uint32_t mask = walk_mask(&probe), flags = dir ? IN_ONLYDIR : 0;
	char path[sizeof("/proc/self/fd/") + 11];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", p->fd);
	int wd = inotify_add_watch(k->inotify, path, mask | flags | IN_MASK_ADD);
	if (wd < 0) {
		walk_note(k, -errno);
		return 0;
	}
	bool known = table_object(k->table, wd);
	struct object *o = table_add_object(k->table, wd);
	if (!o) {
		walk_note(k, -ENOMEM);
		if (!known)
			(void)inotify_rm_watch(k->inotify, wd); /* it has just been made */
		return 0;
	}
	o->many |= known && o->mount_id != p->mount_id;
	o->mount_id = p->mount_id;
	o->dir = dir;
	o->mount = p->mount;
	o->remote = p->remote;
	o->stale = false;
	o->next |= (uint8_t)roles;
	o->mask |= mask;
	if ((o->mask & ~walk_mask(o)) &&
		inotify_add_watch(k->inotify, path, walk_mask(o) | flags) == wd)
		o->mask = walk_mask(o);
	return wd;
}

/* The directory has one more role. */
static void watch_more(struct walk *k, struct place *at, unsigned role)
{
	const struct object *o = table_object(k->table, at->wd);

	if (o && (o->next & role))
		return;
	int wd = watch_object(k, at, true, role);
	if (wd > 0)
		at->wd = wd;
}

static uint8_t name_roles(unsigned use)
{
	return (uint8_t)((use & USE_FILE ? 1U << NAME_FINAL : 0) |
			 (use & (USE_DEEP | USE_LIST | USE_LOCK) ? 1U << NAME_PATH : 0));
}

void place_watch_name(struct walk *k, struct place *at, const char *s, size_t n, unsigned use)
{
	if (at->wd == 0)
		return;
	if (use & USE_FILE)
		watch_more(k, at, FINAL);
	struct name *e = table_add_name(k->table, at->wd, s, n);
	if (!e) {
		walk_note(k, -ENOMEM);
		return;
	}
	e->next |= name_roles(use);
}

/* What a use makes of something that is no directory. */
static unsigned file_roles(unsigned use)
{
	return (use & USE_FILE ? SELF : 0) | (use & USE_LOCK ? LOCK : 0);
}

void place_watch_self(struct walk *k, struct place *at, const struct place *file, unsigned use)
{
	k->child = 0;
	if (at->files++ < FILES_MAX || (use & USE_LOCK))
		k->child = watch_object(k, file, false, file_roles(use));
	else if (at->wd > 0)
		watch_more(k, at, CROWD);
	k->kind = k->child > 0 ? KIND_OBJECT : KIND_OTHER;
}

bool place_enter(struct place *p)
{
	struct statfs sfs;

	p->remote = false;
	if (fstatfs(p->fd, &sfs) < 0)
		return true;
	switch ((uint32_t)sfs.f_type) {
	case PROC_SUPER_MAGIC:
		return false; /* never tells of a change */
	case NFS_SUPER_MAGIC:
	case SMB_SUPER_MAGIC:
	case CIFS_SUPER_MAGIC:
	case SMB2_SUPER_MAGIC:
	case V9FS_MAGIC:
	case AFS_SUPER_MAGIC:
	case AFS_FS_MAGIC:
	case CODA_SUPER_MAGIC:
	case CEPH_SUPER_MAGIC:
	case OCFS2_SUPER_MAGIC:
	case FUSE_SUPER_MAGIC:
		p->remote = true;
	}
	return true;
}

bool place_identify(struct place *p, mode_t *ret_type)
{
	struct statx stx;

	if (statx(p->fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MNT_ID, &stx) <
		0)
		return false;
	p->mount_id = (uint32_t)stx.stx_mnt_id;
	p->major = stx.stx_dev_major;
	p->minor = stx.stx_dev_minor;
	p->mount = stx.stx_attributes & STATX_ATTR_MOUNT_ROOT;
	*ret_type = stx.stx_mode & S_IFMT;
	return true;
}

bool place_open(struct walk *k, struct place *p)
{
	char name[NAME_MAX + 1];
	mode_t type;

	if (p->fd >= 0)
		return true;
	if (!place_open(k, p->above))
		return false;
	memcpy(name, p->name, p->n);
	name[p->n] = '\0';
	p->fd = openat(p->above->fd, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
	if (p->fd < 0) {
		walk_note_open(k);
		return false;
	}
	/* What is found below must be kept for the directory that it is found in. */
	if (!place_identify(p, &type))
		return false;
	p->wd = watch_object(k, p, true, PATH);
	return true;
}

static unsigned dir_roles(unsigned use, bool nameless)
{
	return (use & USE_DEEP ? PATH : 0) | (use & USE_LIST ? LIST : 0) |
	       ((use & USE_FILE) && nameless ? SELF : 0);
}

int place_watch_dir(struct walk *k, const struct place *p, unsigned use, bool nameless)
{
	unsigned roles = dir_roles(use, nameless);

	k->child = roles ? watch_object(k, p, true, roles) : 0;
	k->kind = k->child > 0 ? KIND_OBJECT : roles ? KIND_OTHER : KIND_BARE;
	return k->child;
}

void place_remember(struct walk *k, const struct place *at, const char *s, size_t n)
{
	struct name *e = table_name(k->table, at->wd, s, n);

	if (!e)
		return;
	/* Seen without a need to watch it, it is still what another fact knows. */
	if (k->kind != KIND_BARE || e->stale || e->kind != KIND_OBJECT) {
		e->kind = (uint8_t)k->kind;
		e->child = k->kind == KIND_OBJECT ? k->child : 0;
	}
	e->stale = e->made = false;
}

static bool has_roles(const fact_mask *role, unsigned wanted, fact_mask fact)
{
	for (; wanted; wanted >>= 1, role++) {
		if ((wanted & 1) && !(*role & fact))
			return false;
	}
	return true;
}

/* What the name leads to, when that is known and watched for the use; reached says where to. */
static bool known_object(struct walk *k, struct place *at, const struct name *e, unsigned use,
	struct place *ret, bool *reached)
{
	struct object *o = table_object(k->table, e->child);

	if (!o || o->stale || o->many || (!o->dir && (use & ~(USE_FILE | USE_LOCK))))
		return false;
	unsigned roles = o->dir ? dir_roles(use, o->mount) : file_roles(use);
	if (!has_roles(o->role, roles, (fact_mask)FACT_BIT(k->id)))
		return false;
	o->next |= (uint8_t)roles;
	k->remote |= o->remote;
	at->files += !o->dir;
	*reached = o->dir;
	*ret = (struct place){
		.fd = -1,
		.wd = e->child,
		.depth = at->depth + 1,
		.links = at->links,
		.steps = at->steps + 1,
		.major = UINT_MAX, /* so that whatever is below counts as another file system */
		.mount = o->mount,
		.remote = o->remote,
		.mount_id = o->mount_id,
		.above = at,
	};
	return true;
}

bool place_known(struct walk *k, struct place *at, const char *s, size_t n, unsigned use,
	struct place *ret, bool *reached)
{
	const fact_mask fact = (fact_mask)FACT_BIT(k->id);
	struct object *o = table_object(k->table, at->wd);
	struct name *e = table_name(k->table, at->wd, s, n);

	if (!o || !e || o->stale || o->many || e->stale ||
		!has_roles(e->role, name_roles(use), fact) ||
		!has_roles(o->role, use & USE_FILE ? FINAL : 0, fact) || at->steps >= STEPS_MAX)
		return false;
	*reached = false;
	if (e->kind == KIND_OBJECT) {
		if (!known_object(k, at, e, use, ret, reached))
			return false;
		ret->name = s;
		ret->n = n;
	} else if (e->kind != KIND_MISSING && (e->kind != KIND_BARE || use != USE_FILE)) {
		return false;
	}
	e->next |= name_roles(use);
	o->next |= (uint8_t)(use & USE_FILE ? FINAL : 0);
	return true;
}
