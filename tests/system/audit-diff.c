/* SPDX-License-Identifier: ISC */
/*
 * Our reading of audit logs against libauparse: the same records in the same events, the
 * same fields with the same values, on logs that were recorded on a machine and on
 * generated ones. What is told apart on purpose stands at same_value().
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "audit-log.h"
#include "audit/act.h"

enum {
	LOGS = 300,
	LOG_MAX = 4 << 20,
	SOURCE_BUFFER = 3, /* AUSOURCE_BUFFER of auparse-defs.h, and so on */
	ESCAPE_RAW = 0,
	TYPE_ESCAPED = 6,
	TYPE_SOCKADDR = 9,
	TYPE_SESSION = 21,
	TYPE_PROCTITLE = 37,
	TYPE_ESCAPED_FILE = 42,
};

/* ---- libauparse, which is looked for when the test runs ---- */

struct stamp {
	time_t sec;
	unsigned milli;
	unsigned long serial;
	const char *host;
};

static struct {
	void *(*init)(int source, const void *text);
	void (*destroy)(void *au);
	void (*set_escape_mode)(void *au, int mode);
	int (*next_event)(void *au);
	const struct stamp *(*get_timestamp)(void *au);
	int (*first_record)(void *au);
	int (*next_record)(void *au);
	int (*get_type)(void *au);
	int (*first_field)(void *au);
	int (*next_field)(void *au);
	const char *(*get_field_name)(void *au);
	const char *(*get_field_str)(void *au);
	int (*get_field_type)(void *au);
	const char *(*interpret_field)(void *au);
} au;

static bool load(void)
{
	static const struct {
		void *slot;
		const char *name;
	} calls[] = {
		{&au.init, "auparse_init"},
		{&au.destroy, "auparse_destroy"},
		{&au.set_escape_mode, "auparse_set_escape_mode"},
		{&au.next_event, "auparse_next_event"},
		{&au.get_timestamp, "auparse_get_timestamp"},
		{&au.first_record, "auparse_first_record"},
		{&au.next_record, "auparse_next_record"},
		{&au.get_type, "auparse_get_type"},
		{&au.first_field, "auparse_first_field"},
		{&au.next_field, "auparse_next_field"},
		{&au.get_field_name, "auparse_get_field_name"},
		{&au.get_field_str, "auparse_get_field_str"},
		{&au.get_field_type, "auparse_get_field_type"},
		{&au.interpret_field, "auparse_interpret_field"},
	};
	void *lib = dlopen("libauparse.so.0", RTLD_NOW);

	for (size_t i = 0; lib && i < ARRAY_SIZE(calls); i++) {
		void *call = dlsym(lib, calls[i].name);
		if (!call)
			return false;
		memcpy(calls[i].slot, &call, sizeof(call));
	}
	return lib != NULL;
}

/* ---- our events ---- */

struct events {
	struct audit_event **v;
	size_t n;
	bool *seen;
};

static unsigned failures, records, fields, values, events_seen;

static void fail(const char *what, const struct audit_stamp *at, const char *name, const char *a,
	const char *b)
{
	if (failures++ < 20)
		(void)printf("%s: %llu:%llu %s: auparse \"%s\", ours \"%s\"\n", what,
			(unsigned long long)at->realtime_usec, (unsigned long long)at->serial, name,
			a, b);
}

static void drain(struct audit_assembler *s, struct events *events, uint64_t now)
{
	for (struct audit_event *e; (e = audit_assembler_next(s, now));) {
		events->v = reallocarray(events->v, events->n + 1, sizeof(events->v[0]));
		if (!events->v)
			abort();
		events->v[events->n++] = e;
	}
}

static struct events read_events(const char *text)
{
	struct audit_assembler *s;
	struct events events = {0};

	if (audit_assembler_new(AUDIT_EVENT_AGE_USEC, &s) < 0)
		abort();
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");
		struct audit_record record;
		if (audit_line_parse(p, n, &record) < 0) {
			(void)printf("not read: %.*s\n", (int)n, p);
			failures++;
		} else {
			/* auparse counts whole seconds. */
			uint64_t now = record.stamp.realtime_usec / USEC_PER_SEC * USEC_PER_SEC;
			if (audit_assembler_add(s, &record, now) < 0)
				abort();
			drain(s, &events, now);
		}
		p += n + (p[n] == '\n');
	}
	audit_assembler_flush(s);
	drain(s, &events, 0);
	if (audit_assembler_pushed(s) > 0)
		(void)printf("%u events pushed out\n", (unsigned)audit_assembler_pushed(s));
	audit_assembler_free(s);
	events.seen = calloc(events.n + 1, sizeof(bool));
	return events;
}

static void free_events(struct events *events)
{
	for (size_t i = 0; i < events->n; i++)
		audit_event_free(events->v[i]);
	free(events->v);
	free(events->seen);
}

/* ---- comparing ---- */

