/* SPDX-License-Identifier: ISC */
#include "audit/assemble.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

enum {
	FINISHED_MAX = 64, /* that nobody took yet */
	/* All that is open may become old at once, behind what is finished already. */
	EVENTS_MAX = AUDIT_OPEN_MAX + FINISHED_MAX + AUDIT_OPEN_MAX,

	ROOM_RECORDS = 8, /* a rename over a file with all that belongs to it */
	ROOM_TEXT = 1536,
};

/*
 * An event and what holds its records: most of them fit into the room that comes with
 * it, so that an event is one allocation.
 */
struct held {
	struct audit_event event;     /* first: it is what the taker gets and frees */
	struct arena *arena;	      /* for what does not fit; NULL until then */
	struct audit_record *records; /* as event.records, which others must not change */
	uint64_t since_usec;
	size_t size;
	bool finished;
	size_t used; /* of text */
	struct audit_record room[ROOM_RECORDS];
	char text[ROOM_TEXT];
};

struct audit_assembler {
	uint64_t age_usec;
	struct held *v[EVENTS_MAX]; /* in the order in which they began */
	size_t n, n_finished;
	size_t size, size_finished; /* of open ones; of finished ones */
	uint64_t pushed;
};

/* ---- events ---- */

void audit_event_free(struct audit_event *e)
{
	struct held *h = (struct held *)e;

	if (!h)
		return;
	arena_free(h->arena);
	free(h);
}

const struct audit_record *audit_event_find(const struct audit_event *e, unsigned type)
{
	for (size_t i = 0; i < e->n; i++) {
		if (e->records[i].type == type)
			return &e->records[i];
	}
	return NULL;
}

static void held_free(struct held *h)
{
	if (h)
		audit_event_free(&h->event);
}
DEFINE_FREEP(struct held *, held_free)

static struct held *held_new(const struct audit_stamp *stamp, uint64_t now_usec)
{
	struct held *h = malloc(sizeof(*h));

	if (!h)
		return NULL;
	/* The room need not be cleared. */
	memset(h, 0, offsetof(struct held, room));
	h->event.stamp = *stamp;
	h->since_usec = now_usec;
	h->event.records = h->records = h->room;
	return h;
}

static struct arena *held_arena(struct held *h)
{
	if (!h->arena)
		h->arena = arena_new();
	return h->arena;
}

/* A copy of n bytes with a NUL behind them; NULL on ENOMEM. */
static const char *held_copy(struct held *h, const char *p, size_t n)
{
	if (n < sizeof(h->text) - h->used) {
		char *to = h->text + h->used;
		*(char *)mempcpy(to, p, n) = '\0';
		h->used += n + 1;
		return to;
	}
	return held_arena(h) ? arena_memdup(h->arena, p, n) : NULL;
}

/* The place of the next record; NULL on ENOMEM. */
static struct audit_record *held_slot(struct held *h)
{
	size_t n = h->event.n;

	if (n < ROOM_RECORDS)
		return &h->room[n];
	if (n == ROOM_RECORDS && h->records == h->room) {
		struct audit_record *grown = NULL;
		struct audit_record *slot = NULL;
		for (size_t i = 0; i <= n && held_arena(h); i++) {
			slot = arena_grow(h->arena, &grown, i, sizeof(*slot));
			if (!slot)
				return NULL;
			if (i < n)
				*slot = h->room[i];
		}
		if (slot)
			h->records = grown;
		return slot;
	}
	return arena_grow(h->arena, &h->records, n, sizeof(h->records[0]));
}

static size_t record_size(const struct audit_record *record)
{
	return sizeof(*record) + record->size + record->enriched_size + record->node_size + 3;
}

/* A copy of the record behind those that are there. 0 or -ENOMEM, then h is as before. */
static int held_add(struct held *h, const struct audit_record *record)
{
	struct audit_record *slot = held_slot(h);
	struct audit_record copy = *record;

	if (!slot)
		return -ENOMEM;
	h->event.records = h->records;
	copy.body = held_copy(h, record->body, record->size);
	if (record->enriched)
		copy.enriched = held_copy(h, record->enriched, record->enriched_size);
	if (record->node)
		copy.node = held_copy(h, record->node, record->node_size);
	if (!copy.body || (record->enriched && !copy.enriched) || (record->node && !copy.node))
		return -ENOMEM;
	*slot = copy;
	h->event.n++;
	h->size += record_size(record);
	return 0;
}

/* ---- the table ---- */

int audit_assembler_new(uint64_t age_usec, struct audit_assembler **ret)
{
	struct audit_assembler *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->age_usec = age_usec;
	*ret = s;
	return 0;
}

void audit_assembler_free(struct audit_assembler *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		held_free(s->v[i]);
	free(s);
}

static void finish(struct audit_assembler *s, struct held *h)
{
	h->finished = true;
	s->n_finished++;
	s->size -= h->size;
	s->size_finished += h->size;
}

