/* SPDX-License-Identifier: ISC */
#include "fact/sudo-disk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void sign(struct sudo_disk *d, const char *path, const struct stat *st, int r)
{
	char line[256];

	if (r == 0)
		(void)snprintf(line, sizeof(line), " %ju %ju %jd %jd.%09ld %o %u %u\n",
			(uintmax_t)st->st_dev, (uintmax_t)st->st_ino, (intmax_t)st->st_size,
			(intmax_t)st->st_mtim.tv_sec, st->st_mtim.tv_nsec, st->st_mode, st->st_uid,
			st->st_gid);
	else
		(void)snprintf(line, sizeof(line), " error %d\n", r);
	sha256_update(&d->sum, strlen(path), (const uint8_t *)path);
	sha256_update(&d->sum, strlen(line), (const uint8_t *)line);
}

/* sudo does not read what others could have written. Says so; whether it may be read. */
static bool is_trusted(struct sudo_disk *d, const char *path, const struct stat *st)
{
	const char *what = NULL;

	if (st->st_uid != d->uid)
		sudo_tree_defect(d->tree, path, 0,
			"sudo refuses to read it: it belongs to uid %u, not %u", st->st_uid,
			d->uid);
	else if (st->st_mode & S_IWOTH)
		what = "sudo refuses to read it: everybody may write it";
	else if ((st->st_mode & S_IWGRP) && st->st_gid != d->gid)
		what = "sudo refuses to read it: its group may write it";
	if (what)
		sudo_tree_defect(d->tree, path, 0, "%s", what);
	return st->st_uid == d->uid && !what;
}

static int read_file(void *arg, const char *path, bool in_dir, char **ret, size_t *ret_size)
{
	struct sudo_disk *d = arg;
	_cleanup_file_ struct file file = {0};
	bool first = !d->first_read;

	int r = root_read(d->root, path, SUDO_FILE_MAX, &file);
	sign(d, path, &file.st, r);
	/* sudo looks at regular files of a directory only, and asks no questions about the rest. */
	if (in_dir && (r == -ENODEV || r == -EISDIR || r == -ENOENT))
		return -ECANCELED;
	if (r < 0)
		return r;
	d->first_read = true;
	if (first && !d->root->live) {
		d->uid = file.st.st_uid;
		d->gid = file.st.st_gid;
	}
	if (!is_trusted(d, path, &file.st)) {
		d->ignored = true;
		/* Without the first file there is no sudo at all; what it grants is one chown away.
		 */
		if (!first)
			return -ECANCELED;
	}
	char *data = arena_alloc(d->tree->arena, file.size + 1);
	if (!data)
		return -ENOMEM;
	memcpy(data, file.data, file.size);
	*ret = data;
	*ret_size = file.size;
	return 0;
}

struct listing {
	struct arena *arena;
	char **v;
	size_t n;
};

static int list_one(const char *name, void *arg)
{
	struct listing *l = arg;
	char **slot = arena_grow(l->arena, &l->v, l->n, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = arena_strdup(l->arena, name);
	if (!*slot)
		return -ENOMEM;
	l->n++;
	return 0;
}

static int list_directory(void *arg, const char *path, char ***ret)
{
	struct sudo_disk *d = arg;
	struct listing l = {.arena = d->tree->arena};
	struct stat st;

	int r = root_stat(d->root, path, &st);
	sign(d, path, &st, r);
	if (r < 0)
		return r;
	/* A file where a directory was meant: sudo warns and goes on. */
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	if (!is_trusted(d, path, &st)) {
		d->ignored = true;
		return -ECANCELED;
	}
	r = root_list(d->root, path, SUDO_FILES_MAX, list_one, &l);
	if (r < 0)
		return r;
	char **end = arena_grow(l.arena, &l.v, l.n, sizeof(*end));
	if (!end)
		return -ENOMEM;
	*end = NULL;
	*ret = l.v;
	return 0;
}

void sudo_disk_init(
	struct sudo_disk *d, const struct root *root, struct sudo_tree *t, const char *host)
{
	*d = (struct sudo_disk){.root = root, .tree = t};
	sha256_init(&d->sum);
	d->files = (struct sudo_files){.read = read_file,
		.list = list_directory,
		.reason = fsio_strerror,
		.arg = d,
		.host = host};
}

char *sudo_disk_signature(struct sudo_disk *d)
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	char *out = arena_alloc(d->tree->arena, 2 * sizeof(digest) + 1);

	sha256_digest(&d->sum, sizeof(digest), digest);
	for (size_t i = 0; out && i < sizeof(digest); i++)
		(void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
	return out;
}