/* A value as auparse has it, in its quotes. */
static void show_value(const struct audit_field *f, char *out, size_t size)
{
	const char *quote = f->form == AUDIT_QUOTED ? "\"" : "";
	size_t n = f->size;

	/* auparse knows no value of several words, not even in quotes. */
	if (memchr(f->value, ' ', n)) {
		n = (size_t)((const char *)memchr(f->value, ' ', n) - f->value);
		(void)snprintf(out, size, "%s%.*s", quote, (int)n, f->value);
		return;
	}
	(void)snprintf(out, size, "%s%.*s%s", quote, (int)n, f->value, quote);
	/* It takes the parenthesis away from "(default)" too. */
	if (n > 0 && !*quote && f->value[0] == '(' && !audit_field_is(f, "(null)") &&
		!audit_field_is(f, "(none)"))
		out[n - 1] = '\0';
}

static bool is_key(const struct audit_field *f)
{
	return f->name_size == 3 && memcmp(f->name, "key", 3) == 0;
}

/* Of several rules auparse makes a field for each key, in quotes; ours is one. */
static void same_key(struct arena *a, const struct audit_stamp *at, const struct audit_fields *f,
	const char *theirs)
{
	const char *text;
	size_t n = strlen(theirs);
	char key[256];

	if (audit_field_string(a, f, "key", &text) < 0) {
		if (strcmp(theirs, "(null)") != 0 && strcmp(theirs, "\"(null)\"") != 0)
			fail("key", at, "key", theirs, "");
		return;
	}
	if (n < 2 || n > sizeof(key))
		return fail("key", at, "key", theirs, text);
	(void)snprintf(key, sizeof(key), "%.*s", (int)n - 2, theirs + 1);
	if (!audit_field_has_key(f, key))
		fail("key", at, "key", theirs, text);
}

/* The meaning of a value; auparse tells what kind it is by its name. */
static void same_meaning(
	struct arena *a, const struct audit_stamp *at, const struct audit_field *field, void *state)
{
	struct audit_field copy = *field;
	const struct audit_fields one = {&copy, 1};
	int type = au.get_field_type(state);
	const char *meaning = au.interpret_field(state), *bytes;
	struct sockaddr_storage address;
	char name[64], text[256], host[64];
	socklen_t size;
	uint32_t id;
	size_t n;

	(void)snprintf(name, sizeof(name), "%.*s", (int)field->name_size, field->name);
	copy.name = "saddr";
	copy.name_size = 5;
	if (type == TYPE_ESCAPED || type == TYPE_PROCTITLE || type == TYPE_ESCAPED_FILE) {
		if (audit_field_bytes(a, &one, "saddr", &bytes, &n) < 0 ||
			(field->form == AUDIT_QUOTED && memchr(bytes, ' ', n)))
			return;
		char *plain = arena_memdup(a, bytes, n);
		for (size_t i = 0; i + 1 < n; i++) {
			if (plain[i] == '\0' && type == TYPE_PROCTITLE)
				plain[i] = ' ';
		}
		/* It makes names absolute, and with another current directory than the event's. */
		if (type == TYPE_ESCAPED_FILE && (*plain != '/' || strstr(plain, "..")))
			return;
		values++;
		if (!meaning || strcmp(meaning, plain) != 0)
			fail("meaning", at, name, meaning ?: "", plain);
	} else if (type == TYPE_SESSION && audit_field_id(&one, "saddr", &id) == 0) {
		values++;
		(void)snprintf(text, sizeof(text), "%u", id);
		if (strcmp(meaning, id == AUDIT_ID_UNSET ? "unset" : text) != 0)
			fail("meaning", at, name, meaning, text);
	} else if (type == TYPE_SOCKADDR && audit_field_address(&one, &address, &size) == 0) {
		const struct sockaddr_in *in = (struct sockaddr_in *)&address;
		const struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address;
		bool v4 = address.ss_family == AF_INET, v6 = address.ss_family == AF_INET6;
		if (!v4 && !v6)
			return;
		values++;
		(void)inet_ntop(address.ss_family,
			v4 ? (const void *)&in->sin_addr : (const void *)&in6->sin6_addr, host,
			sizeof(host));
		(void)snprintf(text, sizeof(text), "{ saddr_fam=%s laddr=%s lport=%u }",
			v4 ? "inet" : "inet6", host, ntohs(v4 ? in->sin_port : in6->sin6_port));
		if (strcmp(meaning, text) != 0)
			fail("meaning", at, name, meaning, text);
	}
}

static bool next_field(void *state, const char **name)
{
	for (;;) {
		if (au.next_field(state) <= 0)
			return false;
		*name = au.get_field_name(state);
		if (strcmp(*name, "node") != 0 && strcmp(*name, "type") != 0)
			return true;
	}
}

