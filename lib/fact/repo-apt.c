/* SPDX-License-Identifier: ISC */
#include "fact/repo-apt.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "fact/deb822.h"
#include "fact/repo-uri.h"

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool repo_apt_reads(const char *name, const char *ext)
{
	const char *dot = strrchr(name, '.');

	if (*name == '.')
		return false;
	for (const char *c = name; *c; c++) {
		if (!is_alnum(*c) && !strchr("_-:.", *c))
			return false;
	}
	/* apt's word for the extension of "name" is "name". */
	if (!dot)
		return !ext || strcmp(ext, "pref") == 0;
	return ext && strcmp(dot + 1, ext) == 0;
}

int repo_list_problem(
	struct repo_list *l, const char *path, unsigned line, bool unreadable, const char *what)
{
	struct repo_problem *p = arena_grow(l->arena, &l->problems, l->n_problems, sizeof(*p));

	if (!p)
		return -ENOMEM;
	*p = (struct repo_problem){
		.path = arena_strdup(l->arena, path),
		.line = line,
		.what = arena_strdup(l->arena, what),
		.unreadable = unreadable,
	};
	if (!p->path || !p->what)
		return -ENOMEM;
	l->n_problems++;
	return 0;
}

struct repo *repo_list_add(struct repo_list *l)
{
	if (l->n >= REPO_LIST_MAX)
		return NULL;
	struct repo *r = arena_grow(l->arena, &l->v, l->n, sizeof(*r));
	if (!r)
		return NULL;
	*r = (struct repo){.enabled = true, .id = "", .suite = ""};
	l->n++;
	return r;
}

int repo_list_option(struct repo_list *l, struct repo *r, const struct repo_option *o)
{
	struct repo_option *v = (struct repo_option *)r->options;
	struct repo_option *slot = arena_grow(l->arena, &v, r->n_options, sizeof(*slot));

	r->options = v;
	if (!slot)
		return -ENOMEM;
	*slot = (struct repo_option){
		.key = arena_strdup(l->arena, o->key),
		.value = arena_strdup(l->arena, o->value),
		.path = o->path,
		.line = o->line,
	};
	if (!slot->key || !slot->value)
		return -ENOMEM;
	r->n_options++;
	return 0;
}

int repo_list_uri(struct repo_list *l, struct repo *r, const char *text, enum repo_uri_role role)
{
	struct repo_uri *v = (struct repo_uri *)r->uris;
	struct repo_uri *slot = arena_grow(l->arena, &v, r->n_uris, sizeof(*slot));

	r->uris = v;
	if (!slot || repo_uri_parse(l->arena, text, role, slot) < 0)
		return -ENOMEM;
	r->n_uris++;
	return 0;
}

/* What stands in a line or a paragraph: each URI with each suite is a source. */
struct entry {
	const char *path;
	unsigned line;
	bool source;
	const char *const *uris, *const *suites, *const *components; /* end with NULL */
	const struct repo_option *options;
	size_t n_options;
};

static char *replace_arch(struct repo_list *l, const char *s)
{
	const char *var = strstr(s, "$(ARCH)");

	if (!var || !l->arch)
		return arena_strdup(l->arena, s);
	return arena_printf(l->arena, "%.*s%s%s", (int)(var - s), s, l->arch, var + 7);
}

/* A problem, as a result for the caller: 1 says "stop reading this file". */
static int refuse(struct repo_list *l, const struct entry *e, const char *what)
{
	int r = repo_list_problem(l, e->path, e->line, false, what);

	return r < 0 ? r : 1;
}

