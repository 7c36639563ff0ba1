/* SPDX-License-Identifier: ISC */
/*
 * hardenctl exposure: what its files share. exposure.c asks for everybody and
 * makes the object that --format json shows; exposure-from.c asks for the one
 * source of --from; exposure-text.c writes the object for a person.
 */
#pragma once

#include "check/judge.h"
#include "check/reach.h"
#include "ctl.h"

/* What a check says of something. */
struct said {
	const struct check *check;
	const struct evidence *evidence;
};

struct exposure {
	const struct judge *judge;
	const struct policy *policy;
	const struct firewall *firewall;
	struct ruleset *groups; /* the cloud's, that stand before it; NULL: not known */
	bool guess;		/* of several groups nobody says which are this machine's */
	struct arena *arena;
	struct said *said; /* by subject */
	size_t n_said;
	const char *from; /* net is asked about, and not everybody */
	struct net net;
};

/* The ways of a listener of TCP or UDP, or of what is sent on, by which a connection comes. */
json_t *exposure_way(const struct exposure *x, const struct survey_way *way);

/*
 * Adds "groups": which of these sources the groups let in to the port of the
 * way, and by which rule; none of them: an empty list. Nothing where no export
 * tells. 0 or -ENOMEM.
 */
int exposure_groups(const struct exposure *x, const struct survey_way *way,
	const struct addrs *peers, const struct flow_query *ask, json_t *j);

/*
 * For an opening that leads elsewhere than to the port asked for: adds "asked",
 * "to" and "to_port". 0 or -ENOMEM.
 */
int exposure_add_target(const struct exposure *x, const struct opening *o, json_t *j);

/* What is wrong with --from as a source, to stand behind "--from ADDRESS: "; NULL: nothing. */
const char *from_fault(const struct exposure *x);

/*
 * Adds what becomes of the source's connections to the listener of TCP or UDP:
 * to its own port, and to those that the packet filter leads to it. 0 or -ENOMEM.
 */
int from_ways(const struct exposure *x, const struct listener *l, json_t *ways);

/* Why there is no way from the source to the listener. In the arena, or a constant. */
const char *from_no_way(const struct exposure *x, const struct listener *l);

/* What becomes of the source's connections to what is sent on. A list; NULL on ENOMEM. */
json_t *from_forwards(const struct exposure *x);

/* Writes the object as text. An exit status. */
int exposure_put(struct ctl *ctl, struct arena *a, const json_t *o);
