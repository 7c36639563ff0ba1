/* SPDX-License-Identifier: ISC */
#include "base/siphash.h"

#include <endian.h>
#include <string.h>

static uint64_t rotl(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static void rounds(uint64_t v[static 4], int n)
{
	while (n-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotl(v[1], 13) ^ v[0];
		v[3] = rotl(v[3], 16) ^ v[2];
		v[0] = rotl(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotl(v[1], 17) ^ v[2];
		v[3] = rotl(v[3], 21) ^ v[0];
		v[2] = rotl(v[2], 32);
	}
}

static void word(struct siphash *h, uint64_t w)
{
	h->v[3] ^= w;
	rounds(h->v, 2);
	h->v[0] ^= w;
}

void siphash_init(struct siphash *h, const uint8_t key[static 16])
{
	uint64_t k[2];

	memcpy(k, key, sizeof(k));
	k[0] = le64toh(k[0]);
	k[1] = le64toh(k[1]);
	*h = (struct siphash){
		.v = {k[0] ^ UINT64_C(0x736f6d6570736575), k[1] ^ UINT64_C(0x646f72616e646f6d),
			k[0] ^ UINT64_C(0x6c7967656e657261), k[1] ^ UINT64_C(0x7465646279746573)}};
}

void siphash_update(struct siphash *h, const void *p, size_t n)
{
	const uint8_t *in = p;

	for (; n > 0 && h->size % 8 != 0; n--, in++) {
		h->tail |= (uint64_t)*in << (h->size++ % 8 * 8);
		if (h->size % 8 == 0) {
			word(h, h->tail);
			h->tail = 0;
		}
	}
	for (; n >= 8; n -= 8, in += 8, h->size += 8) {
		uint64_t w;
		memcpy(&w, in, sizeof(w));
		word(h, le64toh(w));
	}
	for (; n > 0; n--, in++)
		h->tail |= (uint64_t)*in << (h->size++ % 8 * 8);
}

void siphash_string(struct siphash *h, const char *s)
{
	siphash_update(h, s ? "s" : "n", 1);
	if (s)
		siphash_update(h, s, strlen(s) + 1);
}

uint64_t siphash_digest(struct siphash *h)
{
	word(h, h->tail | (uint64_t)h->size << 56);
	h->v[2] ^= 0xff;
	rounds(h->v, 4);
	return h->v[0] ^ h->v[1] ^ h->v[2] ^ h->v[3];
}
