/* SPDX-License-Identifier: ISC */
/*
 * The answer of `cvtsudoers -f json`. Its shape is known from its source: what
 * is not of this shape is refused as a whole, since half an answer would look
 * like fewer grants. (It is not always JSON at all: 1.9.13 prints CWD, CHROOT,
 * ROLE and TYPE as members of an array.)
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "fact/sudo-tree.h"

enum list_kind {
	LIST_USERS,
	LIST_RUNAS_GROUPS,
	LIST_HOSTS,
	LIST_COMMANDS,
};

struct reader {
	struct sudo_tree *tree;
	struct arena *arena;
};

/* A string of the answer, in the arena. 0, -EBADMSG, -ENOMEM. */
static int get_text(struct reader *rd, const json_t *value, const char **ret)
{
	if (!json_is_string(value))
		return -EBADMSG;
	char *s = arena_strdup(rd->arena, json_string_value(value));
	if (!s)
		return -ENOMEM;
	*ret = s;
	return 0;
}

static int get_id(const json_t *value, uint32_t *ret)
{
	json_int_t n = json_integer_value(value);

	if (!json_is_integer(value) || n < 0 || n >= UINT32_MAX)
		return -EBADMSG;
	*ret = (uint32_t)n;
	return 0;
}

/* {"userid": 0} and its like */
static int read_id(struct reader *rd, const char *key, const json_t *value, struct sudo_member *m)
{
	int r = get_id(value, &m->id);

	if (r < 0)
		return r;
	const char *mark = strcmp(key, "nonunixgid") == 0 ? "#" : "";
	m->kind = *mark ? SUDO_NONUNIX : strcmp(key, "userid") == 0 ? SUDO_UID : SUDO_GID;
	m->name = arena_printf(rd->arena, "%s%u", mark, m->id);
	return m->name ? 0 : -ENOMEM;
}

/* "PATH ARGS": a path with a blank in it cannot be told from one with an argument. */
static void split_command(struct sudo_member *m, char *text)
{
	char *blank = *text == '^' ? strstr(text, "$ ") : strchr(text, ' ');

	m->kind = SUDO_COMMAND;
	m->name = text;
	if (strcmp(text, "ALL") == 0) {
		m->kind = SUDO_ALL;
		m->name = "";
	} else if (blank) {
		blank += *text == '^';
		*blank = '\0';
		m->args = blank + 1;
	}
}

static int read_command(
	struct reader *rd, const json_t *object, const char *text, struct sudo_member *m)
{
	static const char *const digests[] = {"sha224", "sha256", "sha384", "sha512"};
	const char *key;
	json_t *value;

	split_command(m, (char *)text);
	json_object_foreach ((json_t *)object, key, value) {
		for (size_t i = 0; i < ARRAY_SIZE(digests); i++) {
			if (strcmp(key, digests[i]) != 0)
				continue;
			if (!json_is_string(value))
				return -EBADMSG;
			m->digest = arena_printf(rd->arena, "%s%s%s:%s", m->digest ? m->digest : "",
				m->digest ? "," : "", key, json_string_value(value));
			if (!m->digest)
				return -ENOMEM;
		}
	}
	return 0;
}

static const struct {
	const char *key;
	enum sudo_kind kind;
	unsigned lists; /* 1 << enum list_kind */
} member_keys[] = {
	{"username", SUDO_USER, 1 << LIST_USERS},
	{"usergroup", SUDO_GROUP, 1 << LIST_USERS | 1 << LIST_RUNAS_GROUPS},
	{"netgroup", SUDO_NETGROUP, 1 << LIST_USERS | 1 << LIST_HOSTS},
	{"nonunixgroup", SUDO_NONUNIX, 1 << LIST_USERS},
	{"hostname", SUDO_HOST, 1 << LIST_HOSTS},
	{"networkaddr", SUDO_NETWORK, 1 << LIST_HOSTS},
	{"command", SUDO_COMMAND, 1 << LIST_COMMANDS},
	{"useralias", SUDO_ALIAS, 1 << LIST_USERS},
	{"runasalias", SUDO_ALIAS, 1 << LIST_USERS | 1 << LIST_RUNAS_GROUPS},
	{"hostalias", SUDO_ALIAS, 1 << LIST_HOSTS},
	{"cmndalias", SUDO_ALIAS, 1 << LIST_COMMANDS},
};

/* A name of this kind: words that are written alike mean alike, as in the files. */
static int read_name(struct reader *rd, size_t row, const json_t *object, enum list_kind kind,
	struct sudo_member *m)
{
	const char *text;
	int r = get_text(rd, json_object_get(object, member_keys[row].key), &text);

