/* SPDX-License-Identifier: ISC */
#include "fact/log-kept.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "fact/collectors.h"
#include "fact/journal-conf.h"

enum {
	FILE_MAX = 1 << 20,
	NAMES_MAX = 1000,
	GLOB_MAX = 10000,
};

bool kept_matches(const struct logrotate_entry *e, const char *file)
{
	for (size_t i = 0; e->globs[i]; i++) {
		if (fnmatch(e->globs[i], file, FNM_PATHNAME | FNM_PERIOD) == 0)
			return true;
	}
	return false;
}

struct load {
	const struct root *root;
	struct arena *a;
	const char *dir;
	struct logrotate_file *v;
	size_t n;
};

/* -ENOMEM; what else goes wrong is said in the file. */
static int load_file(struct load *l, const char *path, const char *name)
{
	_cleanup_file_ struct file f = {0};
	struct logrotate_file *place = arena_grow(l->a, &l->v, l->n, sizeof(*place));

	if (!place)
		return -ENOMEM;
	place->path = arena_strdup(l->a, path);
	place->name = arena_strdup(l->a, name);
	place->error = root_read(l->root, path, FILE_MAX, &f);
	if (place->error == -ENOMEM)
		return -ENOMEM;
	if (place->error == 0) {
		place->text = arena_strndup(l->a, f.data, f.size);
		place->size = strlen(f.data);
		place->unsafe = f.st.st_uid != 0 || (f.st.st_mode & (S_IWGRP | S_IWOTH));
	}
	l->n++;
	return arena_failed(l->a) ? -ENOMEM : 0;
}

static int load_name(const char *name, void *arg)
{
	struct load *l = arg;
	const char *path = arena_printf(l->a, "%s/%s", l->dir, name);

	return path ? load_file(l, path, name) : -ENOMEM;
}

static int load(
	void *arg, const char *path, struct logrotate_file **ret, size_t *ret_n, bool *ret_dir)
{
	struct load l = *(struct load *)arg;
	struct stat st;

	if (*path != '/')
		return -EINVAL;
	int r = root_stat(l.root, path, &st);
	if (r < 0)
		return r;
	l.dir = path;
	if (S_ISDIR(st.st_mode)) {
		r = root_list(l.root, path, NAMES_MAX, load_name, &l);
	} else {
		const char *slash = strrchr(path, '/');
		r = load_file(&l, path, slash + 1);
	}
	if (r < 0)
		return r;
	*ret = l.v;
	*ret_n = l.n;
	*ret_dir = S_ISDIR(st.st_mode);
	return 0;
}

/* Whether one of the files is there. That a glob cannot be looked into counts as there. */
static int is_there(const struct root *root, struct arena *a, const struct logrotate_entry *e)
{
	for (size_t i = 0; e->globs[i]; i++) {
		char **paths;
		size_t n = 0;
		int r = root_glob(root, a, e->globs[i], GLOB_MAX, &paths, &n);
		if (r == -ENOMEM)
			return r;
		if (n > 0 || (r < 0 && r != -ENOENT && r != -ENOTDIR && r != -EINVAL))
			return 1;
	}
	return 0;
}

static int add_entries(const struct collect *c, struct arena *a, struct log_kept *kept)
{
	struct root quiet = *c->root; /* logs come and go: that is no event */
	struct kept_log *v = NULL;

	quiet.deps = NULL;
	for (size_t i = 0; i < kept->logrotate.n; i++) {
		const struct logrotate_entry *e = &kept->logrotate.v[i];
		int r = is_there(&quiet, a, e);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		struct kept_log *place = arena_grow(a, &v, kept->n, sizeof(*place));
		const char *subject = arena_printf(a, "log %s", e->globs[0]);
		if (!place || !subject)
			return -ENOMEM;
		*place = (struct kept_log){e, subject};
		kept->n++;
	}
	kept->v = v;
	return 0;
}

static int read_logrotate(const struct collect *c, struct arena *a, struct log_kept *kept)
{
	static const char path[] = "/etc/logrotate.conf";
	struct load l = {.root = c->root, .a = a};
	const struct logrotate_files files = {load, &l};
	int r = logrotate_read(a, &files, path, &kept->logrotate);

	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		kept->logrotate_state = fact_state_from_errno(r);
		kept->logrotate_reason = arena_printf(a, "%s %s", path, fsio_strerror(r));
		return kept->logrotate_reason ? 0 : -ENOMEM;
	}
	return add_entries(c, a, kept);
}

static int kept_collect(const struct collect *c, struct fact *f)
{
	struct log_kept *kept = arena_alloc(f->arena, sizeof(*kept));

	if (!kept)
		return -ENOMEM;
	int r = journal_read(f->arena, c->root, &kept->journal);
	if (r == 0)
		r = read_logrotate(c, f->arena, kept);
	if (r < 0)
		return r;
	f->u.log_kept = kept;
	return 0;
}

const struct collector collector_log_kept = {
	.id = FACT_LOG_KEPT,
	.name = "log-kept",
	/* How full the journal is, and which logs there are. */
	.refresh_usec = USEC_PER_DAY,
	.collect = kept_collect,
};
