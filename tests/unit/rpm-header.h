/* SPDX-License-Identifier: ISC */
/*
 * Builds rpm headers as they stand in the database, and databases of them: for
 * tests.
 */
#pragma once

#include <sqlite3.h>
#include <stdint.h>
#include <string.h>

#include "test.h"

struct rpm_header {
	uint8_t bytes[1024];
	size_t n; /* after rpm_header_end() */
	uint8_t index[256], data[512];
	size_t entries, size;
};

static inline void rpm_be32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static inline void rpm_header_tag(
	struct rpm_header *h, uint32_t tag, uint32_t type, const void *data, size_t size)
{
	uint8_t *e = h->index + 16 * h->entries++;

	rpm_be32(e, tag);
	rpm_be32(e + 4, type);
	rpm_be32(e + 8, (uint32_t)h->size);
	rpm_be32(e + 12, 1);
	memcpy(h->data + h->size, data, size);
	h->size += size;
}

static inline void rpm_header_string(struct rpm_header *h, uint32_t tag, const char *s)
{
	rpm_header_tag(h, tag, 6, s, strlen(s) + 1);
}

static inline void rpm_header_end(struct rpm_header *h)
{
	rpm_be32(h->bytes, (uint32_t)h->entries);
	rpm_be32(h->bytes + 4, (uint32_t)h->size);
	memcpy(h->bytes + 8, h->index, 16 * h->entries);
	memcpy(h->bytes + 8 + 16 * h->entries, h->data, h->size);
	h->n = 8 + 16 * h->entries + h->size;
}

/* epoch 0: none. arch NULL: none, as a key has. */
static inline void rpm_header_make(struct rpm_header *h, const char *name, uint8_t epoch,
	const char *version, const char *release, const char *arch)
{
	memset(h, 0, sizeof(*h));
	if (epoch)
		rpm_header_tag(h, 1003, 4, (const uint8_t[]){0, 0, 0, epoch}, 4);
	rpm_header_string(h, 1000, name);
	rpm_header_string(h, 1001, version);
	rpm_header_string(h, 1002, release);
	rpm_header_string(h, 1004, "a summary that nobody asks for");
	if (arch)
		rpm_header_string(h, 1022, arch);
	rpm_header_end(h);
}

/* An rpm database; the caller closes it. The file need not exist. */
static inline sqlite3 *rpm_db_create(const char *path, const char *journal_mode)
{
	sqlite3 *db = NULL;
	char setup[256];

	(void)snprintf(setup, sizeof(setup),
		"PRAGMA journal_mode = %s; PRAGMA wal_autocheckpoint = 0; "
		"CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT "
		"NULL)",
		journal_mode);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, setup, NULL, NULL, NULL), SQLITE_OK);
	return db;
}

static inline void rpm_db_add(sqlite3 *db, const struct rpm_header *h)
{
	sqlite3_stmt *s = NULL;

	assert_int_equal(
		sqlite3_prepare_v2(db, "INSERT INTO Packages(blob) VALUES(?)", -1, &s, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_bind_blob(s, 1, h->bytes, (int)h->n, SQLITE_STATIC), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_DONE);
	assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
}
