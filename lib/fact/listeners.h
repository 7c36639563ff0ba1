/* SPDX-License-Identifier: ISC */
/*
 * Sockets that wait for others: TCP and SCTP that listen, UDP and UDP-lite that
 * are bound and not connected, raw ones; and whose they are. The kernel tells
 * them by sock_diag(7), of the running machine and of this network namespace.
 *
 * A socket is a unit's by the control group that it was made in, which the
 * kernel tells with it. Its process is looked for once, when the socket is new:
 * among those of its control group, and only when none of them has it among
 * all. What was found holds as long as the process runs the same program.
 *
 * Not every such socket is a way in that somebody opened on purpose. Passing
 * ones are in the list and marked, but are no items (nothing is told when they
 * come and go): UDP with a port that the kernel gave out by itself, as the
 * resolver and every other client has it, raw sockets for ICMP, and TCP on the
 * loopback that a login session (ssh -L, X11) or a debugger opened for a while.
 * See is_passing() in listeners.c for how they are told.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"

enum listener_protocol {
	LISTENER_TCP,
	LISTENER_UDP,
	LISTENER_UDPLITE,
	LISTENER_SCTP,
	LISTENER_RAW,
	LISTENER_PROTOCOL_MAX,
};

/* "tcp", "udp", ... */
const char *listener_protocol_name(enum listener_protocol p);

/* What a process runs; shared by its sockets. */
struct listener_program {
	const char *exe;     /* "/usr/sbin/sshd" */
	const char *command; /* "sshd", as the process calls itself */
	const char *package; /* that has the file; NULL: none, or not known */
};

struct listener {
	enum listener_protocol protocol;
	int family;           /* AF_INET or AF_INET6 */
	unsigned char addr[16];
	uint16_t port;	      /* raw: the number of the protocol in IP */
	bool dual;	      /* of AF_INET6, and takes IPv4 as well: [::] without IPV6_V6ONLY */
	bool loopback;        /* nobody outside of the machine can reach it */
	bool link_local;      /* only neighbours on one link can: fe80::/10, 169.254.0.0/16 */
	bool kernel;	      /* no process made it: WireGuard, VXLAN, NFS */
	bool passing;	      /* see above */
	uint32_t uid;         /* who made it */
	unsigned sockets;     /* that are the same in all of this (SO_REUSEPORT) */
	const char *interface; /* the only one that it takes from (SO_BINDTODEVICE); NULL: all */
	const char *unit;      /* "ssh.service"; "init.scope": systemd itself; NULL: not known */
	const struct listener_program *program; /* NULL: not known */
	const char
		*text; /* "tcp 0.0.0.0:22", "udp [fe80::1]%eth0:546", "raw 0.0.0.0 protocol 112" */
};

/* What is remembered of each socket for the next reading. */
struct listener_known {
	uint64_t cookie; /* the kernel's name for it, never used twice */
	size_t index;	 /* in v */
	pid_t pid;	 /* 0: looked for and not found */
};

struct listeners {
	const struct listener *v; /* sorted by text */
	size_t n;
	size_t cut; /* sockets beyond those that are kept: nothing is known of them */
	const struct listener_known *known; /* sorted by cookie */
	size_t n_known;
	const char *owners; /* package_owner_signature() when packages were asked for */
};

/*
 * Who it is, for people: "sshd (/usr/sbin/sshd) of ssh.service, package
 * openssh-server"; and the value of its item, which is that and whether it takes
 * IPv4 as well. Hold nothing that is another after a restart. NULL on ENOMEM.
 */
const char *listener_who(struct arena *a, const struct listener *l);
const char *listener_value(struct arena *a, const struct listener *l);
