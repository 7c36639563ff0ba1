/* SPDX-License-Identifier: ISC */
#include "audit/act.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "audit/act-internal.h"
#include "base/text.h"
#include "fact/secret-command.h"

static const char *const kind_names[] = {
	[ACT_FILE] = "file",
	[ACT_LISTEN] = "listen",
	[ACT_BIND] = "bind",
	[ACT_FILTER] = "filter",
	[ACT_AUDIT_CHANGE] = "audit-change",
	[ACT_SESSION_BEGIN] = "session-begin",
	[ACT_SESSION_END] = "session-end",
	[ACT_COMMAND] = "command",
	[ACT_PACKAGE] = "package",
	[ACT_UNIT_START] = "unit-start",
	[ACT_UNIT_STOP] = "unit-stop",
	[ACT_ACCOUNT] = "account",
};
static_assert(ARRAY_SIZE(kind_names) == ACT_KIND_MAX, "a name for each kind");

const char *act_kind_name(enum act_kind k)
{
	return kind_names[k];
}

/* An event that is made an act, and the fields of the record that makes it one. */
struct reading {
	struct arena *a;
	const struct audit_event *event;
	const struct act_options *options;
	struct audit_fields f;
	struct act *act;
};

/* res=1 of the kernel, res=success of programs; what does not say succeeded. */
static bool is_success(const struct audit_fields *f)
{
	const struct audit_field *res = audit_field(f, "res");

	return !res || audit_field_is(res, "1") || audit_field_is(res, "success");
}

static int read_text(struct reading *r, const char *name, const char **ret)
{
	return act_text(r->a, &r->f, name, ret);
}

static int read_raw(struct reading *r, const char *name, const char **ret)
{
	return act_raw_text(r->a, &r->f, name, ret);
}

/* ---- kinds, by the record that makes them: 1, 0 when it is no act, -ENOMEM ---- */

/* The name of the account, or its number. */
static int read_account(struct reading *r)
{
	static const struct {
		const char *name;
		int (*read)(struct reading *r, const char *name, const char **ret);
	} names[] = {{"acct", read_text}, {"grp", read_text}, {"id", read_raw}, {"auid", read_raw}};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!audit_field(&r->f, names[i].name))
			continue;
		int n = names[i].read(r, names[i].name, &r->act->object);
		if (n < 0 || *r->act->object)
			return n;
	}
	return 0;
}

static int read_session(struct reading *r)
{
	struct act *act = r->act;
	int n = read_account(r);

	if (n == 0)
		n = read_raw(r, "addr", &act->peer);
	if (n == 0 && !*act->peer)
		n = read_raw(r, "hostname", &act->peer);
	if (n < 0)
		return n;
	act->whole &= act_id(&r->f, "ses", &act->new_session);
	act->whole &= act_id(&r->f, audit_field(&r->f, "id") ? "id" : "auid", &act->new_auid);
	return 1;
}

/* The kernel's: a process was given a login uid and a session. */
static int read_login(struct reading *r)
{
	struct act *act = r->act;

	act->op = "login";
	act->whole &= act_id(&r->f, "auid", &act->new_auid);
	act->whole &= act_id(&r->f, "ses", &act->new_session);
	return 1;
}

static int read_accounts(struct reading *r)
{
	int n = read_account(r);

	r->act->whole &= act_id(&r->f, "id", &r->act->new_auid);
	return n < 0 ? n : 1;
}

/* sudo puts blanks between the words of the command. */
static int read_sudo(struct reading *r)
{
	const char *bytes = "";
	size_t n = 0;

	if (audit_field_bytes(r->a, &r->f, "cmd", &bytes, &n) == -ENOMEM)
		return -ENOMEM;
	char *words = arena_memdup(r->a, bytes, n);
	for (size_t i = 0; words && i < n; i++)
		words[i] = words[i] == ' ' ? '\0' : words[i];
	r->act->object = words ? secret_command(r->a, words, n, ACT_COMMAND_MAX) : NULL;
	return r->act->object ? 1 : -ENOMEM;
}

