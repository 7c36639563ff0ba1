/* SPDX-License-Identifier: ISC */
#include "ledger/finding.h"

#include <errno.h>
#include <string.h>

#include "base/siphash.h"
#include "base/text.h"

static void digest_waiver(struct siphash *h, const struct waiver *w)
{
	siphash_string(h, w ? w->name : NULL);
	siphash_string(h, w ? w->reason : NULL);
	siphash_string(h, w ? w->owner : NULL);
	siphash_update(h, w ? &w->until_realtime_usec : &(uint64_t){0}, sizeof(uint64_t));
}

uint64_t finding_digest(const uint8_t key[static 16], const struct verdict *v)
{
	struct siphash h;

	siphash_init(&h, key);
	siphash_update(&h, (const unsigned[]){v->result, v->severity}, 2 * sizeof(unsigned));
	siphash_string(&h, v->summary);
	digest_waiver(&h, v->waiver);
	for (size_t i = 0; i < v->n_evidence; i++) {
		const struct evidence *e = &v->evidence[i];
		siphash_update(&h, (const unsigned[]){e->result, e->line, e->waiver != NULL},
			3 * sizeof(unsigned));
		siphash_string(&h, e->subject);
		siphash_string(&h, e->item);
		siphash_string(&h, e->path);
		siphash_string(&h, e->observed);
		siphash_string(&h, e->expected);
	}
	uint64_t digest = siphash_digest(&h);
	return digest > 0 ? digest : 1;
}

/* The open evidence of a verdict; its sentence where it has none. */
static int collect(const struct verdict *v, struct arena *a, struct proofs *ret)
{
	struct proofs p = {0};

	for (size_t i = 0; i < v->n_evidence; i++) {
		const struct evidence *e = &v->evidence[i];
		if (!result_is_open(e->result))
			continue;
		struct proof *proof = arena_grow(a, &p.v, p.n, sizeof(*proof));
		if (!proof)
			return -ENOMEM;
		*proof = (struct proof){
			.subject = e->subject,
			.item = e->item,
			.observed = e->observed,
			.expected = e->expected,
			.path = e->path,
			.line = e->line,
			.result = e->result,
			.waived = e->waiver != NULL,
		};
		p.n++;
	}
	if (p.n == 0 && result_is_open(v->result)) {
		p.v = arena_alloc(a, sizeof(*p.v));
		if (!p.v)
			return -ENOMEM;
		p.v[p.n++] = (struct proof){
			.observed = v->summary, .result = v->result, .sentence = true};
	}
	*ret = p;
	return 0;
}

static int order(const char *x, const char *y)
{
	return x && y ? strcmp(x, y) : (x != NULL) - (y != NULL);
}

/* By what makes it the same evidence. */
static int compare(const void *x, const void *y)
{
	const struct proof *a = *(const struct proof *const *)x;
	const struct proof *b = *(const struct proof *const *)y;

	int r = order(a->subject, b->subject);
	if (r == 0)
		r = order(a->observed, b->observed);
	if (r == 0)
		r = order(a->expected, b->expected);
	if (r == 0)
		r = (int)a->result - (int)b->result;
	return r;
}

/* The proofs that are told, sorted: pointers, since the order given is the one to show. */
struct set {
	const struct proof **v;
	size_t n;
};

static int make_set(const struct proofs *p, bool waived, struct arena *a, struct set *ret)
{
	struct set s = {.v = arena_alloc(a, p->n * sizeof(*s.v))};

	if (!s.v)
		return -ENOMEM;
	for (size_t i = 0; i < p->n; i++) {
		if (waived || !p->v[i].waived)
			s.v[s.n++] = &p->v[i];
	}
	if (s.n > 1)
		qsort(s.v, s.n, sizeof(*s.v), compare);
	*ret = s;
	return 0;
}

static struct event_detail *add_detail(struct step *step, struct arena *a)
{
	struct event_detail *d = arena_grow(a, &step->details, step->n_details, sizeof(*d));

	if (d)
		step->n_details++;
	return d;
}

