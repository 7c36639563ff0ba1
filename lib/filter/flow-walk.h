/* SPDX-License-Identifier: ISC */
/*
 * The walk of one question through the rules. For flow*.c only.
 *
 * flow.c takes cells from hook to hook, flow-rules.c through the rules of a
 * chain, flow-match.c asks one condition, flow-value.c what a field is,
 * flow-route.c what the routing tables say, and flow-answer.c turns what became
 * of them into disjoint parts.
 */
#pragma once

#include "filter/flow-cell.h"

enum {
	FLOW_WORK_MAX = 4 * 1000 * 1000, /* rules asked, one for each cell */
	FLOW_CELLS_MAX = 2000,		 /* at one rule */
	FLOW_DEPTH_MAX = 64,		 /* jumps; nft allows 16 */
};

struct flow_result {
	struct cell cell;
	enum flow_outcome outcome;
	const struct rule *rule;
	const struct rule_chain *chain;
	const char *note;
};

struct flow_results {
	struct flow_result *v;
	size_t n, room;
};

enum flow_tracking {
	TRACK_BEFORE, /* conntrack has not seen the packet */
	TRACK_UNSURE, /* a chain at conntrack's own priority */
	TRACK_AFTER,
};

struct flow_walk {
	const struct ruleset *rs;
	const struct flow_host *host;
	const struct flow_query *query;
	enum rule_hook hook;
	enum flow_tracking tracking;
	bool looped;	       /* it has been sent by this machine and comes in by lo */
	const char *iif, *oif; /* NULL: there is none */
	bool oif_unknown;
	const struct rule *rule; /* that is being asked */
	struct cells accepted;	 /* by the base chain that is being walked */
	struct flow_results results;
	struct flow_results accepts; /* who let what in, in order: rules, and policies */
	size_t work;
	const char *too_much; /* why this is given up; NULL: it is not */
};

/* Writes down what becomes of the cell, which is taken over. 0 or -ENOMEM. */
int flow_result_add(struct flow_results *s, struct cell *c, struct flow_result how);
void flow_results_fini(struct flow_results *s);

/* Notes that it is not certain whether the cell gets here, or that the sender chose it. */
void flow_mark(struct cell *c, const char *why, bool may);

/* What a lookup found: cells, and for each the element that it is in. */
struct flow_hits {
	struct cells in;
	const struct rule_elem **elems; /* in.n of them; NULL: of a set */
	size_t room;
	struct cells out; /* not in it */
	bool broken;	  /* not asked at all: the packet has no such field; all are in out */
};

void flow_hits_fini(struct flow_hits *h);
#define _cleanup_flow_hits_ _cleanup_(flow_hits_fini)

/*
 * Looks the cell's keys up in the set or map. Takes the cell over. An element
 * that may be meant or not leaves a cell on both sides. 0 or -ENOMEM.
 */
int flow_lookup(
	struct flow_walk *w, struct cell *c, const struct rule_match *match, struct flow_hits *ret);

/* Whether nothing of the cell can go on behind this condition, seen without cutting it. */
bool flow_misses(const struct flow_walk *w, const struct cell *c, const struct rule_match *match);

/* The value of one key where it is the same for the whole cell; else all that it can be. */
struct span flow_key_span(
	const struct flow_walk *w, const struct cell *c, const struct rule_key *key);

/* Whether the packet has no such field: a rule that reads it ends there. */
bool flow_key_missing(const struct flow_walk *w, const struct cell *c, const struct rule_key *key);

/* Takes cells through one base chain: those that go on come to w->accepted. 0 or -ENOMEM. */
int flow_base_chain(struct flow_walk *w, const struct rule_chain *chain, struct cells *cells);

/* What kind of address this is here: RTN_LOCAL and so on. dev: only one of this interface is local.
 */
unsigned flow_address_type(const struct flow_host *host, int family, u128 address, const char *dev);

/* Adds to ret all addresses of a type (RTN_LOCAL, _BROADCAST, _MULTICAST; _UNICAST: the rest). */
int flow_addresses_of_type(
	const struct flow_host *host, int family, unsigned type, struct addrs *ret);

/*
 * Those to which a packet leaves by this interface (yes), and those of which
 * it is not known. Both uninitialised before. 0 or -ENOMEM.
 */
int flow_routed_by(const struct flow_host *host, int family, const char *interface,
	struct addrs *ret_yes, struct addrs *ret_unknown);

/* By which interface an address is reached; *ret NULL: nowhere. 0; -ENODATA: not known. */
int flow_route_to(const struct flow_host *host, int family, struct span to, const char **ret);

/* Whether any address of the span is this machine's own. */
bool flow_any_local(const struct flow_host *host, int family, struct span s);

/* The address that redirect chooses; -ENOENT: the interface has none of this family. */
int flow_redirect_address(
	const struct flow_host *host, const struct flow_walk *w, u128 dst, u128 *ret);

/* The results as disjoint parts. They are used up. 0 or -ENOMEM. */
int flow_answer_make(struct flow_walk *w, struct flow_answer *ret);