/* systemd writes the names of services only, and without what they end with. */
static int read_unit(struct reading *r)
{
	int n = read_raw(r, "unit", &r->act->object);

	if (n < 0)
		return n;
	if (*r->act->object && !text_ends_with(r->act->object, ".service"))
		r->act->object = arena_printf(r->a, "%s.service", r->act->object);
	return r->act->object ? 1 : -ENOMEM;
}

static int read_package(struct reading *r)
{
	int n = read_text(r, "sw", &r->act->object);

	return n < 0 ? n : 1;
}

static int read_filter(struct reading *r)
{
	int n = read_raw(r, "table", &r->act->object);

	if (audit_field_number(&r->f, "family", &r->act->value) == -EBADMSG)
		r->act->whole = false;
	return n < 0 ? n : 1;
}

/* "op=set audit_enabled=1 old=0": the setting is the field that begins so. */
static int read_setting(struct reading *r)
{
	for (size_t i = 0; i < r->f.n; i++) {
		const struct audit_field *field = &r->f.v[i];
		char name[64];
		if (field->name_size >= sizeof(name) || field->name_size < 6 ||
			memcmp(field->name, "audit_", 6) != 0)
			continue;
		*(char *)mempcpy(name, field->name, field->name_size) = '\0';
		r->act->object = text_escape(r->a, name, field->name_size, ACT_TEXT_MAX);
		if (!r->act->object)
			return -ENOMEM;
		if (!*r->act->op)
			r->act->op = "set";
		(void)audit_field_number(&r->f, name, &r->act->value); /* a pid may be negative */
		(void)audit_field_number(&r->f, "old", &r->act->old);
		break;
	}
	return 1;
}

/* A rule by its key, else by what it watches. */
static int read_audit_change(struct reading *r)
{
	static const char *const names[] = {"key", "path", "dir", "feature"};
	struct act *act = r->act;

	/* "add rule" of older kernels */
	if (strcmp(act->op, "add rule") == 0)
		act->op = "add_rule";
	else if (strcmp(act->op, "remove rule") == 0)
		act->op = "remove_rule";
	act->whole &= act_id(&r->f, "list", &act->list);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!audit_field(&r->f, names[i]))
			continue;
		int n = read_text(r, names[i], &act->object);
		if (n < 0)
			return n;
		if (strcmp(names[i], "feature") == 0) {
			(void)audit_field_number(&r->f, "new", &act->value);
			(void)audit_field_number(&r->f, "old", &act->old);
		}
		if (*act->object)
			return 1;
	}
	return act->list == AUDIT_ID_UNSET ? read_setting(r) : 1;
}

/* ---- system calls ---- */

/* listen and bind are calls of their own on all but old 32-bit systems. */
static void resolve_socketcall(const struct audit_event *e, struct arena *a, struct act_call *call)
{
	const struct audit_record *record = audit_event_find(e, RECORD_SOCKETCALL);
	static const enum call_what whats[] = {[2] = CALL_BIND, [4] = CALL_LISTEN};
	struct audit_fields f;

	uint64_t number = call->args[0];
	call->call.what = number < ARRAY_SIZE(whats) ? whats[number] : CALL_OTHER;
	if (!record || audit_fields_parse(a, record, &f) < 0 ||
		audit_field_hex(&f, "a0", &call->args[0]) < 0)
		call->args[0] = (uint64_t)-1;
}

static void resolve_openat2(const struct audit_event *e, struct arena *a, struct act_call *call)
{
	const struct audit_record *record = audit_event_find(e, RECORD_OPENAT2);
	struct audit_fields f;

	if (!record || audit_fields_parse(a, record, &f) < 0 ||
		audit_field_octal(&f, "oflag", &call->args[2]) < 0)
		return;
	call->call.what = CALL_OPEN;
	call->call.flags = 2;
}

static void read_call(struct reading *r, struct act_call *call)
{
	static const char *const args[] = {"a0", "a1", "a2", "a3"};
	uint64_t arch = 0, number = 0;

	*call = (struct act_call){.call = {CALL_OTHER, {-1, -1}, -1}};
	if (audit_field_hex(&r->f, "arch", &arch) < 0 || arch > UINT32_MAX ||
		audit_field_number(&r->f, "syscall", &number) < 0) {
		r->act->whole = false;
		return;
	}
	call->known = call_find((uint32_t)arch, number, &call->call) == 0;
	for (size_t i = 0; i < ARRAY_SIZE(args); i++) {
		if (audit_field_hex(&r->f, args[i], &call->args[i]) < 0)
			r->act->whole = false;
	}
	if (call->call.what == CALL_SOCKETCALL)
		resolve_socketcall(r->event, r->a, call);
	else if (call->call.what == CALL_OPENAT2)
		resolve_openat2(r->event, r->a, call);
}

