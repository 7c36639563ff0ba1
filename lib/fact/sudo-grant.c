/* SPDX-License-Identifier: ISC */
#include "fact/sudo-grant.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <strings.h>

/* sudo has it so: a name with a dot is compared with the long name, another with the short one. */
static enum sudo_answer host_name_matches(const char *pattern, const struct sudo_host *host)
{
	const char *dot = strchr(pattern, '.');
	const char *name = dot ? host->name : host->short_name;

	if (strpbrk(pattern, "\\?*[]"))
		return fnmatch(pattern, name, FNM_CASEFOLD) == 0 ? SUDO_YES
		       : dot && !strchr(host->name, '.')	 ? SUDO_MAYBE
								 : SUDO_NO;
	if (strcasecmp(pattern, name) == 0)
		return SUDO_YES;
	/* The rest of the long name comes from DNS when sudo is built or set to ask (fqdn). */
	size_t n = strlen(host->short_name);
	bool same = dot && (size_t)(dot - pattern) == n &&
		    strncasecmp(pattern, host->short_name, n) == 0;
	return same && !strchr(host->name, '.') ? SUDO_MAYBE : SUDO_NO;
}

static enum sudo_answer host_matches(const struct sudo_member *m, const struct sudo_host *host)
{
	switch (m->kind) {
	case SUDO_ALL:
		return SUDO_YES;
	case SUDO_HOST:
		return host->name ? host_name_matches(m->name, host) : SUDO_MAYBE;
	default:
		return SUDO_MAYBE; /* addresses change, netgroups are not local */
	}
}

enum sudo_answer sudo_host_matches(const struct sudo_members *hosts, const struct sudo_host *host)
{
	bool may_allow = false, may_deny = false;

	for (size_t i = hosts->n; i-- > 0;) {
		const struct sudo_member *m = &hosts->v[i];
		switch (host_matches(m, host)) {
		case SUDO_YES:
			if (m->negated)
				return may_allow ? SUDO_MAYBE : SUDO_NO;
			return may_deny ? SUDO_MAYBE : SUDO_YES;
		case SUDO_MAYBE:
			may_deny |= m->negated;
			may_allow |= !m->negated;
			break;
		default:
			break;
		}
	}
	return may_allow ? SUDO_MAYBE : SUDO_NO;
}

/* One group that sudoers names, by name or id, and all of /etc/group that it means. */
struct named_group {
	const struct sudo_member *member;
	const struct account_group **v;
	size_t n;
};

struct sudo_groups {
	struct named_group *v;
	size_t n;
};

/* A name may stand there twice, and case does not matter to sudo. */
static bool names_group(const struct sudo_member *m, const struct account_group *g)
{
	return m->kind == SUDO_GROUP ? strcasecmp(g->name, m->name) == 0 : g->gid == m->id;
}

static const struct named_group *find_named(
	const struct sudo_groups *groups, const struct sudo_member *m)
{
	for (size_t i = 0; i < groups->n; i++) {
		const struct sudo_member *known = groups->v[i].member;
		if (known->kind == m->kind &&
			(m->kind == SUDO_GROUP ? strcasecmp(known->name, m->name) == 0
					       : known->id == m->id))
			return &groups->v[i];
	}
	return NULL;
}

static int resolve(struct sudo_groups *groups, const struct accounts *accounts,
	const struct sudo_member *m, struct arena *a)
{
	if ((m->kind != SUDO_GROUP && m->kind != SUDO_GID) || find_named(groups, m))
		return 0;
	struct named_group *named = arena_grow(a, &groups->v, groups->n, sizeof(*named));
	if (!named)
		return -ENOMEM;
	*named = (struct named_group){.member = m};
	groups->n++;
	for (size_t i = 0; i < accounts->n_groups; i++) {
		if (!names_group(m, &accounts->groups[i]))
			continue;
		const struct account_group **slot =
			arena_grow(a, &named->v, named->n, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		*slot = &accounts->groups[i];
		named->n++;
	}
	return 0;
}

const struct sudo_groups *sudo_groups_resolve(
	const struct accounts *accounts, const struct sudo *sudo, struct arena *a)
{
	struct sudo_groups *groups = arena_alloc(a, sizeof(*groups));
	int r = groups ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < sudo->n_grants; i++) {
		const struct sudo_members *const lists[] = {
			&sudo->grants[i].users, &sudo->grants[i].runas_users};
		for (size_t k = 0; k < ARRAY_SIZE(lists); k++) {
			for (size_t m = 0; r == 0 && m < lists[k]->n; m++)
				r = resolve(groups, accounts, &lists[k]->v[m], a);
		}
	}
	return r == 0 ? groups : NULL;
}

static bool in_group(const struct sudo_subject *s, const struct sudo_member *m)
{
	const struct named_group *named = s->groups ? find_named(s->groups, m) : NULL;

	if (m->kind == SUDO_GID && s->account->gid == m->id)
		return true;
	for (size_t i = 0; named && i < named->n; i++) {
		if (account_in_group(s->account, named->v[i]))
			return true;
	}
	for (size_t i = 0; !named && s->accounts && i < s->accounts->n_groups; i++) {
		const struct account_group *g = &s->accounts->groups[i];
		if (names_group(m, g) && account_in_group(s->account, g))
			return true;
	}
	return false;
}

