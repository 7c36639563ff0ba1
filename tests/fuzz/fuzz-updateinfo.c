/* SPDX-License-Identifier: ISC */
/* Advisories and tables of contents; however the text is cut, the same comes out. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fact/updateinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int show(const struct advisory_package *p, void *arg)
{
	(void)fprintf(arg, "%s %s %s %s %s %s %s %s\n", p->id, p->name, p->epoch, p->version,
		p->release, p->arch, p->module, p->stream);
	return 0;
}

static char *read_text(const char *text, size_t size, size_t piece)
{
	char *out = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&out, &n);

	if (!f)
		abort();
	(void)updateinfo_read_text(text, size, piece, show, f);
	if (fclose(f) != 0)
		abort();
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char href[64];

	if (size == 0)
		return 0;
	(void)repomd_updateinfo(text, size, href, sizeof(href));
	char *whole = read_text(text, size, size), *pieces = read_text(text, size, 1 + *data % 5);
	if (size < 4096 && strcmp(whole, pieces) != 0)
		abort();
	free(whole);
	free(pieces);
	return 0;
}
