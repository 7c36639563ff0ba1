/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "audit/act-internal.h"
#include "base/text.h"
#include "fact/secret-command.h"

/* ---- fields as text ---- */

int act_raw_text(struct arena *a, const struct audit_fields *f, const char *name, const char **ret)
{
	const char *text = "";
	int r = audit_field_text(a, f, name, &text);

	if (r == -ENOMEM)
		return r;
	*ret = text_escape(a, text, strlen(text), ACT_TEXT_MAX);
	return *ret ? 0 : -ENOMEM;
}

int act_text(struct arena *a, const struct audit_fields *f, const char *name, const char **ret)
{
	const char *bytes = "";
	size_t n = 0;
	int r = audit_field_bytes(a, f, name, &bytes, &n);

	if (r == -ENOMEM)
		return r;
	if (r == -EBADMSG)
		return act_raw_text(a, f, name, ret);
	*ret = text_escape(a, bytes, n, ACT_TEXT_MAX);
	return *ret ? 0 : -ENOMEM;
}

bool act_id(const struct audit_fields *f, const char *name, uint32_t *id)
{
	return audit_field_id(f, name, id) != -EBADMSG;
}

/* ---- the command line ---- */

/* The arguments of EXECVE records, as they come: a0="ls" a1=2D6C a2[0]=... a2[1]=... */
struct arguments {
	char *text;
	size_t n;
	uint64_t index; /* of the argument that was begun last */
	bool begun;
};

/* The argument that a field is (a part of); false when it is none: argc, a1_len. */
static bool argument_index(const struct audit_field *f, uint64_t *ret)
{
	size_t i = 1;
	uint64_t v = 0;

	if (f->size == 0 || f->enriched || f->name_size < 2 || f->name[0] != 'a')
		return false;
	for (; i < f->name_size && is_digit(f->name[i]) && v < UINT32_MAX; i++)
		v = v * 10 + (uint64_t)(f->name[i] - '0');
	*ret = v;
	return i > 1 && (i == f->name_size || f->name[i] == '[');
}

static int add_argument(struct arena *a, struct arguments *args, const struct audit_field *field)
{
	struct audit_field copy = *field;
	struct audit_fields one = {&copy, 1};
	const char *bytes;
	uint64_t index;
	size_t n;

	if (!argument_index(field, &index))
		return 0;
	copy.name = "a";
	copy.name_size = 1;
	int r = audit_field_bytes(a, &one, "a", &bytes, &n);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (args->begun && index != args->index && args->n < SECRET_COMMAND_MAX)
		args->text[args->n++] = '\0';
	args->begun = true;
	args->index = index;
	n = MIN(n, SECRET_COMMAND_MAX - args->n);
	memcpy(args->text + args->n, bytes, n);
	args->n += n;
	return 0;
}

static int add_arguments(struct arena *a, struct arguments *args, const struct audit_record *record)
{
	struct audit_fields f;
	int r = audit_fields_parse(a, record, &f);

	for (size_t i = 0; r == 0 && i < f.n && args->n < SECRET_COMMAND_MAX; i++)
		r = add_argument(a, args, &f.v[i]);
	return r;
}

/* From EXECVE, which has all of it, else from PROCTITLE, of which the kernel keeps 128 bytes. */
static int read_command(struct arena *a, const struct audit_event *e, const char **ret)
{
	const struct audit_record *title = audit_event_find(e, RECORD_PROCTITLE);
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct arguments args = {0};
	struct audit_fields f;
	const char *bytes = "";
	size_t n = 0;
	int r = 0;

	if (!scratch)
		return -ENOMEM;
	if (audit_event_find(e, RECORD_EXECVE)) {
		args.text = arena_alloc(scratch, SECRET_COMMAND_MAX);
		r = args.text ? 0 : -ENOMEM;
		for (size_t i = 0; r == 0 && i < e->n; i++) {
			if (e->records[i].type == RECORD_EXECVE)
				r = add_arguments(scratch, &args, &e->records[i]);
		}
		bytes = args.text;
		n = args.n;
	} else if (title) {
		r = audit_fields_parse(scratch, title, &f);
		if (r == 0 && audit_field_bytes(scratch, &f, "proctitle", &bytes, &n) == -ENOMEM)
			r = -ENOMEM;
	}
	if (r < 0)
		return r;
	*ret = secret_command(a, bytes, n, ACT_COMMAND_MAX);
	return *ret ? 0 : -ENOMEM;
}

/* ---- who ---- */

static int read_texts(struct arena *a, const struct audit_fields *f, struct actor *actor)
{
	int r = act_raw_text(a, f, audit_field(f, "tty") ? "tty" : "terminal", &actor->tty);

	if (r == 0)
		r = act_text(a, f, "comm", &actor->comm);
	if (r == 0)
		r = act_text(a, f, "exe", &actor->exe);
	return r;
}

int act_read_actor(
	struct arena *a, const struct audit_event *e, const struct audit_fields *f, struct act *act)
{
	const struct audit_record *call = audit_event_find(e, RECORD_SYSCALL);
	struct actor actor = {
		.auid = AUDIT_ID_UNSET,
		.uid = AUDIT_ID_UNSET,
		.euid = AUDIT_ID_UNSET,
		.session = AUDIT_ID_UNSET,
		.command = "",
	};
	struct audit_fields own;
	int r = 0;

	if (call) {
		r = audit_fields_parse(a, call, &own);
		f = &own;
	}
	if (r == 0)
		r = read_texts(a, f, &actor);
	if (r == 0)
		r = read_command(a, e, &actor.command);
	if (r < 0)
		return r;
	const struct {
		const char *name;
		uint32_t *id;
	} ids[] = {
		{"auid", &actor.auid},
		{"uid", &actor.uid},
		{"euid", &actor.euid},
		{"ses", &actor.session},
		{"pid", &actor.pid},
		{"ppid", &actor.ppid},
	};
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		act->whole &= act_id(f, ids[i].name, ids[i].id);
	act->actor = actor;
	return 0;
}
