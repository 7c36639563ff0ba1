/* SPDX-License-Identifier: ISC */
/*
 * Name servers of this machine, by their configuration: BIND, unbound, dnsmasq
 * and the stub listeners of systemd-resolved. Each is reduced to what decides
 * whom it answers: where it listens, and in the order in which it asks them,
 * views with lists of addresses. What a server of these does when nothing is
 * said (BIND 9.18, unbound 1.17, dnsmasq 2.90 as the distributions start them,
 * systemd 252) is filled in.
 */
#pragma once

#include <stddef.h>

#include "fact/address-list.h"
#include "fact/conf-files.h"

/* A set of answers for some clients; a server without views has one for all. */
struct dns_view {
	const char *name;				   /* NULL: the only one */
	const struct address_list *clients, *destinations; /* which queries it is for */
	bool recursive_only; /* BIND's match-recursive-only: other queries go on to the next view */
	bool recursion;	     /* it looks up what it does not know, and so has a cache */
	struct conf_place recursion_at; /* where that is said; path NULL: a default */
	/* Whom it does that for, and whom it answers from its cache; on which own address. */
	const struct address_list *recurse, *recurse_on, *cache, *cache_on;
	/* Whom it answers from zones of its own. */
	const struct address_list *query, *query_on;
	bool own_zones; /* there are any for which query decides */
	const struct address_list
		*zones; /* zones that have a list of their own: who is in one of them */
};

struct name_server {
	const char *program;		/* "BIND" */
	const char *const *units;	/* that may run it; ends with NULL */
	const char *setting;		/* what limits recursion: "allow-recursion" */
	const char *path;		/* its main file */
	const char *fault, *fault_path; /* why it could not be read to its end; or NULL */
	unsigned fault_line;
	const struct address_list *listen[2]; /* IPv4, IPv6 */
	const struct address_list *ignore;    /* nobody of it is answered */
	const struct dns_view *views;
	size_t n_views;
};

/* The addresses of this machine's interfaces but loopback, and the nets that they are in. */
struct dns_places {
	const struct net *own, *nets;
	size_t n; /* 0: not known */
};

struct name_servers {
	const struct name_server *v; /* those that are installed and configured */
	size_t n;
};

/* The readers of one server each: *ret is untouched where there is none. 1, 0 or -ENOMEM. */
int name_server_bind(struct arena *a, const struct root *root, struct name_server *ret);
int name_server_unbound(struct arena *a, const struct root *root, struct name_server *ret);
int name_server_dnsmasq(struct arena *a, const struct root *root, struct name_server *ret);
int name_server_resolved(struct arena *a, const struct root *root, struct name_server *ret);

/* The first three of one text (written to), whose includes name nothing. 0 or -ENOMEM. */
int name_server_bind_text(struct arena *a, char *text, struct name_server *ret);
int name_server_unbound_text(struct arena *a, char *text, struct name_server *ret);
int name_server_dnsmasq_text(struct arena *a, char *text, struct name_server *ret);

/*
 * A list of the server's as a text: of clients, or of addresses on which it
 * listens. In BIND's words for BIND alone. In the arena; NULL on ENOMEM.
 */
const char *name_server_clients_text(
	struct arena *a, const struct name_server *s, const struct address_list *list);
const char *name_server_listen_text(
	struct arena *a, const struct name_server *s, const struct address_list *list);

/* Takes the fault of a reading over. */
void name_server_fault(struct name_server *s, const struct conf_files *f);

/* Whether one of the programs (absolute paths, ends with NULL) is in the root. */
bool name_server_installed(const struct root *root, const char *const programs[]);

/* What a query from somewhere gets, the most that it gets at any address. */
enum dns_answer {
	DNS_REFUSED,
	DNS_ZONES,   /* what is in the server's own zones */
	DNS_CACHE,   /* what it has looked up for others */
	DNS_RECURSES /* what anybody asks */
};

struct dns_exposure {
	enum dns_answer sure, maybe; /* maybe: what cannot be decided might add; not below sure */
	const struct dns_view *view; /* that decides */
	const struct address_list *list;
	struct net from; /* for whom: sources of this net, that is outside */
	bool local;	 /* it is in a net of this machine's interfaces */
};

/*
 * The most that the server gives to any source outside of inside[] and of this
 * machine, over any address of this machine beyond loopback that it listens on.
 * Where the addresses are not known, it may have any, and it is taken that
 * nobody outside is in one of its nets. 0; -E2BIG when its lists hold more than
 * 5,000 nets, which are not followed; -ENOMEM.
 */
int name_server_exposure(struct arena *a, const struct name_server *s, const struct net *inside,
	size_t n_inside, const struct dns_places *places, struct dns_exposure *ret);

/* Whether it listens on an address beyond loopback. 1, 0 or -ENOMEM. */
int name_server_listens(
	struct arena *a, const struct name_server *s, const struct dns_places *places);
