/* SPDX-License-Identifier: ISC */
/*
 * The engine: dirty facts in, announced events out. Owns the judge, the watch,
 * the scheduler, the ledger and the sinks, and is driven by its caller, which
 * owns the event loop and the clocks; so that a scenario test drives the whole
 * of it with a clock of its own.
 *
 *     watch or timer → engine_dirty() → engine_step(): scheduler → judge
 *     → ledger → outbox → sinks
 */
#pragma once

#include "check/judge.h"
#include "conf/policy.h"
#include "daemon/attribution.h"
#include "daemon/clock.h"
#include "daemon/health.h"
#include "daemon/sink.h"
#include "daemon/watch.h"
#include "ledger/ledger.h"

struct engine;

struct engine_params {
	const struct root *root;     /* borrowed */
	struct policy *policy;       /* the engine takes it over, also on failure */
	const char *state_path;      /* the database */
	const char *journal_address, *syslog_address;
};

/*
 * Opens the state (a corrupt one is set aside and told), the watch and the
 * sinks; marks everything dirty. The first engine_step() judges it all.
 * 0 or -errno.
 */
int engine_new(const struct engine_params *p, struct now now, struct engine **ret);
void engine_free(struct engine *e);
DEFINE_FREEP(struct engine *, engine_free)

/* To be polled for reading; then call engine_events() and engine_step(). -errno: it is broken. */
int engine_fd(const struct engine *e);
int engine_events(struct engine *e, struct now now);

/* The same for the directory of the state database; -1 when it cannot be watched. */
int engine_state_fd(const struct engine *e);

/* Marks facts dirty as a source would. */
void engine_dirty(struct engine *e, uint64_t mask, enum watch_urgency urgency, struct now now);

/* The watch lost events: everything is read again, and coverage tells it. */
void engine_overflow(struct engine *e, struct now now);

/* The same for another source, by its name (a constant): the facts are what it tells of. */
void engine_lost(struct engine *e, const char *source, uint64_t facts, struct now now);

/*
 * To be called by the source at its start and whenever that changes. While it
 * does not work its facts are read on the reconcile timer; coverage tells it.
 */
void engine_source(struct engine *e, const struct engine_source *s);

/* Where it is remembered who did what; see attribution.h. Until then no alert says who. */
void engine_set_acts(struct engine *e, const struct attribution_source *s);

/*
 * A source tells of every change of these facts from now on, and of no others:
 * they need not be read soon after a change, as others without an event are.
 */
void engine_covered(struct engine *e, uint64_t facts);

/* The facts that are not watched completely, see watch_blind(). */
uint64_t engine_unwatched(const struct engine *e);

/*
 * Does all that is due. Returns when to call it again (monotonic µs;
 * USEC_INFINITY: not before an event). What it cannot go on after (-ENOMEM; -EUCLEAN:
 * the state database makes no sense) goes to *ret_error.
 */
uint64_t engine_step(struct engine *e, struct now now, int *ret_error);

/* The wall clock was set: the next step judges again what time alone changes. */
void engine_clock_set(struct engine *e);

/* When that is due by the wall clock; USEC_INFINITY: nothing is. Changes with each step. */
uint64_t engine_lapse_realtime(const struct engine *e);

/* Whether everything has been judged at least once. */
bool engine_ready(const struct engine *e);

/*
 * The same, but for what somebody's transaction holds and what needs that: the
 * package manager that starts us waits for us with its lock held.
 */
bool engine_watching(const struct engine *e);

/*
 * Takes a new policy (owned by the engine from now on), opens the sinks that it
 * names and judges everything again under it. 0, or -errno (memory, the state
 * database), after which the engine can only be freed.
 */
int engine_reload(struct engine *e, struct policy *p, struct now now);

/* The last event (what stopped it, for the message) and an attempt to deliver what is left. */
void engine_stop(struct engine *e, const char *why, struct now now);

/* For the control socket; borrowed. */
const struct judge *engine_judge(const struct engine *e);
struct ledger *engine_ledger(struct engine *e);
const char *engine_epoch(const struct engine *e);
uint64_t engine_started_realtime(const struct engine *e);
size_t engine_sinks(const struct engine *e, const struct sink **ret);
/* Why the state database cannot be written (-ENOSPC), 0 when it can. */
int engine_state_error(const struct engine *e);

void engine_watch_stats(const struct engine *e, struct watch_stats *ret);

/* ledger_accept(); the next step delivers the event. */
int engine_accept(struct engine *e, const char *fact, const char *subject, const char *who,
	const char *reason, struct now now);
