/* SPDX-License-Identifier: ISC */
/* [profile NAME]: a site's own, from another one and with what differs. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/suggest.h"
#include "check/check.h"
#include "conf/draft.h"
#include "conf/profile.h"
#include "conf/schema.h"

/* In the order of schema_profile. */
enum { P_FROM, P_TITLE, P_ADD, P_DROP, P_KEYS };
static_assert(P_KEYS <= DRAFT_KEYS_MAX, "room for each key");

static const char *const demands[] = {
	[P_FROM] = "which profile it begins with",
	[P_DROP] = NULL,
};
static_assert(ARRAY_SIZE(demands) == P_KEYS, "one for each key");

static const struct param *find_param(const char *section, const char *key)
{
	const struct param *rows[2];

	if (schema_params(section, rows) < 0)
		return NULL;
	for (size_t i = 0; i < 2; i++) {
		for (const struct param *p = rows[i]; p && p->key; p++) {
			if (strcmp(p->key, key) == 0)
				return p;
		}
	}
	return NULL;
}

/* The section of the schema whose name is the first n bytes of s; [hardend] is not for profiles. */
static const char *find_section(const char *s, size_t n)
{
	const char *section;

	for (size_t i = 0; (section = schema_section(i)); i++) {
		if (strlen(section) == n && strncmp(section, s, n) == 0)
			return strcmp(section, "hardend") == 0 ? NULL : section;
	}
	return NULL;
}

static struct site_setting *find_setting(
	const struct draft *d, const char *section, const struct param *param)
{
	for (size_t i = 0; i < d->n_settings; i++) {
		if (d->settings[i].param == param && strcmp(d->settings[i].section, section) == 0)
			return &d->settings[i];
	}
	return NULL;
}

/* The place of a setting, a new one where it is set for the first time. NULL on ENOMEM. */
static struct site_setting *place_setting(
	struct draft *d, struct arena *a, const char *section, const struct param *param)
{
	struct site_setting *s = find_setting(d, section, param);

	if (s)
		return s;
	s = arena_grow(a, &d->settings, d->n_settings, sizeof(*s));
	if (!s)
		return NULL;
	*s = (struct site_setting){.section = section, .param = param};
	d->n_settings++;
	return s;
}

static int set(struct draft *d, struct arena *a, const struct draft_line *line,
	struct site_setting *s, struct errlist *errors)
{
	bool lists = s->param->type == PARAM_LIST || s->param->type == PARAM_NETS;
	bool more = s->line > 0 && (line->continued || lists);
	const char *why;

	if (s->line > 0 && !more) {
		d->bad = true;
		errlist_add(errors, d->path, line->line,
			"[profile %s] %s: given twice, first in line %u; remove one", d->name,
			line->key, s->line);
		return 0;
	}
	int r = value_parse(a, s->param, line->value, more, &s->value, &why);
	if (r == -EINVAL) {
		d->bad = true;
		errlist_add(errors, d->path, line->line, "[profile %s] %s = \"%s\": %s", d->name,
			line->key, line->value, why);
		r = 0;
	}
	s->line = line->line;
	return r;
}

/* SECTION.KEY = value. 1: it is no such line. */
static int other(
	struct draft *d, struct arena *a, const struct draft_line *line, struct errlist *errors)
{
	const char *dot = strchr(line->key, '.');

	if (!dot)
		return 1;
	const char *section = find_section(line->key, (size_t)(dot - line->key));
	const struct param *param = section ? find_param(section, dot + 1) : NULL;
	if (!param) {
		d->bad = true;
		if (!line->continued)
			errlist_add(errors, d->path, line->line,
				"[profile %s] %s: no such key; expected policy.KEY or "
				"CHECK-ID.KEY, "
				"see hardend.conf(5)",
				d->name, line->key);
		return 0;
	}
	struct site_setting *s = place_setting(d, a, section, param);
	return s ? set(d, a, line, s, errors) : -ENOMEM;
}

static void check_ids(const struct draft *d, unsigned key, struct errlist *errors)
{
	for (const char *const *id = d->values[key].list.v; id && *id; id++) {
		if (!check_find(*id))
			draft_unknown_check(d, d->lines[key], *id, errors);
	}
}

static void check(const struct draft *d, struct errlist *errors)
{
	if (profile_find_builtin(d->name))
		errlist_add(errors, d->path, d->line,
			"[profile %s]: a profile of this name ships; give yours another name, and "
			"`from = %s`",
			d->name, d->name);
	check_ids(d, P_ADD, errors);
	check_ids(d, P_DROP, errors);
}

/* The place of the profile: that of its namesake, or a new one. NULL on ENOMEM. */
static struct site_profile *place(struct policy *p, const char *name)
{
	for (size_t i = 0; i < p->n_profiles; i++) {
		if (strcmp(p->profiles[i].name, name) == 0)
			return &p->profiles[i];
	}
	struct site_profile *mine = arena_grow(
		p->arena, &p->profiles, p->n_profiles, sizeof(*mine));
	if (mine)
		p->n_profiles++;
	return mine;
}

static int keep(const struct draft *d, struct policy *p)
{
	struct site_profile *to = place(p, d->name);

	if (!to)
		return -ENOMEM;
	*to = (struct site_profile){
		.name = d->name,
		.title = d->values[P_TITLE].s,
		.from = d->values[P_FROM].s,
		.add = d->values[P_ADD].list.v,
		.drop = d->values[P_DROP].list.v,
		.settings = d->settings,
		.n_settings = d->n_settings,
		.path = d->path,
		.line = d->lines[P_FROM] ? d->lines[P_FROM] : d->line,
	};
	return 0;
}

const struct draft_kind draft_profile = {
	.word = "profile",
	.example = "web-server",
	.schema = schema_profile,
	.demands = demands,
	.other = other,
	.check = check,
	.keep = keep,
};
