/* SPDX-License-Identifier: ISC */
/* event_decode: rows of the outbox. What decodes must encode to the same again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "ledger/event.h"

/* Encodes, decodes, encodes: NULL when memory is short. */
static void check_round_trip(const struct event *e)
{
	struct arena *a = arena_new();
	char *first = event_encode(e);
	struct event again;

	if (!a || !first || event_decode(a, first, &again) < 0)
		abort();
	char *second = event_encode(&again);
	if (!second || strcmp(first, second) != 0)
		abort();
	free(first);
	free(second);
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *text = a ? arena_strndup(a, (const char *)data, size) : NULL;
	struct event e;

	if (text && event_decode(a, text, &e) == 0)
		check_round_trip(&e);
	arena_free(a);
	return 0;
}
