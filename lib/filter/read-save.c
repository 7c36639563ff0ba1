/* SPDX-License-Identifier: ISC */
#include "filter/read-save.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "filter/save-rule.h"

/* The tables of iptables: at which hooks they have chains, and at what priority. */
struct builtin {
	const char *table, *chain;
	enum rule_hook hook;
	enum rule_chain_type type;
	int priority;
};
static const struct builtin builtins[] = {
	{"raw", "PREROUTING", HOOK_PREROUTING, CHAIN_FILTER, -300},
	{"raw", "OUTPUT", HOOK_OUTPUT, CHAIN_FILTER, -300},
	{"mangle", "PREROUTING", HOOK_PREROUTING, CHAIN_FILTER, -150},
	{"mangle", "INPUT", HOOK_INPUT, CHAIN_FILTER, -150},
	{"mangle", "FORWARD", HOOK_FORWARD, CHAIN_FILTER, -150},
	{"mangle", "OUTPUT", HOOK_OUTPUT, CHAIN_ROUTE, -150},
	{"mangle", "POSTROUTING", HOOK_POSTROUTING, CHAIN_FILTER, -150},
	{"nat", "PREROUTING", HOOK_PREROUTING, CHAIN_NAT, -100},
	{"nat", "INPUT", HOOK_INPUT, CHAIN_NAT, 100},
	{"nat", "OUTPUT", HOOK_OUTPUT, CHAIN_NAT, -100},
	{"nat", "POSTROUTING", HOOK_POSTROUTING, CHAIN_NAT, 100},
	{"filter", "INPUT", HOOK_INPUT, CHAIN_FILTER, 0},
	{"filter", "FORWARD", HOOK_FORWARD, CHAIN_FILTER, 0},
	{"filter", "OUTPUT", HOOK_OUTPUT, CHAIN_FILTER, 0},
	{"security", "INPUT", HOOK_INPUT, CHAIN_FILTER, 50},
	{"security", "FORWARD", HOOK_FORWARD, CHAIN_FILTER, 50},
	{"security", "OUTPUT", HOOK_OUTPUT, CHAIN_FILTER, 50},
};

struct reader {
	struct ruleset *rs;
	enum rule_family family;
	bool legacy;
	struct rule_table *table; /* at hand; NULL when skip, or between tables */
	const char *table_name;	  /* NULL between tables */
	char *line;		  /* a copy of the line at hand */
	size_t line_room;
	char **words;
	size_t words_room;
	const char *why;
};

/* One reason for each refusal: the caller says the line. */
static int refuse(struct reader *r, const char *why)
{
	r->why = why;
	return -EBADMSG;
}

/* The table as nft's form told it, which is not to be walked when this one is better. */
static struct rule_table *known_table(const struct reader *r, const char *name)
{
	for (struct rule_table *t = r->rs->tables; t; t = t->next) {
		if (t->family == r->family && t->legacy == r->legacy && !t->replaced &&
			strcmp(t->name, name) == 0)
			return t;
	}
	return NULL;
}

static int begin_table(struct reader *r, const char *name)
{
	size_t i = 0;

	if (r->table_name)
		return refuse(r, "a table begins before the last one's COMMIT");
	while (i < ARRAY_SIZE(builtins) && strcmp(builtins[i].table, name) != 0)
		i++;
	if (i == ARRAY_SIZE(builtins))
		return refuse(
			r, "no table of iptables: expected raw, mangle, nat, filter, security");
	r->table_name = builtins[i].table;
	struct rule_table *known = known_table(r, name);
	if (known && !known->has_xt)
		return 0; /* nft's form says all of it */
	if (known)
		ruleset_replace(r->rs, known);
	r->table = ruleset_table(r->rs, r->family, name, r->legacy);
	return r->table ? 0 : -ENOMEM;
}

/* "NAME POLICY [PACKETS:BYTES]"; a chain of the user's has the policy "-". */
static int declare_chain(struct reader *r, char *text)
{
	char *name = strtok_r(text, " ", &text), *policy = strtok_r(NULL, " ", &text);
	const struct builtin *b = NULL;

	if (!name || !policy)
		return refuse(r, "expected :CHAIN POLICY");
	for (size_t i = 0; i < ARRAY_SIZE(builtins) && strcmp(policy, "-") != 0 && !b; i++) {
		if (strcmp(builtins[i].table, r->table_name) == 0 &&
			strcmp(builtins[i].chain, name) == 0)
			b = &builtins[i];
	}
	if (!b && strcmp(policy, "-") != 0)
		return refuse(r, "a policy for a chain that is none of the table's own");
	if (b && strcmp(policy, "ACCEPT") != 0 && strcmp(policy, "DROP") != 0)
		return refuse(r, "expected the policy ACCEPT or DROP");
	struct rule_chain *chain = ruleset_chain(r->rs, r->table, name);
	if (!chain)
		return -ENOMEM;
	chain->defined = true;
	if (b) {
		chain->hook = b->hook;
		chain->type = b->type;
		chain->priority = b->priority;
		chain->policy = strcmp(policy, "DROP") == 0 ? VERDICT_DROP : VERDICT_ACCEPT;
	}
	return 0;
}

