/* SPDX-License-Identifier: ISC */
/* rsyslog_read: one text that is the main file and "/inc", which it may include. */
#include <stdint.h>

#include "fuzz-include.h"

#include "fact/rsyslog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rsyslog_text text = {NULL, (const char *)data, size};
	const struct rsyslog_files files = {fuzz_include, &text};
	struct arena *a = arena_new();
	struct rsyslog_conf conf;

	if (a && size < 8192)
		(void)rsyslog_read(a, &files, "/main", &conf);
	arena_free(a);
	return 0;
}