static int add_source(
	struct repo_list *l, const struct entry *e, const char *uri, const char *suite)
{
	if (!strchr(uri, ':'))
		return refuse(l, e, "the URI has no scheme");
	size_t n = strlen(suite);
	bool flat = n > 0 && suite[n - 1] == '/';
	if (flat && *e->components)
		return refuse(l, e, "a suite that ends with / has no components");
	if (!flat && !*e->components)
		return refuse(l, e, "the component is missing");
	if (l->n >= REPO_LIST_MAX)
		return refuse(l, e, "more sources than are read");
	struct repo *r = repo_list_add(l);
	char *full = replace_arch(l, uri), *dist = replace_arch(l, suite);
	if (!r || !full || !dist)
		return -ENOMEM;
	n = strlen(full);
	if (full[n - 1] != '/')
		full = arena_printf(l->arena, "%s/", full);
	r->kind = REPO_APT;
	r->path = e->path;
	r->line = e->line;
	r->source = e->source;
	r->suite = dist;
	r->components = e->components;
	r->options = e->options;
	r->n_options = e->n_options;
	return full ? repo_list_uri(l, r, full, REPO_URI_BASE) : -ENOMEM;
}

static int add_entry(struct repo_list *l, const struct entry *e)
{
	for (size_t i = 0; e->uris[i]; i++) {
		for (size_t k = 0; e->suites[k]; k++) {
			int r = add_source(l, e, e->uris[i], e->suites[k]);
			if (r != 0)
				return r;
		}
	}
	return 0;
}

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* apt's ParseQuoteWord(): blanks in "" and [] are part of a word, %20 is one. 1, 0: no more. */
static int quote_word(struct arena *a, const char **p, char **ret)
{
	const char *c = *p + strspn(*p, " "), *start = c;

	if (!*c)
		return 0;
	for (; *c && !is_blank(*c); c++) {
		if (*c != '"' && *c != '[')
			continue;
		c = strchr(c + 1, *c == '"' ? '"' : ']');
		if (!c)
			return 0;
	}
	char *out = arena_alloc(a, (size_t)(c - start) + 1), *w = out;
	if (!out)
		return -ENOMEM;
	for (const char *s = start; s < c; s++) {
		if (*s == '%' && s + 2 < c && hex(s[1]) >= 0 && hex(s[2]) >= 0) {
			*w++ = (char)(hex(s[1]) << 4 | hex(s[2]));
			s += 2;
		} else if (*s != '"') {
			*w++ = *s;
		}
	}
	while (is_blank(*c))
		c++;
	*p = c;
	*ret = out;
	return 1;
}

/* Words while they are collected; the array ends with NULL after words_end(). */
struct words {
	const char **v;
	size_t n;
};

static int words_add(struct arena *a, struct words *w, const char *word)
{
	const char **slot = arena_grow(a, &w->v, w->n, sizeof(*slot));

	if (!slot || !word)
		return -ENOMEM;
	*slot = word;
	w->n++;
	return 0;
}

/* NULL on ENOMEM. */
static const char *const *words_end(struct arena *a, struct words *w)
{
	const char **slot = arena_grow(a, &w->v, w->n, sizeof(*slot));

	if (!slot)
		return NULL;
	*slot = NULL;
	return w->v;
}

/* The words of text, separated by blanks; NULL on ENOMEM. */
static const char *const *words_of(struct arena *a, const char *text)
{
	struct words w = {0};

	for (const char *p = text;;) {
		while (is_blank(*p))
			p++;
		size_t len = 0;
		while (p[len] && !is_blank(p[len]))
			len++;
		if (len == 0)
			return words_end(a, &w);
		if (words_add(a, &w, arena_strndup(a, p, len)) < 0)
			return NULL;
		p += len;
	}
}

/* A line without its comment and the blanks around it. */
static char *plain_line(struct arena *a, const char *p, size_t n)
{
	int open = 0;

	/* A # within [options] is none. */
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '[')
			open++;
		else if (p[i] == ']')
			open--;
		else if (p[i] == '\0' || (p[i] == '#' && open <= 0))
			n = i;
	}
	while (n > 0 && (*p == ' ' || *p == '\t' || *p == '\r')) {
		p++;
		n--;
	}
	while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t' || p[n - 1] == '\r'))
		n--;
	return arena_strndup(a, p, n);
}

