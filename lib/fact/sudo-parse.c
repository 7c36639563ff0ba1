/* SPDX-License-Identifier: ISC */
/*
 * The grammar of sudoers(5), one token ahead. An error becomes a defect; what
 * stood before it on the line is dropped where sudo drops it, and reading goes
 * on with the next line.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fact/sudo-lex.h"

enum {
	NO = 0, /* syntax error, told */
	YES = 1,
};

struct parser {
	struct sudo_lex lx;
	struct sudo_tree *tree;
	const char *path; /* of the entry */
	unsigned line;
};

static enum sudo_token next(struct parser *p)
{
	return sudo_lex_next(&p->lx);
}

static void complain(struct parser *p, const char *what)
{
	const struct sudo_lex *lx = &p->lx;
	size_t n = MIN(lx->raw_size, (size_t)40);

	if (lx->fatal)
		return;
	if (what)
		sudo_tree_defect(p->tree, lx->path, lx->line, "%s", what);
	else if (lx->token == TOKEN_ERROR)
		sudo_tree_defect(p->tree, lx->path, lx->line, "%s", lx->text);
	else if (lx->token == TOKEN_NEWLINE)
		sudo_tree_defect(
			p->tree, lx->path, lx->line, "syntax error: the line ends too early");
	else if (lx->token == TOKEN_END)
		sudo_tree_defect(
			p->tree, lx->path, lx->line, "syntax error: the file ends too early");
	else
		sudo_tree_defect(
			p->tree, lx->path, lx->line, "syntax error near \"%.*s\"", (int)n, lx->raw);
}

static int wrong(struct parser *p, const char *what)
{
	complain(p, what);
	return NO;
}

/* The token, or an error; the next one is taken. */
static int expect(struct parser *p, enum sudo_token token)
{
	if (p->lx.token != token)
		return wrong(p, NULL);
	next(p);
	return YES;
}

static int add_member(struct parser *p, struct sudo_members *list, struct sudo_member m)
{
	struct sudo_member *slot = arena_grow(p->tree->arena, &list->v, list->n, sizeof(*slot));

	if (!slot) {
		p->lx.fatal = -ENOMEM;
		return NO;
	}
	*slot = m;
	list->n++;
	return YES;
}

enum list_kind {
	LIST_USERS,
	LIST_GROUPS, /* of a runas specification: names only */
	LIST_HOSTS,
};

static int parse_member(struct parser *p, enum list_kind kind, struct sudo_member *ret)
{
	const char *text = p->lx.text;
	struct sudo_member m = {.name = text};

	switch (p->lx.token) {
	case TOKEN_ALIAS:
		m.kind = SUDO_ALIAS;
		break;
	case TOKEN_ALL:
		m = (struct sudo_member){.kind = SUDO_ALL, .name = ""};
		break;
	case TOKEN_WORD:
		if (kind == LIST_HOSTS)
			m.kind = SUDO_HOST;
		else
			m = sudo_member_word(text, kind == LIST_GROUPS);
		break;
	case TOKEN_NETGROUP:
		if (kind == LIST_GROUPS)
			return wrong(p, NULL);
		m.kind = SUDO_NETGROUP;
		m.name = text + 1;
		break;
	case TOKEN_GROUP:
		if (kind != LIST_USERS)
			return wrong(p, NULL);
		m = text[1] == ':' ? (struct sudo_member){.kind = SUDO_NONUNIX, .name = text + 2}
				   : sudo_member_word(text + 1, true);
		break;
	case TOKEN_NETWORK:
		if (kind != LIST_HOSTS)
			return wrong(p, NULL);
		m.kind = SUDO_NETWORK;
		break;
	default:
		return wrong(p, NULL);
	}
	*ret = m;
	next(p);
	return YES;
}

/* [!]MEMBER, ... */
static int parse_list(struct parser *p, enum list_kind kind, struct sudo_members *ret)
{
	struct sudo_members list = {0};

	for (;;) {
		struct sudo_member m;
		bool negated = p->lx.token == TOKEN_BANG;
		if (negated)
			next(p);
		if (!parse_member(p, kind, &m))
			return NO;
		m.negated = negated;
		if (!add_member(p, &list, m))
			return NO;
		if (p->lx.token != TOKEN_COMMA)
			break;
		next(p);
	}
	*ret = list;
	return YES;
}

