/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fact/package-files-read.h"
#include "fact/rodb.h"

struct reading {
	struct package_reading *rd;
	struct package_files empty;
	const char **names; /* whose headers were read, by the index */
	size_t n_names;
};

/* One header, by its number. 0 or -errno. */
static int read_header(sqlite3 *db, sqlite3_int64 number, struct package_reading *rd)
{
	sqlite3_stmt *s = NULL;
	int r = -EBADMSG;

	if (sqlite3_prepare_v2(db, "SELECT blob FROM Packages WHERE hnum = ?", -1, &s, NULL) ==
			SQLITE_OK &&
		sqlite3_bind_int64(s, 1, number) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
		const uint8_t *blob = sqlite3_column_blob(s, 0);
		if (blob)
			r = package_files_header(blob, (size_t)sqlite3_column_bytes(s, 0),
				package_reading_digest, rd);
	}
	if (r == -EBADMSG && sqlite3_errcode(db) == SQLITE_NOMEM)
		r = -ENOMEM;
	(void)sqlite3_finalize(s); /* repeats the error of the last step */
	return r;
}

static int take_name(sqlite3_stmt *row, void *arg)
{
	struct reading *x = arg;
	char name[256];
	const char *key = sqlite3_column_blob(row, 0);

	(void)snprintf(name, sizeof(name), "%.*s", sqlite3_column_bytes(row, 0), key ? key : "");
	if (!package_files_wants_package(name))
		return 0;
	const char **slot = arena_grow(x->rd->tmp, &x->names, x->n_names, sizeof(*slot));
	if (!slot || !(*slot = arena_strdup(x->rd->tmp, name)))
		return -ENOMEM;
	x->n_names++;
	return read_header(sqlite3_db_handle(row), sqlite3_column_int64(row, 1), x->rd);
}

/* rpm's index of names spares reading every header: there are tens of megabytes of them. */
static int read_headers(sqlite3 *db, void *arg)
{
	struct reading *x = arg;

	*x->rd->out = x->empty;
	x->rd->n_seen = x->rd->n_bare = x->n_names = 0;
	return rodb_each(db, "SELECT key, hnum FROM Name", take_name, x);
}

static bool has_header(const struct reading *x, const char *name, size_t n)
{
	for (size_t i = 0; i < x->n_names; i++) {
		if (strncmp(x->names[i], name, n) == 0 && !x->names[i][n])
			return true;
	}
	return false;
}

/* The packages that are installed, by all headers, and that the index does not lead to. */
static int compare_names(struct reading *x)
{
	const struct packages *packages = x->rd->packages;
	char name[256];

	for (size_t i = 0; i < packages->n; i++) {
		const char *full = package_name(&packages->v[i]);
		size_t n = strcspn(full, ":");
		(void)snprintf(name, sizeof(name), "%.*s", (int)MIN(n, sizeof(name) - 1), full);
		if (!package_files_wants_package(name) || has_header(x, name, strlen(name)))
			continue;
		int r = package_reading_gap(
			x->rd, name, x->rd->list, "has it, and its index of names does not");
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_database(struct package_reading *rd, const char *path)
{
	struct reading x = {.rd = rd, .empty = *rd->out};

	rd->list = path;
	int r = rodb_read(rd->c->root, path, read_headers, &x);
	if (r == 0)
		return compare_names(&x);
	if (r != -EAGAIN)
		return package_reading_failed(rd, r, path, 0);
	fact_fail(rd->f, r, "%s was changed while it was read", path);
	return 0;
}

int package_files_rpm(struct package_reading *rd)
{
	static const char *const paths[] = {
		"/usr/lib/sysimage/rpm/rpmdb.sqlite", "/var/lib/rpm/rpmdb.sqlite"};
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int r = root_stat(rd->c->root, paths[i], &st);
		if (r != -ENOENT && r != -ENOTDIR)
			return read_database(rd, paths[i]);
	}
	fact_fail(rd->f, -ENOTSUP,
		"rpm's database is not in the sqlite format: its digests are not read; `rpm -Va` "
		"compares them");
	return 0;
}
