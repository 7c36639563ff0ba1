/* SPDX-License-Identifier: ISC */
#include "fact/unbound-conf.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

struct lexer {
	char *p;
	unsigned line;
};

bool unbound_is_clause(const char *name)
{
	static const char *const clauses[] = {"server", "remote-control", "stub-zone",
		"forward-zone", "view", "python", "dynlib", "dnscrypt", "cachedb", "auth-zone",
		"rpz", "ipset", "dnstap"};

	for (size_t i = 0; i < ARRAY_SIZE(clauses); i++) {
		if (strcmp(clauses[i], name) == 0)
			return true;
	}
	return false;
}

/* The next word, its end made one, and its line; NULL at the end. */
static char *next_word(struct lexer *l, unsigned *ret_line)
{
	while (*l->p == '#' || isspace((unsigned char)*l->p)) {
		if (*l->p == '#')
			l->p += strcspn(l->p, "\n");
		l->line += *l->p == '\n';
		l->p += *l->p != '\0';
	}
	if (!*l->p)
		return NULL;
	*ret_line = l->line;
	char quote = *l->p == '"' || *l->p == '\'' ? *l->p++ : '\0', *word = l->p;
	while (*l->p && (quote ? *l->p != quote : !isspace((unsigned char)*l->p))) {
		l->line += *l->p == '\n';
		l->p++;
	}
	if (*l->p) {
		l->line += *l->p == '\n';
		*l->p++ = '\0';
	}
	return word;
}

static bool takes_two(const char *key)
{
	static const char *const keys[] = {"access-control", "access-control-tag",
		"access-control-view", "interface-action", "interface-tag", "interface-view",
		"local-zone"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(keys[i], key) == 0)
			return true;
	}
	return false;
}

int unbound_conf_parse(struct conf_files *files, const char *path, char *text,
	int (*each)(void *arg, const struct conf_place *at, const char *key, char **values),
	void *arg)
{
	struct lexer l = {.p = text, .line = 1};
	struct conf_place at = {.path = path};
	char none[] = "";

	for (char *key; (key = next_word(&l, &at.line));) {
		char *values[2] = {none, none};
		size_t len = strlen(key);
		unsigned line;
		if (len < 2 || key[len - 1] != ':')
			continue; /* another value of the setting before */
		key[len - 1] = '\0';
		size_t n = unbound_is_clause(key) ? 0 : takes_two(key) ? 2 : 1;
		for (size_t i = 0; i < n; i++) {
			values[i] = next_word(&l, &line);
			if (!values[i])
				return conf_files_fault(files, &at, "%s: has no value", key);
		}
		int e = each(arg, &at, key, values);
		if (e < 0)
			return e;
	}
	return 0;
}
