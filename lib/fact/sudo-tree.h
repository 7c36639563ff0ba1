/* SPDX-License-Identifier: ISC */
/*
 * What sudoers(5) says, as written: user specifications, aliases and Defaults
 * in their order, before any alias is expanded and before anything is matched.
 *
 * Two readers fill the same tree: sudo_tree_parse() from the files themselves,
 * token by token as sudo's own scanner cuts them, and sudo_tree_json() from the
 * answer of `cvtsudoers -f json`. Both take hostile bytes. All strings live in
 * the arena given and may hold any byte but NUL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum {
	SUDO_FILE_MAX = 1024 * 1024,	    /* one file of sudoers */
	SUDO_FILES_MAX = 1024,		    /* files of one tree */
	SUDO_BYTES_MAX = 4 * SUDO_FILE_MAX, /* of all of them, those read twice counted twice */
	SUDO_DEPTH_MAX = 144,		    /* nested includes, as sudo has it */
	SUDO_ALIASES_MAX = 4096,
	SUDO_EXPANDED_MAX = 65536, /* members after the expansion of all aliases */
};

enum sudo_kind {
	SUDO_ALL,
	SUDO_USER,     /* name */
	SUDO_UID,      /* #id */
	SUDO_GROUP,    /* %name; among runas groups the plain name */
	SUDO_GID,      /* %#id */
	SUDO_NETGROUP, /* +name */
	SUDO_NONUNIX,  /* %:name, %:#id: asked of a group plugin */
	SUDO_HOST,     /* name, perhaps with wildcards */
	SUDO_NETWORK,  /* address, or network/mask */
	SUDO_MYSELF,   /* runas "()": the invoking user */
	SUDO_COMMAND,  /* name is its path, "sudoedit" or "list" */
	SUDO_ALIAS,    /* name; never after expansion */
	SUDO_KIND_MAX,
};

struct sudo_member {
	enum sudo_kind kind;
	bool negated;
	const char *name;   /* without #, %, +; "" where the kind says all */
	const char *digest; /* of a command: "sha256:..."; NULL when any file will do */
	const char *args;   /* of a command: NULL any arguments, "\"\"" none */
	uint32_t id;	    /* SUDO_UID, SUDO_GID */
};

struct sudo_members {
	struct sudo_member *v;
	size_t n;
};

/* Tags of a command: 1 as named here, 0 its opposite, -1 not said. */
enum sudo_tag {
	SUDO_TAG_NOPASSWD,
	SUDO_TAG_NOEXEC,
	SUDO_TAG_SETENV,
	SUDO_TAG_INTERCEPT,
	SUDO_TAG_FOLLOW,
	SUDO_TAG_LOG_INPUT,
	SUDO_TAG_LOG_OUTPUT,
	SUDO_TAG_MAIL,
	SUDO_TAG_MAX,
};
#define SUDO_TAG_IMPLIED 2 /* value of SETENV: not written, but ALL brings it */

/* Options of a command, as written, NULL when not said. */
enum sudo_option {
	SUDO_OPTION_CHROOT,
	SUDO_OPTION_CWD,
	SUDO_OPTION_NOTBEFORE,
	SUDO_OPTION_NOTAFTER,
	SUDO_OPTION_TIMEOUT,
	SUDO_OPTION_ROLE,
	SUDO_OPTION_TYPE,
	SUDO_OPTION_APPARMOR,
	SUDO_OPTION_MAX,
};

/* One command of a specification, with what it took over from those before it. */
struct sudo_command {
	struct sudo_members runas_users, runas_groups; /* both empty: runas_default */
	signed char tags[SUDO_TAG_MAX];
	const char *options[SUDO_OPTION_MAX];
	struct sudo_member command; /* SUDO_ALL, SUDO_COMMAND or SUDO_ALIAS */
};

/* USERS HOSTS = COMMANDS. A line with several of them (":") is several. */
struct sudo_spec {
	struct sudo_members users, hosts;
	struct sudo_command *commands;
	size_t n_commands;
	const char *path; /* NULL when the reader cannot tell */
	unsigned line;	  /* where the entry begins */
};

enum sudo_alias_type {
	SUDO_ALIAS_USER,
	SUDO_ALIAS_RUNAS,
	SUDO_ALIAS_HOST,
	SUDO_ALIAS_COMMAND,
	SUDO_ALIAS_MAX,
};

struct sudo_alias {
	enum sudo_alias_type type;
	const char *name;
	struct sudo_members members;
	bool busy; /* being expanded: a second visit is a loop */
};

enum sudo_scope {
	SUDO_SCOPE_ALL,
	SUDO_SCOPE_USER,    /* Defaults:user */
	SUDO_SCOPE_RUNAS,   /* Defaults>user */
	SUDO_SCOPE_HOST,    /* Defaults@host */
	SUDO_SCOPE_COMMAND, /* Defaults!command */
	SUDO_SCOPE_MAX,
};

