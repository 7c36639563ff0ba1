/* SPDX-License-Identifier: ISC */
/*
 * Reachable through both: the cloud's security groups and the filter of the
 * host stand one behind the other, and what comes in has passed both.
 *
 * Groups see neither the loopback interface nor what stays within the machine:
 * do not ask for these.
 */
#pragma once

#include "filter/flow.h"

/* Sources that get through both, or with may: perhaps do. */
struct through_part {
	struct addrs peers, sports;
	bool may;
	const struct flow_part *host, *group; /* of the answers: the rules that let them in */
};

struct through {
	struct flow_answer host, group; /* each layer by itself */
	struct through_part *v;		/* disjoint in sources and source ports; what both let in */
	size_t n;
};

/*
 * Asks the groups' ruleset (groups_ruleset()) alone, for a machine that has the
 * query's address on the query's interface. As flow_ask().
 */
int through_group(
	const struct ruleset *groups, const struct flow_query *q, struct flow_answer *ret);

/*
 * Asks both. Translation on the way is the host's: its parts say where what
 * comes in arrives. 0, and *ret is to be freed with through_fini(); -ENOMEM.
 * All that is given must outlive the answer.
 */
int through_ask(const struct ruleset *rs, const struct flow_host *host,
	const struct ruleset *groups, const struct flow_query *q, struct through *ret);
void through_fini(struct through *t);
#define _cleanup_through_ _cleanup_(through_fini)
