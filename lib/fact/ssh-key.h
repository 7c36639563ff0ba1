/* SPDX-License-Identifier: ISC */
/*
 * Public SSH keys and certificates in their wire form (RFC 4253, 5656, 8709,
 * PROTOCOL.certkeys, PROTOCOL.u2f), decoded as OpenSSH decodes them: what it
 * refuses is refused, and what it would write in another way (a number with
 * leading zeros, a short name) has the fingerprint that OpenSSH gives it, so
 * that a key can't hide behind another spelling of itself.
 *
 * Pure functions on bytes. Nothing here does mathematics: that a point lies on
 * its curve, or that a certificate's signature holds, is not looked at.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum ssh_key_type {
	SSH_KEY_OTHER, /* a type that this program doesn't know, or (private keys) can't see */
	SSH_KEY_RSA,
	SSH_KEY_DSA,
	SSH_KEY_ECDSA,
	SSH_KEY_ED25519,
	SSH_KEY_ECDSA_SK, /* the private part is in a hardware token */
	SSH_KEY_ED25519_SK,
	SSH_KEY_RSA1, /* protocol 1 */
	SSH_KEY_TYPE_MAX,
};

/* What a certificate adds to its key. */
struct ssh_certificate {
	bool host;			    /* for a host, not a user */
	uint64_t valid_after, valid_before; /* seconds since 1970; UINT64_MAX: forever */
	const char *ca_name;		    /* type of the signing key */
	unsigned ca_bits;
	const char *ca_fingerprint;
};

struct ssh_key {
	enum ssh_key_type type;
	const char *name;	 /* "ssh-ed25519", "ecdsa-sha2-nistp256", ...; raw for OTHER */
	unsigned bits;		 /* 0 when not known */
	const char *fingerprint; /* "SHA256:..." of the plain key; "" when not known */
	const struct ssh_certificate *cert; /* NULL for a plain key */
};

/*
 * Decodes one wire blob of n bytes. 0; -EBADMSG when OpenSSH would refuse it (but for an RSA
 * modulus that is too short, which is for the reader to judge); -ENOMEM. A blob whose type isn't
 * known but whose form is right (a name, then anything) is SSH_KEY_OTHER. Strings in the arena.
 */
int ssh_key_parse_blob(struct arena *a, const uint8_t *p, size_t n, struct ssh_key *ret);

/*
 * The same for the blob of a line that calls it name ("ssh-rsa", "rsa-sha2-512"): -EBADMSG, before
 * anything is allocated, unless that is what the blob holds, as sshkey_read() of OpenSSH decides.
 */
int ssh_key_parse_named(struct arena *a, const char *name, size_t name_n, const uint8_t *p,
	size_t n, struct ssh_key *ret);

/*
 * Decodes base64 as OpenSSH does (blanks skipped, padding required, no stray bits). The bytes are
 * to be freed. 0, -EBADMSG, -ENOMEM.
 */
int ssh_base64_decode(const char *s, size_t n, uint8_t **ret, size_t *ret_n);

/* A cursor over wire data, for the formats that embed it. Reading too far sets bad, for good. */
struct ssh_cursor {
	const uint8_t *p;
	size_t n;
	bool bad;
};

/* A string of the wire format: uint32 length and that many bytes. Empty when bad. */
struct ssh_cursor ssh_get_string(struct ssh_cursor *c);
uint32_t ssh_get_u32(struct ssh_cursor *c);
uint64_t ssh_get_u64(struct ssh_cursor *c);

/* The same in the other direction, for key parts that come from another encoding. */
struct ssh_blob {
	uint8_t data[12288]; /* four numbers of OpenSSH's 16384 bits fit */
	size_t n;
	bool bad; /* it was full */
};
void ssh_put_string(struct ssh_blob *b, const void *p, size_t n);

/* A non-negative number, big-endian; leading zeros are dropped, one is added where the sign asks.
 */
void ssh_put_number(struct ssh_blob *b, const uint8_t *p, size_t n);
