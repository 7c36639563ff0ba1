/* SPDX-License-Identifier: ISC */
/* mounts_parse, mounts_diff: /proc/self/mountinfo, half of the input before and half after. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mounts.h"

static void each(const struct mount_change *c, void *arg)
{
	size_t *total = arg;

	*total += strlen(c->path);
}

static int parse(const uint8_t *data, size_t size, struct mounts *ret)
{
	char *text = calloc(1, size + 1);

	if (!text)
		return -1;
	if (size > 0)
		memcpy(text, data, size);
	return mounts_parse(text, ret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mounts a, b;
	size_t total = 0;

	if (size > 65536 || parse(data, size / 2, &a) < 0)
		return 0;
	if (parse(data + size / 2, size - size / 2, &b) == 0) {
		mounts_diff(&a, &b, each, &total);
		/* What is in both is told of neither: no more than all that is there. */
		if (total > size)
			abort();
		mounts_fini(&b);
	}
	mounts_fini(&a);
	return 0;
}
