/* SPDX-License-Identifier: ISC */
/*
 * The inotify source: watches what facts were read from and says which facts
 * may have changed. One inotify instance for everything. Knows paths and facts'
 * numbers; reads no file, interprets nothing.
 *
 * A path is watched by a directory watch on each of its components and on
 * those of every symbolic link's target on the way, since a file's own watch
 * dies at rename-over and a directory's goes blind when it is replaced. Where a
 * component is missing the watch ends at the deepest directory there is. What
 * the path leads to is watched itself as well, since its directory is not told
 * what is done through another hard link. Links are followed as the reader
 * followed them: not out of the directory that a dep was to stay beneath.
 *
 * What inotify cannot tell at all: writing through a shared memory mapping,
 * changes in /proc and /sys that no process writes there, and what others do to
 * a remote file system (then the fact is in watch_blind()).
 *
 * No libevent here: the caller polls watch_fd() and calls watch_read().
 */
#pragma once

#include "fact/fact.h"

struct watch;

enum watch_urgency {
	WATCH_NOW,    /* a complete change: closed after writing, renamed into place */
	WATCH_SETTLE, /* perhaps half of one: just created, removed, renamed away, still open */
};

struct watch_ops {
	/* The facts in mask may have changed. */
	void (*dirty)(uint64_t mask, enum watch_urgency urgency, void *arg);
	/* The queue overflowed: every watched fact may have changed. */
	void (*overflow)(void *arg);
};

/* A new source on the root. ops and arg are kept. 0 or -errno of inotify_init1(2). */
int watch_new(const struct root *root, const struct watch_ops *ops, void *arg, struct watch **ret);
void watch_free(struct watch *w);
DEFINE_FREEP(struct watch *, watch_free)

/* To be polled for reading; never blocks. */
int watch_fd(const struct watch *w);

/* Reads a bounded number of events and calls ops; more may be left. 0 or -errno. */
int watch_read(struct watch *w);

/*
 * Watches the deps (sealed) instead of those that were given for this fact
 * before. Returns 1 when a watch had to be added or a path walked to another
 * place, so that a change may have been missed and the fact is to be read again;
 * 0 when everything was watched already; -errno when something could not be
 * watched (-ENOSPC: fs.inotify.max_user_watches; -ENOMEM, -EMFILE; -EACCES: a
 * directory that may be passed but not read; -ELOOP: more than 512 components).
 * Then what could be watched is, and the fact is in watch_blind() until a later
 * call succeeds.
 *
 * Cheap when the deps are those given before and no name on their way changed.
 * To be called with the new deps after a fact was read; and, so that this finds
 * nothing new and one reading is enough, with the old deps just before.
 */
int watch_set(struct watch *w, enum fact_id id, const struct deps *deps);

/* The facts that are not watched completely: the last watch_set() failed, or see above. */
uint64_t watch_blind(const struct watch *w);

/* Figures for status and tests. */
struct watch_stats {
	uint64_t events, overflows;
	uint64_t walks; /* calls of watch_set() that had to look at the file system */
	size_t watches;
};
void watch_get_stats(const struct watch *w, struct watch_stats *ret);
