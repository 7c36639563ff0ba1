/* SPDX-License-Identifier: ISC */
/*
 * Builds rpm headers as they stand in the database: for tests.
 */
#pragma once

#include <stdint.h>
#include <string.h>

struct rpm_header {
	uint8_t bytes[1024];
	size_t n; /* after rpm_header_end() */
	uint8_t index[256], data[512];
	size_t entries, size;
};

static inline void rpm_be32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static inline void rpm_header_tag(
	struct rpm_header *h, uint32_t tag, uint32_t type, const void *data, size_t size)
{
	uint8_t *e = h->index + 16 * h->entries++;

	rpm_be32(e, tag);
	rpm_be32(e + 4, type);
	rpm_be32(e + 8, (uint32_t)h->size);
	rpm_be32(e + 12, 1);
	memcpy(h->data + h->size, data, size);
	h->size += size;
}

static inline void rpm_header_string(struct rpm_header *h, uint32_t tag, const char *s)
{
	rpm_header_tag(h, tag, 6, s, strlen(s) + 1);
}

static inline void rpm_header_end(struct rpm_header *h)
{
	rpm_be32(h->bytes, (uint32_t)h->entries);
	rpm_be32(h->bytes + 4, (uint32_t)h->size);
	memcpy(h->bytes + 8, h->index, 16 * h->entries);
	memcpy(h->bytes + 8 + 16 * h->entries, h->data, h->size);
	h->n = 8 + 16 * h->entries + h->size;
}

/* epoch 0: none. arch NULL: none, as a key has. */
static inline void rpm_header_make(struct rpm_header *h, const char *name, uint8_t epoch,
	const char *version, const char *release, const char *arch)
{
	memset(h, 0, sizeof(*h));
	if (epoch)
		rpm_header_tag(h, 1003, 4, (const uint8_t[]){0, 0, 0, epoch}, 4);
	rpm_header_string(h, 1000, name);
	rpm_header_string(h, 1001, version);
	rpm_header_string(h, 1002, release);
	rpm_header_string(h, 1004, "a summary that nobody asks for");
	if (arch)
		rpm_header_string(h, 1022, arch);
	rpm_header_end(h);
}
