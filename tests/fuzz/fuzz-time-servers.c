/* SPDX-License-Identifier: ISC */
/* The first byte says whose configuration the rest is; and whom that serves. */
#include <stdint.h>
#include <stdlib.h>

#include "fact/address-reach.h"
#include "fact/time-servers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int (*const readers[])(struct arena *, char *, struct time_server *) = {
		time_server_chrony_text, time_server_ntpd_text, time_server_openntpd_text};
	struct arena *a = arena_new();
	char *text = a && size > 0 && size <= 8192
			     ? arena_strndup(a, (const char *)data + 1, size - 1)
			     : NULL;
	struct time_server s;
	struct net from;

	if (text && readers[*data % ARRAY_SIZE(readers)](a, text, &s) == 0) {
		int r = address_reach_beyond(a, s.listen, AF_INET);
		if (r != 0 && r != 1)
			abort();
		r = address_reach_outside(a, s.serve, AF_INET, NULL, &from);
		if (r == ADDRESS_MISSED || (r >= ADDRESS_TAKEN && from.family != AF_INET))
			abort();
		(void)address_reach_outside(a, s.control, AF_INET6, &address_list_own, &from);
		(void)address_list_text(a, s.serve);
	}
	arena_free(a);
	return 0;
}
