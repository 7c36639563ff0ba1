/* SPDX-License-Identifier: ISC */
#include "fact/der.h"

#include <limits.h>
#include <string.h>

/* Tag and length of the next element; false when they aren't all there. */
static bool peek(const struct der *d, size_t *ret_header, size_t *ret_n)
{
	if (d->bad || d->n < 2)
		return false;
	size_t header = 2, n = d->p[1];
	if (n & 0x80) {
		size_t bytes = n & 0x7f;
		if (bytes == 0 || bytes > 4 || d->n < 2 + bytes)
			return false;
		n = 0;
		for (size_t i = 0; i < bytes; i++)
			n = n << 8 | d->p[2 + i];
		header += bytes;
	}
	if (d->n - header < n)
		return false;
	*ret_header = header;
	*ret_n = n;
	return true;
}

struct der der_get(struct der *d, uint8_t tag)
{
	size_t header, n;

	if (!peek(d, &header, &n) || d->p[0] != tag) {
		d->bad = true;
		return (struct der){.bad = true};
	}
	struct der content = {.p = d->p + header, .n = n};
	d->p += header + n;
	d->n -= header + n;
	return content;
}

struct der der_get_optional(struct der *d, uint8_t tag)
{
	size_t header, n;

	if (!peek(d, &header, &n) || d->p[0] != tag)
		return (struct der){.n = 0};
	return der_get(d, tag);
}

struct der der_get_bits(struct der *d, uint8_t tag)
{
	struct der s = der_get_optional(d, tag);

	if (s.n == 0 || s.p[0] != 0) /* bits unused in the last byte */
		return (struct der){.n = 0};
	s.p++;
	s.n--;
	return s;
}

bool der_is(struct der d, const char *bytes, size_t n)
{
	return !d.bad && d.n == n && memcmp(d.p, bytes, n) == 0;
}

unsigned der_bits(struct der d)
{
	while (d.n > 0 && *d.p == 0) {
		d.p++;
		d.n--;
	}
	if (d.n == 0 || d.n > UINT_MAX / 8)
		return 0;
	return (unsigned)(d.n - 1) * 8 + (32 - (unsigned)__builtin_clz(*d.p));
}
