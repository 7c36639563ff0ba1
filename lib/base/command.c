/* SPDX-License-Identifier: ISC */
#include "base/command.h"

#include <errno.h>
#include <string.h>

#include "base/command-wrap.h"
#include "base/util.h"

enum {
	DEPTH_MAX = 16,
};

/* How a list has ended so far. */
enum status {
	STATUS_UNKNOWN,
	STATUS_TRUE,
	STATUS_FALSE,
};

struct parse {
	struct arena *a;
	struct commands *to;
	const char *s;	  /* what is left of the text */
	const char *ends; /* what ends a word */
	char *out;	  /* where the next word goes: room for all that is left */
	unsigned depth;
	bool ended; /* by `exit`: nothing behind it is run */
};

/* A list of commands up to the word that closes it. */
struct list {
	const char *close; /* "", ")", "}", "fi", "done" */
	enum command_reach outer, body;
	enum command_reach rest; /* of the branches behind the one in hand */
	enum status status;
};

struct word {
	const char *text;
	bool quoted, dynamic, substitutes;
};

/* The words of one command. */
struct words {
	const char **v;
	size_t n;
	bool first_quoted, first_dynamic, substitutes;
	const char *output;
};

/* Behind the "(" or "{" at s: where its fellow stands; NULL without one. */
static const char *matching(const char *s)
{
	char open = *s, close = open == '(' ? ')' : '}';
	unsigned depth = 0;

	for (; *s; s++) {
		if (*s == '\\' && s[1]) {
			s++;
		} else if (*s == '\'' || *s == '"') {
			s = strchr(s + 1, *s);
			if (!s)
				return NULL;
		} else if (*s == open) {
			depth++;
		} else if (*s == close && --depth == 0) {
			return s;
		}
	}
	return NULL;
}

/* p->s stands at "$" or "`": what it stands for is kept as it is. 0 or -EINVAL. */
static int read_expansion(struct parse *p, struct word *w, char **out)
{
	const char *end = p->s;

	w->dynamic = true;
	if (*p->s == '`') {
		end = strchr(p->s + 1, '`');
		w->substitutes = true;
	} else if (p->s[1] == '(' || p->s[1] == '{') {
		end = matching(p->s + 1);
		w->substitutes |= p->s[1] == '(';
	}
	if (!end)
		return -EINVAL;
	while (p->s <= end)
		*(*out)++ = *p->s++;
	return 0;
}

/* Text in the quotes at p->s. 0 or -EINVAL. */
static int read_quoted(struct parse *p, struct word *w, char **out)
{
	char quote = *p->s++;

	w->quoted = true;
	while (*p->s && *p->s != quote) {
		if (quote == '"' && (*p->s == '$' || *p->s == '`')) {
			if (read_expansion(p, w, out) < 0)
				return -EINVAL;
			continue;
		}
		if (quote == '"' && *p->s == '\\' && p->s[1] && strchr("\"\\$`\n", p->s[1]))
			p->s++;
		*(*out)++ = *p->s++;
	}
	if (!*p->s)
		return -EINVAL;
	p->s++;
	return 0;
}

/* 1, 0 when no word stands at p->s, or -EINVAL. */
static int read_word(struct parse *p, struct word *ret)
{
	struct word w = {0};
	const char *start = p->s;
	char *text = p->out, *out = text;
	int r = 0;

	while (r == 0 && *p->s && !strchr(p->ends, *p->s)) {
		if (*p->s == '\'' || *p->s == '"') {
			r = read_quoted(p, &w, &out);
		} else if (*p->s == '$' || *p->s == '`') {
			r = read_expansion(p, &w, &out);
		} else if (*p->s == '\\' && p->s[1]) {
			if (p->s[1] != '\n')
				*out++ = p->s[1];
			w.quoted = true;
			p->s += 2;
		} else {
			*out++ = *p->s++;
		}
	}
	if (r < 0 || p->s == start)
		return r;
	*out++ = '\0';
	p->out = out;
	w.text = text;
	*ret = w;
	return 1;
}

