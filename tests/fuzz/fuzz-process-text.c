/* SPDX-License-Identifier: ISC */
/* The texts of /proc/PID: stat, maps, cgroup. Their names are users' to choose. */
#include <stdint.h>
#include <string.h>

#include "fact/processes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *text = a ? arena_strndup(a, (const char *)data, size) : NULL;
	struct process_stat s;
	const char *path;
	struct process_group group;
	size_t n;

	if (text) {
		(void)process_stat_parse(text, &s);
		(void)process_map_stale((const char *)data, size, &path, &n);
		(void)process_group_parse(a, text, &group);
	}
	arena_free(a);
	return 0;
}