/* Whose address is one of the network; unread, it may be. */
static int read_bind(struct reading *r)
{
	const struct audit_record *record = audit_event_find(r->event, RECORD_SOCKADDR);
	struct audit_fields f;
	socklen_t n;

	if (!record) {
		r->act->whole = false;
		return 1;
	}
	int e = audit_fields_parse(r->a, record, &f);
	if (e < 0)
		return e;
	if (audit_field_address(&f, &r->act->address, &n) < 0) {
		r->act->whole = false;
		return 1;
	}
	return r->act->address.ss_family == AF_INET || r->act->address.ss_family == AF_INET6;
}

/*
 * key= is the last field that the kernel writes: no need to split the ones before it,
 * of which subj= may hold what looks like one (a profile's name may have blanks in it).
 */
static bool has_key(const struct audit_record *record, const char *key)
{
	static const char name[] = " key=";
	const char *p = record->body, *end = p + record->size, *at = NULL;

	for (const char *next; (next = memmem(p, (size_t)(end - p), name, sizeof(name) - 1));)
		at = p = next + sizeof(name) - 1;
	if (!at)
		return false;
	bool quoted = at < end && *at == '"';
	at += quoted;
	const char *to = memchr(at, quoted ? '"' : ' ', (size_t)(end - at));
	struct audit_field field = {
		.name = "key",
		.name_size = 3,
		.value = at,
		.size = (size_t)((to ? to : end) - at),
		.form = quoted ? AUDIT_QUOTED : AUDIT_BARE,
	};
	return audit_field_has_key(&(struct audit_fields){&field, 1}, key);
}

static int read_syscall(struct reading *r)
{
	const char *key = r->options ? r->options->key : NULL;
	const struct audit_field *success = audit_field(&r->f, "success");
	struct act *act = r->act;
	struct act_call call;

	act->keyed = key && has_key(audit_event_find(r->event, RECORD_SYSCALL), key);
	if (key && !act->keyed)
		return 0;
	act->success = success && audit_field_is(success, "yes");
	read_call(r, &call);
	if (call.call.what == CALL_LISTEN || call.call.what == CALL_BIND) {
		act->kind = call.call.what == CALL_LISTEN ? ACT_LISTEN : ACT_BIND;
		act->fd = (int32_t)(uint32_t)call.args[0];
		return act->kind == ACT_BIND ? read_bind(r) : 1;
	}
	act->kind = ACT_FILE;
	return act_read_paths(r->a, r->event, &call, r->options, act);
}

/* ---- the record that makes an event an act ---- */

/* What is in the table before SYSCALL comes before it in an event that has both. */
static const struct kind {
	unsigned type;
	enum act_kind kind;
	int (*read)(struct reading *r);
} kinds[] = {
	{RECORD_CONFIG_CHANGE, ACT_AUDIT_CHANGE, read_audit_change},
	{RECORD_FEATURE_CHANGE, ACT_AUDIT_CHANGE, read_audit_change},
	{RECORD_NETFILTER_CFG, ACT_FILTER, read_filter},
	{RECORD_LOGIN, ACT_SESSION_BEGIN, read_login},
	{RECORD_SYSCALL, ACT_FILE, read_syscall},
	{RECORD_USER_LOGIN, ACT_SESSION_BEGIN, read_session},
	{RECORD_USER_START, ACT_SESSION_BEGIN, read_session},
	{RECORD_USER_LOGOUT, ACT_SESSION_END, read_session},
	{RECORD_USER_END, ACT_SESSION_END, read_session},
	{RECORD_USER_CMD, ACT_COMMAND, read_sudo},
	{RECORD_SERVICE_START, ACT_UNIT_START, read_unit},
	{RECORD_SERVICE_STOP, ACT_UNIT_STOP, read_unit},
	{RECORD_SOFTWARE_UPDATE, ACT_PACKAGE, read_package},
	{RECORD_ADD_USER, ACT_ACCOUNT, read_accounts},
	{RECORD_DEL_USER, ACT_ACCOUNT, read_accounts},
	{RECORD_ADD_GROUP, ACT_ACCOUNT, read_accounts},
	{RECORD_DEL_GROUP, ACT_ACCOUNT, read_accounts},
	{RECORD_CHGRP_ID, ACT_ACCOUNT, read_accounts},
	{RECORD_USER_MGMT, ACT_ACCOUNT, read_accounts},
	{RECORD_GRP_MGMT, ACT_ACCOUNT, read_accounts},
	{RECORD_USER_CHAUTHTOK, ACT_ACCOUNT, read_accounts},
	{RECORD_GRP_CHAUTHTOK, ACT_ACCOUNT, read_accounts},
	{RECORD_ACCT_LOCK, ACT_ACCOUNT, read_accounts},
	{RECORD_ACCT_UNLOCK, ACT_ACCOUNT, read_accounts},
};

