/* SPDX-License-Identifier: ISC */
/*
 * The source for who did it: reads what the kernel's audit records, beside
 * auditd or without it, makes acts of it (lib/audit) and remembers them, and
 * says that sockets, the packet filter or audit itself may have changed. It
 * keeps the daemon's rules (audit-keeper.h), puts them back when somebody
 * removes them, and tells who it was.
 *
 * Records may be lost: then all that it tells of is read again, and what is
 * remembered from before is not complete. Only the kernel's messages are read.
 */
#pragma once

#include <event2/event.h>

#include "audit/memory.h"
#include "daemon/audit-keeper.h"
#include "daemon/engine.h"

struct source_audit;

struct source_audit_params {
	struct event_base *base;
	struct engine *engine;
	const struct root *root;
	const struct audit_ops *ops; /* audit_kernel_ops */
	void (*changed)(void *arg);  /* the engine has something to do */
	void *arg;
};

/* Starts to listen when the engine has read its first facts, if it is wanted and can be. 0 or
 * -ENOMEM. All in p is kept. */
int source_audit_new(
	const struct source_audit_params *p, enum audit_use use, struct source_audit **ret);

/* Also takes the daemon's rules out of the kernel. */
void source_audit_free(struct source_audit *s);
DEFINE_FREEP(struct source_audit *, source_audit_free)

/* Another configuration. */
void source_audit_configure(struct source_audit *s, enum audit_use use);

/*
 * To be called after each step of the engine: when facts were read from other
 * places than before, the rules are made to fit, a moment later.
 */
void source_audit_refresh(struct source_audit *s);

/*
 * Reads what the kernel has recorded by now (a bounded number of records), so that
 * acts just done are among those remembered. Does not call changed().
 */
void source_audit_drain(struct source_audit *s);
