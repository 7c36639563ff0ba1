/* SPDX-License-Identifier: ISC */
#include "conf/conf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "check/check.h"
#include "conf/build.h"
#include "conf/draft.h"
#include "conf/profile.h"
#include "conf/reader.h"
#include "conf/schema.h"

enum {
	CONF_SIZE_MAX = 1 << 20,
	CONF_FILES_MAX = 1000,
};

/* Headers of named sections already begun in this file. */
struct names {
	struct name {
		const struct draft_kind *kind;
		const char *name;
	} * v;
	size_t n;
};

struct load {
	struct policy *policy;
	struct errlist *errors;
	const char *path;    /* of the file being read */
	const char *section; /* of the schema, when no draft is being read */
	struct draft draft;
	struct names names;
	int r; /* -ENOMEM once memory was short */
};

static void fail(struct load *l, int r)
{
	if (r < 0)
		l->r = r;
}

static bool is_taken(const struct load *l, const struct draft_kind *kind, const char *name)
{
	for (size_t i = 0; i < l->names.n; i++) {
		if (l->names.v[i].kind == kind && strcmp(l->names.v[i].name, name) == 0)
			return true;
	}
	return false;
}

static bool begin_draft(
	struct load *l, const struct draft_kind *kind, const char *name, unsigned line)
{
	name += strspn(name, " \t");
	if (!*name)
		errlist_add(l->errors, l->path, line,
			"[%s]: %s %s needs a name, for example [%s %s]", kind->word,
			strchr("aeiou", kind->word[0]) ? "an" : "a", kind->word, kind->word,
			kind->example);
	else if (is_taken(l, kind, name))
		errlist_add(l->errors, l->path, line,
			"[%s %s]: the name is taken in this file already", kind->word, name);
	else
		l->draft = (struct draft){.kind = kind, .path = l->path, .line = line};
	if (!l->draft.kind)
		return false;
	int r = draft_begin(&l->draft, l->policy->arena, name);
	if (r < 0) {
		l->r = r;
		return false;
	}
	struct name *slot = arena_grow(l->policy->arena, &l->names.v, l->names.n, sizeof(*slot));
	if (!slot) {
		l->r = -ENOMEM;
		return false;
	}
	*slot = (struct name){kind, l->draft.name};
	l->names.n++;
	return true;
}

/* The kind of [WORD NAME] or [WORD], and where in header NAME begins; NULL for another section. */
static const struct draft_kind *find_kind(const char *header, const char **ret_name)
{
	static const struct draft_kind *const kinds[] = {
		&draft_waiver, &draft_attestation, &draft_profile};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t n = strlen(kinds[i]->word);
		if (strncmp(header, kinds[i]->word, n) == 0 && (!header[n] || header[n] == ' ')) {
			*ret_name = header + n;
			return kinds[i];
		}
	}
	return NULL;
}

static void unknown_section(struct load *l, const char *name, unsigned line)
{
	struct suggest s = {.word = name};
	const char *section;

	for (size_t i = 0; (section = schema_section(i)); i++)
		suggest_offer(&s, section);
	if (s.best)
		errlist_add(l->errors, l->path, line, "[%s]: unknown section, did you mean [%s]?",
			name, s.best);
	else
		errlist_add(l->errors, l->path, line,
			"[%s]: unknown section; there are [hardend], [policy], [waiver NAME], "
			"[attestation CHECK-ID], [profile NAME] and the ids of `hardenctl list`",
			name);
}

static bool on_section(const char *name, unsigned line, void *arg)
{
	struct load *l = arg;
	const char *section, *rest;

	fail(l, draft_end(&l->draft, l->policy, l->errors));
	l->section = NULL;
	const struct draft_kind *kind = find_kind(name, &rest);
	if (kind)
		return begin_draft(l, kind, rest, line);
	for (size_t i = 0; (section = schema_section(i)); i++) {
		if (strcmp(section, name) == 0) {
			l->section = section;
			return true;
		}
	}
	unknown_section(l, name, line);
	return false;
}

/* Where a key that is not known here would be, or NULL. */
static const char *home_of(const struct policy *p, const char *key)
{
	const char *section;

	for (const struct param *c = schema_check; c->key; c++) {
		if (strcmp(c->key, key) == 0)
			return "CHECK-ID";
	}
	for (size_t i = 0; (section = schema_section(i)); i++) {
		if (policy_slot(p, section, key))
			return section;
	}
	return NULL;
}

