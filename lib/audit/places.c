/* SPDX-License-Identifier: ISC */
#include "audit/places.h"

#include <errno.h>
#include <string.h>

enum {
	CROWD = 4, /* files of one directory: a rule for it is cheaper than one for each */
};

enum use {
	USE_NEVER,
	USE_TREE,
	USE_SINGLE,
};

/* The longest that the path is, or is below, decides. */
static const struct {
	const char *path;
	enum use use;
} table[] = {
	{"/", USE_SINGLE},
	{"/bin", USE_TREE},
	{"/dev", USE_NEVER},
	{"/etc", USE_TREE},
	{"/home", USE_NEVER},
	{"/lib/systemd", USE_TREE},
	{"/nonexistent", USE_NEVER},
	{"/proc", USE_NEVER},
	{"/root", USE_NEVER},
	{"/run", USE_NEVER},
	{"/sbin", USE_TREE},
	{"/srv", USE_NEVER},
	{"/sys", USE_NEVER},
	{"/tmp", USE_NEVER},
	{"/usr/bin", USE_TREE},
	{"/usr/lib/systemd", USE_TREE},
	{"/usr/libexec", USE_TREE},
	{"/usr/local/bin", USE_TREE},
	{"/usr/local/etc", USE_TREE},
	{"/usr/local/lib/systemd", USE_TREE},
	{"/usr/local/libexec", USE_TREE},
	{"/usr/local/sbin", USE_TREE},
	{"/usr/sbin", USE_TREE},
	{"/usr/share", USE_NEVER},
	{"/var", USE_NEVER},
	{"/var/lib/dpkg", USE_SINGLE},
	{"/var/lib/rpm", USE_SINGLE},
	{"/var/spool/cron", USE_TREE},
};

/* Where a file more or less is nobody's business, and which are never a tree. */
static const char *const wide[] = {"/", "/boot", "/lib", "/lib32", "/lib64", "/opt", "/usr",
	"/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local", "/usr/local/lib", "/var/lib/dpkg"};

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	if (n == 1)
		return true;
	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static bool is_wide(const char *path, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(wide); i++) {
		if (strlen(wide[i]) == MAX(n, 1U) && strncmp(path, wide[i], MAX(n, 1U)) == 0)
			return true;
	}
	return false;
}

/* Those of transactions come and go with each, whoever does it. */
static bool is_lock(const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	size_t n = strlen(name);

	return strncmp(name, "lock", 4) == 0 || (n > 5 && strcmp(name + n - 5, ".lock") == 0);
}

/* "/.ssh" in the path, or NULL. */
static const char *ssh_part(const char *path)
{
	const char *s = strstr(path, "/.ssh");

	return s && (s[5] == '/' || s[5] == '\0') ? s : NULL;
}

static size_t find_row(const char *path)
{
	size_t best = 0;

	for (size_t i = 1; i < ARRAY_SIZE(table); i++) {
		if (is_below(path, table[i].path) &&
			strlen(table[i].path) > strlen(table[best].path))
			best = i;
	}
	return best;
}

void audit_places_init(struct audit_places *p, struct arena *a)
{
	*p = (struct audit_places){.arena = a};
}

int audit_places_add(struct audit_places *p, const char *path, bool tree)
{
	struct audit_place *last = p->n > 0 ? &p->v[p->n - 1] : NULL;

	/* Deps are sorted: a tree's come one after the other. */
	if (last && strcmp(last->path, path) == 0) {
		last->tree |= tree;
		return 0;
	}
	struct audit_place *x = arena_grow(p->arena, &p->v, p->n, sizeof(*x));
	const char *copy = x ? arena_strdup(p->arena, path) : NULL;
	if (!copy)
		return -ENOMEM;
	*x = (struct audit_place){copy, tree};
	p->n++;
	return 0;
}

static bool is_volatile(const char *path)
{
	static const char *const dirs[] = {"/dev", "/nonexistent", "/proc", "/run", "/sys", "/tmp"};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		if (is_below(path, dirs[i]))
			return true;
	}
	return false;
}

static int add_dep(struct audit_places *p, const struct dep *d)
{
	size_t row = find_row(d->path);

	if (is_volatile(d->path) || strstr(d->path, "/../") || is_lock(d->path))
		return 0;
	if (table[row].use == USE_TREE)
		return audit_places_add(p, table[row].path, true);
	if (ssh_part(d->path))
		return audit_places_add(p, d->path, false);
	if (table[row].use == USE_NEVER || d->beneath > 0 || is_wide(d->path, strlen(d->path)))
		return 0;
	return audit_places_add(p, d->path, false);
}

int audit_places_add_deps(struct audit_places *p, const struct deps *deps)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < deps->n; i++)
		r = add_dep(p, &deps->v[i]);
	return r;
}

static int compare_paths(const void *a, const void *b)
{
	const struct audit_place *x = a, *y = b;
	int r = strcmp(x->path, y->path);

	return r ? r : (int)y->tree - (int)x->tree;
}

/* Trees, single places of the machine, directories of users, their files. */
static int rank(const struct audit_place *x)
{
	const char *ssh = ssh_part(x->path);

	if (x->tree)
		return 0;
	return !ssh ? 1 : ssh[5] == '\0' ? 2 : 3;
}

static int compare_ranks(const void *a, const void *b)
{
	int r = rank(a) - rank(b);

	return r ? r : compare_paths(a, b);
}

static size_t directory_size(const char *path)
{
	return (size_t)(strrchr(path, '/') - path);
}

