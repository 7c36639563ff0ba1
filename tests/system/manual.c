/* SPDX-License-Identifier: ISC */
/*
 * manual HARDEND.CONF.5 HARDEND.CONF: every key of the configuration stands in
 * the manual under its section, and in the example under its header.
 */
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "conf/schema.h"

static unsigned missing;

/* Whether line stands as a whole, or as the begin of one, between from and end. */
static bool has_line(const char *from, const char *end, const char *line)
{
	for (const char *p = from; (p = strstr(p, line)) && p < end; p++) {
		if (p[-1] == '\n')
			return true;
	}
	return false;
}

/* What goes before and behind a key's name, and how the next header begins. */
struct form {
	const char *before, *behind, *next;
};

/* Every key in text, between the line `header` and the next header. */
static void look(
	const char *text, const struct form *f, const char *header, const struct param *rows)
{
	char line[128];

	(void)snprintf(line, sizeof(line), "\n%s\n", header);
	const char *from = strstr(text, line);
	if (!from) {
		printf("no \"%s\"\n", header);
		missing++;
		return;
	}
	from += strlen(line);
	(void)snprintf(line, sizeof(line), "\n%s", f->next);
	const char *end = strstr(from, line);
	for (; rows && rows->key; rows++) {
		(void)snprintf(line, sizeof(line), "%s%s%s", f->before, rows->key, f->behind);
		if (!has_line(from, end ? end : from + strlen(from), line)) {
			printf("no \"%s\" under \"%s\"\n", line, header);
			missing++;
		}
	}
}

static void look_manual(const char *page)
{
	static const struct form f = {".It Cm ", "\n", ".S"};
	char header[128];

	look(page, &f, ".Ss Section hardend", schema_hardend);
	look(page, &f, ".Ss Section policy", schema_policy);
	look(page, &f, ".Ss Sections of checks", schema_check);
	look(page, &f, ".Ss Sections waiver NAME", schema_waiver);
	look(page, &f, ".Ss Sections attestation CHECK-ID", schema_attestation);
	look(page, &f, ".Ss Sections profile NAME", schema_profile);
	for (size_t i = 0; i < check_count(); i++) {
		const struct check *c = check_at(i);
		(void)snprintf(header, sizeof(header), ".Ss Section %s", c->id);
		if (c->params)
			look(page, &f, header, c->params);
	}
}

static void look_example(const char *text)
{
	static const struct form f = {"#", " =", "["};
	char header[128];

	look(text, &f, "[hardend]", schema_hardend);
	look(text, &f, "[policy]", schema_policy);
	for (size_t i = 0; i < check_count(); i++) {
		(void)snprintf(header, sizeof(header), "[%s]", check_at(i)->id);
		look(text, &f, header, check_at(i)->params);
	}
}

static char text[2][1 << 20];

int main(int argc, char *argv[])
{
	for (int i = 0; i < 2; i++) {
		FILE *file = i + 1 < argc ? fopen(argv[i + 1], "re") : NULL;
		size_t n = file ? fread(text[i], 1, sizeof(text[i]) - 1, file) : 0;
		if (n == 0) {
			fputs("usage: manual HARDEND.CONF.5 HARDEND.CONF\n", stderr);
			return 1;
		}
		(void)fclose(file); /* read-only */
	}
	look_manual(text[0]);
	look_example(text[1]);
	return missing > 0;
}
