/* SPDX-License-Identifier: ISC */
#include "fact/packages.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "fact/collectors.h"
#include "fact/os.h"
#include "fact/package-list.h"
#include "fact/rpmdb.h"
#include "fact/version.h"

#define SUBJECT "package "

enum {
	DATABASE_MAX = 64 << 20,
	FILES_MAX = 10000,  /* of dpkg's updates, of status.d */
	SUBJECT_MAX = 1100, /* more than an item keeps */
	RPM_OUTPUT_MAX = 8 << 20,
};

#define RPM_TIMEOUT_USEC (60 * USEC_PER_SEC)

static const char *const manager_names[] = {
	[PACKAGES_DPKG] = "dpkg",
	[PACKAGES_RPM] = "rpm",
	[PACKAGES_APK] = "apk",
};
static_assert(ARRAY_SIZE(manager_names) == PACKAGES_MAX, "a name for each manager");

const char *package_manager_name(enum package_manager m)
{
	return manager_names[m];
}

const char *package_name(const struct fact_item *item)
{
	return item->subject + strlen(SUBJECT);
}

/* The first package whose name is not less than the n bytes of name; n_items when none is. */
static size_t lower_bound(const struct packages *p, const char *name, size_t n)
{
	size_t low = 0, high = p->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (strncmp(package_name(&p->v[mid]), name, n) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const char *packages_version(const struct packages *p, const char *name)
{
	size_t i = lower_bound(p, name, strlen(name) + 1);

	return i < p->n && strcmp(package_name(&p->v[i]), name) == 0 ? p->v[i].value : NULL;
}

const struct fact_item *packages_prefix(const struct packages *p, const char *prefix, size_t *ret_n)
{
	size_t len = strlen(prefix), first = lower_bound(p, prefix, len), end = first;

	while (end < p->n && strncmp(package_name(&p->v[end]), prefix, len) == 0)
		end++;
	*ret_n = end - first;
	return p->v + first;
}

const char *package_newest(const char *value)
{
	for (const char *comma; (comma = strstr(value, ", "));)
		value = comma + 2;
	return value;
}

/* What a manager's reader works on. */
struct reading {
	const struct collect *c;
	struct fact *f;
	struct package_list list;
	const char *native; /* architecture; "" to have it counted */
	const char **held, **unsigned_;
	size_t n_held, n_unsigned;
	bool knows_signatures;
};

/* The list is not complete, and the fact says why: by its first reason. 0 or -ENOMEM. */
static int unreadable(struct reading *rd, int r, const char *path, unsigned line)
{
	if (r == -ENOMEM)
		return r;
	if (rd->f->state != FACT_STATE_OK)
		return 0;
	if (r == -EBADMSG && line == 0)
		fact_fail(rd->f, r, "%s was cut short: its last line does not end", path);
	else if (r == -EBADMSG)
		fact_fail(rd->f, r, "%s:%u is not what the package manager writes", path, line);
	else
		fact_fail(rd->f, r, "%s %s", path, fsio_strerror(r));
	return 0;
}

static int read_dpkg_file(struct reading *rd, const char *path, bool assume_installed)
{
	_cleanup_file_ struct file file = {0};
	unsigned line = 0;
	int r = root_read(rd->c->root, path, DATABASE_MAX, &file);

	if (r == 0)
		r = package_list_dpkg(&rd->list, file.data, file.size, assume_installed, &line);
	return r < 0 ? unreadable(rd, r, path, line) : 0;
}

struct directory {
	struct reading *rd;
	const char *path;
	bool assume_installed;
};

static int read_dpkg_entry(const char *name, void *arg)
{
	const struct directory *d = arg;
	_cleanup_free_ char *path = NULL;
	size_t len = strlen(name);

	/* updates: numbers (tmp.i is one being written); status.d: checksums stand beside. */
	if (d->assume_installed ? len > 8 && strcmp(name + len - 8, ".md5sums") == 0
				: strspn(name, "0123456789") != len)
		return 0;
	if (asprintf(&path, "%s/%s", d->path, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return read_dpkg_file(d->rd, path, d->assume_installed);
}

static int read_dpkg_directory(struct reading *rd, const char *path, bool assume_installed)
{
	struct directory d = {rd, path, assume_installed};
	int r = root_list(rd->c->root, path, FILES_MAX, read_dpkg_entry, &d);

	return r < 0 && r != -ENOENT && r != -ENOTDIR ? unreadable(rd, r, path, 0) : 0;
}

/* The first line of the file that `dpkg --add-architecture` makes is dpkg's own. */
static int read_dpkg_arch(struct reading *rd)
{
	_cleanup_file_ struct file file = {0};
	int r = root_read(rd->c->root, "/var/lib/dpkg/arch", 4096, &file);

	if (r < 0)
		return r == -ENOMEM ? r : 0; /* counted instead */
	rd->native = arena_strndup(rd->list.arena, file.data, strcspn(file.data, "\n"));
	return rd->native ? 0 : -ENOMEM;
}

static int read_dpkg(struct reading *rd)
{
	struct stat st;
	int r = root_stat(rd->c->root, "/var/lib/dpkg/status", &st);

	if (r == 0)
		r = read_dpkg_file(rd, "/var/lib/dpkg/status", false);
	else if (r == -ENOENT)
		r = 0;
	else
		r = unreadable(rd, r, "/var/lib/dpkg/status", 0);
	if (r == 0)
		r = read_dpkg_directory(rd, "/var/lib/dpkg/updates", false);
	if (r == 0)
		r = read_dpkg_directory(rd, "/var/lib/dpkg/status.d", true);
	return r < 0 ? r : read_dpkg_arch(rd);
}

static int read_apk(struct reading *rd)
{
	static const char *const paths[] = {"/lib/apk/db/installed", "/usr/lib/apk/db/installed"};
	_cleanup_file_ struct file file = {0};
	unsigned line = 0, i = 0;
	int r = root_read(rd->c->root, paths[0], DATABASE_MAX, &file);

	if (r == -ENOENT)
		r = root_read(rd->c->root, paths[i = 1], DATABASE_MAX, &file);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = package_list_apk(&rd->list, file.data, file.size, &line);
	return r < 0 ? unreadable(rd, r, paths[i], line) : 0;
}

static int rpm_answer(struct reading *rd, const char *answer, const char *path)
{
	unsigned line = 0;
	int r = package_list_rpm(&rd->list, answer, strlen(answer), &line);

	if (r == -EBADMSG) {
		fact_fail(rd->f, r, "rpm -qa on %s: line %u of its output makes no sense", path,
			line);
		return 0;
	}
	return r;
}

/*
 * Berkeley DB and ndb are read by rpm itself, on the running machine: their
 * files are rpm's business. st is the database's, for the kept answer.
 */
static int read_rpm_child(
	struct reading *rd, const char *dir, const char *path, const struct stat *st)
{
	const char *const argv[] = {"/usr/bin/rpm", "--dbpath", dir, "-qa", "--queryformat",
		PACKAGE_LIST_RPM_FORMAT, NULL};
	struct child_result res = {0};
	char sig[STAT_SIGNATURE_MAX];
	const char *known = memo_get(rd->c->memo, path, stat_signature(st, sig));

	if (known)
		return rpm_answer(rd, known, path);
	int r = child_run(rd->c->memo, argv, NULL, RPM_TIMEOUT_USEC, RPM_OUTPUT_MAX, &res);
	if (r < 0) {
		if (r != -ENOMEM)
			fact_fail(rd->f, r == -ENOENT ? -ENOTSUP : r,
				"%s: rpm could not be asked: %s", path, strerror(-r));
		return r == -ENOMEM ? r : 0;
	}
	if (res.status != 0) {
		fact_fail(rd->f, -EIO, "%s: rpm -qa failed: %s", path, res.err ? res.err : "");
		r = 0;
	} else {
		r = memo_put(rd->c->memo, path, sig, res.out ? res.out : "");
		if (r == 0)
			r = rpm_answer(rd, res.out ? res.out : "", path);
	}
	child_result_fini(&res);
	return r;
}

static int read_rpm_sqlite(struct reading *rd, const char *path)
{
	int r = rpmdb_read(rd->c->root, path, &rd->list);

	rd->knows_signatures = r == 0;
	switch (r) {
	case -ENOTSUP:
		fact_fail(rd->f, r, "%s has a rollback journal of a transaction that did not end",
			path);
		return 0;
	case -EAGAIN:
		fact_fail(rd->f, r, "%s was changed while it was read", path);
		return 0;
	case -EBADMSG:
		fact_fail(rd->f, r, "%s is damaged, or no rpm database; `rpm --verifydb` says more",
			path);
		return 0;
	default:
		return r < 0 ? unreadable(rd, r, path, 0) : 0;
	}
}

static int read_rpm_dir(struct reading *rd, const char *dir, bool *ret_found)
{
	static const struct {
		const char *file, *format;
	} forms[] = {
		{"rpmdb.sqlite", NULL},
		{"Packages.db", "ndb"},
		{"Packages", "Berkeley DB"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		_cleanup_free_ char *path = NULL;
		struct stat st;
		if (asprintf(&path, "%s/%s", dir, forms[i].file) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		int r = root_stat(rd->c->root, path, &st);
		if (r == -ENOENT || r == -ENOTDIR)
			continue;
		*ret_found = true;
		if (r < 0)
			return unreadable(rd, r, path, 0);
		if (!forms[i].format)
			return read_rpm_sqlite(rd, path);
		if (collect_may_run(rd->c))
			return read_rpm_child(rd, dir, path, &st);
		fact_fail(rd->f, -ENOTSUP,
			"%s is in the %s format, which only rpm on the running machine can read",
			path, forms[i].format);
		return 0;
	}
	return 0;
}

static int read_rpm(struct reading *rd)
{
	static const char *const dirs[] = {"/usr/lib/sysimage/rpm", "/var/lib/rpm"};
	bool found = false;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(dirs) && r == 0 && !found; i++)
		r = read_rpm_dir(rd, dirs[i], &found);
	return r;
}

static int by_version(const void *a, const void *b)
{
	const struct package_entry *x = a, *y = b;

	return version_compare_rpm(x->version, y->version);
}

/* The versions of one rpm, oldest first. A heap string, or NULL on ENOMEM. */
static char *join_versions(struct package_entry *v, size_t n)
{
	char *out = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&out, &size);

	if (!f)
		return NULL;
	qsort(v, n, sizeof(*v), by_version);
	for (size_t i = 0; i < n; i++)
		(void)fprintf(f, "%s%s", i ? ", " : "", v[i].version);
	if (fclose(f) == 0)
		return out;
	free(out);
	return NULL;
}

static int note_name(struct reading *rd, const char ***v, size_t *n, const struct fact_item *item)
{
	const char **slot = arena_grow(rd->f->arena, v, *n, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = package_name(item);
	(*n)++;
	return 0;
}

/* One item for n entries of one name and architecture. */
static int add_package(
	struct reading *rd, enum package_manager m, struct package_entry *v, size_t n)
{
	_cleanup_free_ char *joined = NULL;
	const char *arch = v->arch, *version = v[n - 1].version;
	char subject[SUBJECT_MAX];
	bool own = !*arch || strcmp(arch, "all") == 0 || strcmp(arch, "noarch") == 0 ||
		   strcmp(arch, rd->native) == 0;

	if (!version)
		return 0;
	if (m == PACKAGES_RPM && n > 1) {
		joined = join_versions(v, n);
		if (!joined)
			return -ENOMEM;
		version = joined;
	}
	(void)snprintf(subject, sizeof(subject), SUBJECT "%s%s%s", v->name, own ? "" : ":",
		own ? "" : arch);
	struct fact_item *item = &rd->f->items[rd->f->n_items];
	item->subject = text_clean(rd->f->arena, subject);
	item->value = text_clean(rd->f->arena, version);
	if (!item->subject || !item->value)
		return -ENOMEM;
	rd->f->n_items++;
	bool is_unsigned = false;
	for (size_t i = 0; i < n; i++)
		is_unsigned = is_unsigned || v[i].is_unsigned;
	if (is_unsigned && note_name(rd, &rd->unsigned_, &rd->n_unsigned, item) < 0)
		return -ENOMEM;
	return v[n - 1].held ? note_name(rd, &rd->held, &rd->n_held, item) : 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool package_is_held(const struct packages *p, const char *name)
{
	return p->n_held > 0 && bsearch(&name, p->held, p->n_held, sizeof(name), by_name);
}

static int add_packages(struct reading *rd, enum package_manager m)
{
	struct package_list *l = &rd->list;

	/* At once, not by fact_add_item(): its doubling would cost as much again. */
	rd->f->items = arena_alloc(rd->f->arena, l->n * sizeof(*rd->f->items));
	if (!rd->f->items)
		return -ENOMEM;
	package_list_sort(l);
	if (!*rd->native)
		rd->native = package_list_native(l);
	for (size_t i = 0, n; i < l->n; i += n) {
		for (n = 1; i + n < l->n; n++) {
			if (strcmp(l->v[i].name, l->v[i + n].name) != 0 ||
				strcmp(l->v[i].arch, l->v[i + n].arch) != 0)
				break;
		}
		int r = add_package(rd, m, l->v + i, n);
		if (r < 0)
			return r;
	}
	struct packages *p = arena_alloc(rd->f->arena, sizeof(*p));
	if (!p)
		return -ENOMEM;
	*p = (struct packages){
		.manager = m,
		.v = rd->f->items,
		.n = rd->f->n_items,
		.arch = arena_strdup(rd->f->arena, rd->native),
		.held = rd->held,
		.n_held = rd->n_held,
		.knows_signatures = rd->knows_signatures,
		.unsigned_ = rd->unsigned_,
		.n_unsigned = rd->n_unsigned,
	};
	if (!p->arch)
		return -ENOMEM;
	if (p->n_held > 1)
		qsort(rd->held, p->n_held, sizeof(*rd->held), by_name);
	rd->f->u.packages = p;
	return 0;
}

/*
 * The managers, the distribution's own first. Another's database beside it (an
 * empty /var/lib/rpm on Debian) is not read: it does not say what is installed.
 */
static const enum package_manager *order(const struct collect *c)
{
	static const enum package_manager orders[][PACKAGES_MAX] = {
		[PACKAGES_DPKG] = {PACKAGES_DPKG, PACKAGES_RPM, PACKAGES_APK},
		[PACKAGES_RPM] = {PACKAGES_RPM, PACKAGES_DPKG, PACKAGES_APK},
		[PACKAGES_APK] = {PACKAGES_APK, PACKAGES_DPKG, PACKAGES_RPM},
	};
	const struct fact *os = factset_get(c->facts, FACT_OS);

	switch (os && os->u.os ? os->u.os->family : OS_OTHER) {
	case OS_RHEL:
	case OS_SUSE:
		return orders[PACKAGES_RPM];
	case OS_ALPINE:
		return orders[PACKAGES_APK];
	default:
		return orders[PACKAGES_DPKG];
	}
}

static int packages_collect(const struct collect *c, struct fact *f)
{
	static int (*const readers[])(struct reading * rd) = {
		[PACKAGES_DPKG] = read_dpkg, [PACKAGES_RPM] = read_rpm, [PACKAGES_APK] = read_apk};
	struct reading rd = {.c = c, .f = f, .native = ""};
	const enum package_manager *managers = order(c);
	int r = package_list_init(&rd.list);
	bool found = false;

	for (int i = 0; i < PACKAGES_MAX && r == 0 && !found; i++) {
		rd.native = "";
		r = readers[managers[i]](&rd);
		found = rd.list.n > 0 || f->state != FACT_STATE_OK;
		if (r == 0 && found && f->state == FACT_STATE_OK)
			r = add_packages(&rd, managers[i]);
	}
	if (r == 0 && !found)
		fact_fail(f, -ENOENT, "no package database of dpkg, rpm or apk holds a package");
	package_list_fini(&rd.list);
	return r;
}

const struct fact_lock packages_locks[] = {
	{"/var/lib/dpkg/lock-frontend", LOCK_FCNTL, 30 * USEC_PER_MIN},
	{"/var/lib/dpkg/lock", LOCK_FCNTL, 30 * USEC_PER_MIN},
	{"/usr/lib/sysimage/rpm/.rpm.lock", LOCK_FCNTL, 30 * USEC_PER_MIN},
	{"/var/lib/rpm/.rpm.lock", LOCK_FCNTL, 30 * USEC_PER_MIN},
	{"/lib/apk/db/lock", LOCK_FCNTL, 30 * USEC_PER_MIN},
	{NULL},
};

const struct collector collector_packages = {
	.id = FACT_PACKAGES,
	.name = "packages",
	.needs = FACT_BIT(FACT_OS),
	.locks = packages_locks,
	.collect = packages_collect,
};
