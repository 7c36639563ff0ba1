/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "fact/rsyslog-internal.h"

int rsyslog_include(struct rsyslog_reader *r, const char *pattern, bool optional)
{
	struct rsyslog_text *texts = NULL;
	size_t n = 0;
	int e = r->files->load(r->files->arg, pattern, &texts, &n);

	/* A name without a file is an error that rsyslog tells of and goes on from. */
	if (e == -ENOENT && (optional || strpbrk(pattern, "*?[")))
		return 0;
	if (e == -ENOENT) {
		(void)rsyslog_malformed(r, "includes a file that is not there");
		return 0;
	}
	if (e == -ENOMEM)
		return e;
	if (e < 0) {
		(void)rsyslog_malformed(r, "includes a file that cannot be read");
		return 0;
	}
	/* A stack: the last one pushed is read first. */
	while (n > 0) {
		e = rsyslog_push(r, &texts[--n]);
		if (e < 0)
			return e;
	}
	return 0;
}

static int parse_stmt(struct rsyslog_reader *r, unsigned depth, struct rsyslog_stmt **ret);

static struct rsyslog_stmt *stmt_new(struct rsyslog_reader *r, enum rsyslog_kind kind)
{
	struct rsyslog_stmt *s = arena_alloc(r->a, sizeof(*s));

	if (s)
		*s = (struct rsyslog_stmt){.kind = kind, .pri = log_pri_unknown()};
	return s;
}

struct rsyslog_stmt *rsyslog_last(struct rsyslog_stmt *s)
{
	while (s && s->next)
		s = s->next;
	return s;
}

/* Statements up to "}": at least one, unless the block may be empty (a ruleset's). */
int rsyslog_script(struct rsyslog_reader *r, unsigned depth, bool empty, struct rsyslog_stmt **ret)
{
	struct rsyslog_stmt *first = NULL, *last = NULL;

	while (rsyslog_skip(r) && *r->src->p != '}') {
		struct rsyslog_stmt *s = NULL;
		int e = parse_stmt(r, depth, &s);
		if (e < 0)
			return e;
		empty = true;
		if (!s)
			continue;
		if (last)
			last->next = s;
		else
			first = s;
		last = rsyslog_last(s);
	}
	if (*r->src->p != '}')
		return rsyslog_malformed(r, "a block has no end");
	if (!empty)
		return rsyslog_malformed(r, "a block is empty");
	rsyslog_advance(r, 1);
	*ret = first;
	return 0;
}

static int parse_block(struct rsyslog_reader *r, unsigned depth, struct rsyslog_stmt **ret)
{
	if (!rsyslog_skip(r))
		return rsyslog_malformed(r, "a condition without an action");
	if (*r->src->p != '{')
		return parse_stmt(r, depth, ret);
	rsyslog_advance(r, 1);
	return rsyslog_script(r, depth, false, ret);
}

static struct rsyslog_action *action_new(struct rsyslog_reader *r)
{
	struct rsyslog_action *act = arena_alloc(r->a, sizeof(*act));

	if (act)
		*act = (struct rsyslog_action){.path = r->src->path, .line = rsyslog_line(r)};
	return act;
}

static int parse_action(
	struct rsyslog_reader *r, struct rsyslog_action *act, struct rsyslog_stmt **ret)
{
	int e = rsyslog_params(r, &act->params);

	if (e < 0)
		return e;
	if (!rsyslog_is_enabled(act->params))
		return 0;
	act->type = rsyslog_param(act->params, "type");
	if (!act->type)
		return 0; /* without a type there is no action */
	*ret = stmt_new(r, RSYSLOG_ACTION);
	if (!*ret)
		return -ENOMEM;
	(*ret)->action = act;
	return rsyslog_judge_action(r, act);
}

