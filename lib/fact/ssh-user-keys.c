/* SPDX-License-Identifier: ISC */
#include "fact/ssh-user-keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "fact/accounts.h"
#include "fact/collectors.h"
#include "fact/sshd.h"

/* A distinct file and what is in it. */
struct source {
	const char *path;
	const char *home; /* it must stay beneath this; NULL: a path of the system */
	enum fact_state state;
	const char *reason;
	struct ssh_key_line *lines;
	unsigned *numbers; /* of the lines */
	size_t n, n_ignored;
	unsigned first_ignored;
};

/* That an account's keys are in a file. */
struct ref {
	const struct account *account;
	const char *path, *home;
	size_t order; /* as they were found */
	int error;    /* of the expansion */
	struct source *source;
};

struct build {
	const struct collect *c;
	struct fact *f;
	struct arena *a;
	struct ref *refs;
	size_t n_refs, first_ref; /* first_ref: of the account in hand */
	size_t bytes_left, keys_left, entries_left;
	struct ssh_user_keys *out;
	struct ssh_user_key *keys;
	struct ssh_user_keys_file *files;
	struct ssh_user_keys_command *commands;
};

char *ssh_user_key_subject(struct arena *a, const struct ssh_user_key *key)
{
	return arena_printf(a, "key %s of %s", key->l->key.fingerprint, key->account);
}

char *ssh_user_keys_file_subject(struct arena *a, const struct ssh_user_keys_file *file)
{
	return arena_printf(a, "authorized keys of %s in %s", file->account, file->path);
}

int ssh_user_keys_expand(struct arena *a, const char *pattern, const char *user, const char *home,
	uid_t uid, char **ret)
{
	char number[16];
	size_t room = strlen(pattern) + strlen(home) + 2;

	(void)snprintf(number, sizeof(number), "%u", uid);
	for (const char *p = pattern; (p = strchr(p, '%')); p += 2) {
		const char *value = p[1] == 'h'	  ? home
				    : p[1] == 'u' ? user
				    : p[1] == 'U' ? number
						  : "%";
		if (!strchr("%huU", p[1]) || !p[1])
			return -EINVAL;
		room += strlen(value);
	}
	char *out = arena_alloc(a, room), *w = out;
	if (!out)
		return -ENOMEM;
	bool relative = *pattern != '/' && !(strncmp(pattern, "%h", 2) == 0 && *home == '/');
	if (relative)
		w += sprintf(w, "%s/", home);
	for (const char *p = pattern; *p; p++) {
		if (*p != '%') {
			*w++ = *p;
			continue;
		}
		p++;
		w = stpcpy(w, *p == 'h' ? home : *p == 'u' ? user : *p == 'U' ? number : "%");
	}
	*ret = out;
	return 0;
}

/* What is below the home at path, or NULL when it isn't below it. */
static const char *below(const char *home, const char *path)
{
	size_t n = strlen(home);

	while (n > 0 && home[n - 1] == '/')
		n--;
	if (strncmp(path, home, n) != 0 || path[n] != '/')
		return NULL;
	path += n;
	return path + strspn(path, "/");
}

