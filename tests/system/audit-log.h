/* SPDX-License-Identifier: ISC */
/* Logs of auditd that are made up, by a fixed rule, so that a run is repeatable. */
#pragma once

enum {
	AUDIT_LOG_EVENTS = 60, /* of one log */
};

/*
 * The next log: events whose records come mixed, some without their end, with names as
 * the kernel encodes them. In the heap; ends with NUL. Never NULL.
 */
char *audit_log_make(void);
