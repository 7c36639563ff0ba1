/* SPDX-License-Identifier: ISC */
/*
 * The local account databases: passwd(5), shadow(5), group(5), gshadow(5) and
 * the keys of login.defs(5) that matter, as glibc's fgetpwent_r family reads
 * them, with the lines that it would skip kept as malformed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fact/fact.h"
#include "fact/password.h"

struct account {
	const char *name, *gecos, *home, *shell; /* as in passwd; shell "" means /bin/sh */
	uid_t uid;
	gid_t gid;
	unsigned line;               /* in /etc/passwd */
	enum password_kind password;
	const char *hash_scheme;     /* "yescrypt", "sha512crypt", "md5crypt", "descrypt", ...; "" */
	const char *hash_fingerprint; /* first characters of SHA-256 of the field; "" without one */
	const char *password_path;   /* where the field stands: /etc/shadow or /etc/passwd */
	unsigned password_line;
	int64_t last_change_day, max_days, inactive_days, expire_day; /* shadow(5); -1 when empty */
	/*
	 * It can have a session: its shell is not one of nologin, false, true,
	 * sync, shutdown, halt, and is not missing from the file system.
	 */
	bool login_shell;
};

struct account_group {
	const char *name;
	gid_t gid;
	unsigned line;               /* in /etc/group */
	const char *const *members;  /* ends with NULL: those listed in group, not primary ones */
	size_t n_members;
	/* Of /etc/gshadow, else of /etc/group: usable lets anyone who knows it in by newgrp(1). */
	enum password_kind password;
	unsigned gshadow_line;       /* 0: it has none */
	bool legacy;                 /* "+name" of NIS: only its members and gid mean anything */
};

enum accounts_file {
	ACCOUNTS_PASSWD,
	ACCOUNTS_SHADOW,
	ACCOUNTS_GROUP,
	ACCOUNTS_GSHADOW,
	ACCOUNTS_LOGIN_DEFS,
	ACCOUNTS_FILE_MAX,
};

/* A line that its reader refuses or skips. */
struct account_defect {
	const char *path;
	unsigned line;
	const char *subject; /* "account alice", "group x", or "/etc/passwd line 12" */
	const char *what;    /* "has 5 fields, expected 7", "uid 1000 is also bob's (line 20)" */
};

/*
 * Places by name: a hash table of place + 1, 0 for a free slot; the first of
 * duplicates is in it. slots NULL: there is none, and lookups walk.
 */
struct accounts_index {
	const uint32_t *slots, *twins; /* twins: by place, the next of the same name + 1, or 0 */
	size_t mask;                   /* number of slots - 1, a power of two less one */
};

struct accounts {
	/* OK, absent or unreadable, each by itself; passwd unreadable is the fact's own state. */
	enum fact_state file_state[ACCOUNTS_FILE_MAX];
	const char *file_reason[ACCOUNTS_FILE_MAX]; /* NULL when OK */

	struct account *v;           /* in the order of passwd */
	size_t n;
	struct account_group *groups; /* in the order of group */
	size_t n_groups;
	struct account_defect *defects;
	size_t n_defects;

	struct accounts_index by_name, groups_by_name;

	/* login.defs, with its defaults where it says nothing */
	uid_t uid_min, uid_max;      /* 1000, 60000 */
	const char *encrypt_method;  /* as written; "" when not set */
	unsigned encrypt_method_line;
};

/* What useradd, usermod, passwd and their like hold while they work; ends with path NULL. */
extern const struct fact_lock accounts_locks[];

/*
 * Whether it is a person's: a login shell, and root or a uid within UID_MIN and
 * UID_MAX. (A service account is any other but root.)
 */
bool account_is_login(const struct accounts *a, const struct account *account);
bool account_is_service(const struct accounts *a, const struct account *account);

/*
 * Whether it can't log in any more on the day given (days since 1970, UTC), by
 * whatever way: its expiry date has come, or its password has been expired for
 * longer than its days of grace (pam_unix and sshd refuse its keys as well).
 */
bool account_expired(const struct account *account, int64_t day);

/* By name, or NULL; the first of duplicates, as getpwnam(3) finds it. */
const struct account *accounts_find(const struct accounts *a, const char *name);
const struct account_group *accounts_find_group(const struct accounts *a, const char *name);

/* Whether the account is in the group, by its primary group or by its list of members. */
bool account_in_group(const struct account *account, const struct account_group *group);