static int add_ref(struct build *b, const struct account *account, const char *pattern)
{
	struct ref ref = {.account = account, .path = pattern, .order = b->n_refs};
	const char *home = *account->home ? account->home : "/";
	char *path;

	ref.error = ssh_user_keys_expand(
		b->a, pattern, account->name, account->home, account->uid, &path);
	if (ref.error == -ENOMEM)
		return -ENOMEM;
	if (ref.error == 0) {
		ref.path = path;
		ref.home = below(home, path) ? home : NULL;
	}
	for (size_t i = b->first_ref; i < b->n_refs; i++) {
		if (strcmp(b->refs[i].path, ref.path) == 0)
			return 0;
	}
	struct ref *slot = arena_grow(b->a, &b->refs, b->n_refs, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = ref;
	b->n_refs++;
	return 0;
}

static int add_command(
	struct build *b, const struct account *account, const struct sshd_context *context)
{
	const struct sshd_value *v = sshd_get(context, "authorizedkeyscommand");
	struct ssh_user_keys_command *c = NULL;

	if (!v || !*v->value || strcasecmp(v->value, "none") == 0)
		return 0;
	for (size_t i = 0; i < b->out->n_commands && !c; i++) {
		if (strcmp(b->commands[i].command, v->value) == 0)
			c = &b->commands[i];
	}
	if (c) {
		c->n_accounts++;
		return 0;
	}
	c = arena_grow(b->a, &b->commands, b->out->n_commands, sizeof(*c));
	if (!c)
		return -ENOMEM;
	*c = (struct ssh_user_keys_command){
		.command = arena_strdup(b->a, v->value),
		.account = arena_strdup(b->a, account->name),
		.n_accounts = 1,
		.path = arena_strdup(b->a, v->path),
		.line = v->line,
	};
	b->out->n_commands++;
	return c->command && c->account ? 0 : -ENOMEM;
}

static const char *value_of(const struct sshd_value *v, const char *dflt)
{
	return v ? v->value : dflt;
}

/* The files in which sshd looks for the account's keys in one context. */
static int add_files(
	struct build *b, const struct account *account, const struct sshd_context *context)
{
	const char *p = value_of(sshd_get(context, "authorizedkeysfile"),
		".ssh/authorized_keys .ssh/authorized_keys2");
	int r = 0;

	for (p += strspn(p, " \t\n"); *p && r == 0; p += strspn(p, " \t\n")) {
		size_t n = strcspn(p, " \t\n");
		char *pattern = arena_strndup(b->a, p, n);
		if (!pattern)
			r = -ENOMEM;
		else if (strcasecmp(pattern, "none") != 0)
			r = add_ref(b, account, pattern);
		p += n;
	}
	return r;
}

/* Whether another context, from some addresses only, may be the account's as well. */
static bool may_be_in(const struct account *account, const struct sshd_context *own,
	const struct sshd_context *other)
{
	if (!other->address || other == own)
		return false;
	/* Accounts that meet the same Match lines share one name in all their contexts. */
	return !other->user || strcmp(other->user, account->name) == 0 ||
	       (own->user && strcmp(own->user, other->user) == 0);
}

static bool same_value(
	const struct sshd_context *x, const struct sshd_context *y, const char *keyword)
{
	return strcmp(value_of(sshd_get(x, keyword), ""), value_of(sshd_get(y, keyword), "")) == 0;
}

static int add_account(struct build *b, const struct account *account, const struct sshd *sshd)
{
	const struct sshd_context *own = sshd_context_for_user(sshd, account->name);

	b->first_ref = b->n_refs;
	int r = add_files(b, account, own);
	if (r == 0)
		r = add_command(b, account, own);
	for (size_t i = 0; i < sshd->n_contexts && r == 0; i++) {
		const struct sshd_context *other = &sshd->contexts[i];
		if (!may_be_in(account, own, other))
			continue;
		if (!same_value(own, other, "authorizedkeysfile"))
			r = add_files(b, account, other);
		if (r == 0 && !same_value(own, other, "authorizedkeyscommand"))
			r = add_command(b, account, other);
	}
	return r;
}

static char *too_many(struct build *b, const struct source *s)
{
	return arena_printf(b->a,
		"%s holds more keys than are looked at (%d in a file, %d on a machine)", s->path,
		SSH_USER_KEYS_FILE_KEYS_MAX, SSH_USER_KEYS_MAX);
}

static int parse_line(struct build *b, struct source *s, const char *p, size_t n, unsigned number)
{
	struct ssh_key_line line;

	int r = ssh_key_parse_line(b->a, p, n, &line);
	if (r == -EBADMSG) {
		if (s->n_ignored++ == 0)
			s->first_ignored = number;
		return 0;
	}
	if (r <= 0)
		return r;
	if (b->keys_left == 0 || s->n == SSH_USER_KEYS_FILE_KEYS_MAX) {
		s->reason = too_many(b, s);
		return s->reason ? -EFBIG : -ENOMEM;
	}
	b->keys_left--;
	struct ssh_key_line *slot = arena_grow(b->a, &s->lines, s->n, sizeof(*slot));
	unsigned *where = arena_grow(b->a, &s->numbers, s->n, sizeof(*where));
	if (!slot || !where)
		return -ENOMEM;
	*slot = line;
	*where = number;
	s->n++;
	return 0;
}

static int parse_file(struct build *b, struct source *s, const struct file *file)
{
	const char *p = file->data, *end = p + file->size;

	for (unsigned number = 1; p < end; number++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		int r = parse_line(b, s, p, (size_t)((nl ? nl : end) - p), number);
		if (r < 0)
			return r;
		p = nl ? nl + 1 : end;
	}
	return 0;
}

/* Reads a distinct file. 0 or -ENOMEM: anything else is the file's own state. */
static int read_source(struct build *b, struct source *s)
{
	_cleanup_file_ struct file file = {0};
	size_t max = MIN(b->bytes_left, (size_t)SSH_USER_KEYS_FILE_MAX);

	int r = s->home ? root_read_beneath(
				  b->c->root, s->home, below(s->home, s->path), max, &file)
			: root_read(b->c->root, s->path, max, &file);
	if (r == 0) {
		b->bytes_left -= file.size;
		r = parse_file(b, s, &file);
	}
	if (r == -ENOMEM)
		return r;
	s->state = fact_state_from_errno(r);
	if (r == -EFBIG && max < SSH_USER_KEYS_FILE_MAX && !s->reason)
		s->reason = arena_printf(b->a,
			"%s was not read: such files hold more than %d MiB in all", s->path,
			SSH_USER_KEYS_BYTES_MAX / (1024 * 1024));
	else if (r < 0 && !s->reason)
		s->reason = arena_printf(b->a, "%s %s", s->path, fsio_strerror(r));
	return r < 0 && !s->reason ? -ENOMEM : 0;
}

static int compare_path(const void *a, const void *b)
{
	const struct ref *x = a, *y = b;
	int r = strcmp(x->path, y->path);

	/* Which home it must stay beneath is part of what file it is. */
	if (r == 0)
		r = strcmp(x->home ? x->home : "", y->home ? y->home : "");
	return r != 0 ? r : (x->order > y->order) - (x->order < y->order);
}

static int compare_order(const void *a, const void *b)
{
	const struct ref *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

/* Opens each distinct file once: service accounts share "/" and the like by the dozen. */
static int read_all(struct build *b)
{
	struct source *last = NULL;

	if (b->n_refs > 1)
		qsort(b->refs, b->n_refs, sizeof(*b->refs), compare_path);
	for (size_t i = 0; i < b->n_refs; i++) {
		struct ref *ref = &b->refs[i];
		if (ref->error < 0)
			continue;
		bool same = last && strcmp(last->path, ref->path) == 0 &&
			    strcmp(last->home ? last->home : "", ref->home ? ref->home : "") == 0;
		if (!same) {
			last = arena_alloc(b->a, sizeof(*last));
			if (!last)
				return -ENOMEM;
			last->path = ref->path;
			last->home = ref->home ? arena_strdup(b->a, ref->home) : NULL;
			int r = read_source(b, last);
			if (r < 0)
				return r;
		}
		ref->source = last;
	}
	if (b->n_refs > 1)
		qsort(b->refs, b->n_refs, sizeof(*b->refs), compare_order);
	return 0;
}

static int emit_keys(struct build *b, const struct source *s, struct ssh_user_keys_file *file)
{
	for (size_t i = 0; i < s->n; i++) {
		struct ssh_user_key *key = b->entries_left > 0
						   ? arena_grow(b->a, &b->keys, b->out->n_keys,
							     sizeof(*key))
						   : NULL;
		if (!key && b->entries_left > 0)
			return -ENOMEM;
		if (!key) {
			file->state = fact_state_from_errno(-EFBIG);
			file->reason = too_many(b, s);
			return file->reason ? 0 : -ENOMEM;
		}
		*key = (struct ssh_user_key){
			.account = file->account,
			.path = file->path,
			.line = s->numbers[i],
			.l = &s->lines[i],
		};
		b->out->n_keys++;
		b->entries_left--;
		file->n_keys++;
	}
	return 0;
}

static int emit(struct build *b, const struct ref *ref)
{
	const struct source *s = ref->source;
	struct ssh_user_keys_file *file = arena_grow(
		b->a, &b->files, b->out->n_files, sizeof(*file));

	if (!file)
		return -ENOMEM;
	*file = (struct ssh_user_keys_file){
		.account = arena_strdup(b->a, ref->account->name),
		.path = ref->path,
	};
	b->out->n_files++;
	if (!s) {
		file->state = FACT_STATE_MALFORMED;
		file->reason = arena_printf(b->a,
			"AuthorizedKeysFile %s has a token that sshd does not know", ref->path);
		return file->reason ? 0 : -ENOMEM;
	}
	file->state = s->state;
	file->reason = s->reason;
	file->n_ignored = s->n_ignored;
	file->first_ignored = s->first_ignored;
	return file->account ? emit_keys(b, s, file) : -ENOMEM;
}

static int compare_key(const void *a, const void *b)
{
	const struct ssh_user_key *x = *(const struct ssh_user_key *const *)a;
	const struct ssh_user_key *y = *(const struct ssh_user_key *const *)b;
	int r = strcmp(x->account, y->account);

	if (r == 0)
		r = strcmp(x->l->key.fingerprint, y->l->key.fingerprint);
	if (r == 0)
		r = strcmp(x->l->options, y->l->options);
	return r != 0 ? r : strcmp(x->l->comment, y->l->comment);
}

static bool same_key(const struct ssh_user_key *x, const struct ssh_user_key *y)
{
	return strcmp(x->account, y->account) == 0 &&
	       strcmp(x->l->key.fingerprint, y->l->key.fingerprint) == 0;
}

/* An item's value is cut at 1 KiB, escapes included: what would be lost there goes into a hash. */
static char *bound(struct arena *a, char *value)
{
	size_t n = strlen(value);

	if (n * 4 < 1000)
		return value;
	const char *hash = text_sha256(a, value, n);
	return hash ? arena_printf(a, "%.200s... (%.15s)", value, hash) : NULL;
}

/*
 * One item for the n lines that hold the same key for the same account, so that
 * a subject names one thing. What is too much to list is in the hash.
 */
static int add_item(struct build *b, const struct ssh_user_key *const *v, size_t n)
{
	enum { LISTED = 3 };
	char *value = ssh_key_line_describe(b->a, v[0]->l), *all = value;
	size_t distinct = 1;

	for (size_t i = 1; i < n && value; i++) {
		char *next = ssh_key_line_describe(b->a, v[i]->l);
		if (!next || (strcmp(v[i]->l->options, v[i - 1]->l->options) == 0 &&
				     strcmp(v[i]->l->comment, v[i - 1]->l->comment) == 0))
			continue;
		if (distinct++ < LISTED)
			value = arena_printf(b->a, "%s, and %s", value, next);
		/* A chain of hashes: one over all lines would take their length squared. */
		char *both = arena_printf(b->a, "%s%s", all, next);
		all = both ? text_sha256(b->a, both, strlen(both)) : NULL;
		if (!all)
			return -ENOMEM;
	}
	if (distinct > LISTED)
		value = arena_printf(
			b->a, "%s, and %zu more (%.15s)", value, distinct - LISTED, all);
	value = value ? bound(b->a, value) : NULL;
	char *subject = ssh_user_key_subject(b->a, v[0]);
	if (!value || !subject)
		return -ENOMEM;
	fact_add_item(b->f, subject, value, v[0]->path, v[0]->line);
	return 0;
}

static int add_items(struct build *b)
{
	size_t n = b->out->n_keys;
	int r = 0;

	_cleanup_free_ const struct ssh_user_key **v = malloc((n + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		v[i] = &b->keys[i];
	if (n > 1)
		qsort(v, n, sizeof(*v), compare_key);
	for (size_t i = 0, k; i < n && r == 0; i = k) {
		for (k = i + 1; k < n && same_key(v[i], v[k]); k++)
			;
		r = add_item(b, v + i, k - i);
	}
	for (size_t i = 0; i < b->out->n_files && r == 0; i++) {
		const struct ssh_user_keys_file *file = &b->files[i];
		if (file->state == FACT_STATE_OK || file->state == FACT_STATE_ABSENT)
			continue;
		/* Its keys are gone from sight, not removed. */
		char *pattern = arena_printf(b->a, "key * of %s", file->account);
		if (!pattern)
			return -ENOMEM;
		fact_add_unseen(b->f, pattern);
		char *subject = ssh_user_keys_file_subject(b->a, file);
		if (!subject)
			return -ENOMEM;
		fact_add_item(b->f, subject, file->reason, file->path, 0);
	}
	return r;
}

static bool usable(const struct collect *c, struct fact *f, enum fact_id id)
{
	const struct fact *need = factset_get(c->facts, id);

	if (need && need->state == FACT_STATE_OK)
		return true;
	f->state = need ? need->state : FACT_STATE_ERROR;
	f->reason = arena_printf(f->arena, "who may log in with which key is not known: %s",
		need && need->reason ? need->reason : "a fact is missing");
	return false;
}

static int user_keys_collect(const struct collect *c, struct fact *f)
{
	struct build b = {
		.c = c,
		.f = f,
		.a = f->arena,
		.bytes_left = SSH_USER_KEYS_BYTES_MAX,
		.keys_left = SSH_USER_KEYS_MAX,
		.entries_left = SSH_USER_KEYS_MAX,
	};
	int r = 0;

	if (!usable(c, f, FACT_SSHD) || !usable(c, f, FACT_ACCOUNTS))
		return 0;
	b.out = arena_alloc(b.a, sizeof(*b.out));
	if (!b.out)
		return -ENOMEM;
	const struct accounts *accounts = factset_get(c->facts, FACT_ACCOUNTS)->u.accounts;
	const struct sshd *sshd = factset_get(c->facts, FACT_SSHD)->u.sshd;
	for (size_t i = 0; i < accounts->n && r == 0; i++)
		r = add_account(&b, &accounts->v[i], sshd);
	if (r == 0)
		r = read_all(&b);
	for (size_t i = 0; i < b.n_refs && r == 0; i++)
		r = emit(&b, &b.refs[i]);
	if (r == 0)
		r = add_items(&b);
	if (r < 0)
		return r;
	b.out->keys = b.keys;
	b.out->files = b.files;
	b.out->commands = b.commands;
	f->u.ssh_user_keys = b.out;
	return 0;
}

const struct collector collector_ssh_user_keys = {
	.id = FACT_SSH_USER_KEYS,
	.name = "ssh-user-keys",
	.needs = FACT_BIT(FACT_ACCOUNTS) | FACT_BIT(FACT_SSHD),
	.collect = user_keys_collect,
};
