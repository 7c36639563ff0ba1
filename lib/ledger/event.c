/* SPDX-License-Identifier: ISC */
#include "ledger/event.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <nettle/base16.h>
#include <nettle/sha2.h>
#include <string.h>

#include "base/json.h"

static const char *const kind_names[] = {
	[EVENT_OPENED] = "opened",
	[EVENT_CHANGED] = "changed",
	[EVENT_RESOLVED] = "resolved",
	[EVENT_DRIFT] = "drift",
	[EVENT_WAIVED] = "waived",
	[EVENT_ACCEPTED] = "accepted",
	[EVENT_DEGRADED] = "degraded",
	[EVENT_RECOVERED] = "recovered",
	[EVENT_STARTED] = "started",
	[EVENT_STOPPED] = "stopped",
	[EVENT_HEARTBEAT] = "heartbeat",
};
static_assert(ARRAY_SIZE(kind_names) == EVENT_KIND_MAX, "a name for each kind");

const char *event_kind_name(enum event_kind k)
{
	return kind_names[k];
}

int event_kind_from_name(const char *name)
{
	for (int i = 0; i < EVENT_KIND_MAX; i++) {
		if (strcmp(kind_names[i], name) == 0)
			return i;
	}
	return -EINVAL;
}

int event_priority(const struct event *e)
{
	static const int by_severity[] = {
		[SEV_LOW] = 5, [SEV_MEDIUM] = 4, [SEV_HIGH] = 3, [SEV_CRITICAL] = 2};
	static_assert(ARRAY_SIZE(by_severity) == SEV_MAX, "a priority for each severity");

	switch (e->kind) {
	case EVENT_OPENED:
	case EVENT_CHANGED:
	case EVENT_DEGRADED:
		return by_severity[e->severity];
	case EVENT_HEARTBEAT:
		return 6;
	default:
		return 5;
	}
}

/*
 * Encoding. The first failure is remembered, so that a field that could not be
 * added never yields an event that merely looks whole.
 */
struct encoder {
	json_t *object;
	bool failed;
};

static void put(struct encoder *e, const char *key, json_t *value)
{
	/* json_object_set_new() takes the value, and refuses NULL. */
	if (json_object_set_new(e->object, key, value) < 0)
		e->failed = true;
}

static void put_string(struct encoder *e, const char *key, const char *value)
{
	if (value)
		put(e, key, json_string(value));
}

static void put_number(struct encoder *e, const char *key, uint64_t value)
{
	if (value > 0)
		put(e, key, json_integer((json_int_t)value));
}

static json_t *encode_detail(const struct event_detail *d)
{
	struct encoder e = {.object = json_object()};

	put_string(&e, "subject", d->subject);
	put_string(&e, "path", d->path);
	put_number(&e, "line", d->line);
	put_string(&e, "observed", d->observed);
	put_string(&e, "expected", d->expected);
	put_string(&e, "old", d->old);
	put_string(&e, "value", d->value);
	put_string(&e, "item", d->item);
	if (d->gone)
		put(&e, "gone", json_true());
	if (d->removed)
		put(&e, "removed", json_true());
	if (!e.failed)
		return e.object;
	json_decref(e.object);
	return NULL;
}

