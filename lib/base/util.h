/* SPDX-License-Identifier: ISC */
/*
 * The few idioms that every file uses: clean-up on scope exit, transfer of
 * ownership, sizes of arrays. Nothing here allocates or calls the kernel.
 *
 * Errors all over lib/: 0 or positive on success, -errno on failure, outputs
 * (named ret_*) untouched on failure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define _cleanup_(f)   __attribute__((cleanup(f)))
#define _printf_(f, a) __attribute__((format(printf, f, a)))
#define _unused_       __attribute__((unused))

/* Hands over what a clean-up variable owns; the variable is empty afterwards. */
#define TAKE_PTR(p)                                                                                \
	({                                                                                         \
		__typeof__(p) *_pp = &(p), _p = *_pp;                                              \
		*_pp = NULL;                                                                       \
		_p;                                                                                \
	})
#define TAKE_FD(fd)                                                                                \
	({                                                                                         \
		int *_fdp = &(fd), _fd = *_fdp;                                                    \
		*_fdp = -1;                                                                        \
		_fd;                                                                               \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)     ((a) < (b) ? (a) : (b))
#define MAX(a, b)     ((a) > (b) ? (a) : (b))

/* Makes `static void f##p(T *p)` for _cleanup_(); f accepts NULL. */
#define DEFINE_FREEP(type, f)                                                                      \
	static inline void f##p(type *p)                                                           \
	{                                                                                          \
		if (*p)                                                                            \
			f(*p);                                                                     \
	}

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* nothing was written through it that close could lose */
}

#define _cleanup_free_  _cleanup_(freep)
#define _cleanup_close_ _cleanup_(closep)

#define USEC_PER_MSEC  UINT64_C(1000)
#define USEC_PER_SEC   UINT64_C(1000000)
#define USEC_PER_MIN   (60 * USEC_PER_SEC)
#define USEC_PER_HOUR  (60 * USEC_PER_MIN)
#define USEC_PER_DAY   (24 * USEC_PER_HOUR)
#define USEC_INFINITY  UINT64_MAX

/* In microseconds; 0 for what is before 1970. */
static inline uint64_t timespec_usec(struct timespec ts)
{
	return ts.tv_sec < 0 ? 0 : (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

/* An ASCII digit, whatever the locale; for any char, unlike isdigit(3). */
static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}
