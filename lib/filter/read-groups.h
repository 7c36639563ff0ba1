/* SPDX-License-Identifier: ISC */
/*
 * A cloud's security groups, as its client exports them, and as a ruleset that
 * flow.h answers questions about. Forms that are read, told apart by their keys
 * (spelled with capitals, blanks or underscores, as clients and versions do):
 *
 *   openstack security group rule list [GROUP] --long -f json
 *   openstack security group show GROUP -f json
 *   openstack security group list -f json       names of groups, no rules
 *   exo compute security-group show GROUP -O json
 *   and what OpenStack's network API itself answers, or arrays of these
 *
 * A rule only ever lets in (or out): what none names is dropped, except what
 * goes out of groups of Exoscale that have no rule for it. An export that lacks
 * something a rule depends on is refused as a whole, since half of one looks
 * like fewer openings.
 *
 * Pure: no I/O, no clock. Everything lives in the arena of struct groups.
 */
#pragma once

#include "filter/ruleset.h"

enum {
	GROUPS_MAX = 2048,
	GROUP_RULES_MAX = 16384,
};

struct group {
	const char *id;	  /* NULL: no export tells it */
	const char *name; /* what people call it; the id where no export tells it */
	const char *path; /* the export that told of it first */
	bool described;	  /* its rules are known, and not only its name */
	bool exoscale;
	struct net *sources; /* addresses that belong to it beside its machines (Exoscale) */
	size_t n_sources;
};

enum { GROUP_ANY = -1 };

struct group_rule {
	const struct group *group;
	const char *id;
	const char *path; /* the export that it stands in */
	bool egress;
	int family;		  /* AF_INET, AF_INET6; AF_UNSPEC: both */
	int l4proto;		  /* IPPROTO_*, or GROUP_ANY */
	struct span ports;	  /* of the destination; all of them for protocols without ports */
	int icmp_type, icmp_code; /* or GROUP_ANY */
	struct net net;		  /* from where, or where to; with remote NULL */
	const char *remote;	  /* id or name of a group whose members are meant; NULL: net */
	const char *what;	  /* "ingress IPv4 tcp 22 from 0.0.0.0/0", after groups_finish() */
	const char *text;	  /* "group web rule 6c1f: ingress IPv4 tcp 22 from 0.0.0.0/0" */
	size_t owner;		  /* place of the group in groups.v */
};

struct groups {
	struct arena *arena; /* of all of it; borrowed */
	struct group *v;     /* in order of reading */
	size_t n;
	struct group_rule *rules; /* by group, direction and id after groups_finish() */
	size_t n_rules;
};

/*
 * Adds the export with this text, of the file at path (which names the group
 * where the export does not: GROUP.json). 0; -ENOMEM; -EBADMSG when it is none
 * of these forms or incomplete: *ret_why (in the arena) says where and what was
 * found, *ret_line the line or 0, and nothing of it is added.
 */
int groups_read(struct groups *g, const char *path, const char *json, size_t size,
	unsigned *ret_line, const char **ret_why);

/*
 * Call it once behind the last groups_read(): gives groups their names and
 * rules their groups, drops a rule that two exports tell. 0 or -ENOMEM.
 */
int groups_finish(struct groups *g);

/* The group of this id or name; NULL. After groups_finish(). */
const struct group *groups_find(const struct groups *g, const char *name);

/* Addresses of a group's members, as the administrator knows them. */
struct group_member {
	const char *group; /* id or name */
	struct net net;
};

/* What is asked for of the groups. All borrowed. */
struct groups_choice {
	const bool *chosen; /* by place in groups.v; NULL: every group */
	const struct group_member *members;
	size_t n_members;
};

/*
 * Whether the members of the group that the rule names are known: NULL, or the
 * name of that group. (For a rule that names none: NULL.)
 */
const char *groups_unknown(
	const struct groups *g, const struct groups_choice *choice, const struct group_rule *rule);

/*
 * The rules of a machine that is in all of the chosen groups, in the arena of
 * *ret, to be freed: base chains for what comes in and goes out; one rule for
 * each of the groups' rules, whose text is that rule's. Members that are not
 * known make a rule opaque: what it lets in is told as "may". It borrows texts
 * from *g, which must live as long. 0 or -ENOMEM.
 */
int groups_ruleset(
	const struct groups *g, const struct groups_choice *choice, struct ruleset **ret);