/* A line that is being read: what it says so far, and the rest of it. */
struct line {
	struct repo_list *l;
	struct entry e;
	struct repo *keep; /* a source that only holds the options while they are read */
	const char *p;
};

/* One "key=value" of the brackets. 0, 1: refused, -ENOMEM. */
static int line_option(struct line *in, char *option)
{
	char *value = strchr(option, '=');

	if (strlen(option) < 3)
		return refuse(in->l, &in->e, "an option is too short");
	if (!value || value == option || !value[1])
		return refuse(in->l, &in->e, "an option is not of the form name=value");
	*value++ = '\0';
	return repo_list_option(
		in->l, in->keep, &(struct repo_option){option, value, in->e.path, in->e.line});
}

/* "[ name=value ... ]", if it is there. 0, 1: refused, -ENOMEM. */
static int line_options(struct line *in)
{
	while (is_blank(*in->p))
		in->p++;
	if (*in->p != '[')
		return 0;
	in->p++;
	while (is_blank(*in->p))
		in->p++;
	while (*in->p != ']') {
		char *option = NULL;
		int r = quote_word(in->l->arena, &in->p, &option);
		if (r <= 0)
			return r < 0 ? r : refuse(in->l, &in->e, "the options do not end");
		size_t n = strlen(option);
		bool last = n > 0 && option[n - 1] == ']';
		if (last)
			option[n - 1] = '\0';
		r = line_option(in, option);
		if (r != 0)
			return r;
		if (last) {
			while (*in->p != ']')
				in->p--;
		}
	}
	in->p++;
	while (is_blank(*in->p))
		in->p++;
	return 0;
}

/* URI, suite and components. */
static int line_words(struct line *in)
{
	struct words uris = {0}, suites = {0}, components = {0};
	struct words *const order[] = {&uris, &suites, &components};
	struct arena *a = in->l->arena;

	for (size_t i = 0;; i++) {
		char *word = NULL;
		int r = quote_word(a, &in->p, &word);
		if (r < 0)
			return r;
		if (r == 0 && i < 2)
			return refuse(in->l, &in->e,
				i == 0 ? "the URI is missing" : "the suite is missing");
		if (r == 0)
			break;
		if (words_add(a, order[MIN(i, 2U)], word) < 0)
			return -ENOMEM;
	}
	in->e.uris = words_end(a, &uris);
	in->e.suites = words_end(a, &suites);
	in->e.components = words_end(a, &components);
	if (!in->e.uris || !in->e.suites || !in->e.components)
		return -ENOMEM;
	in->e.options = in->keep->options;
	in->e.n_options = in->keep->n_options;
	return add_entry(in->l, &in->e);
}

/* 0, 1: apt refuses the file here, -ENOMEM. */
static int one_line(struct repo_list *l, const char *path, unsigned line, const char *text)
{
	size_t type = strcspn(text, " \t\v");
	struct repo keep = {0};
	struct line in = {
		.l = l, .e = {.path = path, .line = line}, .keep = &keep, .p = text + type};

	if (!*text)
		return 0;
	in.e.source = type == 7 && memcmp(text, "deb-src", 7) == 0;
	if (!in.e.source && !(type == 3 && memcmp(text, "deb", 3) == 0))
		return refuse(l, &in.e, "the line begins with neither deb nor deb-src");
	int r = line_options(&in);
	return r != 0 ? r : line_words(&in);
}

int repo_apt_one_line(struct repo_list *l, const char *path, const char *text, size_t size)
{
	const char *p = text, *end = text + size;
	int r = 0;

	for (unsigned line = 1; p < end && r == 0; line++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		char *plain = plain_line(l->arena, p, (size_t)((nl ? nl : end) - p));
		if (!plain)
			return -ENOMEM;
		r = one_line(l, path, line, plain);
		p = nl ? nl + 1 : end;
	}
	return r < 0 ? r : 0;
}

