/* SPDX-License-Identifier: ISC */
/* rsyslog_read: one text that is the main file and "/inc", which it may include. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "fact/rsyslog.h"

static int load(void *arg, const char *pattern, struct rsyslog_text **ret, size_t *ret_n)
{
	struct rsyslog_text *text = arg;

	if (strcmp(pattern, "/main") != 0 && strcmp(pattern, "/inc") != 0)
		return strcmp(pattern, "/denied") == 0 ? -EACCES : -ENOENT;
	text->path = strcmp(pattern, "/main") == 0 ? "/main" : "/inc";
	*ret = text;
	*ret_n = 1;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rsyslog_text text = {NULL, (const char *)data, size};
	const struct rsyslog_files files = {load, &text};
	struct arena *a = arena_new();
	struct rsyslog_conf conf;

	if (a && size < 8192)
		(void)rsyslog_read(a, &files, "/main", &conf);
	arena_free(a);
	return 0;
}
