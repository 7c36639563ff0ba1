/* SPDX-License-Identifier: ISC */
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <nettle/sha2.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/random.h>

#include "mounts.h"
#include "watch-table.h"
#include "watch-walk.h"

enum {
	READ_SIZE = 16 * 1024, /* of events at once: a storm must not hold up the loop */
};

enum {
	ON_INOTIFY,
	ON_MOUNTS,
};

struct watch {
	int epoll; /* of the two below */
	int inotify;
	int mountinfo;
	int mount_poll;	      /* the same file, to ask whether it changed since we last asked */
	struct mounts mounts; /* as last read */
	bool unsure;	      /* facts may have been read while it was otherwise */
	const struct root *root;
	const struct watch_ops *ops;
	void *arg;
	struct watch_table table;
	int top_wd;	 /* of the root */
	uint64_t set;	 /* facts that are watched */
	uint64_t stale;	 /* their way may lead elsewhere now: to be walked again */
	uint64_t failed; /* the last walk met an error */
	uint64_t remote; /* it came to a file system that does not tell everything */
	uint64_t open;	 /* a change has begun since the last one ended */
	uint8_t signature[FACT_MAX][SHA256_DIGEST_SIZE]; /* of the deps */
	struct watch_stats stats;
};

/* What one read of events comes to. */
struct batch {
	uint64_t now, settle;
};

static int open_sources(struct watch *w)
{
	struct epoll_event on_inotify = {.events = EPOLLIN, .data.u32 = ON_INOTIFY}, ready[2];
	/*
	 * The table is always readable; a change of it is an edge. Not EPOLLPRI: the
	 * kernel takes that back as soon as anybody has looked, and an outer epoll
	 * looks before we do.
	 */
	struct epoll_event on_mounts = {.events = EPOLLIN | EPOLLET, .data.u32 = ON_MOUNTS};

	w->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->inotify < 0)
		return -errno;
	w->mountinfo = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	w->mount_poll = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (w->mountinfo < 0 || w->mount_poll < 0)
		return -errno;
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (w->epoll < 0 || epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->inotify, &on_inotify) < 0 ||
		epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->mountinfo, &on_mounts) < 0 ||
		epoll_wait(w->epoll, ready, ARRAY_SIZE(ready), 0) < 0)
		return -errno;
	return mounts_read(w->mountinfo, &w->mounts);
}

int watch_new(const struct root *root, const struct watch_ops *ops, void *arg, struct watch **ret)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return -EIO;
	_cleanup_(watch_freep) struct watch *w = malloc(sizeof(*w));
	if (!w)
		return -ENOMEM;
	*w = (struct watch){.root = root, .ops = ops, .arg = arg};
	w->epoll = w->inotify = w->mountinfo = w->mount_poll = -1;
	table_init(&w->table, seed);
	int r = open_sources(w);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(w);
	return 0;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	closep(&w->epoll);
	closep(&w->inotify);
	closep(&w->mountinfo);
	closep(&w->mount_poll);
	mounts_fini(&w->mounts);
	table_fini(&w->table);
	free(w);
}

int watch_fd(const struct watch *w)
{
	return w->epoll;
}

/* A change that is complete: what began before it has ended. */
static void ended(struct watch *w, struct batch *b, uint64_t facts)
{
	b->now |= facts;
	w->open &= ~facts;
}

/* A change that may be half of one, even after one that ended. */
static void begun(struct watch *w, struct batch *b, uint64_t facts)
{
	b->now &= ~facts;
	b->settle |= facts;
	w->open |= facts;
}

/* A change of metadata: complete in itself, but perhaps a part of one that has begun. */
static void touched(struct watch *w, struct batch *b, uint64_t facts)
{
	b->now |= facts & ~w->open;
	b->settle |= facts & w->open;
}

/* An echo: the same change was told, or will be, by its name in the directory. */
static void echoed(struct batch *b, uint64_t facts)
{
	b->settle |= facts;
}

static void on_name(
	struct watch *w, struct batch *b, struct object *o, const struct inotify_event *e)
{
	struct name *n = table_name(&w->table, e->wd, e->name, strlen(e->name));
	fact_mask way = n ? n->role[NAME_PATH] : 0, final = n ? n->role[NAME_FINAL] : 0;
	fact_mask list = o->role[OBJECT_LIST];

