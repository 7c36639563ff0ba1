/* SPDX-License-Identifier: ISC */
#include "store/rows.h"

#include <errno.h>
#include <string.h>

#include "store/internal.h"

/* The caller's function, called from a row of the database with one of its own. */
struct reader {
	int (*finding)(const struct finding_row *row, void *arg);
	int (*fact)(const char *name, int64_t number, void *arg);
	int (*item)(const struct item_row *row, void *arg);
	void *arg;
};

struct last {
	uint64_t seq;
	char hash[65];
};

static int row_last(sqlite3_stmt *st, void *arg)
{
	struct last *last = arg;
	const char *hash;

	int r = store_need_text(st, 1, &hash);
	if (r < 0)
		return r;
	if (strlen(hash) != sizeof(last->hash) - 1 || sqlite3_column_int64(st, 0) <= 0)
		return -EUCLEAN;
	last->seq = (uint64_t)sqlite3_column_int64(st, 0);
	memcpy(last->hash, hash, sizeof(last->hash));
	return 1;
}

int store_last(struct store *s, uint64_t *ret_seq, char ret_hash[static 65])
{
	struct last last;

	int r = store_run(s, ST_LAST, NULL, 0, row_last, &last);
	if (r <= 0)
		return r;
	*ret_seq = last.seq;
	memcpy(ret_hash, last.hash, sizeof(last.hash));
	return 1;
}

int store_append(
	struct store *s, uint64_t seq, const char *epoch, const char *json, const char *hash)
{
	return store_run(
		s, ST_APPEND, VALUES(NUMBER(seq), TEXT(epoch), TEXT(json), TEXT(hash)), NULL, NULL);
}

static int row_copy(sqlite3_stmt *st, void *arg)
{
	const char *text;

	int r = store_need_text(st, 0, &text);
	if (r < 0)
		return r;
	char *copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	*(char **)arg = copy;
	return 1;
}

int store_meta_get(struct store *s, const char *key, char **ret)
{
	return store_run(s, ST_META_GET, VALUES(TEXT(key)), row_copy, ret);
}

int store_meta_set(struct store *s, const char *key, const char *value)
{
	return store_write(s, ST_META_SET, VALUES(TEXT(key), TEXT(value)));
}

static int row_finding(sqlite3_stmt *st, void *arg)
{
	const struct reader *reader = arg;
	struct finding_row row = {
		.check = store_text(st, 0),
		.result = store_text(st, 1),
		.severity = store_text(st, 2),
		.waiver = store_text(st, 3),
		.evidence = store_text(st, 4),
		.since_realtime_usec = (uint64_t)sqlite3_column_int64(st, 5),
	};

	if (!row.check || !row.result || !row.severity || !row.evidence)
		return -EUCLEAN;
	return reader->finding(&row, reader->arg);
}

int store_findings(
	struct store *s, int (*each)(const struct finding_row *row, void *arg), void *arg)
{
	struct reader reader = {.finding = each, .arg = arg};

	return store_run(s, ST_FINDINGS, NULL, 0, row_finding, &reader);
}

int store_finding(struct store *s, const char *check,
	int (*each)(const struct finding_row *row, void *arg), void *arg)
{
	struct reader reader = {.finding = each, .arg = arg};

	return store_run(s, ST_FINDING, VALUES(TEXT(check)), row_finding, &reader);
}

int store_put_finding(struct store *s, const struct finding_row *row)
{
	return store_run(s, ST_PUT_FINDING,
		VALUES(TEXT(row->check), TEXT(row->result), TEXT(row->severity), TEXT(row->waiver),
			TEXT(row->evidence), NUMBER(row->since_realtime_usec)),
		NULL, NULL);
}

int store_delete_finding(struct store *s, const char *check)
{
	return store_run(s, ST_DELETE_FINDING, VALUES(TEXT(check)), NULL, NULL);
}

static int row_fact(sqlite3_stmt *st, void *arg)
{
	const struct reader *reader = arg;
	const char *name;

	int r = store_need_text(st, 0, &name);
	return r < 0 ? r : reader->fact(name, sqlite3_column_int64(st, 1), reader->arg);
}

int store_facts(
	struct store *s, int (*each)(const char *name, int64_t number, void *arg), void *arg)
{
	struct reader reader = {.fact = each, .arg = arg};

	return store_run(s, ST_FACTS, NULL, 0, row_fact, &reader);
}

int store_add_fact(struct store *s, const char *name, int64_t *ret_number)
{
	int r = store_run(s, ST_ADD_FACT, VALUES(TEXT(name)), NULL, NULL);
	if (r < 0)
		return r;
	*ret_number = sqlite3_last_insert_rowid(s->db);
	return 0;
}

static int row_item(sqlite3_stmt *st, void *arg)
{
	const struct reader *reader = arg;
	struct item_row row = {
		.subject = store_text(st, 0),
		.value = store_text(st, 1),
		.baseline = store_text(st, 2),
		.path = store_text(st, 3),
		.line = (unsigned)sqlite3_column_int64(st, 4),
		.since_realtime_usec = (uint64_t)sqlite3_column_int64(st, 5),
	};

	/* Absent both in the baseline and now is no row at all. */
	if (!row.subject || (!row.value && !row.baseline) ||
		(row.since_realtime_usec == 0 && (!row.value || row.baseline)))
		return -EUCLEAN;
	return reader->item(&row, reader->arg);
}

int store_items(struct store *s, int64_t fact, const char *from,
	int (*each)(const struct item_row *row, void *arg), void *arg)
{
	struct reader reader = {.item = each, .arg = arg};

	return store_run(s, ST_ITEMS, VALUES(NUMBER(fact), TEXT(from)), row_item, &reader);
}

int store_differing(struct store *s, int64_t fact,
	int (*each)(const struct item_row *row, void *arg), void *arg)
{
	struct reader reader = {.item = each, .arg = arg};

	return store_run(s, ST_DIFFERING, VALUES(NUMBER(fact)), row_item, &reader);
}

int store_put_item(struct store *s, int64_t fact, const struct item_row *row)
{
	return store_run(s, ST_PUT_ITEM,
		VALUES(NUMBER(fact), TEXT(row->subject), TEXT(row->value), TEXT(row->baseline),
			TEXT(row->path), NUMBER(row->line), NUMBER(row->since_realtime_usec)),
		NULL, NULL);
}

int store_delete_item(struct store *s, int64_t fact, const char *subject)
{
	return store_run(s, ST_DELETE_ITEM, VALUES(NUMBER(fact), TEXT(subject)), NULL, NULL);
}