	if (r < 0)
		return r;
	*m = (struct sudo_member){.kind = member_keys[row].kind, .name = text};
	if (m->kind == SUDO_COMMAND)
		return read_command(rd, object, text, m);
	/* Where the keyword may stand, cvtsudoers does not tell it from a quoted name. */
	bool plain = m->kind == SUDO_USER || m->kind == SUDO_HOST || kind == LIST_RUNAS_GROUPS;
	if (plain && m->kind != SUDO_ALIAS && strcmp(text, "ALL") == 0)
		*m = (struct sudo_member){.kind = SUDO_ALL, .name = ""};
	else if (m->kind == SUDO_USER && !*text)
		m->kind = SUDO_MYSELF;
	else if (m->kind == SUDO_USER || m->kind == SUDO_GROUP)
		*m = sudo_member_word(text, m->kind == SUDO_GROUP);
	return 0;
}

/* One object of a list; "negated" beside the name. */
static int read_member(
	struct reader *rd, const json_t *object, enum list_kind kind, struct sudo_member *ret)
{
	struct sudo_member m = {0};
	const char *key;
	json_t *value;
	int r = -EBADMSG;

	json_object_foreach ((json_t *)object, key, value) {
		if (kind == LIST_USERS && json_is_integer(value)) {
			if (strcmp(key, "userid") != 0 && strcmp(key, "usergid") != 0 &&
				strcmp(key, "nonunixgid") != 0)
				return -EBADMSG;
			r = read_id(rd, key, value, &m);
		}
		for (size_t i = 0; i < ARRAY_SIZE(member_keys); i++) {
			if ((member_keys[i].lists & 1u << kind) &&
				strcmp(key, member_keys[i].key) == 0)
				r = read_name(rd, i, object, kind, &m);
		}
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	m.negated = json_is_true(json_object_get(object, "negated"));
	*ret = m;
	return 0;
}

/* A list that must be there and not be empty. */
static int read_list(
	struct reader *rd, const json_t *array, enum list_kind kind, struct sudo_members *ret)
{
	struct sudo_members list = {0};
	size_t i;
	json_t *object;

	if (!json_is_array(array) || json_array_size(array) == 0)
		return -EBADMSG;
	json_array_foreach (array, i, object) {
		struct sudo_member *slot = arena_grow(rd->arena, &list.v, list.n, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		int r = read_member(rd, object, kind, slot);
		if (r < 0)
			return r;
		list.n++;
	}
	*ret = list;
	return 0;
}

static const struct {
	const char *key;
	enum sudo_tag tag;
	bool inverted;
} tag_keys[] = {
	{"authenticate", SUDO_TAG_NOPASSWD, true},
	{"noexec", SUDO_TAG_NOEXEC, false},
	{"setenv", SUDO_TAG_SETENV, false},
	{"intercept", SUDO_TAG_INTERCEPT, false},
	{"sudoedit_follow", SUDO_TAG_FOLLOW, false},
	{"log_input", SUDO_TAG_LOG_INPUT, false},
	{"log_output", SUDO_TAG_LOG_OUTPUT, false},
	{"send_mail", SUDO_TAG_MAIL, false},
};

static int read_option(
	struct reader *rd, const char *key, const json_t *value, struct sudo_command *c)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(tag_keys); i++) {
		if (strcmp(key, tag_keys[i].key) != 0)
			continue;
		if (!json_is_boolean(value))
			return -EBADMSG;
		c->tags[tag_keys[i].tag] = json_is_true(value) != tag_keys[i].inverted;
	}
	if (strcmp(key, "notbefore") == 0)
		r = get_text(rd, value, &c->options[SUDO_OPTION_NOTBEFORE]);
	else if (strcmp(key, "notafter") == 0)
		r = get_text(rd, value, &c->options[SUDO_OPTION_NOTAFTER]);
	return r;
}

