/* SPDX-License-Identifier: ISC */
/*
 * The outlet: every sink that the policy names, fed from the one outbox, and the
 * outbox kept from growing behind them.
 */
#pragma once

#include "conf/policy.h"
#include "daemon/keeper.h"
#include "daemon/sink.h"

#define OUTLET_SINKS 2

struct outlet {
	struct sink sinks[OUTLET_SINKS];
	size_t n;
	uint64_t pruned_seq; /* the number at which old events were last removed */
};

struct outlet_addresses {
	const char *journal, *syslog;
};

/*
 * Opens the sinks that the policy names instead of those that were open; each
 * goes on at its cursor. 0, or -errno of the store, logged.
 */
int outlet_open(struct outlet *o, const struct policy *p, const struct outlet_addresses *at,
	struct store *store);
void outlet_fini(struct outlet *o);

/*
 * Hands on what there is. Returns when to call it again (monotonic µs;
 * USEC_INFINITY: not before there is more).
 */
uint64_t outlet_pump(struct outlet *o, struct store *store, uint64_t monotonic_usec);

/*
 * Removes what every sink has and history need not keep: of the outbox, or,
 * while the disk is full, of what is kept in memory. seq: of the newest event.
 */
void outlet_prune(struct outlet *o, const struct policy *p, struct keeper *k, uint64_t seq);
