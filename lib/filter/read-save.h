/* SPDX-License-Identifier: ISC */
/*
 * The output of iptables-save and ip6tables-save, of iptables-nft and of
 * iptables-legacy, as a ruleset. Of a table that nft's own form tells without
 * the expressions of iptables, that form stays (read-nft.h is to be called
 * first); else this one takes its place. Tables of iptables-legacy are tables
 * of their own, beside those of nft.
 *
 * A match or target that is not understood makes its rule one of which nobody
 * knows what it does (STMT_OPAQUE, with its text); the sender's choice or the
 * hour make it STMT_CHOSEN. Neither is left out. What is no such output at all,
 * or ends before its last COMMIT, is refused.
 */
#pragma once

#include <stdbool.h>

#include "filter/ruleset.h"

/*
 * Adds the tables in text (NUL-terminated; not kept) to rs, which must not be
 * finished yet. family: RULE_IP or RULE_IP6, whichever program wrote it; legacy:
 * it was iptables-legacy's. 0; -ENOMEM; -EBADMSG when line *ret_line is none
 * that the program writes, for the reason *ret_why (a constant). On failure rs
 * holds a part of it and is good for ruleset_free() only.
 */
int read_save(struct ruleset *rs, enum rule_family family, bool legacy, const char *text,
	unsigned *ret_line, const char **ret_why);