static bool is_old(const struct audit_assembler *s, const struct held *h, uint64_t now_usec)
{
	return now_usec >= h->since_usec && now_usec - h->since_usec >= s->age_usec;
}

static void finish_old(struct audit_assembler *s, uint64_t now_usec)
{
	for (size_t i = 0; i < s->n; i++) {
		if (!s->v[i]->finished && is_old(s, s->v[i], now_usec))
			finish(s, s->v[i]);
	}
}

void audit_assembler_flush(struct audit_assembler *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (!s->v[i]->finished)
			finish(s, s->v[i]);
	}
}

/* Makes room for n more events of size bytes at the cost of the oldest. */
static void push_out(struct audit_assembler *s, size_t n, size_t size)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->n - s->n_finished + n <= AUDIT_OPEN_MAX &&
			s->size + size <= AUDIT_OPEN_SIZE_MAX)
			return;
		if (s->v[i]->finished)
			continue;
		finish(s, s->v[i]);
		s->pushed++;
	}
}

static bool same_node(const struct audit_event *e, const struct audit_record *record)
{
	const struct audit_record *first = &e->records[0];

	return first->node_size == record->node_size &&
	       (record->node_size == 0 ||
		       memcmp(first->node, record->node, record->node_size) == 0);
}

/* The open event of the record; the newest first, since most records are of that. */
static struct held *find_open(const struct audit_assembler *s, const struct audit_record *record)
{
	for (size_t i = s->n; i-- > 0;) {
		struct held *h = s->v[i];
		if (!h->finished && audit_stamp_compare(&h->event.stamp, &record->stamp) == 0 &&
			same_node(&h->event, record))
			return h;
	}
	return NULL;
}

/* One more record of an event that is open. */
static int add_to(struct audit_assembler *s, struct held *h, const struct audit_record *record)
{
	size_t before = h->size;

	if (before + record_size(record) > AUDIT_EVENT_SIZE_MAX) {
		h->event.left_out++;
		return 0;
	}
	int r = held_add(h, record);
	s->size += h->size - before;
	return r;
}

static int add_new(struct audit_assembler *s, const struct audit_record *record, uint64_t now_usec,
	struct held **ret)
{
	_cleanup_(held_freep) struct held *h = held_new(&record->stamp, now_usec);

	if (!h)
		return -ENOMEM;
	int r = held_add(h, record);
	if (r < 0)
		return r;
	push_out(s, 1, h->size);
	s->size += h->size;
	*ret = s->v[s->n++] = TAKE_PTR(h);
	return 0;
}

int audit_assembler_add(
	struct audit_assembler *s, const struct audit_record *record, uint64_t now_usec)
{
	bool single = record_type_is_single(record->type), last = record_type_is_last(record->type);
	int r = 0;

	if (s->n_finished >= FINISHED_MAX || s->size_finished > AUDIT_OPEN_SIZE_MAX)
		return -ENOBUFS;
	finish_old(s, now_usec);
	struct held *h = single ? NULL : find_open(s, record);
	if (record->type == RECORD_EOE) {
		/* Else its event ended with PROCTITLE, or all of it was lost. */
		if (h) {
			h->event.whole = h->event.left_out == 0;
			finish(s, h);
		}
		return 0;
	}
	r = h ? add_to(s, h, record) : add_new(s, record, now_usec, &h);
	if (r < 0)
		return r;
	if (single || last) {
		h->event.whole = h->event.left_out == 0;
		finish(s, h);
	} else {
		push_out(s, 0, 0);
	}
	return 0;
}

struct audit_event *audit_assembler_next(struct audit_assembler *s, uint64_t now_usec)
{
	size_t best = EVENTS_MAX;

	finish_old(s, now_usec);
	for (size_t i = 0; i < s->n && s->n_finished > 0; i++) {
		if (s->v[i]->finished &&
			(best == EVENTS_MAX || audit_stamp_compare(&s->v[i]->event.stamp,
						       &s->v[best]->event.stamp) < 0))
			best = i;
	}
	if (best == EVENTS_MAX)
		return NULL;
	struct held *h = s->v[best];
	memmove(&s->v[best], &s->v[best + 1], (s->n - best - 1) * sizeof(s->v[0]));
	s->n--;
	s->n_finished--;
	s->size_finished -= h->size;
	return &h->event;
}

uint64_t audit_assembler_deadline(const struct audit_assembler *s)
{
	uint64_t deadline = USEC_INFINITY;

	for (size_t i = 0; i < s->n; i++) {
		if (!s->v[i]->finished && s->v[i]->since_usec < USEC_INFINITY - s->age_usec)
			deadline = MIN(deadline, s->v[i]->since_usec + s->age_usec);
	}
	return deadline;
}

uint64_t audit_assembler_pushed(const struct audit_assembler *s)
{
	return s->pushed;
}
