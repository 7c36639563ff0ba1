/* SPDX-License-Identifier: ISC */
#include "daemon/source-audit.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/audit-kernel.h"
#include "daemon/audit-meddling.h"
#include "daemon/behalf.h"
#include "daemon/log.h"

enum {
	DATAGRAMS_AT_ONCE = 512, /* of a turn of the loop: a storm must not hold it up */
	BINDS_MAX = 1000,	 /* in BINDS_USEC: more than a machine starts servers */
	SKIPPED = 8,		 /* events that are being left out at the same time */
};

#define NAME "audit"
/* After rules changed: who removes them does it one by one. */
#define CHECK_USEC     (100 * USEC_PER_MSEC)
#define CHECK_MAX_USEC USEC_PER_MIN /* between two checks, when somebody insists */
#define TELL_USEC      USEC_PER_SEC /* after the last that was put back */
#define BINDS_USEC     USEC_PER_MIN
#define FIT_USEC       (2 * USEC_PER_SEC) /* after facts were read */
#define LOST_USEC      USEC_PER_MIN	  /* between two looks at the kernel's counter */

static const uint64_t told_facts = FACT_BIT(FACT_LISTENERS) | FACT_BIT(FACT_FIREWALL) |
				   FACT_BIT(FACT_AUDITD);

/* Read often, and not from places that could get a rule. */
static const uint64_t placeless_facts = FACT_BIT(FACT_LISTENERS) | FACT_BIT(FACT_ADDRESSES) |
					FACT_BIT(FACT_FIREWALL) | FACT_BIT(FACT_PROCESSES) |
					FACT_BIT(FACT_LOGINS) | FACT_BIT(FACT_COVERAGE) |
					FACT_BIT(FACT_ACCEPTED);

struct source_audit {
	struct source_audit_params p;
	struct audit_keeper keeper;
	struct audit_assembler *assembler;
	struct acts *acts;
	struct event *readable, *check, *tell, *fit, *late;
	int fd;
	uint32_t pid;		  /* ours: what we do is nobody's act */
	uint64_t dirty, settling; /* facts that acts may have changed, and may go on to change */
	uint64_t readings;	  /* of facts, when the places were last looked at */
	uint64_t pause_usec, told_usec, looked_usec;
	uint64_t binds_usec; /* since when they are counted */
	unsigned binds;
	struct audit_meddling meddling; /* not told yet */
	struct behalf_memo behalf;
	enum audit_state told;
	bool seen; /* a state was told */
	uint64_t skip[SKIPPED],
		kept; /* serials of events without our key, and of one that matters */
	unsigned next_skip;
	char buffer[NLMSG_HDRLEN + AUDIT_RECORD_MAX];
};

static void arm(struct event *e, uint64_t usec)
{
	const struct timeval tv = {
		(time_t)(usec / USEC_PER_SEC), (suseconds_t)(usec % USEC_PER_SEC)};

	if (!evtimer_pending(e, NULL) && event_add(e, &tv) < 0)
		(void)log_error(-ENOMEM, "cannot set a timer of audit");
}

/* Whether records are to be read at all. */
static bool is_listening(const struct source_audit *s)
{
	switch (s->keeper.state) {
	case AUDIT_UNWANTED:
	case AUDIT_CONTAINER:
	case AUDIT_ABSENT:
	case AUDIT_DENIED:
		return false;
	default:
		return true;
	}
}

/* Where the configuration leaves it to the machine, one that has no audit is not at fault. */
static bool is_fault(const struct source_audit *s)
{
	enum audit_state state = s->keeper.state;

	return s->keeper.use == AUDIT_USE_YES ||
	       (state != AUDIT_CONTAINER && state != AUDIT_ABSENT);
}

static const char bind_note[] =
	"programs bind sockets all the time (a DNS server does for each question), so bind(2) is "
	"not audited until the next start: UDP sockets that open are noticed within 5 minutes";

static void drain_for(void *arg)
{
	source_audit_drain(arg);
}

