/* SPDX-License-Identifier: ISC */
#include "daemon/health.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "fact/coverage.h"

void health_init(struct health *h)
{
	*h = (struct health){.n = 1, .told = {.unwatched = UINT64_MAX, .blind = UINT64_MAX}};
	h->v[0].s.name = HEALTH_WATCH;
}

/* The row of this name, made when there is none. */
static struct health_source *find(struct health *h, const char *name)
{
	size_t i = 0;

	while (i < h->n && strcmp(h->v[i].s.name, name) != 0)
		i++;
	assert(i < HEALTH_SOURCES);
	h->v[i].s.name = name;
	h->n = MAX(h->n, i + 1);
	return &h->v[i];
}

void health_lost(struct health *h, const char *name, uint64_t facts)
{
	struct health_source *s = find(h, name);

	s->losses++;
	s->lossy = true;
	s->rest |= facts;
	h->changed = true;
}

void health_read(struct health *h, uint64_t facts)
{
	for (size_t i = 0; i < h->n; i++)
		h->v[i].rest &= ~facts;
}

void health_settle(struct health *h)
{
	for (size_t i = 0; i < h->n; i++) {
		h->changed = h->changed || (h->v[i].lossy && h->v[i].rest == 0);
		h->v[i].lossy = h->v[i].rest != 0;
	}
}

bool health_lossy(const struct health *h)
{
	for (size_t i = 0; i < h->n; i++) {
		if (h->v[i].lossy)
			return true;
	}
	return false;
}

void health_source(struct health *h, const struct engine_source *s)
{
	find(h, s->name)->s = *s;
	h->changed = true;
}

bool health_degraded(const struct health *h)
{
	return h->told.blind != 0 || h->told.lossy;
}

/* Which facts it is just now, and by how much, changes by itself and would be told each time. */
static void describe_watch(uint64_t unwatched, struct coverage_source *s)
{
	s->degraded = true;
	if (s->detail) {
		s->remedy = "fs.inotify.max_queued_events large enough for the bursts of this machine";
	} else if (unwatched) {
		s->detail = "too few watches: what is not watched is read again on a timer instead";
		s->remedy = "fs.inotify.max_user_watches and user.max_inotify_watches large enough";
	} else {
		s->degraded = false;
	}
}

static void describe_source(const struct health_source *h, struct coverage_source *s)
{
	if (h->s.detail) {
		s->degraded = true;
		s->detail = h->s.detail;
		s->remedy = h->s.remedy;
	} else if (!s->detail) {
		s->detail = h->s.note;
	} else {
		s->degraded = true;
		s->remedy = "net.core.rmem_default large enough for the bursts of this machine";
	}
}

/* s: a row for each source. */
static void describe(const struct health *h, struct arena *a, uint64_t unwatched,
	struct coverage_source *s)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct health_source *x = &h->v[i];
		s[i] = (struct coverage_source){.name = x->s.name, .lost = x->losses};
		if (x->lossy)
			s[i].detail = arena_printf(a,
				"queue overflow, %" PRIu64 " since the start: %s is read again",
				x->losses, i == 0 ? "everything" : "what it tells of");
		if (i == 0)
			describe_watch(unwatched, &s[i]);
		else
			describe_source(x, &s[i]);
	}
}

/* The facts of the sources that do not work. */
static uint64_t blind_facts(const struct health *h)
{
	uint64_t blind = 0;

	for (size_t i = 0; i < h->n; i++) {
		if (h->v[i].s.detail)
			blind |= h->v[i].s.facts;
	}
	return blind;
}

int health_fact(struct health *h, uint64_t unwatched, struct fact **ret)
{
	if (unwatched == h->told.unwatched && !h->changed)
		return 0;
	_cleanup_(fact_freep) struct fact *f = fact_new(FACT_COVERAGE);
	struct coverage *c = f ? arena_alloc(f->arena, sizeof(*c)) : NULL;
	struct coverage_source *s = c ? arena_alloc(f->arena, h->n * sizeof(*s)) : NULL;
	if (!s)
		return -ENOMEM;
	describe(h, f->arena, unwatched, s);
	*c = (struct coverage){.sources = s, .n = h->n};
	f->u.coverage = c;
	int r = fact_seal(f);
	if (r < 0)
		return r;
	h->told.blind = unwatched | blind_facts(h);
	h->told.unwatched = unwatched;
	h->told.lossy = health_lossy(h);
	h->changed = false;
	*ret = TAKE_PTR(f);
	return 1;
}
