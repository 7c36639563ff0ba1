/* SPDX-License-Identifier: ISC */
/*
 * hardend: parses its options, reads the configuration, builds the engine and
 * runs the event loop. All decisions are made elsewhere.
 */
#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <grp.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "conf/conf.h"
#include "config.h"
#include "daemon/clock.h"
#include "daemon/control.h"
#include "daemon/engine.h"
#include "daemon/log.h"
#include "daemon/wallclock.h"
#include "daemon/source-audit.h"
#include "daemon/source-netlink.h"
#include "daemon/source-systemd.h"

static const char *arg_config = CONF_PATH;
static bool arg_config_given;
static const char *arg_state_dir = STATE_DIR;
static const char *arg_runtime_dir = RUNTIME_DIR;

enum {
	HEAP_SCRAPS = 64 * 1024, /* free bytes in the heap that are given back */
};

struct manager {
	struct event_base *base;
	struct event *source, *state, *wallclock, *timer, *watchdog, *signals[3];
	struct root root;
	struct engine *engine;
	int wallclock_fd;
	struct control *control;
	struct source_systemd *systemd;
	struct source_netlink *netlink;
	struct source_audit *audit;
	uint64_t watchdog_usec;
	bool announced;
	size_t heap_free; /* free in the heap when it was last trimmed */
	int error;
};

static struct timeval timeval_of(uint64_t usec)
{
	return (struct timeval){
		.tv_sec = (time_t)(usec / USEC_PER_SEC),
		.tv_usec = (suseconds_t)(usec % USEC_PER_SEC),
	};
}

static void fail(struct manager *m, int r)
{
	m->error = r;
	(void)event_base_loopbreak(m->base); /* fails on a NULL base only */
}

static void announce(struct manager *m)
{
	if (m->announced || !engine_watching(m->engine))
		return;
	m->announced = true;
	(void)sd_notifyf(0, "READY=1\nSTATUS=%zu checks, watching", check_count());
}

/* A large passwd, read once, must not stay in memory for ever. */
static void trim(struct manager *m)
{
	size_t free_now = mallinfo2().fordblks;

	/* What was given back still counts as free: only growth since then matters. */
	if (free_now > m->heap_free + HEAP_SCRAPS)
		(void)malloc_trim(0);
	else if (free_now >= m->heap_free)
		return;
	m->heap_free = free_now;
}

/* Everything that wakes the loop ends here. */
static void advance(struct manager *m)
{
	int error = 0;
	uint64_t next = engine_step(m->engine, clock_now(), &error);

	if (error < 0) {
		fail(m, log_error(error, "cannot go on"));
		return;
	}
	announce(m);
	if (m->audit)
		source_audit_refresh(m->audit);
	trim(m);
	error = wallclock_arm(m->wallclock_fd, engine_lapse_realtime(m->engine));
	if (error < 0)
		fail(m, log_error(error, "cannot set the wall clock's timer"));
	if (next == USEC_INFINITY) {
		(void)event_del(m->timer); /* not pending is fine */
		return;
	}
	uint64_t mono = clock_usec(CLOCK_MONOTONIC);
	struct timeval tv = timeval_of(next > mono ? next - mono : 0);
	if (event_add(m->timer, &tv) < 0)
		fail(m, log_error(-ENOMEM, "cannot set the timer"));
}

static void on_source(_unused_ evutil_socket_t fd, _unused_ short what, void *arg)
{
	struct manager *m = arg;
	int r = engine_events(m->engine, clock_now());

	if (r < 0)
		fail(m, log_error(r, "cannot read inotify events"));
	else
		advance(m);
}

static void on_wallclock(evutil_socket_t fd, _unused_ short what, void *arg)
{
	struct manager *m = arg;

	if (wallclock_read(fd) > 0)
		engine_clock_set(m->engine);
	advance(m);
}

static void on_timer(_unused_ evutil_socket_t fd, _unused_ short what, void *arg)
{
	advance(arg);
}

/* A client or a source has given the engine something to do. */
static void on_changed(void *arg)
{
	advance(arg);
}

static void feed_watchdog(struct manager *m)
{
	struct timeval tv = timeval_of(m->watchdog_usec / 2);

	(void)sd_notify(0, "WATCHDOG=1");
	if (event_add(m->watchdog, &tv) < 0)
		fail(m, log_error(-ENOMEM, "cannot set the watchdog timer"));
}

/* Awake anyway: what is read now and then is read now, and needs no wakeup of its own. */
static void on_watchdog(_unused_ evutil_socket_t fd, _unused_ short what, void *arg)
{
	struct manager *m = arg;

	feed_watchdog(m);
	advance(m);
}

