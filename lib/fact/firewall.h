/* SPDX-License-Identifier: ISC */
/*
 * The packet filter of the running machine, of this network namespace: its
 * rules as one set (nftables, iptables-nft, iptables-legacy), what it depends
 * on beside them (addresses, routes, forwarding), and what it lets in.
 *
 * Whether there are rules is asked of the kernel itself. Only then programs are
 * run to list them (nft; iptables-nft-save where nft does not know what a rule
 * of iptables does; iptables-legacy-save), and when none is there to list them
 * the fact is an error: never "no firewall".
 *
 * Routes (the main table; unknown where there are rules of routing beside the
 * kernel's three) say by which interface a packet leaves and its answer would:
 * for matches on the route back, for what is sent on, and for the way out. What
 * routing itself drops (rp_filter, blackhole) does not count as filtered.
 *
 * Items are the openings (protocol, ports, interface; from whom and where to)
 * and the policies of base chains: what a reload of the same rules leaves as it
 * is, without handles and counters.
 */
#pragma once

#include "fact/fact.h"
#include "filter/survey.h"

struct firewall {
	const struct ruleset *rules; /* finished; empty when the kernel has none */
	const struct flow_host *host;
	const struct survey_way *ways;
	size_t n_ways;
	struct openings openings;
};

/*
 * What the rules are read from, for tests: by which a program's output is
 * given. Each NULL: nothing of the kind.
 */
struct firewall_texts {
	const char *nft;       /* `nft -j list ruleset` */
	const char *plain;     /* `nft list ruleset`, where the JSON lacks interfaces */
	const char *save[2];   /* iptables-nft-save, ip6tables-nft-save */
	const char *legacy[2]; /* iptables-legacy-save, ip6tables-legacy-save */
};

/*
 * Builds the ruleset in the arena from the texts. 0; -ENOMEM; -EBADMSG with
 * *ret_why (in the arena): which text, where, and what is wrong with it.
 */
int firewall_parse(struct arena *a, const struct firewall_texts *texts, struct ruleset **ret,
	const char **ret_why);

/*
 * Completes a fact of a ruleset and a host, both in its arena: asks the
 * questions, sets u.firewall, adds the items. 0 or -ENOMEM.
 */
int firewall_complete(struct fact *f, const struct ruleset *rules, const struct flow_host *host);

/*
 * The subject of an opening's item, and of what a check says of it, so that one
 * change is told once: "opening tcp 22 on eth0 IPv4". NULL on ENOMEM.
 */
const char *firewall_subject(struct arena *a, const struct opening *o);
