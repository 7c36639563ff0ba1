/* SPDX-License-Identifier: ISC */
/* ssh_key_parse_private: every form of private key file. */
#include <stdint.h>
#include <stdlib.h>

#include "fact/ssh-key-private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct ssh_private_key k;

	if (a && ssh_key_parse_private(a, (const char *)data, size, &k) == 1) {
		if (!k.format || !k.key.name || !k.key.fingerprint ||
			!ssh_protection_name(k.protection))
			abort();
	}
	arena_free(a);
	return 0;
}
