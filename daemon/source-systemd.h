/* SPDX-License-Identifier: ISC */
/*
 * The source for units: systemd tells over D-Bus when a unit comes up, goes down
 * or fails and when unit files were read again; then FACT_UNITS may have
 * changed. It listens on the system bus, where only the messages that it asked
 * for arrive, and on systemd's own socket where there is no bus.
 *
 * A connection that ends (the bus or systemd was restarted) is made again, with
 * a pause that grows; after each, the units are read again, since a change may
 * have been missed. While there is none for long, the engine is told, and reads
 * the units on its timer.
 */
#pragma once

#include <event2/event.h>

#include "base/util.h"
#include "daemon/engine.h"

struct source_systemd;

/*
 * Connects, without waiting for anything. Where systemd does not run the source
 * does nothing. changed is called when the engine has something to do. 0 or -ENOMEM.
 */
int source_systemd_new(struct event_base *base, struct engine *engine, void (*changed)(void *arg),
	void *arg, struct source_systemd **ret);
void source_systemd_free(struct source_systemd *s);
DEFINE_FREEP(struct source_systemd *, source_systemd_free)
