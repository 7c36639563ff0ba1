/* SPDX-License-Identifier: ISC */
/*
 * Sinks: where events go. Each has a cursor of its own in the outbox; one that
 * cannot deliver is tried again later and holds up no other.
 */
#pragma once

#include "ledger/event.h"
#include "store/store.h"

struct sink;

struct sink_ops {
	const char *name; /* of its cursor: "journal" */
	/* Kernel objects; may be called again after a failure. 0 or -errno. */
	int (*open)(struct sink *s);
	/*
	 * Hands the event on without blocking. 0 when it is out of our hands,
	 * -EAGAIN when the other side is not taking anything now, another
	 * -errno when it has to be opened again.
	 */
	int (*emit)(struct sink *s, const struct event *e, const struct outbox_row *row);
	void (*close)(struct sink *s);
};

struct sink {
	const struct sink_ops *ops;
	const char *address; /* of the socket; the default unless a test says otherwise */
	int fd;              /* -1 when not open */
	uint64_t cursor;     /* last sequence number handed on */
	uint64_t retry_usec; /* monotonic: not before; 0 when all is well */
	uint64_t delay_usec; /* last back-off */
	uint64_t delivered;
};

extern const struct sink_ops sink_journal, sink_syslog;

/* A sink, its cursor taken from the store. 0 or -errno of the store. */
int sink_init(struct sink *s, const struct sink_ops *ops, const char *address, struct store *store);
void sink_fini(struct sink *s);

/*
 * Hands on what the outbox holds beyond the cursor, at most SINK_BATCH events,
 * and acknowledges it. 1 when there is more, 0 when it is level or has to
 * wait (retry_usec), -errno of the store.
 */
#define SINK_BATCH 256
int sink_pump(struct sink *s, struct store *store, uint64_t monotonic_usec);

/*
 * The parts of a message of the journal's native protocol
 * (systemd.io/JOURNAL_NATIVE_PROTOCOL): FIELD=value lines, or the length form
 * for values that span lines. NULL on ENOMEM. Pure, for tests.
 */
char *sink_journal_encode(const struct event *e, const char *hash, size_t *ret_size);

/* RFC 3164 as local syslog daemons read it from /dev/log. NULL on ENOMEM. */
char *sink_syslog_encode(const struct event *e);
