/* SPDX-License-Identifier: ISC */
/* Which Defaults hold for whom. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "fact/sudo-grant.h"

static const struct {
	const char *name;
	bool dflt;
} flags[] = {
	[SUDO_FLAG_AUTHENTICATE] = {"authenticate", true},
	[SUDO_FLAG_ROOTPW] = {"rootpw", false},
	[SUDO_FLAG_TARGETPW] = {"targetpw", false},
	[SUDO_FLAG_RUNASPW] = {"runaspw", false},
	[SUDO_FLAG_SETENV] = {"setenv", false},
};
static_assert(ARRAY_SIZE(flags) == SUDO_FLAG_MAX, "a row for each flag");

/* sudo applies those that are general or for a host or user, then for runas, then for commands. */
static int pass_of(enum sudo_scope scope)
{
	return scope == SUDO_SCOPE_RUNAS ? 1 : scope == SUDO_SCOPE_COMMAND ? 2 : 0;
}

int sudo_settings(
	const struct sudo_tree *t, const struct sudo_host *host, struct sudo_settings *ret)
{
	static const enum sudo_alias_type types[] = {
		[SUDO_SCOPE_ALL] = SUDO_ALIAS_USER,
		[SUDO_SCOPE_USER] = SUDO_ALIAS_USER,
		[SUDO_SCOPE_RUNAS] = SUDO_ALIAS_RUNAS,
		[SUDO_SCOPE_HOST] = SUDO_ALIAS_HOST,
		[SUDO_SCOPE_COMMAND] = SUDO_ALIAS_COMMAND,
	};
	struct sudo_default *v = arena_alloc(t->arena, t->n_defaults * sizeof(*v));
	size_t n = 0, budget = SUDO_EXPANDED_MAX;

	if (!v)
		return -ENOMEM;
	for (int pass = 0; pass < 3; pass++) {
		for (size_t i = 0; i < t->n_defaults; i++) {
			const struct sudo_default *d = &t->defaults[i];
			if (pass_of(d->scope) != pass)
				continue;
			v[n] = *d;
			v[n].binding = (struct sudo_members){0};
			int r = sudo_tree_expand(
				t, types[d->scope], &d->binding, &budget, &v[n].binding);
			if (r < 0)
				return r;
			n++;
		}
	}
	*ret = (struct sudo_settings){v, n, host};
	return 0;
}

static bool user_bound(const struct sudo_members *list, const struct sudo_subject *subject)
{
	const struct sudo_member *m = sudo_user_match(list, subject);

	return m && !m->negated;
}

static bool command_bound(const struct sudo_members *list, const struct sudo_member *command)
{
	for (size_t i = list->n; i-- > 0;) {
		const struct sudo_member *m = &list->v[i];
		if (m->kind == SUDO_ALL ||
			(m->kind == command->kind && strcmp(m->name, command->name) == 0))
			return !m->negated;
	}
	return false;
}

static enum sudo_answer holds(const struct sudo_settings *s, const struct sudo_default *d,
	const struct sudo_subject *subject, const struct sudo_subject *target,
	const struct sudo_member *command)
{
	switch (d->scope) {
	case SUDO_SCOPE_ALL:
		return SUDO_YES;
	case SUDO_SCOPE_HOST:
		return sudo_host_matches(&d->binding, s->host);
	case SUDO_SCOPE_USER:
		return user_bound(&d->binding, subject) ? SUDO_YES : SUDO_NO;
	case SUDO_SCOPE_RUNAS:
		return target && user_bound(&d->binding, target) ? SUDO_YES : SUDO_NO;
	default:
		return command && command_bound(&d->binding, command) ? SUDO_YES : SUDO_NO;
	}
}

bool sudo_setting_flag(const struct sudo_settings *s, enum sudo_flag flag,
	const struct sudo_subject *subject, const struct sudo_subject *target,
	const struct sudo_member *command)
{
	bool on = flags[flag].dflt, lax = flag == SUDO_FLAG_SETENV;

	for (size_t i = 0; i < s->n; i++) {
		const struct sudo_default *d = &s->v[i];
		bool value = d->op != '!';
		if (strcmp(d->name, flags[flag].name) != 0)
			continue;
		enum sudo_answer answer = holds(s, d, subject, target, command);
		if (answer == SUDO_YES || (answer == SUDO_MAYBE && value == lax))
			on = value;
	}
	return on;
}

const char *sudo_setting_string(const struct sudo_settings *s, const char *name,
	const struct sudo_subject *subject, const char *dflt)
{
	const char *value = dflt;

	for (size_t i = 0; i < s->n; i++) {
		const struct sudo_default *d = &s->v[i];
		if (strcmp(d->name, name) != 0)
			continue;
		enum sudo_answer answer = holds(s, d, subject, NULL, NULL);
		/* What may not hold must not turn a grant of root into another's. */
		if (answer == SUDO_YES ||
			(answer == SUDO_MAYBE && strcmp(name, "runas_default") != 0))
			value = d->op == '!' || !d->value ? dflt : d->value;
	}
	return value;
}
