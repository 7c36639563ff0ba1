/* SPDX-License-Identifier: ISC */
#include "watch-table.h"

#include <stdlib.h>
#include <string.h>

void table_init(struct watch_table *t, uint64_t seed)
{
	*t = (struct watch_table){.seed = seed};
}

void table_fini(struct watch_table *t)
{
	free(t->objects);
	free(t->names);
	free(t->text);
	free(t->object_index);
	free(t->name_index);
	table_init(t, t->seed);
}

static uint64_t mix(uint64_t h)
{
	h ^= h >> 33;
	h *= UINT64_C(0xff51afd7ed558ccd);
	h ^= h >> 33;
	h *= UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

static uint64_t hash_object(const struct watch_table *t, int wd)
{
	return mix(t->seed + (uint64_t)wd);
}

static uint64_t hash_name(const struct watch_table *t, int wd, const char *s, size_t n)
{
	uint64_t h = hash_object(t, wd);

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * UINT64_C(0x100000001b3);
	return mix(h);
}

static bool name_is(
	const struct watch_table *t, const struct name *e, int wd, const char *s, size_t n)
{
	return e->wd == wd && e->length == n && memcmp(t->text + e->text, s, n) == 0;
}

/* The slot in the index where the row is, or the free one where it belongs. */
static uint32_t *object_slot(const struct watch_table *t, int wd)
{
	uint32_t i = (uint32_t)hash_object(t, wd) & (t->object_slots - 1);

	while (t->object_index[i] && t->objects[t->object_index[i] - 1].wd != wd)
		i = (i + 1) & (t->object_slots - 1);
	return &t->object_index[i];
}

static uint32_t *name_slot(const struct watch_table *t, int wd, const char *s, size_t n)
{
	uint32_t i = (uint32_t)hash_name(t, wd, s, n) & (t->name_slots - 1);

	while (t->name_index[i] && !name_is(t, &t->names[t->name_index[i] - 1], wd, s, n))
		i = (i + 1) & (t->name_slots - 1);
	return &t->name_index[i];
}

struct object *table_object(const struct watch_table *t, int wd)
{
	if (t->object_slots == 0)
		return NULL;
	uint32_t row = *object_slot(t, wd);
	return row ? &t->objects[row - 1] : NULL;
}

struct name *table_name(const struct watch_table *t, int wd, const char *s, size_t n)
{
	if (t->name_slots == 0)
		return NULL;
	uint32_t row = *name_slot(t, wd, s, n);
	return row ? &t->names[row - 1] : NULL;
}

static void index_objects(struct watch_table *t)
{
	memset(t->object_index, 0, t->object_slots * sizeof(*t->object_index));
	for (uint32_t i = 0; i < t->n_objects; i++)
		*object_slot(t, t->objects[i].wd) = i + 1;
}

static void index_names(struct watch_table *t)
{
	memset(t->name_index, 0, t->name_slots * sizeof(*t->name_index));
	for (uint32_t i = 0; i < t->n_names; i++) {
		const struct name *e = &t->names[i];
		*name_slot(t, e->wd, t->text + e->text, e->length) = i + 1;
	}
}

/* Room for n rows, by half more than before; NULL on ENOMEM, the old ones stay. */
static void *grown(void *v, uint32_t n, uint32_t *room, size_t size)
{
	if (n <= *room)
		return v;
	uint32_t more = MAX(n, *room + *room / 2 + 16);
	void *p = reallocarray(v, more, size);
	if (p)
		*room = more;
	return p;
}

/* An empty index twice as large, when n rows would fill the present one above three quarters. */
static int index_grow(uint32_t **index, uint32_t *slots, uint32_t n)
{
	if (n <= *slots / 4 * 3)
		return 0;
	uint32_t more = *slots ? *slots * 2 : 64;
	uint32_t *p = calloc(more, sizeof(*p));
	if (!p)
		return -1;
	free(*index);
	*index = p;
	*slots = more;
	return 1;
}

struct object *table_add_object(struct watch_table *t, int wd)
{
	struct object *o = table_object(t, wd);
	if (o)
		return o;
	o = grown(t->objects, t->n_objects + 1, &t->room_objects, sizeof(*o));
	if (!o)
		return NULL;
	t->objects = o;
	int r = index_grow(&t->object_index, &t->object_slots, t->n_objects + 1);
	if (r < 0)
		return NULL;
	if (r > 0)
		index_objects(t);
	t->objects[t->n_objects] = (struct object){.wd = wd};
	*object_slot(t, wd) = ++t->n_objects;
	return &t->objects[t->n_objects - 1];
}

struct name *table_add_name(struct watch_table *t, int wd, const char *s, size_t n)
{
	struct name *e = table_name(t, wd, s, n);
	if (e)
		return e;
	char *text = grown(t->text, t->n_text + (uint32_t)n + 1, &t->room_text, 1);
	if (!text)
		return NULL;
	t->text = text;
	e = grown(t->names, t->n_names + 1, &t->room_names, sizeof(*e));
	if (!e)
		return NULL;
	t->names = e;
	int r = index_grow(&t->name_index, &t->name_slots, t->n_names + 1);
	if (r < 0)
		return NULL;
	if (r > 0)
		index_names(t);
	memcpy(text + t->n_text, s, n);
	text[t->n_text + n] = '\0';
	uint32_t *slot = name_slot(t, wd, s, n);
	t->names[t->n_names] = (struct name){.wd = wd, .text = t->n_text, .length = (uint8_t)n};
	t->n_text += (uint32_t)n + 1;
	*slot = ++t->n_names;
	return &t->names[t->n_names - 1];
}

void table_stale(struct watch_table *t)
{
	for (uint32_t i = 0; i < t->n_objects; i++)
		t->objects[i].stale = true;
	for (uint32_t i = 0; i < t->n_names; i++)
		t->names[i].stale = true;
}

fact_mask object_facts(const struct object *o)
{
	fact_mask mask = 0;

	for (int i = 0; i < OBJECT_ROLE_MAX; i++)
		mask |= o->role[i];
	return mask;
}

/* One row's roles become the next ones. */
static void renew(fact_mask *role, int n, uint8_t *next, fact_mask bit, bool keep, bool *gained)
{
	for (int i = 0; i < n; i++) {
		bool had = role[i] & bit, has = *next & 1U << i;
		if (has && !had)
			*gained = true;
		role[i] = has || (keep && had) ? role[i] | bit : role[i] & ~bit;
	}
	*next = 0;
}

/* Drops rows without roles; text moves down with its rows, which are in its order. */
static void sweep_names(struct watch_table *t)
{
	uint32_t w = 0, text = 0;

	for (uint32_t i = 0; i < t->n_names; i++) {
		struct name e = t->names[i];
		if ((e.role[NAME_PATH] | e.role[NAME_FINAL]) == 0)
			continue;
		memmove(t->text + text, t->text + e.text, e.length + 1U);
		e.text = text;
		text += e.length + 1U;
		t->names[w++] = e;
	}
	t->n_names = w;
	t->n_text = text;
	index_names(t);
}

static void sweep_objects(struct watch_table *t, void (*dropped)(int wd, void *arg), void *arg)
{
	uint32_t w = 0;

	for (uint32_t i = 0; i < t->n_objects; i++) {
		struct object o = t->objects[i];
		if (object_facts(&o) == 0)
			dropped(o.wd, arg);
		else
			t->objects[w++] = o;
	}
	t->n_objects = w;
	index_objects(t);
}

struct commit table_commit(struct watch_table *t, enum fact_id id, bool keep,
	uint32_t (*wanted)(const struct object *o), void (*dropped)(int wd, void *arg), void *arg)
{
	const fact_mask bit = (fact_mask)FACT_BIT(id);
	uint32_t dead_names = 0, dead_objects = 0;
	struct commit c = {0};

	for (uint32_t i = 0; i < t->n_names; i++) {
		struct name *e = &t->names[i];
		renew(e->role, NAME_ROLE_MAX, &e->next, bit, keep, &c.gained);
		dead_names += (e->role[NAME_PATH] | e->role[NAME_FINAL]) == 0;
	}
	for (uint32_t i = 0; i < t->n_objects; i++) {
		struct object *o = &t->objects[i];
		renew(o->role, OBJECT_ROLE_MAX, &o->next, bit, keep, &c.gained);
		o->fresh &= ~bit;
		dead_objects += object_facts(o) == 0;
		if (o->mask & ~wanted(o)) {
			c.loose |= object_facts(o);
			o->stale = true;
		}
	}
	if (dead_names > 0)
		sweep_names(t);
	if (dead_objects > 0)
		sweep_objects(t, dropped, arg);
	return c;
}