static void unknown_key(struct load *l, const char *key, unsigned line)
{
	struct suggest s = {.word = key};
	const struct param *rows[2];
	const char *elsewhere = home_of(l->policy, key);

	(void)schema_params(l->section, rows); /* the section was found before */
	for (size_t i = 0; i < 2; i++) {
		for (const struct param *p = rows[i]; p && p->key; p++)
			suggest_offer(&s, p->key);
	}
	if (elsewhere && (!s.best || s.distance > 1))
		errlist_add(l->errors, l->path, line,
			"[%s] %s: unknown key here; it belongs to [%s]", l->section, key,
			elsewhere);
	else if (s.best)
		errlist_add(l->errors, l->path, line, "[%s] %s: unknown key, did you mean \"%s\"?",
			l->section, key, s.best);
	else
		errlist_add(l->errors, l->path, line, "[%s] %s: unknown key; see hardend.conf(5)",
			l->section, key);
}

static bool adds_up(enum param_type t)
{
	return t == PARAM_LIST || t == PARAM_NETS;
}

static void on_key(const char *key, const char *text, unsigned line, bool continued, void *arg)
{
	struct load *l = arg;
	const char *why = NULL;

	if (l->r < 0)
		return;
	if (l->draft.kind) {
		fail(l, draft_key(&l->draft, l->policy->arena,
				&(struct draft_line){key, text, line, continued}, l->errors));
		return;
	}
	struct slot *s = policy_slot(l->policy, l->section, key);
	if (!s) {
		if (!continued)
			unknown_key(l, key, line);
		return;
	}
	bool again = s->path == l->path; /* a string of its own for each file */
	if (again && !continued && !adds_up(s->param->type)) {
		errlist_add(l->errors, l->path, line,
			"[%s] %s: given twice, first in line %u; remove one", l->section, key,
			s->line);
		return;
	}
	int r = value_parse(l->policy->arena, s->param, text, again, &s->value, &why);
	if (r == -EINVAL)
		errlist_add(l->errors, l->path, line, "[%s] %s = \"%s\": %s", l->section, key, text,
			why);
	else
		fail(l, r);
	s->line = again ? s->line : line;
	s->path = l->path;
}

static int read_text(struct load *l, const char *path, const char *text, size_t size)
{
	const struct conf_sink sink = {.section = on_section, .key = on_key, .arg = l};

	l->path = arena_strdup(l->policy->arena, path); /* drafts keep it */
	if (!l->path)
		return -ENOMEM;
	l->section = NULL;
	l->names = (struct names){0};
	int r = conf_read(l->path, text, size, l->errors, &sink);
	if (r < 0)
		return r;
	fail(l, draft_end(&l->draft, l->policy, l->errors));
	return l->r;
}

/* Whoever may write here decides what is reported. */
static void check_owner(
	struct load *l, const struct root *r, const char *path, const struct stat *st)
{
	if (!r->live)
		return;
	if (st->st_uid != 0 && st->st_uid != geteuid())
		errlist_add(l->errors, path, 0,
			"owned by uid %u, who could change what is checked; run `chown root %s`",
			(unsigned)st->st_uid, path);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		errlist_add(l->errors, path, 0,
			"mode %04o lets others write to it; run `chmod go-w %s`",
			(unsigned)(st->st_mode & 07777), path);
}

static void unreadable(struct load *l, const char *path, const char *what, int r)
{
	size_t n = l->errors->n;

	errlist_add(l->errors, path, 0, "cannot be %s: %s", what, fsio_strerror(r));
	/* It stands last: nothing of this file was read. */
	if (l->errors->n > n)
		l->errors->v[n].denied = r == -EACCES || r == -EPERM;
}

static int read_file(struct load *l, const struct root *r, const char *path, bool optional)
{
	_cleanup_file_ struct file f = {0};

	int err = root_read(r, path, CONF_SIZE_MAX, &f);
	if (err == -ENOMEM || (err == -ENOENT && optional))
		return err == -ENOMEM ? err : 0;
	if (err < 0) {
		unreadable(l, path, "read", err);
		return 0;
	}
	check_owner(l, r, path, &f.st);
	return read_text(l, path, f.data, f.size);
}

struct listing {
	struct load *load;
	const struct root *root;
	const char *dir;
};

