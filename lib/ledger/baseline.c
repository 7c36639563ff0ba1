/* SPDX-License-Identifier: ISC */
#include "ledger/baseline.h"

#include <errno.h>
#include <string.h>

enum {
	BLOCK_MIN = 64, /* items; fewer are read as fast as they are looked for */
};

void baseline_fini(struct baseline *b)
{
	arena_free(b->arena);
	*b = (struct baseline){0};
}

/* What has gone from the machine has no items, whatever the collector left in the fact. */
static size_t count_items(const struct fact *f)
{
	return f->state == FACT_STATE_OK ? f->n_items : 0;
}

/* No arithmetic on the NULL that an empty fact has. */
static const struct fact_item *items_at(const struct fact *f, size_t i)
{
	return i > 0 ? f->items + i : f->items;
}

static uint64_t digest(const uint8_t key[static 16], const struct fact_item *items, size_t n)
{
	struct siphash h;

	siphash_init(&h, key);
	for (size_t i = 0; i < n; i++) {
		siphash_string(&h, items[i].subject);
		siphash_string(&h, items[i].value);
		siphash_string(&h, items[i].path);
		siphash_update(&h, &items[i].line, sizeof(items[i].line));
	}
	return siphash_digest(&h);
}

static bool same(const char *x, const char *y)
{
	return x && y ? strcmp(x, y) == 0 : x == y;
}

/* One pass over the rows of a block beside its items. */
struct merge {
	const struct fact *fact;
	struct arena *arena;
	const char *to; /* where the block ends, or NULL */
	const struct fact_item *items, *end;
	struct delta *delta;
};

static struct change *add_change(struct merge *m)
{
	struct change *c = arena_grow(m->arena, &m->delta->v, m->delta->n, sizeof(*c));

	if (c)
		m->delta->n++;
	return c;
}

static int add_item(struct merge *m, const struct fact_item *item)
{
	struct change *c = add_change(m);

	if (!c)
		return -ENOMEM;
	*c = (struct change){
		.subject = item->subject,
		.new = item->value,
		.path = item->path,
		.line = item->line,
	};
	return 0;
}

/* item is NULL when the row's subject is absent now. */
static int add_changed(struct merge *m, const struct item_row *row, const struct fact_item *item)
{
	struct change *c = add_change(m);

	if (!c)
		return -ENOMEM;
	*c = (struct change){
		.subject = item ? item->subject : arena_strdup(m->arena, row->subject),
		.old = arena_strdup(m->arena, row->value),
		.new = item ? item->value : NULL,
		.path = item ? item->path : arena_strdup(m->arena, row->path),
		.line = item ? item->line : 0,
		.since_realtime_usec = row->since_realtime_usec,
	};
	c->baseline = row->since_realtime_usec > 0 ? arena_strdup(m->arena, row->baseline) : c->old;
	c->returns = same(c->new, c->baseline);
	return arena_failed(m->arena) ? -ENOMEM : 0;
}

/* The line is kept of what differs only: one line put in above would move all rows. */
static int add_moved(struct merge *m, const struct item_row *row, const struct fact_item *item)
{
	unsigned line = row->since_realtime_usec > 0 ? item->line : 0;

	if (same(row->path, item->path) && row->line == line)
		return 0;
	struct item_row *moved = arena_grow(
		m->arena, &m->delta->moved, m->delta->n_moved, sizeof(*moved));
	if (!moved)
		return -ENOMEM;
	*moved = (struct item_row){
		.subject = item->subject,
		.value = item->value,
		.baseline = arena_strdup(m->arena, row->baseline),
		.path = item->path,
		.line = line,
		.since_realtime_usec = row->since_realtime_usec,
	};
	m->delta->n_moved++;
	return arena_failed(m->arena) ? -ENOMEM : 0;
}

static int on_row(const struct item_row *row, void *arg)
{
	struct merge *m = arg;
	int order = 1;

	if (m->to && strcmp(row->subject, m->to) >= 0)
		return 1;
	while (m->items < m->end && (order = strcmp(m->items->subject, row->subject)) < 0) {
		int r = add_item(m, m->items++);
		if (r < 0)
			return r;
	}
	if (order != 0 || m->items == m->end) {
		/* Not seen is not gone. */
		bool gone = row->value && !fact_is_unseen(m->fact, row->subject);
		return gone ? add_changed(m, row, NULL) : 0;
	}
	const struct fact_item *item = m->items++;
	return same(row->value, item->value) ? add_moved(m, row, item) : add_changed(m, row, item);
}

static int merge_block(const struct baseline *b, struct store *s, const char *from, struct merge *m)
{
	int r = store_items(s, b->number, from, on_row, m);

	while (r >= 0 && m->items < m->end)
		r = add_item(m, m->items++);
	return r < 0 ? r : 0;
}

