/* SPDX-License-Identifier: ISC */
/* What the parts of the reader of rsyslog's configuration share. */
#pragma once

#include "fact/rsyslog.h"

enum {
	RSYSLOG_DEPTH_MAX = 40,	  /* blocks within blocks, and rulesets that call rulesets */
	RSYSLOG_FILES_MAX = 1000, /* files included in all */
	RSYSLOG_STATEMENTS_MAX = 100000,
	RSYSLOG_BURST_MIN = 200, /* rsyslog's own; a machine that boots says more than less */
};

/* A file that is being read: its lines joined, and which line each was. */
struct rsyslog_source {
	struct rsyslog_source *up;
	const char *path, *text;
	const char *p, *end;
	unsigned *lines; /* of the file, by line of text */
	size_t line;
};

enum rsyslog_kind {
	RSYSLOG_ACTION,
	RSYSLOG_STOP,
	RSYSLOG_CALL, /* name; NULL: call_indirect */
	RSYSLOG_IF,   /* pri, then, otherwise; loops as well */
};

struct rsyslog_stmt {
	enum rsyslog_kind kind;
	struct rsyslog_stmt *next;
	struct log_pri pri;
	bool narrow; /* what stops behind this condition takes nothing that matters */
	struct rsyslog_stmt *then, *otherwise;
	struct rsyslog_action *action;
	const char *name;
};

struct rsyslog_ruleset {
	const char *name;
	struct rsyslog_stmt *first, *last;
	bool queue; /* of its own: a stop in it does not stop its caller */
	struct rsyslog_ruleset *next;
};

/* A template, or a module that is loaded; empty: nothing of it depends on the message. */
struct rsyslog_name {
	const char *name;
	bool empty;
	struct rsyslog_name *next;
};

struct rsyslog_reader {
	struct arena *a;
	const struct rsyslog_files *files;
	struct rsyslog_conf *conf;
	struct rsyslog_source *src;
	struct rsyslog_ruleset *rulesets, *current, *entry; /* entry: that local messages enter */
	struct rsyslog_name *templates, *modules;	    /* those so far, the last first */
	struct rsyslog_legacy legacy;
	unsigned n_files, n_statements;
	bool limit_interval, limit_few; /* $SystemLogRateLimitInterval, ...Burst */
	bool legacy_queue; /* $RulesetCreateMainQueue, for the ruleset made last */
};

/* rsyslog-text.c: characters */

/* Pushes a file on the stack; an included one that is being read is left out, as rsyslog does. */
int rsyslog_push(struct rsyslog_reader *r, const struct rsyslog_text *text);
/* Skips blanks, comments and ends of files, as between statements; false at the very end. */
bool rsyslog_skip(struct rsyslog_reader *r);
/* Skips blanks and comments inside an object or an expression; stays in the file. */
void rsyslog_skip_inside(struct rsyslog_reader *r);
/* Moves n characters on, counting lines. */
void rsyslog_advance(struct rsyslog_reader *r, size_t n);
/* The line of the file at which the reader stands. */
unsigned rsyslog_line(const struct rsyslog_reader *r);
/* Whether only blanks stand before on the line. */
bool rsyslog_at_start(const struct rsyslog_reader *r);
/* The word at the cursor if it is this one (as a whole). */
bool rsyslog_word(const struct rsyslog_reader *r, const char *word);
/* Remembers the first thing that could not be understood. Always -EINVAL. */
int rsyslog_malformed(struct rsyslog_reader *r, const char *what);
/* A string in ' " or `: its text in *ret, NULL when computed. 0, -EINVAL or -ENOMEM. */
int rsyslog_string(struct rsyslog_reader *r, const char **ret);

/* rsyslog-expr.c: conditions */

/*
 * An expression up to "then", "do" or ";", which it takes: the priorities for
 * which it holds, and whether only few messages meet it, none that matter.
 */
int rsyslog_expression(
	struct rsyslog_reader *r, const char *stop, struct log_pri *ret, bool *ret_narrow);
/* ":property, [!]compare, "value"": text is the token. */
struct log_pri rsyslog_property_filter(const char *text, bool *ret_narrow);

/* rsyslog-legacy.c: $Directives, legacy actions */
int rsyslog_directive(struct rsyslog_reader *r, const char *line);
const char *rsyslog_legacy_type(const char *action);

/* rsyslog-object.c: objects and their parameters */

/* Whether "NAME (" stands here; then moves behind the parenthesis. */
bool rsyslog_take_object(struct rsyslog_reader *r, const char *name);
/* NAME="VALUE"... up to ")", which it takes. 0, -EINVAL or -ENOMEM. */
int rsyslog_params(struct rsyslog_reader *r, const struct rsyslog_param **ret);
/* What config.enabled says: only "on" is. */
bool rsyslog_is_enabled(const struct rsyslog_param *p);
/* One of the objects that stand outside of rulesets; -ENOENT: something else stands here. */
int rsyslog_object(struct rsyslog_reader *r);
/* The ruleset of that name, made if there is none; NULL on ENOMEM. */
struct rsyslog_ruleset *rsyslog_ruleset(struct rsyslog_reader *r, const char *name);
/*
 * Whether "NAME.Interval" and "NAME.Burst" let but few messages through; interval:
 * the module's own, NULL: none.
 */
bool rsyslog_is_limited(const struct rsyslog_param *p, const char *name, const char *interval);
/*
 * Remembers a template by its text: nothing of a message is in it without a "%"; NULL: it is
 * not made of text. 0 or -ENOMEM.
 */
int rsyslog_template(struct rsyslog_reader *r, const char *name, const char *text);
/*
 * A module is loaded: some read this machine's messages. p: its parameters, or NULL.
 * 0 or -ENOMEM.
 */
int rsyslog_module(struct rsyslog_reader *r, const char *name, const struct rsyslog_param *p);
/* Sets broken and doubtful of an action by what is known where it stands. 0 or -ENOMEM. */
int rsyslog_judge_action(struct rsyslog_reader *r, struct rsyslog_action *act);

/* rsyslog-parse.c: statements */

/* Statements up to "}", which it takes: at least one, unless the block may be empty. */
int rsyslog_script(struct rsyslog_reader *r, unsigned depth, bool empty, struct rsyslog_stmt **ret);
struct rsyslog_stmt *rsyslog_last(struct rsyslog_stmt *s);
/* Pushes what an include names; what is not there is said in conf. 0 or -ENOMEM. */
int rsyslog_include(struct rsyslog_reader *r, const char *pattern, bool optional);

/* rsyslog-walk.c: from the statements to the actions that are reached; 0 or -ENOMEM */
int rsyslog_walk(struct rsyslog_reader *r);
