/* SPDX-License-Identifier: ISC */
#include "fact/accounts-lines.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

const char *const accounts_paths[ACCOUNTS_FILE_MAX] = {
	[ACCOUNTS_PASSWD] = "/etc/passwd",
	[ACCOUNTS_SHADOW] = "/etc/shadow",
	[ACCOUNTS_GROUP] = "/etc/group",
	[ACCOUNTS_GSHADOW] = "/etc/gshadow",
	[ACCOUNTS_LOGIN_DEFS] = "/etc/login.defs",
};

static bool shell_denies(const char *shell)
{
	static const char *const dirs[] = {"/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/"};
	static const char *const names[] = {
		"nologin", "false", "true", "sync", "shutdown", "halt", "poweroff", "reboot"};
	const char *base = NULL;

	/* Only there: anybody may call a shell of their own "nologin". */
	for (size_t i = 0; i < ARRAY_SIZE(dirs) && !base; i++) {
		if (strncmp(shell, dirs[i], strlen(dirs[i])) == 0)
			base = shell + strlen(dirs[i]);
	}
	for (size_t i = 0; base && i < ARRAY_SIZE(names); i++) {
		if (strcmp(base, names[i]) == 0)
			return true;
	}
	return false;
}

static void set_password(struct account *acc, struct account_lines *b, const char *field)
{
	acc->password = password_classify(field, &acc->hash_scheme);
	acc->hash_fingerprint = password_fingerprint(b->arena, field);
	acc->password_path = accounts_paths[b->file];
	acc->password_line = b->line;
}

/* The marks by which pam_unix knows that the password is in shadow. */
static bool is_shadowed(const char *name, const char *field)
{
	return strcmp(field, "x") == 0 ||
	       (strncmp(field, "##", 2) == 0 && strcmp(field + 2, name) == 0);
}

static void unset_password(struct account_lines *b, struct account *acc)
{
	enum fact_state shadow = b->acc->file_state[ACCOUNTS_SHADOW];

	/* Without a line in shadow nothing matches; without a look at it nobody knows. */
	acc->password = shadow == FACT_STATE_OK || shadow == FACT_STATE_ABSENT ? PASSWORD_LOCKED
									       : PASSWORD_UNKNOWN;
	acc->hash_scheme = acc->hash_fingerprint = "";
	acc->password_path = accounts_paths[ACCOUNTS_SHADOW];
}

static int passwd_line(struct account_lines *b, char *line)
{
	unsigned fields = line_fields(line);
	int r = line_legacy(b, "account", line);

	if (r != 0)
		return r;
	struct account acc = {.line = b->line,
		.last_change_day = -1,
		.max_days = -1,
		.inactive_days = -1,
		.expire_day = -1};
	uint32_t uid, gid;
	acc.name = line_string(&line);
	char *password = line_string(&line);
	if (!line_number(&line, &uid) || !line_number(&line, &gid))
		return line_defect(
			b, "account", acc.name, "is skipped: its uid or gid is no number");
	acc.uid = uid;
	acc.gid = gid;
	acc.gecos = line_string(&line);
	acc.home = line_string(&line);
	acc.shell = line;
	acc.login_shell = !shell_denies(acc.shell);
	if (is_shadowed(acc.name, password))
		unset_password(b, &acc);
	else
		set_password(&acc, b, password);
	b->acc->v[b->acc->n++] = acc;
	return line_check(b, "account", acc.name, fields, 7);
}

/* Gives the line of shadow to the accounts of that name, the first of duplicates as well. */
static int join_shadow(
	struct account_lines *b, const char *name, const char *password, const struct account *read)
{
	const struct account *found = accounts_find(b->acc, name);
	size_t next = found ? (size_t)(found - b->acc->v) + 1 : 0;

	if (!found)
		return line_defect(b, "account", name, "is in /etc/shadow and not in /etc/passwd");
	for (; next; next = b->acc->by_name.twins[next - 1]) {
		struct account *it = &b->acc->v[next - 1];
		if (it->password_path != accounts_paths[ACCOUNTS_SHADOW])
			continue;
		if (it->password_line)
			return line_defect(b, "account", name,
				arena_printf(b->arena, "is in /etc/shadow twice (first in line %u)",
					it->password_line));
		set_password(it, b, password);
		it->last_change_day = read->last_change_day;
		it->max_days = read->max_days;
		it->inactive_days = read->inactive_days;
		it->expire_day = read->expire_day;
	}
	return 0;
}

