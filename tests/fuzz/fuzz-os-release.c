/* SPDX-License-Identifier: ISC */
/* os_parse: os-release(5). */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "fact/os.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *text = a ? arena_strndup(a, (const char *)data, size) : NULL;
	struct os os;

	if (text)
		(void)os_parse(a, text, &os);
	arena_free(a);
	return 0;
}