/* sha256:DIGEST, ... COMMAND */
static int parse_command(struct parser *p, struct sudo_member *ret)
{
	struct sudo_member m = {.name = ""};

	while (p->lx.token == TOKEN_SHA) {
		const char *kind = p->lx.text;
		next(p);
		if (!expect(p, TOKEN_COLON))
			return NO;
		const char *digest = p->lx.text;
		if (!expect(p, TOKEN_DIGEST))
			return NO;
		m.digest = arena_printf(p->tree->arena, "%s%s%s:%s", m.digest ? m.digest : "",
			m.digest ? "," : "", kind, digest);
		if (!m.digest)
			p->lx.fatal = -ENOMEM;
		if (p->lx.token != TOKEN_COMMA)
			break;
		next(p);
		if (p->lx.token != TOKEN_SHA)
			return wrong(p, NULL);
	}
	if (p->lx.token == TOKEN_BANG) {
		m.negated = true;
		next(p);
	}
	switch (p->lx.token) {
	case TOKEN_ALL:
		m.kind = SUDO_ALL;
		break;
	case TOKEN_ALIAS:
		m.kind = SUDO_ALIAS;
		m.name = p->lx.text;
		if (m.digest)
			return wrong(p, "a digest requires a path name");
		break;
	case TOKEN_COMMAND:
		m.kind = SUDO_COMMAND;
		m.name = p->lx.text;
		m.args = p->lx.args;
		if (strlen(m.name) >= PATH_MAX)
			return wrong(p, "command too long");
		break;
	case TOKEN_WORD:
		m.kind = SUDO_COMMAND;
		m.name = p->lx.text;
		if (strcmp(m.name, "list") != 0)
			return wrong(p, "expected a fully-qualified path name");
		break;
	default:
		return wrong(p, NULL);
	}
	*ret = m;
	next(p);
	return YES;
}

static int parse_commands(struct parser *p, struct sudo_members *ret)
{
	struct sudo_members list = {0};

	for (;;) {
		struct sudo_member m;
		if (!parse_command(p, &m) || !add_member(p, &list, m))
			return NO;
		if (p->lx.token != TOKEN_COMMA)
			break;
		next(p);
	}
	*ret = list;
	return YES;
}

/* (USERS:GROUPS), each part may be missing */
static int parse_runas(struct parser *p, struct sudo_command *c)
{
	if (p->lx.token != TOKEN_OPEN)
		return YES;
	next(p);
	if (p->lx.token != TOKEN_COLON && p->lx.token != TOKEN_CLOSE &&
		!parse_list(p, LIST_USERS, &c->runas_users))
		return NO;
	if (p->lx.token == TOKEN_COLON) {
		next(p);
		/* "(root:)" is refused, "(:)" is the user himself. */
		if ((p->lx.token != TOKEN_CLOSE || c->runas_users.n > 0) &&
			!parse_list(p, LIST_GROUPS, &c->runas_groups))
			return NO;
	}
	if (c->runas_users.n == 0 && c->runas_groups.n == 0 &&
		!add_member(
			p, &c->runas_users, (struct sudo_member){.kind = SUDO_MYSELF, .name = ""}))
		return NO;
	return expect(p, TOKEN_CLOSE);
}

/* Whether the word is a number of units as parse_timeout() of sudo takes it: 1d2h3m4s. */
static bool is_timeout(const char *s)
{
	static const char units[] = "dhms";
	static const long seconds[] = {86400, 3600, 60, 1};
	size_t unit = 0;
	long total = 0;

	do {
		char *end;
		errno = 0;
		long n = strtol(s, &end, 10);
		if (end == s || errno == ERANGE || n < 0 || n > INT_MAX)
			return false;
		if (*end) {
			while (unit < 4 && units[unit] != (*end | 0x20))
				unit++;
			if (unit == 4 || n > INT_MAX / seconds[unit])
				return false;
			n *= seconds[unit];
			if (n > INT_MAX - total)
				return false;
			end++;
		}
		total += n;
		s = end;
	} while (*s);
	return true;
}

static const char *option_fault(enum sudo_option option, const char *value)
{
	switch (option) {
	case SUDO_OPTION_CWD:
	case SUDO_OPTION_CHROOT:
		if (*value != '/' && *value != '~' && strcmp(value, "*") != 0)
			return "values for CWD and CHROOT must start with a '/', '~', or '*'";
		return strlen(value) >= PATH_MAX ? "the path is too long" : NULL;
	case SUDO_OPTION_NOTBEFORE:
	case SUDO_OPTION_NOTAFTER:
		return sudo_gentime(value, &(int64_t){0}) < 0 ? "invalid date" : NULL;
	case SUDO_OPTION_TIMEOUT:
		return is_timeout(value) ? NULL : "invalid timeout value";
	default:
		return NULL;
	}
}

static int parse_options(struct parser *p, struct sudo_command *c)
{
	while (p->lx.token == TOKEN_OPTION) {
		enum sudo_option option = p->lx.option;
		next(p);
		if (!expect(p, TOKEN_EQUALS))
			return NO;
		if (p->lx.token != TOKEN_WORD)
			return wrong(p, NULL);
		const char *fault = option_fault(option, p->lx.text);
		if (fault)
			return wrong(p, fault);
		c->options[option] = p->lx.text;
		next(p);
	}
	return YES;
}

