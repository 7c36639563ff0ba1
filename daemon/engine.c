/* SPDX-License-Identifier: ISC */
#include "daemon/engine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/text.h"
#include "config.h"
#include "daemon/accepted.h"
#include "daemon/intake.h"
#include "daemon/keeper.h"
#include "daemon/log.h"
#include "daemon/outlet.h"
#include "daemon/pace.h"
#include "daemon/retry.h"
#include "daemon/sched.h"
#include "fact/lock.h"

/* What is not watched completely is read again on a timer, at no more than 1/4 of a processor. */
#define RECONCILE_SHARE 4

struct engine {
	struct policy *policy;
	struct root root;
	struct judge judge;
	struct watch *watch;
	struct sched sched;
	struct store *store;
	struct ledger *ledger;
	struct outlet outlet;
	struct outlet_addresses addresses;
	char epoch[33];
	uint64_t started_realtime_usec;

	uint64_t judged;           /* facts that were judged at least once */
	struct keeper keeper;
	struct retry retry;
	struct pace pace;
	uint64_t paced;            /* facts that are dirty by the pace alone */
	struct health health;
	struct intake intake;      /* from the judge into the ledger */
	bool accepted_stale; /* the baseline may be another than the fact of it says */
	uint64_t reconcile_usec, heartbeat_usec; /* when due; USEC_INFINITY: never */
	uint64_t lapse_realtime_usec; /* the same by the wall clock */
	uint64_t reconcile_cost_usec; /* processor time of the last reading of blind facts */
	struct now now;            /* of the step or event being handled, for callbacks */
};

static uint64_t all_facts(void)
{
	return FACT_ALL & ~FACT_GIVEN;
}

static void on_dirty(uint64_t mask, enum watch_urgency urgency, void *arg)
{
	struct engine *e = arg;

	engine_dirty(e, mask, urgency, e->now);
}

static void on_overflow(void *arg)
{
	struct engine *e = arg;

	engine_overflow(e, e->now);
}

static uint64_t ask_busy(enum fact_id id, void *arg)
{
	struct engine *e = arg;
	const struct collector *c = collector_get(id);

	return c && c->locks ? lock_busy(&e->root, c->locks) : 0;
}

