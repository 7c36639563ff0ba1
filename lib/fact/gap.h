/* SPDX-License-Identifier: ISC */
/*
 * What a collector that searches many files could not look at: the others of
 * its fact hold, and a check that finds nothing in them must not say so without
 * naming these.
 */
#pragma once

#include <stddef.h>

#include "fact/fact.h"

enum {
	/* Of one fact. Beyond this nothing is learnt from one more. */
	FACT_GAPS_MAX = 100,
};

struct fact_gap {
	const char *path;
	enum fact_state state;
	const char *reason; /* with the path; not escaped */
};

/*
 * Adds that path could not be read (r, -errno of fsio) to the array of *n gaps,
 * which grows in the arena; each path once. 0 or -ENOMEM.
 */
int fact_gap_add(struct arena *a, struct fact_gap **gaps, size_t *n, const char *path, int r);
