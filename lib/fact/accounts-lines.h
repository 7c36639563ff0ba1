/* SPDX-License-Identifier: ISC */
/*
 * Lines of the account files and what stands in them, taken exactly as glibc's
 * readers take them, and the defects that are told of them. For accounts-parse.c.
 */
#pragma once

#include "fact/accounts-parse.h"

/* The lines of one file, being read; everything goes into acc. */
struct account_lines {
	struct arena *arena;
	struct accounts *acc;
	enum accounts_file file;
	char *next, *end;
	unsigned line; /* number of the last one */
	bool indented; /* blanks were skipped at its beginning */
};

/* The next line that is neither empty nor a comment, leading blanks removed; NULL at the end. */
char *line_next(struct account_lines *b);

/* How many fields a whole line has. */
unsigned line_fields(const char *line);

/* Takes a field up to the colon; "" when there is none left. */
char *line_string(char **line);

/*
 * Takes a number that must be there, and be followed by a colon or nothing. Blanks
 * and a plus before it are fine. Out of range, newer C libraries refuse it and older
 * ones make it 2^32-1, which no process can have: false either way.
 */
bool line_number(char **line, uint32_t *ret);

/*
 * Takes a number that may be empty (-1), but not be the end of the line. Out of range
 * it is -1 to older C libraries, and newer ones skip the line: in doubt the password
 * counts, so it is -1 here, and *odd is set.
 */
bool line_optional(char **line, int64_t *ret, bool *odd);

/*
 * Takes the list of members that ends a line of group: blanks before a name are
 * skipped (*blanks is set then), empty names too. 0 or -ENOMEM.
 */
int line_list(struct account_lines *b, char *line, struct account_group *g, bool *blanks);

/* Adds a defect of the line being read: kind is "account", "group" or NULL. 0 or -ENOMEM. */
int line_defect(struct account_lines *b, const char *kind, const char *name, const char *what);

/*
 * Whether the line is one of nis(5) compat ("+", "+name", "-name", "+@netgroup"), which
 * is a defect: 1 or 0, or -ENOMEM.
 */
int line_legacy(struct account_lines *b, const char *kind, const char *line);

/* Tells what is odd about a line that was taken: its beginning, name, number of fields. */
int line_check(
	struct account_lines *b, const char *kind, const char *name, unsigned have, unsigned want);
