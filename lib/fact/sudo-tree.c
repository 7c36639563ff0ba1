/* SPDX-License-Identifier: ISC */
#include "fact/sudo-tree.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <time.h>

void sudo_tree_init(struct sudo_tree *t, struct arena *a)
{
	*t = (struct sudo_tree){.arena = a};
}

/* Where the alias is or belongs; *ret_found says which. */
static size_t alias_place(
	const struct sudo_tree *t, enum sudo_alias_type type, const char *name, bool *ret_found)
{
	size_t low = 0, high = t->n_aliases;

	*ret_found = false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct sudo_alias *a = &t->aliases[mid];
		int order = a->type == type ? strcmp(a->name, name) : a->type < type ? -1 : 1;
		if (order == 0) {
			*ret_found = true;
			return mid;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct sudo_alias *sudo_tree_alias(
	const struct sudo_tree *t, enum sudo_alias_type type, const char *name)
{
	bool found;
	size_t i = alias_place(t, type, name, &found);

	return found ? &t->aliases[i] : NULL;
}

int sudo_tree_add_alias(struct sudo_tree *t, enum sudo_alias_type type, const char *name,
	struct sudo_members members)
{
	bool found;
	size_t i = alias_place(t, type, name, &found);

	if (found)
		return -EEXIST;
	if (t->n_aliases >= SUDO_ALIASES_MAX)
		return -EFBIG;
	if (!arena_grow(t->arena, &t->aliases, t->n_aliases, sizeof(*t->aliases)))
		return -ENOMEM;
	memmove(t->aliases + i + 1, t->aliases + i, (t->n_aliases - i) * sizeof(*t->aliases));
	t->aliases[i] = (struct sudo_alias){.type = type, .name = name, .members = members};
	t->n_aliases++;
	return 0;
}

void sudo_tree_defect(struct sudo_tree *t, const char *path, unsigned line, const char *fmt, ...)
{
	struct sudo_defect *d = arena_grow(t->arena, &t->defects, t->n_defects, sizeof(*d));
	va_list ap;

	if (!d)
		return;
	va_start(ap, fmt);
	*d = (struct sudo_defect){
		.path = path, .line = line, .what = arena_vprintf(t->arena, fmt, ap)};
	va_end(ap);
	if (d->what)
		t->n_defects++;
}

/* A number as sudo takes an id: not -1, which would mean "no change". */
static bool parse_id(const char *s, uint32_t *ret)
{
	char *end;

	errno = 0;
	long long n = strtoll(s, &end, 10);
	if (end == s || *end || errno || n < INT_MIN || n > UINT_MAX || (uint32_t)n == UINT32_MAX)
		return false;
	*ret = (uint32_t)n;
	return true;
}

struct sudo_member sudo_member_word(const char *word, bool group)
{
	struct sudo_member m = {.kind = group ? SUDO_GROUP : SUDO_USER, .name = word};

	if (*word == '#' && parse_id(word + 1, &m.id)) {
		m.kind = group ? SUDO_GID : SUDO_UID;
		m.name = word + 1;
	}
	return m;
}

struct expansion {
	const struct sudo_tree *tree;
	enum sudo_alias_type type;
	size_t *budget;
	struct sudo_members out;
};

static int expand_into(struct expansion *e, const struct sudo_members *list, bool negate);

static int expand_one(struct expansion *e, struct sudo_member m, bool negate)
{
	struct sudo_alias *alias = NULL;

	m.negated ^= negate;
	if (m.kind == SUDO_ALIAS) {
		alias = sudo_tree_alias(e->tree, e->type, m.name);
		if (alias && !alias->busy) {
			alias->busy = true;
			int r = expand_into(e, &alias->members, m.negated);
			alias->busy = false;
			return r;
		}
		if (e->type == SUDO_ALIAS_COMMAND)
			return 0;
		m.kind = e->type == SUDO_ALIAS_HOST ? SUDO_HOST : SUDO_USER;
	}
	if (e->out.n >= *e->budget)
		return -EFBIG;
	struct sudo_member *slot = arena_grow(e->tree->arena, &e->out.v, e->out.n, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = m;
	e->out.n++;
	return 0;
}

static int expand_into(struct expansion *e, const struct sudo_members *list, bool negate)
{
	for (size_t i = 0; i < list->n; i++) {
		/* Aliases of nothing but aliases must cost something too. */
		if (*e->budget == 0)
			return -EFBIG;
		--*e->budget;
		int r = expand_one(e, list->v[i], negate);
		if (r < 0)
			return r;
	}
	return 0;
}

int sudo_tree_expand(const struct sudo_tree *t, enum sudo_alias_type type,
	const struct sudo_members *list, size_t *budget, struct sudo_members *ret)
{
	struct expansion e = {.tree = t, .type = type, .budget = budget};

	int r = expand_into(&e, list, false);
	if (r < 0)
		return r;
	*ret = e.out;
	return 0;
}

/* A name as it is written in sudoers: in quotes where it would be cut. */
static char *quoted(struct arena *a, const char *bang, const char *mark, const char *name)
{
	bool quote = !*name || strpbrk(name, " \t\r\n,:=()\"\\#>");

	return quote ? arena_printf(a, "%s\"%s%s\"", bang, mark, name)
		     : arena_printf(a, "%s%s%s", bang, mark, name);
}

char *sudo_member_text(struct arena *a, const struct sudo_member *m)
{
	const char *bang = m->negated ? "!" : "";

	switch (m->kind) {
	case SUDO_ALL:
		return arena_printf(
			a, "%s%s%sALL", m->digest ? m->digest : "", m->digest ? " " : "", bang);
	case SUDO_UID:
		return arena_printf(a, "%s#%u", bang, m->id);
	case SUDO_GID:
		return arena_printf(a, "%s%%#%u", bang, m->id);
	case SUDO_GROUP:
		return quoted(a, bang, "%", m->name);
	case SUDO_NETGROUP:
		return quoted(a, bang, "+", m->name);
	case SUDO_NONUNIX:
		/* In quotes its colon would make no difference, and it is easier to read bare. */
		return arena_printf(a, "%s%%:%s", bang, m->name);
	case SUDO_COMMAND:
		return arena_printf(a, "%s%s%s%s%s%s", m->digest ? m->digest : "",
			m->digest ? " " : "", bang, m->name, m->args ? " " : "",
			m->args ? m->args : "");
	case SUDO_MYSELF:
		return arena_strdup(a, bang);
	case SUDO_NETWORK:
	case SUDO_ALIAS:
		return arena_printf(a, "%s%s", bang, m->name);
	default:
		return quoted(a, bang, "", m->name);
	}
}

/* Joins texts; NULL when memory ran out on the way. */
static char *join(
	struct arena *a, const struct sudo_members *list, const char *separator, bool plain_groups)
{
	char *out = arena_strdup(a, "");
	size_t room = 1;
	char **parts = arena_alloc(a, (list->n + 1) * sizeof(*parts));

	if (!out || !parts)
		return NULL;
	for (size_t i = 0; i < list->n; i++) {
		struct sudo_member m = list->v[i];
		/* Runas groups are written without a percent sign. */
		if (plain_groups && m.kind == SUDO_GROUP)
			m.kind = SUDO_USER;
		else if (plain_groups && m.kind == SUDO_GID)
			m.kind = SUDO_UID;
		parts[i] = sudo_member_text(a, &m);
		if (!parts[i])
			return NULL;
		room += strlen(parts[i]) + strlen(separator);
	}
	out = arena_alloc(a, room);
	if (!out)
		return NULL;
	char *w = out;
	for (size_t i = 0; i < list->n; i++) {
		w = stpcpy(w, i > 0 ? separator : "");
		w = stpcpy(w, parts[i]);
	}
	return out;
}

char *sudo_members_text(struct arena *a, const struct sudo_members *list)
{
	return join(a, list, ",", false);
}

static const char *const tag_names[SUDO_TAG_MAX][2] = {
	[SUDO_TAG_NOPASSWD] = {"PASSWD: ", "NOPASSWD: "},
	[SUDO_TAG_NOEXEC] = {"EXEC: ", "NOEXEC: "},
	[SUDO_TAG_SETENV] = {"NOSETENV: ", "SETENV: "},
	[SUDO_TAG_INTERCEPT] = {"NOINTERCEPT: ", "INTERCEPT: "},
	[SUDO_TAG_FOLLOW] = {"NOFOLLOW: ", "FOLLOW: "},
	[SUDO_TAG_LOG_INPUT] = {"NOLOG_INPUT: ", "LOG_INPUT: "},
	[SUDO_TAG_LOG_OUTPUT] = {"NOLOG_OUTPUT: ", "LOG_OUTPUT: "},
	[SUDO_TAG_MAIL] = {"NOMAIL: ", "MAIL: "},
};

static const char *const option_names[] = {
	[SUDO_OPTION_CHROOT] = "CHROOT",
	[SUDO_OPTION_CWD] = "CWD",
	[SUDO_OPTION_NOTBEFORE] = "NOTBEFORE",
	[SUDO_OPTION_NOTAFTER] = "NOTAFTER",
	[SUDO_OPTION_TIMEOUT] = "TIMEOUT",
	[SUDO_OPTION_ROLE] = "ROLE",
	[SUDO_OPTION_TYPE] = "TYPE",
	[SUDO_OPTION_APPARMOR] = "APPARMOR_PROFILE",
};
static_assert(ARRAY_SIZE(option_names) == SUDO_OPTION_MAX, "a name for each option");

static char *runas_text(struct arena *a, const struct sudo_command *c)
{
	if (c->runas_users.n == 0 && c->runas_groups.n == 0)
		return arena_strdup(a, "");
	char *users = join(a, &c->runas_users, ",", false);
	char *groups = join(a, &c->runas_groups, ",", true);
	if (!users || !groups)
		return NULL;
	return arena_printf(a, "(%s%s%s) ", users, *groups ? ":" : "", groups);
}

static char *tags_text(struct arena *a, const struct sudo_command *c, bool setenv)
{
	size_t room = 1;

	for (int i = 0; i < SUDO_TAG_MAX; i++)
		room += strlen(tag_names[i][0]) + 2;
	char *out = arena_alloc(a, room), *w = out;
	for (int i = 0; out && i < SUDO_TAG_MAX; i++) {
		if (c->tags[i] == 0 || c->tags[i] == 1) {
			if (i != SUDO_TAG_SETENV || setenv)
				w = stpcpy(w, tag_names[i][c->tags[i]]);
		}
	}
	return out;
}

static char *options_text(struct arena *a, const struct sudo_command *c)
{
	char *out = arena_strdup(a, "");

	for (int i = 0; out && i < SUDO_OPTION_MAX; i++) {
		if (c->options[i])
			out = arena_printf(a, "%s%s=%s ", out, option_names[i], c->options[i]);
	}
	return out;
}

char *sudo_command_text(struct arena *a, const struct sudo_members *hosts,
	const struct sudo_command *c, const struct sudo_members *commands)
{
	char *host = join(a, hosts, ",", false), *runas = runas_text(a, c);
	char *options = options_text(a, c), *tags = tags_text(a, c, true);
	char *command = join(a, commands, ", ", false);

	if (!host || !runas || !options || !tags || !command)
		return NULL;
	return arena_printf(a, "%s=%s%s%s%s", host, runas, options, tags, command);
}

char *sudo_spec_text(struct arena *a, const struct sudo_spec *s)
{
	char *users = join(a, &s->users, ",", false), *hosts = join(a, &s->hosts, ",", false);
	char **parts = arena_alloc(a, (s->n_commands + 1) * sizeof(*parts));
	size_t room = 1;

	if (!users || !hosts || !parts)
		return NULL;
	for (size_t i = 0; i < s->n_commands; i++) {
		const struct sudo_command *c = &s->commands[i];
		char *runas = runas_text(a, c), *tags = tags_text(a, c, false);
		char *command = sudo_member_text(a, &c->command);
		if (!runas || !tags || !command)
			return NULL;
		parts[i] = arena_printf(a, "%s%s%s%s", i > 0 ? "; " : "", runas, tags, command);
		if (!parts[i])
			return NULL;
		room += strlen(parts[i]);
	}
	char *list = arena_alloc(a, room), *w = list;
	for (size_t i = 0; list && i < s->n_commands; i++)
		w = stpcpy(w, parts[i]);
	return list ? arena_printf(a, "%s %s=%s", users, hosts, list) : NULL;
}

/* n decimal digits */
static int digits(const char *s, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++)
		value = value * 10 + (s[i] - '0');
	return value;
}

int sudo_gentime(const char *text, int64_t *ret)
{
	size_t n = strspn(text, "0123456789");
	const char *p = text + n;
	struct tm tm = {0};
	int64_t offset = 0;

	if (n < 10 || n > 14 || n % 2)
		return -EINVAL;
	tm.tm_year = digits(text, 4) - 1900;
	tm.tm_mon = digits(text + 4, 2) - 1;
	tm.tm_mday = digits(text + 6, 2);
	tm.tm_hour = digits(text + 8, 2);
	tm.tm_min = n > 10 ? digits(text + 10, 2) : 0;
	tm.tm_sec = n > 12 ? digits(text + 12, 2) : 0;
	/* One digit of a fraction of the last unit given. */
	if ((*p == '.' || *p == ',') && p[1] >= '0' && p[1] <= '9') {
		if (n == 10)
			tm.tm_min += 6 * (p[1] - '0');
		else if (n == 12)
			tm.tm_sec += 6 * (p[1] - '0');
		p += 2;
	}
	bool local = *p == '\0';
	if (*p == 'Z') {
		p++;
	} else if (*p == '+' || *p == '-') {
		size_t zone = strspn(p + 1, "0123456789");
		if (zone != 2 && zone != 4)
			return -EINVAL;
		offset = digits(p + 1, 2) * 3600 + (zone == 4 ? digits(p + 3, 2) * 60 : 0);
		if (*p == '-')
			offset = -offset;
		p += 1 + zone;
	}
	if (*p)
		return -EINVAL;
	*ret = (int64_t)timegm(&tm) - offset;
	return local;
}
