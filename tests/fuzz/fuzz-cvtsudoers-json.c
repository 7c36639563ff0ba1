/* SPDX-License-Identifier: ISC */
/* sudo_tree_json: the answer of cvtsudoers. */
#include <stdint.h>

#include "fact/sudo-tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct sudo_tree t;

	if (!a)
		return 0;
	sudo_tree_init(&t, a);
	if (sudo_tree_json(&t, (const char *)data, size) == 0) {
		for (size_t i = 0; i < t.n_specs; i++)
			(void)sudo_spec_text(a, &t.specs[i]);
	}
	arena_free(a);
	return 0;
}
