/* SPDX-License-Identifier: ISC */
/*
 * The syntax of named.conf(5): statements of words, strings and blocks that end
 * with ";", three forms of comments, include. Knows no statement's meaning.
 */
#pragma once

#include "fact/conf-files.h"

/* A word, a string, "!", or a block; as they follow each other in a statement. */
struct bind_node {
	const char *text; /* NULL: a block */
	bool string;	  /* it stood in quotes */
	const struct bind_statement *block;
	const struct bind_node *next;
};

struct bind_statement {
	const struct bind_node *first; /* never NULL */
	const struct bind_statement *next;
	struct conf_place at;
};

/*
 * Reads a text, with what it includes where it stands. 0 (what is wrong is in
 * files->fault) or -ENOMEM.
 */
int bind_conf_parse(struct conf_files *files, const char *path, const char *text,
	const struct bind_statement **ret);

/* The file at path and what it includes. 0 (see files->fault) or -ENOMEM. */
int bind_conf_read(struct conf_files *files, const char *path, const struct bind_statement **ret);

/* The word of a statement, counted from 0; NULL where there is none, or a block. */
const char *bind_word(const struct bind_statement *s, unsigned i);

/* Its first block; NULL where it has none. */
const struct bind_node *bind_block(const struct bind_statement *s);

/* The last statement of the block that begins with this word; NULL: there is none. */
const struct bind_statement *bind_find(const struct bind_statement *block, const char *word);
