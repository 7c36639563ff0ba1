/* SPDX-License-Identifier: ISC */
/* What a key is of a cell: a number, a range of what it can be, or its sources. For flow*.c only.
 */
#pragma once

#include "filter/flow-walk.h"

enum value_kind {
	VALUE_NONE,  /* the packet has no such field */
	VALUE_SPAN,  /* the same for the whole cell; a span when it is not known or chosen */
	VALUE_PEER,  /* the cell's sources (with query.out: destinations) */
	VALUE_SPORT, /* its source ports */
	VALUE_PEER_TYPE,
	VALUE_REVERSE,
	VALUE_FLAGS, /* of the first packet of TCP: some of them the sender may set or not */
};

struct value {
	enum value_kind kind;
	struct span span;
	bool chosen; /* any value of span can come; otherwise one of it, which is not known */
};

enum held {
	HELD_NO,
	HELD_YES,
	HELD_CHOSEN,
	HELD_UNKNOWN,
};

/* What the key is of this cell, masks applied where it is one number. */
struct value flow_value(
	const struct flow_walk *w, const struct cell *c, const struct rule_key *key);

/* Whether a value that is the same for the whole cell (VALUE_SPAN, VALUE_FLAGS) is in the set. */
enum held flow_held(const struct value *v, const struct rule_key *key, const struct addrs *set);
