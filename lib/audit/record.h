/* SPDX-License-Identifier: ISC */
/*
 * One audit record, as the kernel's multicast group AUDIT_NLGRP_READLOG gives
 * it (a type number and a text "audit(1700000000.123:456): key=value ...") or
 * as auditd keeps it in its log ("type=SYSCALL msg=audit(...): ...", perhaps
 * enriched behind a byte 0x1d).
 *
 * Records are read in two steps, because most of them are nobody's business:
 * first type and stamp, which allocates nothing and copies nothing, then the
 * fields of those that matter. What the kernel writes is decoded exactly; what
 * it can't have written is refused with -EBADMSG, and never guessed at.
 *
 * Only the kernel's own fields prove anything. What a program says of itself
 * (msg='...' of AUDIT_USER_* records) is marked as `said`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "audit/record-type.h"
#include "base/arena.h"

enum {
	/* Of a record's text: MAX_AUDIT_MESSAGE_LENGTH of libaudit, 8970, and what enriching adds.
	 */
	AUDIT_RECORD_MAX = 16 * 1024,
};

/* No login uid, no session, no uid: what the kernel writes as 4294967295. */
#define AUDIT_ID_UNSET UINT32_MAX

/* When the event was, and its number: together they name an event until the next boot. */
struct audit_stamp {
	uint64_t realtime_usec; /* in whole milliseconds, as the kernel tells */
	uint64_t serial;
};

/* < 0, 0, > 0: by time, then by serial. */
int audit_stamp_compare(const struct audit_stamp *a, const struct audit_stamp *b);

/* A record whose fields are still text. All of it is borrowed from what was parsed. */
struct audit_record {
	unsigned type; /* RECORD_... of record-type.h, or any other number */
	struct audit_stamp stamp;
	const char *body; /* behind "audit(...): ", up to what was enriched; no NUL behind it */
	size_t size;
	const char
		*enriched; /* names that auditd added: "SYSCALL=openat AUID="alice""; NULL: none */
	size_t enriched_size;
	const char *node; /* "node=HOST" of a line; NULL: none. Not looked at otherwise */
	size_t node_size;
};

/*
 * Reads the n bytes of a netlink message's text. A NUL or newline at its end is
 * not part of it. 0; -EBADMSG when it does not begin with a stamp; -EMSGSIZE
 * above AUDIT_RECORD_MAX.
 */
int audit_record_parse(unsigned type, const char *text, size_t n, struct audit_record *ret);

/*
 * The same of a line of /var/log/audit/audit.log, without or with its newline.
 * A type that has no name ("UNKNOWN[1338]") is read as its number. -EBADMSG also
 * for a type that nobody knows.
 */
int audit_line_parse(const char *line, size_t n, struct audit_record *ret);

/* How a value is written, which says what it can be. */
enum audit_form {
	AUDIT_BARE,   /* 257, yes, (null), pts0, 2F62696E: what it is depends on the field */
	AUDIT_QUOTED, /* "...", by the kernel (never with a byte that needs care) or by a program */
};

struct audit_field {
	const char *name; /* both borrowed from the record's text, no NUL behind them */
	size_t name_size;
	const char *value; /* without quotes */
	size_t size;
	enum audit_form form;
	bool said;     /* by the program, in msg='...' */
	bool enriched; /* by auditd: the name of what an earlier field has as a number */
};

struct audit_fields {
	const struct audit_field *v; /* in the order of the text; lives in the arena */
	size_t n;
};

/*
 * All fields of a record. Words that are no fields are left out, but for op=,
 * which some programs write in several words ("op=adding user to group"): there
 * they belong to the value. 0 or -ENOMEM.
 */
int audit_fields_parse(
	struct arena *a, const struct audit_record *record, struct audit_fields *ret);

/*
 * The first field of that name which auditd did not add: the kernel's before one
 * that a program said. NULL when there is none.
 */
const struct audit_field *audit_field(const struct audit_fields *f, const char *name);

/* The same among those that auditd added, by their upper-case name. */
const struct audit_field *audit_field_enriched(const struct audit_fields *f, const char *name);

/* Whether the value is exactly this text. */
bool audit_field_is(const struct audit_field *f, const char *text);

/*
 * Numbers. 0; -ENOENT when there is no such field; -EBADMSG when it is none.
 * _hex is for a0 ... a3, arch, and what else the kernel writes without "0x".
 */
int audit_field_number(const struct audit_fields *f, const char *name, uint64_t *ret);
int audit_field_signed(const struct audit_fields *f, const char *name, int64_t *ret);
int audit_field_hex(const struct audit_fields *f, const char *name, uint64_t *ret);
int audit_field_octal(const struct audit_fields *f, const char *name, uint64_t *ret);

/* uid, auid, ses: 32 bits, of which "unset", "-1" and 4294967295 are AUDIT_ID_UNSET. As above. */
int audit_field_id(const struct audit_fields *f, const char *name, uint32_t *ret);

/* "fd:01" of PATH's dev, as of stat(2)'s st_dev. 0, -ENOENT, -EBADMSG. */
int audit_field_device(const struct audit_fields *f, const char *name, uint64_t *ret);

/*
 * A string that may hold anything, as audit_log_untrustedstring() of the kernel
 * and audit_encode_nv_string() of libaudit write it: in quotes, or in
 * hexadecimal when it holds blanks, controls, quotes or bytes above 0x7e. The
 * bytes (with a NUL behind them that does not count; there may be others among
 * them) go into the arena. 0; -ENOENT when there is no such field, or it says
 * that there is nothing: (null), (none), ?, (unknown); -EBADMSG when it is
 * neither form; -ENOMEM.
 */
int audit_field_bytes(struct arena *a, const struct audit_fields *f, const char *name,
	const char **ret, size_t *ret_size);

/* The same as a string; -EBADMSG when it holds a NUL. */
int audit_field_string(
	struct arena *a, const struct audit_fields *f, const char *name, const char **ret);

/*
 * A string that is written as it is, whatever it holds: tty, terminal, addr, unit,
 * op. Never decoded. As above.
 */
int audit_field_text(
	struct arena *a, const struct audit_fields *f, const char *name, const char **ret);

/*
 * Whether one of the rule keys in key= is this one. An event that several rules
 * caught has them all, with bytes 1 between them, in hexadecimal.
 */
bool audit_field_has_key(const struct audit_fields *f, const char *key);

/* saddr= of SOCKADDR. 0 and its length; -ENOENT; -EBADMSG when it is none or too long. */
int audit_field_address(
	const struct audit_fields *f, struct sockaddr_storage *ret, socklen_t *ret_size);
