/* SPDX-License-Identifier: ISC */
/*
 * keys mdoc|example TEMPLATE: copies the template to standard output; in the
 * place of the line @KEYS@ come all keys of the configuration, from the tables
 * that the program itself reads, as manual or as commented example.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "conf/schema.h"

enum {
	WIDTH = 76,
};

/* What roff would take for something else, as it wants it; NULL: the character itself. */
static const char *roff(char c)
{
	return c == '\\'   ? "\\e"
	       : c == '`'  ? "\\(ga"
	       : c == '\'' ? "\\(aq"
	       : c == '~'  ? "\\(ti"
	       : c == '^'  ? "\\(ha"
			   : NULL;
}

/* Each of these returns how many columns it wrote, or with put false would write. */
static size_t roff_word(const char *s, size_t n, bool put)
{
	size_t columns = 0;

	for (size_t i = 0; i < n; i++) {
		const char one[] = {s[i], '\0'}, *text = roff(s[i]) ? roff(s[i]) : one;
		columns += strlen(text);
		if (put)
			fputs(text, stdout);
	}
	return columns;
}

static size_t plain_word(const char *s, size_t n, bool put)
{
	return put ? fwrite(s, 1, n, stdout) : n;
}

/* How lines of words are written: what begins the first and the others, and where they may end. */
struct form {
	const char *first, *next;
	bool by_sentence; /* a new line for each sentence, as mdoc has it */
	size_t (*word)(const char *s, size_t n, bool put);
};

static void put_words(const struct form *f, const char *s)
{
	size_t column = (size_t)printf("%s", f->first), begin = column;

	for (s += strspn(s, " "); *s; s += strspn(s, " ")) {
		size_t n = strcspn(s, " ");
		if (column > begin && column + 1 + f->word(s, n, false) > WIDTH) {
			begin = column = (size_t)printf("\n%s", f->next) - 1;
		} else if (column > begin) {
			fputc(' ', stdout);
			column++;
		}
		if (f->by_sentence && column == begin && (*s == '.' || *s == '\''))
			fputs("\\&", stdout);
		column += f->word(s, n, true);
		s += n;
		if (f->by_sentence && s[-1] == '.' && *s)
			column = WIDTH;
	}
	fputc('\n', stdout);
}

static void mdoc_key(const struct param *p)
{
	static const struct form prose = {"", "", true, roff_word};
	static const struct form expect = {"Expected: ", "", true, roff_word};
	static const struct form dflt = {"Default: ", "", true, roff_word};
	char expected[SCHEMA_EXPECTED_MAX];

	printf(".It Cm %s\n", p->key);
	put_words(&prose, p->doc);
	printf(".Pp\n");
	put_words(&expect, schema_expected(p, expected));
	if (*p->def) {
		printf(".br\n");
		put_words(&dflt, p->def);
	}
}

static void mdoc_section(const char *title, const struct param *rows)
{
	printf(".Ss %s\n.Bl -tag -width Ds\n", title);
	for (; rows->key; rows++)
		mdoc_key(rows);
	printf(".El\n");
}

/* Which checks take one, and what it must say. */
static void mdoc_attestations(void)
{
	static const struct form prose = {"", "", true, roff_word};

	printf(".Pp\nThese checks take an attestation, which must state:\n.Bl -tag -width Ds\n");
	for (size_t i = 0; i < check_count(); i++) {
		const struct check *c = check_at(i);
		if (!c->attestation)
			continue;
		printf(".It Cm %s\n", c->id);
		put_words(&prose, c->attestation);
	}
	printf(".El\n");
}

static void mdoc(void)
{
	mdoc_section("Section hardend", schema_hardend);
	mdoc_section("Section policy", schema_policy);
	mdoc_section("Sections of checks", schema_check);
	for (size_t i = 0; i < check_count(); i++) {
		const struct check *c = check_at(i);
		char title[128];
		if (!c->params || !c->params->key)
			continue;
		(void)snprintf(title, sizeof(title), "Section %s", c->id);
		mdoc_section(title, c->params);
	}
	mdoc_section("Sections waiver NAME", schema_waiver);
	mdoc_section("Sections attestation CHECK-ID", schema_attestation);
	mdoc_attestations();
	mdoc_section("Sections profile NAME", schema_profile);
}

static void example_key(const struct param *p)
{
	static const struct form prose = {"# ", "# ", false, plain_word};
	char expected[SCHEMA_EXPECTED_MAX], first[64];
	const struct form value = {first, "#\t", false, plain_word};

	printf("\n");
	put_words(&prose, p->doc);
	printf("# (%s)\n", schema_expected(p, expected));
	(void)snprintf(first, sizeof(first), "#%s =%s", p->key, *p->def ? " " : "");
	put_words(&value, p->def);
}

static void example_section(const char *name, const char *about, const struct param *rows)
{
	static const struct form prose = {"# ", "# ", false, plain_word};

	printf("\n\n");
	put_words(&prose, about);
	printf("[%s]\n", name);
	for (; rows && rows->key; rows++)
		example_key(rows);
}

static void example(void)
{
	example_section("hardend", "The daemon itself.", schema_hardend);
	example_section("policy", "What several checks go by.", schema_policy);
	for (size_t i = 0; i < check_count(); i++)
		example_section(check_at(i)->id, check_at(i)->title, check_at(i)->params);
}

int main(int argc, char *argv[])
{
	char line[1024];

	FILE *f = argc == 3 ? fopen(argv[2], "re") : NULL;
	if (!f) {
		fputs("usage: keys mdoc|example TEMPLATE\n", stderr);
		return 2;
	}
	while (fgets(line, sizeof(line), f)) {
		if (strcmp(line, "@KEYS@\n") != 0)
			fputs(line, stdout);
		else if (strcmp(argv[1], "mdoc") == 0)
			mdoc();
		else
			example();
	}
	bool bad = ferror(f);
	(void)fclose(f); /* read-only */
	return bad || fflush(stdout) == EOF || ferror(stdout);
}
