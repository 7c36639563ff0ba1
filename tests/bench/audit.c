/* SPDX-License-Identifier: ISC */
/*
 * Records of audit a second, from a log that was recorded: read and put together into
 * events with all their fields, against libauparse on the same text in the same run; and
 * as the daemon does it, which looks at fields only where an act is. Fails when ours is
 * not the faster one, or when 5,000 events a second that are nobody's business would
 * cost more than a tenth of a processor.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "audit/memory.h"

enum {
	COPIES = 100,	   /* of the log, each as of another day */
	UNRELATED = 5000,  /* events a second */
	SOURCE_BUFFER = 3, /* AUSOURCE_BUFFER of auparse-defs.h */
};

#define CPU_MAX 0.1

static _Noreturn void die(const char *what)
{
	(void)fprintf(stderr, "bench-audit: %s\n", what);
	exit(1);
}

static double now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)timespec_usec(ts) / (double)USEC_PER_SEC;
}

/* The file's text COPIES times over, with other times, so that events stay apart. */
static char *make_log(const char *path, size_t *ret_records)
{
	static char line[64 * 1024];
	char *text = NULL;
	size_t size = 0, records = 0;
	FILE *out = open_memstream(&text, &size);

	for (unsigned i = 0; out && i < COPIES; i++) {
		FILE *f = fopen(path, "re");
		if (!f)
			die(path);
		for (; fgets(line, sizeof(line), f); records++) {
			char *at = strstr(line, "msg=audit("), *end = NULL;
			if (!at)
				die("a line without a time");
			at += strlen("msg=audit(");
			unsigned long sec = strtoul(at, &end, 10);
			*at = '\0';
			(void)fprintf(out, "%s%lu%s", line, sec + i * 86400ul, end);
		}
		(void)fclose(f); /* read-only */
	}
	if (!out || fclose(out) != 0 || records == 0)
		die("memory");
	*ret_records = records;
	return text;
}

enum work {
	WORK_FIELDS, /* of every record */
	WORK_ACTS,   /* of those with our key, and of those with none */
};

struct run {
	enum work work;
	struct acts *acts;
	size_t events, fields, n_acts;
};

static void take(struct run *run, struct audit_assembler *s, uint64_t usec)
{
	static const struct act_options options = {.key = "hardend"};

	for (struct audit_event *e; (e = audit_assembler_next(s, usec));) {
		struct arena *a = arena_new();
		struct audit_fields f;
		struct act act;
		for (size_t i = 0; run->work == WORK_FIELDS && i < e->n; i++) {
			if (audit_fields_parse(a, &e->records[i], &f) < 0)
				die("memory");
			run->fields += f.n;
		}
		if (run->work == WORK_ACTS && act_parse(a, e, &options, &act) == 1) {
			run->n_acts++;
			if (acts_put(run->acts, &act, NULL) < 0)
				die("memory");
		}
		run->events++;
		arena_free(a);
		audit_event_free(e);
	}
}

static double read_ours(const char *text, struct run *run)
{
	struct audit_assembler *s;
	double start = now();

	if (audit_assembler_new(AUDIT_EVENT_AGE_USEC, &s) < 0 || acts_new(&run->acts) < 0)
		die("memory");
	for (const char *p = text; *p;) {
		const char *nl = strchr(p, '\n');
		struct audit_record r;
		if (!nl || audit_line_parse(p, (size_t)(nl - p), &r) < 0 ||
			audit_assembler_add(s, &r, r.stamp.realtime_usec) < 0)
			die("a record that is not read");
		take(run, s, r.stamp.realtime_usec);
		p = nl + 1;
	}
	audit_assembler_flush(s);
	take(run, s, 0);
	audit_assembler_free(s);
	acts_free(run->acts);
	return now() - start;
}

/* Seconds, 0 when it is not installed; it splits each record into its fields by itself. */
static double read_auparse(const char *text, size_t *ret_events)
{
	void *lib = dlopen("libauparse.so.0", RTLD_NOW);
	void *(*init)(int, const void *) = NULL;
	int (*next_event)(void *) = NULL;
	void (*destroy)(void *) = NULL;

	if (!lib)
		return 0;
	*(void **)&init = dlsym(lib, "auparse_init");
	*(void **)&next_event = dlsym(lib, "auparse_next_event");
	*(void **)&destroy = dlsym(lib, "auparse_destroy");
	if (!init || !next_event || !destroy)
		return 0;
	double start = now();
	void *au = init(SOURCE_BUFFER, text);
	while (au && next_event(au) > 0)
		(*ret_events)++;
	destroy(au);
	return now() - start;
}

/* CPU seconds that an event with somebody else's key costs, as the daemon reads it. */
static double unrelated_event(void)
{
	static const char call[] =
		"arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=7ffd a2=0 a3=0 "
		"items=1 ppid=900 pid=901 auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 "
		"sgid=0 fsgid=0 tty=pts1 ses=3 comm=\"cat\" exe=\"/usr/bin/cat\" "
		"subj=unconfined key=\"other\"";
	static const char path[] =
		"item=0 name=\"/srv/file\" inode=8 dev=fe:01 mode=0100644 ouid=0 ogid=0 "
		"rdev=00:00 nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0";
	static const char *const lines[] = {
		call,
		"cwd=\"/root\"",
		path,
		"proctitle=636174002F7372762F66696C65",
		"",
	};
	static const unsigned types[] = {
		RECORD_SYSCALL, RECORD_CWD, RECORD_PATH, RECORD_PROCTITLE, RECORD_EOE};
	struct run run = {.work = WORK_ACTS};
	struct audit_assembler *s;
	char text[1024];
	enum { EVENTS = 50000 };

	if (audit_assembler_new(AUDIT_EVENT_AGE_USEC, &s) < 0)
		die("memory");
	double start = now();
	for (unsigned i = 0; i < EVENTS; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(types); k++) {
			struct audit_record r;
			int n = snprintf(
				text, sizeof(text), "audit(1700000000.123:%u): %s", i, lines[k]);
			if (audit_record_parse(types[k], text, (size_t)n, &r) < 0 ||
				audit_assembler_add(s, &r, i) < 0)
				die("a record that is not read");
			take(&run, s, i);
		}
	}
	double spent = now() - start;
	if (run.events != EVENTS || run.n_acts > 0)
		die("events of somebody else were taken for ours");
	audit_assembler_free(s);
	return spent / EVENTS;
}

int main(int argc, char *argv[])
{
	size_t records, auparse_events = 0;
	char *text = argc == 2 ? make_log(argv[1], &records) : NULL;
	struct run fields = {.work = WORK_FIELDS}, acts = {.work = WORK_ACTS};

	if (!text)
		die("usage: bench-audit LOG");
	double ours = read_ours(text, &fields), daemon = read_ours(text, &acts);
	double peer = read_auparse(text, &auparse_events);
	double cpu = unrelated_event() * UNRELATED;
	(void)printf("%zu records, %zu events, %zu fields, %zu acts\n", records, fields.events,
		fields.fields, acts.n_acts);
	(void)printf("all fields: %.0f records/s\n", (double)records / ours);
	(void)printf("acts only:  %.0f records/s\n", (double)records / daemon);
	if (peer > 0)
		(void)printf("libauparse: %.0f records/s, %zu events; ours is %.1f times as fast\n",
			(double)records / peer, auparse_events, peer / ours);
	else
		(void)printf("libauparse is not installed\n");
	(void)printf("%d unrelated events a second: %.2f %% of a processor\n", (int)UNRELATED,
		cpu * 100);
	free(text);
	return (peer > 0 && ours > peer) || cpu > CPU_MAX;
}
