/* SPDX-License-Identifier: ISC */
/*
 * Effective settings of the OpenSSH server, as sshd_config(5) defines them:
 * first value wins, Include in place, Match per context. Each value knows the
 * file and line that decides it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "fact/fact.h"

struct sshd_value {
	const char *keyword;  /* lower case: "permitrootlogin" */
	const char *value;    /* as `sshd -T` prints it, lists and aliases normalised */
	const char *path;     /* where it is decided; NULL for a compiled-in default */
	unsigned line;
};

/*
 * One situation of somebody connecting. Contexts that come out equal are one:
 * users who are in no Match block share the general one.
 */
struct sshd_context {
	const char *label;    /* "any user from anywhere", "user root from outside", ... */
	const char *user;     /* one of them; NULL: any that no other context is for */
	const char *address;  /* one of them; NULL: any */
	bool root, others;    /* it is how root may come in; how somebody else may */
	bool outside;         /* an address outside of the trusted networks is among its own */
	const struct sshd_value *values; /* sorted by keyword; every keyword that a check reads */
	size_t n_values;
};

/* An account that has a context of its own from outside. */
struct sshd_member {
	const char *user;
	size_t context;
};

struct sshd {
	const struct sshd_context *contexts; /* the first, always there, is the general one */
	size_t n_contexts;
	const struct sshd_member *members;   /* sorted by user */
	size_t n_members;
	/* What sshd would refuse, in its own order; it would not start when there is any. */
	const struct sshd_error {
		const char *path;
		unsigned line;
		const char *text;
	} *errors;
	size_t n_errors;
	const char *version;        /* "9.2p1", "" when not known */
	const char *defaults_from;  /* "sshd -T" or "table for 9.2" */
	/* Of the running listener: 0 when none runs or the root is not live. */
	uint64_t started_realtime_usec; /* or reloaded: when it read its configuration */
	unsigned pid;
	uint64_t newest_mtime_realtime_usec; /* of the files that were read, and of Include's directories */
	const char *newest_path;
};

/* The value in a context, or NULL (a keyword that no check reads; no context). */
const struct sshd_value *sshd_get(const struct sshd_context *c, const char *keyword);

/* The context that holds for a user from an untrusted address: their own, else the general one. */
const struct sshd_context *sshd_context_for_user(const struct sshd *s, const char *user);
