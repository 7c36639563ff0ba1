/* SPDX-License-Identifier: ISC */
#include "watch-walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum {
	LINKS_MAX = 40, /* the kernel's own limit: a longer way cannot be read either */
	/* What a user may make must not use up all watches: components of one path with its
	 * links, and objects in one directory that are watched themselves. */
	STEPS_MAX = 512,
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
};

/* What a path is followed for. */
enum {
	USE_DEEP = 1 << 0, /* to go on below it */
	USE_LIST = 1 << 1,
	USE_FILE = 1 << 2,
};

static void place_fini(struct place *p)
{
	closep(&p->fd);
}

static void note(struct walk *k, int error)
{
	if (k->error == 0 || error == -ENOSPC)
		k->error = error;
}

uint32_t walk_mask(const struct object *o)
{
	unsigned roles = o->next;

	if (!o->dir)
		return SELF_MASK;
	for (int i = 0; i < OBJECT_ROLE_MAX; i++)
		roles |= o->role[i] ? 1U << i : 0;
	return DIR_MASK | (roles & (FINAL | LIST) ? IN_CLOSE_WRITE : 0) |
	       (roles & CROWD ? IN_MODIFY : 0);
}

/* Watches the very object that fd refers to, for more roles. Returns its wd or 0. */
static int watch_object(struct walk *k, int fd, bool dir, unsigned roles)
{
	const struct object probe = {.dir = dir, .next = (uint8_t)roles};
	const uint32_t mask = walk_mask(&probe), flags = dir ? IN_ONLYDIR : 0;
	char path[sizeof("/proc/self/fd/") + 11];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int wd = inotify_add_watch(k->inotify, path, mask | flags | IN_MASK_ADD);
	if (wd < 0) {
		note(k, -errno);
		return 0;
	}
	bool known = table_object(k->table, wd);
	struct object *o = table_add_object(k->table, wd);
	if (!o) {
		note(k, -ENOMEM);
		if (!known)
			(void)inotify_rm_watch(k->inotify, wd); /* it has just been made */
		return 0;
	}
	o->dir = dir;
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
	int wd = watch_object(k, at->fd, true, role);
	if (wd > 0)
		at->wd = wd;
}

/* The name in the directory at matters from now on. */
static void watch_name(struct walk *k, struct place *at, const char *s, size_t n, unsigned use)
{
	if (at->wd == 0)
		return;
	if (use & USE_FILE)
		watch_more(k, at, FINAL);
	struct name *e = table_add_name(k->table, at->wd, s, n);
	if (!e) {
		note(k, -ENOMEM);
		return;
	}
	if (use & USE_FILE)
		e->next |= 1U << NAME_FINAL;
	if (use & (USE_DEEP | USE_LIST))
		e->next |= 1U << NAME_PATH;
}

/* What is looked at in the directory at, and is no directory. */
static void watch_self(struct walk *k, struct place *at, int fd)
{
	if (at->files++ < FILES_MAX)
		(void)watch_object(k, fd, false, SELF); /* a failure is noted in k */
	else if (at->wd > 0)
		watch_more(k, at, CROWD);
}

/* Whether it is worth going on into the file system that begins here. */
static bool enter_file_system(struct walk *k, int fd)
{
	struct statfs sfs;

	if (fstatfs(fd, &sfs) < 0)
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
		k->remote = true;
	}
	return true;
}

static bool follow(struct walk *k, struct place *at, int link, unsigned use, struct place *ret);

/* Watches a directory for its uses; where the way to it ends in no name, itself as well. */
static int watch_dir(struct walk *k, int fd, unsigned use, bool nameless)
{
	unsigned roles = (use & USE_DEEP ? PATH : 0) | (use & USE_LIST ? LIST : 0) |
			 ((use & USE_FILE) && nameless ? SELF : 0);

	return roles ? watch_object(k, fd, true, roles) : 0;
}

static bool arrive(struct walk *k, struct place *at, int fd, unsigned use, struct place *ret)
{
	_cleanup_(place_fini) struct place to = *at;
	struct statx stx;

	to.fd = fd;
	to.depth++;
	to.steps++;
	to.files = 0;
	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &stx) < 0)
		return false;
	to.major = stx.stx_dev_major;
	to.minor = stx.stx_dev_minor;
	if (S_ISLNK(stx.stx_mode))
		return follow(k, at, fd, use, ret);
	if ((to.major != at->major || to.minor != at->minor) && !enter_file_system(k, fd))
		return false;
	if (!S_ISDIR(stx.stx_mode)) {
		if (use & USE_FILE)
			watch_self(k, at, fd);
		return false;
	}
	/* The parent of a mount's root is not told when its mode changes. */
	to.wd = watch_dir(k, fd, use, stx.stx_attributes & STATX_ATTR_MOUNT_ROOT);
	*ret = to;
	to.fd = -1;
	return true;
}

/* The same directory again, in a descriptor of its own. */
static bool stay(struct walk *k, const struct place *at, unsigned use, struct place *ret)
{
	struct place to = *at;

	to.steps++;
	to.fd = fcntl(at->fd, F_DUPFD_CLOEXEC, 3);
	if (to.fd < 0) {
		note(k, -errno);
		return false;
	}
	to.wd = watch_dir(k, to.fd, use, true);
	*ret = to;
	return true;
}

