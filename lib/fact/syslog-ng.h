/* SPDX-License-Identifier: ISC */
/*
 * The configuration of syslog-ng 3 and 4, read as a tree of words with their
 * "(...)" and "{...}", which all of its language is, and followed from the
 * sources of this machine's messages over filters to destinations. Only what a
 * log path uses counts. Of blocks only those of destinations that take no
 * parameters are expanded: a driver that is not known is said to be.
 */
#pragma once

#include "fact/rsyslog.h"

/* WORD [(...)] [{...}], or a group without a word. */
struct sng_node {
	const char *text;	     /* NULL: a bare group; "" may be a string */
	const struct sng_node *args; /* inside "(...)" */
	const struct sng_node *body; /* inside "{...}" */
	const struct sng_node *next;
	bool has_args, has_body;
	bool ends; /* ";" stands behind it */
	const char *path;
	unsigned line;
};

struct sng_conf {
	const struct sng_node *first;
	const char *malformed; /* as in struct rsyslog_conf */
	const char *malformed_path;
	unsigned malformed_line;
};

/*
 * Reads the tree that begins at path; @include is followed, from /etc/syslog-ng
 * where it is relative, but for the library of blocks (scl). 0, -ENOMEM, or why
 * the first file could not be read.
 */
int sng_read(
	struct arena *a, const struct rsyslog_files *files, const char *path, struct sng_conf *ret);

struct log_reading;

/* What the tree means: adds destinations and files to r. 0 or -ENOMEM. */
int sng_follow(struct log_reading *r, const struct sng_conf *conf, const char **ret_unknown);