static void tell_state(struct source_audit *s)
{
	const struct audit_state_text *text = audit_state_text(s->keeper.state);
	bool works = s->keeper.state == AUDIT_WORKS, all = works && !s->keeper.no_bind;

	if (s->seen && s->told == s->keeper.state)
		return;
	s->seen = true;
	s->told = s->keeper.state;
	engine_covered(s->p.engine, all ? FACT_BIT(FACT_LISTENERS) : 0);
	const char *note = works && !all ? bind_note : text->note ? text->note : text->detail;
	engine_source(s->p.engine, &(struct engine_source){
					   .name = NAME,
					   .detail = is_fault(s) ? text->detail : NULL,
					   .remedy = is_fault(s) ? text->remedy : NULL,
					   .note = note,
				   });
	engine_set_acts(s->p.engine, &(struct attribution_source){
					     .acts = text->why ? NULL : s->acts,
					     .why = text->why,
					     .drain = drain_for,
					     .arg = s,
				     });
	log_line(LOG_NOTICE, "audit: %s", all ? "tells who makes changes" : note);
}

/* Events were lost: all that they could have told is read again. */
static void lose(struct source_audit *s)
{
	struct now now = clock_now();

	audit_assembler_flush(s->assembler);
	struct audit_event *e;
	while ((e = audit_assembler_next(s->assembler, now.monotonic_usec)))
		audit_event_free(e);
	acts_lost(s->acts, now.realtime_usec);
	engine_lost(s->p.engine, NAME, told_facts, now);
	arm(s->check, CHECK_USEC); /* rules may have been removed */
}

static bool is_ephemeral(const struct act *act)
{
	const struct sockaddr_in *v4 = (const void *)&act->address;
	const struct sockaddr_in6 *v6 = (const void *)&act->address;

	return (act->address.ss_family == AF_INET && v4->sin_port == 0) ||
	       (act->address.ss_family == AF_INET6 && v6->sin6_port == 0);
}

/*
 * What a bind may have changed. That of a stream is told by the listen that follows
 * at once; a reading in between would find nothing, and put the next one off.
 */
static uint64_t bound(const struct act *act)
{
	return act->kind == ACT_BIND ? FACT_BIT(FACT_LISTENERS) : 0;
}

/*
 * A program that binds for each question it asks would pay for a record each time,
 * and fill the log of auditd with them.
 */
static void count_bind(struct source_audit *s)
{
	uint64_t mono = clock_usec(CLOCK_MONOTONIC);

	if (mono - s->binds_usec > BINDS_USEC) {
		s->binds_usec = mono;
		s->binds = 0;
	}
	if (++s->binds < BINDS_MAX || s->keeper.no_bind)
		return;
	s->keeper.no_bind = true;
	s->seen = false; /* that is to be told */
	arm(s->check, CHECK_USEC);
}

/* What the act may have changed. */
static uint64_t facts_of(struct source_audit *s, const struct act *act)
{
	switch (act->kind) {
	case ACT_LISTEN:
		return FACT_BIT(FACT_LISTENERS);
	case ACT_FILTER:
		return FACT_BIT(FACT_FIREWALL);
	case ACT_AUDIT_CHANGE:
		audit_meddling_by(&s->meddling, &act->actor);
		arm(s->check, MAX(s->pause_usec, CHECK_USEC));
		return FACT_BIT(FACT_AUDITD);
	case ACT_FILE:
		/* Of the rest inotify has told. */
		return engine_unwatched(s->p.engine);
	default:
		return 0;
	}
}

static int take_event(struct source_audit *s, const struct audit_event *e)
{
	static const struct act_options options = {.key = AUDIT_KEY};
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct actor_chain chain;
	struct act act;

	int r = a ? act_parse(a, e, &options, &act) : -ENOMEM;
	if (r <= 0 || act.actor.pid == s->pid)
		return MIN(r, 0);
	/*
	 * A port that the kernel is to choose is a client's: nobody asks for it, and
	 * clients are so many that they would push out who changed files.
	 */
	if (act.kind == ACT_BIND && is_ephemeral(&act))
		return 0;
	if (act.success) {
		s->dirty |= facts_of(s, &act);
		s->settling |= bound(&act);
		if (act.kind == ACT_BIND)
			count_bind(s);
	}
	/* What a program says is of its own doing, and asked about nobody. */
	if (act.said || act.actor.pid == 0)
		return acts_put(s->acts, &act, NULL);
	r = behalf_find_memo(
		&s->behalf, s->p.root, &act.actor, clock_usec(CLOCK_MONOTONIC), &chain);
	return r < 0 ? r : acts_put(s->acts, &act, chain.kind == BEHALF_NONE ? NULL : &chain);
}

