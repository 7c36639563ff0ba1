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

/* How many of the details an event may hold. */
static size_t fitting(const struct event *e)
{
	size_t bytes = 0, n;

	for (n = 0; n < MIN(e->n_details, (size_t)EVENT_DETAILS_MAX); n++) {
		const struct event_detail *d = &e->details[n];
		bytes += length(d->subject) + length(d->path) + length(d->observed) +
			 length(d->expected) + length(d->old) + length(d->value) + length(d->item);
		if (n > 0 && bytes > EVENT_DETAILS_BYTES)
			break;
	}
	return n;
}

int batch_add(struct batch *b, struct event *e, const char *words)
{
	e->seq = b->seq + 1;
	e->epoch = b->ledger->epoch;
	e->realtime_usec = b->realtime_usec;
	e->n_all = e->n_details;
	e->n_details = fitting(e);
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
