/* SPDX-License-Identifier: ISC */
/* One batch: facts and verdicts against what was announced, and the events that follow. */
#include <errno.h>
#include <string.h>

#include "ledger/entry.h"

/* What was held back and is due now is looked at as if it had changed. */
static void add_due(struct entry *e)
{
	const struct ledger *l = e->batch.ledger;

	for (int i = 0; i < FACT_MAX; i++) {
		if (flap_due(&l->flaps[i], &l->config) <= e->now_usec)
			e->mask |= FACT_BIT(i);
	}
	for (size_t i = 0; i < check_count(); i++) {
		if (flap_due(&l->findings[i].flap, &l->config) <= e->now_usec)
			e->mask |= check_triggers(check_at(i));
	}
}

static int compare_facts(struct entry *e)
{
	struct ledger *l = e->batch.ledger;

	for (int i = 0; i < FACT_MAX; i++) {
		const struct fact *f = factset_get(&e->judge->facts, (enum fact_id)i);
		struct entered_fact *ef = &e->facts[i];
		if (!(e->mask & FACT_BIT(i)) || !f ||
			(f->state != FACT_STATE_OK && f->state != FACT_STATE_ABSENT))
			continue;
		ef->fact = f;
		ef->first = !l->baselines[i].known;
		if (ef->first)
			continue;
		int r = baseline_compare(
			&l->baselines[i], l->store, l->key, f, e->batch.arena, &ef->delta);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Adds the digest of a subject. 0 or -ENOMEM. */
static int add_subject(struct entry *e, struct flap_subjects *s, const char *subject)
{
	struct siphash h;
	uint64_t *v = (uint64_t *)(uintptr_t)s->v;
	uint64_t *place = arena_grow(e->batch.arena, &v, s->n, sizeof(*place));

	if (!place)
		return -ENOMEM;
	siphash_init(&h, e->batch.ledger->key);
	siphash_string(&h, subject);
	*place = siphash_digest(&h);
	s->v = v;
	s->n++;
	return 0;
}

static int enter_check(struct entry *e, size_t i)
{
	struct ledger *l = e->batch.ledger;
	struct entered_check ec = {
		.check = check_at(i),
		.verdict = e->judge->verdicts[i],
		.finding = &l->findings[i],
		.digest = finding_digest(l->key, e->judge->verdicts[i]),
	};

	if (ec.digest == ec.finding->digest && !ec.finding->flap.held)
		return 0;
	int r = finding_step(ec.finding, l->store, ec.check, ec.verdict, e->batch.realtime_usec,
		e->batch.arena, &ec.step);
	if (r < 0)
		return r;
	for (size_t k = 0; r == 0 && k < ec.step.n_details; k++) {
		if (!ec.step.details[k].gone)
			r = add_subject(e, &ec.subjects, ec.step.details[k].subject);
	}
	if (r < 0)
		return r;
	const struct flap_seen seen = {ec.step.differs, ec.digest, ec.subjects};
	ec.tell = flap_enter(&ec.finding->flap, &l->config, &seen, e->now_usec);
	struct entered_check *place = arena_grow(
		e->batch.arena, &e->checks, e->n_checks, sizeof(*place));
	if (!place)
		return -ENOMEM;
	*place = ec;
	e->n_checks++;
	return 0;
}

static int enter_checks(struct entry *e)
{
	const struct ledger *l = e->batch.ledger;
	bool all = (e->mask & FACT_ALL) == FACT_ALL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < check_count(); i++) {
		bool due = flap_due(&l->findings[i].flap, &l->config) <= e->now_usec;
		if (e->judge->verdicts[i] && (all || due || (check_triggers(check_at(i)) & e->mask)))
			r = enter_check(e, i);
	}
	return r;
}

/* What no check has claimed, under the fact's own damper. 0 or -ENOMEM. */
static int damp_facts(struct entry *e)
{
	struct ledger *l = e->batch.ledger;

	for (int i = 0; i < FACT_MAX; i++) {
		struct delta *d = &e->facts[i].delta;
		struct siphash h;
		struct flap_seen seen = {0};
		siphash_init(&h, l->key);
		for (size_t k = 0; k < d->n; k++) {
			if (d->v[k].fate != CHANGE_TELL)
				continue;
			siphash_string(&h, d->v[k].subject);
			siphash_string(&h, d->v[k].new);
			seen.differs = true;
			if (add_subject(e, &e->facts[i].subjects, d->v[k].subject) < 0)
				return -ENOMEM;
		}
		if (!e->facts[i].fact)
			continue;
		seen.state = siphash_digest(&h);
		seen.subjects = e->facts[i].subjects;
		e->facts[i].tell = flap_enter(&l->flaps[i], &l->config, &seen, e->now_usec);
		for (size_t k = 0; !e->facts[i].tell && k < d->n; k++) {
			if (d->v[k].fate == CHANGE_TELL)
				d->v[k].fate = CHANGE_HELD;
		}
	}
	return 0;
}

/* Whether another fact tells a change of something that stands in the file. */
static bool is_in_file(const struct entry *e, int fact, const char *path)
{
	for (int i = 0; i < FACT_MAX; i++) {
		const struct delta *d = &e->facts[i].delta;
		for (size_t k = 0; i != fact && e->facts[i].tell && k < d->n; k++) {
			if (d->v[k].fate == CHANGE_TELL && d->v[k].path &&
				strcmp(d->v[k].path, path) == 0)
				return true;
		}
	}
	return false;
}

/* A file that came or went is told by what stands in it, as with evidence. */
static void fold_files(struct entry *e)
{
	struct ledger *l = e->batch.ledger;

	for (int i = 0; i < FACT_MAX; i++) {
		struct entered_fact *ef = &e->facts[i];
		size_t left = 0;
		if (!ef->tell || l->flaps[i].held)
			continue;
		for (size_t k = 0; k < ef->delta.n; k++) {
			struct change *c = &ef->delta.v[k];
			bool file = strncmp(c->subject, "file /", 6) == 0 && (!c->old || !c->new);
			if (c->fate == CHANGE_TELL && file && is_in_file(e, i, c->subject + 5))
				c->fate = CHANGE_TOLD;
			left += c->fate == CHANGE_TELL;
		}
		ef->tell = left > 0;
	}
}

static int tell_orphans(struct entry *e)
{
	struct ledger *l = e->batch.ledger;
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->n_orphans; i++) {
		const struct orphan *o = &l->orphans[i];
		struct event ev = {
			.kind = EVENT_RESOLVED,
			.result = RESULT_NOTCHECKED,
			.severity = o->severity,
			.check = o->check,
			.since_realtime_usec = o->since_realtime_usec,
		};
		r = batch_add(&e->batch, &ev, "this version has no such check");
		if (r == 0)
			r = store_delete_finding(l->store, o->check);
	}
	return r;
}

