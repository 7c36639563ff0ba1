/* SPDX-License-Identifier: ISC */
/*
 * sshd_config(5) as sshd reads it: the files are parsed once into a tree of
 * settings, Match lines and includes; the tree is then evaluated for as many
 * connections as one likes.
 *
 * sshd itself evaluates twice. At start only what stands outside of Match (or
 * in `Match all`) is taken, the first value of each keyword wins, and all else
 * is checked for syntax. When somebody connects, only what stands in a Match
 * that holds is taken, again the first value of each keyword, and replaces the
 * one from the start.
 *
 * Where versions differ, the version decides: 100 * major + minor, 902 for 9.2.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fsio.h"
#include "fact/sshd.h"

enum {
	SSHD_VERSION_MAX = 1000, /* the newest whose keywords and algorithms are known here */
	SSHD_SLOTS_MAX = 160,	 /* at least as many as there are keywords */
	/* Where sshd began to do something in another way. */
	SSHD_VERSION_INCLUDE = 802, /* has Include */
	SSHD_VERSION_ARGV = 807,    /* cuts arguments as a shell would */
	SSHD_VERSION_LISTS = 906,   /* takes lists whole, and none that is empty */
	SSHD_VERSION_MATCH = 909,   /* cuts Match lines as a shell would, too */
};

/* ---- words (sshd-lex.c) ---- */

/*
 * The next word as sshd's older tokeniser cuts it: at blanks, at one '=' if
 * equals is set, around double quotes. Changes the string. NULL at its end, or
 * at a quote that is not closed.
 */
char *sshd_word(char **s, bool equals);

/*
 * All words of s as argv_split() of sshd since 8.7 cuts them: single and double
 * quotes, backslash escapes, up to a word that starts with '#'. The array ends
 * with NULL. 0, -EINVAL for an unclosed quote, -ENOMEM.
 */
int sshd_words(struct arena *a, const char *s, char ***ret, size_t *ret_n);

/* ---- patterns (sshd-pattern.c) ---- */

/* Wildcards * and ? over the whole of s. */
bool sshd_pattern(const char *s, const char *pattern);

/* A list of patterns, "a,!b*": 1 when one holds, -1 when a negated one does, else 0. fold: in any
 * case. */
int sshd_pattern_list(const char *s, const char *list, bool fold);

/* An address, IPv4 (any form of inet_aton) or IPv6, a scope being ignored. */
struct sshd_address {
	int family;
	unsigned char bytes[16];
};
bool sshd_address(const char *s, struct sshd_address *ret);

/* A prefix "net/len" or an address. 0, -EINVAL when it is none, -ERANGE when host bits are set. */
int sshd_prefix(const char *s, struct sshd_address *ret, unsigned *ret_len);

/* Whether the address lies in the prefix. */
bool sshd_address_in(const struct sshd_address *a, const struct sshd_address *net, unsigned len);

/*
 * A list of prefixes and wildcard patterns as `Match address` takes it: 1, -1 (a
 * negated one holds), 0, or -EINVAL when the list is bad. NULL for the address
 * checks the list only.
 */
int sshd_address_list(const char *address, const char *list);

/* ---- algorithms (sshd-algs.c) ---- */

enum sshd_alg {
	SSHD_ALG_CIPHER,
	SSHD_ALG_MAC,
	SSHD_ALG_KEX,
	SSHD_ALG_KEY,
	SSHD_ALG_CA, /* of certificates: plain keys only */
};

/* Whether sshd takes this value of an algorithm keyword when it reads it. */
bool sshd_algs_valid(enum sshd_alg kind, const char *value, unsigned version);

/* A list of algorithms: of what kind, what the default is, for which version. */
struct sshd_algs {
	enum sshd_alg kind;
	unsigned version;
	const char *dflt;
};

/*
 * What a value with its +, -, ^ or wildcards comes to. "" when it takes all
 * away with '-'. 0, -EINVAL when it names nothing (sshd refuses), -ENOMEM.
 */
int sshd_algs_assemble(
	struct arena *a, const struct sshd_algs *algs, const char *value, const char **ret);

/* ---- keywords (sshd-keywords.c, sshd-values.c) ---- */

