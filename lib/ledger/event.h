/* SPDX-License-Identifier: ISC */
/*
 * Events: what is told to the outside, one row of the outbox each. An event is
 * made once, in the transaction that changes the state it tells of, and is
 * never changed afterwards; sinks render it.
 *
 * Its stored form is a JSON object (event_encode); the chain hash of an event
 * is SHA-256 over the hash before it and these bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/result.h"

enum event_kind {
	EVENT_OPENED,    /* a check began to fail (or could no longer be judged) */
	EVENT_CHANGED,   /* it still does, for another reason */
	EVENT_RESOLVED,  /* it does no more; or a drift went back to the baseline */
	EVENT_DRIFT,     /* a fact differs from the baseline, whatever the checks say */
	EVENT_WAIVED,    /* an open finding is covered by a waiver now */
	EVENT_ACCEPTED,  /* an administrator made the present state the baseline */
	EVENT_DEGRADED,  /* the daemon watches less well than it should */
	EVENT_RECOVERED, /* it does again */
	EVENT_STARTED,
	EVENT_STOPPED,
	EVENT_HEARTBEAT,
	EVENT_KIND_MAX,
};

/* "opened", ...; back: -EINVAL. */
const char *event_kind_name(enum event_kind k);
int event_kind_from_name(const char *name);

/* One thing that differs. The first of an event fills its single-valued fields. */
struct event_detail {
	const char *subject, *path; /* path may be NULL */
	unsigned line;
	const char *observed; /* now; "absent" is NULL */
	const char *expected; /* by the check; in drift the baseline of what was absent, or NULL */
	const char *old;      /* before; NULL when there was nothing or it is not known */
	const char *value;    /* the item now, when it changed and observed is not the same */
	bool gone;            /* evidence that is no more: in resolved, and part of changed */
	bool removed;         /* ... and so is the subject itself */
	const char *item;     /* subject of another item that it follows from; or NULL */
};

/* A uid or session that nobody has, or that is not known. */
#define EVENT_ID_UNSET UINT32_MAX

/* Somebody whose act an event follows from. Strings as in an event; NULL: not known, or none. */
struct event_actor {
	uint32_t auid;	     /* who logged in, whatever su and sudo did since */
	uint32_t uid;	     /* whom it was done as */
	uint32_t session;
	uint32_t pid;	     /* 0: not known */
	const char *user;    /* name of auid; of uid where nobody logged in */
	const char *run_as;  /* name of uid, when it is another */
	const char *exe;     /* the program's file */
	const char *command; /* command line, secrets masked; the process's to choose */
	const char *tty;
	const char *peer;    /* where the session came from: "203.0.113.5" */
	const char *behalf;  /* what it was a part of: "apt-get install nginx", "backup.service" */
};

enum {
	EVENT_ACTORS_MAX = 8,
};

/* All strings are escaped, UTF-8, one line. NULL where it does not apply. */
struct event {
	uint64_t seq;           /* from 1, no gaps per machine */
	const char *epoch;      /* 32 hex digits, random, new at each start */
	enum event_kind kind;
	uint64_t realtime_usec; /* when it was decided */
	enum result result;     /* of the check; informational without one */
	enum severity severity;
	const char *check;      /* id, NULL for drift of a fact without a check of its own */
	const char *fact;       /* name of the fact that drifted, or NULL */
	const char *title;
	const char *message;    /* stands alone: what, where, old, new, since when */
	const char *remedy;
	const char *waiver;     /* reason, owner, until, in words */
	uint64_t since_realtime_usec; /* of a finding: open since; else 0 */
	struct event_detail *details;
	size_t n_details;       /* those stored: see EVENT_DETAILS_MAX */
	size_t n_all;           /* how many there were */
	uint64_t untold;        /* changes held back because it flapped; this one tells of them */
	/*
	 * Other checks that the same change made worse, or better; of the same or
	 * less severity. Without seq, epoch, time, message, remedy and also.
	 */
	struct event *also;
	size_t n_also;
	/* Who did it, the latest last; several where it cannot be told which of them it was. */
	struct event_actor *actors;
	size_t n_actors;
	const char *unattributed; /* why nobody is named; NULL: somebody is, or nobody did it */
};

/*
 * Details beyond either, those of also with the others, are only counted; the
 * first of each check is always there. An event stays sendable.
 */
enum {
	EVENT_DETAILS_MAX = 64,
	EVENT_DETAILS_BYTES = 32 * 1024, /* of their strings */
	EVENT_ALSO_MAX = 256,		 /* of a stored event that is read back */
};

/* syslog/journald priority of the event, as design.md lays down (critical 2 ... heartbeat 6). */
int event_priority(const struct event *e);

/* The hash before the first event: 64 zeros. */
#define EVENT_CHAIN_START "0000000000000000000000000000000000000000000000000000000000000000"

/* The stored form, one line with sorted keys; free(3) it. NULL on ENOMEM. */
char *event_encode(const struct event *e);

/* Its actors alone, a JSON array with the keys of the stored form; free(3) it. NULL on ENOMEM. */
char *event_actors_text(const struct event *e);

/*
 * Back; strings in the arena. Keys that it does not know are passed over.
 * 0, -EBADMSG (text is no event, or has control characters in it), -ENOMEM
 * (but jansson cannot always tell lack of memory from a bad text).
 */
int event_decode(struct arena *a, const char *json, struct event *ret);

/* SHA-256 over prev (64 hex digits) and json, as 64 hex digits and NUL into ret. */
void event_chain(const char *prev, const char *json, char ret[static 65]);
