/* SPDX-License-Identifier: ISC */
#include "fact/apt-conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>

#include "fact/apt-conf-line.h"

enum {
	DEPTH_MAX = 64,
	NAME_BYTES_MAX = 4096,
	ITEMS_MAX = 4000,
};

void apt_conf_init(struct apt_conf *c, struct arena *arena)
{
	*c = (struct apt_conf){.arena = arena, .root = {.tag = "", .value = ""}};
}

void apt_conf_fault(struct apt_conf *c, const char *what, const char *path, unsigned line)
{
	if (c->fault)
		return;
	c->fault = what;
	c->fault_path = path;
	c->fault_line = line;
}

/* The child with a tag of n bytes; an empty tag is never found. */
static struct apt_item *child_of(const struct apt_item *item, const char *tag, size_t n)
{
	struct apt_item *i = n ? item->child : NULL;

	while (i && (strlen(i->tag) != n || strncasecmp(i->tag, tag, n) != 0))
		i = i->next;
	return i;
}

/* The child, made if it isn't there; one with an empty tag is made each time. */
static int make_child(
	struct apt_conf *c, struct apt_item *item, const char *tag, size_t n, struct apt_item **ret)
{
	struct apt_item *i = child_of(item, tag, n);

	if (!i) {
		if (c->n_items == ITEMS_MAX)
			return -EFBIG;
		i = arena_alloc(c->arena, sizeof(*i));
		char *copy = i ? arena_strndup(c->arena, tag, n) : NULL;
		if (!copy)
			return -ENOMEM;
		*i = (struct apt_item){.tag = copy, .value = "", .parent = item};
		*(item->last ? &item->last->next : &item->child) = i;
		item->last = i;
		c->n_items++;
	}
	*ret = i;
	return 0;
}

/*
 * Cuts the next tag off a name: its length, and where the next one begins in
 * *rest; NULL at the end. As in apt, a "::" right behind another belongs to the
 * tag that follows.
 */
static size_t next_tag(const char *name, bool first, const char **rest)
{
	for (const char *p = name + !first; !first && !*name ? false : *p; p++) {
		if (p[0] == ':' && p[1] == ':') {
			*rest = p + 2;
			return (size_t)(p - name);
		}
	}
	*rest = NULL;
	return strlen(name);
}

static struct apt_item *find(const struct apt_conf *c, const char *name)
{
	const struct apt_item *item = &c->root;
	bool first = true;

	for (const char *rest; item && name; name = rest, first = false) {
		size_t n = next_tag(name, first, &rest);
		item = child_of(item, name, n);
	}
	return (struct apt_item *)item;
}

const struct apt_item *apt_conf_find(const struct apt_conf *c, const char *name)
{
	return find(c, name);
}

const char *apt_conf_string(const struct apt_conf *c, const char *name, const char *dflt)
{
	const struct apt_item *item = find(c, name);

	return item && *item->value ? item->value : dflt;
}

bool apt_conf_bool(const struct apt_conf *c, const char *name, bool dflt)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{"no", false},
		{"false", false},
		{"without", false},
		{"off", false},
		{"disable", false},
		{"yes", true},
		{"true", true},
		{"with", true},
		{"on", true},
		{"enable", true},
	};
	const char *value = apt_conf_string(c, name, "");
	char *end;
	long n = strtol(value, &end, 0);

	if (*value && !*end && (n == 0 || n == 1))
		return n;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcasecmp(value, words[i].word) == 0)
			return words[i].value;
	}
	return dflt;
}

/* Without "//" and "/./", as apt normalises. */
static const char *normalise(char *path)
{
	char *w = path;

	for (const char *p = path; *p; p++) {
		if (p[0] == '/' && p[1] == '/')
			continue;
		if (p[0] == '/' && p[1] == '.' && p[2] == '/') {
			p++;
			continue;
		}
		*w++ = *p;
	}
	*w = '\0';
	return path;
}

const char *apt_conf_path(const struct apt_conf *c, const char *name, const char *dflt)
{
	const struct apt_item *root = find(c, "RootDir"), *item = find(c, name);
	const char *prefix = root ? root->value : "";
	const char *path = dflt;

	if (item && *item->value) {
		path = item->value;
		for (item = item->parent; item && path; item = item->parent) {
			if (!*item->value)
				continue;
			if (*path == '/' || strncmp(path, "~/", 2) == 0 ||
				strncmp(path, "./", 2) == 0 || strncmp(path, "../", 3) == 0)
				break;
			path = arena_printf(c->arena, "%s/%s", item->value, path);
		}
	}
	if (path && strncmp(path, "/dev/null", 9) == 0)
		path = "/dev/null";
	char *full = path ? arena_printf(c->arena, "%s%s%s", prefix, *prefix ? "/" : "", path)
			  : NULL;
	return full ? normalise(full) : NULL;
}

static int set(
	struct apt_conf *c, const char *name, const char *value, const char *path, unsigned line)
{
	struct apt_item *item = &c->root;
	bool first = true;

	for (const char *rest; name; name = rest, first = false) {
		size_t n = next_tag(name, first, &rest);
		int r = make_child(c, item, name, n, &item);
		if (r < 0)
			return r;
	}
	item->value = value;
	item->path = path;
	item->line = line;
	return 0;
}

int apt_conf_set(struct apt_conf *c, const char *name, const char *value)
{
	return set(c, name, value, NULL, 0);
}

static size_t count_items(const struct apt_item *item)
{
	size_t n = 0;

	/* As deep as names have tags. */
	for (const struct apt_item *i = item->child; i; i = i->next)
		n += 1 + count_items(i);
	return n;
}

