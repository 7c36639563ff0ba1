/* SPDX-License-Identifier: ISC */
/*
 * Lines of a configuration file: what inih leaves open, this settles. Every
 * line is looked at before inih sees it, so that inih only gets lines that it
 * reads as they are meant; the others are errors with their line number:
 * too long, a name too long, NUL or control characters, no '=', no section, a
 * header that does not end, an indented line that looks like a key.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"

#define CONF_LINE_MAX 197 /* bytes of a line: inih's buffer of 200 less "\r\n" and NUL */
#define CONF_NAME_MAX 49  /* bytes of a section's or key's name: inih's 50 less NUL */

struct conf_sink {
	/* A section begins. False when there is no such section: its keys are skipped. */
	bool (*section)(const char *name, unsigned line, void *arg);
	/* A key and its value; continued: an indented line that adds to the value above. */
	void (*key)(const char *key, const char *value, unsigned line, bool continued, void *arg);
	void *arg;
};

/* Reads a whole file; errors are added under path. 0, or -ENOMEM. */
int conf_read(const char *path, const char *text, size_t size, struct errlist *errors,
	const struct conf_sink *sink);