	if (n && (e->mask & (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB)))
		n->stale = true;
	if (e->mask & (IN_CREATE | IN_DELETE | IN_MOVED_FROM)) {
		begun(w, b, way | final | list);
		w->stale |= way | final;
	}
	if (n && (e->mask & (IN_CREATE | IN_MOVED_TO)))
		n->made = (e->mask & IN_CREATE) != 0;
	if (e->mask & IN_CREATE) {
		o->fresh |= list;
		w->stale |= list; /* for the next walk to take fresh back */
	}
	if (e->mask & IN_MOVED_TO) {
		ended(w, b, way | final | list);
		w->stale |= way | final;
	}
	if (e->mask & IN_MODIFY)
		begun(w, b, final);
	/* What was just made has its mode and owner still to come: echo > file; chmod 440 file. */
	if (e->mask & IN_CLOSE_WRITE) {
		fact_mask made = (n && n->made ? final : 0) | (list & o->fresh);
		ended(w, b, final & ~made);
		begun(w, b, made);
	}
	if (e->mask & IN_ATTRIB) {
		touched(w, b, way | final);
		w->stale |= way; /* it may have become possible to go on */
	}
}

static void on_itself(
	struct watch *w, struct batch *b, struct object *o, const struct inotify_event *e)
{
	fact_mask all = object_facts(o), self = o->role[OBJECT_SELF];

	if (e->mask & IN_MODIFY)
		begun(w, b, self);
	if (e->mask & IN_CLOSE_WRITE)
		ended(w, b, self);
	/* One call of a script of many: the rest of it may be to come. */
	if (e->mask & (IN_CLOSE_NOWRITE | IN_CLOSE_WRITE))
		echoed(b, o->role[OBJECT_LOCK]);
	if (e->mask & IN_ATTRIB)
		echoed(b, all);
	if (e->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED))
		echoed(b, all);
	if (o->dir || (e->mask & IN_IGNORED)) {
		w->stale |= all;
		o->stale = true;
	}
	if (e->mask & IN_IGNORED) {
		/* The watch is gone; so are its names, when their facts are walked again. */
		memset(o->role, 0, sizeof(o->role));
		o->mask = 0;
	}
}

static void on_event(struct watch *w, struct batch *b, const struct inotify_event *e)
{
	w->stats.events++;
	if (e->mask & IN_Q_OVERFLOW) {
		w->stats.overflows++;
		w->stale |= w->set;
		table_stale(&w->table);
		w->ops->overflow(w->arg);
		return;
	}
	struct object *o = table_object(&w->table, e->wd);
	if (!o)
		return; /* of a watch that was taken back in the meantime */
	if (e->len > 0)
		on_name(w, b, o, e);
	else
		on_itself(w, b, o, e);
}

static int read_events(struct watch *w, struct batch *b)
{
	_Alignas(struct inotify_event) char buf[READ_SIZE];

	ssize_t n = read(w->inotify, buf, sizeof(buf));
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (char *p = buf; p < buf + n;) {
		const struct inotify_event *e = (const struct inotify_event *)p;
		on_event(w, b, e);
		p += sizeof(*e) + e->len;
	}
	return 0;
}

struct mount_batch {
	struct watch *w;
	struct batch *b;
	char root[PATH_MAX]; /* where the root is mounted, without a last slash */
};

static void lead_elsewhere(struct mount_batch *m, uint64_t facts)
{
	begun(m->w, m->b, facts);
	m->w->stale |= facts;
}

/* Where it was is not known, as what lies above it may have been renamed since. */
static void on_unmount(struct mount_batch *m, uint32_t id)
{
	for (uint32_t i = 0; i < m->w->table.n_objects; i++) {
		struct object *o = &m->w->table.objects[i];
		if (o->mount_id != id && !o->many)
			continue;
		o->stale = true;
		lead_elsewhere(m, object_facts(o));
	}
}

/* Something lies on this path now: who goes that way goes elsewhere. */
static void on_mount(struct mount_batch *m, const char *path)
{
	struct watch_table *t = &m->w->table;
	const size_t n_root = strlen(m->root);
	int wd = m->w->top_wd;

	if (strncmp(path, m->root, n_root) != 0 || path[n_root] != '/')
		return;
	for (const char *s = path + n_root; *(s += strspn(s, "/"));) {
		size_t n = strcspn(s, "/");
		const struct object *o = table_object(t, wd);
		struct name *name = table_name(t, wd, s, n);
		if (!name || (s[n] && !name->role[NAME_PATH]))
			return; /* nobody goes there */
		bool lost = !o || o->many || name->stale;
		s += n;
		if (lost || !*s || name->kind != KIND_OBJECT) {
			name->stale = true;
			lead_elsewhere(m, name->role[NAME_PATH] | name->role[NAME_FINAL]);
			if (*s)
				table_stale(t); /* we do not know the way on from here */
			return;
		}
		wd = name->child;
	}
}

