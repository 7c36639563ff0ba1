/* SPDX-License-Identifier: ISC */
/* update_pattern_match and update_pattern_from_allowed: unattended-upgrades' patterns. */
#include <stdint.h>

#include "check/update-origins.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct update_distro distro = {"Debian", "bookworm"};
	static const struct update_archive archive = {
		"Debian", "Debian", NULL, "bookworm", "main", "deb.debian.org"};
	struct arena *a = arena_new();
	char *text = a ? arena_strndup(a, (const char *)data, size) : NULL;
	const char *pattern = NULL;

	/* fnmatch(3) takes its time with many stars. */
	if (text && size <= 256) {
		(void)update_pattern_match(a, text, &distro, &archive);
		if (update_pattern_from_allowed(a, text, &distro, &pattern) == 0)
			(void)update_pattern_match(a, pattern, &distro, &archive);
	}
	arena_free(a);
	return 0;
}
