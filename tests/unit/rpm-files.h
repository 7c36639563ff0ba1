/* SPDX-License-Identifier: ISC */
/*
 * Builds rpm headers that list files with their digests, and a database with
 * rpm's index of names: for tests.
 */
#pragma once

#include <fcntl.h>
#include <sqlite3.h>
#include <stdint.h>
#include <string.h>

#include "test.h"

struct rpm_file {
	const char *dir, *name, *content; /* content "": no digest */
	uint16_t mode;
	uint8_t flags, state;
};

struct rpm_files_header {
	uint8_t bytes[8192];
	size_t n;
	uint8_t index[512], data[4096];
	size_t entries, size;
};

static inline void rpm_files_be32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static inline void rpm_files_tag(struct rpm_files_header *h, uint32_t tag, uint32_t type,
	uint32_t count, const void *data, size_t size)
{
	uint8_t *e = h->index + 16 * h->entries++;

	rpm_files_be32(e, tag);
	rpm_files_be32(e + 4, type);
	rpm_files_be32(e + 8, (uint32_t)h->size);
	rpm_files_be32(e + 12, count);
	assert_true(h->size + size <= sizeof(h->data));
	memcpy(h->data + h->size, data, size);
	h->size += size;
}

/* A header of n files with SHA-256 digests; each file has a directory of its own. */
static inline void rpm_files_make(struct rpm_files_header *h, const char *name,
	const struct rpm_file *v, uint32_t n, const char *(*hash)(const char *text))
{
	char names[1024], dirs[1024], digests[2048];
	uint8_t flags[64], indexes[64], modes[32], states[16];
	size_t at[3] = {0};

	memset(h, 0, sizeof(*h));
	for (uint32_t i = 0; i < n; i++) {
		const char *text[] = {v[i].name, v[i].dir, *v[i].content ? hash(v[i].content) : ""};
		char *to[] = {names, dirs, digests};
		for (int k = 0; k < 3; k++) {
			memcpy(to[k] + at[k], text[k], strlen(text[k]) + 1);
			at[k] += strlen(text[k]) + 1;
		}
		rpm_files_be32(flags + (size_t)i * 4, v[i].flags);
		rpm_files_be32(indexes + (size_t)i * 4, i);
		modes[2 * i] = (uint8_t)(v[i].mode >> 8);
		modes[2 * i + 1] = (uint8_t)v[i].mode;
		states[i] = v[i].state;
	}
	const uint8_t sha256[] = {0, 0, 0, 8};
	rpm_files_tag(h, 1000, 6, 1, name, strlen(name) + 1);
	rpm_files_tag(h, 1029, 1, n, states, n);
	rpm_files_tag(h, 1030, 3, n, modes, (size_t)n * 2);
	rpm_files_tag(h, 1035, 8, n, digests, at[2]);
	rpm_files_tag(h, 1037, 4, n, flags, (size_t)n * 4);
	rpm_files_tag(h, 1116, 4, n, indexes, (size_t)n * 4);
	rpm_files_tag(h, 1117, 8, n, names, at[0]);
	rpm_files_tag(h, 1118, 8, n, dirs, at[1]);
	rpm_files_tag(h, 5011, 4, 1, sha256, sizeof(sha256));
	rpm_files_be32(h->bytes, (uint32_t)h->entries);
	rpm_files_be32(h->bytes + 4, (uint32_t)h->size);
	memcpy(h->bytes + 8, h->index, 16 * h->entries);
	memcpy(h->bytes + 8 + 16 * h->entries, h->data, h->size);
	h->n = 8 + 16 * h->entries + h->size;
}

/* A database of that one package; its index of base names is empty. */
static inline void rpm_files_db(
	const char *path, const char *name, const struct rpm_files_header *h)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *s = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				 "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, "
				 "blob BLOB NOT NULL); CREATE TABLE 'Name' (key 'TEXT' NOT NULL, "
				 "hnum INTEGER NOT NULL, idx INTEGER NOT NULL); "
				 "CREATE TABLE 'Basenames' (key 'TEXT' NOT NULL, "
				 "hnum INTEGER NOT NULL, idx INTEGER NOT NULL)",
				 NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(db, "INSERT INTO Packages(blob) VALUES(?)", -1, &s, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_bind_blob(s, 1, h->bytes, (int)h->n, SQLITE_STATIC), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_DONE);
	assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "INSERT INTO Name VALUES(?, 1, 0)", -1, &s, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_DONE);
	assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Puts a base name of that package into the index. */
static inline void rpm_files_index(const char *path, const char *name)
{
	sqlite3 *db = NULL;
	char sql[256];

	(void)snprintf(sql, sizeof(sql), "INSERT INTO Basenames VALUES('%s', 1, 0)", name);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}
