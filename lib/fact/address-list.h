/* SPDX-License-Identifier: ISC */
/*
 * Lists of addresses by which servers decide whom they answer: nets, names for
 * this machine's own, lists in lists, each negated or not; the first element
 * that matches decides. BIND's acl is one as it is written; lists of which the
 * longest prefix decides become one by address_list_sort().
 */
#pragma once

#include "base/arena.h"
#include "base/net.h"

enum address_kind {
	ADDRESS_NET,
	ADDRESS_ANY,
	ADDRESS_LOCALHOST, /* every address of this machine */
	ADDRESS_LOCALNETS, /* every net that an interface of this machine is in */
	ADDRESS_LIST,
	ADDRESS_NEVER,	   /* nobody by his address alone: a key */
	ADDRESS_UNDECIDED, /* nothing that can be told here: a country, a host's name */
};

struct address_list;

struct address_element {
	enum address_kind kind;
	bool negative;
	struct net net;			 /* ADDRESS_NET */
	const struct address_list *list; /* ADDRESS_LIST */
	const char *text;		 /* as written, without "!"; NULL: made from kind and net */
};

struct address_list {
	const struct address_element *v;
	size_t n;
	const char *path; /* where it stands; NULL: a default */
	unsigned line;
};

/* Lists that are a default or a whole setting somewhere. */
extern const struct address_list address_list_any, address_list_none, address_list_own,
	address_list_localhost;

/* Of one address, what is asked. */
struct address_asking {
	struct net address;
	bool own;		 /* it is this machine's: the names of its own hold */
	const struct net *local; /* nets of this machine's interfaces */
	size_t n_local;
};

enum address_match {
	ADDRESS_MISSED,	 /* no element matches */
	ADDRESS_REFUSED, /* a negated one does */
	ADDRESS_TAKEN,
	ADDRESS_MAY, /* an element that cannot be decided makes the difference */
};

/* What the list says of the address. A list in a list counts only where it takes. */
enum address_match address_list_match(
	const struct address_list *list, const struct address_asking *q);

/* Adds the nets of the list, and of those in it, to the array (arena_grow). 0 or -ENOMEM. */
int address_list_nets(struct arena *a, const struct address_list *list, struct net **v, size_t *n);

/* Whether the machine's own nets are an element of it, or of a list in it. */
bool address_list_names_own(const struct address_list *list);

/*
 * Puts elements that are nets (or any) in the order of their lengths, the
 * longest first, so that the first match is the longest. Of equal nets the one
 * that was given last goes first.
 */
void address_list_sort(struct address_element *v, size_t n);

/* "{ !10.0.0.0/8; localnets; }", for a person; cut where it is long. NULL on ENOMEM. */
const char *address_list_text(struct arena *a, const struct address_list *list);

/*
 * The same for a server that has no such lists in its configuration, in plain
 * words: "10.0.0.0/8, the nets of its interfaces"; how all, and nobody, are called there.
 * Lists within it are not written out. NULL on ENOMEM.
 */
struct address_words {
	const char *any, *none;
};
const char *address_list_plain(
	struct arena *a, const struct address_list *list, const struct address_words *words);