enum severity entered_severity(const struct entered_check *ec)
{
	return ec->step.stage == FINDING_CLOSED ? ec->finding->severity : ec->verdict->severity;
}

static struct event event_of(const struct entered_check *ec)
{
	const struct step *step = &ec->step;
	bool closed = step->stage == FINDING_CLOSED;

	return (struct event){
		.kind = step->kind,
		.result = ec->verdict->result,
		.severity = entered_severity(ec),
		.check = ec->check->id,
		.title = ec->check->title,
		.waiver = step->waiver,
		.since_realtime_usec = closed ? ec->finding->since_realtime_usec
					      : step->since_realtime_usec,
		.details = step->details,
		.n_details = step->n_details,
		.untold = flap_untold(&ec->finding->flap, step->differs),
	};
}

/* Who did what the event tells of: something of these facts. 0, -EAGAIN, -ENOMEM. */
static int attribute(const struct entry *e, uint64_t facts, struct event *ev)
{
	const struct ledger_asker *asker = &e->batch.ledger->asker;

	return asker->ask ? asker->ask(asker->arg, e->batch.arena, facts & e->mask, ev) : 0;
}

/* One event for the check and for those that it leads. */
static int tell_check(struct entry *e, const struct entered_check *ec)
{
	struct event ev = event_of(ec);
	uint64_t facts = ec->check->facts;

	if (ec->step.stage != FINDING_CLOSED)
		ev.remedy = check_remedy(ec->check, &e->judge->facts, ec->verdict->result);
	for (size_t i = 0; i < e->n_checks; i++) {
		if (e->checks[i].leader != ec)
			continue;
		struct event *also = arena_grow(
			e->batch.arena, &ev.also, ev.n_also, sizeof(*also));
		if (!also)
			return -ENOMEM;
		*also = event_of(&e->checks[i]);
		ev.n_also++;
		facts |= e->checks[i].check->facts;
	}
	int r = attribute(e, facts, &ev);
	return r < 0 ? r : batch_add(&e->batch, &ev, ec->verdict->summary);
}

