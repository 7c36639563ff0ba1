/* SPDX-License-Identifier: ISC */
/*
 * What is found while it is being read: the two readers of lists fill this, the
 * collector makes the fact of it.
 */
#pragma once

#include "fact/fact.h"
#include "fact/packages.h"
#include "fact/pending.h"
#include "fact/repos.h"

struct pending_list {
	const struct collect *c;
	struct arena *arena; /* the fact's: what is found lives here */
	struct arena *tmp;   /* what is only needed while reading */
	const struct packages *packages;
	struct pending_update *updates;
	size_t n_updates;
	struct pending_orphan *orphans;
	size_t n_orphans;
	struct pending_gap *gaps;
	size_t n_gaps;
	size_t n_lists;
	bool knows_security;
	uint64_t valid_until_realtime_usec; /* USEC_INFINITY while none is known */
};

/* Each copies its strings to the arena. 0 or -ENOMEM. */
int pending_add_update(struct pending_list *l, const struct pending_update *u);
int pending_add_orphan(struct pending_list *l, const struct pending_orphan *o);
int pending_add_gap(
	struct pending_list *l, const char *subject, const char *path, const char *what);

/* The package of that name (and architecture, for one that isn't the machine's); NULL: not there.
 */
const struct fact_item *pending_package(
	const struct pending_list *l, const char *name, const char *arch);

/* Reads apt's lists, or the advisories that dnf, yum and zypper have fetched. 0 or -ENOMEM. */
int pending_apt(struct pending_list *l);
int pending_rpm(struct pending_list *l);
