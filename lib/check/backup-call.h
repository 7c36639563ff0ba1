/* SPDX-License-Identifier: ISC */
/*
 * What a call of a backup client does, as its words say: whether it makes a
 * backup, or lists, checks, prunes and restores what was made.
 */
#pragma once

#include "base/command.h"
#include "check/schedule.h"

/*
 * SCHEDULE_RUNS when it makes a backup, SCHEDULE_RUNS_NOT when it does something
 * else (help and dry runs too), SCHEDULE_RUNS_PERHAPS when neither is sure: a
 * script that is merely named after a client, or a verb that is not known.
 */
enum schedule_run backup_call(const struct command *c);