static int write_checks(struct entry *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < e->n_checks; i++) {
		struct entered_check *ec = &e->checks[i];
		if (ec->tell)
			r = flap_reserve(&ec->finding->flap, &e->batch.ledger->config);
		if (r == 0 && ec->tell && !ec->leader)
			r = tell_check(e, ec);
		/* While it is held back the row says what was announced. */
		bool write = ec->tell || (ec->step.rewrite && !ec->finding->flap.held);
		if (r == 0 && write)
			r = batch_write(&e->batch);
		if (r == 0 && write)
			r = finding_write(
				e->batch.ledger->store, ec->check, ec->verdict, &ec->step);
	}
	return r;
}

/* The row of the catalogue that speaks for a fact's drift, or NULL. */
static const struct check *drift_check(int fact)
{
	for (size_t i = 0; i < check_count(); i++) {
		const struct check *c = check_at(i);
		if (c->kind == CHECK_DRIFT && (c->facts & FACT_BIT(fact)))
			return c;
	}
	return NULL;
}

/* One event for all changes of a fact that go the same way: off the baseline, or back to it. */
static int tell_changes(struct entry *e, int id, bool returns, uint64_t untold)
{
	const struct delta *d = &e->facts[id].delta;
	const struct check *c = drift_check(id);
	struct event ev = {
		.kind = returns ? EVENT_RESOLVED : EVENT_DRIFT,
		.result = RESULT_INFORMATIONAL,
		.severity = c ? c->severity : SEV_LOW,
		.check = c ? c->id : NULL,
		.title = c ? c->title : NULL,
		.fact = fact_name((enum fact_id)id),
		.untold = untold,
	};

	for (size_t i = 0; i < d->n; i++) {
		const struct change *change = &d->v[i];
		if (change->fate != CHANGE_TELL || change->returns != returns)
			continue;
		struct event_detail *detail = arena_grow(
			e->batch.arena, &ev.details, ev.n_details, sizeof(*detail));
		if (!detail)
			return -ENOMEM;
		*detail = (struct event_detail){.subject = change->subject,
			.path = change->path,
			.line = change->line,
			.observed = change->new,
			.old = change->old,
			.expected = returns || change->old ? NULL : change->baseline};
		ev.n_details++;
	}
	int r = attribute(e, FACT_BIT(id), &ev);
	return r < 0 ? r : batch_add(&e->batch, &ev, NULL);
}

/* Whether somebody has switched the fact's drift off: then it is taken up without a word. */
static bool is_silent(const struct entry *e, int id)
{
	const struct check *c = drift_check(id);
	const struct verdict *v = c ? e->judge->verdicts[check_index(c)] : NULL;

	return v && v->result == RESULT_NOTCHECKED;
}

