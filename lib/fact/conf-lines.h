/* SPDX-License-Identifier: ISC */
/* Configurations that are a directive and its words on each line. */
#pragma once

#include "fact/conf-files.h"

struct conf_lines {
	struct conf_files *files;
	const char *comments; /* a line that begins with one of these is none */
	const char *rest;     /* behind one of these the rest of a line is none; or NULL */
	/* A line with at least one word; words end with NULL. Below 0: stops. */
	int (*each)(void *arg, const struct conf_place *at, const char *const *words, size_t n);
	void *arg;
};

/* Calls each() for the lines of the text (written to). 0, or what each() returned below 0. */
int conf_lines_parse(const struct conf_lines *c, const char *path, char *text);

/* conf_files_read() for conf_lines_parse(). */
int conf_lines_read(
	struct conf_lines *c, const char *pattern, const struct conf_place *at, bool missing);