/* A sentence is in the event's message, and needs no line of its own. */
static int add_present(struct step *step, struct arena *a, const struct proof *p)
{
	if (p->sentence)
		return 0;
	struct event_detail *d = add_detail(step, a);
	if (!d)
		return -ENOMEM;
	*d = (struct event_detail){.subject = p->subject,
		.item = p->item,
		.path = p->path,
		.line = p->line,
		.observed = p->observed,
		.expected = p->expected};
	return 0;
}

static int add_gone(struct step *step, struct arena *a, const struct proof *p)
{
	struct event_detail *d = add_detail(step, a);

	if (!d)
		return -ENOMEM;
	*d = (struct event_detail){.subject = p->subject,
		.item = p->item,
		.path = p->path,
		.line = p->line,
		.old = p->observed,
		.gone = true};
	return 0;
}

static int add_all(struct step *step, struct arena *a, const struct proofs *p, bool waived)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n; i++) {
		if (waived || !p->v[i].waived)
			r = add_present(step, a, &p->v[i]);
	}
	return r;
}

static int add_all_gone(struct step *step, struct arena *a, const struct proofs *p)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n; i++)
		r = add_gone(step, a, &p->v[i]);
	return r;
}

/* What came and what went between two sets. */
static int add_differences(
	struct step *step, struct arena *a, const struct proofs *was, const struct proofs *is)
{
	struct set old, new;
	int r = make_set(was, false, a, &old);

	if (r == 0)
		r = make_set(is, false, a, &new);
	if (r < 0)
		return r;
	struct set gone = {.v = arena_alloc(a, old.n * sizeof(*gone.v))};
	if (!gone.v)
		return -ENOMEM;
	for (size_t i = 0, k = 0; r == 0 && (i < old.n || k < new.n);) {
		int o = i == old.n ? 1 : k == new.n ? -1 : compare(&old.v[i], &new.v[k]);
		if (o < 0)
			gone.v[gone.n++] = old.v[i];
		if (o > 0)
			r = add_present(step, a, new.v[k]);
		step->differs |= o != 0;
		i += o <= 0;
		k += o >= 0;
	}
	/*
	 * Evidence that came takes up what went of the same subject as its old
	 * value: both are sorted by subject.
	 */
	size_t n_came = step->n_details;
	for (size_t i = 0, k = 0; r == 0 && i < gone.n; i++) {
		const char *subject = gone.v[i]->subject;
		while (k < n_came && order(step->details[k].subject, subject) < 0)
			k++;
		if (subject && k < n_came && order(step->details[k].subject, subject) == 0)
			step->details[k++].old = gone.v[i]->observed;
		else
			r = add_gone(step, a, gone.v[i]);
	}
	return r;
}

static const char *waiver_words(struct arena *a, const struct waiver *w)
{
	char until[16];

	if (!w)
		return NULL;
	/* The day that it ends with, not the one that begins then. */
	(void)text_day(until, w->until_realtime_usec - 1);
	return arena_printf(a, "%s of %s until %s: %s", text_clean(a, w->name),
		text_clean(a, w->owner), until, text_clean(a, w->reason));
}

/* What the store has of a finding. */
struct stored {
	struct arena *arena;
	struct proofs proofs;
	const char *evidence, *waiver;
	bool found;
};

static int on_row(const struct finding_row *row, void *arg)
{
	struct stored *stored = arg;

	stored->found = true;
	stored->waiver = arena_strdup(stored->arena, row->waiver);
	stored->evidence = arena_strdup(stored->arena, row->evidence);
	if (arena_failed(stored->arena))
		return -ENOMEM;
	int r = proofs_decode(stored->arena, row->evidence, &stored->proofs);
	return r < 0 ? r : 1;
}

static enum finding_stage stage_of(const struct verdict *v)
{
	if (!result_is_open(v->result))
		return FINDING_CLOSED;
	return v->waiver ? FINDING_WAIVED : FINDING_OPEN;
}

static enum event_kind kind_of(const struct check *c, enum finding_stage was, enum finding_stage is)
{
	bool monitor = c->kind == CHECK_MONITOR;

	if (is == FINDING_CLOSED)
		return monitor ? EVENT_RECOVERED : EVENT_RESOLVED;
	if (is == FINDING_WAIVED)
		return EVENT_WAIVED;
	if (was == FINDING_OPEN)
		return EVENT_CHANGED;
	return monitor ? EVENT_DEGRADED : EVENT_OPENED;
}

