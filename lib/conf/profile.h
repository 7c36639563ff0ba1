/* SPDX-License-Identifier: ISC */
/*
 * Profiles: which checks are asked for, in which order, under which policy.
 * Those that ship are tables (profiles.c); a site writes its own as [profile
 * NAME], from one of them and with what differs. Which one is in use is the
 * policy's: see policy_use_profile().
 */
#pragma once

#include "conf/build.h"

/* One recommendation of a guide, and what answers it. */
struct profile_item {
	const char *label;  /* as the guide counts: "Check-Security-01" */
	const char *title;  /* what should be so */
	const char *checks; /* ids, separated by blanks */
};

/* A key of the configuration that the profile sets, where the site does not. */
struct profile_setting {
	const char *section, *key, *value;
};

struct profile {
	const char *name, *title;
	const struct profile_item *items; /* ends with label NULL; NULL: every check, by area */
	const struct profile_setting *settings; /* ends with section NULL; or NULL */
};

/* Those that ship: profile_builtin(0) is "default", ..., NULL after the last. */
const struct profile *profile_builtin(size_t i);

/* The one of this name that ships, or NULL. */
const struct profile *profile_find_builtin(const char *name);

/* Whether the word is among the ids of the item. */
bool profile_item_has(const struct profile_item *item, const char *check);

/* What a [profile NAME] sets by SECTION.KEY. */
struct site_setting {
	const char *section;
	const struct param *param;
	struct value value;
	unsigned line;
};

/* A [profile NAME] of the configuration; strings as written. */
struct site_profile {
	const char *name, *title, *from;
	const char *const *add, *const *drop; /* ids, each ends with NULL */
	struct site_setting *settings;
	size_t n_settings;
	const char *path;
	unsigned line; /* that says what it is from */
};
