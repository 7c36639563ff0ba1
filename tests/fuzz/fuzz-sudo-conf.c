/* SPDX-License-Identifier: ISC */
/* sudo_conf_parse and sudo_nsswitch_parse: sudo.conf(5) and nsswitch.conf(5). */
#include <stdint.h>

#include "fact/sudo-conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *one = a ? arena_strndup(a, (const char *)data, size) : NULL;
	char *two = a ? arena_strndup(a, (const char *)data, size) : NULL;
	struct sudo s = {.path = "", .sources = ""};

	/* Many sources make a text that grows with each. */
	if (one && two && size <= 4096) {
		(void)sudo_conf_parse(a, one, &s);
		(void)sudo_nsswitch_parse(a, two, &s);
	}
	arena_free(a);
	return 0;
}
