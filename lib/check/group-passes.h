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
