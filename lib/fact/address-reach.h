/* SPDX-License-Identifier: ISC */
/* What a list of addresses comes to for all addresses that are not this machine's. */
#pragma once

#include "fact/address-list.h"

/* Adds nets to an array of them (arena_grow). 0 or -ENOMEM. */
int address_reach_add(
	struct arena *a, const struct net *nets, size_t n_nets, struct net **v, size_t *n);

/* Adds those of loopback, so that they are regions of their own in a search. */
int address_reach_loopback(struct arena *a, struct net **v, size_t *n);

/*
 * The most that the list says of any source of the family outside of inside[]
 * and of loopback: ADDRESS_TAKEN, else ADDRESS_MAY, else ADDRESS_REFUSED; of the
 * first two, in *ret_from, the net of such sources. Names of the machine's own
 * nets take nobody. The match, or -ENOMEM.
 */
int address_reach_outside(struct arena *a, const struct address_list *list, int family,
	const struct address_list *inside, struct net *ret_from);

/* Whether the list takes, or may take, an own address of the family beyond loopback. 1, 0 or
 * -ENOMEM. */
int address_reach_beyond(struct arena *a, const struct address_list *list, int family);
