/* SPDX-License-Identifier: ISC */
/*
 * Whether a jail of fail2ban shuts out who guesses passwords over SSH: what it
 * reads, what it finds there, after how many failures it bans whom, for how
 * long and from which ports.
 */
#pragma once

#include "check/answer.h"
#include "fact/guards.h"

struct policy;

/* What is asked of each guard. */
struct guard_asking {
	const struct check *check;
	const struct policy *policy;
	const struct units *units;
	struct arena *arena;
	unsigned *ports; /* where sshd listens; none when that is not known */
	size_t n_ports;
};

/* Whether none of the log files is there that the jail reads: fail2ban does not start then. */
bool guard_lacks_logs(const struct guard_jail *j);

/* Judges the jail: pass, fail or unknown; ret's name is left as it is. */
void guard_jail_judge(const struct guard_asking *q, const struct guard_fail2ban *g,
	const struct guard_jail *j, struct answer *ret);

/*
 * Whether more addresses of the list are exempt than trusted ones and as many
 * beside them as policy allows: says so in *x, with the key as that of the list.
 */
bool guard_exempts_many(const struct guard_asking *q, const char *key, const char *const *v,
	size_t n, struct answer *x);
