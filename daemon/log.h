/* SPDX-License-Identifier: ISC */
/*
 * The operational log: what the daemon has to say about itself, to standard
 * error with sd-daemon(3) priorities. Not for events: those go through the
 * outbox. At most LOG_BURST lines in LOG_INTERVAL_USEC, then one that counts
 * what was left out, so that a fault that repeats cannot fill the journal.
 */
#pragma once

#include <stdint.h>
#include <syslog.h>

#include "base/util.h"

#define LOG_BURST         50
#define LOG_INTERVAL_USEC (30 * USEC_PER_SEC)

/* The most talkative priority that is written; LOG_INFO at first. */
void log_set_level(int priority);

/* One line, bytes escaped. */
void log_line(int priority, const char *fmt, ...) _printf_(2, 3);

/* The same at LOG_ERR with strerror(-r) behind it; returns r: `return log_error(r, ...)`. */
int log_error(int r, const char *fmt, ...) _printf_(2, 3);
