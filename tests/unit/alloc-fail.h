/* SPDX-License-Identifier: ISC */
/*
 * Fails the n-th allocation: include in a test whose meson entry says
 * 'alloc': true, and call alloc_each() (of a fact, alloc_each_collect() of
 * alloc-collect.h), or loop n upwards until the code under test succeeds:
 *
 *     for (alloc_fail_at = 1;; alloc_fail_at++) {
 *             alloc_count = 0;
 *             r = parse(...);
 *             if (alloc_count < alloc_fail_at)
 *                     break;                   // nothing failed: done
 *             assert_int_equal(r, -ENOMEM);
 *     }
 *     alloc_fail_at = 0;
 */
#pragma once

#include <errno.h>
#include <stddef.h>

#include "test.h"

static unsigned alloc_count, alloc_fail_at;

static inline int alloc_fails(void)
{
	if (alloc_fail_at == 0 || ++alloc_count != alloc_fail_at)
		return 0;
	errno = ENOMEM;
	return 1;
}

#define ALLOC_WRAP(name, params, args)                                                             \
	void *__real_##name params;                                                                \
	void *__wrap_##name params;                                                                \
	void *__wrap_##name params                                                                 \
	{                                                                                          \
		return alloc_fails() ? NULL : __real_##name args;                                  \
	}

ALLOC_WRAP(malloc, (size_t n), (n))
ALLOC_WRAP(calloc, (size_t n, size_t size), (n, size))
ALLOC_WRAP(realloc, (void *p, size_t n), (p, n))
ALLOC_WRAP(reallocarray, (void *p, size_t n, size_t size), (p, n, size))
ALLOC_WRAP(strdup, (const char *s), (s))
ALLOC_WRAP(strndup, (const char *s, size_t n), (s, n))

/*
 * Runs with each allocation failing in turn: -ENOMEM each time, and 0 once none
 * fails any more. Of a run that makes more than least of them.
 */
static inline void alloc_each(int (*run)(void *arg), void *arg, unsigned least)
{
	for (alloc_fail_at = 1;; alloc_fail_at++) {
		alloc_count = 0;
		int r = run(arg);
		if (alloc_count < alloc_fail_at) {
			assert_int_equal(r, 0);
			break;
		}
		assert_int_equal(r, -ENOMEM);
	}
	assert_true(alloc_fail_at > least);
	alloc_fail_at = 0;
}
