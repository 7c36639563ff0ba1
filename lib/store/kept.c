/* SPDX-License-Identifier: ISC */
/*
 * Commits that the disk refuses, kept in memory: each write is remembered, in
 * order, and done again inside a transaction that stays open, so that whoever
 * reads sees it. SQLite undoes a transaction whose commit fails; what is
 * remembered is what counts, the transaction is made from it.
 */
#include <errno.h>
#include <string.h>

#include "store/internal.h"

enum {
	WRITE_COST = 256, /* of a write beside its texts: what is remembered, its share of pages */
};

/* A write as it was done, to be done again. Its texts lie behind it. */
struct write {
	struct write *next;
	enum statement id;
	size_t cost, n;
	struct value v[];
};

void writes_clear(struct writes *w)
{
	while (w->first) {
		struct write *next = w->first->next;
		free(w->first);
		w->first = next;
	}
	*w = (struct writes){0};
}

static void writes_append(struct writes *w, struct write *one)
{
	one->next = NULL;
	if (w->last)
		w->last->next = one;
	else
		w->first = one;
	w->last = one;
	w->cost += one->cost;
}

static void writes_join(struct writes *to, struct writes *from)
{
	if (!from->first)
		return;
	if (to->last)
		to->last->next = from->first;
	else
		to->first = from->first;
	to->last = from->last;
	to->cost += from->cost;
	*from = (struct writes){0};
}

static struct write *write_new(enum statement id, const struct value *v, size_t n)
{
	size_t texts = 0;

	for (size_t i = 0; i < n; i++)
		texts += v[i].type == VALUE_TEXT && v[i].text ? strlen(v[i].text) + 1 : 0;
	struct write *w = malloc(sizeof(*w) + n * sizeof(*v) + texts);
	if (!w)
		return NULL;
	*w = (struct write){.id = id, .cost = WRITE_COST + texts, .n = n};
	char *place = (char *)&w->v[n];
	for (size_t i = 0; i < n; i++) {
		w->v[i] = v[i];
		if (v[i].type != VALUE_TEXT || !v[i].text)
			continue;
		size_t size = strlen(v[i].text) + 1;
		w->v[i].text = memcpy(place, v[i].text, size);
		place += size;
	}
	return w;
}

int kept_remember(struct store *s, enum statement id, const struct value *v, size_t n)
{
	if (s->keep_max == 0 || s->batch_large)
		return 0;
	struct write *w = write_new(id, v, n);
	if (w && s->kept.cost + s->batch.cost + w->cost <= s->keep_max) {
		writes_append(&s->batch, w);
		return 0;
	}
	int r = w ? s->kept_error : -ENOMEM;
	free(w);
	if (s->kept_error < 0)
		return r;
	/* It goes to the disk, or not at all. */
	s->batch_large = true;
	writes_clear(&s->batch);
	return 0;
}

static int replay(struct store *s, const struct writes *all)
{
	int r = 0;

	for (const struct write *w = all->first; r >= 0 && w; w = w->next)
		r = store_do(s, w->id, w->v, w->n, NULL, NULL);
	return r;
}

int kept_open(struct store *s)
{
	if (!sqlite3_get_autocommit(s->db))
		return 0;
	/* Pages that are changed stay in memory: there is no other place for them. */
	(void)sqlite3_exec(s->db, "PRAGMA cache_spill = OFF", NULL, NULL, NULL);
	int r = store_do(s, ST_BEGIN, NULL, 0, NULL, NULL);
	if (r == 0)
		r = replay(s, &s->kept);
	if (r == 0)
		r = replay(s, &s->batch);
	if (r < 0 && !sqlite3_get_autocommit(s->db))
		(void)store_do(s, ST_ROLLBACK, NULL, 0, NULL, NULL); /* tried again when needed */
	return r;
}

bool kept_may(const struct store *s, int error)
{
	return s->keep_max > 0 && !s->batch_large &&
	       (error == -ENOSPC || error == -EIO || error == -EROFS);
}

int kept_take(struct store *s, int error)
{
	int before = s->kept_error;

	if (sqlite3_get_autocommit(s->db)) {
		s->kept_error = error;
		int r = kept_open(s);
		if (r < 0) {
			s->kept_error = before;
			return error;
		}
	}
	writes_join(&s->kept, &s->batch);
	s->kept_error = error;
	return 0;
}

static void spill_again(struct store *s)
{
	(void)sqlite3_exec(s->db, "PRAGMA cache_spill = ON", NULL, NULL, NULL);
	(void)sqlite3_db_release_memory(s->db); /* what is not released is used again */
}

