/* SPDX-License-Identifier: ISC */
#include "daemon/attribution.h"

#include <errno.h>

#include "base/text.h"

void attribution_init(struct attribution *t, const struct judge *judge, uint64_t begin_usec)
{
	*t = (struct attribution){.judge = judge, .begin_usec = begin_usec};
}

void attribution_set(struct attribution *t, const struct attribution_source *source)
{
	t->source = *source;
	t->asked = true;
}

void attribution_read(struct attribution *t, uint64_t mask, uint64_t paced, struct now now)
{
	for (int i = 0; i < FACT_MAX; i++) {
		if (!(mask & FACT_BIT(i)))
			continue;
		/* Of several readings before it is entered the first says since when. */
		if (!(t->pending & FACT_BIT(i)))
			t->since_usec[i] = t->read_usec[i] ? t->read_usec[i] : t->begin_usec;
		t->read_usec[i] = now.realtime_usec;
	}
	t->pending |= mask;
	t->touched |= mask & ~paced;
}

void attribution_begin(struct attribution *t, struct now now)
{
	t->now = now;
	if (t->source.drain)
		t->source.drain(t->source.arg);
}

void attribution_entered(struct attribution *t)
{
	t->pending = t->touched = 0;
	t->deadline_usec = 0;
}

/* Since when one of the facts may have changed; 0: it is not known, or was the first reading. */
static uint64_t since(const struct attribution *t, uint64_t facts)
{
	uint64_t usec = USEC_INFINITY;

	for (int i = 0; i < FACT_MAX; i++) {
		if (facts & FACT_BIT(i))
			usec = MIN(usec, t->since_usec[i]);
	}
	return usec == USEC_INFINITY ? 0 : usec;
}

static const char *why_nobody(
	struct arena *a, const struct attribution *t, uint64_t facts, uint64_t since_usec)
{
	char when[32];

	if (!t->source.acts)
		return t->source.why;
	if (!(facts & attribute_facts()))
		return "audit does not tell who changes addresses and settings of the kernel";
	if (acts_since(t->source.acts) > since_usec)
		return arena_printf(a, "the audit records at hand begin at %s",
			text_rfc3339(when, acts_since(t->source.acts)));
	return "no audit record tells of it";
}

/* Whether the kernel may still tell of a change of these facts. */
static bool is_awaited(const struct attribution *t, uint64_t facts)
{
	return t->source.acts && (facts & t->touched & attribute_facts()) &&
	       (t->deadline_usec == 0 || t->now.monotonic_usec < t->deadline_usec);
}

int attribution_ask(void *arg, struct arena *a, uint64_t facts, struct event *e)
{
	struct attribution *t = arg;
	struct attribute_question question = {
		.facts = &t->judge->facts,
		.changed = facts & t->pending,
		.since_usec = since(t, facts & t->pending),
		.until_usec = t->now.realtime_usec,
		.waiting = is_awaited(t, facts),
	};

	/* What flapped and was held back is told when nothing is read any more. */
	if (!question.changed && e->untold > 0) {
		question.changed = facts;
		question.since_usec = t->now.realtime_usec - ACTS_AGE_USEC;
	}
	/* A verdict that time alone has changed was nobody's act. */
	if (!t->asked || !question.changed || question.since_usec == 0)
		return 0;
	int r = t->source.acts ? attribute_event(a, t->source.acts, &question, e) : 0;
	if (r < 0)
		return r;
	if (r > 0 || !(facts & t->touched))
		return 0;
	if (question.waiting) {
		if (t->deadline_usec == 0)
			t->deadline_usec = t->now.monotonic_usec + ATTRIBUTION_WAIT_USEC;
		return -EAGAIN;
	}
	e->unattributed = why_nobody(a, t, question.changed, question.since_usec);
	return 0;
}
