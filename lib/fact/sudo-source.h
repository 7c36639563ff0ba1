/* SPDX-License-Identifier: ISC */
/*
 * The stack of files that the scanner of sudoers reads: the one that it is in,
 * and those that included it.
 */
#pragma once

#include "fact/sudo-lex.h"

struct sudo_source {
	struct sudo_source *parent;
	const char *path;
	char **more; /* files of the same includedir that come after it; ends with NULL */
	const char *text;
	size_t size, pos;
	unsigned line;	 /* 1-based, of pos */
	bool bol;	 /* pos is at the beginning of a line, as flex sees it */
	size_t no_regex; /* no regular expression ends before this place */
};

/* Puts the file on the stack. 0, -ENOMEM, -EFBIG, or what files->read() says. */
int sudo_source_push(struct sudo_lex *lx, const char *path, bool in_dir, char **more);

/*
 * Leaves the file at its end, for the next one of its includedir or for its
 * parent. 1, 0 when the first file has ended, or -errno.
 */
int sudo_source_pop(struct sudo_lex *lx);
