/* SPDX-License-Identifier: ISC */
/*
 * The one line that a person reads, woken at night, with nothing else beside
 * it: what is wrong, where, what it was before, since when, and how many more.
 * No value is shown twice, long ones and long lists are cut, and the line stays
 * under MESSAGE_MAX bytes whatever the machine's users have called their things.
 */
#pragma once

#include "ledger/event.h"

enum {
	MESSAGE_MAX = 2048,
};

/*
 * Writes the message of an event whose other fields are set, for all kinds
 * that the ledger makes (not started, stopped and heartbeat, whose words come
 * from the engine). words (escaped, or NULL) are the verdict's summary; of
 * accepted, who did it and why. NULL on ENOMEM. The line belongs to the arena.
 */
char *message_write(struct arena *a, const struct event *e, const char *words);
