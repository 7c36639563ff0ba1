/* SPDX-License-Identifier: ISC */
#include "fact/sshd-contexts.h"

#include <errno.h>
#include <string.h>

/* What one kind of connection comes to; several places of a class may share it. */
struct outcome {
	size_t class, place; /* the first that has it */
	size_t n_places;
	bool outside;
	struct sshd_value *values;
	size_t n;
	bool root, others;
};

struct build {
	struct sshd_conf *conf;
	struct arena *arena, *out;
	struct sshd_classes classes;
	struct sshd_places places;
	struct outcome *outcomes;
	size_t n_outcomes;
	size_t *map; /* class * places.n + place: its outcome, NO_OUTCOME */
};

#define NO_OUTCOME SIZE_MAX

static bool same_values(const struct outcome *o, const struct sshd_value *v, size_t n)
{
	if (o->n != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(o->values[i].value, v[i].value) != 0)
			return false;
	}
	return true;
}

static size_t *map_at(const struct build *b, size_t class, size_t place)
{
	return &b->map[class * b->places.n + place];
}

/* An outcome that the class has already, or that the general one has at this place. */
static size_t find_outcome(
	const struct build *b, size_t class, size_t place, const struct sshd_value *v, size_t n)
{
	size_t general = class > 0 ? *map_at(b, 0, place) : NO_OUTCOME;

	if (general != NO_OUTCOME && same_values(&b->outcomes[general], v, n))
		return general;
	for (size_t i = 0; i < b->n_outcomes; i++) {
		if (b->outcomes[i].class == class && same_values(&b->outcomes[i], v, n))
			return i;
	}
	return NO_OUTCOME;
}

static int evaluate(struct build *b, size_t class, size_t place)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct sshd_connection conn = b->places.v[place].conn;
	struct sshd_value *v;
	size_t n;

	if (!scratch)
		return -ENOMEM;
	*map_at(b, class, place) = NO_OUTCOME;
	conn.user = b->classes.v[class].user;
	conn.groups = b->classes.v[class].groups;
	int r = sshd_conf_eval(b->conf, &conn, scratch, &v, &n);
	if (r == -EINVAL)
		return 0; /* dropped: nobody comes in this way; the error is noted */
	if (r < 0)
		return r;
	size_t i = find_outcome(b, class, place, v, n);
	if (i == NO_OUTCOME) {
		struct outcome *o = arena_grow(b->arena, &b->outcomes, b->n_outcomes, sizeof(*o));
		if (!o)
			return -ENOMEM;
		o->values = arena_alloc(b->arena, n * sizeof(*v));
		if (!o->values)
			return -ENOMEM;
		for (size_t k = 0; k < n; k++) {
			o->values[k] = v[k];
			o->values[k].value = arena_strdup(b->arena, v[k].value);
			if (!o->values[k].value)
				return -ENOMEM;
		}
		o->n = n;
		o->class = class;
		o->place = place;
		i = b->n_outcomes++;
	}
	struct outcome *o = &b->outcomes[i];
	o->n_places += o->class == class;
	o->outside |= b->places.v[place].outside;
	o->root |= b->classes.v[class].root;
	o->others |= b->classes.v[class].others;
	*map_at(b, class, place) = i;
	return 0;
}

/* When sshd drops everybody there still is a general context: what it starts with. */
static int add_fallback(struct build *b)
{
	struct outcome *o = arena_grow(b->arena, &b->outcomes, b->n_outcomes, sizeof(*o));

	if (!o)
		return -ENOMEM;
	o->values = arena_alloc(b->arena, b->conf->n_defaults * sizeof(*o->values));
	if (!o->values)
		return -ENOMEM;
	memcpy(o->values, b->conf->defaults, b->conf->n_defaults * sizeof(*o->values));
	o->n = b->conf->n_defaults;
	o->n_places = b->places.n;
	o->root = o->others = o->outside = true;
	b->n_outcomes++;
	return 0;
}

