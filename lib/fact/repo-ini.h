/* SPDX-License-Identifier: ISC */
/*
 * Sources that are sections of INI files: dnf's and yum's (dnf.conf(5),
 * yum.conf(5)), zypper's, and flatpak's remotes; and apk's list of URIs.
 */
#pragma once

#include "fact/repo-apt.h"

/* $NAME in values: files in /etc/dnf/vars. */
struct repo_var {
	const char *name, *value;
};

struct repo_ini {
	struct repo_list *l;
	enum repo_kind kind;
	bool is_main;	  /* this is the file whose [main] counts; elsewhere it is left out */
	struct repo main; /* the options of [main], which hold for all sources */
	const struct repo_var *vars;
	size_t n_vars;
	const char *reposdir; /* of [main], as written; NULL when it is not set */
};

/*
 * Adds each section of the file as a source; [main] of the main file goes to
 * in->main, for the files read after this. What the package manager refuses is a problem. 0 or
 * -ENOMEM.
 */
int repo_ini_read(struct repo_ini *in, const char *path, const char *text, size_t size);

/* Adds the lines of /etc/apk/repositories ("[@tag] URI"). 0 or -ENOMEM. */
int repo_apk_read(struct repo_list *l, const char *path, const char *text, size_t size);
