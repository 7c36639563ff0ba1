/* SPDX-License-Identifier: ISC */
/*
 * Who did what: an assembled audit event as one act with its actor.
 *
 * An event that is none of the kinds below is no act; most are not. Everything
 * that came from outside is escaped as text_escape() does, and what may be a
 * secret in a command line is masked, so that an act can be shown and stored
 * as it is.
 *
 * Paths are what the acting process called them: in a chroot or in another mount
 * namespace they are others than ours. Device and inode are the kernel's own.
 */
#pragma once

#include "audit/assemble.h"

enum {
	ACT_COMMAND_MAX = 200, /* bytes of a command line that is told */
	ACT_TEXT_MAX = 256,    /* of any other text */
	ACT_PATH_MAX = 4096,   /* of a path */
	ACT_PATHS_MAX = 8,     /* of one act; a rename has three or four */
};

/*
 * Who. Ids that are not set, or that no record tells, are AUDIT_ID_UNSET (root is
 * 0); pids that no record tells are 0; strings are never NULL, "" when not known.
 */
struct actor {
	uint32_t auid; /* login uid: who logged in, whatever su and sudo did since */
	uint32_t uid, euid;
	uint32_t session; /* audit session, which is logind's as well */
	uint32_t pid, ppid;
	const char *tty;     /* "pts0", "/dev/pts/0", "ssh", "cron"; "" without one */
	const char *comm;    /* at most 15 bytes, the process's to choose */
	const char *exe;     /* path of the program file, the kernel's word */
	const char *command; /* command line with secrets masked; the process's to choose */
};

/*
 * On whose behalf an actor acted, which no record tells: the source asks /proc of
 * the actor's ancestors while they are alive and passes it to acts_put().
 */
enum behalf_kind {
	BEHALF_NONE,	 /* nobody else's that is known */
	BEHALF_PACKAGES, /* a package manager's transaction: "apt-get install nginx" */
	BEHALF_SUDO,	 /* what sudo or su was told to run */
	BEHALF_CRON,	 /* a job of cron */
	BEHALF_UNIT,	 /* a unit of systemd that is no session: "backup.service" */
	BEHALF_MAX,
};

struct actor_chain {
	enum behalf_kind kind;
	const char *what; /* the command line or the unit; NULL: not known */
	struct actor by;  /* who began it; of `by` only what is known */
};

enum act_kind {
	ACT_FILE,   /* a file was written, made, removed, renamed, or had its attributes set */
	ACT_LISTEN, /* listen(2) */
	ACT_BIND,   /* bind(2) of an IPv4 or IPv6 socket: of a datagram or a stream, it says not */
	ACT_FILTER, /* the packet filter was changed */
	ACT_AUDIT_CHANGE,  /* a rule or setting of audit */
	ACT_SESSION_BEGIN, /* a login, or a session that PAM opened (sudo's and cron's too) */
	ACT_SESSION_END,
	ACT_COMMAND, /* a command that sudo ran for somebody (USER_CMD) */
	ACT_PACKAGE, /* a package manager installed, updated or removed (SOFTWARE_UPDATE) */
	ACT_UNIT_START,
	ACT_UNIT_STOP,
	ACT_ACCOUNT, /* a tool changed an account or group: useradd, passwd, usermod */
	ACT_KIND_MAX,
};

/* "file", "listen": for logs and tests. */
const char *act_kind_name(enum act_kind k);

enum act_change {
	ACT_PATH_CHANGED, /* it was there and still is: written, or its attributes set */
	ACT_PATH_CREATED, /* also what a rename is called afterwards */
	ACT_PATH_REMOVED, /* also what a rename was called before */
};

struct act_path {
	/*
	 * Absolute, without "." and ".."; not followed through symbolic links. Relative
	 * when the directory that it was given against is not known (dirfd of an *at
	 * call). "" when only the file is known (fchmod).
	 */
	const char *path;
	enum act_change change;
	uint64_t device, inode; /* 0: not known */
	bool directory;
};

struct act {
	enum act_kind kind;
	uint64_t realtime_usec;
	uint64_t serial;
	bool success; /* by exit of the system call, or res= of a message */
	bool whole;   /* no record of it is missing; else paths or the actor may be */
	bool said;    /* by a program (as root) and not by the kernel */
	bool keyed;   /* by a rule with the key of act_options */
	struct actor actor;

	/* ACT_FILE. Directories in which something was made or removed are not among them. */
	const struct act_path *paths;
	size_t n_paths;
	bool renamed;	 /* REMOVED is what it was called before */
	bool attributes; /* mode, owner, times or extended attributes, not the content */

	/* ACT_LISTEN, ACT_BIND */
	int fd;				 /* of the actor */
	struct sockaddr_storage address; /* ACT_BIND; ss_family AF_UNSPEC: not known */

	/*
	 * What it was done with: "add_rule", "remove_rule", "set" (ACT_AUDIT_CHANGE);
	 * "register", "nft_register_rule" (ACT_FILTER); "login", "PAM:session_open";
	 * "add-user". "" when not told.
	 */
	const char *op;
	/*
	 * What it was done to: key of a rule or name of a setting; table of the filter;
	 * name of the account (its number where only that is told); unit, with .service;
	 * package; the command of sudo, with secrets masked.
	 */
	const char *object;
	/* The peer of a session, "203.0.113.5"; "" for a local one. */
	const char *peer;
	uint32_t list;	     /* of a rule (AUDIT_FILTER_EXIT and so on); AUDIT_ID_UNSET: not told */
	uint64_t value, old; /* of a setting: "set audit_enabled=1 old=0"; family of a table */
	uint32_t new_session; /* of ACT_SESSION_BEGIN and _END; AUDIT_ID_UNSET: none */
	uint32_t new_auid;    /* of the account that logged in; AUDIT_ID_UNSET: not told */

	/*
	 * What the same system call did besides; NULL: nothing. To rename a file over one
	 * that a rule watches changes the rule as well: that is the ACT_AUDIT_CHANGE
	 * ("updated_rules", "remove_rule"), and this is the ACT_FILE. acts_put() takes both.
	 */
	const struct act *also;
};

/*
 * What the caller knows that records do not say. path_of: the absolute path of the
 * directory or file with that device and inode, or NULL; of use for calls that
 * name files against a directory descriptor.
 */
struct act_options {
	const char *key; /* of our rules: "hardend" */
	const char *(*path_of)(uint64_t device, uint64_t inode, void *arg);
	void *arg;
};

/*
 * Cheap: whether act_parse() would need to look at this record at all, by its
 * type and, for SYSCALL, by its key. Events without any such record can be dropped.
 * With key NULL every SYSCALL is wanted.
 */
bool act_wants(const struct audit_record *record, const char *key);

/*
 * Makes the act of an event: 1 with *ret set (its strings live in the arena);
 * 0 when the event is no act; -ENOMEM. Fields that cannot be read are as if they
 * were not told, and whole is false then. options may be NULL.
 */
int act_parse(struct arena *a, const struct audit_event *e, const struct act_options *options,
	struct act *ret);
