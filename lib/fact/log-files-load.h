/* SPDX-License-Identifier: ISC */
/* The files that an include of a log daemon's configuration names, read within a root. */
#pragma once

#include "base/fsio.h"
#include "fact/rsyslog.h"

struct log_files_load {
	const struct root *root;
	struct arena *a;
};

/*
 * struct rsyslog_files.load, with a struct log_files_load as arg: a path, a
 * pattern or a directory, whose directories are gone into. At most 1,000 files
 * of 1 MiB (-EFBIG).
 */
int log_files_load(void *arg, const char *pattern, struct rsyslog_text **ret, size_t *ret_n);
