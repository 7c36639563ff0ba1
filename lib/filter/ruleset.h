/* SPDX-License-Identifier: ISC */
/*
 * What the packet filter of a machine says, whoever wrote it: nftables,
 * iptables-nft, iptables-legacy, and what ufw, firewalld or Docker make of them.
 * read-nft.c and read-save.c build it; flow.c follows a connection through it.
 *
 * Everything lives in the ruleset's arena. A reader adds tables, chains, sets,
 * rules and their statements in the order of its input, in which things may be
 * named before they are described, and calls ruleset_finish() once.
 *
 * What a reader does not understand is never left out: it adds STMT_OPAQUE, and
 * what then depends on it is answered with "may".
 *
 * Every value is a number of up to 128 bits (see enum rule_field), so that one
 * comparison serves addresses, ports, marks and the names of interfaces.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "filter/addrs.h"

enum rule_family {
	RULE_IP,
	RULE_IP6,
	RULE_INET,
	RULE_NETDEV,
	RULE_BRIDGE,
	RULE_ARP,
	RULE_FAMILY_MAX,
};

enum rule_hook {
	HOOK_NONE, /* no base chain: others jump to it */
	HOOK_INGRESS,
	HOOK_PREROUTING,
	HOOK_INPUT,
	HOOK_FORWARD,
	HOOK_OUTPUT,
	HOOK_POSTROUTING,
	HOOK_EGRESS,
	HOOK_MAX,
};

enum rule_chain_type {
	CHAIN_FILTER,
	CHAIN_NAT, /* sees the first packet of a connection only */
	CHAIN_ROUTE,
};

/* What a condition looks at, and how its value is written as a number. */
enum rule_field {
	FIELD_SADDR, /* an address of the packet's family, as addrs_number() */
	FIELD_DADDR,
	FIELD_SPORT, /* of TCP, UDP, SCTP, DCCP, UDP-lite; 16 bits */
	FIELD_DPORT,
	FIELD_L4PROTO, /* IPPROTO_*; also `ip protocol`, `ip6 nexthdr`, -p */
	FIELD_NFPROTO, /* NFPROTO_IPV4 (2), NFPROTO_IPV6 (10); also `meta protocol` */
	FIELD_IIF,     /* name of the interface as ruleset_ifname() */
	FIELD_OIF,
	FIELD_ICMP_TYPE, /* also of ICMPv6 */
	FIELD_ICMP_CODE,
	FIELD_TCP_FLAGS,    /* as in the header: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32 ... */
	FIELD_PKTTYPE,	    /* PACKET_HOST 0, _BROADCAST 1, _MULTICAST 2, _OTHERHOST 3 */
	FIELD_MARK,	    /* of the packet (meta mark, -m mark); 32 bits */
	FIELD_CT_STATE,	    /* enum ct_state: one bit is set */
	FIELD_CT_STATUS,    /* enum ct_status bits */
	FIELD_CT_NAT,	    /* SNAT and DNAT of the status; 0 where nft's field breaks the rule */
	FIELD_CT_DIRECTION, /* original 0, reply 1 */
	FIELD_CT_MARK,
	FIELD_CT_SADDR, /* of the original direction: what the packet had when it came */
	FIELD_CT_DADDR,
	FIELD_CT_SPORT,
	FIELD_CT_DPORT,
	FIELD_FIB_SADDR_TYPE, /* RTN_UNICAST 1, _LOCAL 2, _BROADCAST 3, _MULTICAST 5 ... */
	FIELD_FIB_DADDR_TYPE,
	FIELD_FIB_DADDR_DEV_TYPE, /* local only when the address is on the incoming interface */
	FIELD_FIB_REVERSE, /* 1: the route back to the sender leaves by where the packet came in */
	FIELD_SKUID,
	FIELD_SKGID,
	FIELD_CHOSEN,  /* sender or time decides: any of flip ... flip + mask can come */
	FIELD_UNKNOWN, /* it has one value, which nobody here knows */
	FIELD_MAX,
};

enum ct_state {
	CT_INVALID = 1,
	CT_ESTABLISHED = 2,
	CT_RELATED = 4,
	CT_NEW = 8,
	CT_UNTRACKED = 64,
};

enum ct_status {
	CT_STATUS_EXPECTED = 1,
	CT_STATUS_SEEN_REPLY = 2,
	CT_STATUS_ASSURED = 4,
	CT_STATUS_CONFIRMED = 8,
	CT_STATUS_SNAT = 0x10,
	CT_STATUS_DNAT = 0x20,
};

/*
 * One field as a condition sees it: (field & mask) ^ flip. Where the packet is
 * not of this family or protocol, the statement does not hold, negated or not:
 * `tcp dport != 22` is no udp packet. (iptables says the same by -p, which is a
 * condition of its own; its table's family binds all of it anyway.)
 */
struct rule_key {
	enum rule_field field;
	int family;	 /* AF_INET, AF_INET6, AF_UNSPEC: either */
	uint8_t l4proto; /* 0: any */
	u128 mask, flip; /* mask: RULE_NO_MASK when there is none */
};
#define RULE_NO_MASK (~(u128)0)

