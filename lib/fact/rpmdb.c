/* SPDX-License-Identifier: ISC */
#include "fact/rpmdb.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fact/rodb.h"

enum {
	TAG_SIGPGP = 259, /* signatures, in the order of rpm's versions */
	TAG_SIGGPG = 262,
	TAG_DSAHEADER = 267,
	TAG_RSAHEADER = 268,
	TAG_OPENPGP = 278,
	TAG_NAME = 1000,
	TAG_VERSION = 1001,
	TAG_RELEASE = 1002,
	TAG_EPOCH = 1003,
	TAG_ARCH = 1022,
	TYPE_INT32 = 4,
	TYPE_STRING = 6,
	ENTRY_SIZE = 16,
	ENTRIES_MAX = 0xffff, /* rpm's own limits */
	DATA_MAX = 256 << 20,
};

struct header {
	const char *name, *version, *release, *arch;
	uint32_t epoch;
	bool is_signed;
};

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A string of the data: it must end within it. */
static const char *header_string(const uint8_t *data, size_t size, uint32_t offset)
{
	if (offset >= size || !memchr(data + offset, '\0', size - offset))
		return NULL;
	return (const char *)data + offset;
}

static int header_entry(struct header *h, const uint8_t *entry, const uint8_t *data, size_t size)
{
	uint32_t tag = be32(entry), type = be32(entry + 4), offset = be32(entry + 8);
	const char **string = tag == TAG_NAME	   ? &h->name
			      : tag == TAG_VERSION ? &h->version
			      : tag == TAG_RELEASE ? &h->release
			      : tag == TAG_ARCH	   ? &h->arch
						   : NULL;

	if (tag == TAG_SIGPGP || tag == TAG_SIGGPG || tag == TAG_DSAHEADER ||
		tag == TAG_RSAHEADER || tag == TAG_OPENPGP)
		h->is_signed = true;
	if (string) {
		/* A tag may come again behind the signed region; the later one holds. */
		*string = type == TYPE_STRING ? header_string(data, size, offset) : NULL;
		return *string ? 0 : -EBADMSG;
	}
	if (tag != TAG_EPOCH)
		return 0;
	if (type != TYPE_INT32 || be32(entry + 12) != 1 || offset > size || size - offset < 4)
		return -EBADMSG;
	h->epoch = be32(data + offset);
	return 0;
}

int rpmdb_header(struct package_list *l, const uint8_t *p, size_t n)
{
	struct header h = {.arch = ""};
	_cleanup_free_ char *evr = NULL;

	if (n < 8)
		return -EBADMSG;
	size_t entries = be32(p), size = be32(p + 4);
	if (entries > ENTRIES_MAX || size > DATA_MAX || n - 8 != entries * ENTRY_SIZE + size)
		return -EBADMSG;
	const uint8_t *data = p + 8 + entries * ENTRY_SIZE;
	for (size_t i = 0; i < entries; i++) {
		int r = header_entry(&h, p + 8 + i * ENTRY_SIZE, data, size);
		if (r < 0)
			return r;
	}
	if (!h.name || !*h.name || !h.version || !h.release)
		return -EBADMSG;
	int len = h.epoch ? asprintf(&evr, "%u:%s-%s", h.epoch, h.version, h.release)
			  : asprintf(&evr, "%s-%s", h.version, h.release);
	if (len < 0) {
		evr = NULL;
		return -ENOMEM;
	}
	int r = package_list_add(l, h.name, h.arch, evr);
	/* What rpm keeps of a key is no package that somebody could have signed. */
	if (r == 0)
		l->v[l->n - 1].is_unsigned = !h.is_signed && strcmp(h.name, "gpg-pubkey") != 0;
	return r;
}

struct reading {
	struct package_list *list;
	size_t before; /* packages of other databases */
};

static int take_row(sqlite3_stmt *row, void *arg)
{
	const struct reading *rd = arg;
	const uint8_t *blob = sqlite3_column_blob(row, 0);

	if (!blob)
		return sqlite3_errcode(sqlite3_db_handle(row)) == SQLITE_NOMEM ? -ENOMEM : -EBADMSG;
	return rpmdb_header(rd->list, blob, (size_t)sqlite3_column_bytes(row, 0));
}

static int read_rows(sqlite3 *db, void *arg)
{
	const struct reading *rd = arg;

	rd->list->n = rd->before;
	return rodb_each(db, "SELECT blob FROM Packages", take_row, arg);
}

int rpmdb_read(const struct root *r, const char *path, struct package_list *l)
{
	struct reading rd = {l, l->n};

	return rodb_read(r, path, read_rows, &rd);
}
