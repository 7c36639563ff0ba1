/* SPDX-License-Identifier: ISC */
/*
 * A command line that may be shown: what is, or may be, a secret in it is "***".
 *
 * Which argument is a password nobody can know for sure (see cron-command.h, which
 * tells no arguments at all). This knows the options of the programs that take one,
 * names that promise one, the forms of tokens, passwords in URLs, and takes any long
 * word that nobody would think up for one. It hides too much rather than too little.
 */
#pragma once

#include <stddef.h>

#include "base/arena.h"

enum {
	SECRET_COMMAND_MAX = 16 * 1024, /* bytes of arguments that are looked at */
};

/*
 * The arguments as /proc/PID/cmdline and audit's PROCTITLE have them, n bytes with a
 * NUL between any two: as words with blanks between them, in single quotes when they
 * hold blanks, without their secrets, escaped and cut at max bytes as text_escape()
 * does. NULL on ENOMEM.
 */
char *secret_command(struct arena *a, const char *args, size_t n, size_t max);
