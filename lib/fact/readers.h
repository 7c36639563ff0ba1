/* SPDX-License-Identifier: ISC */
/*
 * Who can read a file beside its owner and root: by its mode, by the access
 * control list, by who is in its group, and by whether the directories on the
 * way let them through.
 */
#pragma once

#include <sys/stat.h>

#include "base/fsio.h"
#include "fact/accounts.h"

enum readers {
	READERS_OWNER,
	READERS_GROUP,	/* a group with others in it, or an access control list */
	READERS_OTHERS, /* every user */
};

/*
 * The readers of the file at path (absolute; its directories are recorded in
 * the root's deps, since their modes decide as well) with this stat. fd is an
 * O_PATH descriptor of it, for its access control list, or -1. 0 or -ENOMEM.
 */
int readers_of(const struct root *r, const struct accounts *a, const char *path,
	const struct stat *st, int fd, enum readers *ret);

/* "readable by every user", "readable by the group staff ...": for a person. NULL on ENOMEM. */
const char *readers_text(
	struct arena *arena, const struct accounts *a, enum readers readers, gid_t gid);

/* The name of the account with the uid, or "uid 1000". NULL on ENOMEM. */
const char *readers_owner(struct arena *arena, const struct accounts *a, uid_t uid);