int baseline_compare(const struct baseline *b, struct store *s, const uint8_t key[static 16],
	const struct fact *f, struct arena *a, struct delta *ret)
{
	static const struct block all = {.from = ""};
	const struct block *blocks = b->arena ? b->blocks : &all;
	size_t n_blocks = b->arena ? b->n_blocks : 1;
	const struct fact_item *items = f->items, *end = items_at(f, count_items(f));
	struct delta d = {.digests = arena_alloc(a, n_blocks * sizeof(*d.digests))};

	if (!d.digests)
		return -ENOMEM;
	for (size_t i = 0; i < n_blocks; i++) {
		struct merge m = {.arena = a,
			.fact = f,
			.items = items,
			.end = items,
			.delta = &d,
			.to = i + 1 < n_blocks ? blocks[i + 1].from : NULL};
		while (m.end < end && (!m.to || strcmp(m.end->subject, m.to) < 0))
			m.end++;
		items = m.end;
		d.digests[i] = digest(key, m.items, (size_t)(m.end - m.items));
		if (b->arena && d.digests[i] == blocks[i].digest)
			continue;
		int r = merge_block(b, s, blocks[i].from, &m);
		if (r < 0)
			return r;
	}
	*ret = d;
	return 0;
}

struct change *delta_find(const struct delta *d, const char *subject)
{
	size_t low = 0, high = d->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(subject, d->v[middle].subject);
		if (order == 0)
			return &d->v[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static int write_change(
	const struct baseline *b, struct store *s, const struct change *c, uint64_t realtime_usec)
{
	if (c->returns && !c->new)
		return store_delete_item(s, b->number, c->subject);
	struct item_row row = {.subject = c->subject, .value = c->new, .path = c->path};
	if (!c->returns) {
		row.baseline = c->baseline;
		row.line = c->line;
		row.since_realtime_usec = c->since_realtime_usec;
		/* A clock that was never set says 0, which would mean that nothing differs. */
		if (row.since_realtime_usec == 0)
			row.since_realtime_usec = MAX(realtime_usec, UINT64_C(1));
	}
	return store_put_item(s, b->number, &row);
}

int baseline_write(
	const struct baseline *b, struct store *s, const struct delta *d, uint64_t realtime_usec)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->n; i++) {
		if (d->v[i].fate != CHANGE_HELD)
			r = write_change(b, s, &d->v[i], realtime_usec);
	}
	for (size_t i = 0; r == 0 && i < d->n_moved; i++)
		r = store_put_item(s, b->number, &d->moved[i]);
	return r;
}

int baseline_record(struct store *s, const struct fact *f, int64_t *ret_number)
{
	int64_t number;

	int r = store_add_fact(s, fact_name(f->id), &number);
	for (size_t i = 0; r == 0 && i < count_items(f); i++) {
		const struct item_row row = {
			.subject = f->items[i].subject,
			.value = f->items[i].value,
			.path = f->items[i].path,
		};
		r = store_put_item(s, number, &row);
	}
	if (r < 0)
		return r;
	*ret_number = number;
	return 0;
}

/* Blocks of about as many items as there are blocks: the least to hash and to read together. */
static size_t block_size(size_t n)
{
	size_t size = BLOCK_MIN;

	while (size * size < n)
		size += size / 4;
	return size;
}

static void cut_blocks(struct baseline *b, const uint8_t key[static 16], const struct fact *f)
{
	size_t n = count_items(f), size = block_size(n), n_blocks = n / size + 1;

	struct arena *a = arena_new();
	struct block *blocks = a ? arena_alloc(a, n_blocks * sizeof(*blocks)) : NULL;
	for (size_t i = 0; blocks && i < n_blocks; i++) {
		size_t first = i * size;
		blocks[i].from = i == 0 || first >= n ? ""
						      : arena_strdup(a, f->items[first].subject);
		blocks[i].digest = digest(key, items_at(f, first), MIN(size, n - first));
	}
	if (!blocks || arena_failed(a)) {
		arena_free(a);
		return;
	}
	/* The last one is empty when n is a multiple of size. */
	b->n_blocks = n > 0 && n % size == 0 ? n_blocks - 1 : n_blocks;
	b->blocks = blocks;
	b->arena = a;
	b->n_items = n;
}

static bool any_held(const struct delta *d)
{
	for (size_t i = 0; i < d->n; i++) {
		if (d->v[i].fate == CHANGE_HELD)
			return true;
	}
	return false;
}

void baseline_remember(struct baseline *b, const uint8_t key[static 16], const struct fact *f,
	const struct delta *d)
{
	size_t n = count_items(f);

	/* What was not seen must be compared again when it is. */
	bool whole = f->n_unseen == 0;
	if (whole && b->arena && d && !any_held(d) && n / 2 <= b->n_items && n >= b->n_items / 2) {
		for (size_t i = 0; i < b->n_blocks; i++)
			b->blocks[i].digest = d->digests[i];
		return;
	}
	arena_free(b->arena);
	b->arena = NULL;
	/* What is held is not as announced, so its digest would be a lie. */
	if (whole && (!d || !any_held(d)))
		cut_blocks(b, key, f);
}

struct reading {
	int (*each)(const char *subject, const char *value, void *arg);
	void *arg;
};

/* What differs keeps its baseline beside it; what is new has none. */
static int on_baseline(const struct item_row *row, void *arg)
{
	const struct reading *rd = arg;
	const char *value = row->since_realtime_usec > 0 ? row->baseline : row->value;

	return value ? rd->each(row->subject, value, rd->arg) : 0;
}

int baseline_read(struct store *s, int64_t number,
	int (*each)(const char *subject, const char *value, void *arg), void *arg)
{
	struct reading rd = {each, arg};

	return store_items(s, number, "", on_baseline, &rd);
}
