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

static int each(const struct environment_hit *hit, void *arg)
{
	const struct text *t = arg;

	if (hit->name < t->p || hit->name + hit->size > t->p + t->n || hit->size == 0 ||
		hit->line == 0 || hit->line > t->lines || (hit->what && !*hit->what))
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
	enum environment_form form = data[0] & 1   ? ENVIRONMENT_PAM_ENV
				     : data[0] & 2 ? ENVIRONMENT_PLAIN
						   : ENVIRONMENT_SHELL;
	(void)environment_parse(form, t.p, t.n, each, &t);
	free(copy);
	return 0;
}
