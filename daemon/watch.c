/* SPDX-License-Identifier: ISC */
#include "watch.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/random.h>

#include "watch-table.h"
#include "watch-walk.h"

enum {
	READ_SIZE = 16 * 1024, /* of events at once: a storm must not hold up the loop */
};

struct watch {
	int inotify;
	const struct root *root;
	const struct watch_ops *ops;
	void *arg;
	struct watch_table table;
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

int watch_new(const struct root *root, const struct watch_ops *ops, void *arg, struct watch **ret)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return -EIO;
	_cleanup_(watch_freep) struct watch *w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	*w = (struct watch){.inotify = -1, .root = root, .ops = ops, .arg = arg};
	table_init(&w->table, seed);
	w->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->inotify < 0)
		return -errno;
	*ret = TAKE_PTR(w);
	return 0;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	closep(&w->inotify);
	table_fini(&w->table);
	free(w);
}

int watch_fd(const struct watch *w)
{
	return w->inotify;
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
	const struct name *n = table_name(&w->table, e->wd, e->name, strlen(e->name));
	fact_mask way = n ? n->role[NAME_PATH] : 0, final = n ? n->role[NAME_FINAL] : 0;
	fact_mask list = o->role[OBJECT_LIST];

	if (e->mask & (IN_CREATE | IN_DELETE | IN_MOVED_FROM)) {
		begun(w, b, way | final | list);
		w->stale |= way | final;
	}
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
	if (e->mask & IN_CLOSE_WRITE)
		ended(w, b, final | (list & o->fresh));
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
	if (e->mask & IN_ATTRIB)
		echoed(b, all);
	if (e->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED))
		echoed(b, all);
	if (o->dir || (e->mask & IN_IGNORED))
		w->stale |= all;
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

int watch_read(struct watch *w)
{
	_Alignas(struct inotify_event) char buf[READ_SIZE];
	struct batch b = {0};

	ssize_t n = read(w->inotify, buf, sizeof(buf));
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (char *p = buf; p < buf + n;) {
		const struct inotify_event *e = (const struct inotify_event *)p;
		on_event(w, &b, e);
		p += sizeof(*e) + e->len;
	}
	b.settle &= ~b.now;
	if (b.settle)
		w->ops->dirty(b.settle, WATCH_SETTLE, w->arg);
	if (b.now)
		w->ops->dirty(b.now, WATCH_NOW, w->arg);
	return 0;
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
	sign(deps, signature);
	bool same = memcmp(signature, w->signature[id], sizeof(signature)) == 0;
	if (same && (w->set & ~w->stale & ~w->failed & bit))
		return 0;
	struct walk k = {.inotify = w->inotify, .root = w->root, .table = &w->table};
	walk_deps(&k, deps);
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
