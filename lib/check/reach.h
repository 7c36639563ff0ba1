/* SPDX-License-Identifier: ISC */
/*
 * Who can reach a listener, for the checks that ask whether it is public. What
 * the socket's own address says is decided here; what the host's packet filter
 * says of the rest belongs here too, so that every check asks one function.
 */
#pragma once

#include "check/check.h"
#include "fact/listeners.h"

enum reach_kind {
	REACH_NOBODY,  /* this machine alone */
	REACH_LINK,    /* neighbours on one link */
	REACH_TRUSTED, /* the policy's trusted networks at most */
	REACH_UNKNOWN, /* perhaps everybody: `by` says what is not known */
	REACH_PUBLIC,  /* somebody outside of the trusted networks */
};

struct reach {
	enum reach_kind kind;
	const char *by; /* what decides it: "its address is of the loopback", a rule */
};

/* The facts that it asks, for the rows of checks; they must be usable. */
#define REACH_FACTS FACT_BIT(FACT_LISTENERS)

/* Who can reach it. The text is a constant or lives in the arena. */
struct reach reach_of(struct arena *a, const struct factset *facts, const struct policy *policy,
	const struct listener *l);

/* What "must not be public" makes of it: pass, unknown or fail. */
enum result reach_result(enum reach_kind kind);
