/* SPDX-License-Identifier: ISC */
/* The interfaces of ingress chains, which nft up to 1.0.6 tells in its own language alone. */
#include <errno.h>
#include <string.h>

#include "filter/read-nft.h"

enum {
	WORD_MAX = 128,
	DEVICES_MAX = 1024,
};

struct place {
	enum rule_family family;
	char table[WORD_MAX], chain[WORD_MAX];
	bool in_table, in_chain;
	bool quoted; /* a string that began on a line before: a comment may hold line feeds */
};

static bool wants_devices(const struct rule_chain *c)
{
	return (c->hook == HOOK_INGRESS || c->hook == HOOK_EGRESS) && !c->device && !c->devices;
}

bool nft_lacks_devices(const struct ruleset *rs)
{
	for (const struct rule_table *t = rs->tables; t; t = t->next) {
		for (const struct rule_chain *c = t->chains; c; c = c->next) {
			if (wants_devices(c))
				return true;
		}
	}
	return false;
}

static struct rule_chain *find_chain(const struct ruleset *rs, const struct place *at)
{
	for (const struct rule_table *t = rs->tables; t; t = t->next) {
		if (t->legacy || t->family != at->family || strcmp(t->name, at->table) != 0)
			continue;
		for (struct rule_chain *c = t->chains; c; c = c->next) {
			if (strcmp(c->name, at->chain) == 0)
				return c;
		}
	}
	return NULL;
}

/* The next word of a line, without quotes; NULL at its end, or where one is too long. */
static const char *next_word(const char *s, char word[static WORD_MAX])
{
	s += strspn(s, " \t,");
	bool quoted = *s == '"';
	s += quoted;
	size_t n = strcspn(s, quoted ? "\"" : " \t,");
	if (n == 0 || n >= WORD_MAX)
		return NULL;
	memcpy(word, s, n);
	word[n] = '\0';
	return s + n + (quoted && s[n] == '"');
}

/* The names of `{ "d0", d1 }`, or the one name. 0 or -ENOMEM; none where it is not so. */
static int read_names(struct ruleset *rs, const char *s, bool many, struct rule_chain *c)
{
	const char **list = NULL;
	char word[WORD_MAX];
	size_t n = 0;

	if (many)
		for (size_t i = 0; s && i < 2; i++) { /* "=" and "{" */
			s = next_word(s, word);
			if (s && strcmp(word, i == 0 ? "=" : "{") != 0)
				return 0;
		}
	while (s && n < DEVICES_MAX && (many || n == 0)) {
		s = next_word(s, word);
		if (!s || (many && strcmp(word, "}") == 0))
			break;
		const char **slot = arena_grow(rs->arena, &list, n, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		*slot = arena_strdup(rs->arena, word);
		if (!*slot)
			return -ENOMEM;
		n++;
	}
	if (!s || n == 0 || n == DEVICES_MAX)
		return 0;
	const char **end = arena_grow(rs->arena, &list, n, sizeof(*end));
	if (!end)
		return -ENOMEM;
	*end = NULL;
	c->devices = list;
	return 0;
}

/* "type filter hook ingress device "d0" priority 0; policy accept;" of the chain that we are in. */
static int read_hook(struct ruleset *rs, const struct place *at, const char *s)
{
	static const char *const form[] = {"type", NULL, "hook", NULL, NULL};
	struct rule_chain *c = find_chain(rs, at);
	char word[WORD_MAX] = "";

	for (size_t i = 0; s && i < ARRAY_SIZE(form); i++) {
		s = next_word(s, word);
		if (s && form[i] && strcmp(word, form[i]) != 0)
			return 0;
	}
	bool one = strcmp(word, "device") == 0, many = strcmp(word, "devices") == 0;
	return s && (one || many) && c && wants_devices(c) ? read_names(rs, s, many, c) : 0;
}

/* "table netdev n {", "\tchain c {": by their tabs, as nft prints them. */
static void enter(struct place *at, const char *line, unsigned depth)
{
	char word[WORD_MAX], family[WORD_MAX];
	const char *s = next_word(line, word);

	if (depth == 0) {
		at->in_table = at->in_chain = false;
		if (!s || strcmp(word, "table") != 0)
			return;
		s = next_word(s, family);
		at->in_table = s && rule_family_parse(family, &at->family) == 0 &&
			       next_word(s, at->table);
	} else {
		at->in_chain = at->in_table && s && strcmp(word, "chain") == 0 &&
			       next_word(s, at->chain);
	}
}

static int read_line(struct ruleset *rs, struct place *at, const char *line)
{
	unsigned depth = (unsigned)strspn(line, "\t");
	bool inside = at->quoted;

	for (const char *p = line; *p; p++)
		at->quoted = at->quoted != (*p == '"');
	if (inside || !line[depth] || line[depth] == '}')
		return 0;
	if (depth < 2)
		enter(at, line, depth);
	else if (depth == 2 && at->in_chain)
		return read_hook(rs, at, line);
	return 0;
}

int nft_read_devices(struct ruleset *rs, const char *text)
{
	struct place at = {0};
	int r = 0;

	while (r == 0 && *text) {
		size_t n = strcspn(text, "\n");
		char line[2048];
		/* Lines about interfaces are short; of a longer one the quotes count. */
		size_t some = MIN(n, sizeof(line) - 1);
		memcpy(line, text, some);
		line[some] = '\0';
		r = read_line(rs, &at, line);
		for (size_t i = some; i < n; i++)
			at.quoted = at.quoted != (text[i] == '"');
		text += n + (text[n] == '\n');
	}
	return r;
}
