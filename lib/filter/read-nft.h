/* SPDX-License-Identifier: ISC */
/*
 * The JSON of `nft -j list ruleset` (libnftables-json(5)) as a ruleset: nft
 * 0.9.8 to 1.1. The text is taken apart object by object, so that no more than
 * the largest one (a set with its elements) is in memory as JSON.
 *
 * Nothing of it is left out. A statement that is not understood becomes
 * STMT_OPAQUE with its JSON, a set with an element that is not understood is
 * opaque, and a table of iptables-nft whose expressions only iptables-save
 * explains has has_xt set.
 *
 * nft up to 1.0.6 does not tell in JSON by which interface an ingress chain is
 * called (nft_read_devices() reads that elsewhere), nor that a set is dynamic
 * (which follows from the rules that add to it). And it prints
 * `tcp dport < 80 tcp sport > 3306` as `tcp sport != 80-3306`, with which it is
 * taken at its word: nothing tells the two apart. `tcp sport != 1 tcp dport != 2`
 * it loads as one comparison of both, and prints it as two: such a rule is opaque.
 */
#pragma once

#include "filter/ruleset.h"

/*
 * Adds what the text describes to rs; call ruleset_finish() behind the last
 * reader. 0; -ENOMEM; -EBADMSG when it is not such JSON, with *ret_offset where
 * (bytes), and rs is not to be used then: half a ruleset looks like an open one.
 */
int nft_read(struct ruleset *rs, const char *json, size_t size, size_t *ret_offset);

/* Whether an ingress or egress chain is in it without its interfaces. */
bool nft_lacks_devices(const struct ruleset *rs);

/*
 * Gives such chains their interfaces from the text of `nft list ruleset`, which
 * has them. Only lines that read `type T hook H device "D" ...` or `devices =
 * { D, D }` in a chain that is known count; where there is none for a chain, its
 * interfaces stay unknown. Before ruleset_finish(). 0 or -ENOMEM.
 */
int nft_read_devices(struct ruleset *rs, const char *text);
