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
 * nft up to 1.0.6 does not tell by which interface an ingress chain is called,
 * nor that a set is dynamic (which follows from the rules that add to it). And it
 * prints `tcp dport < 80 tcp sport > 3306` as `tcp sport != 80-3306`, with which
 * it is taken at its word: nothing tells the two apart.
 */
#pragma once

#include "filter/ruleset.h"

/*
 * Adds what the text describes to rs; call ruleset_finish() behind the last
 * reader. 0; -ENOMEM; -EBADMSG when it is not such JSON, with *ret_offset where
 * (bytes), and rs is not to be used then: half a ruleset looks like an open one.
 */
int nft_read(struct ruleset *rs, const char *json, size_t size, size_t *ret_offset);
