/* SPDX-License-Identifier: ISC */
/*
 * For update-origins-diff.py: reads lines "allowed|pattern TAB text TAB origin
 * TAB label TAB suite TAB codename TAB component TAB site", prints the answer to each.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "check/update-origins.h"

static const char *answer(struct arena *a, char *line)
{
	static const struct update_distro distro = {"Debian", "bookworm"};
	const char *fields[8] = {""}, *pattern;
	int r = 0;

	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < 8; i++)
		fields[i] = strsep(&line, "\t");
	const struct update_archive archive = {
		fields[2], fields[3], fields[4], fields[5], fields[6], fields[7]};
	pattern = fields[1];
	if (strcmp(fields[0], "allowed") == 0)
		r = update_pattern_from_allowed(a, fields[1], &distro, &pattern);
	if (r == 0)
		r = update_pattern_match(a, pattern, &distro, &archive);
	return r == 1 ? "yes" : r == 0 ? "no" : r == -EINVAL ? "error" : "failed";
}

int main(void)
{
	char line[4096];

	while (fgets(line, sizeof(line), stdin)) {
		struct arena *a = arena_new();
		(void)puts(answer(a, line));
		arena_free(a);
	}
	return 0;
}
