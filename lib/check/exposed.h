/* SPDX-License-Identifier: ISC */
/*
 * What checks of servers that others may reach have in common: which nets the
 * policy trusts, whether a server is run at all, and whose sockets are those
 * that no configuration explains.
 */
#pragma once

#include "base/net.h"
#include "check/check.h"
#include "check/verdict.h"

/* The nets of `[policy] trusted_networks`, in the arena. 0 or -ENOMEM. */
int exposed_trusted(
	struct arena *a, const struct policy *policy, const struct net **ret, size_t *ret_n);

/*
 * Whether a server that one of the units (ends with NULL) may run is on: runs
 * now, or will at boot. Also when none of them is there, or units cannot be
 * asked: then something else may start it.
 */
bool exposed_is_on(const struct factset *facts, const char *const units[]);

/* A port, and who may hold it without a word here. */
struct exposed_port {
	unsigned port;
	bool tcp, udp;
	const char *service; /* "DNS" */
	const char *const *const
		*judged; /* lists of units whose servers were judged; ends with NULL */
};

/*
 * Adds an unknown for each unit that holds the port beyond loopback and is none
 * of those that were judged. Nothing where FACT_LISTENERS does not tell.
 */
void exposed_strangers(
	const struct factset *facts, const struct exposed_port *port, struct verdict *ret);
