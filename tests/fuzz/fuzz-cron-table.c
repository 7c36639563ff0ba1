/* SPDX-License-Identifier: ISC */
/* cron_table_parse with each syntax, and cron_mask of what it takes for a command. */
#include <stdint.h>
#include <string.h>

#include "fact/cron-table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int each(const struct cron_line *l, void *arg)
{
	const char *masked = cron_mask(arg, l->command, 100);

	if (!l->when || !masked || strlen(masked) > 100)
		__builtin_trap();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned syntaxes[] = {0, CRON_SYNTAX_SYSTEM, CRON_SYNTAX_CRONIE,
		CRON_SYNTAX_SYSTEM | CRON_SYNTAX_CRONIE, CRON_SYNTAX_ANACRON};
	struct arena *a = arena_new();
	char *text = a && size < 1 << 16 ? arena_strndup(a, (const char *)data, size) : NULL;

	for (size_t i = 0; text && i < ARRAY_SIZE(syntaxes); i++) {
		unsigned line = 0;
		const char *why = NULL;
		(void)cron_table_parse(a, text, syntaxes[i], each, a, &line, &why);
	}
	arena_free(a);
	return 0;
}
