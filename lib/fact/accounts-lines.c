/* SPDX-License-Identifier: ISC */
#include "fact/accounts-lines.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

char *line_next(struct account_lines *b)
{
	while (b->next < b->end) {
		char *line = b->next;
		char *nl = memchr(line, '\n', (size_t)(b->end - line));
		b->next = nl ? nl + 1 : b->end;
		b->line++;
		if (nl)
			*nl = '\0';
		b->indented = isspace((unsigned char)*line);
		/* A NUL ends the line, as it does for who reads it with fgets(3). */
		while (isspace((unsigned char)*line))
			line++;
		if (*line != '\0' && *line != '#')
			return line;
	}
	return NULL;
}

char *line_string(char **line)
{
	char *field = *line, *end = field + strcspn(field, ":");

	*line = *end ? end + 1 : end;
	*end = '\0';
	return field;
}

bool line_number(char **line, uint32_t *ret)
{
	char *end;
	unsigned long v = strtoul(*line, &end, 10);

	if (end == *line || (*end != ':' && *end != '\0') || v > UINT32_MAX)
		return false;
	*line = *end ? end + 1 : end;
	*ret = (uint32_t)v;
	return true;
}

bool line_optional(char **line, int64_t *ret, bool *odd)
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

int line_defect(struct account_lines *b, const char *kind, const char *name, const char *what)
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

unsigned line_fields(const char *line)
{
	unsigned n = 1;

	while ((line = strchr(line, ':'))) {
		line++;
		n++;
	}
	return n;
}

int line_legacy(struct account_lines *b, const char *kind, const char *line)
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

int line_check(
	struct account_lines *b, const char *kind, const char *name, unsigned have, unsigned want)
{
	const char *what = name_defect(name);
	int r = what ? line_defect(b, kind, name, what) : 0;

	if (r >= 0 && b->indented)
		r = line_defect(b, kind, name,
			"begins with a blank, which the C library skips and useradd does not");
	if (r < 0 || have == want)
		return r;
	return line_defect(
		b, kind, name, arena_printf(b->arena, "has %u fields, expected %u", have, want));
}

int line_list(struct account_lines *b, char *line, struct account_group *g, bool *blanks)
{
	size_t commas = 0, n = 0;

	for (const char *p = line; (p = strchr(p, ',')); p++)
		commas++;
	const char **list = arena_alloc(b->arena, (commas + 2) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	while (*line) {
		*blanks = *blanks || isspace((unsigned char)*line);
		while (isspace((unsigned char)*line))
			line++;
		char *end = line + strcspn(line, ",");
		if (end > line)
			list[n++] = line;
		line = *end ? end + 1 : end;
		*end = '\0';
	}
	g->members = list;
	g->n_members = n;
	return 0;
}
