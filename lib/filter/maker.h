/* SPDX-License-Identifier: ISC */
/*
 * Who made the rules of a packet filter, as far as the names of tables and
 * chains tell: what is to be done about a rule depends on who would put it back.
 * A rule that somebody added by hand to a chain of ufw's counts as ufw's.
 */
#pragma once

#include "filter/ruleset.h"

enum filter_maker {
	MAKER_NONE,	/* no rules filter what comes in or goes out */
	MAKER_NFT,	/* nft(8), by hand or from its file */
	MAKER_IPTABLES, /* iptables(8), or nft in the tables of iptables */
	MAKER_UFW,
	MAKER_FIREWALLD,
	MAKER_CONTAINER, /* Docker, podman, Kubernetes: of rules and chains only */
	MAKER_MAX,
};

/* "nftables", "ufw", ...: stable, for JSON; "" of none. */
const char *maker_name(enum filter_maker maker);

/* Whose a chain is; never MAKER_NONE. */
enum filter_maker maker_of_chain(const struct rule_chain *chain);

/*
 * Who filters on this machine: firewalld, ufw, or whose chains of input have
 * rules or drop. Not containers' engines, nor fail2ban, which add to it.
 */
enum filter_maker maker_of_ruleset(const struct ruleset *rs);
