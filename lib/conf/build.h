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
	const char *path; /* of the file that set it; NULL: none did */
	unsigned line;
	bool profiled; /* the profile in use has set it */
};

/* The profile in use. */
struct profile_use {
	const char *name, *title;
	struct policy_item *items; /* none: by area */
	size_t n_items;
	bool *selected; /* by check_index() */
};

struct policy {
	struct arena *arena;
	struct slot *slots; /* sorted by section and key */
	size_t n_slots;
	struct waiver *waivers;
	size_t n_waivers;
	struct attestation *attestations;
	size_t n_attestations;
	struct site_profile *profiles; /* conf/profile.h */
	size_t n_profiles;
	struct profile_use use;
};

/* All defaults, no waivers, the profile "default". NULL on ENOMEM. */
struct policy *policy_new(void);

/* The slot of a key, or NULL. */
struct slot *policy_slot(const struct policy *p, const char *section, const char *key);
