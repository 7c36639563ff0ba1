/* SPDX-License-Identifier: ISC */
#include "fact/log-files-load.h"

#include <errno.h>
#include <string.h>

enum {
	FILES_MAX = 1000,
	FILE_MAX = 1 << 20,
	DEPTH_MAX = 8,
};

struct list {
	struct log_files_load *load;
	struct rsyslog_text *v;
	size_t n;
};

static int add_file(struct list *l, const char *path)
{
	_cleanup_file_ struct file f = {0};
	int r = root_read(l->load->root, path, FILE_MAX, &f);

	if (r < 0)
		return r;
	if (l->n == FILES_MAX)
		return -EFBIG;
	struct rsyslog_text *t = arena_grow(l->load->a, &l->v, l->n, sizeof(*t));
	char *text = arena_memdup(l->load->a, f.data, f.size);
	char *name = arena_strdup(l->load->a, path);
	if (!t || !text || !name)
		return -ENOMEM;
	l->v[l->n++] = (struct rsyslog_text){name, text, f.size};
	return 0;
}

static int add_pattern(struct list *l, const char *pattern, unsigned depth)
{
	struct arena *a = l->load->a;
	struct stat st;
	char **paths = NULL;
	size_t n = 0;

	/* A directory means what begins with its name: "/etc/rsyslog.d/" is "/etc/rsyslog.d/" "*".
	 */
	if (root_stat(l->load->root, pattern, &st) == 0 && S_ISDIR(st.st_mode)) {
		pattern = arena_printf(a, "%s*", pattern);
		if (!pattern)
			return -ENOMEM;
	}
	int r = depth > DEPTH_MAX ? -ELOOP
				  : root_glob(l->load->root, a, pattern, FILES_MAX, &paths, &n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = root_stat(l->load->root, paths[i], &st);
		if (r == 0 && S_ISREG(st.st_mode)) {
			r = add_file(l, paths[i]);
		} else if (r == 0 && S_ISDIR(st.st_mode)) {
			const char *below = arena_printf(a, "%s/", paths[i]);
			r = below ? add_pattern(l, below, depth + 1) : -ENOMEM;
		} else if (r == -ENOENT) {
			r = 0; /* a link to nothing */
		} else if (r == 0 && !strpbrk(pattern, "*?[")) {
			r = -ENODEV; /* named, and no file; what a pattern hits is passed over */
		}
	}
	return r;
}

int log_files_load(void *arg, const char *pattern, struct rsyslog_text **ret, size_t *ret_n)
{
	struct list l = {.load = arg};

	if (*pattern != '/')
		return -EINVAL;
	int r = add_pattern(&l, pattern, 0);
	if (r < 0)
		return r;
	if (l.n == 0)
		return -ENOENT;
	*ret = l.v;
	*ret_n = l.n;
	return 0;
}
