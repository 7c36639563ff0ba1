/* SPDX-License-Identifier: ISC */
/* unit_file_parse, and what is made of the words of a value. */
#include <stdint.h>
#include <string.h>

#include "fact/unit-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int each(const struct unit_line *l, void *arg)
{
	struct arena *a = arg;
	const char *p = l->value;

	if (l->line == 0 || *l->key == '\0')
		__builtin_trap();
	for (const char *word; (word = unit_word(a, &p));) {
		enum unit_name_kind kind = unit_name_kind(word);
		if (kind == UNIT_NAME_INSTANCE) {
			const char *template = unit_name_template(a, word);
			if (!template || unit_name_kind(template) != UNIT_NAME_TEMPLATE ||
				strcmp(unit_name_instance(a, template, word), word) != 0)
				__builtin_trap();
		}
	}
	(void)unit_boolean(l->value);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *text = a && size < 1 << 16 ? arena_alloc(a, size + 1) : NULL;

	if (text) {
		memcpy(text, data, size);
		(void)unit_file_parse(text, size, each, a);
	}
	arena_free(a);
	return 0;
}
