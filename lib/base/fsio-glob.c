/* SPDX-License-Identifier: ISC */
/* Patterns of file names within a root. */
#include "base/fsio.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

struct glob {
	const struct root *root;
	struct arena *arena;
	char **paths;
	size_t n, max;
};

struct glob_level {
	struct glob *g;
	const char *dir, *rest; /* rest: what follows this component in the pattern */
	char *part;             /* this component's pattern */
	bool matched;
};

static int glob_walk(struct glob *g, const char *dir, const char *pattern);

static int glob_found(struct glob *g, const char *path)
{
	if (g->n >= g->max)
		return -EFBIG;
	char **slot = arena_grow(g->arena, &g->paths, g->n, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = arena_strdup(g->arena, path);
	if (!*slot)
		return -ENOMEM;
	g->n++;
	return 0;
}

static int glob_entry(const char *name, void *arg)
{
	struct glob_level *level = arg;

	/* FNM_PERIOD: like glob(3), a leading dot is matched by a dot only. */
	if (fnmatch(level->part, name, FNM_PERIOD) != 0)
		return 0;
	char *path = arena_printf(level->g->arena, "%s/%s", level->dir, name);
	if (!path)
		return -ENOMEM;
	if (*level->rest)
		return glob_walk(level->g, path, level->rest);
	return glob_found(level->g, path);
}

/* dir is "" for the root; pattern is what is left below it. */
static int glob_walk(struct glob *g, const char *dir, const char *pattern)
{
	pattern += strspn(pattern, "/");
	size_t len = strcspn(pattern, "/");
	struct glob_level level = {.g = g, .dir = dir, .rest = pattern + len};

	level.rest += strspn(level.rest, "/");
	level.part = arena_strndup(g->arena, pattern, len);
	if (!level.part)
		return -ENOMEM;
	if (strpbrk(level.part, "*?[\\")) {
		int r = root_list(g->root, *dir ? dir : "/", 65536, glob_entry, &level);
		return r == -ENOENT || r == -ENOTDIR ? 0 : r;
	}
	char *path = arena_printf(g->arena, "%s/%s", dir, level.part);
	if (!path)
		return -ENOMEM;
	if (*level.rest)
		return glob_walk(g, path, level.rest);
	struct stat st;
	int r = root_lstat(g->root, path, &st);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	return r < 0 ? r : glob_found(g, path);
}

static int path_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int root_glob(const struct root *r, struct arena *a, const char *pattern, size_t max,
	char ***ret, size_t *ret_n)
{
	struct glob g = {.root = r, .arena = a, .max = max};

	int err = glob_walk(&g, "", pattern);
	if (err < 0)
		return err;
	if (g.n > 1)
		qsort(g.paths, g.n, sizeof(*g.paths), path_compare);
	*ret = g.paths;
	*ret_n = g.n;
	return 0;
}
