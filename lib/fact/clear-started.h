/* SPDX-License-Identifier: ISC */
/* What inetd, xinetd and systemd hand a connection over to: known by the program they start. */
#pragma once

#include "fact/clear-servers.h"

struct clear_started {
	const char *listener;	 /* who has the socket: clear_service's program */
	const char *server;	 /* path of what is started */
	const char *const *args; /* of it; for inetd with its own name first; ends with NULL */
	unsigned port;
	bool udp;
	const char *setting; /* that names the server, as written */
	struct conf_place at;
};

/*
 * Adds what it serves where that is known to be in the clear or encrypted; what
 * tcpd(8) and busybox start is looked for behind them. root NULL: the
 * configuration of the server itself is not read. 0 or -ENOMEM.
 */
int clear_started(struct arena *a, const struct root *root, const struct clear_started *s,
	struct clear_list *ret);

/* That nothing is known of any port of the listener: a fault of reading. 0 or -ENOMEM. */
int clear_started_fault(
	struct arena *a, const struct conf_files *f, const char *listener, struct clear_list *ret);

/* The port that the word, a number or a name of services(5), means; 0: none. */
unsigned clear_started_port(const char *services, const char *word, bool udp);

/* Whose inetd.conf it is, and which of its services that one starts (takes NULL: all). */
struct clear_inetd {
	const char *listener;
	bool (*takes)(const char *service, const void *arg);
	const void *arg;
};

/* Reads the file or pattern as inetd.conf(5). 0 or -ENOMEM. */
int clear_inetd_read(struct conf_files *f, const char *pattern, const struct clear_inetd *whose,
	struct clear_list *ret);
