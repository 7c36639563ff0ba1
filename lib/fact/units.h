/* SPDX-License-Identifier: ISC */
/*
 * Units of systemd: which there are, what boot starts, what runs now, and the
 * settings of theirs that checks ask about (after drop-ins, with file and line).
 *
 * What is enabled, masked, preset or static is read from the unit files and
 * links of the root, by the rules of systemd.unit(5) and systemctl(1), so that
 * an image is judged as a machine is; what runs now is the manager's own answer
 * over D-Bus, on the live root only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* As `systemctl is-enabled` says it. */
enum unit_file_state {
	UNIT_FILE_BAD,
	UNIT_FILE_ENABLED,
	UNIT_FILE_ENABLED_RUNTIME,
	UNIT_FILE_LINKED,
	UNIT_FILE_LINKED_RUNTIME,
	UNIT_FILE_ALIAS,
	UNIT_FILE_MASKED,
	UNIT_FILE_MASKED_RUNTIME,
	UNIT_FILE_STATIC,
	UNIT_FILE_DISABLED,
	UNIT_FILE_INDIRECT,
	UNIT_FILE_GENERATED,
	UNIT_FILE_TRANSIENT,
	UNIT_FILE_STATE_MAX,
};

/* "enabled", "masked-runtime", ...: the words of systemctl. */
const char *unit_file_state_name(enum unit_file_state s);

enum unit_active {
	UNIT_ACTIVE_UNKNOWN, /* no manager to ask: another root, or no systemd */
	UNIT_INACTIVE,
	UNIT_ACTIVE,         /* active, reloading or activating */
	UNIT_FAILED,
};

/* One assignment, in the order that systemd reads them; an empty value resets a list. */
struct unit_setting {
	const char *key;   /* "ExecStart" */
	const char *value; /* as written, continuation lines joined */
	const char *path;
	unsigned line;
};

struct unit {
	const char *name;   /* "ssh.service" */
	const char *path;   /* its unit file; NULL for one that is only a link or a mask */
	const char *target; /* the unit that it is an alias of; NULL when it is none */
	enum unit_file_state state;
	bool starts;        /* boot reaches it: default.target, a socket, timer or path that boot starts */
	enum unit_active active;
	/*
	 * Settings that checks ask about and no others: User, DynamicUser, ExecStart,
	 * Environment, EnvironmentFile, PassEnvironment; Unit and On* of timers; Listen* of
	 * sockets; Alias, WantedBy, RequiredBy, Also.
	 */
	const struct unit_setting *settings;
	size_t n_settings;
};

struct units {
	const struct unit *v; /* sorted by name */
	size_t n;
	bool live;            /* active was answered by a manager */
	bool booted;          /* systemd runs this machine: without live, what runs is not known */
	const char *live_reason; /* why not, when it should have been; else NULL */
	const char *init;     /* "systemd"; another init's name where there is no systemd */
};

/* The unit of that name, an alias resolved to what it names; NULL when there is none. */
const struct unit *units_find(const struct units *u, const char *name);

/*
 * Whether it does its work: runs now where a manager answers (for a timer or a
 * socket: waits), and boot starts it; on another root, whether boot starts it.
 */
bool unit_is_effective(const struct units *u, const char *name);

/* Runs now, or will at boot: what "unneeded" asks. */
bool unit_is_on(const struct units *u, const char *name);

/* The last value of key, or NULL when it is not set or was reset. */
const char *unit_setting(const struct unit *u, const char *key);

/* For tests: units from rows, sorted as the collector does; 0 or -ENOMEM. */
int units_sort(struct arena *a, struct unit *v, size_t n, struct units *ret);