static int read_entry(const char *name, void *arg)
{
	struct listing *d = arg;
	size_t n = strlen(name);

	if (name[0] == '.' || n < 5 || strcmp(name + n - 5, ".conf") != 0)
		return 0;
	char *path = arena_printf(d->load->policy->arena, "%s/%s", d->dir, name);
	return path ? read_file(d->load, d->root, path, false) : -ENOMEM;
}

static int read_dir(struct load *l, const struct root *r, const char *dir)
{
	struct listing d = {.load = l, .root = r, .dir = dir};
	struct stat st;

	int err = root_stat(r, dir, &st);
	if (err == 0)
		check_owner(l, r, dir, &st);
	err = root_list(r, dir, CONF_FILES_MAX, read_entry, &d);
	if (err == 0 || err == -ENOENT || err == -ENOMEM)
		return err == -ENOMEM ? err : 0;
	unreadable(l, dir, "listed", err);
	return 0;
}

/* Makes ready for a load: a policy of defaults, and an arena for the errors. */
static int load_init(struct load *l, struct errlist *errors)
{
	if (!errors->arena)
		errors->arena = arena_new();
	*l = (struct load){.errors = errors, .policy = policy_new()};
	return errors->arena && l->policy ? 0 : -ENOMEM;
}

/* Says which profiles there are, if the name is of none. Whether it is of one. */
static bool check_profile(
	struct load *l, const char *what, const char *name, const struct conf_error *place)
{
	struct suggest s = {.word = name};
	const char *other;

	int r = policy_has_profile(l->policy, name);
	if (r == 0)
		return true;
	for (size_t i = 0; (other = policy_profile_name(l->policy, i)); i++)
		suggest_offer(&s, other);
	if (r == -ELOOP)
		errlist_add(l->errors, place->path, place->line,
			"%s = \"%s\": this profile comes from itself, or by too many steps", what, name);
	else if (s.best)
		errlist_add(l->errors, place->path, place->line,
			"%s = \"%s\": no such profile, did you mean \"%s\"?", what, name, s.best);
	else
		errlist_add(l->errors, place->path, place->line,
			"%s = \"%s\": no such profile; there are default, pouta, alliance, "
			"exoscale, nectar, and those of [profile NAME]",
			what, name);
	return false;
}

/* When every file was read: each profile is from one that there is, and one is in use. */
static int settle_profile(struct load *l)
{
	struct policy *p = l->policy;
	const struct slot *used = policy_slot(p, "hardend", "profile");
	bool good = true;

	for (size_t i = 0; i < p->n_profiles; i++) {
		const struct site_profile *site = &p->profiles[i];
		char what[128];
		(void)snprintf(what, sizeof(what), "[profile %s] from", site->name);
		good = check_profile(l, what, site->from,
			       &(struct conf_error){.path = site->path, .line = site->line}) &&
		       good;
	}
	if (!good || !used->path ||
		!check_profile(l, "[hardend] profile", used->value.s,
			&(struct conf_error){.path = used->path, .line = used->line}))
		return 0;
	return policy_use_profile(p, used->value.s);
}

/* Hands out the policy when all went well, frees it otherwise. */
static int load_finish(struct load *l, int r, size_t errors_before, struct policy **ret)
{
	if (r == 0 && l->errors->n == errors_before)
		r = settle_profile(l);
	if (r == 0 && l->errors->n > errors_before)
		r = -EINVAL;
	if (r == 0 && arena_failed(l->policy->arena))
		r = -ENOMEM;
	if (l->errors->arena && arena_failed(l->errors->arena))
		r = -ENOMEM;
	if (r == 0)
		*ret = l->policy;
	else
		policy_free(l->policy);
	return r;
}

int conf_load(const struct root *r, const char *path, bool optional, struct errlist *errors,
	struct policy **ret)
{
	struct load l;
	size_t before = errors->n;

	int err = load_init(&l, errors);
	if (err == 0)
		err = read_file(&l, r, path, optional);
	if (err == 0) {
		const char *dir = arena_printf(l.policy->arena, "%s.d", path);
		err = dir ? read_dir(&l, r, dir) : -ENOMEM;
	}
	return load_finish(&l, err, before, ret);
}

int conf_load_text(const char *path, const char *text, size_t size, struct errlist *errors,
	struct policy **ret)
{
	struct load l;
	size_t before = errors->n;

	int r = load_init(&l, errors);
	if (r == 0)
		r = read_text(&l, path, text, size);
	return load_finish(&l, r, before, ret);
}

struct policy *policy_new_default(void)
{
	return policy_new();
}
