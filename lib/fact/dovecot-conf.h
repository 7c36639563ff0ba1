/* SPDX-License-Identifier: ISC */
/*
 * dovecot.conf of Dovecot 2.2 to 2.4, as far as it decides who may log in without
 * TLS: the settings below for all connections and those in filters (protocol,
 * local, remote, local_name), and the ports of the services that speak to clients.
 *
 * A line is `key = value`, `name [title] {` or `}`; "#" begins a comment, "\" at
 * its end joins the next. A block may begin in one file and end in another.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/net.h"
#include "fact/conf-files.h"

enum dovecot_key {
	DOVECOT_SSL,	    /* "no", "yes", "required" */
	DOVECOT_CLEARTEXT,  /* disable_plaintext_auth of 2.3, auth_allow_cleartext of 2.4 */
	DOVECOT_MECHANISMS, /* auth_mechanisms */
	DOVECOT_TRUSTED,    /* login_trusted_networks */
	DOVECOT_PROTOCOLS,  /* protocols; of no filter */
	DOVECOT_KEYS
};

struct dovecot_value {
	const char *key;  /* as written: "disable_plaintext_auth" */
	const char *text; /* NULL: not set here */
	bool allows;	  /* of DOVECOT_CLEARTEXT: passwords in the clear */
	struct conf_place at;
};

/* What holds for some connections. The first of a configuration is for all. */
struct dovecot_filter {
	const char *protocol;	  /* "imap", "!pop3"; NULL: any */
	bool sni;		  /* for clients that gave a name in TLS (local_name) */
	struct net local, remote; /* family 0: any */
	struct dovecot_value v[DOVECOT_KEYS];
};

struct dovecot_listener {
	const char *service, *name; /* "imap-login", "imap" */
	unsigned port;		    /* 0: none */
	bool ssl;		    /* TLS from the first byte */
	struct conf_place at;	    /* where its port or ssl is set; path NULL: nowhere */
};

/* A service by another name than its program's: `service x { executable = imap-login }`. */
struct dovecot_service {
	const char *name, *program;
};

enum {
	DOVECOT_FILTERS_MAX = 64,
};

struct dovecot_conf {
	struct dovecot_filter *filters; /* at most DOVECOT_FILTERS_MAX */
	size_t n_filters;
	struct dovecot_listener *listeners;
	size_t n_listeners;
	struct dovecot_service *services;
	size_t n_services;
	bool versioned; /* dovecot_config_version is set: it is for 2.4 or newer */
};

/*
 * Reads the file and what it includes. Why that did not work to its end is in
 * files->fault. 0 or -ENOMEM.
 */
int dovecot_conf_read(struct conf_files *files, const char *path, struct dovecot_conf *ret);

/* The same of one text (written to). 0 or -ENOMEM. */
int dovecot_conf_parse(
	struct conf_files *files, const char *path, char *text, struct dovecot_conf *ret);

/*
 * What holds for connections of the protocol from remote to local (family 0:
 * from any that no filter is about): of each key the value in the most special
 * filter that is for these, NULL where it is not set. False: 2.3 finds that two
 * filters contradict each other, and refuses these connections.
 */
bool dovecot_conf_values(const struct dovecot_conf *c, const char *protocol,
	const struct net *local, const struct net *remote,
	const struct dovecot_value *ret[static DOVECOT_KEYS]);
