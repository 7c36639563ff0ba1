/* SPDX-License-Identifier: ISC */
/*
 * The configuration of rsyslog, in both of its languages as they are mixed:
 * sysklogd's selectors and $Directives, and RainerScript. Read as rsyslog 8
 * reads it (grammar/lexer.l, grammar.y): lines joined, longest token, includes
 * where they stand.
 *
 * What is kept is where messages of this machine go: each action that is
 * reached from the ruleset that local messages enter, with the priorities that
 * reach it. A condition on anything but priority makes it "maybe"; a stop, or a
 * discard, before an action takes away from it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "fact/log-pri.h"

/* A file that an include named. */
struct rsyslog_text {
	const char *path;
	const char *text;
	size_t size;
};

struct rsyslog_files {
	/*
	 * The files that a path, a glob(7) pattern or a directory ("/etc/rsyslog.d/")
	 * names, in order. 0, -ENOENT when there is none, or why not.
	 */
	int (*load)(void *arg, const char *pattern, struct rsyslog_text **ret, size_t *ret_n);
	void *arg;
};

/* NAME="VALUE" of an object; the elements of an array are joined by ",". */
struct rsyslog_param {
	const char *name;
	const char *value; /* NULL: computed at run time (`echo $X`) */
	const struct rsyslog_param *next;
};

/* The legacy directives that a legacy action takes over when it is read. */
struct rsyslog_legacy {
	const char *driver;    /* $ActionSendStreamDriver */
	const char *auth_mode; /* ...AuthMode */
	const char *peers;     /* ...PermittedPeer, joined by "," */
	bool mode;	       /* ...Mode is 1 */
	bool failover;	       /* $ActionExecOnlyWhenPreviousIsSuspended */
	bool rare;	       /* $ActionExecOnlyEveryNthTime, ...OnceEveryInterval */
};

struct rsyslog_action {
	const char *type; /* "omfwd"; of a legacy action the module it means: "@..." is omfwd */
	const char *line_text; /* the legacy action as written; NULL when it is action(...) */
	const struct rsyslog_param *params;
	struct rsyslog_legacy legacy;
	/*
	 * Why it does nothing: its template is not there, or holds nothing of the
	 * message; its module is not loaded. Both must stand before it. NULL: it does.
	 */
	const char *broken;
	bool doubtful;	    /* its template or module may stand in a file that was not read */
	struct log_pri pri; /* which local messages reach it */
	const char *path;
	unsigned line;
};

struct rsyslog_conf {
	const struct rsyslog_action *v; /* in the order of the walk; only those that are reached */
	size_t n;
	const struct rsyslog_action *lost; /* those that no local message reaches */
	size_t n_lost;
	const char *driver, *driver_path; /* the default netstream driver; NULL: not set */
	bool local;			  /* reads the system's log socket or the journal */
	bool journal;			  /* reads the journal itself */
	bool kernel;			  /* reads the kernel's messages */
	bool limited;	       /* of the local messages but few in a time are let through */
	const char *malformed; /* what could not be read or understood; NULL when all was */
	const char *malformed_path;
	unsigned malformed_line;
};

/*
 * Reads the configuration that begins at path. 0, -ENOMEM, or why the first
 * file could not be read. Strings are in the arena.
 */
int rsyslog_read(struct arena *a, const struct rsyslog_files *files, const char *path,
	struct rsyslog_conf *ret);

/* The value of a parameter (case does not matter), or NULL. */
const char *rsyslog_param(const struct rsyslog_param *p, const char *name);
