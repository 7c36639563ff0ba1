/* SPDX-License-Identifier: ISC */
/* f2b_parse, f2b_merge and f2b_get, and the readers of assignments and ports. */
#include <stdint.h>
#include <stdlib.h>

#include "fact/fail2ban-ini.h"
#include "fact/guards.h"

/* Everything in the file, filled in, and what would follow from it. */
static void follow(struct arena *a, const struct f2b_ini *ini)
{
	for (size_t i = 0; i < ini->n && i < 8; i++) {
		for (size_t k = 0; k < ini->v[i].n && k < 8; k++) {
			const struct f2b_option *o;
			const struct guard_ports *ports;
			struct f2b_error e;
			size_t n;
			char *value;
			if (f2b_get(a, ini, &ini->v[i], ini->v[i].v[k].key, &o, &value, &e) == 0)
				(void)guard_ports_parse(a, value, o->value, &ports, &n);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *text = a && size <= 4096 ? arena_strndup(a, (const char *)data, size) : NULL;
	struct f2b_ini ini, all = {.defaults = {.name = "DEFAULT"}};
	struct f2b_error e = {0};
	const char *value;
	unsigned line;
	bool plain;

	if (text) {
		if (f2b_parse(a, "/x", (const char *)data, size, &ini, &e) == 0 &&
			f2b_merge(a, &all, &ini) == 0 && f2b_merge(a, &all, &ini) == 0)
			follow(a, &all);
		if (guard_assignment(a, text, "BACKEND", &value, &line, &plain) == 0 && value &&
			line == 0)
			abort();
	}
	arena_free(a);
	return 0;
}
