/* SPDX-License-Identifier: ISC */
/*
 * A daemon's configuration over several files: each that an include names is
 * read within the root (and so watched), nested, and with bounds. The first
 * thing that goes wrong is kept, with its place, for the operator.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/fsio.h"

struct conf_files {
	struct arena *a;
	const struct root *root; /* NULL: includes name nothing (parsers over a text alone) */
	unsigned files, depth;
	/* Why it is not read to its end; NULL: it is. */
	const char *fault;
	const char *fault_path;
	unsigned fault_line; /* or 0 */
	bool absent;	     /* the fault is that a file is not there */
};

/* The place of a statement. */
struct conf_place {
	const char *path;
	unsigned line;
};

/*
 * Reads the files that pattern names (a path, or a pattern of glob(7)) and calls
 * each() with path and text, which lie in the arena. What is not there, cannot
 * be read, or is too much is remembered as the fault, at the place that names
 * it; missing tells that a file which is not there is none. 0, -ENOMEM, or what
 * each() returned below 0.
 */
int conf_files_read(struct conf_files *f, const char *pattern, const struct conf_place *at,
	bool missing, int (*each)(const char *path, char *text, void *arg), void *arg);

/* Remembers a fault, unless there is one already. 0 or -ENOMEM. */
int conf_files_fault(struct conf_files *f, const struct conf_place *at, const char *fmt, ...)
	_printf_(3, 4);