static json_t *encode_details(const struct event *ev)
{
	json_t *array = json_array();

	for (size_t i = 0; i < ev->n_details; i++) {
		if (json_array_append_new(array, encode_detail(&ev->details[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

/* What is said of each check that an event is about. */
static void put_finding(struct encoder *e, const struct event *ev)
{
	put(e, "kind", json_string(event_kind_name(ev->kind)));
	put(e, "severity", json_string(severity_name(ev->severity)));
	if (ev->check)
		put(e, "result", json_string(result_name(ev->result)));
	put_string(e, "check", ev->check);
	put_string(e, "title", ev->title);
	put_string(e, "waiver", ev->waiver);
	put_number(e, "since_realtime_usec", ev->since_realtime_usec);
	put_number(e, "untold", ev->untold);
	if (ev->n_all > 0) {
		put(e, "details", encode_details(ev));
		put_number(e, "n_all", ev->n_all);
	}
}

static json_t *encode_also(const struct event *ev)
{
	json_t *array = json_array();

	for (size_t i = 0; i < ev->n_also; i++) {
		struct encoder e = {.object = json_object()};
		put_finding(&e, &ev->also[i]);
		e.failed = json_array_append_new(array, e.object) < 0 || e.failed;
		if (e.failed) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static void put_id(struct encoder *e, const char *key, uint32_t id)
{
	if (id != EVENT_ID_UNSET)
		put(e, key, json_integer(id));
}

static json_t *encode_actors(const struct event *ev)
{
	json_t *array = json_array();

	for (size_t i = 0; i < ev->n_actors; i++) {
		const struct event_actor *a = &ev->actors[i];
		struct encoder e = {.object = json_object()};
		put_id(&e, "auid", a->auid);
		put_id(&e, "uid", a->uid);
		put_id(&e, "session", a->session);
		put_number(&e, "pid", a->pid);
		put_string(&e, "user", a->user);
		put_string(&e, "run_as", a->run_as);
		put_string(&e, "exe", a->exe);
		put_string(&e, "command", a->command);
		put_string(&e, "tty", a->tty);
		put_string(&e, "peer", a->peer);
		put_string(&e, "behalf", a->behalf);
		e.failed = json_array_append_new(array, e.object) < 0 || e.failed;
		if (e.failed) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

char *event_actors_text(const struct event *ev)
{
	json_t *array = encode_actors(ev);
	char *text = array ? json_text(array) : NULL;

	json_decref(array);
	return text;
}

char *event_encode(const struct event *ev)
{
	struct encoder e = {.object = json_object()};
	char *text = NULL;

	put_finding(&e, ev);
	put_number(&e, "seq", ev->seq);
	put_string(&e, "epoch", ev->epoch);
	put_number(&e, "realtime_usec", ev->realtime_usec);
	put_string(&e, "fact", ev->fact);
	put_string(&e, "message", ev->message);
	put_string(&e, "remedy", ev->remedy);
	if (ev->n_also > 0)
		put(&e, "also", encode_also(ev));
	if (ev->n_actors > 0)
		put(&e, "actors", encode_actors(ev));
	put_string(&e, "unattributed", ev->unattributed);
	if (!e.failed)
		text = json_text(e.object);
	json_decref(e.object);
	return text;
}

/* Decoding: the same rule, with what went wrong first. */
struct decoder {
	struct arena *arena;
	const json_t *object;
	int r;
};

static bool is_clean(const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	}
	return true;
}

static void fail(struct decoder *d, int r)
{
	if (d->r == 0)
		d->r = r;
}

/* The string of a key, NULL when it is not there. */
static const char *get_string(struct decoder *d, const char *key)
{
	const json_t *value = json_object_get(d->object, key);

	if (!value)
		return NULL;
	const char *s = json_string_value(value);
	if (!s || !is_clean(s)) {
		fail(d, -EBADMSG);
		return NULL;
	}
	char *copy = arena_strdup(d->arena, s);
	if (!copy)
		fail(d, -ENOMEM);
	return copy;
}

/* The number of a key, 0 when it is not there. */
static uint64_t get_number(struct decoder *d, const char *key, uint64_t max)
{
	const json_t *value = json_object_get(d->object, key);

	if (!value)
		return 0;
	json_int_t n = json_integer_value(value);
	if (!json_is_integer(value) || n < 0 || (uint64_t)n > max) {
		fail(d, -EBADMSG);
		return 0;
	}
	return (uint64_t)n;
}

/* The place of a key's word in its scale; dflt when it is not there, refused if that is negative.
 */
static int get_word(struct decoder *d, const char *key, int (*from_name)(const char *), int dflt)
{
	const char *s = get_string(d, key);
	int n = s ? from_name(s) : dflt;

	if (n >= 0)
		return n;
	fail(d, -EBADMSG);
	return 0;
}

static int decode_detail(struct arena *a, const json_t *object, struct event_detail *ret)
{
	struct decoder d = {.arena = a, .object = object};

	if (!json_is_object(object))
		return -EBADMSG;
	*ret = (struct event_detail){
		.subject = get_string(&d, "subject"),
		.path = get_string(&d, "path"),
		.line = (unsigned)get_number(&d, "line", UINT32_MAX),
		.observed = get_string(&d, "observed"),
		.expected = get_string(&d, "expected"),
		.old = get_string(&d, "old"),
		.value = get_string(&d, "value"),
		.item = get_string(&d, "item"),
		.gone = json_is_true(json_object_get(object, "gone")),
		.removed = json_is_true(json_object_get(object, "removed")),
	};
	return d.r;
}

static void decode_details(struct decoder *d, struct event *ret)
{
	const json_t *array = json_object_get(d->object, "details"), *element;
	size_t i, n = json_array_size(array);

	if ((array && !json_is_array(array)) || n > EVENT_DETAILS_MAX || n > ret->n_all) {
		fail(d, -EBADMSG);
		return;
	}
	if (n == 0)
		return;
	ret->details = arena_alloc(d->arena, n * sizeof(*ret->details));
	if (!ret->details) {
		fail(d, -ENOMEM);
		return;
	}
	ret->n_details = n;
	json_array_foreach ((json_t *)array, i, element) {
		int r = decode_detail(d->arena, element, &ret->details[i]);
		if (r < 0)
			fail(d, r);
	}
}

/* What put_finding() has put. */
static struct event get_finding(struct decoder *d)
{
	struct event e = {
		.kind = (enum event_kind)get_word(d, "kind", event_kind_from_name, -1),
		.severity = (enum severity)get_word(d, "severity", severity_from_name, -1),
		.result = (enum result)get_word(
			d, "result", result_from_name, RESULT_INFORMATIONAL),
		.check = get_string(d, "check"),
		.title = get_string(d, "title"),
		.waiver = get_string(d, "waiver"),
		.since_realtime_usec = get_number(d, "since_realtime_usec", INT64_MAX),
		.untold = get_number(d, "untold", INT64_MAX),
		.n_all = get_number(d, "n_all", UINT32_MAX),
	};

	decode_details(d, &e);
	return e;
}

/* The array of a key and room for its elements; NULL when there is none. */
static const json_t *get_array(
	struct decoder *d, const char *key, size_t max, size_t size, void **ret)
{
	const json_t *array = json_object_get(d->object, key);
	size_t n = json_array_size(array);

	if ((array && !json_is_array(array)) || n > max)
		fail(d, -EBADMSG);
	if (n == 0 || d->r < 0)
		return NULL;
	*ret = arena_alloc(d->arena, n * size);
	if (*ret)
		return array;
	fail(d, -ENOMEM);
	return NULL;
}

static void decode_also(struct decoder *d, struct event *ret)
{
	const json_t *element, *array = get_array(
		d, "also", EVENT_ALSO_MAX, sizeof(*ret->also), (void **)&ret->also);
	size_t i;

	json_array_foreach ((json_t *)array, i, element) {
		struct decoder inner = {.arena = d->arena, .object = element};
		ret->also[i] = get_finding(&inner);
		if (inner.r == 0 && !ret->also[i].check)
			inner.r = -EBADMSG;
		if (inner.r < 0)
			fail(d, inner.r);
		ret->n_also = i + 1;
	}
}

static uint32_t get_id(struct decoder *d, const char *key)
{
	bool there = json_object_get(d->object, key);

	return there ? (uint32_t)get_number(d, key, EVENT_ID_UNSET - 1) : EVENT_ID_UNSET;
}

static void decode_actors(struct decoder *d, struct event *ret)
{
	const json_t *element, *array = get_array(
		d, "actors", EVENT_ACTORS_MAX, sizeof(*ret->actors), (void **)&ret->actors);
	size_t i;

	json_array_foreach ((json_t *)array, i, element) {
		struct decoder inner = {.arena = d->arena, .object = element};
		if (!json_is_object(element))
			inner.r = -EBADMSG;
		ret->actors[i] = (struct event_actor){
			.auid = get_id(&inner, "auid"),
			.uid = get_id(&inner, "uid"),
			.session = get_id(&inner, "session"),
			.pid = (uint32_t)get_number(&inner, "pid", INT32_MAX),
			.user = get_string(&inner, "user"),
			.run_as = get_string(&inner, "run_as"),
			.exe = get_string(&inner, "exe"),
			.command = get_string(&inner, "command"),
			.tty = get_string(&inner, "tty"),
			.peer = get_string(&inner, "peer"),
			.behalf = get_string(&inner, "behalf"),
		};
		if (inner.r < 0)
			fail(d, inner.r);
		ret->n_actors = i + 1;
	}
}

static int decode_object(struct arena *a, const json_t *object, struct event *ret)
{
	struct decoder d = {.arena = a, .object = object};
	struct event e = get_finding(&d);

	e.seq = get_number(&d, "seq", INT64_MAX);
	e.epoch = get_string(&d, "epoch");
	e.realtime_usec = get_number(&d, "realtime_usec", INT64_MAX);
	e.fact = get_string(&d, "fact");
	e.message = get_string(&d, "message");
	e.remedy = get_string(&d, "remedy");
	e.unattributed = get_string(&d, "unattributed");
	decode_also(&d, &e);
	decode_actors(&d, &e);
	if (d.r == 0 && (e.seq == 0 || !e.epoch || !e.message))
		return -EBADMSG;
	if (d.r < 0)
		return d.r;
	*ret = e;
	return 0;
}

int event_decode(struct arena *a, const char *json, struct event *ret)
{
	json_error_t error = {0};
	json_t *object = json_loads(json, JSON_REJECT_DUPLICATES, &error);

	/* Without words it is lack of memory; jansson calls that in a string a syntax error too. */
	if (!object && (!error.text[0] || json_error_code(&error) == json_error_out_of_memory))
		return -ENOMEM;
	if (!object)
		return -EBADMSG;
	int r = json_is_object(object) ? decode_object(a, object, ret) : -EBADMSG;
	json_decref(object);
	return r;
}

void event_chain(const char *prev, const char *json, char ret[static 65])
{
	struct sha256_ctx ctx;
	uint8_t digest[SHA256_DIGEST_SIZE];
	char hash[65];

	assert(strlen(prev) == 64);
	sha256_init(&ctx);
	sha256_update(&ctx, 64, (const uint8_t *)prev);
	sha256_update(&ctx, strlen(json), (const uint8_t *)json);
	sha256_digest(&ctx, sizeof(digest), digest);
	base16_encode_update(hash, sizeof(digest), digest);
	hash[64] = '\0';
	memcpy(ret, hash, sizeof(hash)); /* last: ret may be prev */
}
