/* SPDX-License-Identifier: ISC */
/*
 * Which archives unattended-upgrades takes updates from: the patterns of
 * Unattended-Upgrade::Origins-Pattern and ::Allowed-Origins, as version 2.9
 * reads them (match_whitelist_string, get_allowed_origins_legacy).
 */
#pragma once

#include "base/arena.h"

/* What patterns are matched with, from an archive's Release file. NULL: not known. */
struct update_archive {
	const char *origin, *label, *suite, *codename, *component, *site;
};

/* What "${distro_id}" and "${distro_codename}" stand for. */
struct update_distro {
	const char *id, *codename;
};

/*
 * Whether a pattern ("origin=Debian,codename=${distro_codename}-security")
 * allows the archive: 1 or 0; -ENODATA when that depends on what is not known;
 * -EINVAL when unattended-upgrades stops at the pattern with an error; -ENOMEM.
 */
int update_pattern_match(struct arena *a, const char *pattern, const struct update_distro *distro,
	const struct update_archive *archive);

/*
 * The pattern that an entry of Allowed-Origins means ("Debian:stable" is
 * "o=Debian,a=stable"). 0, -EINVAL as above, or -ENOMEM. In the arena.
 */
int update_pattern_from_allowed(
	struct arena *a, const char *entry, const struct update_distro *distro, const char **ret);