/* An inline key is told by its digest: it is long, and a drift when it changes. */
static int stanza_option(struct repo_list *l, struct repo *keep, const char *key,
	const struct deb822_field *f, const char *path)
{
	struct repo_option o = {key, f->value, path, f->line};

	if (strstr(f->value, "-----BEGIN PGP")) {
		const char *digest = text_sha256(l->arena, f->value, strlen(f->value));
		if (!digest)
			return -ENOMEM;
		o.value = arena_printf(l->arena, "(key in the file, %s)", digest);
		if (!o.value)
			return -ENOMEM;
	}
	return repo_list_option(l, keep, &o);
}

static int stanza_options(
	struct repo_list *l, struct repo *keep, const struct deb822_stanza *s, const char *path)
{
	static const struct {
		const char *field, *key;
	} names[] = {
		{"Architectures", "arch"},
		{"Architectures-Add", "arch+"},
		{"Architectures-Remove", "arch-"},
		{"Trusted", "trusted"},
		{"Signed-By", "signed-by"},
		{"Check-Valid-Until", "check-valid-until"},
		{"Valid-Until-Max", "valid-until-max"},
		{"Check-Date", "check-date"},
		{"Allow-Insecure", "allow-insecure"},
		{"Allow-Weak", "allow-weak"},
		{"Allow-Downgrade-To-Insecure", "allow-downgrade-to-insecure"},
		{"Snapshot", "snapshot"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct deb822_field *f = deb822_field(s, names[i].field);
		int r = f ? stanza_option(l, keep, names[i].key, f, path) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

/* apt's StringToBool(). */
static bool is_false(const char *s)
{
	static const char *const no[] = {"no", "false", "without", "off", "disable", "0"};

	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		if (strcasecmp(s, no[i]) == 0)
			return true;
	}
	return false;
}

static int stanza(struct repo_list *l, const char *path, const struct deb822_stanza *s)
{
	struct entry e = {.path = path, .line = s->line};
	struct repo keep = {0};
	size_t first = l->n;

	if (!deb822_field(s, "Types"))
		return refuse(l, &e, "the paragraph has no Types");
	const char *const *types = words_of(l->arena, deb822_value(s, "Types"));
	e.uris = words_of(l->arena, deb822_value(s, "URIs"));
	e.suites = words_of(l->arena, deb822_value(s, "Suites"));
	e.components = words_of(l->arena, deb822_value(s, "Components"));
	if (!types || !e.uris || !e.suites || !e.components ||
		stanza_options(l, &keep, s, path) < 0)
		return -ENOMEM;
	e.options = keep.options;
	e.n_options = keep.n_options;
	bool enabled = !is_false(deb822_value(s, "Enabled"));
	for (size_t i = 0; types[i]; i++) {
		e.source = strcmp(types[i], "deb-src") == 0;
		if (!e.source && strcmp(types[i], "deb") != 0)
			return refuse(l, &e, "a type is neither deb nor deb-src");
		/* apt looks at no more of a paragraph that is switched off. */
		if (enabled && (!e.uris[0] || !e.suites[0]))
			return refuse(l, &e, e.uris[0] ? "Suites is missing" : "URIs is missing");
		size_t problems = l->n_problems;
		int r = add_entry(l, &e);
		if (r > 0 && !enabled)
			l->n_problems = problems;
		else if (r != 0)
			return r;
	}
	for (size_t i = first; i < l->n; i++)
		l->v[i].enabled = enabled;
	return 0;
}

int repo_apt_deb822(struct repo_list *l, const char *path, const char *text, size_t size)
{
	struct deb822 d = deb822_of(text, size);
	struct deb822_stanza s = {0};
	int r;

	while ((r = deb822_next(&d, l->arena, &s)) > 0) {
		r = stanza(l, path, &s);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	if (r == -EBADMSG)
		r = repo_list_problem(l, path, d.line, false, "the line is no field");
	return r;
}
