/* SPDX-License-Identifier: ISC */
/*
 * Who can reach what: the questions to a packet filter (flow.h) that say all
 * there is to say of a machine.
 *
 * Ports between which no rule tells apart fare alike, so one of each class is
 * asked. A way is an interface with one of its addresses: what comes to an
 * address by another interface than its own is not asked, since only a
 * neighbour on that link could send it. Sources are those that a packet from
 * outside can have: no loopback, no multicast, and of an address of the link
 * only neighbours.
 *
 * Pure: no I/O, no clock. What is found is a part of the caller's arena; ruleset
 * and host must live as long.
 */
#pragma once

#include "filter/flow.h"

struct survey_way {
	const char *interface;
	int family;
	u128 address;
	struct addrs peers; /* every source that can come this way */
	bool link;	    /* an address of the link: only neighbours can ask */
};

enum survey_protocol {
	SURVEY_TCP,
	SURVEY_UDP,
	SURVEY_PROTOCOL_MAX,
};

struct survey {
	struct arena *arena; /* of what is found */
	struct arena *tmp;   /* of what only helps to ask */
	const struct ruleset *rules;
	const struct flow_host *host;
	const struct survey_way *ways; /* in arena */
	size_t n_ways;
	const uint16_t *starts; /* the first ports of the classes, from 0 on */
	size_t n_starts;
	const struct span *ranges; /* of ports that conditions name as ranges */
	size_t n_ranges;
	struct addrs named_ports[SURVEY_PROTOCOL_MAX]; /* that conditions name */
	struct addrs named_peers[2];		       /* 0: IPv4, 1: IPv6 */
	bool by_address; /* a condition tells this machine's addresses apart */
};

/* Prepares the questions: of *ret, rules, host, arena and tmp are set. 0 or -ENOMEM. */
int survey_init(struct survey *ret);

/* The number in IP, and the name of a protocol: 6, "tcp". */
uint8_t survey_l4proto(enum survey_protocol p);
const char *survey_protocol_name(enum survey_protocol p);

/*
 * Who gets where by the way, for a new connection to the port; for another
 * protocol than TCP and UDP the port is not looked at. 0, and the answer is to
 * be freed; or -ENOMEM.
 */
int survey_ask(const struct survey *r, const struct survey_way *way, uint8_t l4proto, uint16_t port,
	struct flow_answer *ret);

/*
 * A port that no rule names, in the widest gap between those that rules name,
 * and from 1024 on where there is one; where rules name all, one of the most
 * that fare alike.
 */
uint16_t survey_unnamed_port(const struct survey *r, enum survey_protocol p);

/* Sources of the way that no rule names; where rules name all, all. 0 or -ENOMEM. */
int survey_unnamed_peers(const struct survey *r, const struct survey_way *way, struct addrs *ret);

/* Ports that are open to the same sources by the same rule. */
struct opening {
	const struct survey_way *way; /* and those with the same openings: see survey_openings() */
	enum survey_protocol protocol;
	uint16_t lo, hi;
	bool every_address; /* the interface's addresses of this family and scope fare alike */
	bool named;	    /* rules name these ports, and not only some of a larger number */
	bool range;	    /* ... as a range */
	struct addrs peers;
	bool anywhere;		   /* these are all sources */
	struct addrs sports;	   /* source ports; all of them: 0 to 65535 */
	enum flow_outcome outcome; /* FLOW_LOCAL or FLOW_FORWARD */
	struct span address, port; /* where it goes */
	bool translated;	   /* ... and is not the way's address and the same port */
	bool may;		   /* not certain */
	const char *reason;	   /* the rule or the policy that opens it */
	const struct rule *rule;   /* NULL: a policy, or no rule at all */
	const char *doubt;	   /* the rule that may decides, when it is not certain */
};

struct openings {
	const struct opening *v; /* by way, protocol, port */
	size_t n;
	/* What becomes of connections that no rule names, by way and protocol. */
	const struct opening *unnamed; /* what of them gets in */
	size_t n_unnamed;
	const char *shut[2]; /* why one of IPv4, of IPv6 does not get in somewhere; NULL: all do */
	bool asked[2];	     /* whether there is a way for the family */
	uint16_t port[SURVEY_PROTOCOL_MAX]; /* what was asked: see survey_unnamed_port() */
	bool cut; /* too many rules and ports to ask all: nothing is in v */
};

/*
 * All openings. Of an interface's addresses of one family and scope the first
 * stands for those that fare alike. 0 or -ENOMEM.
 */
int survey_openings(const struct survey *r, struct openings *ret);

/*
 * What decided a part, or the text of a rule, without the rule's handle or
 * number: a reload of the same rules gives others. NULL on ENOMEM.
 */
const char *survey_reason(struct arena *a, const struct flow_part *part);
const char *survey_rule_text(struct arena *a, const char *text);

/*
 * "anywhere", "neighbours on the link", the sources as prefixes, at most six, or,
 * where that says it in fewer, "anywhere but 10.0.0.0/8". NULL on ENOMEM.
 */
const char *survey_peers_text(
	struct arena *a, const struct survey_way *way, const struct addrs *peers);

/* "tcp 22", "udp 60000-61000", "all of tcp". NULL on ENOMEM. */
const char *survey_ports_text(struct arena *a, enum survey_protocol p, uint16_t lo, uint16_t hi);

/* "192.0.2.1", "2001:db8::1". NULL on ENOMEM. */
const char *survey_address_text(struct arena *a, int family, u128 address);
