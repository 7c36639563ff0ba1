/* SPDX-License-Identifier: ISC */
/*
 * The control socket: Varlink (varlink.org) on AF_UNIX, JSON objects ended by
 * NUL. Serves io.hardend.Control and org.varlink.service. Who may do what is
 * decided by SO_PEERCRED: root everything, the reader group what only reads,
 * anybody else nothing.
 *
 * Clients are bounded in number (in all and per uid), in the length of what
 * they send, and in time; one that does not read its answer is closed.
 */
#pragma once

#include <event2/event.h>
#include <sys/types.h>

#include "base/util.h"
#include "daemon/engine.h"

struct control;

/*
 * Listens at address (mode 0660, group readers when it is not -1), replacing a
 * stale socket. changed is called after a call that changed the state. Returns
 * 0 or -errno, logged.
 */
int control_new(struct event_base *base, struct engine *engine, const char *address,
	gid_t readers, void (*changed)(void *arg), void *arg, struct control **ret);
void control_free(struct control *c);
DEFINE_FREEP(struct control *, control_free)