static void log_errors(const struct errlist *errors)
{
	for (size_t i = 0; i < errors->n; i++) {
		const struct conf_error *e = &errors->v[i];
		if (e->line)
			log_line(LOG_ERR, "%s:%u: %s", e->path, e->line, e->text);
		else
			log_line(LOG_ERR, "%s: %s", e->path, e->text);
	}
}

/* The policy of the files as they are now. -EINVAL: wrong, and told. */
static int load_policy(struct policy **ret)
{
	struct errlist errors = {0};
	struct root root;

	int r = root_open("/", &root);
	if (r < 0)
		return log_error(r, "cannot open /");
	r = conf_load(&root, arg_config, !arg_config_given, &errors, ret);
	if (r == -EINVAL)
		log_errors(&errors);
	else if (r < 0)
		(void)log_error(r, "%s: cannot be read", arg_config);
	errlist_fini(&errors);
	root_close(&root);
	return r;
}

static void apply_log_level(const struct policy *p)
{
	static const struct {
		const char *word;
		int priority;
	} levels[] = {{"error", LOG_ERR}, {"warning", LOG_WARNING}, {"notice", LOG_NOTICE},
		{"info", LOG_INFO}, {"debug", LOG_DEBUG}};

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		if (strcmp(policy_string(p, "hardend", "log_level"), levels[i].word) == 0)
			log_set_level(levels[i].priority);
	}
}

static enum audit_use attribution_of(const struct manager *m)
{
	const struct policy *p = engine_judge(m->engine)->policy;

	return audit_use_from(policy_string(p, "hardend", "attribution"));
}

static void reload(struct manager *m)
{
	struct policy *p = NULL;

	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_usec(CLOCK_MONOTONIC));
	int r = load_policy(&p);
	if (r < 0) {
		log_line(LOG_ERR, "configuration not reloaded; the one before stays in force");
	} else {
		apply_log_level(p);
		r = engine_reload(m->engine, p, clock_now());
		if (r < 0) {
			fail(m, log_error(r, "cannot take the new configuration"));
			return;
		}
		source_audit_configure(m->audit, attribution_of(m));
		log_line(LOG_NOTICE, "configuration reloaded");
	}
	(void)sd_notify(0, "READY=1");
	advance(m);
}

static void on_signal(evutil_socket_t sig, _unused_ short what, void *arg)
{
	struct manager *m = arg;
	char why[64];

	if (sig == SIGHUP) {
		reload(m);
		return;
	}
	(void)sd_notify(0, "STOPPING=1");
	(void)snprintf(why, sizeof(why), "hardend stopped by %s",
		sig == SIGTERM ? "SIGTERM" : "SIGINT");
	engine_stop(m->engine, why, clock_now());
	(void)event_base_loopbreak(m->base); /* fails on a NULL base only */
}

/* -1 when the group is not there: then root alone may ask. */
static gid_t reader_group(void)
{
	const struct group *g = getgrnam("hardend");

	return g ? g->gr_gid : (gid_t)-1;
}

static int manager_events(struct manager *m)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};

	m->base = event_base_new();
	if (!m->base)
		return -ENOMEM;
	m->source = event_new(m->base, engine_fd(m->engine), EV_READ | EV_PERSIST, on_source, m);
	int fd = engine_state_fd(m->engine);
	if (fd >= 0)
		m->state = event_new(m->base, fd, EV_READ | EV_PERSIST, on_source, m);
	if (fd >= 0 && (!m->state || event_add(m->state, NULL) < 0))
		return -ENOMEM;
	m->wallclock_fd = wallclock_open();
	if (m->wallclock_fd < 0)
		return m->wallclock_fd;
	m->wallclock = event_new(
		m->base, m->wallclock_fd, EV_READ | EV_PERSIST, on_wallclock, m);
	if (!m->wallclock || event_add(m->wallclock, NULL) < 0)
		return -ENOMEM;
	m->timer = evtimer_new(m->base, on_timer, m);
	m->watchdog = evtimer_new(m->base, on_watchdog, m);
	if (!m->source || !m->timer || !m->watchdog || event_add(m->source, NULL) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		m->signals[i] = evsignal_new(m->base, signals[i], on_signal, m);
		if (!m->signals[i] || event_add(m->signals[i], NULL) < 0)
			return -ENOMEM;
	}
	if (sd_watchdog_enabled(0, &m->watchdog_usec) > 0)
		feed_watchdog(m);
	return 0;
}