static void skip_blanks(struct parse *p)
{
	while (*p->s == ' ' || *p->s == '\t' || (p->s[0] == '\\' && p->s[1] == '\n'))
		p->s += 1 + (*p->s == '\\');
	if (*p->s == '#')
		p->s += strcspn(p->s, "\n");
}

static int add_word(struct parse *p, struct words *x, const struct word *w)
{
	const char **slot = arena_grow(p->a, &x->v, x->n, sizeof(*x->v));

	if (!slot)
		return -ENOMEM;
	if (x->n++ == 0) {
		x->first_quoted = w->quoted;
		x->first_dynamic = w->dynamic;
	}
	*slot = w->text;
	x->substitutes |= w->substitutes;
	return 0;
}

static int parse_text(struct parse *p, const char *text, enum command_reach reach);

static bool is_name(const char *s, const char *equals)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				      "0123456789";

	return equals && equals > s && strspn(s, letters) == (size_t)(equals - s);
}

static int add_command(
	struct parse *p, const struct words *x, const char *const *v, enum command_reach reach)
{
	const char **end = NULL;
	struct command *c = arena_grow(p->a, &p->to->v, p->to->n, sizeof(*c));
	size_t skipped = (size_t)(v - x->v), n = x->n - skipped;
	const char **argv = arena_alloc(p->a, (n + 1) * sizeof(*end));

	if (!c || !argv)
		return -ENOMEM;
	memcpy(argv, v, n * sizeof(*argv));
	*c = (struct command){
		.argv = argv,
		.n = n,
		.reach = reach,
		.dynamic = skipped == 0 ? x->first_dynamic : strpbrk(*v, "$`") != NULL,
		.substitutes = x->substitutes,
		.output = x->output,
	};
	p->to->n++;
	return 0;
}

static enum status status_of(const char *name)
{
	static const char *const always[] = {"true", ":", "echo", "printf"};

	for (size_t i = 0; i < ARRAY_SIZE(always); i++) {
		if (strcmp(name, always[i]) == 0)
			return STATUS_TRUE;
	}
	return strcmp(name, "false") == 0 ? STATUS_FALSE : STATUS_UNKNOWN;
}

/* Takes wrappers and assignments off, and adds what is then run. */
static int finish(
	struct parse *p, const struct words *x, enum command_reach reach, enum status *ret_status)
{
	const char *const *v = x->v, *text = NULL;
	size_t n = x->n, k;
	bool ends = false;

	*ret_status = STATUS_UNKNOWN;
	while (n > 1 && is_name(*v, strchr(*v, '='))) {
		v++;
		n--;
	}
	while (!text && n > 0 && (k = command_unwrap(v, n, &text)) > 0) {
		ends |= strcmp(*v, "exec") == 0;
		v += k;
		n -= k;
	}
	int r = 0;
	if (text)
		r = parse_text(p, text, reach);
	else if (n > 0)
		r = add_command(p, x, v, reach);
	if (r < 0 || n == 0 || text)
		return r;
	ends |= strcmp(*v, "exit") == 0 || strcmp(*v, "return") == 0;
	p->ended |= ends && reach == COMMAND_ALWAYS;
	*ret_status = status_of(command_name(&p->to->v[p->to->n - 1]));
	return 0;
}

/* "2>&1", ">> file", "< file". 1, 0 when none stands here, -EINVAL, -ENOMEM. */
static int read_redirection(struct parse *p, struct words *x)
{
	const char *s = p->s + (*p->s == '&' ? 1 : strspn(p->s, "0123456789"));
	struct word w;

	if (*s != '<' && *s != '>')
		return 0;
	if ((s[0] == '<' && s[1] == '<' && s[2] != '<') || s[1] == '(')
		return -EINVAL;
	bool out = *s == '>';
	s += strspn(s, "<>&|");
	p->s = s;
	skip_blanks(p);
	int r = read_word(p, &w);
	if (r <= 0)
		return r < 0 ? r : -EINVAL;
	x->substitutes |= w.substitutes;
	if (out && w.text[strspn(w.text, "0123456789-")])
		x->output = w.text;
	return 1;
}

