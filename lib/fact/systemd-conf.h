/* SPDX-License-Identifier: ISC */
/*
 * Configuration of systemd's own programs (journald.conf, journal-upload.conf):
 * one main file and drop-ins NAME.conf.d/X.conf from /etc, /run, /usr/local/lib
 * and /usr/lib, by the rules of systemd.unit(5) and journald.conf(5): of equal
 * names the directory that comes first, all of them in the order of their
 * names, behind the main file; an empty file or a link to /dev/null is nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/fsio.h"

struct systemd_setting {
	const char *section, *key, *value; /* value "": back to the default */
	const char *path;
	unsigned line;
};

struct systemd_conf {
	struct systemd_setting *v; /* in the order in which systemd reads them */
	size_t n;
	bool any;	    /* a file was there */
	const char *reason; /* why one of them could not be read, with its path; or NULL */
	int error;	    /* its -errno; 0 */
};

/* Adds the settings of one file's text. 0 or -ENOMEM; path is borrowed. */
int systemd_conf_parse(
	struct arena *a, const char *path, const char *text, struct systemd_conf *conf);

/* Reads NAME.conf ("journald") with its drop-ins. 0 or -ENOMEM. */
int systemd_conf_read(
	struct arena *a, const struct root *root, const char *name, struct systemd_conf *ret);

/* The last assignment of a key, unless that is empty: then NULL. */
const struct systemd_setting *systemd_conf_get(
	const struct systemd_conf *c, const char *section, const char *key);
