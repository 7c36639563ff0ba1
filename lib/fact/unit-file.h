/* SPDX-License-Identifier: ISC */
/*
 * The syntax of systemd's unit files and of the names of units, as the manager
 * reads them (systemd.syntax(7), systemd.unit(5)). Knows no directory and no
 * meaning of any key.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum unit_name_kind {
	UNIT_NAME_INVALID,
	UNIT_NAME_PLAIN,    /* ssh.service */
	UNIT_NAME_TEMPLATE, /* getty@.service */
	UNIT_NAME_INSTANCE, /* getty@tty1.service */
};

/* What kind of name it is; invalid without a type of unit at its end. */
enum unit_name_kind unit_name_kind(const char *name);

/* Its type, the part behind the last dot: "service"; "" when it has none. */
const char *unit_name_type(const char *name);

/* "getty@.service" of an instance, "ssh.socket" of ssh.service. NULL on ENOMEM. */
char *unit_name_template(struct arena *a, const char *instance);
char *unit_name_with_type(struct arena *a, const char *name, const char *type);

/* The template with the instance of another name: getty@.service, x@tty1.timer. NULL on ENOMEM. */
char *unit_name_instance(struct arena *a, const char *template, const char *instance_of);

/* One assignment. The strings lie in the text and live as long. */
struct unit_line {
	const char *section; /* "Service" */
	const char *key, *value;
	unsigned line;       /* where it begins */
};

/*
 * Calls each() for every assignment of the text (size bytes, NUL-terminated
 * beyond; it is written to): comments left out, continued lines joined, blanks
 * around key and value gone. 0; what each() returned when that was negative;
 * -EBADMSG where the manager refuses the whole file (a section's header without
 * its end, bytes that are not UTF-8).
 */
int unit_file_parse(
	char *text, size_t size, int (*each)(const struct unit_line *l, void *arg), void *arg);

/*
 * The next word of a list of units or names as the manager splits it: at blanks,
 * quotes removed, backslashes kept (names hold them). A copy in the arena, and
 * *p moved behind it. NULL at the end or on ENOMEM (ask the arena).
 */
char *unit_word(struct arena *a, const char **p);

/* yes, true, on, 1, y, t: 1. no, false, off, 0, n, f: 0. Else -EINVAL. */
int unit_boolean(const char *value);
