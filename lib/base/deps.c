/* SPDX-License-Identifier: ISC */
#include "base/deps.h"

#include <stdlib.h>
#include <string.h>

void deps_init(struct deps *d, struct arena *a)
{
	*d = (struct deps){.arena = a};
}

/* "/a//b/./c/../d/" becomes "/a/b/c/../d". */
static size_t path_append(char *out, size_t len, const char *path)
{
	for (const char *p = path; *p;) {
		p += strspn(p, "/");
		size_t part = strcspn(p, "/");
		if (part > 0 && !(part == 1 && p[0] == '.')) {
			out[len++] = '/';
			memcpy(out + len, p, part);
			len += part;
		}
		p += part;
	}
	return len;
}

/* One path read in two ways: what holds for the less bounded of the two. */
static void merge(struct dep *into, const struct dep *dep)
{
	into->kinds |= dep->kinds;
	into->beneath = MIN(into->beneath, dep->beneath);
}

void deps_add_beneath(struct deps *d, const char *base, const char *rel, enum dep_kind kind)
{
	char *path = arena_alloc(d->arena, strlen(base) + strlen(rel) + 3);
	if (!path) {
		d->failed = true;
		return;
	}
	size_t beneath = path_append(path, 0, base), len = path_append(path, beneath, rel);
	if (len == 0)
		path[len++] = '/';
	path[len] = '\0';
	const struct dep new = {.path = path, .kinds = kind, .beneath = (unsigned)beneath};
	/* Consecutive reads of one file are common: do not even store the second. */
	if (d->n > 0 && strcmp(d->v[d->n - 1].path, path) == 0) {
		merge(&d->v[d->n - 1], &new);
		return;
	}
	struct dep *dep = arena_grow(d->arena, &d->v, d->n, sizeof(*dep));
	if (!dep) {
		d->failed = true;
		return;
	}
	*dep = new;
	d->n++;
}

void deps_add(struct deps *d, const char *path, enum dep_kind kind)
{
	deps_add_beneath(d, "", path, kind);
}

static int dep_compare(const void *a, const void *b)
{
	return strcmp(((const struct dep *)a)->path, ((const struct dep *)b)->path);
}

void deps_seal(struct deps *d)
{
	size_t w = 0;

	if (d->n == 0)
		return;
	qsort(d->v, d->n, sizeof(*d->v), dep_compare);
	for (size_t i = 1; i < d->n; i++) {
		if (strcmp(d->v[i].path, d->v[w].path) == 0)
			merge(&d->v[w], &d->v[i]);
		else
			d->v[++w] = d->v[i];
	}
	d->n = w + 1;
}
