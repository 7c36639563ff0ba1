/* SPDX-License-Identifier: ISC */
/*
 * An arena: many small allocations that live and die together. Each fact and
 * each verdict owns one, so that freeing it is one call and nothing in it
 * needs an owner of its own.
 *
 * A failed allocation returns NULL and is remembered: a builder may go on and
 * ask arena_failed() once at the end.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"

struct arena;

/* A new, empty arena, or NULL when memory is short. Owned by the caller. */
struct arena *arena_new(void);

/* Frees the arena and all that came from it. NULL is fine. */
void arena_free(struct arena *a);
DEFINE_FREEP(struct arena *, arena_free)

/* Zeroed memory, aligned for any type; NULL on ENOMEM. Size 0 gives a unique pointer. */
void *arena_alloc(struct arena *a, size_t size);

/* A copy of n bytes, whatever they are, with a NUL behind them; NULL on ENOMEM. */
char *arena_memdup(struct arena *a, const void *data, size_t n);

/* Copies of strings; NULL on ENOMEM, and NULL for a NULL string. */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) _printf_(2, 3);
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) _printf_(2, 0);

/* The path of name in dir, with one slash between them; name is relative. NULL on ENOMEM. */
char *arena_path(struct arena *a, const char *dir, const char *name);

/*
 * Grows an array by doubling: returns the place for element n of size bytes
 * (zeroed) in *array, which then has room for it; the caller counts. The old
 * array stays in the arena until it is freed. NULL on ENOMEM.
 */
void *arena_grow(struct arena *a, void *array, size_t n, size_t size);

/* Remembers that an allocation failed which was none of this arena's. */
void arena_fail(struct arena *a);

/* Whether any allocation from this arena has failed. */
bool arena_failed(const struct arena *a);

/* Bytes taken from the heap, for the memory figures. */
size_t arena_size(const struct arena *a);
