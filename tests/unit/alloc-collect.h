/* SPDX-License-Identifier: ISC */
/* A fact collected with each allocation failing in turn: see alloc-fail.h. */
#pragma once

#include "alloc-fail.h"
#include "fact/fact.h"

struct alloc_collect {
	enum fact_id id;
	const struct collect *c;
};

static inline int alloc_collect_once(void *arg)
{
	const struct alloc_collect *x = arg;
	struct fact *f = NULL;
	int r = fact_collect(x->id, x->c, &f);

	fact_free(f);
	return r;
}

static inline void alloc_each_collect(enum fact_id id, const struct collect *c, unsigned least)
{
	struct alloc_collect x = {id, c};

	alloc_each(alloc_collect_once, &x, least);
}
