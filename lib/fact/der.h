/* SPDX-License-Identifier: ISC */
/*
 * As much of DER (X.690) as it takes to find a number in a key: tags of one
 * byte, definite lengths, a cursor that can't leave its bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_OID = 0x06,
	DER_SEQUENCE = 0x30,
};
#define DER_CONTEXT(n)	     (0xa0 | (n)) /* constructed: holds elements */
#define DER_CONTEXT_PLAIN(n) (0x80 | (n))

/* Bytes not yet read. Reading what isn't there sets bad, for good. */
struct der {
	const uint8_t *p;
	size_t n;
	bool bad;
};

/* The content of the next element, which must have this tag; empty and bad when it hasn't. */
struct der der_get(struct der *d, uint8_t tag);

/* The same when it is there; else empty, and nothing is read. */
struct der der_get_optional(struct der *d, uint8_t tag);

/* The bytes of a BIT STRING (under this tag); empty when it isn't there or doesn't end with a byte.
 */
struct der der_get_bits(struct der *d, uint8_t tag);

/* Whether the content is exactly these bytes. */
bool der_is(struct der d, const char *bytes, size_t n);

/* Length in bits of a non-negative INTEGER's content. */
unsigned der_bits(struct der d);
