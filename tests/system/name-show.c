/* SPDX-License-Identifier: ISC */
/*
 * name-show PROGRAM TRUSTED LOCAL: what the reader makes of the configuration of
 * a name server of this machine ("BIND", ...), for nets with commas between that
 * are trusted, and addresses with prefixes of its interfaces.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fact/name-servers.h"

static size_t nets(char *text, struct net *v, size_t max)
{
	size_t n = 0;

	for (char *w = strtok(text, ","); w && n < max; w = strtok(NULL, ","))
		n += net_parse(w, &v[n]) != -EINVAL;
	return n;
}

/* The same without the lengths of the prefixes. */
static void addresses(const char *text, struct net *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char word[64];
		(void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(text, "/"), text);
		if (net_parse(word, &v[i]) < 0)
			abort();
		text += strcspn(text, ",") + 1;
	}
}

int main(int argc, char **argv)
{
	int (*const readers[])(struct arena *, const struct root *, struct name_server *) = {
		name_server_bind, name_server_unbound, name_server_dnsmasq, name_server_resolved};
	struct net trusted[32], local[32], own[32];
	struct arena *a = arena_new();
	struct root root;

	if (argc != 4 || !a || root_open("/", &root) < 0)
		return 2;
	size_t n = nets(argv[2], trusted, 32);
	char *copy = strdup(argv[3]);
	const struct dns_places places = {own, local, nets(argv[3], local, 32)};
	addresses(copy, own, places.n);
	free(copy);
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		struct name_server s = {.program = ""};
		struct dns_exposure x = {0};
		if (readers[i](a, &root, &s) <= 0 || strcmp(s.program, argv[1]) != 0)
			continue;
		if (name_server_exposure(a, &s, trusted, n, &places, &x) < 0)
			return 2;
		printf("%d %d %d %s\n", name_server_listens(a, &s, &places), x.sure, x.maybe,
			s.fault ? s.fault : "");
		arena_free(a);
		root_close(&root);
		return 0;
	}
	return 1;
}
