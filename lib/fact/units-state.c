/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "fact/units-scan.h"

/*
 * The words of `systemctl is-enabled`, by the same steps: a unit is enabled when
 * a link that its [Install] would make, or by its own name, is in a directory
 * that is not below the one its file lies in.
 */

static bool begins(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && path[len] == '/';
}

static bool is_runtime(const char *path)
{
	return begins(path, "/run");
}

/* The directory of a path is dir itself. */
static bool lies_in(const char *path, const char *dir)
{
	return begins(path, dir) && !strchr(path + strlen(dir) + 1, '/');
}

static bool is_generated(const char *path)
{
	return lies_in(path, UNIT_DIR_GENERATOR) || lies_in(path, UNIT_DIR_GENERATOR ".early") ||
	       lies_in(path, UNIT_DIR_GENERATOR ".late");
}

/* Whether the name is one that enabling the unit makes links by. */
static bool is_known_name(const struct unit_info *u, const char *name)
{
	if (strcmp(name, u->name) == 0)
		return true;
	for (size_t i = 0; i < u->aliases.n; i++) {
		if (strcmp(u->aliases.v[i], name) == 0)
			return true;
	}
	if (!u->default_instance || unit_name_kind(u->name) != UNIT_NAME_TEMPLATE)
		return false;
	size_t at = strcspn(u->name, "@") + 1, len = strlen(u->default_instance);
	return strncmp(name, u->name, at) == 0 &&
	       strncmp(name + at, u->default_instance, len) == 0 &&
	       strcmp(name + at + len, u->name + at) == 0;
}

static bool is_instance_of(const char *name, const char *template)
{
	const char *at = strchr(template, '@'), *type = unit_name_type(template);

	return at && at + 2 == type && strncmp(name, template, (size_t)(at + 1 - template)) == 0 &&
	       strcmp(unit_name_type(name), type) == 0;
}

/* What the links of one directory say of a unit. */
struct found {
	bool enabled, same_name;
};

/* A link in UNIT.wants or UNIT.requires of each directory. */
static void look_at_wants(
	const struct units_scan *s, const struct unit_info *u, bool match, struct found *found)
{
	for (size_t i = 0; i < s->n_links; i++) {
		const struct unit_link *l = &s->links[i];
		if (!l->link || l->kind == LINK_UPHOLDS || found[l->dir].enabled)
			continue;
		if (strcmp(l->name, u->name) != 0 && !is_instance_of(l->name, u->name))
			continue;
		found[l->dir].enabled = !match || is_known_name(u, l->name);
	}
}

/* A link among the units of each directory. */
static void look_at_entries(const struct units_scan *s, const struct unit_info *u, bool match,
	unsigned own_dir, struct found *found)
{
	for (size_t i = 0; i < s->n_entries; i++) {
		const struct unit_entry *e = &s->entries[i];
		if (!e->target || found[e->dir].enabled)
			continue;
		/* In a directory below the file's own, the same name means nothing. */
		bool by_name = e->dir <= own_dir && strcmp(e->name, u->name) == 0;
		bool by_target = strcmp(text_base_name(e->target), u->name) == 0;
		if (by_name && by_target)
			found[e->dir].same_name = true;
		else if (by_name || by_target)
			found[e->dir].enabled = !match || is_known_name(u, e->name);
	}
}

/* The state by links, or UNIT_FILE_BAD when there are none. */
static enum unit_file_state state_by_links(
	const struct units_scan *s, const struct unit_info *u, bool match)
{
	struct found found[UNIT_DIRS_MAX] = {0};
	bool runtime = false, elsewhere = false, link_config = false, link_runtime = false;
	unsigned own_dir = s->n_dirs;

	for (unsigned i = 0; i < s->n_dirs && own_dir == s->n_dirs; i++) {
		if (begins(u->path, s->dirs[i]))
			own_dir = i;
	}
	look_at_wants(s, u, match, found);
	look_at_entries(s, u, match, own_dir, found);
	for (unsigned i = 0; i < s->n_dirs; i++) {
		bool config = strcmp(s->dirs[i], UNIT_DIR_CONFIG) == 0;
		if (found[i].enabled && config)
			return UNIT_FILE_ENABLED;
		runtime |= found[i].enabled && is_runtime(s->dirs[i]);
		elsewhere |= found[i].enabled && !is_runtime(s->dirs[i]);
		link_config |= found[i].same_name && config;
		link_runtime |= found[i].same_name && is_runtime(s->dirs[i]);
	}
	if (runtime)
		return UNIT_FILE_ENABLED_RUNTIME;
	/* A name that is linked by the distribution is an alias; an instance is wanted by it. */
	if (elsewhere && unit_name_kind(u->name) == UNIT_NAME_INSTANCE)
		return UNIT_FILE_STATIC;
	if (link_config)
		return UNIT_FILE_LINKED;
	return link_runtime ? UNIT_FILE_LINKED_RUNTIME : UNIT_FILE_BAD;
}

static enum unit_file_state state_of(const struct units_scan *s, const struct unit_info *u)
{
	const struct unit_info *final = u->final;

	if (!final || final->bad)
		return UNIT_FILE_BAD;
	if (final->masked)
		return is_runtime(final->link ? final->link : final->path)
			       ? UNIT_FILE_MASKED_RUNTIME
			       : UNIT_FILE_MASKED;
	if (strcmp(u->name, text_base_name(final->path)) != 0 &&
		unit_name_kind(final->name) != UNIT_NAME_INSTANCE)
		return UNIT_FILE_ALIAS;
	if (is_generated(final->path))
		return UNIT_FILE_GENERATED;
	if (lies_in(final->path, UNIT_DIR_TRANSIENT))
		return UNIT_FILE_TRANSIENT;
	enum unit_file_state state = state_by_links(s, final, true);
	if (state != UNIT_FILE_BAD)
		return state;
	if (state_by_links(s, final, false) != UNIT_FILE_BAD)
		return UNIT_FILE_INDIRECT;
	if (final->wanted || final->aliases.n > 0)
		return UNIT_FILE_DISABLED;
	return final->has_also ? UNIT_FILE_INDIRECT : UNIT_FILE_STATIC;
}

void units_states(struct units_work *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct unit_info *u = w->v[i];
		if (!u->sysv)
			u->state = state_of(&w->scan, u);
	}
}
