/* SPDX-License-Identifier: ISC */
/*
 * Keys of clouds and passwords of services that lie in files of this machine:
 * in homes, and in the directories that the policy names. Found by a bounded
 * walk (base/walk.h), on a slow schedule; what is watched is where programs
 * keep such files by default, and the directories in which one was found.
 *
 * No secret is kept. What is kept is a fingerprint of the secrets
 * (fact/fingerprint.h), none without a key for it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "fact/credential.h"
#include "fact/gap.h"
#include "fact/readers.h"

enum {
	CREDENTIALS_HOMES_WATCHED = 64, /* homes whose default places are watched */
	CREDENTIALS_FILES_MAX = 4000,	/* that are opened in one search */
	CREDENTIALS_BYTES_MAX = 32 * 1024 * 1024,
	CREDENTIALS_FOUND_MAX = 1000,
	/*
	 * No tree gets more than one in this of what is left of any limit, names and time too:
	 * nobody's files keep those of others from being found, nor do those of several.
	 */
	CREDENTIALS_TREE_PART = 4,
};

struct credential {
	const char *path; /* not escaped */
	struct credential_find find;
	const char *fingerprint; /* 12 hex digits; "" without a key for it, or when it is renewed */
	uid_t uid;
	gid_t gid;
	mode_t mode;
	enum readers readers;
};

struct credentials {
	const struct credential *v; /* sorted by path */
	size_t n;
	const struct fact_gap *gaps; /* files and directories */
	size_t n_gaps;
	size_t directories; /* trees that were searched */
	const char *limit;  /* which limit ended the search and where, or NULL; not escaped */
};

/* Of all evidence about it: "credential PATH". Not escaped; NULL on ENOMEM. */
char *credential_subject(struct arena *a, const struct credential *c);