/* How much of the line is a legacy action; 0: it is none. */
static size_t legacy_length(const char *p)
{
	size_t line = strcspn(p, "\n");

	if (strchr("/|.@^?~>", *p) || (*p == '-' && p[1] == '/'))
		return line;
	if (*p == ':') {
		size_t n = 1;
		while (isalnum((unsigned char)p[n]))
			n++;
		return n > 1 && p[n] == ':' ? line : 0;
	}
	if (*p == '*')
		return 1;
	if (!isalnum((unsigned char)*p) && *p != '_')
		return *p == '-' && line > 1 ? line : 0;
	return 1 +
	       strspn(p + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+,;");
}

static int parse_legacy(struct rsyslog_reader *r, struct rsyslog_stmt **ret)
{
	size_t n = legacy_length(r->src->p);

	if (n == 0)
		return rsyslog_malformed(r, "neither a statement nor an action");
	struct rsyslog_action *act = action_new(r);
	char *text = arena_strndup(r->a, r->src->p, n);
	struct rsyslog_stmt *s = stmt_new(r, *r->src->p == '~' ? RSYSLOG_STOP : RSYSLOG_ACTION);
	if (!act || !text || !s)
		return -ENOMEM;
	rsyslog_advance(r, n);
	act->line_text = text;
	act->type = rsyslog_legacy_type(text);
	act->legacy = r->legacy;
	if (strcmp(act->type, "omfwd") == 0 && text[1] == '@')
		r->legacy.peers = NULL; /* the first that takes them has them alone */
	s->action = act;
	*ret = s;
	return rsyslog_judge_action(r, act);
}

static int parse_call(struct rsyslog_reader *r, struct rsyslog_stmt **ret)
{
	size_t n = 0;

	rsyslog_skip_inside(r);
	const char *p = r->src->p;
	while (isalnum((unsigned char)p[n]) || (p[n] && strchr("-_.", p[n])))
		n++;
	*ret = stmt_new(r, RSYSLOG_CALL);
	char *name = arena_strndup(r->a, p, n);
	if (!*ret || !name)
		return -ENOMEM;
	(*ret)->name = name;
	rsyslog_advance(r, n);
	return 0;
}

/* An action, or what may stand in an action's place. */
static int parse_one_action(struct rsyslog_reader *r, struct rsyslog_stmt **ret)
{
	struct log_pri ignored;
	bool narrow;

	if (strncasecmp(r->src->p, "action", 6) == 0) {
		struct rsyslog_action *act = action_new(r);
		if (!act)
			return -ENOMEM;
		if (rsyslog_take_object(r, "action"))
			return parse_action(r, act, ret);
	}
	if (rsyslog_word(r, "stop")) {
		rsyslog_advance(r, 4);
		*ret = stmt_new(r, RSYSLOG_STOP);
		return *ret ? 0 : -ENOMEM;
	}
	if (rsyslog_word(r, "continue")) {
		rsyslog_advance(r, 8);
		return 0;
	}
	if (rsyslog_word(r, "call")) {
		rsyslog_advance(r, 4);
		return parse_call(r, ret);
	}
	if (rsyslog_word(r, "call_indirect")) {
		rsyslog_advance(r, 13);
		*ret = stmt_new(r, RSYSLOG_CALL);
		return *ret ? rsyslog_expression(r, ";", &ignored, &narrow) : -ENOMEM;
	}
	return parse_legacy(r, ret);
}

/* ACTION { & ACTION } */
static int parse_actions(struct rsyslog_reader *r, struct rsyslog_stmt **ret)
{
	struct rsyslog_stmt *first = NULL;

	for (;;) {
		struct rsyslog_stmt *s = NULL;
		int e = parse_one_action(r, &s);
		if (e < 0)
			return e;
		if (s && first)
			rsyslog_last(first)->next = s;
		else if (s)
			first = s;
		if (!rsyslog_skip(r) || *r->src->p != '&')
			break;
		rsyslog_advance(r, 1);
		if (!rsyslog_skip(r))
			return rsyslog_malformed(r, "\"&\" without an action");
	}
	*ret = first;
	return 0;
}

/* set $.x = ...; and its like: variables are not followed. */
static int parse_set(struct rsyslog_reader *r, bool value)
{
	struct log_pri ignored;
	bool narrow;
	struct rsyslog_source *s = r->src;

	rsyslog_skip_inside(r);
	if (*s->p != '$')
		return rsyslog_malformed(r, "a variable was expected");
	rsyslog_advance(r, strcspn(s->p, " \t\n=;"));
	rsyslog_skip_inside(r);
	if (*s->p != (value ? '=' : ';'))
		return rsyslog_malformed(r, value ? "\"=\" was expected" : "\";\" was expected");
	rsyslog_advance(r, 1);
	return value ? rsyslog_expression(r, ";", &ignored, &narrow) : 0;
}

static int parse_if(struct rsyslog_reader *r, unsigned depth, struct rsyslog_stmt *s)
{
	rsyslog_advance(r, 2);
	int e = rsyslog_expression(r, "then", &s->pri, &s->narrow);
	if (e == 0)
		e = parse_block(r, depth, &s->then);
	if (e < 0 || !rsyslog_skip(r) || !rsyslog_word(r, "else"))
		return e;
	rsyslog_advance(r, 4);
	return parse_block(r, depth, &s->otherwise);
}

/* foreach ($.i in $.list) do BLOCK: how often, if at all, is not known. */
static int parse_foreach(struct rsyslog_reader *r, unsigned depth, struct rsyslog_stmt *s)
{
	struct log_pri ignored;
	bool narrow;

	rsyslog_advance(r, 7);
	rsyslog_skip_inside(r);
	if (*r->src->p != '(')
		return rsyslog_malformed(r, "\"(\" was expected");
	rsyslog_advance(r, 1);
	rsyslog_skip_inside(r);
	rsyslog_advance(r, strcspn(r->src->p, " \t\n"));
	rsyslog_skip_inside(r);
	if (!rsyslog_word(r, "in"))
		return rsyslog_malformed(r, "\"in\" was expected");
	rsyslog_advance(r, 2);
	int e = rsyslog_expression(r, ")", &ignored, &narrow);
	if (e < 0)
		return e;
	rsyslog_skip_inside(r);
	if (!rsyslog_word(r, "do"))
		return rsyslog_malformed(r, "\"do\" was expected");
	rsyslog_advance(r, 2);
	return parse_block(r, depth, &s->then);
}

/* Length of a sysklogd selector at the beginning of a line; 0: there is none. */
static size_t selector_length(const char *p)
{
	size_t n = 0;

	if (!isalpha((unsigned char)*p) && *p != '*')
		return 0;
	while (isalpha((unsigned char)p[n]) || p[n] == '*')
		n++;
	while (p[n] >= '0' && p[n] <= '7')
		n++;
	if (p[n] != '.' && p[n] != ',')
		return 0;
	size_t rest = strspn(
		p + n + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01234567,!=;.*");
	return rest > 0 ? n + 1 + rest : 0;
}

/* Length of :property, compare, "value" */
static size_t property_length(const char *p)
{
	size_t line = strcspn(p, "\n"), n = 1;

	if (*p != ':')
		return 0;
	for (int commas = 0; commas < 2; n++) {
		if (n >= line || !(isalpha((unsigned char)p[n]) || strchr("$- ,!", p[n])))
			return 0;
		commas += p[n] == ',';
	}
	n += strspn(p + n, " ");
	if (p[n] != '"')
		return 0;
	for (n++; n < line && p[n] != '"'; n++)
		n += p[n] == '\\' && p[n + 1] == '"';
	return n < line ? n + 1 : 0;
}

static int parse_filter(
	struct rsyslog_reader *r, unsigned depth, size_t n, bool property, struct rsyslog_stmt *s)
{
	char *text = arena_strndup(r->a, r->src->p, n);

	if (!text)
		return -ENOMEM;
	if (property)
		s->pri = rsyslog_property_filter(text, &s->narrow);
	else
		(void)log_pri_parse(
			text, &s->pri); /* rsyslog, too, keeps what stands before an error */
	rsyslog_advance(r, n);
	return parse_block(r, depth, &s->then);
}

static int parse_condition(struct rsyslog_reader *r, unsigned depth, size_t n, bool property,
	struct rsyslog_stmt **ret)
{
	struct rsyslog_stmt *s = stmt_new(r, RSYSLOG_IF);
	int e;

	if (!s)
		return -ENOMEM;
	if (n > 0)
		e = parse_filter(r, depth, n, property, s);
	else if (rsyslog_word(r, "if"))
		e = parse_if(r, depth, s);
	else
		e = parse_foreach(r, depth, s);
	*ret = s;
	return e;
}

static int parse_include(struct rsyslog_reader *r)
{
	const struct rsyslog_param *p = NULL;
	int e = rsyslog_params(r, &p);

	if (e < 0 || !rsyslog_is_enabled(p))
		return e;
	const char *file = rsyslog_param(p, "file"), *mode = rsyslog_param(p, "mode");
	if (!file) {
		(void)rsyslog_malformed(r, "includes what is computed when rsyslog starts");
		return 0;
	}
	return rsyslog_include(r, file, mode && strcasecmp(mode, "optional") == 0);
}

static int parse_dollar(struct rsyslog_reader *r)
{
	size_t n = strcspn(r->src->p, "\n");
	char *line = arena_strndup(r->a, r->src->p, n);

	if (!line)
		return -ENOMEM;
	rsyslog_advance(r, n);
	return rsyslog_directive(r, line);
}

static int parse_stmt(struct rsyslog_reader *r, unsigned depth, struct rsyslog_stmt **ret)
{
	bool start = rsyslog_at_start(r);
	const char *p = r->src->p;
	size_t selector = start ? selector_length(p) : 0;
	size_t property = start && selector == 0 ? property_length(p) : 0;

	if (depth > RSYSLOG_DEPTH_MAX || ++r->n_statements > RSYSLOG_STATEMENTS_MAX)
		return rsyslog_malformed(r, "is nested too deeply, or too long");
	if (selector || property || rsyslog_word(r, "if") || rsyslog_word(r, "foreach"))
		return parse_condition(r, depth + 1, selector + property, property > 0, ret);
	if (*p == '$' && isalpha((unsigned char)p[1]))
		return parse_dollar(r);
	if (rsyslog_take_object(r, "include"))
		return parse_include(r);
	if (rsyslog_word(r, "unset")) {
		rsyslog_advance(r, 5);
		return parse_set(r, false);
	}
	if (rsyslog_word(r, "set") || rsyslog_word(r, "reset")) {
		rsyslog_advance(r, rsyslog_word(r, "set") ? 3 : 5);
		return parse_set(r, true);
	}
	if (rsyslog_take_object(r, "reload_lookup_table")) {
		rsyslog_advance(r, strcspn(r->src->p, ")") + 1);
		return 0;
	}
	return parse_actions(r, ret);
}

static void add_stmt(struct rsyslog_ruleset *rs, struct rsyslog_stmt *s)
{
	if (!s)
		return;
	if (rs->last)
		rs->last->next = s;
	else
		rs->first = s;
	rs->last = rsyslog_last(s);
}

static int parse_all(struct rsyslog_reader *r)
{
	while (rsyslog_skip(r)) {
		struct rsyslog_stmt *s = NULL;
		int e = rsyslog_object(r);
		if (e == -ENOENT)
			e = parse_stmt(r, 0, &s);
		if (e == -EINVAL)
			return 0; /* rsyslog ends there too; what came before holds */
		if (e < 0)
			return e;
		add_stmt(r->current, s);
	}
	return 0;
}

int rsyslog_read(struct arena *a, const struct rsyslog_files *files, const char *path,
	struct rsyslog_conf *ret)
{
	struct rsyslog_conf conf = {0};
	struct rsyslog_reader r = {.a = a, .files = files, .conf = &conf};
	struct rsyslog_text *texts = NULL;
	size_t n = 0;

	int e = files->load(files->arg, path, &texts, &n);
	if (e == 0 && n == 0)
		e = -ENOENT;
	r.current = r.entry = rsyslog_ruleset(&r, "RSYSLOG_DefaultRuleset");
	if (e == 0)
		e = r.current ? rsyslog_push(&r, &texts[0]) : -ENOMEM;
	if (e == 0)
		e = parse_all(&r);
	if (e == 0)
		e = rsyslog_walk(&r);
	if (e == 0 && arena_failed(a))
		e = -ENOMEM;
	if (e == 0)
		*ret = conf;
	return e;
}