static int take_events(struct source_audit *s, uint64_t mono)
{
	int r = 0;

	for (;;) {
		_cleanup_(audit_event_freep) struct audit_event *e = audit_assembler_next(
			s->assembler, mono);
		if (!e)
			return r;
		int err = take_event(s, e);
		r = MIN(r, err);
	}
}

static bool is_skipped(const struct source_audit *s, uint64_t serial)
{
	for (unsigned i = 0; i < SKIPPED; i++) {
		if (s->skip[i] == serial)
			return true;
	}
	return false;
}

/*
 * Whether the record is to be put together with others: not those of a system
 * call that only somebody else's rule is about. What the call's own record comes
 * behind (CONFIG_CHANGE) keeps it.
 */
static bool is_wanted(struct source_audit *s, const struct audit_record *record)
{
	bool wanted = act_wants(record, AUDIT_KEY);
	uint64_t serial = record->stamp.serial;

	if (wanted)
		s->kept = serial;
	if (wanted || s->kept == serial)
		return true;
	if (record->type == AUDIT_SYSCALL)
		s->skip[s->next_skip++ % SKIPPED] = serial;
	return !is_skipped(s, serial);
}

static int take_datagram(struct source_audit *s, size_t n, uint64_t mono)
{
	const struct nlmsghdr *h = (const void *)s->buffer;
	struct audit_record record;

	if (n < NLMSG_HDRLEN)
		return 0;
	/* The length in the header is of the text alone, or not, by the kernel's version. */
	if (audit_record_parse(h->nlmsg_type, s->buffer + NLMSG_HDRLEN, n - NLMSG_HDRLEN, &record) <
			0 ||
		!is_wanted(s, &record))
		return 0;
	int r = audit_assembler_add(s->assembler, &record, mono);
	if (r == -ENOBUFS) {
		r = take_events(s, mono);
		if (r == 0)
			r = audit_assembler_add(s->assembler, &record, mono);
	}
	return r < 0 ? r : take_events(s, mono);
}

/* Reads at most max datagrams. 0, or -errno when the socket is of no use any more. */
static int drain(struct source_audit *s, unsigned max)
{
	uint64_t mono = clock_usec(CLOCK_MONOTONIC);

	for (unsigned i = 0; i < max; i++) {
		struct sockaddr_nl from = {0};
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(
			s->fd, s->buffer, sizeof(s->buffer), MSG_DONTWAIT, (void *)&from, &size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0 && errno != ENOBUFS)
			return -errno;
		/* Who has the port 0 is the kernel; others can send to us as well. */
		if (n >= 0 && (size != sizeof(from) || from.nl_pid != 0))
			continue;
		if (n < 0 || take_datagram(s, (size_t)n, mono) < 0)
			lose(s);
	}
	uint64_t deadline = audit_assembler_deadline(s->assembler);
	if (deadline != USEC_INFINITY)
		arm(s->late, deadline > mono ? deadline - mono : 0);
	return take_events(s, mono) < 0 ? -ENOMEM : 0;
}

/* What acts have marked goes to the engine. */
static void flush(struct source_audit *s)
{
	uint64_t dirty = s->dirty, settling = s->settling & ~dirty;
	struct now now = clock_now();

	s->dirty = s->settling = 0;
	if (settling)
		engine_dirty(s->p.engine, settling, WATCH_SETTLE, now);
	if (dirty)
		engine_dirty(s->p.engine, dirty, WATCH_NOW, now);
	s->p.changed(s->p.arg);
}

static void stop_listening(struct source_audit *s)
{
	if (s->readable)
		event_free(s->readable);
	s->readable = NULL;
	closep(&s->fd);
	s->fd = -1;
}

