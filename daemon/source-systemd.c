/* SPDX-License-Identifier: ISC */
#include "daemon/source-systemd.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>

#include "base/siphash.h"
#include "daemon/log.h"

#define ADDRESS_BUS	"unix:path=/run/dbus/system_bus_socket"
#define ADDRESS_PRIVATE "unix:path=/run/systemd/private"
#define RETRY_MIN_USEC	(100 * USEC_PER_MSEC)
#define RETRY_MAX_USEC	(60 * USEC_PER_SEC)

enum {
	MESSAGES_AT_ONCE = 256,
	FAILURES_TOLD = 7, /* some 12 s without: a restart of the bus is over by then */
	UNITS_SEEN = 512,
};

struct source_systemd {
	struct event_base *base;
	struct engine *engine;
	void (*changed)(void *arg);
	void *arg;
	sd_bus *bus; /* NULL between two attempts */
	struct event *io, *timer;
	bool client; /* on the message bus, not on systemd's own socket */
	bool subscribed;
	bool dirty; /* a message of this turn says so */
	int broken; /* why the connection cannot go on, or 0 */
	unsigned failures;
	/*
	 * The state that each unit was last said to be in, so that a job that runs
	 * every minute and ends as it began marks nothing: a digest of its name, the
	 * state in the lowest bits. Old ones are written over: that marks once too often.
	 */
	uint64_t seen[UNITS_SEEN];
	size_t n_seen;
	uint8_t key[16];
};

static void connect_or_retry(struct source_systemd *s);

static uint64_t jitter(uint64_t usec)
{
	uint64_t r = 0;

	if (getrandom(&r, sizeof(r), GRND_NONBLOCK) != sizeof(r))
		return usec;
	return usec / 2 + r % (usec / 2 + 1);
}

static void set_timer(struct source_systemd *s, uint64_t usec)
{
	struct timeval tv = {
		.tv_sec = (time_t)(usec / USEC_PER_SEC),
		.tv_usec = (suseconds_t)(usec % USEC_PER_SEC),
	};

	if (event_add(s->timer, &tv) < 0)
		(void)log_error(-ENOMEM, "cannot set the timer of the source systemd");
}

static void tell_health(struct source_systemd *s, const char *detail)
{
	static const char remedy[] = "dbus.service and systemd answering root on the system bus";

	engine_source(s->engine, &(struct engine_source){
					 .name = "systemd",
					 .facts = FACT_BIT(FACT_UNITS),
					 .detail = detail,
					 .remedy = detail ? remedy : NULL,
				 });
}

static void disconnect(struct source_systemd *s)
{
	if (s->io)
		event_free(s->io);
	s->io = NULL;
	if (s->bus) {
		sd_bus_close(s->bus);
		(void)sd_bus_unref(s->bus); /* always NULL */
	}
	s->bus = NULL;
	s->subscribed = false;
}

/* The connection is of no use any more. */
static void retry(struct source_systemd *s)
{
	uint64_t wait = RETRY_MIN_USEC << MIN(s->failures, 16U);

	disconnect(s);
	s->failures++;
	if (s->failures == FAILURES_TOLD) {
		tell_health(s, "no connection to systemd: what starts and stops is read again on a "
			       "timer instead");
		s->changed(s->arg);
	}
	set_timer(s, jitter(MIN(wait, RETRY_MAX_USEC)));
}

static void mark(struct source_systemd *s)
{
	engine_dirty(s->engine, FACT_BIT(FACT_UNITS), WATCH_SETTLE, clock_now());
	s->dirty = true;
}

/* Whether a unit of this path can matter: sessions, mounts and devices come and go. */
static bool is_service(const char *path)
{
	static const char *const types[] = {"_2eservice", "_2esocket", "_2etimer", "_2epath"};
	size_t len = strlen(path);

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		size_t n = strlen(types[i]);
		if (len > n && strcmp(path + len - n, types[i]) == 0)
			return true;
	}
	return false;
}

