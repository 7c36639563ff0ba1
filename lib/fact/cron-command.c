/* SPDX-License-Identifier: ISC */
#include "fact/cron-command.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

#define BLANKS " \t"

enum token {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_OPERATOR, /* a program may follow */
	TOKEN_UNKNOWN,	/* whatever follows may be anything */
};

struct shell {
	const char *p;
	/* of the word in hand */
	const char *start;		      /* as it stands there */
	char word[CRON_PROGRAM_SIZE_MAX + 1]; /* its beginning, quotes taken off */
	size_t n;
	bool plain; /* all of it is in word, nothing is quoted, and it could be a path */
};

static void put(struct shell *s, char c, bool plain)
{
	if (s->n < CRON_PROGRAM_SIZE_MAX)
		s->word[s->n++] = c;
	else
		plain = false;
	s->word[s->n] = '\0';
	s->plain = s->plain && plain;
}

/* Behind the closing quote of the one at s->p; false when that cannot be told. */
static bool take_quoted(struct shell *s)
{
	char quote = *s->p++;

	for (; *s->p != quote; s->p++) {
		if (*s->p == '\\' && (quote == '"' || s->p[1] == '%'))
			s->p++;
		else if (*s->p == '%' || (quote == '"' && (*s->p == '`' || *s->p == '$')))
			return false;
		if (!*s->p || *s->p == '\n')
			return false;
		put(s, *s->p, false);
	}
	s->p++;
	s->plain = false; /* of "" too */
	return true;
}

/* A character of a word that is not quoted; false when it makes the word unreadable. */
static bool take_bare(struct shell *s)
{
	if (*s->p == '\\') {
		if (!s->p[1] || s->p[1] == '\n')
			return false;
		put(s, s->p[1], false);
		s->p += 2;
		return true;
	}
	if (*s->p == '`' || (*s->p == '$' && s->p[1] && strchr("({'\"[", s->p[1])))
		return false;
	put(s, *s->p, isalnum((unsigned char)*s->p) || strchr("_./+-", *s->p));
	s->p++;
	return true;
}

static enum token take_word(struct shell *s)
{
	s->start = s->p;
	s->n = 0;
	s->word[0] = '\0';
	s->plain = true;
	while (*s->p && !strchr(BLANKS "\n;&|()<>%", *s->p)) {
		bool quote = *s->p == '\'' || *s->p == '"';
		if (!(quote ? take_quoted(s) : take_bare(s)))
			return TOKEN_UNKNOWN;
	}
	/* name(), NAME=(...) */
	return *s->p == '(' ? TOKEN_UNKNOWN : TOKEN_WORD;
}

/* ">file", "2>&1", "<<<word": with what it names. */
static bool pass_redirection(struct shell *s)
{
	s->p += strspn(s->p, "&<>|-");
	s->p += strspn(s->p, BLANKS);
	return take_word(s) == TOKEN_WORD;
}

static enum token take_operator(struct shell *s)
{
	char c = *s->p;

	s->p += c == '(' || c == ')' ? 1 : strspn(s->p, ";&|");
	/* "a&b=c" is part of a URL that somebody forgot to quote as often as an operator. */
	return *s->p && !strchr(BLANKS "\n()", *s->p) && c != '(' ? TOKEN_UNKNOWN
	       : c == '(' && *s->p == '('			  ? TOKEN_UNKNOWN
								  : TOKEN_OPERATOR;
}

static enum token next(struct shell *s)
{
	for (;;) {
		s->p += strspn(s->p, BLANKS);
		if (!*s->p || strchr("\n#%", *s->p))
			return TOKEN_END;
		if (strchr("<>", *s->p) || (*s->p == '&' && s->p[1] == '>')) {
			if (!pass_redirection(s))
				return TOKEN_UNKNOWN;
			continue;
		}
		if (strchr(";&|()", *s->p))
			return take_operator(s);
		enum token t = take_word(s);
		/* "2>" */
		if (t == TOKEN_WORD && *s->p && strchr("<>", *s->p) && s->plain &&
			strspn(s->word, "0123456789") == s->n)
			continue;
		return t;
	}
}

/* NAME=..., none of the name in quotes: else it is a program, or nobody knows. */
static bool is_assignment(const char *word)
{
	size_t n = 0;

	while (isalnum((unsigned char)word[n]) || word[n] == '_')
		n++;
	return n > 0 && (word[n] == '=' || (word[n] == '+' && word[n + 1] == '='));
}

