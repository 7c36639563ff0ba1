/* SPDX-License-Identifier: ISC */
/*
 * Interfaces and addresses of the running machine, of this network namespace,
 * as the kernel tells them by rtnetlink(7).
 *
 * Items are what lasts: an interface that somebody made and its addresses. Not
 * the ends of containers' cables (veth, or what is a port of a bridge), which
 * come and go with their containers, nor addresses that change by themselves
 * (IPv6 privacy addresses, link-local ones).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/net.h"

struct interface {
	unsigned index;
	const char *name; /* "eth0" */
	const char *kind; /* "bridge", "veth", "wireguard"; NULL: a device */
	unsigned master;  /* index of what it is a port of; 0: of nothing */
	bool up;	  /* set so; whether a cable is in it is another question */
	bool loopback;
	bool passing; /* no item */
};

struct address {
	const struct interface *interface;
	struct net net;	 /* the address itself, its own length: 32 or 128 bits */
	unsigned prefix; /* of the network that is on the link */
	bool global;	 /* not of one link or one machine only */
	bool temporary;	 /* IPv6 privacy extensions */
	bool passing;	 /* no item */
};

struct addresses {
	const struct interface *interfaces; /* sorted by index */
	size_t n_interfaces;
	const struct address *v; /* sorted by interface, then family and address */
	size_t n;
};

/* The interface of this index, or NULL. */
const struct interface *addresses_interface(const struct addresses *a, unsigned index);