/*
 * Cuts the text into words, in place. Within double quotes a backslash takes
 * the next character as it is. How many, or -errno.
 */
static ssize_t split(struct reader *r, char *text)
{
	size_t n = 0;

	for (char *p = text;;) {
		while (*p == ' ' || *p == '\t')
			p++;
		if (!*p)
			return (ssize_t)n;
		if (n == r->words_room) {
			size_t room = r->words_room * 2 + 32;
			char **v = reallocarray(r->words, room, sizeof(*v));
			if (!v)
				return -ENOMEM;
			r->words = v;
			r->words_room = room;
		}
		char *to = p;
		bool quoted = false;
		r->words[n++] = p;
		for (; *p && (quoted || (*p != ' ' && *p != '\t')); p++) {
			if (*p == '"') {
				quoted = !quoted;
				continue;
			}
			if (quoted && *p == '\\' && p[1])
				p++;
			*to++ = *p;
		}
		if (quoted)
			return refuse(r, "a quote that does not end");
		p += *p != '\0';
		*to = '\0';
	}
}

/* What the rule leaves open, after all that is certain about it: fewer cases to follow. */
static int enter_doubts(struct save_rule *s)
{
	const char *target = s->at + 1 < s->n ? s->words[s->at + 1] : "";
	bool drops = strcmp(target, "DROP") == 0 || strcmp(target, "REJECT") == 0;
	char buf[SAVE_WORDS_MAX];

	for (size_t i = 0; i < s->n_doubts; i++) {
		const struct save_doubt *d = &s->doubts[i];
		const char *text = save_words_text(s, d->from, d->to, buf);
		int r;
		if (d->kind == DOUBT_HEADER && drops) /* nobody needs to fall for it */
			r = save_match(s, FIELD_L4PROTO, RULE_NO_MASK, NULL, 0, false);
		else if (d->kind == DOUBT_OPAQUE)
			r = ruleset_opaque(s->rs, s->rule, text, false);
		else
			r = ruleset_chosen(s->rs, s->rule, text);
		if (r < 0)
			return r;
	}
	return 0;
}

/* "CHAIN MATCHES TARGET", after "-A ". */
static int read_rule(struct reader *r, char *text)
{
	char *end = text + strcspn(text, " ");
	char *rest = *end ? end + 1 : end;

	*end = '\0';
	struct rule_chain *chain = ruleset_chain(r->rs, r->table, text);
	if (!chain)
		return -ENOMEM;
	if (!chain->defined)
		return refuse(r, "a rule for a chain that its table does not declare");
	struct save_rule s = {
		.rs = r->rs,
		.rule = ruleset_rule(r->rs, chain, 0, rest),
		.table = r->table,
		.family = r->family == RULE_IP ? AF_INET : AF_INET6,
	};
	if (!s.rule)
		return -ENOMEM;
	ssize_t n = split(r, rest);
	if (n < 0)
		return (int)n;
	s.words = r->words;
	s.n = (size_t)n;
	int q = save_matches(&s);
	if (q == 0)
		q = enter_doubts(&s);
	return q < 0 ? q : save_target(&s);
}

/* A line within or between tables, without its newline; a copy that may be cut up. */
static int read_line(struct reader *r, char *line)
{
	if (*line == '[') /* iptables-save -c: the rule's counters */
		line += strcspn(line, " ") + (line[strcspn(line, " ")] == ' ');
	if (*line == '\0' || *line == '#')
		return 0;
	if (*line == '*')
		return begin_table(r, line + 1);
	if (!r->table_name)
		return refuse(r, "expected *TABLE");
	if (strcmp(line, "COMMIT") == 0) {
		r->table = NULL;
		r->table_name = NULL;
		return 0;
	}
	bool is_rule = strncmp(line, "-A ", 3) == 0;
	if (!is_rule && *line != ':')
		return refuse(r, "expected :CHAIN, -A or COMMIT");
	if (!r->table)
		return 0;
	return is_rule ? read_rule(r, line + 3) : declare_chain(r, line + 1);
}

static int copy_line(struct reader *r, const char *line, size_t len)
{
	if (len >= r->line_room) {
		char *more = realloc(r->line, len * 2 + 64);
		if (!more)
			return -ENOMEM;
		r->line = more;
		r->line_room = len * 2 + 64;
	}
	memcpy(r->line, line, len);
	r->line[len] = '\0';
	return 0;
}

int read_save(struct ruleset *rs, enum rule_family family, bool legacy, const char *text,
	unsigned *ret_line, const char **ret_why)
{
	struct reader r = {.rs = rs, .family = family, .legacy = legacy};
	unsigned line = 0;
	int q = 0;

	while (*text && q == 0) {
		size_t len = strcspn(text, "\n");
		line++;
		q = copy_line(&r, text, len);
		if (q == 0)
			q = read_line(&r, r.line);
		text += len + (text[len] == '\n');
	}
	if (q == 0 && r.table_name)
		q = refuse(&r, "ends before the table's COMMIT");
	if (q == -EBADMSG) {
		*ret_line = line;
		*ret_why = r.why;
	}
	free(r.line);
	free(r.words);
	return q;
}
