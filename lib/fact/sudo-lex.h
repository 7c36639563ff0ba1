/* SPDX-License-Identifier: ISC */
/*
 * The scanner of sudoers(5). It cuts tokens exactly as sudo's does, which is
 * made by flex: in the present state every rule is tried, the longest match
 * wins, and among equals the first. What a word means depends on it: `/a\*b`
 * is a user's name, not a command.
 *
 * Included files are entered by sudo_lex_push(), and left at their end: tokens
 * just go on.
 */
#pragma once

#include "fact/sudo-tree.h"

enum sudo_token {
	TOKEN_END, /* of the first file */
	TOKEN_NEWLINE,
	TOKEN_COMMA,
	TOKEN_COLON,
	TOKEN_EQUALS,
	TOKEN_PLUS,  /* += */
	TOKEN_MINUS, /* -= */
	TOKEN_BANG,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_WORD,  /* text */
	TOKEN_ALIAS, /* text */
	TOKEN_ALL,
	TOKEN_NETGROUP, /* text, with + */
	TOKEN_GROUP,	/* text, with % */
	TOKEN_NETWORK,	/* text */
	TOKEN_COMMAND,	/* text, args */
	TOKEN_DEFVAR,	/* text */
	TOKEN_DIGEST,	/* text */
	TOKEN_SHA,	/* text */
	TOKEN_TAG,	/* tag, tag_on */
	TOKEN_OPTION,	/* option */
	TOKEN_INCLUDE,
	TOKEN_INCLUDEDIR,
	TOKEN_DEFAULTS, /* scope */
	TOKEN_ALIASES,	/* alias_type */
	TOKEN_ERROR,	/* text says why */
	TOKEN_NOMATCH,
};

struct sudo_source; /* a file that is being scanned */

struct sudo_lex {
	struct sudo_tree *tree; /* for its arena and defects; borrowed */
	const struct sudo_files *files;
	struct sudo_source *top;
	unsigned depth;
	size_t n_files, n_bytes; /* read so far */
	int fatal;		 /* -ENOMEM or -EFBIG: every token is TOKEN_END from here on */

	/* The token */
	enum sudo_token token;
	const char *text, *args;
	enum sudo_tag tag;
	bool tag_on;
	enum sudo_option option;
	enum sudo_scope scope;
	enum sudo_alias_type alias_type;
	const char *path; /* where it begins */
	unsigned line;
	const char *raw; /* its bytes in the file, for messages */
	size_t raw_size;

	/* The scanner */
	unsigned state,
		string_state; /* one of enum sudo_lex_state; the one around a string or path */
	size_t take;	      /* how much of the match the rule takes */
	bool continued, saw_space;
	unsigned digest_size;
	char *buf; /* string or arguments under construction */
	size_t n_buf;
	bool have_buf;
};

/* Opens the first file. 0 or -errno of files->read(). */
int sudo_lex_init(
	struct sudo_lex *lx, struct sudo_tree *t, const struct sudo_files *files, const char *path);

/* Scans the next token into lx->token and what belongs to it; returns it. */
enum sudo_token sudo_lex_next(struct sudo_lex *lx);

/*
 * Enters the file, or the files of the directory, that an include names, as it stands at
 * line of the file at from. Whatever is wrong with it becomes a defect; 0, or -errno that ends all.
 */
int sudo_lex_push(struct sudo_lex *lx, const char *name, bool dir, unsigned line);
