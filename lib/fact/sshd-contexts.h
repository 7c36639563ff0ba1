/* SPDX-License-Identifier: ISC */
/*
 * Which connections to look at, so that each Match block shows what it does:
 * kinds of users that criteria can tell apart, times places to come from.
 *
 * However many accounts there are, there is one class for all whom no
 * criterion can tell apart. Places are one address outside of the trusted
 * networks, one in each of them, and for each Match what satisfies it.
 */
#pragma once

#include "conf/policy.h"
#include "fact/accounts.h"
#include "fact/sshd-conf.h"

enum {
	SSHD_BLOCKS_MAX = 2048,
	SSHD_PLACES_MAX = 1024,
	SSHD_CLASSES_MAX = 1024,
	SSHD_EVALS_MAX = 1 << 15, /* classes times places */
};

/* A Match line with those that it stands in by way of includes: all must hold. */
struct sshd_block {
	const struct sshd_node **matches;
	size_t n;
};

struct sshd_blocks {
	struct sshd_block *v;
	size_t n;
};

/* All blocks, in order. 0, -EFBIG when there are too many, -ENOMEM. */
int sshd_blocks_collect(const struct sshd_conf *c, struct arena *a, struct sshd_blocks *ret);

/* Somewhere to connect from, and to: all but the user. */
struct sshd_place {
	const char *label; /* "outside", "10.0.0.0/8", "port 2222": after "from" or "on" */
	struct sshd_connection conn;
	bool outside; /* not from a trusted network */
};

struct sshd_places {
	struct sshd_place *v; /* the first is the general one, from outside */
	size_t n;
};

/* trusted is a list of prefixes that ends with NULL. 0, -EFBIG, -ENOMEM. */
int sshd_places_collect(struct sshd_conf *c, const struct sshd_blocks *blocks,
	const char *const *trusted, struct arena *a, struct sshd_places *ret);

/* Users whom no criterion tells apart. */
struct sshd_class {
	const char *label; /* "any user", "user root", "group sftp" */
	const char *user;  /* one of them; for the general class a name that nobody has */
	const char *const *groups;
	const unsigned char *signature; /* which user criteria hold */
	bool root, others;		/* root is one of them; others are, or may be */
};

struct sshd_classes {
	struct sshd_class *v; /* the first is the general one */
	size_t n;
	size_t *of_account; /* by the account's place in passwd */
};

/* 0, -EFBIG, -ENOMEM. */
int sshd_classes_collect(const struct sshd_conf *c, const struct sshd_blocks *blocks,
	const struct accounts *accounts, struct arena *a, struct sshd_classes *ret);

/* A string that a pattern holds for: wildcards filled in with fill. NULL on ENOMEM. */
char *sshd_pattern_example(struct arena *a, const char *pattern, size_t n, const char *fill);

/*
 * Fills contexts and members of ret, allocated in out. 0; -EFBIG when there is
 * more than can be looked at; -ENOMEM.
 */
int sshd_contexts_build(struct sshd_conf *c, const struct accounts *accounts,
	const char *const *trusted, struct arena *out, struct sshd *ret);
