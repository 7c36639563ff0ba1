/* SPDX-License-Identifier: ISC */
/*
 * The packet filter as a function: for one address and port of this machine,
 * one protocol and one interface, from which sources does a new connection
 * arrive, where, and which rule decides?
 *
 * Sources are not tried one by one. All of them walk through the rules at once,
 * as a set; a condition on the source cuts the set in two. A condition that the
 * sender or the time decides (a rate limit, a ttl) is taken both ways, and both
 * are true: what such a rule lets in can get in. One that nobody here can
 * decide (an expression that is not known, a set that packets change) is taken
 * both ways too, and what depends on it is told as "may", with the rule.
 *
 * Pure: no I/O, no clock. The ruleset and the host must outlive the answer,
 * which points into them.
 */
#pragma once

#include "filter/ruleset.h"

struct flow_interface {
	const char *name;
	bool bridge; /* frames pass the bridge family's chains as well */
};

struct flow_address {
	const char *interface;
	int family;
	u128 number;
	unsigned bits; /* of the network that it is in */
};

struct flow_route {
	struct net to;
	const char *interface; /* NULL: nowhere (blackhole, unreachable) */
};

/* What the packet filter's answers depend on beside its rules. All borrowed. */
struct flow_host {
	const struct flow_interface *interfaces;
	size_t n_interfaces;
	const struct flow_address *addresses; /* in the kernel's order: redirect takes the first */
	size_t n_addresses;
	/* The main table; routes_known: it is all there is (no other rules of routing). */
	const struct flow_route *routes;
	size_t n_routes;
	bool routes_known;
	bool forwards[2];    /* 0: IPv4, 1: IPv6 */
	bool route_localnet; /* 127.0.0.0/8 may come by other interfaces than lo */
};

enum { FLOW_ANY_UID = UINT32_MAX };

struct flow_query {
	int family;
	bool out;		   /* from here to the peers, and not from them to here */
	const char *interface;	   /* by which it comes in (lo: from here to here), or goes out */
	u128 local;		   /* this machine's address */
	uint16_t port;		   /* the destination's: here, or with out the peer's */
	uint8_t l4proto;	   /* IPPROTO_* */
	const struct addrs *peers; /* NULL: all of the family */
	struct span sports;	   /* the source port; hi 0: any */
	enum ct_state state;	   /* 0: CT_NEW; CT_RELATED for an error about a connection */
	uint8_t icmp_type, icmp_code;
	uint32_t uid; /* whose socket it goes out by; FLOW_ANY_UID: anybody's */
};

enum flow_outcome {
	FLOW_LOCAL,   /* arrives at a socket of this machine at address and port */
	FLOW_FORWARD, /* goes on to another machine, or to a container, at address and port */
	FLOW_SENT,    /* leaves (query.out) */
	FLOW_DROP,
	FLOW_REJECT,
	FLOW_OUTCOME_MAX,
};

/* Sources and source ports that fare alike. The parts of an answer are disjoint. */
struct flow_part {
	struct addrs peers;
	struct addrs sports; /* ports, or the whole of 16 bits */
	enum flow_outcome outcome;
	struct span address, port; /* where to; more than one when NAT picks one of a range */
	bool translated;	   /* ... and not where the query asked */
	bool may;		   /* not certain; why says which rule could not be decided */
	bool chosen; /* another outcome is possible as well, as the sender or the time decides */
	const char *why; /* text of the rule for may and chosen, else NULL */
	const struct rule
		*rule; /* that decided; NULL: the policy of chain, or chain NULL: no rule */
	const struct rule_chain *chain;
	const char *note; /* what decided where no rule did: "forwarding is off"; NULL otherwise */
};

struct flow_answer {
	struct flow_part *v;
	size_t n;
};

/*
 * Asks. 0, and *ret is to be freed with flow_answer_fini(); -ENOMEM. A question
 * that would need more work than FLOW_WORK_MAX steps, or a set of rules that
 * splits it too often, is answered with a single part that may arrive.
 */
int flow_ask(const struct ruleset *rs, const struct flow_host *host, const struct flow_query *q,
	struct flow_answer *ret);
void flow_answer_fini(struct flow_answer *a);
#define _cleanup_flow_answer_ _cleanup_(flow_answer_fini)

/* Whether this outcome is one that reaches somebody. */
bool flow_arrives(enum flow_outcome outcome);

/* "drop", "local" ... */
const char *flow_outcome_text(enum flow_outcome outcome);

/*
 * What decided a part, as a text: the rule's, "policy drop of inet filter
 * input", or its note. In the arena; NULL on ENOMEM.
 */
const char *flow_part_reason(struct arena *a, const struct flow_part *part);
