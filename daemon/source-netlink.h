/* SPDX-License-Identifier: ISC */
/*
 * The source for sockets, links, addresses, the switches of forwarding, routes
 * and the packet filter: the kernel tells over netlink(7) when a socket that
 * waited for others is closed (sock_diag(7)), when an interface, an address or
 * its configuration, a route of the main table or a rule of routing changes
 * (rtnetlink(7)), and when rules of nftables do. That a socket was opened nobody
 * tells; see the refresh of the collector of listeners.
 *
 * Nothing in a message is believed: each only means that a fact may have
 * changed. A queue that overflowed means the same, and is told (engine_lost()).
 * The group of the packet filter needs CAP_NET_ADMIN, the others no capability.
 */
#pragma once

#include <event2/event.h>

#include "base/util.h"
#include "daemon/engine.h"

struct source_netlink;

/*
 * Joins the groups. One that cannot be joined is told to the engine, which reads
 * its facts on a timer. changed is called when the engine has something to do. 0
 * or -ENOMEM.
 */
int source_netlink_new(struct event_base *base, struct engine *engine, void (*changed)(void *arg),
	void *arg, struct source_netlink **ret);
void source_netlink_free(struct source_netlink *s);
DEFINE_FREEP(struct source_netlink *, source_netlink_free)
