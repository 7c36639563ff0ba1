/* SPDX-License-Identifier: ISC */
/* Between the parts of audit/act.h. */
#pragma once

#include "audit/act.h"

/* ---- act-call.c: system calls by architecture and number ---- */

enum call_what {
	CALL_OTHER,
	CALL_LISTEN,
	CALL_BIND,
	CALL_SOCKETCALL, /* listen, bind and others, by its first argument */
	CALL_OPEN,	 /* flags in argument `flags` */
	CALL_OPENAT2,	 /* flags in a record of their own */
	CALL_CHANGE,	 /* of content or names, whatever its arguments are */
	CALL_ATTRIBUTE,	 /* of mode, owner, times, extended attributes */
};

struct call {
	enum call_what what;
	int8_t dir[2]; /* arguments that are the directories of its names; -1: none */
	int8_t flags;  /* argument; -1: none */
};

/*
 * The call with that number of arch (AUDIT_ARCH_*). CALL_OTHER, without directories,
 * for one that is not in the table; -ENOTSUP when the architecture is not.
 */
int call_find(uint32_t arch, uint64_t number, struct call *ret);

/* ---- act-path.c: what a system call did to files ---- */

/* What of a SYSCALL record decides how its other records are read. */
struct act_call {
	struct call call;
	bool known; /* the architecture, and so whether names are relative to descriptors */
	uint64_t args[4];
};

/*
 * Fills in the paths of the act: 1 when there is any that was changed, else 0;
 * -ENOMEM. With act->keyed each file that is named counts, since a rule of ours was
 * about a change of it; otherwise the call must show it.
 */
int act_read_paths(struct arena *a, const struct audit_event *e, const struct act_call *call,
	const struct act_options *options, struct act *act);

/* ---- act-actor.c ---- */

/*
 * The actor by the event's SYSCALL record or, without one, by f, the fields of the
 * record that makes it an act. 0 or -ENOMEM. Clears act->whole when a field cannot
 * be read.
 */
int act_read_actor(struct arena *a, const struct audit_event *e, const struct audit_fields *f,
	struct act *act);

/*
 * Field name as text that can be shown, "" when it is not told. Encoded: in quotes
 * or in hexadecimal; else as it is written. 0 or -ENOMEM. A value that is not in
 * that form is taken as it is written.
 */
int act_text(struct arena *a, const struct audit_fields *f, const char *name, const char **ret);
int act_raw_text(struct arena *a, const struct audit_fields *f, const char *name, const char **ret);

/* A 32-bit id, which stays as it is when it is not told. False: it cannot be read. */
bool act_id(const struct audit_fields *f, const char *name, uint32_t *id);
