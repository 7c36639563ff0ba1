/* SPDX-License-Identifier: ISC */
/* update_conf_parse: automatic.conf and yum-cron.conf. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fact/updates.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct update_conf c = {0};

	if (text)
		update_conf_parse(text, &c);
	free(text);
	return 0;
}
