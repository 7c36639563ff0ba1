/* SPDX-License-Identifier: ISC */
#include "fact/sudo-people.h"

#include <string.h>
#include <strings.h>

struct sudo_group_set {
	const char *name; /* NULL: by id */
	gid_t gid;
	bool *in; /* by account */
};

static void add_primary(const struct accounts *acc, gid_t gid, bool *in)
{
	for (size_t i = 0; i < acc->n; i++)
		in[i] |= acc->v[i].gid == gid;
}

static void add_group(const struct accounts *acc, const struct account_group *g, bool *in)
{
	add_primary(acc, g->gid, in);
	for (size_t i = 0; i < g->n_members; i++) {
		const struct account *x = accounts_find(acc, g->members[i]);
		if (x)
			in[x - acc->v] = true;
	}
}

static bool is_meant(const struct account_group *g, const char *name, gid_t gid)
{
	return name ? strcasecmp(g->name, name) == 0 : g->gid == gid;
}

static const bool *get_set(struct sudo_people *p, const char *name, gid_t gid)
{
	const struct accounts *acc = p->accounts;

	for (size_t i = 0; i < p->n; i++) {
		const struct sudo_group_set *s = &p->sets[i];
		if (name ? s->name && strcmp(s->name, name) == 0 : !s->name && s->gid == gid)
			return s->in;
	}
	struct sudo_group_set *slot = arena_grow(p->arena, &p->sets, p->n, sizeof(*slot));
	bool *in = slot ? arena_alloc(p->arena, acc->n * sizeof(*in)) : NULL;
	if (!in)
		return NULL;
	/* Every group of the name: it may stand there twice. An id needs no group at all. */
	if (!name)
		add_primary(acc, gid, in);
	for (size_t i = 0; i < acc->n_groups; i++) {
		if (is_meant(&acc->groups[i], name, gid))
			add_group(acc, &acc->groups[i], in);
	}
	*slot = (struct sudo_group_set){.name = name, .gid = gid, .in = in};
	p->n++;
	return in;
}

static bool is_in(struct sudo_people *p, const struct account *account, const bool *in)
{
	return in && in[account - p->accounts->v];
}

bool sudo_people_in_group(struct sudo_people *p, const struct account *account, const char *name)
{
	return is_in(p, account, get_set(p, name, 0));
}

bool sudo_people_in_gid(struct sudo_people *p, const struct account *account, gid_t gid)
{
	return account->gid == gid || is_in(p, account, get_set(p, NULL, gid));
}