static int read_list(struct parse *p, struct list *l);

/* A list of its own, at p->s, up to close. */
static int read_inner(struct parse *p, const char *close, enum command_reach reach)
{
	struct list inner = {.close = close, .outer = reach, .body = reach, .rest = reach};
	bool ended = p->ended;

	if (++p->depth > DEPTH_MAX)
		return -EINVAL;
	int r = read_list(p, &inner);
	p->depth--;
	if (strcmp(close, ")") == 0)
		p->ended = ended; /* it was a process of its own that ended */
	return r;
}

/* What stands behind a list that was closed: redirections, nothing else. */
static int read_tail(struct parse *p)
{
	struct words x = {0};
	int r = 1;

	while (r > 0) {
		skip_blanks(p);
		r = read_redirection(p, &x);
	}
	return r;
}

/* The list that a keyword opens: how it closes; NULL for any other word. */
static const char *closing(const char *word)
{
	static const char *const words[][2] = {
		{"{", "}"}, {"if", "fi"}, {"while", "done"}, {"until", "done"}, {"for", "done"}};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i][0], word) == 0)
			return words[i][1];
	}
	return NULL;
}

static bool is_one_of(const char *word, const char *const v[])
{
	for (size_t i = 0; v[i]; i++) {
		if (strcmp(v[i], word) == 0)
			return true;
	}
	return false;
}

/* What a first word means. */
enum first {
	FIRST_PLAIN,
	FIRST_CLOSE,  /* of the list */
	FIRST_SKIP,   /* the command follows: !, then, do, else */
	FIRST_INNER,  /* a list of its own was read */
};

/* At the word that opens a branch: how what stands in it is reached, and what is left for others.
 */
static enum command_reach open_branch(struct list *l, const char *word)
{
	enum command_reach reach = l->rest;

	if (strcmp(word, "do") == 0)
		return MIN(l->outer, COMMAND_MAYBE);
	if (strcmp(word, "then") == 0) {
		/* An end that is known takes one of both ways; else each is taken perhaps. */
		if (l->status != STATUS_FALSE)
			l->rest = l->status == STATUS_TRUE ? COMMAND_NEVER
							   : MIN(l->rest, COMMAND_MAYBE);
		if (l->status != STATUS_TRUE)
			reach = l->status == STATUS_FALSE ? COMMAND_NEVER
							  : MIN(reach, COMMAND_MAYBE);
	}
	l->status = STATUS_UNKNOWN;
	return reach;
}

/* Returns enum first; -EINVAL for what can't be followed; -ENOMEM. */
static int take_keyword(
	struct parse *p, struct list *l, const struct word *w, enum command_reach *reach)
{
	static const char *const branches[] = {"then", "do", "else", "elif", NULL};
	static const char *const refused[] = {
		"case", "select", "function", "coproc", "esac", "fi", "done", "}", NULL};

	if (w->quoted || w->dynamic)
		return FIRST_PLAIN;
	if (*l->close && strcmp(w->text, l->close) == 0)
		return FIRST_CLOSE;
	if (strcmp(w->text, "!") == 0)
		return FIRST_SKIP;
	if (is_one_of(w->text, branches)) {
		l->body = *reach = open_branch(l, w->text);
		return FIRST_SKIP;
	}
	if (is_one_of(w->text, refused))
		return -EINVAL;
	const char *close = closing(w->text);
	if (!close)
		return FIRST_PLAIN;
	if (strcmp(w->text, "for") == 0)
		p->s += strcspn(p->s, ";\n");
	int r = read_inner(p, close, *reach);
	r = r < 0 ? r : read_tail(p);
	return r < 0 ? r : FIRST_INNER;
}

