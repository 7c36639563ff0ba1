/* SPDX-License-Identifier: ISC */
/*
 * Cells: sources and source ports that have fared alike so far, with all that a
 * later rule can see of what happened to them. For flow*.c only.
 */
#pragma once

#include "filter/flow.h"

enum { CELL_CUTS = 8 };

/* A set that the sources have been cut by: all of them are in it, or none. */
struct cell_cut {
	const void *set;
	bool in;
};

struct cell {
	/*
	 * The sources are peers without minus. What a long list of rules takes out
	 * one by one is kept apart, sorted, until it is worth a pass over all: see
	 * cell_settle(). Every span of minus lies in one of peers, and there are
	 * always fewer, so that it is known without a look whether any is left.
	 */
	struct addrs peers, minus;
	struct addrs sports;
	uint32_t mark, ct_mark;
	enum ct_state state;
	struct span dst, dport; /* the packet's, after what NAT did so far */
	bool bound;		/* destination NAT has been decided, by a rule */
	bool snat;
	uint32_t unknown; /* fields that something has overwritten with we don't know what */
	bool may;	  /* whether it gets here at all is not certain */
	struct cell_cut cuts[CELL_CUTS]; /* the last ones, in turn */
	unsigned n_cuts;
	const char *why; /* text of the rule that made it uncertain, or chosen */
};

struct cells {
	struct cell *v;
	size_t n, room;
};

void cell_fini(struct cell *c);
#define _cleanup_cell_ _cleanup_(cell_fini)
void cells_fini(struct cells *s);
#define _cleanup_cells_ _cleanup_(cells_fini)

/* A copy with its own sets. 0 or -ENOMEM. */
int cell_copy(struct cell *ret, const struct cell *from);

/* Makes peers all that there is: minus is empty then. 0 or -ENOMEM. */
int cell_settle(struct cell *c);

/* Takes one span out of the sources and hands it to *ret_in (uninitialised before). 0, -ENOMEM. */
int cell_cut_span(struct cell *c, struct span s, struct addrs *ret_in);

/* What is known of all sources and this set: 1 in it, 0 not in it, -1 nothing. And notes it. */
int cell_knows(const struct cell *c, const void *set);
void cell_note(struct cell *c, const void *set, bool in);

/* Whether nothing is left in it. */
bool cell_is_empty(const struct cell *c);

/* Hands the cell over to the list, or frees an empty one; *c is empty after. 0 or -ENOMEM. */
int cells_push(struct cells *s, struct cell *c);

/* Hands over all cells of from. 0 or -ENOMEM. */
int cells_move(struct cells *s, struct cells *from);

/* Joins cells that only their sources or their source ports tell apart. 0 or -ENOMEM. */
int cells_merge(struct cells *s);

/* Whether two cells are the same but for sources, ports and certainty's reason. */
bool cell_alike(const struct cell *a, const struct cell *b);

/*
 * Cuts out of the cell what is of these sources and of these source ports: into
 * *ret_in (uninitialised before), the rest is handed over to the list. 0 or -ENOMEM.
 */
int cell_take(struct cell *c, const struct addrs *peers, const struct addrs *sports,
	struct cell *ret_in, struct cells *rest);
