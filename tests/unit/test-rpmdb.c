/* SPDX-License-Identifier: ISC */
#include "test.h"

#include <dirent.h>

#include "alloc-fail.h"
#include "fact/packages.h"
#include "fact/rodb.h"
#include "fact/rpmdb.h"
#include "rpm-header.h"

static void test_header(void **state)
{
	struct package_list l;
	struct rpm_header h;

	assert_int_equal(package_list_init(&l), 0);
	rpm_header_make(&h, "bash", 0, "5.1.8", "9.el9", "x86_64");
	assert_int_equal(rpmdb_header(&l, h.bytes, h.n), 0);
	rpm_header_make(&h, "shadow-utils", 2, "4.9", "8.el9", "x86_64");
	assert_int_equal(rpmdb_header(&l, h.bytes, h.n), 0);
	rpm_header_make(&h, "gpg-pubkey", 0, "fd431d51", "4ae0493b", NULL);
	assert_int_equal(rpmdb_header(&l, h.bytes, h.n), 0);
	assert_string_equal(l.v[0].version, "5.1.8-9.el9");
	assert_string_equal(l.v[0].arch, "x86_64");
	assert_string_equal(l.v[1].version, "2:4.9-8.el9");
	assert_string_equal(l.v[2].arch, "");
	/* Cut short anywhere, or longer than it says. */
	for (size_t n = 0; n < h.n; n++)
		assert_int_equal(rpmdb_header(&l, h.bytes, n), -EBADMSG);
	assert_int_equal(rpmdb_header(&l, h.bytes, h.n + 1), -EBADMSG);
	package_list_fini(&l);
}

static void test_header_malformed(void **state)
{
	static const struct {
		size_t offset;
		uint32_t value;
	} vectors[] = {
		{0, 0x10000},	     /* more entries than rpm allows */
		{4, 0x10000001},     /* more data */
		{8 + 4, 4},	     /* the name is a number */
		{8 + 8, 0x7fffffff}, /* the name lies outside */
		{8 + 8, 70},	     /* the name is what does not end */
		{8, 999},	     /* no name */
		{8 + 16, 999},	     /* no version */
		{8 + 32, 999},	     /* no release */
	};
	struct package_list l;
	struct rpm_header h;

	assert_int_equal(package_list_init(&l), 0);
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		rpm_header_make(&h, "bash", 0, "5.1.8", "9.el9", "x86_64");
		h.bytes[h.n - 1] = 'x'; /* the last string has no end */
		rpm_be32(h.bytes + 8 + 64, 999);
		assert_int_equal(rpmdb_header(&l, h.bytes, h.n), 0);
		rpm_be32(h.bytes + vectors[i].offset, vectors[i].value);
		if (rpmdb_header(&l, h.bytes, h.n) != -EBADMSG)
			fail_msg("vector %zu was taken", i);
	}
	rpm_header_make(&h, "bash", 3, "5.1.8", "9.el9", "x86_64");
	rpm_be32(h.bytes + 8 + 8, (uint32_t)h.size - 3); /* the epoch begins inside, ends outside */
	assert_int_equal(rpmdb_header(&l, h.bytes, h.n), -EBADMSG);
	package_list_fini(&l);
}

static void test_header_alloc(void **state)
{
	struct package_list l;
	struct rpm_header h;
	int r;

	rpm_header_make(&h, "bash", 1, "5.1.8", "9.el9", "x86_64");
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		alloc_count = 0;
		r = package_list_init(&l);
		if (r == 0) {
			r = rpmdb_header(&l, h.bytes, h.n);
			package_list_fini(&l);
		}
		if (alloc_count < alloc_fail_at)
			break;
		assert_int_equal(r, -ENOMEM);
	}
	assert_int_equal(r, 0);
	alloc_fail_at = 0;
}

struct db {
	struct test_root t;
	sqlite3 *sql;
};

