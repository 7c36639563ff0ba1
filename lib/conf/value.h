/* SPDX-License-Identifier: ISC */
/*
 * One value of the configuration, from its text by the type of its schema row.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "conf/policy.h"

struct value {
	union {
		bool b;
		uint64_t u; /* number; µs of a time; last µs of a date */
		const char *s;
		struct {
			const char **v; /* ends with NULL */
			size_t n;
		} list;
	};
};

/*
 * Reads text into *v; with more, adds it to what *v holds already (a list grows,
 * a text is joined with a blank, anything else is an error). Strings live in
 * the arena. 0; -ENOMEM; -EINVAL and what is wrong ("expected yes or no") in
 * *ret_why.
 */
int value_parse(struct arena *a, const struct param *p, const char *text, bool more,
	struct value *v, const char **ret_why);
