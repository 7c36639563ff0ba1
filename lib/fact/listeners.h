/* SPDX-License-Identifier: ISC */
/*
 * Sockets that wait for others: TCP that listens, UDP that is bound, and whose
 * they are, as the kernel tells by sock_diag(7). Of the running machine only.
 *
 * A socket is a unit's by the control group that it was made in, which the
 * kernel tells with it: no other process need be looked into.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct listener {
	bool tcp;
	int family;           /* AF_INET or AF_INET6 */
	unsigned char addr[16];
	uint16_t port;
	bool loopback;        /* nobody outside of the machine can reach it */
	uint32_t uid;         /* who made it */
	const char *unit;     /* "ssh.service"; "init.scope": systemd, for a socket unit; NULL: not known */
	const char *text;     /* "tcp 0.0.0.0:22" */
};

struct listeners {
	const struct listener *v; /* sorted by text */
	size_t n;
};
