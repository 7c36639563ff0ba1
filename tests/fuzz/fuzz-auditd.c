/* SPDX-License-Identifier: ISC */
/* audit_rules_add and audit_boot_off. */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "fact/auditd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *text = a && size <= 4096 ? arena_strndup(a, (const char *)data, size) : NULL;
	struct audit_rules merged = {0}, plain = {0};

	if (text && audit_rules_add(a, "/m", text, true, &merged) == 0 &&
		audit_rules_add(a, "/p", text, false, &plain) == 0) {
		/* Taking rules away leaves no more of them. */
		if (plain.n > merged.n + size || (plain.off != NULL) != (merged.off != NULL))
			abort();
		(void)audit_boot_off(a, text);
	}
	arena_free(a);
	return 0;
}
