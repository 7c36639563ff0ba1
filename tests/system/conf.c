/* SPDX-License-Identifier: ISC */
/*
 * The configuration reader against inih alone: whatever text it finds no fault
 * with, inih by itself reads as the same keys and values. Texts are made of
 * pieces by a fixed rule, so that a run is repeatable.
 */
#include <ctype.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "conf/reader.h"

enum {
	TEXTS = 200000,
};

static const char *const lines[] = {
	"[policy]\n",
	"[a b]\n",
	"key = value\n",
	"\n",
	"\n\n",
	"\r\n",
	"  more\n",
	"\tmore words ; here\n",
	"# c\n",
	"sysadmin = alice, bob\r\n",
	"[x] ; c\n",
	"[y] # c\n",
	" k=v ; c\n",
	"k : v=w;x\n",
	"empty =\n",
	";;\n",
};

static const char *const pieces[] = {
	"[",
	"]",
	"key",
	"k2: v",
	"=",
	":",
	" = ",
	"\n",
	"\r",
	" ",
	"\t",
	"  more\n",
	"\n  x",
	";",
	" ; c",
	"#",
	"\"q\"",
	"\\",
	"2001:db8::/32",
	"=x",
	"\xc3\xbc",
	"\xff",
	"\x01",
	"\xef\xbb\xbf",
	"v v v v v v v v v v v v v v v v v v v v v v v v v v v v v v v v v v v v",
};

struct events {
	char *text;
	size_t size;
	FILE *f;
	char section[CONF_NAME_MAX + 1];
};

static void event(struct events *e, const char *section, const char *key, const char *value)
{
	fprintf(e->f, "[%s] %s = <%s>\n", section, key, value);
}

static bool on_section(const char *name, unsigned line, void *arg)
{
	struct events *e = arg;

	(void)snprintf(e->section, sizeof(e->section), "%s", name);
	return true;
}

static void on_key(const char *key, const char *value, unsigned line, bool continued, void *arg)
{
	struct events *e = arg;

	event(e, e->section, key, value);
}

/* inih 55 leaves a comment in a continued line, later versions remove it, and so do we. */
static int on_inih(void *arg, const char *section, const char *name, const char *value)
{
	char *copy = strdup(value), *end = copy;

	for (char *s = copy; *s && !(*s == ';' && s > copy && isspace((unsigned char)s[-1])); s++)
		end = isspace((unsigned char)*s) ? end : s + 1;
	*end = '\0';
	event(arg, section, name, copy);
	free(copy);
	return 1;
}

static unsigned draw(uint64_t *state, size_t n)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)((*state >> 33) % n);
}

/* Up to 12 pieces, every second one a whole line, so that many texts are without fault. */
static void make_text(uint64_t *state, char *out, size_t size)
{
	size_t n = (size_t)snprintf(out, size, "[s]\n");

	for (unsigned left = draw(state, 12) + 1; left > 0; left--) {
		const char *p = left % 2 ? lines[draw(state, ARRAY_SIZE(lines))]
					 : pieces[draw(state, ARRAY_SIZE(pieces))];
		n += (size_t)snprintf(out + n, size - n, "%s", p);
	}
}

/* inih would go on in the middle of a comment that is longer than its buffer. */
static bool has_long_line(const char *text)
{
	for (; *text; text += *text == '\n') {
		size_t n = strcspn(text, "\n");
		if (n > CONF_LINE_MAX)
			return true;
		text += n;
	}
	return false;
}

static bool same(const char *text, unsigned *faultless, unsigned *keys)
{
	struct events ours = {0}, theirs = {0};
	struct errlist errors = {.arena = arena_new()};
	const struct conf_sink sink = {.section = on_section, .key = on_key, .arg = &ours};

	ours.f = open_memstream(&ours.text, &ours.size);
	theirs.f = open_memstream(&theirs.text, &theirs.size);
	int r = conf_read("t", text, strlen(text), &errors, &sink);
	int inih = ini_parse_string(text, on_inih, &theirs);
	fclose(ours.f);
	fclose(theirs.f);
	bool ok = r == 0 && (errors.n > 0 || has_long_line(text) ||
				    (inih == 0 && strcmp(ours.text, theirs.text) == 0));
	if (!ok)
		printf("DIFFERS for:\n%s\n--- ours (%d):\n%s--- inih (%d):\n%s", text, r, ours.text,
			inih, theirs.text);
	*faultless += errors.n == 0;
	*keys += errors.n == 0 && ours.size > 0;
	free(ours.text);
	free(theirs.text);
	errlist_fini(&errors);
	return ok;
}

int main(void)
{
	uint64_t state = 20261121;
	unsigned faultless = 0, keys = 0, differ = 0;
	char text[2048];

	for (int i = 0; i < TEXTS && differ < 5; i++) {
		make_text(&state, text, sizeof(text));
		differ += !same(text, &faultless, &keys);
	}
	printf("%d texts, %u without fault, %u of them with keys, %u differ\n", TEXTS, faultless,
		keys, differ);
	return differ > 0 || keys < 1000;
}
