/* SPDX-License-Identifier: ISC */
/*
 * The lines and words of apt.conf(5), for apt-conf.c alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/*
 * The line of n bytes with tabs as eight blanks, without blanks around it and
 * without comments, in memory of its own (to be freed). *comment: whether a
 * comment goes on over the end of lines, before and after. 0 or -ENOMEM.
 */
int apt_line_strip(const char *line, size_t n, bool *comment, char **ret);

/* What stands before a ";", "{" or "}", perhaps over several lines. */
struct apt_statement {
	char *text; /* freed by the owner */
	size_t size, room;
};

/* Adds n bytes without the blanks around them, with one blank before. 0 or -ENOMEM. */
int apt_statement_add(struct apt_statement *s, const char *text, size_t n);

struct apt_words {
	const char *tag;
	const char *word; /* NULL: only a tag */
};

/*
 * The one or two words of a statement, without quotes, in the arena. What apt
 * would refuse is told in *ret_fault. 0 or -ENOMEM.
 */
int apt_statement_split(const struct apt_statement *s, struct arena *a, struct apt_words *ret,
	const char **ret_fault);
