/* SPDX-License-Identifier: ISC */
/*
 * What the inotify source knows: the objects that have a watch, and the names
 * that matter in those that are directories, each with the facts that they
 * matter to. Dense arrays with an index beside them, since ten thousand users'
 * ~/.ssh are tens of thousands of rows. Makes no system call.
 *
 * A fact's roles are renewed as a whole: table_add*() says what it needs from
 * now on, table_commit() compares that with what it had and forgets the rest.
 * Until then both hold, so that no event is dropped between.
 *
 * What a walk found is kept too (enum name_kind), and stays true until an event
 * makes the row stale: the next walk need not look again.
 *
 * Pointers to rows are valid until the next table_add*() or table_commit().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fact/fact.h"

/* Why an object is watched. */
enum object_role {
	OBJECT_PATH,  /* a directory on the way */
	OBJECT_FINAL, /* a directory in which a file is looked at */
	OBJECT_CROWD, /* a directory in which more are than can be watched each */
	OBJECT_LIST,  /* a directory that is listed */
	OBJECT_SELF,  /* itself: content or metadata */
	OBJECT_LOCK,  /* a file that is opened to lock it, and closed when what it guards is done */
	OBJECT_ROLE_MAX,
};

/* Why a name in a directory matters. */
enum name_role {
	NAME_PATH,  /* the way goes on through it */
	NAME_FINAL, /* it is what is looked at */
	NAME_ROLE_MAX,
};

typedef uint64_t fact_mask; /* FACT_BITs */
_Static_assert(FACT_MAX <= 64, "fact_mask has a bit for each fact");

struct object {
	int wd;	       /* > 0 */
	uint32_t mask; /* what the kernel was asked to tell */
	fact_mask role[OBJECT_ROLE_MAX];
	fact_mask fresh; /* listed it before something was created in it */
	uint8_t next;	 /* bits of enum object_role: the fact's roles to be */
	bool dir;
	bool mount;  /* a mount's root: no directory above is told when it changes */
	bool remote; /* on a file system that does not tell of all changes */
	bool many;   /* reached through several mounts, each with its own mounts below */
	bool stale;
	uint32_t mount_id;
};

/* What a name was found to be. */
enum name_kind {
	KIND_OTHER, /* a link, or anything that is to be looked at each time */
	KIND_MISSING,
	KIND_BARE,   /* a directory that nobody goes into */
	KIND_OBJECT, /* the object that child watches */
};

struct name {
	int wd;	       /* of the directory */
	int child;     /* wd of KIND_OBJECT, else 0 */
	uint32_t text; /* offset in the table's text, NUL-terminated */
	fact_mask role[NAME_ROLE_MAX];
	uint8_t next;
	uint8_t length;
	uint8_t kind;
	bool stale;
	bool made; /* created since the last walk */
};

struct watch_table {
	struct object *objects;
	struct name *names;
	char *text;
	uint32_t n_objects, room_objects, n_names, room_names, n_text, room_text;
	uint32_t *object_index, *name_index; /* row + 1, or 0 */
	uint32_t object_slots, name_slots;   /* powers of two, or 0 */
	uint64_t seed;			     /* names come from users */
};

void table_init(struct watch_table *t, uint64_t seed);
void table_fini(struct watch_table *t);

/* The row of a watch or a name, or NULL. */
struct object *table_object(const struct watch_table *t, int wd);
struct name *table_name(const struct watch_table *t, int wd, const char *s, size_t n);

/* The same, made when it is not there (n <= 255). NULL on ENOMEM. */
struct object *table_add_object(struct watch_table *t, int wd);
struct name *table_add_name(struct watch_table *t, int wd, const char *s, size_t n);

/* Makes all rows stale: events were lost. */
void table_stale(struct watch_table *t);

/* All facts that the object matters to. */
fact_mask object_facts(const struct object *o);

/* What renewing a fact's roles came to. */
struct commit {
	bool gained;	 /* it has a role that it had not */
	fact_mask loose; /* facts that share an object whose kernel mask could be less */
};

/*
 * The fact has exactly the roles that were given since the last commit; with
 * keep also those it had. Rows without any role are dropped, and dropped() is
 * called for each such object. wanted() is the kernel mask that an object needs.
 */
struct commit table_commit(struct watch_table *t, enum fact_id id, bool keep,
	uint32_t (*wanted)(const struct object *o), void (*dropped)(int wd, void *arg), void *arg);
