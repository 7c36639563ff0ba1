/* SPDX-License-Identifier: ISC */
/*
 * SipHash-2-4: a keyed 64-bit digest of a stream of bytes, for telling in
 * memory whether something is still what it was. Whoever does not know the key
 * cannot make two inputs of one digest; 64 bits are not for storing, and no
 * proof to anybody else (that is SHA-256's work).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct siphash {
	uint64_t v[4];
	uint64_t tail; /* the last bytes that do not make up a word yet */
	size_t size;   /* of all input so far */
};

void siphash_init(struct siphash *h, const uint8_t key[static 16]);
void siphash_update(struct siphash *h, const void *p, size_t n);

/* A string with its end, so that "a","bc" is not "ab","c"; NULL differs from "". */
void siphash_string(struct siphash *h, const char *s);

/* The digest of what was given; h is used up. */
uint64_t siphash_digest(struct siphash *h);
