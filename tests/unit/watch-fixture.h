/* SPDX-License-Identifier: ISC */
/*
 * An inotify source on a private root, and what it told. The kernel queues an
 * event before the call that caused it returns: nothing here waits.
 */
#pragma once

#include <poll.h>

#include "watch-script.h"
#include "watch.h"

#define FACT  FACT_SSHD
#define OTHER FACT_ACCOUNTS

enum told {
	QUIET,
	SETTLE,
	NOW,
};

struct fixture {
	struct test_root t;
	struct watch *w;
	struct arena *arena;
	struct deps deps;
	uint64_t now, settle;
	unsigned overflows;
};

static inline void on_dirty(uint64_t mask, enum watch_urgency urgency, void *arg)
{
	struct fixture *f = arg;

	*(urgency == WATCH_NOW ? &f->now : &f->settle) |= mask;
	/* The last word counts, as it does for the scheduler. */
	*(urgency == WATCH_NOW ? &f->settle : &f->now) &= ~mask;
}

static inline void on_overflow(void *arg)
{
	struct fixture *f = arg;

	f->overflows++;
}

static const struct watch_ops ops = {.dirty = on_dirty, .overflow = on_overflow};

static inline void deps_start(struct fixture *f)
{
	arena_free(f->arena);
	f->arena = arena_new();
	deps_init(&f->deps, f->arena);
}

static inline void fixture_init(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	test_root_init(&f->t);
	assert_int_equal(watch_new(&f->t.root, &ops, f, &f->w), 0);
	deps_start(f);
}

static inline void fixture_fini(struct fixture *f)
{
	watch_free(f->w);
	test_root_fini(&f->t);
	arena_free(f->arena);
}

static inline bool readable(const struct fixture *f)
{
	struct pollfd p = {.fd = watch_fd(f->w), .events = POLLIN};

	return poll(&p, 1, 0) > 0;
}

/* Everything that happened until now: nothing of it is told later. */
static inline enum told drain(struct fixture *f, enum fact_id id)
{
	while (readable(f))
		assert_int_equal(watch_read(f->w), 0);
	enum told told = f->now & FACT_BIT(id) ? NOW : f->settle & FACT_BIT(id) ? SETTLE : QUIET;
	f->now &= ~FACT_BIT(id);
	f->settle &= ~FACT_BIT(id);
	return told;
}

/* Sets the deps until nothing was missed; that is at once when the machine is still. */
static inline void arm(struct fixture *f, enum fact_id id)
{
	assert_in_range(watch_set(f->w, id, &f->deps), 0, 1);
	assert_int_equal(watch_set(f->w, id, &f->deps), 0);
	(void)drain(f, id);
	assert_int_equal(watch_set(f->w, id, &f->deps), 0);
}

/* A dep: "/path" read, "/dir/" listed, "!/path" a lock, "/base|rel" read beneath base. */
static inline void add_dep(struct fixture *f, const char *word)
{
	char base[256];
	size_t n = strlen(word), bar = strcspn(word, "|");
	enum dep_kind kind = n > 1 && word[n - 1] == '/' ? DEP_DIR : DEP_FILE;

	if (!word[bar]) {
		bool lock = word[0] == '!';
		deps_add(&f->deps, word + lock, lock ? DEP_LOCK : kind);
		return;
	}
	(void)snprintf(base, sizeof(base), "%.*s", (int)bar, word);
	deps_add_beneath(&f->deps, base, word + bar + 1, kind);
}

static inline void add_deps(struct fixture *f, const char *words)
{
	_cleanup_free_ char *copy = strdup(words);
	char *save = NULL;

	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		add_dep(f, w);
	deps_seal(&f->deps);
}
