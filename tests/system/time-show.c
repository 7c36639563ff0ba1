/* SPDX-License-Identifier: ISC */
/*
 * time-show PROGRAM TRUSTED: what the reader makes of the configuration of a time
 * server of this machine ("chrony", "ntpsec"), for trusted nets with commas
 * between: "SERVE CONTROL FAULT", each 2 for somebody outside, 3 for maybe, else 0.
 */
#include <stdio.h>
#include <string.h>

#include "fact/address-reach.h"
#include "fact/time-servers.h"

static int most(struct arena *a, const struct address_list *listen, const struct address_list *list,
	const struct address_list *inside)
{
	static const int families[] = {AF_INET, AF_INET6};
	int best = 0;

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		struct net from;
		int m = address_reach_beyond(a, listen, families[i]);
		if (m > 0)
			m = address_reach_outside(a, list, families[i], inside, &from);
		if (m == ADDRESS_TAKEN || (m == ADDRESS_MAY && best == 0))
			best = m;
	}
	return best;
}

int main(int argc, char **argv)
{
	int (*const readers[])(struct arena *, const struct root *, struct time_server *) = {
		time_server_chrony, time_server_ntpd, time_server_openntpd};
	struct address_element v[32] = {0};
	struct address_list inside = {v, 0, NULL, 0};
	struct arena *a = arena_new();
	struct root root;

	if (argc != 3 || !a || root_open("/", &root) < 0)
		return 2;
	for (char *w = strtok(argv[2], ","); w && inside.n < ARRAY_SIZE(v); w = strtok(NULL, ",")) {
		v[inside.n].kind = ADDRESS_NET;
		inside.n += net_parse(w, &v[inside.n].net) == 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		struct time_server s = {.program = ""};
		if (readers[i](a, &root, &s) <= 0 || strcmp(s.program, argv[1]) != 0)
			continue;
		printf("%d %d %s\n", most(a, s.listen, s.serve, &inside),
			most(a, s.control_listen, s.control, &inside), s.fault ? s.fault : "");
		arena_free(a);
		root_close(&root);
		return 0;
	}
	return 1;
}
