/* SPDX-License-Identifier: ISC */
#include "fact/accounts-parse.h"

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

struct build {
	struct arena *arena;
	struct accounts *acc;
	enum accounts_file file; /* that is being read */
	char *next, *end;
	unsigned line;
};

/* The next line that is neither empty nor a comment, leading blanks removed; NULL at the end. */
static char *next_line(struct build *b)
{
	while (b->next < b->end) {
		char *line = b->next;
		char *nl = memchr(line, '\n', (size_t)(b->end - line));
		b->next = nl ? nl + 1 : b->end;
		b->line++;
		if (nl)
			*nl = '\0';
		/* A NUL ends the line, as it does for who reads it with fgets(3). */
		while (isspace((unsigned char)*line))
			line++;
		if (*line != '\0' && *line != '#')
			return line;
	}
	return NULL;
}

/* A field up to the colon; what is missing is "". */
static char *take_string(char **line)
{
	char *field = *line, *end = field + strcspn(field, ":");

	*line = *end ? end + 1 : end;
	*end = '\0';
	return field;
}

/*
 * A number that must be there, and be followed by a colon or nothing. Blanks
 * and a plus before it are taken. Out of range, newer C libraries refuse it and
 * older ones make it 2^32-1, which no process can have: no account either way.
 */
static bool take_number(char **line, uint32_t *ret)
{
	char *end;
	unsigned long v = strtoul(*line, &end, 10);

	if (end == *line || (*end != ':' && *end != '\0') || v > UINT32_MAX)
		return false;
	*line = *end ? end + 1 : end;
	*ret = (uint32_t)v;
	return true;
}

/*
 * A number that may be empty (-1), but not be the end of the line. Out of range
 * it is -1 to older C libraries; newer ones skip the line. In doubt the password
 * counts, so it is -1 here, and *odd is set.
 */
static bool take_optional(char **line, int64_t *ret, bool *odd)
{
	char *end;

	if (**line == '\0')
		return false;
	unsigned long v = strtoul(*line, &end, 10);
	if (*end != ':' && *end != '\0')
		return false;
	*odd = *odd || v > UINT32_MAX;
	*ret = end == *line || v > UINT32_MAX ? -1 : (int32_t)(uint32_t)v;
	*line = *end ? end + 1 : end;
	return true;
}

int accounts_defect(struct arena *a, struct accounts *acc, const struct account_defect *d)
{
	struct account_defect *slot = arena_grow(
		a, &acc->defects, acc->n_defects, sizeof(*acc->defects));

	if (!slot || !d->subject || !d->what)
		return -ENOMEM;
	*slot = *d;
	acc->n_defects++;
	return 0;
}

/* About the line being read: kind is "account" or "group", name its first field. */
static int line_defect(struct build *b, const char *kind, const char *name, const char *what)
{
	bool named = kind && name && *name;
	struct account_defect d = {
		.path = accounts_paths[b->file],
		.line = b->line,
		.subject = named ? arena_printf(b->arena, "%s %s", kind, name)
				 : arena_printf(b->arena, "%s line %u", accounts_paths[b->file],
					   b->line),
		.what = what,
	};

	return accounts_defect(b->arena, b->acc, &d);
}

static unsigned count_fields(const char *line)
{
	unsigned n = 1;

	while ((line = strchr(line, ':'))) {
		line++;
		n++;
	}
	return n;
}

static int count_defect(
	struct build *b, const char *kind, const char *name, unsigned have, unsigned want)
{
	if (have == want)
		return 0;
	return line_defect(
		b, kind, name, arena_printf(b->arena, "has %u fields, expected %u", have, want));
}

/*
 * The entries of nis(5) compat: "+", "+name", "-name", "+@netgroup". Returns 1
 * when it was one, 0 when not.
 */
static int legacy_entry(struct build *b, const char *kind, const char *line)
{
	if (line[0] != '+' && line[0] != '-')
		return 0;
	char *name = arena_strndup(b->arena, line, strcspn(line, ":"));
	int r = name ? line_defect(b, kind, name, "is a legacy entry that lets NIS accounts in")
		     : -ENOMEM;
	return r < 0 ? r : 1;
}

/* Names that other programs take for something else. */
static const char *name_defect(const char *name)
{
	if (*name == '\0')
		return "has an empty name";
	if (name[strspn(name, "0123456789")] == '\0')
		return "has a name of digits only, which is taken for a number";
	for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
		if (*p <= ' ' || *p == 0x7f || strchr(",/\\\"'", *p))
			return "has a character in its name that other programs misread";
	}
	return NULL;
}

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

static void set_password(struct account *acc, struct build *b, const char *field)
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

static void unset_password(struct build *b, struct account *acc)
{
	enum fact_state shadow = b->acc->file_state[ACCOUNTS_SHADOW];

	/* Without a line in shadow nothing matches; without a look at it nobody knows. */
	acc->password = shadow == FACT_STATE_OK || shadow == FACT_STATE_ABSENT ? PASSWORD_LOCKED
									       : PASSWORD_UNKNOWN;
	acc->hash_scheme = acc->hash_fingerprint = "";
	acc->password_path = accounts_paths[ACCOUNTS_SHADOW];
}

