/* SPDX-License-Identifier: ISC */
/*
 * Private SSH keys that lie on this machine: in ~/.ssh of root and of each
 * login account, and in /etc/ssh beside the host keys. Of each file only the
 * beginning is read, and of what is read nothing private is kept.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fact/fact.h"
#include "fact/ssh-key-private.h"

enum {
	SSH_PRIVATE_KEYS_NAMES_MAX = 1024,     /* in one directory; more: it is not looked into */
	SSH_PRIVATE_KEYS_HEAD_MAX = 64 * 1024, /* bytes of one file */
	SSH_PRIVATE_KEYS_DIRECTORY_MAX = 4 * 1024 * 1024, /* of all files of a directory */
	SSH_PRIVATE_KEYS_BYTES_MAX = 64 * 1024 * 1024,	  /* of all files */
};

struct ssh_stray_key {
	const char *account;		/* in whose home it lies; NULL: in /etc/ssh */
	const char *path;		/* not escaped */
	struct ssh_private_key private; /* key from PATH.pub where the file itself doesn't show it
					 */
	uid_t uid;
	gid_t gid;
	mode_t mode;
};

/* A directory that was searched, or one file of it that couldn't be. */
struct ssh_stray_gap {
	const char *account;
	const char *path;
	enum fact_state state;
	const char *reason; /* with the path; not escaped */
};

struct ssh_private_keys {
	const struct ssh_stray_key *keys; /* by account as in passwd, then name */
	size_t n_keys;
	const struct ssh_stray_gap *gaps; /* what couldn't be looked at, and isn't just absent */
	size_t n_gaps;
	size_t n_directories; /* that were looked into */
};

/* Of a key's item and of all evidence about it: "private key PATH". Not escaped; NULL on ENOMEM. */
char *ssh_stray_key_subject(struct arena *a, const struct ssh_stray_key *key);
