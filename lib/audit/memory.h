/* SPDX-License-Identifier: ISC */
/*
 * The acts of the last minutes, to be asked when a change was seen: who did it?
 *
 * Bounded by count, bytes and age; the oldest go first. Sessions are kept apart,
 * since a login is asked for hours later: the last ACTS_SESSIONS_MAX of them.
 *
 * Times are CLOCK_REALTIME as the kernel wrote them into the records. No answer
 * means "not known": acts may have been lost, or be too old. acts_since() says
 * from when on the memory is complete.
 */
#pragma once

#include "audit/act.h"

enum {
	ACTS_MAX = 2048,
	ACTS_SIZE_MAX = 1024 * 1024,
	ACTS_SESSIONS_MAX = 256,
	ACTS_FOUND_MAX = 8, /* actors of one answer */
};

#define ACTS_AGE_USEC (10 * USEC_PER_MIN)

/* Of a package manager's transaction: what it changed is judged when it is over. */
#define ACTS_PACKAGES_AGE_USEC USEC_PER_HOUR

struct acts;

/* 0 or -ENOMEM. */
int acts_new(struct acts **ret);
void acts_free(struct acts *m);
DEFINE_FREEP(struct acts *, acts_free)

/*
 * Remembers a copy of an act, and on whose behalf it was done (NULL: not known).
 * Acts that did not succeed are left out. 0 or -ENOMEM, then it is not remembered, or
 * not what it did besides.
 */
int acts_put(struct acts *m, const struct act *act, const struct actor_chain *behalf);

/*
 * Forgets what is older than ACTS_AGE_USEC or, for BEHALF_PACKAGES, than
 * ACTS_PACKAGES_AGE_USEC; what came behind that stays as long.
 */
void acts_expire(struct acts *m, uint64_t now_realtime_usec);

/*
 * Records were lost, or reading begins: what is known stays, but nobody knows what was
 * done before now besides.
 */
void acts_lost(struct acts *m, uint64_t now_realtime_usec);

/*
 * From when on no act is missing, as far as is known; USEC_INFINITY while nothing was
 * put and acts_lost() was not called.
 */
uint64_t acts_since(const struct acts *m);

/* How an act has to do with the path that was asked for; better ones have smaller numbers. */
enum acts_match {
	ACTS_EXACT,	/* it is named so, or it is this file by device and inode */
	ACTS_DIRECTORY, /* a directory above it was renamed or removed, or a link put there */
	ACTS_PERHAPS,	/* a relative name of an unknown directory that ends the path */
};

/*
 * An act that was found, and with it those of the same actor: of one login and session,
 * uid, program and command line, whatever their pids. Borrowed until the next call of
 * a function that puts or forgets.
 */
struct acts_find {
	const struct act *act;		  /* the newest of this actor */
	const struct actor_chain *behalf; /* kind BEHALF_NONE when there is none; never NULL */
	enum acts_match match;
	unsigned count; /* acts of this actor that were found */
};

struct acts_found {
	struct acts_find v[ACTS_FOUND_MAX]; /* newest last, each actor once */
	size_t n;
	bool more; /* there were more actors; the oldest are left out */
};

/* The file that is asked for. Device and inode 0: not known. */
struct acts_file {
	const char *path; /* absolute */
	uint64_t device, inode;
};

/*
 * Who changed the file between since and until (both included): under its name, a
 * rename's both ends, or a directory above it that was renamed, removed or linked.
 * Those of ACTS_PERHAPS are told only when there is no better one.
 */
void acts_find_path(const struct acts *m, const struct acts_file *file, uint64_t since,
	uint64_t until, struct acts_found *ret);

/* All acts of one kind: each actor once, as above. */
void acts_find_kind(const struct acts *m, enum act_kind kind, uint64_t since, uint64_t until,
	struct acts_found *ret);

/* All acts that wanted() says yes to: each actor once, as above. */
void acts_find_where(const struct acts *m, uint64_t since, uint64_t until,
	bool (*wanted)(const struct act *act, void *arg), void *arg, struct acts_found *ret);

/* Whether both are acts of one actor, as a search tells actors apart. */
bool acts_same_actor(const struct acts_find *a, const struct acts_find *b);

/* ACT_ACCOUNT of that account, ACT_UNIT_* of that unit: by object, else as acts_find_kind(). */
void acts_find_object(const struct acts *m, enum act_kind kind, const char *object, uint64_t since,
	struct acts_found *ret);

/* The newest act of that process, for what its other acts do not tell; NULL: none. */
const struct act *acts_find_process(const struct acts *m, uint32_t pid);

/* A session as the login's records tell it. */
struct acts_session {
	uint32_t session;
	uint32_t auid;		      /* AUDIT_ID_UNSET: not told */
	char user[64];		      /* account that logged in, escaped; "" when not told */
	char peer[64];		      /* address, escaped; "" when local or not told */
	char tty[32];		      /* "ssh", "/dev/pts/0" */
	char exe[64];		      /* what let it in: "/usr/sbin/sshd" */
	uint64_t begin_realtime_usec; /* 0: not told */
	uint64_t end_realtime_usec;   /* 0: it goes on */
};

/* NULL when nothing is known of it. Borrowed as above. */
const struct acts_session *acts_find_session(const struct acts *m, uint32_t session);

/* Adds what somebody else knows of a session (logind at start, the audit log). 0 or -ENOMEM. */
int acts_put_session(struct acts *m, const struct acts_session *session);

/* Bytes that it holds, for the memory figures. */
size_t acts_size(const struct acts *m);
