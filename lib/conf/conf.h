/* SPDX-License-Identifier: ISC */
/*
 * Reading hardend.conf and hardend.conf.d/ into a policy, all errors collected.
 *
 * Syntax is INI as inih reads it, under a reader that counts lines, because
 * inih as packaged tells no line numbers and cuts what is long. Sections:
 * [hardend] and [policy] (keys in conf/schema.h), [CHECK-ID] (enabled, severity
 * and the check's own keys), [waiver NAME] (check, subject, reason, owner,
 * until), [attestation CHECK-ID] (statement, owner, stated, until), [profile
 * NAME] (from, title, add, drop, SECTION.KEY). A line that starts with blanks
 * continues the value above it. Files of the .d directory are read after the
 * main one, sorted by name, and the last value of a key wins, but lists of one
 * file add up. A named section is complete in its file; one of the same name in
 * a later file takes its place. At the end the profile is in use that [hardend]
 * names.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/fsio.h"
#include "conf/policy.h"

/* One message for a person: `file:line: what was found, what was expected, what to do`. */
struct conf_error {
	const char *path; /* escaped */
	unsigned line;    /* 0 when it is about the whole file */
	const char *text; /* escaped */
	bool denied;      /* the file may not be read by this user */
};

/* All errors of one load, in the order of files and lines; strings in the arena. */
struct errlist {
	struct arena *arena;
	struct conf_error *v;
	size_t n;
};
void errlist_fini(struct errlist *e);

/* Adds an error (text is escaped). Out of memory is remembered by the arena. */
void errlist_add(struct errlist *e, const char *path, unsigned line, const char *fmt, ...)
	_printf_(4, 5);

/*
 * Loads path and the *.conf of path + ".d" from the root. A missing main file
 * is not an error when optional is set; a missing directory never is. A file
 * must be regular, owned by root or the caller and not writable by others
 * (skipped for a root that is not live). 0 and a policy to free; -EINVAL when errors were
 * added; -ENOMEM. errors must be zeroed, or hold an arena.
 */
int conf_load(const struct root *r, const char *path, bool optional, struct errlist *errors,
	struct policy **ret);

/* The policy of an empty configuration. NULL on ENOMEM. */
struct policy *policy_new_default(void);

/* The same from bytes: one file named path (for messages). For tests and fuzzing. */
int conf_load_text(const char *path, const char *text, size_t size, struct errlist *errors,
	struct policy **ret);

#define CONF_PATH "/etc/hardend/hardend.conf"
