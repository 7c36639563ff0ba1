/* SPDX-License-Identifier: ISC */
/*
 * Who may do what by sudo(8) on this machine: the grants of sudoers(5) with
 * every alias expanded, and what follows from them for each account: with
 * which commands it can become root.
 *
 * Where cvtsudoers is installed and may be run, it is asked too. Its answer
 * decides; when it is the same as this program's own reading (which it is, see
 * tests/system/sudo-diff), the own one is used, since it knows lines.
 */
#pragma once

#include "fact/accounts.h"
#include "fact/fact.h"
#include "fact/sudo-tree.h"

/* Whether something holds that cannot always be decided from here. */
enum sudo_answer {
	SUDO_NO,
	SUDO_MAYBE,
	SUDO_YES,
};

/* One command, or alias of commands, of one user specification. */
struct sudo_grant {
	struct sudo_members users, hosts, runas_users, runas_groups, commands; /* expanded */
	signed char tags[SUDO_TAG_MAX];
	const char *options[SUDO_OPTION_MAX];
	const char *text; /* "ALL=(ALL:ALL) NOPASSWD: ALL" */
	const char *path; /* NULL when only cvtsudoers could read it */
	unsigned line;
	enum sudo_answer here; /* whether its hosts include this one */
	bool expired;	       /* by NOTAFTER; what NOTBEFORE puts off counts already */
};

enum sudo_power {
	SUDO_POWER_NONE,    /* nothing that sudo runs: the pseudo-command "list" */
	SUDO_POWER_COMMAND, /* this command and no more */
	SUDO_POWER_SHELL,   /* this command, and by it any other */
	SUDO_POWER_ALL,	    /* any command */
};

/* What somebody may run as root here. Only what is not taken back by a later line. */
struct sudo_right {
	const char *account; /* NULL: none of this machine, but of another service or a netgroup */
	const char *who;     /* the member of the grant that it is by: "alice", "%sudo", "ALL" */
	enum sudo_kind who_kind;
	enum sudo_power power;
	bool nopasswd;
	const struct sudo_member *member; /* the command, one of the grant's */
	const char *command;		  /* its text */
	const char *how;       /* SUDO_POWER_SHELL: "lets its user start a shell"; else "" */
	const char *writable;  /* "/opt/x is owned by alice": he chooses what runs; or NULL */
	const char *undecided; /* why power or writable may be too little; or NULL */
	const char *via; /* not as root but as this account, which can go on without a password */
	const struct sudo_grant *grant;
};

struct sudo {
	struct sudo_grant *grants; /* in the order of the files: the last that matches wins */
	size_t n_grants;
	struct sudo_right *rights; /* by account, strongest first; then by via; then strangers */
	size_t n_rights;
	bool truncated; /* there are more rights than are kept */
	struct sudo_defect *defects;
	size_t n_defects;
	size_t n_elsewhere;  /* grants that name other hosts only */
	const char *sources; /* of sudoers in nsswitch.conf beside files: "sss"; "" when none */
	unsigned sources_line;
	bool accounts_elsewhere; /* nsswitch.conf has accounts come from more than local files */
	const char *plugin;	 /* a policy plugin of sudo.conf that is not sudoers, or NULL */
	unsigned plugin_line;
	const char *path;   /* of sudoers */
	const char *reader; /* "own parser", "own parser, cvtsudoers agrees", "cvtsudoers" */
};