static void on_readable(_unused_ evutil_socket_t fd, _unused_ short what, void *arg)
{
	struct source_audit *s = arg;
	int r = drain(s, DATAGRAMS_AT_ONCE);

	if (r < 0) {
		(void)log_error(r, "cannot read from audit");
		stop_listening(s);
		s->keeper.state = AUDIT_DENIED;
		tell_state(s);
	}
	if (s->dirty || s->settling || r < 0)
		flush(s);
}

/* Events whose end never came, and what was marked while the engine was at work. */
static void on_late(_unused_ evutil_socket_t fd, _unused_ short what, void *arg)
{
	struct source_audit *s = arg;

	if (s->fd >= 0 && drain(s, DATAGRAMS_AT_ONCE) < 0)
		stop_listening(s);
	if (s->dirty || s->settling)
		flush(s);
}

static void start_listening(struct source_audit *s)
{
	if (s->fd >= 0 || !is_listening(s))
		return;
	s->fd = audit_kernel_listen();
	if (s->fd >= 0)
		s->readable = event_new(s->p.base, s->fd, EV_READ | EV_PERSIST, on_readable, s);
	if (s->readable && event_add(s->readable, NULL) == 0)
		return;
	(void)log_error(s->fd < 0 ? s->fd : -ENOMEM, "cannot listen to audit");
	stop_listening(s);
	s->keeper.state = AUDIT_DENIED;
}

static uint64_t count_readings(const struct judge *j)
{
	uint64_t n = 0;

	for (int i = 0; i < FACT_MAX; i++)
		n += placeless_facts & FACT_BIT(i) ? 0 : j->readings[i];
	return n;
}

/* The places that the facts were read from. 0 or -ENOMEM. */
static int find_places(const struct source_audit *s, struct audit_places *ret)
{
	const struct judge *j = engine_judge(s->p.engine);
	int r = 0;

	for (int i = 0; i < FACT_MAX && r == 0; i++) {
		const struct fact *f = factset_get(&j->facts, (enum fact_id)i);
		if (f && !(placeless_facts & FACT_BIT(i)))
			r = audit_places_add_deps(ret, &f->deps);
	}
	return r < 0 ? r : audit_places_fold(ret);
}

/* Somebody is at audit: told when it is over; ever more rarely while it goes on. */
static void on_tell(_unused_ evutil_socket_t fd, _unused_ short what, void *arg)
{
	struct source_audit *s = arg;
	struct now now = clock_now();
	char text[1024];

	s->pause_usec = s->told_usec > 0 && now.monotonic_usec - s->told_usec < CHECK_MAX_USEC
				? MIN(MAX(s->pause_usec, CHECK_USEC) * 2, CHECK_MAX_USEC)
				: CHECK_USEC;
	s->told_usec = now.monotonic_usec;
	audit_meddling_text(&s->meddling, s->keeper.state != AUDIT_OFF, text, sizeof(text));
	s->meddling = (struct audit_meddling){0};
	int r = ledger_note(
		engine_ledger(s->p.engine), EVENT_DEGRADED, SEV_HIGH, text, now.realtime_usec);
	if (r < 0)
		(void)log_error(r, "cannot tell that audit was changed");
	s->p.changed(s->p.arg);
}

static void note_removed(struct source_audit *s, const struct audit_check *c)
{
	const struct timeval tv = {.tv_sec = TELL_USEC / USEC_PER_SEC};

	s->meddling.returned += c->returned;
	s->meddling.missing = MAX(s->meddling.missing, c->missing);
	s->meddling.off = s->meddling.off || c->off;
	if (event_add(s->tell, &tv) < 0)
		(void)log_error(-ENOMEM, "cannot set a timer of audit");
}

static void check_rules(struct source_audit *s)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct audit_check c = {0};
	struct audit_places places;

	audit_places_init(&places, a);
	s->readings = count_readings(engine_judge(s->p.engine));
	int r = a ? find_places(s, &places) : -ENOMEM;
	if (r == 0)
		r = audit_keeper_check(&s->keeper, &places, &c);
	if (r < 0) {
		(void)log_error(r, "cannot look at the audit rules");
		return;
	}
	if (c.added || c.removed)
		log_line(LOG_INFO, "audit: %zu rules added, %zu removed", c.added, c.removed);
	if (c.returned || c.missing || c.off)
		note_removed(s, &c);
	else if (!evtimer_pending(s->tell, NULL))
		s->meddling = (struct audit_meddling){0}; /* it was none of ours */
	if (c.lost)
		lose(s);
	if (is_listening(s))
		start_listening(s);
	else
		stop_listening(s);
	tell_state(s);
}