static int passwd_line(struct build *b, char *line)
{
	unsigned fields = count_fields(line);
	int r = legacy_entry(b, "account", line);

	if (r != 0)
		return r;
	struct account acc = {.line = b->line,
		.last_change_day = -1,
		.max_days = -1,
		.inactive_days = -1,
		.expire_day = -1};
	uint32_t uid, gid;
	acc.name = take_string(&line);
	char *password = take_string(&line);
	if (!take_number(&line, &uid) || !take_number(&line, &gid))
		return line_defect(
			b, "account", acc.name, "is skipped: its uid or gid is no number");
	acc.uid = uid;
	acc.gid = gid;
	acc.gecos = take_string(&line);
	acc.home = take_string(&line);
	acc.shell = line;
	acc.login_shell = !shell_denies(acc.shell);
	if (is_shadowed(acc.name, password))
		unset_password(b, &acc);
	else
		set_password(&acc, b, password);
	b->acc->v[b->acc->n++] = acc;

	const char *what = name_defect(acc.name);
	r = what ? line_defect(b, "account", acc.name, what) : 0;
	return r < 0 ? r : count_defect(b, "account", acc.name, fields, 7);
}

/* Gives the line of shadow to the accounts of that name, the first of duplicates as well. */
static int join_shadow(
	struct build *b, const char *name, const char *password, const struct account *read)
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

	if (!take_optional(&line, &read->last_change_day, odd) ||
		!take_optional(&line, &unused, odd) || !take_optional(&line, &read->max_days, odd))
		return false;
	while (isspace((unsigned char)*line))
		line++;
	/* Up to here is the old form, which is taken too. */
	if (*line == '\0')
		return true;
	if (!take_optional(&line, &unused, odd) ||
		!take_optional(&line, &read->inactive_days, odd) ||
		!take_optional(&line, &read->expire_day, odd))
		return false;
	/* The flags may be missing; after them no colon is taken. */
	return *line == '\0' || (strchr(line, ':') == NULL && take_optional(&line, &unused, odd));
}

static int shadow_line(struct build *b, char *line)
{
	unsigned fields = count_fields(line);
	int r = legacy_entry(b, "account", line);

	if (r != 0)
		return r;
	struct account read = {.expire_day = -1, .inactive_days = -1};
	bool odd = false;
	const char *name = take_string(&line), *password = take_string(&line);
	if (!shadow_numbers(line, &read, &odd))
		return line_defect(b, "account", name,
			"is skipped in /etc/shadow: fields are missing or no numbers");

	r = join_shadow(b, name, password, &read);
	if (r >= 0 && odd)
		r = line_defect(b, "account", name,
			"has a number out of range in /etc/shadow, for which it may be skipped");
	return r < 0 ? r : count_defect(b, "account", name, fields, 9);
}

/* The list of names at the end of a line: blanks before a name are skipped, empty ones too. */
static int take_list(struct build *b, char *line, const char *const **ret, size_t *ret_n)
{
	size_t commas = 0, n = 0;

	for (const char *p = line; (p = strchr(p, ',')); p++)
		commas++;
	const char **list = arena_alloc(b->arena, (commas + 2) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	while (*line) {
		while (isspace((unsigned char)*line))
			line++;
		char *end = line + strcspn(line, ",");
		if (end > line)
			list[n++] = line;
		line = *end ? end + 1 : end;
		*end = '\0';
	}
	*ret = list;
	*ret_n = n;
	return 0;
}

static int group_line(struct build *b, char *line)
{
	unsigned fields = count_fields(line);
	int r = legacy_entry(b, "group", line);

	if (r != 0)
		return r;
	struct account_group g = {.line = b->line};
	uint32_t gid;
	const char *scheme;
	enum fact_state gshadow = b->acc->file_state[ACCOUNTS_GSHADOW];
	g.name = take_string(&line);
	g.password = password_classify(take_string(&line), &scheme);
	/* An empty one lets nobody in: newgrp(1) asks, and nothing matches. */
	if (g.password == PASSWORD_NONE)
		g.password = PASSWORD_LOCKED;
	if (gshadow != FACT_STATE_OK && gshadow != FACT_STATE_ABSENT)
		g.password = PASSWORD_UNKNOWN;
	if (!take_number(&line, &gid))
		return line_defect(b, "group", g.name, "is skipped: its gid is no number");
	g.gid = gid;
	r = take_list(b, line, &g.members, &g.n_members);
	if (r < 0)
		return r;
	b->acc->groups[b->acc->n_groups++] = g;

	const char *what = name_defect(g.name);
	r = what ? line_defect(b, "group", g.name, what) : 0;
	/* A colon in the list makes no field, but a name that nobody has. */
	return r < 0 ? r : count_defect(b, "group", g.name, fields, 4);
}

static int gshadow_line(struct build *b, char *line)
{
	unsigned fields = count_fields(line);
	int r = legacy_entry(b, "group", line);

	if (r != 0)
		return r;
	const char *name = take_string(&line), *scheme;
	enum password_kind kind = password_classify(take_string(&line), &scheme);
	const struct account_group *g = accounts_find_group(b->acc, name);
	if (g)
		b->acc->groups[g - b->acc->groups].password = kind == PASSWORD_USABLE
								      ? kind
								      : PASSWORD_LOCKED;
	return count_defect(b, "group", name, fields, 4);
}

/* How pam_unix reads it: the first line with the key, whatever its case, counts. */
static int login_defs_line(struct build *b, char *line)
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

static int parse_file(struct build *b, const struct accounts_text *text, enum accounts_file file,
	int (*each)(struct build *b, char *line))
{
	char *line;
	int r = 0;

	b->file = file;
	b->line = 0;
	b->next = text->data;
	b->end = text->data ? text->data + text->size : NULL;
	while (text->data && r >= 0 && (line = next_line(b)))
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
	struct build b = {.arena = a, .acc = acc};
	static int (*const readers[])(struct build * b, char *line) = {
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
