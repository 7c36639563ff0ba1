/* SPDX-License-Identifier: ISC */
#include "fact/conf-files.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

enum {
	FILE_MAX = 1 << 20,
	FILES_MAX = 500,
	DEPTH_MAX = 16,
};

int conf_files_fault(struct conf_files *f, const struct conf_place *at, const char *fmt, ...)
{
	va_list ap;

	if (f->fault)
		return 0;
	va_start(ap, fmt);
	f->fault = arena_vprintf(f->a, fmt, ap);
	va_end(ap);
	f->fault_path = at ? at->path : NULL;
	f->fault_line = at ? at->line : 0;
	return f->fault ? 0 : -ENOMEM;
}

/* Says at the place of the include, or of the file itself, why it was not read. */
static int unreadable(
	struct conf_files *f, const char *path, const struct conf_place *at, bool missing, int r)
{
	const struct conf_place self = {.path = path};

	if (r == -ENOMEM || (missing && (r == -ENOENT || r == -ENOTDIR)))
		return r == -ENOMEM ? r : 0;
	if (!f->fault)
		f->absent = r == -ENOENT && !at;
	return conf_files_fault(f, at ? at : &self, "%s %s", path,
		r == -ENOENT ? "is not there" : fsio_strerror(r));
}

static int read_one(struct conf_files *f, const char *path, const struct conf_place *at,
	bool missing, int (*each)(const char *path, char *text, void *arg), void *arg)
{
	_cleanup_file_ struct file file = {0};

	if (++f->files > FILES_MAX)
		return conf_files_fault(f, at, "includes more than %d files", FILES_MAX);
	int r = root_read(f->root, path, FILE_MAX, &file);
	if (r < 0)
		return unreadable(f, path, at, missing, r);
	char *text = arena_strndup(f->a, file.data, file.size);
	char *name = arena_strdup(f->a, path);
	if (!text || !name)
		return -ENOMEM;
	f->depth++;
	r = each(name, text, arg);
	f->depth--;
	return r;
}

int conf_files_read(struct conf_files *f, const char *pattern, const struct conf_place *at,
	bool missing, int (*each)(const char *path, char *text, void *arg), void *arg)
{
	char **paths = NULL;
	size_t n = 0;
	int r = 0;

	if (!f->root)
		return 0;
	if (f->depth >= DEPTH_MAX)
		return conf_files_fault(f, at, "%s is included by itself, or too deeply", pattern);
	if (!strpbrk(pattern, "*?["))
		return read_one(f, pattern, at, missing, each, arg);
	r = root_glob(f->root, f->a, pattern, FILES_MAX, &paths, &n);
	if (r < 0)
		return unreadable(f, pattern, at, missing, r);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = read_one(f, paths[i], at, missing, each, arg);
	return r;
}
