/* SPDX-License-Identifier: ISC */
/*
 * Runs a scenario: the whole engine on a private root, with a clock that only
 * the script moves and sources that only the script fires. A script is lines:
 *
 *   write PATH TEXT     make a file in the root (\n in TEXT is a newline)
 *   save PATH TEXT      the same by a rename, as editors do; through inotify
 *   remove PATH
 *   mode OCTAL PATH     chmod
 *   lease PATH | unlease  somebody holds it with a write lease (fcntl(2)) / no more
 *   config TEXT         what the next start or reload takes as hardend.conf
 *   start | stop | kill | reload
 *   touched FACT...     a source says that these may have changed, completely
 *   half FACT           ... perhaps not completely
 *   events              takes what inotify has to tell, and does what is due
 *   reads FACT N        the fact was collected N times since the last such line
 *   watching            the engine says that it is at its post
 *   lock PATH | unlock  somebody begins and ends a transaction: holds that file
 *   overflow            the source lost events
 *   audit               the kernel's audit tells who does what: of nothing so far
 *   deaf | hearing      the journal takes nothing / takes events again
 *   full | room         the state's disk takes not a byte more / it does again
 *   state COMMAND       done by a shell where the state's files are: state.db, state.db-wal
 *   clock USEC|s|min|h|d    time passes, on both clocks; what is due is done
 *   realtime +|-TIME    the wall clock jumps
 *   expect KIND NAME [WORDS]  the next event: kind, check or fact ("-": neither),
 *                       words that its message must hold
 *   storm N FACT PATH TEXT  N times a minute apart: TEXT with a number for %, told and heard
 *   none                no event is left
 *   drain               takes all events, whatever they are
 *
 * Blank lines and # comments are skipped. Exit 1 names the line that failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "conf/conf.h"
#include "daemon/engine.h"

struct scenario {
	char dir[64], state[96], journal[96];
	struct root root;
	struct now now;
	struct engine *engine;
	struct acts *acts; /* that audit has told of; NULL without it */
	int receiver;     /* plays journald; -1 while deaf */
	char *config;
	const char *file;
	unsigned line;
	unsigned expected;
	int lock;         /* the file that is held, or -1 */
	uint64_t readings[FACT_MAX]; /* at the last `reads` */
	bool full;
	int lease; /* the file that is held, or -1 */
};

static void limit_files(rlim_t size)
{
	const struct rlimit limit = {.rlim_cur = size, .rlim_max = RLIM_INFINITY};

	if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
		abort();
}

static _Noreturn _printf_(2, 3) void fail(const struct scenario *s, const char *fmt, ...)
{
	va_list ap;

	limit_files(RLIM_INFINITY); /* stderr may be a file */
	(void)fprintf(stderr, "%s:%u: ", s->file, s->line);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	exit(1);
}

static void must(const struct scenario *s, int r, const char *what)
{
	if (r < 0)
		fail(s, "%s: %s", what, strerror(-r));
}

static void listen_journal(struct scenario *s)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", s->journal);
	(void)unlink(s->journal); /* not there the first time */
	s->receiver = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->receiver < 0 || bind(s->receiver, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		fail(s, "cannot play the journal: %s", strerror(errno));
}

static void deaf(struct scenario *s)
{
	closep(&s->receiver);
	s->receiver = -1;
	(void)unlink(s->journal); /* was bound above */
}

/* Does what is due now, and what that makes due now; time stands still. */
static void settle(struct scenario *s)
{
	if (!s->engine)
		return;
	for (int i = 0; i < 1000; i++) {
		int error = 0;
		uint64_t next = engine_step(s->engine, s->now, &error);
		must(s, error, "engine_step");
		if (next > s->now.monotonic_usec)
			return;
	}
	fail(s, "the engine finds no rest");
}

/* Lets time pass from one due moment to the next. */
static void pass(struct scenario *s, uint64_t usec)
{
	uint64_t end = s->now.monotonic_usec + usec;

	for (int i = 0; i < 100000; i++) {
		int error = 0;
		uint64_t next = s->engine ? engine_step(s->engine, s->now, &error) : USEC_INFINITY;
		must(s, error, "engine_step");
		uint64_t to = MIN(MAX(next, s->now.monotonic_usec), end);
		bool last = next > end;
		s->now.realtime_usec += to - s->now.monotonic_usec;
		s->now.monotonic_usec = to;
		if (last)
			return;
	}
	fail(s, "the engine wakes without end");
}

