/* SPDX-License-Identifier: ISC */
/* The first byte says whose configuration the rest is; and whom that answers. */
#include <stdint.h>
#include <stdlib.h>

#include "fact/name-servers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int (*const readers[])(struct arena *, char *, struct name_server *) = {
		name_server_bind_text, name_server_unbound_text, name_server_dnsmasq_text};
	static const struct net own = {.family = AF_INET, .bits = 32, .addr = {192, 0, 2, 1}};
	static const struct net net = {.family = AF_INET, .bits = 24, .addr = {192, 0, 2}};
	static const struct dns_places places[] = {{0}, {&own, &net, 1}};
	struct arena *a = arena_new();
	char *text = a && size > 0 && size <= 8192
			     ? arena_strndup(a, (const char *)data + 1, size - 1)
			     : NULL;
	struct dns_exposure x;
	struct name_server s;

	if (text && readers[*data % ARRAY_SIZE(readers)](a, text, &s) == 0) {
		for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
			if (name_server_exposure(a, &s, &net, 1, &places[i], &x) == 0 &&
				x.maybe < x.sure)
				abort();
		}
		for (size_t i = 0; i < s.n_views; i++)
			(void)address_list_text(a, s.views[i].recurse);
	}
	arena_free(a);
	return 0;
}