/* Whether the unit was in another state when it was last heard of. */
static bool is_news(struct source_systemd *s, const char *path, unsigned state)
{
	const uint64_t mask = 3;
	struct siphash h;

	siphash_init(&h, s->key);
	siphash_string(&h, path);
	uint64_t digest = siphash_digest(&h) & ~mask, now = digest | state;
	for (size_t i = 0; i < MIN(s->n_seen, (size_t)UNITS_SEEN); i++) {
		if ((s->seen[i] & ~mask) != digest)
			continue;
		bool news = s->seen[i] != now;
		s->seen[i] = now;
		return news;
	}
	s->seen[s->n_seen % UNITS_SEEN] = now;
	s->n_seen++;
	return true;
}

/* The value of ActiveState= among the properties of the message; NULL when it is not there. */
static const char *active_state(sd_bus_message *m)
{
	const char *interface, *name, *value = NULL;

	if (sd_bus_message_read(m, "s", &interface) < 0 ||
		strcmp(interface, "org.freedesktop.systemd1.Unit") != 0 ||
		sd_bus_message_enter_container(m, SD_BUS_TYPE_ARRAY, "{sv}") < 0)
		return NULL;
	while (!value && sd_bus_message_enter_container(m, SD_BUS_TYPE_DICT_ENTRY, "sv") > 0) {
		if (sd_bus_message_read(m, "s", &name) < 0)
			return NULL;
		if (strcmp(name, "ActiveState") == 0)
			return sd_bus_message_read(m, "v", "s", &value) < 0 ? NULL : value;
		if (sd_bus_message_skip(m, "v") < 0 || sd_bus_message_exit_container(m) < 0)
			return NULL;
	}
	return NULL;
}

static void on_properties(struct source_systemd *s, sd_bus_message *m)
{
	static const char *const ends[] = {"active", "inactive", "failed"};
	const char *path = sd_bus_message_get_path(m);

	if (!path || !is_service(path))
		return;
	const char *state = active_state(m);
	/* What is on its way somewhere is told of again when it is there. */
	for (unsigned i = 0; state && i < ARRAY_SIZE(ends); i++) {
		if (strcmp(state, ends[i]) == 0 && is_news(s, path, i + 1))
			mark(s);
	}
}

static int on_reply(sd_bus_message *m, void *arg, _unused_ sd_bus_error *ret_error)
{
	struct source_systemd *s = arg;

	/* A second time after systemd was executed anew: it may have forgotten, or not. */
	if (sd_bus_message_is_method_error(m, NULL) &&
		!sd_bus_message_is_method_error(m, "org.freedesktop.systemd1.AlreadySubscribed")) {
		s->broken = -sd_bus_message_get_errno(m);
		return 0;
	}
	s->subscribed = true;
	if (s->failures > 0)
		log_line(LOG_INFO, "connected to systemd again");
	s->failures = 0;
	tell_health(s, NULL);
	mark(s); /* what happened before */
	return 0;
}

static int subscribe(struct source_systemd *s)
{
	return sd_bus_call_method_async(s->bus, NULL, s->client ? "org.freedesktop.systemd1" : NULL,
		"/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "Subscribe",
		on_reply, s, "");
}

static int on_signal(sd_bus_message *m, void *arg, _unused_ sd_bus_error *ret_error)
{
	struct source_systemd *s = arg;
	const char *member = sd_bus_message_get_member(m);

	if (!member)
		return 0;
	if (strcmp(member, "PropertiesChanged") == 0) {
		on_properties(s, m);
	} else if (strcmp(member, "NameOwnerChanged") == 0) {
		int r = subscribe(s);
		if (r < 0)
			s->broken = r;
	} else {
		mark(s);
	}
	return 0;
}

/* What is listened for. On systemd's own socket nobody else speaks, and messages have no sender. */
static int add_matches(struct source_systemd *s)
{
	static const char *const rules[] = {
		"type='signal',interface='org.freedesktop.systemd1.Manager',"
		"member='UnitFilesChanged',path='/org/freedesktop/systemd1'",
		"type='signal',interface='org.freedesktop.systemd1.Manager',"
		"member='Reloading',path='/org/freedesktop/systemd1'",
		"type='signal',interface='org.freedesktop.DBus.Properties',"
		"member='PropertiesChanged',path_namespace='/org/freedesktop/systemd1/unit',"
		"arg0='org.freedesktop.systemd1.Unit'",
	};
	char rule[512];

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		(void)snprintf(rule, sizeof(rule), "%s%s", rules[i],
			s->client ? ",sender='org.freedesktop.systemd1'" : "");
		int r = sd_bus_add_match_async(s->bus, NULL, rule, on_signal, NULL, s);
		if (r < 0)
			return r;
	}
	if (!s->client)
		return 0;
	return sd_bus_add_match_async(s->bus, NULL,
		"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
		"member='NameOwnerChanged',arg0='org.freedesktop.systemd1'",
		on_signal, NULL, s);
}