static int evaluate_all(struct build *b)
{
	size_t n = b->classes.n * b->places.n;

	if (n > SSHD_EVALS_MAX)
		return -EFBIG;
	b->map = arena_alloc(b->arena, n * sizeof(*b->map));
	if (!b->map)
		return -ENOMEM;
	for (size_t c = 0; c < b->classes.n; c++) {
		for (size_t p = 0; p < b->places.n; p++) {
			int r = evaluate(b, c, p);
			if (r == 0 && c == 0 && p == 0 && b->n_outcomes == 0)
				r = add_fallback(b);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* ---- from outcomes to contexts, which live in another arena ---- */

/* "from 10.0.0.0/8", "on port 2222"; places without a difference are "from anywhere". */
static char *label_of(const struct build *b, const struct outcome *o)
{
	const char *class = b->classes.v[o->class].label, *place = b->places.v[o->place].label;

	if (o->n_places == b->places.n)
		return arena_printf(b->out, "%s from anywhere", class);
	return arena_printf(
		b->out, "%s %s %s", class, strncmp(place, "port ", 5) == 0 ? "on" : "from", place);
}

/* Copies a value, sharing text with the general context's. */
static int copy_value(struct arena *out, const struct sshd_value *v,
	const struct sshd_value *general, struct sshd_value *ret)
{
	*ret = *v;
	if (general && strcmp(general->value, v->value) == 0)
		ret->value = general->value;
	else
		ret->value = arena_strdup(out, v->value);
	if (general && general->path && v->path && strcmp(general->path, v->path) == 0)
		ret->path = general->path;
	else
		ret->path = arena_strdup(out, v->path);
	return ret->value && (ret->path || !v->path) ? 0 : -ENOMEM;
}

static int copy_context(struct build *b, const struct outcome *o,
	const struct sshd_context *general, struct sshd_context *ret)
{
	struct sshd_value *values = arena_alloc(b->out, o->n * sizeof(*values));
	const struct sshd_class *class = &b->classes.v[o->class];
	const struct sshd_place *place = &b->places.v[o->place];

	if (!values)
		return -ENOMEM;
	for (size_t i = 0; i < o->n; i++) {
		int r = copy_value(
			b->out, &o->values[i], general ? &general->values[i] : NULL, &values[i]);
		if (r < 0)
			return r;
	}
	*ret = (struct sshd_context){
		.label = label_of(b, o),
		.user = o->class > 0 ? arena_strdup(b->out, class->user) : NULL,
		.address = o->n_places < b->places.n ? arena_strdup(b->out, place->conn.address)
						     : NULL,
		.root = o->root,
		.others = o->others,
		.outside = o->outside,
		.values = values,
		.n_values = o->n,
	};
	return ret->label ? 0 : -ENOMEM;
}

static int compare_member(const void *a, const void *b)
{
	return strcmp(((const struct sshd_member *)a)->user, ((const struct sshd_member *)b)->user);
}

/* Accounts whose context from outside is not the general one. */
static int copy_members(struct build *b, const struct accounts *accounts, struct sshd *ret)
{
	struct sshd_member *members = NULL;
	size_t n = 0;

	for (size_t i = 0; i < accounts->n; i++) {
		size_t class = b->classes.of_account[i], outcome = *map_at(b, class, 0);
		if (class == 0 || outcome == NO_OUTCOME || b->outcomes[outcome].class == 0)
			continue;
		struct sshd_member *slot = arena_grow(b->out, &members, n, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		slot->user = arena_strdup(b->out, accounts->v[i].name);
		slot->context = outcome;
		if (!slot->user)
			return -ENOMEM;
		n++;
	}
	if (n > 1)
		qsort(members, n, sizeof(*members), compare_member);
	ret->members = members;
	ret->n_members = n;
	return 0;
}

static int copy_contexts(struct build *b, const struct accounts *accounts, struct sshd *ret)
{
	struct sshd_context *v = arena_alloc(b->out, b->n_outcomes * sizeof(*v));

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < b->n_outcomes; i++) {
		int r = copy_context(b, &b->outcomes[i], i > 0 ? &v[0] : NULL, &v[i]);
		if (r < 0)
			return r;
	}
	ret->contexts = v;
	ret->n_contexts = b->n_outcomes;
	return copy_members(b, accounts, ret);
}

int sshd_contexts_build(struct sshd_conf *c, const struct accounts *accounts,
	const char *const *trusted, struct arena *out, struct sshd *ret)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct build b = {.conf = c, .arena = arena, .out = out};
	struct sshd_blocks blocks;

	if (!arena)
		return -ENOMEM;
	int r = sshd_blocks_collect(c, arena, &blocks);
	if (r == 0)
		r = sshd_places_collect(c, &blocks, trusted, arena, &b.places);
	if (r == 0)
		r = sshd_classes_collect(c, &blocks, accounts, arena, &b.classes);
	if (r == 0)
		r = evaluate_all(&b);
	/* A place that memory had no room for must not be taken for one that is not there. */
	if (r == 0 && arena_failed(arena))
		r = -ENOMEM;
	return r < 0 ? r : copy_contexts(&b, accounts, ret);
}
