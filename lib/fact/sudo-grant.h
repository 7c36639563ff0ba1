/* SPDX-License-Identifier: ISC */
/*
 * From the tree of sudoers to grants and rights: the steps between the readers
 * and struct sudo. Nothing here reads a file but sudo_writable_*().
 */
#pragma once

#include "base/acl.h"
#include "fact/sudo-people.h"
#include "fact/sudo.h"

/* The name that this machine has, as host lists are compared with it. */
struct sudo_host {
	const char *name; /* as the kernel or /etc/hostname has it; NULL when it is not known */
	const char *short_name; /* up to its first dot; NULL likewise */
};

/*
 * Expands all specifications into grants, in the arena a (nothing of the tree
 * is kept). 0, -EFBIG (SUDO_EXPANDED_MAX), -ENOMEM.
 */
int sudo_grants(const struct sudo_tree *t, const struct sudo_host *host, int64_t now,
	struct arena *a, struct sudo *ret);

/* Whether the host is in the expanded list. */
enum sudo_answer sudo_host_matches(const struct sudo_members *hosts, const struct sudo_host *host);

/* A person or a thing that a list of users can match. */
struct sudo_subject {
	const struct account *account;	  /* an account of people, or */
	const struct sudo_member *member; /* somebody of whom only this is known */
	struct sudo_people *people;	  /* with an account: who is in which group */
};

/*
 * The last member of the expanded list that matches, which decides, or NULL.
 * An account is never matched by a netgroup or a group of a plugin.
 */
const struct sudo_member *sudo_user_match(
	const struct sudo_members *users, const struct sudo_subject *subject);

/* The options of Defaults that decide about becoming root. */
enum sudo_flag {
	SUDO_FLAG_AUTHENTICATE, /* on unless switched off */
	SUDO_FLAG_ROOTPW,
	SUDO_FLAG_TARGETPW,
	SUDO_FLAG_RUNASPW,
	SUDO_FLAG_SETENV,
	SUDO_FLAG_MAX,
};

/* Defaults with their bindings expanded, in the order in which sudo applies them. */
struct sudo_settings {
	const struct sudo_default *v; /* binding expanded */
	size_t n;
	const struct sudo_host *host;
};

/* 0, -EFBIG, -ENOMEM. ret lives in the tree's arena. */
int sudo_settings(
	const struct sudo_tree *t, const struct sudo_host *host, struct sudo_settings *ret);

/*
 * What holds when subject runs command as target. Where a host list cannot be
 * decided, what makes sudo ask for less holds.
 */
bool sudo_setting_flag(const struct sudo_settings *s, enum sudo_flag flag,
	const struct sudo_subject *subject, const struct sudo_subject *target,
	const struct sudo_member *command);

/* The last value of a string option that is not bound to a runas user or command; dflt. */
const char *sudo_setting_string(const struct sudo_settings *s, const char *name,
	const struct sudo_subject *subject, const char *dflt);

/*
 * What the command is good for beyond itself. *ret_how says so for
 * SUDO_POWER_SHELL; *ret_undecided, when it is not NULL, why it may be more.
 */
enum sudo_power sudo_command_power(const struct sudo_member *command, bool noexec,
	const char **ret_how, const char **ret_undecided);

/*
 * Fills ret->rights from ret->grants, in the arena a; scratch is for what need
 * not stay. accounts may be NULL (unreadable): nobody is known then. root is
 * asked who owns what is granted. 0 or -ENOMEM.
 */
int sudo_rights(const struct sudo_settings *settings, const struct accounts *accounts,
	const struct root *root, struct arena *a, struct arena *scratch, struct sudo *ret);

/* The directories and files that decide what runs when a command is called. */
struct sudo_step {
	const char *path;
	struct stat st;
	struct acl_grant *acl; /* who else may write it */
	size_t n_acl;
	bool open; /* a new file in this directory would be run: none is there yet, or any will do
		    */
};

struct sudo_steps {
	struct sudo_step *v;
	size_t n;
	const char *undecided; /* a part that could not be looked at, or NULL */
};

/* Looks at the command's path and each directory and link on the way. 0 or -ENOMEM. */
int sudo_writable_steps(const struct root *root, struct arena *a, const struct sudo_member *command,
	const char *chroot, struct sudo_steps *ret);

/* Why the account can change what runs, in the arena; NULL when it cannot, or on ENOMEM. */
const char *sudo_writable_by(struct arena *a, const struct sudo_steps *steps,
	const struct account *account, struct sudo_people *people);
