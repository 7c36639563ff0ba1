/* SPDX-License-Identifier: ISC */
/*
 * What hardend-legacy@.service sends, and both texts in it as rules. What is
 * taken for whole ends as the unit ends it, and its parts are all that stands
 * between its lines.
 */
#include <errno.h>
#include <string.h>

#include "fact/firewall-internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_part(const char *text, unsigned v6)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct firewall_texts texts = {0};
	struct ruleset *rs = NULL;
	const char *why = NULL;

	texts.legacy[v6] = text;
	int r = a ? firewall_parse(a, &texts, &rs, &why) : -1;
	if ((r == 0 && !rs) || (r == -EBADMSG && !why))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char end[] = "# hardend: end\n";
	static const size_t lines = sizeof("# hardend: iptables\n# hardend: ip6tables\n") - 1;
	_cleanup_free_ char *text = size < 1 << 16 ? malloc(size + 1) : NULL;
	const char *parts[2];

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (firewall_legacy_split(text, size, parts) < 0)
		return 0;
	if (size < sizeof(end) - 1 ||
		memcmp(data + size - (sizeof(end) - 1), end, sizeof(end) - 1) != 0 ||
		strlen(parts[0]) + strlen(parts[1]) + lines + sizeof(end) - 1 != size)
		__builtin_trap();
	for (unsigned v6 = 0; v6 < 2; v6++)
		read_part(parts[v6], v6);
	return 0;
}
