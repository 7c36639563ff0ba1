/* SPDX-License-Identifier: ISC */
/* Parts of the collector of the firewall. For firewall*.c only. */
#pragma once

#include "fact/fact.h"
#include "fact/firewall.h"

enum {
	FIREWALL_OUTPUT_MAX = 128 << 20, /* of a program, in bytes */
};

/* A program that lists rules, under the names that distributions give it. */
struct firewall_lister {
	const char *name;
	const char *const *argv[3]; /* tried in order; ends with NULL */
	const char *missing;	    /* what to do when none of them is there */
};

#define FIREWALL_ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})

/*
 * Runs the lister. 0, with *ret in the arena; -ENOENT: not installed; -ENOMEM;
 * else -errno, and *ret_why is set.
 */
int firewall_list(const struct collect *c, struct arena *a, const struct firewall_lister *l,
	const char **ret, const char **ret_why);

/* iptables-legacy-save, ip6tables-legacy-save */
extern const struct firewall_lister firewall_legacies[2];

/*
 * The output of both, of each whose family the kernel has tables of, into the
 * arena. Where this process may not make the raw sockets by which they ask
 * (the unit of the daemon has none), hardend-legacy.socket starts them. 0;
 * -ENOMEM; another -errno with *ret_why.
 */
int firewall_legacy(
	const struct collect *c, struct arena *a, const char *ret[static 2], const char **ret_why);

/*
 * The part of it that asks the unit at the socket path, for tests. names are
 * those of each family's tables as the kernel gives them, one a line: all of
 * them must be in what comes, since half of the rules would look like an open
 * firewall, or like a closed one.
 */
int firewall_legacy_ask(struct arena *a, const char *path, const char *const names[static 2],
	const char *ret[static 2], const char **ret_why);

/*
 * Takes apart what hardend-legacy@.service writes: the output of both programs,
 * a line before each and one at the end. ret points into text, which is
 * changed. 0, or -EBADMSG when it is not whole.
 */
int firewall_legacy_split(char *text, size_t size, const char *ret[static 2]);

/*
 * The rules that the kernel has, by the programs that list them, into the
 * arena. 0; -ENOMEM; another -errno with *ret_why: what could not be read and
 * what to do, for the fact's reason.
 */
int firewall_read(
	const struct collect *c, struct arena *a, struct ruleset **ret, const char **ret_why);

/*
 * What the rules depend on beside themselves: interfaces and addresses of
 * FACT_ADDRESSES, forwarding of FACT_SYSCTL, and the routes, which are asked of
 * the kernel. What of it is not known is left out (routes_known is false then).
 * 0 or -ENOMEM.
 */
int firewall_host(const struct collect *c, struct arena *a, struct flow_host **ret);
