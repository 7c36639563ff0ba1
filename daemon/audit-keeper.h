/* SPDX-License-Identifier: ISC */
/*
 * Keeps the daemon's own rules in the kernel's audit: adds what is missing,
 * deletes what it added and needs no more, puts back what somebody removed, and
 * knows why it cannot. Rules of others are never touched; audit is switched on
 * only where the policy says so, and off again by who switched it on.
 *
 * Asks the kernel through a table of functions, so that tests have one of their
 * own. No event loop, no records.
 */
#pragma once

#include "audit/rules.h"

enum audit_use {
	AUDIT_USE_NO,
	AUDIT_USE_IF_AUDITED, /* only where somebody has rules, or ours were loaded at boot */
	AUDIT_USE_YES,
};

/* By its word in the configuration. */
enum audit_use audit_use_from(const char *word);

/* As in audit-kernel.h. */
struct audit_ops {
	bool (*is_ours)(void);
	int (*status)(struct audit_status *ret);
	int (*enable)(bool on);
	int (*list)(struct audit_ruleset *ret);
	int (*add)(const struct audit_rule_data *r);
	int (*remove)(const struct audit_rule_data *r);
};
extern const struct audit_ops audit_kernel_ops;

enum audit_state {
	AUDIT_WORKS,
	AUDIT_UNWANTED,	 /* attribution = no */
	AUDIT_UNUSED,	 /* if-audited, and the machine is not */
	AUDIT_CONTAINER, /* not the machine itself: the kernel tells nothing here */
	AUDIT_ABSENT,	 /* none in the kernel, or audit=0 */
	AUDIT_DENIED,
	AUDIT_OFF,    /* -e 0, after it was on */
	AUDIT_LOCKED, /* -e 2, and rules of ours are missing */
	AUDIT_REFUSED,
	AUDIT_SILENCED_TASK, /* by rules of others: enum audit_obstacle */
	AUDIT_SILENCED_EXIT,
	AUDIT_SILENCED_RECORDS,
	AUDIT_SILENCED_FILES,
	AUDIT_STATE_MAX,
};

/* What is wrong, and what still works; what to do; what is so as the configuration wants it. */
struct audit_state_text {
	const char *detail, *remedy, *note; /* NULL: nothing */
	const char *why; /* in an alert: why nobody can be named; NULL: somebody may be */
};
const struct audit_state_text *audit_state_text(enum audit_state s);

struct audit_keeper {
	const struct audit_ops *ops;
	const struct root *root;
	enum audit_use use;
	enum audit_state state;
	bool used;     /* it was decided that there are rules; until the configuration is read */
	bool no_bind;  /* bind(2) has no rules; to be set before a check */
	bool switched; /* audit was off, and we switched it on */
	uint32_t lost; /* records that the kernel had lost when it was asked last */
	struct arena *arena;		/* of: */
	struct audit_places places;	/* resolved, that have rules */
	struct audit_ruleset installed; /* those that the kernel took */
};

/* What a check has found and done. */
struct audit_check {
	size_t added, removed;
	size_t returned; /* of added: they were there before, and somebody removed them */
	size_t missing;	 /* likewise, but they could not be put back */
	bool off;	 /* somebody switched audit off; where it is to be on, it is again */
	bool lost;	 /* the kernel dropped records since the check before */
};

/* Nothing is asked or changed yet. ops and root are kept. */
void audit_keeper_init(
	struct audit_keeper *k, const struct audit_ops *ops, const struct root *root);

/* Frees; leaves the kernel as it is. */
void audit_keeper_fini(struct audit_keeper *k);

/*
 * Makes the kernel's rules those for the places (folded, not resolved). What went
 * wrong is the state. 0 or -ENOMEM.
 */
int audit_keeper_check(
	struct audit_keeper *k, const struct audit_places *places, struct audit_check *ret);

/* Whether the places, as they are on the root now, are those that have rules. 1, 0 or -ENOMEM. */
int audit_keeper_fits(const struct audit_keeper *k, const struct audit_places *places);

/* Whether the kernel lost records since it was last asked. */
bool audit_keeper_lost(struct audit_keeper *k);

/* Another configuration: it is decided anew at the next check. */
void audit_keeper_configure(struct audit_keeper *k, enum audit_use a);

/* Takes our rules out of the kernel. Rules that are locked stay. */
void audit_keeper_stop(struct audit_keeper *k);
