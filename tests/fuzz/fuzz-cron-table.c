/* SPDX-License-Identifier: ISC */
/* cron_table_parse with each syntax, and cron_programs of what it takes for a command. */
#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "fact/cron-command.h"
#include "fact/cron-table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int each(const struct cron_line *l, void *arg)
{
	const char *told = cron_programs(arg, l->command);

	/* Only what could be a path, and as much as is promised. */
	if (!l->when || !told ||
		strlen(told) > CRON_PROGRAMS_MAX * (CRON_PROGRAM_SIZE_MAX + 2) + strlen("..."))
		__builtin_trap();
	for (const char *p = told; *p; p++) {
		if (!isalnum((unsigned char)*p) && !strchr("_./+-, ", *p))
			__builtin_trap();
	}
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
