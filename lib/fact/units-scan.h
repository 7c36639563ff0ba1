/* SPDX-License-Identifier: ISC */
/*
 * Inside of the units collector: what lies in the directories of units, and
 * what systemd makes of it. Everything here lives in the collector's scratch
 * arena, but for what the fact keeps.
 */
#pragma once

#include "fact/fact.h"
#include "fact/unit-file.h"
#include "fact/units.h"

enum {
	UNIT_DIRS_MAX = 16,
	UNIT_FILE_SIZE_MAX = 1 << 20,
	UNIT_NAMES_MAX = 16384, /* of one directory */
	UNIT_HOPS_MAX = 64,	/* of links from unit to unit, as systemd */
};

/* A name in one of the directories. */
struct unit_entry {
	const char *name;
	const char *target; /* of a link: absolute, without "." and ".."; NULL: a file */
	unsigned dir;	    /* index in the directories: the lowest wins */
	bool null;	    /* leads to /dev/null, or to nothing in it: a mask */
};

enum unit_link_kind {
	LINK_WANTS,
	LINK_REQUIRES,
	LINK_UPHOLDS,
};

/* UNIT.wants/NAME. */
struct unit_link {
	const char *unit, *name;
	unsigned dir;
	enum unit_link_kind kind;
	bool link; /* a symbolic link: nothing else counts */
	bool null;
};

/* UNIT.d/FILE.conf; UNIT may be a type or end in "-". */
struct unit_dropin {
	const char *unit, *file;
	unsigned dir;
};

struct units_scan {
	struct arena *a; /* scratch */
	const struct root *root;
	const char *dirs[UNIT_DIRS_MAX];
	unsigned n_dirs;
	struct unit_entry *entries; /* sorted by name, dir */
	size_t n_entries;
	struct unit_link *links;    /* sorted by unit, name, dir */
	size_t n_links;
	struct unit_dropin *dropins; /* sorted by unit, dir, file */
	size_t n_dropins;
	const char *failed;	    /* the directory that could not be listed */
};

#define UNIT_DIR_CONFIG	   "/etc/systemd/system"
#define UNIT_DIR_TRANSIENT "/run/systemd/transient"
#define UNIT_DIR_GENERATOR "/run/systemd/generator"

/* Lists the directories of units. 0 or -errno (then failed says which). */
int units_scan(struct units_scan *s, const struct root *root, struct arena *scratch);

/* The entry of that name that counts, or NULL. */
const struct unit_entry *units_scan_entry(const struct units_scan *s, const char *name);

/* The first of the links and drop-ins of a unit; *ret_n how many. NULL when there are none. */
const struct unit_link *units_scan_links(
	const struct units_scan *s, const char *unit, size_t *ret_n);
const struct unit_dropin *units_scan_dropins(
	const struct units_scan *s, const char *unit, size_t *ret_n);

/* Path of a name in a directory. In the arena; NULL on ENOMEM. */
char *units_scan_path(const struct units_scan *s, struct arena *a, unsigned dir, const char *name);

/* Whether the path lies beneath one of the directories. */
bool units_scan_inside(const struct units_scan *s, const char *path);

/* A list of words that only grows. */
struct unit_words {
	const char **v;
	size_t n;
};
int unit_words_add(struct arena *a, struct unit_words *w, const char *word);

/* A unit by one of its names, as it is being found out. */
struct unit_info {
	const char *name;
	struct unit_info *final;  /* what the name leads to by aliases; itself when to none; NULL: bad */
	const char *path;	  /* of its file, kept in the fact; NULL: none */
	const char *link;	  /* the link or mask that its name is, kept in the fact; or NULL */
	struct unit_words names;  /* other names that lead to it */
	enum unit_file_state state;
	bool masked, bad, loaded, sysv, starts;
	enum unit_active active;
	struct unit_words aliases; /* of [Install] */
	const char *default_instance;
	unsigned wanted;	  /* a bit for each of WantedBy=, RequiredBy=, UpheldBy= */
	bool has_also;
	struct unit_words needs;  /* Wants=, Requires=, BindsTo=, Upholds=, Sockets= */
	const char *trigger;	  /* Unit= of a timer or path, Service= of a socket */
	bool accept;		  /* a socket with a service for each connection */
	struct unit_setting *settings; /* kept */
	size_t n_settings;
};

struct units_work {
	struct units_scan scan;
	struct arena *a;    /* scratch */
	struct fact *f;
	struct unit_info **v; /* the first n_sorted by name */
	size_t n, n_sorted;
};

/* The unit of that name, made when there is none yet. NULL on ENOMEM. */
struct unit_info *units_add(struct units_work *w, const char *name);
void units_sort_infos(struct units_work *w);

/* The unit of that name, or NULL. */
struct unit_info *units_info(const struct units_work *w, const char *name);

/* Reads the unit's file and its drop-ins. 0 or -ENOMEM; a file that is bad is so marked. */
int units_load(struct units_work *w, struct unit_info *u);

/* Follows each name to what it means, reads the files. 0 or -ENOMEM. */
int units_resolve(struct units_work *w);

/* Finds out the state of each. */
void units_states(struct units_work *w);

/* Marks what boot starts. 0 or -ENOMEM. */
int units_reach(struct units_work *w);

/* Scripts of SysV init without a unit of their own: adds them. 0 or -errno. */
int units_sysv(struct units_work *w);

/* One unit as the manager knows it now. */
struct unit_live {
	const char *name;
	enum unit_active active;
};

/*
 * Asks the manager of the running system which units there are. 0, -ENOMEM, or
 * another -errno and why in *ret_reason (in the arena).
 */
int units_ask(struct arena *a, struct unit_live **ret, size_t *ret_n, const char **ret_reason);