struct sudo_default {
	enum sudo_scope scope;
	struct sudo_members binding; /* empty for SUDO_SCOPE_ALL */
	const char *name, *value;    /* value NULL for a flag */
	char op;		     /* '=' set or assigned, '!' unset, '+', '-' */
	const char *path;
	unsigned line;
};

/*
 * Something that sudo does not take as it stands. It skips the entry (or the
 * file) and goes on with the rest, and so do the readers; versions before
 * 1.9.3 refuse everything.
 */
struct sudo_defect {
	const char *path;
	unsigned line; /* 0: the whole file */
	const char *what;
};

struct sudo_tree {
	struct arena *arena; /* borrowed */
	struct sudo_spec *specs;
	size_t n_specs;
	struct sudo_alias *aliases; /* sorted by type and name */
	size_t n_aliases;
	struct sudo_default *defaults;
	size_t n_defaults;
	struct sudo_defect *defects;
	size_t n_defects;
};

void sudo_tree_init(struct sudo_tree *t, struct arena *a);

/* The alias, or NULL. */
struct sudo_alias *sudo_tree_alias(
	const struct sudo_tree *t, enum sudo_alias_type type, const char *name);

/* Adds an alias; the members are taken over. 0, -EEXIST, -EFBIG (SUDO_ALIASES_MAX), -ENOMEM. */
int sudo_tree_add_alias(struct sudo_tree *t, enum sudo_alias_type type, const char *name,
	struct sudo_members members);

/* Adds a defect with a reason. Out of memory is remembered by the arena. */
void sudo_tree_defect(struct sudo_tree *t, const char *path, unsigned line, const char *fmt, ...)
	_printf_(4, 5);

/*
 * Where sudo_tree_parse() gets its files from. Everything that these return
 * lives in the tree's arena.
 */
struct sudo_files {
	/*
	 * The bytes of a file. 0, -ENOMEM, or another -errno, which becomes a
	 * defect with reason(); -ECANCELED: sudo passes over this file in
	 * silence (one of an includedir), or all was said already.
	 */
	int (*read)(void *arg, const char *path, bool in_dir, char **ret, size_t *ret_size);
	/*
	 * The names in a directory, sorted, ending with NULL. 0, -ENOMEM,
	 * -ENOENT or -ECANCELED (sudo ignores the directory), or another -errno.
	 */
	int (*list)(void *arg, const char *path, char ***ret);
	const char *(*reason)(int r);
	void *arg;
	const char *host; /* for %h in paths */
};

/*
 * Parses the file at path and all that it includes. 0 (with defects perhaps),
 * -ENOMEM, -EFBIG when a limit above is passed, or what read() says of the
 * first file. t is fresh.
 */
int sudo_tree_parse(struct sudo_tree *t, const struct sudo_files *files, const char *path);

/*
 * Reads the answer of cvtsudoers: specifications and aliases. Its Defaults do
 * not tell users from runas users and are left out; neither does it tell lines.
 * 0, -EBADMSG (no JSON, or not of this shape), -EFBIG, -ENOMEM. t is fresh.
 */
int sudo_tree_json(struct sudo_tree *t, const char *json, size_t size);

/*
 * The list with every alias replaced by its members, signs multiplied: what is
 * matched from its end, as sudo does. An alias that is not defined or that
 * loops is, among users, runas users and hosts, the plain name; among commands nothing. *budget is
 * counted down. 0, -EFBIG when it is spent, -ENOMEM.
 */
int sudo_tree_expand(const struct sudo_tree *t, enum sudo_alias_type type,
	const struct sudo_members *list, size_t *budget, struct sudo_members *ret);

/* As sudoers would have it: "alice", "!%wheel", "#0", "/bin/su - bob". NULL on ENOMEM. */
char *sudo_member_text(struct arena *a, const struct sudo_member *m);
char *sudo_members_text(struct arena *a, const struct sudo_members *list);

/*
 * "ALL=(ALL:ALL) NOPASSWD: ALL": hosts and one command, with its own tags. commands is
 * the expansion of c->command. NULL on ENOMEM.
 */
char *sudo_command_text(struct arena *a, const struct sudo_members *hosts,
	const struct sudo_command *c, const struct sudo_members *commands);

/*
 * The same specification from either reader gives the same text: users, hosts,
 * and each command with runas and tags; without lines, options and SETENV,
 * which cvtsudoers does not tell reliably. NULL on ENOMEM.
 */
char *sudo_spec_text(struct arena *a, const struct sudo_spec *s);

/* For the readers: a user, group or id as sudo takes the word (# and % looked at). */
struct sudo_member sudo_member_word(const char *word, bool group);

/*
 * A date of NOTBEFORE and NOTAFTER (RFC 4517) in seconds since 1970. 0; 1 when
 * it has no zone, so that the machine's own holds and this is off by that;
 * -EINVAL.
 */
int sudo_gentime(const char *text, int64_t *ret);
