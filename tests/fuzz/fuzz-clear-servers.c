/* SPDX-License-Identifier: ISC */
/* The first byte says whose configuration the rest is. */
#include <stdint.h>
#include <stdlib.h>

#include "fact/clear-servers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int (*const readers[])(struct arena *, char *, struct clear_list *) = {
		clear_vsftpd_text,
		clear_pureftpd_text,
		clear_pureftpd_value,
		clear_inetd_text,
		clear_xinetd_text,
		clear_dovecot_text,
		clear_slapd_text,
		clear_proftpd_text,
		clear_snmpd_text,
	};
	struct arena *a = arena_new();
	struct clear_list l = {0};
	char *text = a && size > 0 && size <= 8192
			     ? arena_strndup(a, (const char *)data + 1, size - 1)
			     : NULL;

	if (text && readers[*data % ARRAY_SIZE(readers)](a, text, &l) == 0) {
		for (size_t i = 0; i < l.n; i++) {
			const struct clear_service *s = &l.v[i];
			/* Each verdict has its reason and its place. */
			if (!s->program || !s->protocol || s->kind > CLEAR_OPEN ||
				(!s->fault && (!s->setting || !s->at.path)))
				abort();
		}
	}
	arena_free(a);
	return 0;
}
