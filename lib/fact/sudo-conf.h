/* SPDX-License-Identifier: ISC */
/*
 * What decides, beside sudoers itself, where grants come from: sudo.conf(5)
 * and the lines of nsswitch.conf(5) about sudoers, passwd and group.
 */
#pragma once

#include "fact/sudo.h"

/*
 * Fills path, plugin, sources and accounts_elsewhere of ret. Files that are not there
 * mean their defaults. 0; -ENOMEM; or what reading one of them said, with its path in *ret_file.
 */
int sudo_conf(const struct root *root, struct arena *a, struct sudo *ret, const char **ret_file);

/* The same from the text of one of the files: for tests and fuzzing. 0 or -ENOMEM. */
int sudo_conf_parse(struct arena *a, char *text, struct sudo *ret);
int sudo_nsswitch_parse(struct arena *a, char *text, struct sudo *ret);
