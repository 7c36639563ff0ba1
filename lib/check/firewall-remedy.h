/* SPDX-License-Identifier: ISC */
/*
 * What the remedies of checks about the packet filter have in common: how a
 * change lasts, and which rule it is about.
 */
#pragma once

#include "check/check.h"
#include "filter/survey.h"

#define NFT_KEEP                                                               \
	" Do the same in the file that loads the rules, or it does not last: " \
	"/etc/nftables.conf, on RHEL /etc/sysconfig/nftables.conf."
#define IPTABLES_KEEP                                                             \
	" Then `netfilter-persistent save`, on RHEL `service iptables save` and " \
	"`service ip6tables save`, or it does not last."
#define NFT_RULE                                                                  \
	"`nft -a list ruleset` shows the rule that the evidence names, with its " \
	"handle: "
#define IPTABLES_RULE "`iptables -S` and `ip6tables -S` show the rule that the evidence names: "

#define REMEDIES (const char *const[MAKER_MAX])

/*
 * What closes an opening where the remedy of the check does not, which is for
 * who filters on the machine: a port that a container publishes, or a rule that
 * stands beside those of ufw or firewalld. To stand behind what is expected; ""
 * where the remedy fits. In the arena or a constant; NULL on ENOMEM.
 */
const char *firewall_hint(struct arena *a, enum filter_maker filters, const struct opening *o);
