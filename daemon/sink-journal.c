/* SPDX-License-Identifier: ISC */
#include "daemon/sink.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "daemon/datagram.h"
#include "daemon/messages.h"

static const char *const message_ids[] = {
	[EVENT_OPENED] = MESSAGE_ID_OPENED,
	[EVENT_CHANGED] = MESSAGE_ID_CHANGED,
	[EVENT_RESOLVED] = MESSAGE_ID_RESOLVED,
	[EVENT_DRIFT] = MESSAGE_ID_DRIFT,
	[EVENT_WAIVED] = MESSAGE_ID_WAIVED,
	[EVENT_ACCEPTED] = MESSAGE_ID_ACCEPTED,
	[EVENT_DEGRADED] = MESSAGE_ID_DEGRADED,
	[EVENT_RECOVERED] = MESSAGE_ID_RECOVERED,
	[EVENT_STARTED] = MESSAGE_ID_STARTED,
	[EVENT_STOPPED] = MESSAGE_ID_STOPPED,
	[EVENT_HEARTBEAT] = MESSAGE_ID_HEARTBEAT,
};
static_assert(ARRAY_SIZE(message_ids) == EVENT_KIND_MAX, "an id for each kind");

static void put(FILE *f, const char *field, const char *value)
{
	if (!value || !*value)
		return;
	if (!strchr(value, '\n')) {
		(void)fprintf(f, "%s=%s\n", field, value);
		return;
	}
	uint64_t size = htole64(strlen(value));
	(void)fprintf(f, "%s\n", field);
	(void)fwrite(&size, sizeof(size), 1, f);
	(void)fprintf(f, "%s\n", value);
}

static void put_number(FILE *f, const char *field, uint64_t n)
{
	(void)fprintf(f, "%s=%" PRIu64 "\n", field, n);
}

static void set(json_t *o, const char *key, const char *value)
{
	if (value)
		(void)json_object_set_new(o, key, json_string(value)); /* NULL is refused, kept out */
}

static json_t *encode_details(const struct event *e)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < e->n_details; i++) {
		const struct event_detail *d = &e->details[i];
		json_t *o = json_object();
		if (!o)
			break;
		set(o, "subject", d->subject);
		set(o, "path", d->path);
		if (d->line)
			(void)json_object_set_new(o, "line", json_integer(d->line));
		set(o, "observed", d->observed);
		set(o, "expected", d->expected);
		set(o, "old", d->old);
		(void)json_array_append_new(list, o);
	}
	return list;
}

/* Takes the value over. */
static void put_json(FILE *f, const char *field, json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	put(f, field, text);
	free(text);
	json_decref(value);
}

/* All details as a JSON array, for events that have more than the one in the plain fields. */
static void put_details(FILE *f, const struct event *e)
{
	put_json(f, "HARDEND_DETAILS", encode_details(e));
	put_number(f, "HARDEND_DETAILS_TOTAL", e->n_all);
}

/* The other checks that the change concerns: each by its id, to be found by, and all as JSON. */
static void put_also(FILE *f, const struct event *e)
{
	json_t *list = e->n_also > 0 ? json_array() : NULL;

	for (size_t i = 0; i < e->n_also; i++) {
		const struct event *also = &e->also[i];
		json_t *o = json_object();
		put(f, "HARDEND_ALSO", also->check);
		if (!list || !o)
			break;
		set(o, "check", also->check);
		set(o, "event", event_kind_name(also->kind));
		set(o, "result", result_name(also->result));
		set(o, "severity", severity_name(also->severity));
		set(o, "title", also->title);
		set(o, "waiver", also->waiver);
		(void)json_object_set_new(o, "details", encode_details(also));
		(void)json_array_append_new(list, o);
	}
	put_json(f, "HARDEND_ALSO_DETAILS", list);
}

static void put_id(FILE *f, const char *field, uint32_t id)
{
	if (id != EVENT_ID_UNSET)
		put_number(f, field, id);
}

