/* SPDX-License-Identifier: ISC */
#include "fact/sudo-source.h"

#include <errno.h>
#include <string.h>

/*
 * The text as sudo's reader of lines hands it on: a line is cut at its first
 * NUL, and the last one ends with a newline whether the file has it or not.
 */
static char *normalise(struct arena *a, const char *data, size_t size, size_t *ret_size)
{
	char *out = arena_alloc(a, size + 2), *w = out;

	for (size_t i = 0; out && i < size;) {
		const char *end = memchr(data + i, '\n', size - i);
		size_t len = end ? (size_t)(end - data) - i : size - i;
		size_t keep = strnlen(data + i, len);
		memcpy(w, data + i, keep);
		w += keep;
		*w++ = '\n';
		i += len + 1;
	}
	if (out)
		*ret_size = (size_t)(w - out);
	return out;
}

int sudo_source_push(struct sudo_lex *lx, const char *path, bool in_dir, char **more)
{
	struct arena *a = lx->tree->arena;
	char *data = NULL;
	size_t size = 0;

	if (lx->n_files >= SUDO_FILES_MAX || lx->n_bytes > SUDO_BYTES_MAX)
		return lx->fatal = -EFBIG;
	lx->n_files++;
	int r = lx->files->read(lx->files->arg, path, in_dir, &data, &size);
	if (r < 0)
		return r;
	lx->n_bytes += size;
	struct sudo_source *s = arena_alloc(a, sizeof(*s));
	if (!s)
		return -ENOMEM;
	*s = (struct sudo_source){.parent = lx->top,
		.more = more,
		.line = 1,
		.bol = true,
		.path = arena_strdup(a, path)};
	s->text = normalise(a, data, size, &s->size);
	if (!s->text || !s->path)
		return -ENOMEM;
	lx->top = s;
	lx->depth++;
	return 0;
}

/* A file of an includedir that cannot be had is passed over, but not in silence. */
static int push_first(struct sudo_lex *lx, char **paths)
{
	for (; *paths; paths++) {
		int r = sudo_source_push(lx, *paths, true, paths + 1);
		if (r == 0)
			return 1;
		if (r == -ENOMEM || lx->fatal)
			return r;
		if (r != -ECANCELED)
			sudo_tree_defect(lx->tree, *paths, 0, "%s", lx->files->reason(r));
	}
	return 0;
}

int sudo_source_pop(struct sudo_lex *lx)
{
	char **more = lx->top->more;

	if (!lx->top->parent)
		return 0;
	lx->top = lx->top->parent;
	lx->depth--;
	if (more) {
		int r = push_first(lx, more);
		if (r < 0)
			return r;
	}
	return 1;
}

/* The path that an include names: %h is the host, a relative one is beside the present file. */
static char *expand_path(struct sudo_lex *lx, const char *name)
{
	struct arena *a = lx->tree->arena;
	size_t n = strlen(name);
	const char *slash = strrchr(lx->top->path, '/');

	/* The scanner leaves quotes that a word contains, and sudo drops them here. */
	if (n > 1 && name[0] == '"' && name[n - 1] == '"') {
		name++;
		n -= 2;
	}
	size_t dir = *name != '/' && slash ? (size_t)(slash - lx->top->path) + 1 : 0;
	size_t host = strlen(lx->files->host), hosts = 0;
	for (size_t i = 0; i + 1 < n; i++)
		hosts += name[i] == '%' && name[i + 1] == 'h';
	if (n == 0 || n + hosts * host > 2 * SUDO_FILE_MAX)
		return arena_strdup(a, "");
	char *out = arena_alloc(a, dir + n + hosts * host + 1), *w = out;
	if (!out)
		return NULL;
	memcpy(w, lx->top->path, dir);
	w += dir;
	for (size_t i = 0; i < n; i++) {
		if (name[i] == '%' && i + 1 < n && name[i + 1] == 'h') {
			memcpy(w, lx->files->host, host);
			w += host;
			i++;
		} else {
			*w++ = name[i];
		}
	}
	return out;
}

static bool is_skipped(const char *name)
{
	size_t n = strlen(name);

	return n == 0 || name[n - 1] == '~' || strchr(name, '.');
}

static int push_dir(struct sudo_lex *lx, const char *path, unsigned line)
{
	struct arena *a = lx->tree->arena;
	char **names = NULL, **paths = NULL;
	size_t n = 0;

	int r = lx->files->list(lx->files->arg, path, &names);
	if (r == -ENOENT || r == -ECANCELED)
		return 0;
	if (r < 0 && r != -ENOMEM)
		sudo_tree_defect(
			lx->tree, lx->top->path, line, "%s %s", path, lx->files->reason(r));
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (; *names; names++) {
		if (is_skipped(*names))
			continue;
		char **slot = arena_grow(a, &paths, n, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		*slot = arena_printf(a, "%s/%s", path, *names);
		if (!*slot)
			return -ENOMEM;
		n++;
	}
	char **end = arena_grow(a, &paths, n, sizeof(*end));
	if (!end)
		return -ENOMEM;
	*end = NULL;
	r = push_first(lx, paths);
	return r < 0 ? r : 0;
}

int sudo_lex_push(struct sudo_lex *lx, const char *name, bool dir, unsigned line)
{
	const char *from = lx->top->path;
	char *path = expand_path(lx, name);

	if (!path)
		return -ENOMEM;
	if (!*path) {
		sudo_tree_defect(lx->tree, from, line, "an include without a path");
		return 0;
	}
	if (lx->depth > SUDO_DEPTH_MAX) {
		sudo_tree_defect(lx->tree, from, line, "%s: too many levels of includes", path);
		return 0;
	}
	if (dir)
		return push_dir(lx, path, line);
	int r = sudo_source_push(lx, path, false, NULL);
	if (r == -ENOMEM || lx->fatal)
		return r;
	if (r < 0 && r != -ECANCELED)
		sudo_tree_defect(lx->tree, from, line, "%s %s", path, lx->files->reason(r));
	return 0;
}