void store_keep(struct store *s, size_t max)
{
	s->keep_max = max;
}

int store_kept(const struct store *s)
{
	return s->kept_error;
}

size_t store_kept_size(const struct store *s)
{
	return s->kept.cost;
}

int store_flush(struct store *s)
{
	if (s->kept_error == 0)
		return 0;
	if (!s->db)
		return s->kept_error;
	int r = kept_open(s);
	if (r == 0)
		r = store_do(s, ST_COMMIT, NULL, 0, NULL, NULL);
	if (r == 0) {
		writes_clear(&s->kept);
		s->kept_error = 0;
		spill_again(s);
		return 0;
	}
	if (kept_may(s, r))
		s->kept_error = r;
	if (!sqlite3_get_autocommit(s->db))
		(void)store_do(s, ST_ROLLBACK, NULL, 0, NULL, NULL); /* tried again when needed */
	return r;
}

/* How many of the first values of a write say which row it is about; 0: it may not be left out. */
static size_t key_size(enum statement id)
{
	switch (id) {
	case ST_PUT_FINDING:
	case ST_DELETE_FINDING:
	case ST_META_SET:
	case ST_ACK:
		return 1;
	case ST_PUT_ITEM:
	case ST_DELETE_ITEM:
		return 2;
	default:
		return 0;
	}
}

static enum statement table_of(enum statement id)
{
	return id == ST_DELETE_FINDING ? ST_PUT_FINDING : id == ST_DELETE_ITEM ? ST_PUT_ITEM : id;
}

struct ranked {
	struct write *write;
	size_t rank;
};

static int compare_keys(const struct write *x, const struct write *y)
{
	int order = (int)table_of(x->id) - (int)table_of(y->id);

	for (size_t i = 0; order == 0 && i < key_size(x->id); i++) {
		const struct value *a = &x->v[i], *b = &y->v[i];
		order = a->type == VALUE_TEXT ? strcmp(a->text, b->text)
					      : (a->number > b->number) - (a->number < b->number);
	}
	return order;
}

static int compare_ranked(const void *x, const void *y)
{
	const struct ranked *a = x, *b = y;
	int order = compare_keys(a->write, b->write);

	return order != 0 ? order : (a->rank > b->rank) - (a->rank < b->rank);
}

/* Marks writes after which the same row is written again. */
static int mark_superseded(const struct ranked *v, size_t n, bool *gone)
{
	struct ranked *sorted = reallocarray(NULL, n, sizeof(*sorted));

	if (!sorted)
		return -ENOMEM;
	memcpy(sorted, v, n * sizeof(*v));
	qsort(sorted, n, sizeof(*sorted), compare_ranked);
	for (size_t i = 0; i + 1 < n; i++) {
		if (key_size(sorted[i].write->id) > 0 &&
			compare_keys(sorted[i].write, sorted[i + 1].write) == 0)
			gone[sorted[i].rank] = true;
	}
	free(sorted);
	return 0;
}

/* The writes in order, as an array to be freed; NULL on ENOMEM. */
static struct ranked *list_writes(const struct writes *w, size_t *ret_n)
{
	struct ranked *v;
	size_t n = 0;

	for (const struct write *one = w->first; one; one = one->next)
		n++;
	v = reallocarray(NULL, n + 1, sizeof(*v));
	*ret_n = n;
	n = 0;
	for (struct write *one = w->first; v && one; one = one->next, n++)
		v[n] = (struct ranked){one, n};
	return v;
}

int store_shed(struct store *s, uint64_t told)
{
	size_t n = 0, last = 0;
	_cleanup_free_ struct ranked *v = list_writes(&s->kept, &n);
	_cleanup_free_ bool *gone = calloc(n + 1, sizeof(*gone));
	int shed = 0;

	if (!v || !gone)
		return -ENOMEM;
	int r = mark_superseded(v, n, gone);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		if (v[i].write->id == ST_APPEND)
			last = i;
	}
	for (size_t i = 0; i < last; i++) {
		const struct write *w = v[i].write;
		if (w->id == ST_APPEND && (uint64_t)w->v[0].number <= told)
			gone[i] = ++shed > 0;
	}
	s->kept = (struct writes){0};
	for (size_t i = 0; i < n; i++) {
		if (gone[i])
			free(v[i].write);
		else
			writes_append(&s->kept, v[i].write);
	}
	/* Made anew from what is left, when it is next used. */
	if (!sqlite3_get_autocommit(s->db))
		(void)store_do(s, ST_ROLLBACK, NULL, 0, NULL, NULL);
	return shed;
}