static int manager_init(struct manager *m)
{
	struct engine_params params = {
		.root = &m->root,
		.journal_address = "/run/systemd/journal/socket",
		.syslog_address = "/dev/log",
	};
	_cleanup_free_ char *state = NULL, *address = NULL;

	if (asprintf(&state, "%s/state.db", arg_state_dir) < 0)
		return -ENOMEM;
	params.state_path = state;
	if (asprintf(&address, "%s/control", arg_runtime_dir) < 0)
		return -ENOMEM;
	int r = load_policy(&params.policy);
	if (r < 0)
		return r;
	apply_log_level(params.policy);
	r = root_open("/", &m->root);
	if (r < 0) {
		policy_free(params.policy);
		return log_error(r, "cannot open /");
	}
	r = engine_new(&params, clock_now(), &m->engine);
	if (r < 0)
		return log_error(r, "cannot start");
	r = manager_events(m);
	if (r < 0)
		return log_error(r, "cannot set up the event loop");
	r = source_systemd_new(m->base, m->engine, on_changed, m, &m->systemd);
	if (r < 0)
		return log_error(r, "cannot set up the source systemd");
	r = source_netlink_new(m->base, m->engine, on_changed, m, &m->netlink);
	if (r < 0)
		return log_error(r, "cannot set up the source netlink");
	const struct source_audit_params audit = {
		.base = m->base,
		.engine = m->engine,
		.root = &m->root,
		.ops = &audit_kernel_ops,
		.changed = on_changed,
		.arg = m,
	};
	r = source_audit_new(&audit, attribution_of(m), &m->audit);
	if (r < 0)
		return log_error(r, "cannot set up the source audit");
	return control_new(m->base, m->engine, address, reader_group(), on_changed, m, &m->control);
}

static void manager_fini(struct manager *m)
{
	control_free(m->control);
	source_audit_free(m->audit);
	source_netlink_free(m->netlink);
	source_systemd_free(m->systemd);
	struct event *const events[] = {
		m->source, m->state, m->wallclock, m->timer, m->watchdog, m->signals[0], m->signals[1], m->signals[2]};
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		if (events[i])
			event_free(events[i]);
	}
	engine_free(m->engine);
	if (m->base)
		event_base_free(m->base);
	closep(&m->wallclock_fd);
	root_close(&m->root);
}

static int run(void)
{
	_cleanup_(manager_fini) struct manager m = {.root.fd = -1, .wallclock_fd = -1};

	(void)umask(077);
	(void)signal(SIGPIPE, SIG_IGN); /* a control client that has gone is not our end */
	int r = manager_init(&m);
	if (r < 0)
		return r;
	advance(&m);
	if (m.error == 0 && event_base_dispatch(m.base) < 0)
		return log_error(-EIO, "the event loop failed");
	return m.error;
}

static const char usage[] =
	"Usage: hardend [OPTION]...\n"
	"Hold this machine's hardening true: watch, judge, alert.\n"
	"\n"
	"  --config FILE       configuration (default " CONF_PATH ", and FILE.d/*.conf)\n"
	"  --state-dir DIR     where state.db lies (default " STATE_DIR ")\n"
	"  --runtime-dir DIR   where the control socket lies (default " RUNTIME_DIR ")\n"
	"  --help, --version\n"
	"\n"
	"It stays in the foreground; systemd runs it as hardend.service.\n"
	"See hardend(8), hardend.conf(5), hardenctl(1).\n";

/* 1: run, 0: done, -EINVAL: wrong option. */
static int parse_arguments(int argc, char *argv[])
{
	enum { ARG_CONFIG = 256, ARG_STATE, ARG_RUNTIME, ARG_HELP, ARG_VERSION };
	static const struct option options[] = {
		{"config", required_argument, NULL, ARG_CONFIG},
		{"state-dir", required_argument, NULL, ARG_STATE},
		{"runtime-dir", required_argument, NULL, ARG_RUNTIME},
		{"help", no_argument, NULL, ARG_HELP},
		{"version", no_argument, NULL, ARG_VERSION},
		{NULL, 0, NULL, 0},
	};

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) >= 0;) {
		switch (c) {
		case ARG_CONFIG:
			arg_config = optarg;
			arg_config_given = true;
			break;
		case ARG_STATE:
			arg_state_dir = optarg;
			break;
		case ARG_RUNTIME:
			arg_runtime_dir = optarg;
			break;
		case ARG_HELP:
			(void)fputs(usage, stdout);
			return 0;
		case ARG_VERSION:
			(void)puts("hardend " HARDEND_VERSION);
			return 0;
		default:
			(void)fputs("Try `hardend --help`.\n", stderr);
			return -EINVAL;
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "hardend: unexpected argument \"%s\"; try `hardend --help`.\n",
			argv[optind]);
		return -EINVAL;
	}
	return 1;
}

int main(int argc, char *argv[])
{
	int r = parse_arguments(argc, argv);

	if (r < 0)
		return 2;
	if (r == 0)
		return fflush(stdout) == 0 ? 0 : 2;
	r = run();
	return r == 0 ? 0 : r == -EINVAL ? 2 : 1;
}
