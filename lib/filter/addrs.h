/* SPDX-License-Identifier: ISC */
/*
 * Sets of numbers of up to 128 bits as sorted, disjoint, non-adjacent spans:
 * the addresses of one family (IPv4 in the low 32 bits), or ports. What a rule
 * lets in is such a set and not one address, so that "from where" has an exact
 * answer.
 *
 * A set belongs to its owner and is freed with addrs_fini(); one with room 0
 * is borrowed (from a ruleset's arena) and only read. Taking a few spans out of
 * a long set moves memory but allocates nothing; two long sets are joined, cut
 * or subtracted in one pass over both.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/net.h"
#include "base/util.h"

/* 64-bit machines only, as every cloud image is. */
typedef unsigned __int128 u128;

struct span {
	u128 lo, hi; /* both in it; lo <= hi */
};

struct addrs {
	struct span *v; /* sorted; a gap between any two */
	size_t n;
	size_t room; /* 0: v is borrowed */
};

void addrs_fini(struct addrs *a);
#define _cleanup_addrs_ _cleanup_(addrs_fini)

/* All addresses of a family (AF_INET, AF_INET6). */
struct span addrs_all(int family);

/* The addresses of a prefix. */
struct span addrs_net(const struct net *net);

/* One address: 4 or 16 bytes of the family's in_addr, and back. */
u128 addrs_number(int family, const void *addr);
void addrs_bytes(int family, u128 number, void *ret_addr);

/* Sorts n spans of any order and joins what touches, in place; returns how many are left. */
size_t addrs_normalize(struct span *v, size_t n);

/* Each of these makes *a a set of its own. 0 or -ENOMEM, and then *a is what it was. */
int addrs_copy(struct addrs *a, const struct addrs *from); /* *a: empty or uninitialised */
int addrs_add(struct addrs *a, struct span s);
int addrs_union(struct addrs *a, const struct addrs *b);
int addrs_intersect(struct addrs *a, const struct addrs *b);
int addrs_subtract(struct addrs *a, const struct addrs *b);

/* A copy in the arena, borrowed: not to be freed or changed. 0 or -ENOMEM. */
int addrs_keep(struct arena *arena, const struct addrs *from, struct addrs *ret);

/*
 * Cuts *a in two: what is in b too comes into *ret_in (uninitialised before),
 * the rest stays in *a. 0 or -ENOMEM, and then both are as before.
 */
int addrs_split(struct addrs *a, const struct addrs *b, struct addrs *ret_in);

/* What is both in *a and in s, into *ret (uninitialised before). 0 or -ENOMEM. */
int addrs_common(const struct addrs *a, struct span s, struct addrs *ret);

bool addrs_is_empty(const struct addrs *a);
bool addrs_equal(const struct addrs *a, const struct addrs *b);

/* Whether it holds all of s; whether it holds any of s. */
bool addrs_contains(const struct addrs *a, struct span s);
bool addrs_overlaps(const struct addrs *a, struct span s);

/*
 * The set as minimal CIDR prefixes, in order: calls each(net, arg) until one
 * returns other than 0, and returns that; 0 at the end. family says what the
 * numbers are.
 */
int addrs_each_net(
	const struct addrs *a, int family, int (*each)(const struct net *, void *), void *arg);

/*
 * "any", "none" or "192.0.2.0/24, 198.51.100.7 and 12 more": at most max
 * prefixes. NULL on ENOMEM. The text belongs to the arena.
 */
char *addrs_text(struct arena *arena, const struct addrs *a, int family, size_t max);
