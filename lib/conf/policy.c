/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "check/check.h"
#include "conf/build.h"
#include "conf/schema.h"

static int compare_slots(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;
	int r = strcmp(x->section, y->section);

	return r ? r : strcmp(x->param->key, y->param->key);
}

static int add_slots(struct policy *p, const char *section, const struct param *rows)
{
	for (; rows && rows->key; rows++) {
		struct slot *s = arena_grow(p->arena, &p->slots, p->n_slots, sizeof(*s));
		const char *why = NULL;
		if (!s)
			return -ENOMEM;
		*s = (struct slot){.section = section, .param = rows};
		int r = value_parse(p->arena, rows, rows->def, false, &s->value, &why);
		assert(r != -EINVAL); /* a default that its own row forbids */
		if (r < 0)
			return r;
		p->n_slots++;
	}
	return 0;
}

struct policy *policy_new(void)
{
	_cleanup_(policy_freep) struct policy *p = calloc(1, sizeof(*p));
	const struct param *rows[2];
	const char *section;

	if (!p)
		return NULL;
	p->arena = arena_new();
	if (!p->arena)
		return NULL;
	for (size_t i = 0; (section = schema_section(i)); i++) {
		(void)schema_params(section, rows); /* every section of the schema has some */
		if (add_slots(p, section, rows[0]) < 0 || add_slots(p, section, rows[1]) < 0)
			return NULL;
	}
	qsort(p->slots, p->n_slots, sizeof(*p->slots), compare_slots);
	if (policy_use_profile(p, "default") < 0)
		return NULL;
	return TAKE_PTR(p);
}

void policy_free(struct policy *p)
{
	if (!p)
		return;
	arena_free(p->arena);
	free(p);
}

struct slot *policy_slot(const struct policy *p, const char *section, const char *key)
{
	const struct param param = {.key = key};
	const struct slot want = {.section = section, .param = &param};

	return bsearch(&want, p->slots, p->n_slots, sizeof(*p->slots), compare_slots);
}

#define TYPE(t) (1u << (t))

static const struct value *get(
	const struct policy *p, const char *section, const char *key, unsigned types)
{
	const struct slot *s = policy_slot(p, section, key);

	assert(s && "a key that is in no schema");
	assert((TYPE(s->param->type) & types) && "a key asked for as another type");
	return &s->value;
}

bool policy_bool(const struct policy *p, const char *section, const char *key)
{
	return get(p, section, key, TYPE(PARAM_BOOL))->b;
}

uint64_t policy_uint(const struct policy *p, const char *section, const char *key)
{
	return get(p, section, key, TYPE(PARAM_UINT))->u;
}

uint64_t policy_usec(const struct policy *p, const char *section, const char *key)
{
	return get(p, section, key, TYPE(PARAM_USEC) | TYPE(PARAM_DATE))->u;
}

const char *policy_string(const struct policy *p, const char *section, const char *key)
{
	return get(p, section, key, TYPE(PARAM_STRING) | TYPE(PARAM_PATH) | TYPE(PARAM_CHOICE))->s;
}

const char *const *policy_list(const struct policy *p, const char *section, const char *key)
{
	return get(p, section, key, TYPE(PARAM_LIST) | TYPE(PARAM_NETS))->list.v;
}

bool policy_list_has(const struct policy *p, const char *section, const char *key, const char *word)
{
	for (const char *const *w = policy_list(p, section, key); *w; w++) {
		if (strcmp(*w, word) == 0)
			return true;
	}
	return false;
}

bool policy_enabled(const struct policy *p, const char *check)
{
	const struct slot *s = policy_slot(p, check, "enabled");

	assert(s && "not a check");
	return s->value.b && (s->path || policy_in_profile(p, check));
}

enum severity policy_severity(const struct policy *p, const char *check, enum severity dflt)
{
	int s = severity_from_name(policy_string(p, check, "severity"));

	return s < 0 ? dflt : (enum severity)s;
}

const struct waiver *policy_waiver(
	const struct policy *p, const char *check, const char *subject, uint64_t realtime_usec)
{
	for (size_t i = 0; i < p->n_waivers; i++) {
		const struct waiver *w = &p->waivers[i];
		if (realtime_usec <= w->until_realtime_usec && strcmp(w->check, check) == 0 &&
			text_glob(w->subject, subject))
			return w;
	}
	return NULL;
}

uint64_t policy_next_lapse(const struct policy *p, uint64_t realtime_usec)
{
	uint64_t next = USEC_INFINITY;

	for (size_t i = 0; i < p->n_waivers; i++) {
		uint64_t lapse = p->waivers[i].until_realtime_usec + 1;
		if (lapse > realtime_usec)
			next = MIN(next, lapse);
	}
	return next;
}

const struct waiver *policy_waiver_at(const struct policy *p, size_t i)
{
	return i < p->n_waivers ? &p->waivers[i] : NULL;
}

const struct attestation *policy_attestation(const struct policy *p, const char *check)
{
	for (size_t i = 0; i < p->n_attestations; i++) {
		if (strcmp(p->attestations[i].check, check) == 0)
			return &p->attestations[i];
	}
	return NULL;
}

const struct attestation *policy_attestation_at(const struct policy *p, size_t i)
{
	return i < p->n_attestations ? &p->attestations[i] : NULL;
}