enum { RULE_KEYS_MAX = 8 };

struct rule_chain;
struct rule_set;

enum rule_verdict_kind {
	VERDICT_CONTINUE,
	VERDICT_ACCEPT, /* ends this base chain, not those that come after it */
	VERDICT_DROP,
	VERDICT_REJECT,
	VERDICT_RETURN,
	VERDICT_JUMP,
	VERDICT_GOTO,
	VERDICT_QUEUE, /* a program decides: accept or drop */
};

struct rule_verdict {
	enum rule_verdict_kind kind;
	const struct rule_chain *chain; /* VERDICT_JUMP, VERDICT_GOTO */
};

/* One element of a set or map: n_keys spans, and what it maps to. */
struct rule_elem {
	const struct span *keys;
	struct rule_verdict verdict; /* of a verdict map */
	struct span data[2];	     /* of another map: address and port, or one value */
	unsigned n_data;
};

struct rule_set {
	const char *name; /* NULL: written in its rule */
	unsigned n_keys;
	bool is_map;
	bool dynamic; /* packets or time change it: what it holds now may not hold later */
	unsigned ranges; /* bit i: an element has a range as its key i, not single values only */
	bool opaque;  /* its elements could not be read: whether something is in it is unknown */
	struct rule_elem *elems; /* maps, and sets with more than one key; alike results together */
	size_t n_elems;
	struct addrs spans; /* sets with one key: the whole of it, after ruleset_finish() */
	struct span *loose; /* ... and before */
	size_t n_loose;
	struct rule_set *next; /* of this ruleset */
};

enum rule_operand_kind {
	OPERAND_NONE,
	OPERAND_SPAN, /* a value, or one out of a range */
	OPERAND_KEY,  /* another field: keys[0]; a | b is (a & ~b) ^ b */
	OPERAND_MAP,  /* what the map says of keys; not in it: the rule ends */
	OPERAND_UNKNOWN,
};

struct rule_operand {
	enum rule_operand_kind kind;
	struct span span;
	const struct rule_key *keys; /* OPERAND_KEY: one; OPERAND_MAP: as many as the map has */
	unsigned n_keys;
	const struct rule_set *map;
	unsigned data; /* which of the map's data: 0 or 1 */
};

enum rule_nat_kind {
	NAT_DNAT,
	NAT_REDIRECT,
	NAT_SNAT,   /* also masquerade */
	NAT_NETMAP, /* DNAT that keeps the bits of the address below the prefix */
};

enum rule_stmt_kind {
	STMT_MATCH,  /* goes on only where keys are in set; negate: are not */
	STMT_CHOSEN, /* goes on or not, as the sender or the time decides: limit, quota, ttl */
	STMT_OPAQUE, /* nobody knows whether it goes on; decides: nor whether it accepts or drops */
	STMT_STOP,   /* never goes on for a new connection: flow offload */
	STMT_VERDICT,
	STMT_VMAP,   /* the verdict that set has for keys; not in it: the rule ends */
	STMT_ASSIGN, /* field := operand; FIELD_MARK and FIELD_CT_MARK; others are unknown then */
	STMT_NAT,    /* binds the connection and accepts */
	STMT_NOTRACK,
};

struct rule_match {
	const struct rule_key *keys;
	unsigned n_keys;
	bool negate;
	const struct rule_set *set;
};

/* Statements that change nothing for us (counter, log, comment, mss) are not kept. */
struct rule_stmt {
	enum rule_stmt_kind kind;
	union {
		struct rule_match match; /* STMT_MATCH, STMT_VMAP */
		struct {
			bool decides;
			const char *text; /* what it is, at most RULE_OPAQUE_TEXT bytes */
		} opaque;		  /* STMT_OPAQUE; STMT_CHOSEN has the text */
		struct rule_verdict verdict;
		struct {
			enum rule_field field;
			struct rule_operand value;
		} assign;
		struct {
			enum rule_nat_kind kind;
			struct rule_operand addr, port; /* OPERAND_NONE: stays */
			int family; /* of the address; AF_UNSPEC: the packet's */
		} nat;
	};
};
enum { RULE_OPAQUE_TEXT = 80 };

struct rule {
	const struct rule_chain *chain;
	uint64_t handle;  /* of nft; 0: it has none */
	unsigned number;  /* in its chain, from 1 */
	bool matters;	  /* it can do more than count or log: the others are passed over */
	const char *text; /* "inet filter input handle 7: tcp dport 22 accept" */
	struct rule_stmt *stmts;
	size_t n_stmts;
	struct rule *next;
};

struct rule_chain {
	const struct rule_table *table;
	const char *name;
	enum rule_chain_type type;
	enum rule_hook hook;
	int priority;
	enum rule_verdict_kind policy; /* VERDICT_ACCEPT or VERDICT_DROP */
	const char *device;	       /* ingress, egress: the one it is bound to; NULL: not told */
	const char *const *devices;    /* more than one, ends with NULL; NULL: see device */
	bool defined;		       /* not only named */
	struct rule *rules, *last;
	unsigned n_rules;
	struct rule_chain *next; /* of its table, in order of making */
	unsigned order;		 /* of making, over all tables */
	uint32_t id;		 /* counted from 0 over the whole ruleset */
};

