/* SPDX-License-Identifier: ISC */
/*
 * What lies on this machine of each source: apt's lists (Release and Packages
 * files), the mirrors that a list of mirrors names, the keys it is verified with.
 */
#pragma once

#include "base/fsio.h"
#include "fact/repo-apt.h"

/*
 * Fills release and indexes of the sources of apt in l from /var/lib/apt/lists,
 * and adds the mirrors of mirror+file: URIs. What can't be read is a problem.
 * 0 or -ENOMEM.
 */
int repo_lists_read(const struct root *root, struct repo_list *l);

/*
 * Looks at the files that name l's sources, at the keyrings that these name and
 * at those that hold for all sources of apt. 0 or -ENOMEM.
 */
int repo_files_read(
	const struct root *root, struct repo_list *l, struct repo_file **ret, size_t *ret_n);