static const struct kind *kind_of(unsigned type)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].type == type)
			return &kinds[i];
	}
	return NULL;
}

bool act_wants(const struct audit_record *record, const char *key)
{
	if (record->type == RECORD_SYSCALL)
		return !key || has_key(record, key);
	return kind_of(record->type) != NULL;
}

/* The record of the event that comes first in the table; NULL: none is in it. */
static const struct audit_record *telling_record(const struct audit_event *e)
{
	const struct audit_record *best = NULL;
	const struct kind *best_kind = NULL;

	for (size_t i = 0; i < e->n; i++) {
		const struct kind *kind = kind_of(e->records[i].type);
		if (!kind || (best_kind && kind >= best_kind))
			continue;
		best_kind = kind;
		best = &e->records[i];
	}
	return best;
}

/* The act that a record of the event makes it: as act_parse(). */
static int read_act(struct reading *r, const struct audit_record *record, struct act *ret)
{
	const struct audit_event *e = r->event;
	const struct kind *kind = kind_of(record->type);
	struct act act = {
		.kind = kind->kind,
		.realtime_usec = e->stamp.realtime_usec,
		.serial = e->stamp.serial,
		.whole = e->whole,
		.said = record_type_is_single(record->type),
		.fd = -1,
		.op = "",
		.object = "",
		.peer = "",
		.list = AUDIT_ID_UNSET,
		.new_session = AUDIT_ID_UNSET,
		.new_auid = AUDIT_ID_UNSET,
	};

	r->act = &act;
	int n = audit_fields_parse(r->a, record, &r->f);
	if (n < 0)
		return n;
	act.success = is_success(&r->f);
	n = read_raw(r, "op", &act.op);
	if (n == 0)
		n = kind->read(r);
	if (arena_failed(r->a))
		return -ENOMEM;
	if (n <= 0)
		return n;
	n = act_read_actor(r->a, e, &r->f, &act);
	if (n < 0 || arena_failed(r->a))
		return -ENOMEM;
	*ret = act;
	return 1;
}

/* What the system call of a change of audit's rules did to files. */
static int read_also(struct reading *r, const char *key, struct act *act)
{
	const struct audit_record *record = audit_event_find(r->event, RECORD_SYSCALL);

	if (act->kind != ACT_AUDIT_CHANGE || !record || !act_wants(record, key))
		return 0;
	struct act *also = arena_alloc(r->a, sizeof(*also));
	int n = also ? read_act(r, record, also) : -ENOMEM;
	if (n == 1)
		act->also = also;
	return n;
}

int act_parse(struct arena *a, const struct audit_event *e, const struct act_options *options,
	struct act *ret)
{
	const struct audit_record *record = telling_record(e);
	struct reading r = {.a = a, .event = e, .options = options};
	const char *key = options ? options->key : NULL;
	struct act act;

	if (!record || !act_wants(record, key))
		return 0;
	int n = read_act(&r, record, &act);
	if (n == 1 && read_also(&r, key, &act) < 0)
		return -ENOMEM;
	if (n == 1)
		*ret = act;
	return n;
}
