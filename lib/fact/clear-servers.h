/* SPDX-License-Identifier: ISC */
/*
 * Servers of this machine whose configuration decides whether they demand
 * encryption, each reduced to what its clients may do in the clear, and to the
 * setting that says so. What a server of these does when nothing is said, as the
 * distributions build and start it, is filled in. Nothing here listens: which of
 * them does is known by FACT_LISTENERS, and matched by program and port.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "fact/conf-files.h"

struct units;

enum clear_kind {
	CLEAR_SHUT,  /* encryption is demanded, or the protocol is not served there */
	CLEAR_LOGIN, /* a password is refused in the clear, the rest is not */
	CLEAR_OPEN,  /* passwords are taken in the clear */
};

enum {
	CLEAR_PORTS_MAX = 6,
};

struct clear_service {
	const char *program;		 /* fnmatch(3) for the name of the file that listens */
	const char *protocol;		 /* "FTP" */
	bool udp;			 /* over UDP; else over TCP */
	unsigned ports[CLEAR_PORTS_MAX]; /* ends with 0; none: all of its ports but those that
					    another service of the program names */
	enum clear_kind kind;
	const char
		*setting; /* what decides: "ssl_enable=NO", "no ssl_enable= (the default is NO)" */
	struct conf_place at; /* where that stands; line 0: the file where it does not */
	/* Why it could not be read to its end, which leaves the kind undecided; or NULL. */
	const char *fault, *fault_path;
	unsigned fault_line;
};

struct clear_servers {
	const struct clear_service *v; /* of those that are installed and configured */
	size_t n;
};

/* What the readers add to. */
struct clear_list {
	const struct units *units; /* for command lines; NULL: none is known */
	struct clear_service *v;
	size_t n;
};

/*
 * The readers of one server each: they add its services, none where it is not
 * installed. 0; or -ENOMEM, and then the list holds a part of them.
 */
int clear_proftpd(struct arena *a, const struct root *root, struct clear_list *ret);
int clear_vsftpd(struct arena *a, const struct root *root, struct clear_list *ret);
int clear_dovecot(struct arena *a, const struct root *root, struct clear_list *ret);
int clear_slapd(struct arena *a, const struct root *root, struct clear_list *ret);
int clear_snmpd(struct arena *a, const struct root *root, struct clear_list *ret);
int clear_snmptrapd(struct arena *a, const struct root *root, struct clear_list *ret);
int clear_pureftpd(struct arena *a, const struct root *root, struct clear_list *ret);

/* The same: what each port is handed over to, by the program that is started there. */
int clear_inetd(struct arena *a, const struct root *root, struct clear_list *ret);
int clear_xinetd(struct arena *a, const struct root *root, struct clear_list *ret);
/* Of socket units that are on, those of ret->units. */
int clear_sockets(struct arena *a, const struct root *root, struct clear_list *ret);

/* The same of one text (written to), whose includes name nothing. 0 or -ENOMEM. */
int clear_proftpd_text(struct arena *a, char *text, struct clear_list *ret);
int clear_vsftpd_text(struct arena *a, char *text, struct clear_list *ret);
int clear_dovecot_text(struct arena *a, char *text, struct clear_list *ret);
int clear_slapd_text(struct arena *a, char *text, struct clear_list *ret);
int clear_snmpd_text(struct arena *a, char *text, struct clear_list *ret);
int clear_pureftpd_text(struct arena *a, char *text, struct clear_list *ret);
int clear_pureftpd_value(struct arena *a, char *text, struct clear_list *ret); /* Debian's TLS */
int clear_inetd_text(struct arena *a, char *text, struct clear_list *ret);
int clear_xinetd_text(struct arena *a, char *text, struct clear_list *ret);

/* ---- for the readers ---- */

/* Adds a copy; its strings are borrowed. 0 or -ENOMEM. */
int clear_add(struct arena *a, struct clear_list *l, const struct clear_service *s);

/* Takes the fault of a reading over. */
void clear_fault(struct clear_service *s, const struct conf_files *f);

/*
 * Calls each() with the words of every ExecStart= of l->units that runs a file
 * of this name, the program itself first: quotes taken off, %i and %I replaced,
 * variables left as they are. words ends with NULL and lies in the arena. How
 * many there were, -ENOMEM, or what each() returned below 0.
 */
int clear_commands(struct arena *a, const struct clear_list *l, const char *program,
	int (*each)(const char *const *words, size_t n, const struct conf_place *at, void *arg),
	void *arg);

/*
 * The words that "$NAME" or "${NAME}" of a command line stands for, by the first
 * of the files (paths, ends with NULL) that assigns it, as EnvironmentFile= or a
 * shell reads them; none where none does. 0 or -ENOMEM.
 */
int clear_variable(struct arena *a, const struct root *root, const char *word,
	const char *const paths[], const char *const **ret, size_t *ret_n);
