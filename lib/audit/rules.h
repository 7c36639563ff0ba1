/* SPDX-License-Identifier: ISC */
/*
 * The daemon's own rules of the kernel's audit: what they are, as the kernel
 * takes and gives them (struct audit_rule_data of linux/audit.h), and what is to
 * be added and deleted so that the kernel has just these. All carry the key
 * AUDIT_KEY; a rule without it, or with another beside it, is somebody else's.
 *
 * For each place one rule: -F dir=... for a tree, -F path=... else, which costs
 * nobody anything who does not touch that file; with perm=wa, so that reading is
 * never told. Where dpkg is, its own writing outside of /etc is not told: an
 * upgrade is ten thousands of files, and one act of the transaction, which is
 * told by the list of packages (/var/lib/dpkg/status).
 * For sockets, that listen(2) or bind(2) of an address of the Internet
 * succeeded, by each kind of program that the machine runs.
 *
 * Pure: asks no kernel. See auditctl(8).
 */
#pragma once

#include <linux/audit.h>

#include "audit/places.h"

#define AUDIT_KEY "hardend"

enum {
	AUDIT_PLACES_MAX = 240, /* that get a rule; each costs who opens a file a little */
};

enum audit_machine {
	AUDIT_MACHINE_OTHER, /* no rules for sockets: numbers of system calls are not known */
	AUDIT_MACHINE_X86_64,
	AUDIT_MACHINE_AARCH64,
};

/* By the machine of uname(2). */
enum audit_machine audit_machine_of(const char *name);

struct audit_ruleset {
	struct arena *arena; /* borrowed: all below lives there */
	const struct audit_rule_data **v;
	size_t n;
};

void audit_ruleset_init(struct audit_ruleset *s, struct arena *a);

/*
 * Adds a copy of a rule as the kernel lists it (AUDIT_LIST_RULES). 0; -EBADMSG
 * when its lengths contradict each other; -ENOMEM.
 */
int audit_ruleset_add(struct audit_ruleset *s, const void *data, size_t size);

/* What the rules are made for. */
struct audit_plan {
	const struct audit_places *places; /* resolved and folded */
	enum audit_machine machine;
	const char *dpkg; /* "/usr/bin/dpkg" where it is, else NULL */
	bool no_bind;	  /* without rules for bind(2): a program binds all the time */
};

/*
 * Adds the rules. *ret_left_out is how many places had no room for one. 0 or -ENOMEM.
 */
int audit_ruleset_plan(
	struct audit_ruleset *s, const struct audit_plan *plan, size_t *ret_left_out);

/* Bytes of the rule with its strings, as AUDIT_ADD_RULE and AUDIT_DEL_RULE take it. */
size_t audit_rule_size(const struct audit_rule_data *r);

/* Whether its only key is AUDIT_KEY. */
bool audit_rule_is_ours(const struct audit_rule_data *r);

/*
 * The rule as a line of a file for auditctl(8): "-a always,exit -F dir=/etc ...".
 * Of rules like ours; a field or system call that these never have is shown by
 * its number. NULL on ENOMEM.
 */
const char *audit_rule_text(struct arena *a, const struct audit_rule_data *r);

/* What keeps rules from telling anything, though they are there. */
enum audit_obstacle {
	AUDIT_CLEAR,
	AUDIT_TASK_NEVER,     /* "task,never": no process started since is audited at all */
	AUDIT_EXIT_NEVER,     /* "exit,never" of everybody, before our first */
	AUDIT_RECORDS_CUT,    /* "exclude" drops the records that tell what was done */
	AUDIT_FILESYSTEM_CUT, /* "filesystem,never" of everything */
};

struct audit_difference {
	const struct audit_rule_data **add, **del; /* of want, of have; in their order */
	size_t n_add, n_del;
	size_t n_others; /* rules of somebody else */
	enum audit_obstacle obstacle;
};

/* want: ours; have: all that the kernel has, in its order. The arrays live in want's arena. */
int audit_ruleset_compare(const struct audit_ruleset *want, const struct audit_ruleset *have,
	struct audit_difference *ret);
