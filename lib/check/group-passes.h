/* SPDX-License-Identifier: ISC */
/*
 * Connections followed through the rules of security groups: those that no rule
 * names, and those that a machine needs.
 */
#pragma once

#include "check/outside.h"
#include "filter/read-groups.h"

/* Groups as they are asked about. All borrowed. */
struct group_view {
	struct arena *arena; /* of the texts */
	const struct groups *groups;
	struct groups_choice choice; /* chosen is set */
	const struct outside *outside;
	const struct ruleset *rules; /* groups_ruleset() of these */
};

/*
 * What the policy says of the groups: which of them this machine is in (every
 * one whose rules are known where it names none), and where members are. In the
 * arena. 0 or -ENOMEM.
 */
int group_choose(struct arena *a, const struct policy *policy, const struct groups *g,
	struct groups_choice *ret);

/* Whether a word of the policy's members is one: "web=192.0.2.0/28". */
bool group_fits_member(const char *word);

/*
 * Whether a connection from outside (out: to there) passes for certain that no
 * chosen rule names, neither by port nor by network: 1, and *ret_observed tells
 * it with the rule; 0; -ENOMEM.
 */
int group_passes_unnamed(const struct group_view *w, bool out, const char **ret_observed);

/*
 * Whether a connection to the port somewhere may go out, by IPv4 or IPv6: 1, 0
 * or -ENOMEM.
 */
int group_lets_out(const struct group_view *w, uint8_t l4proto, uint16_t port);
