/* SPDX-License-Identifier: ISC */
/* logrotate_read: one text that is the main file and both files of "/d"; and journal_parse_*. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "fact/log-kept.h"

static int load(
	void *arg, const char *path, struct logrotate_file **ret, size_t *ret_n, bool *ret_dir)
{
	struct logrotate_file *files = arg;

	*ret_dir = strcmp(path, "/d") == 0;
	if (!*ret_dir && strcmp(path, "/main") != 0)
		return strcmp(path, "/denied") == 0 ? -EACCES : -ENOENT;
	*ret = files;
	*ret_n = *ret_dir ? 2 : 1;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct logrotate_file v[] = {{"/d/a", "a", (const char *)data, size, 0, false},
		{"/d/b.bak", "b.bak", (const char *)data, size, 0, false}};
	const struct logrotate_files files = {load, v};
	struct arena *a = arena_new();
	struct logrotate conf = {0};
	uint64_t n;

	if (a && size < 4096 && logrotate_read(a, &files, "/main", &conf) == 0) {
		for (size_t i = 0; i < conf.n; i++) {
			bool by_size;
			(void)logrotate_days(&conf.v[i], &by_size);
			(void)kept_matches(&conf.v[i], "/var/log/syslog");
		}
	}
	const char *text = a ? arena_strndup(a, (const char *)data, size) : NULL;
	if (text) {
		(void)journal_parse_span(text, &n);
		(void)journal_parse_size(text, &n);
	}
	(void)journal_first(data, size, &n);
	arena_free(a);
	return 0;
}
