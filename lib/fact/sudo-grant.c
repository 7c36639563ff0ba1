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
		return sudo_people_in_group(s->people, s->account, m->name);
	case SUDO_GID:
		return sudo_people_in_gid(s->people, s->account, m->id);
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
