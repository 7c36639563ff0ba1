/* SPDX-License-Identifier: ISC */
/*
 * The lists of digests, by the first byte: dpkg's md5sums, the configuration
 * files in its status, an rpm header. What is handed on must be usable.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fact/package-files.h"

static int each(const struct package_digest *d, void *arg)
{
	/* rpm's may be without a digest: without an algorithm, too. */
	if (*d->path != '/' || !*d->package || !*d->algorithm != !*d->hex || (arg && !*d->hex) ||
		strspn(d->hex, "0123456789abcdef") != strlen(d->hex) ||
		!package_files_wants_package(arg ? arg : d->package) ||
		(!d->config && !package_files_wants(arg ? arg : d->package, d->path)))
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned line = 0;
	char name[] = "openssh-server";
	int r;

	if (size == 0)
		return 0;
	uint8_t *copy = malloc(size);
	if (!copy)
		return 0;
	memcpy(copy, data + 1, size - 1);
	switch (data[0] % 3) {
	case 0:
		r = package_files_md5sums("openssh-server:amd64", (const char *)copy, size - 1,
			each, name, &line);
		if ((r == -EBADMSG) != (line > 0))
			abort();
		break;
	case 1:
		r = package_files_conffiles((const char *)copy, size - 1, each, NULL);
		break;
	default:
		r = package_files_header(copy, size - 1, each, NULL);
		break;
	}
	if (r < 0 && r != -EBADMSG)
		abort();
	free(copy);
	return 0;
}