static bool account_matches(const struct sudo_subject *s, const struct sudo_member *m)
{
	switch (m->kind) {
	case SUDO_ALL:
		return true;
	case SUDO_USER:
		return strcasecmp(m->name, s->account->name) == 0;
	case SUDO_UID:
		return m->id == s->account->uid;
	case SUDO_GROUP:
	case SUDO_GID:
		return in_group(s, m);
	default:
		return false;
	}
}

static bool member_matches(const struct sudo_member *known, const struct sudo_member *m)
{
	if (m->kind == SUDO_ALL)
		return true;
	if (m->kind != known->kind)
		return false;
	return m->kind == SUDO_UID || m->kind == SUDO_GID ? m->id == known->id
							  : strcasecmp(m->name, known->name) == 0;
}

const struct sudo_member *sudo_user_match(
	const struct sudo_members *users, const struct sudo_subject *subject)
{
	for (size_t i = users->n; i-- > 0;) {
		const struct sudo_member *m = &users->v[i];
		bool matches = subject->account ? account_matches(subject, m)
						: member_matches(subject->member, m);
		if (matches)
			return m;
	}
	return NULL;
}

static int copy_members(struct arena *a, const struct sudo_members *list, struct sudo_members *ret)
{
	struct sudo_member *v = arena_alloc(a, list->n * sizeof(*v));

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < list->n; i++) {
		v[i] = list->v[i];
		v[i].name = arena_strdup(a, list->v[i].name);
		v[i].args = arena_strdup(a, list->v[i].args);
		v[i].digest = arena_strdup(a, list->v[i].digest);
	}
	*ret = (struct sudo_members){v, list->n};
	return arena_failed(a) ? -ENOMEM : 0;
}

struct builder {
	const struct sudo_tree *tree;
	const struct sudo_host *host;
	struct arena *arena;
	struct sudo *out;
	size_t budget;
	int64_t now;
};

static int expand(struct builder *b, enum sudo_alias_type type, const struct sudo_members *list,
	struct sudo_members *ret)
{
	struct sudo_members out = {0};

	int r = sudo_tree_expand(b->tree, type, list, &b->budget, &out);
	return r < 0 ? r : copy_members(b->arena, &out, ret);
}

/* When it had no zone, any zone may hold: it is over when it is over everywhere. */
static bool is_expired(const char *notafter, int64_t now)
{
	int64_t end;
	int r = notafter ? sudo_gentime(notafter, &end) : -EINVAL;

	return r >= 0 && now > (r == 1 ? end + 14 * 3600 : end);
}

static int add_grant(struct builder *b, const struct sudo_spec *spec, const struct sudo_command *c,
	const struct sudo_grant *base)
{
	struct sudo_grant g = *base;
	struct sudo_members one = {(struct sudo_member *)&c->command, 1};

	int r = expand(b, SUDO_ALIAS_COMMAND, &one, &g.commands);
	if (r == 0)
		r = expand(b, SUDO_ALIAS_RUNAS, &c->runas_users, &g.runas_users);
	if (r == 0)
		r = expand(b, SUDO_ALIAS_RUNAS, &c->runas_groups, &g.runas_groups);
	if (r < 0)
		return r;
	memcpy(g.tags, c->tags, sizeof(g.tags));
	for (int i = 0; i < SUDO_OPTION_MAX; i++)
		g.options[i] = arena_strdup(b->arena, c->options[i]);
	struct sudo_command shown = *c;
	shown.runas_users = g.runas_users;
	shown.runas_groups = g.runas_groups;
	g.text = sudo_command_text(b->tree->arena, &g.hosts, &shown, &g.commands);
	g.text = arena_strdup(b->arena, g.text);
	g.line = spec->line;
	g.expired = is_expired(c->options[SUDO_OPTION_NOTAFTER], b->now);
	struct sudo_grant *slot = arena_grow(
		b->arena, &b->out->grants, b->out->n_grants, sizeof(*slot));
	if (!slot || !g.text)
		return -ENOMEM;
	*slot = g;
	b->out->n_grants++;
	return 0;
}

static int add_spec(struct builder *b, const struct sudo_spec *spec, const char *path)
{
	struct sudo_grant base = {.path = path};

	int r = expand(b, SUDO_ALIAS_USER, &spec->users, &base.users);
	if (r == 0)
		r = expand(b, SUDO_ALIAS_HOST, &spec->hosts, &base.hosts);
	if (r < 0)
		return r;
	base.here = sudo_host_matches(&base.hosts, b->host);
	b->out->n_elsewhere += base.here == SUDO_NO;
	for (size_t i = 0; i < spec->n_commands; i++) {
		r = add_grant(b, spec, &spec->commands[i], &base);
		if (r < 0)
			return r;
	}
	return 0;
}

int sudo_grants(const struct sudo_tree *t, const struct sudo_host *host, int64_t now,
	struct arena *a, struct sudo *ret)
{
	struct builder b = {.tree = t,
		.host = host,
		.arena = a,
		.out = ret,
		.budget = SUDO_EXPANDED_MAX,
		.now = now};
	const char *path = NULL;

	for (size_t i = 0; i < t->n_specs; i++) {
		const char *p = t->specs[i].path;
		if (p && (!path || strcmp(p, path) != 0))
			path = arena_strdup(a, p);
		int r = add_spec(&b, &t->specs[i], p ? path : NULL);
		if (r < 0)
			return r;
	}
	return arena_failed(a) || arena_failed(t->arena) ? -ENOMEM : 0;
}
