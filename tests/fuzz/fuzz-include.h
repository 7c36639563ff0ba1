/* SPDX-License-Identifier: ISC */
/* struct rsyslog_files.load of a fuzz target: one text that is "/main" and what it includes, "/inc". */
#pragma once

#include <errno.h>
#include <string.h>

#include "fact/rsyslog.h"

/* arg: a struct rsyslog_text; "/denied" cannot be read, and nothing else is there. */
static int fuzz_include(void *arg, const char *pattern, struct rsyslog_text **ret, size_t *ret_n)
{
	struct rsyslog_text *text = arg;

	if (strcmp(pattern, "/main") != 0 && strcmp(pattern, "/inc") != 0)
		return strcmp(pattern, "/denied") == 0 ? -EACCES : -ENOENT;
	text->path = strcmp(pattern, "/main") == 0 ? "/main" : "/inc";
	*ret = text;
	*ret_n = 1;
	return 0;
}
