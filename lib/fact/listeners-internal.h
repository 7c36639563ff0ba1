/* SPDX-License-Identifier: ISC */
/* Between the parts of the collector of listeners. */
#pragma once

#include "fact/fact.h"
#include "fact/listeners.h"

/* A socket as the kernel tells it, and what was found out about it since. */
struct listener_socket {
	struct listener l; /* unit, program, text: of the owner's and the collector's */
	uint64_t cookie, group;
	uint32_t inode; /* 0: the kernel's own */
	unsigned ifindex;
	pid_t pid;
	bool searched;		    /* whether it has a process was found out already */
	const struct listener *was; /* in the reading before, or NULL */
};

struct listener_sockets {
	struct arena *tmp; /* where they live */
	struct listener_socket *v;
	size_t n;
	size_t cut;
};

/*
 * All that wait, as the kernel lists them. 0; -ENOMEM; -EPROTONOSUPPORT with
 * *ret_what when the kernel does not list a protocol that it has; -errno of
 * netlink_dump().
 */
int listeners_dump(const struct root *root, struct listener_sockets *s, const char **ret_what);

/*
 * Finds out whose they are: unit, program, package. before: of the reading
 * before, or NULL. The texts live in the arena a; *ret_owners is what
 * package_owner_signature() said. 0 or -ENOMEM.
 */
int listeners_own(const struct collect *c, struct arena *a, const struct listeners *before,
	struct listener_sockets *s, const char **ret_owners);
