/* SPDX-License-Identifier: ISC */
#include "conf/waiver.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/suggest.h"
#include "base/text.h"
#include "check/check.h"
#include "conf/schema.h"

/* In the order of schema_waiver. */
enum { W_CHECK, W_SUBJECT, W_REASON, W_OWNER, W_UNTIL };
static_assert(W_UNTIL + 1 == WAIVER_KEYS, "a value for each key");

int waiver_begin(
	struct waiver_draft *d, struct arena *a, const char *name, const char *path, unsigned line)
{
	const char *why;

	*d = (struct waiver_draft){.path = path, .line = line};
	for (size_t i = 0; i < WAIVER_KEYS; i++) {
		if (value_parse(a, &schema_waiver[i], schema_waiver[i].def, false, &d->values[i],
			    &why) < 0)
			return -ENOMEM; /* the defaults are valid */
	}
	d->name = arena_strdup(a, name);
	return d->name ? 0 : -ENOMEM;
}

static void unknown_key(
	const struct waiver_draft *d, const char *key, unsigned line, struct errlist *errors)
{
	struct suggest s = {.word = key};

	for (size_t i = 0; i < WAIVER_KEYS; i++)
		suggest_offer(&s, schema_waiver[i].key);
	errlist_add(errors, d->path, line,
		"[waiver %s] %s: unknown key%s%s%s; a waiver has check, subject, reason, owner, "
		"until",
		d->name, key, s.best ? ", did you mean \"" : "", s.best ? s.best : "",
		s.best ? "\"" : "");
}

int waiver_key(struct waiver_draft *d, struct arena *a, const char *key, const char *value,
	unsigned line, bool continued, struct errlist *errors)
{
	const char *why = NULL;
	size_t i = 0;

	while (i < WAIVER_KEYS && strcmp(schema_waiver[i].key, key) != 0)
		i++;
	if (i == WAIVER_KEYS) {
		d->bad = true;
		if (!continued)
			unknown_key(d, key, line, errors);
		return 0;
	}
	if (d->lines[i] && !continued) {
		d->bad = true;
		errlist_add(errors, d->path, line,
			"[waiver %s] %s: given twice, first in line %u; remove one", d->name, key,
			d->lines[i]);
		return 0;
	}
	int r = value_parse(a, &schema_waiver[i], value, continued, &d->values[i], &why);
	if (r == -EINVAL) {
		d->bad = d->refused[i] = true;
		errlist_add(errors, d->path, line, "[waiver %s] %s = \"%s\": %s", d->name, key,
			value, why);
		r = 0;
	}
	d->lines[i] = line;
	return r;
}

static void check_known(const struct waiver_draft *d, struct errlist *errors)
{
	const char *id = d->values[W_CHECK].s;
	struct suggest s = {.word = id};

	if (!*id || check_find(id))
		return;
	for (size_t i = 0; i < check_count(); i++)
		suggest_offer(&s, check_at(i)->id);
	errlist_add(errors, d->path, d->lines[W_CHECK],
		"[waiver %s] check = \"%s\": no check has this id%s%s%s; see `hardenctl list`",
		d->name, id, s.best ? ", did you mean \"" : "", s.best ? s.best : "",
		s.best ? "\"" : "");
}

static bool is_empty(const struct waiver_draft *d, size_t i)
{
	return i == W_UNTIL ? d->values[i].u == 0 : !*d->values[i].s;
}

static void check_complete(const struct waiver_draft *d, struct errlist *errors)
{
	for (size_t i = 0; i < WAIVER_KEYS; i++) {
		if (!is_empty(d, i) || d->refused[i])
			continue;
		errlist_add(errors, d->path, d->lines[i] ? d->lines[i] : d->line,
			"[waiver %s] %s: %s; it must say %s", d->name, schema_waiver[i].key,
			d->lines[i] ? "empty" : "missing",
			i == W_UNTIL	 ? "the last day on which it holds, as YYYY-MM-DD"
			: i == W_CHECK	 ? "which check is waived"
			: i == W_SUBJECT ? "what is excepted, * for all"
			: i == W_REASON	 ? "why"
					 : "who answers for it");
	}
}

/* The place of the waiver: that of its namesake, or a new one. NULL on ENOMEM. */
static struct waiver *place(struct policy *p, const char *name)
{
	for (size_t i = 0; i < p->n_waivers; i++) {
		if (strcmp(p->waivers[i].name, name) == 0)
			return &p->waivers[i];
	}
	struct waiver *w = arena_grow(p->arena, &p->waivers, p->n_waivers, sizeof(*w));
	if (w)
		p->n_waivers++;
	return w;
}

int waiver_end(struct waiver_draft *d, struct policy *p, struct errlist *errors)
{
	struct arena *a = p->arena;
	size_t before = errors->n;

	if (!d->name)
		return 0;
	check_known(d, errors);
	check_complete(d, errors);
	const struct waiver mine = {
		.name = text_clean(a, d->name),
		.check = text_clean(a, d->values[W_CHECK].s),
		.subject = arena_strdup(a, d->values[W_SUBJECT].s),
		.reason = text_clean(a, d->values[W_REASON].s),
		.owner = text_clean(a, d->values[W_OWNER].s),
		.until_realtime_usec = d->values[W_UNTIL].u,
		.path = text_clean(a, d->path),
		.line = d->line,
	};
	bool bad = d->bad || errors->n > before;
	d->name = NULL;
	if (arena_failed(a))
		return -ENOMEM;
	if (bad)
		return 0;
	struct waiver *w = place(p, mine.name);
	if (!w)
		return -ENOMEM;
	*w = mine;
	return 0;
}
