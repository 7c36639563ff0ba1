/* SPDX-License-Identifier: ISC */
/* support_from_csv: the files of distro-info-data. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fact/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct support s = {0};

	if (text) {
		(void)support_from_csv(text, "12", "", &s);
		(void)support_from_csv(text, "", "sid", &s);
	}
	free(text);
	return 0;
}