static void on_io(evutil_socket_t fd, short what, void *arg);

/* The events and the time that the bus waits for next. */
static int prepare(struct source_systemd *s)
{
	uint64_t until = UINT64_MAX, now = clock_usec(CLOCK_MONOTONIC);
	int events = sd_bus_get_events(s->bus), fd = sd_bus_get_fd(s->bus);
	int r = sd_bus_get_timeout(s->bus, &until);

	if (events < 0 || fd < 0 || r < 0)
		return events < 0 ? events : fd < 0 ? fd : r;
	short want = (short)(EV_PERSIST | (events & POLLIN ? EV_READ : 0) |
			     (events & POLLOUT ? EV_WRITE : 0));
	if (!s->io || event_get_events(s->io) != want) {
		if (s->io)
			event_free(s->io);
		s->io = event_new(s->base, fd, want, on_io, s);
		if (!s->io || event_add(s->io, NULL) < 0)
			return -ENOMEM;
	}
	if (until == UINT64_MAX)
		(void)event_del(s->timer); /* not pending is fine */
	else
		set_timer(s, until > now ? until - now : 0);
	return 0;
}

static void process(struct source_systemd *s)
{
	int r = 1;

	s->dirty = false;
	for (unsigned i = 0; i < MESSAGES_AT_ONCE && r > 0 && s->broken == 0; i++)
		r = sd_bus_process(s->bus, NULL);
	if (r >= 0 && s->broken == 0 && sd_bus_is_open(s->bus) > 0)
		r = prepare(s);
	else if (r >= 0)
		r = s->broken < 0 ? s->broken : -ENOTCONN;
	if (r < 0) {
		if (s->subscribed)
			log_line(LOG_INFO, "the connection to systemd ended: %s", strerror(-r));
		retry(s);
	}
	if (s->dirty)
		s->changed(s->arg);
}

static void on_io(_unused_ evutil_socket_t fd, _unused_ short what, void *arg)
{
	process(arg);
}

static void on_timer(_unused_ evutil_socket_t fd, _unused_ short what, void *arg)
{
	struct source_systemd *s = arg;

	if (s->bus)
		process(s);
	else
		connect_or_retry(s);
}

static int open_bus(struct source_systemd *s, const char *address, bool client)
{
	s->client = client;
	s->broken = 0;
	int r = sd_bus_new(&s->bus);
	if (r < 0)
		return r;
	r = sd_bus_set_address(s->bus, address);
	if (r >= 0 && client)
		r = sd_bus_set_bus_client(s->bus, true);
	if (r >= 0)
		r = sd_bus_start(s->bus);
	if (r >= 0)
		r = add_matches(s);
	if (r >= 0)
		r = subscribe(s);
	if (r >= 0)
		r = prepare(s);
	if (r < 0)
		disconnect(s);
	return r;
}

static void connect_or_retry(struct source_systemd *s)
{
	int r = open_bus(s, ADDRESS_BUS, true);

	if (r == -ENOENT || r == -ECONNREFUSED)
		r = open_bus(s, ADDRESS_PRIVATE, false);
	if (r < 0)
		retry(s);
}

int source_systemd_new(struct event_base *base, struct engine *engine, void (*changed)(void *arg),
	void *arg, struct source_systemd **ret)
{
	_cleanup_(source_systemd_freep) struct source_systemd *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->base = base;
	s->engine = engine;
	s->changed = changed;
	s->arg = arg;
	s->timer = evtimer_new(base, on_timer, s);
	if (!s->timer)
		return -ENOMEM;
	if (getrandom(s->key, sizeof(s->key), 0) != sizeof(s->key))
		return -EIO;
	if (sd_booted() > 0)
		connect_or_retry(s);
	*ret = TAKE_PTR(s);
	return 0;
}

void source_systemd_free(struct source_systemd *s)
{
	if (!s)
		return;
	disconnect(s);
	if (s->timer)
		event_free(s->timer);
	free(s);
}
