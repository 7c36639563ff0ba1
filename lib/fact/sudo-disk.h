/* SPDX-License-Identifier: ISC */
/*
 * The files of sudoers on disk, under the rules by which sudo itself reads
 * them or passes them over.
 */
#pragma once

#include <nettle/sha2.h>

#include "fact/fact.h"
#include "fact/sudo-tree.h"

struct sudo_disk {
	const struct root *root;
	struct sudo_tree *tree;	 /* for its arena and defects */
	uid_t uid;		 /* who must own the files */
	gid_t gid;		 /* whose group may write them */
	bool first_read;	 /* the first file has been */
	bool ignored;		 /* sudo passes over something that cvtsudoers would read */
	struct sha256_ctx sum;	 /* over each file's identity and time, for the memo */
	struct sudo_files files; /* to be handed to sudo_tree_parse() */
};

/*
 * Sets the disk up for the tree. On the live root files must belong to uid
 * and gid; under another root to the owner of the first file, since an image
 * may have been unpacked by somebody else.
 */
void sudo_disk_init(
	struct sudo_disk *d, const struct root *root, struct sudo_tree *t, const char *host);

/* What the files were when they were read, as text in the tree's arena. NULL on ENOMEM. */
char *sudo_disk_signature(struct sudo_disk *d);