/* When all is back as it was told before, that it came and went is still told. */
static int tell_fact(struct entry *e, int id)
{
	struct ledger *l = e->batch.ledger;
	const struct delta *d = &e->facts[id].delta;
	size_t returned = 0, changed = 0;

	for (size_t i = 0; i < d->n; i++) {
		returned += d->v[i].fate == CHANGE_TELL && d->v[i].returns;
		changed += d->v[i].fate == CHANGE_TELL && !d->v[i].returns;
	}
	int r = flap_reserve(&l->flaps[id], &l->config);
	if (r < 0 || is_silent(e, id))
		return r;
	uint64_t untold = flap_untold(&l->flaps[id], returned + changed > 0);
	if (changed > 0 || returned == 0)
		r = tell_changes(e, id, false, untold);
	if (r == 0 && returned > 0)
		r = tell_changes(e, id, true, changed > 0 ? 0 : untold);
	return r;
}

static int write_facts(struct entry *e)
{
	struct ledger *l = e->batch.ledger;
	int r = 0;

	for (int i = 0; r == 0 && i < FACT_MAX; i++) {
		struct entered_fact *ef = &e->facts[i];
		if (ef->tell)
			r = tell_fact(e, i);
		if (r == 0 && ef->fact && (ef->first || ef->delta.n > 0 || ef->delta.n_moved > 0))
			r = batch_write(&e->batch);
		if (r == 0 && ef->fact && ef->first)
			r = baseline_record(l->store, ef->fact, &ef->number);
		else if (r == 0 && ef->fact)
			r = baseline_write(
				&l->baselines[i], l->store, &ef->delta, e->batch.realtime_usec);
	}
	return r;
}

static void adopt_check(struct entry *e, struct entered_check *ec)
{
	struct finding *f = ec->finding;

	if (ec->tell) {
		f->stage = ec->step.stage;
		f->result = ec->verdict->result;
		f->since_realtime_usec = ec->step.since_realtime_usec;
		flap_told(&f->flap, &e->batch.ledger->config, &ec->subjects, e->now_usec);
	}
	if (!f->flap.held) {
		f->severity = ec->verdict->severity;
		f->digest = ec->digest;
	}
}

/* After the commit: the ledger in memory becomes what the store says. */
static void adopt(struct entry *e)
{
	struct ledger *l = e->batch.ledger;

	l->n_orphans = 0;
	for (size_t i = 0; i < e->n_checks; i++)
		adopt_check(e, &e->checks[i]);
	for (int i = 0; i < FACT_MAX; i++) {
		struct entered_fact *ef = &e->facts[i];
		if (!ef->fact)
			continue;
		if (ef->first) {
			l->baselines[i].known = true;
			l->baselines[i].number = ef->number;
		}
		if (ef->tell)
			flap_told(&l->flaps[i], &l->config, &ef->subjects, e->now_usec);
		baseline_remember(
			&l->baselines[i], l->key, ef->fact, ef->first ? NULL : &ef->delta);
	}
}

static int enter(struct entry *e)
{
	add_due(e);
	int r = compare_facts(e);
	if (r == 0)
		r = enter_checks(e);
	if (r < 0)
		return r;
	claim_all(e);
	r = damp_facts(e);
	if (r < 0)
		return r;
	fold_files(e);
	r = tell_orphans(e);
	if (r == 0)
		r = write_checks(e);
	if (r == 0)
		r = write_facts(e);
	if (r == 0)
		r = batch_commit(&e->batch);
	if (r < 0)
		return r;
	adopt(e);
	return e->batch.n_events;
}

int ledger_enter(struct ledger *l, const struct judge *j, uint64_t mask, uint64_t realtime_usec,
	uint64_t monotonic_usec)
{
	struct entry e = {.judge = j, .mask = mask, .now_usec = monotonic_usec};

	int r = batch_init(&e.batch, l, realtime_usec);
	if (r == 0)
		r = enter(&e);
	batch_fini(&e.batch);
	return r;
}
