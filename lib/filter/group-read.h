/* SPDX-License-Identifier: ISC */
/*
 * What the readers of the clients' forms share: values of an export, errors that
 * name the rule, and the groups and rules that are added. For read-groups.c,
 * group-value.c and group-exo.c only; everywhere -EBADMSG means that
 * group_fault() has said why.
 */
#pragma once

#include <jansson.h>

#include "filter/read-groups.h"

enum { GROUP_TEXT_MAX = 128 };

struct group_reading {
	struct groups *g;
	struct arena *a;
	size_t first; /* of this file's groups */
	const char *path;
	const char *why;
	const char *what; /* entry that is being read, for errors: "rule 6c1f" */
};

/* Says why the export is refused. -EBADMSG or -ENOMEM. */
int group_fault(struct group_reading *rd, const char *fmt, ...) _printf_(2, 3);

/*
 * Whether the key is this one (small letters and digits), whatever its capitals,
 * blanks and underscores.
 */
bool group_is_key(const char *key, const char *want);

/* The value of the key; of one of two; NULL. */
const json_t *group_key(const json_t *object, const char *want);
const json_t *group_either(const json_t *object, const char *want, const char *other);

/*
 * A text of the export, in the arena: NULL where it is null, empty or "None",
 * which clients write for nothing. A number is its digits. 0, -EBADMSG, -ENOMEM.
 */
int group_text(struct group_reading *rd, const json_t *value, const char *key, const char **ret);

/* The place of the group of this file, made when it is not there. 0, -EBADMSG, -ENOMEM. */
int group_add(struct group_reading *rd, const char *id, const char *name, size_t *ret);

/* The same by "id" and "name" of an object that describes a group. */
int group_named(struct group_reading *rd, const json_t *object, size_t *ret);

/*
 * Makes *x a rule for everything with the id of the object, by which errors name
 * it from then on; number: its place, from 1. 0, -EBADMSG, -ENOMEM.
 */
int group_begin_rule(
	struct group_reading *rd, const json_t *object, size_t number, struct group_rule *x);

/* Adds the rule to the group that is its owner. 0, -EBADMSG, -ENOMEM. */
int group_add_rule(struct group_reading *rd, const struct group_rule *rule);

/* A protocol by name or number, NULL: any. The family must be set. 0, -EBADMSG, -ENOMEM. */
int group_set_protocol(struct group_reading *rd, const char *text, struct group_rule *x);
bool group_is_icmp(const struct group_rule *x);

/*
 * Two bounds as the network API has them, once the protocol is set: ports, or
 * type and code of ICMP; NULL or "-1": any. 0, -EBADMSG, -ENOMEM.
 */
int group_set_bounds(
	struct group_reading *rd, const char *min, const char *max, struct group_rule *x);

/* From where or where to; NULL: every address of the family. 0, -EBADMSG, -ENOMEM. */
int group_set_net(struct group_reading *rd, const char *text, struct group_rule *x);

/* A group as exo shows it. 0, -EBADMSG, -ENOMEM. */
int group_read_exo(struct group_reading *rd, const json_t *object);
