/* SPDX-License-Identifier: ISC */
#include "base/deps.h"

#include <stdlib.h>
#include <string.h>

void deps_init(struct deps *d, struct arena *a)
{
	*d = (struct deps){.arena = a};
}

/* "/a//b/./c/../d" becomes "/a/b/d". */
static char *path_normalise(struct arena *a, const char *path)
{
	size_t n = strlen(path);
	char *out = arena_alloc(a, n + 2);
	size_t len = 0;

	if (!out)
		return NULL;
	for (const char *p = path; *p;) {
		p += strspn(p, "/");
		size_t part = strcspn(p, "/");
		if (part == 2 && p[0] == '.' && p[1] == '.') {
			while (len > 0 && out[--len] != '/')
				;
		} else if (part > 0 && !(part == 1 && p[0] == '.')) {
			out[len++] = '/';
			memcpy(out + len, p, part);
			len += part;
		}
		p += part;
	}
	if (len == 0)
		out[len++] = '/';
	out[len] = '\0';
	return out;
}

void deps_add(struct deps *d, const char *path, enum dep_kind kind)
{
	char *normal = path_normalise(d->arena, path);
	/* Consecutive reads of one file are common: do not even store the second. */
	if (normal && d->n > 0 && strcmp(d->v[d->n - 1].path, normal) == 0) {
		d->v[d->n - 1].kinds |= kind;
		return;
	}
	struct dep *dep = normal ? arena_grow(d->arena, &d->v, d->n, sizeof(*dep)) : NULL;
	if (!dep) {
		d->failed = true;
		return;
	}
	*dep = (struct dep){.path = normal, .kinds = kind};
	d->n++;
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
			d->v[w].kinds |= d->v[i].kinds;
		else
			d->v[++w] = d->v[i];
	}
	d->n = w + 1;
}
