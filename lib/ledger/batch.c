/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "ledger/internal.h"
#include "ledger/message.h"

int batch_init(struct batch *b, struct ledger *l, uint64_t realtime_usec)
{
	*b = (struct batch){.ledger = l, .realtime_usec = realtime_usec, .seq = l->seq};
	memcpy(b->head, l->head, sizeof(b->head));
	b->arena = arena_new();
	return b->arena ? 0 : -ENOMEM;
}

void batch_fini(struct batch *b)
{
	if (b->begun)
		store_rollback(b->ledger->store);
	arena_free(b->arena);
}

int batch_write(struct batch *b)
{
	if (b->begun)
		return 0;
	int r = store_begin(b->ledger->store);
	b->begun = r == 0;
	return r;
}

static size_t length(const char *s)
{
	return s ? strlen(s) : 0;
}

struct room {
	size_t details, bytes;
};

/* Leaves the event as many of its details as there is room for, and one at least. */
static void fit(struct event *e, struct room *room)
{
	size_t n;

	for (n = 0; n < e->n_details; n++) {
		const struct event_detail *d = &e->details[n];
		size_t bytes = length(d->subject) + length(d->path) + length(d->observed) +
			       length(d->expected) + length(d->old) + length(d->value) +
			       length(d->item);
		if (n > 0 && (room->details == 0 || bytes > room->bytes))
			break;
		room->details -= MIN(room->details, 1U);
		room->bytes -= MIN(room->bytes, bytes);
	}
	e->n_all = e->n_details;
	e->n_details = n;
}

int batch_add(struct batch *b, struct event *e, const char *words)
{
	struct room room = {EVENT_DETAILS_MAX, EVENT_DETAILS_BYTES};

	e->seq = b->seq + 1;
	e->epoch = b->ledger->epoch;
	e->realtime_usec = b->realtime_usec;
	fit(e, &room);
	for (size_t i = 0; i < e->n_also; i++)
		fit(&e->also[i], &room);
	if (!e->check)
		e->result = RESULT_INFORMATIONAL;
	if (!e->message)
		e->message = message_write(b->arena, e, words);
	_cleanup_free_ char *json = e->message ? event_encode(e) : NULL;
	if (!json)
		return -ENOMEM;
	char hash[65];
	event_chain(b->head, json, hash);
	int r = batch_write(b);
	if (r == 0)
		r = store_append(b->ledger->store, e->seq, e->epoch, json, hash);
	if (r < 0)
		return r;
	b->seq = e->seq;
	memcpy(b->head, hash, sizeof(b->head));
	b->n_events++;
	return 0;
}

int batch_commit(struct batch *b)
{
	if (!b->begun)
		return 0;
	int r = store_commit(b->ledger->store);
	if (r < 0)
		return r;
	b->begun = false;
	b->ledger->seq = b->seq;
	memcpy(b->ledger->head, b->head, sizeof(b->head));
	return 0;
}