static int add_severity(struct step *step, struct arena *a, enum severity was, enum severity is)
{
	if (was == is || step->n_details > 0)
		return 0;
	struct event_detail *d = add_detail(step, a);
	if (!d)
		return -ENOMEM;
	*d = (struct event_detail){
		.subject = "severity", .observed = severity_name(is), .old = severity_name(was)};
	return 0;
}

/* Fills differs and details for the change of stage, or of what an open finding is about. */
static int compare_stages(const struct finding *f, const struct verdict *v,
	const struct stored *was, const struct proofs *is, struct arena *a, struct step *step)
{
	step->differs = step->stage != f->stage;
	if (step->stage == FINDING_CLOSED)
		return add_all_gone(step, a, &was->proofs);
	if (step->differs)
		return add_all(step, a, is, step->stage == FINDING_WAIVED);
	if (step->stage == FINDING_WAIVED)
		return 0;
	int r = add_differences(step, a, &was->proofs, is);
	if (r == 0)
		r = add_severity(step, a, f->severity, v->severity);
	step->differs |= f->severity != v->severity || f->result != v->result;
	return r;
}

int finding_step(const struct finding *f, struct store *s, const struct check *c,
	const struct verdict *v, uint64_t realtime_usec, struct arena *a, struct step *ret)
{
	struct step step = {.stage = stage_of(v), .since_realtime_usec = realtime_usec};
	struct stored was = {.arena = a};
	struct proofs is = {0};
	int r = 0;

	step.kind = kind_of(c, f->stage, step.stage);
	step.waiver = waiver_words(a, v->waiver);
	if (f->stage != FINDING_CLOSED) {
		step.since_realtime_usec = f->since_realtime_usec;
		r = store_finding(s, c->id, on_row, &was);
		if (r >= 0 && !was.found)
			r = -EUCLEAN;
	}
	if (r >= 0)
		r = collect(v, a, &is);
	if (r >= 0)
		r = compare_stages(f, v, &was, &is, a, &step);
	if (r < 0)
		return r;
	if (step.stage != FINDING_CLOSED) {
		_cleanup_free_ char *json = proofs_encode(&is);
		step.row_evidence = arena_strdup(a, json);
		if (!step.row_evidence)
			return -ENOMEM;
	}
	step.rewrite = step.stage != FINDING_CLOSED &&
		       (order(step.row_evidence, was.evidence) != 0 ||
			       order(step.waiver, was.waiver) != 0 || f->severity != v->severity);
	if (step.stage == FINDING_OPEN && f->stage == FINDING_WAIVED)
		step.waiver = was.waiver;
	if (arena_failed(a))
		return -ENOMEM;
	*ret = step;
	return 0;
}

int finding_write(
	struct store *s, const struct check *c, const struct verdict *v, const struct step *step)
{
	if (step->stage == FINDING_CLOSED)
		return store_delete_finding(s, c->id);
	return store_put_finding(
		s, &(struct finding_row){
			   .check = c->id,
			   .result = result_name(v->result),
			   .severity = severity_name(v->severity),
			   .waiver = step->stage == FINDING_WAIVED ? step->waiver : NULL,
			   .evidence = step->row_evidence,
			   .since_realtime_usec = step->since_realtime_usec,
		   });
}

int finding_load(struct finding *f, const struct finding_row *row)
{
	int result = result_from_name(row->result), severity = severity_from_name(row->severity);
	struct proofs proofs;

	if (result < 0 || severity < 0 || !result_is_open((enum result)result))
		return -EUCLEAN;
	struct arena *a = arena_new();
	int r = a ? proofs_decode(a, row->evidence, &proofs) : -ENOMEM;
	arena_free(a);
	if (r < 0)
		return r;
	*f = (struct finding){
		.stage = row->waiver ? FINDING_WAIVED : FINDING_OPEN,
		.result = (enum result)result,
		.severity = (enum severity)severity,
		.since_realtime_usec = row->since_realtime_usec,
	};
	return 0;
}
