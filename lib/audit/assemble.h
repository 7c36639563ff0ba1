/* SPDX-License-Identifier: ISC */
/*
 * Puts records together into events: those of one system call have one time and
 * one serial. Records of several events come interleaved; some are lost, the
 * last one too. So an event is finished when
 *   - its last record came (RECORD_EOE, or RECORD_PROCTITLE, behind which the kernel
 *     only writes EOE, which auditd's log leaves out),
 *   - it is a single record by its type (record_type_is_single),
 *   - it is as old as age_usec by the time that the caller gives, or
 *   - it is the oldest and others need the room.
 *
 * Bounded: AUDIT_OPEN_MAX events and AUDIT_OPEN_SIZE_MAX bytes, whatever comes.
 * Reads no clock: times are the caller's, in microseconds of any clock that does
 * not go backward. For a socket: when the record was read (take what is there
 * from the socket before asking for events that are only old). For a log: the
 * stamp of the line.
 */
#pragma once

#include "audit/record.h"

enum {
	AUDIT_OPEN_MAX = 64,
	AUDIT_OPEN_SIZE_MAX = 256 * 1024,
	AUDIT_EVENT_SIZE_MAX = 64 *
			       1024, /* of one event; what is beyond is left out, and counted */
};

/* How long an event waits for its end unless the caller knows better; auditd's default. */
#define AUDIT_EVENT_AGE_USEC (2 * USEC_PER_SEC)

/* A finished event. Owned by who took it. */
struct audit_event {
	struct audit_stamp stamp;
	const struct audit_record
		*records; /* in the order in which they came, EOE not among them */
	size_t n;
	bool whole;	 /* its end was seen; else records may be missing */
	size_t left_out; /* records that were too many */
};

void audit_event_free(struct audit_event *e);
DEFINE_FREEP(struct audit_event *, audit_event_free)

/* Its first record of that type; NULL: none. */
const struct audit_record *audit_event_find(const struct audit_event *e, unsigned type);

struct audit_assembler;

/* 0 or -ENOMEM. */
int audit_assembler_new(uint64_t age_usec, struct audit_assembler **ret);
void audit_assembler_free(struct audit_assembler *s);
DEFINE_FREEP(struct audit_assembler *, audit_assembler_free)

/*
 * Takes a copy of a record. 0; -ENOMEM, then this record is lost and all else as
 * before; -ENOBUFS when finished events fill the room: take them first.
 */
int audit_assembler_add(
	struct audit_assembler *s, const struct audit_record *record, uint64_t now_usec);

/*
 * The next finished event, those with the older stamp first among the ones that
 * are finished; NULL when there is none. To be called until NULL after each add.
 */
struct audit_event *audit_assembler_next(struct audit_assembler *s, uint64_t now_usec);

/* Finishes all that is open, for the end of a log or of a socket. */
void audit_assembler_flush(struct audit_assembler *s);

/* When the next open event becomes old, USEC_INFINITY when none is open: for a timer. */
uint64_t audit_assembler_deadline(const struct audit_assembler *s);

/* Events that others pushed out before their end: a loss to be told, as ENOBUFS is. */
uint64_t audit_assembler_pushed(const struct audit_assembler *s);
