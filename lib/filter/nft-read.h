/* SPDX-License-Identifier: ISC */
/*
 * Parts of the reader of nftables' JSON. For read-nft.c and nft-*.c only.
 *
 * nft-value.c knows how values are written, nft-key.c what a condition looks
 * at, nft-set.c sets and maps, nft-stmt.c statements, nft-text.c how a rule is
 * shown.
 * -ENOTSUP always means: not understood, so that the caller can say so of the
 * smallest thing that it was part of.
 */
#pragma once

#include <jansson.h>

#include "filter/ruleset.h"

struct nft_reader {
	struct ruleset *rs;
	struct rule_table *table;
	struct rule *rule;
	bool last; /* the statement is the last of its rule */
};

enum { NFT_DEPTH_MAX = 16 }; /* of expressions in one another */

/* How values of a key are written. Beyond the fields themselves: */
struct nft_type {
	enum rule_field field;
	int family; /* of an address */
};

/*
 * A value, a prefix or a range as numbers. 0; -ENOTSUP: a name or a form that
 * is not known.
 */
int nft_value(const json_t *json, struct nft_type type, struct span *ret);

/* Flags that are written as a list or with "|", or'ed together. 0 or -ENOTSUP. */
int nft_flags(const json_t *json, struct nft_type type, u128 *ret);

/* The highest number that a field can have. */
u128 nft_type_max(struct nft_type type);

/* The type of a set by nft's name for it: "ipv4_addr". 0 or -ENOTSUP. */
int nft_type_named(const char *name, struct nft_type *ret);

/*
 * What an expression looks at. *ret_type tells how values beside it are written.
 * 0; -ENOTSUP. A field that only the sender decides gives FIELD_CHOSEN with
 * mask 1, one that is known but cannot be decided here gives FIELD_UNKNOWN: then
 * values beside it need not be readable, and *ret_type.field says the same.
 */
int nft_key(const json_t *json, struct rule_key *ret, struct nft_type *ret_type);

/* The keys of a concatenation, or one. Returns how many, or -ENOTSUP. */
int nft_keys(const json_t *json, struct rule_key ret[static RULE_KEYS_MAX],
	struct nft_type ret_types[static RULE_KEYS_MAX]);

/*
 * The set that stands on the right or in a map: "@name", {"set": [...]} or one
 * value, for keys of these types. is_map: elements are [key, data]. 0, -ENOMEM,
 * -ENOTSUP.
 */
int nft_set_of(struct nft_reader *rd, const json_t *json, const struct nft_type *types, unsigned n,
	bool is_map, const struct rule_set **ret);

/* A set or map as an object of its own. 0 or -ENOMEM; not understood: the set is opaque. */
int nft_set(struct nft_reader *rd, const json_t *object, bool is_map);

/* An address or port to which, or a value with which: constant, map or field. */
int nft_operand(
	struct nft_reader *rd, const json_t *json, struct nft_type type, struct rule_operand *ret);

/* Reads "accept", "jump" and their like. 0; -ENOTSUP: not a verdict; -ENOMEM. */
int nft_verdict(
	struct nft_reader *rd, const char *key, const json_t *value, struct rule_verdict *ret);

/* One statement into rd->rule. 0 or -ENOMEM: what is not understood becomes opaque. */
int nft_stmt(struct nft_reader *rd, const json_t *json);

/* The rule as nft would write it, for people; long sets are cut. NULL on ENOMEM. */
char *nft_text(struct arena *a, const json_t *expr);
