/* SPDX-License-Identifier: ISC */
/*
 * snmpd.conf(5) and snmptrapd.conf(5) of net-snmp, as far as they decide who is
 * let in: the lines about communities, users, groups, access and views as rows,
 * in their order. What lets in this machine alone is left out.
 *
 * A community is a password: no row has it.
 */
#pragma once

#include "fact/clear-servers.h"

enum snmpd_level { SNMPD_NOAUTH, SNMPD_AUTH, SNMPD_PRIV };

enum snmpd_row_kind {
	SNMPD_COMMUNITY, /* rocommunity and the like */
	SNMPD_SOURCE,	 /* com2sec: who may be the name by a community */
	SNMPD_GROUP,	 /* the name is in the group, by the model */
	SNMPD_ACCESS,	 /* what the group may see */
	SNMPD_USER,	 /* rouser and the like */
	SNMPD_VIEW,	 /* one that shows anything */
	SNMPD_KNOWN,	 /* a user that there is */
};

struct snmpd_row {
	enum snmpd_row_kind kind;
	const char *key;		  /* "rocommunity" */
	const char *name;		  /* of a source, group's member, user, view */
	const char *group, *model, *view; /* NULL: any; of a view: all that there is */
	enum snmpd_level level;
	struct conf_place at;
};

struct snmpd_conf {
	struct conf_files files;
	bool traps; /* it is snmptrapd */
	bool off;   /* within lines that are for another program */
	bool there; /* a file was read */
	struct snmpd_row *v;
	size_t n;
	struct conf_place open; /* disableAuthorization yes */
	/* Ports of SNMP over TCP, over DTLS and over TLS; end with 0. */
	unsigned tcp[CLEAR_PORTS_MAX], dtls[CLEAR_PORTS_MAX], tls[CLEAR_PORTS_MAX];
	struct conf_place listen_at;
};

/*
 * Adds the lines of a text (written to, and pointed into) to the conf, a struct
 * snmpd_conf; and those of the files that it includes. For conf_files_read().
 * Why that did not work is in its files. 0 or -ENOMEM.
 */
int snmpd_conf_parse(const char *path, char *text, void *conf);

/* Adds an address to listen on, unless it is for SNMP over UDP: "tcp:161", "dtlsudp:[::1]:10161".
 */
void snmpd_conf_address(struct snmpd_conf *c, const char *address, const struct conf_place *at);
