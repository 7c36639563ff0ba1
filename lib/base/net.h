/* SPDX-License-Identifier: ISC */
/*
 * Networks: an IPv4 or IPv6 prefix, and whether an address lies in it.
 */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

struct net {
	int family;    /* AF_INET or AF_INET6 */
	unsigned bits; /* 0 ... 32 or 128 */
	unsigned char addr[16];
};

/*
 * Reads "192.0.2.1" (one address) or "2001:db8::/32". 0; -EINVAL when it is
 * neither; -EDOM when bits beyond the prefix are set, and then ret is the net
 * that it lies in.
 */
int net_parse(const char *s, struct net *ret);

/* "192.0.2.0/24"; an address without its length. Into buf; returns buf. */
#define NET_TEXT_MAX 64
const char *net_text(const struct net *n, char buf[static NET_TEXT_MAX]);

/* Whether all of inner lies in outer. Never for different families. */
bool net_contains(const struct net *outer, const struct net *inner);