/* Programs that start the one that their arguments name. */
static const struct wrapper {
	const char *name;
	const char *flags;     /* options without an argument */
	const char *arguments; /* options with one */
	unsigned operands;     /* before the program */
} wrappers[] = {
	{"chronic", "ev", "", 0},
	{"command", "p", "", 0},
	{"doas", "n", "uC", 0},
	{"env", "i0", "uC", 0},
	{"exec", "cl", "a", 0},
	{"flock", "enosuxF", "Ew", 1},
	{"ionice", "t", "cn", 0},
	{"nice", "0123456789", "n", 0},
	{"nohup", "", "", 0},
	{"runuser", "", "ugG", 0},
	{"setsid", "cfw", "", 0},
	{"sudo", "AbEHknPS", "CDghpRrTtUu", 0},
	{"systemd-cat", "", "tp", 0},
	{"time", "apqv", "of", 0},
	{"timeout", "v", "ks", 1},
};

static bool is_one_of(const char *word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(word, list[i]) == 0)
			return true;
	}
	return false;
}

/* What is told so far, and what the next word is. */
struct telling {
	struct arena *a;
	const char *text;
	unsigned n;
	bool expected;		       /* a program */
	const struct wrapper *wrapper; /* whose arguments these are, or NULL */
	unsigned operands;	       /* of it, to come */
	bool argument;		       /* of an option of it comes next */
};

static bool tell(struct telling *t, const char *name)
{
	t->text = t->text ? arena_printf(t->a, "%s, %s", t->text, name) : arena_strdup(t->a, name);
	t->n++;
	return t->text != NULL;
}

/* An option of a wrapper; false when it is one that is not known. */
static bool take_option(struct telling *t, const char *word)
{
	if (strcmp(word, "--") == 0)
		return true;
	for (const char *o = word + 1; *o; o++) {
		if (strchr(t->wrapper->arguments, *o)) {
			t->argument = o[1] == '\0';
			return true;
		}
		if (!strchr(t->wrapper->flags, *o))
			return false;
	}
	return true;
}

/* A word between a wrapper and the program: 1; 0 when it is the program; -1 when nobody knows. */
static int pass_argument(struct telling *t, const struct shell *s)
{
	if (t->argument) {
		t->argument = false;
		return 1;
	}
	if (s->word[0] == '-' && s->n > 1)
		return take_option(t, s->word) ? 1 : -1;
	if (t->operands == 0)
		return 0;
	t->operands--;
	return 1;
}

static void begin(struct telling *t, const char *name)
{
	const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;

	t->expected = false;
	t->wrapper = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(wrappers); i++) {
		if (strcmp(wrappers[i].name, last) != 0)
			continue;
		t->wrapper = &wrappers[i];
		t->operands = wrappers[i].operands;
		t->expected = true;
	}
}

/* A word where a program is expected. False: tell no more. */
static bool take_program(struct telling *t, const struct shell *s)
{
	static const char *const openers[] = {
		"!", "{", "if", "then", "elif", "else", "do", "while", "until"};
	static const char *const closers[] = {"}", "fi", "done", "for"};
	static const char *const odd[] = {"case", "function", "select", "coproc"};

	if (t->wrapper) {
		int r = pass_argument(t, s);
		if (r != 0)
			return r > 0;
	}
	if (is_assignment(s->start) || is_one_of(s->word, openers, ARRAY_SIZE(openers)))
		return true;
	if (is_one_of(s->word, closers, ARRAY_SIZE(closers))) {
		t->expected = false;
		return true;
	}
	bool test = strcmp(s->word, "[") == 0;
	if ((!s->plain && !test) || is_one_of(s->word, odd, ARRAY_SIZE(odd)) ||
		t->n == CRON_PROGRAMS_MAX || !tell(t, test ? "test" : s->word))
		return false;
	begin(t, s->word);
	return true;
}

const char *cron_programs(struct arena *a, const char *command)
{
	struct telling t = {.a = a, .expected = true};
	struct shell s = {.p = command};
	enum token token;
	bool known = true;

	while (known && (token = next(&s)) != TOKEN_END) {
		if (token == TOKEN_UNKNOWN) {
			known = false;
		} else if (token == TOKEN_OPERATOR) {
			t.expected = true;
			t.wrapper = NULL;
		} else if (t.expected) {
			known = take_program(&t, &s);
		}
	}
	if (arena_failed(a))
		return NULL;
	if (!t.text)
		return "a shell command";
	return known ? t.text : arena_printf(a, "%s, ...", t.text);
}
