/* SPDX-License-Identifier: ISC */
/* A log of audit: records, events, acts and their memory. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audit/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool ok)
{
	if (!ok)
		abort();
}

/* What is shown must be one line of what a terminal prints. */
static void expect_shown(const char *s, size_t max)
{
	expect(s && strlen(s) <= max);
	for (; *s; s++)
		expect((unsigned char)*s >= 0x20 && *s != 0x7f);
}

static void expect_within(const char *p, size_t n, const char *text, size_t size)
{
	expect(p >= text && n <= size && (size_t)(p - text) <= size - n);
}

/* Every way to read every field. */
static void read_fields(struct arena *a, const struct audit_record *r)
{
	struct audit_fields f;
	struct sockaddr_storage address;
	socklen_t address_size = 0;
	char name[64];

	expect(audit_fields_parse(a, r, &f) == 0);
	for (size_t i = 0; i < f.n; i++) {
		const struct audit_field *field = &f.v[i];
		const char *text = field->enriched ? r->enriched : r->body, *s;
		size_t size = field->enriched ? r->enriched_size : r->size, n;
		uint64_t u;
		int64_t v;
		uint32_t id;
		expect_within(field->name, field->name_size, text, size);
		expect_within(field->value, field->size, text, size);
		if (field->name_size >= sizeof(name) || memchr(field->name, 0, field->name_size))
			continue;
		*(char *)mempcpy(name, field->name, field->name_size) = '\0';
		if (audit_field_bytes(a, &f, name, &s, &n) == 0)
			expect(n <= r->size && s[n] == '\0');
		if (audit_field_string(a, &f, name, &s) == 0)
			expect(strlen(s) <= r->size);
		(void)audit_field_text(a, &f, name, &s);
		if (audit_field_signed(&f, name, &v) == 0 && v > 0)
			expect(audit_field_number(&f, name, &u) == 0 && u == (uint64_t)v);
		if (audit_field_id(&f, name, &id) == 0 && audit_field_number(&f, name, &u) == 0)
			expect(u == id);
		(void)audit_field_hex(&f, name, &u);
		(void)audit_field_octal(&f, name, &u);
		(void)audit_field_device(&f, name, &u);
	}
	if (audit_field_address(&f, &address, &address_size) == 0)
		expect(address_size >= 2 && address_size <= sizeof(address));
}

static const char *path_of(uint64_t device, uint64_t inode, void *arg)
{
	(void)arg;
	return (device + inode) % 2 ? "/etc/ssh" : NULL;
}

static void read_act(struct acts *m, const struct audit_event *e, const char *key)
{
	const struct act_options options = {.key = key, .path_of = path_of};
	struct arena *a = arena_new();
	struct acts_found found;
	struct act act;

	int r = act_parse(a, e, &options, &act);
	expect(r == 0 || r == 1);
	if (r == 1) {
		expect(act.kind < ACT_KIND_MAX && act_kind_name(act.kind) != NULL);
		expect_shown(act.actor.tty, ACT_TEXT_MAX);
		expect_shown(act.actor.comm, ACT_TEXT_MAX);
		expect_shown(act.actor.exe, ACT_TEXT_MAX);
		expect_shown(act.actor.command, ACT_COMMAND_MAX);
		expect_shown(act.op, ACT_TEXT_MAX);
		expect_shown(act.object, ACT_TEXT_MAX + sizeof(".service"));
		expect_shown(act.peer, ACT_TEXT_MAX);
		expect(act.n_paths <= ACT_PATHS_MAX);
		for (size_t i = 0; i < act.n_paths; i++)
			expect_shown(act.paths[i].path, ACT_PATH_MAX);
		expect(acts_put(m, &act, NULL) == 0);
		acts_find_kind(m, act.kind, 0, UINT64_MAX, &found);
		expect(!act.success || found.n > 0);
		if (act.success)
			expect(found.v[found.n - 1].act->serial == act.serial);
		(void)acts_find_session(m, act.new_session);
	}
	arena_free(a);
}

static void drain(struct audit_assembler *s, struct acts *m, uint64_t now)
{
	for (struct audit_event *e; (e = audit_assembler_next(s, now));) {
		expect(e->n > 0);
		for (size_t i = 0; i < e->n; i++)
			expect(audit_stamp_compare(&e->records[i].stamp, &e->stamp) == 0);
		read_act(m, e, "hardend");
		read_act(m, e, NULL);
		audit_event_free(e);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct audit_assembler *s;
	struct acts *m;

	if (size > 64 * 1024)
		return 0;
	/* Of exactly this size, so that a byte too far is seen. */
	char *text = malloc(size ? size : 1), *end = text + size;
	expect(text && audit_assembler_new(USEC_PER_SEC, &s) == 0 && acts_new(&m) == 0);
	if (size)
		memcpy(text, data, size);
	for (const char *p = text; p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((nl ? nl : end) - p);
		struct audit_record r;
		struct arena *a = arena_new();
		if (audit_line_parse(p, n, &r) == 0 ||
			audit_record_parse(RECORD_SYSCALL + n % 40, p, n, &r) == 0) {
			read_fields(a, &r);
			expect(audit_assembler_add(s, &r, r.stamp.realtime_usec) == 0);
			drain(s, m, r.stamp.realtime_usec);
		}
		arena_free(a);
		p += n + 1;
	}
	audit_assembler_flush(s);
	drain(s, m, 0);
	acts_free(m);
	audit_assembler_free(s);
	free(text);
	return 0;
}