static int make_epoch(char ret[static 33])
{
	unsigned char bytes[16];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -EIO;
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static struct ledger_config ledger_config_of(const struct policy *p)
{
	return (struct ledger_config){
		.flap_max = (unsigned)policy_uint(p, "hardend", "flap_max"),
		.flap_window_usec = policy_usec(p, "hardend", "flap_window"),
		.flap_quiet_usec = policy_usec(p, "hardend", "flap_quiet"),
	};
}

/* Opens the ledger; a database that cannot be used is set aside, never silently. */
static int open_state(
	struct engine *e, const char *path, char **ret_aside, bool *ret_emptied)
{
	const struct ledger_config config = ledger_config_of(e->policy);
	_cleanup_free_ char *aside = NULL;
	bool existed = access(path, F_OK) == 0;

	for (int tries = 0;; tries++) {
		int r = store_open(path, &e->store);
		if (r == 0)
			r = ledger_new(e->store, e->epoch, &config, &e->ledger);
		if (r == 0)
			break;
		store_close(e->store);
		e->store = NULL;
		if (r == -EBUSY)
			return log_error(r, "%s: another hardend (pid %d) has it open", path,
				(int)store_holder(path));
		if (tries > 0 || (r != -EUCLEAN && r != -EPROTO))
			return log_error(r, "%s: cannot open the state database", path);
		r = store_set_aside(path, e->now.realtime_usec, &aside);
		if (r < 0)
			return log_error(r, "%s: is unusable and cannot be set aside", path);
	}
	keeper_init(&e->keeper, e->store, e->ledger, path);
	*ret_emptied = existed && !aside && ledger_seq(e->ledger) == 0;
	*ret_aside = TAKE_PTR(aside);
	return 0;
}

static void plan_heartbeat(struct engine *e)
{
	uint64_t every = policy_usec(e->policy, "hardend", "heartbeat");

	e->heartbeat_usec = every ? e->now.monotonic_usec + every : USEC_INFINITY;
}

/* When time alone changes a verdict: a waiver lapses, a release ends. */
static void plan_lapse(struct engine *e)
{
	e->lapse_realtime_usec = MIN(policy_next_lapse(e->policy, e->now.realtime_usec),
		judge_until(&e->judge));
}

/* What the start has to tell: started, whether from nothing, and what was lost. */
static int note_start(struct engine *e, const char *aside, bool emptied)
{
	char text[512], when[32], since[128] = "";
	bool first = ledger_is_fresh(e->ledger);
	uint64_t heard = ledger_last_realtime(e->ledger);

	if (heard > 0)
		(void)snprintf(since, sizeof(since),
			"; the last event before is of %s, from then on nobody may have watched",
			text_rfc3339(when, heard));
	(void)snprintf(text, sizeof(text), "hardend %s started: %zu checks%s%s", HARDEND_VERSION,
		check_count(),
		first ? "; first start, the present state is recorded as the baseline"
		      : ", continuing from what was known", since);
	int r = ledger_note(
		e->ledger, EVENT_STARTED, SEV_LOW, text, e->now.realtime_usec);
	if (r < 0 || (!aside && !emptied))
		return r;
	(void)snprintf(text, sizeof(text),
		"the state database %s%s: what changed before this start is not known, the present "
		"state is the new baseline",
		aside ? "could not be used and was set aside as " : "was there and empty, as if "
		"somebody had emptied it", aside ? aside : "");
	return ledger_note(e->ledger, EVENT_DEGRADED, SEV_HIGH, text, e->now.realtime_usec);
}

int engine_new(const struct engine_params *p, struct now now, struct engine **ret)
{
	static const struct watch_ops watch_ops = {.dirty = on_dirty, .overflow = on_overflow};
	_cleanup_(engine_freep) struct engine *e = calloc(1, sizeof(*e));
	_cleanup_free_ char *aside = NULL;
	bool emptied = false;

	if (!e) {
		policy_free(p->policy);
		return -ENOMEM;
	}
	e->policy = p->policy;
	e->keeper.fd = -1;
	e->now = now;
	e->root = *p->root;
	e->root.deps = NULL;
	e->addresses = (struct outlet_addresses){p->journal_address, p->syslog_address};
	e->started_realtime_usec = now.realtime_usec;
	e->reconcile_usec = USEC_INFINITY;
	e->accepted_stale = true;
	health_init(&e->health);
	sched_init(&e->sched, ask_busy, e);
	int r = make_epoch(e->epoch);
	if (r == 0)
		r = judge_init(&e->judge, p->root, e->policy);
	if (r == 0)
		r = watch_new(p->root, &watch_ops, e, &e->watch);
	if (r == 0)
		r = open_state(e, p->state_path, &aside, &emptied);
	if (r == 0)
		r = outlet_open(&e->outlet, e->policy, &e->addresses, e->store);
	if (r == 0)
		intake_init(&e->intake, e->ledger, &e->judge);
	if (r == 0)
		r = note_start(e, aside, emptied);
	if (r < 0)
		return r;
	plan_heartbeat(e);
	plan_lapse(e);
	engine_dirty(e, all_facts(), WATCH_NOW, now);
	*ret = TAKE_PTR(e);
	return 0;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	outlet_fini(&e->outlet);
	keeper_fini(&e->keeper);
	ledger_free(e->ledger);
	store_close(e->store);
	watch_free(e->watch);
	judge_fini(&e->judge);
	policy_free(e->policy);
	free(e);
}

int engine_fd(const struct engine *e)
{
	return watch_fd(e->watch);
}

int engine_state_fd(const struct engine *e)
{
	return keeper_fd(&e->keeper);
}

int engine_events(struct engine *e, struct now now)
{
	e->now = now;
	keeper_drain(&e->keeper);
	return watch_read(e->watch);
}

void engine_overflow(struct engine *e, struct now now)
{
	engine_lost(e, HEALTH_WATCH, all_facts(), now);
}

void engine_lost(struct engine *e, const char *source, uint64_t facts, struct now now)
{
	health_lost(&e->health, source, facts);
	engine_dirty(e, facts, WATCH_NOW, now);
}

void engine_dirty(struct engine *e, uint64_t mask, enum watch_urgency urgency, struct now now)
{
	e->paced &= ~mask;
	sched_mark(&e->sched, mask, urgency == WATCH_SETTLE, now.monotonic_usec);
}

static void plan_reconcile(struct engine *e)
{
	e->reconcile_usec = e->now.monotonic_usec +
		MAX(policy_usec(e->policy, "hardend", "reconcile"),
			e->reconcile_cost_usec * RECONCILE_SHARE);
}

void engine_set_acts(struct engine *e, const struct attribution_source *s)
{
	attribution_set(&e->intake.attribution, s);
}

void engine_source(struct engine *e, const struct engine_source *s)
{
	health_source(&e->health, s);
}

void engine_covered(struct engine *e, uint64_t facts)
{
	pace_cover(&e->pace, facts, clock_usec(CLOCK_MONOTONIC));
}

uint64_t engine_unwatched(const struct engine *e)
{
	return watch_blind(e->watch);
}

/* Replaces the coverage fact when what it says has changed. 0 or -ENOMEM. */
static int refresh_coverage(struct engine *e)
{
	struct fact *f = NULL;
	int r = health_fact(&e->health, watch_blind(e->watch), &f);

	if (r <= 0)
		return r;
	factset_put(&e->judge.facts, f);
	if (!e->health.told.blind)
		e->reconcile_usec = USEC_INFINITY;
	else if (e->reconcile_usec == USEC_INFINITY)
		plan_reconcile(e);
	intake_judged(&e->intake, FACT_BIT(FACT_COVERAGE));
	return judge_evaluate(&e->judge, FACT_BIT(FACT_COVERAGE), e->now.realtime_usec);
}

/* Replaces the fact of what was accepted when that may have changed. 0 or -errno. */
static int refresh_accepted(struct engine *e)
{
	const struct fact *old = factset_get(&e->judge.facts, FACT_ACCEPTED);
	struct fact *f = NULL;

	if (!e->accepted_stale)
		return 0;
	int r = accepted_fact(e->ledger, &f);
	if (r < 0)
		return r;
	/* Until the first batch was entered there is none. */
	e->accepted_stale = f->u.accepted->recording;
	if (old && old->u.accepted->recording && e->accepted_stale) {
		fact_free(f);
		return 0;
	}
	factset_put(&e->judge.facts, f);
	intake_judged(&e->intake, FACT_BIT(FACT_ACCEPTED));
	return judge_evaluate(&e->judge, FACT_BIT(FACT_ACCEPTED), e->now.realtime_usec);
}

/* Watches what the facts were read from; once read, what a new watch may have missed is again. */
static void watch_facts(struct engine *e, uint64_t mask, bool was_read)
{
	for (int i = 0; i < FACT_MAX; i++) {
		const struct fact *f = factset_get(&e->judge.facts, (enum fact_id)i);
		if (!(mask & FACT_BIT(i)) || !f)
			continue;
		int r = watch_set(e->watch, (enum fact_id)i, &f->deps);
		if (r > 0 && was_read)
			sched_mark(&e->sched, FACT_BIT(i), false, e->now.monotonic_usec);
		else if (r < 0 && was_read)
			(void)log_error(r, "cannot watch all that %s is read from",
				fact_name((enum fact_id)i));
	}
}

/*
 * What is to be read when these facts are due. What only follows from them waits
 * like what is due itself while somebody's transaction holds it: base-files
 * brings another os-release in the middle of an upgrade.
 */
static uint64_t what_follows(struct engine *e, uint64_t due)
{
	uint64_t mask = fact_closure(due) & all_facts();

	for (int i = 0; i < FACT_MAX; i++) {
		if ((mask & ~due & FACT_BIT(i)) && ask_busy((enum fact_id)i, e) > 0) {
			sched_mark(&e->sched, FACT_BIT(i), false, e->now.monotonic_usec);
			mask &= ~FACT_BIT(i);
		}
	}
	return judge_collectable(&e->judge, mask);
}

/* What an event has told of, or what is another than before, may not have come alone. */
static void note_pace(struct engine *e, uint64_t mask)
{
	for (int i = 0; i < FACT_MAX; i++) {
		const struct fact *f = factset_get(&e->judge.facts, (enum fact_id)i);
		bool news = (e->judge.news | ~e->paced) & FACT_BIT(i);
		if ((mask & FACT_BIT(i)) && f)
			pace_note(&e->pace, f, news, e->now.monotonic_usec);
	}
	e->paced &= ~mask;
}

static int judge_facts(struct engine *e, uint64_t mask)
{
	uint64_t begin = clock_usec(CLOCK_PROCESS_CPUTIME_ID), paced = e->paced;

	mask = what_follows(e, mask);
	/* What was renamed into place gets its watch before it is read: one reading is enough. */
	watch_facts(e, mask, false);
	int r = judge_collect(&e->judge, mask, e->now.realtime_usec);
	if (r < 0)
		return r;
	sched_mark(&e->sched, e->judge.moving, true, e->now.monotonic_usec);
	watch_facts(e, mask, true);
	if (mask & e->health.told.blind)
		e->reconcile_cost_usec = clock_usec(CLOCK_PROCESS_CPUTIME_ID) - begin;
	note_pace(e, mask);
	e->judged |= mask;
	intake_read(&e->intake, mask, paced, e->now);
	health_read(&e->health, mask);
	r = judge_evaluate(&e->judge, mask, e->now.realtime_usec);
	retry_note(&e->retry, mask, retry_failing(&e->judge, mask), e->now.monotonic_usec);
	return r;
}

/* Returns when a sink wants to be asked again. */
static uint64_t pump(struct engine *e)
{
	uint64_t next = outlet_pump(&e->outlet, e->store, e->now.monotonic_usec);

	outlet_prune(&e->outlet, e->policy, &e->keeper, ledger_seq(e->ledger));
	return next;
}

static void heartbeat(struct engine *e)
{
	char text[256];
	unsigned open = 0;

	for (size_t i = 0; i < check_count(); i++)
		open += e->judge.verdicts[i] && result_is_open(e->judge.verdicts[i]->result);
	(void)snprintf(text, sizeof(text),
		"heartbeat: %u of %zu checks are open, %s, seq %" PRIu64 ", chain %.16s", open,
		check_count(), health_degraded(&e->health) ? "coverage degraded" : "all sources work",
		ledger_seq(e->ledger), ledger_head(e->ledger));
	int r = ledger_note(
		e->ledger, EVENT_HEARTBEAT, SEV_LOW, text, e->now.realtime_usec);
	if (r < 0)
		(void)log_error(r, "cannot record a heartbeat");
	plan_heartbeat(e);
}

/* Marks what no event source covers, or what failed, when it is due; returns when the next is. */
static uint64_t refresh(struct engine *e)
{
	uint64_t retried = USEC_INFINITY, paced = USEC_INFINITY, mono = e->now.monotonic_usec;

	sched_mark(&e->sched, retry_take(&e->retry, mono, &retried), false, mono);
	uint64_t due = pace_due(&e->pace, mono, &paced) & ~sched_dirty(&e->sched);
	e->paced |= due;
	sched_mark(&e->sched, due, false, mono);
	return MIN(retried, paced);
}

/* What time alone changes: waivers that lapse, accounts that expire or grow stale. */
static int on_time(struct engine *e)
{
	uint64_t mono = e->now.monotonic_usec;
	bool beat = e->heartbeat_usec <= mono, lapse = e->lapse_realtime_usec <= e->now.realtime_usec;

	if (e->reconcile_usec <= mono) {
		plan_reconcile(e);
		sched_mark(&e->sched, e->health.told.blind, false, mono);
	}
	if (!beat && !lapse)
		return 0;
	int r = judge_evaluate(&e->judge, FACT_ALL, e->now.realtime_usec);
	if (r < 0)
		return r;
	intake_judged(&e->intake, e->judged);
	intake_enter(&e->intake, e->now);
	if (beat)
		heartbeat(e);
	plan_lapse(e);
	return 0;
}

static int step(struct engine *e, uint64_t *ret_next)
{
	/* An overflow is told before it is mended: coverage first, by itself. */
	int r = engine_ready(e) ? refresh_coverage(e) : 0;
	if (r == 0)
		r = refresh_accepted(e);
	if (r < 0)
		return r;
	intake_enter(&e->intake, e->now);
	if (intake_awaits(&e->intake)) {
		*ret_next = intake_next(&e->intake);
		return on_time(e);
	}
	uint64_t mask = sched_take(&e->sched, e->now.monotonic_usec, ret_next);
	if (mask) {
		r = judge_facts(e, mask);
		if (r < 0)
			return r;
		/* What it hid is told first, that it is over last. */
		if (health_lossy(&e->health))
			intake_enter(&e->intake, e->now);
		health_settle(&e->health);
		r = refresh_coverage(e);
		if (r < 0)
			return r;
		/* What lapses this moment is on_time()'s, and forgotten if it were planned anew. */
		if (e->lapse_realtime_usec > e->now.realtime_usec)
			plan_lapse(e);
		intake_enter(&e->intake, e->now);
		/* watch_facts() may have marked again. */
		*ret_next = e->now.monotonic_usec;
	}
	return on_time(e);
}

uint64_t engine_step(struct engine *e, struct now now, int *ret_error)
{
	uint64_t next = USEC_INFINITY;

	e->now = now;
	uint64_t refresh_usec = refresh(e);
	int r = keeper_check(&e->keeper, now);
	if (r == 0)
		r = step(e, &next);
	if (r == 0 && e->intake.error == -EUCLEAN)
		r = -EUCLEAN;
	if (r == 0)
		r = keeper_flush(&e->keeper, now);
	if (r < 0) {
		*ret_error = r;
		return USEC_INFINITY;
	}
	next = MIN(next, pump(e));
	next = MIN(next, keeper_next(&e->keeper, now));
	next = MIN(next, intake_next(&e->intake));
	next = MIN(next, e->reconcile_usec);
	next = MIN(next, refresh_usec);
	next = MIN(next, e->heartbeat_usec);
	if (e->lapse_realtime_usec == USEC_INFINITY)
		return next;
	uint64_t real = now.realtime_usec, lapse = e->lapse_realtime_usec;
	return MIN(next, now.monotonic_usec + (lapse > real ? lapse - real : 0));
}

void engine_clock_set(struct engine *e)
{
	e->lapse_realtime_usec = 0;
}

uint64_t engine_lapse_realtime(const struct engine *e)
{
	return e->lapse_realtime_usec;
}

bool engine_ready(const struct engine *e)
{
	return e->judged == all_facts();
}

bool engine_watching(const struct engine *e)
{
	return (all_facts() & ~(e->judged | fact_closure(sched_held(&e->sched)))) == 0;
}

int engine_reload(struct engine *e, struct policy *p, struct now now)
{
	struct policy *old = e->policy;

	e->now = now;
	e->policy = p;
	e->judge.policy = p;
	/* Verdicts borrow waivers from the policy: all must be new before the old one goes. */
	int r = judge_evaluate(&e->judge, FACT_ALL, now.realtime_usec);
	if (r < 0)
		return r;
	policy_free(old);
	intake_judged(&e->intake, e->judged);
	const struct ledger_config config = ledger_config_of(p);
	r = ledger_configure(e->ledger, &config);
	if (r < 0)
		return r;
	r = outlet_open(&e->outlet, e->policy, &e->addresses, e->store);
	if (r < 0)
		return r;
	/* Policy keys bound what collectors look at. */
	engine_dirty(e, all_facts(), WATCH_NOW, now);
	plan_heartbeat(e);
	plan_lapse(e);
	return 0;
}

void engine_stop(struct engine *e, const char *why, struct now now)
{
	e->now = now;
	int r = ledger_note(e->ledger, EVENT_STOPPED, SEV_LOW, why, now.realtime_usec);
	if (r < 0)
		(void)log_error(r, "cannot record the stop");
	(void)pump(e); /* what is left is delivered at the next start */
	r = store_flush(e->store);
	if (r < 0)
		(void)log_error(r, "what was told since the state database could not be written "
				   "is not in it, and is told again at the next start");
}

int engine_accept(struct engine *e, const char *fact, const char *subject, const char *who,
	const char *reason, struct now now)
{
	int n = ledger_accept(e->ledger, fact, subject, who, reason, now.realtime_usec);

	e->accepted_stale = e->accepted_stale || n > 0;
	return n;
}

const struct judge *engine_judge(const struct engine *e)
{
	return &e->judge;
}

struct ledger *engine_ledger(struct engine *e)
{
	return e->ledger;
}

const char *engine_epoch(const struct engine *e)
{
	return e->epoch;
}

uint64_t engine_started_realtime(const struct engine *e)
{
	return e->started_realtime_usec;
}

size_t engine_sinks(const struct engine *e, const struct sink **ret)
{
	*ret = e->outlet.sinks;
	return e->outlet.n;
}

void engine_watch_stats(const struct engine *e, struct watch_stats *ret)
{
	watch_get_stats(e->watch, ret);
}

int engine_state_error(const struct engine *e)
{
	return e->intake.error ? e->intake.error : store_kept(e->store);
}
