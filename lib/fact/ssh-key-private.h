/* SPDX-License-Identifier: ISC */
/*
 * What a private key file says of itself without its passphrase: format,
 * whether it is encrypted, and the public key where that stands in clear.
 * Pure functions on bytes; the private part is stepped over, never copied.
 *
 * Known: OpenSSH (PROTOCOL.key), PEM of OpenSSL (RSA, DSA, EC; RFC 1421
 * headers), PKCS#8 plain and encrypted, PuTTY .ppk, ssh.com ("SSH2 ENCRYPTED"),
 * and the protocol 1 format.
 */
#pragma once

#include <stddef.h>

#include "fact/ssh-key.h"

enum ssh_protection {
	SSH_PROTECTION_NONE,	  /* whoever can read the file has the key */
	SSH_PROTECTION_ENCRYPTED, /* it asks for a passphrase */
	SSH_PROTECTION_UNKNOWN,	  /* begins like a private key and makes no sense after that */
	SSH_PROTECTION_MAX,
};

struct ssh_private_key {
	const char *format; /* "OpenSSH", "PEM", "PKCS#8", "PuTTY", ...; static */
	enum ssh_protection protection;
	struct ssh_key key; /* type OTHER and name "" where the file doesn't show it */
};

/*
 * Looks for the first private key in the n bytes (of the beginning of a file). 1: there is one; 0:
 * there is none; -ENOMEM. Strings in the arena.
 */
int ssh_key_parse_private(struct arena *a, const char *data, size_t n, struct ssh_private_key *ret);

/* "no passphrase", "encrypted", "damaged". */
const char *ssh_protection_name(enum ssh_protection p);
