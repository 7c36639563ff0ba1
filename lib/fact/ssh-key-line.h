/* SPDX-License-Identifier: ISC */
/*
 * One line of an authorized_keys file (sshd(8), AUTHORIZED_KEYS FILE FORMAT):
 * options, key type, key, comment, split as sshd splits it. Pure functions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "fact/ssh-key.h"

struct ssh_key_line {
	struct ssh_key key;
	const char *comment; /* raw bytes, at most 128, not escaped; "" without one */
	/*
	 * The options in one line, bounded, not escaped, without what may be a
	 * secret: of a command its program, of an environment variable its name.
	 * Where something was left out, a hash of all of it follows, so that
	 * different options always differ here. "" without any.
	 */
	const char *options;
	const char *refused; /* why sshd passes over this line all the same; NULL when it doesn't */
	bool cert_authority; /* the key signs certificates */
	bool from;	     /* it is good from some addresses only */
	bool command;	     /* it runs one command only */
};

/*
 * Decodes the line of n bytes (without its newline; a NUL ends it, as in sshd). 1: a key; 0: blank
 * or comment; -EBADMSG: sshd finds no key in it; -ENOMEM. Strings in the arena.
 *
 * Options that this program doesn't know don't hide the key: it is returned, with refused set.
 */
int ssh_key_parse_line(struct arena *a, const char *line, size_t n, struct ssh_key_line *ret);

/* "ssh-ed25519 256 COMMENT [options]": what the baseline remembers of a key. NULL on ENOMEM. */
char *ssh_key_line_describe(struct arena *a, const struct ssh_key_line *line);
