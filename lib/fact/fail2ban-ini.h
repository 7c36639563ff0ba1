/* SPDX-License-Identifier: ISC */
/*
 * The files of fail2ban: the dialect of Python's configparser that jail.conf(5)
 * is written in, the merging of several files into one, and %(interpolation)s.
 *
 * What fail2ban refuses is refused here: an option that stands twice in one
 * file, a line that is none, a reference to nothing each keep the server from
 * starting, whatever jail they are in.
 */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/fsio.h"

struct f2b_option {
	const char *key;   /* lower case */
	const char *value; /* before interpolation; lines joined by newlines */
	const char *path;
	unsigned line;
};

struct f2b_section {
	const char *name;
	struct f2b_option *v;
	size_t n;
};

struct f2b_ini {
	struct f2b_section defaults; /* [DEFAULT] */
	struct f2b_section *v;	     /* in the order in which they first came */
	size_t n;
};

/* Why the server would not start. */
struct f2b_error {
	const char *path;
	unsigned line;
	const char *text;
};

/*
 * Reads the text of one file into *ret; strings live in the arena. 0; -ENOMEM;
 * -EILSEQ when it is not UTF-8 (fail2ban leaves such a file out); -EINVAL and
 * what is wrong in *ret_error.
 */
int f2b_parse(struct arena *a, const char *path, const char *text, size_t size, struct f2b_ini *ret,
	struct f2b_error *ret_error);

/* Lays from over into, option by option; what a section had before is its "KNOWN/" section. */
int f2b_merge(struct arena *a, struct f2b_ini *into, const struct f2b_ini *from);

/* The section; NULL when there is none. */
const struct f2b_section *f2b_section(const struct f2b_ini *ini, const char *name);

/* The option of the section, or of [DEFAULT]; NULL when neither has it. */
const struct f2b_option *f2b_option(
	const struct f2b_ini *ini, const struct f2b_section *s, const char *key);

/*
 * The option's value with everything filled in; *ret_option is where it stands.
 * 0; -ENOENT without such an option; -ENOMEM; -EINVAL and why in *ret_error
 * when fail2ban could not fill it in.
 */
int f2b_get(struct arena *a, const struct f2b_ini *ini, const struct f2b_section *s,
	const char *key, const struct f2b_option **ret_option, char **ret_value,
	struct f2b_error *ret_error);

/*
 * Reads base.conf, base.d/ *.conf, base.local and base.d/ *.local with what
 * their [INCLUDES] name, in fail2ban's order. 0; -ENOMEM; -ENOENT when there is
 * none of them; -EINVAL and why in *ret_error when fail2ban would refuse;
 * another -errno when a file could not be read, its path in *ret_error.
 */
int f2b_read(struct arena *a, const struct root *root, const char *base, struct f2b_ini *ret,
	struct f2b_error *ret_error);

/* The length of the white space (as Python sees it) that s begins with; 0 for none. */
size_t f2b_space(const char *s, size_t n);