static bool shadow_numbers(char *line, struct account *read, bool *odd)
{
	int64_t unused;

	if (!line_optional(&line, &read->last_change_day, odd) ||
		!line_optional(&line, &unused, odd) || !line_optional(&line, &read->max_days, odd))
		return false;
	while (isspace((unsigned char)*line))
		line++;
	/* Up to here is the old form, which is taken too. */
	if (*line == '\0')
		return true;
	if (!line_optional(&line, &unused, odd) ||
		!line_optional(&line, &read->inactive_days, odd) ||
		!line_optional(&line, &read->expire_day, odd))
		return false;
	/* The flags may be missing; after them no colon is taken. */
	return *line == '\0' || (strchr(line, ':') == NULL && line_optional(&line, &unused, odd));
}

static int shadow_line(struct account_lines *b, char *line)
{
	unsigned fields = line_fields(line);
	int r = line_legacy(b, "account", line);

	if (r != 0)
		return r;
	struct account read = {.expire_day = -1, .inactive_days = -1};
	bool odd = false;
	const char *name = line_string(&line), *password = line_string(&line);
	if (!shadow_numbers(line, &read, &odd))
		return line_defect(b, "account", name,
			"is skipped in /etc/shadow: fields are missing or no numbers");

	r = join_shadow(b, name, password, &read);
	if (r >= 0 && odd)
		r = line_defect(b, "account", name,
			"has a number out of range in /etc/shadow, for which it may be skipped");
	return r < 0 ? r : line_check(b, "account", name, fields, 9);
}

/* The gid of a legacy entry may be missing: then it is 0. */
static bool legacy_gid(char **line, uint32_t *ret)
{
	*ret = 0;
	if (**line != ':')
		return line_number(line, ret);
	(*line)++;
	return true;
}

static enum password_kind group_password(const struct account_lines *b, const char *field)
{
	enum fact_state gshadow = b->acc->file_state[ACCOUNTS_GSHADOW];
	const char *scheme;

	if (gshadow != FACT_STATE_OK && gshadow != FACT_STATE_ABSENT)
		return PASSWORD_UNKNOWN;
	/* An empty one lets nobody in: newgrp(1) asks, and nothing matches. */
	return password_classify(field, &scheme) == PASSWORD_USABLE ? PASSWORD_USABLE
								    : PASSWORD_LOCKED;
}

/*
 * A legacy entry is no group by its name, but its members are in it all the same:
 * initgroups(3) gives them its gid.
 */
static int group_line(struct account_lines *b, char *line)
{
	unsigned fields = line_fields(line);
	int legacy = line_legacy(b, "group", line);
	struct account_group g = {.line = b->line, .legacy = legacy > 0};
	bool blanks = false;
	uint32_t gid;

	if (legacy < 0)
		return legacy;
	g.name = line_string(&line);
	const char *password = line_string(&line);
	g.password = group_password(b, password);
	if (g.legacy ? !legacy_gid(&line, &gid) : !line_number(&line, &gid))
		return g.legacy ? 0
				: line_defect(
					  b, "group", g.name, "is skipped: its gid is no number");
	g.gid = gid;
	int r = line_list(b, line, &g, &blanks);
	if (r < 0)
		return r;
	b->acc->groups[b->acc->n_groups++] = g;
	if (g.legacy)
		return 0;
	if (blanks)
		r = line_defect(b, "group", g.name,
			"has a blank before a member, whom the C library knows and gpasswd does "
			"not");
	if (r >= 0 && b->acc->file_state[ACCOUNTS_GSHADOW] == FACT_STATE_OK &&
		strcmp(password, "x") != 0)
		r = line_defect(
			b, "group", g.name, "has its password in /etc/group, not in /etc/gshadow");
	/* A colon in the list makes no field, but a name that nobody has. */
	return r < 0 ? r : line_check(b, "group", g.name, fields, 4);
}

