/* SPDX-License-Identifier: ISC */
/*
 * URIs of package sources, taken apart as apt does (URI of apt-pkg/strutl), and
 * the names that apt gives to what it has fetched from them.
 */
#pragma once

#include "base/arena.h"
#include "fact/repos.h"

/*
 * Takes the URI apart. Strings belong to the arena; name and password are
 * masked. 0 or -ENOMEM: any text is a URI, if one without host.
 */
int repo_uri_parse(
	struct arena *a, const char *text, enum repo_uri_role role, struct repo_uri *ret);

/*
 * The name in /var/lib/apt/lists of what apt fetches from uri (masked or not)
 * followed by rest. NULL on ENOMEM.
 */
char *repo_uri_file_name(struct arena *a, const char *uri, const char *rest);
