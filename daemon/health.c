/* SPDX-License-Identifier: ISC */
#include "daemon/health.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "fact/coverage.h"

void health_init(struct health *h)
{
	*h = (struct health){.told = {.unwatched = UINT64_MAX, .blind = UINT64_MAX}};
}

void health_overflow(struct health *h, uint64_t facts)
{
	h->overflows++;
	h->overflowed = true;
	h->overflow_rest = facts;
}

void health_read(struct health *h, uint64_t facts)
{
	h->overflow_rest &= ~facts;
}

void health_settle(struct health *h)
{
	h->overflowed = h->overflow_rest != 0;
}

void health_source(struct health *h, const struct engine_source *s)
{
	size_t i = 0;

	while (i < h->n_sources && strcmp(h->sources[i].name, s->name) != 0)
		i++;
	assert(i < HEALTH_SOURCES);
	h->sources[i] = *s;
	h->n_sources = MAX(h->n_sources, i + 1);
	h->changed = true;
}

bool health_degraded(const struct health *h)
{
	return h->told.blind != 0 || h->told.overflowed;
}

/* Which facts it is just now, and by how much, changes by itself and would be told each time. */
static void describe_inotify(
	const struct health *h, struct arena *a, uint64_t unwatched, struct coverage_source *s)
{
	*s = (struct coverage_source){.name = "inotify", .lost = h->overflows};
	if (h->overflowed) {
		s->degraded = true;
		s->detail = arena_printf(a,
			"queue overflow, %" PRIu64 " since the start: everything is read again",
			h->overflows);
		s->remedy = "fs.inotify.max_queued_events large enough for the bursts of this machine";
	} else if (unwatched) {
		s->degraded = true;
		s->detail = "too few watches: what is not watched is read again on a timer instead";
		s->remedy = "fs.inotify.max_user_watches and user.max_inotify_watches large enough";
	}
}

/* The facts of the sources that do not work; s: a row for each source. */
static uint64_t describe_sources(const struct health *h, struct coverage_source *s)
{
	uint64_t blind = 0;

	for (size_t i = 0; i < h->n_sources; i++) {
		const struct engine_source *source = &h->sources[i];
		s[i] = (struct coverage_source){
			.name = source->name,
			.degraded = source->detail != NULL,
			.detail = source->detail,
			.remedy = source->remedy,
		};
		if (source->detail)
			blind |= source->facts;
	}
	return blind;
}

int health_fact(struct health *h, uint64_t unwatched, struct fact **ret)
{
	if (unwatched == h->told.unwatched && h->overflowed == h->told.overflowed && !h->changed)
		return 0;
	_cleanup_(fact_freep) struct fact *f = fact_new(FACT_COVERAGE);
	struct coverage *c = f ? arena_alloc(f->arena, sizeof(*c)) : NULL;
	struct coverage_source *s =
		c ? arena_alloc(f->arena, (1 + h->n_sources) * sizeof(*s)) : NULL;
	if (!s)
		return -ENOMEM;
	describe_inotify(h, f->arena, unwatched, s);
	uint64_t blind = unwatched | describe_sources(h, s + 1);
	*c = (struct coverage){.sources = s, .n = 1 + h->n_sources};
	f->u.coverage = c;
	int r = fact_seal(f);
	if (r < 0)
		return r;
	h->told.blind = blind;
	h->told.unwatched = unwatched;
	h->told.overflowed = h->overflowed;
	h->changed = false;
	*ret = TAKE_PTR(f);
	return 1;
}