static int gshadow_line(struct account_lines *b, char *line)
{
	unsigned fields = line_fields(line);
	int r = line_legacy(b, "group", line);

	if (r != 0)
		return r;
	const char *name = line_string(&line), *scheme;
	enum password_kind kind = password_classify(line_string(&line), &scheme);
	const struct account_group *found = accounts_find_group(b->acc, name);
	if (!found)
		return line_defect(b, "group", name, "is in /etc/gshadow and not in /etc/group");
	struct account_group *g = &b->acc->groups[found - b->acc->groups];
	if (g->gshadow_line)
		return line_defect(b, "group", name,
			arena_printf(b->arena, "is in /etc/gshadow twice (first in line %u)",
				g->gshadow_line));
	g->gshadow_line = b->line;
	g->password = kind == PASSWORD_USABLE ? kind : PASSWORD_LOCKED;
	return line_check(b, "group", name, fields, 4);
}

/* How pam_unix reads it: the first line with the key, whatever its case, counts. */
static int login_defs_line(struct account_lines *b, char *line)
{
	struct accounts *acc = b->acc;
	size_t n = strcspn(line, " \t=");
	char *value = line + n + strspn(line + n, " \t=\"");
	size_t len = strcspn(value, "\" \t\r");

	if (n == 14 && strncasecmp(line, "ENCRYPT_METHOD", n) == 0) {
		if (acc->encrypt_method_line)
			return line_defect(b, NULL, NULL, "ENCRYPT_METHOD is set a second time");
		acc->encrypt_method = arena_strndup(b->arena, value, len);
		acc->encrypt_method_line = b->line;
		return acc->encrypt_method ? 0 : -ENOMEM;
	}
	if (n != 7 || (strncmp(line, "UID_MIN", n) != 0 && strncmp(line, "UID_MAX", n) != 0))
		return 0;
	char *end;
	/* As shadow-utils reads numbers: any base; the last line counts. */
	unsigned long v = strtoul(value, &end, 0);
	if (end == value || end < value + len || v > UINT32_MAX)
		return line_defect(b, NULL, NULL, "UID_MIN or UID_MAX is no number");
	*(line[6] == 'N' ? &acc->uid_min : &acc->uid_max) = (uid_t)v;
	return 0;
}

static int parse_file(struct account_lines *b, const struct accounts_text *text,
	enum accounts_file file, int (*each)(struct account_lines *b, char *line))
{
	char *line;
	int r = 0;

	b->file = file;
	b->line = 0;
	b->next = text->data;
	b->end = text->data ? text->data + text->size : NULL;
	while (text->data && r >= 0 && (line = line_next(b)))
		r = each(b, line);
	return r;
}

static size_t count_lines(const struct accounts_text *text)
{
	size_t n = 1;

	for (size_t i = 0; text->data && i < text->size; i++)
		n += text->data[i] == '\n';
	return n;
}

int accounts_parse(struct arena *a, const struct accounts_text texts[static ACCOUNTS_FILE_MAX],
	struct accounts *acc)
{
	struct account_lines b = {.arena = a, .acc = acc};
	static int (*const readers[])(struct account_lines * b, char *line) = {
		[ACCOUNTS_PASSWD] = passwd_line,
		[ACCOUNTS_SHADOW] = shadow_line,
		[ACCOUNTS_GROUP] = group_line,
		[ACCOUNTS_GSHADOW] = gshadow_line,
		[ACCOUNTS_LOGIN_DEFS] = login_defs_line,
	};
	static const enum accounts_file before[] = {ACCOUNTS_PASSWD, ACCOUNTS_GROUP},
					after[] = {ACCOUNTS_SHADOW, ACCOUNTS_GSHADOW,
						ACCOUNTS_LOGIN_DEFS};

	acc->uid_min = 1000;
	acc->uid_max = 60000;
	acc->encrypt_method = "";
	acc->v = arena_alloc(a, count_lines(&texts[ACCOUNTS_PASSWD]) * sizeof(*acc->v));
	acc->groups = arena_alloc(a, count_lines(&texts[ACCOUNTS_GROUP]) * sizeof(*acc->groups));
	if (!acc->v || !acc->groups)
		return -ENOMEM;
	int r = 0;
	for (size_t i = 0; i < ARRAY_SIZE(before) && r >= 0; i++)
		r = parse_file(&b, &texts[before[i]], before[i], readers[before[i]]);
	if (r >= 0)
		r = accounts_index(a, acc);
	for (size_t i = 0; i < ARRAY_SIZE(after) && r >= 0; i++)
		r = parse_file(&b, &texts[after[i]], after[i], readers[after[i]]);
	if (r >= 0)
		r = accounts_compare(a, acc);
	return r < 0 ? r : arena_failed(a) ? -ENOMEM : 0;
}
