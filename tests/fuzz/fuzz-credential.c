/* SPDX-License-Identifier: ISC */
/*
 * credential_find: "DIRECTORY/NAME", a newline, the file. What is said of its
 * lines must be true of it, and the same file gives the same digest.
 */
#include <nettle/hmac.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fact/credential.h"
#include "fact/secret-text.h"

static unsigned count_lines(const char *text, size_t n)
{
	unsigned lines = 1;

	for (size_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	return lines;
}

static void scan(const char *text, size_t n)
{
	struct secret_scan s;
	struct secret_pair p;

	secret_scan_init(&s, text, n);
	while (secret_scan_next(&s, &p)) {
		if (p.name < text || p.name + p.name_size > text + n || p.value < text ||
			p.value + p.value_size > text + n)
			abort();
		for (int dollar = SECRET_DOLLAR_TEXT; dollar <= SECRET_DOLLAR_VARIABLE; dollar++) {
			(void)secret_pair_value(&p, (enum secret_dollar)dollar);
			(void)secret_shape(p.value, p.value_size, (enum secret_dollar)dollar);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *nl = memchr(data, '\n', size);
	uint8_t digest[2][SHA256_DIGEST_SIZE] = {{0}};

	if (!nl)
		return 0;
	size_t n = size - (size_t)(nl + 1 - text);
	char *path = strndup(text, (size_t)(nl - text));
	/* A copy of its own, so that the sanitizer sees what is read beyond its end. */
	char *copy = malloc(n ? n : 1);
	char *slash = path ? strrchr(path, '/') : NULL;
	if (copy && slash) {
		*slash = '\0';
		memcpy(copy, nl + 1, n);
		scan(copy, n);
		for (int i = 0; i < 2; i++) {
			struct hmac_sha256_ctx ctx;
			struct credential_find find;
			hmac_sha256_set_key(&ctx, 3, (const uint8_t *)"key");
			if (credential_find(path, slash + 1, copy, n, &ctx, &find) == 1 &&
				(find.secrets == 0 || find.line > count_lines(copy, n) ||
					find.kind >= CREDENTIAL_KIND_MAX))
				abort();
			hmac_sha256_digest(&ctx, sizeof(digest[i]), digest[i]);
		}
		if (memcmp(digest[0], digest[1], sizeof(digest[0])) != 0)
			abort();
	}
	free(copy);
	free(path);
	return 0;
}