/* What a command does not say it takes over from the one before it. */
static void inherit(struct sudo_command *c, const struct sudo_command *before)
{
	bool selinux = c->options[SUDO_OPTION_ROLE] || c->options[SUDO_OPTION_TYPE];

	for (int i = 0; i < SUDO_OPTION_MAX; i++) {
		bool of_selinux = i == SUDO_OPTION_ROLE || i == SUDO_OPTION_TYPE;
		if (i != SUDO_OPTION_APPARMOR && !c->options[i] && !(of_selinux && selinux))
			c->options[i] = before->options[i];
	}
	for (int i = 0; i < SUDO_TAG_MAX; i++) {
		if (c->tags[i] < 0 && before->tags[i] != SUDO_TAG_IMPLIED)
			c->tags[i] = before->tags[i];
	}
	if (c->runas_users.n == 0 && c->runas_groups.n == 0) {
		c->runas_users = before->runas_users;
		c->runas_groups = before->runas_groups;
	}
}

static int parse_command_spec(struct parser *p, struct sudo_spec *spec)
{
	struct sudo_command c = {0};

	memset(c.tags, -1, sizeof(c.tags));
	if (!parse_runas(p, &c) || !parse_options(p, &c))
		return NO;
	while (p->lx.token == TOKEN_TAG) {
		c.tags[p->lx.tag] = p->lx.tag_on;
		next(p);
	}
	if (!parse_command(p, &c.command))
		return NO;
	if (c.command.kind == SUDO_ALL && !c.command.negated && c.tags[SUDO_TAG_SETENV] < 0)
		c.tags[SUDO_TAG_SETENV] = SUDO_TAG_IMPLIED;
	if (spec->n_commands > 0)
		inherit(&c, &spec->commands[spec->n_commands - 1]);
	struct sudo_command *slot = arena_grow(
		p->tree->arena, &spec->commands, spec->n_commands, sizeof(*slot));
	if (!slot) {
		p->lx.fatal = -ENOMEM;
		return NO;
	}
	*slot = c;
	spec->n_commands++;
	return YES;
}

/* HOSTS = COMMAND, ... */
static int parse_privilege(struct parser *p, struct sudo_spec *spec)
{
	if (!parse_list(p, LIST_HOSTS, &spec->hosts) || !expect(p, TOKEN_EQUALS))
		return NO;
	for (;;) {
		if (!parse_command_spec(p, spec))
			return NO;
		if (p->lx.token != TOKEN_COMMA)
			return YES;
		next(p);
	}
}

static int add_specs(struct parser *p, const struct sudo_spec *specs, size_t n)
{
	struct sudo_tree *t = p->tree;

	for (size_t i = 0; i < n; i++) {
		struct sudo_spec *slot = arena_grow(t->arena, &t->specs, t->n_specs, sizeof(*slot));
		if (!slot) {
			p->lx.fatal = -ENOMEM;
			return NO;
		}
		*slot = specs[i];
		t->n_specs++;
	}
	return YES;
}

/* USERS PRIVILEGE : PRIVILEGE ... */
static int parse_spec(struct parser *p)
{
	struct sudo_spec base = {.path = p->path, .line = p->line}, *specs = NULL;
	size_t n = 0;

	if (!parse_list(p, LIST_USERS, &base.users))
		return NO;
	for (;;) {
		struct sudo_spec *slot = arena_grow(p->tree->arena, &specs, n, sizeof(*slot));
		if (!slot) {
			p->lx.fatal = -ENOMEM;
			return NO;
		}
		*slot = base;
		if (parse_privilege(p, slot))
			n++;
		else if (n == 0 || (p->lx.token != TOKEN_NEWLINE && p->lx.token != TOKEN_COLON))
			return NO;
		/* A later part that is broken off does not take the earlier ones with it. */
		if (p->lx.token != TOKEN_COLON)
			break;
		next(p);
	}
	if (p->lx.token != TOKEN_NEWLINE)
		return wrong(p, NULL);
	return add_specs(p, specs, n);
}

static int parse_alias(struct parser *p, enum sudo_alias_type type)
{
	struct sudo_members list = {0};
	const char *name = p->lx.text;

	if (p->lx.token == TOKEN_ALL || p->lx.token == TOKEN_OPTION)
		return wrong(p, "syntax error: a reserved word is used as an alias name");
	if (!expect(p, TOKEN_ALIAS) || !expect(p, TOKEN_EQUALS))
		return NO;
	int ok = type == SUDO_ALIAS_COMMAND
			 ? parse_commands(p, &list)
			 : parse_list(p, type == SUDO_ALIAS_HOST ? LIST_HOSTS : LIST_USERS, &list);
	if (!ok)
		return NO;
	if (p->lx.token != TOKEN_COLON && p->lx.token != TOKEN_NEWLINE)
		return wrong(p, NULL);
	int r = sudo_tree_add_alias(p->tree, type, name, list);
	if (r == -EEXIST) {
		char *what = arena_printf(p->tree->arena, "alias \"%s\" already defined", name);
		return wrong(p, what ? what : "alias already defined");
	}
	if (r < 0)
		p->lx.fatal = r;
	return r == 0;
}

