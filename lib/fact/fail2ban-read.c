/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "fact/fail2ban-ini.h"

enum {
	FILE_MAX = 1 << 20,
	FILES_MAX = 300, /* in the order in which they are read, one file as often as it is named */
	NAMES_MAX = 1000,
	DEPTH_MAX = 16,
};

/* A file that was read, for each time that it is named. */
struct source {
	const char *path;
	int r; /* 0, or why it counts for nothing: -ENOENT, -EILSEQ */
	struct f2b_ini ini;
};

struct reader {
	struct arena *a;
	const struct root *root;
	struct f2b_error *error;
	struct source *v;
	size_t n;
	const struct source **order;
	size_t n_order;
};

/* A path that names no file, or a directory as an empty "before =" does, is passed over. */
static int load(struct reader *rd, const char *path, const struct source **ret)
{
	_cleanup_file_ struct file file = {0};
	struct source s = {.path = path};

	for (size_t i = 0; i < rd->n; i++) {
		if (strcmp(rd->v[i].path, path) == 0) {
			*ret = &rd->v[i];
			return 0;
		}
	}
	int r = root_read(rd->root, path, FILE_MAX, &file);
	if (r == 0)
		r = f2b_parse(rd->a, path, file.data, file.size, &s.ini, rd->error);
	else if (r == -ENOTDIR || r == -EISDIR)
		r = -ENOENT;
	if (r < 0 && r != -ENOENT && r != -EILSEQ) {
		if (r != -EINVAL)
			*rd->error = (struct f2b_error){.path = path, .text = fsio_strerror(r)};
		return r;
	}
	s.r = r;
	if (rd->n == FILES_MAX) {
		*rd->error = (struct f2b_error){.path = path, .text = "too many files"};
		return -E2BIG;
	}
	rd->v[rd->n] = s;
	*ret = &rd->v[rd->n++];
	return 0;
}

/* The files on the way from the top to the one in hand: none is read within itself. */
struct chain {
	const struct chain *up;
	const char *path;
	unsigned depth;
};

static bool on_chain(const struct chain *c, const char *path)
{
	for (; c; c = c->up) {
		if (strcmp(c->path, path) == 0)
			return true;
	}
	return false;
}

/* "x.conf" → "x.local"; the part behind the last dot of the name. */
static char *local_of(struct arena *a, const char *path)
{
	const char *name = strrchr(path, '/'), *dot = strrchr(path, '.');
	size_t n = dot && name && dot > name + 1 ? (size_t)(dot - path) : strlen(path);

	return arena_printf(a, "%.*s.local", (int)n, path);
}

static int add_file(struct reader *rd, const char *path, const struct chain *up);

static int add_with_local(struct reader *rd, const char *path, const struct chain *up)
{
	char *local = local_of(rd->a, path);

	if (!local)
		return -ENOMEM;
	int r = add_file(rd, path, up);
	return r < 0 || strcmp(local, path) == 0 ? r : add_file(rd, local, up);
}

static int add_included(
	struct reader *rd, const struct source *s, const char *key, const struct chain *chain)
{
	const struct f2b_section *includes = f2b_section(&s->ini, "INCLUDES");
	const struct f2b_option *o;
	char *value, *save;

	if (!includes)
		return 0;
	int r = f2b_get(rd->a, &s->ini, includes, key, &o, &value, rd->error);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	size_t dir = (size_t)(strrchr(s->path, '/') - s->path);
	for (char *name = strtok_r(value, "\n", &save); name; name = strtok_r(NULL, "\n", &save)) {
		char *path = *name == '/' ? arena_strdup(rd->a, name)
					  : arena_printf(rd->a, "%.*s/%s", (int)dir, s->path, name);
		if (!path)
			return -ENOMEM;
		if (on_chain(chain->up, path))
			continue;
		r = add_with_local(rd, path, chain);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Adds the file to the order, between what it wants before and after itself. */
static int add_file(struct reader *rd, const char *path, const struct chain *up)
{
	struct chain chain = {.up = up, .path = path, .depth = up ? up->depth + 1 : 0};
	const struct source *s;
	int r = load(rd, path, &s);

	if (r < 0 || s->r < 0)
		return r;
	if (chain.depth > DEPTH_MAX) {
		*rd->error = (struct f2b_error){.path = path, .text = "included too deep"};
		return -E2BIG;
	}
	r = add_included(rd, s, "before", &chain);
	if (r < 0)
		return r;
	if (rd->n_order == FILES_MAX) {
		*rd->error = (struct f2b_error){.path = path, .text = "too many files"};
		return -E2BIG;
	}
	rd->order[rd->n_order++] = s;
	return add_included(rd, s, "after", &chain);
}

static int add_glob(struct reader *rd, const char *base, const char *suffix)
{
	char *pattern = arena_printf(rd->a, "%s.d/*.%s", base, suffix), **v;
	size_t n;

	if (!pattern)
		return -ENOMEM;
	int r = root_glob(rd->root, rd->a, pattern, NAMES_MAX, &v, &n);
	if (r < 0) {
		if (r != -ENOMEM)
			*rd->error = (struct f2b_error){.path = pattern, .text = fsio_strerror(r)};
		return r;
	}
	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_file(rd, v[i], NULL);
	return r;
}

static int add_plain(struct reader *rd, const char *base, const char *suffix)
{
	char *path = arena_printf(rd->a, "%s.%s", base, suffix);

	return path ? add_file(rd, path, NULL) : -ENOMEM;
}

int f2b_read(struct arena *a, const struct root *root, const char *base, struct f2b_ini *ret,
	struct f2b_error *ret_error)
{
	struct reader rd = {
		.a = a,
		.root = root,
		.error = ret_error,
		.v = arena_alloc(a, FILES_MAX * sizeof(*rd.v)),
		.order = arena_alloc(a, FILES_MAX * sizeof(const struct source *)),
	};
	struct f2b_ini ini = {.defaults = {.name = "DEFAULT"}};

	if (!rd.v || !rd.order)
		return -ENOMEM;
	int r = add_plain(&rd, base, "conf");
	r = r < 0 ? r : add_glob(&rd, base, "conf");
	r = r < 0 ? r : add_plain(&rd, base, "local");
	r = r < 0 ? r : add_glob(&rd, base, "local");
	if (r == 0 && rd.n_order == 0)
		return -ENOENT;
	for (size_t i = 0; r == 0 && i < rd.n_order; i++)
		r = f2b_merge(a, &ini, &rd.order[i]->ini);
	if (r == 0)
		*ret = ini;
	return r;
}
