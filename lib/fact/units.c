/* SPDX-License-Identifier: ISC */
#include "fact/units.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static const char *const state_names[] = {
	[UNIT_FILE_BAD] = "bad",
	[UNIT_FILE_ENABLED] = "enabled",
	[UNIT_FILE_ENABLED_RUNTIME] = "enabled-runtime",
	[UNIT_FILE_LINKED] = "linked",
	[UNIT_FILE_LINKED_RUNTIME] = "linked-runtime",
	[UNIT_FILE_ALIAS] = "alias",
	[UNIT_FILE_MASKED] = "masked",
	[UNIT_FILE_MASKED_RUNTIME] = "masked-runtime",
	[UNIT_FILE_STATIC] = "static",
	[UNIT_FILE_DISABLED] = "disabled",
	[UNIT_FILE_INDIRECT] = "indirect",
	[UNIT_FILE_GENERATED] = "generated",
	[UNIT_FILE_TRANSIENT] = "transient",
};
static_assert(
	sizeof(state_names) / sizeof(*state_names) == UNIT_FILE_STATE_MAX, "a word for each state");

const char *unit_file_state_name(enum unit_file_state s)
{
	return state_names[s];
}

static int unit_compare(const void *a, const void *b)
{
	return strcmp(((const struct unit *)a)->name, ((const struct unit *)b)->name);
}

int units_sort(struct arena *a, struct unit *v, size_t n, struct units *ret)
{
	if (arena_failed(a))
		return -ENOMEM;
	if (n > 1)
		qsort(v, n, sizeof(*v), unit_compare);
	ret->v = v;
	ret->n = n;
	return 0;
}

const struct unit *units_find(const struct units *u, const char *name)
{
	const struct unit *found = NULL;

	/* An alias names a unit that is none, but a bad one may turn in a circle. */
	for (unsigned hops = 0; u->n > 0 && hops < 16; hops++) {
		const struct unit key = {.name = name};
		found = bsearch(&key, u->v, u->n, sizeof(*u->v), unit_compare);
		if (!found || !found->target)
			break;
		name = found->target;
	}
	return found;
}

bool unit_is_effective(const struct units *u, const char *name)
{
	const struct unit *unit = units_find(u, name);

	if (!unit || !unit->starts)
		return false;
	return !u->live || unit->active == UNIT_ACTIVE;
}

bool unit_is_on(const struct units *u, const char *name)
{
	const struct unit *unit = units_find(u, name);

	return unit && (unit->starts || unit->active == UNIT_ACTIVE);
}

const char *unit_setting(const struct unit *u, const char *key)
{
	const char *value = NULL;

	for (size_t i = 0; i < u->n_settings; i++) {
		if (strcmp(u->settings[i].key, key) == 0)
			value = u->settings[i].value;
	}
	return value && *value ? value : NULL;
}