static int parse_aliases(struct parser *p)
{
	enum sudo_alias_type type = p->lx.alias_type;

	do {
		next(p);
		if (!parse_alias(p, type))
			return NO;
	} while (p->lx.token == TOKEN_COLON);
	return p->lx.token == TOKEN_NEWLINE ? YES : wrong(p, NULL);
}

static int parse_binding(struct parser *p, enum sudo_scope scope, struct sudo_members *ret)
{
	switch (scope) {
	case SUDO_SCOPE_USER:
	case SUDO_SCOPE_RUNAS:
		return parse_list(p, LIST_USERS, ret);
	case SUDO_SCOPE_HOST:
		return parse_list(p, LIST_HOSTS, ret);
	case SUDO_SCOPE_COMMAND:
		return parse_commands(p, ret);
	default:
		return YES;
	}
}

static int parse_default(struct parser *p, struct sudo_default *d)
{
	d->op = '=';
	if (p->lx.token == TOKEN_BANG) {
		d->op = '!';
		next(p);
	}
	d->name = p->lx.text;
	d->value = NULL;
	if (!expect(p, TOKEN_DEFVAR))
		return NO;
	if (p->lx.token != TOKEN_EQUALS && p->lx.token != TOKEN_PLUS && p->lx.token != TOKEN_MINUS)
		return YES;
	if (d->op == '!')
		return wrong(p, NULL);
	d->op = p->lx.token == TOKEN_PLUS ? '+' : p->lx.token == TOKEN_MINUS ? '-' : '=';
	next(p);
	d->value = p->lx.text;
	return expect(p, TOKEN_WORD);
}

static int parse_defaults(struct parser *p)
{
	struct sudo_tree *t = p->tree;
	struct sudo_default d = {.scope = p->lx.scope, .path = p->path, .line = p->line};
	size_t before = t->n_defaults;

	next(p);
	if (!parse_binding(p, d.scope, &d.binding))
		return NO;
	for (;;) {
		if (!parse_default(p, &d))
			break;
		struct sudo_default *slot = arena_grow(
			t->arena, &t->defaults, t->n_defaults, sizeof(*slot));
		if (!slot) {
			p->lx.fatal = -ENOMEM;
			break;
		}
		*slot = d;
		t->n_defaults++;
		if (p->lx.token == TOKEN_NEWLINE)
			return YES;
		if (!expect(p, TOKEN_COMMA))
			break;
	}
	t->n_defaults = before;
	return NO;
}

/* Its line is read to the end first: the file that it names comes after the newline. */
static int parse_include(struct parser *p)
{
	bool dir = p->lx.token == TOKEN_INCLUDEDIR;

	next(p);
	const char *name = p->lx.text;
	if (p->lx.token != TOKEN_WORD)
		return wrong(p, NULL);
	next(p);
	if (p->lx.token != TOKEN_NEWLINE)
		complain(p, NULL);
	while (p->lx.token != TOKEN_NEWLINE && p->lx.token != TOKEN_END)
		next(p);
	if (p->lx.token == TOKEN_NEWLINE && !p->lx.fatal) {
		int r = sudo_lex_push(&p->lx, name, dir, p->line);
		if (r < 0)
			p->lx.fatal = r;
	}
	return YES;
}

static int parse_entry(struct parser *p)
{
	switch (p->lx.token) {
	case TOKEN_NEWLINE:
		return YES;
	case TOKEN_INCLUDE:
	case TOKEN_INCLUDEDIR:
		return parse_include(p);
	case TOKEN_ALIASES:
		return parse_aliases(p);
	case TOKEN_DEFAULTS:
		return parse_defaults(p);
	default:
		return parse_spec(p);
	}
}

int sudo_tree_parse(struct sudo_tree *t, const struct sudo_files *files, const char *path)
{
	struct parser p = {.tree = t};

	int r = sudo_lex_init(&p.lx, t, files, path);
	if (r < 0)
		return r;
	while (next(&p) != TOKEN_END) {
		p.path = p.lx.path;
		p.line = p.lx.line;
		if (parse_entry(&p))
			continue;
		while (p.lx.token != TOKEN_NEWLINE && p.lx.token != TOKEN_END)
			next(&p);
	}
	if (p.lx.fatal)
		return p.lx.fatal;
	return arena_failed(t->arena) ? -ENOMEM : 0;
}
