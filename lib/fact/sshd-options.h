/* SPDX-License-Identifier: ISC */
/*
 * The command line that sshd is started with: ExecStart of its unit with
 * drop-ins, and the variables of its environment files; without a unit those
 * files alone, as an init script reads them.
 */
#pragma once

#include "fact/sshd-conf.h"

/* One word, and where it stands. */
struct sshd_arg {
	const char *text, *path;
	unsigned line;
};

struct sshd_args {
	struct arena *arena;
	struct sshd_arg *v;
	size_t n;
};

/*
 * Reads the words behind the program's name into ret, whose arena is set. 0,
 * -ENOMEM, or the -errno of a file that is there and cannot be read, *ret_path
 * then being which.
 */
int sshd_args_read(const struct root *root, struct sshd_args *ret, const char **ret_path);

/*
 * Enters options that settle something (-o, -p, -4, -6, -h, -c, -g) into the
 * configuration; *ret_config is the file that -f names ("none": none), or
 * "/etc/ssh/sshd_config". 0 or -ENOMEM.
 */
int sshd_args_apply(const struct sshd_args *args, struct sshd_conf *c, const char **ret_config);
