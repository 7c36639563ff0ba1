/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "conf/conf.h"

void errlist_fini(struct errlist *e)
{
	arena_free(e->arena);
	*e = (struct errlist){0};
}

void errlist_add(struct errlist *e, const char *path, unsigned line, const char *fmt, ...)
{
	va_list ap;

	if (!e->arena)
		e->arena = arena_new();
	if (!e->arena)
		return;
	va_start(ap, fmt);
	const char *raw = arena_vprintf(e->arena, fmt, ap);
	va_end(ap);
	const struct conf_error mine = {
		.path = text_clean(e->arena, path),
		.line = line,
		.text = text_clean(e->arena, raw),
	};
	if (!mine.path || !mine.text || !arena_grow(e->arena, &e->v, e->n, sizeof(*e->v)))
		return;
	/* What is missing in a section is known at its end, and told with its header. */
	size_t at = e->n++;
	for (; at > 0 && e->v[at - 1].line > line && strcmp(e->v[at - 1].path, mine.path) == 0;
		at--)
		e->v[at] = e->v[at - 1];
	e->v[at] = mine;
}
