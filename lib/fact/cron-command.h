/* SPDX-License-Identifier: ISC */
/*
 * What may be told of a command that a shell runs. Its arguments are never told:
 * which of them is a password cannot be known (-p, -w, -u user:..., a URL). What
 * is told is which programs it starts, and only while there is no doubt that a
 * word is one; at the first thing that is not understood the telling ends.
 */
#pragma once

#include "base/arena.h"

enum {
	CRON_PROGRAMS_MAX = 4, /* that are told of one command */
	CRON_PROGRAM_SIZE_MAX = 64,
};

/*
 * The programs, with their paths as they stand there, in the order in which they
 * appear: "test, /usr/sbin/anacron"; "..." at the end when there is more. "a
 * shell command" when none can be told. A "%" ends the command, as in crontab(5).
 * NULL on ENOMEM.
 */
const char *cron_programs(struct arena *a, const char *command);
