/* SPDX-License-Identifier: ISC */
#include "fact/units-scan.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* In the order of systemd.unit(5): a name in an earlier one hides those in later ones. */
static const char *const unit_dirs[] = {
	"/etc/systemd/system.control",
	"/run/systemd/system.control",
	UNIT_DIR_TRANSIENT,
	UNIT_DIR_GENERATOR ".early",
	UNIT_DIR_CONFIG,
	"/etc/systemd/system.attached",
	"/run/systemd/system",
	"/run/systemd/system.attached",
	UNIT_DIR_GENERATOR,
	"/usr/local/lib/systemd/system",
	"/lib/systemd/system",
	"/usr/lib/systemd/system",
	UNIT_DIR_GENERATOR ".late",
};
static_assert(ARRAY_SIZE(unit_dirs) <= UNIT_DIRS_MAX, "room for each directory");

/* A directory that is being listed. */
struct listing {
	struct units_scan *s;
	unsigned dir;
	const char *unit; /* of UNIT.wants and UNIT.d, else NULL */
	enum unit_link_kind kind;
};

static const struct {
	const char *suffix;
	enum unit_link_kind kind;
} link_dirs[] = {{".wants", LINK_WANTS}, {".requires", LINK_REQUIRES}, {".upholds", LINK_UPHOLDS}};

char *units_scan_path(const struct units_scan *s, struct arena *a, unsigned dir, const char *name)
{
	return arena_printf(a, "%s/%s", s->dirs[dir], name);
}

bool units_scan_inside(const struct units_scan *s, const char *path)
{
	for (unsigned i = 0; i < s->n_dirs; i++) {
		size_t len = strlen(s->dirs[i]);
		if (strncmp(path, s->dirs[i], len) == 0 && path[len] == '/')
			return true;
	}
	/* The other name of the same directory, when it was left out. */
	return strncmp(path, "/lib/systemd/system/", strlen("/lib/systemd/system/")) == 0;
}

/* The target made absolute from the directory that the link lies in; "." and ".." resolved. */
static char *link_target(struct arena *a, const char *dir, const char *target)
{
	char *path = arena_printf(a, "%s/%s", *target == '/' ? "" : dir, target);
	size_t len = 0;

	if (!path)
		return NULL;
	for (const char *p = path; *p;) {
		p += strspn(p, "/");
		size_t n = strcspn(p, "/");
		if (n == 2 && p[0] == '.' && p[1] == '.') {
			while (len > 0 && path[--len] != '/')
				;
		} else if (n > 0 && !(n == 1 && p[0] == '.')) {
			/* What is written never passes what is read. */
			memmove(path + len + 1, p, n);
			path[len] = '/';
			len += n + 1;
		}
		p += n;
	}
	path[len] = '\0';
	return path;
}

/* Whether a link's end is a mask: /dev/null, or a file with nothing in it. */
static bool leads_to_nothing(const struct units_scan *s, const char *target)
{
	struct stat st;

	/* An image has no /dev. */
	if (strcmp(target, "/dev/null") == 0)
		return true;
	if (root_stat(s->root, target, &st) < 0)
		return false;
	return S_ISCHR(st.st_mode) || (S_ISREG(st.st_mode) && st.st_size == 0);
}

/*
 * Reads the link at path. That it is another link one day is told by the
 * directory, which is listed: it need not be watched by itself.
 */
static int read_link(
	const struct units_scan *s, const char *dir, const char *path, const char **ret)
{
	struct root quiet = *s->root;
	_cleanup_free_ char *target = NULL;

	quiet.deps = NULL;
	int r = root_readlink(&quiet, path, &target);
	if (r < 0)
		return r == -ENOMEM ? r : 0; /* gone since it was listed: there will be an event */
	*ret = link_target(s->a, dir, target);
	return *ret ? 0 : -ENOMEM;
}

static int add_link(const char *name, unsigned char type, void *arg)
{
	const struct listing *l = arg;
	struct units_scan *s = l->s;
	struct unit_link *link = arena_grow(s->a, &s->links, s->n_links, sizeof(*link));
	const char *target = NULL;
	char dir[512], path[1024];

	if (!link)
		return -ENOMEM;
	*link = (struct unit_link){
		.unit = l->unit,
		.name = arena_strdup(s->a, name),
		.dir = l->dir,
		.kind = l->kind,
		.link = type == DT_LNK,
	};
	if (!link->name)
		return -ENOMEM;
	s->n_links++;
	if (!link->link)
		return 0;
	(void)snprintf(
		dir, sizeof(dir), "%s/%s%s", s->dirs[l->dir], l->unit, link_dirs[l->kind].suffix);
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	int r = read_link(s, dir, path, &target);
	if (r < 0)
		return r;
	link->null = target && strcmp(target, "/dev/null") == 0;
	return 0;
}

static int add_dropin(const char *name, _unused_ unsigned char type, void *arg)
{
	const struct listing *l = arg;
	struct units_scan *s = l->s;
	size_t len = strlen(name);

	if (*name == '.' || len <= 5 || strcmp(name + len - 5, ".conf") != 0)
		return 0;
	struct unit_dropin *d = arena_grow(s->a, &s->dropins, s->n_dropins, sizeof(*d));
	if (!d)
		return -ENOMEM;
	*d = (struct unit_dropin){.unit = l->unit, .file = arena_strdup(s->a, name), .dir = l->dir};
	if (!d->file)
		return -ENOMEM;
	s->n_dropins++;
	return 0;
}