enum {
	SSHD_GLOBAL = 1 << 0, /* allowed outside of Match */
	SSHD_MATCH = 1 << 1,  /* allowed inside, and then replaces the global value */
	SSHD_ALL = SSHD_GLOBAL | SSHD_MATCH,
	SSHD_APPEND = 1 << 2,	/* values add up */
	SSHD_SHOWN = 1 << 3,	/* part of the fact */
	SSHD_MATCH95 = 1 << 4,	/* SSHD_MATCH since 9.5 */
	SSHD_DEBIAN = 1 << 5,	/* only as Debian and Ubuntu build it */
	SSHD_RHEL = 1 << 6,	/* only as the RHEL family builds it */
	SSHD_RHEL_TOO = 1 << 7, /* brought back into older versions there */
};

struct sshd_line;

struct sshd_keyword {
	const char *name;  /* lower case */
	const char *alias; /* the keyword that it is another name of, or NULL */
	/* Takes the line's words into its values. 0, -EINVAL after sshd_refuse(), -ENOMEM. */
	int (*parse)(struct sshd_line *l, const struct sshd_keyword *k);
	const void *arg; /* of parse */
	unsigned flags;
	unsigned since, until; /* versions; 0: always. until is the first without it */
};

/* The row of a name in any case, or NULL when that version has none. */
const struct sshd_keyword *sshd_keyword_find(const char *name, unsigned version);

/* The row that an alias stands for, else k itself; rows by number, for slots. */
const struct sshd_keyword *sshd_keyword_real(const struct sshd_keyword *k);
size_t sshd_keyword_index(const struct sshd_keyword *k);
size_t sshd_keyword_count(void);
const struct sshd_keyword *sshd_keyword_at(size_t i);

/* ---- the tree (sshd-file.c, sshd-parse.c, sshd-match.c) ---- */

enum sshd_criterion_type {
	SSHD_CRIT_ALL,
	SSHD_CRIT_USER,
	SSHD_CRIT_GROUP,
	SSHD_CRIT_HOST,
	SSHD_CRIT_ADDRESS,
	SSHD_CRIT_LOCALADDRESS,
	SSHD_CRIT_LOCALPORT,
	SSHD_CRIT_RDOMAIN,
	SSHD_CRIT_INVALID_USER,
	SSHD_CRIT_VERSION,
};

struct sshd_criterion {
	enum sshd_criterion_type type;
	const char *arg; /* a list; NULL for those that take none */
	int port;	 /* of SSHD_CRIT_LOCALPORT */
};

struct sshd_file;

struct sshd_node {
	enum { SSHD_SET, SSHD_MATCHES, SSHD_INCLUDE } kind;
	const char *path;
	unsigned line;
	const struct sshd_keyword *keyword; /* SSHD_SET: the real row */
	bool allowed_in_match;		    /* SSHD_SET: as the row that was written says */
	const char **v;			    /* SSHD_SET: values, normalised */
	size_t n;
	const char *late_error;		       /* SSHD_SET: refused only when the value is taken */
	const struct sshd_criterion *criteria; /* SSHD_MATCHES: all must hold */
	size_t n_criteria;
	const struct sshd_file **files; /* SSHD_INCLUDE: in order */
	size_t n_files;
};

struct sshd_file {
	struct sshd_file *next; /* of all that were read */
	const char *path;
	bool busy; /* being parsed: an include of it would never end */
	struct sshd_node *nodes;
	size_t n;
};

/* Whose patches sshd has, for they add keywords. */
enum sshd_vendor {
	SSHD_VENDOR_UNKNOWN, /* any of them */
	SSHD_VENDOR_DEBIAN,
	SSHD_VENDOR_RHEL,
	SSHD_VENDOR_OTHER,
};

/* What the parser needs to know of the machine. */
struct sshd_env {
	const struct root *root;
	unsigned version;
	enum sshd_vendor vendor;
	/* The home directory of a user, NULL when there is none; the user NULL is root. */
	const char *(*home)(const char *user, const void *arg);
	const void *arg;
};

struct sshd_conf {
	struct arena *arena; /* borrowed; holds all of it */
	struct sshd_env env;
	struct sshd_node *options; /* of the command line, -o and its like: before the file */
	size_t n_options;
	bool ports_from_options; /* -p: Port lines do not count */
	const struct sshd_file *main;
	struct sshd_file *files;
	struct sshd_error *errors;
	size_t n_errors;
	const struct sshd_value *defaults; /* sorted by keyword */
	size_t n_defaults;
	uint64_t newest_usec; /* of the files that were read */
	const char *newest_path;
	int unreadable; /* -errno of a file that could not be looked at, else 0 */
	const char *unreadable_path;
};

/* An empty one. */
void sshd_conf_init(struct sshd_conf *c, struct arena *a, const struct sshd_env *env);