/* How the list stands when a command that is reached so has ended so. */
static void set_status(struct list *l, enum command_reach reach, enum status status, bool negated)
{
	if (negated && status != STATUS_UNKNOWN)
		status = status == STATUS_TRUE ? STATUS_FALSE : STATUS_TRUE;
	if (reach == COMMAND_ALWAYS)
		l->status = status;
	else if (reach == COMMAND_MAYBE)
		l->status = STATUS_UNKNOWN;
}

/* One command, of a pipeline or alone. 1 when the list is closed, 0, -EINVAL, -ENOMEM. */
static int read_command(struct parse *p, struct list *l, enum command_reach reach)
{
	enum status status = STATUS_UNKNOWN;
	struct words x = {0};
	bool negated = false;
	struct word w;
	int r;

	for (;;) {
		skip_blanks(p);
		r = read_redirection(p, &x);
		if (r > 0)
			continue;
		if (r == 0 && *p->s == '(') {
			if (x.n > 0)
				return -EINVAL; /* a function */
			p->s++;
			r = read_inner(p, ")", reach);
			set_status(l, reach, STATUS_UNKNOWN, false);
			return r < 0 ? r : read_tail(p);
		}
		r = r < 0 ? r : read_word(p, &w);
		if (r <= 0)
			break;
		r = x.n == 0 ? take_keyword(p, l, &w, &reach) : FIRST_PLAIN;
		if (r < 0 || r == FIRST_CLOSE)
			return r < 0 ? r : 1;
		if (r == FIRST_INNER) {
			set_status(l, reach, STATUS_UNKNOWN, false);
			return 0;
		}
		negated |= r == FIRST_SKIP && strcmp(w.text, "!") == 0;
		if (r == FIRST_PLAIN && add_word(p, &x, &w) < 0)
			return -ENOMEM;
	}
	if (r < 0 || x.n == 0)
		return r;
	r = finish(p, &x, reach, &status);
	set_status(l, reach, status, negated);
	return r;
}

/* Passes the operator at p->s: how the command behind it is reached. -EINVAL at the text's end. */
static int read_operator(struct parse *p, const struct list *l, enum command_reach reach)
{
	if (strncmp(p->s, "&&", 2) == 0) {
		p->s += 2 + strspn(p->s + 2, " \t\n");
		return l->status == STATUS_FALSE ? COMMAND_NEVER : (int)l->body;
	}
	if (strncmp(p->s, "||", 2) == 0) {
		p->s += 2 + strspn(p->s + 2, " \t\n");
		return l->status == STATUS_TRUE	   ? COMMAND_NEVER
		       : l->status == STATUS_FALSE ? (int)l->body
						   : (int)MIN(l->body, COMMAND_MAYBE);
	}
	if (*p->s == '|') {
		p->s += 1 + (p->s[1] == '&');
		p->s += strspn(p->s, " \t\n");
		return (int)reach;
	}
	if (*p->s != ';' && *p->s != '&' && *p->s != '\n')
		return -EINVAL;
	p->s++;
	return (int)l->body;
}

static int read_list(struct parse *p, struct list *l)
{
	enum command_reach reach = p->ended ? COMMAND_NEVER : l->outer;

	for (;;) {
		int r = read_command(p, l, reach);
		if (r != 0)
			return MIN(r, 0);
		if (*p->s == ')' && strcmp(l->close, ")") == 0) {
			p->s++;
			return 0;
		}
		if (!*p->s)
			return *l->close ? -EINVAL : 0;
		r = read_operator(p, l, reach);
		if (r < 0)
			return r;
		reach = p->ended ? COMMAND_NEVER : (enum command_reach)r;
	}
}

/*
 * No word is longer than what it is read from, and between two of them stands
 * what ends the first: with one more for the last, each has room for its NUL.
 */
static int make_room(struct parse *p)
{
	p->out = arena_alloc(p->a, strlen(p->s) + 1);
	return p->out ? 0 : -ENOMEM;
}

