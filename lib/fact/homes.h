/* SPDX-License-Identifier: ISC */
/*
 * Owner and mode of each account's home directory, of ~/.ssh and of authorized
 * keys in it. What lies in a home is its user's: nothing there is opened or
 * read, and no symbolic link is followed out of it. No drift items: the keys
 * themselves are those of FACT_SSH_USER_KEYS.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fact/accounts.h"

enum home_place {
	HOME_DIR,
	HOME_SSH,	      /* .ssh */
	HOME_AUTHORIZED_KEYS, /* .ssh/authorized_keys */
	HOME_AUTHORIZED_KEYS2,
	HOME_PLACE_MAX,
};

struct home_entry {
	enum fact_state state; /* ABSENT is fine */
	const char *reason;    /* NULL when OK */
	uid_t uid;
	gid_t gid;
	mode_t mode;
	uint64_t size;
	bool acl_write; /* an access control list lets somebody else write */
};

struct home {
	const char *account;
	const char *path; /* as in passwd */
	uid_t uid;	  /* the account's */
	gid_t gid;
	bool login;	    /* account_is_login() */
	bool private_group; /* nobody else is in its primary group */
	struct home_entry at[HOME_PLACE_MAX];
};

struct homes {
	struct home *v; /* one for each line of accounts, in its order */
	size_t n;
	size_t unlooked;  /* homes beyond HOMES_MAX */
	size_t unwatched; /* homes beyond HOMES_WATCHED: looked at, changes in them give no event */
};

enum {
	HOMES_MAX = 200000,
	HOMES_WATCHED = 4096,
};

/* That of x, which is of a; NULL when it was not looked at. */
const struct home *homes_of(
	const struct homes *h, const struct accounts *a, const struct account *x);

/* ".ssh/authorized_keys", ...; "" for the directory itself. */
const char *home_place_name(enum home_place p);