static void on_check(_unused_ evutil_socket_t fd, _unused_ short what, void *arg)
{
	struct source_audit *s = arg;

	if (s->fd >= 0 && drain(s, DATAGRAMS_AT_ONCE) < 0)
		stop_listening(s);
	check_rules(s);
	flush(s);
}

static void on_fit(_unused_ evutil_socket_t fd, _unused_ short what, void *arg)
{
	struct source_audit *s = arg;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct audit_places places;

	audit_places_init(&places, a);
	s->readings = count_readings(engine_judge(s->p.engine));
	if (!a || find_places(s, &places) < 0 || audit_keeper_fits(&s->keeper, &places) == 1)
		return;
	check_rules(s);
	flush(s);
}

/* The kernel's counter is looked at when we are awake anyway. */
static void look_for_loss(struct source_audit *s)
{
	uint64_t mono = clock_usec(CLOCK_MONOTONIC);

	if (s->fd < 0 || mono - s->looked_usec < LOST_USEC)
		return;
	s->looked_usec = mono;
	acts_expire(s->acts, clock_usec(CLOCK_REALTIME));
	if (audit_keeper_lost(&s->keeper)) {
		lose(s);
		arm(s->late, 0);
	}
}

void source_audit_refresh(struct source_audit *s)
{
	look_for_loss(s);
	if (!s->seen) {
		/* Not before the first facts are read: rules of a run that crashed still serve. */
		if (count_readings(engine_judge(s->p.engine)) > 0)
			arm(s->check, 0);
		return;
	}
	if (!is_listening(s) || s->keeper.state == AUDIT_UNUSED ||
		count_readings(engine_judge(s->p.engine)) == s->readings)
		return;
	arm(s->fit, FIT_USEC);
}

void source_audit_drain(struct source_audit *s)
{
	if (s->fd >= 0)
		(void)drain(s, DATAGRAMS_AT_ONCE); /* the next turn of the loop meets it again */
	if (s->dirty || s->settling)
		arm(s->late, 0);
}

void source_audit_configure(struct source_audit *s, enum audit_use use)
{
	audit_keeper_configure(&s->keeper, use);
	s->seen = false;
	source_audit_refresh(s);
}

int source_audit_new(
	const struct source_audit_params *p, enum audit_use use, struct source_audit **ret)
{
	_cleanup_(source_audit_freep) struct source_audit *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->p = *p;
	s->fd = -1;
	s->pid = (uint32_t)getpid();
	audit_keeper_init(&s->keeper, p->ops, p->root);
	int r = audit_assembler_new(AUDIT_EVENT_AGE_USEC, &s->assembler);
	if (r == 0)
		r = acts_new(&s->acts);
	if (r < 0)
		return r;
	s->check = evtimer_new(p->base, on_check, s);
	s->tell = evtimer_new(p->base, on_tell, s);
	s->fit = evtimer_new(p->base, on_fit, s);
	s->late = evtimer_new(p->base, on_late, s);
	if (!s->check || !s->tell || !s->fit || !s->late)
		return -ENOMEM;
	source_audit_configure(s, use);
	*ret = TAKE_PTR(s);
	return 0;
}

void source_audit_free(struct source_audit *s)
{
	if (!s)
		return;
	engine_set_acts(s->p.engine, &(struct attribution_source){0});
	if (s->keeper.ops)
		audit_keeper_stop(&s->keeper);
	stop_listening(s);
	struct event *const timers[] = {s->check, s->tell, s->fit, s->late};
	for (size_t i = 0; i < ARRAY_SIZE(timers); i++) {
		if (timers[i])
			event_free(timers[i]);
	}
	behalf_memo_fini(&s->behalf);
	acts_free(s->acts);
	audit_assembler_free(s->assembler);
	audit_keeper_fini(&s->keeper);
	free(s);
}
