/* SPDX-License-Identifier: ISC */
/*
 * Directories on the way of a walk, the watches on them and on what is in
 * them, and what is known of them from walks before.
 */
#pragma once

#include <sys/stat.h>

#include "watch-table.h"

enum {
	STEPS_MAX = 512, /* of one path with its links: a user's maze must not use up all watches */
};

/* What a path is followed for. */
enum {
	USE_DEEP = 1 << 0, /* to go on below it */
	USE_LIST = 1 << 1,
	USE_FILE = 1 << 2,
	USE_LOCK = 1 << 3,
};

/* A directory on the way. */
struct place {
	int fd; /* O_PATH; -1: not opened, as nothing below had to be looked at until now */
	int wd; /* 0: it could not be watched */
	unsigned depth, links, steps;
	unsigned files; /* objects in it that are watched themselves */
	unsigned major, minor;
	uint32_t mount_id;
	bool mount, remote;
	struct place *above; /* where it is n bytes of name; set while fd is -1 */
	const char *name;
	size_t n;
};

struct walk {
	int inotify;
	const struct root *root;
	struct watch_table *table;
	enum fact_id id;
	int error;   /* why something could not be watched: the first, or -ENOSPC; 0 */
	bool remote; /* something lies on a file system that tells of no changes by others */

	enum name_kind kind; /* what the last step came to */
	int child;
	struct place top; /* the root */
	bool bounded;	  /* within a dep's beneath part: */
	unsigned floor;	  /* no way up from this depth */
};

/* The events that an object is to be watched for, by its present and next roles. */
uint32_t walk_mask(const struct object *o);

/* Notes that something could not be watched. */
void walk_note(struct walk *k, int error);

/* The same after a failed open(2): only what is our own lack, not what any reader meets. */
void walk_note_open(struct walk *k);

/* Closes it. */
void place_fini(struct place *p);

/* Looks at what was opened; false when that fails. */
bool place_identify(struct place *p, mode_t *ret_type);

/* Whether it is worth going on into the file system that begins here; says whether it is remote. */
bool place_enter(struct place *p);

/*
 * Opens a place that was not looked at in this walk; false when that fails. When
 * it is another directory by now, it becomes that one; the event that tells so
 * is still to come, and with it another walk.
 */
bool place_open(struct walk *k, struct place *p);

/* The name in the directory at matters for the use from now on. */
void place_watch_name(struct walk *k, struct place *at, const char *s, size_t n, unsigned use);

/*
 * Watches the directory for its uses; where no name leads to it, itself as well.
 * Its wd or 0; the walk's kind and child say the same.
 */
int place_watch_dir(struct walk *k, const struct place *p, unsigned use, bool nameless);

/*
 * Watches what is looked at in the directory at, and is no directory, for the
 * use; the walk's kind and child say whether it could be.
 */
void place_watch_self(struct walk *k, struct place *at, const struct place *file, unsigned use);

/* Keeps what the name was found to be: the walk's kind and child. */
void place_remember(struct walk *k, const struct place *at, const char *s, size_t n);

/*
 * Takes a step from what is known, without a look: the fact had all that it
 * needs here, and no event has told of a change since. False when that is not
 * so; else reached says whether it led to a directory, which is in ret.
 */
bool place_known(struct walk *k, struct place *at, const char *s, size_t n, unsigned use,
	struct place *ret, bool *reached);
