/* SPDX-License-Identifier: ISC */
/* environment_parse: the first byte chooses the form. Names and lines must be the text's. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fact/environment.h"

struct text {
	const char *p;
	size_t n;
	unsigned lines;
};

static int each(const char *name, size_t size, unsigned line, const char *what, void *arg)
{
	const struct text *t = arg;

	if (name < t->p || name + size > t->p + t->n || size == 0 || line == 0 || line > t->lines ||
		(what && !*what))
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	char *copy = malloc(size);
	if (!copy)
		return 0;
	memcpy(copy, data + 1, size - 1);
	struct text t = {.p = copy, .n = size - 1, .lines = 1};
	for (size_t i = 0; i < t.n; i++)
		t.lines += copy[i] == '\n';
	(void)environment_parse(
		data[0] & 1 ? ENVIRONMENT_PAM_ENV : ENVIRONMENT_SHELL, t.p, t.n, each, &t);
	free(copy);
	return 0;
}
