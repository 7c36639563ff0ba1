/* SPDX-License-Identifier: ISC */
/* The syntax of unbound.conf(5): "name: value", in quotes or not, several in a line. */
#pragma once

#include "fact/conf-files.h"

/* Whether the name begins a clause ("server") and has no value. */
bool unbound_is_clause(const char *name);

/*
 * Calls each() for every setting of the text, which is written to, with its
 * name and two values: the second is "" unless the setting takes two. A clause
 * has neither. 0 (what is wrong is in files->fault), -ENOMEM, or what each()
 * returned below 0.
 */
int unbound_conf_parse(struct conf_files *files, const char *path, char *text,
	int (*each)(void *arg, const struct conf_place *at, const char *key, char **values),
	void *arg);
