/* SPDX-License-Identifier: ISC */
/*
 * Command lines, as crontabs, units and actions of fail2ban hold them: which
 * programs they run, with which words, behind wrappers such as nice, flock or
 * `sh -c`. Nothing is run, expanded or looked up.
 *
 * This is no shell. What it cannot follow it refuses, or leaves as the words of
 * a command whose name its reader does not know; nobody may take either for a
 * command that does what its words say.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum {
	COMMAND_SIZE_MAX = 1 << 16, /* of a text that is followed */
};

enum command_syntax {
	COMMAND_SHELL,
	COMMAND_CRON, /* a shell's, up to the first "%" that no backslash stands before */
	COMMAND_EXEC, /* ExecStart= of systemd.service(5); one a line */
};

enum command_reach {
	COMMAND_NEVER,	/* behind `false &&`, `true ||`, `if false` or `exit` */
	COMMAND_MAYBE,	/* when another one fails, or in a branch or loop */
	COMMAND_ALWAYS, /* or when all before it succeed */
};

/* One program that is run: words without quotes, wrappers and assignments taken off. */
struct command {
	const char *const *argv; /* ends with NULL; argv[0] is there */
	size_t n;
	enum command_reach reach;
	bool dynamic;	    /* what it is called is known only when it runs */
	bool substitutes;   /* a word holds $(...) or `...`, which runs something else */
	const char *output; /* the file that its output goes to; NULL: none is named */
};

struct commands {
	struct command *v;
	size_t n;
};

/*
 * Reads the text into *ret; strings live in the arena. 0; -ENOMEM; -EINVAL when
 * it cannot be followed: a quote that is not closed, a here-document, `case`,
 * a function, too deep, longer than COMMAND_SIZE_MAX.
 */
int command_parse(
	struct arena *a, const char *text, enum command_syntax syntax, struct commands *ret);

/* The name of its program, without a directory. */
const char *command_name(const struct command *c);

/* Whether one of its words is this one. */
bool command_has(const struct command *c, const char *word);

/*
 * Whether the program's name stands among its words, behind a path or not, in
 * any quotes or $(...): then a command that nobody knows may run it.
 */
bool command_mentions(const struct command *c, const char *program);

/* Whether it only sets a variable: "x=1", where what $(...) in it runs is another matter. */
bool command_assigns(const struct command *c);

/* Whether it only says, looks or prepares something, and runs none of its words: echo, test, cd. */
bool command_is_idle(const struct command *c);
