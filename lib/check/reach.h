/* SPDX-License-Identifier: ISC */
/*
 * Who can reach a listener, for the checks that ask whether it is public: what
 * its own address says, and what the host's packet filter lets through to it.
 * Of the cloud's security groups nothing is known here.
 */
#pragma once

#include "check/check.h"
#include "fact/firewall.h"
#include "fact/listeners.h"

enum reach_kind {
	REACH_NOBODY,  /* this machine alone */
	REACH_LINK,    /* neighbours on one link */
	REACH_TRUSTED, /* the policy's trusted networks at most */
	REACH_UNKNOWN, /* perhaps everybody: `by` says what is not known */
	REACH_PUBLIC,  /* somebody outside of the trusted networks */
	REACH_KIND_MAX,
};

struct reach {
	enum reach_kind kind;
	const char *by; /* what decides it: "its address is of the loopback", a rule */
	const char *item; /* the firewall's item that it follows from, see evidence.item; or NULL */
};

/* The facts that it asks, for the rows of checks. Without the firewall's it is not known. */
#define REACH_FACTS (FACT_BIT(FACT_LISTENERS) | FACT_BIT(FACT_FIREWALL))

/*
 * Who can reach it. The text is a constant or lives in the arena, which
 * remembers when memory was short.
 */
struct reach reach_of(struct arena *a, const struct factset *facts, const struct policy *policy,
	const struct listener *l);

/* Whether what comes through the opening ends at the listener's socket. */
bool reach_leads_to(const struct firewall *w, const struct opening *o, const struct listener *l);

/* Whether it takes what comes to the way's address by the way's interface, at its own port. */
bool reach_takes(const struct listener *l, const struct survey_way *way);

/* What "must not be public" makes of it: pass, unknown or fail. */
enum result reach_result(enum reach_kind kind);

/* "public", "trusted", ...: stable, for JSON. */
const char *reach_kind_name(enum reach_kind kind);