static struct policy *load_config(const struct scenario *s)
{
	struct errlist errors = {0};
	struct policy *p = NULL;
	int r = conf_load_text("hardend.conf", s->config, strlen(s->config), &errors, &p);

	for (size_t i = 0; i < errors.n; i++)
		(void)fprintf(stderr, "%s:%u: %s\n", errors.v[i].path, errors.v[i].line,
			errors.v[i].text);
	errlist_fini(&errors);
	return r < 0 ? NULL : p;
}

static void start(struct scenario *s)
{
	struct engine_params p = {
		.root = &s->root,
		.policy = load_config(s),
		.state_path = s->state,
		.journal_address = s->journal,
		.syslog_address = "/nonexistent",
	};
	if (!p.policy)
		fail(s, "the configuration is wrong");
	must(s, engine_new(&p, s->now, &s->engine), "engine_new");
	pass(s, 200 * USEC_PER_MSEC);
}

static void reload(struct scenario *s)
{
	struct policy *p = load_config(s);

	if (!p)
		return; /* as the daemon does: the old one stays */
	must(s, engine_reload(s->engine, p, s->now), "engine_reload");
	pass(s, 200 * USEC_PER_MSEC);
}

/* The value of a field in a message of the journal's protocol, or "". */
static const char *field(char *message, const char *name, char *buf, size_t size)
{
	size_t n = strlen(name);

	buf[0] = '\0';
	for (char *p = message; p && *p; p = strchr(p, '\n'), p += p != NULL) {
		if (strncmp(p, name, n) == 0 && p[n] == '=') {
			(void)snprintf(buf, size, "%.*s", (int)strcspn(p + n + 1, "\n"), p + n + 1);
			break;
		}
	}
	return buf;
}

static bool receive(const struct scenario *s, char *buf, size_t size)
{
	ssize_t n = s->receiver < 0 ? -1 : recv(s->receiver, buf, size - 1, 0);

	if (n < 0)
		return false;
	buf[n] = '\0';
	return true;
}

static void expect(struct scenario *s, char *args)
{
	static char message[1 << 20];
	char kind[64], name[128], text[8192];
	char *save = NULL;
	const char *want_kind = strtok_r(args, " ", &save), *want_name = strtok_r(NULL, " ", &save);

	if (!want_kind || !want_name)
		fail(s, "expect KIND NAME [WORDS]");
	if (!receive(s, message, sizeof(message)))
		fail(s, "expected %s %s, but there is no event", want_kind, want_name);
	(void)field(message, "MESSAGE", text, sizeof(text));
	(void)field(message, "HARDEND_EVENT", kind, sizeof(kind));
	if (!*field(message, "HARDEND_CHECK", name, sizeof(name)) &&
	    !*field(message, "HARDEND_FACT", name, sizeof(name)))
		(void)snprintf(name, sizeof(name), "-");
	if (strcmp(kind, want_kind) != 0 || strcmp(name, want_name) != 0)
		fail(s, "expected %s %s, got %s %s: %s", want_kind, want_name, kind, name, text);
	for (const char *w; (w = strtok_r(NULL, " ", &save));) {
		if (!strstr(text, w))
			fail(s, "\"%s\" is not in: %s", w, text);
	}
	s->expected++;
}

static void none(const struct scenario *s)
{
	static char message[1 << 20];
	char text[8192];

	if (receive(s, message, sizeof(message)))
		fail(s, "no event expected, but: %s",
			field(message, "MESSAGE", text, sizeof(text)));
}

/* "\n" in place of the two characters. */
static void unescape(char *s)
{
	char *w = s;

	for (const char *p = s; *p; p++) {
		if (p[0] == '\\' && p[1] == 'n') {
			*w++ = '\n';
			p++;
		} else {
			*w++ = *p;
		}
	}
	*w = '\0';
}

