/* SPDX-License-Identifier: ISC */
/* What a check is judged by, made by hand: units, and a policy from its text. */
#pragma once

#include "test.h"

#include "base/text.h"
#include "conf/conf.h"
#include "fact/fact.h"
#include "fact/units.h"

struct unit_row {
	const char *name; /* NULL ends the rows */
	bool starts;	  /* a timer without On* is a daily one */
	enum unit_active active;
	const char *key, *value; /* one setting of it; without a key it is ExecStart */
};

/*
 * Puts the fact of these units of a booted machine; init NULL is systemd, and
 * mute (or NULL) is why it does not answer. The rows stay with the caller.
 */
static inline void fixture_units(struct factset *facts, const struct unit_row *rows, size_t max,
	const char *init, const char *mute)
{
	struct fact *f = fact_new(FACT_UNITS);
	struct units *u = arena_alloc(f->arena, sizeof(*u));
	struct unit *v = arena_alloc(f->arena, max * sizeof(*v));
	size_t n = 0;

	for (; n < max && rows[n].name; n++) {
		struct unit_setting *s = arena_alloc(f->arena, 2 * sizeof(*s));
		const char *key = rows[n].key ? rows[n].key : "ExecStart";
		size_t n_settings = 0;
		if (rows[n].value)
			s[n_settings++] = (struct unit_setting){key, rows[n].value, "/u", 1};
		if (text_ends_with(rows[n].name, ".timer") && strncmp(key, "On", 2) != 0)
			s[n_settings++] = (struct unit_setting){"OnCalendar", "daily", "/u", 1};
		v[n] = (struct unit){.name = rows[n].name,
			.starts = rows[n].starts,
			.active = rows[n].active,
			.state = UNIT_FILE_ENABLED,
			.settings = s,
			.n_settings = n_settings};
	}
	*u = (struct units){.init = init ? init : "systemd",
		.booted = true,
		.live = !mute,
		.live_reason = mute};
	assert_int_equal(units_sort(f->arena, v, n, u), 0);
	f->u.units = u;
	factset_put(facts, f);
}

/* The policy that the text makes (NULL: the default). Owned by the caller. */
static inline struct policy *fixture_policy(const char *conf)
{
	struct policy *policy = NULL;
	struct errlist errors = {0};

	conf = conf ? conf : "";
	assert_int_equal(conf_load_text("test", conf, strlen(conf), &errors, &policy), 0);
	errlist_fini(&errors);
	return policy;
}
