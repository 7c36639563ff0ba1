/* SPDX-License-Identifier: ISC */
/*
 * Shows what this project reads in key files, in a form that is compared with
 * ssh-keygen, sshd and puttygen by ssh-keys-diff.py:
 *
 *     ssh-keys-show lines FILE     "N BITS FINGERPRINT NAME REFUSED COMMENT" for each key
 *     ssh-keys-show private FILE   "FORMAT PROTECTION BITS FINGERPRINT NAME", or "none"
 *
 * Fields are separated by tabs, "-" is nothing. Exit status 0, or 2.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fact/ssh-key-line.h"
#include "fact/ssh-key-private.h"

static char data[16 * 1024 * 1024];

static const char *dash(const char *s)
{
	return s && *s ? s : "-";
}

static int show_lines(struct arena *a, const char *end)
{
	unsigned number = 1;

	for (const char *p = data; p < end; number++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct ssh_key_line l;
		int r = ssh_key_parse_line(a, p, (size_t)((nl ? nl : end) - p), &l);
		if (r < 0 && r != -EBADMSG)
			return 2;
		if (r == 1)
			printf("%u\t%u\t%s\t%s\t%s\t%s\n", number, l.key.bits, l.key.fingerprint,
				l.key.name, dash(l.refused), dash(l.comment));
		p = nl ? nl + 1 : end;
	}
	return 0;
}

static int show_private(struct arena *a, size_t n)
{
	struct ssh_private_key k;
	int r = ssh_key_parse_private(a, data, n, &k);

	if (r < 0)
		return 2;
	if (r == 0)
		puts("none");
	else
		printf("%s\t%s\t%u\t%s\t%s\n", k.format, ssh_protection_name(k.protection),
			k.key.bits, dash(k.key.fingerprint), dash(k.key.name));
	return 0;
}

int main(int argc, char *argv[])
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	FILE *f = argc == 3 ? fopen(argv[2], "re") : NULL;

	if (!a || !f) {
		(void)fprintf(stderr, "usage: ssh-keys-show lines|private FILE\n");
		return 2;
	}
	size_t n = fread(data, 1, sizeof(data), f);
	(void)fclose(f); /* read-only */
	return strcmp(argv[1], "lines") == 0 ? show_lines(a, data + n) : show_private(a, n);
}