static void clear(struct apt_conf *c, const char *name, const char *path, unsigned line)
{
	struct apt_item *item = find(c, name);

	if (!item)
		return;
	c->n_items -= count_items(item);
	item->child = item->last = NULL;
	item->value = "";
	item->path = path;
	item->line = line;
}

/* A text that is being read. */
struct parser {
	struct apt_conf *c;
	const char *path;
	unsigned line;
	int (*include)(struct apt_conf *c, const char *path, void *arg);
	void *arg;
	struct apt_statement statement; /* that is not ended yet */
	char name[NAME_BYTES_MAX];	/* of the present scope; behind it that of an item */
	size_t scopes[DEPTH_MAX];	/* length of the names of the scopes around it */
	size_t depth, scope;		/* length of the present one's name */
	bool stop;			/* apt reads no further in this file */
};

static void refuse(struct parser *p, const char *what)
{
	apt_conf_fault(p->c, what, p->path, p->line);
	p->stop = true;
}

/* Puts tag behind the name of the scope; returns the length of it all, or -EFBIG. */
static ssize_t append(struct parser *p, const char *tag)
{
	size_t n = strlen(tag), colons = p->scope ? 2 : 0;

	if (p->scope + n + colons >= NAME_BYTES_MAX)
		return -EFBIG;
	memcpy(p->name + p->scope, "::", colons);
	memcpy(p->name + p->scope + colons, tag, n + 1);
	return (ssize_t)(p->scope + colons + n);
}

static int enter(struct parser *p, const char *tag)
{
	ssize_t n = p->depth < DEPTH_MAX ? append(p, tag) : -EFBIG;

	if (n < 0)
		return (int)n;
	p->scopes[p->depth++] = p->scope;
	p->scope = (size_t)n;
	return 0;
}

static void leave(struct parser *p)
{
	p->scope = p->depth ? p->scopes[--p->depth] : 0;
	p->name[p->scope] = '\0';
}

static int directive(struct parser *p, const char *name, const char *word)
{
	if (p->scope) {
		refuse(p, "Directives can only be done at the top level");
	} else if (strcmp(name, "clear") == 0) {
		clear(p->c, word, p->path, p->line);
	} else if (strcmp(name, "include") == 0) {
		int r = p->include(p->c, word, p->arg);
		if (r < 0)
			return r;
		if (r > 0)
			refuse(p, "Included from here");
	} else if (strcmp(name, "x-apt-configure-index") != 0) {
		refuse(p, "Unsupported directive");
	}
	return 0;
}

/* A whole statement: what stands before a ";", "{" or "}". */
static int statement(struct parser *p, char end, struct apt_words w)
{
	const char *tag = w.tag, *word = w.word;

	if (!word && end != '{') {
		word = tag;
		tag = "";
	}
	if (end == '{') {
		int r = enter(p, tag);
		if (r < 0)
			return r;
		tag = "";
	}
	if (*tag == '#')
		return directive(p, tag + 1, word);
	if (!*tag && word && strcmp(word, "#clear") == 0)
		refuse(p, "clear directive requires an option tree as argument");
	if (p->stop || !word)
		return 0;
	/* A scope's own value is set at its name, a nameless value is one more of a list. */
	if (end == '{')
		return set(p->c, p->name, word, p->path, p->line);
	ssize_t n = append(p, tag);
	int r = n < 0 ? (int)n : set(p->c, p->name, word, p->path, p->line);
	p->name[p->scope] = '\0';
	return r;
}

/* At a ";", "{" or "}" outside of quotes. */
static int end_statement(struct parser *p, char end)
{
	struct apt_words w = {0};
	int r = 0;

	if (!p->statement.size) {
		if (end == '{')
			refuse(p, "Block starts with no name");
		else if (end == '}')
			leave(p);
		return 0;
	}
	const char *fault = NULL;
	r = apt_statement_split(&p->statement, p->c->arena, &w, &fault);
	if (r < 0)
		return r;
	if (fault)
		refuse(p, fault);
	else
		r = statement(p, end, w);
	p->statement.size = 0;
	if (r == 0 && !p->stop && end == '}')
		leave(p);
	return r;
}

/* A line without its comments. */
static int parse_line(struct parser *p, const char *line)
{
	const char *start = line;
	bool quoted = false;
	int r = 0;

	for (const char *s = line; *s && r == 0 && !p->stop; s++) {
		if (*s == '"')
			quoted = !quoted;
		if (quoted || !strchr("{;}", *s))
			continue;
		r = apt_statement_add(&p->statement, start, (size_t)(s - start));
		start = s + 1;
		if (r == 0)
			r = end_statement(p, *s);
	}
	if (r < 0 || p->stop)
		return r;
	return apt_statement_add(&p->statement, start, strlen(start));
}

int apt_conf_parse(struct apt_conf *c, const char *path, const char *text,
	int (*include)(struct apt_conf *c, const char *path, void *arg), void *arg)
{
	struct parser p = {.c = c, .path = path, .include = include, .arg = arg};
	bool comment = false;
	int r = 0;

	while (*text && r == 0 && !p.stop) {
		_cleanup_free_ char *line = NULL;
		size_t len = strcspn(text, "\n");
		p.line++;
		r = apt_line_strip(text, len, &comment, &line);
		if (r == 0)
			r = parse_line(&p, line);
		text += len + (text[len] == '\n');
	}
	if (r == 0 && !p.stop && p.statement.size)
		refuse(&p, "Extra junk at end of file");
	free(p.statement.text);
	if (r == 0 && arena_failed(c->arena))
		r = -ENOMEM;
	return r < 0 ? r : p.stop;
}
