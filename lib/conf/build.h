/* SPDX-License-Identifier: ISC */
/*
 * The making of a policy, for the loader alone: every key of every section has
 * its slot from the start, holding its default.
 */
#pragma once

#include "conf/value.h"

struct slot {
	const char *section;
	const struct param *param;
	struct value value;
	unsigned file; /* 1, 2, ...: the file that set it; 0: the default */
	unsigned line;
};

struct policy {
	struct arena *arena;
	struct slot *slots; /* sorted by section and key */
	size_t n_slots;
	struct waiver *waivers;
	size_t n_waivers;
	struct attestation *attestations;
	size_t n_attestations;
};

/* All defaults, no waivers. NULL on ENOMEM. */
struct policy *policy_new(void);

/* The slot of a key, or NULL. */
struct slot *policy_slot(const struct policy *p, const char *section, const char *key);