static void write_file(const struct scenario *s, char *args)
{
	char full[4096], *text = strchr(args, ' ');

	if (!text)
		fail(s, "write PATH TEXT");
	*text++ = '\0';
	unescape(text);
	(void)snprintf(full, sizeof(full), "%s%s", s->dir, args);
	for (char *p = full + strlen(s->dir) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		if (mkdir(full, 0755) < 0 && errno != EEXIST)
			fail(s, "%s: %s", full, strerror(errno));
		*p = '/';
	}
	limit_files(RLIM_INFINITY); /* it is the state's disk that is full */
	FILE *f = fopen(full, "we");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		fail(s, "%s: %s", full, strerror(errno));
	limit_files(s->full ? 0 : RLIM_INFINITY);
	if (chmod(full, strstr(args, "shadow") ? 0600 : strstr(args, "sudoers") ? 0440 : 0644) < 0)
		fail(s, "%s: %s", full, strerror(errno));
}

static void save_file(const struct scenario *s, char *args)
{
	char file[4096], new[4096], text[8192];
	int n = (int)strcspn(args, " ");

	(void)snprintf(file, sizeof(file), "%s%.*s", s->dir, n, args);
	(void)snprintf(new, sizeof(new), "%s%.*s.new", s->dir, n, args);
	(void)snprintf(text, sizeof(text), "%.*s.new%s", n, args, args + n);
	write_file(s, text);
	if (rename(new, file) < 0)
		fail(s, "%s: %s", file, strerror(errno));
}

static void events(struct scenario *s)
{
	struct pollfd p = {.fd = engine_fd(s->engine), .events = POLLIN};

	while (poll(&p, 1, 0) > 0)
		must(s, engine_events(s->engine, s->now), "engine_events");
	settle(s);
}

static void reads(struct scenario *s, char *args)
{
	char *count = strchr(args, ' ');

	if (!count)
		fail(s, "reads FACT N");
	*count++ = '\0';
	int id = fact_from_name(args);
	if (id < 0)
		fail(s, "no fact is called %s", args);
	uint64_t n = engine_judge(s->engine)->readings[id];
	if (n - s->readings[id] != strtoull(count, NULL, 10))
		fail(s, "%s was read %" PRIu64 " times, not %s", args, n - s->readings[id], count);
	s->readings[id] = n;
}

static void remove_file(const struct scenario *s, const char *path)
{
	char full[4096];

	(void)snprintf(full, sizeof(full), "%s%s", s->dir, path);
	if (unlink(full) < 0)
		fail(s, "%s: %s", full, strerror(errno));
}

static void set_mode(const struct scenario *s, char *args)
{
	char full[4096], *path = NULL;
	unsigned long mode = strtoul(args, &path, 8);

	(void)snprintf(full, sizeof(full), "%s%s", s->dir, path + strspn(path, " "));
	if (chmod(full, (mode_t)mode) < 0)
		fail(s, "%s: %s", full, strerror(errno));
}

static uint64_t parse_time(const struct scenario *s, const char *text)
{
	static const struct {
		const char *unit;
		uint64_t usec;
	} units[] = {{"us", 1}, {"ms", USEC_PER_MSEC}, {"s", USEC_PER_SEC}, {"min", USEC_PER_MIN},
		{"h", USEC_PER_HOUR}, {"d", USEC_PER_DAY}};
	char *end = NULL;
	uint64_t n = strtoull(text, &end, 10);

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(end, units[i].unit) == 0)
			return n * units[i].usec;
	}
	fail(s, "not a time: %s", text);
}

