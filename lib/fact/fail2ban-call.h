/* SPDX-License-Identifier: ISC */
/*
 * How a jail calls its filter and its actions: NAME[key=value, key="value"], of
 * actions several behind each other.
 */
#pragma once

#include "base/arena.h"

/* The name before "[...]", with any blanks, as fail2ban takes it for a file's. NULL on ENOMEM. */
char *f2b_call_name(struct arena *a, const char *call);

/*
 * The value that the call gives key, *ret NULL when it gives none (key may be
 * NULL: only looks whether the call can be read). 0; -ENOMEM; -EINVAL when
 * fail2ban does not take what stands there for options.
 */
int f2b_call_option(struct arena *a, const char *call, const char *key, const char **ret);

/*
 * The key of the call's option number n, NULL when there are not so many, cannot
 * be read or memory is short (which the arena remembers).
 */
const char *f2b_call_key(struct arena *a, const char *call, size_t n);

/* The next call of *text, which moves on; NULL at its end, or on ENOMEM. */
char *f2b_call_next(struct arena *a, const char **text);
