/* SPDX-License-Identifier: ISC */
/* rpmdb_header: a header blob of rpm's database. */
#include "fact/rpmdb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct package_list l;

	if (package_list_init(&l) < 0)
		return 0;
	(void)rpmdb_header(&l, data, size);
	package_list_fini(&l);
	return 0;
}