static bool step_up(struct walk *k, const struct place *at, unsigned use, struct place *ret)
{
	if (k->bounded && at->depth <= k->floor)
		return false;
	if (at->depth == 0)
		return stay(k, at, use, ret);
	_cleanup_close_ int fd = openat(at->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	struct place to = *at;
	to.fd = fd;
	to.depth--;
	return stay(k, &to, use, ret);
}

/*
 * One component: the name matters from now on, and what it is is watched for
 * the use. True when that is a directory, in ret, which the caller closes.
 */
static bool step(
	struct walk *k, struct place *at, const char *s, size_t n, unsigned use, struct place *ret)
{
	char name[NAME_MAX + 1];

	if (at->steps >= STEPS_MAX) {
		note(k, -ELOOP);
		return false;
	}
	if (n == 2 && s[0] == '.' && s[1] == '.')
		return step_up(k, at, use, ret);
	if (n > NAME_MAX)
		return false; /* no such name can come to be */
	memcpy(name, s, n);
	name[n] = '\0';
	watch_name(k, at, name, n, use);
	int fd = openat(at->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		/* Anything else is what the reader meets as well, until a watched name changes. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			note(k, -errno);
		return false;
	}
	if (!arrive(k, at, fd, use, ret))
		return false;
	struct name *e = table_name(k->table, at->wd, name, n);
	if (e && ret->wd > 0)
		e->child = ret->wd;
	return true;
}

/* Skips what leads nowhere: slashes and ".". */
static const char *next_component(const char *s, size_t *n)
{
	do {
		s += strspn(s, "/");
		*n = strcspn(s, "/");
	} while (*n == 1 && s[0] == '.' && (s += 1));
	return s;
}

static bool follow_text(
	struct walk *k, const struct place *from, const char *s, unsigned use, struct place *ret)
{
	_cleanup_(place_fini) struct place own = {.fd = -1};
	struct place at = *from, to;
	size_t n;

	s = next_component(s, &n);
	if (n == 0)
		return stay(k, &at, use, ret);
	for (;;) {
		size_t n_after;
		const char *after = next_component(s + n, &n_after);
		if (n_after == 0)
			return step(k, &at, s, n, use, ret);
		if (!step(k, &at, s, n, USE_DEEP, &to))
			return false;
		place_fini(&own);
		at = own = to;
		s = after;
		n = n_after;
	}
}

static bool follow(struct walk *k, struct place *at, int link, unsigned use, struct place *ret)
{
	_cleanup_free_ char *target = malloc(PATH_MAX);
	struct place from = *at;

	if (!target) {
		note(k, -ENOMEM);
		return false;
	}
	ssize_t n = readlinkat(link, "", target, PATH_MAX - 1);
	if (n < 0 || from.links++ >= LINKS_MAX)
		return false;
	target[n] = '\0';
	from.steps++;
	if (target[0] == '/') {
		if (k->bounded)
			return false; /* the reader did not follow it either */
		struct place top = k->top;
		top.links = from.links;
		top.steps = from.steps;
		from = top;
	}
	return follow_text(k, &from, target, use, ret);
}

/* The part of the dep that bounds the component at off; 0 when nothing does. */
static unsigned bound_at(const struct dep *d, size_t off)
{
	return d->beneath > 0 && off >= d->beneath ? d->beneath : 0;
}

static unsigned use_of(unsigned kinds)
{
	return (kinds & DEP_FILE ? USE_FILE : 0) | (kinds & DEP_DIR ? USE_LIST : 0);
}

/* Whether the deps have the component of n bytes at off in common, bounded alike. */
static bool same_way(const struct dep *a, const struct dep *b, size_t off, size_t n)
{
	const char *s = a->path + off + 1, *t = b->path + off + 1;

	return strncmp(s, t, n) == 0 && (t[n] == '/' || t[n] == '\0') &&
	       bound_at(a, off) == bound_at(b, off);
}

/* Deps from lo to hi have the first off bytes in common, which led to at. */
static void walk_group(
	struct walk *k, struct place *at, const struct dep *lo, const struct dep *hi, size_t off)
{
	const unsigned was_floor = k->floor;
	const bool was_bounded = k->bounded;

	/* Sorted by bytes, "a-b" may stand between "a" and "a/c": then a is walked twice. */
	for (const struct dep *d = lo, *end; d < hi; d = end) {
		const char *s = d->path + off + 1;
		size_t n = strcspn(s, "/");
		const struct dep *below = s[n] ? d : d + 1;
		unsigned use = s[n] ? 0 : use_of(d->kinds);
		struct place to;

		for (end = d + 1; end < hi && same_way(d, end, off, n); end++)
			;
		if (below < end)
			use |= USE_DEEP;
		k->bounded = bound_at(d, off) > 0;
		if (d->beneath == off)
			k->floor = at->depth;
		if (step(k, at, s, n, use, &to)) {
			walk_group(k, &to, below, end, off + 1 + n);
			place_fini(&to);
		}
		k->bounded = was_bounded;
		k->floor = was_floor;
	}
}

void walk_deps(struct walk *k, const struct deps *deps)
{
	_cleanup_(place_fini) struct place top = {.fd = -1};
	struct statx stx;

	if (deps->n == 0)
		return;
	const struct dep *d = deps->v, *end = deps->v + deps->n;
	top.fd = openat(k->root->fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top.fd < 0 ||
		statx(top.fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &stx) < 0) {
		note(k, -errno);
		return;
	}
	top.major = stx.stx_dev_major;
	top.minor = stx.stx_dev_minor;
	(void)enter_file_system(k, top.fd); /* whatever it is, it is the root */
	bool itself = strcmp(d->path, "/") == 0;
	top.wd = watch_dir(k, top.fd, USE_DEEP | (itself ? use_of(d->kinds) : 0), true);
	k->top = top;
	walk_group(k, &top, itself ? d + 1 : d, end, 0);
}
