/* SPDX-License-Identifier: ISC */
#include "check/verdict.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"

#define AHEAD_USEC (10 * USEC_PER_MIN)

struct verdict *verdict_new(void)
{
	struct verdict *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->arena = arena_new();
	if (!v->arena) {
		free(v);
		return NULL;
	}
	v->until_realtime_usec = USEC_INFINITY;
	return v;
}

void verdict_free(struct verdict *v)
{
	if (!v)
		return;
	arena_free(v->arena);
	free(v);
}

void verdict_add(struct verdict *v, const struct evidence *e)
{
	struct evidence *mine = arena_grow(v->arena, &v->evidence, v->n_evidence, sizeof(*mine));

	if (!mine)
		return;
	*mine = (struct evidence){
		.result = e->result,
		.severity = e->severity,
		.subject = text_clean(v->arena, e->subject),
		.item = text_clean(v->arena, e->item),
		.path = text_clean(v->arena, e->path),
		.line = e->line,
		.observed = text_clean(v->arena, e->observed),
		.expected = text_clean(v->arena, e->expected),
	};
	v->n_evidence++;
	if (e->result > v->result)
		v->result = e->result;
	if (e->result == RESULT_FAIL && e->severity > v->severity)
		v->severity = e->severity;
}

static _printf_(2, 0) void set_summary(struct verdict *v, const char *fmt, va_list ap)
{
	char *raw = arena_vprintf(v->arena, fmt, ap);

	v->summary = text_clean(v->arena, raw);
}

void verdict_summary(struct verdict *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_summary(v, fmt, ap);
	va_end(ap);
}

void verdict_note(struct verdict *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	v->note = text_clean(v->arena, arena_vprintf(v->arena, fmt, ap));
	va_end(ap);
}

void verdict_set(struct verdict *v, enum result r, const char *fmt, ...)
{
	va_list ap;

	v->result = r;
	va_start(ap, fmt);
	set_summary(v, fmt, ap);
	va_end(ap);
}

void verdict_until(struct verdict *v, uint64_t realtime_usec)
{
	v->until_realtime_usec = MIN(v->until_realtime_usec, realtime_usec);
}

bool verdict_ahead(struct verdict *v, uint64_t realtime_usec, uint64_t now_realtime_usec)
{
	if (realtime_usec <= now_realtime_usec + AHEAD_USEC)
		return false;
	verdict_until(v, realtime_usec - AHEAD_USEC);
	return true;
}
