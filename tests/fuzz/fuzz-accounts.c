/* SPDX-License-Identifier: ISC */
/*
 * accounts_parse, and its agreement with the C library on which lines of passwd
 * count. Sections are separated by a byte 0x01, in the order of enum accounts_file.
 */
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "fact/accounts-items.h"
#include "fact/accounts-parse.h"

/*
 * A line that has blanks before it and no end, be it of the file or by a NUL, is
 * misread by some C libraries: those are left out.
 */
static void agree(const struct accounts *acc, const char *text, size_t size)
{
	struct passwd pw, *p;
	char buf[65536];
	size_t i = 0;
	bool whole = size && text[size - 1] == '\n' && !memchr(text, '\0', size);
	FILE *f = whole ? fmemopen((char *)text, size, "re") : NULL;

	while (f && fgetpwent_r(f, &pw, buf, sizeof(buf), &p) == 0) {
		if (pw.pw_name[0] == '+' || pw.pw_name[0] == '-')
			continue;
		if (i == acc->n || strcmp(acc->v[i].name, pw.pw_name) != 0 ||
			acc->v[i].uid != pw.pw_uid || acc->v[i].gid != pw.pw_gid ||
			strcmp(acc->v[i].shell, pw.pw_shell) != 0)
			__builtin_trap();
		i++;
	}
	if (f && i != acc->n)
		__builtin_trap();
	if (f)
		(void)fclose(f); /* memory */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fact *f = size < 32768 ? fact_new(FACT_ACCOUNTS) : NULL;
	struct accounts_text texts[ACCOUNTS_FILE_MAX] = {0};
	struct accounts acc = {0};
	const uint8_t *passwd = data;
	size_t passwd_size = 0;
	bool ok = f != NULL;

	for (int i = 0; ok && i < ACCOUNTS_FILE_MAX; i++) {
		const uint8_t *end = size ? memchr(data, 1, size) : NULL;
		size_t n = end ? (size_t)(end - data) : size;
		texts[i].data = arena_alloc(f->arena, n + 1);
		texts[i].size = n;
		if (i == 0)
			passwd_size = n;
		ok = texts[i].data != NULL;
		if (ok && n)
			memcpy(texts[i].data, data, n);
		data += end ? n + 1 : n;
		size -= end ? n + 1 : n;
	}
	if (ok && accounts_parse(f->arena, texts, &acc) == 0) {
		agree(&acc, (const char *)passwd, passwd_size);
		(void)accounts_items(f, &acc);
		(void)fact_seal(f);
	}
	fact_free(f);
	return 0;
}