static void on_mount_change(const struct mount_change *c, void *arg)
{
	struct mount_batch *m = arg;

	if (c->gone)
		on_unmount(m, c->id);
	else
		on_mount(m, c->path);
}

static bool mounts_moved(const struct watch *w)
{
	struct pollfd p = {.fd = w->mount_poll, .events = POLLPRI};

	return poll(&p, 1, 0) != 0;
}

/* Nothing that is known of the file system is certain any more. */
static void doubt_all(struct watch *w, struct batch *b)
{
	begun(w, b, w->set);
	w->stale |= w->set;
	table_stale(&w->table);
}

static int read_mounts(struct watch *w, struct batch *b)
{
	struct mount_batch m = {.w = w, .b = b};
	int queued = 0;
	struct mounts now;
	char link[32];

	(void)mounts_moved(w); /* what moves from here on is in the table or told again */
	/* A table that is as it was may have been otherwise when a fact was read. */
	if (w->unsure)
		doubt_all(w, b);
	w->unsure = false;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", w->root->fd);
	ssize_t n = readlink(link, m.root, sizeof(m.root) - 1);
	int r = n < 0 ? -errno : mounts_read(w->mountinfo, &now);
	if (r < 0) {
		doubt_all(w, b); /* it will not be told again, and may have been anywhere */
		return r;
	}
	m.root[n > 1 ? n : 0] = '\0';
	/* Paths in the table of mounts are newer than what is known while events wait. */
	if (ioctl(w->inotify, FIONREAD, &queued) < 0 || queued > 0)
		table_stale(&w->table);
	mounts_diff(&w->mounts, &now, on_mount_change, &m);
	mounts_fini(&w->mounts);
	w->mounts = now;
	return 0;
}

int watch_read(struct watch *w)
{
	struct epoll_event ready[2];
	struct batch b = {0};
	int r = 0;

	int n = epoll_wait(w->epoll, ready, ARRAY_SIZE(ready), 0);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		int err = ready[i].data.u32 == ON_MOUNTS ? read_mounts(w, &b) : read_events(w, &b);
		r = MIN(r, err);
	}
	b.settle &= ~b.now;
	if (b.settle)
		w->ops->dirty(b.settle, WATCH_SETTLE, w->arg);
	if (b.now)
		w->ops->dirty(b.now, WATCH_NOW, w->arg);
	return r;
}

static void sign(const struct deps *deps, uint8_t ret[static SHA256_DIGEST_SIZE])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	for (size_t i = 0; i < deps->n; i++) {
		const struct dep *d = &deps->v[i];
		const unsigned numbers[] = {d->kinds, d->beneath};
		sha256_update(&ctx, strlen(d->path) + 1, (const uint8_t *)d->path);
		sha256_update(&ctx, sizeof(numbers), (const uint8_t *)numbers);
	}
	sha256_digest(&ctx, SHA256_DIGEST_SIZE, ret);
}

static void dropped(int wd, void *arg)
{
	const struct watch *w = arg;

	(void)inotify_rm_watch(w->inotify, wd); /* the kernel may have been first */
}

static uint64_t with(uint64_t mask, uint64_t bit, bool on)
{
	return on ? mask | bit : mask & ~bit;
}

int watch_set(struct watch *w, enum fact_id id, const struct deps *deps)
{
	const uint64_t bit = FACT_BIT(id);
	uint8_t signature[SHA256_DIGEST_SIZE];

	w->open &= ~bit;
	w->unsure |= mounts_moved(w);
	sign(deps, signature);
	bool same = memcmp(signature, w->signature[id], sizeof(signature)) == 0;
	if (same && (w->set & ~w->stale & ~w->failed & bit))
		return 0;
	w->stats.walks++;
	struct walk k = {.inotify = w->inotify, .root = w->root, .table = &w->table, .id = id};
	walk_deps(&k, deps);
	if (k.top.wd > 0)
		w->top_wd = k.top.wd;
	/* What was watched before makes room when watches are short, but not memory. */
	bool keep = k.error < 0 && k.error != -ENOSPC;
	struct commit c = table_commit(&w->table, id, keep, walk_mask, dropped, w);
	memcpy(w->signature[id], signature, sizeof(signature));
	w->set |= bit;
	w->stale = (w->stale & ~bit) | c.loose;
	w->failed = with(w->failed, bit, k.error < 0);
	w->remote = with(w->remote, bit, k.remote);
	return k.error < 0 ? k.error : c.gained;
}

uint64_t watch_blind(const struct watch *w)
{
	return w->failed | w->remote;
}

void watch_get_stats(const struct watch *w, struct watch_stats *ret)
{
	*ret = w->stats;
	ret->watches = w->table.n_objects;
}