static void same_record(const struct audit_record *r, void *state)
{
	struct arena *a = arena_new();
	struct audit_fields f;
	const char *name = "";
	char text[16 * 1024];
	bool more;

	if (!a || audit_fields_parse(a, r, &f) < 0)
		abort();
	records++;
	(void)au.first_field(state); /* node or type */
	more = strcmp(au.get_field_name(state), "type") == 0 || next_field(state, &name);
	more = next_field(state, &name);
	for (size_t i = 0; i < f.n && !f.v[i].enriched; i++) {
		/* auparse leaves "op= " out. */
		if (f.v[i].size == 0 && f.v[i].form == AUDIT_BARE)
			continue;
		(void)snprintf(text, sizeof(text), "%.*s", (int)f.v[i].name_size, f.v[i].name);
		if (!more || strcmp(name, text) != 0) {
			fail("field", &r->stamp, record_type_name(r->type) ?: "?", more ? name : "",
				text);
			break;
		}
		fields++;
		if (is_key(&f.v[i])) {
			do {
				same_key(a, &r->stamp, &f, au.get_field_str(state));
				more = next_field(state, &name);
			} while (more && strcmp(name, "key") == 0);
			continue;
		}
		show_value(&f.v[i], text, sizeof(text));
		if (strcmp(au.get_field_str(state), text) != 0)
			fail("value", &r->stamp, name, au.get_field_str(state), text);
		same_meaning(a, &r->stamp, &f.v[i], state);
		more = next_field(state, &name);
	}
	if (more)
		fail("field", &r->stamp, record_type_name(r->type) ?: "?", name, "(none)");
	arena_free(a);
}

/* Ours of the same time and serial that begins with the same record. */
static struct audit_event *take_event(
	struct events *events, const struct audit_stamp *at, unsigned type)
{
	for (size_t i = 0; i < events->n; i++) {
		if (!events->seen[i] && audit_stamp_compare(&events->v[i]->stamp, at) == 0 &&
			events->v[i]->records[0].type == type) {
			events->seen[i] = true;
			return events->v[i];
		}
	}
	return NULL;
}

static bool is_of_login(const struct events *events, const struct audit_stamp *at)
{
	for (size_t i = 0; i < events->n; i++) {
		const struct audit_event *e = events->v[i];
		if (audit_stamp_compare(&e->stamp, at) == 0 && e->records[0].type == RECORD_LOGIN &&
			e->n > 1)
			return true;
	}
	return false;
}

static void same_event(struct events *events, void *state)
{
	const struct stamp *t = au.get_timestamp(state);
	struct audit_stamp at = {
		(uint64_t)t->sec * USEC_PER_SEC + t->milli * USEC_PER_MSEC, t->serial};
	size_t i = 0;

	events_seen++;
	(void)au.first_record(state);
	const struct audit_event *e = take_event(events, &at, (unsigned)au.get_type(state));
	if (!e && is_of_login(events, &at))
		return;
	if (!e)
		return fail("event", &at, record_type_name((unsigned)au.get_type(state)) ?: "?",
			"there", "missing");
	do {
		unsigned type = (unsigned)au.get_type(state);
		if (i == e->n || e->records[i].type != type)
			return e->left_out > 0
				       ? (void)0
				       : fail("record", &at, "", record_type_name(type) ?: "?",
						 i == e->n ? "none"
							   : record_type_name(e->records[i].type));
		same_record(&e->records[i++], state);
	} while (au.next_record(state) > 0);
	if (e->left_out > 0)
		return;
	/* auparse takes LOGIN for an event of its own, though its system call follows. */
	if (e->records[0].type == RECORD_LOGIN && i == 1)
		return;
	if (i != e->n)
		fail("record", &at, "", "none", record_type_name(e->records[i].type));
}

static void same_log(const char *text)
{
	struct events events = read_events(text);
	void *state = au.init(SOURCE_BUFFER, text);

	if (!state)
		abort();
	au.set_escape_mode(state, ESCAPE_RAW);
	while (au.next_event(state) > 0)
		same_event(&events, state);
	au.destroy(state);
	for (size_t i = 0; i < events.n; i++) {
		if (!events.seen[i])
			fail("event", &events.v[i]->stamp, "", "missing", "there");
	}
	free_events(&events);
}

int main(int argc, char *argv[])
{
	if (!load()) {
		(void)printf("libauparse is not installed\n");
		return 77;
	}
	for (int i = 1; i < argc; i++) {
		_cleanup_free_ char *text = calloc(1, LOG_MAX);
		FILE *f = fopen(argv[i], "re");
		if (!f || !text || fread(text, 1, LOG_MAX - 1, f) == 0) {
			perror(argv[i]);
			return 1;
		}
		(void)fclose(f); /* read-only */
		same_log(text);
	}
	(void)printf("recorded: %u events, %u records, %u fields, %u values: %u differ\n",
		events_seen, records, fields, values, failures);
	for (unsigned i = 0; i < LOGS; i++) {
		_cleanup_free_ char *text = audit_log_make();
		same_log(text);
	}
	(void)printf("and generated: %u events, %u records, %u fields, %u values: %u differ\n",
		events_seen, records, fields, values, failures);
	return failures > 0 || events_seen < LOGS * AUDIT_LOG_EVENTS;
}