static uint64_t parse_facts(const struct scenario *s, char *args)
{
	uint64_t mask = 0;
	char *save = NULL;

	for (const char *w = strtok_r(args, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		int id = fact_from_name(w);
		if (id < 0)
			fail(s, "no fact is called %s", w);
		mask |= FACT_BIT(id);
	}
	return mask;
}

static void on_start(struct scenario *s, _unused_ char *args) { start(s); }
static void on_reload(struct scenario *s, _unused_ char *args) { reload(s); }
static void on_none(struct scenario *s, _unused_ char *args) { none(s); }
static void on_deaf(struct scenario *s, _unused_ char *args) { deaf(s); }
static void on_write(struct scenario *s, char *args) { write_file(s, args); }
static void on_audit(struct scenario *s, _unused_ char *args)
{
	if (!s->acts && acts_new(&s->acts) < 0)
		fail(s, "memory");
	acts_lost(s->acts, 0);
	engine_set_acts(s->engine, &(struct attribution_source){.acts = s->acts});
}

static void on_lease(struct scenario *s, char *args)
{
	char full[4096];

	(void)snprintf(full, sizeof(full), "%s%s", s->dir, args);
	s->lease = open(full, O_RDWR | O_CLOEXEC);
	if (s->lease < 0 || fcntl(s->lease, F_SETLEASE, F_WRLCK) < 0)
		fail(s, "%s: %s", full, strerror(errno));
}

static void on_unlease(struct scenario *s, _unused_ char *args)
{
	closep(&s->lease);
	s->lease = -1;
}

static void on_mode(struct scenario *s, char *args) { set_mode(s, args); }
static void on_remove(struct scenario *s, char *args) { remove_file(s, args); }
static void on_save(struct scenario *s, char *args) { save_file(s, args); }
static void on_events(struct scenario *s, _unused_ char *args) { events(s); }
static void on_reads(struct scenario *s, char *args) { reads(s, args); }
static void on_clock(struct scenario *s, char *args) { pass(s, parse_time(s, args)); }

static void on_hearing(struct scenario *s, _unused_ char *args)
{
	listen_journal(s);
}

static void on_kill(struct scenario *s, _unused_ char *args)
{
	engine_free(s->engine);
	s->engine = NULL;
}

static void on_stop(struct scenario *s, _unused_ char *args)
{
	engine_stop(s->engine, "stopped by the script", s->now);
	on_kill(s, NULL);
}

static void on_touched(struct scenario *s, char *args)
{
	engine_dirty(s->engine, parse_facts(s, args), WATCH_NOW, s->now);
	settle(s);
}

static void on_half(struct scenario *s, char *args)
{
	engine_dirty(s->engine, parse_facts(s, args), WATCH_SETTLE, s->now);
	settle(s);
}

static void on_overflow(struct scenario *s, _unused_ char *args)
{
	engine_overflow(s->engine, s->now);
	pass(s, USEC_PER_SEC);
}

static void on_realtime(struct scenario *s, char *args)
{
	uint64_t jump = parse_time(s, args + 1);

	s->now.realtime_usec = *args == '-' ? s->now.realtime_usec - jump
					    : s->now.realtime_usec + jump;
	if (s->engine)
		engine_clock_set(s->engine);
	settle(s);
}

static void on_config(struct scenario *s, char *args)
{
	free(s->config);
	unescape(args);
	s->config = strdup(args);
}

static void on_lock(struct scenario *s, char *args)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char full[4096], empty[4096];

	(void)snprintf(empty, sizeof(empty), "%s ", args);
	write_file(s, empty);
	(void)snprintf(full, sizeof(full), "%s%s", s->dir, args);
	s->lock = open(full, O_RDWR | O_CLOEXEC);
	if (s->lock < 0 || fcntl(s->lock, F_OFD_SETLK, &lock) < 0)
		fail(s, "%s: %s", full, strerror(errno));
}

static void on_watching(struct scenario *s, _unused_ char *args)
{
	if (!engine_watching(s->engine))
		fail(s, "it is not ready");
}

static void on_unlock(struct scenario *s, _unused_ char *args)
{
	closep(&s->lock);
	s->lock = -1;
	settle(s);
}

static void on_full(struct scenario *s, _unused_ char *args)
{
	s->full = true;
	limit_files(0);
}

static void on_room(struct scenario *s, _unused_ char *args)
{
	s->full = false;
	limit_files(RLIM_INFINITY);
}

static void on_drain(struct scenario *s, _unused_ char *args)
{
	static char message[1 << 20];

	while (receive(s, message, sizeof(message)))
		;
}

static void on_state(struct scenario *s, char *args)
{
	char command[512];

	limit_files(RLIM_INFINITY);
	(void)snprintf(command, sizeof(command), "cd %s.d && %s", s->dir, args);
	if (system(command) != 0)
		fail(s, "%s", command);
	limit_files(s->full ? 0 : RLIM_INFINITY);
}

