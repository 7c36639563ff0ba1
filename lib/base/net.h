/* SPDX-License-Identifier: ISC */
/*
 * Networks: an IPv4 or IPv6 prefix, and whether an address lies in it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
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

/*
 * The same of IPv4 with octets left out at its end, as some daemons write nets:
 * "10/8", "192.168". Without a length, 8 bits for each octet that is there.
 */
int net_parse_short(const char *s, struct net *ret);

/* "192.0.2.0/24"; an address without its length. Into buf; returns buf. */
#define NET_TEXT_MAX 64
const char *net_text(const struct net *n, char buf[static NET_TEXT_MAX]);

/* Whether all of inner lies in outer. Never for different families. */
bool net_contains(const struct net *outer, const struct net *inner);

/* Whether it is within 127.0.0.0/8, also as IPv6 writes that, or ::1. */
bool net_is_loopback(const struct net *n);

/* Every address of the family: 0.0.0.0/0 or ::/0. */
struct net net_everything(int family);

/*
 * The nets in v cut the addresses of a family into regions, each of all the
 * addresses that have the same smallest net of v around them. Calls each() once
 * for each region that holds any: with one of its addresses, and with that net
 * (net_everything() where none of v is around it). What depends on the nets of
 * v alone is so decided for all addresses. Returns what each() did, as soon as
 * that is not 0; 0; -ENOMEM.
 */
int net_regions(const struct net *v, size_t n, int family,
	int (*each)(const struct net *address, const struct net *within, void *arg), void *arg);
