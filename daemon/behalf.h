/* SPDX-License-Identifier: ISC */
/*
 * On whose behalf a process acts: what no audit record tells, and /proc of its
 * ancestors does while they are alive. The transaction of a package manager, the
 * command that sudo or su was given, a job of cron, a unit of systemd.
 *
 * Asked right after the act. An ancestor that has ended is not found, nor are
 * those above it: a process that lives on is then a child of init.
 */
#pragma once

#include "audit/act.h"
#include "base/fsio.h"
#include "base/util.h"

#define BEHALF_MEMO_USEC USEC_PER_SEC /* how long a process has the ancestors that it had */

/*
 * Looks at the ancestors of the actor, and at itself. The farthest package manager
 * counts (apt-get before dpkg), then sudo and su, then cron, then the unit of an
 * actor without a login. ret->kind is BEHALF_NONE when there is nothing. Strings
 * live in the arena, are escaped, and hold no secret of a command line. 0 or -ENOMEM.
 */
int behalf_find(
	const struct root *root, struct arena *a, const struct actor *x, struct actor_chain *ret);

/* The last answer: a program that writes many files is asked about once. Zeroed is empty. */
struct behalf_memo {
	struct arena *arena; /* of the chain; NULL: none */
	uint32_t pid, ppid;  /* whose it is */
	uint64_t usec;	     /* of when, monotonic */
	struct actor_chain chain;
};
void behalf_memo_fini(struct behalf_memo *m);

/* The same through the memo; *ret is borrowed from it until the next call. 0 or -ENOMEM. */
int behalf_find_memo(struct behalf_memo *m, const struct root *root, const struct actor *x,
	uint64_t now_usec, struct actor_chain *ret);
