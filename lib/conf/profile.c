/* SPDX-License-Identifier: ISC */
/* Putting a profile in use: from the one that ships, through those that change it. */
#include "conf/profile.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "check/check.h"

/* How many profiles may stand one on another. */
#define DEPTH_MAX 16

/* What becomes of a check, by check_index(). */
struct pick {
	bool in;      /* some item of the shipped profile has it */
	bool added;   /* a site's profile adds it to those */
	bool dropped; /* a site's profile leaves it out */
};

static const struct site_profile *find_site(const struct policy *p, const char *name)
{
	for (size_t i = 0; i < p->n_profiles; i++) {
		if (strcmp(p->profiles[i].name, name) == 0)
			return &p->profiles[i];
	}
	return NULL;
}

/* The profile that ships at the end of the way, or NULL; *ret_r says why: -ENOENT, -ELOOP. */
static const struct profile *find_base(const struct policy *p, const char *name, int *ret_r)
{
	for (size_t i = 0; i <= DEPTH_MAX; i++) {
		const struct profile *base = profile_find_builtin(name);
		const struct site_profile *site = base ? NULL : find_site(p, name);
		if (!site) {
			*ret_r = base ? 0 : -ENOENT;
			return base;
		}
		name = site->from;
	}
	*ret_r = -ELOOP;
	return NULL;
}

int policy_has_profile(const struct policy *p, const char *name)
{
	int r;

	(void)find_base(p, name, &r); /* r says all */
	return r;
}

const char *policy_profile_name(const struct policy *p, size_t i)
{
	size_t n = 0;

	for (; profile_builtin(n); n++) {
		if (n == i)
			return profile_builtin(n)->name;
	}
	return i - n < p->n_profiles ? p->profiles[i - n].name : NULL;
}

/* The check of the next id in *p, which goes behind it; *ret_end says that there is none. */
static const struct check *next_check(const char **p, bool *ret_end)
{
	char id[64];

	*p += strspn(*p, " ");
	size_t n = strcspn(*p, " ");
	*ret_end = n == 0;
	if (n == 0 || n >= sizeof(id))
		return NULL;
	memcpy(id, *p, n);
	id[n] = '\0';
	*p += n;
	return check_find(id);
}

static void pick_items(const struct profile *base, struct pick *picks)
{
	bool end = false;

	for (size_t i = 0; !base->items && i < check_count(); i++)
		picks[i].in = true;
	for (const struct profile_item *item = base->items; item && item->label; item++) {
		const char *p = item->checks;
		for (const struct check *c = next_check(&p, &end); !end; c = next_check(&p, &end)) {
			if (c)
				picks[check_index(c)].in = true;
		}
	}
}

/* What this one says after those that it is from have spoken. */
static int change(struct policy *p, const char *name, struct pick *picks)
{
	const struct site_profile *site = find_site(p, name);

	if (!site)
		return 0;
	int r = change(p, site->from, picks);
	for (const char *const *id = site->drop; r == 0 && *id; id++)
		picks[check_index(check_find(*id))].dropped = true;
	for (const char *const *id = site->add; r == 0 && *id; id++) {
		struct pick *pick = &picks[check_index(check_find(*id))];
		pick->dropped = false;
		pick->added = !pick->in;
	}
	for (size_t i = 0; r == 0 && i < site->n_settings; i++) {
		const struct site_setting *s = &site->settings[i];
		struct slot *slot = policy_slot(p, s->section, s->param->key);
		if (slot->path)
			continue;
		slot->value = s->value;
		slot->profiled = true;
	}
	return r;
}

static int set_slot(struct policy *p, struct slot *slot, const char *text, bool profiled)
{
	const char *why;
	int r = value_parse(p->arena, slot->param, text, false, &slot->value, &why);

	assert(r != -EINVAL); /* a default or a shipped setting that its own row forbids */
	slot->profiled = profiled;
	return r;
}

