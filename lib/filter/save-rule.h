/* SPDX-License-Identifier: ISC */
/*
 * Inside of read-save.c: the rule at hand, and what its matches (save-match.c)
 * and its target (save-target.c) make of their words.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filter/ruleset.h"

enum { SAVE_DOUBTS_MAX = 16 };

/* Words of a rule that say nothing for certain: entered after all that is certain. */
enum save_doubt_kind {
	DOUBT_OPAQUE, /* not understood */
	DOUBT_CHOSEN, /* the sender or the time decides */
	DOUBT_HEADER, /* the sender decides, and would have to send what nobody needs */
};

struct save_doubt {
	size_t from, to;
	enum save_doubt_kind kind;
};

struct save_rule {
	struct ruleset *rs;
	struct rule *rule;
	struct rule_table *table;
	int family;   /* AF_INET or AF_INET6 */
	char **words; /* unquoted; "!" is a word of its own */
	size_t n, at; /* at: the next one to be read */
	struct save_doubt doubts[SAVE_DOUBTS_MAX];
	size_t n_doubts;
	/* Of the module at hand: */
	unsigned ct_states;	 /* when ct_asked: the connection's states that it lets pass */
	bool ct_asked, ct_other; /* whether it asks for the state, and for more of the connection */
	bool inverted;
};

/* An option of a match: "--dport 22". */
struct save_option {
	const char *name;
	unsigned args;
	/* args: after the name. 0; -ENOMEM; -EBADMSG when they are not understood. */
	int (*take)(
		struct save_rule *s, const struct save_option *o, char *const *args, bool negate);
	enum rule_field field;
	unsigned data;
};

/* A module ("-m tcp") with the options that are understood. */
struct save_module {
	const char *name;
	const struct save_option *options;
	size_t n;
	int (*end)(struct save_rule *s); /* after its options; as of take(). NULL: nothing */
};

/* The options that belong to no module. */
enum { SAVE_GENERIC_MAX = 6 };
extern const struct save_option save_generic[SAVE_GENERIC_MAX];

/* The module of this name, NULL when it is not read. */
const struct save_module *save_module_find(const char *name);

/* What it says of a packet that a module matches which is not read. */
enum save_doubt_kind save_module_doubt(const char *name);

/* A decimal, octal or 0x number of at most max. 0 or -EBADMSG. */
int save_number(const char *s, uint64_t max, uint64_t *ret);

/* "22", "22:80", ":80", "22:" with this separator, as a span of at most max. 0 or -EBADMSG. */
int save_range(const char *s, char separator, uint64_t max, struct span *ret);

/* An address of the family. 0 or -EBADMSG. */
int save_address(int family, const char *s, u128 *ret);

/* "ADDRESS-ADDRESS" or one address. 0 or -EBADMSG. */
int save_addresses(int family, const char *s, struct span *ret);

/*
 * "ADDRESS", "ADDRESS/LENGTH" or "ADDRESS/MASK": (field & *ret_mask) has to be
 * in *ret. 0 or -EBADMSG.
 */
int save_prefix(int family, const char *s, struct span *ret, u128 *ret_mask);

/* The number of a protocol by name or number, 0 for "all". 0 or -EBADMSG. */
int save_protocol(const char *s, uint8_t *ret);

/* Adds the condition that (field & mask) is in one of n spans, or in none. 0 or -ENOMEM. */
int save_match(struct save_rule *s, enum rule_field field, u128 mask, const struct span *spans,
	size_t n, bool negate);

/*
 * Adds the condition that two fields are in one of n pairs of spans, or in
 * none. 0 or -ENOMEM.
 */
int save_match_pairs(struct save_rule *s, const struct rule_key keys[2],
	const struct span (*pairs)[2], size_t n, bool negate);

/*
 * Reads the matches from the word at hand up to the target, or the end. What is
 * not understood is kept as a doubt. 0 or -ENOMEM.
 */
int save_matches(struct save_rule *s);

/* Reads the target from the word at hand ("-j", "-g") to the end. 0 or -ENOMEM. */
int save_target(struct save_rule *s);

/* The words from one to another as they are shown, cut, into buf; returns buf. */
enum { SAVE_WORDS_MAX = 2 * RULE_OPAQUE_TEXT };
const char *save_words_text(
	const struct save_rule *s, size_t from, size_t to, char buf[static SAVE_WORDS_MAX]);
