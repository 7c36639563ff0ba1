/* SPDX-License-Identifier: ISC */
#include "conf/draft.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "check/check.h"

int draft_begin(struct draft *d, struct arena *a, const char *name)
{
	const struct param *schema = d->kind->schema;
	const char *why;
	int r = 0;

	for (size_t i = 0; r == 0 && schema[i].key; i++)
		r = value_parse(a, &schema[i], schema[i].def, false, &d->values[i], &why);
	d->name = arena_strdup(a, name);
	if (r == 0 && d->name)
		return 0;
	d->kind = NULL;
	return -ENOMEM; /* the defaults are valid */
}

static void unknown_key(
	const struct draft *d, const struct draft_line *line, struct errlist *errors)
{
	const struct param *schema = d->kind->schema;
	struct suggest s = {.word = line->key};
	char keys[256] = "";

	for (size_t i = 0; schema[i].key; i++) {
		size_t n = strlen(keys);
		suggest_offer(&s, schema[i].key);
		(void)snprintf(
			keys + n, sizeof(keys) - n, "%s%s", n > 0 ? ", " : "", schema[i].key);
	}
	errlist_add(errors, d->path, line->line, "[%s %s] %s: unknown key%s%s%s; %s %s has %s",
		d->kind->word, d->name, line->key, s.best ? ", did you mean \"" : "",
		s.best ? s.best : "", s.best ? "\"" : "",
		strchr("aeiou", d->kind->word[0]) ? "an" : "a", d->kind->word, keys);
}

int draft_key(
	struct draft *d, struct arena *a, const struct draft_line *line, struct errlist *errors)
{
	const struct param *schema = d->kind->schema;
	const char *why = NULL;
	size_t i = 0;
	int r = d->kind->other ? d->kind->other(d, a, line, errors) : 1;

	if (r != 1)
		return r;
	while (schema[i].key && strcmp(schema[i].key, line->key) != 0)
		i++;
	if (!schema[i].key) {
		d->bad = true;
		if (!line->continued)
			unknown_key(d, line, errors);
		return 0;
	}
	bool lists = schema[i].type == PARAM_LIST;
	if (d->lines[i] && !line->continued && !lists) {
		d->bad = true;
		errlist_add(errors, d->path, line->line,
			"[%s %s] %s: given twice, first in line %u; remove one", d->kind->word,
			d->name, line->key, d->lines[i]);
		return 0;
	}
	bool more = line->continued || (lists && d->lines[i]);
	r = value_parse(a, &schema[i], line->value, more, &d->values[i], &why);
	if (r == -EINVAL) {
		d->bad = d->refused[i] = true;
		errlist_add(errors, d->path, line->line, "[%s %s] %s = \"%s\": %s", d->kind->word,
			d->name, line->key, line->value, why);
		r = 0;
	}
	d->lines[i] = line->line;
	return r;
}

static bool is_empty(const struct draft *d, size_t i)
{
	return d->kind->schema[i].type == PARAM_DATE ? d->values[i].u == 0 : !*d->values[i].s;
}

static void check_complete(const struct draft *d, struct errlist *errors)
{
	for (size_t i = 0; d->kind->schema[i].key; i++) {
		if (!d->kind->demands[i] || d->refused[i] || !is_empty(d, i))
			continue;
		errlist_add(errors, d->path, d->lines[i] ? d->lines[i] : d->line,
			"[%s %s] %s: %s; it must say %s", d->kind->word, d->name,
			d->kind->schema[i].key, d->lines[i] ? "empty" : "missing",
			d->kind->demands[i]);
	}
}

int draft_end(struct draft *d, struct policy *p, struct errlist *errors)
{
	const struct draft_kind *kind = d->kind;
	size_t before = errors->n;

	if (!kind)
		return 0;
	if (kind->check)
		kind->check(d, errors);
	check_complete(d, errors);
	d->kind = NULL;
	if (d->bad || errors->n > before)
		return 0;
	return kind->keep(d, p);
}

void draft_unknown_check(
	const struct draft *d, unsigned line, const char *id, struct errlist *errors)
{
	struct suggest s = {.word = id};

	for (size_t i = 0; i < check_count(); i++)
		suggest_offer(&s, check_at(i)->id);
	errlist_add(errors, d->path, line,
		"[%s %s]: no check is called \"%s\"%s%s%s; see `hardenctl list`", d->kind->word,
		d->name, id, s.best ? ", did you mean \"" : "", s.best ? s.best : "",
		s.best ? "\"" : "");
}
