/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "fact/sshd-conf.h"

#define BLANKS " \t\r\n"

char *sshd_word(char **s, bool equals)
{
	char *word = *s;

	if (!word)
		return NULL;
	char *p = word + strcspn(word, equals ? BLANKS "\"=" : BLANKS "\"");
	if (!*p) {
		*s = NULL;
		return word;
	}
	if (*p == '"') {
		/* The quote is dropped wherever in the word it stands; what is left ends at the
		 * next. */
		memmove(p, p + 1, strlen(p));
		p = strchr(p, '"');
		if (!p) {
			*s = NULL;
			return NULL;
		}
		*p = '\0';
		*s = p + 1 + strspn(p + 1, BLANKS);
		return word;
	}
	bool seen = equals && *p == '=';
	*p++ = '\0';
	p += strspn(p, BLANKS);
	if (equals && *p == '=' && !seen)
		p += 1 + strspn(p + 1, BLANKS);
	*s = p;
	return word;
}

/* Whether the backslash at s takes away the meaning of what follows it. */
static bool escapes(const char *s, char quote)
{
	return s[1] == '\'' || s[1] == '"' || s[1] == '\\' || (!quote && s[1] == ' ');
}

/* One word into out; returns where it ends, NULL when a quote is not closed. */
static const char *split_word(const char *s, char *out)
{
	char quote = '\0';

	for (; *s; s++) {
		if (*s == '\\') {
			if (escapes(s, quote))
				s++;
			*out++ = *s;
		} else if (!quote && (*s == ' ' || *s == '\t')) {
			break;
		} else if (!quote && (*s == '"' || *s == '\'')) {
			quote = *s;
		} else if (quote && *s == quote) {
			quote = '\0';
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
	return quote ? NULL : s;
}

int sshd_words(struct arena *a, const char *s, char ***ret, size_t *ret_n)
{
	/* A word is a byte and what parts it from the next one: bounds the array. */
	char **words = arena_alloc(a, (strlen(s) / 2 + 2) * sizeof(*words));
	size_t n = 0;

	if (!words)
		return -ENOMEM;
	for (s += strspn(s, " \t"); *s && *s != '#'; s += strspn(s, " \t")) {
		char *word = arena_alloc(a, strlen(s) + 1);
		if (!word)
			return -ENOMEM;
		s = split_word(s, word);
		if (!s)
			return -EINVAL;
		words[n++] = word;
	}
	*ret = words;
	*ret_n = n;
	return 0;
}
