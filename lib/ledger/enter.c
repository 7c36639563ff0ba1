/* SPDX-License-Identifier: ISC */
/* One batch: facts and verdicts against what was announced, and the events that follow. */
#include <errno.h>
#include <string.h>

#include "ledger/internal.h"

/* A check whose verdict may be news. */
struct entered_check {
	const struct check *check;
	const struct verdict *verdict;
	struct finding *finding;
	uint64_t digest;
	struct step step;
	bool tell;
};

/* A fact of the batch that could be read. */
struct entered_fact {
	const struct fact *fact; /* NULL: not part of the batch */
	bool first;		 /* it has no baseline yet */
	struct delta delta;
	bool tell;
	int64_t number;
};

struct entry {
	struct batch batch;
	const struct judge *judge;
	uint64_t mask, now_usec;
	struct entered_check *checks;
	size_t n_checks;
	struct entered_fact facts[FACT_MAX];
};

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
	ec.tell = flap_enter(
		&ec.finding->flap, &l->config, ec.step.differs, ec.digest, e->now_usec);
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

static const struct fact_item *find_item(const struct fact *f, const char *subject)
{
	size_t low = 0, high = f->n_items;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(subject, f->items[middle].subject);
		if (order == 0)
			return &f->items[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static bool same(const char *x, const char *y)
{
	return x && y ? strcmp(x, y) == 0 : x == y;
}

/* Adds to a piece of evidence what is known of the item that it is about. */
static void absorb(struct event_detail *d, struct change *c)
{
	if (d->gone && same(d->old, c->old)) {
		d->observed = c->new;
	} else if (d->gone) {
		d->value = c->new;
	} else {
		d->old = c->old;
		d->value = same(d->observed, c->new) ? NULL : c->new;
	}
	if (d->gone) {
		d->path = c->path;
		d->line = c->line;
		d->removed = !c->new;
	}
	c->fate = CHANGE_TOLD;
}

/*
 * The same for another item that the evidence follows from: what is so now is
 * in the evidence's own words, what was before may not be.
 */
static void absorb_item(struct event_detail *d, struct change *c)
{
	if (c->fate == CHANGE_TOLD)
		return;
	if (!d->gone && !d->old && c->old) {
		d->old = c->old;
		d->value = c->new;
	}
	c->fate = CHANGE_TOLD;
}

/* Evidence that went away has no place any more, but the item may have. */
static void find_place(struct event_detail *d, const struct fact *f)
{
	const struct fact_item *item = f ? find_item(f, d->subject) : NULL;

	if (item) {
		d->path = item->path;
		d->line = item->line;
	}
}

/* The change of a subject in the first of these facts that has one, or NULL. */
static struct change *find_change(const struct entry *e, uint64_t facts, const char *subject)
{
	struct change *c = NULL;

	for (int i = 0; !c && i < FACT_MAX; i++) {
		if (facts & FACT_BIT(i))
			c = delta_find(&e->facts[i].delta, subject);
	}
	return c;
}

/* That a file came or went says nothing beside an event about what stands in it. */
static struct change *find_file(const struct entry *e, const char *path)
{
	const char *subject = path ? arena_printf(e->batch.arena, "file %s", path) : NULL;
	struct change *c = subject ? find_change(e, FACT_ALL, subject) : NULL;

	return c && (!c->old || !c->new) ? c : NULL;
}

static void hold(struct change *c)
{
	if (c && c->fate == CHANGE_TELL)
		c->fate = CHANGE_HELD;
}

/*
 * A change that evidence of this step names is the step's to tell: now, or
 * when the step itself is told.
 */
static void claim(struct entry *e, struct entered_check *ec, bool told)
{
	for (size_t i = 0; i < ec->step.n_details; i++) {
		struct event_detail *d = &ec->step.details[i];
		struct change *file = find_file(e, d->path);
		struct change *item = d->item ? find_change(e, ec->check->facts, d->item) : NULL;
		struct change *c = d->subject ? find_change(e, ec->check->facts, d->subject) : NULL;
		if (c && told)
			absorb(d, c);
		if (item && told)
			absorb_item(d, item);
		if (file && told)
			file->fate = CHANGE_TOLD;
		hold(c);
		hold(item);
		hold(file);
		for (int id = 0; d->subject && !c && d->gone && id < FACT_MAX; id++) {
			if (ec->check->facts & FACT_BIT(id))
				find_place(d, factset_get(&e->judge->facts, (enum fact_id)id));
		}
	}
}

static void claim_all(struct entry *e)
{
	for (size_t i = 0; i < e->n_checks; i++) {
		if (e->checks[i].tell)
			claim(e, &e->checks[i], true);
	}
	for (size_t i = 0; i < e->n_checks; i++) {
		if (!e->checks[i].tell && e->checks[i].step.differs)
			claim(e, &e->checks[i], false);
	}
}

/* What no check has claimed, under the fact's own damper. */
static void damp_facts(struct entry *e)
{
	struct ledger *l = e->batch.ledger;

	for (int i = 0; i < FACT_MAX; i++) {
		struct delta *d = &e->facts[i].delta;
		struct siphash h;
		bool differs = false;
		siphash_init(&h, l->key);
		for (size_t k = 0; k < d->n; k++) {
			if (d->v[k].fate != CHANGE_TELL)
				continue;
			siphash_string(&h, d->v[k].subject);
			siphash_string(&h, d->v[k].new);
			differs = true;
		}
		if (!e->facts[i].fact)
			continue;
		e->facts[i].tell = flap_enter(
			&l->flaps[i], &l->config, differs, siphash_digest(&h), e->now_usec);
		for (size_t k = 0; !e->facts[i].tell && k < d->n; k++) {
			if (d->v[k].fate == CHANGE_TELL)
				d->v[k].fate = CHANGE_HELD;
		}
	}
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

static int tell_check(struct entry *e, struct entered_check *ec)
{
	struct ledger *l = e->batch.ledger;
	const struct step *step = &ec->step;
	bool closed = step->stage == FINDING_CLOSED;
	struct event ev = {
		.kind = step->kind,
		.result = ec->verdict->result,
		.severity = closed ? ec->finding->severity : ec->verdict->severity,
		.check = ec->check->id,
		.title = ec->check->title,
		.remedy = closed ? NULL
				 : check_remedy(ec->check, &e->judge->facts, ec->verdict->result),
		.waiver = step->waiver,
		.since_realtime_usec = closed ? ec->finding->since_realtime_usec
					      : step->since_realtime_usec,
		.details = step->details,
		.n_details = step->n_details,
		.untold = flap_untold(&ec->finding->flap, step->differs),
	};

	int r = flap_reserve(&ec->finding->flap, &l->config);
	return r < 0 ? r : batch_add(&e->batch, &ev, ec->verdict->summary);
}

static int write_checks(struct entry *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < e->n_checks; i++) {
		struct entered_check *ec = &e->checks[i];
		if (ec->tell)
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
	return batch_add(&e->batch, &ev, NULL);
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
		flap_told(&f->flap, &e->batch.ledger->config, e->now_usec);
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
			flap_told(&l->flaps[i], &l->config, e->now_usec);
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
	damp_facts(e);
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
