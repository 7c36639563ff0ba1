/* SPDX-License-Identifier: ISC */
/* package_list_dpkg, and by the first byte also apk's and rpm -qa's lines. */
#include <stdint.h>

#include "fact/package-list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct package_list l;
	unsigned line;

	if (package_list_init(&l) < 0)
		return 0;
	switch (size > 0 ? *data : 0) {
	case 'C': /* apk's first line is a checksum */
		(void)package_list_apk(&l, text, size, &line);
		break;
	case '\t':
		(void)package_list_rpm(&l, text + 1, size - 1, &line);
		break;
	default:
		(void)package_list_dpkg(&l, text, size, size % 2, &line);
	}
	package_list_sort(&l);
	(void)package_list_native(&l);
	package_list_fini(&l);
	return 0;
}