static int list_below(const struct listing *of, const char *name, size_t suffix,
	int (*each)(const char *name, unsigned char type, void *arg))
{
	struct units_scan *s = of->s;
	struct listing l = *of;
	char path[512];

	l.unit = arena_strndup(s->a, name, strlen(name) - suffix);
	if (!l.unit)
		return -ENOMEM;
	(void)snprintf(path, sizeof(path), "%s/%s", s->dirs[l.dir], name);
	int r = root_list_types(s->root, path, UNIT_NAMES_MAX, each, &l);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0 && r != -ENOMEM)
		s->failed = arena_strdup(s->a, path);
	return r;
}

static int add_entry(struct listing *l, const char *name, unsigned char type)
{
	struct units_scan *s = l->s;
	struct unit_entry e = {.dir = l->dir};
	char path[1024];
	int r = 0;

	(void)snprintf(path, sizeof(path), "%s/%s", s->dirs[l->dir], name);
	if (type == DT_LNK) {
		r = read_link(s, s->dirs[l->dir], path, &e.target);
		if (r < 0 || !e.target)
			return r;
		e.null = leads_to_nothing(s, e.target);
	}
	struct unit_entry *slot = arena_grow(s->a, &s->entries, s->n_entries, sizeof(*slot));
	e.name = arena_strdup(s->a, name);
	if (!slot || !e.name)
		return -ENOMEM;
	*slot = e;
	s->n_entries++;
	return 0;
}

/* Length of the suffix that name ends in, 0 when it does not. */
static size_t has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), n = strlen(suffix);

	return len > n && strcmp(name + len - n, suffix) == 0 ? n : 0;
}

static int add_name(const char *name, unsigned char type, void *arg)
{
	struct listing *l = arg;
	size_t n = has_suffix(name, ".d");

	if (type == DT_REG || type == DT_LNK) {
		if (unit_name_kind(name) != UNIT_NAME_INVALID)
			return add_entry(l, name, type);
		if (type == DT_REG)
			return 0;
	}
	/* As the manager does: drop-ins and dependencies through a link to a directory, too. */
	if (type != DT_DIR && type != DT_LNK)
		return 0;
	if (n > 0)
		return list_below(l, name, n, add_dropin);
	for (size_t i = 0; i < ARRAY_SIZE(link_dirs); i++) {
		n = has_suffix(name, link_dirs[i].suffix);
		if (n == 0)
			continue;
		l->kind = link_dirs[i].kind;
		return list_below(l, name, n, add_link);
	}
	return 0;
}

/* Whether the two are one directory, as /lib and /usr/lib are nowadays. */
static bool is_same(const struct root *root, const char *a, const char *b)
{
	struct stat x, y;

	return root_stat(root, a, &x) == 0 && root_stat(root, b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

static int entry_compare(const void *a, const void *b)
{
	const struct unit_entry *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r ? r : (x->dir > y->dir) - (x->dir < y->dir);
}

static int link_compare(const void *a, const void *b)
{
	const struct unit_link *x = a, *y = b;
	int r = strcmp(x->unit, y->unit);

	if (r == 0)
		r = strcmp(x->name, y->name);
	return r ? r : (x->dir > y->dir) - (x->dir < y->dir);
}

static int dropin_compare(const void *a, const void *b)
{
	const struct unit_dropin *x = a, *y = b;
	int r = strcmp(x->unit, y->unit);

	if (r == 0)
		r = (x->dir > y->dir) - (x->dir < y->dir);
	return r ? r : strcmp(x->file, y->file);
}

static int scan_dir(struct units_scan *s, const char *path)
{
	struct listing l = {.s = s, .dir = s->n_dirs};

	if (strcmp(path, "/lib/systemd/system") == 0 &&
		is_same(s->root, path, "/usr/lib/systemd/system"))
		return 0;
	s->dirs[s->n_dirs++] = path;
	int r = root_list_types(s->root, path, UNIT_NAMES_MAX, add_name, &l);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0 && r != -ENOMEM && !s->failed)
		s->failed = path;
	return r;
}

int units_scan(struct units_scan *s, const struct root *root, struct arena *scratch)
{
	*s = (struct units_scan){.a = scratch, .root = root};
	for (size_t i = 0; i < ARRAY_SIZE(unit_dirs); i++) {
		int r = scan_dir(s, unit_dirs[i]);
		if (r < 0)
			return r;
	}
	if (s->n_entries > 1)
		qsort(s->entries, s->n_entries, sizeof(*s->entries), entry_compare);
	if (s->n_links > 1)
		qsort(s->links, s->n_links, sizeof(*s->links), link_compare);
	if (s->n_dropins > 1)
		qsort(s->dropins, s->n_dropins, sizeof(*s->dropins), dropin_compare);
	return 0;
}

/*
 * The first row whose key (a string at the beginning of each row) is name, and
 * how many there are.
 */
static const void *find_rows(
	const void *rows, size_t n, size_t size, const char *name, size_t *ret_n)
{
	size_t low = 0, high = n, count = 0;
	const char *base = rows;

#define KEY(i) (*(const char *const *)(const void *)(base + (i)*size))
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(KEY(middle), name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + count < n && strcmp(KEY(low + count), name) == 0)
		count++;
#undef KEY
	*ret_n = count;
	return count > 0 ? base + low * size : NULL;
}

const struct unit_entry *units_scan_entry(const struct units_scan *s, const char *name)
{
	size_t n;

	return find_rows(s->entries, s->n_entries, sizeof(*s->entries), name, &n);
}

const struct unit_link *units_scan_links(
	const struct units_scan *s, const char *unit, size_t *ret_n)
{
	return find_rows(s->links, s->n_links, sizeof(*s->links), unit, ret_n);
}

const struct unit_dropin *units_scan_dropins(
	const struct units_scan *s, const char *unit, size_t *ret_n)
{
	return find_rows(s->dropins, s->n_dropins, sizeof(*s->dropins), unit, ret_n);
}