/*
 * Reads the file and all that it includes. What sshd would refuse is added to
 * errors. 0 or -ENOMEM; a file that cannot be read is left in unreadable when
 * sshd itself may well be able to, else it is an error.
 */
int sshd_conf_read(struct sshd_conf *c, const char *path);

/* The same from bytes, includes being read from the root. */
int sshd_conf_text(struct sshd_conf *c, const char *path, const char *text, size_t size);

/* A "Keyword value" of the command line, where says which ("/etc/default/ssh"). 0 or -ENOMEM. */
int sshd_conf_option(struct sshd_conf *c, const char *option, const char *path, unsigned line);

/* Adds an error; path and text are escaped. */
void sshd_conf_error(struct sshd_conf *c, const char *path, unsigned line, const char *fmt, ...)
	_printf_(4, 5);

/* A line on its way to a node, for the functions of sshd-values.c. */
struct sshd_line {
	struct sshd_conf *conf;
	const char *path;
	unsigned line;
	const char *keyword; /* as written */
	char *rest;	     /* what follows it, unsplit */
	char **words;
	size_t n_words, next; /* next: the first that is not used yet */
	const char **v;
	size_t n;
	const char *late_error; /* what sshd would only say when it takes the value */
};

/* The next word, or NULL. */
char *sshd_line_word(struct sshd_line *l);

/* Adds a value. 0 or -ENOMEM. */
int sshd_line_value(struct sshd_line *l, const char *value);

/* Adds an empty node of this line to an array. NULL on ENOMEM. */
struct sshd_node *sshd_line_node(struct sshd_line *l, struct sshd_node **v, size_t *n);

/*
 * Takes one line of a file, blanks at its start dropped; text is changed. depth
 * is how many includes lead to it. 0, what is refused being added to errors, or -ENOMEM.
 */
int sshd_line_parse(
	struct sshd_conf *c, struct sshd_file *f, unsigned line, char *text, unsigned depth);

/* Takes an Include line and reads what it names. 0, -EINVAL after an error, -ENOMEM. */
int sshd_include_parse(struct sshd_line *l, struct sshd_file *f, unsigned depth);

/* Adds an error for this line; always -EINVAL. */
int sshd_refuse(struct sshd_line *l, const char *fmt, ...) _printf_(2, 3);

/* The words of a Match line. 0, -EINVAL, -ENOMEM. */
int sshd_match_parse(struct sshd_line *l, struct sshd_node *node);

/* A port by number or by its name in services(5), -EINVAL. */
int sshd_port(const struct sshd_conf *c, const char *s);

/* ---- evaluation (sshd-eval.c) ---- */

/* Somebody connecting. NULL: not known, and then no criterion on it holds. */
struct sshd_connection {
	const char *user;
	const char *const *groups; /* names, ends with NULL; NULL: there is no such user */
	const char *host, *address, *laddress, *rdomain;
	int lport; /* -1: not known */
};

/*
 * Checks what only shows when the whole is put together (a keyword inside of
 * Match that may not be there, methods that cannot be satisfied); adds errors.
 * Call once after reading. 0 or -ENOMEM.
 */
int sshd_conf_check(struct sshd_conf *c);

/*
 * The values for a connection, as many as there are shown keywords, sorted,
 * allocated in a. 0, -EINVAL when sshd would drop the connection (the reason
 * is added to errors), -EFBIG when includes multiply beyond measure, -ENOMEM.
 */
int sshd_conf_eval(struct sshd_conf *c, const struct sshd_connection *conn, struct arena *a,
	struct sshd_value **ret, size_t *ret_n);

/* Whether one criterion holds; conn is NULL while sshd starts. */
bool sshd_criterion_holds(
	const struct sshd_criterion *k, const struct sshd_connection *conn, unsigned version);

/* ---- defaults (sshd-defaults.c) ---- */

/* The table for a version, sorted by keyword. 0 or -ENOMEM. */
int sshd_defaults_table(
	struct arena *a, unsigned version, const struct sshd_value **ret, size_t *ret_n);

/*
 * From the output of `sshd -T`; what it does not print is filled in from the
 * table. 0, -EBADMSG when it is no such output, -ENOMEM.
 */
int sshd_defaults_text(struct arena *a, unsigned version, const char *text,
	const struct sshd_value **ret, size_t *ret_n);

/* The default of a keyword, or NULL. */
const struct sshd_value *sshd_default(const struct sshd_conf *c, const char *keyword);
