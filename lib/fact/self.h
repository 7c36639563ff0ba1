/* SPDX-License-Identifier: ISC */
/*
 * This daemon's own files: configuration, units and their drop-ins, programs,
 * state directory; and every directory on the way to them, links followed,
 * since who may write there may put another file in the place.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "fact/fact.h"

struct self_file {
	const char *path;      /* as it is looked for */
	const char *target;    /* where links lead, when they do; else NULL */
	const char *reason;    /* why it could not be looked at; NULL when it could */
	enum fact_state state; /* of this file */
	uid_t uid;
	gid_t gid;
	mode_t mode;	    /* with the type */
	const char *sha256; /* of the content, 64 hex digits; NULL for a directory or device */
};

struct self {
	/* Those that are there, or whose being there could not be told. */
	const struct self_file *files;
	size_t n_files;
	/* The directories on the way, each once; no target, no hash. */
	const struct self_file *dirs;
	size_t n_dirs;
};
