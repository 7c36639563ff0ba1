/* SPDX-License-Identifier: ISC */
/* acl_parse: the bytes of system.posix_acl_access. */
#include "base/acl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acl_grant v[4];
	int n = acl_parse(data, size, v, 4);

	for (int i = 0; i < n && i < 4; i++) {
		if (v[i].perms == 0)
			__builtin_trap();
	}
	return 0;
}