static void on_storm(struct scenario *s, char *args)
{
	char *save = NULL, line[4096];
	const char *times = strtok_r(args, " ", &save), *fact = strtok_r(NULL, " ", &save);
	const char *path = strtok_r(NULL, " ", &save);
	const char *mark = strchr(save, '%');

	if (!path || !mark || fact_from_name(fact) < 0)
		fail(s, "storm N FACT PATH TEXT");
	for (int i = 0; i < atoi(times); i++) {
		(void)snprintf(line, sizeof(line), "%s %.*s%d%s", path, (int)(mark - save), save, i,
			mark + 1);
		write_file(s, line);
		engine_dirty(s->engine, FACT_BIT(fact_from_name(fact)), WATCH_NOW, s->now);
		pass(s, USEC_PER_MIN);
		on_drain(s, NULL);
	}
}

static void on_expect(struct scenario *s, char *args)
{
	expect(s, args);
}

static const struct verb {
	const char *name;
	void (*run)(struct scenario *s, char *args);
} verbs[] = {
	{"audit", on_audit},
	{"clock", on_clock},
	{"config", on_config},
	{"deaf", on_deaf},
	{"drain", on_drain},
	{"events", on_events},
	{"expect", on_expect},
	{"full", on_full},
	{"half", on_half},
	{"hearing", on_hearing},
	{"kill", on_kill},
	{"lock", on_lock},
	{"lease", on_lease},
	{"mode", on_mode},
	{"none", on_none},
	{"overflow", on_overflow},
	{"reads", on_reads},
	{"realtime", on_realtime},
	{"reload", on_reload},
	{"remove", on_remove},
	{"room", on_room},
	{"save", on_save},
	{"start", on_start},
	{"state", on_state},
	{"stop", on_stop},
	{"storm", on_storm},
	{"touched", on_touched},
	{"unlease", on_unlease},
	{"unlock", on_unlock},
	{"watching", on_watching},
	{"write", on_write},
};

static void run_line(struct scenario *s, char *line)
{
	line[strcspn(line, "\n")] = '\0';
	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return;
	char *args = line + strcspn(line, " ");
	if (*args)
		*args++ = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].name, line) == 0) {
			verbs[i].run(s, args);
			return;
		}
	}
	fail(s, "no such verb: %s", line);
}

static void run_file(struct scenario *s, const char *path)
{
	char *line = NULL;
	size_t room = 0;
	FILE *f = fopen(path, "re");

	s->file = path;
	s->line = 0;
	if (!f)
		fail(s, "%s", strerror(errno));
	while (getline(&line, &room, f) >= 0) {
		s->line++;
		run_line(s, line);
	}
	free(line);
	(void)fclose(f); /* read-only */
}

/* Arguments: scripts, run one after the other on one root (the first usually makes it). */
int main(int argc, char *argv[])
{
	struct scenario s = {
		.receiver = -1,
		.lease = -1,
		.lock = -1,
		/* 2026-11-21 12:00 UTC, and a machine up for a while */
		.now = {UINT64_C(1795262400) * USEC_PER_SEC, 1000 * USEC_PER_SEC},
		.config = strdup(""),
		.file = "setup",
	};
	char cmd[256];

	(void)signal(SIGIO, SIG_IGN); /* somebody opens what is leased */
	(void)signal(SIGXFSZ, SIG_IGN); /* an error of write(2) is what `full` is for */
	(void)snprintf(s.dir, sizeof(s.dir), "/tmp/hardend-scenario-XXXXXX");
	if (!mkdtemp(s.dir))
		fail(&s, "mkdtemp: %s", strerror(errno));
	(void)snprintf(s.state, sizeof(s.state), "%s.d/state.db", s.dir);
	(void)snprintf(cmd, sizeof(cmd), "%s.d", s.dir);
	if (mkdir(cmd, 0700) < 0)
		fail(&s, "mkdir: %s", strerror(errno));
	(void)snprintf(s.journal, sizeof(s.journal), "%s.journal", s.dir);
	must(&s, root_open(s.dir, &s.root), "root_open");
	listen_journal(&s);
	for (int i = 1; i < argc; i++)
		run_file(&s, argv[i]);
	none(&s);
	engine_free(s.engine);
	acts_free(s.acts);
	deaf(&s);
	root_close(&s.root);
	free(s.config);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf -- '%s' '%s.d'", s.dir, s.dir);
	if (system(cmd) != 0)
		return 1;
	printf("%u events as expected\n", s.expected);
	return s.expected > 0 ? 0 : 1;
}
