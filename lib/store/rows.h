/* SPDX-License-Identifier: ISC */
/*
 * The rows that only the ledger reads and writes: findings, facts with their
 * items, the outbox's end. Writes belong inside store_begin() and
 * store_commit(). The store does not judge what the words in a row mean.
 *
 * A reader calls each() per row; strings of a row are the store's and valid
 * during that call only. A negative return stops and is returned, a positive
 * one stops and is success. each() must not call the store.
 */
#pragma once

#include "store/store.h"

/* The newest event of the outbox: 1, or 0 when there never was one. */
int store_last(struct store *s, uint64_t *ret_seq, char ret_hash[static 65]);

/* Adds an event; its number must be new. */
int store_append(
	struct store *s, uint64_t seq, const char *epoch, const char *json, const char *hash);

/* Values of the engine's own by name (the machine's id). get: 1 and a copy to be freed, or 0. */
int store_meta_get(struct store *s, const char *key, char **ret);
int store_meta_set(struct store *s, const char *key, const char *value);

/* An open or waived finding as it was last announced. */
struct finding_row {
	const char *check;
	const char *result, *severity; /* words */
	const char *waiver;            /* in words; NULL when it is not waived */
	const char *evidence;          /* JSON */
	uint64_t since_realtime_usec;
};

/* All findings sorted by check; or the one of check: returns 0 also when it has none. */
int store_findings(
	struct store *s, int (*each)(const struct finding_row *row, void *arg), void *arg);
int store_finding(struct store *s, const char *check,
	int (*each)(const struct finding_row *row, void *arg), void *arg);

/* Puts a finding in place of any other of its check; deletes that of a check. */
int store_put_finding(struct store *s, const struct finding_row *row);
int store_delete_finding(struct store *s, const char *check);

/* The facts that have a baseline, by name, with the number their items go by. */
int store_facts(
	struct store *s, int (*each)(const char *name, int64_t number, void *arg), void *arg);
int store_add_fact(struct store *s, const char *name, int64_t *ret_number);

/*
 * An item of a fact. It differs from the baseline when since_realtime_usec is
 * set; otherwise value is the baseline and baseline is NULL.
 */
struct item_row {
	const char *subject;
	const char *value;    /* last announced; NULL: absent */
	const char *baseline; /* NULL: absent, where it differs */
	const char *path;     /* or NULL */
	unsigned line;
	uint64_t since_realtime_usec;
};

/* The items of a fact sorted by subject (bytes), from the first that is not less than from. */
int store_items(struct store *s, int64_t fact, const char *from,
	int (*each)(const struct item_row *row, void *arg), void *arg);

/* The items of a fact that differ from the baseline, sorted by subject. */
int store_differing(struct store *s, int64_t fact,
	int (*each)(const struct item_row *row, void *arg), void *arg);

/* Puts an item in place of any other of its subject; deletes one. */
int store_put_item(struct store *s, int64_t fact, const struct item_row *row);
int store_delete_item(struct store *s, int64_t fact, const char *subject);
