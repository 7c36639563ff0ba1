/* SPDX-License-Identifier: ISC */
/* What differs from the baseline: shown, and made the baseline. */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "ledger/internal.h"

struct accepting {
	struct batch batch;
	const char *pattern; /* of subjects, or NULL */
	struct item_row *rows;
	size_t n_rows;
	struct event event;
};

static int on_row(const struct item_row *row, void *arg)
{
	struct accepting *a = arg;
	struct arena *arena = a->batch.arena;

	if (a->pattern && !text_glob(a->pattern, row->subject))
		return 0;
	struct item_row *mine = arena_grow(arena, &a->rows, a->n_rows, sizeof(*mine));
	struct event_detail *d = arena_grow(
		arena, &a->event.details, a->event.n_details, sizeof(*d));
	if (!mine || !d)
		return -ENOMEM;
	*mine = (struct item_row){
		.subject = arena_strdup(arena, row->subject),
		.value = arena_strdup(arena, row->value),
		.path = arena_strdup(arena, row->path),
	};
	*d = (struct event_detail){
		.subject = mine->subject,
		.observed = mine->value,
		.old = arena_strdup(arena, row->baseline),
		.path = mine->path,
		.line = row->line,
	};
	a->n_rows++;
	a->event.n_details++;
	return arena_failed(arena) ? -ENOMEM : 0;
}

static int accept_row(struct store *s, int64_t fact, const struct item_row *row)
{
	return row->value ? store_put_item(s, fact, row) : store_delete_item(s, fact, row->subject);
}

/* Collects first and writes then: rows must not change under the reader. */
static int accept_fact(struct accepting *a, enum fact_id id)
{
	struct ledger *l = a->batch.ledger;
	const struct baseline *b = &l->baselines[id];
	size_t first = a->n_rows;

	if (!b->known)
		return 0;
	int r = store_differing(l->store, b->number, on_row, a);
	if (r == 0 && a->n_rows > first) {
		/* An event about two facts has the name of none. */
		a->event.fact = first == 0 ? fact_name(id) : NULL;
		r = batch_write(&a->batch);
	}
	for (size_t i = first; r == 0 && i < a->n_rows; i++)
		r = accept_row(l->store, b->number, &a->rows[i]);
	return r;
}

static int accept_all(struct accepting *a, int only, const char *who, const char *reason)
{
	struct arena *arena = a->batch.arena;
	int r = 0;

	for (int i = 0; r == 0 && i < FACT_MAX; i++) {
		if (only < 0 || only == i)
			r = accept_fact(a, (enum fact_id)i);
	}
	if (r < 0 || a->n_rows == 0)
		return r;
	const char *by = text_clean(arena, who), *why = text_clean(arena, reason);
	const char *words = by && why ? arena_printf(arena, "%s (%s)", by, why) : by ? by : why;
	if (arena_failed(arena))
		return -ENOMEM;
	r = batch_add(&a->batch, &a->event, words);
	return r < 0 ? r : batch_commit(&a->batch);
}

int ledger_accept(struct ledger *l, const char *fact, const char *subject, const char *who,
	const char *reason, uint64_t realtime_usec)
{
	struct accepting a = {.pattern = subject, .event = {.kind = EVENT_ACCEPTED}};
	int only = fact ? fact_from_name(fact) : -1;

	if (fact && only < 0)
		return -EINVAL;
	int r = batch_init(&a.batch, l, realtime_usec);
	if (r == 0)
		r = accept_all(&a, only, who, reason);
	batch_fini(&a.batch);
	return r < 0 ? r : (int)a.n_rows;
}

struct differing {
	const char *fact;
	int (*each)(const struct difference *d, void *arg);
	void *arg;
};

static int on_difference(const struct item_row *row, void *arg)
{
	const struct differing *d = arg;
	const struct difference difference = {
		.fact = d->fact,
		.subject = row->subject,
		.baseline = row->baseline,
		.current = row->value,
		.path = row->path,
		.line = row->line,
		.since_realtime_usec = row->since_realtime_usec,
	};

	return d->each(&difference, d->arg);
}

static int by_name(const void *x, const void *y)
{
	return strcmp(fact_name(*(const enum fact_id *)x), fact_name(*(const enum fact_id *)y));
}

int ledger_diff(struct ledger *l, int (*each)(const struct difference *d, void *arg), void *arg)
{
	struct differing d = {.each = each, .arg = arg};
	enum fact_id ids[FACT_MAX];
	int r = 0;

	for (int i = 0; i < FACT_MAX; i++)
		ids[i] = (enum fact_id)i;
	qsort(ids, FACT_MAX, sizeof(*ids), by_name);
	for (int i = 0; r >= 0 && i < FACT_MAX; i++) {
		if (!l->baselines[ids[i]].known)
			continue;
		d.fact = fact_name(ids[i]);
		r = store_differing(l->store, l->baselines[ids[i]].number, on_difference, &d);
	}
	return r < 0 ? r : 0;
}

int ledger_baseline(struct ledger *l, enum fact_id id,
	int (*each)(const char *subject, const char *value, void *arg), void *arg)
{
	return l->baselines[id].known ? baseline_read(l->store, l->baselines[id].number, each, arg)
				      : -ENODATA;
}
