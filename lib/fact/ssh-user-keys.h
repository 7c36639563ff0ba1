/* SPDX-License-Identifier: ISC */
/*
 * The authorized keys of every account, from every file that AuthorizedKeysFile
 * names for it. The files belong to the users, who may have put anything there:
 * each is read once, however many accounts share it, under a cap for itself and
 * one for all of them together, and what can't be read is an error of its own
 * and hides nobody else's keys.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "fact/fact.h"
#include "fact/ssh-key-line.h"

enum {
	SSH_USER_KEYS_FILE_MAX = 16 * 1024 * 1024,  /* bytes of one file */
	SSH_USER_KEYS_BYTES_MAX = 64 * 1024 * 1024, /* of all files */
	SSH_USER_KEYS_FILE_KEYS_MAX = 16384,
	SSH_USER_KEYS_MAX = 32768, /* of all files, each counted for each account */
};

struct ssh_user_key {
	const char *account;
	const char *path;
	unsigned line;
	const struct ssh_key_line *l; /* shared where accounts share a file */
};

/* One file of one account, whether it is there or not. */
struct ssh_user_keys_file {
	const char *account;
	const char *path; /* not escaped */
	enum fact_state state;
	const char *reason; /* with the path; NULL when OK; not escaped */
	size_t n_keys;
	size_t n_ignored;	/* lines in which sshd finds no key */
	unsigned first_ignored; /* the first of them */
};

/* A program that gives further keys: which ones can't be known. */
struct ssh_user_keys_command {
	const char *command;
	const char *account; /* the first for whom it is asked */
	size_t n_accounts;
	const char *path; /* where it is configured, or NULL */
	unsigned line;
};

struct ssh_user_keys {
	const struct ssh_user_key *keys; /* by account as in passwd, then file, then line */
	size_t n_keys;
	const struct ssh_user_keys_file *files;
	size_t n_files;
	const struct ssh_user_keys_command *commands;
	size_t n_commands;
};

/*
 * The subject of a key's item and of all evidence about it: "key SHA256:... of
 * alice"; of a file that can't be read: "authorized keys of alice in PATH". Not
 * escaped. NULL on ENOMEM.
 */
char *ssh_user_key_subject(struct arena *a, const struct ssh_user_key *key);
char *ssh_user_keys_file_subject(struct arena *a, const struct ssh_user_keys_file *file);

/*
 * Expands a path of AuthorizedKeysFile (%%, %h, %u, %U; relative to the home).
 * 0, -EINVAL for any other token (sshd would drop the connection), -ENOMEM.
 */
int ssh_user_keys_expand(struct arena *a, const char *pattern, const char *user, const char *home,
	uid_t uid, char **ret);