static int read_options(struct reader *rd, const json_t *array, struct sudo_command *c)
{
	size_t i;
	json_t *object, *value;
	const char *key;

	if (!array)
		return 0;
	if (!json_is_array(array))
		return -EBADMSG;
	json_array_foreach (array, i, object) {
		if (!json_is_object(object))
			return -EBADMSG;
		json_object_foreach (object, key, value) {
			int r = read_option(rd, key, value, c);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* One object of Cmnd_Specs: commands that share runas and tags. */
static int read_commands(struct reader *rd, const json_t *object, struct sudo_spec *spec)
{
	const json_t *users = json_object_get(object, "runasusers");
	const json_t *groups = json_object_get(object, "runasgroups");
	struct sudo_command c = {0};
	struct sudo_members commands;

	memset(c.tags, -1, sizeof(c.tags));
	int r = read_list(rd, json_object_get(object, "Commands"), LIST_COMMANDS, &commands);
	if (r == 0 && users)
		r = read_list(rd, users, LIST_USERS, &c.runas_users);
	if (r == 0 && groups)
		r = read_list(rd, groups, LIST_RUNAS_GROUPS, &c.runas_groups);
	if (r == 0)
		r = read_options(rd, json_object_get(object, "Options"), &c);
	if (r < 0)
		return r;
	for (size_t i = 0; i < commands.n; i++) {
		struct sudo_command *slot = arena_grow(
			rd->arena, &spec->commands, spec->n_commands, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		*slot = c;
		slot->command = commands.v[i];
		spec->n_commands++;
	}
	return 0;
}

static int read_spec(struct reader *rd, const json_t *object, struct sudo_spec *ret)
{
	const json_t *specs = json_object_get(object, "Cmnd_Specs");
	struct sudo_spec spec = {0};
	size_t i;
	json_t *commands;

	int r = read_list(rd, json_object_get(object, "User_List"), LIST_USERS, &spec.users);
	if (r == 0)
		r = read_list(rd, json_object_get(object, "Host_List"), LIST_HOSTS, &spec.hosts);
	if (r < 0)
		return r;
	if (!json_is_array(specs) || json_array_size(specs) == 0)
		return -EBADMSG;
	json_array_foreach (specs, i, commands) {
		r = read_commands(rd, commands, &spec);
		if (r < 0)
			return r;
	}
	*ret = spec;
	return 0;
}

static int read_specs(struct reader *rd, const json_t *array)
{
	struct sudo_tree *t = rd->tree;
	size_t i;
	json_t *object;

	if (!array)
		return 0;
	if (!json_is_array(array))
		return -EBADMSG;
	json_array_foreach (array, i, object) {
		struct sudo_spec *slot = arena_grow(
			rd->arena, &t->specs, t->n_specs, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		int r = read_spec(rd, object, slot);
		if (r < 0)
			return r;
		t->n_specs++;
	}
	return 0;
}

static int read_aliases(struct reader *rd, json_t *object, enum sudo_alias_type type)
{
	static const enum list_kind lists[] = {
		[SUDO_ALIAS_USER] = LIST_USERS,
		[SUDO_ALIAS_RUNAS] = LIST_USERS,
		[SUDO_ALIAS_HOST] = LIST_HOSTS,
		[SUDO_ALIAS_COMMAND] = LIST_COMMANDS,
	};
	const char *key;
	json_t *array;

	if (object && !json_is_object(object))
		return -EBADMSG;
	json_object_foreach (object, key, array) {
		struct sudo_members members;
		char *name = arena_strdup(rd->arena, key);
		int r = name ? read_list(rd, array, lists[type], &members) : -ENOMEM;
		if (r == 0)
			r = sudo_tree_add_alias(rd->tree, type, name, members);
		if (r < 0)
			return r == -EEXIST ? -EBADMSG : r;
	}
	return 0;
}

static int read_root(struct reader *rd, const json_t *root)
{
	static const char *const keys[] = {
		[SUDO_ALIAS_USER] = "User_Aliases",
		[SUDO_ALIAS_RUNAS] = "Runas_Aliases",
		[SUDO_ALIAS_HOST] = "Host_Aliases",
		[SUDO_ALIAS_COMMAND] = "Command_Aliases",
	};
	int r = read_specs(rd, json_object_get(root, "User_Specs"));

	for (int i = 0; i < SUDO_ALIAS_MAX && r == 0; i++)
		r = read_aliases(rd, json_object_get(root, keys[i]), (enum sudo_alias_type)i);
	return r;
}

int sudo_tree_json(struct sudo_tree *t, const char *json, size_t size)
{
	struct reader rd = {.tree = t, .arena = t->arena};
	json_error_t error;

	/* Nothing at all to tell: cvtsudoers prints nothing then. */
	if (size == 0)
		return 0;
	json_t *root = json_loadb(json, size, 0, &error);
	if (!root)
		return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EBADMSG;
	int r = json_is_object(root) ? read_root(&rd, root) : -EBADMSG;
	json_decref(root);
	return r < 0 ? r : arena_failed(t->arena) ? -ENOMEM : 0;
}