/* Sorted by path: the files of a directory need not stand together, but those before / do. */
static size_t count_siblings(const struct audit_places *p, size_t first)
{
	size_t n = directory_size(p->v[first].path), count = 0;

	for (size_t i = first; i < p->n && strncmp(p->v[i].path, p->v[first].path, n + 1) == 0; i++)
		count += !p->v[i].tree && directory_size(p->v[i].path) == n;
	return count;
}

/* Makes a crowd's directory a tree, in place of the first of the crowd. */
static int gather(struct audit_places *p)
{
	size_t done = 0; /* length of the directory that was looked at last */
	const char *of = "";

	for (size_t i = 0; i < p->n; i++) {
		struct audit_place *x = &p->v[i];
		size_t n = directory_size(x->path);
		if (x->tree || ssh_part(x->path) || is_wide(x->path, n) ||
			(n == done && strncmp(x->path, of, n) == 0))
			continue;
		done = n;
		of = x->path;
		if (count_siblings(p, i) < CROWD)
			continue;
		const char *dir = arena_strndup(p->arena, x->path, n);
		if (!dir)
			return -ENOMEM;
		*x = (struct audit_place){dir, true};
		of = dir;
	}
	return 0;
}

static bool is_covered(const struct audit_places *p, size_t n_trees, const struct audit_place *x)
{
	for (size_t i = 0; i < n_trees; i++) {
		if (x != &p->v[i] && is_below(x->path, p->v[i].path))
			return true;
	}
	return false;
}

int audit_places_fold(struct audit_places *p)
{
	size_t trees = 0, w = 0;

	if (p->n == 0)
		return 0;
	qsort(p->v, p->n, sizeof(*p->v), compare_paths);
	int r = gather(p);
	if (r < 0)
		return r;
	qsort(p->v, p->n, sizeof(*p->v), compare_ranks);
	for (size_t i = 0; i < p->n; i++) {
		bool twice = w > 0 && strcmp(p->v[i].path, p->v[w - 1].path) == 0;
		if (twice || is_covered(p, trees, &p->v[i]))
			continue;
		p->v[w++] = p->v[i];
		trees += p->v[w - 1].tree;
	}
	p->n = w;
	return 0;
}

/* What is not there is no error. */
static int soft(int r)
{
	return r == -ENOMEM ? r : 0;
}

/* The path of its directory as it really is, in *ret; to be freed. */
static int real_directory(
	const struct root *root, struct arena *a, const char *path, size_t n, char **ret)
{
	const char *dir = n > 0 ? arena_strndup(a, path, n) : "/";

	return dir ? root_realpath(root, dir, ret) : -ENOMEM;
}

/* dir may be "/". */
static int add_joined(struct audit_places *ret, const char *dir, const char *name)
{
	const char *path = arena_printf(ret->arena, "%s%s", dir[1] ? dir : "", name);

	return path ? audit_places_add(ret, path, false) : -ENOMEM;
}

/* A user's place is one only where nothing on its way from the home is a link. */
static int resolve_user(
	const struct audit_place *x, const struct root *root, struct audit_places *ret)
{
	size_t home = (size_t)(ssh_part(x->path) - x->path), dir = directory_size(x->path);
	_cleanup_free_ char *base = NULL, *real = NULL;

	int r = real_directory(root, ret->arena, x->path, home, &base);
	if (r == 0)
		r = real_directory(root, ret->arena, x->path, dir, &real);
	if (r < 0)
		return soft(r);
	size_t n = base[1] ? strlen(base) : 0;
	if (strncmp(real, base, n) != 0 ||
		(dir > home && (strlen(real + n) != dir - home ||
				       strncmp(real + n, x->path + home, dir - home) != 0)) ||
		(dir == home && strcmp(real, base) != 0))
		return 0;
	return add_joined(ret, real, x->path + dir);
}

static int resolve_tree(
	const struct audit_place *x, const struct root *root, struct audit_places *ret)
{
	_cleanup_free_ char *real = NULL;
	struct stat st;

	int r = root_stat(root, x->path, &st);
	if (r < 0 || !S_ISDIR(st.st_mode))
		return soft(r);
	r = root_realpath(root, x->path, &real);
	if (r < 0 || is_wide(real, strlen(real)) || is_volatile(real))
		return soft(r);
	return audit_places_add(ret, real, true);
}

static int resolve_single(
	const struct audit_place *x, const struct root *root, struct audit_places *ret)
{
	size_t dir = directory_size(x->path);
	_cleanup_free_ char *real = NULL;
	struct stat st;

	/* Of a link, both: the link may be replaced, and what it leads to written. */
	int r = root_lstat(root, x->path, &st);
	if (r == 0 && S_ISLNK(st.st_mode) && root_realpath(root, x->path, &real) == 0 &&
		!is_wide(real, strlen(real)) && !is_volatile(real))
		r = audit_places_add(ret, real, false);
	if (r == -ENOMEM)
		return r;
	freep(&real);
	real = NULL;
	r = real_directory(root, ret->arena, x->path, dir, &real);
	return r < 0 ? soft(r) : add_joined(ret, real, x->path + dir);
}

int audit_places_resolve(
	const struct audit_places *p, const struct root *root, struct audit_places *ret)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n; i++) {
		const struct audit_place *x = &p->v[i];
		if (x->tree)
			r = resolve_tree(x, root, ret);
		else if (ssh_part(x->path))
			r = resolve_user(x, root, ret);
		else
			r = resolve_single(x, root, ret);
	}
	return r == 0 ? audit_places_fold(ret) : r;
}

bool audit_places_same(const struct audit_places *a, const struct audit_places *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (a->v[i].tree != b->v[i].tree || strcmp(a->v[i].path, b->v[i].path) != 0)
			return false;
	}
	return true;
}
