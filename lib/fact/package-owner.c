/* SPDX-License-Identifier: ISC */
#include "fact/package-owner.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fact/package-files.h"
#include "fact/rodb.h"

enum {
	LIST_MAX = 4 << 20,
	LISTS_MAX = 50000,
};

#define DPKG_INFO "/var/lib/dpkg/info"

static const char *const rpm_paths[] = {
	"/usr/lib/sysimage/rpm/rpmdb.sqlite", "/var/lib/rpm/rpmdb.sqlite"};

/* A path without the /usr that some lists leave out, from before /bin was merged into it. */
struct key {
	const char *p;
	size_t n;
	struct package_owner *owner;
};

struct asking {
	const struct root *root;
	struct arena *a;
	struct arena *tmp;
	struct key *keys; /* sorted */
	size_t n;
	const char *name; /* of the list that is being read, or the path that is asked for */
	struct package_owner *one;
};

static struct key key_of(const char *path, size_t n)
{
	size_t skip = n > 5 && memcmp(path, "/usr/", 5) == 0 ? 4 : 0;

	return (struct key){.p = path + skip, .n = n - skip};
}

static int key_compare(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int r = memcmp(x->p, y->p, MIN(x->n, y->n));

	return r ? r : (x->n > y->n) - (x->n < y->n);
}

/* A file of the package whose list is being read: "NAME.list" or "NAME:ARCH.list". */
static int take_line(struct asking *k, const char *line, size_t n)
{
	const struct key key = key_of(line, n);
	const struct key *found = bsearch(&key, k->keys, k->n, sizeof(*k->keys), key_compare);

	if (!found || found->owner->package)
		return 0;
	found->owner->package = arena_strndup(
		k->a, k->name, MIN(strcspn(k->name, ":"), strlen(k->name) - 5));
	return found->owner->package ? 0 : -ENOMEM;
}

static int each_list(const char *name, void *arg)
{
	_cleanup_file_ struct file file = {0};
	struct asking *k = arg;
	size_t n = strlen(name);
	char path[512];

	if (n < 6 || n > 255 || strcmp(name + n - 5, ".list") != 0)
		return 0;
	(void)snprintf(path, sizeof(path), DPKG_INFO "/%s", name);
	int r = root_read(k->root, path, LIST_MAX, &file);
	if (r < 0)
		return r == -ENOMEM ? r : 0; /* its files have no name then */
	k->name = name;
	const char *end = file.data + file.size;
	for (const char *line = file.data, *next; r == 0 && line < end; line = next) {
		const char *nl = memchr(line, '\n', (size_t)(end - line)), *eol = nl ? nl : end;
		next = nl ? nl + 1 : end;
		r = take_line(k, line, (size_t)(eol - line));
	}
	return r;
}

static int each_header(sqlite3_stmt *row, void *arg)
{
	struct asking *k = arg;
	const uint8_t *blob = sqlite3_column_blob(row, 0);
	const char *name;

	if (!blob || k->one->package)
		return 0;
	int r = package_files_owns(blob, (size_t)sqlite3_column_bytes(row, 0), k->name, &name);
	if (r <= 0)
		return r;
	k->one->package = arena_strdup(k->a, name);
	return k->one->package ? 0 : -ENOMEM;
}

static int ask_path(sqlite3 *db, struct asking *k, struct package_owner *owner)
{
	const char *slash = strrchr(owner->path, '/');
	char *sql = slash ? sqlite3_mprintf("SELECT blob FROM Packages WHERE hnum IN (SELECT hnum "
					    "FROM Basenames WHERE key = %Q)",
				    slash + 1)
			  : NULL;

	if (!sql)
		return slash ? -ENOMEM : 0;
	k->one = owner;
	k->name = owner->path;
	int r = rodb_each(db, sql, each_header, k);
	sqlite3_free(sql);
	return r;
}

static int ask_rpm(sqlite3 *db, void *arg)
{
	struct asking *k = arg;
	int r = 0;

	for (size_t i = 0; r == 0 && i < k->n; i++) {
		k->keys[i].owner->package = NULL; /* of a reading that is made again */
		r = ask_path(db, k, k->keys[i].owner);
	}
	return r;
}

/* Those that are asked for, each path once: the others with it get its answer in the end. */
static int make_keys(struct asking *k, struct package_owner *v, size_t n)
{
	size_t unique = 0;

	k->keys = arena_alloc(k->tmp, n * sizeof(*k->keys));
	if (!k->keys)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (v[i].package || *v[i].path != '/')
			continue;
		k->keys[k->n] = key_of(v[i].path, strlen(v[i].path));
		k->keys[k->n++].owner = &v[i];
	}
	if (k->n > 1)
		qsort(k->keys, k->n, sizeof(*k->keys), key_compare);
	for (size_t i = 0; i < k->n; i++) {
		if (i == 0 || key_compare(&k->keys[unique - 1], &k->keys[i]) != 0)
			k->keys[unique++] = k->keys[i];
	}
	k->n = unique;
	return 0;
}

static int ask(struct asking *k)
{
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(rpm_paths); i++) {
		if (root_stat(k->root, rpm_paths[i], &st) == 0)
			return rodb_read(k->root, rpm_paths[i], ask_rpm, k);
	}
	return root_list(k->root, DPKG_INFO, LISTS_MAX, each_list, k);
}

int package_owners(const struct root *r, struct arena *a, struct package_owner *v, size_t n)
{
	_cleanup_(arena_freep) struct arena *tmp = arena_new();
	struct asking k = {.root = r, .a = a, .tmp = tmp};

	int err = tmp ? make_keys(&k, v, n) : -ENOMEM;
	if (err == 0 && k.n > 0)
		err = ask(&k);
	for (size_t i = 0; i < n && k.n > 0; i++) {
		const struct key key = key_of(v[i].path, strlen(v[i].path));
		const struct key *same = bsearch(&key, k.keys, k.n, sizeof(*k.keys), key_compare);
		if (same)
			v[i].package = same->owner->package;
	}
	return err == -ENOMEM ? err : 0;
}

const char *package_owner_signature(const struct root *r, char buf[static STAT_SIGNATURE_MAX])
{
	const char *const paths[] = {rpm_paths[0], rpm_paths[1], DPKG_INFO};
	struct stat st;

	*buf = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(paths) && !*buf; i++) {
		if (root_stat(r, paths[i], &st) == 0)
			(void)stat_signature(&st, buf);
	}
	return buf;
}
