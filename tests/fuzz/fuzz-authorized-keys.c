/* SPDX-License-Identifier: ISC */
/* ssh_key_parse_line over the lines of an authorized_keys file. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fact/ssh-key-line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *p = (const char *)data, *end = p + size;

	while (a && p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct ssh_key_line line;
		if (ssh_key_parse_line(a, p, (size_t)((nl ? nl : end) - p), &line) == 1) {
			/* Nothing that it returns may be missing or unbounded. */
			if (strlen(line.comment) > 128 || strlen(line.options) > 300)
				abort();
			if (!ssh_key_line_describe(a, &line))
				abort();
		}
		p = nl ? nl + 1 : end;
	}
	arena_free(a);
	return 0;
}
