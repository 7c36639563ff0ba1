/* SPDX-License-Identifier: ISC */
#include "base/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct queued {
	const char *rel, *name; /* name: last component, of base for the first */
	unsigned depth;
};

struct walking {
	struct root root; /* without deps */
	const char *base;
	struct walk *w;
	struct arena *arena;
	struct queued *queue;
	size_t n, at;
};

uint64_t walk_now_usec(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

static bool is_late(const struct walk *w)
{
	return walk_now_usec() >= w->deadline_monotonic_usec;
}

static int enqueue(struct walking *k, const char *rel, const char *name, unsigned depth)
{
	struct queued *q = arena_grow(k->arena, &k->queue, k->n, sizeof(*q));

	if (!q)
		return -ENOMEM;
	char *copy = arena_strdup(k->arena, rel);
	if (!copy)
		return -ENOMEM;
	const char *slash = strrchr(copy, '/');
	*q = (struct queued){copy, name ? name : slash ? slash + 1 : copy, depth};
	k->n++;
	return 0;
}

/* Some file systems tell no types in a listing. */
static unsigned char type_of(int fd, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type;
	if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return DT_UNKNOWN;
	return S_ISDIR(st.st_mode)   ? DT_DIR
	       : S_ISREG(st.st_mode) ? DT_REG
	       : S_ISLNK(st.st_mode) ? DT_LNK
				     : DT_UNKNOWN;
}

static int take_entry(
	struct walking *k, const struct queued *q, const char *name, unsigned char type)
{
	_cleanup_free_ char *rel = NULL;
	bool top = strcmp(q->rel, ".") == 0;

	if (type != DT_DIR && type != DT_REG && type != DT_LNK)
		return 0;
	if (type == DT_DIR && (q->depth >= k->w->depth || !k->w->enter(q->name, name, k->w->arg)))
		return 0;
	if (asprintf(&rel, "%s%s%s", top ? "" : q->rel, top ? "" : "/", name) < 0) {
		rel = NULL;
		return -ENOMEM;
	}
	if (type == DT_DIR)
		return enqueue(k, rel, NULL, q->depth + 1);
	return k->w->file(rel, q->name, name, k->w->arg);
}

/* 0, 1 when a limit was reached, -errno. */
static int read_names(struct walking *k, const struct queued *q, DIR *dir)
{
	for (;;) {
		errno = 0;
		const struct dirent *e = readdir(dir);
		if (!e)
			return errno ? k->w->unread(q->rel, -errno, k->w->arg) : 0;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		/* At each name: what is done with one may take long. */
		if (k->w->entries_left == 0 || is_late(k->w))
			return 1;
		k->w->entries_left--;
		int r = take_entry(k, q, e->d_name, type_of(dirfd(dir), e));
		if (r < 0)
			return r;
	}
}

/* An open directory of the tree, or -errno; -EXDEV when something is mounted there. */
static int open_directory(const struct walking *k, const struct queued *q)
{
	_cleanup_close_ int path = root_open_path_in_mount(&k->root, k->base, q->rel);

	if (path < 0)
		return path;
	int fd = openat(path, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int walk_directory(struct walking *k, const struct queued *q)
{
	int fd = open_directory(k, q);

	if (fd == -EXDEV)
		return 0;
	if (fd < 0 && q->depth == 0)
		return fd;
	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0; /* removed meanwhile */
	if (fd < 0)
		return k->w->unread(q->rel, fd, k->w->arg);
	DIR *dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd); /* read-only */
		return -ENOMEM;
	}
	int r = read_names(k, q, dir);
	(void)closedir(dir); /* read-only */
	return r;
}

int root_walk(const struct root *r, const char *base, struct walk *w)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct walking k = {.root = *r, .base = base, .w = w, .arena = arena};
	const char *slash = strrchr(base, '/');

	k.root.deps = NULL;
	if (!arena)
		return -ENOMEM;
	int result = enqueue(&k, ".", slash ? slash + 1 : base, 0);
	for (k.at = 0; k.at < k.n && result == 0; k.at++) {
		const struct queued q = k.queue[k.at]; /* the queue may move */
		result = is_late(w) ? 1 : walk_directory(&k, &q);
	}
	return result;
}
