/* SPDX-License-Identifier: ISC */
/* rsnapshot_parse and bacula_fd_parse. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "fact/backups.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *text = a && size <= 4096 ? arena_strndup(a, (const char *)data, size) : NULL;
	struct rsnapshot c;
	bool director, local;
	unsigned line;

	if (text) {
		if (rsnapshot_parse(a, text, &c) == 0 && c.root && strpbrk(c.root, "\t\n"))
			abort();
		bacula_fd_parse(text, &director, &local, &line);
		if (local && line == 0)
			abort();
	}
	arena_free(a);
	return 0;
}
