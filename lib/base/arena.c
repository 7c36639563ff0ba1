/* SPDX-License-Identifier: ISC */
#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <string.h>

enum {
	/* Small: what is left of the last chunk of each fact and verdict stays resident. */
	CHUNK_MIN = 256,
	CHUNK_MAX = 8 * 1024,
};

struct chunk {
	struct chunk *next;
	size_t used, size;
	alignas(max_align_t) char data[];
};

struct arena {
	struct chunk *head;
	size_t total;
	bool failed;
};

struct arena *arena_new(void)
{
	return calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	for (struct chunk *c = a->head, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	free(a);
}

static struct chunk *arena_chunk(struct arena *a, size_t size)
{
	size_t want = MIN(MAX(a->total / 4, (size_t)CHUNK_MIN), (size_t)CHUNK_MAX);
	want = MAX(want, size);
	struct chunk *c = malloc(sizeof(*c) + want);
	if (!c)
		return NULL;
	c->used = 0;
	c->size = want;
	a->total += sizeof(*c) + want;
	/* A big single object must not hide the room left in the current chunk. */
	if (a->head && size > CHUNK_MAX / 2) {
		c->next = a->head->next;
		a->head->next = c;
	} else {
		c->next = a->head;
		a->head = c;
	}
	return c;
}

static void *take(struct arena *a, size_t size, size_t align)
{
	if (size > SIZE_MAX / 4) {
		a->failed = true;
		return NULL;
	}
	struct chunk *c = a->head;
	size_t at = c ? (c->used + align - 1) & ~(align - 1) : 0;
	if (!c || at > c->size || c->size - at < size) {
		c = arena_chunk(a, size);
		if (!c) {
			a->failed = true;
			return NULL;
		}
		at = 0;
	}
	void *p = c->data + at;
	c->used = at + size;
	return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
	void *p = take(a, size ? size : 1, alignof(max_align_t));

	return p ? memset(p, 0, size) : NULL;
}

char *arena_memdup(struct arena *a, const void *data, size_t n)
{
	char *p = take(a, n + 1, 1);

	if (p)
		*(char *)mempcpy(p, data, n) = '\0';
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	return s ? arena_memdup(a, s, strnlen(s, n)) : NULL;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, SIZE_MAX);
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list copy;
	va_copy(copy, ap);
	int n = vsnprintf(NULL, 0, fmt, copy);
	va_end(copy);
	if (n < 0) {
		a->failed = true;
		return NULL;
	}
	char *p = take(a, (size_t)n + 1, 1);
	if (p)
		(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *p = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}

char *arena_path(struct arena *a, const char *dir, const char *name)
{
	size_t n = strlen(dir);

	while (n > 0 && dir[n - 1] == '/')
		n--;
	return arena_printf(a, "%.*s/%s", (int)n, dir, name);
}

void *arena_grow(struct arena *a, void *array, size_t n, size_t size)
{
	char **slot = array;
	/* Capacity is always a power of two and at least four: it follows from n. */
	bool full = n == 0 || (n >= 4 && (n & (n - 1)) == 0);
	if (full) {
		char *p = arena_alloc(a, (n == 0 ? 4 : n * 2) * size);
		if (!p)
			return NULL;
		if (n > 0)
			memcpy(p, *slot, n * size);
		*slot = p;
	}
	return *slot + n * size;
}

void arena_fail(struct arena *a)
{
	a->failed = true;
}

bool arena_failed(const struct arena *a)
{
	return a->failed;
}

size_t arena_size(const struct arena *a)
{
	return a->total;
}