/* The last of them in plain fields. */
static void put_actors(FILE *f, const struct event *e)
{
	put(f, "HARDEND_ACTOR_UNKNOWN", e->unattributed);
	if (e->n_actors == 0)
		return;
	const struct event_actor *a = &e->actors[e->n_actors - 1];
	put_id(f, "HARDEND_ACTOR_AUID", a->auid);
	put_id(f, "HARDEND_ACTOR_UID", a->uid);
	put(f, "HARDEND_ACTOR_USER", a->user);
	put(f, "HARDEND_ACTOR_RUN_AS", a->run_as);
	if (a->pid)
		put_number(f, "HARDEND_ACTOR_PID", a->pid);
	put(f, "HARDEND_ACTOR_EXE", a->exe);
	put(f, "HARDEND_ACTOR_COMMAND", a->command);
	put(f, "HARDEND_ACTOR_TTY", a->tty);
	put_id(f, "HARDEND_ACTOR_SESSION", a->session);
	put(f, "HARDEND_ACTOR_PEER", a->peer);
	put(f, "HARDEND_ACTOR_BEHALF", a->behalf);
	_cleanup_free_ char *all = e->n_actors > 1 ? event_actors_text(e) : NULL;
	put(f, "HARDEND_ACTORS", all);
}

static void put_finding(FILE *f, const struct event *e)
{
	put(f, "HARDEND_CHECK", e->check);
	put(f, "HARDEND_FACT", e->fact);
	put(f, "HARDEND_TITLE", e->title);
	put(f, "HARDEND_RESULT", result_name(e->result));
	put(f, "HARDEND_SEVERITY", severity_name(e->severity));
	if (e->n_details > 0) {
		const struct event_detail *d = &e->details[0];
		put(f, "HARDEND_SUBJECT", d->subject);
		put(f, "HARDEND_PATH", d->path);
		if (d->line)
			put_number(f, "HARDEND_LINE", d->line);
		put(f, "HARDEND_OBSERVED", d->observed);
		put(f, "HARDEND_EXPECTED", d->expected);
		put(f, "HARDEND_OLD", d->old);
	}
	if (e->n_all > 1)
		put_details(f, e);
	put_also(f, e);
	put_actors(f, e);
	put(f, "HARDEND_REMEDY", e->remedy);
	put(f, "HARDEND_WAIVER", e->waiver);
	if (e->since_realtime_usec) {
		char since[32];
		put(f, "HARDEND_SINCE", text_rfc3339(since, e->since_realtime_usec));
	}
}

char *sink_journal_encode(const struct event *e, const char *hash, size_t *ret_size)
{
	char *data = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&data, &size);
	bool about_check = e->check || e->fact;

	if (!f)
		return NULL;
	put(f, "MESSAGE", e->message);
	put(f, "MESSAGE_ID", message_ids[e->kind]);
	put_number(f, "PRIORITY", (uint64_t)event_priority(e));
	put(f, "SYSLOG_IDENTIFIER", "hardend");
	put_number(f, "SYSLOG_FACILITY", 10); /* authpriv: its file is not for everybody */
	put(f, "HARDEND_EVENT", event_kind_name(e->kind));
	put_number(f, "HARDEND_SEQ", e->seq);
	put(f, "HARDEND_EPOCH", e->epoch);
	put(f, "HARDEND_HASH", hash);
	if (about_check)
		put_finding(f, e);
	bool failed = ferror(f) != 0;
	if (fclose(f) != 0 || failed) {
		free(data);
		return NULL;
	}
	*ret_size = size;
	return data;
}

static int journal_open(struct sink *s)
{
	int fd = datagram_open(s->address);

	if (fd < 0)
		return fd;
	s->fd = fd;
	return 0;
}

static int journal_emit(struct sink *s, const struct event *e, const struct outbox_row *row)
{
	size_t size = 0;
	_cleanup_free_ char *data = sink_journal_encode(e, row->hash, &size);

	return data ? datagram_send(s->fd, data, size, true) : -ENOMEM;
}

static void journal_close(struct sink *s)
{
	closep(&s->fd);
}

const struct sink_ops sink_journal = {
	.name = "journal",
	.open = journal_open,
	.emit = journal_emit,
	.close = journal_close,
};