struct rule_table {
	enum rule_family family;
	const char *name;
	bool legacy;   /* of iptables-legacy: beside an nft table of the same name */
	bool dormant;  /* its base chains see nothing */
	bool flagged;  /* with flags that cannot be read: it may be dormant */
	bool replaced; /* another reader knew better: not to be walked */
	bool has_xt;   /* nft showed expressions of iptables that only iptables-save explains */
	struct rule_chain *chains, *last;
	struct rule_table *next;
};

struct ruleset {
	struct arena *arena; /* of all of it, also of this */
	struct rule_table *tables, *last;
	struct rule_set *sets;
	size_t n_rules, n_chains;
	struct ruleset_names *names; /* chains and sets by name */
	/* After ruleset_finish(): base chains by family (0: IPv4, 1: IPv6) and hook, in order. */
	const struct rule_chain **base[2][HOOK_MAX];
	size_t n_base[2][HOOK_MAX];
	/*
	 * Some rule makes the kernel track connections of IPv4, of IPv6: without, and
	 * when nothing else does, nat chains see no packet.
	 */
	bool tracks[2];
};

/* An empty one; NULL on ENOMEM. Owned by the caller. */
struct ruleset *ruleset_new(void);
void ruleset_free(struct ruleset *rs);

/* The same as a part of the caller's arena: goes with it, not by ruleset_free(). NULL on ENOMEM. */
struct ruleset *ruleset_new_in(struct arena *arena);
DEFINE_FREEP(struct ruleset *, ruleset_free)

/*
 * For readers. What returns a pointer returns NULL on ENOMEM; strings given are
 * copied, and cleaned where they are shown (text_clean()).
 */

/* The table of this name, made when it is not there. A replaced one is never found again. */
struct rule_table *ruleset_table(
	struct ruleset *rs, enum rule_family family, const char *name, bool legacy);

/*
 * Takes the table out of what is walked, since the caller is about to describe
 * it anew from a better source. ruleset_table() makes a new one then, which
 * takes the place in the order of hooks that the base chains of the same names
 * had.
 */
void ruleset_replace(struct ruleset *rs, struct rule_table *table);

/*
 * The chain of this name in the table, made when it is not there: a jump may
 * name it first. Whoever reads its description sets defined and the rest.
 */
struct rule_chain *ruleset_chain(struct ruleset *rs, struct rule_table *table, const char *name);

/*
 * The set or map of this name in the table, made when it is not there, with
 * n_keys 0 until somebody describes it; name NULL: a new one without a name.
 * A set that is still without keys at ruleset_finish() becomes opaque.
 */
struct rule_set *ruleset_set(struct ruleset *rs, struct rule_table *table, const char *name);

/*
 * Adds an element of set->n_keys spans, which are copied. *value: verdict and
 * data of a map's, NULL for a set. 0 or -ENOMEM.
 */
int ruleset_elem(struct ruleset *rs, struct rule_set *set, const struct span *keys,
	const struct rule_elem *value);

/* A rule at the end of a chain, with this text after its place; the handle may be 0. */
struct rule *ruleset_rule(
	struct ruleset *rs, struct rule_chain *chain, uint64_t handle, const char *text);

/* Adds a statement to the rule. Copies what keys (n_keys of them) point to. 0 or -ENOMEM. */
int ruleset_stmt(struct ruleset *rs, struct rule *rule, const struct rule_stmt *stmt);

/*
 * The common statement: key in set, or not. A single key and a single span are
 * given directly. 0 or -ENOMEM.
 */
int ruleset_match(struct ruleset *rs, struct rule *rule, const struct rule_key *key,
	const struct span *spans, size_t n_spans, bool negate);

/* STMT_OPAQUE with its text, cut and cleaned. 0 or -ENOMEM. */
int ruleset_opaque(struct ruleset *rs, struct rule *rule, const char *text, bool decides);

/* STMT_CHOSEN likewise. 0 or -ENOMEM. */
int ruleset_chosen(struct ruleset *rs, struct rule *rule, const char *text);

/*
 * Puts sets and base chains in order; nothing may be added afterwards. 0 or
 * -ENOMEM. The hooks' order is the kernel's: by priority, nat chains at that of
 * the kernel's own hook (-100 and 100), and of equal ones the later made first.
 */
int ruleset_finish(struct ruleset *rs);

/* Orders elements by what they map to: 0 when two of them have the same result. */
int rule_elem_compare(const struct rule_elem *x, const struct rule_elem *y);

/* An interface's name as a number; with "*" (or "+", plus) at its end: all that begin so. */
struct span ruleset_ifname(const char *name, char wildcard);

/* The family's and the hook's names as nft writes them: "inet", "input"; and back, -EINVAL. */
const char *rule_family_text(enum rule_family family);
int rule_family_parse(const char *s, enum rule_family *ret);
int rule_hook_parse(const char *s, enum rule_hook *ret);
const char *rule_hook_text(enum rule_hook hook);