/* Takes back what the profile before has set, and sets what the base of the new one sets. */
static int set_base(struct policy *p, const struct profile *base)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n_slots; i++) {
		if (p->slots[i].profiled)
			r = set_slot(p, &p->slots[i], p->slots[i].param->def, false);
	}
	for (const struct profile_setting *s = base->settings; r == 0 && s && s->section; s++) {
		struct slot *slot = policy_slot(p, s->section, s->key);
		assert(slot); /* a shipped setting of a key that is in no schema */
		if (!slot->path)
			r = set_slot(p, slot, s->value, true);
	}
	return r;
}

static int add_item(struct policy *p, struct profile_use *use, const char *label, const char *title)
{
	struct policy_item *item = arena_grow(p->arena, &use->items, use->n_items, sizeof(*item));

	if (!item)
		return -ENOMEM;
	*item = (struct policy_item){.label = label, .title = title};
	use->n_items++;
	return 0;
}

/* Puts a check behind those of the last item; NULL ends them. */
static int add_check(struct policy *p, struct profile_use *use, size_t *n, const char *id)
{
	struct policy_item *item = &use->items[use->n_items - 1];
	const char **slot = arena_grow(p->arena, &item->checks, *n, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = id;
	*n += id != NULL;
	return 0;
}

static int make_item(struct policy *p, struct profile_use *use, const struct profile_item *from,
	const struct pick *picks)
{
	const char *text = from->checks;
	bool end = false;
	size_t n = 0;

	int r = add_item(p, use, from->label, from->title);
	for (const struct check *c = next_check(&text, &end); r == 0 && !end;
		c = next_check(&text, &end)) {
		if (c && !picks[check_index(c)].dropped)
			r = add_check(p, use, &n, c->id);
	}
	return r == 0 ? add_check(p, use, &n, NULL) : r;
}

static int make_added(struct policy *p, struct profile_use *use, const struct pick *picks)
{
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < check_count(); i++) {
		if (!picks[i].added || picks[i].dropped)
			continue;
		if (n == 0)
			r = add_item(p, use, "+", "What the site adds");
		if (r == 0)
			r = add_check(p, use, &n, check_at(i)->id);
	}
	return r == 0 && n > 0 ? add_check(p, use, &n, NULL) : r;
}

/* No profile of a guide switches the monitor's own health off, or what only tells of drift. */
static bool is_always(const struct check *c)
{
	return c->kind == CHECK_DRIFT || strncmp(c->id, "monitor-", 8) == 0;
}

static int make_use(
	struct policy *p, const char *name, const struct profile *base, const struct pick *picks)
{
	const struct site_profile *site = find_site(p, name);
	struct profile_use use = {
		.name = site ? site->name : base->name,
		.title = site && *site->title ? site->title : base->title,
		.selected = arena_alloc(p->arena, check_count() * sizeof(*use.selected)),
	};
	int r = use.selected ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < check_count(); i++)
		use.selected[i] = (picks[i].in || picks[i].added || is_always(check_at(i))) &&
				  !picks[i].dropped;
	for (const struct profile_item *item = base->items; r == 0 && item && item->label; item++)
		r = make_item(p, &use, item, picks);
	if (r == 0 && base->items)
		r = make_added(p, &use, picks);
	if (r == 0)
		p->use = use;
	return r;
}

int policy_use_profile(struct policy *p, const char *name)
{
	int r;
	const struct profile *base = find_base(p, name, &r);

	if (!base)
		return r;
	struct pick *picks = calloc(check_count() + 1, sizeof(*picks));
	if (!picks)
		return -ENOMEM;
	pick_items(base, picks);
	r = set_base(p, base);
	if (r == 0)
		r = change(p, name, picks);
	if (r == 0)
		r = make_use(p, name, base, picks);
	free(picks);
	return r;
}

const char *policy_profile(const struct policy *p, const char **ret_title)
{
	if (ret_title)
		*ret_title = p->use.title;
	return p->use.name;
}

const struct policy_item *policy_profile_item(const struct policy *p, size_t i)
{
	return i < p->use.n_items ? &p->use.items[i] : NULL;
}

bool policy_in_profile(const struct policy *p, const char *check)
{
	return p->use.selected[check_index(check_find(check))];
}
