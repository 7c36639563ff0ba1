/* SPDX-License-Identifier: ISC */
/*
 * What one of several things that would each do comes to, with the reason, as
 * long as it is not settled which of them becomes evidence: a guard, a jail, a
 * backup client.
 */
#pragma once

#include "check/verdict.h"
#include "fact/units.h"

struct answer {
	const char *name; /* "fail2ban" */
	enum result result;
	const char *subject, *path, *observed, *expected;
	unsigned line;
	const char *const *ignore; /* of a guard: what it never blocks */
	size_t n_ignore;
	const char *timer,
		*service; /* of a backup: what starts it and does it, as far as units do */
};

static inline void answer_at(struct answer *x, const char *path, unsigned line)
{
	x->path = path;
	x->line = line;
}

/*
 * Whether the unit does its work: true; else the answer's result, subject,
 * observed and expected say what is missing. Strings live in the arena.
 */
bool answer_unit(struct arena *a, const struct units *u, const char *name, struct answer *x);

/* Makes it evidence; works is what is observed of one that has nothing to say. */
void answer_add(
	const struct answer *x, enum severity severity, const char *works, struct verdict *ret);
