/* SPDX-License-Identifier: ISC */
#include "daemon/sink.h"

#include <errno.h>
#include <string.h>

#include "daemon/log.h"

#define RETRY_MIN_USEC (100 * USEC_PER_MSEC)
#define RETRY_MAX_USEC (30 * USEC_PER_SEC)

int sink_init(struct sink *s, const struct sink_ops *ops, const char *address, struct store *store)
{
	uint64_t cursor = 0;
	int r = store_cursor(store, ops->name, &cursor);

	if (r < 0)
		return r;
	*s = (struct sink){.ops = ops, .address = address, .fd = -1, .cursor = cursor};
	return 0;
}

void sink_fini(struct sink *s)
{
	if (s->fd >= 0)
		s->ops->close(s);
	s->fd = -1;
}

/* One event; an event that cannot be read back is skipped, loudly: the rest must get out. */
static int hand_on(struct sink *s, const struct outbox_row *row)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct event e;

	if (!a)
		return -ENOMEM;
	int r = event_decode(a, row->json, &e);
	if (r == -EBADMSG) {
		(void)log_error(r, "outbox event %llu cannot be read; skipped for %s",
			(unsigned long long)row->seq, s->ops->name);
		return 0;
	}
	if (r == 0 && s->fd < 0)
		r = s->ops->open(s);
	if (r < 0)
		return r;
	r = s->ops->emit(s, &e, row);
	if (r < 0 && r != -EAGAIN) {
		s->ops->close(s);
		s->fd = -1;
	}
	return r;
}

static void back_off(struct sink *s, int r, uint64_t now)
{
	if (s->delay_usec == 0 && r != -EAGAIN)
		(void)log_error(r, "cannot deliver to %s (%s); trying again", s->ops->name,
			s->address);
	s->delay_usec = s->delay_usec ? MIN(s->delay_usec * 2, RETRY_MAX_USEC) : RETRY_MIN_USEC;
	s->retry_usec = now + s->delay_usec;
}

int sink_pump(struct sink *s, struct store *store, uint64_t monotonic_usec)
{
	uint64_t from = s->cursor;
	int r = 1;

	if (s->retry_usec > monotonic_usec)
		return 0;
	for (int i = 0; i < SINK_BATCH; i++) {
		struct outbox_row row = {0};
		r = store_next(store, s->ops->name, s->cursor, &row);
		if (r <= 0)
			break;
		int sent = hand_on(s, &row);
		if (sent == 0) {
			s->cursor = row.seq;
			s->delivered++;
			s->retry_usec = s->delay_usec = 0;
		}
		outbox_row_fini(&row);
		if (sent < 0) {
			back_off(s, sent, monotonic_usec);
			r = 0;
			break;
		}
	}
	if (s->cursor > from) {
		int acked = store_ack(store, s->ops->name, s->cursor);
		if (acked < 0)
			return acked;
	}
	return r;
}
