/* SPDX-License-Identifier: ISC */
/*
 * clear-login-show SERVER [ROOT]: what the reader makes of the configuration of a server
 * ("dovecot", "slapd", "snmpd"), one service a line: kind, "udp" or "tcp", ports
 * with commas between or "-", protocol in quotes, setting, place, and the fault.
 */
#include <stdio.h>
#include <string.h>

#include "fact/clear-servers.h"

static void show(const struct clear_service *s)
{
	static const char *const kinds[] = {
		[CLEAR_SHUT] = "SHUT", [CLEAR_LOGIN] = "LOGIN", [CLEAR_OPEN] = "OPEN"};

	printf("%s\t%s\t", kinds[s->kind], s->udp ? "udp" : "tcp");
	for (size_t i = 0; i < CLEAR_PORTS_MAX && s->ports[i]; i++)
		printf("%s%u", i > 0 ? "," : "", s->ports[i]);
	printf("%s\t%s\t%s\t%s:%u\t%s\n", s->ports[0] ? "" : "-", s->protocol,
		s->setting ? s->setting : "", s->at.path ? s->at.path : "", s->at.line,
		s->fault ? s->fault : "");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*read)(struct arena *, const struct root *, struct clear_list *);
	} readers[] = {
		{"inetd", clear_inetd},
		{"proftpd", clear_proftpd},
		{"pure-ftpd", clear_pureftpd},
		{"vsftpd", clear_vsftpd},
		{"xinetd", clear_xinetd},
		{"dovecot", clear_dovecot},
		{"slapd", clear_slapd},
		{"snmpd", clear_snmpd},
		{"snmptrapd", clear_snmptrapd},
	};
	struct arena *a = arena_new();
	struct clear_list l = {0};
	struct root root;

	if (argc < 2 || !a || root_open(argc > 2 ? argv[2] : "/", &root) < 0)
		return 2;
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		if (strcmp(readers[i].name, argv[1]) == 0 && readers[i].read(a, &root, &l) < 0)
			return 1;
	}
	for (size_t i = 0; i < l.n; i++)
		show(&l.v[i]);
	arena_free(a);
	root_close(&root);
	return 0;
}