static void sql(struct db *db, const char *statement)
{
	if (sqlite3_exec(db->sql, statement, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", statement, sqlite3_errmsg(db->sql));
}

#define DB "/var/lib/rpm/rpmdb.sqlite"

static void db_open(struct db *db, const char *journal_mode)
{
	test_root_init(&db->t);
	test_write(&db->t, "/etc/os-release", "ID=rhel\n");
	test_write(&db->t, DB, "");
	db->sql = rpm_db_create(test_path(&db->t, DB), journal_mode);
}

static void db_close(struct db *db)
{
	assert_int_equal(sqlite3_close(db->sql), SQLITE_OK);
	test_root_fini(&db->t);
}

static struct fact *collect(const struct db *db)
{
	struct factset facts = {0};
	const struct collect c = {.root = &db->t.root, .facts = &facts};
	struct fact *f = NULL;

	assert_int_equal(fact_collect(FACT_OS, &c, &f), 0);
	factset_put(&facts, f);
	assert_int_equal(fact_collect(FACT_PACKAGES, &c, &f), 0);
	factset_fini(&facts);
	return f;
}

static unsigned names(const struct db *db)
{
	DIR *dir = opendir(test_path(&db->t, "/var/lib/rpm"));
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	assert_int_equal(closedir(dir), 0);
	return n;
}

/* Some rows in the database, later ones in the WAL only: both are read, nothing is written. */
static void test_wal(void **state)
{
	struct db db;
	struct rpm_header h;
	struct stat before, after;

	db_open(&db, "WAL");
	rpm_header_make(&h, "kernel-core", 0, "5.14.0", "362.13.1.el9_3", "x86_64");
	rpm_db_add(db.sql, &h);
	rpm_header_make(&h, "glibc", 0, "2.34", "83.el9", "i686");
	rpm_db_add(db.sql, &h);
	sql(&db, "PRAGMA wal_checkpoint(TRUNCATE)");
	rpm_header_make(&h, "kernel-core", 0, "5.14.0", "362.8.1.el9_3", "x86_64");
	rpm_db_add(db.sql, &h);
	rpm_header_make(&h, "glibc", 0, "2.34", "83.el9", "x86_64");
	rpm_db_add(db.sql, &h);
	/* What a transaction has not committed is not there. */
	sql(&db, "BEGIN");
	rpm_header_make(&h, "half", 0, "1", "1", "x86_64");
	rpm_db_add(db.sql, &h);

	unsigned n = names(&db);
	assert_int_equal(stat(test_path(&db.t, DB), &before), 0);
	struct fact *f = collect(&db);
	assert_int_equal(f->state, FACT_STATE_OK);
	assert_int_equal(f->n_items, 3);
	assert_string_equal(packages_version(f->u.packages, "glibc"), "2.34-83.el9");
	assert_string_equal(packages_version(f->u.packages, "glibc:i686"), "2.34-83.el9");
	assert_string_equal(packages_version(f->u.packages, "kernel-core"),
		"5.14.0-362.8.1.el9_3, 5.14.0-362.13.1.el9_3");
	fact_free(f);
	assert_int_equal(names(&db), n);
	assert_int_equal(stat(test_path(&db.t, DB), &after), 0);
	assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof(before.st_mtim));
	assert_memory_equal(&before.st_ctim, &after.st_ctim, sizeof(before.st_ctim));
	sql(&db, "ROLLBACK");
	db_close(&db);
}

static void expect_failure(const struct db *db, enum fact_state state, const char *reason)
{
	struct fact *f = collect(db);

	assert_int_equal(f->state, state);
	if (!strstr(f->reason, reason))
		fail_msg("%s: no \"%s\"", f->reason, reason);
	fact_free(f);
}

static void test_database_malformed(void **state)
{
	struct db db;
	struct rpm_header h;

	db_open(&db, "DELETE");
	rpm_header_make(&h, "bash", 0, "5", "1", "x86_64");
	rpm_db_add(db.sql, &h);
	test_write(&db.t, DB "-journal", "of somebody who died");
	expect_failure(&db, FACT_STATE_ERROR, "rollback journal");
	assert_int_equal(unlink(test_path(&db.t, DB "-journal")), 0);
	h.n--;
	rpm_db_add(db.sql, &h);
	expect_failure(&db, FACT_STATE_MALFORMED, "damaged");
	/* A view without end in its place. */
	sql(&db, "DROP TABLE Packages");
	sql(&db, "CREATE VIEW Packages AS WITH RECURSIVE c(blob) AS (SELECT 1 UNION ALL "
		 "SELECT blob + 1 FROM c) SELECT blob FROM c WHERE blob < 0");
	expect_failure(&db, FACT_STATE_MALFORMED, "damaged");
	sql(&db, "DROP VIEW Packages");
	expect_failure(&db, FACT_STATE_MALFORMED, "damaged");
	db_close(&db);
}

static void test_changed_while_read(void **state)
{
	struct db db;
	struct rodb *d = NULL;

	db_open(&db, "WAL");
	assert_int_equal(rodb_open(&db.t.root, DB, &d), 0);
	assert_int_equal(rodb_close(d), 0);
	assert_int_equal(rodb_open(&db.t.root, DB, &d), 0);
	assert_int_not_equal(
		sqlite3_exec(rodb_handle(d), "DELETE FROM Packages", NULL, NULL, NULL), SQLITE_OK);
	sql(&db, "CREATE TABLE Other (x)");
	assert_int_equal(rodb_close(d), -EAGAIN);
	assert_int_equal(rodb_open(&db.t.root, "/none", &d), -ENOENT);
	assert_int_equal(rodb_close(NULL), 0);
	db_close(&db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_header_malformed),
		cmocka_unit_test(test_header_alloc),
		cmocka_unit_test(test_wal),
		cmocka_unit_test(test_database_malformed),
		cmocka_unit_test(test_changed_while_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