/* A text of a shell's own, as of `sh -c`. */
static int parse_text(struct parse *p, const char *text, enum command_reach reach)
{
	struct parse inner = {.a = p->a, .to = p->to, .s = text, .ends = " \t\n;&|<>()"};
	struct list list = {.close = "", .outer = reach, .body = reach, .rest = reach};

	inner.depth = p->depth + 1;
	if (inner.depth > DEPTH_MAX)
		return -EINVAL;
	int r = make_room(&inner);
	return r < 0 ? r : read_list(&inner, &list);
}

/* What systemd starts: no shell, ";" as a word of its own between two commands. */
static int parse_exec(struct parse *p)
{
	enum status status;
	struct word w;
	int r = make_room(p);

	while (r >= 0 && *p->s) {
		struct words x = {0};
		p->s += strspn(p->s, " \t\n");
		p->s += strspn(p->s, "-+!:|");
		bool named = *p->s == '@';
		p->s += named;
		while ((r = read_word(p, &w)) > 0 && strcmp(w.text, ";") != 0) {
			if (named && x.n == 1)
				named = false; /* argv[0], as it is to be called */
			else if (add_word(p, &x, &w) < 0)
				return -ENOMEM;
			p->s += strspn(p->s, " \t");
		}
		if (r >= 0 && x.n > 0)
			r = finish(p, &x, COMMAND_ALWAYS, &status);
		p->ended = false;
	}
	return r;
}

/* What cron hands to the shell; NULL when memory is short. */
static char *cron_text(struct arena *a, const char *text)
{
	char *copy = arena_strdup(a, text), *out = copy;

	for (const char *s = copy; s && *s && *s != '%'; s++) {
		if (s[0] == '\\' && s[1] == '%')
			s++;
		*out++ = *s;
	}
	if (out)
		*out = '\0';
	return copy;
}

int command_parse(
	struct arena *a, const char *text, enum command_syntax syntax, struct commands *ret)
{
	struct commands to = {0};
	struct parse p = {.a = a, .to = &to, .s = text, .ends = " \t\n"};
	int r;

	if (strlen(text) > COMMAND_SIZE_MAX)
		return -EINVAL;
	if (syntax == COMMAND_CRON && !(text = cron_text(a, text)))
		return -ENOMEM;
	r = syntax == COMMAND_EXEC ? parse_exec(&p) : parse_text(&p, text, COMMAND_ALWAYS);
	if (arena_failed(a))
		return -ENOMEM;
	if (r < 0)
		return r;
	*ret = to;
	return 0;
}

const char *command_name(const struct command *c)
{
	const char *slash = strrchr(c->argv[0], '/');

	return slash ? slash + 1 : c->argv[0];
}

bool command_has(const struct command *c, const char *word)
{
	for (size_t i = 1; i < c->n; i++) {
		if (strcmp(c->argv[i], word) == 0)
			return true;
	}
	return false;
}

bool command_mentions(const struct command *c, const char *program)
{
	static const char ends[] = " \t\n'\"`;|&()<>{}=$/";
	size_t len = strlen(program);

	for (size_t i = 0; i < c->n; i++) {
		for (const char *s = c->argv[i]; *s;) {
			size_t n = strcspn(s, ends);
			if (n == len && strncmp(s, program, n) == 0)
				return true;
			s += n;
			s += strspn(s, ends);
		}
	}
	return false;
}

bool command_assigns(const struct command *c)
{
	return c->n == 1 && is_name(c->argv[0], strchr(c->argv[0], '='));
}

bool command_is_idle(const struct command *c)
{
	static const char *const idle[] = {"true", "false", ":", "echo", "printf", "test", "[", "[[",
		"cd", "exit", "return", "sleep", "touch", "cat", "ls", "mkdir", "rm", "chmod",
		"chown", "logger", "mail", "sendmail", "date", "which", "type", "pgrep", "pkill",
		"killall", "command", "exec", "export", "set", "unset", "umask", "ulimit", "trap", "wait",
		"grep", "tee", "head", "tail", "hostname", "id", "whoami", NULL};

	return !c->dynamic && !c->substitutes &&
	       (command_assigns(c) || is_one_of(command_name(c), idle));
}
